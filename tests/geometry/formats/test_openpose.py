"""POSE_KEYPOINT frames of every known producer to Keypoints and back."""

import json

import numpy as np
import pytest
from repose.pipelines.geometry.formats.openpose import (
    keypoints_from_openpose,
    openpose_from_keypoints,
    read_openpose,
)
from repose.pipelines.geometry.keypoints import Keypoints
from repose.pipelines.geometry.landmarks import INDEX, PARTS


def whole_person(seed: int = 0, size: float = 300, present: float = 1.0) -> Keypoints:
    rng = np.random.default_rng(seed)
    points = rng.uniform(20, 20 + size, (133, 2))
    confidence = np.where(rng.random(133) < present, rng.uniform(0.1, 1, 133), 0)
    return Keypoints(points, confidence, np.ones(133), (600, 400))


def frame_of(**parts) -> dict:
    return {"canvas_width": 400, "canvas_height": 600, "people": [parts]}


def body(**points) -> list[float]:
    """54 numbers with the given OpenPose indices, as i3=(x, y, score)."""
    flat = np.zeros((18, 3))
    for name, value in points.items():
        flat[int(name[1:])] = value
    return flat.reshape(-1).tolist()


@pytest.mark.parametrize("present", [1.0, 0.6])
def test_round_trip_is_exact_for_present_points(present):
    person = whole_person(present=present)
    (found,) = keypoints_from_openpose(openpose_from_keypoints([person]))
    seen = person.confidence > 0
    # An eye that the body lacks is not invented: the pupils are written from the same two points.
    assert np.array_equal(found.confidence, person.confidence)
    assert np.array_equal(found.points[seen], person.points[seen])
    assert found.canvas == (600, 400) and found.source == "POSE_KEYPOINT"
    assert (found.spread[seen] > 0).all() and (found.spread[~seen] == 0).all()


def test_round_trip_through_json_text():
    person = whole_person()
    ((found,),) = read_openpose(json.dumps([openpose_from_keypoints([person])]))
    assert np.array_equal(found.points, person.points)


def test_counts_and_neck_of_a_written_frame():
    person = whole_person()
    frame = openpose_from_keypoints([person])
    (written,) = frame["people"]
    assert {key: len(value) for key, value in written.items()} == {
        "pose_keypoints_2d": 54, "foot_keypoints_2d": 18, "face_keypoints_2d": 210,
        "hand_right_keypoints_2d": 63, "hand_left_keypoints_2d": 63,
    }  # fmt: skip
    middle = (person["left_shoulder"] + person["right_shoulder"]) / 2
    assert written["pose_keypoints_2d"][3:5] == pytest.approx(middle.tolist())
    assert written["pose_keypoints_2d"][6:8] == pytest.approx(person["right_shoulder"].tolist())
    assert written["face_keypoints_2d"][-6:-4] == pytest.approx(person["right_eye"].tolist())


