"""The ranges of the joints: what is inside, what is not, and random bodies inside."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.anatomy import polygons
from repose.pipelines.geometry.anatomy.limits import (
    LIMITED,
    LimitOptions,
    angles_of,
    clamped,
    measured_angles,
    reference,
    rhythm,
    rotations_from,
    rotations_of,
    sample,
    table,
    violations,
    within,
)
from repose.pipelines.geometry.skeleton import JOINT_INDEX, JOINT_MIRROR, JOINTS, mirrored_rotations

REST = np.tile([1.0, 0.0, 0.0, 0.0], (len(JOINTS), 1))
STRAIGHT = LimitOptions(elbow=180, knee=180)


def turned(*turns) -> np.ndarray:
    """(J, 4): the rest pose with joints turned about axes of their rest frame, degrees; parents as they are."""
    local = REST.copy()
    for joint, axis, degrees in turns:
        turn = rotation.quaternion_from_matrix(rotation.about(np.array(axis, float), np.radians(degrees)))
        local[JOINT_INDEX[joint]] = rotation.multiply(local[JOINT_INDEX[joint]], turn)
    return local


def anything(seed: int, n: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rotation.unit([1.0, 0, 0, 0] + rng.normal(size=(n, len(JOINTS), 4)))


def test_the_rest_pose_is_wrong_only_where_it_is_straight():
    wrong = {JOINTS[j]: round(np.degrees(v)) for j, v in enumerate(violations(REST)) if v}
    assert wrong == dict.fromkeys(("left_elbow", "right_elbow", "left_knee", "right_knee"), 10)
    assert within(REST, options=STRAIGHT)


CASES = {  # joint, axis, degrees that are fine, degrees that are not
    "an elbow bends to the front": ("left_elbow", (0, 1, 0), 140, -5),
    "the other elbow bends to the front": ("right_elbow", (0, -1, 0), 140, -5),
    "a knee bends to the back": ("left_knee", (1, 0, 0), 150, -5),
    "a knee does not bend to the side": ("right_knee", (0, 0, 1), 5, 20),
    "an arm goes across the front": ("left_shoulder", (0, 1, 0), 130, -60),
    "a right arm goes across the front": ("right_shoulder", (0, -1, 0), 130, -60),
    "a thigh comes up in front": ("left_hip", (-1, 0, 0), 120, -40),
    "a thigh goes out": ("right_hip", (0, 0, 1), 45, 70),
    "a head turns": ("head", (0, -1, 0), 25, 40),
    "a hand folds to the palm": ("left_wrist", (0, 0, 1), 85, 110),
    "a hand folds to the back": ("right_wrist", (0, 0, 1), 80, 100),
    "a hand hardly goes to the thumb": ("left_wrist", (0, 1, 0), 20, 40),
    "a forearm turns": ("left_wrist", (1, 0, 0), 90, 120),
    "toes go down": ("left_ankle", (1, 0, 0), 50, 80),
    "toes go up": ("right_ankle", (-1, 0, 0), 30, 60),
    "a knuckle bends to the palm": ("left_index_1", (0, 0, 1), 90, -60),
    "a finger's middle joint does not bend back": ("right_ring_2", (0, 0, -1), 100, -40),
}


@pytest.mark.parametrize("case", CASES)
def test_ranges(case):
    joint, axis, fine, broken = CASES[case]
    j = JOINT_INDEX[joint]
    assert violations(turned((joint, axis, fine)), STRAIGHT)[j] == 0
    assert violations(turned((joint, axis, broken)), STRAIGHT)[j] > np.radians(4)


def test_the_inner_angle_is_what_the_options_say():
    bent = turned(("left_elbow", (0, 1, 0), 20), ("left_knee", (1, 0, 0), 20))
    over = np.degrees(violations(bent, LimitOptions(elbow=150, knee=155)))
    assert over[JOINT_INDEX["left_elbow"]] == pytest.approx(10) and over[
        JOINT_INDEX["left_knee"]
    ] == pytest.approx(5)
    with pytest.raises(ValueError, match="LimitOptions.knee is 190"):
        LimitOptions(knee=190)


def test_the_upper_arm_is_measured_against_the_chest():
    """The clavicle's share of a raised arm does not count twice."""
    lifted = turned(("left_clavicle", (0, 0, -1), 20), ("left_shoulder", (0, 0, -1), 80))
    row = list(LIMITED).index(JOINT_INDEX["left_shoulder"])
    assert np.degrees(measured_angles(lifted)[row]) == pytest.approx([0, -100, 0])


