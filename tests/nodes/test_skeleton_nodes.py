"""Correcting, varying, joining and keeping poses, as ComfyUI calls the nodes."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.formats.openpose import openpose_from_keypoints
from repose.pipelines.geometry.library import load_pose, pose_names
from repose.pipelines.geometry.skeleton import JOINT_INDEX

from ..geometry.drawn import stick_on_paper


@pytest.fixture
def folders(comfyui, monkeypatch, tmp_path):
    """ComfyUI's input, output and user folders, empty."""
    import folder_paths

    for name in ("input", "output", "user"):
        (tmp_path / name).mkdir()
        monkeypatch.setattr(folder_paths, f"get_{name}_directory", lambda name=name: str(tmp_path / name))
    return tmp_path


def bent_back(skeleton):
    """The left knee bent 40 degrees the wrong way."""
    rotations = skeleton.rotations.copy()
    rotations[JOINT_INDEX["left_knee"]] = rotation.quaternion_from_matrix(
        rotation.about([1, 0, 0], np.radians(-40))
    )
    return skeleton.with_rotations(rotations)


def test_a_knee_bent_back_is_corrected_and_reported(run, drawn):
    out = run("ReposeCorrectSkeleton", figure=[bent_back(drawn.skeleton)], image=drawn.image, ground=False)
    assert "left knee" in out.report.replace("_", " ") and re.search(r"\d", out.report)
    assert out.ui["text"] == [out.report] and out.preview.shape == (1, 480, 360, 3)
    again = run("ReposeCorrectSkeleton", figure=out.skeleton, ground=False)
    assert again.skeleton[0] is out.skeleton[0], "what is right comes back as it is"
    lengths = [np.linalg.norm(one.offsets, axis=1) for one in (drawn.skeleton, out.skeleton[0])]
    np.testing.assert_allclose(*lengths, atol=1e-6)


def test_poses_and_keypoints_are_corrected_too(run, drawn):
    pose = run("ReposeCorrectSkeleton", figure=[load_pose("waving")]).pose[0]
    np.testing.assert_allclose(pose.rotations, load_pose("waving").rotations, atol=1e-5)
    out = run("ReposeCorrectSkeleton", figure=[drawn.keypoints] * 2)
    assert len(out.skeleton) == len(out.pose_keypoint) == 2 and out.report.count("person") >= 2


def test_a_straight_elbow_is_allowed_at_180(run, standing_straight):
    bent = run("ReposeCorrectSkeleton", figure=[standing_straight], ground=False)
    assert "elbow" in bent.report
    straight = run("ReposeCorrectSkeleton", figure=[standing_straight], elbow=180.0, knee=180.0, ground=False)
    assert "elbow" not in straight.report and "knee" not in straight.report


@pytest.fixture
def standing_straight(drawn):
    rotations = drawn.skeleton.rotations.copy()
    for name in ("left_elbow", "right_elbow", "left_knee", "right_knee"):
        rotations[JOINT_INDEX[name]] = [1, 0, 0, 0]
    return drawn.skeleton.with_rotations(rotations)


def test_variations_are_many_seeded_and_different(run):
    out = run("ReposePoseVariations", pose=[load_pose("contrapposto")], count=3, seed=5)
    again = run("ReposePoseVariations", pose=[load_pose("contrapposto")], count=3, seed=5)
    other = run("ReposePoseVariations", pose=[load_pose("contrapposto")], count=3, seed=6)
    assert len(out.pose) == 3 and out.preview.shape[0] == 3
    assert all((a.rotations == b.rotations).all() for a, b in zip(out.pose, again.pose, strict=True))
    assert not (out.pose[0].rotations == other.pose[0].rotations).all()
    assert not torch.equal(out.preview[0], out.preview[1])


def test_a_sequence_goes_from_the_first_pose_to_the_last(run):
    start, end = load_pose("contrapposto"), load_pose("waving")
    out = run("ReposePoseSequence", start=[start], end=[end], frames=4)
    assert len(out.pose) == 5
    assert (out.pose[0].rotations == start.rotations).all() and (
        out.pose[-1].rotations == end.rotations
    ).all()
    assert len(run("ReposePoseSequence", start=[start, end], frames=4, loop=True).pose) == 8
    with pytest.raises(ValueError, match="at least two"):
        run("ReposePoseSequence", start=[start])


