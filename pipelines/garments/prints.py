"""Prints, logos and letters: what breaks the fabric's own colours sharply, in one place.

Folds are soft and keep the cloth's colour; grain and weave are everywhere; stripes, checks and dots return after their
period. A print does neither: it has hard edges in all directions on a small part of the garment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..geometry.garments import Pattern
from .cloth import Cloth

WORKING = 560
"""Longest side in pixels at which prints are looked for: letters of a twentieth of it still have strokes."""
LEVEL = 0.1
"""Least change of lightness (log) or colour over a pixel that is a hard edge. By eye, on openpeople's T-shirts."""
OVER = 3.2
"""How many times the cloth's own usual edge (its upper quartile) a hard edge has."""
GAP = 0.03
"""Share of the garment's longer side by which the strokes of a print are apart at most."""
SMALL, LARGE = 0.004, 0.45
"""Shares of the garment between which a print's area lies."""
DENSE = 0.09
"""Least share of a print's own area that is hard edge."""
ALL_OVER = 0.35
"""Share of a garment from which on hard edges are its pattern, and no print."""
BALANCE = 0.3
"""Edges of a stroke come in pairs, dark to light and light to dark: least share of the rarer of both. The border of a
pocket in the shade, or a fold, has one side."""
SHARP = 1.35
"""How much steeper a hard edge is at its own sharpness than seen through a blur of SOFT pixels; a fold hardly is."""
SOFT = 2.2
PARTED = 0.72
"""Least share of a print's spread of colour that two colours, ink and cloth, explain; an even spread has 0.75, the
bell of a fold 0.64 (Otsu's criterion)."""
BROAD = 0.02
"""Share of the garment from which on a print may be one solid shape: smaller ones are folds too often."""
RIM = 0.035
"""Share of the garment's longer side by which a print stays away from its rim, where seams and shade are."""
AT_RIM = 0.3
"""Share of a print's outline that may lie on the garment's rim: more, and it is a part of another colour."""
CONTRAST = 0.1
"""Least difference (log lightness or colour) of a print's ink and its cloth."""


@dataclass(frozen=True, eq=False)
class Spot:
    """What was found on a cloth's cut-out: mask (h, w) bool at the cut-out's size; confidence in [0, 1]."""

    mask: np.ndarray
    confidence: float


@dataclass(frozen=True, eq=False)
class Canvas:
    """A garment at the working size: colour (h, w, 3) log lightness and two chromaticities, inside (h, w) bool, depth
    (h, w) pixels from the rim."""

    colour: np.ndarray
    inside: np.ndarray
    depth: np.ndarray
    scale: float


