"""Materials and patches of a batch: maps beside their pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ..batches import Progress, each, for_everyone, told
from ..geometry.garments import REGIONS, GarmentMap, RigidPatch
from .material import Reader, measured
from .override import Override, overridden
from .patches import with_rigid_patches
from .text import Detector

PAINTED = "painted"
"""The kind of what an artist painted."""


def paired(pictures: torch.Tensor, maps: Sequence[GarmentMap]) -> list[tuple[torch.Tensor, GarmentMap]]:
    """Each map with its picture (1, 3, H, W); one picture goes with several maps (several people). ValueError for
    lengths that differ."""
    views = for_everyone(pictures, maps)
    return list(zip(views.split(1), each(maps, len(views), "garments"), strict=True))


def materials(
    pictures: torch.Tensor,
    maps: Sequence[GarmentMap],
    reader: Reader | None,
    word: Override | None = None,
    progress: Progress = None,
) -> list[GarmentMap]:
    """The maps with their materials measured, and with the artist's word on one region."""
    found = [
        measured(picture, garments, reader) for picture, garments in told(paired(pictures, maps), progress)
    ]
    return [overridden(garments, word) for garments in found] if word is not None else found


def patches(
    pictures: torch.Tensor,
    maps: Sequence[GarmentMap],
    least: float,
    detector: Detector | None = None,
    painted: torch.Tensor | None = None,
    progress: Progress = None,
) -> list[GarmentMap]:
    """The maps with their rigid patches; painted (B or 1, 1, H, W): what is rigid on the artist's word."""
    pairs = paired(pictures, maps)
    masks = each(painted.split(1), len(pairs), "masks") if painted is not None else [None] * len(pairs)
    found = []
    for (picture, garments), mask in told(list(zip(pairs, masks, strict=True)), progress):
        one = with_rigid_patches(picture, garments, least, detector)
        found.append(one if mask is None else _with_painted(one, mask))
    return found


def _with_painted(garments: GarmentMap, mask: torch.Tensor) -> GarmentMap:
    """ValueError for a mask of another size than the picture."""
    if tuple(mask.shape[-2:]) != garments.size:
        (height, width), (other, across) = mask.shape[-2:], garments.size
        raise ValueError(
            f"the mask is {width} x {height}, the picture {across} x {other}: paint it on the picture"
        )
    rows, columns = (mask[0, 0] > 0).any(1).nonzero(), (mask[0, 0] > 0).any(0).nonzero()
    if not len(rows):
        return garments
    top, left = int(rows[0]), int(columns[0])
    cut = mask[0, 0, top : int(rows[-1]) + 1, left : int(columns[-1]) + 1].float()
    under = garments.labels[0, 0, top : top + cut.shape[0], left : left + cut.shape[1]][cut > 0.5]
    region = REGIONS[int(np.bincount(under.numpy(), minlength=1).argmax())] if len(under) else "other"
    patch = RigidPatch(PAINTED, region, (left, top), cut)
    return garments.with_patches((*garments.patches, patch))


def rigid_masks(maps: Sequence[GarmentMap]) -> torch.Tensor:
    """(B, 1, H, W) all patches of each map, for the warp."""
    return torch.cat([garments.rigid() for garments in maps])
