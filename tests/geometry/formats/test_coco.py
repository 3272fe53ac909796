"""COCO, COCO-WholeBody and MMPose JSON to keypoints and back."""

import json

import numpy as np
import pytest
from repose.pipelines.geometry.formats.coco import coco_from_keypoints, is_coco, read_coco
from repose.pipelines.geometry.keypoints import Keypoints
from repose.pipelines.geometry.landmarks import BODY, INDEX, PARTS

COUNTS = {"keypoints": 17, "foot_kpts": 6, "face_kpts": 68, "lefthand_kpts": 21, "righthand_kpts": 21}


def whole_person(seed: int = 0, size: float = 300, present: float = 1.0) -> Keypoints:
    rng = np.random.default_rng(seed)
    confidence = np.where(rng.random(133) < present, 1.0, 0.0)
    return Keypoints(rng.uniform(20, 20 + size, (133, 2)), confidence, np.ones(133), (600, 400))


def annotation(**points) -> dict:
    """17 triples with the given landmarks, as name=(x, y, v)."""
    flat = np.zeros((17, 3))
    for name, value in points.items():
        flat[BODY.index(name)] = value
    return {"keypoints": flat.reshape(-1).tolist(), "image_id": 7, "category_id": 1}


@pytest.mark.parametrize("present", [1.0, 0.6])
def test_a_dataset_written_and_read_is_the_same(present):
    people = [whole_person(1, 350, present), whole_person(2, 100, present)]
    frames = read_coco(json.loads(json.dumps(coco_from_keypoints([people, people[1:]]))))
    assert [len(frame) for frame in frames] == [2, 1]
    for person, found in zip([*people, people[1]], [*frames[0], *frames[1]], strict=True):
        seen = person.confidence > 0
        assert np.array_equal(found.confidence > 0, seen) and found.canvas == (600, 400)
        assert np.abs(found.points[seen] - person.points[seen]).max() < 0.001
        assert (found.points[~seen] == 0).all() and (found.spread[seen] > 0).all()


def test_a_written_dataset_has_what_pycocotools_reads():
    data = coco_from_keypoints([[whole_person()]])
    assert set(data) >= {"images", "annotations", "categories"}
    (image,), (written,), (category,) = data["images"], data["annotations"], data["categories"]
    assert image == {"id": 1, "file_name": "000000000001.jpg", "height": 600, "width": 400}
    assert {key: len(written[key]) for key in COUNTS} == {key: 3 * n for key, n in COUNTS.items()}
    assert (written["id"], written["image_id"], written["category_id"], written["iscrowd"]) == (1, 1, 1, 0)
    assert written["num_keypoints"] == 17 and set(written["keypoints"][2::3]) == {2}
    x, y, w, h = written["bbox"]
    assert written["area"] == pytest.approx(w * h, abs=0.01) and min(x, y, w, h) > 0
    assert (
        category["name"] == "person"
        and category["keypoints"] == list(BODY)
        and len(category["skeleton"]) == 19
    )
    assert written["lefthand_valid"] is True and json.dumps(data, allow_nan=False)


def test_pycocotools_takes_it(tmp_path):
    coco = pytest.importorskip("pycocotools.coco")
    path = tmp_path / "poses.json"
    path.write_text(json.dumps(coco_from_keypoints([[whole_person()]])))
    loaded = coco.COCO(str(path))
    assert loaded.getAnnIds(imgIds=[1], catIds=[1]) == [1]


def test_left_and_right_and_the_order_of_names():
    data = annotation(nose=(10, 20, 2), left_wrist=(30, 40, 2), right_ankle=(50, 60, 1))
    ((found,),) = read_coco(data)
    assert found["left_wrist"].tolist() == [30, 40] and found["right_ankle"].tolist() == [50, 60]
    assert found.confidence[INDEX["nose"]] == 1
    assert found.confidence[INDEX["right_ankle"]] == pytest.approx(0.6), "marked, but hidden"
    assert found.confidence.sum() == pytest.approx(2.6) and found.source == "COCO"
    assert found.canvas == (61, 51), "the file states no size"


