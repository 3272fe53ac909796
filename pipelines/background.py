"""The room without the person: what stood behind is spanned or rebuilt, with the photo's own grain.

The work is done on a grid of square cells (at most `BackgroundOptions.working_side` on a side), and ends in
two things: a base, the picture's low frequencies with the hole filled, and for each hole cell the shift to a
place elsewhere in the photo. The result is the base plus the photo's own detail from there, at native size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

from .batches import Progress
from .geometry.fill import (
    blurred_rows,
    covering_shifts,
    gaussian,
    grown,
    masked_blur,
    membrane,
    smooth_surface,
)
from .geometry.pieces import assemble


@dataclass(frozen=True)
class BackgroundOptions:
    """threshold     matte value from which a pixel may hold something of the person
    edge_reach    how far from solid person (over 0.5) a faint matte counts, as a fraction of the longer side
    margin        how far the hole reaches beyond that, as a fraction of the longer side
    working_side  longest side of the working grid in cells
    smooth_below  residual energy around the hole (0..1 per channel) under which the backdrop counts as smooth
    vertical      stiffness of the membrane between rows over that along a row
    fringe        the same once more on smooth backdrops, where a wide hole costs nothing
    shade_reach   how far the body shades or tints a smooth backdrop, as a fraction of the longer side
    soften        smooth the filled place's rim far along the rows
    """

    threshold: float = 0.05
    edge_reach: float = 0.04
    margin: float = 0.006
    working_side: int = 512
    smooth_below: float = 0.012
    vertical: float = 0.1
    fringe: float = 0.008
    shade_reach: float = 0.12
    soften: bool = True


@dataclass(frozen=True, eq=False)
class Backdrop:
    """The working grid, in cells of `side` x `side` pixels, the last row and column perhaps partly outside.

    side   pixels per cell
    low    (3, h, w) mean colour of each cell
    hole   (h, w) bool, cells that hold something of the person, grown by the margin
    whole  (h, w) bool, cells that lie entirely inside the picture
    """

    side: int
    low: torch.Tensor
    hole: torch.Tensor
    whole: torch.Tensor


@dataclass(frozen=True, eq=False)
class Filling:
    """hole    (h, w) bool, the cells that get new detail
    low     (3, h, w) the low frequencies of the photo, as far as they are known
    base    (3, h, w) the same with the hole filled
    shifts  (2, h, w) int64 dy, dx in cells: where each hole cell takes its detail from; 0, 0 = nowhere
    """

    hole: torch.Tensor
    low: torch.Tensor
    base: torch.Tensor
    shifts: torch.Tensor


ON_PAPER = BackgroundOptions(shade_reach=0.0, soften=False)
"""A drawing casts no shade on its paper: nothing but the figure's place changes."""

KEPT_IN_VIEW = 0.35
"""Part of the backdrop in view that the shade around a person may not take from what is learnt from."""

STRIP = 400_000
"""Pixels rendered at a time; each takes about 150 bytes."""

SOFTENING = 0.04
"""Fraction of the width over which the rim of a membrane is softened along the rows."""

SMOOTHING = 3.0
"""Cells: what is finer than this counts as grain and is carried, what is coarser is spanned."""

FEET = 0.1
"""Fraction of the person's height, from below, where shade is left alone: ankle and foot (the ankle stands at
0.039 of the stature: Drillis and Contini, "Body Segment Parameters", 1966) and what they shadow."""


def restore_background(
    picture: torch.Tensor,
    matte: torch.Tensor,
    progress: Progress = None,
    options: BackgroundOptions | None = None,
) -> torch.Tensor:
    """(1, 3, H, W): the picture without the person.

    picture  (1, 3, H, W) float in [0, 1]
    matte    (1, 1, H, W) float in [0, 1], 1 = person; soft edges welcome
    Pixels beyond the matte and its margins (see `BackgroundOptions`) are the picture's, bit for bit. The same
    input gives the same output. The soft shade around a person goes on smooth backdrops, except at the feet;
    sharp cast shadows stay. Computed on the CPU, returned on the picture's device. Raises ValueError where
    nothing but the person is in view.
    """
    options = options or BackgroundOptions()
    _check(picture, matte)
    device = picture.device
    picture, matte = picture.cpu(), matte.cpu()
    backdrop = lay_grid(picture[0], matte[0, 0], options)
    if not backdrop.hole.any():
        return picture.clone().to(device)
    if not (backdrop.whole & ~grown(backdrop.hole, 2)).any():
        raise ValueError(
            "the matte covers the whole picture: there is no background to restore from; check the person"
            " mask, or use a picture with some background in view"
        )
    _tell(progress, 0.1)
    fill = span if is_smooth(backdrop, options) else compose
    filling = fill(backdrop, options, progress)
    _tell(progress, 0.8)
    result = render(picture[0], backdrop, filling, progress)
    _tell(progress, 1.0)
    return result[None].to(device)


