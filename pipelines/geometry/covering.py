"""The colours that the photo does not show: under what covers a layer, and on its far side."""

from __future__ import annotations

import torch

from . import field
from .layout import Layout
from .motion import Bones
from .parts import INDEX

NAPE = 0.3
"""Where hair ends at the nape, between the base of the neck and the crown: at the height of the mouth. By eye."""
CROWN = 0.85
"""Height over the nape from which a head is all hair, or hat, or bald: well above the forehead. By eye."""
ROUGH = 0.12
"""Standard deviation of the colour (sRGB, three channels together) within seven cells, a hand's breadth, above which
cloth counts as patterned; folds stay below half of it. By eye, on the development photos."""
AROUND = 0.1
"""Fraction of stature to all sides over which a pattern must go on; a print on a chest does not. By eye."""
STREAK, HEM = 6, 1e-3
"""Cells up and down over which a plain back is smoothed, and the variance (of a channel in [0, 1]) from which on a step
is kept: about the contrast of a shirt to its wearer's shorts. By eye."""
FEW = 0.05
"""Share of a head that must have been seen to be hair before its colour is trusted."""


def layered_colour(
    layout: Layout, picture: torch.Tensor, matte: torch.Tensor, seen: torch.Tensor
) -> torch.Tensor:
    """(3, h, w) the layer's own colours: the photo where it was seen, continued where it was covered.

    The continuation is the photo mirrored at the nearest seen border, so that weave and grain go on, over a smooth
    fill where the mirror image falls outside the layer.
    """
    # Along the border with another layer the photo's pixels are partly the other's.
    own = ((seen > 0.95) | (matte < 0.05)).float()
    sure = (field.erode(own, max(1, layout.cell // 3)) > 0) & (seen > 0.95) & (matte > 0.95)
    smooth = field.extrapolate(picture, sure.float())
    wanted = torch.nonzero(~sure & (field.dilate(matte, 3) > 0), as_tuple=False)
    if len(wanted) == 0 or not bool(sure.any()):
        return smooth
    offset = layout.to_native(field.nearest(layout.to_grid(sure.float(), 2) > 0.99)) * (layout.cell / 2)
    y, x = wanted.unbind(1)
    my, mx = y + (2 * offset[0, y, x]).round().long(), x + (2 * offset[1, y, x]).round().long()
    height, width = sure.shape
    valid = (my >= 0) & (my < height) & (mx >= 0) & (mx < width)
    my, mx = my.clamp(0, height - 1), mx.clamp(0, width - 1)
    valid &= sure[my, mx]
    # The mirror image's detail alone: what it has over the smooth colours of its neighbourhood.
    level = field.box_blur(layout.to_grid(torch.cat((picture * sure, sure[None].float())), 2), 1)
    level = layout.to_native(level[:3] / level[3].clamp(min=1e-4))
    out = smooth.clone()
    out[:, y, x] = (smooth[:, y, x] + (picture[:, my, mx] - level[:, my, mx]) * valid).clamp(0, 1)
    return out


def behind_head(layout: Layout, frame: Bones, weights: torch.Tensor) -> torch.Tensor:
    """(gh, gw) height over the nape's hairline on the head's cells, 1 at the crown, 0 elsewhere: above the hairline the
    far side is hair on everybody who has any."""
    neck, head = INDEX["neck"], INDEX["head"]
    _, along = layout.capsule(frame.start[neck], frame.end[head], clamp=False)
    height = ((along - NAPE) / (1 - NAPE)).clamp(0, 1)
    return torch.where(weights[neck] + weights[head] > 0.5, height, 0.0)


def rear_colour(
    layout: Layout,
    colour: torch.Tensor,
    matte: torch.Tensor,
    head: torch.Tensor,
    neck: torch.Tensor,
    hair: torch.Tensor | None,
    tall: float,
) -> torch.Tensor:
    """(3, h, w) what the trunk's far side looks like: a plain back in the colours that the sides have at each height.

    So a hem goes round, the back of a printed shirt is plain (an all-over pattern goes on), and the back of a head is
    no second face: where `head` (gh, gw; from `behind_head`) is above 0 it has the colour of the hair, which `hair`
    (gh, gw) tells where it was seen. `neck` (gh, gw) is the share of neck and head in each cell: the collar at the
    back. At the outline itself it is the photo's colour there, so that front and back meet without a seam. tall is the
    stature in pixels.
    """
    solid, grid = (layout.to_grid(matte) > 0.9).float(), layout.to_grid(colour)
    outline = solid - field.erode(solid, 1)
    if not bool((outline > 0).any()):
        return colour
    edge = field.box_blur(field.extrapolate(grid, outline), 2)
    # The outline itself is partly the shade of the arms, or background: look further in.
    ring = field.erode(solid, 1) - field.erode(solid, 4)
    bare = ring * (head == 0) * (1 if hair is None else hair < 0.3)
    body = torch.lerp(
        _across(grid, bare * (neck < 0.5), edge), _across(grid, bare * (neck > 0.5), edge), neck
    )
    strands = torch.zeros_like(solid) if hair is None else solid * (hair > 0.7)
    if float(strands.sum()) < FEW * float((head > 0).sum()):
        strands = (solid - field.erode(solid, 2)) * (
            head > CROWN
        )  # cropped, bald or under a hat: as at the crown
    covered = (head > 0).float() if hair is None else torch.maximum((head > 0).float(), _closed(hair > 0.5))
    covered = field.box_blur(covered[None], 1)
    inwards = field.box_blur(field.erode(solid, 1)[None], 1)
    body = torch.lerp(edge, torch.lerp(body, _continued(grid, strands, edge), covered), inwards)
    pattern = _patterned(layout, colour, solid * (neck < 0.5), tall) * (1 - covered[0])
    return torch.lerp(layout.to_native(body), colour, layout.to_native(pattern[None]))


def _patterned(layout: Layout, colour: torch.Tensor, clothes: torch.Tensor, tall: float) -> torch.Tensor:
    """(gh, gw) 1 where what covers the trunk, `clothes` (gh, gw) 0 or 1, is patterned all round, and not only in one
    print on a plain ground."""
    mean = field.box_blur(layout.to_grid(colour), 3)
    square = field.box_blur(layout.to_grid(colour.square()), 3)
    rough = (square - mean.square()).clamp(min=0).sum(0).sqrt() > ROUGH
    wide = field.box_blur(torch.stack((rough * clothes, clothes)), max(1, int(AROUND * tall / layout.cell)))
    return ((wide[0] / wide[1].clamp(min=1e-3) - 0.65) * 5 + 0.5).clamp(0, 1)


def _across(grid: torch.Tensor, known: torch.Tensor, otherwise: torch.Tensor) -> torch.Tensor:
    """(3, gh, gw) every row from its left known cell to its right one in even steps; rows without any as their
    neighbours are."""
    if not bool((known > 0).any()):
        return otherwise
    column = torch.arange(known.shape[1], device=known.device).expand_as(known)
    left = torch.where(known > 0, column, -1).cummax(1).values
    right = torch.where(known > 0, column, known.shape[1]).flip(1).cummin(1).values.flip(1)
    has = torch.stack((left >= 0, right < known.shape[1]))
    ends = torch.stack((left.clamp(min=0), right.clamp(max=known.shape[1] - 1)))
    values = torch.stack([grid.gather(2, end.expand_as(grid)) for end in ends])
    near = has / (torch.stack((column - left, right - column)).abs() + 1.0)
    total = near.sum(0)
    row = (values * near[:, None]).sum(0) / total.clamp(min=1e-6)
    row = field.extrapolate(row, (total > 0).float())
    # Rows differ by grain and folds, which would be streaks across the back, and by hems, which must stay.
    return torch.cat([field.guided_filter(one, one[None], STREAK, HEM) for one in field.box_blur(row, 1)])


def _closed(hair: torch.Tensor) -> torch.Tensor:
    """(gh, gw) 1 on the hair (bool) and between its strands on either side: behind a face and a neck hair is one."""
    return (hair.cummax(1).values & hair.flip(1).cummax(1).values.flip(1)).float()


def _continued(grid: torch.Tensor, known: torch.Tensor, otherwise: torch.Tensor) -> torch.Tensor:
    """(3, gh, gw) the colours of the cells that are known, continued smoothly over all others."""
    if not bool((known > 0).any()):
        return otherwise
    return field.box_blur(field.extrapolate(grid, known.clamp(min=0)), 3)
