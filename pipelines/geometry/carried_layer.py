"""The sheet of a bag, and where it hangs among the moved layers of the body."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from . import field
from .carried import BAG, CARRIES, FINE, GAP, THICK, Bag, Carried
from .layer import Layer
from .layout import Layout
from .motion import Bones
from .parts import INDEX, PARTS

if TYPE_CHECKING:
    from .compositing import Slots
    from .motion import Motion
    from .view import View
    from .volume import BodyVolume

LIES = 0.004
"""Fraction of stature by which a bag hangs before or behind what it would else be inside of. Our choice."""


def bag_layer(
    layout: Layout,
    bag: Bag,
    masks: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    colour: torch.Tensor,
    body: Iterable[tuple[torch.Tensor, torch.Tensor]],
    frame: Bones,
    tall: float,
) -> Layer:
    """A bag's layer on its part of the crop: masks its amodal and parted matte and what of it is seen, all (h, w), its
    colour (3, h, w); body of each layer of the person the front z and the share of the cell that it covers, (gh, gw).
    """
    amodal, parted, seen = masks
    part = INDEX[bag.carrier]
    own = layout.to_grid(seen * amodal) > 0.5
    covered = [front[own & (share > 0.5)] for front, share in body]
    covered = torch.cat(covered) if covered else own.new_zeros(0)
    grip = float(frame.start[part][2] + frame.end[part][2]) / 2
    depth = float(covered.median()) if len(covered) else grip
    there = layout.to_grid(parted, FINE) > 0.5
    half = (field.inflate(there) * layout.cell / FINE).clamp(max=THICK * tall)
    middle = depth - (GAP + THICK) * tall
    weights = torch.zeros(len(PARTS), *there.shape, device=there.device)
    weights[part] = 1
    at = np.array([*bag.at, middle if bag.turns else grip])
    return Layer(
        BAG,
        layout,
        amodal,
        parted,
        seen,
        colour,
        colour,
        field.dilate((layout.to_grid((amodal > 0.02).float(), FINE) > 0).float(), 2) > 0,
        layout.to_grid(parted, FINE) > 0.7,
        weights,
        middle - half,
        middle + half,
        fine=FINE,
        cloth=Carried(at, part, bag.turns, bag.held),
    )


def laid_on_body(views: list[View], slots: Slots, volume: BodyVolume, how: Motion) -> list[View]:
    """The views with a bag wholly before trunk and legs, or wholly behind them where what carries it has gone there:
    a flat sheet that hangs from a hand would cut through a thigh, and what lay under it, a guess, gives way to it."""
    names = [layer.name for layer in volume.layers]
    if BAG not in names:
        return views
    b = names.index(BAG)
    bag, out = views[b], list(views)
    sign = 1 if volume.layers[b].cloth.ahead(how, volume.stature) else -1
    stands, lift = bag.standing(volume.stature), torch.zeros_like(bag.depth)
    for name in CARRIES:
        if name in names:
            a = names.index(name)
            other = slots.at(a, bag.index)
            mine = torch.nonzero(other >= 0).squeeze(1)
            inside = stands[mine] - views[a].standing(volume.stature)[other[mine]]
            lift[mine] = lift[mine].maximum(sign * inside + LIES * volume.stature)
    out[b] = replace(bag, ahead=bag.ahead + sign * lift)
    return out
