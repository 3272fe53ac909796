"""Every kind of pose file, written and read by one pair of functions."""

import json
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.keypoints import Keypoints
from repose.pipelines.geometry.landmarks import PARTS
from repose.pipelines.geometry.library import PoseFileError, load_pose
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skeleton import JOINT_INDEX, JOINTS, Skeleton
from repose.pipelines.geometry.template import OFFSETS
from repose.pipelines.picture import write_picture
from repose.pipelines.pose_files import (
    read_clip,
    read_keypoints_file,
    read_pose_file,
    write_keypoints_file,
    write_pose_file,
)

SIZE = (700, 600)
draws = pytest.mark.skipif(not find_spec("controlnet_aux"), reason="poses are drawn by controlnet-aux")


def figure(name: str = "waving", height: float = 550.0, x: float = 300.0) -> Skeleton:
    rest = np.tile([1.0, 0.0, 0.0, 0.0], (len(JOINTS), 1))
    confidence = np.ones((len(JOINTS), 3))
    body = Skeleton(OFFSETS * height, rest, np.array([x, 350.0, 0.0]), confidence, SIZE, 1.7 / height)
    return retarget(body, load_pose(name))


def degrees_apart(one, other) -> np.ndarray:
    both = one.known & other.known
    dot = np.abs((rotation.unit(one.rotations) * rotation.unit(other.rotations)).sum(axis=1))[both]
    return np.degrees(2 * np.arccos(np.clip(dot, 0, 1)))


@pytest.mark.parametrize("suffix", [".json", ".bvh"])
def test_rotations_survive_their_files(tmp_path, suffix):
    pose = load_pose("waving")
    (again,) = read_pose_file(write_pose_file(pose, tmp_path / f"wave{suffix}"))
    assert degrees_apart(pose, again).max() < 0.1 and again.known[JOINT_INDEX["left_elbow"]]


@pytest.mark.parametrize("suffix", [".json", ".bvh"])
def test_several_poses_in_one_file(tmp_path, suffix):
    poses = [load_pose(name) for name in ("front", "walking", "waving")]
    path = write_pose_file(poses, tmp_path / f"three{suffix}", seconds=0.25)
    again = read_pose_file(path)
    assert len(again) == 3
    assert max(degrees_apart(*pair).max() for pair in zip(poses, again, strict=True)) < 0.1
    (second,) = read_pose_file(path, first=1, stride=1, most=1)
    assert degrees_apart(poses[1], second).max() < 0.1
    assert read_clip(path).seconds == (0.25 if suffix == ".bvh" else 0)


@pytest.mark.parametrize("format", ["openpose", "coco"])
def test_keypoints_survive_their_files(tmp_path, format):
    people = [figure().project(), figure("front", 300.0, 100.0).project()]
    frames = [people, people[:1]]
    again = read_keypoints_file(write_keypoints_file(frames, tmp_path / "people.json", format))
    assert [len(frame) for frame in again] == [2, 1]
    for one, other in zip(people, again[0], strict=True):
        seen = (one.confidence > 0.3) & (other.confidence > 0)
        assert seen.sum() > 100 and np.abs(one.points - other.points)[seen].max() < 0.002
        assert other.canvas == SIZE


@pytest.mark.parametrize("format", ["openpose", "coco"])
def test_a_pose_out_of_keypoints(tmp_path, format):
    path = write_keypoints_file([[figure().project()]], tmp_path / "people.json", format)
    (pose,) = read_pose_file(path)
    assert pose.name == "people" and pose.canvas == SIZE and pose.known[JOINT_INDEX["left_elbow"]]


@draws
def test_a_picture_of_a_skeleton(tmp_path):
    truth = figure().project()
    path = write_keypoints_file([[truth]], tmp_path / "stick.png")
    ((found,),) = read_keypoints_file(path)
    body = PARTS["body"]
    assert found.canvas == SIZE
    assert (
        np.linalg.norm(found.points[body] - truth.points[body], axis=1)[found.confidence[body] > 0.9].max()
        < 1.5
    )
    (pose,) = read_pose_file(path)
    assert pose.name == "stick" and pose.known[JOINT_INDEX["left_elbow"]]


@draws
def test_a_skeleton_on_a_transparent_ground(tmp_path):
    from repose.pipelines.draw import draw_pose

    picture = draw_pose([figure().project()], SIZE)
    alpha = (picture.amax(dim=1, keepdim=True) > 0).float()
    path = write_picture(torch.cat([picture, alpha], dim=1), tmp_path / "clear.png")
    assert len(read_keypoints_file(path)[0]) == 1


@draws
def test_a_large_picture_keeps_its_own_pixels(tmp_path):
    truth = figure().project().moved(6.0, (2.5, 2.5), (4200, 3600))
    ((found,),) = read_keypoints_file(write_keypoints_file([[truth]], tmp_path / "large.png"))
    sure = found.confidence[:17] > 0.9
    assert found.canvas == (4200, 3600) and sure.sum() >= 14
    assert np.linalg.norm(found.points[:17] - truth.points[:17], axis=1)[sure].max() < 4


def test_a_photo_goes_to_the_reader_of_people(tmp_path):
    generator = torch.Generator().manual_seed(0)
    path = write_picture(torch.rand(1, 3, 50, 40, generator=generator), tmp_path / "photo.jpg")
    truth = figure().project()
    seen = []

    def reader(picture: torch.Tensor) -> list[Keypoints]:
        seen.append(tuple(picture.shape))
        return [truth]

    assert read_pose_file(path, read_people=reader)[0].name == "photo" and seen == [(1, 3, 50, 40)]
    with pytest.raises(PoseFileError, match="photo.jpg.*no reader of people"):
        read_pose_file(path)


