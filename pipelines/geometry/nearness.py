"""How near every cell of the picture is to every layer of the body: distance to the bones over their thickness."""

from __future__ import annotations

import numpy as np
import torch

from .layout import Layout
from .limb_outline import Outline
from .motion import FINGERTIPS, Bones
from .parts import INDEX, LAYERS, PARTS, of_layer

FINGER = 0.0075
"""Half-breadth of a finger with some flesh beside it as a fraction of stature (13 mm on 1.75 m): our choice, by eye."""

YOKE = 0.5
"""Share of the neck's bone up to which the shoulders rise to it: the muscle, or a collar. By eye."""

ARMPIT = 0.4
"""Share of an upper arm above which its outline towards the body is that of a sleeve that goes on into the shirt. By
eye."""
CLEARLY, FAR = 1.1, 1.6
"""Breadths from which on a place beside a limb is surely beyond it, and up to which its outline tells so. By eye."""
SHARP = 5.0
"""How fast a limb's cost rises beyond its outline, over its breadth: half a breadth beyond, nothing is the limb. By
eye."""
LOOSE = 1.35
"""How much wider than its outline further down a limb may be beside what covers it, as in loose shorts. By eye."""

FOREIGN, MIXED = 1.5, (0.2, 0.5)
"""Extra cost of cloth where a limb is bare and of skin where it is dressed, over half of that being sure; and the share
of skin on a limb's axis from which on the limb is taken to be bare, and surely is. By eye."""
DRESSED = 1.0
"""Extra cost of an arm on trousers, a skirt or a shoe. By eye."""
SPUR = 1.12
"""How much wider than round about a limb's outline may be read: more is a piece of something else. By eye."""


def measured_radii(layout: Layout, matte: torch.Tensor, frame: Bones, tall: float) -> np.ndarray:
    """(P,) half-breadths in pixels: from each bone outward to the silhouette's border, the nearer side.

    matte (gh, gw) on the label grid. At least 0.75 of the body's own; 1.2 of it where the border is further than
    2.4 of it, because the limb lies before the trunk or in a skirt.
    """
    radii = np.array([part.radius * tall for part in PARTS])
    x0, y0 = layout.corner
    pitch = layout.cell / 2
    inside = matte.cpu().numpy() > 0.5
    for p, part in enumerate(PARTS):
        bone = (frame.end[p] - frame.start[p])[:2]
        length = np.hypot(*bone)
        if part.layer == "trunk" or not frame.present[p] or length < 2 * pitch:
            continue
        normal = np.array([-bone[1], bone[0]]) / length
        # A thigh's upper half hides between its neighbour, the hands and the shirt.
        first = 0.5 if part.name.endswith("thigh") else 0.2
        along = np.linspace(first, 0.85, 9)[:, None, None] * bone + frame.start[p][:2]
        reach = np.arange(0, 3 * radii[p], pitch / 2)
        widths = []
        for side in (-1, 1):
            ray = along + side * normal * reach[None, :, None]
            j, i = np.floor((ray[..., 0] + 0.5 - x0) / pitch), np.floor((ray[..., 1] + 0.5 - y0) / pitch)
            ok = (i >= 0) & (j >= 0) & (i < inside.shape[0]) & (j < inside.shape[1])
            hit = np.zeros(ok.shape, bool)
            hit[ok] = inside[i[ok].astype(int), j[ok].astype(int)]
            out = ~hit
            widths.append(np.where(out.any(1), reach[out.argmax(1)], reach[-1]))
        width = float(np.median(np.minimum(*widths)))
        # No border near on either side: the limb lies before the body, and its own breadth is not to be seen.
        radii[p] = (
            np.clip(width, 0.75 * radii[p], 2.4 * radii[p]) if width < 2.4 * radii[p] else 1.2 * radii[p]
        )
    return radii


