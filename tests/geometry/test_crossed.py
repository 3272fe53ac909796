"""What hides itself in the photo: one leg behind the other, an arm folded over itself, a hand beside its own points."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.cut_limbs import folded_limbs
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.parts import INDEX
from repose.pipelines.geometry.pockets import LENGTH, WHOLE, hidden_hands, showing, skin_colour
from repose.pipelines.geometry.rotation import multiply
from repose.pipelines.geometry.skeleton import JOINT_INDEX
from repose.pipelines.geometry.underneath import _behind, _skirt_sides
from repose.pipelines.geometry.volume import build
from repose.pipelines.posing import retargeted

from .people import draw, standing

SKIN = torch.tensor((0.8, 0.6, 0.5))


def turned(skeleton, joint: str, degrees: float):
    """The skeleton with one joint turned in the picture's plane."""
    rotations = skeleton.rotations.copy()
    number = JOINT_INDEX[joint]
    half = np.radians(degrees) / 2
    rotations[number] = multiply(np.array([np.cos(half), 0, 0, np.sin(half)]), rotations[number])
    return replace(skeleton, rotations=rotations)


def crossed():
    """A person whose right leg goes behind the left one."""
    body = turned(turned(standing(), "right_hip", -16), "left_hip", 4)
    offsets = body.offsets.copy()
    offsets[JOINT_INDEX["right_hip"], 2] += 25
    return replace(body, offsets=offsets)


def test_a_leg_behind_the_other_is_whole_and_dressed_as_that_is():
    body = crossed()
    picture, matte = draw(body)
    volume = build(picture, matte, body)
    layers = {layer.name: layer for layer in volume.layers}
    frame, behind = volume.bones, layers["right_leg"]
    shin = INDEX["right_shin"]
    way = (
        frame.start[shin][:2] + np.linspace(0.1, 0.9, 9)[:, None] * (frame.end[shin] - frame.start[shin])[:2]
    )
    at = torch.from_numpy(way).round().long() - torch.tensor(behind.layout.corner)
    column, row = at.T
    assert float(behind.matte[row, column].min()) > 0.9
    hidden = (behind.matte > 0.9) & (behind.seen < 0.05)
    assert (
        float(behind.seen[row, column].min()) < 0.1 and int(hidden.sum()) > 100
    )  # or it is not about anything
    (x, y), (left, top), size = behind.layout.corner, volume.corner, behind.matte.shape
    photo = volume.photo[:, y - top : y - top + size[0], x - left : x - left + size[1]]
    lent = (behind.colour - photo).abs().amax(0)[hidden] < 0.1
    assert float(lent.float().mean()) > 0.4


def test_legs_side_by_side_hide_nothing_of_each_other(drawn):
    layout, _, _, frame, tall = drawn
    radii = np.array([0.02 * tall] * 17)
    left = layout.capsule(frame.start[INDEX["left_shin"]], frame.end[INDEX["left_shin"]], 2)[0] < 9
    assert not bool(_behind(layout, frame, radii, "right_leg", left).any())
    assert bool(_behind(layout, frame, radii, "left_leg", left).any())


@pytest.mark.parametrize(("degrees", "expected"), [(0, ()), (-120, ()), (-172, ("left_arm",))])
def test_an_arm_that_lies_on_itself_is_told_and_keeps_its_pose(degrees, expected):
    body = turned(standing(), "left_elbow", degrees)
    assert folded_limbs(body) == expected
    made = retargeted(body, load_pose("hands/waving"))
    notes = [note for note in made.notes if "folded" in note]
    assert bool(notes) == bool(expected)
    if expected:
        elbow = JOINT_INDEX["left_elbow"]
        assert "left arm" in notes[0]
        assert np.allclose(made.skeleton.rotations[elbow], body.rotations[elbow], atol=1e-6)


