"""Limbs in motion: what bends keeps its breadth, what is twisted is twisted evenly, a raised arm hangs together."""

import math

import numpy as np
import pytest
import torch
from repose.pipelines.geometry import motion as motions
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.parts import INDEX, PARTS
from repose.pipelines.geometry.skeleton import JOINT_INDEX, PARENT
from repose.pipelines.geometry.skinning import BLUR
from repose.pipelines.geometry.warp import warp

from . import people

RADIUS = PARTS[INDEX["left_forearm"]].radius * people.STATURE
UPPER, FORE, HAND = (INDEX[f"left_{name}"] for name in ("upper_arm", "forearm", "hand"))
ANGLES = torch.linspace(0, 2 * torch.pi, 49, dtype=torch.float64)[:-1]


def tube(levels: torch.Tensor) -> torch.Tensor:
    """(levels, 48, 3) rings of the forearm's radius round the y axis; the first point lies at -x."""
    ring = torch.stack((-ANGLES.cos(), torch.zeros_like(ANGLES), ANGLES.sin()), 1) * RADIUS
    return ring + torch.nn.functional.pad(levels[:, None, None], (1, 1))


def shared(levels: torch.Tensor, first: int, second: int) -> torch.Tensor:
    """(levels * 48, P) weights that go over from one part to the next at level 0, as softly as on an arm."""
    second_share = 0.5 * (1 + torch.erf(levels / (math.sqrt(2) * BLUR["arm"] * people.STATURE)))
    weights = torch.zeros(len(levels), len(PARTS), dtype=torch.float64)
    weights[:, first], weights[:, second] = 1 - second_share, second_share
    return weights.repeat_interleave(len(ANGLES), 0)


def still() -> motions.Motion:
    zero, eye = np.zeros((len(PARTS), 3)), np.tile(np.eye(3), (len(PARTS), 1, 1))
    return motions.Motion(eye, np.ones(len(PARTS)), zero, zero)


