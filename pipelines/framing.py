"""The frame round a figure: larger where a pose needs room, or of another shape, and never through the figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from .background import Backdrop, BackgroundOptions, lay_grid, residual_energy, restore_background
from .batches import Progress, common_count, each, share
from .geometry.retarget import stature
from .geometry.skeleton import Skeleton

ASPECTS = {"9:16": (9, 16), "4:5": (4, 5), "1:1": (1, 1), "4:3": (4, 3), "16:9": (16, 9)}
"""Width to height, as social media and print want them."""
FRAMES = ("keep", "extend", *ASPECTS)
SIDES = ("left", "top", "right", "bottom")
CUT = 0.02
"""Share of a border that the figure covers from which it is cut there: nothing is known beyond."""
BEYOND = 0.15
"""Fraction of stature: hair over the eyes, a skirt beside the hips; more is a train or a prop."""
EXTENDING = BackgroundOptions(fringe=0, shade_reach=0)
"""For what goes on beyond a picture's sides: nobody stood there."""
STRIP, ALIKE = 0.12, 0.8
"""Share of a side's length of the strip along it that tells how the background goes on, and the correlation from which
on two places show the same pattern. By eye."""
RIM = 0.002
"""Share of a side's length that is not mirrored: cameras and editors leave a line there."""
LARGEST = 4
"""Times its own size to which a picture may grow on a side; what is further out was never meant to be seen."""


class Box(NamedTuple):
    """Pixels; left and top belong to it, right and bottom do not."""

    left: float
    top: float
    right: float
    bottom: float

    def with_(self, other: Box) -> Box:
        """The box round both."""
        return Box(*map(min, self[:2], other[:2]), *map(max, self[2:], other[2:]))


class Canvas(NamedTuple):
    """Whole pixels that are added on each side of a picture; less than 0 are cut off."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    def size(self, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) of a picture of `size` with this canvas."""
        return size[0] + self.top + self.bottom, size[1] + self.left + self.right

    def moved(self, skeleton: Skeleton) -> Skeleton:
        """A body of the picture on the canvas."""
        return replace(skeleton.moved(np.array([self.left, self.top])), canvas=self.size(skeleton.canvas))

    def scaled(self, ratio: tuple[float, float]) -> Canvas:
        """For the same picture at (down, across) times its size."""
        down, across = ratio
        return Canvas(*(round(n * k) for n, k in zip(self, (across, down) * 2, strict=True)))

    def laid(self, picture: torch.Tensor, value: float = 0.0) -> torch.Tensor:
        """(B, C, h, w) the picture on the canvas, `value` where nothing of it is."""
        return F.pad(picture, (self.left, self.right, self.top, self.bottom), value=value)


@dataclass(frozen=True)
class Framing:
    """aspect    width and height as (9, 16), or None for the picture's own
    extend    whether the frame may grow; without it and without an aspect everything stays as it is
    margin    free space around the figure where the frame must grow, as a fraction of the figure's longer side
    multiple  sides are whole multiples of this many pixels
    """

    aspect: tuple[int, int] | None = None
    extend: bool = False
    margin: float = 0.03
    multiple: int = 1

    def __post_init__(self):
        if self.aspect is not None and min(self.aspect) <= 0:
            raise ValueError(f"the aspect is {self.aspect}, expected two positive numbers, as (4, 5)")
        if self.multiple < 1:
            raise ValueError(f"multiple is {self.multiple}, expected at least 1 pixel")

    @classmethod
    def named(cls, name: str) -> Framing:
        """One of FRAMES."""
        if name not in FRAMES:
            raise ValueError(f'the frame is "{name}", expected one of {", ".join(FRAMES)}')
        return cls(ASPECTS.get(name), name != "keep")

    def canvas(self, size: tuple[int, int], figure: Box, cut: Sequence[str] = ()) -> Canvas:
        """How a picture of `size` (height, width) is to be framed for a figure that may lie partly outside.

        cut  the borders at which the photo cuts the figure off: nothing is added there.
        """
        if not self.extend and self.aspect is None:
            return Canvas()
        height, width = size
        spare = self.margin * max(figure.right - figure.left, figure.bottom - figure.top)
        wanted = Box(figure.left - spare, figure.top - spare, figure.right + spare, figure.bottom + spare)
        more = [
            0 if side in cut else LARGEST / 2 * n for side, n in zip(SIDES, (width, height) * 2, strict=True)
        ]
        limits = Box(-more[0], -more[1], width + more[2], height + more[3])
        wanted = Box(*map(max, wanted[:2], limits[:2]), *map(min, wanted[2:], limits[2:]))
        if self.aspect is None:
            across = _grown(wanted.left, wanted.right, width, self.multiple, cut, ("left", "right"))
            down = _grown(wanted.top, wanted.bottom, height, self.multiple, cut, ("top", "bottom"))
        else:
            new = _shape(self.aspect, size, wanted, self.multiple)
            across = _placed(wanted.left, wanted.right, width, new[1], limits.left, limits.right)
            down = _placed(wanted.top, wanted.bottom, height, new[0], limits.top, limits.bottom)
        return Canvas(across[0], down[0], across[1], down[1])


