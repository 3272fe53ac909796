"""Letters on clothes by a text detector, where one is installed: rapidocr's (Apache-2.0), which brings its own network.

It is no dependency: without it prints are found by their edges alone (prints.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

import numpy as np
import torch

from ..geometry.garments import GarmentMap
from .prints import Spot

MODULE = "rapidocr_onnxruntime"
Detector = Callable[[np.ndarray], list[tuple[np.ndarray, float]]]
"""(h, w, 3) uint8 RGB -> quadrilaterals (4, 2) x, y in its pixels round lines of text, each with a score in [0, 1]."""
WORN = ("clothes",)
INSIDE = 0.6
"""Share of a line of text that must lie on clothes: the rest is behind the person, or a sign."""
ROOM = 0.15
"""Share of a line's height that its box is enlarged by."""
LONGEST = 960
"""Longest side in pixels of the detector's picture, by its own default."""


def installed() -> bool:
    """Whether rapidocr can be imported."""
    return find_spec(MODULE) is not None


@cache
def rapid() -> Detector | None:
    """The detector of the installed rapidocr; None where there is none."""
    if not installed():
        return None
    from rapidocr_onnxruntime import RapidOCR

    engine = RapidOCR()

    def detect(picture: np.ndarray) -> list[tuple[np.ndarray, float]]:
        boxes, _ = engine(picture[..., ::-1].copy(), use_det=True, use_cls=False, use_rec=False)
        return [(np.asarray(box, np.float32), 0.8) for box in boxes or []]

    return detect


def letters(picture: torch.Tensor, garments: GarmentMap, detector: Detector) -> list[Spot]:
    """Lines of text on the clothes of a picture (1, 3, H, W): masks (H, W) bool of the picture's size.

    Only the clothes' box is read, at most LONGEST pixels long.
    """
    import cv2

    worn = (garments.mask(*WORN)[0, 0] > 0.5).numpy()
    rows, columns = np.flatnonzero(worn.any(1)), np.flatnonzero(worn.any(0))
    if not len(rows):
        return []
    top, left = int(rows[0]), int(columns[0])
    cut = picture[0, :, top : rows[-1] + 1, left : columns[-1] + 1].permute(1, 2, 0).numpy()
    scale = min(1.0, LONGEST / max(cut.shape[:2]))
    if scale < 1:
        size = tuple(max(1, round(length * scale)) for length in cut.shape[1::-1])
        cut = cv2.resize(cut, size, interpolation=cv2.INTER_AREA)
    found = []
    for box, score in detector((cut * 255 + 0.5).clip(0, 255).astype(np.uint8)):
        middle = box.mean(0)
        corners = (middle + (box - middle) * (1 + ROOM)) / scale + (left, top)
        mask = cv2.fillConvexPoly(np.zeros(worn.shape, np.uint8), np.round(corners).astype(np.int32), 1) > 0
        if mask.any() and worn[mask].mean() > INSIDE:
            found.append(Spot(mask & worn, float(score)))
    return found