def test_people_by_size(tmp_path):
    people = [figure("front", 300.0, 100.0).project(), figure().project()]
    path = write_keypoints_file([people, people[:1]], tmp_path / "people.json")
    largest, second = read_pose_file(path), read_clip(path, person=1)
    assert [pose.name for pose in largest] == ["people 0", "people 1"]
    assert largest[0].stature > 1.5 * second.poses[0].stature
    assert len(second.poses) == 1 and second.notes == ("1 frames without person 1 were passed over",)
    with pytest.raises(PoseFileError, match="person 2 was asked for .* up to 2"):
        read_pose_file(path, person=2)


def test_openpose_files_without_a_canvas(tmp_path):
    """As the program OpenPose itself writes them: 25 points, no canvas."""
    person = figure().project()
    numbers = np.zeros((25, 3))
    names = {0: "nose", 2: "right_shoulder", 3: "right_elbow", 4: "right_wrist", 5: "left_shoulder",
             6: "left_elbow", 7: "left_wrist", 9: "right_hip", 10: "right_knee", 12: "left_hip",
             13: "left_knee", 14: "left_ankle"}  # fmt: skip
    for index, name in names.items():
        numbers[index] = [*person[name], 1]
    frame = {
        "version": 1.3,
        "people": [{"person_id": [-1], "pose_keypoints_2d": numbers.reshape(-1).tolist()}],
    }
    path = tmp_path / "frame_keypoints.json"
    path.write_text(json.dumps(frame))
    ((found,),) = read_keypoints_file(path)
    assert np.allclose(found["left_wrist"], person["left_wrist"], atol=1e-3)
    assert (
        found.canvas[0] >= person["left_ankle"][1]
        and read_pose_file(path)[0].known[JOINT_INDEX["left_elbow"]]
    )
    frame["people"][0]["pose_keypoints_2d"] = (numbers * [1 / 700, 1 / 700, 1]).reshape(-1).tolist()
    path.write_text(json.dumps(frame))
    with pytest.raises(PoseFileError, match="fractions of a canvas that the file does not state"):
        read_keypoints_file(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_texts_with_byte_order_marks(tmp_path, encoding):
    path = write_pose_file(load_pose("waving"), tmp_path / "own.json")
    path.write_text(path.read_text(), encoding=encoding)
    clip = write_pose_file(load_pose("waving"), tmp_path / "own.bvh")
    clip.write_text(clip.read_text(), encoding=encoding)
    assert len(read_pose_file(path)) == len(read_pose_file(clip)) == 1


def test_the_content_says_what_a_file_is(tmp_path):
    clip = write_pose_file(load_pose("waving"), tmp_path / "clip.bvh")
    clip.rename(tmp_path / "clip.txt")
    assert len(read_pose_file(tmp_path / "clip.txt")) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.json", "", "none.json is not JSON: Expecting value in line 1"),
        ("empty.png", "", "empty.png is empty"),
        ("cut.json", '{"format": "repose-pose",\n "version": 1,', "cut.json is not JSON: .* in line 2"),
        ("cut.bvh", "HIERARCHY\nROOT Hips\n{", "cut.bvh: line 3: the file ends here"),
        ("graph.json", '{"nodes": [], "links": []}', "graph.json: not a pose: .* found nodes, links"),
        ("old.json", '{"format": "repose-pose", "version": 9}', "old: version 9 of the format"),
        ("list.json", "[]", "list.json: not a pose: .* found list"),
        ("deep.json", "[" * 100_000, "nested too deeply"),
        ("wide.json", "[" + "{}," * 300_000 + "{}]", "more than 200000 objects"),
        ("nobody.json", '{"people": [], "canvas_width": 4, "canvas_height": 4}', "nobody to take the pose from"),
        ("short.json", '{"people": [{"pose_keypoints_2d": [1, 2]}], "canvas_width": 4, "canvas_height": 4}',
         "short.json: not POSE_KEYPOINT: pose_keypoints_2d has 2 numbers"),
        ("coco.json", '[{"keypoints": [1, 2, 3]}]', "coco.json: not COCO: annotation 0: keypoints has 3 numbers"),
        ("text.png", "hello", "text.png"),
    ],
    ids=lambda value: value[:16],
)  # fmt: skip
def test_bad_files_say_what_they_are(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(PoseFileError, match=message) as error:
        read_pose_file(tmp_path / name)
    assert name.split(".")[0] in str(error.value) and len(str(error.value)) < 400


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PoseFileError, match="gone.bvh cannot be read: No such file"):
        read_pose_file(tmp_path / "gone.bvh")
    with pytest.raises(PoseFileError, match="cannot be read"):
        read_pose_file(tmp_path)


def test_what_cannot_be_written(tmp_path):
    pose, people = load_pose("front"), [figure().project()]
    for call in (
        lambda: write_pose_file([], tmp_path / "a.bvh"),
        lambda: write_pose_file(pose, tmp_path / "a.png"),
        lambda: write_keypoints_file([], tmp_path / "a.json"),
        lambda: write_keypoints_file([people, []], tmp_path / "a.json"),
        lambda: write_keypoints_file([people, people], tmp_path / "a.png"),
        lambda: write_keypoints_file([people], tmp_path / "a.bvh"),
        lambda: write_keypoints_file([people], tmp_path / "a.json", "tarot"),
        lambda: read_pose_file(tmp_path / "a.json", person=-1),
    ):
        with pytest.raises(ValueError):
            call()
    assert list(tmp_path.iterdir()) == []


def test_a_bvh_file_holds_no_keypoints(tmp_path):
    path = write_pose_file(replace(load_pose("front"), name="x"), tmp_path / "x.bvh")
    with pytest.raises(PoseFileError, match="x.bvh holds rotations"):
        read_keypoints_file(path)
