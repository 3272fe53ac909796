"""Joints behind other parts of the body are not visible."""

import numpy as np
import pytest
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.lifting import lift
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skeleton import JOINT_INDEX, JOINT_MIRROR
from repose.pipelines.geometry.visibility import visible


def seen(body, **turn) -> np.ndarray:
    turned = body.rotations.copy()
    turned[JOINT_INDEX["pelvis"]] = rotation.quaternion_from_matrix(
        rotation.turn(**turn) @ rotation.matrix_from_quaternion(turned[JOINT_INDEX["pelvis"]])
    )
    return visible(*body.with_rotations(turned).forward(), 1000)


def test_everything_of_the_rest_pose_is_seen_from_the_front(standard_body):
    assert (seen(standard_body) > 0.99).all()


def test_from_behind_the_face_is_hidden_and_the_limbs_are_seen(standard_body):
    back = seen(standard_body, yaw=np.pi)
    assert back[[JOINT_INDEX[n] for n in ("nose", "left_eye", "face_30")]].max() < 0.01
    assert back[[JOINT_INDEX[n] for n in ("left_wrist", "right_knee", "right_shoulder")]].min() > 0.99


def test_from_the_left_the_far_arm_and_the_far_ear_are_hidden(standard_body):
    hanging = retarget(standard_body, load_pose("front"))
    side = seen(hanging, yaw=-np.pi / 2)
    assert side[JOINT_INDEX["left_wrist"]] > 0.99, "the person's left side is turned to the camera"
    assert side[JOINT_INDEX["right_elbow"]] < 0.01 and side[JOINT_INDEX["right_ear"]] < 0.01


def test_mirrored_bodies_have_mirrored_visibility(posed_bodies):
    for name, body in posed_bodies.items():
        other = visible(*body.mirrored().forward(), 1000)
        assert np.allclose(visible(*body.forward(), 1000), other[JOINT_MIRROR], atol=1e-9), name


def test_lifting_tells_what_the_camera_saw(posed_bodies):
    body = next(body for name, body in posed_bodies.items() if name.endswith("hands on hips"))
    keypoints = body.project()
    confidence = lift(keypoints).confidence
    assert confidence[:133, 0] == pytest.approx(keypoints.confidence)
    assert (confidence[:, 1] <= confidence[:, 0] + 1e-12).all(), "only what was detected can be visible"