def canvas(cloth: Cloth, side: int = WORKING) -> Canvas:
    """The garment at most `side` pixels long."""
    import cv2

    ratio = min(1.0, side / max(cloth.inside.shape))
    size = tuple(max(1, round(length * ratio)) for length in cloth.inside.shape[::-1])
    pixels = cv2.resize(cloth.pixels, size, interpolation=cv2.INTER_AREA) if ratio < 1 else cloth.pixels
    inside = cv2.resize(cloth.inside.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
    depth = cv2.distanceTransform(np.pad(inside, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    return Canvas(colours(cv2.GaussianBlur(pixels, (0, 0), 0.7)), inside, depth, ratio)


def colours(pixels: np.ndarray) -> np.ndarray:
    """(h, w, 3) sRGB -> log lightness, and how far red and blue are from green over lightness: shade changes the first
    alone."""
    light = pixels.mean(2)
    return np.stack(
        (
            np.log(light + 0.06),
            (pixels[..., 0] - pixels[..., 1]) / (light + 0.12),
            (pixels[..., 2] - pixels[..., 1]) / (light + 0.12),
        ),
        2,
    ).astype(np.float32)


def prints(cloth: Cloth, patterns: tuple[Pattern, ...]) -> list[Spot]:
    """The prints of a garment whose repeats are known."""
    import cv2

    flat = canvas(cloth)
    if int(flat.inside.sum()) < 200:
        return []
    edges, dark = hard_edges(flat, patterns)
    area = float(flat.inside.sum())
    reach = max(2, round(GAP * max(flat.inside.shape) / 2))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    crowd = cv2.boxFilter(edges.astype(np.float32), -1, (2 * reach + 1,) * 2, borderType=cv2.BORDER_CONSTANT)
    core = ((crowd > 0.8 * DENSE) & edges).astype(np.uint8)
    whole = cv2.morphologyEx(core, cv2.MORPH_CLOSE, disc)
    if float(whole.sum()) / area > ALL_OVER:
        return []
    count, labels, stats, _ = cv2.connectedComponentsWithStats(whole, connectivity=8)
    found = []
    for number in range(1, count):
        if SMALL * area < stats[number, cv2.CC_STAT_AREA] < LARGE * area:
            spot = _judged(_inked(labels == number, flat), edges, dark, flat)
            if spot is not None:
                found.append(Spot(_native(spot.mask, cloth), spot.confidence))
    return found


def hard_edges(flat: Canvas, patterns: tuple[Pattern, ...] = ()) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) bool where the colour changes at once and the cloth's own pattern does not; (h, w, 2) the steps' way, from
    dark to light."""
    import cv2

    colour, inside = flat.colour, flat.inside
    gx, gy, size = _steps(colour)
    _, _, soft = _steps(cv2.GaussianBlur(colour, (0, 0), SOFT))
    safe = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    usual = float(np.quantile(size[safe], 0.75)) if safe.any() else 0.0
    strong = safe & (size > max(LEVEL, OVER * usual)) & (size > SHARP * soft)
    for pattern in patterns:
        strong &= _unlike(flat, pattern)
    way = np.stack((gx[..., 0], gy[..., 0]), 2)
    return strong, way


def _steps(colour: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slopes of every channel across and down, per pixel, and their size together."""
    import cv2

    gx, gy = (cv2.Sobel(colour, -1, *way, ksize=3) / 8 for way in ((1, 0), (0, 1)))
    return gx, gy, np.sqrt((gx**2 + gy**2).sum(2))


def _unlike(flat: Canvas, pattern: Pattern) -> np.ndarray:
    """(h, w) bool where the cloth differs from itself one period to every side, more than it usually does."""
    import cv2

    steps = [(pattern.period, pattern.orientation)]
    if pattern.second:
        steps.append((pattern.second, pattern.orientation + np.pi / 2))
    least = np.full(flat.inside.shape, np.inf, np.float32)
    for period, angle in steps:
        for sign in (-1, 1):
            x, y = (sign * flat.scale * period * part for part in (np.cos(angle), np.sin(angle)))
            matrix = np.float32([[1, 0, x], [0, 1, y]])
            size = flat.inside.shape[::-1]
            moved = cv2.warpAffine(flat.colour, matrix, size, borderMode=cv2.BORDER_REPLICATE)
            there = cv2.warpAffine(flat.inside.astype(np.uint8), matrix, size) > 0
            away = np.abs(flat.colour - moved).max(2)
            least = np.where(there, np.minimum(least, away), least)
    known = flat.inside & np.isfinite(least)
    if not known.any():
        return flat.inside
    usual = float(np.quantile(least[known], 0.75))
    spread = cv2.blur(np.where(known, least, 0), (5, 5))
    return spread > max(2 * CONTRAST, 2.0 * usual)


def _inked(mask: np.ndarray, flat: Canvas) -> np.ndarray:
    """The mask with what of the garment has its ink's colour and hangs on to it: broad strokes, filled emblems."""
    import cv2

    ground = _ground(mask, flat)
    away = np.abs(flat.colour - ground).max(2)
    ink = flat.colour[mask & (away > CONTRAST)]
    if len(ink) < 10:
        return mask
    near = (
        np.abs(flat.colour - np.median(ink, axis=0)).max(2)
        < 0.5 * np.abs(np.median(ink, axis=0) - ground).max()
    )
    count, labels = cv2.connectedComponents(((near & flat.inside) | mask).astype(np.uint8))
    grown = labels == np.bincount(labels[mask], minlength=count).argmax()
    reach = max(2, round(GAP * max(mask.shape) / 2))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    grown = filled(cv2.morphologyEx(grown.astype(np.uint8), cv2.MORPH_CLOSE, disc) > 0)
    return grown & flat.inside if grown.sum() < 8 * mask.sum() else mask


def lettered(box: np.ndarray, cloth: Cloth) -> np.ndarray:
    """(h, w) bool of the cut-out: the ink inside a box (h, w) bool round a line of text, and what lies between;
    nothing where it hardly differs from the cloth."""
    import cv2

    rows, columns = np.flatnonzero(box.any(1)), np.flatnonzero(box.any(0))
    part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    colour, where = colours(cloth.pixels[part]), box[part]
    away = np.abs(colour - np.median(colour[where], axis=0)).max(2)
    strong = float(np.quantile(away[where], 0.95))
    ink = where & (away > 0.5 * strong) & (strong > CONTRAST)
    reach = max(1, round(0.25 * min(where.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    closed = np.pad(ink, reach).astype(np.uint8)
    closed = cv2.morphologyEx(closed, cv2.MORPH_CLOSE, disc)[reach:-reach, reach:-reach] > 0
    whole = np.zeros_like(box)
    whole[part] = filled(closed & where)
    return whole


def filled(mask: np.ndarray) -> np.ndarray:
    """The mask without holes: what a frame or an O surrounds moves with it."""
    import cv2

    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.zeros(mask.shape, np.uint8), outlines, -1, 1, cv2.FILLED) > 0


def _ground(mask: np.ndarray, flat: Canvas) -> np.ndarray:
    """(3,) the cloth's colour round a spot."""
    import cv2

    ring = cv2.dilate(mask.astype(np.uint8), np.ones((13, 13), np.uint8)) > 0
    ring &= ~mask & flat.inside
    return np.median(flat.colour[ring if ring.any() else flat.inside], axis=0)


def _parted(values: np.ndarray) -> float:
    """The share of the spread that two groups explain (Otsu, A threshold selection method from gray-level histograms,
    1979)."""
    count, edges = np.histogram(values, 64)
    middle = (edges[1:] + edges[:-1]) / 2
    share = np.cumsum(count) / count.sum()
    mean = np.cumsum(count * middle) / count.sum()
    between = (mean[-1] * share - mean) ** 2 / np.maximum(share * (1 - share), 1e-6)
    return float(between.max() / max(values.var(), 1e-9))


def _judged(mask: np.ndarray, edges: np.ndarray, way: np.ndarray, flat: Canvas) -> Spot | None:
    """Whether a crowd of edges is a print, and how surely."""
    import cv2

    inner = edges & mask
    area = float(mask.sum())
    density = float(inner.sum()) / area
    if density < DENSE:
        return None
    steps = way[inner]
    angle = np.arctan2(steps[:, 1], steps[:, 0])
    octants = np.bincount(((angle + np.pi) / (2 * np.pi) * 8).astype(int) % 8, minlength=8) / len(angle)
    opposite = np.minimum(octants[:4], octants[4:]).sum() * 2  # 1: every edge has its other side
    if opposite < BALANCE:
        return None
    ground = _ground(mask, flat)
    away = flat.colour[mask] - ground
    contrast = float(np.quantile(np.abs(away).max(1), 0.8))
    axis = np.linalg.eigh(away.T @ away)[1][:, -1]
    parted = _parted(away @ axis)
    if (
        area > BROAD * flat.inside.sum()
    ):  # ink fills the mask: the cloth round it is the other of the two colours
        around = cv2.dilate(mask.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
        parted = max(parted, _parted((flat.colour[around & flat.inside] - ground) @ axis))
    if contrast < CONTRAST or parted < PARTED:
        return None
    outline = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    outline &= ~mask
    if float((outline & ~flat.inside).sum()) > AT_RIM * outline.sum():  # a sleeve, a lining, another garment
        return None
    free = np.clip(float(np.median(flat.depth[mask])) / (RIM * max(mask.shape)), 0, 1)
    sure = min(1.0, opposite / 0.7) * min(1.0, contrast / 0.3) * min(1.0, density / 0.2)
    return Spot(mask, float(sure * free * np.clip((parted - PARTED) / 0.12, 0.3, 1)))


def _native(mask: np.ndarray, cloth: Cloth) -> np.ndarray:
    """The mask at the cut-out's size."""
    import cv2

    size = cloth.inside.shape[::-1]
    return cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) > 0.5