def _torso_distance(layout: Layout, frame: Bones, radii: np.ndarray, fine: int) -> torch.Tensor:
    """(gh, gw) signed pixels to the torso's outline: shoulders drawn in by an arm's radius, hips out
    by two thirds of a thigh's."""
    x, y = layout.cells(fine)
    points = []
    for side in ("left", "right"):
        shoulder = frame.start[INDEX[f"{side}_upper_arm"]][:2]
        hip = frame.start[INDEX[f"{side}_thigh"]][:2]
        points.append(
            (shoulder, radii[INDEX[f"{side}_upper_arm"]] * -0.9, hip, radii[INDEX[f"{side}_thigh"]] * 0.7)
        )
    (ls, li, lh, lo), (rs, ri, rh, ro) = points
    across, low = ls - rs, lh - rh
    across, low = across / max(np.hypot(*across), 1e-6), low / max(np.hypot(*low), 1e-6)
    neck, head = INDEX["neck"], INDEX["head"]
    base = frame.start[neck][:2] + YOKE * (frame.end[neck] - frame.start[neck])[:2]
    half = across * float(radii[neck])
    yoke = [base - half, base + half] if frame.present[neck] and frame.present[head] else []
    outline = np.stack([rs - across * ri, *yoke, ls + across * li, lh + low * lo, rh - low * ro])
    return _polygon_distance(x, y, outline)


