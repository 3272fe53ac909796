"""The pose library, and pose files good and bad."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.anatomy.balance import balance
from repose.pipelines.geometry.anatomy.limits import violations
from repose.pipelines.geometry.library import (
    FOLDER,
    PoseFileError,
    load_pose,
    pose_from_json,
    pose_names,
    pose_path,
    read_pose,
    safe_name,
    save_pose,
    thumbnail_path,
    write_pose,
)
from repose.pipelines.geometry.planting import standard
from repose.pipelines.geometry.retarget import pose_of
from repose.pipelines.geometry.skeleton import JOINT_INDEX, JOINTS
from repose.pipelines.geometry.template import HINGE

POSES = pose_names()
FOLDERS = {"catalogue": 8, "casual": 5, "hands": 10, "movement": 11, "seated": 9, "editorial": 5, "mascot": 7}
WANTED = (
    "front", "three-quarter left", "three-quarter right", "side left", "side right", "back", "contrapposto",
    "hand in hair", "hands in hair", "hands on hips", "hand in pocket", "hands in pockets", "arms crossed", "waving",
    "pointing", "holding a bag", "thinking", "walking", "twirl", "running", "jump", "casual lean", "relaxed", "seated",
    "cross-legged", "on the floor", "on a stool", "wheelchair", "thumbs up", "arms wide", "cheering", "bowing",
)  # fmt: skip


def at(body, name):
    return body.forward().positions[JOINT_INDEX[name]]


def test_the_library_has_what_was_promised():
    assert set(WANTED) <= {name.rpartition("/")[2] for name in POSES} and len(POSES) >= 48
    for folder, least in FOLDERS.items():
        assert sum(name.startswith(f"{folder}/") for name in POSES) >= least, folder
    assert sum("walk" in name for name in POSES) >= 4 and sum("dance" in name for name in POSES) >= 4
    assert sum("wheelchair" in name for name in POSES) >= 3


def test_a_photographer_begins_at_the_front():
    assert POSES[:3] == ("catalogue/front", "catalogue/three-quarter left", "catalogue/three-quarter right")
    assert list(dict.fromkeys(name.split("/")[0] for name in POSES)) == [
        "catalogue", "casual", "hands", "movement", "seated", "editorial", "mascot",
    ]  # fmt: skip


@pytest.mark.parametrize("name", POSES)
def test_every_pose_loads_by_either_name(name):
    pose = load_pose(name)
    bare = name.rpartition("/")[2]
    assert pose.name == bare and np.allclose(np.linalg.norm(pose.rotations, axis=1), 1)
    assert (load_pose(bare).rotations == pose.rotations).all()
    assert pose.known[[JOINT_INDEX[n] for n in ("pelvis", "head", "left_elbow", "right_knee")]].all()


@pytest.mark.parametrize("name", POSES)
def test_each_pose_satisfies_its_own_limits(name):
    pose = load_pose(name)
    beyond = np.degrees(violations(pose.rotations))
    j = int(beyond.argmax())
    assert beyond[j] < 1e-3, f"{JOINTS[j]} is {beyond[j]:.2f} degrees beyond its limit"


@pytest.mark.parametrize("name", POSES)
def test_each_pose_is_carried_by_what_it_stands_or_sits_on(name):
    """Balance finds nothing; only who walks, runs, twirls or jumps has the weight on the way to somewhere."""
    pose = load_pose(name)
    report = balance(standard(pose.rotations), pose.contacts)
    assert not report.findings, report.findings
    if name.split("/")[0] not in ("movement", "mascot"):
        assert report.outside < 0.005 and report.mode == ("seated" if pose.seat else "standing")


@pytest.mark.parametrize("name", [name for name in POSES if name.startswith("seated/")])
def test_seated_poses_name_their_seat(name):
    pose = load_pose(name)
    height = next(-contact.offset[1] for contact in pose.contacts if contact.joint == "pelvis")
    least, most = {
        "floor": (0.1, 0.2),
        "chair": (0.5, 0.65),
        "stool": (0.7, 0.95),
        "wheelchair": (0.55, 0.7),
    }[pose.seat]
    assert least < height < most, "leg lengths"


def test_every_pose_has_a_thumbnail_and_nothing_is_left_over():
    from PIL import Image

    size = 0
    for name in POSES:
        path = thumbnail_path(name)
        assert path is not None, f"{name} has no thumbnail: run training/poses.py"
        with Image.open(path) as picture:
            assert picture.size == (160, 240) and picture.format == "JPEG"
            assert np.asarray(picture.convert("L")).std() > 10, f"{name}: nothing is drawn"
        size += path.stat().st_size
    assert size < 400_000
    own = ("order.txt", "walk.bvh", "library.jpg")
    files = [path for path in FOLDER.rglob("*") if path.is_file() and path.name not in own]
    assert len(files) == 2 * len(POSES)
    assert (FOLDER / "order.txt").read_text().split("\n")[:-1] == list(POSES)


@pytest.mark.parametrize("name", POSES)
def test_no_hinge_bends_backwards_or_locks(posed_bodies, name):
    rotations = posed_bodies[name].rotations
    for hinge, axis in HINGE.items():
        w, *xyz = rotations[JOINT_INDEX[hinge]]
        bend = np.degrees(2 * np.arctan2(np.dot(xyz, axis), w))
        aside = np.degrees(2 * np.arcsin(np.linalg.norm(xyz - np.dot(xyz, axis) * axis)))
        assert 2 < bend < 160 and aside < 4, f"{hinge} bends {bend:.0f} degrees and {aside:.0f} aside"


@pytest.mark.parametrize("name", POSES)
def test_the_feet_that_a_pose_plants_share_the_ground(posed_bodies, name):
    body, levels = posed_bodies[name], []
    for contact in load_pose(name).contacts:
        side = contact.joint.removesuffix("_ankle")
        if side != contact.joint and contact.offset[1] > -0.05:
            levels.append(max(at(body, f"{side}_{n}")[1] for n in ("big_toe", "small_toe", "heel")))
    assert not levels or np.ptp(levels) < 25, f"{np.ptp(levels):.0f} px of 1000 between the feet"


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


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is not JSON: Expecting value in line 1"),
        ('{"format": "repose-pose",\n "version": 1,', "is not JSON: .* in line 2"),
        ("[]", 'expected an object with "rotations", found a list'),
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
    data = json.loads((FOLDER / "catalogue" / "front.json").read_text())
    with pytest.raises(PoseFileError):
        pose_from_json(data | {"contacts": [contact]})


def test_an_unknown_pose_lists_the_known_ones():
    with pytest.raises(KeyError, match='no pose "handstand"; the library has: catalogue/front'):
        load_pose("handstand")


def test_a_seat_of_no_known_kind_is_refused():
    data = json.loads((FOLDER / "seated" / "seated.json").read_text())
    assert pose_from_json(data).seat == "chair"
    with pytest.raises(PoseFileError, match='"seat" should be one of chair, stool'):
        pose_from_json(data | {"seat": "throne"})


@pytest.fixture
def own(tmp_path):
    """An artist's folder: two good poses, one in a folder of its own, a bad file, and what is no pose."""
    (tmp_path / "poses" / "dance").mkdir(parents=True)
    write_pose(load_pose("waving"), tmp_path / "poses" / "hello.json")
    write_pose(load_pose("twirl"), tmp_path / "poses" / "dance" / "spin.json")
    write_pose(load_pose("twirl"), tmp_path / "secret.json")
    (tmp_path / "poses" / "broken.json").write_text("{")
    (tmp_path / "poses" / ".hidden.json").write_text("{}")
    (tmp_path / "poses" / "notes.txt").write_text("not a pose")
    return tmp_path / "poses"


