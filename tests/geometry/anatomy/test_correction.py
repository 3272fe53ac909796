"""The smallest change that makes a body possible."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.anatomy.correction import (
    Violation,
    corrected,
    cost,
    describe,
    global_rotations,
)
from repose.pipelines.geometry.anatomy.limits import (
    LIMITED,
    LimitOptions,
    clamped,
    sample,
    violations,
    within,
)
from repose.pipelines.geometry.contacts import Contact
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skeleton import JOINT_INDEX, JOINTS, PARENT, Skeleton, local_rotations
from repose.pipelines.geometry.template import OFFSETS

STRAIGHT = LimitOptions(elbow=180, knee=180)
SEEDS = st.integers(0, 2**31)


def body(rotations: np.ndarray, confidence: np.ndarray | None = None) -> Skeleton:
    sure = np.ones((len(JOINTS), 3)) if confidence is None else confidence
    return Skeleton(OFFSETS * 1000, rotations, np.array([500.0, 620.0, 0.0]), sure, (1300, 1000), 0.0017)


def broken(seed: int) -> Skeleton:
    """A natural body, every joint of it turned by about `size` radians more, its landmarks of any confidence."""
    rng = np.random.default_rng(seed)
    size = rng.choice([0.1, 0.4, 1.5])
    noise = rng.normal(size=(len(JOINTS), 3)) * size * (rng.uniform(size=(len(JOINTS), 1)) < 0.5)
    free = np.setdiff1d(np.arange(len(JOINTS)), LIMITED)
    noise[free] = 0
    angle = np.linalg.norm(noise, axis=1)
    turns = rotation.quaternion_from_matrix(rotation.about(noise, angle))
    turned = rotation.multiply(sample(rng, 1)[0], turns)
    turned[0] = [1, 0, 0, 0]
    pelvis = JOINT_INDEX["pelvis"]
    turned[pelvis] = rotation.unit(rng.normal(size=4))
    return body(turned, rng.uniform(size=(len(JOINTS), 3)))


def bent(skeleton: Skeleton, joint: str, axis, degrees: float) -> Skeleton:
    local = skeleton.rotations.copy()
    turn = rotation.quaternion_from_matrix(rotation.about(np.array(axis, float), np.radians(degrees)))
    local[JOINT_INDEX[joint]] = rotation.multiply(local[JOINT_INDEX[joint]], turn)
    return skeleton.with_rotations(local)


@pytest.fixture(scope="module")
def valid() -> Skeleton:
    """A body inside its limits."""
    return body(sample(np.random.default_rng(0), 1, 0.3)[0])


@settings(max_examples=40)
@given(SEEDS)
def test_all_limits_hold_afterwards_and_lengths_stay(seed):
    before = broken(seed)
    after = corrected(before).skeleton
    assert within(after.rotations)
    positions = after.forward().positions
    children = np.flatnonzero(PARENT >= 0)
    lengths = np.linalg.norm(positions[children] - positions[PARENT[children]], axis=1)
    assert np.abs(lengths - np.linalg.norm(before.offsets[children], axis=1)).max() < 1e-6, "pixels"
    assert np.array_equal(after.root, before.root) and np.array_equal(after.offsets, before.offsets)


@settings(max_examples=30)
@given(SEEDS)
def test_a_second_run_changes_nothing(seed):
    once = corrected(broken(seed)).skeleton
    again = corrected(once)
    assert again.skeleton is once and again.report == ()


@settings(max_examples=30)
@given(SEEDS, st.sampled_from([0.3, 0.7, 1.0]))
def test_a_valid_body_is_returned_to_the_bit(seed, spread):
    fine = body(sample(np.random.default_rng(seed), 1, spread)[0])
    assert corrected(fine).skeleton is fine


@settings(max_examples=30)
@given(SEEDS)
def test_mirror_then_solve_is_solve_then_mirror(seed):
    before = broken(seed)
    one = corrected(before.mirrored()).skeleton.mirrored().forward()
    other = corrected(before).skeleton.forward()
    assert np.abs(one.positions - other.positions).max() < 1e-3, "pixels of a 1000 pixel body"


@settings(max_examples=30)
@given(SEEDS)
def test_never_dearer_than_clamping_each_joint(seed):
    before = broken(seed)
    naive = before.with_rotations(clamped(before.rotations))
    assert cost(before, corrected(before).skeleton) <= cost(before, naive) + 1e-12


@settings(max_examples=20)
@given(SEEDS)
def test_global_rotations_are_the_inverse_of_local_ones(seed):
    before = broken(seed)
    matrices = rotation.matrix_from_quaternion(global_rotations(before.rotations))
    assert np.abs(matrices - before.forward().rotations).max() < 1e-9
    again = local_rotations(matrices)
    assert np.abs(np.abs((again * rotation.unit(before.rotations)).sum(-1)) - 1).max() < 1e-9


def test_natural_bodies_cost_much_less_than_clamping():
    ratios = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        noise = rng.normal(size=(len(LIMITED), 3)) * 0.3
        local = sample(rng, 1)[0]
        turns = rotation.quaternion_from_matrix(rotation.about(noise, np.linalg.norm(noise, axis=1)))
        local[LIMITED] = rotation.multiply(local[LIMITED], turns)
        before = body(local)
        naive = before.with_rotations(clamped(local))
        ratios.append(cost(before, corrected(before).skeleton) / cost(before, naive))
    assert np.median(ratios) < 0.4


@pytest.mark.parametrize("inner", [175, 185, 195])
def test_an_elbow_is_solved_as_well_as_by_brute_force(valid, inner):
    """Two bones of one weight share the turn: the cost is the least of every way to deal it out."""
    j, local = JOINT_INDEX["left_elbow"], valid.rotations.copy()
    local[j] = rotation.quaternion_from_matrix(rotation.about([0.0, 1.0, 0.0], np.radians(180 - inner)))
    before = valid.with_rotations(local)
    shares = np.linspace(0, np.radians(inner - 170), 2000)
    least = min(a * a + (shares[-1] - a) ** 2 for a in shares)
    found = corrected(before, free=_arm("left_")).skeleton
    assert cost(before, found) == pytest.approx(least, rel=0.02)


def _arm(side: str) -> np.ndarray:
    free = np.zeros(len(JOINTS), dtype=bool)
    free[[JOINT_INDEX[side + name] for name in ("shoulder", "elbow", "wrist")]] = True
    return free


def test_two_limits_at_once_are_solved_as_well_as_by_brute_force(valid):
    """Knee and ankle bent too far: thigh, shank and foot against a grid of all their turns about one axis."""
    before = bent(bent(valid, "left_knee", (1, 0, 0), -50), "left_ankle", (1, 0, 0), 90)
    free = np.zeros(len(JOINTS), dtype=bool)
    free[[JOINT_INDEX[n] for n in ("left_hip", "left_knee", "left_ankle")]] = True
    found = corrected(before, free=free).skeleton
    grid = np.radians(np.arange(-60, 61, 4.0))
    axis = before.forward().rotations[JOINT_INDEX["left_hip"]] @ [1.0, 0.0, 0.0]
    least = np.inf
    thigh, shank = np.meshgrid(grid, grid, indexing="ij")
    for foot in grid:
        turns = [rotation.quaternion_from_matrix(rotation.about(axis, a.ravel())) for a in (thigh, shank)]
        turns.append(rotation.quaternion_from_matrix(rotation.about(axis, np.full(thigh.size, foot))))
        whole = global_rotations(before.rotations)
        leg = [JOINT_INDEX[n] for n in ("left_hip", "left_knee", "left_ankle")]
        new = [rotation.multiply(turn, whole[j]) for turn, j in zip(turns, leg, strict=True)]
        local = np.tile(before.rotations, (thigh.size, 1, 1))
        local[:, leg[0]] = rotation.multiply(rotation.inverse(whole[JOINT_INDEX["pelvis"]]), new[0])
        local[:, leg[1]] = rotation.multiply(rotation.inverse(new[0]), new[1])
        local[:, leg[2]] = rotation.multiply(rotation.inverse(new[1]), new[2])
        over = violations(local)[:, leg].max(axis=1) < 1e-6
        if over.any():
            price = 1.5 * thigh.ravel() ** 2 + 1.5 * shank.ravel() ** 2 + foot**2
            least = min(least, price[over].min())
    assert cost(before, found) < least * 1.02, "the grid is coarse, so the solver may be a little better"


def test_what_was_only_guessed_moves_first(valid):
    """A forearm nobody saw gives way to an upper arm that was seen, and the other way round."""
    before = bent(valid, "left_elbow", (0, 1, 0), -120)
    confidence = np.ones((len(JOINTS), 3))
    confidence[[JOINT_INDEX["left_wrist"]]] = 0
    unsure = Skeleton(before.offsets, before.rotations, before.root, confidence, before.canvas, 0.0017)
    moved = {}
    for name, one in (("sure", before), ("unsure", unsure)):
        after = corrected(one).skeleton
        a, b = (s.forward().positions[JOINT_INDEX["left_elbow"]] for s in (one, after))
        moved[name] = np.linalg.norm(a - b)
    assert moved["unsure"] < 0.25 * moved["sure"]


def test_frozen_joints_stay_to_the_bit(valid):
    before = bent(bent(valid, "left_knee", (1, 0, 0), -90), "right_knee", (1, 0, 0), -90)
    free = np.ones(len(JOINTS), dtype=bool)
    frozen = [JOINT_INDEX[n] for n in ("left_hip", "left_knee", "pelvis")]
    free[frozen] = False
    after = corrected(before, free=free).skeleton
    assert np.array_equal(after.rotations[frozen], before.rotations[frozen])
    over = violations(after.rotations)
    assert over[JOINT_INDEX["left_knee"]] > 0.5 and over[JOINT_INDEX["right_knee"]] < 1e-6
    with pytest.raises(ValueError, match=r"free has shape \(3,\)"):
        corrected(before, free=np.ones(3, bool))


def test_only_what_is_near_the_break_moves(valid):
    after = corrected(bent(valid, "left_knee", (1, 0, 0), -60)).skeleton
    changed = {JOINTS[j] for j in np.flatnonzero((after.rotations != valid.rotations).any(axis=1))}
    assert {"left_knee", "left_hip"} <= changed and not changed & {"right_elbow", "left_wrist", "nose"}


def test_the_report_names_joint_limit_and_both_values(valid):
    local = valid.rotations.copy()
    local[JOINT_INDEX["left_knee"]] = rotation.quaternion_from_matrix(rotation.about([1.0, 0, 0], -0.5))
    report = corrected(valid.with_rotations(local)).report
    knee = next(one for one in report if one.joint == "left_knee")
    assert knee.limit == "inner angle" and knee.unit == "degrees"
    assert knee.before == pytest.approx(180 + np.degrees(0.5)) and knee.after == pytest.approx(170, abs=0.01)
    lines = describe(report).splitlines()
    assert lines[0].split() == ["joint", "limit", "before", "after", "unit"]
    assert lines[1] == "left knee  inner angle   208.6  170.0  degrees"
    assert describe(()) == "Every joint is inside its range: nothing was changed."
    assert isinstance(report[0], Violation)


def test_contacts_are_reached_again():
    """A hand on the hip whose elbow was bent backwards comes back to the hip."""
    pose = load_pose("hands on hips")
    stands = retarget(body(np.tile([1.0, 0, 0, 0], (len(JOINTS), 1))), pose)
    hands = [contact for contact in pose.contacts if contact.joint == "left_wrist"]
    if not hands:
        hands = [Contact("left_wrist", "pelvis", (1.95, -1.35, -0.1))]
    before = bent(stands, "left_elbow", (0, 1, 0), -150)
    place = stands.forward().positions[JOINT_INDEX["left_wrist"]]
    loose, held = (corrected(before, contacts=c).skeleton for c in ((), hands))
    apart = [np.linalg.norm(s.forward().positions[JOINT_INDEX["left_wrist"]] - place) for s in (loose, held)]
    assert apart[1] < 0.6 * apart[0] and within(held.rotations)