def _polygon_distance(x: torch.Tensor, y: torch.Tensor, corners: np.ndarray) -> torch.Tensor:
    """(gh, gw) signed distance to a polygon (n, 2), negative inside."""
    inside = torch.zeros_like(x, dtype=torch.bool)
    distance = torch.full_like(x, float("inf"))
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, 0), strict=True):
        ax, ay, bx, by = float(ax), float(ay), float(bx), float(by)
        dx, dy = bx - ax, by - ay
        along = (((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-6)).clamp(0, 1)
        distance = torch.minimum(distance, torch.hypot(x - ax - along * dx, y - ay - along * dy))
        crosses = ((ay > y) != (by > y)) & (x < dx * (y - ay) / (dy if abs(dy) > 1e-9 else 1e-9) + ax)
        inside ^= crosses
    return torch.where(inside, -distance, distance)


def nearness(
    layout: Layout,
    frame: Bones,
    radii: np.ndarray,
    tall: float,
    skin: torch.Tensor | None,
    outlines: dict[int, Outline] | None = None,
) -> dict[str, torch.Tensor]:
    """Per layer (2gh, 2gw): distance over radius, about 1 at the outline of the naked part, less inside; by part the
    outlines that the photo shows."""
    outlines = outlines or {}
    costs = {}
    for name in LAYERS[1:]:
        present = [p for p in of_layer(name) if frame.present[p]]
        if present:
            each = [_limb_cost(layout, frame, radii, p, skin, outlines.get(p)) for p in present]
            each += _finger_costs(layout, frame, name, tall, skin)
            costs[name] = torch.stack(each).amin(0)
    torso = 1 + _torso_distance(layout, frame, radii, 2) / (0.035 * tall)
    upper = [
        layout.capsule(frame.start[p], frame.end[p], 2)[0] / float(radii[p])
        for p in (INDEX["neck"], INDEX["head"])
    ]
    costs["trunk"] = torch.stack([torso.clamp(min=0), *upper]).amin(0)
    return costs


def _finger_costs(
    layout: Layout, frame: Bones, name: str, tall: float, skin: torch.Tensor | None
) -> list[torch.Tensor]:
    costs = [layout.capsule(*segment, 2)[0] / (FINGER * tall) for segment in frame.fingers.get(name, ())]
    if not costs:
        return []
    nearest = torch.stack(costs).amin(0)
    return [nearest if skin is None else nearest + _foreign(skin, _mean(skin, nearest < 0.6))]


def _mean(values: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
    return (values * where).sum() / where.sum().clamp(min=1)


def _foreign(skin: torch.Tensor, expected: torch.Tensor) -> torch.Tensor:
    """Extra cost where cloth meets bare skin or the other way round, both in [0, 1]."""
    return FOREIGN * ((skin - expected).abs() - 0.5).clamp(min=0)


def _limb_cost(
    layout: Layout,
    frame: Bones,
    radii: np.ndarray,
    part: int,
    skin: torch.Tensor | None,
    outline: Outline | None = None,
    bins: int = 12,
) -> torch.Tensor:
    """(2gh, 2gw) distance over radius, or over the breadth of its outline where that is clear; more where bare skin
    meets a dressed stretch of the limb or cloth a bare one.

    What a stretch of the limb is, its own axis tells: so a sleeve ends where the arm's axis turns to skin, and the
    shirt beside a bare arm is not the arm.
    """
    end = frame.end[part]
    if PARTS[part].name.endswith("hand") and len(frame.fingers[PARTS[part].layer]):
        end = (
            frame.start[part] + (end - frame.start[part]) / FINGERTIPS
        )  # the palm: the fingers speak for themselves
    distance, along = layout.capsule(frame.start[part], end, 2)
    cost = distance / float(radii[part])
    core = (cost < 0.4).float()
    if outline is not None:
        cost = _by_outline(layout, frame, part, outline, cost)
    if skin is None or PARTS[part].name.endswith("foot"):
        return cost
    stretch = (along * bins).long().clamp(max=bins - 1)
    total = torch.zeros(bins, device=core.device).index_add_(0, stretch.flatten(), core.flatten())
    bare = torch.zeros(bins, device=core.device).index_add_(0, stretch.flatten(), (core * skin).flatten())
    # A place along a limb is bare all round, or dressed: where a good part of it is skin, cloth is what lies beside.
    expected = ((bare / total.clamp(min=1) - MIXED[0]) / (MIXED[1] - MIXED[0])).clamp(0, 1)[stretch]
    return cost + _foreign(skin, expected)


def _by_outline(
    layout: Layout, frame: Bones, part: int, outline: Outline, cost: torch.Tensor
) -> torch.Tensor:
    """(2gh, 2gw) the cost where the photo shows where the limb ends: little up to there, and much beyond."""
    share, clear = _share(layout, frame, part, outline)
    told = torch.where(share < 1, share**4, 1 + SHARP * (share - 1))
    return torch.lerp(cost, told, clear)


def _share(layout: Layout, frame: Bones, part: int, outline: Outline) -> tuple[torch.Tensor, torch.Tensor]:
    """(2gh, 2gw) distance from a limb's axis over its breadth there, and how clear that is, 0 beyond its ends (a cuff
    reaches over the wrist)."""
    lateral, along = across(layout, frame.start[part][:2], frame.end[part][:2])
    width, clear = outline.at(lateral, along)
    first = ARMPIT if PARTS[part].name.endswith("upper_arm") else 0.0
    return lateral.abs() / width, clear * ((along - first) / 0.1).clamp(0, 1) * (along < 1.1)


def beyond_outlines(
    costs: dict[str, torch.Tensor], layout: Layout, frame: Bones, outlines: dict[int, Outline]
) -> dict[str, torch.Tensor]:
    """Costs (2gh, 2gw) where, next to a limb's clear outline, what lies beyond is surely the nearest of the others."""
    costs = dict(costs)
    for part, outline in outlines.items():
        own = PARTS[part].layer
        share, clear = _share(layout, frame, part, outline)
        beyond = (share > CLEARLY) & (share < FAR) & (clear > 0.7)
        others = [name for name in costs if name != own]
        nearest = torch.stack([costs[name] for name in others]).argmin(0)
        for k, name in enumerate(others):
            mine = beyond & (nearest == k) & (costs[name] < costs[own])
            costs[name] = torch.where(mine, costs[name].clamp(max=0.5), costs[name])
    return costs


def _in_front(layout: Layout, frame: Bones, name: str, tall: float) -> bool:
    """An arm counts as seen before the trunk unless it is clearly lifted behind it."""
    hand = INDEX[f"{name.split('_')[0]}_forearm"]
    trunk = frame.start[INDEX["spine"]][2]
    return float(frame.end[hand][2] - trunk) < 0.06 * tall


def ordered(costs: dict[str, torch.Tensor], layout: Layout, frame: Bones, tall: float):
    """Costs with the occlusion order in: where an arm lies over something else, it is the arm that is seen."""
    costs = dict(costs)
    for name in ("left_arm", "right_arm"):
        if name not in costs:
            continue
        if _in_front(layout, frame, name, tall):
            covered = costs[name] < 1.15
            for other in ("trunk", "left_leg", "right_leg"):
                if other in costs:
                    costs[other] = torch.where(covered, costs[other].clamp(min=1.0), costs[other])
        else:
            costs[name] = torch.where(costs["trunk"] < 1, costs[name].clamp(min=1.2), costs[name])
    return costs


def favour_hair(costs: dict[str, torch.Tensor], hair: torch.Tensor) -> None:
    """Hair belongs to the head, however far it falls."""
    costs["trunk"] = torch.where(hair > 0.5, costs["trunk"].clamp(max=0.3), costs["trunk"])
    for name in costs.keys() - {"trunk"}:
        costs[name] = torch.where(hair > 0.5, costs[name] + 1.0, costs[name])


def keep_off(costs: dict[str, torch.Tensor], trousers: torch.Tensor) -> None:
    """What dresses hips, legs and feet is no arm, however near a hand lies to it: costs and trousers (2gh, 2gw)."""
    for name in costs.keys() & {"left_arm", "right_arm"}:
        costs[name] = costs[name] + DRESSED * (2 * trousers - 1).clamp(min=0)


def within_outline(
    layout: Layout,
    frame: Bones,
    part: int,
    own: torch.Tensor,
    inside: torch.Tensor,
    radius: float,
    bins: int = 28,
) -> torch.Tensor:
    """(2gh, 2gw) bool: the cells beside a limb's bone that its own outline encloses.

    The outline is the limb's half-width at each place along the bone, on each side, read where the limb's own cells
    (`own`) meet the background (not `inside`) and interpolated where something else covers it.
    """
    start, end = frame.start[part][:2], frame.end[part][:2]
    lateral, along = across(layout, start, end)
    place = (along * bins).long().clamp(0, bins - 1)
    beside = (along >= 0) & (along < 1)
    enclosed = torch.zeros_like(own)
    for sign in (-1, 1):
        # Outwards from the bone, the first cell that is not the limb's.
        reach = torch.full((bins,), 2 * radius, device=own.device)
        other = ~own & beside & (lateral * sign > 0)
        reach.scatter_reduce_(0, place[other], (lateral * sign)[other], "amin")
        widths = reach.cpu().numpy()
        known = (widths < 2 * radius) & background_beyond(layout, inside, (start, end), sign, widths)
        known &= np.roll(known, 1) & np.roll(
            known, -1
        )  # where something begins to cover it, it may be part of that
        known[known] = widths[known] <= SPUR * _local_median(widths[known])
        steps = np.arange(bins)
        outline = np.interp(steps, steps[known], widths[known]) if known.any() else np.full(bins, radius)
        # Beside what covers it, what is seen of it is the least that there is: loose shorts beside a hand.
        known |= (widths > outline) & (widths < LOOSE * outline)
        outline = np.interp(steps, steps[known], widths[known]) if known.any() else outline
        limit = torch.as_tensor(outline, dtype=torch.float32, device=own.device)[place]
        enclosed |= beside & (lateral * sign >= 0) & (lateral * sign <= limit)
    return enclosed


def _local_median(values: np.ndarray, half: int = 4) -> np.ndarray:
    """(n,) median of each value and `half` others on either side."""
    if not len(values):
        return values
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, half, mode="edge"), 2 * half + 1)
    return np.median(windows, axis=1)


