"""Hems and patterns of clothes, and how both go on where the photo does not show them.

A hem is a step between rows of the smooth colours; it lies level, sharp and with its seam. A pattern is copied and not
smoothed: what is smooth of it is its mean.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from . import field
from .garments import NUMBER, SKIN
from .layout import Layout

LEVEL = 0.002
"""Stiffness across a hem over that along a row where colours are continued: clothes hang, and their hems lie level.
Between hems it is 1: a limb's shading goes down the limb."""
STEP = 0.05
"""Step of a channel from one row of smooth colours to the next that is a hem: folds and shading stay below it, a step
of 0.2 between two clothes is spread by the smoothing to steps of 0.07. By eye."""
ASIDE = 4
"""Cells above and below what is to be filled where no hem is looked for: as far as an arm's shade reaches. By eye."""
ACROSS = 14
"""Cells above and below a hem over which the colours must differ: more than a line of letters is high. By eye."""
SLANT, THROUGH = 3, (0.45, 0.65)
"""Cells up and down by which a hem may leave its row, and from which share of what is known of the row on it is one: a
print covers half of a chest. By eye."""
SEAM = 2
"""Cells above and below a hem that tell what ends there and what begins. By eye."""
FEW = (0.2, 0.35)
"""Share of the cells that a row usually shows up to which its step tells of no hem, and from which on it does: the end
of a fold beside an arm, where hardly any of a row is known, is none. By eye."""
WITHIN = 0.5
"""What a step counts inside one garment: blocks of colours differ more than a shade does. By eye."""
COLUMNS = 5
"""Cells to either side over which a hem is the same. By eye."""
ROUGH = 0.12
"""Standard deviation of the colour (sRGB, three channels together) within seven cells, a hand's breadth, above which
cloth counts as patterned; folds stay below half of it. By eye, on the development photos."""
BOLD = 0.22
"""The same within three cells, above which smooth colours with grain are no substitute for the pattern: a print is at
0.3 and more, mottled cloth and washed denim, in dappled light too, below 0.2. By eye, on the development photos."""
AROUND = 0.1
"""Fraction of stature to all sides over which a pattern must go on; a print on a chest does not. By eye."""
ANY = 0.4
"""Share of the clothes around that must be patterned for a rough cell to be of a pattern: at a pattern's border half of
them are, round a hem of plain clothes a fifth. By eye."""
MOTIF = 3
"""Cells, half the breadth of what is plain inside a pattern. By eye."""
PERIOD = 0.05
"""Fraction of stature to all sides over which a pattern is averaged: more than its motifs are apart. By eye."""
ISLAND = 0.1
"""Share of a garment's largest piece on a layer below which another piece is an error of the map. By eye."""


def between_hems(
    low: torch.Tensor, known: torch.Tensor, hole: torch.Tensor, clothes: torch.Tensor | None = None
) -> torch.Tensor:
    """(gh, gw) stiffness of each cell to the one below it: LEVEL across a hem, which goes on level from where it is
    known, 1 where there is none.

    low (3, gh, gw) smooth colours; known and hole (gh, gw) bool, the cells that tell and those that are to be filled;
    clothes (gh, gw) the number of what is worn in each cell, where that is known: inside one garment a step is rather
    the shade under a bust.
    """
    # Just above and below what lay across it a step is its shade's.
    known = known & (F.max_pool2d(hole[None].float(), (2 * ASIDE + 1, 1), 1, (ASIDE, 0))[0] == 0)
    both = F.pad(known[1:] & known[:-1], (0, 0, 0, 1)).float()
    strong, sure = _steps(low, both)
    # Beyond a hem something else begins; beyond a button, a stripe or a shadow is what was before it, be it on the
    # other side of what lies across.
    over, _ = _steps(*_spanned(low, known))
    change = F.avg_pool2d(over, (2 * ACROSS + 1, 1), 1, (ACROSS, 0)).abs().amax(0) * (2 * ACROSS + 1)
    strong = strong.abs().amax(0) * ((change - STEP) / STEP).clamp(0, 1)
    strong = strong * _runs_through(strong > STEP / 2, both)
    if clothes is not None:
        strong = strong * torch.where(_between_garments(clothes, known), 1.0, WITHIN)
    away, has = _nearest_on_row((both > 0) & (sure >= 0.4))  # one cell alone may be another's
    column = torch.arange(low.shape[2], device=low.device) + away
    strong = torch.where(has, strong.gather(1, column), 0.0)
    return LEVEL + (1 - LEVEL) * torch.exp(-((strong / STEP) ** 4))


