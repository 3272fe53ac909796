"""What a photo says of its light: how bright each kind of surface is, by the way it faces."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

from ..geometry.colour import linear, luminance
from ..geometry.field import erode
from ..models.light_head import LightHead
from .surface import SHAPED, Surface

BINS = 14
"""Cells across the disc of the normals that the camera sees, both ways."""
SHADES = 3
"""Colours that one region is taken apart into at most: a print is no shade."""
DARKEST, BRIGHTEST = 0.004, 0.97
"""Linear light under which there is only noise, and sRGB from which a sensor has run over."""
GRAZING = 0.2
"""Cosine to the camera under which a normal is not to be trusted."""
RIM = 2
"""Pixels in from the outline from which on a pixel is the person's alone."""


@dataclass(frozen=True, eq=False)
class Samples:
    """n cells of one albedo and one way of facing.

    light (n, 3) linear, geometric mean; normal (n, 3) unit; weight (n,) how much it counts; kind (n,) int64, which
    albedo; region (k,) int64 the region of each albedo.
    """

    light: torch.Tensor
    normal: torch.Tensor
    weight: torch.Tensor
    kind: torch.Tensor
    region: torch.Tensor

    @property
    def bright(self) -> torch.Tensor:
        """(n,) luminance."""
        return luminance(self.light, 1)

    def calibrated(self, head: LightHead) -> Samples:
        """The same with normals as they are to be expected, no longer unit, and weights by how sure they are."""
        normal, trust = head.calibrated(self.normal, self.region[self.kind])
        weight = self.weight * trust
        return replace(self, normal=normal, weight=weight / weight.sum())


def samples(picture: torch.Tensor, surface: Surface, labels: torch.Tensor) -> Samples | None:
    """Of a picture (1, 3, H, W) sRGB with its person's regions (1, 1, H, W); None where too little is seen."""
    small, regions = surface.of(picture), surface.labels(labels)
    inner = erode((surface.cover > 0.97).float(), RIM) > 0.5
    facing = -surface.normal[2]
    light = linear(small)
    shaped = torch.isin(regions, torch.tensor(SHAPED, device=regions.device))
    good = inner & shaped & (facing > GRAZING) & (small.amax(0) < BRIGHTEST) & (luminance(light) > DARKEST)
    if int(good.sum()) < 60:
        return None
    colours, normals, its = light[:, good].T, surface.normal[:, good].T, regions[good]
    kind, region = _kinds(colours, its)
    return _binned(colours, normals, kind, region, facing[good])


def _kinds(light: torch.Tensor, regions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(n,) which albedo each pixel has, and (k,) the region of each: colours of a region apart in their hue, which
    shade does not change (much)."""
    hue = torch.stack(
        (light[:, 0] / light[:, 1].clamp(min=1e-4), light[:, 2] / light[:, 1].clamp(min=1e-4)), 1
    )
    hue = hue.clamp(0.02, 50).log()
    kind, owner = torch.zeros_like(regions), []
    for region in regions.unique().tolist():
        here = torch.nonzero(regions == region).flatten()
        own = _clustered(hue[here])
        kind[here] = own + len(owner)
        owner += [region] * (int(own.max()) + 1)
    return kind, torch.tensor(owner, device=light.device)


def _clustered(hue: torch.Tensor, apart: float = 0.25) -> torch.Tensor:
    """(n,) int64: which of at most SHADES hues each of (n, 2) is nearest to; another hue lies `apart` or more."""
    centres = [hue.median(0).values]
    for _ in range(SHADES - 1):
        away = (hue[:, None] - torch.stack(centres)).square().sum(-1).amin(1).sqrt()
        if float(away.quantile(0.93) if len(away) < 2**24 else away.max()) < apart:
            break
        far = torch.nonzero(away >= away.kthvalue(max(1, int(0.96 * len(away)))).values).flatten()
        centres.append(hue[far].median(0).values)
    middle = torch.stack(centres)
    for _ in range(4):
        own = (hue[:, None] - middle).square().sum(-1).argmin(1)
        total = torch.zeros_like(middle).index_add(0, own, hue)
        count = torch.bincount(own, minlength=len(middle))
        middle = torch.where(count[:, None] > 0, total / count[:, None].clamp(min=1), middle)
    used = torch.unique(own, return_inverse=True)[1]
    return used


def _binned(
    light: torch.Tensor, normal: torch.Tensor, kind: torch.Tensor, region: torch.Tensor, facing: torch.Tensor
) -> Samples:
    """Pixels of one albedo that face the same way, together."""
    place = ((normal[:, :2] + 1) / 2 * BINS).long().clamp(0, BINS - 1)
    cell = (kind * BINS + place[:, 1]) * BINS + place[:, 0]
    cells, inverse = cell.unique(return_inverse=True)
    count = torch.bincount(inverse, minlength=len(cells)).float()

    def mean(values: torch.Tensor) -> torch.Tensor:
        total = values.new_zeros(len(cells), values.shape[1]).index_add(0, inverse, values)
        return total / count[:, None]

    # A grazing cell holds few pixels of much surface: count it by its surface, though by no more than it shows.
    weight = count.sqrt() * mean(facing[:, None].clamp(min=0.3).sqrt())[:, 0]
    return Samples(
        mean(light.clamp(min=1e-4).log()).exp(),
        F.normalize(mean(normal), dim=1),
        weight / weight.sum(),
        torch.div(cells, BINS * BINS, rounding_mode="floor"),
        region,
    )
