"""What a person wears, pixel by pixel: the clothes' regions at the picture's own resolution."""

from __future__ import annotations

import numpy as np
import torch

from ..geometry.garments import REGIONS, GarmentMap
from ..geometry.keypoints import Keypoints
from ..matte import Region
from ..models.person_parts import CLASSES
from ..segment import Segmentation
from .default import grid_shares
from .edges import native_labels
from .hair import hair_alpha

GRID = 320
"""Cells along the person's longer side: the network's close-ups are about as fine."""
FAINT = 0.02
"""How much of a pixel must be the person to be labelled: the soft edge belongs to the regions too."""


def garment_map(picture: torch.Tensor, keypoints: Keypoints, cut: Segmentation, index: int = 0) -> GarmentMap:
    """picture (1, 3, H, W); one person's keypoints and the segmentation in which `index` is that person."""
    matte, parts = cut.matte[index : index + 1], cut.parts[index : index + 1]
    box = _box(matte)
    if box is None:
        nothing = torch.zeros_like(matte)
        return GarmentMap(
            nothing.to(torch.uint8), nothing, nothing, notes=("no person was found in the mask",)
        )
    native = Region.around(box, tuple(picture.shape[-2:]), 10**9)
    grid = native.on_grid(max(1.0, (native.y1 - native.y0) / GRID, (native.x1 - native.x0) / GRID))
    colours = cut.foreground[index : index + 1]
    cells = grid.cut(colours)
    small = np.stack([_plane(grid, parts[:, k : k + 1]) for k in range(len(CLASSES))])
    shares, notes = grid_shares(small, cells, grid, keypoints)
    labels = native_labels(shares, native, grid, cells, native.cut(colours))
    hair = hair_alpha(native.fitted(shares[REGIONS.index("hair")]), grid.grid, native, picture)
    return _whole(picture, matte, labels, hair, native, notes)


def _plane(region: Region, mask: torch.Tensor) -> np.ndarray:
    """(1, 1, H, W) -> (h, w), means over the region's cells."""
    import cv2

    inside = mask[0, 0, region.y0 : region.y1, region.x0 : region.x1].cpu().numpy()
    return cv2.resize(np.float32(inside), region.size[::-1], interpolation=cv2.INTER_AREA)


def _box(matte: torch.Tensor) -> np.ndarray | None:
    rows, columns = (torch.nonzero(matte[0, 0].amax(axis) > 0.5)[:, 0] for axis in (1, 0))
    if len(rows) == 0:
        return None
    return np.array([float(columns[0]), float(rows[0]), float(columns[-1]), float(rows[-1])])


def _whole(picture, matte, labels, hair, region: Region, notes) -> GarmentMap:
    inside = (..., slice(region.y0, region.y1), slice(region.x0, region.x1))
    numbers = torch.zeros(matte.shape, dtype=torch.uint8)
    numbers[inside] = torch.from_numpy(labels)
    alpha = torch.zeros_like(matte)
    alpha[inside] = torch.from_numpy(hair)
    matte = torch.where(numbers > 0, matte, 0.0)
    alpha = torch.minimum(alpha, matte)
    numbers = torch.where(matte > FAINT, numbers, 0)
    return GarmentMap(numbers, alpha, matte, notes=notes)