def test_scores_in_the_place_of_flags():
    ((found,),) = read_coco(annotation(nose=(10, 20, 0.25), left_eye=(30, 40, 0.9)))
    assert found.confidence[[INDEX["nose"], INDEX["left_eye"]]] == pytest.approx([0.25, 0.9])


def test_pieces_that_are_missing_or_not_valid():
    data = annotation(nose=(10, 20, 2)) | {
        "lefthand_kpts": [5.0, 6.0, 2.0] * 21, "lefthand_valid": False,
        "righthand_kpts": [5.0, 6.0, 2.0] * 21, "righthand_valid": True, "face_kpts": None,
    }  # fmt: skip
    ((found,),) = read_coco([data])
    assert found.part("left_hand")[1].sum() == 0 and found.part("right_hand")[1].sum() == 21


def test_annotations_are_gathered_by_picture():
    data = [annotation(nose=(n, n, 2), left_eye=(2 * n, 3 * n, 2)) | {"image_id": n % 2} for n in range(1, 5)]
    frames = read_coco(data)
    assert [len(frame) for frame in frames] == [2, 2]
    assert frames[0][0]["nose"].tolist() == [3, 3], "the largest is first"
    images = [{"id": 1, "height": 50, "width": 60}, {"id": 0, "height": 70, "width": 80}]
    frames = read_coco({"images": images, "annotations": data})
    assert [frame[0].canvas for frame in frames] == [(50, 60), (70, 80)], "in the order of the pictures"


def test_133_keypoints_in_one_list():
    person = whole_person()
    rows = np.column_stack([person.points, np.ones(133)])
    ((found,),) = read_coco([{"keypoints": rows.reshape(-1).tolist(), "image_id": 1, "score": 0.9}])
    assert np.allclose(found.points, person.points) and (found.confidence == 1).all()


@pytest.mark.parametrize("count", [17, 133])
@pytest.mark.parametrize("form", ["instance_info", "frames", "instances", "list"])
def test_mmpose_predictions(form, count):
    person = whole_person()
    one = {
        "keypoints": person.points[:count].tolist(),
        "keypoint_scores": np.linspace(0.5, 0.99, count).tolist(),
        "bbox": [[0, 0, 1, 1]],
    }
    data = {
        "instance_info": {"meta_info": {}, "instance_info": [{"frame_id": 1, "instances": [one]}]},
        "frames": [{"frame_id": 1, "instances": [one]}],
        "instances": {"instances": [one]},
        "list": [one],
    }[form]
    assert is_coco(data)
    ((found,),) = read_coco(data)
    assert np.allclose(found.points[:count], person.points[:count])
    assert found.confidence[count - 1] == pytest.approx(0.99)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"annotations": 3}, "annotations should be a list, found int"),
        ({"annotations": [3]}, "annotation 0 should be an object, found int"),
        ({"annotations": [{"bbox": [1]}]}, 'annotation 0 has no "keypoints", found bbox'),
        ([{"keypoints": [1.0] * 50}], "annotation 0: keypoints has 50 numbers, expected 51 or 69 or 399"),
        ([annotation(), {"keypoints": ["a"] * 51}], "annotation 1: keypoints holds something that is not a number"),
        ([annotation() | {"face_kpts": [1]}], "face_kpts has 1 numbers, expected 204"),
        ([annotation(nose=(1e30, 1, 2))], "reaches 1e\\+30 pixels"),
        ([{"keypoints": [[1, 2]] * 17, "keypoint_scores": [1]}], "17 keypoints but 1 keypoint_scores"),
        ({"images": [{"id": 1, "height": -1, "width": 5}], "annotations": []}, "image 0: the canvas is 5 x -1"),
    ],
)  # fmt: skip
def test_what_is_not_coco(data, message):
    with pytest.raises(ValueError, match=message) as error:
        read_coco(data)
    assert "\n" not in str(error.value)


def test_nobody_and_absent_people():
    assert read_coco({"images": [], "annotations": []}) == [[]]
    assert read_coco([annotation()]) == [[]]
    assert PARTS["left_hand"].start == 91
    with pytest.raises(ValueError, match="frame 1 has 0 canvases"):
        coco_from_keypoints([[]])
