"""The warp on input that it does not hope for: cut off, covered, empty, full, out of the picture, not a number."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skeleton import JOINT_INDEX, Skeleton
from repose.pipelines.geometry.warp import warp

from . import people


@pytest.fixture(scope="module")
def person():
    skeleton = people.standing()
    return skeleton, *people.draw(skeleton)


@pytest.fixture(scope="module")
def waving(person):
    return retarget(person[0], load_pose("waving"))


def told(moved):
    """The result is a picture: finite, in range, its masks too."""
    for values in (moved.colour, moved.alpha, moved.hidden, moved.unmoved):
        assert bool(torch.isfinite(values).all()) and float(values.min()) >= 0 and float(values.max()) <= 1
    found = moved.correspondence
    there = ~torch.isnan(found.source[..., 0])
    assert bool((found.visible[~there] == 0).all()) and bool(torch.isfinite(found.depth[there]).all())
    return moved


def without(skeleton: Skeleton, *words: str) -> Skeleton:
    """The skeleton whose joints with these words in their names were not seen."""
    confidence = skeleton.confidence.copy()
    confidence[[i for name, i in JOINT_INDEX.items() if any(word in name for word in words)]] = 0
    return replace(skeleton, confidence=confidence)


def test_the_same_pose_gives_the_photo_bit_for_bit(person):
    skeleton, picture, matte = person
    room = torch.rand(picture.shape, generator=torch.Generator().manual_seed(1))
    moved = warp(picture, matte, skeleton, skeleton)
    assert torch.equal(moved.over(room, picture), picture)


def test_a_leg_that_stays_keeps_the_photo_when_an_arm_moves(person):
    skeleton, picture, matte = person
    rotations = skeleton.rotations.copy()
    half = np.radians(40) / 2
    rotations[JOINT_INDEX["left_shoulder"]] = [np.cos(half), 0, 0, -np.sin(half)]
    moved = told(warp(picture, matte, skeleton, replace(skeleton, rotations=rotations)))
    room = torch.zeros_like(picture)
    result = moved.over(room, picture)
    feet = slice(int(skeleton.forward().positions[JOINT_INDEX["left_knee"], 1]) + 50, None)
    assert torch.equal(result[:, :, feet], picture[:, :, feet])
    arm = skeleton.forward().positions[JOINT_INDEX["left_wrist"], :2].round().astype(int)
    assert float(result[0, :, arm[1], arm[0]].max()) < 0.05, "the old arm is still there"


def test_a_person_at_the_border_of_the_picture(person, waving):
    skeleton, picture, matte = person
    cut = slice(0, 186)  # through the middle of the figure
    canvas = (picture.shape[2], 186)
    source, target = (replace(one, canvas=canvas) for one in (skeleton, waving))
    moved = told(warp(picture[..., cut], matte[..., cut], source, target))
    assert moved.alpha.shape[-2:] == canvas
    assert float(moved.alpha[0, 0, :, :150].max()) > 0.95


def test_a_person_cut_at_the_waist_shows_no_cut_when_lifted(person):
    skeleton, picture, matte = person
    waist = int(skeleton.forward().positions[JOINT_INDEX["pelvis"], 1])
    canvas = (waist, picture.shape[3])
    source = without(replace(skeleton, canvas=canvas), "knee", "ankle", "toe", "heel")
    moved = told(warp(picture[..., :waist, :], matte[..., :waist, :], source, source.moved((0, -20))))
    middle = int(skeleton.forward().positions[JOINT_INDEX["pelvis"], 0])
    assert float(moved.alpha[0, 0, -10:, middle - 10 : middle + 10].min()) > 0.9, "the cut is seen"


def test_a_person_without_feet(person, waving):
    skeleton, picture, matte = person
    ankle = int(skeleton.forward().positions[JOINT_INDEX["left_ankle"], 1]) - 15
    canvas = (ankle, picture.shape[3])
    source, target = (
        without(replace(one, canvas=canvas), "ankle", "toe", "heel") for one in (skeleton, waving)
    )
    moved = told(warp(picture[..., :ankle, :], matte[..., :ankle, :], source, target))
    assert 0.7 < float(moved.alpha.sum() / matte[..., :ankle, :].sum()) < 1.3


def test_a_person_behind_a_table(person, waving):
    skeleton, picture, matte = person
    hidden = matte.clone()
    table = slice(int(skeleton.forward().positions[JOINT_INDEX["left_hip"], 1]) + 20, None)
    hidden[..., table, :] = 0
    source = without(skeleton, "knee", "ankle", "toe", "heel")
    moved = told(warp(picture, hidden, source, waving))
    assert float(moved.alpha[..., table.start + 60 :, :].max()) < 0.5, "legs were made up behind the table"


def test_everything_is_the_person(person, waving):
    skeleton, picture, _ = person
    told(warp(picture, torch.ones(1, 1, *skeleton.canvas), skeleton, waving))


def test_a_speck_of_a_person(person, waving):
    skeleton, picture, matte = person
    speck = torch.zeros_like(matte)
    x, y = skeleton.forward().positions[JOINT_INDEX["chest"], :2].round().astype(int)
    speck[..., y : y + 3, x : x + 3] = 1
    with pytest.raises(ValueError, match="mask is empty"):
        warp(picture, speck, skeleton, waving)
    speck[..., y : y + 12, x : x + 12] = 1
    assert 0 < float(told(warp(picture, speck, skeleton, waving)).alpha.sum()) < 600


@pytest.mark.parametrize("way", [(4000, 0), (0, -4000), (-350, 0)])
def test_a_pose_that_leaves_the_picture(person, way):
    skeleton, picture, matte = person
    moved = told(warp(picture, matte, skeleton, skeleton.moved(way)))
    assert float(moved.alpha.sum()) < 0.1 * float(matte.sum())


def test_joints_outside_the_canvas(person, waving):
    skeleton, picture, matte = person
    upper = slice(0, 200)
    canvas = (200, picture.shape[3])
    source, target = (replace(one, canvas=canvas) for one in (skeleton, waving))
    moved = told(warp(picture[..., upper, :], matte[..., upper, :], source, target))
    assert float(moved.alpha.sum()) > 0.6 * float(matte[..., upper, :].sum())


def test_what_is_not_a_number_is_refused_with_its_name(person):
    skeleton, picture, matte = person
    root = skeleton.root.copy()
    root[0] = np.nan
    with pytest.raises(ValueError, match="Skeleton.root is not a number"):
        replace(skeleton, root=root)
    rotations = skeleton.rotations.copy()
    rotations[JOINT_INDEX["left_knee"]] = np.nan
    with pytest.raises(ValueError, match="rotations of left_knee is not a number"):
        replace(skeleton, rotations=rotations)


def test_a_landmark_that_is_not_a_number_is_absent(person):
    seen = person[0].project()
    points = seen.points.copy()
    points[5] = np.nan
    found = replace(seen, points=points)
    assert found.confidence[5] == 0 and np.isfinite(found.points).all()
    assert np.array_equal(found.confidence[6:], seen.confidence[6:])


def test_a_picture_with_holes_in_it_stays_a_picture(person, waving):
    """NaN pixels, as a broken loader gives them, do not spread over the figure."""
    skeleton, picture, matte = person
    spoilt = picture.clone()
    spoilt[..., 0:3, 0:3] = torch.nan
    moved = warp(spoilt, matte, skeleton, waving)
    assert bool(torch.isfinite(moved.colour).all())
