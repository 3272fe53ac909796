"""Joints, capsules, Helmert transforms and the warp of volumes."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from repose.pipelines.models import reposer_parts as parts
from repose.pipelines.models.reposer_parts import INDEX, JOINTS, PARTS, Grid

from ..geometry.whole_body import joints, turned

GRID = Grid(32, 12, 0.75)


def rotation(axis, angle):
    """(3, 3) about a unit axis by radians (Rodrigues)."""
    x, y, z = axis
    cross = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return torch.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


@settings(max_examples=25, deadline=None)
@given(st.floats(0.6, 1.8), st.floats(-2.5, 2.5), st.integers(0, 2), st.integers(0, 10_000))
def test_a_helmert_transform_is_found_again(scale, angle, axis, seed):
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn(1, 5, 3, generator=generator)
    turn = rotation([float(i == axis) for i in range(3)], angle)
    moved = scale * points @ turn.T + torch.tensor([0.3, -0.2, 0.1])
    found = parts.helmert(points, moved, torch.ones(1, 5))
    back = found[0] * (points @ found[1].transpose(1, 2)) + found[2][:, None]
    assert (
        back - moved
    ).abs().max() < 0.02 * moved.abs().max()  # the little of the unturned body that is added


def test_joints_in_a_line_leave_the_body_unturned_about_it():
    """A straight arm tells no turn about itself: the paper's least squares would take any."""
    points = torch.tensor([[[0.0, 0, 0], [1, 0, 0], [2, 0, 0]]])
    _, turn, shift = parts.helmert(points, points + 0.5, torch.ones(1, 3))
    assert torch.allclose(turn[0], torch.eye(3), atol=1e-5)
    assert torch.allclose(shift[0], torch.full((3,), 0.5), atol=1e-5)


def test_a_bent_elbow_does_not_pull_the_forearm_to_its_anchor():
    """The third joint turns; it must not move the forearm off its own two joints."""
    source, target = joints(), joints()
    target[INDEX["left_wrist"]] = target[INDEX["left_elbow"]] + torch.tensor([0.0, -0.1, 0.0])
    back = parts.helmert_back(source[None], target[None])[0]
    number = [part.name for part in PARTS].index("left_lower_arm")
    for name in ("left_elbow", "left_wrist"):
        place = back[number, :, :3] @ target[INDEX[name]] + back[number, :, 3]
        assert (place - source[INDEX[name]]).norm() < 0.015  # a tenth of the forearm's length


@pytest.mark.parametrize("back", [parts.helmert_back, parts.affine_back])
def test_the_same_pose_comes_from_where_it_is(back):
    found = back(joints()[None], joints()[None])
    assert torch.allclose(found[..., :3], torch.eye(3).expand(1, 10, 3, 3), atol=1e-4)
    assert found[..., 3].abs().max() < 1e-4


def test_the_map_in_the_plane_leaves_depths_alone():
    found = parts.affine_back(joints()[None], turned(40)[None])[0]
    assert torch.equal(found[:, 2], torch.tensor([0.0, 0, 1, 0]).expand(10, 4))


def test_capsules_hold_their_joints_and_no_far_one():
    masks = parts.capsule_masks(joints()[None], GRID)[0]
    voxel = GRID.voxels(joints()).round().long()
    for number, part in enumerate(PARTS):
        for name in part.joints:
            x, y, z = voxel[INDEX[name]]
            assert masks[number, z, y, x] or part.name == "head" and name in ("nose", "left_ear", "right_ear")
    x, y, z = voxel[INDEX["left_ankle"]]
    assert masks[:, z, y, x].nonzero().flatten().tolist() == [
        PARTS.index(p) for p in PARTS if p.name == "left_lower_leg"
    ]


def test_a_mirrored_body_has_mirrored_capsules():
    mirrored = joints()[parts.SWAP] * torch.tensor([-1.0, 1, 1]) + torch.tensor([1.0, 0, 0])
    names = [part.name for part in PARTS]
    other = [
        names.index(n.replace("left", "?").replace("right", "left").replace("?", "right")) for n in names
    ]
    one, two = (parts.capsule_masks(body[None], GRID)[0] for body in (joints(), mirrored))
    assert (one.flip(-1)[other] != two).float().mean() < 1e-3