def _grown(low: float, high: float, length: int, multiple: int, cut, sides) -> tuple[int, int]:
    """Pixels before and after a side of `length` so that it holds low..high and is a whole multiple."""
    before, after = max(0, int(np.ceil(-low))), max(0, int(np.ceil(high - length)))
    if before + after == 0:
        return 0, 0
    more = -(length + before + after) % multiple
    return (before + more, after) if sides[1] in cut or (before and not after) else (before, after + more)


def _shape(aspect: tuple[int, int], size: tuple[int, int], wanted: Box, multiple: int) -> tuple[int, int]:
    """(height, width): of the aspect, as large as the picture can be cut to, or as the figure needs."""
    across, down = aspect
    height, width = size
    unit = max(
        min(height / down, width / across),
        (wanted.bottom - wanted.top) / down,
        (wanted.right - wanted.left) / across,
    )
    exact = down * unit, across * unit
    # Up for what the figure needs, and to the next multiple.
    return tuple(multiple * max(1, int(np.ceil(n / multiple - 1e-6))) for n in exact)


def _placed(low: float, high: float, length: int, new: int, least: float, most: float) -> tuple[int, int]:
    """Pixels before and after, for a side that becomes `new`: the figure (low..high) inside and, as far as that
    allows, as much of the picture as there is, with the figure's share of free space before it as it was."""
    free = max(low, 0) + max(length - high, 0)
    share = max(low, 0) / free if free > 0 else 0.5
    start = low - share * (new - (high - low))
    if new <= length:
        start = np.clip(start, 0, length - new)
    else:
        start = np.clip(start, length - new, 0)
    start = np.clip(start, max(high - new, least), min(low, most - new) if most - new >= least else low)
    start = int(round(start))
    return -start, new - length + start


def figure_box(matte: torch.Tensor) -> Box | None:
    """The box round a (1, 1, H, W) figure; None where there is none."""
    rows, columns = ((matte[0, 0] > 0.5).any(axis).nonzero().flatten() for axis in (1, 0))
    if not len(rows):
        return None
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def cut_sides(matte: torch.Tensor) -> tuple[str, ...]:
    """The borders at which the picture cuts a (1, 1, H, W) figure off."""
    solid = matte[0, 0] > 0.5
    lines = {"left": solid[:, 0], "top": solid[0], "right": solid[:, -1], "bottom": solid[-1]}
    return tuple(side for side, line in lines.items() if float(line.float().mean()) > CUT)


def posed_box(matte: torch.Tensor, source: Skeleton, target: Skeleton) -> Box:
    """The box that a photographed person will need in the target: the joints', and beyond them what the photo shows of
    hair, clothes and shoes beyond the source's (at most `BEYOND`)."""
    now, before, seen = _joints(target), _joints(source), figure_box(matte)
    if seen is None:
        return now
    most = BEYOND * stature(source)
    left, top, right, bottom = (
        float(np.clip(beyond, 0, most))
        for beyond in (
            before.left - seen.left,
            before.top - seen.top,
            seen.right - before.right,
            seen.bottom - before.bottom,
        )
    )
    aside = max(left, right)
    return Box(now.left - aside, now.top - top, now.right + aside, now.bottom + bottom)


def _joints(skeleton: Skeleton) -> Box:
    points = skeleton.forward().positions[skeleton.confidence[:, 0] > 0, :2]
    return Box(*points.min(0).tolist(), *(points.max(0) + 1).tolist())


def extended(
    room: torch.Tensor, canvas: Canvas, progress: Progress = None, figure: torch.Tensor | None = None
) -> torch.Tensor:
    """(1, 3, h, w) a picture on its canvas, its background going on where the canvas is larger: a smooth one as it is
    at the rim, a pattern in step, and any other scene as its mirror image, for nobody can say what stood there. The
    picture's rim there, often darker than the rest, is made anew too (BackgroundOptions.margin, RIM).

    figure (1, 1, H, W): what the new background is not to be made from.
    """
    if max(canvas) <= 0:
        return canvas.laid(room)
    added = canvas.laid(torch.zeros_like(room[:, :1]), 1.0)
    laid = canvas.laid(room)
    hole = added if figure is None else torch.maximum(added, canvas.laid(figure))
    if _goes_on(room, figure, canvas):
        made = restore_background(laid, hole, progress, EXTENDING)
    else:
        empty = room if figure is None else restore_background(room, figure, progress)
        made = _mirrored(empty, canvas)
    if figure is None:
        return made
    # The figure stays: only what is beside the old picture, and the rim that was joined to it, is new.
    kept = canvas.laid(figure) > 0.02
    return torch.where((added > 0) | ~F.max_pool2d(kept.float(), 9, 1, 4).bool(), made, laid)


