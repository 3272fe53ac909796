"""Square and rectangular, possibly turned, windows of a picture: where networks look.

A crop's pixel (u, v) is the picture's pixel  centre + scale * R(angle) * ((u, v) - ((w - 1) / 2, (h - 1) / 2)).
Pixel (0, 0) is the centre of the top-left pixel in both. x right, y down; a positive angle turns clockwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, cos, floor, log2, sin

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


class Pyramid:
    """A picture (1, C, H, W) and, when a window needs them, its halves, quarters, ... each made once."""

    def __init__(self, picture: Tensor):
        self._levels = [picture]
        self.shape = picture.shape

    def level(self, scale: float) -> tuple[Tensor, int]:
        """The smallest copy that still has `scale` or less picture pixels per pixel, and how often it is halved."""
        wanted = max(0, floor(log2(max(scale, 1.0))))
        while len(self._levels) <= wanted and min(self._levels[-1].shape[-2:]) > 1:
            self._levels.append(F.avg_pool2d(self._levels[-1], 2, ceil_mode=True, count_include_pad=False))
        number = min(wanted, len(self._levels) - 1)
        return self._levels[number], number


@dataclass(frozen=True)
class Crop:
    """A window: centre (x, y) and width in picture pixels, angle in radians, size (height, width) it becomes."""

    centre: tuple[float, float]
    width: float
    size: tuple[int, int]
    angle: float = 0.0

    @property
    def scale(self) -> float:
        """Picture pixels per crop pixel."""
        return self.width / self.size[1]

    def _matrix(self) -> np.ndarray:
        c, s = cos(self.angle) * self.scale, sin(self.angle) * self.scale
        return np.array([[c, -s], [s, c]])

    def _middle(self) -> np.ndarray:
        return np.array([(self.size[1] - 1) / 2, (self.size[0] - 1) / 2])

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """(..., 2) crop pixels -> (..., 2) picture pixels."""
        return (points - self._middle()) @ self._matrix().T + np.asarray(self.centre)

    def to_crop(self, points: np.ndarray) -> np.ndarray:
        """(..., 2) picture pixels -> (..., 2) crop pixels."""
        return (points - np.asarray(self.centre)) @ np.linalg.inv(self._matrix()).T + self._middle()

    def corners(self) -> np.ndarray:
        """(4, 2) picture pixels of the window's outer corners."""
        h, w = self.size
        return self.to_picture(np.array([[-0.5, -0.5], [w - 0.5, -0.5], [w - 0.5, h - 0.5], [-0.5, h - 0.5]]))

    def sample(self, picture: Pyramid, fill: float = 0.0) -> Tensor:
        """-> (1, C, h, w), anti-aliased; `fill` outside the picture. Reads only what lies under the window."""
        level, halved = picture.level(self.scale)
        window = self._in_level(halved)
        region = _region(window.corners(), window.scale, level.shape[-2:])
        if region is None:
            return level.new_full((*level.shape[:2], *self.size), fill)
        x0, y0, x1, y1 = region
        part, factors = _reduced(level[..., y0:y1, x0:x1], window.scale)
        grid = window._grid(np.array([x0, y0]), np.array(factors), part.shape[-2:]).to(part)
        return F.grid_sample(part - fill, grid, padding_mode="zeros", align_corners=False) + fill

    def _in_level(self, halved: int) -> Crop:
        """The same window in a picture whose pixels are blocks of 2 ** halved."""
        block = 2**halved
        centre = tuple((c + 0.5) / block - 0.5 for c in self.centre)
        return replace(self, centre=centre, width=self.width / block)

    def _grid(self, origin: np.ndarray, factors: np.ndarray, shape: tuple[int, int]) -> Tensor:
        """(1, h, w, 2) sampling positions in the reduced part, -1 to 1 from edge to edge."""
        h, w = self.size
        v, u = np.mgrid[0:h, 0:w]
        position = self.to_picture(np.stack((u, v), -1).astype(np.float64))
        inside = (position - origin + 0.5) * factors
        normalised = 2 * inside / np.array([shape[1], shape[0]]) - 1
        return torch.from_numpy(normalised)[None]


def _region(corners: np.ndarray, scale: float, shape: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """The pixels under the window and a margin for interpolation; None when the window misses the picture."""
    margin = 2 * ceil(max(scale, 1.0))
    (x0, y0), (x1, y1) = corners.min(0) - margin, corners.max(0) + margin
    x0, y0 = max(floor(x0), 0), max(floor(y0), 0)
    x1, y1 = min(ceil(x1) + 1, shape[1]), min(ceil(y1) + 1, shape[0])
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def _reduced(part: Tensor, scale: float) -> tuple[Tensor, tuple[float, float]]:
    """Shrink by `scale` with an anti-aliasing filter -> the smaller picture and its (x, y) factors."""
    if scale <= 1:
        return part, (1.0, 1.0)
    height, width = part.shape[-2:]
    size = (max(1, round(height / scale)), max(1, round(width / scale)))
    small = F.interpolate(part, size=size, mode="bilinear", antialias=True, align_corners=False)
    return small, (size[1] / width, size[0] / height)
