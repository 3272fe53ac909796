"""What a person wears, pixel by pixel: the clothes' regions at the picture's own resolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ..batches import Progress, told
from ..geometry.garments import CLOTHES, NUMBER, REGIONS, GarmentMap
from ..geometry.keypoints import DRAWING, Keypoints
from ..matte import Region
from ..models.clothes import ClothesNetwork
from ..models.person_parts import CLASSES
from ..segment import WORK_PIXELS, Segmentation
from .body import body_on
from .default import Cells, default_shares, evened
from .edges import native_labels
from .given import fitted
from .hair import agreeing, hair_alpha
from .network import network_shares

GRID = 320
"""Cells along the person's longer side: the network's close-ups are about as fine."""
FAINT = 0.02
"""How much of a pixel must be the person to be labelled: the soft edge belongs to the regions too."""
DRAWN = (
    "a drawn figure: its clothes are not told apart, all of it is other; name regions with Override Garments"
)
NOBODY = "no person was found in the mask"
NAKED = "no clothes were found: all that shows is skin and hair"


@dataclass(frozen=True, eq=False)
class GarmentOptions:
    """network  an artist's own clothes network instead of the default's colours and heights
    matte    (B or 1, 1, h, w) an artist's own person mask, which wins over the segmentation's
    """

    network: ClothesNetwork | None = None
    matte: torch.Tensor | None = None


def garment_maps(
    pictures: torch.Tensor,
    people: Sequence[Keypoints],
    cut: Segmentation,
    options: GarmentOptions | None = None,
    progress: Progress = None,
) -> list[GarmentMap]:
    """pictures (B, 3, H, W), each person's keypoints, and the segmentation of them -> a map for each."""
    options = options or GarmentOptions()
    maps = []
    for i in told(range(len(pictures)), progress):
        one = Segmentation(*(part[i : i + 1] for part in (cut.matte, cut.parts, cut.foreground)))
        if options.matte is not None:
            mattes = options.matte
            one = with_matte(pictures[i : i + 1], one, mattes[i : i + 1] if len(mattes) > 1 else mattes)
        maps.append(garment_map(pictures[i : i + 1], people[i], one, options.network))
    return maps


def garment_map(
    picture: torch.Tensor, keypoints: Keypoints, cut: Segmentation, network: ClothesNetwork | None = None
) -> GarmentMap:
    """picture (1, 3, H, W), one person's keypoints and segmentation, each of this picture alone -> the map."""
    box = _box(cut.matte)
    if box is None or keypoints.source == DRAWING:
        return _undivided(cut.matte, NOBODY if box is None else DRAWN)
    native = Region.around(box, tuple(picture.shape[-2:]), WORK_PIXELS)
    grid = native.on_grid(max(native.grid, (native.y1 - native.y0) / GRID, (native.x1 - native.x0) / GRID))
    small = np.stack([_plane(grid, cut.parts[:, k : k + 1]) for k in range(len(CLASSES))])
    cells = Cells(small, grid.cut(cut.foreground), body_on(grid, keypoints))
    shares, notes = default_shares(cells)
    if network is not None:
        window = (..., slice(native.y0, native.y1), slice(native.x0, native.x1))
        shares = network_shares(network, picture[window], cells, shares)
    shares = evened(shares, cells)
    labels = native_labels(shares, cells.image, native.cut(cut.foreground))
    hair = hair_alpha(native.fitted(shares[NUMBER["hair"]]), labels, grid.grid / native.grid, native, picture)
    labels = agreeing(labels, hair, native.cut(cut.matte)[..., 0])
    found = _whole(cut.matte, labels, hair, native)
    naked = () if set(found.present()) & set(CLOTHES) else (NAKED,)
    return replace(found, notes=(*notes, *naked))


def with_matte(picture: torch.Tensor, cut: Segmentation, matte: torch.Tensor) -> Segmentation:
    """The segmentation (of one picture) with an artist's matte (1, 1, h, w) in the place of its own. ValueError where
    the proportions differ."""
    matte = fitted(matte, tuple(picture.shape[-2:])).to(cut.matte)
    parts = cut.parts[:, 1:].clone()
    parts[:, CLASSES.index("clothes") - 1] += 1e-3  # where the network saw nobody
    parts = parts / parts.sum(1, keepdim=True) * matte
    return Segmentation(matte, torch.cat([1 - matte, parts], 1), cut.foreground)


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


def _undivided(matte: torch.Tensor, note: str) -> GarmentMap:
    labels = torch.where(matte > FAINT, NUMBER["other"], 0).to(torch.uint8)
    return GarmentMap(labels, torch.zeros_like(matte), matte, notes=(note,))


def _whole(matte: torch.Tensor, labels: np.ndarray, hair: np.ndarray, region: Region) -> GarmentMap:
    import cv2

    inside = (..., slice(region.y0, region.y1), slice(region.x0, region.x1))
    size = (region.x1 - region.x0, region.y1 - region.y0)  # a large picture's person was parsed smaller
    numbers = torch.zeros(matte.shape, dtype=torch.uint8)
    numbers[inside] = torch.from_numpy(cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST))
    alpha = torch.zeros_like(matte)
    alpha[inside] = torch.from_numpy(cv2.resize(hair, size, interpolation=cv2.INTER_LINEAR))
    matte = torch.where(numbers > 0, matte, 0.0)
    numbers = torch.where(matte > FAINT, numbers, 0)
    return GarmentMap(numbers, torch.minimum(alpha, matte), matte)


assert len(REGIONS) < 256
