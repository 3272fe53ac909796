"""Pictures of poses: control pictures in OpenPose's colours, skeletons over photos, contact sheets."""

from __future__ import annotations

import colorsys
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
import torch.nn.functional as F

from .geometry.formats.openpose import BODY_18, NECK, neck
from .geometry.keypoints import PRESENT, Keypoints
from .geometry.landmarks import INDEX

DRAWN_AT = 512
"""Shorter side in pixels at which controlnet_aux draws by default (`detect_resolution` of its DWPose
detector) before it enlarges the drawing: its 4-pixel sticks are meant for this size."""

OVERLAY_DARKNESS = 0.45
FINGER_CHAINS = tuple((0, *range(first, first + 4)) for first in range(1, 21, 4))


class DrawingUnavailable(RuntimeError):
    """controlnet_aux's drawing code is not there or cannot be loaded; the message says what to do."""


@dataclass(frozen=True)
class Pen:
    """Stands in for `cv2` in the drawing code, whose widths are fixed, and draws `width` times as thick."""

    cv2: ModuleType
    width: float

    def ellipse2Poly(self, center, axes, *rest):  # noqa: N802 (cv2's name)
        length, half_width = axes
        return self.cv2.ellipse2Poly(center, (length, self._scaled(half_width)), *rest)

    def fillConvexPoly(self, canvas, polygon, color):  # noqa: N802 (cv2's name)
        return self.cv2.fillConvexPoly(canvas, polygon, color)

    def circle(self, canvas, center, radius, color, thickness):
        return self.cv2.circle(canvas, center, self._scaled(radius), color, thickness=thickness)

    def line(self, canvas, start, end, color, thickness):
        return self.cv2.line(canvas, start, end, color, thickness=self._scaled(thickness))

    def _scaled(self, length: int) -> int:
        return max(1, round(length * self.width))


