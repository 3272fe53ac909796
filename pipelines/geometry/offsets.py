"""Where a hole in a picture could be copied from: the offsets at which its surroundings are found again.

What surrounds a stretch of the hole is compared with the picture at every offset at once, by correlation (Kuglin and
Hines 1975 for the idea; the sums of squared differences expanded, each term one product of Fourier transforms).
He and Sun, "Statistics of Patch Offsets for Image Completion", ECCV 2012: few offsets are enough for a whole hole.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F

from .fill import covering_shifts, grown, shifted

COARSE = 128
"""Cells on the longer side of the grid on which all offsets are tried."""
RIM = 4
"""Coarse cells that are compared around the hole (a sixteenth of the picture on both sides of a person)."""
BANDS = (1, 4, 9)
"""Into how many stretches from top to bottom the hole is cut, the whole of it first."""
EACH = (3, 2, 1)
"""Offsets kept for a stretch and side, by how fine the cut is."""
APART = 2
"""Coarse cells: offsets of one stretch nearer than this are one."""
COVERING = 8
"""Offsets added so that each cell of the hole has one that leads to something known."""
LEVEL = 0.03
"""Cost of an offset from another height, in squared differences per picture height: the ground grows finer towards
the horizon, so what stands at the same height fits in scale and kind."""
SERVED = 0.25
"""Share of its stretch that an offset must serve to be of use."""


SAMPLES = 250
"""Cells of a rim that are compared when an offset is refined."""


class _Stretches(NamedTuple):
    """(R, h, w) bool: `rim` known cells beside a stretch of the hole, `inside` the stretch itself; (R,) `wanted` how
    many offsets to keep for it."""

    rim: torch.Tensor
    inside: torch.Tensor
    wanted: torch.Tensor


def likely_offsets(values: torch.Tensor, hole: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """(K, 2) int64 dy, dx without doubles: where cells of the hole could come from.

    values (C, h, w); hole (h, w) bool; known (h, w) bool, cells that may be copied.
    """
    factor = max(1, -(-max(hole.shape) // COARSE))
    coarse, coarse_known = _pooled(values, known, factor)
    coarse_hole = F.max_pool2d(hole[None, None].float(), factor, ceil_mode=True)[0, 0] > 0
    coarse_known &= ~coarse_hole
    stretches = _stretches(coarse_hole, coarse_known)
    found, of = _best_offsets(coarse, coarse_known, stretches)
    if factor > 1:
        found = _refined(values, known, hole, stretches.rim[of], found * factor, factor)
    covering = covering_shifts(coarse_hole, coarse_known, COVERING)[:, coarse_hole].T
    return torch.unique(torch.cat((found, covering * factor)), dim=0)


def _pooled(values: torch.Tensor, known: torch.Tensor, factor: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Means over the known cells, and where all are known."""
    share = F.avg_pool2d(known[None, None].to(values.dtype), factor, ceil_mode=True)[0]
    mean = F.avg_pool2d((values * known)[None], factor, ceil_mode=True)[0] / share.clamp_min(1e-6)
    return mean, share[0] > 1 - 1e-4


def _stretches(hole: torch.Tensor, known: torch.Tensor) -> _Stretches:
    """The hole in bands, each with its surroundings on both sides, on the left, and on the right."""
    rows = torch.nonzero(hole.any(1)).flatten()
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    y = torch.arange(hole.shape[0])[:, None]
    x = torch.arange(hole.shape[1])[None]
    around = grown(hole, RIM) & known
    rims, insides, wanted = [], [], []
    for count, each in zip(BANDS, EACH, strict=True):
        size = max((bottom - top) / count, 1.0)
        for start in range(count):
            low, high = top + start * size, top + (start + 1) * size
            inside = hole & (y >= round(low)) & (y < round(high))
            middle = (x * inside).sum() / inside.sum().clamp_min(1)
            beside = around & (y >= round(low) - RIM) & (y < round(high) + RIM)
            rims += [beside, beside & (x < middle), beside & (x >= middle)]
            insides += [inside] * 3
            wanted += [each] * 3
    rim, inside = torch.stack(rims), torch.stack(insides)
    of_use = (rim.sum((1, 2)) >= 4) & inside.any(2).any(1)
    return _Stretches(rim[of_use], inside[of_use], torch.tensor(wanted)[of_use])


