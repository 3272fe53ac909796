"""How far a layer goes on under what is seen before it: trunk and legs under the arms, legs under a shirt, and one leg
under the other."""

from __future__ import annotations

import numpy as np
import torch

from . import field
from .layout import Layout
from .motion import Bones
from .nearness import across, background_beyond, outermost, within_outline
from .parts import INDEX, of_layer

FLANK = 0.01
"""Fraction of stature (18 mm on 1.75 m) by which a trunk goes on under an arm where no row beside tells: the arm hangs
before its side. By eye."""
WIDE = 1.5
"""Nearness to the trunk up to which there may be trunk under an arm: 18 thousandths of stature beyond its bones'
outline. By eye."""
CROSSED = 0.07
"""Fraction of stature up to which an arm that crosses a flank hides it: a forearm is 0.04 broad, and lies slanting. By
eye."""
NEAR = 0.25
"""Share of the trunk's length over which an outline seen in a gap tells that under an arm. By eye."""
SLANT = 0.25
"""By how much of its own length the outline of a trunk at most comes nearer or goes further: 14 degrees. By eye."""
BESIDE = 2
"""Cells of the label grid beyond a skirt's edge that tell whether the edge is its own or an arm's. By eye."""
STRAIGHT = 4
"""A skirt's edge is straight over this part of its height. By eye."""
SEAM = 2
"""Cells of the label grid by which what goes on under an arm reaches beyond it. By eye."""
NOTCH = 0.012
"""Fraction of stature: half the breadth of gaps under an arm that are closed between what is known to go on. By eye."""

BEHIND, STRETCHES = (0.35, 0.9), 24
"""Nearness to a leg's bone within which its axis lies, and up to which there is leg where the other leg hides that; and
the stretches of a bone that are asked one by one. By eye."""


def covered(
    layout: Layout,
    frame: Bones,
    radii: np.ndarray,
    names: list[str],
    k: int,
    plain: dict[str, torch.Tensor],
    owner: torch.Tensor,
    inside: torch.Tensor,
    discs: torch.Tensor,
    tall: float,
    skirt: torch.Tensor,
) -> torch.Tensor:
    """(2gh, 2gw) 1 where layer k surely goes on although another layer is seen there.

    The trunk goes on under an arm that crosses it or hangs beside it, a leg under a hand, both as far as their own
    outline above and below tells; a leg under the trunk, which may be a shirt or a skirt, and under the other leg,
    along its own bones; and both to the joint that they share, `discs` (2gh, 2gw) bool. skirt (2gh, 2gw) bool: the
    trunk's cells that hang round both legs.
    """
    own = owner == k
    if names[k].endswith("arm"):
        return torch.zeros_like(plain[names[k]])
    arms = torch.stack([owner == i for i, name in enumerate(names) if name.endswith("arm")] or [~own]).any(0)
    if k == 0:
        beneath = _under_crossed(layout, radii, own, plain[names[k]]) | _flanks(
            layout, frame, own, inside, plain[names[k]], tall
        )
        beneath |= _skirt_sides(own & inside, arms & inside, skirt)
    else:
        thigh = INDEX[names[k].replace("leg", "thigh")]
        beneath = within_outline(layout, frame, thigh, own, inside, float(radii[thigh]))
    beneath = arms & (beneath | (discs & (plain[names[k]] < 1.1)))
    reach = max(1, round(NOTCH * tall / (layout.cell / 2)))
    whole = (own | beneath).float()
    closed = field.erode(field.dilate(whole, reach), reach) > 0.5
    if k > 0:  # a trunk's notches beside an arm may be gaps
        beneath |= arms & closed & (plain[names[k]] < 1.25)
    # No seam between what is seen and what is not, nor where the arm's border lies within a neighbour's cell.
    beneath |= (field.dilate(beneath.float(), SEAM) > 0) & ~arms
    if k > 0:
        for i, name in enumerate(names):
            if name.endswith("leg") and i != k:
                beneath |= _behind(layout, frame, radii, names[k], (owner == i) & inside)
    return (beneath | ((owner == 0) & (plain[names[k]] < 0.8) & (k > 0))).float()


def _behind(layout: Layout, frame: Bones, radii: np.ndarray, name: str, other: torch.Tensor) -> torch.Tensor:
    """(2gh, 2gw) bool: the leg `name` behind the other one, where that is seen, `other` (2gh, 2gw) bool, on its axis:
    legs that cross."""
    hidden = torch.zeros_like(other)
    for part in of_layer(name):
        if not frame.present[part]:
            continue
        distance, along = layout.capsule(frame.start[part], frame.end[part], 2)
        near = distance / float(radii[part])
        place = (along * STRETCHES).long().clamp(0, STRETCHES - 1)
        core = near < BEHIND[0]
        count = torch.zeros(2, STRETCHES, device=other.device)
        count.index_add_(1, place[core], torch.stack((torch.ones_like(near), other.float()))[:, core])
        crossed = count[1] > 0.5 * count[0]
        crossed = field.dilate(crossed.float()[None], 1)[0] > 0  # up to where it is seen
        hidden |= other & crossed[place] & (near < BEHIND[1])
    return hidden


def _under_crossed(layout: Layout, radii: np.ndarray, own: torch.Tensor, cost: torch.Tensor) -> torch.Tensor:
    """(2gh, 2gw) bool: between trunk on the left and on the right, no further apart than a hand is wide."""
    reach = int(2.6 * float(radii[INDEX["left_hand"]]) / (layout.cell / 2))
    closed = field.erode(field.dilate(own.float(), reach), reach) > 0.5
    return closed & field.between(own, 1) & (cost < 1.25) & ~own


