"""Discs of one known radius, found by their visible arcs: joints under other joints, dots in crowded hands.

Each border pixel between a disc's colour and the ground has a normal, and its centre lies a radius along it:
the arcs vote (Ballard, "Generalizing the Hough transform", Pattern Recognition 13, 1981, with a known radius),
and each centre is then fitted to its own arc by least squares. What others cover takes no part in it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

ARC = 0.55
"""Radians of arc at least that must be seen of a disc: from that length on a fit is good to half a pixel."""
HOLE = 0.15
"""Share of a disc, at most, that may show what cannot lie over it."""
LEVEL = 0.5
SECTORS = 32
APART = 0.3
"""Two discs of a colour are at least so many radii apart; nearer ones are one."""


KEPT = 0.9
"""Share of overlapping discs that an opening by their own radius keeps: pixels cost the rest."""
SLACK = 0.8
"""Pixels by which a drawn disc's tips stand out of the circle of its area."""
MOST = 2000
"""Discs of one colour that are looked at: twenty hands have 420."""


class Discs(NamedTuple):
    """centres (n, 2) pixels, arc (n,) radians of border that is seen, shown (n,) share of the area that is."""

    centres: np.ndarray
    arc: np.ndarray
    shown: np.ndarray


NO_DISCS = Discs(np.zeros((0, 2)), np.zeros(0), np.zeros(0))


class Borders(NamedTuple):
    """points (n, 2) to a part of a pixel, normals (n, 2) unit, pointing out, index (H, W) the pixel's point or -1."""

    points: np.ndarray
    normals: np.ndarray
    index: np.ndarray


def find_discs(
    own: np.ndarray, cover: np.ndarray, radius: float, least_arc: float = ARC, least_shown: float = 0.0
) -> Discs:
    """The discs of a radius in pixels that (H, W) bool `own` shows, where `cover` pixels may hide parts of them.

    least_arc, least_shown  radians of border and share of area that must be seen of a disc
    """
    if not own.any():
        return NO_DISCS
    found = borders(own, cover)
    if len(found.points) == 0:
        return NO_DISCS
    centres = _peaks(found.points - radius * found.normals, own.shape, radius)
    for width in (max(1.5, 0.2 * radius), 1.2, 0.8):
        centres = _fitted(centres, found, radius, width)
    free, shown = _filled(centres, own, cover, radius)
    good = (free <= HOLE) & (shown >= least_shown)
    centres, shown = centres[good], shown[good]
    arc = _own_arcs(centres, found, radius, least_arc)
    return Discs(centres[arc > 0], arc[arc > 0], shown[arc > 0])


