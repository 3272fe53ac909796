"""The colours that the photo does not show: under what covers a layer, and on its far side."""

from __future__ import annotations

import torch

from . import field
from .edge_shade import fading
from .fill import covering_shifts, membrane
from .hems import (
    along_rows,
    between_garments,
    between_hems,
    crisp_between,
    garments_behind,
    hem_shifts,
    near_hem,
    pattern,
    pattern_mean,
    patterned,
    worn_in,
)
from .layout import Layout
from .motion import Bones
from .parts import INDEX
from .patterns import Repeat
from .trust import LINE, Contact

NAPE = 0.3
"""Where hair ends at the nape, between the base of the neck and the crown: at the height of the mouth. By eye."""
CROWN = 0.85
"""Height over the nape from which a head is all hair, or hat, or bald: well above the forehead. By eye."""
STREAK, HEM = 6, 1e-3
"""Cells up and down over which a plain back is smoothed, and the variance (of a channel in [0, 1]) from which on a step
is kept: about the contrast of a shirt to its wearer's shorts. By eye."""
RIM = 2
"""Pixels round what is to be believed that are as it is, before the smooth colours begin."""
SHADE = 0.02
"""Fraction of stature (35 mm on 1.75 m) over which the shade of an arm fades out on what it lies before. By eye."""
SHADES, TINT = (1.35, 1.6), 0.05
"""How much brighter (sRGB) a cloth is without an arm's shade: surely, and at most; and the change of colour beside that
of brightness from which on it is another cloth. By eye."""
GRAIN = 3.5
"""How many times the median (of the size of the detail) grain and weave stand out at most: more is an edge or a seam.
3.5 medians are 2.4 standard deviations of a normal distribution."""
WEAVE = 12.0
"""Cells by which a piece's way up or down counts as much as its size: a weave is the same all over. By eye."""
PRINT = 3.0
"""How many times the median (of the size of the detail of a cell) is a print, a button or a hem, which is there once
and not carried elsewhere. By eye."""
EVEN, STEP = 0.014, 4e-3
"""Fraction of stature, about half a forearm's breadth, over which the sides of limbs are evened, and the variance (of a
channel in [0, 1]) from which on a step is kept: a hem, the border of a shoe. By eye."""
MIXED = 0.1
"""What a cell at the border of two garments counts beside one within: it is partly the other. By eye."""
FEW = 0.05
"""Share of a head that must have been seen to be hair before its colour is trusted."""


