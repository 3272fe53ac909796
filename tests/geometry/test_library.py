"""The pose library, and pose files good and bad."""

import json

import numpy as np
import pytest
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.library import (
    FOLDER,
    PoseFileError,
    load_pose,
    pose_from_json,
    pose_names,
    read_pose,
    write_pose,
)
from repose.pipelines.geometry.retarget import pose_of
from repose.pipelines.geometry.skeleton import JOINT_INDEX
from repose.pipelines.geometry.template import HINGE

POSES = pose_names()
WANTED = (
    "front", "three-quarter left", "three-quarter right", "side left", "contrapposto", "hands in hair",
    "walking", "twirl", "casual lean", "seated", "waving", "arms crossed",
)  # fmt: skip


def at(body, name):
    return body.forward().positions[JOINT_INDEX[name]]


def test_the_library_has_what_was_promised():
    assert set(WANTED) <= set(POSES) and len(POSES) >= 14 and POSES[0] == "front"


@pytest.mark.parametrize("name", POSES)
def test_every_pose_loads_and_is_a_rotation(name):
    pose = load_pose(name)
    assert pose.name == name and np.allclose(np.linalg.norm(pose.rotations, axis=1), 1)
    assert pose.known[[JOINT_INDEX[n] for n in ("pelvis", "head", "left_elbow", "right_knee")]].all()


@pytest.mark.parametrize("name", POSES)
def test_no_hinge_bends_backwards_or_locks(posed_bodies, name):
    rotations = posed_bodies[name].rotations
    for hinge, axis in HINGE.items():
        w, *xyz = rotations[JOINT_INDEX[hinge]]
        bend = np.degrees(2 * np.arctan2(np.dot(xyz, axis), w))
        aside = np.degrees(2 * np.arcsin(np.linalg.norm(xyz - np.dot(xyz, axis) * axis)))
        assert 2 < bend < 160 and aside < 4, f"{hinge} bends {bend:.0f} degrees and {aside:.0f} aside"


@pytest.mark.parametrize("name", POSES)
def test_people_stand_over_their_feet(posed_bodies, name):
    body = posed_bodies[name]
    if name == "seated":
        return
    feet = [at(body, f"{side}_{n}") for side in ("left", "right") for n in ("big_toe", "small_toe", "heel")]
    pelvis = at(body, "pelvis")
    low, high = np.min(feet, axis=0) - 30, np.max(feet, axis=0) + 30
    assert low[0] < pelvis[0] < high[0] and low[2] < pelvis[2] < high[2]


@pytest.mark.parametrize("name", POSES)
def test_both_feet_are_on_the_ground(posed_bodies, name):
    body = posed_bodies[name]
    lowest = [
        max(at(body, f"{side}_{n}")[1] for n in ("big_toe", "small_toe", "heel"))
        for side in ("left", "right")
    ]
    assert abs(lowest[0] - lowest[1]) < 8, f"{abs(lowest[0] - lowest[1]):.0f} px of 1000 between the feet"


def test_three_quarter_views_mirror_each_other(posed_bodies):
    left, right = posed_bodies["three-quarter left"], posed_bodies["three-quarter right"]
    face = -left.forward().rotations[JOINT_INDEX["chest"]][:, 2]
    assert 25 < np.degrees(np.arctan2(face[0], -face[2])) < 38, "the chest faces the person's left"
    assert np.abs(left.mirrored().forward().positions - right.forward().positions).max() < 0.1


def test_the_weight_is_on_the_raised_hip(posed_bodies):
    body = posed_bodies["contrapposto"]
    assert at(body, "right_hip")[1] < at(body, "left_hip")[1] - 8
    assert at(body, "right_shoulder")[1] > at(body, "left_shoulder")[1] + 8, (
        "the shoulders tilt against the hips"
    )
    assert abs(at(body, "right_ankle")[0] - at(body, "pelvis")[0]) < 40


def test_hands_in_hair_are_beside_the_head(posed_bodies):
    body = posed_bodies["hands in hair"]
    for side in ("left", "right"):
        assert at(body, f"{side}_middle_3")[1] < at(body, f"{side}_ear")[1]
        assert np.linalg.norm(at(body, f"{side}_middle_2") - at(body, "head")) < 110