def _between_garments(clothes: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """(gh, 1) bool: the rows near which, in known cells (gh, gw) bool, one garment ends above another."""
    two = (clothes[1:] != clothes[:-1]) & known[1:] & known[:-1]
    rows = F.pad(two, (0, 0, 0, 1)).any(1, keepdim=True).float()
    return F.max_pool2d(rows[None], (2 * ASIDE + 1, 1), 1, (ASIDE, 0))[0] > 0


def _steps(low: torch.Tensor, both: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(3, gh, gw) steps from each row to the next, over some columns, where grain cancels out and a hem does not; and
    the share of these columns that is known, `both` (gh, gw)."""
    step = (F.pad(low[:, 1:] - low[:, :-1], (0, 0, 0, 1)) * both).clamp(-2 * STEP, 2 * STEP)
    mean = F.avg_pool2d(torch.cat((step, both[None])), (1, 2 * COLUMNS + 1), 1, (0, COLUMNS))
    return mean[:-1] / mean[-1].clamp(min=1e-6), mean[-1]


def _spanned(low: torch.Tensor, known: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """low (3, gh, gw) with each column's unknown cells between known ones (gh, gw bool) evenly from one to the other;
    (gh, gw) 1 where both a cell and the one below it are known or between such."""
    height = known.shape[0]
    row = torch.arange(height, device=known.device)[:, None].expand_as(known)
    above = torch.where(known, row, -1).cummax(0).values
    below = torch.where(known, row, height).flip(0).cummin(0).values.flip(0)
    within = (above >= 0) & (below < height)
    share = (row - above) / (below - above).clamp(min=1)
    ends = (low.gather(1, at.clamp(0, height - 1).expand_as(low)) for at in (above, below))
    return torch.lerp(*ends, share), F.pad(within[1:] & within[:-1], (0, 0, 0, 1)).float()


def _runs_through(step: torch.Tensor, both: torch.Tensor) -> torch.Tensor:
    """(gh, 1) 1 on rows where a step, bool (gh, gw), goes on over most of what is known, `both` (gh, gw), as a
    garment's border does and the edge of a print does not."""
    near = F.max_pool2d((step * both)[None], (2 * SLANT + 1, 1), 1, (SLANT, 0))[0]
    count = both.sum(1, keepdim=True)
    share = near.sum(1, keepdim=True) / count.clamp(min=1)
    usual = count[count > 0].median() if bool((count > 0).any()) else count.new_tensor(1.0)
    enough = ((count / usual - FEW[0]) / (FEW[1] - FEW[0])).clamp(0, 1)
    return ((share - THROUGH[0]) / (THROUGH[1] - THROUGH[0])).clamp(0, 1) * enough


def hem_shifts(along: torch.Tensor, known: torch.Tensor, worn: torch.Tensor | None = None) -> torch.Tensor:
    """(gh, gw) int64 cells to the right from which a hem's detail is taken: the nearest known cell on the same row, of
    the same garments above and below, `worn` (gh, gw), where that is known; 0 where no hem is. along as from
    `between_hems`; known (gh, gw) bool."""
    shift = torch.zeros(known.shape, dtype=torch.int64, device=known.device)
    for own in [torch.ones_like(known)] if worn is None else _alike(worn):
        away, has = _nearest_on_row(known & own)
        shift = torch.where((near_hem(along) > 0) & own & has & ~known, away, shift)
    return shift


def _alike(worn: torch.Tensor) -> list[torch.Tensor]:
    """(gh, gw) bool for each sort of place there is: with the same garment in it, above it and below it, by number."""
    padded = F.pad(worn[None, None].float(), (0, 0, SEAM, SEAM), mode="replicate")[0, 0].long()
    place = (padded[: len(worn)] * 100 + worn) * 100 + padded[2 * SEAM :]
    return [place == number for number in place.unique()]


def crisp_between(layout: Layout, values: torch.Tensor, worn: torch.Tensor | None) -> torch.Tensor:
    """(3, h, w) smooth colours (3, gh, gw) natively, where one garment, `worn` (gh, gw) by number, ends and another
    begins as crisp as a seam."""
    if worn is None:
        return layout.to_native(values)
    total, weight = 0, 0
    for number in worn.unique():
        own = (worn == number).float()
        edge = (layout.to_native(own[None]) - 0.5).mul(layout.cell).add(0.5).clamp(0.001, 1)
        total = total + edge * layout.to_native(field.extrapolate(values, own))
        weight = weight + edge
    return total / weight


def worn_on(layer: str, clothes: torch.Tensor) -> torch.Tensor:
    """(gh, gw) what is worn in each cell, `clothes` (gh, gw) by number, as a layer can have it: an arm's skin is on no
    other, and along its border, where the regions are as wide as a cell, it is what lies next to it."""
    arms = clothes.new_tensor([NUMBER[name] for name in SKIN if name.endswith("arm_skin")])
    return clothes if layer.endswith("arm") else alike_on_rows(clothes, ~torch.isin(clothes, arms))


def bare_in(clothes: torch.Tensor) -> torch.Tensor:
    """(gh, gw) bool: the cells of what is worn, `clothes` (gh, gw) by number, that are skin."""
    return torch.isin(clothes, clothes.new_tensor([NUMBER[name] for name in SKIN]))


def worn_in(clothes: torch.Tensor, seen: torch.Tensor, sure: torch.Tensor) -> torch.Tensor:
    """(gh, gw) which garment of a layer each cell shows or would show: what is worn there, `clothes` (gh, gw) by
    number, where the layer is `seen` (gh, gw) bool, and elsewhere as in the nearest such cell on the row.

    Skin is one: a jaw is no hem. What no `sure` cell (gh, gw) bool has is none of the layer's: the rim of a sleeve, by
    an error of its border. Nor are specks of skin, less than three cells broad: a sleeve shows them between strands;
    nor an island of a garment, far smaller than the rest of it here: shorts are not on a foot.
    """
    bare = bare_in(clothes)
    clothes = torch.where(bare, NUMBER[SKIN[0]], clothes)
    if not bool(sure.any()):
        return clothes
    specks = bare & (field.dilate(field.erode(bare.float(), 1), 1) == 0)
    specks = specks | _islands(torch.where(seen & ~bare, clothes, -1))
    return alike_on_rows(clothes, seen & ~specks & torch.isin(clothes, clothes[sure].unique()))


def _islands(clothes: torch.Tensor) -> torch.Tensor:
    """(gh, gw) bool: pieces of a garment, `clothes` (gh, gw) by number, -1 for none, that hang together and are less
    than ISLAND of its largest one."""
    out = torch.zeros_like(clothes, dtype=torch.bool)
    for number in clothes[clothes >= 0].unique():
        own = clothes == number
        broad = field.erode(own.float(), 1)
        if not bool((own & (field.dilate(broad, 2) == 0)).any()):
            continue  # no piece of it is small
        piece, count = field.components(own)
        sizes = torch.bincount(piece[own], minlength=count)
        out |= own & (sizes < ISLAND * sizes.max())[piece.clamp(min=0)]
    return out


def between_garments(worn: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(gh, gw) stiffness of each cell to the one below it, and to the one on its right: LEVEL where one garment ends,
    `worn` (gh, gw) by number, 1 elsewhere. A white shirt goes on under an arm no further than the jacket over it."""
    below = F.pad(worn[1:] != worn[:-1], (0, 0, 0, 1))
    right = F.pad(worn[:, 1:] != worn[:, :-1], (0, 1))
    return torch.where(below, LEVEL, 1.0), torch.where(right, LEVEL, 1.0)


def garments_behind(
    worn: torch.Tensor | None, outline: torch.Tensor
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Per garment its cells (gh, gw) 1 or 0, `worn` (gh, gw) by number, and those where the far side shows it: its
    borders go straight from their place at the outline (gh, gw) on the left to that on the right. One that is
    everywhere where no garment is known."""
    if worn is None:
        return [(torch.ones_like(outline),) * 2]
    there, column = outline > 0, torch.arange(outline.shape[1], device=outline.device)
    first, last = torch.where(there, column, outline.shape[1]).amin(1), torch.where(there, column, -1).amax(1)
    ends = alike_on_rows(worn, there)[:, [0, -1]]
    numbers = ends.unique()
    inside = _rows_inside(ends[None] == numbers[:, None, None])
    share = ((column - first[:, None]) / (last - first).clamp(min=1)[:, None]).clamp(0, 1)
    behind = numbers[torch.lerp(inside[..., :1], inside[..., 1:], share).argmax(0)]
    return [((worn == number).float(), (behind == number).float()) for number in numbers]


def _rows_inside(there: torch.Tensor) -> torch.Tensor:
    """(K, gh, 2) how many rows each place of columns (K, gh, 2) bool is from what is not there, where it is, and minus
    that from what is, where it is not; the height where all is or nothing."""
    row = torch.arange(there.shape[1], device=there.device, dtype=torch.float32)
    apart = (row[:, None] - row).abs()[None, :, :, None]
    far = [torch.where(one[:, None], apart, len(row)).amin(2) for one in (~there, there)]
    return far[0] - far[1]


def near_hem(along: torch.Tensor) -> torch.Tensor:
    """(gh, gw) 1 on a hem and the cells round it, 0 elsewhere. along as from `between_hems`."""
    return field.dilate((along < 0.5).float(), 1)


def _nearest_on_row(known: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(gh, gw) int64 cells to the right to the nearest known one on the same row, and bool whether there is one."""
    width = known.shape[1]
    column = torch.arange(width, device=known.device).expand_as(known)
    left = torch.where(known, column, -2 * width).cummax(1).values
    right = torch.where(known, column, 3 * width).flip(1).cummin(1).values.flip(1)
    nearest = torch.where(column - left <= right - column, left, right)
    has = known.any(1, keepdim=True).expand_as(known)
    return torch.where(has, nearest - column, 0), has


def along_rows(cells: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """(gh, gw) bool: cells (gh, gw) bool where they are `known` (gh, gw) bool, and elsewhere as the nearest known one
    on its row is."""
    return alike_on_rows(cells & known, known) & known.any(1, keepdim=True)  # no pattern where no row tells


def alike_on_rows(values: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """(gh, gw) values (gh, gw) where they are `known` (gh, gw) bool, and elsewhere those of the nearest known cell on
    the row; rows without any are as the nearest one that has some."""
    away, has = _nearest_on_row(known)
    row = torch.arange(len(known), device=known.device)
    row = row + _nearest_on_row(has[:, :1].T)[0][0]
    return values.gather(1, torch.arange(known.shape[1], device=known.device) + away)[row]


def pattern(layout: Layout, picture: torch.Tensor, known: torch.Tensor, tall: float) -> torch.Tensor:
    """(gh, gw) bool: the cells of cloth that is patterned all round; a cell that is not known is as the nearest one on
    its row that is.

    picture (3, h, w); known (gh, gw) bool.
    """
    if not bool(known.any()):
        return known
    rough, wide = _rough(layout, picture, known.float(), tall, 1, BOLD)  # as near as a limb's shading is even
    found = rough & known & (wide > ANY)
    if int(found.sum()) < _period(layout, tall) ** 2:  # less than one motif
        return torch.zeros_like(found)
    found = (
        field.erode(field.dilate(found.float(), MOTIF), MOTIF) > 0.5
    )  # with the plain places inside a motif
    found = along_rows(found, known).float()
    return field.erode(field.dilate(found, MOTIF), MOTIF) > 0.5


def pattern_mean(
    layout: Layout, picture: torch.Tensor, sure: torch.Tensor, where: torch.Tensor, tall: float
) -> torch.Tensor:
    """(3, gh, gw) what a pattern is on average round each cell of `where` (gh, gw) bool, and beyond.

    picture (3, h, w); sure (h, w) bool, the pixels that count.
    """
    cells = layout.to_grid(torch.cat((picture * sure, sure[None].float()))) * where
    sums = field.box_blur(cells, _period(layout, tall))
    return field.extrapolate(sums[:3] / sums[3].clamp(min=1e-4), (sums[3] > 0.05).float())


def _period(layout: Layout, tall: float) -> int:
    return max(1, round(PERIOD * tall / layout.cell))


def patterned(layout: Layout, colour: torch.Tensor, clothes: torch.Tensor, tall: float) -> torch.Tensor:
    """(gh, gw) 1 where what covers the trunk, `clothes` (gh, gw) 0 or 1, is patterned all round, and not only in one
    print on a plain ground."""
    _, wide = _rough(layout, colour, clothes, tall)
    return ((wide - 0.65) * 5 + 0.5).clamp(0, 1)


def _rough(
    layout: Layout,
    colour: torch.Tensor,
    clothes: torch.Tensor,
    tall: float,
    reach: int = 3,
    least: float = ROUGH,
) -> tuple[torch.Tensor, torch.Tensor]:
    """(gh, gw) bool, where the clothes' colours vary by `least` within `reach` cells as a pattern's do; and the share
    of the clothes around of which that is so."""
    cells = torch.cat(
        (layout.to_grid(colour), layout.to_grid(colour.square()), torch.ones_like(clothes)[None])
    )
    sums = field.box_blur(cells * clothes, reach)
    mean, square = (sums[:-1] / sums[-1].clamp(min=1e-3)).chunk(2)
    rough = (square - mean.square()).clamp(min=0).sum(0).sqrt() > least
    wide = field.box_blur(torch.stack((rough * clothes, clothes)), max(1, int(AROUND * tall / layout.cell)))
    return rough, wide[0] / wide[1].clamp(min=1e-3)
