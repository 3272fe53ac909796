"""Rebuilding a hole from patches of the same picture, coarse to fine.

Wexler, Shechtman and Irani, "Space-Time Completion of Video", PAMI 2007: look up each patch that touches
the hole among the whole ones, let the overlapping patches vote, repeat, from a small picture to the full
one. The look-up is exhaustive while the picture is small and PatchMatch after that (Barnes et al.,
"PatchMatch: A Randomized Correspondence Algorithm for Structural Image Editing", SIGGRAPH 2009), with jumps
instead of scan lines so that all cells move at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from .fill import covering_shifts, grown, halved, membrane

REACH = 3
"""Cells from a patch's centre to its side: 7 x 7 patches, as in PatchMatch's own completion."""
COARSEST = 24
"""Shorter side in cells of the smallest level; below it a 7 x 7 patch is a third of the scene."""
EXHAUSTIVE = 25_000_000
"""Pairs of patches up to which every pair is compared."""
COMPONENTS = 24
"""Principal components that stand for a patch of 147 numbers."""
ROUNDS = (10, 6, 4, 2, 2)
"""Look-up and vote per level, coarsest first; the last repeats."""
HEIGHT_WEIGHT = 3.0
"""Cost of a patch from another height: per picture height, in units of one patch's distance. The ground
grows finer towards the horizon: what stands at the same height fits in scale and kind."""


@dataclass(frozen=True, eq=False)
class Patches:
    """The patches of one level as points, near where patches look alike and lie at like heights.

    mean, basis  (D,), (D, K) principal components of the source patches
    points       (h * w, K + 1), rows of cells that are no source are never looked at
    sources      (S,) flat indices of the cells whose patch is whole
    is_source    (h * w,) bool
    shape        (h, w)
    """

    mean: torch.Tensor
    basis: torch.Tensor
    points: torch.Tensor
    sources: torch.Tensor
    is_source: torch.Tensor
    shape: tuple[int, int]


def rebuild(
    low: torch.Tensor,
    hole: torch.Tensor,
    whole: torch.Tensor,
    progress: Callable[[float], None] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The (C, h, w) picture with its hole filled, and (2, h, w) int64 shifts dy, dx to where each cell of the
    hole was taken from (0 outside the hole).

    hole   (h, w) bool, to be filled
    whole  (h, w) bool, cells that may be copied from
    Deterministic: the random look-ups come from a fixed seed. Raises ValueError if no patch is whole.
    """
    levels = _pyramid(low, hole, whole)
    generator = torch.Generator().manual_seed(0)
    picture, matches = None, None
    for i, (values, level_hole, level_whole) in enumerate(reversed(levels)):
        patches = _patches(values, level_hole, level_whole)
        targets = torch.nonzero(grown(level_hole, REACH).flatten()).flatten()
        if picture is None:
            picture = _first_guess(values, level_hole, level_whole)
        else:
            matches = _finer(matches, patches, targets, level_hole.shape)
            picture = _vote(values, level_hole, targets, matches, None)
        for _ in range(ROUNDS[min(i, len(ROUNDS) - 1)]):
            queries = _described(picture, targets, patches)
            matches, distance = _look_up(queries, targets, patches, matches, generator)
            picture = _vote(values, level_hole, targets, matches, distance)
        full = torch.full((level_hole.numel(),), -1)
        full[targets] = matches
        matches = full
        if progress is not None:
            progress((i + 1) / len(levels))
    return picture, _shifts(matches, hole)