def lay_grid(picture: torch.Tensor, matte: torch.Tensor, options: BackgroundOptions) -> Backdrop:
    """The working grid of a (3, H, W) picture and an (H, W) matte."""
    height, width = matte.shape
    side = -(-max(height, width) // options.working_side)
    pool = {"kernel_size": side, "stride": side, "ceil_mode": True}
    low = F.avg_pool2d(picture[None].float(), **pool)[0]
    most = F.max_pool2d(matte[None, None].float(), **pool)[0, 0]
    # A faint patch with no solid person beside it is the matte's doubt, not a person's edge.
    solid = grown(most > 0.5, round(options.edge_reach * max(most.shape)))
    person = (most > options.threshold) & solid
    whole = torch.zeros_like(person)
    whole[: height // side, : width // side] = True
    margin = max(1, round(options.margin * max(height, width) / side))
    return Backdrop(side, low, grown(person, margin), whole)


def residual_energy(backdrop: Backdrop) -> float:
    """How rough the backdrop is around the hole: the 80th percentile of what smoothing takes away, after a
    light blur that takes the grain of small pictures (in large ones the cells' means have done so)."""
    known = ~backdrop.hole
    around = grown(backdrop.hole, max(4, max(known.shape) // 10)) & known & backdrop.whole
    if not around.any():
        around = known
    fine, coarse = (masked_blur(backdrop.low, known, sigma) for sigma in (1.0, SMOOTHING))
    rough = (fine - coarse).abs().amax(0)[around]
    return float(torch.quantile(rough[:: max(1, rough.numel() // 100_000)], 0.8))


def is_smooth(backdrop: Backdrop, options: BackgroundOptions) -> bool:
    """True for a studio backdrop or a plain wall, False where texture must be rebuilt."""
    return residual_energy(backdrop) < options.smooth_below


def span(backdrop: Backdrop, options: BackgroundOptions, progress: Progress = None) -> Filling:
    """Smooth backdrops: a fitted surface, a membrane for what it leaves, and grain from beside the hole."""
    backdrop = replace(backdrop, hole=grown(backdrop.hole, round(options.fringe * max(backdrop.hole.shape))))
    known = ~backdrop.hole & backdrop.whole
    low = masked_blur(backdrop.low, known, SMOOTHING)
    shaded = shaded_cells(backdrop, options)
    surface = smooth_surface(low, ~shaded & backdrop.whole)
    _tell(progress, 0.4)
    spanned = surface + membrane(low - surface, shaded, options.vertical)
    share = membrane(backdrop.hole.to(low.dtype)[None], shaded & ~backdrop.hole, vertical=1.0)
    # Full up to half way out, where the shade is; then down to nothing, where both agree anyway.
    share = (2 * share).clamp(0, 1)
    base = torch.lerp(low, spanned, share * share * (3 - 2 * share))
    base = _without_kinks(base, shaded) if options.soften else base
    # Beside the hole the blur is one-sided, and what it leaves is more than grain.
    beside = round(SMOOTHING) + 1
    far = known & ~grown(~known, beside)
    shifts = covering_shifts(backdrop.hole, far if far.any() else known)
    return Filling(backdrop.hole, low, base, shifts)


def _without_kinks(base: torch.Tensor, shaded: torch.Tensor) -> torch.Tensor:
    """A membrane bends at its rim, which the eye reads as the edge of a panel: smooth along the rows there.

    Only along the rows, so that the line between wall and floor stays.
    """
    sigma = SOFTENING * shaded.shape[1]
    radius = round(3 * sigma)
    padded = (
        F.pad(base[None], (radius, radius, 0, 0), mode="replicate")[0] if radius < shaded.shape[1] else base
    )
    softened = blurred_rows(padded, sigma)[..., radius:-radius] if padded is not base else base
    share = gaussian(blurred_rows(shaded.to(base.dtype)[None], sigma), SMOOTHING)
    return torch.lerp(base, softened, (2 * share).clamp(0, 1))


def shaded_cells(backdrop: Backdrop, options: BackgroundOptions) -> torch.Tensor:
    """(h, w) bool: the hole and the cells around it that the body may shade or tint.

    Not near the feet: there the contact shadow is wanted, it holds the new pose to the floor. Never so far
    that less than `KEPT_IN_VIEW` of the backdrop in view is left to learn from.
    """
    hole = backdrop.hole
    in_view = int((~hole & backdrop.whole).sum())
    reach = round(options.shade_reach * max(hole.shape))
    rows = torch.nonzero(hole.any(1)).flatten()
    top, bottom = int(rows[0]), int(rows[-1])
    above_feet = torch.ones_like(hole)
    if bottom < hole.shape[0] - 1:
        above_feet[round(bottom - FEET * (bottom - top)) :] = False
    while reach > 0:
        shaded = hole | (grown(hole, reach) & above_feet)
        if int((~shaded & backdrop.whole).sum()) >= KEPT_IN_VIEW * in_view:
            return shaded
        reach //= 2
    return hole


def compose(backdrop: Backdrop, options: BackgroundOptions, progress: Progress = None) -> Filling:
    """Textured backdrops: large pieces of the photo, joined where they agree."""
    base, shifts = assemble(backdrop.low, backdrop.hole, backdrop.whole, _part(progress, 0.1, 0.8))
    return Filling(backdrop.hole, backdrop.low, base, shifts)


def render(
    picture: torch.Tensor, backdrop: Backdrop, filling: Filling, progress: Progress = None
) -> torch.Tensor:
    """(3, H, W): base plus the photo's own detail where the base was changed, the picture elsewhere.

    Some rows of cells at a time: the lists of pixels of a large picture would not fit in memory at once.
    """
    result = picture.clone()
    height, width = picture.shape[1:]
    side = backdrop.side
    changed = grown(filling.hole | (filling.base != filling.low).any(0), 1)
    rows = torch.nonzero(changed.any(1)).flatten()
    strips = rows.split(max(1, STRIP // (side * side * changed.shape[1])))
    for count, strip in enumerate(strips):
        cells = torch.nonzero(changed[strip])
        row, column = strip[cells[:, 0], None, None], cells[:, 1, None, None]
        y = (row * side + torch.arange(side)[:, None]).expand(-1, -1, side)
        x = (column * side + torch.arange(side)).expand(-1, side, -1)
        inside = (y < height) & (x < width)
        shift = filling.shifts[:, strip[cells[:, 0]], cells[:, 1]][..., None, None] * side
        bare = filling.hole[row, column] & (shift == 0).all(0)
        there_y, there_x = (y + shift[0])[inside], (x + shift[1])[inside]
        y, x, bare = y[inside], x[inside], bare.expand_as(inside)[inside]
        detail = picture[:, there_y, there_x] - _sampled(filling.low, there_y, there_x, side)
        colour = _sampled(filling.base, y, x, side) + detail * ~bare
        result[:, y, x] = colour.clamp(0, 1).to(result.dtype)
        _tell(progress, 0.8 + 0.2 * (count + 1) / len(strips))
    return result


def _sampled(grid: torch.Tensor, y: torch.Tensor, x: torch.Tensor, side: int) -> torch.Tensor:
    """(3, N): the grid read between its cells at native pixels y, x (bilinear)."""
    height, width = grid.shape[1:]
    across = ((x + 0.5) / (side * width)) * 2 - 1
    down = ((y + 0.5) / (side * height)) * 2 - 1
    places = torch.stack([across, down], dim=-1).to(grid.dtype)[None, None]
    read = F.grid_sample(grid[None], places, mode="bilinear", padding_mode="border", align_corners=False)
    return read[0, :, 0]


def _check(picture: torch.Tensor, matte: torch.Tensor) -> None:
    if picture.ndim != 4 or picture.shape[:2] != (1, 3):
        raise ValueError(f"the picture has shape {tuple(picture.shape)}, expected (1, 3, H, W)")
    if matte.shape != (1, 1, *picture.shape[2:]):
        raise ValueError(
            f"the matte has shape {tuple(matte.shape)}, expected {(1, 1, *picture.shape[2:])} as the picture"
        )


def _tell(progress: Progress, fraction: float) -> None:
    if progress is not None:
        progress(fraction)


def _part(progress: Progress, start: float, end: float) -> Progress:
    if progress is None:
        return None
    return lambda fraction: progress(start + (end - start) * fraction)
