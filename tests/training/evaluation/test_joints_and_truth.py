"""Joints that are right or wrong by known distances, turns of known angles, and correspondences against a known one."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from pipelines.geometry import rotation
from pipelines.geometry.keypoints import Keypoints
from pipelines.geometry.landmarks import INDEX
from pipelines.geometry.library import load_pose
from pipelines.geometry.skeleton import JOINT_INDEX
from pipelines.geometry.template import OFFSETS
from pipelines.lift import lift
from training.evaluation import joints, people
from training.evaluation.truth import Truth, correspondence_errors


def body(count=17):
    """Seventeen joints on a line 160 px long."""
    points = np.zeros((133, 2))
    points[:17, 1] = np.linspace(20, 180, 17)
    points[:17, 0] = 50
    return Keypoints(points, (np.arange(133) < count) * 0.9, np.zeros(133), (200, 100))


def test_a_tenth_of_the_box_is_right_and_more_is_not():
    true = body()
    assert joints.correct_joints(true, true) == 1
    assert joints.correct_joints(None, true) == 0
    near, far = (replace(true, points=true.points + np.float32([d, 0])) for d in (15.9, 16.1))
    assert joints.correct_joints(near, true) == 1 and joints.correct_joints(far, true) == 0


def test_joints_that_were_not_found_are_wrong_and_those_not_asked_do_not_count():
    assert joints.correct_joints(body(8), body()) == pytest.approx(8 / 17)
    assert joints.correct_joints(body(), body(8)) == 1
    assert math.isnan(joints.correct_joints(body(), body(1)))


def test_of_several_people_the_nearest_is_taken():
    true = body()
    away = replace(true, points=true.points + 60)
    reader = SimpleNamespace(read=lambda picture, person=None: [away, true])
    assert joints.read_again(torch.zeros(1, 3, 200, 100), reader, true) is true
    assert joints.read_again(None, SimpleNamespace(read=lambda picture: []), true) is None


def test_the_ceiling_of_a_reader_that_sees_the_mirror_the_same_is_one():
    true = body()
    reader = SimpleNamespace(read=lambda picture, person=None: [true.mirrored()])
    assert joints.ceiling(torch.zeros(1, 3, 200, 100), reader, true, known=False) == 1
    blind = SimpleNamespace(read=lambda picture, person=None: [])
    assert joints.ceiling(torch.zeros(1, 3, 200, 100), blind, true, known=False) == 0


@pytest.mark.parametrize("degrees", [0, 30, -80, 170])
def test_a_turn_is_told_in_degrees(degrees):
    pose = load_pose("contrapposto")
    skeleton = standing(pose.rotations)
    turned = pose.rotations.copy()
    pelvis = JOINT_INDEX["pelvis"]
    about = rotation.quaternion_from_matrix(rotation.about([0, 1, 0], np.radians(degrees)))
    turned[pelvis] = rotation.multiply(about, turned[pelvis])
    assert joints.turn_between(skeleton, standing(turned)) == pytest.approx(abs(degrees), abs=1e-6)


def standing(rotations):
    points = np.zeros((133, 3))
    confidence = np.zeros(133)
    for side, x in (("left", 20), ("right", -20)):
        for name, y in (("shoulder", 60), ("hip", 120), ("knee", 170), ("ankle", 220)):
            points[INDEX[f"{side}_{name}"]] = 100 + x, y, 0
            confidence[INDEX[f"{side}_{name}"]] = 0.9
    assert len(OFFSETS) >= 133
    return lift(Keypoints(points[:, :2], confidence, np.zeros(133), (300, 200))).with_rotations(rotations)


def field(shift):
    """Every pixel of 20 x 30 from `shift` beside it."""
    y, x = torch.meshgrid(torch.arange(20.0), torch.arange(30.0), indexing="ij")
    return torch.stack((x + shift, y), -1)


def test_errors_of_a_correspondence_that_is_off_by_three_pixels():
    visible = torch.zeros(20, 30, dtype=torch.bool)
    visible[5:15, 5:25] = True
    truth = Truth(field(0), visible, body(), body())
    found = SimpleNamespace(source=field(3), visible=visible.float())
    errors = correspondence_errors(found, torch.ones(1, 1, 20, 30), truth)
    at_512 = 3 * 512 / 30
    assert errors["epe"] == pytest.approx(at_512) and errors["epe_mean"] == pytest.approx(at_512)
    assert errors["visibility_iou"] == 1 and errors["epe_large"] == 1


def test_what_one_of_the_two_does_not_see_is_in_the_overlap_and_in_no_error():
    visible = torch.zeros(20, 30, dtype=torch.bool)
    visible[:, :20] = True
    truth = Truth(field(0), visible, body(), body())
    half = torch.zeros(20, 30)
    half[:10] = 1
    found = SimpleNamespace(source=torch.where(half[..., None] > 0, field(0), field(9)), visible=half)
    errors = correspondence_errors(found, torch.ones(1, 1, 20, 30), truth)
    assert errors["epe"] == 0 and errors["visibility_iou"] == pytest.approx(200 / 500)
    nobody = correspondence_errors(found, torch.zeros(1, 1, 20, 30), truth)
    assert math.isnan(nobody["epe"]) and nobody["visibility_iou"] == 0


def test_landmarks_of_the_world_in_a_cameras_picture():
    camera = SimpleNamespace(
        rotation=torch.eye(3),
        position=torch.tensor([0.0, -1, -4]),
        focal=500.0,
        centre=(127.5, 127.5),
        size=(256, 256),
    )
    world = torch.full((133, 3), torch.nan)
    world[11], world[12] = torch.tensor([0.1, -1.0, 0]), torch.tensor([-0.1, -1.0, 0])
    world[0] = torch.tensor([0.0, -1.5, -0.2])
    world[15] = torch.tensor([0.0, 9.0, 0])
    found = people.landmarks(world, camera)
    assert found.points[11] == pytest.approx([127.5 + 12.5, 127.5])
    assert found.points[0] == pytest.approx([127.5, 127.5 - 0.5 * 500 / 3.8])
    assert found.world[0] == pytest.approx([0, -0.5, -0.2], abs=1e-6)
    assert (found.confidence > 0).sum() == 3, "the knee lies outside, the others have no place"
