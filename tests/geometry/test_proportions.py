"""Bone lengths out of one picture: both sides pooled, foreshortening never taken for a short bone."""

from dataclasses import replace

import numpy as np
import pytest
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.proportions import alike, pooled, proportioned
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skeleton import JOINT_INDEX, Skeleton

ELBOW, WRIST = JOINT_INDEX["left_elbow"], JOINT_INDEX["left_wrist"]
OTHER = JOINT_INDEX["right_wrist"]


def shortened(body: Skeleton, joint: str, angle: float, length: float) -> Skeleton:
    """The bone to `joint` turned out of the picture's plane by `angle` degrees and lifted too short."""
    parent = JOINT_INDEX[joint.replace("wrist", "elbow").replace("ankle", "knee")]
    rotations, offsets = body.rotations.copy(), body.offsets.copy()
    axis = [0, 1, 0] if "wrist" in joint else [1, 0, 0]
    rotations[parent] = rotation.quaternion_from_matrix(rotation.about(axis, np.radians(angle)))
    offsets[JOINT_INDEX[joint]] *= length
    return replace(body, rotations=rotations, offsets=offsets)


def test_a_symmetric_body_keeps_its_lengths(standard_body, other_bodies):
    for body in (standard_body, other_bodies["child"], other_bodies["long thighs"]):
        assert np.allclose(pooled(body), np.linalg.norm(body.offsets, axis=1), atol=1e-9)


def test_a_foreshortened_forearm_takes_the_other_ones_length(standard_body):
    body = shortened(standard_body, "left_wrist", 70, 0.5)
    assert pooled(body)[WRIST] == pytest.approx(146, abs=1.5), "pixels"
    assert pooled(body)[OTHER] == pooled(body)[WRIST]


def test_shins_that_both_point_at_the_camera_take_the_rest_of_the_body(standard_body):
    body = shortened(shortened(standard_body, "left_ankle", 80, 0.4), "right_ankle", 80, 0.4)
    assert pooled(body)[JOINT_INDEX["left_ankle"]] == pytest.approx(246, abs=6), "pixels"


def test_a_mascots_short_legs_stay_short_and_leave_its_trunk(standard_body):
    offsets = standard_body.offsets.copy()
    limbs = [JOINT_INDEX[f"{s}_{n}"] for s in ("left", "right") for n in ("elbow", "wrist", "knee", "ankle")]
    offsets[limbs] *= 0.4
    body = shortened(replace(standard_body, offsets=offsets), "left_wrist", 80, 0.3)
    assert pooled(body)[WRIST] == pytest.approx(0.4 * 146, abs=1)
    assert pooled(body)[JOINT_INDEX["chest"]] == pytest.approx(standard_body.length("chest"))


def test_an_unseen_arm_takes_the_seen_ones_length(standard_body):
    offsets, confidence = standard_body.offsets.copy(), standard_body.confidence.copy()
    offsets[[ELBOW, WRIST]] *= 1.4
    confidence[[ELBOW, WRIST]] = 0
    body = replace(standard_body, offsets=offsets, confidence=confidence)
    assert pooled(body)[[ELBOW, WRIST]] == pytest.approx([186, 146], abs=1e-9)


def test_what_the_pose_leaves_in_place_keeps_its_pixels(standard_body):
    body = shortened(standard_body, "left_wrist", 70, 0.5)
    raised = body.rotations.copy()
    raised[JOINT_INDEX["right_shoulder"]] = rotation.quaternion_from_matrix(rotation.about([0, 0, 1], 0.8))
    before, after = body.forward(), proportioned(body, body.with_rotations(raised)).forward()
    assert np.allclose(before.positions[WRIST], after.positions[WRIST])
    moved = body.rotations.copy()
    moved[JOINT_INDEX["left_elbow"]] = [1, 0, 0, 0]
    now = proportioned(body, body.with_rotations(moved))
    assert now.length("left_wrist") == pytest.approx(146, abs=1.5), "stretched out, it shows its true length"


def test_one_body_in_two_postures_is_alike_and_a_child_is_not(standard_body, other_bodies):
    walking = retarget(standard_body.scaled(1.7, (2210, 1700)), load_pose("walking"))
    assert alike(standard_body, walking) == 1
    for name in ("child", "long thighs", "uneven"):
        assert alike(standard_body, other_bodies[name]) == 0, name
