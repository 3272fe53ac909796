"""What the far side of a head looks like: its hair, or what covers it, and never a second face."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from . import field
from .head import Head
from .layout import Layout

FEW = 0.03
"""Share of a head that must have been seen to be hair before its colour is trusted."""
NAPE = -0.035
"""Height over the ears' middle, in heads' statures, where hair ends at the nape, and the crown's band from which a
head without visible hair (cropped, bald, under a hat) has its colour. By eye."""
CROWN = 0.05
INSET = 3
"""Pixels from the outline inwards that are partly background."""
ALIKE = 0.06
"""Squared distance from the hair's mean colour about a place within which a pixel is hair: no shirt between strands."""
SHORT, STEADY, FADED, PARTING = 2.5, 3.0, 3.0, 0.12
"""Cells of hair that a row must show for its own strands to be used; how many times as many rows are taken together,
so that strands run straight; over how many times its breadth what is seen of them fades; the share of the head's
breadth over which those of the left and of the right go over into each other. By eye."""


def hair_colour(
    layout: Layout,
    head: Head,
    picture: torch.Tensor,
    matte: torch.Tensor,
    seen: torch.Tensor,
    hair: torch.Tensor | None,
) -> torch.Tensor:
    """(3, h, w) hair all over the head: the photo's where it was `seen` (h, w), its strands continued elsewhere. Who
    shows hardly any (cropped, bald, under a hat) has what the crown has."""
    strands = torch.zeros_like(seen) if hair is None else seen * ((hair - 0.5) * 4).clamp(0, 1)
    if float(strands.sum()) < FEW * float(seen.sum()):
        up, _ = head.height(*layout.cells())
        top = float(torch.where(layout.to_grid(seen) > 0.9, up, -1).max())
        strands = seen * layout.to_native((up > min(CROWN, top - 0.02)).float()[None])[0]
    return _regrown(layout, picture, matte, strands)