def test_an_artists_poses_are_listed_after_the_librarys(own):
    names = pose_names([own])
    assert names[: len(POSES)] == POSES and names[len(POSES) :] == ("mine/broken", "mine/hello", "dance/spin")
    assert load_pose("mine/hello", [own]).name == "waving" and load_pose("spin", [own]).name == "twirl"
    with pytest.raises(PoseFileError, match="broken.json is not JSON"):
        load_pose("mine/broken", [own])


def test_a_new_pose_appears_without_a_restart(own):
    assert "mine/new" not in pose_names([own])
    write_pose(load_pose("front"), own / "new.json")
    assert "mine/new" in pose_names([own])


def test_an_artists_folder_named_like_the_librarys_hides_nothing(own):
    (own / "catalogue").mkdir()
    (own / "mine").mkdir()
    write_pose(load_pose("jump"), own / "catalogue" / "front.json")
    write_pose(load_pose("jump"), own / "mine" / "hello.json")
    write_pose(load_pose("jump"), own / "front.json")
    names = pose_names([own, own])
    assert len(names) == len(set(names)) and {"mine/catalogue/front", "mine/front", "mine/mine/hello"} <= set(
        names
    )
    assert load_pose("catalogue/front", [own]).name == load_pose("front", [own]).name == "front"


