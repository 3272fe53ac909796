"""controlnet-aux's OpenPose as a keypoint backend, out of the artist's own weight files.

Networks and decoding are controlnet-aux's; CMU licenses them, and the weights, for non-commercial use only.
Nothing of them is in this pack: the code is read from the installed package when the artist chooses the backend.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .geometry.formats.openpose import BODY_18, NECK
from .geometry.keypoints import PRESENT, Keypoints
from .geometry.landmarks import FACE, INDEX, LEFT_HAND, RIGHT_HAND
from .models.crops import Pyramid
from .models.pose_network import Reading
from .models.weights import WeightDamaged
from .models.wholebody import finished

NAME = "controlnet-aux OpenPose"
SHORTER, LONGER = 512, 1024
"""Sides in pixels at which bodies are decoded: controlnet_aux's own `detect_resolution`, and a limit for panoramas
(its maps, 57 for each pixel, are doubles)."""
NARROWEST = 4
"""Pictures that are longer than this times their width are padded: the network sees 184 rows, whatever the width."""
CROP = 512
"""Largest side of what the hand and face networks are given; they look at 736 and 384 pixels at most."""
BODY_CELL, HAND_CELL, FACE_CELL = 8 / 184, 8 / 368, 8 / 384
"""A cell of the networks' maps (stride 8), in parts of the picture's height and of the crop. For hands, which are
looked at in four sizes from 184 to 736, that of the second."""
UNIFORM = 12**-0.5
"""Standard deviation of a uniform error, in units of its range: points are told to about a cell."""
FACE_GRID = 48
"""Cells along a side of the face network's map: 384 / 8."""
FACE_THRESHOLD = 0.05
"""Peak from which controlnet_aux takes a face point as found."""

BODY_CODE = ("body", "Body", "bodypose_model")
HAND_CODE = ("hand", "Hand", "handpose_model")
FACE_CODE = ("face", "Face", "FaceNet")
"""controlnet_aux's module, what decodes in it, and its network."""


Read = Callable[[Path], dict[str, Tensor]]


class OpenposeUnavailable(RuntimeError):
    """controlnet_aux's OpenPose code is not there or cannot be loaded; the message says what to do."""


