"""The task: people, poses and landmarks in, corrected ones with a report and pictures out."""

import numpy as np
import pytest
import torch
from repose.pipelines.correct import (
    CorrectOptions,
    correct,
    fingers_measured,
    fingers_with_depth,
    overlay,
    report,
    standard,
)
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.anatomy.handedness import swapped
from repose.pipelines.geometry.anatomy.limits import within
from repose.pipelines.geometry.landmarks import HAND
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.retarget import Pose, retarget
from repose.pipelines.geometry.skeleton import JOINT_INDEX, JOINTS, Skeleton
from repose.pipelines.geometry.template import OFFSETS

SIZE = (520, 400)


@pytest.fixture(scope="module")
def person() -> Skeleton:
    rest = np.tile([1.0, 0.0, 0.0, 0.0], (len(JOINTS), 1))
    body = Skeleton(OFFSETS * 400, rest, np.array([200.0, 240, 0]), np.ones((len(JOINTS), 3)), SIZE, 0.004)
    return correct([retarget(body, load_pose("front"))])[0].skeleton


def broken(person: Skeleton) -> Skeleton:
    """The left knee bent backwards by 50 degrees."""
    local = person.rotations.copy()
    turn = rotation.quaternion_from_matrix(rotation.about(np.array([1.0, 0, 0]), np.radians(-60)))
    local[JOINT_INDEX["left_knee"]] = rotation.multiply(local[JOINT_INDEX["left_knee"]], turn)
    return person.with_rotations(local)


def test_a_skeleton_is_corrected_and_reported(person):
    (one,) = correct([broken(person)], CorrectOptions(depth=False))
    assert within(one.skeleton.rotations) and one.before is not one.skeleton
    assert "left knee  inner angle" in one.report()
    assert np.array_equal(one.pose.rotations, one.skeleton.rotations)


def test_a_valid_skeleton_comes_back_as_it_is(person):
    (one,) = correct([person])
    assert one.skeleton is person and one.report() == "Every joint is inside its range: nothing was changed."


def test_a_limb_on_the_wrong_side_of_the_picture_is_mirrored_in_depth(person):
    """The picture stays; without it the knee is straightened and moves."""
    one, plain = (correct([broken(person)], CorrectOptions(depth=d))[0] for d in (True, False))
    assert "bent backwards" in one.report().splitlines()[0] and plain.repairs == ()
    knee = next(v for v in one.violations if v.joint == "left_knee")
    assert knee.before > 210 > 171 > knee.after, "degrees of the inner angle, in the table as well"
    given = broken(person).forward().positions[:17, :2]
    moved = [np.abs(c.skeleton.forward().positions[:17, :2] - given).max() for c in (one, plain)]
    assert moved[0] < 1 < 4 < moved[1], "pixels of a 400 pixel body"


def test_the_inner_angles_are_the_options(person):
    (one,) = correct([person], CorrectOptions(elbow=140, knee=150))
    assert {v.joint for v in one.violations} == {"left_elbow", "right_elbow", "left_knee", "right_knee"}
    with pytest.raises(ValueError, match="LimitOptions.elbow is 200"):
        correct([person], CorrectOptions(elbow=200))


def test_a_pose_keeps_what_it_does_not_state():
    known = np.zeros(len(JOINTS), dtype=bool)
    known[[JOINT_INDEX[n] for n in ("left_hip", "left_knee")]] = True
    rotations = np.tile([1.0, 0.0, 0.0, 0.0], (len(JOINTS), 1))
    rotations[JOINT_INDEX["left_knee"]] = rotation.quaternion_from_matrix(
        rotation.about(np.array([1.0, 0, 0]), -0.5)
    )
    (one,) = correct([Pose("bent backwards", rotations, known)])
    assert np.array_equal(one.pose.rotations[~known], rotations[~known]) and one.pose.name == "bent backwards"
    assert [v.joint for v in one.violations] == ["left_knee"]
    assert one.violations[0].after == pytest.approx(170, abs=0.1)


def test_landmarks_get_their_sides_back_before_they_are_lifted(person):
    right = person.project()
    wrong = swapped(right, ("elbow", "wrist", *HAND))
    (one,) = correct([wrong])
    assert "exchanged" in one.report().splitlines()[0]
    at = one.skeleton.forward().positions[:, :2]
    assert np.abs(at[:17] - right.points[:17]).max() < 0.05 * 400, "pixels of a 400 pixel body"
    (left_alone,) = correct([wrong], CorrectOptions(sides=False))
    assert left_alone.repairs == ()


def test_ground_is_asked_for(person):
    at = person.forward().positions
    from repose.pipelines.geometry.contacts import reached

    floats = reached(person, "left_ankle", at[JOINT_INDEX["left_ankle"]] - [0, 12, 0])
    (without,), (with_ground,) = correct([floats]), correct([floats], CorrectOptions(ground=True))
    assert not any(v.limit == "foot floats" for v in without.violations)
    assert any(v.limit == "foot floats" and v.after < 1 for v in with_ground.violations)


def test_fingers_of_a_flat_hand_are_left_as_read(person):
    """A curled hand has depth, an open one lies in a plane."""
    local = person.rotations.copy()
    curl = rotation.quaternion_from_matrix(rotation.about(np.array([0.0, 0.0, 1.0]), 0.8))
    for finger in ("index", "middle", "ring", "little"):
        for i in (1, 2, 3):
            local[JOINT_INDEX[f"left_{finger}_{i}"]] = curl
    free = fingers_with_depth(person.with_rotations(local))
    assert free[JOINT_INDEX["left_index_2"]] and not free[JOINT_INDEX["right_index_2"]]
    assert free[JOINT_INDEX["right_wrist"]]


def test_fingers_whose_depth_was_not_measured_are_left_as_read(person):
    from dataclasses import replace

    seen = person.project()
    bent = seen.points.copy()
    bent[[95, 99, 103]] += [0, -12]  # fingertips of the left hand, off to the side
    seen = replace(seen, points=bent, world=None)
    (one,) = correct([seen])
    assert not any(v.joint[-1].isdigit() for v in one.violations)
    assert (
        not fingers_measured(seen)[JOINT_INDEX["left_index_1"]]
        and fingers_measured(seen)[JOINT_INDEX["left_wrist"]]
    )
    assert fingers_measured(person.project()).all()


def test_the_picture_shows_before_faint_and_after_bright(person):
    results = correct([broken(person), person], CorrectOptions(depth=False))
    views = overlay(results)
    assert views.shape == (2, 3, *SIZE) and 0 < views.max() <= 1
    grey = torch.full((1, 3, *SIZE), 0.5)
    over = overlay(results, grey)
    assert over.shape == (2, 3, *SIZE) and over[0, :, 0, 0].tolist() == pytest.approx([0.225] * 3)
    changed = (views[0] - overlay(correct([results[0].skeleton]))[0]).abs().amax(0) > 0
    assert changed.any(), "the old knee is drawn as well"


def test_reports_of_several_people_are_numbered(person):
    text = report(correct([broken(person), person], CorrectOptions(depth=False)))
    assert text.startswith("person 1\njoint") and "\n\nperson 2\nEvery joint" in text


def test_a_pose_is_seen_whole_on_the_standard_body():
    body = standard(load_pose("waving"))
    points = body.forward().positions[:133, :2]
    assert points.min() >= 0 and (points.max(axis=0) < body.canvas[::-1]).all()
