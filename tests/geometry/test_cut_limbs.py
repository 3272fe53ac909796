"""Limbs that the photo cuts off keep their pose; what is hidden behind the body, or whole, takes the new one."""

from dataclasses import replace

import numpy as np
import pytest
from repose.pipelines.geometry.cut_limbs import as_photographed, cut_limbs
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.skeleton import JOINT_INDEX
from repose.pipelines.posing import retargeted

from .people import standing


def place(skeleton, joint: str) -> np.ndarray:
    return skeleton.forward().positions[JOINT_INDEX[joint]]


def cropped(skeleton, height: float | None = None, left: float = 0.0):
    """The photo cut off below a height, and so many pixels at the left."""
    whole = skeleton.canvas
    moved = skeleton.moved(np.array([-left, 0.0]))
    return replace(moved, canvas=(int(height or whole[0]), int(whole[1] - left)))


def unseen(skeleton, *joints: str):
    confidence = skeleton.confidence.copy()
    confidence[[JOINT_INDEX[joint] for joint in joints]] = 0
    return replace(skeleton, confidence=confidence)


def test_a_whole_figure_has_none():
    assert cut_limbs(standing()) == ()


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("left_wrist", ("left_arm", "right_arm", "left_leg", "right_leg")),
        ("left_knee", ("left_leg", "right_leg")),
        ("left_ankle", ()),
    ],
)
def test_cut_below(at, expected):
    body = standing()
    assert cut_limbs(cropped(body, height=place(body, at)[1] - 3)) == expected


def test_cut_at_the_side():
    body = standing()
    side = "right" if place(body, "right_wrist")[0] < place(body, "left_wrist")[0] else "left"
    assert cut_limbs(cropped(body, left=place(body, f"{side}_wrist")[0] + 2)) == (f"{side}_arm",)


def test_an_unseen_wrist_is_hidden_behind_the_body_unless_its_elbow_is_at_the_border():
    body = standing()
    behind = unseen(body, "left_wrist", "left_middle_1")
    assert cut_limbs(behind) == ()
    elbow = place(body, "left_elbow")
    assert "left_arm" in cut_limbs(cropped(behind, height=elbow[1] + 12))


def test_what_is_cut_off_keeps_its_pose_and_the_rest_moves():
    body = standing()
    source = cropped(body, height=place(body, "left_wrist")[1] - 3)
    made = retargeted(source, load_pose("hands/waving"))
    kept = made.skeleton.rotations[JOINT_INDEX["right_shoulder"]]
    assert np.allclose(kept, source.rotations[JOINT_INDEX["right_shoulder"]], atol=1e-6)
    (note,) = [note for note in made.notes if "cut off" in note]
    assert "left arm, right arm, left leg, right leg" in note
    whole = retargeted(body, load_pose("hands/waving"))
    assert not any("cut off" in note for note in whole.notes)
    sides = [f"{side}_shoulder" for side in ("left", "right")]
    turned = [
        np.abs(whole.skeleton.rotations[JOINT_INDEX[n]] - body.rotations[JOINT_INDEX[n]]).max() for n in sides
    ]
    assert max(turned) > 0.2


def test_contacts_of_a_limb_go_with_it():
    pose = load_pose("hands/hands on hips")
    assert {contact.joint for contact in pose.contacts} >= {"left_wrist", "right_wrist"}
    made = as_photographed(pose, ("left_arm",))
    joints = {contact.joint for contact in made.contacts}
    assert "left_wrist" not in joints and "right_wrist" in joints
    fingers = [JOINT_INDEX[f"left_{name}"] for name in ("shoulder", "elbow", "wrist", "index_4")]
    assert (
        not made.known[fingers].any()
        and made.known[JOINT_INDEX["right_elbow"]] == pose.known[JOINT_INDEX["right_elbow"]]
    )
    assert as_photographed(pose, ()) is pose