def bent(degrees: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The levels of a straight arm's tube, 0 at the elbow, and its rings with the forearm turned towards +x."""
    levels = torch.linspace(-4 * RADIUS, 4 * RADIUS, 81, dtype=torch.float64)
    how = still()
    how.rotation[FORE] = rotation.about(np.array([0, 0, 1.0]), -math.radians(degrees))
    moved = how.apply(tube(levels).reshape(-1, 3), shared(levels, UPPER, FORE))
    return levels, moved.reshape(len(levels), -1, 3)


@pytest.mark.parametrize("degrees", range(0, 151, 30))
def test_a_bent_tube_keeps_its_section_outside_of_the_crease(degrees):
    levels, rings = bent(degrees)
    following = rings.roll(-1, 1)
    area = torch.linalg.cross(rings, following).sum(1).norm(dim=1) / 2
    whole = float(area[0])
    away = levels.abs() > RADIUS
    assert float((area[away] / whole - 1).abs().max()) < 0.15
    assert 0.98 < whole / (math.pi * RADIUS**2) < 1


@pytest.mark.parametrize("degrees", range(0, 151, 30))
def test_the_outside_of_a_bend_is_round_and_never_turns_back(degrees):
    _, rings = bent(degrees)
    outside = rings[:, 0, :2]
    assert float(outside.norm(dim=1).min()) > 0.95 * RADIUS, "the elbow is flattened"
    step = outside.diff(dim=0)
    turn = step[:-1, 0] * step[1:, 1] - step[:-1, 1] * step[1:, 0]
    assert float(turn.max()) < 0.01 * RADIUS, "the outside folds in"
    heading = torch.atan2(step[:, 0], step[:, 1])
    assert abs(float(heading[-1] - heading[0]) - math.radians(degrees)) < 0.02
    assert float(step.norm(dim=1).max()) < 4 * float(step.norm(dim=1).min()), "torn open at the elbow"


@pytest.mark.parametrize("degrees", (0, 45, 90))
def test_the_crook_of_a_bent_arm_is_no_bulge_on_a_straight_one(degrees):
    """An upper arm along -y and a forearm along +x; the inner corner between them is both parts' alike."""
    start, bone = np.zeros((len(PARTS), 3)), np.zeros((len(PARTS), 3))
    start[UPPER, 1], bone[UPPER, 1], bone[FORE, 0] = -8 * RADIUS, 8 * RADIUS, 8 * RADIUS
    turns = np.tile(np.eye(3), (len(PARTS), 1, 1))
    turns[FORE] = rotation.about(np.array([0, 0, 1.0]), math.radians(degrees))
    how = motions.Motion(turns, np.ones(len(PARTS)), start, start, None, bone)
    weights = torch.zeros(3, len(PARTS), dtype=torch.float64)
    weights[:, UPPER], weights[:, FORE] = torch.tensor([0.5, 1.0, 0.0]), torch.tensor([0.5, 0.0, 1.0])
    rest = torch.tensor([[1.0, -1, 0], [1, -4, 0], [4, -1, 0]], dtype=torch.float64) * RADIUS
    moved = how.apply(rest, weights)
    way = torch.as_tensor(turns[FORE] @ np.array([1.0, 0, 0]))
    across = [
        (moved[0] - (moved[0] @ axis).clamp(*reach) * axis).norm()
        for axis, reach in (
            (torch.tensor([0, 1.0, 0], dtype=torch.float64), (-8 * RADIUS, 0)),
            (way, (0, 8 * RADIUS)),
        )
    ]
    assert float(min(across)) == pytest.approx(RADIUS, rel=1e-6)
    turned = torch.as_tensor(turns[FORE]) @ rest[2]
    assert torch.allclose(moved[1], rest[1]) and torch.allclose(moved[2], turned)


def twisted(degrees: float) -> torch.Tensor:
    """(levels, 48, 3) a forearm of eight radii, with the hand turned about it; the wrist is the 61st ring."""
    length = 8 * RADIUS
    levels = torch.linspace(-length, 2 * RADIUS, 76, dtype=torch.float64)
    turns = np.tile(np.eye(3), (len(PARTS), 1, 1))
    turns[HAND] = rotation.about(np.array([0, 1.0, 0]), math.radians(degrees))
    frame = motions.bones(people.standing())
    start, end = np.zeros((len(PARTS), 3)), np.zeros((len(PARTS), 3))
    start[FORE, 1], end[HAND, 1] = -length, 2 * RADIUS
    after = motions.Bones(start, end, turns, frame.present, {})
    how = motions.Motion(
        turns, np.ones(len(PARTS)), start, start, None, end - start, motions._twists(turns, after)
    )
    return how.apply(tube(levels).reshape(-1, 3), shared(levels, FORE, HAND)).reshape(len(levels), -1, 3)


@pytest.mark.parametrize("degrees", (-90, 90, 150))
def test_a_turned_hand_twists_the_forearm_evenly_and_wrings_no_wrist(degrees):
    rings = twisted(degrees)
    breadth = rings[..., [0, 2]].norm(dim=-1)
    assert float(breadth.min()) > 0.9 * RADIUS
    angle = torch.atan2(rings[:, 0, 2], -rings[:, 0, 0])
    angle = torch.cat((angle[:1], (angle.diff() + math.pi) % (2 * math.pi) - math.pi)).cumsum(0)
    total = float(angle[-1] - angle[0])
    assert abs(abs(total) - math.radians(abs(degrees))) < 0.02
    half = float(angle[30] - angle[0]) / total
    assert 0.3 < half < 0.6, f"{half:.2f} of the twist lies above the middle of the forearm"
    assert float((angle.diff() / total).max()) < 2.5 / 60, "wrung in one place"


def raised(degrees: float):
    """The drawn person with hanging arms, and with the left one raised sidewards by so many degrees."""
    skeleton = people.standing()
    posed = skeleton.forward()
    arm = JOINT_INDEX["left_shoulder"]
    turn = rotation.about(np.array([0, 0, 1.0]), -math.radians(degrees)) @ posed.rotations[arm]
    local = skeleton.rotations.copy()
    local[arm] = rotation.quaternion_from_matrix(posed.rotations[PARENT[arm]].T @ turn)
    return skeleton, skeleton.with_rotations(local)


@pytest.fixture(scope="module")
def drawn():
    skeleton, _ = raised(0)
    return people.draw(skeleton)


@pytest.mark.parametrize("degrees", (0, 45, 90, 135, 165))
def test_a_raised_arm_leaves_no_gap_at_the_shoulder(drawn, degrees):
    skeleton, target = raised(degrees)
    moved = warp(*drawn, skeleton, target)
    x, y, _ = motions.bones(target).start[UPPER]
    rows, columns = torch.meshgrid(*(torch.arange(n).float() for n in people.CANVAS), indexing="ij")
    disc = torch.hypot(columns - float(x), rows - float(y)) < 0.8 * PARTS[UPPER].radius * people.STATURE
    assert float(moved.alpha[0, 0][disc].min()) > 0.5


@pytest.mark.parametrize("degrees", (45, 90, 135, 165))
def test_a_raised_arm_is_as_broad_at_the_shoulder_as_at_the_elbow(drawn, degrees):
    skeleton, target = raised(degrees)
    alpha = warp(*drawn, skeleton, target).alpha[0, 0].numpy()
    frame = motions.bones(target)
    bone = (frame.end[UPPER] - frame.start[UPPER])[:2]
    across = np.array([-bone[1], bone[0]]) / np.linalg.norm(bone)
    reach = np.arange(-16, 16.1, 0.5)
    breadths = []
    for share in (0.35, 0.5, 0.65, 0.8):
        place = frame.start[UPPER][:2] + share * bone + reach[:, None] * across
        inside = alpha[place[:, 1].round().astype(int), place[:, 0].round().astype(int)] > 0.5
        breadths.append(inside.sum() * 0.5)
    assert min(breadths) > 1.7 * PARTS[UPPER].radius * people.STATURE, breadths


def test_the_near_arm_of_a_body_turned_to_its_side_is_whole():
    """The far half of a seen arm is no guess: it does not give way to the trunk behind it."""
    skeleton = people.standing()
    target = people.standing("side left")
    found = warp(*people.draw(skeleton), skeleton, target).correspondence
    frame = motions.bones(target)
    near = min(("left", "right"), key=lambda side: frame.start[INDEX[f"{side}_upper_arm"]][2])
    arm = [INDEX[f"{near}_{name}"] for name in ("upper_arm", "forearm")]
    for p in arm:
        x, y, _ = (frame.start[p] + frame.end[p]) / 2
        row = found.part[round(float(y))]
        breadth = int(torch.isin(row[round(float(x)) - 20 : round(float(x)) + 21], torch.tensor(arm)).sum())
        assert breadth > 1.3 * PARTS[p].radius * people.STATURE, f"{PARTS[p].name}: {breadth} px"