def test_the_clavicle_rises_with_the_arm():
    overhead = turned(("left_shoulder", (0, 0, -1), 88))
    assert violations(overhead)[JOINT_INDEX["left_clavicle"]] > np.radians(10), "it may not stay down"
    raised = turned(("left_clavicle", (0, 0, -1), 28), ("left_shoulder", (0, 0, -1), 60))
    assert violations(raised)[JOINT_INDEX["left_clavicle"]] == 0
    hanging = turned(("left_clavicle", (0, 0, -1), 32), ("left_shoulder", (0, 0, 1), 110))
    assert violations(hanging)[JOINT_INDEX["left_clavicle"]] > np.radians(3), "a shrug has its limit"
    assert np.degrees(rhythm(np.pi)) == pytest.approx(30) and rhythm(np.radians(20)) == 0


def test_a_forearm_turns_once():
    """Elbow and wrist share one pronation."""
    both = turned(("left_elbow", (1, 0, 0), 60), ("left_wrist", (1, 0, 0), 60))
    assert violations(both, STRAIGHT)[JOINT_INDEX["left_wrist"]] == pytest.approx(np.radians(24))


def test_leaves_and_the_pelvis_are_free():
    free = anything(3)[0]
    mixed = REST.copy()
    rows = [j for j in range(len(JOINTS)) if j not in set(LIMITED)]
    mixed[rows] = free[rows]
    assert within(mixed, options=STRAIGHT) and {"pelvis", "nose", "left_heel"} <= {JOINTS[j] for j in rows}


@settings(max_examples=20)
@given(st.integers(0, 2**31))
def test_angles_and_rotations_are_inverse(seed):
    limits, measured = table(), reference(anything(seed, 3))
    again = rotations_of(angles_of(measured, limits), limits)
    assert np.abs(np.abs((again * measured).sum(-1)) - 1).max() < 1e-12


@settings(max_examples=20)
@given(st.integers(0, 2**31))
def test_coupled_angles_round_trip(seed):
    local = sample(np.random.default_rng(seed), 4, 0.9)
    again = rotations_from(measured_angles(local))
    assert np.abs(np.abs((again * local).sum(-1)) - 1).max() < 1e-9


@settings(max_examples=20)
@given(st.integers(0, 2**31))
def test_clamping_is_exact_idempotent_and_symmetric(seed):
    local = anything(seed)[0]
    inside = clamped(local)
    assert within(inside, 1e-9) and np.array_equal(clamped(inside), inside)
    again = mirrored_rotations(clamped(mirrored_rotations(local)))
    assert np.abs(np.abs((again * inside).sum(-1)) - 1).max() < 1e-9


def test_violations_do_not_know_left_from_right():
    local = anything(5, 50)
    mirrored = np.stack([mirrored_rotations(one) for one in local])
    assert np.abs(violations(local) - violations(mirrored)[:, JOINT_MIRROR]).max() < 1e-9, "radians"


@pytest.mark.parametrize("spread", [0.2, 0.6, 1.0])
def test_samples_are_inside_and_fill_the_ranges(spread):
    local = sample(np.random.default_rng(1), 400, spread)
    assert local.shape == (400, len(JOINTS), 4) and within(local).all()
    bend = np.degrees(measured_angles(local)[:, list(LIMITED).index(JOINT_INDEX["left_knee"]), 0])
    assert bend.min() >= 10 - 1e-6 and np.ptp(bend) > 60
    assert np.median(bend) < (20 if spread == 0.2 else 130), "little spread stays near ease"


def test_the_same_seed_gives_the_same_bodies():
    first, second = (sample(np.random.default_rng(9), 3) for _ in range(2))
    assert np.array_equal(first, second)
    with pytest.raises(ValueError, match="spread is 0"):
        sample(np.random.default_rng(0), 1, spread=0)


def test_polygons():
    square = np.array([[(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)]])
    points = np.array([[[1.0, 0.5]], [[3.0, 1.0]], [[3.0, 3.0]]])
    assert polygons.distance(points, square)[:, 0] == pytest.approx([-0.5, 1.0, np.sqrt(2)])
    assert polygons.nearest(points, square)[:, 0].tolist() == [[1.0, 0.5], [2.0, 1.0], [2.0, 2.0]]
    assert polygons.reach(np.array([[1.0, 0.5]]), np.array([[np.pi / 2]]), square) == pytest.approx(1.5)
