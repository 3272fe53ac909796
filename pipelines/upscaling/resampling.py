"""A picture at another size, any part of it by itself: what a tile gets does not depend on the tile."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

LOBES = 3
"""Of the Lanczos kernel: Duchon, "Lanczos filtering in one and two dimensions", J. Applied Meteorology 18, 1979."""


class Tile(NamedTuple):
    """Pixels of a picture: top and left belong to it, bottom and right do not."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.bottom - self.top, self.right - self.left

    def grown(self, halo: int, size: tuple[int, int]) -> Tile:
        """With `halo` pixels more on each side, as far as a picture of `size` (height, width) goes."""
        return Tile(
            max(0, self.top - halo),
            max(0, self.left - halo),
            min(size[0], self.bottom + halo),
            min(size[1], self.right + halo),
        )

    def within(self, outer: Tile) -> tuple[slice, slice]:
        """Where this tile lies in what was made of an outer one."""
        return (
            slice(self.top - outer.top, self.bottom - outer.top),
            slice(self.left - outer.left, self.right - outer.left),
        )

    def centres(self, ratio: tuple[float, float]) -> Tensor:
        """(h, w, 2) x, y of the pixels in a picture that is `ratio` (down, across) times as large."""
        rows = (torch.arange(self.top, self.bottom) + 0.5) * ratio[0] - 0.5
        columns = (torch.arange(self.left, self.right) + 0.5) * ratio[1] - 0.5
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        return torch.stack((x, y), -1)


def tiles(size: tuple[int, int], side: int) -> list[Tile]:
    """A picture of `size` (height, width) in squares of `side` pixels, fewer at its right and lower border."""
    rows, columns = (range(0, n, side) for n in size)
    return [Tile(y, x, min(y + side, size[0]), min(x + side, size[1])) for y in rows for x in columns]


def lanczos(picture: Tensor, size: tuple[int, int], tile: Tile) -> Tensor:
    """(3, h, w) a tile of (3, H, W) brought to `size`; where that is smaller, over as many pixels as go into one."""
    whole = Tile(0, 0, *picture.shape[-2:])
    return lanczos_window(picture, whole, whole.size, size, tile)


def lanczos_window(
    window: Tensor, place: Tile, old: tuple[int, int], new: tuple[int, int], tile: Tile
) -> Tensor:
    """(3, h, w) a tile of a picture of size `old` brought to size `new`, of which only a `window` (3, h, w) is there
    that lies at `place`: what the kernel asks for beyond it is left out."""
    rows = _weights((place.top, place.bottom), old[0] / new[0], tile.top, tile.bottom)
    columns = _weights((place.left, place.right), old[1] / new[1], tile.left, tile.right)
    (down, above), (across, before) = rows, columns
    used = window[:, above : above + down.shape[1], before : before + across.shape[1]]
    return down @ used @ across.T


def _weights(there: tuple[int, int], ratio: float, start: int, end: int) -> tuple[Tensor, int]:
    """(end - start, n) weights, for the new pixels start..end, of the old pixels `there` from the second value on;
    ratio: old pixels to a new one."""
    wide = max(ratio, 1.0)
    centre = (torch.arange(start, end, dtype=torch.float64) + 0.5) * ratio - 0.5
    reach = LOBES * wide
    first = max(there[0], math.floor(float(centre[0]) - reach))
    last = min(there[1], math.ceil(float(centre[-1]) + reach) + 1)
    away = (torch.arange(first, last, dtype=torch.float64) - centre[:, None]) / wide
    weights = torch.sinc(away) * torch.sinc(away / LOBES) * (away.abs() < LOBES)
    return (weights / weights.sum(1, keepdim=True)).float(), first - there[0]


def blurred(values: Tensor, sigma: float) -> Tensor:
    """(C, h, w) blurred by a Gaussian of sigma pixels, outside counted as zero; as `fill.gaussian`, by whole pictures
    added up, which is several times as fast on large ones."""
    return _along(_along(values, sigma, -1), sigma, -2)


def blurred_inside(values: Tensor, sigma: float) -> Tensor:
    """The same without what lies outside the picture: its border is no darker."""
    height, width = values.shape[-2:]
    rows = _along(values.new_ones(height, 1), sigma, -2)
    columns = _along(values.new_ones(1, width), sigma, -1)
    return blurred(values, sigma) / rows / columns


def reach(sigma: float) -> int:
    """Pixels on each side that a blur looks at."""
    return max(1, round(3 * sigma))


def _along(values: Tensor, sigma: float, axis: int) -> Tensor:
    radius, length = reach(sigma), values.shape[axis]
    kernel = torch.exp(-0.5 * (torch.arange(radius + 1.0) / sigma) ** 2)
    kernel = (kernel / (kernel[0] + 2 * kernel[1:].sum())).tolist()
    padded = F.pad(values, (radius, radius) if axis == -1 else (0, 0, radius, radius))
    out = padded.narrow(axis, radius, length) * kernel[0]
    for i, weight in enumerate(kernel[1:], 1):
        for start in (radius - i, radius + i):
            out.add_(padded.narrow(axis, start, length), alpha=weight)
    return out


def ramp(values: Tensor, low: float, high: float) -> Tensor:
    """0 up to low, 1 from high on, smoothly between."""
    share = ((values - low) / (high - low)).clamp(0, 1)
    return share * share * (3 - 2 * share)