def _first_guess(values: torch.Tensor, hole: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
    """What stands at the same height beside the hole: texture to start from, where a smooth guess would find
    the smoothest patches."""
    known = ~hole & whole
    shifts = covering_shifts(hole, known)
    y, x = torch.nonzero(hole, as_tuple=True)
    picture = membrane(values, hole, vertical=0.1)
    dy, dx = shifts[:, y, x]
    served = (dy != 0) | (dx != 0)
    y, x, dy, dx = y[served], x[served], dy[served], dx[served]
    picture[:, y, x] = values[:, y + dy, x + dx]
    return picture


def _pyramid(low, hole, whole) -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """(values, hole, whole) per level, the finest first, as long as patches are left to copy."""
    levels = [(low, hole, whole)]
    if not source_cells(hole, whole).any():
        raise ValueError(
            "the hole leaves no whole patch of the picture to rebuild it from; use a smaller mask"
        )
    while min(levels[-1][1].shape) >= 2 * COARSEST:
        values, level_hole, level_whole = levels[-1]
        values, coarse_hole = halved(values, level_hole)
        part = F.max_pool2d((~level_whole)[None, None].float(), 2, ceil_mode=True)[0, 0] > 0
        if not coarse_hole.any() or source_cells(coarse_hole, ~part).sum() < 64:
            break
        levels.append((values, coarse_hole, ~part))
    return levels


def source_cells(hole: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
    """(h, w) bool: cells whose patch is known and lies inside."""
    usable = F.pad(~hole & whole, (REACH,) * 4)
    return ~grown(~usable, REACH)[REACH:-REACH, REACH:-REACH]


def _patches(values: torch.Tensor, hole: torch.Tensor, whole: torch.Tensor) -> Patches:
    is_source = source_cells(hole, whole).flatten()
    sources = torch.nonzero(is_source).flatten()
    all_patches = _unfolded(values)
    sample = all_patches[sources[:: max(1, len(sources) // 8192)]]
    mean = sample.mean(0)
    spread = (sample - mean).T @ (sample - mean)
    basis = torch.linalg.eigh(spread).eigenvectors[:, -COMPONENTS:]
    points = torch.cat([(all_patches - mean) @ basis, _heights(hole.shape)], dim=1)
    return Patches(mean, basis, points, sources, is_source, tuple(hole.shape))


def _unfolded(values: torch.Tensor) -> torch.Tensor:
    """(h * w, C * 49) the patch around each cell, the border repeated."""
    padded = F.pad(values[None], (REACH,) * 4, mode="replicate")
    return F.unfold(padded, 2 * REACH + 1)[0].T


def _heights(shape: tuple[int, int]) -> torch.Tensor:
    height, width = shape
    return (HEIGHT_WEIGHT * torch.arange(height) / height).repeat_interleave(width)[:, None]


def _described(picture: torch.Tensor, targets: torch.Tensor, patches: Patches) -> torch.Tensor:
    """(N, K + 1) the target patches as points."""
    components = (_unfolded(picture)[targets] - patches.mean) @ patches.basis
    return torch.cat([components, _heights(patches.shape)[targets]], dim=1)


def _look_up(queries, targets, patches: Patches, matches, generator) -> tuple[torch.Tensor, torch.Tensor]:
    """(N,) flat index of a source cell with a similar patch, and (N,) squared distance."""
    if matches is None or len(targets) * len(patches.sources) <= EXHAUSTIVE:
        return _nearest(queries, patches)
    return _patch_match(queries, targets, patches, matches, generator)


def _nearest(queries: torch.Tensor, patches: Patches) -> tuple[torch.Tensor, torch.Tensor]:
    points = patches.points[patches.sources]
    chunk = max(1, 8_000_000 // len(points))
    found = [torch.cdist(part, points).min(1) for part in queries.split(chunk)]
    return (
        patches.sources[torch.cat([near.indices for near in found])],
        torch.cat([near.values for near in found]).square(),
    )


def _patch_match(queries, targets, patches: Patches, matches, generator):
    """One sweep: try what the neighbours found, then places at random, ever nearer the present one."""
    height, width = patches.shape
    y, x = targets // width, targets % width
    best = (patches.points[matches] - queries).square().sum(1)

    def attempt(matches, best, cand_y, cand_x, allowed):
        allowed = allowed & (cand_y >= 0) & (cand_y < height) & (cand_x >= 0) & (cand_x < width)
        place = torch.where(allowed, cand_y * width + cand_x, matches)
        allowed &= patches.is_source[place]
        distance = (patches.points[place] - queries).square().sum(1)
        better = allowed & (distance < best)
        return torch.where(better, place, matches), torch.where(better, distance, best)

    known = torch.full((height * width,), -1)
    for jump in (8, 4, 2, 1):
        for dy, dx in ((0, jump), (0, -jump), (jump, 0), (-jump, 0)):
            known[targets] = matches
            inside = (y + dy >= 0) & (y + dy < height) & (x + dx >= 0) & (x + dx < width)
            theirs = known[torch.where(inside, (y + dy) * width + x + dx, targets)]
            cand = torch.div(theirs, width, rounding_mode="floor") - dy, theirs % width - dx
            matches, best = attempt(matches, best, *cand, inside & (theirs >= 0))
    radius = max(height, width) / 2
    while radius >= 1:
        noise = torch.rand(2, len(targets), generator=generator) * 2 - 1
        cand_y = matches // width + (noise[0] * radius).round().long()
        cand_x = matches % width + (noise[1] * radius).round().long()
        matches, best = attempt(matches, best, cand_y, cand_x, torch.ones_like(y, dtype=torch.bool))
        radius /= 2
    return matches, best


def _finer(coarse: torch.Tensor, patches: Patches, targets: torch.Tensor, shape) -> torch.Tensor:
    """(N,) the matches of a level half as fine, carried over; a source of about the same height where that
    falls on no source."""
    height, width = shape
    coarse_width = -(-width // 2)
    y, x = targets // width, targets % width
    parent = (y // 2) * coarse_width + x // 2
    theirs = coarse[parent]
    cand_y = y + 2 * (theirs // coarse_width - y // 2)
    cand_x = x + 2 * (theirs % coarse_width - x // 2)
    inside = (theirs >= 0) & (cand_y >= 0) & (cand_y < height) & (cand_x >= 0) & (cand_x < width)
    place = torch.where(inside, cand_y * width + cand_x, 0)
    inside &= patches.is_source[place]
    level = torch.searchsorted(patches.sources, targets).clamp_max(len(patches.sources) - 1)
    return torch.where(inside, place, patches.sources[level])


def _vote(values, hole, targets, matches, distance) -> torch.Tensor:
    """(C, h, w): each hole cell the weighted mean of what the 49 patches over it say.

    Weights: exp(-distance / 2 sigma^2) with sigma^2 the 75th percentile, and 1.3^-depth into the hole
    (Wexler et al., section 3.2), so that the rim is believed first.
    """
    height, width = hole.shape
    full = torch.full((height * width,), -1)
    full[targets] = matches
    weight = torch.zeros(height * width)
    trust = 1.3 ** -_depth(hole).flatten()[targets]
    if distance is not None:
        scale = torch.quantile(distance[:: max(1, len(distance) // 100_000)], 0.75).clamp_min(1e-8)
        trust = trust * torch.exp(-distance / (2 * scale))
    weight[targets] = trust.clamp_min(1e-12)
    cells = torch.nonzero(hole.flatten()).flatten()
    y, x = cells // width, cells % width
    total, share = torch.zeros(len(values), len(cells)), torch.zeros(len(cells))
    flat = values.flatten(1)
    for dy in range(-REACH, REACH + 1):
        for dx in range(-REACH, REACH + 1):
            inside = (y - dy >= 0) & (y - dy < height) & (x - dx >= 0) & (x - dx < width)
            patch = torch.where(inside, cells - dy * width - dx, cells)
            amount = weight[patch] * inside
            place = torch.where(inside, full[patch] + dy * width + dx, 0)
            total += amount * flat[:, place]
            share += amount
    picture = values.clone()
    picture.flatten(1)[:, cells] = total / share
    return picture


def _depth(hole: torch.Tensor) -> torch.Tensor:
    """(h, w) float: cells from the hole's rim, at most 32, 0 outside."""
    depth = hole.float()
    outside = ~hole
    for _ in range(31):
        outside = grown(outside, 1)
        if outside.all():
            break
        depth += (~outside).float()
    return depth


def _shifts(matches: torch.Tensor, hole: torch.Tensor) -> torch.Tensor:
    height, width = hole.shape
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    place = matches.view(height, width)
    shifts = torch.stack([place // width - y, place % width - x])
    return torch.where(hole, shifts, 0)
