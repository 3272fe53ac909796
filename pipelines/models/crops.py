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
        # A level has one to two of its pixels per crop pixel: sampled twice as densely, then averaged in pairs.
        fine = 2 if window.scale > 1 else 1
        x0, y0, x1, y1 = region
        part = level[..., y0:y1, x0:x1]
        grid, inside = window._grid(fine, region, level.shape[-2:])
        grid, inside = grid.to(part), inside.to(part)
        values = F.grid_sample(part, grid, padding_mode="border", align_corners=False)
        return F.avg_pool2d(fill + (values - fill) * inside, fine)

    def _in_level(self, halved: int) -> Crop:
        """The same window in a picture whose pixels are blocks of 2 ** halved."""
        block = 2**halved
        centre = tuple((c + 0.5) / block - 0.5 for c in self.centre)
        return replace(self, centre=centre, width=self.width / block)

    def _grid(self, fine: int, region: tuple[int, int, int, int], shape: tuple[int, int]):
        """Where to sample: (1, fine h, fine w, 2) from -1 to 1 over the region, and (1, 1, ...) 1 in the picture."""
        x0, y0, x1, y1 = region
        dense = replace(self, size=(self.size[0] * fine, self.size[1] * fine))
        v, u = np.mgrid[0 : dense.size[0], 0 : dense.size[1]]
        position = dense.to_picture(np.stack((u, v), -1).astype(np.float64)) + 0.5
        normalised = 2 * (position - (x0, y0)) / (x1 - x0, y1 - y0) - 1
        inside = ((position >= 0) & (position <= shape[::-1])).all(-1)
        return torch.from_numpy(normalised)[None], torch.from_numpy(inside)[None, None]


def _region(corners: np.ndarray, scale: float, shape: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """The pixels under the window and a margin for interpolation; None when the window misses the picture."""
    margin = 2 * ceil(max(scale, 1.0))
    (x0, y0), (x1, y1) = corners.min(0) - margin, corners.max(0) + margin
    x0, y0 = max(floor(x0), 0), max(floor(y0), 0)
    x1, y1 = min(ceil(x1) + 1, shape[1]), min(ceil(y1) + 1, shape[0])
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None