def test_a_saved_pose_is_in_the_list_without_a_restart(run, folders):
    from repose.nodes import pose

    def listed() -> list[str]:
        return pose.PoseLibrary.define_schema().inputs[0].options

    assert "mine/my wave" not in listed()
    out = run("ReposeSavePose", figure=[load_pose("waving")], name="my wave")
    assert out.files.endswith("my wave.json") and "mine/my wave" in listed()
    loaded = run("ReposePoseLibrary", pose="mine/my wave").pose[0]
    np.testing.assert_allclose(loaded.rotations, load_pose("waving").rotations, atol=1e-5)
    assert run("ReposeSavePose", figure=[load_pose("waving")], name="my wave").files.endswith(
        "my wave 2.json"
    )


def test_a_pose_that_was_saved_anew_is_read_anew(run, folders):
    import os

    from repose.nodes import pose, whole

    run("ReposeSavePose", figure=[load_pose("waving")], name="mine")
    (path,) = (folders / "user").rglob("mine.json")
    before = [
        node.fingerprint_inputs(pose="mine/mine", mirror=False) for node in (pose.PoseLibrary, whole.Repose)
    ]
    os.utime(path, ns=(1, 1))
    after = [
        node.fingerprint_inputs(pose="mine/mine", mirror=False) for node in (pose.PoseLibrary, whole.Repose)
    ]
    assert before[0] != after[0] and before[1] != after[1]


def test_keypoints_of_another_program_are_listed_and_loaded(run, folders, drawn):
    own = folders / "user" / "default" / "repose" / "poses" / "studio"
    own.mkdir(parents=True)
    (own / "frame.json").write_text(json.dumps(openpose_from_keypoints([drawn.keypoints])))
    pose = run("ReposePoseLibrary", pose="studio/frame").pose[0]
    assert pose.known[JOINT_INDEX["left_elbow"]] and pose.canvas == (480, 360)


def test_feet_of_a_movement_stand_still(run, drawn):
    poses = run(
        "ReposePoseSequence", start=[load_pose("front")], end=[load_pose("hands on hips")], frames=4
    ).pose
    loose, steady = (
        run("ReposeRetargetPose", keypoints=[drawn.keypoints], pose=poses, steady=on).target
        for on in (False, True)
    )
    slide = [np.ptp([one.project()["left_big_toe"][0] for one in bodies[:4]]) for bodies in (loose, steady)]
    assert slide[1] <= slide[0] + 0.01 and slide[1] < 2, f"{slide} pixels"


def test_a_stick_figures_keypoints_are_saved_as_the_pose_that_is_taken_from_them(run, folders, no_models):
    image = torch.from_numpy(stick_on_paper()).float()[None] / 255
    keypoints = run("ReposeKeypoints", image=image, backend="drawing (by its strokes)").keypoints
    run("ReposeSavePose", figure=keypoints, name="stick")
    saved = run("ReposePoseLibrary", pose="mine/stick").pose[0]
    np.testing.assert_allclose(
        saved.rotations[saved.known], run("ReposePoseFromPicture", keypoints=keypoints).pose[0].rotations[saved.known],
        atol=1e-5,
    )  # fmt: skip


def test_a_name_cannot_leave_the_folder(run, folders):
    out = run("ReposeSavePose", figure=[load_pose("waving")], name="../../evil")
    assert (folders / "user") in next(folders.rglob("*evil*.json")).parents and out.files
    with pytest.raises((KeyError, ValueError)):
        run("ReposePoseLibrary", pose="mine/../../evil")


@pytest.mark.parametrize("format", ["pose", "BVH", "OpenPose", "COCO-WholeBody"])
def test_what_is_saved_can_be_loaded(run, folders, format):
    import shutil

    poses = [load_pose("waving"), load_pose("contrapposto")]
    written = run("ReposeSavePose", figure=poses, name="two", format=format).files.splitlines()
    assert len(written) == 1
    shutil.move(written[0], folders / "input")
    name = next((folders / "input").iterdir()).name
    out = run("ReposePoseFile", file=name, count=2)
    assert len(out.pose) == 2
    elbow = JOINT_INDEX["left_elbow"]
    apart = rotation.multiply(rotation.inverse(out.pose[0].rotations[elbow]), poses[0].rotations[elbow])
    angle = 2 * np.degrees(np.arccos(np.clip(abs(apart[0]), 0, 1)))
    assert angle < (1 if format in ("pose", "BVH") else 60), f"{angle:.1f} degrees"
    assert len(run("ReposePoseFile", file=name, first=1, count=5).pose) == 1


