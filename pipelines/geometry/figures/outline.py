"""The outline that a figure is drawn with, and the ends of its layers closed with the same line."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from ..field import dilate, erode, extrapolate

DARKER = 0.12
"""Luma by which an outline must be darker than what it encloses. Our choice: coloured pencil on white is 0.2."""
BROADEST = 0.05
"""Share of a figure's longer side beyond which a dark border is no line."""
FAR = 1e6
LUMA = (0.299, 0.587, 0.114)  # Rec. 601


@dataclass(frozen=True, eq=False)
class Line:
    """colour (3,) sRGB; width in pixels; `level`, the luma half way from the line to what it encloses."""

    colour: torch.Tensor
    width: float
    level: float

    def inked(self, colour: torch.Tensor) -> torch.Tensor:
        """(h, w) bool: pixels of (3, h, w) that are as dark as the line."""
        return _luma(colour) < self.level


def _luma(colour: torch.Tensor) -> torch.Tensor:
    return (colour * colour.new_tensor(LUMA)[:, None, None]).sum(0)


def outline_of(colour: torch.Tensor, depth: torch.Tensor) -> Line | None:
    """The line along the border of a shape, or None where it has none.

    colour (3, h, w); depth (h, w) pixels to the outside, 0 there. The profile of the median luma from the border
    inwards falls into the line and rises again: the line is as wide as the dip at half its height.
    """
    luma = _luma(colour)
    inside = depth > 0
    rows, columns = torch.nonzero(inside.any(1)), torch.nonzero(inside.any(0))
    size = float(max(rows[-1] - rows[0], columns[-1] - columns[0])) + 1
    broadest = max(4, round(BROADEST * size))
    bands = [inside & (depth > d) & (depth <= d + 1) for d in range(3 * broadest)]
    levels = [float(luma[band].median()) for band in bands if int(band.sum()) > 20]
    if len(levels) < broadest + 2:
        return None
    darkest = min(range(broadest), key=lambda d: levels[d])
    inner = sorted(levels[broadest:])[len(levels[broadest:]) // 2]
    if inner - levels[darkest] < DARKER:
        return None
    half = (inner + levels[darkest]) / 2
    last = next((d for d in range(darkest, len(levels)) if levels[d] > half), len(levels))
    if last > broadest:
        return None
    ink = inside & (depth <= last + 1) & (luma < half)
    if int(ink.sum()) < 20:
        return None
    first = next(d for d in range(darkest + 1) if levels[d] <= half)
    return Line(colour[:, ink].median(1).values, float(max(last - first, 1)), half)


def within(shape: torch.Tensor, limit: int) -> torch.Tensor:
    """(h, w) pixels from each pixel of a shape to the nearest outside it, `limit` at the most; exact, by shifting."""
    away = torch.where(shape, float(limit), 0.0)
    for axis in (0, 1):
        square = away.square()
        padded = F.pad(
            square, (limit, limit, 0, 0) if axis else (0, 0, limit, limit), value=float(limit) ** 2
        )
        best = square
        for shift in range(1, limit + 1):
            for start in (limit - shift, limit + shift):
                moved = padded.narrow(axis, start, shape.shape[axis])
                best = torch.minimum(best, moved + shift**2)
        away = best.sqrt()
    return away


def mended(
    colour: torch.Tensor, alpha: torch.Tensor, deep: torch.Tensor, width: int, least: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Colour, matte and depth with cracks filled that are up to 2 `width` pixels broad and run between what lay
    together inside the drawn shape (deeper than `least` pixels); gaps between what was drawn apart stay open."""
    solid = alpha.clamp(0, 1)
    crack = (erode(dilate(solid, width), width) - solid).clamp(min=0)
    known = (solid > 0.99).float()
    fill = extrapolate(torch.cat((colour, deep[None])), known)
    # The shallowest of what is near: at a gap between things drawn apart that is their own border.
    near = -dilate(-torch.where(solid > 0.5, deep, FAR), width + 1)
    crack = crack * (near > least) * (near < FAR)
    share = (crack / (alpha + crack).clamp(min=1e-4)).clamp(0, 1)
    mixed = torch.lerp(torch.cat((colour, deep[None])), fill, share)
    return mixed[:3], (alpha + crack).clamp(max=1), mixed[3]


def closed(colour: torch.Tensor, alpha: torch.Tensor, deep: torch.Tensor, line: Line) -> torch.Tensor:
    """(3, h, w) the moved figure, with the line along its border wherever that was not its border when it was drawn.

    alpha (h, w) its matte; deep (h, w) how deep in the drawn shape what is seen at a pixel lay, in pixels.
    """
    limit = int(line.width) + 3
    away = within(alpha > 0.5, limit)
    stroke = (line.width + 0.5 - away).clamp(0, 1) * (alpha > 0)
    opened = ((deep - 1.5 * line.width - 1.5) / 2).clamp(0, 1)
    share = stroke * opened
    return torch.lerp(colour, line.colour[:, None, None].expand_as(colour), share)
