"""One garment cut out of its picture: its pixels well inside, at several sizes, and square windows on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from ..geometry.garments import CLOTHES, NUMBER, GarmentMap

WORN = (*CLOTHES, "bag", "accessory", "other")
"""The regions that are made of something one can measure."""
LEAST = 400
"""Pixels well inside from which on a region says something about its cloth."""
RIM = 0.012
"""Share of the region's longer side by which its rim is left out: seams, shade and the neighbours' colours."""
SURE = 0.9
"""Matte above which a pixel is the person alone."""
LARGE = 2_000_000
"""Pixels of a region's box above which it is measured at a reduced size: bounds memory and time."""


@dataclass(frozen=True, eq=False)
class Cloth:
    """A region cut out by its box.

    region  one of WORN
    pixels  (h, w, 3) float32 sRGB
    inside  (h, w) bool: the region, its rim left out
    whole   (h, w) bool: the region with its rim
    corner  (x, y) of the box in the picture
    scale   pixels of the cut-out per pixel of the picture, at most 1
    """

    region: str
    pixels: np.ndarray
    inside: np.ndarray
    whole: np.ndarray
    corner: tuple[int, int]
    scale: float = 1.0

    @cached_property
    def depth(self) -> np.ndarray:
        """(h, w) how far a pixel lies from the nearest that is not inside."""
        import cv2

        return cv2.distanceTransform(np.pad(self.inside, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]

    def half(self) -> Cloth:
        """The same at half the size."""
        import cv2

        size = (max(1, self.inside.shape[1] // 2), max(1, self.inside.shape[0] // 2))
        pixels = cv2.resize(self.pixels, size, interpolation=cv2.INTER_AREA)
        inside, whole = (
            cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
            for mask in (self.inside, self.whole)
        )
        return Cloth(self.region, pixels, inside, whole, self.corner, self.scale / 2)

    def windows(self, side: int, most: int, full: float = 0.6) -> list[tuple[int, int]]:
        """(row, column) of the corners of up to `most` squares that are inside by a share of `full` and overlap little;
        a square may hang over the box. The fullest first."""
        import cv2

        if self.inside.size == 0:
            return []
        step = max(1, side // 8)
        padded = np.pad(self.inside.astype(np.float32), side // 2)
        share = cv2.boxFilter(padded, -1, (side, side), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
        share = share[: -side // 2 or None : step, : -side // 2 or None : step].copy()
        found = []
        reach = max(1, round(0.7 * side / step))
        while len(found) < most and share.size:
            row, column = np.unravel_index(int(share.argmax()), share.shape)
            if share[row, column] < full:
                break
            found.append((int(row) * step - side // 2, int(column) * step - side // 2))
            share[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1] = 0
        return found

    def cut(self, corner: tuple[int, int], side: int) -> tuple[np.ndarray, np.ndarray]:
        """(side, side, 3) pixels and (side, side) bool inside of a window; zero and not inside beyond the box."""
        row, column = corner
        pixels = np.zeros((side, side, 3), np.float32)
        inside = np.zeros((side, side), bool)
        top, left = max(0, row), max(0, column)
        bottom, right = min(self.inside.shape[0], row + side), min(self.inside.shape[1], column + side)
        if bottom > top and right > left:
            place = slice(top - row, bottom - row), slice(left - column, right - column)
            pixels[place] = self.pixels[top:bottom, left:right]
            inside[place] = self.inside[top:bottom, left:right]
        return pixels, inside

    def sample(self, most: int = 40_000) -> np.ndarray:
        """(n, 3) up to `most` pixels of the inside, evenly picked."""
        values = self.pixels[self.inside]
        return values[:: max(1, len(values) // most)]


def checked(picture: torch.Tensor, garments: GarmentMap) -> None:
    """ValueError for a picture that the map was not made from."""
    if picture.dim() != 4 or picture.shape[:2] != (1, 3):
        raise ValueError(f"one picture is (1, 3, height, width), found {tuple(picture.shape)}")
    if tuple(picture.shape[-2:]) != garments.size:
        (height, width), (other, across) = picture.shape[-2:], garments.size
        raise ValueError(
            f"the picture is {width} x {height}, the garments were read from one of {across} x {other}: "
            "connect the picture that Garment Segmentation got"
        )


def cloths(picture: torch.Tensor, garments: GarmentMap) -> Iterator[Cloth]:
    """The garments of a map (1, 3, H, W) one by one, those of less than LEAST pixels left out."""
    checked(picture, garments)
    labels = garments.labels[0, 0].cpu().numpy()
    sure = (garments.matte[0, 0].cpu().numpy() > SURE) & (garments.hair[0, 0].cpu().numpy() < 1 - SURE)
    for region in garments.present():
        if region in WORN:
            found = _cut_out(picture, region, labels == NUMBER[region], sure)
            if found is not None:
                yield found


def _cut_out(picture: torch.Tensor, region: str, mask: np.ndarray, sure: np.ndarray) -> Cloth | None:
    import cv2

    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    box = slice(top, bottom), slice(left, right)
    whole = mask[box]
    pixels = picture[0, :, top:bottom, left:right].permute(1, 2, 0).contiguous().cpu().numpy()
    rim = max(1, round(RIM * max(whole.shape)))
    kernel = np.ones((2 * rim + 1, 2 * rim + 1), np.uint8)
    eroded = cv2.erode((whole & sure[box]).astype(np.uint8), kernel, borderValue=0) > 0
    if int(eroded.sum()) < LEAST:
        return None
    found = Cloth(region, pixels, eroded, whole, (int(left), int(top)))
    while found.inside.size > LARGE:
        found = found.half()
    return found
