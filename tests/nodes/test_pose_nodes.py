"""Pose Library, Pose from Picture and Retarget Pose."""

import re

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.formats.openpose import openpose_from_keypoints
from repose.pipelines.geometry.library import load_pose, pose_names
from repose.pipelines.geometry.skeleton import JOINT_INDEX


@pytest.mark.parametrize("name", pose_names())
def test_every_pose_has_a_thumbnail_with_the_whole_figure(run, name):
    out = run("ReposePoseLibrary", pose=name)
    assert out.preview.shape == (1, 768, 512, 3) and len(out.pose) == 1
    rows, columns = torch.nonzero(out.preview[0].amax(-1) > 0.2).T
    assert 0 < rows.min() and rows.max() < 767 and 0 < columns.min() and columns.max() < 511
    assert max((rows.max() - rows.min()) / 768, (columns.max() - columns.min()) / 512) > 0.7


def test_mirrored(run):
    plain, mirrored = (run("ReposePoseLibrary", pose="waving", mirror=m).preview[0] for m in (False, True))
    a, b = plain.amax(-1) > 0.2, mirrored.flip(1).amax(-1) > 0.2
    assert not torch.equal(plain, mirrored) and (a & b).sum() / (a | b).sum() > 0.8


def test_bones_keep_their_length_in_a_batch(run, drawn):
    out = run("ReposeRetargetPose", keypoints=[drawn.keypoints] * 5, pose=[load_pose("walking")])
    assert len(out.source) == len(out.target) == len(out.pose_keypoint) == 5
    assert out.preview.shape == (5, 480, 360, 3)
    for source, target in zip(out.source, out.target, strict=True):
        lengths = [np.linalg.norm(skeleton.offsets, axis=1) for skeleton in (source, target)]
        np.testing.assert_allclose(*lengths, rtol=0.1, err_msg="only what foreshortening hid may change")


def test_one_pose_for_each_picture(run, drawn):
    poses = [load_pose("walking"), load_pose("waving")]
    out = run("ReposeRetargetPose", keypoints=[drawn.keypoints] * 2, pose=poses)
    wrists = [target.project()["left_wrist"] for target in out.target]
    assert np.linalg.norm(wrists[0] - wrists[1]) > 10, "both pictures got the same pose"
    with pytest.raises(ValueError, match="3 people, 2 poses: connect one for all"):
        run("ReposeRetargetPose", keypoints=[drawn.keypoints] * 3, pose=poses)


def test_target_place_is_where_the_figure_stands_in_its_own_picture(run, drawn):
    """The pose's picture is twice as large; the figure stands in its left lower quarter, at half height."""
    small = drawn.keypoints.moved(1.0, (10.0, 470.0), (960, 720))
    pose = run("ReposePoseFromPicture", keypoints=[small]).pose
    target = run("ReposeRetargetPose", keypoints=[drawn.keypoints], pose=pose, place="target").target[0]
    assert target.canvas == (480, 360)
    expected = (drawn.keypoints["left_ankle"] + [10, 470]) / 2
    np.testing.assert_allclose(target.project()["left_ankle"], expected, atol=4)


def test_the_pose_comes_from_frames_or_keypoints(run, drawn):
    frame = openpose_from_keypoints([drawn.keypoints])
    by_frame = run("ReposePoseFromPicture", pose_keypoint=[frame]).pose[0]
    by_points = run("ReposePoseFromPicture", keypoints=[drawn.keypoints], pose_keypoint=["unread"]).pose[0]
    assert by_frame.known[JOINT_INDEX["left_elbow"]] and by_points.known[JOINT_INDEX["left_elbow"]]
    assert run("ReposePoseFromPicture", pose_keypoint=[frame] * 3).preview.shape[0] == 3


def test_the_second_person_of_a_frame(run, drawn):
    small = drawn.keypoints.moved(0.5, (180, 0), drawn.keypoints.canvas)
    frame = openpose_from_keypoints([small, drawn.keypoints])
    largest, next_one = (
        run("ReposePoseFromPicture", pose_keypoint=[frame], person=n).pose[0] for n in (0, 1)
    )
    assert next_one.stature == pytest.approx(largest.stature / 2, rel=0.02)
    with pytest.raises(ValueError, match="pose frame 1 shows 2 people, number 2 was asked for"):
        run("ReposePoseFromPicture", pose_keypoint=[frame], person=2)


def test_nothing_connected(run):
    with pytest.raises(ValueError, match="nothing is connected: .* image"):
        run("ReposePoseFromPicture")


def test_a_frame_without_people(run):
    with pytest.raises(ValueError, match="no person was found in pose frame 1"):
        run("ReposePoseFromPicture", pose_keypoint=[{"canvas_width": 8, "canvas_height": 8, "people": []}])


def test_what_leaves_the_picture_is_said(run, drawn):
    cut = drawn.keypoints.moved(1.0, (-150.0, 0.0), (480, 120))
    text = run("ReposeRetargetPose", keypoints=[cut], pose=[load_pose("arms crossed")]).ui["text"][0]
    kept, beyond = text.splitlines()
    assert kept == "picture 1: cut off by the photo's border, kept as photographed: right arm"
    assert re.match(r"the pose leaves picture 1: left by \d+ px", beyond)
    assert "text" not in run("ReposeRetargetPose", keypoints=[drawn.keypoints], pose=[load_pose("front")]).ui
