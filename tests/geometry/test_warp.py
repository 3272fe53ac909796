"""The warp on a drawn person whose every part is known."""

import numpy as np
import pytest
import torch
from repose.pipelines.geometry import motion as motions
from repose.pipelines.geometry.library import load_pose, pose_names
from repose.pipelines.geometry.parts import INDEX, PARTS
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.warp import warp

from . import people


@pytest.fixture(scope="module")
def person():
    skeleton = people.standing()
    return skeleton, *people.draw(skeleton)


def test_the_same_pose_gives_the_same_picture(person):
    skeleton, picture, matte = person
    moved = warp(picture, matte, skeleton, skeleton)
    error = (moved.over(picture) - picture).abs().mean(1)[0]
    inside = error[matte[0, 0] > 0.99]
    assert float(inside.mean()) < 0.004 and float(inside.quantile(0.99)) < 0.05
    assert float((error > 0.1).sum()) < 0.01 * len(inside), "a seam is seen"
    assert float((moved.alpha - matte).abs().mean()) < 0.003
    assert float(moved.hidden.sum() / moved.alpha.sum()) < 0.02


def test_the_correspondence_of_the_same_pose_is_the_identity(person):
    skeleton, picture, matte = person
    found = warp(picture, matte, skeleton, skeleton).correspondence
    y, x = torch.nonzero((matte[0, 0] > 0.9) & (found.visible > 0.5), as_tuple=True)
    error = torch.hypot(found.source[y, x, 0] - x, found.source[y, x, 1] - y)
    assert float(error.max()) < 0.05, f"{float(error.max()):.3f} px"
    assert float((found.stretch[y, x] - 1).abs().max()) < 1e-3


def test_a_moved_figure_moves_its_pixels(person):
    skeleton, picture, matte = person
    moved = warp(picture, matte, skeleton, skeleton.moved((17, -9)))
    shifted = torch.roll(picture * matte, (-9, 17), (2, 3))
    inside = torch.roll(matte, (-9, 17), (2, 3)) > 0.99
    error = (moved.colour * moved.alpha - shifted).abs().mean(1, keepdim=True)[inside]
    assert float(error.mean()) < 0.004


def test_beyond_the_person_nothing_is_claimed(person):
    skeleton, picture, matte = person
    found = warp(picture, matte, skeleton, skeleton).correspondence
    outside = matte[0, 0] == 0
    far = torch.nn.functional.max_pool2d(matte, 15, 1, 7)[0, 0] == 0
    assert bool(torch.isnan(found.source[far]).all()) and bool((found.part[far] == -1).all())
    assert float(found.visible[far].max()) == 0 and bool(outside.any())


@pytest.mark.parametrize("pose", pose_names())
def test_every_part_is_found_where_the_pose_has_it(person, pose):
    skeleton, picture, matte = person
    target = retarget(skeleton, load_pose(pose))
    moved = warp(picture, matte, skeleton, target)
    frame = motions.bones(target)
    depth = moved.correspondence.depth
    for name in ("left_forearm", "right_forearm", "left_shin", "right_shin", "head"):
        p = INDEX[name]
        x, y, z = (frame.start[p] + frame.end[p]) / 2
        row, column = round(float(y)), round(float(x))
        if not (0 <= row < depth.shape[0] and 0 <= column < depth.shape[1]):
            continue
        assert float(moved.alpha[0, 0, row, column]) > 0.9, f"{pose}: nothing where the {name} is"
        nearer = float(depth[row, column]) < z + PARTS[p].radius * people.STATURE
        assert nearer, f"{pose}: what is seen at the {name} lies behind it"


def test_a_raised_arm_leaves_no_second_arm(person):
    skeleton, picture, matte = person
    target = retarget(skeleton, load_pose("hands in hair"))
    moved = warp(picture, matte, skeleton, target)
    frame = motions.bones(skeleton)
    for name in ("left_hand", "right_hand"):
        x, y, _ = frame.end[INDEX[name]]
        assert float(moved.alpha[0, 0, round(float(y)), round(float(x))]) < 0.05, name


def test_motion_carries_every_bone_onto_its_target():
    source, target = people.standing("front"), people.standing("hands in hair")
    how = motions.motion(source, target)
    before, after = motions.bones(source), motions.bones(target)
    for p, part in enumerate(PARTS):
        weights = torch.nn.functional.one_hot(torch.tensor([p, p]), len(PARTS)).double()
        ends = torch.tensor(np.stack((before.start[p], before.end[p])), dtype=torch.float64)
        moved = how.apply(ends, weights)
        assert np.allclose(moved[0], after.start[p], atol=1e-3), part.name
        if not part.turns:
            error = np.linalg.norm(moved[1].numpy() - after.end[p])
            assert error < 1e-3, f"{part.name}: {error:.4f} px"


def test_blended_motion_of_a_bent_elbow_keeps_the_sleeve_thick():
    """Dual quaternions: at the bend, points on a circle round the bone stay at least 0.7 of its radius away."""
    how = motions.Motion(
        np.stack([np.eye(3), motions._shortest_turn(np.array([0, 1.0, 0]), np.array([1.0, -0.6, 0]))]),
        np.ones(2),
        np.zeros((2, 3)),
        np.zeros((2, 3)),
    )
    angle = torch.linspace(0, 2 * torch.pi, 60)
    ring = torch.stack((torch.cos(angle), torch.zeros(60), torch.sin(angle)), 1) * 20
    moved = how.apply(ring, torch.full((60, 2), 0.5))
    assert float(moved.norm(dim=1).min()) > 0.7 * 20


def test_an_empty_matte_says_what_to_do(person):
    skeleton, picture, matte = person
    with pytest.raises(ValueError, match="mask is empty"):
        warp(picture, matte * 0, skeleton, skeleton)


def test_from_behind_there_is_no_face_and_the_limbs_are_not_wrung(person):
    """Everything of the back is hidden; arms and legs are as broad as from the front."""
    skeleton, picture, matte = person
    moved = warp(picture, matte, skeleton, people.standing("back"))
    found = moved.correspondence
    solid = moved.alpha[0, 0] > 0.9
    assert float(moved.hidden[0, 0][solid].mean()) > 0.95
    same = warp(picture, matte, skeleton, skeleton)
    for name in ("left_forearm", "right_thigh"):
        areas = [
            float(((one.correspondence.part == INDEX[name]) & (one.alpha[0, 0] > 0.5)).sum())
            for one in (moved, same)
        ]
        assert 0.6 < areas[0] / areas[1] < 1.5, f"{name}: {areas}"
    assert bool(torch.isfinite(found.source[solid]).all())
