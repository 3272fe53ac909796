"""MediaPipe's small networks on ai-edge-litert: hands, face and the metric body. CPU only; a few ms each.

Facts about the files (inputs, outputs, what a region must look like) are from MediaPipe's model cards and graph
definitions (Apache-2.0): BlazePose GHUM (Grishchenko et al. 2022, arXiv 2206.11678), MediaPipe Hands (Zhang et al.
2020, arXiv 2006.10214), Face Mesh (Kartynnik et al. 2019, arXiv 1907.06724).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, sin
from pathlib import Path

import numpy as np
from torch import Tensor

from .crops import Crop, Pyramid
from .face_points import MESH_TO_68

THREADS = 2


class RuntimeMissing(RuntimeError):
    """The package that runs tflite files is not installed."""


class TfliteNetwork:
    """(1, h, w, 3) float32 in [0, 1] -> list of outputs. Not to be called from two threads at once."""

    def __init__(self, path: Path | str, threads: int = THREADS):
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise RuntimeMissing(
                "ai-edge-litert is needed for hands, face and the person mask: pip install ai-edge-litert"
            ) from error
        self._interpreter = Interpreter(model_path=str(path), num_threads=threads)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        self._outputs = [detail["index"] for detail in self._interpreter.get_output_details()]
        self.size = tuple(int(n) for n in self._input["shape"][1:3])

    def __call__(self, image: Tensor) -> list[np.ndarray]:
        """(1, 3, h, w) picture of the network's own size -> its outputs, batch axis kept."""
        array = image.detach().cpu().numpy().transpose(0, 2, 3, 1)
        self._interpreter.set_tensor(self._input["index"], np.ascontiguousarray(array, dtype=np.float32))
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index).copy() for index in self._outputs]


def _logistic(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def _turned(points: np.ndarray, angle: float) -> np.ndarray:
    """(n, 2) points rotated by -angle: upright in a frame that is turned by angle."""
    c, s = cos(angle), sin(angle)
    return points @ np.array([[c, -s], [s, c]])


def _upright_box(points: np.ndarray, angle: float, size: tuple[int, int], grow: float, lift: float) -> Crop:
    """A square window round points, turned by angle, `grow` times their extent, lifted by `lift` of it."""
    upright = _turned(points, angle)
    low, high = upright.min(0), upright.max(0)
    side = float((high - low).max()) * grow
    middle = (low + high) / 2 - np.array([0.0, lift * side])
    return Crop(tuple(_turned(middle[None], -angle)[0]), max(side, 2.0), size, angle)


def _up_angle(base: np.ndarray, tip: np.ndarray) -> float:
    """The angle of a frame in which base -> tip points up."""
    return atan2(tip[0] - base[0], base[1] - tip[1])


@dataclass(frozen=True, eq=False)
class Hand:
    """21 points (picture pixels), presence in [0, 1], rightness in [0, 1] (1 = the person's right hand)."""

    points: np.ndarray
    presence: float
    rightness: float
    crop: Crop


class HandReader:
    """hand_landmark_full: 224 x 224, the hand upright and about half the window."""

    PASSES = 3
    GROW, LIFT = 1.9, 0.05
    """MediaPipe tracks with 2.0 and 0.1 of the landmarks' box; a little tighter is sharper on stills."""

    def __init__(self, network: TfliteNetwork):
        self.network = network

    def read(self, picture: Pyramid, wrist: np.ndarray, elbow: np.ndarray, body: float) -> Hand:
        """The hand at a wrist. body is a length in pixels (the torso's) that bounds the hand's size.

        The first window is placed by the forearm, later ones by the landmarks just found. Where the first
        guess finds nothing, larger and differently turned windows are tried.
        """
        best = None
        for crop in self._guesses(wrist, elbow, body):
            hand = self._refined(picture, crop)
            if best is None or hand.presence > best.presence:
                best = hand
            if best.presence > 0.8:
                break
        return best

    def _guesses(self, wrist: np.ndarray, elbow: np.ndarray, body: float) -> list[Crop]:
        forearm = wrist - elbow
        length = float(np.linalg.norm(forearm))
        direction = forearm / max(length, 1e-6)
        # A forearm seen end-on is short: the torso says how large the hand can be (hand : torso is about 1 : 3).
        reach = max(length, 0.45 * body)
        angle = _up_angle(np.zeros(2), direction)
        middle = wrist + direction * 0.3 * reach
        turns = ((0.0, 1.3), (0.0, 1.8), (-0.8, 1.5), (0.8, 1.5))
        return [
            Crop(tuple(middle), max(reach * grow, 8.0), self.network.size, angle + turn)
            for turn, grow in turns
        ]

    def _refined(self, picture: Pyramid, crop: Crop) -> Hand:
        hand = self._once(picture, crop)
        for _ in range(self.PASSES - 1):
            if hand.presence < 0.2:
                break
            points = hand.points
            angle = _up_angle(points[0], points[[5, 9, 13]].mean(0))
            window = _upright_box(points, angle, self.network.size, self.GROW, self.LIFT)
            hand = self._once(picture, window)
        return hand

    def _once(self, picture: Pyramid, crop: Crop) -> Hand:
        landmarks, presence, rightness, _ = self.network(crop.sample(picture))
        # The network's pixel i is the crop's pixel edge i: half a pixel from our pixel centres.
        points = crop.to_picture(landmarks.reshape(21, 3)[:, :2] - 0.5)
        return Hand(points, float(presence.item()), float(rightness.item()), crop)


@dataclass(frozen=True, eq=False)
class Face:
    """68 points (picture pixels) and the presence in [0, 1]."""

    points: np.ndarray
    presence: float
    crop: Crop


class FaceReader:
    """face_landmark: 192 x 192, eyes level, the face two thirds of the window."""

    GROW = 1.5
    """MediaPipe's face_landmark_front graph: the landmarks' box times 1.5."""

    def __init__(self, network: TfliteNetwork):
        self.network = network

    def read(
        self, picture: Pyramid, left_eye: np.ndarray, right_eye: np.ndarray, nose: np.ndarray, size: float
    ):
        """The face that these three landmarks lie in; size is its expected width in pixels."""
        angle = atan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0])
        middle = (left_eye + right_eye + 2 * nose) / 4
        face = self._once(picture, Crop(tuple(middle), max(2.0 * size, 8.0), self.network.size, angle))
        for _ in range(2):
            if face.presence < 0.3:
                break
            outer_right, outer_left = face.points[36], face.points[45]
            angle = atan2(outer_left[1] - outer_right[1], outer_left[0] - outer_right[0])
            window = _upright_box(face.points, angle, self.network.size, self.GROW * 1.15, 0.06)
            face = self._once(picture, window)
        return face

    def _once(self, picture: Pyramid, crop: Crop) -> Face:
        landmarks, presence = self.network(crop.sample(picture))
        mesh = landmarks.reshape(468, 3)[list(MESH_TO_68), :2]
        return Face(crop.to_picture(mesh - 0.5), _logistic(presence.item()), crop)