def _skirt_sides(own: torch.Tensor, arms: torch.Tensor, skirt: torch.Tensor) -> torch.Tensor:
    """(2gh, 2gw) bool: the sides of a skirt that an arm hides, straight from where its outline is seen above the arm to
    where it is below."""
    rows = torch.nonzero(skirt.any(1)).flatten().cpu().numpy()
    if len(rows) < 4:
        return torch.zeros_like(own)
    first = rows[0]
    enclosed = torch.zeros_like(own)
    # Half as high again above it as well, from where the outline is seen: a hand at the hip hides where it begins.
    rows = np.arange(max(0, rows[0] - len(rows) // 2), rows[-1] + 1)
    enclosed[rows] = arms[rows]
    column = torch.arange(own.shape[1], device=own.device)
    for mirrored in (False, True):
        mine, others = (values.flip(1) if mirrored else values for values in (own[rows], arms[rows]))
        edge = torch.where(mine, column, -1).amax(1)
        beyond = (column > edge[:, None]) & (column <= edge[:, None] + BESIDE)
        known = ((edge >= 0) & ~(others & beyond).any(1)).cpu().numpy()
        known &= np.append(known[1:], known[-1]) & np.append(known[0], known[:-1])
        edge = edge.cpu().numpy()
        outline = np.interp(rows, rows[known], edge[known]) if known.any() else edge
        above = known.cumsum() == 0
        outline = np.where(above, np.maximum(edge, np.minimum(outline, _upwards(rows, edge, known))), outline)
        outline = np.where((rows < first) & above, edge, outline)
        limit = torch.as_tensor(outline, device=own.device)[:, None]
        within = column <= limit
        enclosed[rows] &= within.flip(1) if mirrored else within
    return enclosed


def _upwards(rows: np.ndarray, edge: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(n,) a skirt's edge above the first rows where it is `known` (n,) bool, going on as straight as it runs there."""
    there = np.flatnonzero(known)[: max(2, len(rows) // STRAIGHT)]
    if len(there) < 2:
        return edge
    slope, start = np.polyfit(rows[there], edge[there], 1)
    return start + max(slope, 0.0) * rows


def _flanks(
    layout: Layout,
    frame: Bones,
    own: torch.Tensor,
    inside: torch.Tensor,
    cost: torch.Tensor,
    tall: float,
    bins: int = 48,
) -> torch.Tensor:
    """(2gh, 2gw) bool: the trunk's sides between hips and shoulders, as its outline tells where a gap shows it near by,
    and a little further than what is seen where an arm hides it all the way."""
    start, end = frame.start[INDEX["pelvis"]][:2], frame.start[INDEX["neck"]][:2]
    lateral, along = across(layout, start, end)
    place, beside = (along * bins).long().clamp(0, bins - 1), (along >= 0) & (along < 1) & (cost < WIDE)
    enclosed, steps = torch.zeros_like(own), np.arange(bins)
    for sign in (-1, 1):
        seen = outermost(lateral * sign, place, own & beside, bins)
        known = background_beyond(layout, inside, (start, end), sign, seen) & (seen > 0)
        # Only deep notches are an arm's that crosses; a waist is a notch as well, and shows.
        closed = _closed(seen, round(CROSSED * tall / np.hypot(*(end - start)) * bins / 2))
        seen = np.where(~known & (closed > seen + 2 * FLANK * tall), closed, seen)
        outline = seen + FLANK * tall
        if known.any():
            near = np.abs(steps[:, None] - steps[known]).min(1) < NEAR * bins
            outline = np.where(near, np.interp(steps, steps[known], seen[known]), outline)
        outline = np.minimum(np.maximum(outline, seen), seen + 2 * FLANK * tall)
        outline = np.convolve(np.pad(outline, 4, mode="edge"), np.full(9, 1 / 9), mode="valid")
        outline = np.where(known, np.minimum(outline, seen + layout.cell / 2), outline)  # not beyond the gap
        outline = np.minimum(outline, _first_gap(lateral * sign, place, ~inside & beside, seen, bins))
        outline = np.maximum(_without_steps(outline, SLANT * np.hypot(*(end - start)) / bins), seen)
        limit = torch.as_tensor(outline, dtype=torch.float32, device=own.device)[place]
        enclosed |= beside & (lateral * sign >= 0) & (lateral * sign <= limit)
    return enclosed


def _closed(outline: np.ndarray, reach: int) -> np.ndarray:
    """(bins,) the outline without notches of up to twice `reach` bins (a grey closing)."""

    def widest(values: np.ndarray) -> np.ndarray:
        padded = np.pad(values, reach, constant_values=-np.inf)
        return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(1)

    return -widest(-widest(outline))


def _without_steps(outline: np.ndarray, most: float) -> np.ndarray:
    """(bins,) the widest outline within `outline` that changes by at most `most` pixels from place to place."""
    steps = np.abs(np.arange(len(outline))[:, None] - np.arange(len(outline)))
    return (outline + most * steps).min(1)


def _first_gap(
    lateral: torch.Tensor, place: torch.Tensor, gap: torch.Tensor, seen: np.ndarray, bins: int
) -> np.ndarray:
    """(bins,) how far out to one side the background first shows beyond what is seen; what lies further is no trunk."""
    from_here = torch.as_tensor(0.8 * seen, dtype=torch.float32, device=gap.device)[place]
    gap = gap & (lateral > from_here.clamp(min=1e-3))
    reach = torch.full((bins,), float("inf"), device=gap.device)
    return reach.scatter_reduce_(0, place[gap], lateral[gap], "amin").cpu().numpy()