def layered_colour(
    layout: Layout,
    picture: torch.Tensor,
    matte: torch.Tensor,
    contact: Contact,
    own: torch.Tensor,
    dressed: bool = True,
    chest: float = -torch.inf,
    prints: torch.Tensor | None = None,
    repeats: tuple[Repeat, ...] = (),
    clothes: torch.Tensor | None = None,
) -> torch.Tensor:
    """(3, h, w) the layer's own colours: the photo where it is to be believed, continued where not.

    own (h, w) bool: the pixels that are to be believed, from trust.py. The continuation is smooth, but for hems, which
    go on level, and has grain and weave of the layer's interior: shifted pieces of what the photo has over its own
    smooth colours, so that no shade is copied; of patterned clothes, where it is `dressed`, the pattern. Towards an
    arm, whose shade leaves with it, the photo's smooth colours give way to the continued ones. chest: height y in the
    photo above which nothing is a hem that goes on level: a collar goes round the neck; prints (h, w) in [0, 1],
    where they are known; repeats, the patterns that are known to repeat, go on in step; clothes (gh, gw) the number of
    what is worn in each cell, where that is known: no weave goes from trousers to a shirt.
    """
    # Along the border with another layer the photo's pixels are partly the other's.
    edge = field.erode(((contact.own > 0.95 * matte) | (matte < 0.05)).float(), max(1, layout.cell // 3)) > 0
    sure = own & edge & (matte > 0.95)
    sure &= _clear_of_shade(layout, sure, matte, contact)
    if not bool(sure.any()):
        return field.extrapolate(picture, (contact.own > 0.5).float())
    cells = layout.to_grid(sure.float())
    worn = None if clothes is None else worn_in(clothes, layout.to_grid(contact.own) > 0.5, cells > 0.99)
    low = _low(layout, picture, sure, worn)
    motifs = pattern(layout, picture, (cells > 0.99) & dressed, contact.tall)
    repeats = tuple(one.on(along_rows(one.where, cells > 0.99)) for one in repeats if dressed)
    for one in repeats:
        motifs = motifs | one.where
    if bool(motifs.any()):
        low = torch.where(motifs, pattern_mean(layout, picture, sure, motifs, contact.tall), low)
    hole = (layout.to_grid(matte) > 0) & (cells < 0.99)
    across = hole & (layout.to_grid(contact.own) < 0.5)
    tells = cells > 0.99
    if prints is not None:  # whose edges are no hems
        tells &= layout.to_grid(prints) == 0
    along = between_hems(low, tells, across, clothes)
    along = torch.where(layout.cells()[1] < chest, 1.0, along)
    # At a hem a cell that is known in part, or beside one that is, may know one side of it only.
    firm = (cells > 0.5) & ((near_hem(along) == 0) | (field.box_blur(cells[None], 1)[0] > 0.95))
    links = _links(along, worn)
    change = _evened(layout, low, cells > 0.5, contact, links) - low
    if prints is not None:  # smooth colours are none of its own
        change = change * (1 - field.box_blur(field.dilate((layout.to_grid(prints) > 0).float(), 1)[None], 1))
    continued = crisp_between(layout, membrane(low + change, ~firm, links[0], along=links[1]), worn)
    hem = hem_shifts(along, firm & (cells > 0.99), worn) * ~motifs
    plain = (near_hem(along) == 0) | motifs
    grain = _grain(
        layout,
        picture - layout.to_native(low),
        hole,
        (cells > 0.99) & (_shade(layout, contact) == 0) & plain,
        hem,
        motifs,
        repeats,
        worn,
    )
    evened = picture + layout.to_native(change)
    whole = layout.to_native(plain.float()[None])  # over a hem there is no fold
    filled = torch.lerp(continued, fading(evened, sure, continued, contact.tall), whole) + grain
    return _beside(layout, evened, sure, filled, hem).clamp(0, 1)


def _beside(
    layout: Layout, evened: torch.Tensor, sure: torch.Tensor, filled: torch.Tensor, hem: torch.Tensor
) -> torch.Tensor:
    """(3, h, w) what is `sure` (h, w) bool in its own colours, the rest `filled`; its soft outline is as the pixels
    next to it, but where a `hem` (gh, gw) goes on these are of both its sides."""
    near = field.box_blur(field.dilate(sure.float(), RIM)[None], 1)
    if bool((hem != 0).any()):
        near = near * (layout.to_native((hem != 0).float()[None]) < 0.5)
    filled = torch.lerp(filled, field.extrapolate(evened, sure.float()), near)
    return torch.where(sure, evened, filled)


def _clear_of_shade(
    layout: Layout, sure: torch.Tensor, matte: torch.Tensor, contact: Contact
) -> torch.Tensor:
    """(h, w) bool: not within LINE of where the layer's own pixels end in an arm's shade: there they are darkest."""
    if not bool((contact.over > 0.3).any()):
        return sure
    reach = max(1, round(LINE * contact.tall))
    # A speck of mottled cloth that is no other's colour by chance only is no border.
    whole = (sure | (matte < 0.05)).float()
    solid = field.erode(field.dilate(whole, reach // 2), reach // 2)
    # But of what is the other's colour for the most part what is not is no cloth either.
    solid = solid * (field.box_blur(whole[None], reach)[0] > 0.5)
    inner = field.erode(solid, reach) > 0
    return inner | (layout.to_native(_shade(layout, contact)[None])[0] < 0.05)


def _evened(
    layout: Layout,
    low: torch.Tensor,
    known: torch.Tensor,
    contact: Contact,
    links: tuple[torch.Tensor, torch.Tensor],
) -> torch.Tensor:
    """(3, gh, gw) the smooth colours without the shade of what lies over the layer: as they are further away at the
    same height, where what lies there is the same but for a shade; links from `_links`."""
    shade = _shade(layout, contact) * known
    inner = known & (shade == 0)
    if not bool((shade > 0).any()) or not bool(inner.any()):
        return low
    away = membrane(low, ~inner, links[0], along=links[1])
    gain = (away * low).sum(0) / low.square().sum(0).clamp(min=1e-4)
    tint = (away - gain * low).square().sum(0).sqrt()
    like = ((SHADES[1] - gain) / (SHADES[1] - SHADES[0])).clamp(0, 1) * ((gain - 0.85) / 0.1).clamp(0, 1)
    like = like * ((2 * TINT - tint) / TINT).clamp(0, 1)
    return low + shade * like * (away - low)


def _shade(layout: Layout, contact: Contact) -> torch.Tensor:
    """(gh, gw) in [0, 1]: the share of the shade of what lies over the layer: 1 beside it, 0 from SHADE on."""
    reach = max(1, round(SHADE * contact.tall / layout.cell))
    over = layout.to_grid(contact.over) > 0.3
    if not bool(over.any()):
        return torch.zeros_like(over, dtype=torch.float32)
    away = field.nearest(over).square().sum(0).sqrt()
    return ((reach + 1 - away) / reach).clamp(0, 1)


def _links(along: torch.Tensor, worn: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    """(gh, gw) stiffness of each cell to the one below it and to the one on its right, over which smooth colours go
    on: not across a hem, `along` (gh, gw), nor from one garment, `worn` (gh, gw), to another."""
    if worn is None:
        return along, torch.ones_like(along)
    below, right = between_garments(worn)
    return torch.minimum(along, below), right


def _low(
    layout: Layout, picture: torch.Tensor, sure: torch.Tensor, worn: torch.Tensor | None = None
) -> torch.Tensor:
    """(3, gh, gw) the smooth colours of the pixels that are sure, of each garment by itself where it is known which is
    `worn` (gh, gw) where, continued a little where there are none near. Cells at a garment's border, which show both
    sides of it, hardly count beside its others."""
    sums, least = layout.to_grid(torch.cat((picture * sure, sure[None].float()))), 0.05
    if worn is None:
        sums = field.box_blur(sums, 1)
    else:
        least = least * MIXED
        kinds = [worn == number for number in worn.unique()]
        weights = [own * torch.where(field.erode(own.float(), 1) > 0, 1.0, MIXED) for own in kinds]
        blurred = [field.box_blur(sums * weight, 1) for weight in weights]
        sums = sum(own * one for own, one in zip(kinds, blurred, strict=True))
    return field.extrapolate(sums[:3] / sums[3].clamp(min=1e-4), (sums[3] > least).float())


def _grain(
    layout: Layout,
    detail: torch.Tensor,
    hole: torch.Tensor,
    source: torch.Tensor,
    hem: torch.Tensor,
    motifs: torch.Tensor,
    repeats: tuple[Repeat, ...] = (),
    clothes: torch.Tensor | None = None,
) -> torch.Tensor:
    """(3, h, w) detail (3, h, w) of source cells (gh, gw) shifted in few large pieces to the hole's of the same number
    in `clothes` (gh, gw); a pattern's (`motifs` (gh, gw) bool) whole and in step, and along a hem with the seam `hem`
    (gh, gw) cells on the same row."""
    size = layout.to_grid(detail.abs().amax(0))
    out = torch.zeros_like(detail)
    grain = detail - layout.to_native(layout.to_grid(detail))  # or the borders of pieces would be steps
    plain = [~motifs] if clothes is None else [~motifs & (clothes == number) for number in clothes.unique()]
    for kind, whole in (*((one, False) for one in plain), (motifs, True)):
        own, wanted = source & kind, hole & kind
        if not bool(wanted.any()) or not bool(own.any()):
            continue
        own = own & ((size < PRINT * size[own].median()) | whole)
        shift = covering_shifts(wanted, own, level=WEAVE).repeat_interleave(layout.cell, 1)
        shift = shift.repeat_interleave(layout.cell, 2)
        row, column = torch.nonzero((shift != 0).any(0), as_tuple=True)
        if len(row):
            dy, dx = shift[:, row, column] * layout.cell
            for one in repeats if whole else ():
                dy, dx = _in_step(layout, one, own, (row, column), (dy, dx))
            taken = (detail if whole else grain)[:, row + dy, column + dx]
            limit = 1.0 if whole else float(GRAIN * taken.abs().median())
            out[:, row, column] = taken.clamp(-limit, limit)
    _add_hem(layout, detail, hem * hole, out)
    return out


def _in_step(
    layout: Layout,
    repeat: Repeat,
    own: torch.Tensor,
    at: tuple[torch.Tensor, ...],
    shift: tuple[torch.Tensor, ...],
) -> tuple[torch.Tensor, torch.Tensor]:
    """Shifts dy, dx (n,) in pixels of the pixels at row, column (n,), whole periods where these lie in a pattern and
    come from a cell of `own` (gh, gw) then, too."""
    (row, column), (dy, dx) = at, shift
    stepped = repeat.in_step(torch.stack((dx, dy), 1))
    y, x = row + stepped[:, 1], column + stepped[:, 0]
    there = (y >= 0) & (y < layout.size[0]) & (x >= 0) & (x < layout.size[1])
    cell = layout.cell
    y, x = (y // cell).clamp(0, own.shape[0] - 1), (x // cell).clamp(0, own.shape[1] - 1)
    there &= own[y, x] & repeat.where[row // cell, column // cell]
    return torch.where(there, stepped[:, 1], dy), torch.where(there, stepped[:, 0], dx)


def _add_hem(layout: Layout, detail: torch.Tensor, shift: torch.Tensor, out: torch.Tensor) -> None:
    """Add to `out` (3, h, w) where shift (gh, gw) is not 0 the detail so many cells to the right: of each row of
    pixels the mean over a cell, or a slanted hem that is repeated would be a saw."""
    rows, columns = torch.nonzero(shift, as_tuple=True)
    within = torch.arange(layout.cell, device=shift.device)
    y, x, there = (
        line[:, None] * layout.cell + within for line in (rows, columns, columns + shift[rows, columns])
    )
    threads = detail[:, y[:, :, None], there[:, None]].mean(-1, keepdim=True)
    out[:, y[:, :, None], x[:, None]] += threads


def evened_edge(
    layout: Layout, colour: torch.Tensor, matte: torch.Tensor, tall: float, worn: torch.Tensor | None = None
) -> torch.Tensor:
    """(3, h, w) a limb's colours (3, h, w) as its sides and its far side show them: at the outline, whose single pixels
    are drawn out over the whole side when the limb is turned, evened but for hems, which are crisp where it is known
    what is `worn` (gh, gw) in each cell; further in as they are."""
    solid = (layout.to_grid(matte) > 0.9).float()
    reach = max(1, round(EVEN * tall / layout.cell))
    inner_cells = field.erode(solid, 1)  # the outline itself is partly what was behind it, or a limb's shade
    kinds = [torch.ones_like(solid)] if worn is None else [(worn == n).float() for n in worn.unique()]
    smooth, grid = 0, layout.to_grid(colour)
    for own in kinds:
        # Cells at a hem are of both its sides.
        tries = (inner_cells * field.erode(own, 1), solid * field.erode(own, 1), solid * own)
        within = next((one for one in tries if bool((one > 0).any())), tries[-1])
        known = field.extrapolate(grid, within)
        smooth = smooth + own * torch.cat(
            [field.guided_filter(one, one[None], 2 * reach, STEP) for one in known]
        )
    inner = field.box_blur(field.erode(solid, reach)[None], reach)
    return torch.lerp(crisp_between(layout, smooth, worn), colour, layout.to_native(inner))


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
    worn: torch.Tensor | None = None,
) -> torch.Tensor:
    """(3, h, w) what the trunk's far side looks like: a plain back in the colours that the sides have at each height.

    So a hem goes round, the back of a printed shirt is plain (an all-over pattern goes on), and the back of a head is
    no second face: where `head` (gh, gw; from `behind_head`) is above 0 it has the colour of the hair, which `hair`
    (gh, gw) tells where it was seen. `neck` (gh, gw) is the share of neck and head in each cell: the collar at the
    back. At the outline itself it is the photo's colour there, so that front and back meet without a seam. tall is the
    stature in pixels; worn (gh, gw) the number of what is worn in each cell, where that is known: each garment has its
    own colours, and ends where it does at the outline.
    """
    solid, grid = (layout.to_grid(matte) > 0.9).float(), layout.to_grid(colour)
    outline = solid - field.erode(solid, 1)
    if not bool((outline > 0).any()):
        return colour
    kinds = garments_behind(worn, outline)
    # Evened but for steps: on a shoulder the collar's edge is drawn out over the body's whole depth.
    edge = sum(there * _evened_along(field.extrapolate(grid, outline * own), 2) for own, there in kinds)
    # The outline itself is partly the shade of the arms, or background: look further in.
    ring = field.erode(solid, 1) - field.erode(solid, 4)
    bare = ring * (head == 0) * (1 if hair is None else hair < 0.3)
    body, collar = (
        sum(there * _across(grid, bare * part * own, edge) for own, there in kinds)
        for part in (neck < 0.5, neck > 0.5)
    )
    body = torch.lerp(body, collar, neck)
    strands = torch.zeros_like(solid) if hair is None else solid * (hair > 0.7)
    if float(strands.sum()) < FEW * float((head > 0).sum()):
        strands = (solid - field.erode(solid, 2)) * (
            head > CROWN
        )  # cropped, bald or under a hat: as at the crown
    covered = (head > 0).float() if hair is None else torch.maximum((head > 0).float(), _closed(hair > 0.5))
    covered = field.box_blur(covered[None], 1)
    inwards = field.box_blur(field.erode(solid, 1)[None], 1)
    body = torch.lerp(edge, torch.lerp(body, _continued(grid, strands, edge), covered), inwards)
    pattern = patterned(layout, colour, solid * (neck < 0.5), tall) * (1 - covered[0])
    return torch.lerp(layout.to_native(body), colour, layout.to_native(pattern[None]))


def _evened_along(colours: torch.Tensor, reach: int) -> torch.Tensor:
    """(3, gh, gw) smooth over so many cells, but for steps."""
    return torch.cat([field.guided_filter(one, one[None], reach, HEM) for one in colours])


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
    return _evened_along(field.box_blur(row, 1), STREAK)


def _closed(hair: torch.Tensor) -> torch.Tensor:
    """(gh, gw) 1 on the hair (bool) and between its strands on either side: behind a face and a neck hair is one."""
    return (hair.cummax(1).values & hair.flip(1).cummax(1).values.flip(1)).float()


def _continued(grid: torch.Tensor, known: torch.Tensor, otherwise: torch.Tensor) -> torch.Tensor:
    """(3, gh, gw) the colours of the cells that are known, continued smoothly over all others."""
    if not bool((known > 0).any()):
        return otherwise
    return field.box_blur(field.extrapolate(grid, known.clamp(min=0)), 3)
