"""A trunk and a leg have no holes: what one alone encloses in the new view belongs to it, too.

Where an arm hung beside a trunk, the trunk's outline in the photo has notches: gaps in which the background showed.
From the front they lie at its side and may be gaps still. Seen from the side, front and far side join there in the
middle of the picture, and a notch would be a hole.
"""

from __future__ import annotations

from dataclasses import fields, replace

import torch
import torch.nn.functional as F

from .field import dilate, erode, extrapolate, nearest
from .parts import INDEX
from .view import View

SIMPLE = {"trunk": 0.03, "left_leg": 0.03, "right_leg": 0.03, "left_arm": 0.006, "right_arm": 0.006}
"""Layers without holes, and half the breadth of what is filled at most as a fraction of stature: a gap beside an arm is
no wider. An arm may enclose a wide one, hand to shoulder; it has a small one where something hid its border. By eye."""
HANDS = (INDEX["left_hand"], INDEX["right_hand"])
"""Parts with gaps of their own, between thumb and finger."""
THIN, FAINT = 0.9, 0.1
"""Alpha from which on a place is solid: soft edges are below it; and from which on there is something of the layer."""
MARGIN = 3
"""Pixels round a hole that are soft or show what is behind it, and go with it."""


def without_holes(view: View, others: list[View], size: tuple[int, int], reach: float) -> View:
    """The view, of a picture of `size`, with what it alone encloses, up to twice `reach` pixels wide, filled with its
    own colours, as a guess; `others` are those that have their own place in it (a head)."""
    if not len(view.index):
        return view
    row, column = view.index // size[1], view.index % size[1]
    top, left = int(row.min()) - MARGIN, int(column.min()) - MARGIN
    shape = int(row.max()) - top + 1 + MARGIN, int(column.max()) - left + 1 + MARGIN
    row, column = row - top, column - left
    alpha, parted = (torch.zeros(shape, device=view.alpha.device) for _ in range(2))
    alpha[row, column], parted[row, column] = view.alpha, view.parted
    walls, theirs = torch.zeros_like(alpha), torch.zeros(shape, dtype=torch.bool, device=alpha.device)
    for other in others:
        there = other.index // size[1] - top, other.index % size[1] - left
        within = (there[0] >= 0) & (there[0] < shape[0]) & (there[1] >= 0) & (there[1] < shape[1])
        theirs[there[0][within], there[1][within]] = True
        within = within & (other.alpha > 0.5)  # a faint strand is no wall
        walls[there[0][within], there[1][within]] = 1.0
    wide = _holes(alpha, walls, reach)
    if not bool(wide.any()):
        return view
    number = torch.full(shape, -1, device=alpha.device)
    number[row, column] = torch.arange(len(row), device=alpha.device)
    wide = wide & ~(theirs & (alpha < 0.5))
    colour = torch.zeros(3, *shape, device=alpha.device)
    colour[:, row, column] = view.colour
    firm = (alpha > 0.95) & ~wide
    colour = extrapolate(colour, firm.float())
    y, x = torch.nonzero(wide, as_tuple=True)
    dy, dx = nearest(firm)[:, y, x].long()
    like = torch.where(
        alpha[y, x] > FAINT, number[y, x], number[y + dy, x + dx]
    )  # what is thin stays in its place
    filled = ~torch.isin(view.part[like], torch.tensor(HANDS, device=like.device))
    y, x, like = y[filled], x[filled], like[filled]
    there = number[y, x]
    kept = torch.ones(len(row), dtype=torch.bool, device=alpha.device)
    kept[there[there >= 0]] = False
    guess = {
        "index": (y + top) * size[1] + x + left,
        "colour": colour[:, y, x].T,
        "alpha": torch.ones_like(view.alpha[like]),
        "parted": torch.where(_holes(parted, walls, reach)[y, x], 1.0, parted[y, x]),
        **{name: torch.zeros_like(view.alpha[like]) for name in ("seen", "bare")},
    }
    order = torch.cat((view.index[kept], guess["index"])).argsort()
    joined = {}
    for name in (field.name for field in fields(view)):
        values = getattr(view, name)
        if isinstance(values, torch.Tensor):
            values = values.T if name == "colour" else values  # pixels first
            values = torch.cat((values[kept], guess.get(name, values[like])))[order]
            joined[name] = values.T if name == "colour" else values
    return replace(view, **joined)


def _holes(alpha: torch.Tensor, walls: torch.Tensor, reach: float) -> torch.Tensor:
    """(h, w) bool: the holes of what is alpha (h, w), with `walls` (h, w) of others, and their margin; none other."""
    solid = torch.maximum(alpha, walls)
    # A thin place is a hole as well, where the layer itself goes all round it.
    hole = _enclosed(solid < 0.5, round(reach)) | _enclosed(alpha < THIN, round(reach))
    return (dilate(hole.float(), MARGIN) > 0) & ~_outer(solid < 0.5)


def _enclosed(open_: torch.Tensor, reach: int) -> torch.Tensor:
    """(h, w) bool: the open pixels from which no way leads out, in holes no wider than twice `reach` pixels."""
    hole = open_ & ~_outer(open_)
    if not bool(hole.any()):
        return hole
    wide = dilate(erode(hole.float(), reach), reach) > 0
    return hole & ~wide


def _outer(open_: torch.Tensor) -> torch.Tensor:
    """(h, w) bool: the open pixels (bool, of a map whose border is open) that hang together with the border, side by
    side: a wall of one pixel keeps a hole apart."""
    open_ = F.pad(open_, (1, 1, 1, 1), value=True)
    reached = F.pad(torch.zeros_like(open_)[1:-1, 1:-1], (1, 1, 1, 1), value=True)
    while True:
        grown = _along_runs(_along_runs(reached, open_).T, open_.T).T
        if bool((grown == reached).all()):
            return reached[1:-1, 1:-1]
        reached = grown


def _along_runs(reached: torch.Tensor, open_: torch.Tensor) -> torch.Tensor:
    """(h, w) bool: all open pixels of every row's runs of them of which one is reached."""
    height, width = open_.shape
    run = (~open_).cumsum(1) + torch.arange(height, device=open_.device)[:, None] * (width + 1)
    any_ = torch.zeros(height * (width + 1), dtype=torch.bool, device=open_.device)
    any_[run[reached & open_]] = True
    return any_[run] & open_