def _goes_on(room: torch.Tensor, figure: torch.Tensor | None, canvas: Canvas) -> bool:
    """Whether what lies along the sides that grow is smooth, or a pattern that repeats."""
    matte = torch.zeros_like(room[:, :1]) if figure is None else figure
    strips = []
    for axis, pads in ((3, (canvas.left, canvas.right)), (2, (canvas.top, canvas.bottom))):
        length = room.shape[axis]
        wide = max(2, round(STRIP * length))
        for pad, start in zip(pads, (0, length - wide), strict=True):
            if pad > 0:
                strips.append((axis, start, wide))
    low = lay_grid(room[0].cpu(), matte[0, 0].cpu(), EXTENDING)
    if all(_plain(low, *strip) for strip in strips):
        return True
    return all(_repeats(low.low, low.side, *strip) for strip in strips)


def _plain(grid: Backdrop, axis: int, start: int, wide: int) -> bool:
    """Whether a strip of so many pixels from `start` on along an axis (3 across, 2 down) is smooth."""
    first, last = start // grid.side, -(-(start + wide) // grid.side)
    there = torch.zeros_like(grid.hole)
    there.narrow(axis - 2, first, min(last, there.shape[axis - 2]) - first).fill_(True)
    return residual_energy(replace(grid, hole=~there & grid.whole)) < EXTENDING.smooth_below


def _repeats(low: torch.Tensor, side: int, axis: int, start: int, wide: int) -> bool:
    """Whether a strip is found again, shifted along the axis, in the rest of (3, h, w) mean colours of cells."""
    lines = low.movedim(axis - 1, 0)
    first, count = start // side, max(2, wide // side)
    first = min(first, len(lines) - count)
    strip = lines[first : first + count] - lines.mean(0)
    for other in range(0, len(lines) - count + 1):
        if abs(other - first) < count // 2:
            continue
        there = lines[other : other + count] - lines.mean(0)
        both = (strip * there).sum() / (strip.square().sum() * there.square().sum()).clamp(min=1e-12).sqrt()
        if float(both) > ALIKE:
            return True
    return False


def _mirrored(room: torch.Tensor, canvas: Canvas) -> torch.Tensor:
    """(1, 3, h, w) the picture on its canvas, its mirror image beyond each side, and the picture again beyond that."""
    for axis, (before, after) in ((3, (canvas.left, canvas.right)), (2, (canvas.top, canvas.bottom))):
        length = room.shape[axis]
        rim = max(1, round(RIM * length))
        low, high = (rim if pad > 0 else 0 for pad in (before, after))
        place = torch.arange(-before, length + after, device=room.device) - low
        inner = length - low - high
        place = place.remainder(2 * inner)
        place = torch.where(place < inner, place, 2 * inner - 1 - place) + low
        room = room.index_select(axis, place)
    return room


class Reframed(NamedTuple):
    """pictures (B, 3, h, w); figures, added (B, 1, h, w) their masks and what is new; where the old pictures lie."""

    pictures: torch.Tensor
    figures: torch.Tensor
    added: torch.Tensor
    canvas: Canvas


def reframed(
    pictures: torch.Tensor, masks: torch.Tensor, framing: Framing, progress: Progress = None
) -> Reframed:
    """Pictures (B or 1, 3, H, W) in another frame, the same for all, in which no figure of (B or 1, 1, H, W) `masks` is
    cut. ValueError where a mask is empty, or where sizes or counts do not fit together."""
    count = common_count(pictures=len(pictures), masks=len(masks))
    if masks.shape[-2:] != pictures.shape[-2:]:
        (height, width), (high, wide) = pictures.shape[-2:], masks.shape[-2:]
        raise ValueError(
            f"the picture has {width} x {height} pixels, the mask {wide} x {high}: make it from this picture"
        )
    boxes = [figure_box(mask) for mask in masks.split(1)]
    if None in boxes:
        raise ValueError(
            f"mask {boxes.index(None) + 1} of {len(boxes)} is empty: connect the figure that is to stay whole"
        )
    cut = {side for mask in masks.split(1) for side in cut_sides(mask)}
    canvas = framing.canvas(tuple(pictures.shape[-2:]), reduce(Box.with_, boxes), tuple(cut))
    photos, figures = each(pictures.split(1), count, "pictures"), each(masks.split(1), count, "masks")
    made = [extended(photos[i], canvas, share(progress, i, count), figures[i]) for i in range(count)]
    laid = canvas.laid(torch.cat(list(figures)))
    return Reframed(
        torch.cat(made), laid, canvas.laid(torch.zeros_like(masks[:1]), 1.0).expand_as(laid), canvas
    )
