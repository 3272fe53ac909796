"""Poses of the people: inside the limits, turned as asked, refused by name."""

from itertools import combinations

import numpy as np
import pytest

from pipelines.geometry import rotation
from pipelines.geometry.anatomy.limits import excess
from pipelines.geometry.skeleton import JOINT_INDEX, JOINTS
from training.people.body import poses


def drawn(seed: int, kind: str | None = None) -> poses.Stance:
    return poses.sample(np.random.default_rng(seed), kind)


@pytest.mark.parametrize("kind", list(poses.KINDS))
def test_every_kind_is_inside_the_limits(kind):
    for seed in range(3):
        stance = drawn(seed, kind)
        beyond = np.degrees(excess(stance.rotations).max())
        assert stance.kind == kind and beyond < 1e-3, f"{stance.name}: {beyond} degrees beyond"
        assert abs(poses.heading(stance.frames()["pelvis"])) < 1e-4


def test_frames_are_the_world_orientations_of_every_joint():
    stance = drawn(1, "casual")
    frames = stance.frames()
    assert set(frames) == set(JOINTS)
    matrices = np.stack(list(frames.values()))
    assert np.abs(matrices @ matrices.swapaxes(1, 2) - np.eye(3)).max() < 1e-6
    local = frames["chest"].T @ frames["left_clavicle"]
    own = rotation.matrix_from_quaternion(stance.rotations[JOINT_INDEX["left_clavicle"]])
    assert np.allclose(local, own, atol=1e-6)


def test_the_same_seed_gives_the_same_pose():
    assert np.array_equal(drawn(4).rotations, drawn(4).rotations)
    assert not np.array_equal(drawn(4).rotations, drawn(5).rotations)


def test_the_mirror_swaps_the_sides():
    stance = drawn(2, "hands")
    left, mirrored = stance.frames()["left_elbow"], stance.mirrored().frames()["right_elbow"]
    flip = np.diag([-1.0, 1.0, 1.0])
    assert np.allclose(flip @ left @ flip, mirrored, atol=1e-6)


@pytest.mark.parametrize(("yaw", "ahead"), [(0, [0, 0, -1]), (90, [1, 0, 0]), (-90, [-1, 0, 0])])
def test_a_positive_yaw_turns_to_the_persons_left(yaw, ahead):
    from dataclasses import replace

    stance = replace(drawn(3, "catalogue"), yaw=np.radians(yaw))
    pelvis = stance.frames()["pelvis"] @ [0, 0, -1]
    level = pelvis * [1, 0, 1] / np.linalg.norm(pelvis * [1, 0, 1])
    assert np.allclose(level, ahead, atol=1e-4)


def test_four_poses_cover_the_turns():
    found = []
    for seed in range(12):
        stances = poses.sample_set(np.random.default_rng(seed), 4)
        heads = [poses.heading(one.frames()["pelvis"]) for one in stances]
        found += [poses.turn_between(a, b) for a, b in combinations(heads, 2)]
        assert len({one.name for one in stances}) == 4
    counts = np.histogram(found, [0, 15, 45, 90, 180])[0]
    assert (counts >= 5).all(), f"pairs by turn 0-15, 15-45, 45-90, 90-180: {counts}"


def test_asked_turns_are_kept():
    turns = ((3.0, 9.0), (20.0, 40.0), (50.0, 85.0))
    for seed in range(5):
        stances = poses.sample_set(np.random.default_rng(seed), 4, turns)
        for one, (low, high) in zip(stances[1:], turns, strict=True):
            turn = poses.turn_between(stances[0].yaw, one.yaw)
            assert low <= turn <= high, f"{turn} degrees"


@pytest.mark.parametrize(
    ("first", "second", "turn"), [(3.0, -3.0, 16.2), (0.0, np.pi, 180.0), (0.1, 0.1, 0.0)]
)
def test_turn_between(first, second, turn):
    assert poses.turn_between(first, second) == pytest.approx(turn, abs=0.1)


def test_a_pose_outside_the_limits_is_refused_by_name():
    rotations = drawn(0, "catalogue").rotations.copy()
    bent = rotation.about(np.array([1.0, 0.0, 0.0]), np.radians(-30))
    rotations[JOINT_INDEX["left_knee"]] = rotation.quaternion_from_matrix(bent)
    with pytest.raises(poses.PoseOutsideLimits) as caught:
        poses.checked(rotations, "broken/knee")
    for word in ("broken/knee", "left_knee", "-30.0 degrees", "limit 10.0"):
        assert word in str(caught.value)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="swimming.*catalogue"):
        drawn(0, "swimming")