def test_hand_on_hip_is_on_the_hip(posed_bodies):
    body = posed_bodies["contrapposto"]
    assert np.linalg.norm(at(body, "right_wrist") - at(body, "right_hip")) < 95
    assert at(body, "right_elbow")[0] < at(body, "right_wrist")[0] - 60, "the elbow points out"


def test_crossed_arms_are_before_the_chest(posed_bodies):
    body = posed_bodies["arms crossed"]
    assert at(body, "left_wrist")[2] < at(body, "chest")[2] - 80
    assert at(body, "left_wrist")[0] < at(body, "right_wrist")[0], "each wrist on the other side"


def test_write_then_read_is_the_same(tmp_path, posed_bodies):
    pose = pose_of(posed_bodies["hands on hips"], "mine")
    write_pose(pose, tmp_path / "mine.json")
    again = read_pose(tmp_path / "mine.json")
    assert again.name == "mine" and (again.known == pose.known).all() and again.canvas == pose.canvas
    apart = 2 * np.arccos(np.clip(np.abs((again.rotations * rotation.unit(pose.rotations)).sum(1)), 0, 1))
    assert np.degrees(apart[pose.known]).max() < 0.01
    assert np.allclose(again.support, pose.support) and again.stature == pytest.approx(pose.stature)


def test_contacts_survive_a_round_trip(tmp_path):
    pose = load_pose("contrapposto")
    write_pose(pose, tmp_path / "pose.json")
    assert read_pose(tmp_path / "pose.json").contacts == pose.contacts != ()


def test_an_openpose_file_is_a_pose(tmp_path, posed_bodies):
    openpose = pytest.importorskip("repose.pipelines.geometry.openpose")
    frame = openpose.openpose_from_keypoints([posed_bodies["waving"].project()])
    (tmp_path / "frame.json").write_text(json.dumps([frame]))
    pose = read_pose(tmp_path / "frame.json")
    assert pose.name == "frame" and pose.canvas == (1300, 1000) and pose.known[JOINT_INDEX["left_elbow"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is not JSON: Expecting value in line 1"),
        ('{"format": "repose-pose",\n "version": 1,', "is not JSON: .* in line 2"),
        ("[]", 'expected an object with "rotations" or "people", found a list'),
        ("3", "found a number"),
        ('{"nodes": [], "links": []}', "is not a pose: .* found nodes, links"),
        ('{"format": "repose-pose", "version": 7}', "version 7 of the format, this pack reads 1"),
        ('{"format": "repose-pose", "version": 1, "rotations": []}', '"rotations" should be an object'),
        (
            '{"format": "repose-pose", "version": 1, "rotations": {"tail": [1,0,0,0]}}',
            '"tail" is not a joint',
        ),
        (
            '{"format": "repose-pose", "version": 1, "rotations": {"nose": [1,0,0]}}',
            '"nose" should be 4 finite',
        ),
        ('{"format": "repose-pose", "version": 1, "rotations": {"nose": [9,0,0,0]}}', "its length is 9.000"),
        ('{"format": "repose-pose", "version": 1, "rotations": {"nose": ["a",0,0,0]}}', "should be numbers"),
        ('{"format": "repose-pose", "version": 1, "rotations": {"nose": [NaN,0,0,0]}}', "finite"),
        ('{"people": []}', "."),
        ("[" * 100000, "."),
        ("\xff\xfe", "."),
    ],
    ids=lambda value: value[:24].replace("\n", " "),
)
def test_bad_files_say_what_they_are(tmp_path, content, message):
    path = tmp_path / "bad.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(PoseFileError, match=message) as caught:
        read_pose(path)
    assert "bad" in str(caught.value), "the file is named"


@pytest.mark.parametrize("contact", [{}, {"joint": "nose"}, {"joint": "left_wrist", "on": "moon"}, 5,
                                     {"joint": "left_wrist", "on": "head", "offset": [1]}])  # fmt: skip
def test_bad_contacts_are_refused(contact):
    data = json.loads((FOLDER / "front.json").read_text())
    with pytest.raises(PoseFileError):
        pose_from_json(data | {"contacts": [contact]})


def test_an_unknown_pose_lists_the_known_ones():
    with pytest.raises(KeyError, match='no pose "handstand"; the library has: front'):
        load_pose("handstand")
