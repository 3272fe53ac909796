"""The estimators' own decisions, with small stand-ins for the networks."""

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.keypoints import Keypoints
from repose.pipelines.geometry.landmarks import FACE, INDEX, PARTS
from repose.pipelines.models.crops import Crop, Pyramid
from repose.pipelines.models.face_points import MESH_TO_68
from repose.pipelines.models.pose_network import Reading
from repose.pipelines.models.tflite import Hand, _upright_box
from repose.pipelines.models.wholebody import (
    WholeBodyEstimator,
    finished,
    merge,
    told_apart,
    without_doubtful_parts,
)
from repose.pipelines.models.yolox import PersonDetector, letterbox


def reading(confidence: float = 0.9) -> Reading:
    grid = np.stack(np.meshgrid(np.arange(12), np.arange(12)), -1).reshape(-1, 2)[:133]
    return Reading(grid.astype(np.float32), np.full(133, confidence, np.float32), np.ones(133, np.float32))


def hand(x: float, rightness: float) -> Hand:
    return Hand(np.full((21, 2), x), 0.9, rightness, Crop((x, x), 10.0, (224, 224)))


def test_both_hands_on_one_hand_leave_the_one_it_is():
    kept, notes = told_apart({"left": hand(10, 0.95), "right": hand(11, 0.9)}, torso=100)
    assert set(kept) == {"right"} and "left hand" in notes[0]


def test_hands_apart_are_both_kept_and_the_doubtful_one_marked_down():
    kept, notes = told_apart({"left": hand(10, 0.05), "right": hand(200, 0.1)}, torso=100)
    assert kept["left"][1] == pytest.approx(0.9) and kept["right"][1] == pytest.approx(0.45) and notes == ()


def test_what_lies_outside_the_picture_is_absent():
    keypoints = finished(reading(), torch.zeros(1, 3, 6, 12), None, "test", ())
    below = keypoints.points[:, 1] > 5.5
    assert (
        below.any() and (keypoints.confidence[below] == 0).all() and (keypoints.confidence[~below] > 0).all()
    )


def test_close_up_is_taken_only_where_it_is_sure_and_near():
    full, near = reading(0.8), reading(0.9)
    near.points[0] += 1  # agrees
    near.points[1] += 50  # far off
    near.confidence[2] = 0.2  # unsure
    near.points[2] += 1
    near.points[3] += 1  # not asked for
    where = np.ones(133, bool)
    where[3] = False
    moved = np.abs(merge(full, near, where, reach=10).points - full.points).max(1)
    assert moved[0] == 1 and (moved[1:4] == 0).all()


def test_a_doubtful_face_is_absent_as_a_whole():
    confidence = np.full(133, 0.9)
    confidence[PARTS["face"]] = np.where(np.arange(68) < 40, 0.1, 0.9)
    source = Keypoints(np.zeros((133, 2)), confidence, np.ones(133), (10, 10))
    result = without_doubtful_parts(source)
    assert (result.confidence[PARTS["face"]] == 0).all() and (result.confidence[PARTS["body"]] > 0).all()


def test_upright_box_holds_the_points_in_its_own_frame():
    points = np.array([[0.0, 0.0], [10.0, 10.0]]) + 50
    crop = _upright_box(points, np.pi / 4, (100, 100), grow=1.5, lift=0.0)
    inside = crop.to_crop(points)
    assert crop.width == pytest.approx(1.5 * 10 * 2**0.5) and np.allclose(inside[:, 1], 49.5)
    assert inside[:, 0].tolist() == pytest.approx([49.5 - 100 / 3, 49.5 + 100 / 3])


def test_mesh_table_is_symmetric_where_the_mesh_is():
    """Every eye and brow vertex has its mirror partner in the mirrored place of 300-W's order."""
    partner = {33: 263, 133: 362, 160: 387, 158: 385, 153: 380, 144: 373, 70: 300, 107: 336, 61: 291, 78: 308}
    place = {vertex: i for i, vertex in enumerate(MESH_TO_68)}
    from repose.pipelines.geometry.landmarks import LANDMARKS, MIRROR

    for right, left in partner.items():
        mirrored = MIRROR[INDEX[FACE[place[right]]]]
        assert LANDMARKS[mirrored] == FACE[place[left]], (right, left)