def test_left_and_right_are_the_persons_own():
    """OpenPose's index 4 is the right wrist, 7 the left one, 10 and 13 the right and left ankle."""
    numbers = body(i4=(1, 2, 1), i7=(3, 4, 1), i10=(5, 6, 1), i13=(7, 8, 1))
    (found,) = keypoints_from_openpose(frame_of(pose_keypoints_2d=numbers))
    names = ("right_wrist", "left_wrist", "right_ankle", "left_ankle")
    assert [found[name].tolist() for name in names] == [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert found.confidence.sum() == 4


def test_fractions_of_the_canvas_become_pixels():
    numbers = body(i0=(0.5, 0.25, 0.9), i4=(1.2, 1.0, 0.8))
    (found,) = keypoints_from_openpose(frame_of(pose_keypoints_2d=numbers))
    assert found["nose"].tolist() == [200, 150]
    assert found["right_wrist"] == pytest.approx([480, 600])
    assert found.confidence[INDEX["nose"]] == pytest.approx(0.9)


def test_pixels_stay_pixels_when_some_are_near_the_corner():
    numbers = body(i0=(1, 1, 1), i4=(300, 2, 1))
    (found,) = keypoints_from_openpose(frame_of(pose_keypoints_2d=numbers))
    assert found["nose"].tolist() == [1, 1]


@pytest.mark.parametrize(
    "absent", [(0, 0, 0), (-1, -1, -1), (-1, -1, 1), (0, 0, 1), (5, 5, 0), (5, np.nan, 1)]
)
def test_every_way_of_saying_absent(absent):
    numbers = body(i0=(10, 20, 1), i4=absent)
    (found,) = keypoints_from_openpose(frame_of(pose_keypoints_2d=numbers))
    assert found.confidence[INDEX["right_wrist"]] == 0
    assert found["right_wrist"].tolist() == [0, 0]


@pytest.mark.parametrize("missing", [None, []])
def test_missing_parts(missing):
    person = frame_of(pose_keypoints_2d=body(i0=(10, 20, 1)), hand_left_keypoints_2d=missing)
    (found,) = keypoints_from_openpose(person)
    assert found.part("left_hand")[1].sum() == 0


def test_scores_above_one_are_clipped():
    (found,) = keypoints_from_openpose(frame_of(pose_keypoints_2d=body(i0=(10, 20, 2.0), i4=(30, 40, 1))))
    assert found.confidence.max() == 1


def test_largest_person_first_and_empty_people_left_out():
    small, large = whole_person(1, size=50), whole_person(2, size=350)
    frame = openpose_from_keypoints([small, large])
    frame["people"].append({"pose_keypoints_2d": [0.0] * 54})
    found = keypoints_from_openpose(frame)
    assert np.array_equal(found[0].points, large.points)
    assert np.array_equal(found[1].points, small.points)
    assert len(found) == 2


def test_nobody():
    frame = openpose_from_keypoints([], canvas=(4, 3))
    assert frame == {"canvas_width": 3, "canvas_height": 4, "people": []}
    assert keypoints_from_openpose(frame) == []


def test_openpose_itself_25_points_and_no_canvas():
    """OpenPose's own files: BODY_25 with the middle hip at 8 and the feet at 19, and no canvas."""
    numbers = np.zeros((25, 3))
    numbers[9], numbers[19], numbers[24] = (10, 20, 1), (30, 40, 1), (50, 60, 1)
    frame = {"version": 1.3, "people": [{"pose_keypoints_2d": numbers.reshape(-1).tolist()}]}
    (found,) = keypoints_from_openpose(frame, canvas=(600, 400))
    assert [found[name].tolist() for name in ("right_hip", "left_big_toe", "right_heel")] == [
        [10, 20],
        [30, 40],
        [50, 60],
    ]
    with pytest.raises(ValueError, match="canvas_width"):
        keypoints_from_openpose(frame)


def test_pupils_stand_in_for_missing_eyes():
    face = np.zeros((70, 3))
    face[68], face[69] = (10, 20, 1), (30, 40, 1)
    (found,) = keypoints_from_openpose(frame_of(face_keypoints_2d=face.reshape(-1).tolist()))
    assert found["right_eye"].tolist() == [10, 20] and found["left_eye"].tolist() == [30, 40]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("hello", "not JSON"),
        (3, "found int"),
        ({}, "found nothing"),
        ({"nodes": [], "links": []}, "found nodes, links"),
        ({"people": [3], "canvas_width": 4, "canvas_height": 4}, "a person holds int"),
        ({"people": [{"keypoints": []}], "canvas_width": 4, "canvas_height": 4}, "a person holds keypoints"),
        ({"people": [], "canvas_width": 0, "canvas_height": 4}, "canvas is 0 x 4"),
        (frame_of(pose_keypoints_2d=[1.0] * 51), "pose_keypoints_2d has 51 numbers, expected 54 .* or 75"),
        (frame_of(hand_left_keypoints_2d=["a"] * 63), "not a number"),
    ],
)
def test_what_is_not_pose_keypoint(data, message):
    with pytest.raises(ValueError, match=message) as error:
        read_openpose(data)
    assert "\n" not in str(error.value)


def test_people_of_two_canvases_do_not_fit_one_frame():
    other = whole_person().moved(1, (0, 0), (10, 10))
    with pytest.raises(ValueError, match="one canvas"):
        openpose_from_keypoints([whole_person(), other])


@pytest.mark.parametrize("name", ["000000000785", "000000040083"])
def test_human_made_truth_loads(shared, name):
    (people,) = read_openpose((shared / "wholebody" / f"{name}.pose_keypoint.json").read_text())
    first = people[0]
    height, width = first.canvas
    seen = first.points[first.confidence > 0]
    assert len(seen) > 60 and (seen >= 0).all() and (seen <= (width, height)).all()
    # A standing or leaning person: the nose above the hips, and the 68 face points around the nose.
    assert first["nose"][1] < first["left_hip"][1]
    face = first.points[PARTS["face"]][first.confidence[PARTS["face"]] > 0]
    assert face.min(0)[0] < first["nose"][0] < face.max(0)[0]
