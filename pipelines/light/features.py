"""The numbers by which a photo's light is estimated: how brightness and hue change with the way surfaces face.

Everything is relative to each albedo's own mean, so that dark and light skin and clothes say the same.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from ..geometry.colour import linear, luminance
from ..geometry.garments import NUMBER, SKIN
from ..geometry.harmonics import sh_basis
from .fit import directions, fit
from .samples import Samples
from .surface import Surface

GROUPS = (
    tuple(range(len(NUMBER))),
    tuple(NUMBER[name] for name in SKIN),
    tuple(NUMBER[name] for name in ("upper", "outer", "lower", "dress")),
    (NUMBER["face"],),
)
"""Regions that are fitted together: a face is the best lamp meter, wide clothes the worst."""
HELD = 0.02
"""How strongly slopes are held to nothing, as a share of the cells."""
OUTLIER = 0.3
"""Logarithm of brightness from which a cell counts less."""
SHARPNESS = 0.02
"""Share of the least loss within which a key's direction counts as as good."""
FEWEST = 12
"""Cells under which a group says nothing."""
_KEYS = directions(160)
_ODD = (1, 1, -1, -1, 1, 1, -1, 1, 1, 1, -1, 1, 1, 1, 1)
MIRRORED = torch.tensor((*_ODD * len(GROUPS), *(1, 1, -1) * 2, *(1,) * 13), dtype=torch.float32)
"""(79,) what the features of a mirrored picture are over those of the picture: slopes along x and the key's x turn."""


def features(seen: Samples, picture: torch.Tensor, surface: Surface) -> torch.Tensor:
    """(n,) of the samples, with calibrated normals, and of the whole picture (1, 3, H, W) sRGB."""
    parts = [_group(seen, torch.isin(seen.region, torch.tensor(group))) for group in GROUPS]
    return torch.cat((*parts, _hue_slopes(seen), _colours(seen, picture, surface)))


def _group(seen: Samples, member: torch.Tensor) -> torch.Tensor:
    """(15,) of the albedos that are members (kinds,)."""
    here = member[seen.kind]
    if int(here.sum()) < FEWEST:
        return torch.zeros(15)
    kinds, kind = seen.kind[here].unique(return_inverse=True)
    part = Samples(
        seen.light[here],
        seen.normal[here],
        seen.weight[here] / seen.weight[here].sum(),
        kind,
        seen.region[kinds],
    )
    slopes, spread, explained = _slopes(part, part.bright.log())
    best = fit(part, _KEYS)
    share = torch.softmax(-(best.loss - best.loss.min()) / (SHARPNESS * best.loss.min() + 1e-5), 0)
    direction, leads = share @ best.direction, int(best.loss.argmin())
    around = float(best.soft[leads, 0] + best.soft[leads, 1:] @ best.direction[leads])
    level = best.level[leads] / (best.level[leads] + max(around, 0.02))
    gain = best.loss[leads] / max(best.without, 1e-6)
    return torch.cat((slopes, torch.stack((spread, explained)), direction, torch.stack((level, gain))))


def _slopes(part: Samples, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(8,) slopes of values (n,) along the first and second bands of the harmonics, robust, each albedo with a level of
    its own; what deviation they have, and what share of it the slopes explain."""
    basis = sh_basis(part.normal)[:, 1:]
    member = F.one_hot(part.kind, len(part.region)).float()
    trust = torch.ones_like(values)
    for _ in range(5):
        weight = part.weight * trust
        weight = weight / weight.sum()
        sums = (member * weight[:, None]).sum(0).clamp(min=1e-9)

        def own(x: torch.Tensor, weight=weight, sums=sums) -> torch.Tensor:
            return x - member @ ((member * weight[:, None]).T @ x / (sums if x.ndim == 1 else sums[:, None]))

        x, y = own(basis), own(values)
        matrix = x.T @ (weight[:, None] * x) + HELD * torch.eye(8)
        slopes = torch.linalg.solve(matrix, x.T @ (weight * y))
        left = y - x @ slopes
        trust = (OUTLIER / left.abs().clamp(min=1e-6)).clamp(max=1)
    total = (weight * y.square()).sum()
    explained = 1 - (weight * left.square()).sum() / total.clamp(min=1e-6)
    return slopes, total.sqrt(), explained


def _hue_slopes(seen: Samples) -> torch.Tensor:
    """(6,) slopes of the logarithms of red and blue over green along the normal: the key's colour beside the rest's."""
    light = seen.light.clamp(min=1e-4).log()
    return torch.cat([_slopes(seen, light[:, c] - light[:, 1])[0][:3] for c in (0, 2)])


def _colours(seen: Samples, picture: torch.Tensor, surface: Surface) -> torch.Tensor:
    """(13,) logarithms of red and blue over green: of the skin, of the whole picture and its brightest tenth, of what
    lies above, beside and below the person; and whether skin is seen."""
    small = linear(F.interpolate(picture, (64, 64), mode="area")[0])
    person = F.interpolate(surface.spread(surface.cover[None]), (64, 64), mode="area")[0, 0]
    free = person < 0.1
    bright = luminance(small)
    top = bright >= bright.flatten().kthvalue(int(0.9 * bright.numel())).values
    rows = torch.arange(64)[:, None].expand(64, 64)
    skin = torch.isin(seen.region, torch.tensor(GROUPS[1]))[seen.kind]
    found = [_hue(seen.light[skin].T, seen.weight[skin])]
    for where in (
        torch.ones_like(free),
        top,
        free & (rows < 21),
        free & (rows >= 21) & (rows < 43),
        free & (rows >= 43),
    ):
        found.append(_hue(small[:, where], torch.ones(int(where.sum()))))
    return torch.cat((*found, skin.any().float()[None]))


def _hue(light: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """(2,) of the weighted mean of (3, n); 0 where there is nothing."""
    if float(weight.sum()) <= 0:
        return torch.zeros(2)
    mean = ((light * weight).sum(1) / weight.sum()).clamp(min=1e-4).log()
    return torch.stack((mean[0] - mean[1], mean[2] - mean[1])).clamp(-3, 3)
