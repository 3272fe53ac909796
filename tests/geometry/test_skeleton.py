"""The DAG, forward kinematics, and projection."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.fitting import fitted
from repose.pipelines.geometry.landmarks import LANDMARKS
from repose.pipelines.geometry.skeleton import (
    JOINT_INDEX,
    JOINT_MIRROR,
    JOINTS,
    ORDER,
    PARENT,
    Skeleton,
    local_rotations,
)
from repose.pipelines.geometry.template import OFFSETS

TRUNK = ("chest", "thoracic", "lumbar", "pelvis")
CHAINS = {
    "nose": ("nose", "head", "cervical", "neck", *TRUNK),
    "left_wrist": ("left_wrist", "left_elbow", "left_shoulder", "left_clavicle", *TRUNK),
    "right_heel": ("right_heel", "right_ankle", "right_knee", "right_hip", "pelvis"),
    "left_thumb_2": ("left_thumb_2", "left_thumb_1", "left_hand_root", "left_wrist", "left_elbow"),
}


def random_body(seed: int) -> Skeleton:
    rng = np.random.default_rng(seed)
    rotations = rotation.unit(np.array([2.0, 0, 0, 0]) + rng.normal(size=(142, 4)))
    root = rng.normal(size=3) * 100
    offsets = OFFSETS * rng.uniform(300, 2000) * rng.uniform(0.7, 1.4, (142, 1))
    return Skeleton(offsets, rotations, root, np.ones((142, 3)), (900, 700), 0.002)


@pytest.mark.parametrize("joint", CHAINS)
def test_chains_lead_to_the_pelvis(joint):
    j, chain = JOINT_INDEX[joint], []
    while j >= 0 and len(chain) < len(CHAINS[joint]):
        chain.append(JOINTS[j])
        j = PARENT[j]
    assert tuple(chain) == CHAINS[joint]


def test_order_is_topological_and_complete():
    done = set()
    for j in ORDER:
        assert PARENT[j] < 0 or PARENT[j] in done
        done.add(j)
    assert done == set(range(142)) and JOINTS[:133] == LANDMARKS


def test_rest_pose_is_a_t_that_faces_the_camera(standard_body):
    positions = standard_body.forward().positions
    left, right, nose, toe = (
        positions[JOINT_INDEX[n]] for n in ("left_wrist", "right_wrist", "nose", "left_big_toe")
    )
    assert left[0] > 900 and right[0] < 100, "arms straight out, the person's left on picture right"
    assert abs(left[1] - positions[JOINT_INDEX["left_shoulder"], 1]) < 1
    assert nose[2] < -50 and toe[2] < -90, "nose and toes point to the camera"
    height = positions[JOINT_INDEX["left_heel"], 1] - positions[JOINT_INDEX["head"], 1]
    assert 900 < height < 940, "ears at 0.93 of the stature"


def test_a_bent_elbow_moves_the_forearm_only(standard_body):
    rotations = standard_body.rotations.copy()
    rotations[JOINT_INDEX["left_elbow"]] = rotation.quaternion_from_matrix(
        rotation.about([0, 1, 0], np.pi / 2)
    )
    before, after = (
        standard_body.forward().positions,
        standard_body.with_rotations(rotations).forward().positions,
    )
    moved = {JOINTS[j] for j in np.flatnonzero(np.abs(after - before).max(axis=1) > 1e-9)}
    assert moved == {n for n in LANDMARKS[91:112]} | {"left_wrist"}
    step = after[JOINT_INDEX["left_wrist"]] - after[JOINT_INDEX["left_elbow"]]
    assert np.allclose(step, [0, 0, -146]), "a flexed forearm comes to the front"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31))
def test_forward_keeps_lengths(seed):
    body = random_body(seed)
    positions = body.forward().positions
    lengths = np.linalg.norm(positions[1:] - positions[PARENT[1:]], axis=1)[PARENT[1:] >= 0]
    expected = np.linalg.norm(body.offsets, axis=1)[1:][PARENT[1:] >= 0]
    assert np.allclose(lengths, expected, rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31))
def test_fitting_inverts_forward(seed):
    body = random_body(seed)
    positions = body.forward().positions
    known = np.arange(142) < 133
    offsets, rotations, root = fitted(positions, known, 1000.0)
    again = Skeleton(offsets, rotations, root, body.confidence, body.canvas, 0.002).forward().positions
    assert np.abs(again - positions)[:133].max() < 1e-6, "pixels"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31))
def test_local_and_global_rotations_round_trip(seed):
    body = random_body(seed)
    again = local_rotations(body.forward().rotations)
    assert np.abs(np.abs((again * body.rotations).sum(axis=1)) - 1).max() < 1e-9


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31))
def test_mirror_then_forward_is_forward_then_mirror(seed):
    body = random_body(seed)
    mirrored = body.mirrored().forward().positions
    expected = body.forward().positions[JOINT_MIRROR] * [-1, 1, 1] + [699, 0, 0]
    assert np.abs(mirrored - expected).max() < 1e-6, "pixels"


def test_project_drops_depth_and_keeps_it_as_metres(standard_body):
    keypoints = standard_body.project()
    assert np.allclose(keypoints["left_wrist"], [499.5 + 110 + 186 + 146, 620 - 288], atol=1e-3)
    assert np.allclose(keypoints.world[LANDMARKS.index("left_knee")], [0.05 * 1.7, 0.245 * 1.7, 0], atol=1e-6)


def test_moved_and_scaled(standard_body):
    points = standard_body.project().points
    assert np.allclose(standard_body.moved([3, -2]).project().points, points + [3, -2], atol=1e-3)
    double = standard_body.scaled(2, (2600, 2000))
    assert np.allclose(double.project().points, points * 2, atol=1e-2)
    assert double.metres_per_pixel == pytest.approx(0.00085)


def test_present_needs_detection(standard_body):
    confidence = standard_body.confidence.copy()
    confidence[JOINT_INDEX["left_knee"]] = 0
    body = Skeleton(
        standard_body.offsets, standard_body.rotations, standard_body.root, confidence, (9, 9), 1.0
    )
    assert body.present("right_knee") and not body.present("right_knee", "left_knee")


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match=r"Skeleton.offsets has shape \(3, 3\), expected \(142, 3\)"):
        Skeleton(np.zeros((3, 3)), np.zeros((142, 4)), np.zeros(3), np.zeros((142, 3)), (9, 9), 1.0)