def dense(volume, masks, back, grid):
    """The same warp by grid_sample of ten whole copies, as the paper words it."""
    found = []
    for i in range(len(PARTS)):
        places = (
            torch.einsum("bij,dhwj->bdhwi", back[:, i, :, :3], grid.centres(volume))
            + back[:, i, None, None, None, :, 3]
        )
        at = grid.voxels(places) + 0.5
        at = 2 * at / at.new_tensor([grid.side, grid.side, grid.depth]) - 1
        found.append(F.grid_sample(volume * masks[:, i, None], at, align_corners=False))
    return torch.stack(found).amax(0).clamp_min(0)


@pytest.mark.parametrize("plane", [False, True])
def test_the_warp_is_the_maximum_over_ten_masked_copies(plane):
    torch.manual_seed(0)
    source, target = torch.stack((joints(), turned(20))), torch.stack((turned(50), joints()))
    volume = torch.rand(2, 4, 12, 32, 32)
    masks = parts.capsule_masks(source, GRID)
    masks = parts.flattened(masks) if plane else masks
    back = (parts.affine_back if plane else parts.helmert_back)(source, target)
    assert torch.allclose(
        parts.warped(volume, masks, back, GRID), dense(volume, masks, back, GRID), atol=1e-4
    )


def test_the_warp_has_gradients_for_the_volume_alone():
    volume = torch.rand(1, 2, 12, 32, 32, requires_grad=True)
    masks = parts.capsule_masks(joints()[None], GRID)
    parts.warped(volume, masks, parts.helmert_back(joints()[None], turned(30)[None]), GRID).sum().backward()
    inside = masks.any(1)[0]
    assert volume.grad[0, 0][inside].abs().sum() > 0 and volume.grad[0, 0][~inside].abs().max() == 0


def test_heatmaps_are_highest_at_their_joints():
    maps = parts.heatmaps(joints()[None], GRID)[0]
    highest = maps.flatten(1).argmax(1)
    at = torch.stack((highest % 32, highest // 32 % 32, highest // 1024), 1)
    assert ((at - GRID.voxels(joints())).abs() <= 0.51).all() and len(maps) == len(JOINTS)
    flat = parts.heatmaps(joints()[None], GRID, flat=True)[0]
    assert torch.equal(flat[:, 0], flat[:, 7])


def test_the_frame_holds_both_poses():
    middle, side = parts.window(joints()[None], turned(60)[None])
    share = (torch.stack((joints(), turned(60)))[..., :2] - middle) / side + 0.5
    assert share.min() > 0.05 and share.max() < 0.95


def test_what_lies_in_front_is_aimed_at():
    """Inside a part's outline 1 on the axis; the surface lies before it, and at its depth outside."""
    found = parts.aimed(joints()[None], 128)[0]
    torso = [part.name for part in PARTS].index("torso")
    place = ((joints()[INDEX["neck"], :2] + torch.tensor([0.0, 0.1])) * 128).long()
    inside, front = found[torso], found[len(PARTS) + torso]
    assert inside[place[1], place[0]] > 0.9 and front[place[1], place[0]] == pytest.approx(
        -0.6 * 0.19 * 0.39, abs=0.01
    )
    assert inside[0, 0] == 0 and front[0, 0] == pytest.approx(0, abs=0.01)


def test_a_raised_hand_lies_before_the_chest():
    body = joints()
    body[INDEX["left_wrist"]] = body[INDEX["neck"]] + torch.tensor([0.0, 0.1, -0.2])
    found = parts.aimed(body[None], 128)[0]
    names = [part.name for part in PARTS]
    x, y = (body[INDEX["left_wrist"], :2] * 128).long().tolist()
    arm, chest = (found[len(PARTS) + names.index(name), y, x] for name in ("left_lower_arm", "torso"))
    assert arm < chest - 0.1