def across(layout: Layout, start: np.ndarray, end: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """(2gh, 2gw) signed pixels from the axis through start and end (2,), and the fraction along it, not clamped."""
    x, y = layout.cells(2)
    side = _side(start, end)
    lateral = (x - float(start[0])) * float(side[0]) + (y - float(start[1])) * float(side[1])
    return lateral, layout.capsule(start, end, 2, clamp=False)[1]


def _side(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    bone = end - start
    return np.array([-bone[1], bone[0]]) / max(float(np.hypot(*bone)), 1e-6)


def background_beyond(
    layout: Layout, inside: torch.Tensor, axis: tuple[np.ndarray, np.ndarray], sign: int, widths: np.ndarray
) -> np.ndarray:
    """(bins,) bool: whether nobody is just beyond the half-widths (bins,) on one side of an axis from start to end."""
    start, end = axis
    middle = start + (np.arange(len(widths))[:, None] + 0.5) / len(widths) * (end - start)
    beyond = middle + _side(start, end) * sign * (widths[:, None] + 1.5 * layout.cell / 2)
    return ~_inside_at(layout, inside, beyond)


def _inside_at(layout: Layout, inside: torch.Tensor, points: np.ndarray) -> np.ndarray:
    """(n,) bool, the mask (2gh, 2gw) at pixel positions (n, 2); outside the grid there is nobody."""
    pitch = layout.cell / 2
    cells = np.floor((points + 0.5 - np.array(layout.corner)) / pitch).astype(int)[:, ::-1]
    ok = ((cells >= 0) & (cells < np.array(inside.shape))).all(1)
    found = np.zeros(len(points), bool)
    found[ok] = inside.cpu().numpy()[cells[ok, 0], cells[ok, 1]]
    return found


def outermost(lateral: torch.Tensor, place: torch.Tensor, own: torch.Tensor, bins: int) -> np.ndarray:
    """(bins,) the furthest of the own cells to one side at each place along an axis; 0 where there is none."""
    reach = torch.zeros(bins, device=own.device)
    return reach.scatter_reduce_(0, place[own], lateral[own], "amax").cpu().numpy()
