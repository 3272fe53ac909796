"""Whole-body estimators behind one interface: a picture in, its people's 133 landmarks out, largest first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from torch import Tensor, nn

from ..geometry.keypoints import PRESENT, Keypoints
from ..geometry.landmarks import BODY, INDEX, PARTS
from .crops import Pyramid
from .pose_network import PoseReader, Reading, load_pose_network
from .tflite import BodyReader, FaceReader, Hand, HandReader, TfliteNetwork
from .yolox import PersonDetector

FOUND = 0.45
"""Mean confidence of the six best of shoulders, hips, elbows, wrists, knees and ankles from which a box without a
detection (the whole picture) is believed to show a person. Measured: an empty room 0.16, a still life 0.05, bugs and
stick figures under 0.1; people who fill the picture 0.58 to 0.81."""
PRESENCE = 0.5
"""Hands and faces whose networks report less are absent (MediaPipe's default thresholds)."""
CLOSE_UP = 0.8
"""A close-up pass is believed where its confidence is at least this part of the full view's."""
TRUNK = tuple(INDEX[name] for name in ("left_shoulder", "right_shoulder", "left_hip", "right_hip"))
LIMBS = tuple(INDEX[name] for name in BODY[5:])

WORLD = {
    "nose": 0, "left_eye": 2, "right_eye": 5, "left_ear": 7, "right_ear": 8,
    "left_shoulder": 11, "right_shoulder": 12, "left_elbow": 13, "right_elbow": 14,
    "left_wrist": 15, "right_wrist": 16, "left_hip": 23, "right_hip": 24, "left_knee": 25, "right_knee": 26,
    "left_ankle": 27, "right_ankle": 28, "left_heel": 29, "right_heel": 30,
    "left_big_toe": 31, "right_big_toe": 32,
}  # fmt: skip
"""BlazePose's landmarks (arXiv 2206.11678, figure 2) that are ours too; its foot index is the big toe."""


class KeypointBackend(Protocol):
    """What reads keypoints. modules are the torch networks, for a host that manages their memory."""

    name: str
    modules: tuple[nn.Module, ...]

    def read(self, picture: Tensor, person: int | None = None) -> list[Keypoints]:
        """(1, 3, H, W) in [0, 1] -> its people, largest first, or only number `person`; empty if none."""
        ...


class WholeBodyEstimator:
    """Person boxes, body and feet by a SimCC network, hands, face and metric body by MediaPipe's."""

    def __init__(
        self,
        detector: PersonDetector,
        pose: PoseReader,
        hands: HandReader | None = None,
        face: FaceReader | None = None,
        metric: BodyReader | None = None,
        name: str = "rtmpose-s + mediapipe",
    ):
        self.detector, self.pose, self.hands, self.face, self.metric = detector, pose, hands, face, metric
        self.name = name
        self.modules = (detector.network, pose.network.module)

    def read(self, picture: Tensor, person: int | None = None) -> list[Keypoints]:
        picture = Pyramid(picture.float())
        boxes, notes = self._boxes(picture)
        if len(boxes) > 1 and person is not None:
            which = "the largest" if person == 0 else f"number {person + 1} by size"
            notes += (f"{len(boxes)} people in the picture: {which} was taken",)
        people = []
        for box in boxes:
            keypoints = self._person(picture, box, notes)
            if (keypoints.confidence[:17] >= PRESENT).sum() < 4:
                continue  # a statue, a chair with a coat: the detector saw a person, the body network no body
            people.append(keypoints)
            if person is not None and len(people) > person:
                return people[person:]
        return people if person is None else []

    def _boxes(self, picture: Pyramid) -> tuple[np.ndarray, tuple[str, ...]]:
        """(n, 4) boxes of people, largest first, and notes."""
        boxes = self.detector.detect(picture)[:, :4]
        if len(boxes):
            return boxes, ()
        height, width = picture.shape[-2:]
        whole = np.array([[0.0, 0.0, width - 1.0, height - 1.0]])
        if believable(self.pose.read(picture, whole[0])):
            return whole, ("no person was detected; the whole picture was read as one",)
        return whole[:0], ()

    def _person(self, picture: Pyramid, box: np.ndarray, notes: tuple[str, ...]) -> Keypoints:
        reading = close_ups(self.pose, picture, box, self.pose.read(picture, box))
        torso = torso_length(reading, box)
        if self.hands is not None:
            notes += add_hands(reading, self.hands, picture, torso)
        if self.face is not None:
            add_face(reading, self.face, picture, torso)
        world = None if self.metric is None else metric_landmarks(reading, self.metric, picture)
        return finished(reading, picture, world, f"{self.name}: {self._device()}", notes)

    def _device(self) -> str:
        parameter = next(self.pose.network.module.parameters(), None)
        place = "" if parameter is None else f" on {parameter.device}"
        small = (
            any((self.hands, self.face, self.metric))
            and parameter is not None
            and parameter.device.type != "cpu"
        )
        return self.pose.network.route + place + (" (hands, face and metric body on cpu)" if small else "")


def finished(reading: Reading, picture: Pyramid, world, source: str, notes: tuple[str, ...]) -> Keypoints:
    """Keypoints of a reading: what lies outside the picture is absent, absent landmarks have confidence 0."""
    height, width = picture.shape[-2:]
    points, confidence = reading.points, reading.confidence.copy()
    inside = (points >= -0.5).all(1) & (points[:, 0] <= width - 0.5) & (points[:, 1] <= height - 0.5)
    confidence[~inside] = 0.0
    absent = confidence < PRESENT / 2
    confidence[absent] = 0.0
    return Keypoints(points, confidence, reading.spread, (height, width), world, source, notes)


def believable(reading: Reading) -> bool:
    """Is there a person at all, when no detector says so?"""
    best = np.sort(reading.confidence[list(LIMBS)])[-6:]
    return bool(best.mean() >= FOUND)


def torso_length(reading: Reading, box: np.ndarray) -> float:
    """A length of the body in pixels, whatever is seen: torso, shoulders, or a third of the box."""
    points, seen = reading.points, reading.confidence >= PRESENT
    left_shoulder, right_shoulder, left_hip, right_hip = TRUNK
    lengths = [0.22 * float(max(box[2] - box[0], box[3] - box[1]))]
    if seen[[left_shoulder, right_shoulder]].all():
        lengths.append(1.3 * float(np.linalg.norm(points[left_shoulder] - points[right_shoulder])))
        if seen[[left_hip, right_hip]].all():
            top, bottom = (points[left_shoulder] + points[right_shoulder]) / 2, points[[left_hip, right_hip]]
            lengths.append(float(np.linalg.norm(top - bottom.mean(0))))
    return max(lengths)


def close_ups(pose: PoseReader, picture: Pyramid, box: np.ndarray, full: Reading) -> Reading:
    """Read the upper and the lower half again, nearer: twice the resolution where it is confirmed.

    Only for a person seen from head to foot (a box over 1.6 times as high as wide): the family is trained on half
    bodies too (mmpose's RandomHalfBody).
    """
    hips = full.points[list(TRUNK[2:])]
    tall = box[3] - box[1] > 1.6 * (box[2] - box[0])
    if not tall or full.confidence[list(TRUNK)].min() < PRESENT:
        return full
    middle, reach = float(hips[:, 1].mean()), 0.1 * float(box[3] - box[1])
    if not box[1] + 2 * reach < middle < box[3] - 2 * reach:
        return full
    halves = [(box[0], box[1], box[2], middle + reach), (box[0], middle - reach, box[2], box[3])]
    upper, lower = pose.read_boxes(picture, [np.array(half) for half in halves])
    merged = merge(full, upper, full.points[:, 1] < middle - 0.2 * reach, reach)
    return merge(merged, lower, full.points[:, 1] > middle + 0.2 * reach, reach)


def merge(full: Reading, near: Reading, where: np.ndarray, reach: float) -> Reading:
    """Take the nearer reading's landmarks `where` they are as sure as the full one's and not far from them."""
    distance = np.linalg.norm(near.points - full.points, axis=1)
    take = (
        where & (near.confidence >= CLOSE_UP * full.confidence) & (near.confidence > 0) & (distance < reach)
    )
    return Reading(
        np.where(take[:, None], near.points, full.points),
        np.where(take, np.maximum(near.confidence, full.confidence), full.confidence),
        np.where(take, near.spread, full.spread),
    )


def add_hands(reading: Reading, hands: HandReader, picture: Pyramid, torso: float) -> tuple[str, ...]:
    """Fill in both hands where they are present -> notes for the artist."""
    found = {}
    for side in ("left", "right"):
        wrist, elbow = INDEX[f"{side}_wrist"], INDEX[f"{side}_elbow"]
        if reading.confidence[[wrist, elbow]].min() < PRESENT:
            continue
        hand = hands.read(picture, reading.points[wrist], reading.points[elbow], torso)
        away = np.linalg.norm(hand.points[0] - reading.points[wrist])
        if hand.presence >= PRESENCE and away < 0.35 * torso:
            found[side] = hand
    kept, notes = told_apart(found, torso)
    for side, (hand, confidence) in kept.items():
        part = PARTS[f"{side}_hand"]
        reading.points[part] = hand.points
        reading.confidence[part] = confidence
        # The network regresses positions without a spread; 1 % of its window is its error on its own test set.
        reading.spread[part] = 0.01 * hand.crop.width
    return notes


def told_apart(found: dict[str, Hand], torso: float) -> tuple[dict, tuple[str, ...]]:
    """Chirality: one hand read twice is given to the side it belongs to; a doubtful one is marked down."""
    right = {"left": lambda hand: 1 - hand.rightness, "right": lambda hand: hand.rightness}
    if len(found) == 2:
        apart = np.linalg.norm(found["left"].points - found["right"].points, axis=1).mean()
        if apart < 0.08 * torso:
            worse = min(found, key=lambda side: right[side](found[side]))
            found = {side: hand for side, hand in found.items() if side != worse}
            return _with_confidence(found, right), (
                f"the {worse} hand is hidden by the other, or not visible",
            )
    return _with_confidence(found, right), ()


def _with_confidence(found: dict[str, Hand], right: dict[str, Callable]) -> dict:
    """(hand, confidence): the presence, halved where the network takes it for the other hand."""
    return {s: (hand, hand.presence * (1.0 if right[s](hand) > 0.3 else 0.5)) for s, hand in found.items()}


def add_face(reading: Reading, face: FaceReader, picture: Pyramid, torso: float) -> None:
    """Fill in the 68 face points where a face looks at the camera."""
    points = {name: reading.points[INDEX[name]] for name in BODY[:5]}
    seen = {name: reading.confidence[INDEX[name]] for name in BODY[:5]}
    if min(seen["nose"], seen["left_eye"], seen["right_eye"]) < PRESENT:
        return
    widths = [2.0 * np.linalg.norm(points["left_eye"] - points["right_eye"]), 0.22 * torso]
    if min(seen["left_ear"], seen["right_ear"]) >= PRESENT:
        widths.append(np.linalg.norm(points["left_ear"] - points["right_ear"]))
    found = face.read(picture, points["left_eye"], points["right_eye"], points["nose"], float(max(widths)))
    # The mesh must lie where the body network sees the head: a face net finds "a face" on bare backs of heads.
    away = np.linalg.norm(found.points[30] - points["nose"])
    if found.presence < PRESENCE or away > 0.5 * max(widths):
        return
    part = PARTS["face"]
    reading.points[part] = found.points
    reading.confidence[part] = found.presence
    reading.spread[part] = 0.005 * found.crop.width


def metric_landmarks(reading: Reading, metric: BodyReader, picture: Pyramid) -> np.ndarray | None:
    """(133, 3) metres with NaN where there is none; None when hips and shoulders are not both seen."""
    if reading.confidence[list(TRUNK)].min() < PRESENT:
        return None
    left_shoulder, right_shoulder, left_hip, right_hip = (reading.points[i] for i in TRUNK)
    hips, shoulders = (left_hip + right_hip) / 2, (left_shoulder + right_shoulder) / 2
    body = reading.points[:23][reading.confidence[:23] >= PRESENT]
    # The head's crown is a quarter torso above the highest landmark.
    radius = float(np.linalg.norm(body - hips, axis=1).max()) + 0.25 * float(np.linalg.norm(hips - shoulders))
    found = metric.read(picture, hips, shoulders, radius)
    if found.presence < PRESENCE:
        return None
    world = np.full((133, 3), np.nan, np.float32)
    for name, index in WORLD.items():
        world[INDEX[name]] = found.world[index]
    return world


class SingleNetworkEstimator:
    """RTMW or DWPose: one network for all 133 points, and the metric body where its file is there."""

    def __init__(
        self, detector: PersonDetector, pose: PoseReader, name: str, metric: BodyReader | None = None
    ):
        self._composite = WholeBodyEstimator(detector, pose, metric=metric, name=name)
        self.name, self.modules = name, self._composite.modules

    def read(self, picture: Tensor, person: int | None = None) -> list[Keypoints]:
        return [without_doubtful_parts(one) for one in self._composite.read(picture, person)]


def without_doubtful_parts(keypoints: Keypoints) -> Keypoints:
    """A face seen from behind, or a hand of which less than half is sure, is absent as a whole."""
    confidence = keypoints.confidence.copy()
    for name in ("face", "left_hand", "right_hand"):
        part = PARTS[name]
        if np.mean(confidence[part] >= PRESENT) < 0.5:
            confidence[part] = 0.0
    return replace(keypoints, confidence=confidence)


Find = Callable[[str], Path]
"""A weight's id -> its checked path (weights.find with the folders bound)."""


def load_composite(find: Find, device: str = "cpu", runtime: str = "torch", threads: int = 2):
    """The default estimator out of the default set of weights; runtime "torch" or "onnxruntime" for the body."""
    detector = PersonDetector.load(find("yolox-tiny"))
    pose = PoseReader(load_pose_network(find("rtmpose-s"), runtime))
    readers = [
        reader(TfliteNetwork(find(id), threads))
        for reader, id in (
            (HandReader, "hand-landmark"),
            (FaceReader, "face-landmark"),
            (BodyReader, "pose-landmark"),
        )
    ]
    return _moved(WholeBodyEstimator(detector, pose, *readers), device)


def load_single(
    path: Path, detector: Path, metric: Path | None = None, device: str = "cpu", runtime: str = "torch"
):
    """DWPose (.onnx) or RTMW (.safetensors or .onnx) with a YOLOX detector; metric is pose_landmark_full."""
    pose = PoseReader(load_pose_network(path, runtime))
    body = None if metric is None else BodyReader(TfliteNetwork(metric))
    return _moved(SingleNetworkEstimator(PersonDetector.load(detector), pose, Path(path).stem, body), device)


def _moved(estimator, device: str):
    for module in estimator.modules:
        module.to(device)
    return estimator