def test_an_openpose_picture_is_read_by_its_colours(run, folders, drawn):
    """Saved as a picture, read again without any network."""
    from repose.pipelines.picture import read_picture

    run("ReposeSavePose", figure=[drawn.skeleton], name="figure", format="OpenPose picture")
    picture = read_picture(folders / "output" / "figure.png").movedim(1, -1)
    pose = run("ReposePoseFromPicture", image=picture).pose[0]
    assert pose.known[JOINT_INDEX["left_elbow"]] and pose.canvas == (480, 360)


def test_a_stick_figure_is_read_by_its_strokes(run):
    image = torch.from_numpy(stick_on_paper()).float()[None] / 255
    pose = run("ReposePoseFromPicture", image=image, kind="drawing").pose[0]
    target = run("ReposePoseLibrary", pose=pose_names()[0]).pose[0]
    raised = replace(target, rotations=pose.rotations, known=pose.known)
    from repose.pipelines.correct import standard

    points = standard(raised).project()
    assert points["right_wrist"][1] < points["nose"][1] + 60, "the arm on the picture's left is raised"
    assert points["left_wrist"][1] > points["left_shoulder"][1]


def test_a_drawn_figure_is_read_without_any_network(run, no_models):
    image = torch.from_numpy(stick_on_paper()).float()[None] / 255
    out = run("ReposeKeypoints", image=image, backend="drawing (by its strokes)")
    assert out.keypoints[0].sees("left_wrist", "right_ankle") and out.preview.shape == (1, 600, 400, 3)
    with pytest.raises(ValueError, match="no person was found in picture 1"):
        run("ReposeKeypoints", image=torch.full((1, 64, 64, 3), 0.5), backend="drawing (by its strokes)")


def test_a_person_is_pointed_at(run, drawn):
    small = drawn.keypoints.moved(0.5, (180, 0), drawn.keypoints.canvas)
    frame = openpose_from_keypoints([small, drawn.keypoints])
    x, y = (float(v) for v in small["left_hip"])
    by_point = run("ReposePoseFromPicture", pose_keypoint=[frame], points=json.dumps([{"x": x, "y": y}])).pose
    dab = torch.zeros(1, 480, 360)
    dab[0, int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3] = 1
    by_dab = run("ReposePoseFromPicture", pose_keypoint=[frame], dab=dab).pose
    for poses in (by_point, by_dab):
        assert len(poses) == 1 and poses[0].support[0] > 180, "the small one, on the right"
    assert len(run("ReposePoseFromPicture", pose_keypoint=[frame], person=-1).pose) == 2


def test_the_example_clip_walks(run, folders):
    """One second, both feet in turn: the wrists swing against each other."""
    poses = run("ReposePoseFile", count=24).pose
    assert len(poses) == 24
    standing = [run("ReposeCorrectSkeleton", figure=[pose], ground=False).skeleton[0] for pose in poses[::6]]
    ahead = [one.forward().positions for one in standing]
    lead = [at[JOINT_INDEX["left_ankle"], 2] - at[JOINT_INDEX["right_ankle"], 2] for at in ahead]
    assert lead[0] * lead[2] < 0, "first one foot is ahead, then the other"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.json", "", "empty.json"),
        ("list.json", "[1, 2]", "list.json"),
        ("broken.bvh", "HIERARCHY\nROOT hips\n{\n OFFSET 0 zero 0\n", "line 4"),
    ],
)
def test_bad_files_are_told(run, folders, name, content, message):
    (folders / "input" / name).write_text(content)
    with pytest.raises(ValueError, match=message):
        run("ReposePoseFile", file=name)


def test_a_file_outside_the_input_folder_is_refused(run, folders):
    (folders / "secret.json").write_text("{}")
    with pytest.raises(ValueError, match="Invalid file path|is not a file in"):
        run("ReposePoseFile", file="../secret.json")