def _best_offsets(values, known, stretches: _Stretches) -> tuple[torch.Tensor, torch.Tensor]:
    """(N, 2) dy, dx in cells of this grid, and (N,) the stretch each was found for."""
    height, width = known.shape
    size = _quick(2 * height), _quick(2 * width)
    dy = torch.fft.fftfreq(size[0], 1 / size[0])[:, None].round()
    dx = torch.fft.fftfreq(size[1], 1 / size[1])[None].round()
    there = torch.fft.rfft2(torch.cat(((values * known).square().sum(0)[None], known[None].float())), size)
    colours = torch.fft.rfft2(values * known, size)
    found, of = [], []
    for number, (rim, inside, wanted) in enumerate(zip(*stretches, strict=True)):
        masks = torch.fft.rfft2(torch.stack((rim, inside)).float(), size).conj()
        mine = torch.fft.rfft2(values * rim, size).conj()
        sums = torch.stack(
            (masks[0] * there[0], masks[0] * there[1], masks[1] * there[1], (mine * colours).sum(0))
        )
        square, count, served, cross = torch.fft.irfft2(sums, size)
        own = (values * rim).square().sum()
        cost = (own + square - 2 * cross).clamp_min(0) / count.clamp_min(1) + LEVEL * dy.abs() / height
        usable = (count > 0.9 * rim.sum()) & (served > SERVED * inside.sum())
        usable &= torch.maximum(dy.abs(), dx.abs()) > APART
        cost = cost.masked_fill(~usable, torch.inf)
        for _ in range(int(wanted)):
            best = int(cost.argmin())
            row, column = best // size[1], best % size[1]
            if not torch.isfinite(cost[row, column]):
                break
            at_y, at_x = dy[row, 0], dx[0, column]
            found.append(torch.stack((at_y, at_x)).long())
            of.append(number)
            cost = cost.masked_fill(((dy - at_y).abs() <= APART) & ((dx - at_x).abs() <= APART), torch.inf)
    if not found:
        return torch.zeros(0, 2, dtype=torch.long), torch.zeros(0, dtype=torch.long)
    return torch.stack(found), torch.tensor(of)


def _quick(length: int) -> int:
    """The next length that a Fourier transform is quick for."""
    return -(-length // 32) * 32


def _refined(values, known, hole, rims, offsets, factor: int) -> torch.Tensor:
    """The offsets to a cell of the fine grid: the best within a coarse cell of each, by the rim."""
    around = grown(hole, RIM * factor) & known
    steps = torch.arange(-factor, factor + 1)
    tries = torch.cartesian_prod(steps, steps)
    result = offsets.clone()
    for i, (rim, offset) in enumerate(zip(rims, offsets, strict=True)):
        fine = rim.repeat_interleave(factor, 0).repeat_interleave(factor, 1)[: hole.shape[0], : hole.shape[1]]
        y, x = torch.nonzero(fine & around, as_tuple=True)
        every = max(1, -(-len(y) // SAMPLES))
        y, x = y[::every], x[::every]
        there_y, there_x = y + (offset[0] + tries[:, :1]), x + (offset[1] + tries[:, 1:])
        inside = (there_y >= 0) & (there_y < hole.shape[0]) & (there_x >= 0) & (there_x < hole.shape[1])
        place = torch.where(inside, there_y * hole.shape[1] + there_x, 0)
        inside &= known.flatten()[place]
        error = (values.flatten(1)[:, place] - values[:, y, x][:, None]).square().sum(0) * inside
        mean = error.sum(1) / inside.sum(1).clamp_min(1)
        mean = mean + LEVEL * (offset[0] + tries[:, 0]).abs() / hole.shape[0]
        result[i] = offset + tries[int(mean.masked_fill(inside.sum(1) < 0.8 * len(y), torch.inf).argmin())]
    return result


def copies(values: torch.Tensor, offsets: torch.Tensor, rows: slice, columns: slice) -> torch.Tensor:
    """(K, C, h', w'): a box of the picture as each offset would copy it; the border repeated beyond the picture."""
    height, width = values.shape[1:]
    y = (torch.arange(height)[rows] + offsets[:, :1]).clamp(0, height - 1)
    x = (torch.arange(width)[columns] + offsets[:, 1:]).clamp(0, width - 1)
    return values[:, y[:, :, None], x[:, None, :]].movedim(0, 1)


def served(known: torch.Tensor, offsets: torch.Tensor, rows: slice, columns: slice) -> torch.Tensor:
    """(K, h', w') bool: where in the box each offset leads to something known."""
    return torch.stack([shifted(known, int(dy), int(dx))[rows, columns] for dy, dx in offsets])