def _regrown(
    layout: Layout, picture: torch.Tensor, matte: torch.Tensor, strands: torch.Tensor
) -> torch.Tensor:
    """(3, h, w) the photo's hair `strands` (h, w) over all of `matte` (h, w): its colours continued smoothly, and on
    them the hair itself, from the outline inwards and back again, row by row, so that strands run down as they do."""
    share = layout.to_grid(strands)
    known = (share > 0.6).float()
    mean = layout.to_grid(picture * strands) / share.clamp(min=1e-3)
    level = field.box_blur(field.extrapolate(mean, known), 1)
    smooth, level = layout.to_native(field.box_blur(level, 3)), layout.to_native(level)
    inside = matte > 0.9
    alike = ((picture - smooth).square().sum(0) < ALIKE) | (
        field.erode(inside.float(), layout.cell // 2) == 0
    )
    other = inside & ~((strands > 0.6) & alike)
    hair = inside & (field.dilate(other.float(), layout.cell // 2) == 0)
    least = max(2.0, SHORT * layout.cell)
    detail = (picture - level) * ((strands > 0.6) & alike)
    left = _woven(detail, inside, hair, least)
    right = _woven(detail.flip(2), inside.flip(1), hair.flip(1), least).flip(2)
    column = torch.arange(matte.shape[1], device=matte.device).expand_as(matte)
    first, last = _ends(inside)
    middle, wide = (first + last) / 2, (last - first).clamp(min=1)
    side = ((column - middle[:, None]) / (PARTING * wide[:, None]) + 0.5).clamp(0, 1)
    # At the outline the sheet is seen edge-on: what grain it had would be drawn out sideways.
    inner = field.box_blur(field.erode(inside.float(), layout.cell)[None], layout.cell)
    return (smooth + torch.lerp(left, right, side) * inner).clamp(0, 1)


def _ends(inside: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(h,) first and last column of each row's cells; 0 and -1 where it has none."""
    width = inside.shape[1]
    some = inside.any(1)
    first, last = inside.int().argmax(1), width - 1 - inside.flip(1).int().argmax(1)
    return torch.where(some, first, 0).float(), torch.where(some, last, -1).float()


def _woven(detail: torch.Tensor, inside: torch.Tensor, hair: torch.Tensor, least: float) -> torch.Tensor:
    """(3, h, w) what `detail` (3, h, w) shows of hair at the left outline, there and back over the whole row. Rows that
    show less than `least` pixels of it are as those next to them."""
    height, width = inside.shape
    column = torch.arange(width, device=inside.device)
    steady = max(3, int(STEADY * least)) | 1
    first, last = _ends(inside)
    outline, first = first, _steady(first, last >= first, steady)
    bare = inside & ~hair & (column >= outline[:, None] + INSET)
    run = torch.where(bare.any(1), bare.int().argmax(1).float(), last + 1) - first
    good = (run >= least) & (last > first)
    if not bool(good.any()):
        return torch.zeros_like(detail)
    run = _steady(run, good, steady, least=True)
    number = torch.arange(height, device=inside.device)
    above = torch.where(good, number, -1).cummax(0).values
    below = torch.where(good, number, 2 * height).flip(0).cummin(0).values.flip(0)
    nearest = torch.where((number - above <= below - number) & (above >= 0), above, below)
    mirrored = (2 * nearest - number).clamp(0, height - 1)
    row = torch.where(good[mirrored], mirrored, nearest)
    length = run[row].clamp(min=1)[:, None]
    far = (column - first[:, None]).clamp(min=0)
    back = length - (far.remainder(2 * length) - length).abs()
    source = (
        (first[row][:, None] + back).maximum(outline[row][:, None] + INSET).round().long().clamp(0, width - 1)
    )
    flat = (row[:, None] * width + source).flatten()
    return detail.flatten(1)[:, flat].reshape(detail.shape) * torch.exp(-far / (FADED * length))


def _steady(values: torch.Tensor, known: torch.Tensor, size: int, least: bool = False) -> torch.Tensor:
    """(h,) values of the rows that are known, without their grain: twice the mean of `size` rows. With
    `least`, of the least of as many: no row gets more than it has."""
    values = (
        -F.max_pool1d(-torch.where(known, values, torch.inf)[None], size, 1, size // 2)[0]
        if least
        else values
    )
    values = torch.where(known, values, 0)
    for _ in range(2):
        both = torch.stack((values * known, known.float()))[None]
        total, count = F.avg_pool1d(both, size, 1, size // 2)[0]
        values = torch.where(known, total / count.clamp(min=1e-3), values)
    return values


def rear_of_head(
    layout: Layout,
    head: Head,
    colour: torch.Tensor,
    strands: torch.Tensor,
    matte: torch.Tensor,
    hair: torch.Tensor | None,
) -> torch.Tensor:
    """(3, h, w) the far side of the head's layer: hair down to the nape, below it skin as at the outline there; at the
    outline itself the photo's colour, so that front and back meet without a seam."""
    solid, grid = (layout.to_grid(matte) > 0.9).float(), layout.to_grid(colour)
    skin = field.box_blur(field.extrapolate(grid, solid - field.erode(solid, 1)), 3)
    up, _ = head.height(*layout.cells())
    covered = ((up - NAPE) / 0.01 + 0.5).clamp(0, 1)
    if hair is not None:
        covered = torch.maximum(covered, layout.to_grid(hair))
    covered = layout.to_native(field.box_blur(covered[None], 1))
    rim = max(1, layout.cell // 2)
    inwards = field.box_blur(field.erode((matte > 0.9).float(), 2 * rim)[None], 2 * rim)
    return torch.lerp(colour, torch.lerp(layout.to_native(skin), strands, covered), inwards)


def side_of_head(
    colour: torch.Tensor, seen: torch.Tensor, hair: torch.Tensor | None, reach: float
) -> torch.Tensor:
    """(3, h, w) the head's colours, its skin evened up and down over `reach` pixels to both sides: columns that were
    seen edge-on, an ear's, hold its light and dark lines, which are no more than streaks when they are drawn out over
    the side of a head. Hair stays: it has strands."""
    share = torch.zeros_like(seen) if hair is None else ((hair - 0.5) * 4 + 0.5).clamp(0, 1)
    size = 2 * max(1, round(reach)) + 1
    weight = seen * (1 - share)
    both = torch.cat((colour * weight, weight[None]))[None]
    for _ in range(2):
        both = F.avg_pool2d(both, (size, 1), 1, (size // 2, 0))
    mean = both[0, :3] / both[0, 3:].clamp(min=1e-6)
    return torch.where(both[0, 3:] > 1e-3, torch.lerp(mean, colour, share), colour)
