"""How wide a limb is, on each side of its bone, where it lies before the body and the person's outline does not tell.

Along the bone the picture is straightened into a strip, and the strongest line near to where the limb should end is
followed through it: the cheapest path (Amini, Weymouth and Jain, "Using dynamic programming for solving variational
problems in vision", IEEE PAMI 1990).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from . import field
from .layout import Layout

PLACES, STEPS, FIRST, LAST = 48, 56, 0.35, 2.0
"""Places along a bone; half-breadths tried at each, from FIRST to LAST radii."""
LIKE, DRAWN, STEEP = 0.4, 1.0, 0.12
"""How far (as a share) from the breadth that is expected a line still counts half; what straying so far costs, beside a
clear line's worth of 1; and what a step between neighbouring places costs. By eye, on the development photos."""
CLEAR = 0.10
"""Difference of the colours (sRGB, three channels together) on either side of a clear line: a dark fold between sleeve
and shirt of one cloth. By eye."""
ROUND = 1.6
"""Radii within which the person's own outline is the limb's."""


@dataclass(frozen=True, eq=False)
class Outline:
    """A limb's half-breadths on both sides of its axis: width (2, PLACES) pixels on the side of positive and of
    negative lateral distance, clear (2, PLACES) in [0, 1] how surely there is a line."""

    width: torch.Tensor
    clear: torch.Tensor

    def at(self, lateral: torch.Tensor, along: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Half-breadth and clearness at signed distances from the axis and fractions along it, of any one shape."""
        place = (along * PLACES - 0.5).clamp(0, PLACES - 1)
        low = place.floor().long().clamp(max=PLACES - 2)
        share, side = place - low, (lateral < 0).long()
        return tuple(
            torch.lerp(values[side, low], values[side, low + 1], share) for values in (self.width, self.clear)
        )


def limb_outline(
    layout: Layout,
    picture: torch.Tensor,
    matte: torch.Tensor,
    start: np.ndarray,
    end: np.ndarray,
    radius: float,
) -> Outline:
    """Of the bone from start to end (2,) in the photo's pixels, about `radius` pixels thick to either side.

    picture (3, h, w) and matte (h, w) on the crop.
    """
    device = picture.device
    axis = torch.as_tensor(np.stack((start, end)), dtype=torch.float32, device=device)
    bone = axis[1] - axis[0]
    side = torch.stack((-bone[1], bone[0])) / bone.norm().clamp(min=1e-6)
    reach = torch.linspace(FIRST, LAST, STEPS, device=device) * radius
    along = (torch.arange(PLACES, device=device) + 0.5) / PLACES
    signs = torch.tensor([1.0, -1.0], device=device)
    foot = axis[0] + along[:, None] * bone - axis.new_tensor(layout.corner)
    gap = max(1.0, 0.06 * radius)  # a line is looked at this far to either side of it

    def profile(values: torch.Tensor, away: float) -> torch.Tensor:
        """(C, 2, PLACES, STEPS)"""
        lateral = signs[:, None, None] * (reach + away)
        return field.sample(values, foot[None, :, None] + lateral[..., None] * side)

    smooth = field.box_blur(picture, max(1, round(0.04 * radius)))
    contrast = (profile(smooth, gap) - profile(smooth, -gap)).square().sum(0).sqrt()
    contrast = field.box_blur(contrast.transpose(1, 2), 1).transpose(1, 2)  # lines run along the bone
    line = (contrast / CLEAR).clamp(max=1.5)
    outside = profile(matte[None], 0.0)[0] < 0.5
    edge = torch.where(outside.any(2), reach[outside.int().argmax(2)], torch.inf)
    expected = _expected(edge, radius)
    cost = -line + DRAWN * ((reach / expected[..., None] - 1) / LIKE).square()
    cost = torch.where(reach > edge[..., None] + gap, cost + 3, cost)  # nobody is there
    path = _cheapest(cost)
    clear = line.gather(2, path[..., None])[..., 0].clamp(max=1)
    return Outline(reach[path], field.box_blur(clear[:, None], 2)[:, 0])


def _expected(edge: torch.Tensor, radius: float) -> torch.Tensor:
    """(2, PLACES) the breadth that is expected: to the person's outline where that is near, else as on the other side
    where it is near there, else the radius."""
    near = edge < ROUND * radius
    other = torch.where(near, edge, radius).flip(0)
    return torch.where(near, edge, other).clamp(min=0.6 * radius)


def _cheapest(cost: torch.Tensor) -> torch.Tensor:
    """(2, PLACES) int64 the step at every place of the path along which costs (2, PLACES, STEPS) and steps between
    neighbours add up to least."""
    step = torch.arange(cost.shape[2], device=cost.device)
    turn = STEEP * (step[:, None] - step).abs().clamp(max=12)
    total, came = cost[:, 0], []
    for place in range(1, cost.shape[1]):
        best, origin = (total[:, None] + turn).min(2)
        total = best + cost[:, place]
        came.append(origin)
    at = [total.argmin(1)]
    for origin in reversed(came):
        at.append(origin.gather(1, at[-1][:, None])[:, 0])
    return torch.stack(at[::-1], 1)