def stick_width(size: tuple[int, int], thick: bool = False) -> float:
    """How many times the library's own stick width suits a picture of (height, width) pixels.

    As the library's detector would give it: in proportion to the shorter side (see `DRAWN_AT`), never under
    1. Thick: at least the rule of xinsir's model card (controlnet-openpose-sdxl-1.0) by the longer side: 1
    below 500 pixels, 2 below 1000, then one more per 1000, at most 7. SDXL networks trained with it lose
    thin limbs.
    """
    proportional = max(1.0, min(size) / DRAWN_AT)
    longer = max(size)
    if not thick or longer < 500:
        return proportional
    return max(proportional, min(2 + longer // 1000, 7))


def draw_pose(
    people: list[Keypoints],
    size: tuple[int, int],
    thick: bool = False,
    body: bool = True,
    hands: bool = True,
    face: bool = True,
) -> torch.Tensor:
    """(1, 3, H, W) float control picture on black, size = (H, W) pixels, in OpenPose's colours.

    People are scaled from their own canvas to the size. Landmarks below `PRESENT` are left out. Drawn by
    controlnet_aux without anti-aliasing, as its detectors draw; raises DrawingUnavailable without it.
    """
    height, width = size
    canvas = np.zeros((height, width, 3), dtype=np.uint8)
    if body:
        joints = np.stack([_body_fractions(person) for person in people]) if people else np.zeros((0, 18, 2))
        present = np.isfinite(joints[..., 0])
        indices = np.where(present, np.arange(present.size).reshape(present.shape), -1)
        places = np.nan_to_num(joints.reshape(-1, 2), nan=-1)
        canvas = _library(stick_width(size, thick)).draw_bodypose(canvas, places, indices)
    fine = _library(stick_width(size))
    for person in people:
        if hands:
            for part in ("left_hand", "right_hand"):
                _draw_hand(fine.cv2, canvas, _fractions(person, part) * (width, height))
        if face:
            canvas = fine.draw_facepose(canvas, [np.nan_to_num(_fractions(person, "face"), nan=-1)])
    return torch.from_numpy(canvas).permute(2, 0, 1)[None].to(torch.float32).div_(255)


def skeleton_overlay(picture: torch.Tensor, people: Keypoints | list[Keypoints]) -> torch.Tensor:
    """(1, 3, H, W): the picture darkened, with the skeletons on top."""
    people = [people] if isinstance(people, Keypoints) else people
    drawn = draw_pose(people, tuple(picture.shape[-2:])).to(picture)
    return torch.where(drawn.amax(1, keepdim=True) > 0, drawn, picture * OVERLAY_DARKNESS)


def contact_sheet(
    pictures: list[torch.Tensor], titles: list[str], columns: int, height: int = 512
) -> torch.Tensor:
    """(1, 3, H, W): the (1, 3, h, w) pictures in rows, each `height` pixels high, its title above it."""
    if not pictures or len(pictures) != len(titles) or columns < 1:
        raise ValueError(
            f"a sheet needs one title per picture and at least one column, found {len(pictures)} pictures,"
            f" {len(titles)} titles, {columns} columns"
        )
    cells = [_at_height(picture, height) for picture in pictures]
    width = max(cell.shape[-1] for cell in cells)
    cells = [
        torch.cat([_title_strip(title, width, height), _padded(cell, width)], dim=2)
        for cell, title in zip(cells, titles, strict=True)
    ]
    blank = torch.ones_like(cells[0])
    cells += [blank] * (-len(cells) % columns)
    rows = [torch.cat(cells[i : i + columns], dim=3) for i in range(0, len(cells), columns)]
    return torch.cat(rows, dim=2)


def _fractions(person: Keypoints, part: str) -> np.ndarray:
    """(n, 2) of the person's canvas in [0, 1], NaN where absent."""
    points, confidence = person.part(part)
    height, width = person.canvas
    return np.where(confidence[:, None] >= PRESENT, points / np.float32([width, height]), np.nan)


def _body_fractions(person: Keypoints) -> np.ndarray:
    """(18, 2) OpenPose body points of the person's canvas in [0, 1], NaN where absent."""
    height, width = person.canvas
    middle, sure = neck(person)
    places = [middle if name == NECK else person[name] for name in BODY_18]
    confidence = [sure if name == NECK else person.confidence[INDEX[name]] for name in BODY_18]
    return np.where(np.array(confidence)[:, None] >= PRESENT, np.array(places) / (width, height), np.nan)


def _draw_hand(pen: Pen, canvas: np.ndarray, points: np.ndarray) -> None:
    """Draw (21, 2) pixels into the canvas as controlnet_aux's draw_handpose does.

    Not through that function: it imports matplotlib, which the package does not declare, for these colours.
    """
    edges = [edge for chain in FINGER_CHAINS for edge in zip(chain, chain[1:], strict=False)]
    for i, (start, end) in enumerate(edges):
        if np.isfinite(points[[start, end]]).all():
            color = tuple(255 * value for value in colorsys.hsv_to_rgb(i / len(edges), 1, 1))
            pen.line(canvas, points[start].astype(int).tolist(), points[end].astype(int).tolist(), color, 2)
    for point in points[np.isfinite(points).all(1)]:
        pen.circle(canvas, point.astype(int).tolist(), 4, (0, 0, 255), thickness=-1)


@cache
def _library(width: float) -> ModuleType:
    """A private copy of controlnet_aux's drawing module that draws `width` times as thick.

    The file is loaded by itself: importing the package would import torchvision, timm and every detector,
    2 s and a common failure, for 60 lines that need cv2 and numpy.
    """
    package = importlib.util.find_spec("controlnet_aux")
    file = Path(package.origin).parent / "dwpose" / "util.py" if package and package.origin else None
    if file is None or not file.is_file():
        raise DrawingUnavailable(
            "controlnet-aux is not installed, poses cannot be drawn; pip install controlnet-aux"
        )
    spec = importlib.util.spec_from_file_location(f"{__package__}.controlnet_aux_drawing", file)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        module.cv2 = Pen(module.cv2, width)
    except (ImportError, AttributeError) as error:
        raise DrawingUnavailable(
            f"controlnet-aux's drawing code did not load ({error}); pip install -U controlnet-aux"
        ) from error
    return module


def _at_height(picture: torch.Tensor, height: int) -> torch.Tensor:
    width = max(1, round(picture.shape[-1] * height / picture.shape[-2]))
    if picture.shape[-2:] == (height, width):
        return picture
    return F.interpolate(picture, (height, width), mode="bilinear", antialias=True).clamp(0, 1)


def _padded(cell: torch.Tensor, width: int) -> torch.Tensor:
    """The cell on white, centred in the column's width."""
    spare = width - cell.shape[-1]
    return F.pad(cell, (spare // 2, spare - spare // 2), value=1.0)


def _title_strip(title: str, width: int, height: int) -> torch.Tensor:
    """(1, 3, h, width): the title in Pillow's own font, black on white."""
    from PIL import Image, ImageDraw, ImageFont

    size = max(10, height // 24)
    strip = Image.new("RGB", (width, round(size * 1.6)), "white")
    font = ImageFont.load_default(size)
    ImageDraw.Draw(strip).text((width / 2, size * 0.8), title, fill="black", font=font, anchor="mm")
    return torch.from_numpy(np.array(strip)).permute(2, 0, 1)[None].to(torch.float32).div_(255)