class Boxes(torch.nn.Module):
    """Answers as mmdetection's export does; remembers what it was shown."""

    inputs, outputs = ("input",), ("dets", "labels")

    def __init__(self, boxes):
        super().__init__()
        self.answer, self.one = torch.tensor([boxes], dtype=torch.float32), torch.nn.Parameter(torch.zeros(1))

    def forward(self, input):
        self.shown = input
        return {"dets": self.answer, "labels": torch.zeros(1, self.answer.shape[1], dtype=torch.int64)}


def test_detector_gives_picture_pixels_largest_first():
    network = Boxes([[10, 10, 20, 20, 0.9], [0, 0, 100, 200, 0.8], [5, 5, 300, 300, 0.1]])
    boxes = PersonDetector(network, 416).detect(Pyramid(torch.rand(1, 3, 832, 600)))
    assert len(boxes) == 2, "the unsure one is left out"
    assert boxes[0, :4].tolist() == [0, 0, 199.5, 399.5] and boxes[1, :4].tolist() == [19.5, 19.5, 39.5, 39.5]


def test_letterbox_is_bgr_at_the_top_left_on_grey():
    picture = torch.zeros(1, 3, 100, 50)
    picture[:, 0] = 1
    image, ratio = letterbox(Pyramid(picture), 416)
    assert ratio == 4.16 and image.shape == (1, 3, 416, 416)
    assert image[0, :, 0, 0].tolist() == [0, 0, 1] and image[0, 0, 0, 415] == pytest.approx(114 / 255)


def test_raw_yolox_output_is_decoded(monkeypatch):
    """DWPose's yolox_l: cell offsets and log sizes; a person at the second cell of stride 32."""

    class Raw(Boxes):
        outputs = ("output",)

        def forward(self, input):
            raw = torch.zeros(1, 640 * 640 // 64 + 640 * 640 // 256 + 400, 85)
            cell = 6400 + 1600 + 1
            raw[0, cell, :6] = torch.tensor([0.5, 0.5, np.log(2.0), np.log(4.0), 0.9, 1.0])
            return {"output": raw}

    boxes = PersonDetector(Raw([[0.0] * 5]), 640).detect(Pyramid(torch.rand(1, 3, 640, 640)))
    # centre ((1 + 0.5) * 32, 0.5 * 32), 64 x 128, cut at the picture's edge.
    assert boxes.round(3).tolist() == [[15.5, 0, 79.5, 79.5, pytest.approx(0.9)]]


class BodyWhere:
    """A body network that sees a sure person only in boxes that it is told of."""

    class network:
        route, module = "stand-in", torch.nn.Identity()

    def __init__(self, real):
        self.real = [list(map(float, box)) for box in real]

    def read(self, picture, box):
        sure = 0.9 if [float(v) for v in box[:4]] in self.real else 0.05
        points = np.linspace(box[:2], box[2:4], 133).astype(np.float32)
        return Reading(points, np.full(133, sure, np.float32), np.ones(133, np.float32))

    def read_boxes(self, picture, boxes):
        return [self.read(picture, box) for box in boxes]


class Found:
    network = torch.nn.Identity()

    def __init__(self, *boxes):
        self.boxes = np.array(boxes, dtype=np.float64).reshape(-1, 5)

    def detect(self, picture):
        return self.boxes


def test_a_detection_without_a_body_is_passed_over():
    boxes = ([0, 0, 90, 90, 0.9], [10, 10, 50, 60, 0.8], [60, 10, 80, 30, 0.7])
    estimator = WholeBodyEstimator(Found(*boxes), BodyWhere([boxes[1][:4], boxes[2][:4]]))
    picture = torch.zeros(1, 3, 100, 100)
    assert [len(estimator.read(picture, n)) for n in (None, 0, 1, 2)] == [2, 1, 1, 0]
    assert estimator.read(picture, 0)[0].points[0].tolist() == [10, 10]
    assert "3 people in the picture: the largest was taken" in estimator.read(picture, 0)[0].notes
    assert estimator.read(picture, None)[0].notes == ()


def test_without_a_detection_the_whole_picture_is_read_if_a_body_is_in_it():
    picture = torch.zeros(1, 3, 100, 80)
    whole = WholeBodyEstimator(Found(), BodyWhere([[0, 0, 79, 99]]))
    (person,) = whole.read(picture)
    assert "the whole picture was read as one" in person.notes[0]
    assert WholeBodyEstimator(Found(), BodyWhere([])).read(picture) == []
