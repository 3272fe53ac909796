"""Where two layers still lie against each other as the photo has them: there its own pixels show, shade and all."""

from __future__ import annotations

import torch

from . import field
from .trust import BESIDE

LEFT = 0.01
"""Fraction of stature (18 mm on 1.75 m) by which a neighbour must have moved to have left. By eye."""


def displaced(
    source: torch.Tensor, index: torch.Tensor, seen: torch.Tensor, size: tuple[int, int], cell: int
) -> torch.Tensor:
    """(3, ch, cw) sums over cells of `cell` pixels of a layer in the target picture: how far (x, y) its pixels lie from
    where the photo had them, times `seen`, and `seen`.

    source (n, 2) where its pixels come from, index (n,) where they are in the flattened target of `size`.
    """
    height, width = -(-size[0] // cell), -(-size[1] // cell)
    where = index // size[1] // cell * width + index % size[1] // cell
    out = torch.zeros(3, height * width, device=source.device)
    out.index_add_(
        1, where, torch.cat((_shift(source, index, size[1]), source.new_ones(1, len(source)))) * seen
    )
    return out.reshape(3, height, width)


def _shift(source: torch.Tensor, index: torch.Tensor, width: int) -> torch.Tensor:
    """(2, n) from where pixels come from to where they are."""
    return torch.stack((index % width, index // width)) - source.T


def unparted(
    source: torch.Tensor,
    index: torch.Tensor,
    neighbours: torch.Tensor,
    size: tuple[int, int],
    cell: int,
    stature: float,
) -> torch.Tensor:
    """(n,) in [0, 1]: 1 where the neighbours beside a layer's pixel have moved just as it has, 0 where they have left.

    neighbours (3, ch, cw) the sum of what `displaced` says of each.
    """
    reach = max(1, round(1.2 * BESIDE * stature / cell))
    # A square of weights that falls off, so that what is nearest counts most.
    around = field.box_blur(field.box_blur(neighbours, reach), 1) + 100 * field.box_blur(neighbours, 1)
    here = around[:, index // size[1] // cell, index % size[1] // cell]
    apart = (here[:2] / here[2].clamp(min=1e-9) - _shift(source, index, size[1])).square().sum(0).sqrt()
    limit = max(LEFT * stature, 2.0)
    return ((limit - apart) / (limit - 1)).clamp(0, 1) * (here[2] > 1e-6)