def borders(own: np.ndarray, cover: np.ndarray) -> Borders:
    """The border between `own` and what is neither it nor cover: of both together, where it is own's."""
    import cv2

    whole = own | cover
    soft = cv2.GaussianBlur(whole.astype(np.float32), (0, 0), 1.0)
    down = cv2.Sobel(soft, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    right = cv2.Sobel(soft, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    near_own, near_cover = (
        cv2.dilate(m.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0 for m in (own, cover)
    )
    steep = np.hypot(right, down)
    # Where the cover itself ends on the ground, the border is not the disc's.
    on = (np.abs(soft - LEVEL) < 0.28) & (steep > 0.08) & (own | (near_own & ~near_cover & ~whole))
    # The picture's own border is no border of a disc.
    on[[0, -1]] = False
    on[:, [0, -1]] = False
    y, x = np.nonzero(on)
    normals = -np.stack([right[on], down[on]], axis=1) / steep[on][:, None]
    points = np.stack([x, y], axis=1) + normals * ((soft[on] - LEVEL) / steep[on])[:, None]
    index = np.full(own.shape, -1)
    index[y, x] = np.arange(len(points))
    return Borders(points, normals, index)


def _peaks(votes: np.ndarray, shape: tuple[int, int], radius: float) -> np.ndarray:
    """(n, 2) places where (m, 2) votes gather, the `MOST` strongest."""
    import cv2

    height, width = shape
    pad = int(radius) + 4
    x, y = (np.rint(votes).astype(np.int64) + pad).T
    inside = (x >= 0) & (y >= 0) & (x < width + 2 * pad) & (y < height + 2 * pad)
    flat = np.bincount(
        y[inside] * (width + 2 * pad) + x[inside], minlength=(height + 2 * pad) * (width + 2 * pad)
    )
    counts = flat.reshape(height + 2 * pad, width + 2 * pad).astype(np.float32)
    sigma = max(0.8, 0.1 * radius)
    dense = cv2.GaussianBlur(counts, (0, 0), sigma) * (2 * np.pi * sigma**2)
    reach = 2 * max(1, round(APART * radius)) + 1
    top = (dense >= cv2.dilate(dense, np.ones((reach, reach), np.uint8))) & (dense > 0.5 * ARC * radius)
    y, x = np.nonzero(top)
    strongest = np.argsort(-dense[y, x], kind="stable")[:MOST]
    return np.stack([x, y], axis=1)[strongest].astype(np.float64) - pad


def _grid(inner: float, outer: float) -> np.ndarray:
    """(g, 2) whole steps between two distances from the middle."""
    reach = int(np.ceil(outer))
    grid = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2), axis=-1).reshape(-1, 2)
    distance = np.linalg.norm(grid, axis=1)
    return grid[(distance >= inner) & (distance <= outer)]


def _own_border(
    centres: np.ndarray, found: Borders, radius: float, width: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Border points on each disc, within `width` pixels and their normals along the radius.

    (n, g) bool which, (n, g) distance from the centre, (n, g, 2) direction from it, (n, g) number of the point.
    """
    grid = _grid(radius - width - 1.5, radius + width + 1.5)
    x, y = np.moveaxis(np.rint(centres[:, None] + grid).astype(np.int64), -1, 0)
    height, wide = found.index.shape
    inside = (x >= 0) & (y >= 0) & (x < wide) & (y < height)
    index = np.where(inside, found.index[np.clip(y, 0, height - 1), np.clip(x, 0, wide - 1)], -1)
    away = found.points[index] - centres[:, None]
    distance = np.maximum(np.linalg.norm(away, axis=2), 1e-6)
    direction = away / distance[..., None]
    along = (direction * found.normals[index]).sum(axis=2)
    return (index >= 0) & (np.abs(distance - radius) < width) & (along > 0.8), distance, direction, index


def _fitted(centres: np.ndarray, found: Borders, radius: float, width: float) -> np.ndarray:
    """Each centre moved to where its own arc is a radius away, in least squares (a Gauss-Newton step)."""
    on, distance, direction, _ = _own_border(centres, found, radius, width)
    miss = np.where(on, distance - radius, 0.0)
    matrix = np.einsum("nm,nmi,nmj->nij", on.astype(float), direction, direction) + 0.3 * np.eye(2)
    step = np.linalg.solve(matrix, np.einsum("nm,nmi->ni", miss, direction)[..., None])[..., 0]
    return centres + np.clip(step, -0.3 * radius, 0.3 * radius)


def _own_arcs(centres: np.ndarray, found: Borders, radius: float, least: float) -> np.ndarray:
    """(n,) radians of border that are each disc's own, 0 for one that is none, counted in `SECTORS`.

    The disc with the most border takes it first; what has too little left was made by its neighbours' borders.
    """
    on, _, direction, points = _own_border(centres, found, radius, 1.0)
    turn = (np.arctan2(direction[..., 1], direction[..., 0]) / (2 * np.pi)) % 1
    sector = (turn * SECTORS).astype(int) % SECTORS
    arc, taken = np.zeros(len(centres)), np.zeros(len(found.points), dtype=bool)
    for disc in np.argsort(-on.sum(axis=1), kind="stable"):
        left = on[disc] & ~taken[points[disc]]
        own = len(np.unique(sector[disc, left])) * 2 * np.pi / SECTORS
        near = np.linalg.norm(centres - centres[disc], axis=1) < APART * radius
        if own >= least and not (near & (arc > 0)).any():
            arc[disc] = own
            taken[points[disc][on[disc]]] = True
    return arc


def _filled(
    centres: np.ndarray, own: np.ndarray, cover: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """(n,) share of each disc that shows neither its colour nor a cover, and (n,) share that shows its colour."""
    grid = _grid(0, max(radius - 0.8, 0.6))
    x, y = np.moveaxis(np.rint(centres[:, None] + grid).astype(np.int64), -1, 0)
    height, width = own.shape
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    mine = inside & own[y, x]
    hidden = ~inside | cover[y, x]
    return (~mine & ~hidden).mean(axis=1), mine.mean(axis=1)


def disc_radius(masks: list[np.ndarray]) -> float | None:
    """The radius in pixels of the discs that lie free in (H, W) bool masks of one colour each; None without one.

    A free disc fills pi / 4 of its box, and its box is square.
    """
    import cv2

    found = []
    for mask in masks:
        if not mask.any():
            continue
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
        width, height, area = stats[1:, 2], stats[1:, 3], stats[1:, 4]
        side = (width + height) / 2
        free = (np.abs(width - height) <= np.maximum(1, 0.12 * side)) & (side >= 4)
        free &= np.abs(area / (np.pi / 4 * side**2) - 1) < (0.16 + 0.9 / side)
        found += np.sqrt(area[free] / np.pi).tolist()
    return _largest_shared(np.array(found)) if found else None


def _largest_shared(radii: np.ndarray) -> float:
    """The largest radius that two discs have, else the largest: dots are smaller than joints, debris too."""
    radii = np.sort(radii)[::-1]
    near = np.abs(radii[:, None] - radii[None]) < 0.1 * radii[:, None]
    shared = near.sum(axis=1) >= 2
    return float(np.median(radii[near[shared.argmax()]])) if shared.any() else float(radii[0])


def union_radius(mask: np.ndarray, smallest: float, largest: float) -> float | None:
    """The radius of overlapping discs in a (H, W) bool mask: the largest whose opening keeps nearly all that an
    opening by the smallest keeps (which leaves out lines); None where that is nothing."""
    import cv2

    free = disc_radius([mask])
    if free is not None and smallest <= free <= largest:
        return free
    mask = np.pad(mask, 1)
    inner = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    total, best = 0, None
    for radius in np.arange(smallest, largest + 0.25, 0.5):
        seeds = (inner < radius).astype(np.uint8)
        if seeds.all():
            break
        opened = cv2.distanceTransform(seeds, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= radius + SLACK
        kept = int((opened & mask).sum())
        total = total or kept
        if kept < KEPT * total:
            break
        best = float(radius)
    return best