def test_a_bone_that_points_at_the_camera_tells_of_no_fold():
    body = turned(standing(), "left_elbow", -172)
    offsets = body.offsets.copy()
    forearm = JOINT_INDEX["left_wrist"]
    offsets[forearm] = np.array([0.0, 0.0, -np.linalg.norm(offsets[forearm])])
    assert folded_limbs(replace(body, offsets=offsets)) == ()


def blob(layout, at, reach: float) -> torch.Tensor:
    """(2gh, 2gw) bool: a disc in pixels."""
    return layout.capsule(at, at + 1e-3, 2)[0] < reach


def test_what_shows_of_a_hand_is_its_arms_and_a_bare_belly_is_not(drawn):
    layout, picture, matte, frame, tall = drawn
    inside = layout.to_grid(matte, 2) > 0.2
    wrist = frame.start[INDEX["left_hand"]][:2]
    small = blob(layout, wrist, 0.2 * LENGTH * tall) & inside
    found = showing(layout, frame, "left_arm", small.float(), inside, tall)
    assert torch.equal(found, small)
    everything = torch.ones_like(inside)
    assert showing(layout, frame, "left_arm", everything.float(), everything, tall) is None
    far = blob(layout, wrist + np.array([0, 2 * LENGTH * tall]), 0.2 * LENGTH * tall)
    assert showing(layout, frame, "left_arm", far.float(), everything, tall) is None
    assert showing(layout, frame, "left_arm", 0 * small.float(), inside, tall) is None


def test_a_whole_hand_beside_its_points_gives_way_to_a_guess(drawn):
    layout, picture, matte, frame, tall = drawn
    everything = torch.ones_like(layout.to_grid(matte, 2) > 0.5)
    wrist = frame.start[INDEX["left_hand"]][:2]
    for reach, whole in ((0.2, False), (0.33, True)):
        skin = blob(layout, wrist, reach * LENGTH * tall)
        assert (np.pi * reach**2 > WHOLE) == whole
        native = layout.to_native(skin.float()[None])[0]
        hands, bare = hidden_hands(layout, frame, ("left_arm",), picture, native, everything, tall)
        assert bool(bare["left_arm"].any())
        told = hands["left_arm"].beside
        assert (told is not None) == whole
        if whole:
            assert bool(told[skin].all()) and int(told.sum()) < 2 * int(skin.sum())


def test_stockings_do_not_tell_the_colour_of_a_hand(drawn):
    layout, picture, _, frame, tall = drawn
    legs = (
        layout.to_native(
            layout.capsule(frame.start[INDEX["left_shin"]], frame.end[INDEX["left_shin"]])[0][None]
        )[0]
        < 20
    )
    head = (
        layout.to_native(layout.capsule(frame.start[INDEX["head"]], frame.end[INDEX["head"]])[0][None])[0]
        < 20
    )
    picture = torch.where(legs, 0.2, torch.where(head, SKIN[:, None, None], picture))
    told = skin_colour(layout, frame, "left_arm", picture, legs.float(), tall, head.float())
    assert torch.allclose(told, SKIN, atol=1e-4)
    alone = skin_colour(layout, frame, "left_arm", picture, legs.float(), tall)
    assert torch.allclose(alone, torch.full((3,), 0.2), atol=1e-4)


def test_a_skirts_side_goes_on_straight_under_an_arm_that_hides_all_above():
    """A cone of a skirt, 4 cells broader every 10 rows; an arm hides its right side from its top to the middle."""
    row, column = torch.meshgrid(torch.arange(60), torch.arange(80), indexing="ij")
    cone = (row >= 10) & ((column - 40).abs() <= 10 + 0.4 * (row - 10))
    arms = (column - 40 >= 6 + 0.4 * (row - 10)) & (column < 70) & (row < 40)
    sides = _skirt_sides(cone & ~arms, arms, cone & ~arms)
    wrong = (sides != (cone & arms)) & (row >= 10)
    wide = (column - 40 - (10 + 0.4 * (row - 10))).abs()
    assert bool(sides.any()) and float(wide[wrong].max() if bool(wrong.any()) else 0) <= 1.5