@dataclass(frozen=True, eq=False)
class OpenposeEstimator:
    """Body 17, hands and 68 face points; no feet. body, hand and face are controlnet_aux's Body, Hand and Face."""

    tools: ModuleType
    body: object
    hand: object | None = None
    face: object | None = None
    notes: tuple[str, ...] = ()
    name: str = NAME

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        return tuple(one.model for one in (self.body, self.hand, self.face) if one is not None)

    def read(self, picture: Tensor, person: int | None = None) -> list[Keypoints]:
        """(1, 3, H, W) in [0, 1] -> its people, largest first, or only number `person`; empty if none."""
        pixels = blue_green_red(picture)
        bodies = sorted(self._bodies(pixels), key=_extent, reverse=True)
        notes = self.notes
        if len(bodies) > 1 and person is not None:
            which = "the largest" if person == 0 else f"number {person + 1} by size"
            notes += (f"{len(bodies)} people in the picture: {which} was taken",)
        wanted = bodies if person is None else bodies[person : person + 1]
        source = f"{self.name}: torch on {next(self.body.model.parameters()).device}"
        readings = [self._reading(pixels, body) for body in wanted]
        return [finished(reading, Pyramid(picture), None, source, notes) for reading in readings]

    def _bodies(self, pixels: np.ndarray) -> list:
        """controlnet_aux's BodyResults, in the picture's pixels."""
        small, scale = working_copy(pixels)
        try:
            found = self.body.format_body_result(*self.body(small))
        except IndexError as error:  # three part-people that claim one limb: the decoder has room for two
            raise ValueError(
                "controlnet-aux's OpenPose could not tell the people of this picture apart: crop the picture to the"
                " person, or choose another backend"
            ) from error
        bodies = [self._in_picture(body, scale) for body in found]
        return [
            body for body in bodies if sum(p is not None and p.score >= PRESENT for p in body.keypoints) >= 4
        ]

    def _in_picture(self, body, scale: np.ndarray):
        points = [
            p and p._replace(x=(p.x + 0.5) * scale[0] - 0.5, y=(p.y + 0.5) * scale[1] - 0.5)
            for p in body.keypoints
        ]
        return body._replace(keypoints=points)

    def _reading(self, pixels: np.ndarray, body) -> Reading:
        """All 133 landmarks of one person."""
        reading = Reading(np.zeros((133, 2)), np.zeros(133), np.zeros(133))
        for name, point in zip(BODY_18, body.keypoints, strict=True):
            if name != NECK and point is not None:
                spread = UNIFORM * BODY_CELL * pixels.shape[0]
                put(reading, (name,), np.array([[point.x, point.y]]), np.array([point.score]), spread)
        if self.hand is not None:
            for x, y, side, is_left in self.tools.handDetect(body, pixels):
                names = LEFT_HAND if is_left else RIGHT_HAND
                put(reading, names, *read_crop(self._hand, pixels, (x, y, side)), UNIFORM * HAND_CELL * side)
        square = None if self.face is None else self.tools.faceDetect(body, pixels)
        if square is not None:
            put(reading, FACE, *read_crop(self._face, pixels, square), UNIFORM * FACE_CELL * square[2])
        return reading

    def _hand(self, crop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(21, 2) pixels of the crop and (21,) scores, which its decoder keeps to itself: read at its points."""
        maps = []
        with self.hand.model.register_forward_hook(lambda module, given, output: maps.append(output)):
            corners = self.hand(crop)
        size = np.array(crop.shape[1::-1])
        # It tells the whole part of where a cell of its 128 x 128 map begins; meant is the cell's centre.
        points = np.minimum(corners + size / 256, size - 1)
        scores = np.mean([values_at(one[:, :21], (points + 0.5) / size) for one in maps], axis=0)
        return points, np.where((corners == 0).all(1), 0, scores)

    def _face(self, crop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(68, 2) pixels of the crop and (68,) scores; the pupils are left out.

        By the library's own rule, but not by its function, which leaves out absent points and so loses the order.
        """
        maps = self.face(crop)[: len(FACE)]
        peaks = maps.reshape(len(maps), -1)
        best, scores = peaks.argmax(1), peaks.max(1)
        points = np.stack([best % maps.shape[2], best // maps.shape[2]], 1).astype(float)
        # The library enlarges the map with its corner cells' centres on the corner pixels' centres.
        size = np.array(maps.shape[:0:-1])
        points = (points / np.maximum(size - 1, 1) * (FACE_GRID - 1) + 0.5) / FACE_GRID * size - 0.5
        return points, np.where(scores > FACE_THRESHOLD, scores, 0)


def load_openpose(
    read: Read, body: Path, hand: Path | None = None, face: Path | None = None, device: str = "cpu"
) -> OpenposeEstimator:
    """The estimator out of body_pose_model.pth and, where they are there, hand_pose_model.pth and facenet.pth.

    `read` gives a file's tensors by their names: these files exist in torch's own format only, which this pack does
    not open; ComfyUI's loader does, as tensors and nothing else.
    Raises OpenposeUnavailable without controlnet_aux's code, WeightDamaged for a file of another kind.
    """
    tools = _code("util")
    readers = [_decoder(read, *BODY_CODE, body, device)]
    notes = []
    for part, path, code in (("hands", hand, HAND_CODE), ("face", face, FACE_CODE)):
        reader, note = _optional(read, part, path, code, device)
        readers.append(reader)
        notes += note
    return OpenposeEstimator(tools, *readers, notes=tuple(notes))


def _optional(read: Read, part: str, path: Path | None, code: tuple[str, str, str], device: str):
    """The decoder or None, and the notes for the artist."""
    if path is None:
        return None, (f"{part} not looked for: OpenPose's file for that is not here",)
    try:
        return _decoder(read, *code, path, device), ()
    except OpenposeUnavailable as error:
        return None, (f"{part} not looked for: {error}",)


def _decoder(read: Read, module: str, decoder: str, network: str, path: Path, device: str):
    """One of the library's Body, Hand, Face, with its network out of the file.

    Not by its own constructor, which opens the file unguarded. Its network is all that they read.
    """
    code = _code(module)
    made = object.__new__(getattr(code, decoder))
    made.model = load_network(read, getattr(code, network), path, device)
    return made


def load_network(read: Read, kind: type[nn.Module], path: Path, device: str = "cpu") -> nn.Module:
    """The library's network with the file's weights; WeightDamaged unless names and shapes are the network's."""
    with torch.device("meta"):  # no memory for, and no random numbers spent on, weights that are replaced
        network = kind()
    found = {name: tensor.to(device) for name, tensor in _tensors(read, path).items()}
    wanted = network.state_dict()
    # In the files of body and hands the layers' names are without the part of the network that holds them.
    names = {name: name if name in found else name.partition(".")[2] for name in wanted}
    if unlike := sorted(set(names.values()) ^ set(found)):
        raise WeightDamaged(
            f"{path} does not hold the weights of {kind.__name__}: {len(unlike)} names differ, {unlike[0]} first"
        )
    for name, tensor in wanted.items():
        if tensor.shape != found[names[name]].shape:
            raise WeightDamaged(
                f"{path} does not hold the weights of {kind.__name__}: {names[name]} has shape"
                f" {tuple(found[names[name]].shape)}, expected {tuple(tensor.shape)}"
            )
    tensors = {name: found[names[name]].to(torch.float32).contiguous() for name in wanted}
    network.load_state_dict(tensors, strict=True, assign=True)
    return network.eval().requires_grad_(False)


def _tensors(read: Read, path: Path) -> dict[str, Tensor]:
    """A file's tensors by their names; WeightDamaged, with the file's name, when it holds anything else."""
    with path.open("rb") as file:
        known = file.read(2) in (b"PK", b"\x80\x02")
    try:
        found = read(path) if known else None
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        raise WeightDamaged(
            f"{path} cannot be read, it may be cut off. Delete it and fetch it again."
        ) from error
    plain = isinstance(found, dict) and found and all(isinstance(value, Tensor) for value in found.values())
    if not plain:
        raise WeightDamaged(f"{path} does not hold tensors by their names. Delete it and fetch it again.")
    return found


def blue_green_red(picture: Tensor) -> np.ndarray:
    """(1, 3, H, W) in [0, 1] -> (H, W, 3) uint8 in the order that the networks are trained with."""
    pixels = picture[0].flip(0).permute(1, 2, 0).detach().to("cpu", torch.float32)
    return pixels.clamp(0, 1).mul(255).round().to(torch.uint8).contiguous().numpy()


def working_copy(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture at the size that bodies are decoded at, and (2,) its pixels (x, y) per pixel of that."""
    height, width = pixels.shape[:2]
    factor = min(SHORTER / min(height, width), LONGER / max(height, width))
    size = [max(1, round(side * factor)) for side in (width, height)]
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    least = -(-max(size) // NARROWEST)
    spare = [(0, max(0, least - side)) for side in small.shape[:2]]
    return np.pad(small, [*spare, (0, 0)], constant_values=128), np.array([width, height]) / size


def read_crop(reader, pixels: np.ndarray, square: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2) picture pixels and (n,) scores of what `reader` finds in the square (left, top, side)."""
    left, top, side = square
    crop = pixels[top : top + side, left : left + side]
    factor = min(1.0, CROP / max(crop.shape[:2]))
    if factor < 1:
        crop = cv2.resize(crop, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    points, scores = reader(np.ascontiguousarray(crop))
    return (points + 0.5) / factor - 0.5 + (left, top), scores


def values_at(maps: Tensor, places: np.ndarray) -> np.ndarray:
    """(n,) the value of each of the (1, n, h, w) maps at its own place, (n, 2) x, y in parts of the map."""
    grid = torch.from_numpy(2 * places - 1).to(maps)[None, :, None]
    values = F.grid_sample(maps, grid, padding_mode="border", align_corners=False)
    return values[0, :, :, 0].diagonal().cpu().numpy()


def put(
    reading: Reading, names: tuple[str, ...], points: np.ndarray, scores: np.ndarray, spread: float
) -> None:
    """Write the landmarks of these names into the reading."""
    where = [INDEX[name] for name in names]
    reading.points[where], reading.confidence[where] = points, np.clip(scores, 0, 1)
    reading.spread[where] = spread


def _extent(body) -> float:
    """Area in square pixels of the box around a body's points."""
    return float(np.ptp([(p.x, p.y) for p in body.keypoints if p is not None], axis=0).prod())


def _code(name: str) -> ModuleType:
    """A module of controlnet_aux's open_pose, in a package of our own name.

    Importing it under its own name would import every detector of controlnet_aux, timm and torchvision, and set
    environment variables for the whole process.
    """
    package = f"{__package__}.controlnet_aux_open_pose"
    try:
        if package not in sys.modules:
            sys.modules[package] = _package(package)
        importlib.import_module(f"{package}.util")  # first: it and `body` import each other
        return importlib.import_module(f"{package}.{name}")
    except (ImportError, AttributeError, RuntimeError) as error:  # RuntimeError: torchvision of another torch
        raise OpenposeUnavailable(
            f"controlnet-aux's {name} code did not load ({error}); pip install -U controlnet-aux"
        ) from error


def _package(name: str) -> ModuleType:
    """An empty package whose modules are controlnet_aux's open_pose's."""
    library = importlib.util.find_spec("controlnet_aux")
    folder = Path(library.origin).parent / "open_pose" if library and library.origin else None
    if folder is None or not folder.is_dir():
        raise ImportError("controlnet-aux is not installed")
    spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    return importlib.util.module_from_spec(spec)