@dataclass(frozen=True, eq=False)
class MetricBody:
    """33 BlazePose landmarks: points (33, 2) picture pixels, world (33, 3) metres, visible (33,), presence.

    world: x right, y down, z away from the camera, origin between the hips, upright in the picture's frame.
    """

    points: np.ndarray
    world: np.ndarray
    visible: np.ndarray
    presence: float


class BodyReader:
    """pose_landmark_full: 256 x 256, a square round the hips that holds the whole body, hips to shoulders up."""

    GROW = 1.25
    """MediaPipe's pose_landmarks_to_roi: the circle through the alignment landmark, times 1.25."""

    def __init__(self, network: TfliteNetwork):
        self.network = network

    def read(self, picture: Pyramid, hips: np.ndarray, shoulders: np.ndarray, radius: float) -> MetricBody:
        """The body with these middles of hips and shoulders (pixels), all of it within radius of the hips."""
        angle = _up_angle(hips, shoulders)
        first, middle, top = self._once(
            picture, Crop(tuple(hips), 2 * radius * self.GROW, self.network.size, angle)
        )
        reach = float(np.linalg.norm(top - middle))
        if first.presence < 0.3 or not 0.5 * radius < reach < 2.0 * radius:
            return first
        window = Crop(tuple(middle), 2 * reach * self.GROW, self.network.size, _up_angle(middle, top))
        return self._once(picture, window)[0]

    def _once(self, picture: Pyramid, crop: Crop) -> tuple[MetricBody, np.ndarray, np.ndarray]:
        """The body, and the two alignment landmarks (33: middle of the hips, 34: end of the circle)."""
        outputs = self.network(crop.sample(picture))
        landmarks = outputs[0].reshape(39, 5)
        points = crop.to_picture(landmarks[:, :2].astype(np.float64) - 0.5)
        world = outputs[4].reshape(39, 3)[:33].astype(np.float64)
        world[:, :2] = _turned(world[:, :2], -crop.angle)
        visible = 1 / (1 + np.exp(-landmarks[:33, 3]))
        body = MetricBody(points[:33], world, visible, float(outputs[1].item()))
        return body, points[33], points[34]
