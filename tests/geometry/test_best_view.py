"""A drawn person photographed from before and from behind, and looked at from either side."""

from dataclasses import replace

import pytest
import torch
from repose.pipelines.geometry.best_view import OtherView, exposure, trusted, warp_two
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.parts import INDEX, PARTS
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skeleton import JOINT_INDEX
from repose.pipelines.geometry.volume import build
from repose.pipelines.geometry.warp import warp

from . import people
from .test_rigid import middle


@pytest.fixture(scope="module")
def front():
    skeleton = people.standing()
    return skeleton, *people.draw(skeleton)


@pytest.fixture(scope="module")
def back():
    """With a white square between the shoulder blades."""
    skeleton = people.standing("back")
    picture, matte = people.draw(skeleton)
    x, y = middle(skeleton)
    picture[..., y - 30 : y - 10, x - 10 : x + 10] = 1
    return skeleton, picture, matte


def both(front, back, target):
    skeleton, picture, matte = front
    return warp_two(picture, matte, skeleton, target, OtherView(back[1], back[2], back[0]))


@pytest.fixture(scope="module")
def behind(front, back):
    """Both photos in the pose of the second."""
    return both(front, back, back[0])


def covered(moved) -> float:
    return 1 - float(moved.hidden.sum() / moved.alpha.sum())


def test_from_behind_the_photo_of_the_back_is_shown(front, back, behind):
    skeleton, picture, matte = front
    alone, moved = warp(picture, matte, skeleton, back[0]), behind
    assert covered(alone) < 0.1 and covered(moved) > 0.9
    inside = (back[2][0, 0] > 0.99) & (moved.correspondence.visible > 0.9)
    errors = [(one.colour - back[1])[0][:, inside].abs().mean() for one in (moved, alone)]
    assert float(errors[0]) < 0.01 < 0.03 < float(errors[1])
    assert float(moved.correspondence.photo[inside].float().mean()) > 0.99
    x, y = middle(back[0])
    assert float(moved.colour[0, :, y - 20, x].min()) > 0.95, "the mark on the back is there"


def test_the_outline_is_that_of_the_photo_that_shows_it(back, behind):
    assert float((behind.alpha - back[2]).abs().mean()) < 0.004


def test_from_before_nothing_comes_from_behind(front, back):
    skeleton, picture, matte = front
    target = retarget(skeleton, load_pose("contrapposto"))
    alone, moved = warp(picture, matte, skeleton, target), both(front, back, target)
    assert float((moved.correspondence.photo > 0).float().sum() / moved.alpha.sum()) < 0.01
    assert float((moved.alpha * moved.colour - alone.alpha * alone.colour).abs().mean()) < 1e-3


def test_the_same_pose_stays_the_photo(front, back):
    moved = both(front, back, front[0])
    assert torch.equal(moved.over(torch.zeros_like(front[1]), front[1]), front[1])


def test_a_turn_by_a_right_angle_takes_from_both(front, back):
    skeleton, picture, matte = front
    target = retarget(skeleton, load_pose("catalogue/back three-quarter left"))
    alone, moved = warp(picture, matte, skeleton, target), both(front, back, target)
    assert covered(moved) > covered(alone) + 0.3
    for values in (moved.colour, moved.alpha, moved.hidden):
        assert bool(torch.isfinite(values).all()) and float(values.min()) >= 0 and float(values.max()) <= 1
    assert float((moved.hidden - moved.alpha).max()) < 1e-4
    found = moved.correspondence
    assert torch.equal(torch.isnan(found.source[..., 0]), found.part < 0)


def test_a_second_photo_of_another_size_lands_in_the_same_place(front, back, behind):
    skeleton, picture, matte = back
    half = [torch.nn.functional.avg_pool2d(one, 2) for one in (picture, matte)]
    moved = both(front, (skeleton.scaled(0.5, (240, 180)).moved((-0.25, -0.25)), *half), skeleton)
    inside = (matte > 0.99) & (behind.alpha > 0.99) & (moved.alpha > 0.99)
    assert float((behind.colour - moved.colour).abs().mean(1, keepdim=True)[inside].mean()) < 0.04
    assert float((behind.alpha - moved.alpha).abs().mean()) < 0.01


def test_the_second_is_brought_to_the_firsts_exposure(front, back):
    """A second photo with 0.7 of the light, and redder: the gains undo that to 5 % (thin stripes alias)."""
    light = torch.tensor([0.8, 0.7, 0.6])[:, None, None]
    darker = (back[1] ** 2.2 * light) ** (1 / 2.2)
    volumes = [build(front[1], front[2], front[0]), build(darker, back[2], back[0])]
    gain = exposure(*volumes, trusted(back[0]))
    assert gain.tolist() == pytest.approx([1 / 0.8, 1 / 0.7, 1 / 0.6], rel=0.05)


def test_nothing_in_common_leaves_the_exposure(front, back):
    volumes = [build(front[1], front[2], front[0]), build(back[1], back[2], back[0])]
    assert exposure(*volumes, torch.zeros(len(PARTS))).tolist() == [1, 1, 1]


def test_a_limb_that_the_body_hid_is_not_believed(front, back):
    skeleton, picture, matte = back
    confidence = skeleton.confidence.copy()
    confidence[[JOINT_INDEX["left_elbow"], JOINT_INDEX["left_wrist"]], 1] = 0
    unsure = replace(skeleton, confidence=confidence)
    shown = trusted(unsure)
    arm = {"left_upper_arm", "left_forearm", "left_hand"}
    assert {part.name for part, one in zip(PARTS, shown.tolist(), strict=True) if one == 0} == arm
    moved = both(front, (unsure, picture, matte), back[0])
    found = moved.correspondence
    for name, least, most in (("left_forearm", 0, 0.05), ("right_forearm", 0.9, 1)):
        at = (found.part == INDEX[name]) & (moved.alpha[0, 0] > 0.9)
        assert least <= float(found.visible[at].mean()) <= most, name