@pytest.mark.parametrize(
    "name", ["../secret", "mine/../../secret", "dance/../../secret", "/etc/passwd", "", ".", "mine"]
)
def test_no_name_leads_out_of_the_folders(own, name):
    with pytest.raises(KeyError):
        pose_path(name, [own])
    with pytest.raises(KeyError):
        pose_path(str(own / name), [own])


def test_a_folder_that_is_not_there_is_empty(tmp_path):
    assert pose_names([tmp_path / "none"]) == POSES


def test_saving_never_writes_over_a_pose(tmp_path):
    pose = load_pose("seated")
    first, second = save_pose(pose, tmp_path / "new", "walk"), save_pose(pose, tmp_path / "new", "walk")
    assert (first.name, second.name) == ("walk.json", "walk 2.json")
    again = load_pose("mine/walk 2", [tmp_path / "new"])
    assert again.name == "walk 2" and again.contacts == pose.contacts and again.seat == "chair"
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"walk.json", "walk 2.json"}


def test_a_failed_save_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("repose.pipelines.geometry.library.write_pose", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save_pose(load_pose("front"), tmp_path, "walk")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("walk", "walk"), ("../../etc/passwd", "etc passwd"),
        ('a<b>c:d"e|f?g*h\\i', "a b c d e f g h i"), ("con", "_con"),
        ("LPT1.x", "_LPT1.x"), ("  ", "pose"), ("...", "pose"), ("end. ", "end"), ("a\nb\x00", "a b"),
        ("\u8857\u89d2", "\u8857\u89d2"), ("\ud800x", "x"), ("x" * 300, "x" * 120),
    ],
)  # fmt: skip
def test_names_are_safe_on_every_system(tmp_path, name, safe):
    assert safe_name(name) == safe
    assert save_pose(load_pose("front"), tmp_path, name or "pose").parent == tmp_path


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_every_text_is_made_a_file_name(name):
    safe = safe_name(name)
    assert (
        safe and not set(safe) & set('<>:"/\\|?*') and safe == safe.strip(". ") and len(safe.encode()) <= 121
    )
    assert safe_name(safe) == safe


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES = (
    PLAIN
    | st.lists(PLAIN | st.lists(PLAIN, max_size=3), max_size=5)
    | st.dictionaries(st.text(max_size=6), PLAIN)
)
KEYS = st.sampled_from(["rotations", "contacts", "seat", "droop", "place", "name", "version", "format"])


@settings(max_examples=150, deadline=None)
@given(KEYS, VALUES)
def test_a_file_with_anything_anywhere_is_read_or_refused(key, value):
    data = json.loads((FOLDER / "seated" / "seated.json").read_text())
    contact = {"joint": "left_wrist", "on": value, "offset": value}
    for hostile in (
        data | {key: value},
        data | {"contacts": [contact]},
        data | {"rotations": {"left_hip": value}},
    ):
        try:
            pose = pose_from_json(hostile)
        except PoseFileError:
            continue
        assert np.isfinite(pose.rotations).all()
