"""What the masked autoencoder is given: smooth continuations, and the person mirrored and small."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from ..geometry.field import extrapolate
from ..geometry.fill import membrane
from ..models.autoencoder import PATCH, Crops

SMALL = 64
"""Pixels to a side of the small mirrored person: eight patches."""


MEMBRANE = 200
"""Cells to the longer side of the grid on which a hole is spanned: five pixels of a person of 1000."""


def continued(
    colour: torch.Tensor, known: torch.Tensor, region: torch.Tensor, wanted: torch.Tensor
) -> torch.Tensor:
    """(3, h, w) the colours (3, h, w) where they are known (h, w) bool, and where they are wanted (h, w) bool smoothly
    continued from the known pixels of the same region (h, w) int64; where none of it is known from all of them."""
    base = colour * known
    if not bool(wanted.any()):
        return base
    for number in torch.unique(region[wanted]).tolist():
        here = region == number
        own = known & here
        own = own if bool(own.any()) else known
        rows, columns = _box(here & (own | wanted))
        smooth = extrapolate(colour[:, rows, columns], own[rows, columns].float())
        base[:, rows, columns] = torch.where((wanted & here)[rows, columns], smooth, base[:, rows, columns])
    return base


def spanned(
    colour: torch.Tensor, known: torch.Tensor, region: torch.Tensor, wanted: torch.Tensor
) -> torch.Tensor:
    """As `continued`, by a membrane over each hole (Laplace's equation), found on at most MEMBRANE cells a side: no
    bulges, and no step at the rim, but slower."""
    base = colour * known
    for number in torch.unique(region[wanted]).tolist():
        here = region == number
        own = known & here
        own = own if bool(own.any()) else known
        rows, columns = _box(own | (wanted & here))
        there, target = own[rows, columns], (wanted & here)[rows, columns]
        step = max(1, -(-max(there.shape) // MEMBRANE))
        both = torch.cat((colour[:, rows, columns] * there, there[None].float()))
        both = F.avg_pool2d(both[None], step, ceil_mode=True)[0]
        least = both[3].max().clamp(max=0.5)  # of a sliver no cell is half full
        low = membrane(both[:3] / both[3:].clamp(min=1e-4), both[3] < least, 1.0)
        size = (low.shape[1] * step, low.shape[2] * step)
        wide = F.interpolate(low[None], size, mode="bilinear", align_corners=False)[0]
        wide = wide[:, : there.shape[0], : there.shape[1]]
        base[:, rows, columns] = torch.where(target, wide, base[:, rows, columns])
    return base


def _box(mask: torch.Tensor) -> tuple[slice, slice]:
    """Rows and columns of the box round a mask that has a pixel."""
    lines = (torch.nonzero(mask.any(axis)).flatten() for axis in (1, 0))
    return tuple(slice(int(line[0]), int(line[-1]) + 1) for line in lines)


def mirrored_places(
    maps: torch.Tensor, known: torch.Tensor, region: torch.Tensor, material: torch.Tensor
) -> Crops:
    """One crop of SMALL x SMALL: the whole person mirrored and small, its places mirrored too, so that what is left
    lies where right is asked for.

    maps (8, H, W): colour, normal, place; known (H, W) bool; region, material (H, W) int64.
    """
    side = max(known.shape)
    pad = (0, side - known.shape[1], 0, side - known.shape[0])
    weight = F.pad(known[None].float(), pad)[None]
    share = F.interpolate(weight, (SMALL, SMALL), mode="area")
    smooth = F.interpolate(F.pad(maps * known, pad)[None], (SMALL, SMALL), mode="area") / share.clamp(
        min=1e-3
    )
    codes = torch.stack((region * known, material * known)).float()
    codes = F.interpolate(F.pad(codes, pad)[None], (SMALL, SMALL), mode="nearest")
    smooth, codes, share = (values.flip(-1) for values in (smooth, codes, share))
    there = (share > 0.5).float()
    colour, normal, place = smooth[:, :3], smooth[:, 3:6], smooth[:, 6:]
    turn = normal.new_tensor([-1.0, 1.0, 1.0]).view(1, 3, 1, 1)
    # A patch of which nothing is seen is not read; of the others the place must not be drawn to the origin.
    filled = F.avg_pool2d(place * there, PATCH) / F.avg_pool2d(there, PATCH).clamp(min=1e-3)
    place = torch.where(there > 0, place, F.interpolate(filled, scale_factor=float(PATCH)))
    region, material = _swapped(codes[:, 0].round().long()), codes[:, 1].round().long()
    nothing = torch.zeros_like(there)
    mirror = place.new_tensor([-1.0, 1.0]).view(1, 2, 1, 1)
    return Crops(
        colour * there, there, nothing, colour, region, material, normal * turn * there, place * mirror
    )


def _swapped(region: torch.Tensor) -> torch.Tensor:
    """Left and right change places: 4 and 5 are arms, 6 and 7 legs (REGIONS)."""
    out = region.clone()
    for one, two in ((4, 5), (6, 7)):
        out[region == one], out[region == two] = two, one
    return out
