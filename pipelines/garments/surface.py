"""How a garment lies, told by its colours alone: how deep its folds are, how far skin shows through it, its pleats."""

from __future__ import annotations

from math import pi

import numpy as np
import torch

from ..geometry import colour
from ..geometry.garments import NUMBER, SKIN, GarmentMap, Measured, Pattern
from .cloth import SURE, Cloth

WORKING = 420
"""Longest side in pixels at which folds are measured: what is finer is weave and grain."""
FOLD = (0.012, 0.06)
"""Share of the same from which to which a fold is broad."""
PLAIN_FOLDS = 0.1
"""Relative depth (standard deviation of the light over its mean) of the folds of a cotton T-shirt, in the median of
openpeople's 20 full-body photos."""
APART = 0.035
"""Distance in chromaticity (red and green shares of the light) from which cloth and skin are told apart. By eye."""
NUDE = 0.6
"""How far from grey to skin a cloth's own colour may lie for its sheerness to be told."""
BAND = (0.04, 0.3)
"""Share of a garment's height above its hem in which pleats are counted."""
VALLEY = 0.035
"""How much darker than its surroundings (relative) a crease is at least. By eye."""


def linear(srgb: np.ndarray) -> np.ndarray:
    """sRGB [0, 1] -> linear light (IEC 61966-2-1:1999)."""
    return colour.linear(torch.from_numpy(np.asarray(srgb, np.float32))).numpy()


def _fitted(cloth: Cloth, side: int = WORKING) -> Cloth:
    """The cloth at most `side` pixels long, by its halves and a last resize."""
    import cv2

    while max(cloth.inside.shape) > 2 * side:
        cloth = cloth.half()
    ratio = side / max(cloth.inside.shape)
    if ratio >= 1:
        return cloth
    size = tuple(max(1, round(length * ratio)) for length in cloth.inside.shape[::-1])
    pixels = cv2.resize(cloth.pixels, size, interpolation=cv2.INTER_AREA)
    inside, whole = (
        cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
        for mask in (cloth.inside, cloth.whole)
    )
    return Cloth(cloth.region, pixels, inside, whole, cloth.corner, cloth.scale * ratio)


def _mean_round(values: np.ndarray, inside: np.ndarray, radius: int) -> np.ndarray:
    """(h, w) mean of what is inside within a box round every pixel."""
    import cv2

    weight = inside.astype(np.float32)
    size = (2 * radius + 1,) * 2
    total, share = (
        cv2.boxFilter(plane, -1, size, borderType=cv2.BORDER_CONSTANT) for plane in (values * weight, weight)
    )
    return total / np.maximum(share, 1e-4)


def folds(cloth: Cloth) -> Measured:
    """Standard deviation of the light over its mean round about, at the breadth of folds."""
    small = _fitted(cloth)
    side = max(small.inside.shape)
    light = linear(small.pixels) @ np.array(colour.LUMINANCE, np.float32)
    fine = _mean_round(light, small.inside, max(1, round(FOLD[0] * side / 2)))
    broad = _mean_round(light, small.inside, max(2, round(FOLD[1] * side)))
    values = ((fine - broad) / (broad + 0.02))[small.inside]
    if len(values) < 50:
        return Measured(0.0)
    low, high = np.quantile(values, (0.02, 0.98))
    return Measured(float(np.clip(values, low, high).std()), min(1.0, len(values) / 4000))


def sheerness(cloth: Cloth, skin: np.ndarray | None) -> Measured:
    """0 covers to 1 bare: where cloth is sheer its colour moves towards the skin's, and towards nothing else.

    skin: (n, 3) sRGB of the person's skin, None where none is seen. Light and shade are left out: only shares of
    red and green are compared.
    """
    if skin is None or len(skin) < 100:
        return Measured(0.0)
    here, bare = _shares(cloth.sample(20_000)), np.median(_shares(skin), axis=0)
    axis = bare - 1 / 3
    length = float(np.linalg.norm(axis))
    if len(here) < 200 or length < APART:  # the light is so coloured that skin is grey
        return Measured(0.0)
    # 0 for grey and for what is further from skin than grey (blue, green), 1 for the skin's own colour.
    along = np.clip((here - 1 / 3) @ axis / length**2, 0, None)
    across = np.abs((here - 1 / 3) @ np.array([-axis[1], axis[0]])) / length**2
    own, middle = np.quantile(along, (0.1, 0.5))
    if own > NUDE:  # cloth of about the skin's colour: nobody can tell
        return Measured(0.0)
    # What is red or yellow is no skin: its colour has left the line.
    value = float(np.clip((middle - own) / (1 - own), 0, 1)) * float((across < 0.35).mean())
    return Measured(value, 0.7 * (1 - own / NUDE))


def _shares(srgb: np.ndarray) -> np.ndarray:
    """(n, 3) -> (n, 2): the shares of red and green in the light."""
    light = linear(srgb) + 0.01
    return light[:, :2] / light.sum(1, keepdims=True)


def skin_of(picture: torch.Tensor, garments: GarmentMap, most: int = 20_000) -> np.ndarray | None:
    """(n, 3) sRGB of bare skin, the face left to last: it is made up, and has lips and eyes."""
    labels = garments.labels[0, 0]
    for names in (SKIN[1:], SKIN[:1]):
        table = torch.zeros(256, dtype=torch.bool)
        table[[NUMBER[name] for name in names]] = True
        mask = table[labels.long()] & (garments.matte[0, 0] > SURE)
        if int(mask.sum()) >= 400:
            values = picture[0][:, mask].T
            return values[:: max(1, len(values) // most)].cpu().numpy()
    return None


def pleats(cloth: Cloth, patterns: tuple[Pattern, ...]) -> Measured:
    """Pleats or ruffles per pixel of the picture, counted as creases that run down to the hem.

    Rows of a band above the hem are laid on each other; a crease is dark in all of them, a print or grain is not.
    Stripes that run down look the same: where they were found, little is left of the confidence.
    """
    small = _fitted(cloth)
    rows = _band(small)
    if rows is None:
        return Measured(0.0)
    upper, lower = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    profiles = [_mean_of(part) for part in (upper, lower)]
    shift, alike = _matched(*profiles)
    mean = 0.5 * (profiles[0] + np.roll(profiles[1], shift))
    known = np.isfinite(mean)
    if known.sum() < 40:
        return Measured(0.0)
    values = mean[known]
    valleys = _valleys(values, VALLEY)
    if len(valleys) < 3:
        return Measured(0.0, float(0.5 * min(1.0, known.sum() / 100)))
    gaps = np.diff(valleys)
    regular = float(np.clip(1.3 - 1.6 * gaps.std() / gaps.mean(), 0, 1))
    depth = float(values.std())
    sure = max(alike, 0.0) * regular * min(1.0, depth / 0.08) * min(1.0, (len(valleys) - 2) / 5)
    if any(_runs_down(one) for one in patterns):
        sure *= 0.25
    return Measured(float(small.scale / np.median(gaps)), float(np.clip(sure, 0, 1)))


def _runs_down(pattern: Pattern) -> bool:
    return min(pattern.orientation, pi - pattern.orientation) < 0.4 and pattern.second == 0


def _band(small: Cloth) -> np.ndarray | None:
    """(n, w) relief across in rows from BAND[1] down to BAND[0] of the height above the hem, NaN outside."""
    inside, (height, width) = small.inside, small.inside.shape
    if height < 30 or width < 30:
        return None
    hem = height - 1 - np.argmax(small.whole[::-1], axis=0)
    there = small.whole.any(0)
    light = linear(small.pixels).mean(2)
    broad = _mean_round(light, inside, max(3, width // 12))
    relief = np.where(inside, (light - broad) / (broad + 0.03), np.nan)
    offsets = np.linspace(BAND[1] * height, BAND[0] * height, 24)
    at = (hem[None] - offsets[:, None]).round().astype(int)
    good = (at >= 0) & there[None]
    rows = relief[np.clip(at, 0, height - 1), np.arange(width)[None]]
    rows = np.where(good, rows, np.nan)
    full = np.isfinite(rows).mean(0) > 0.6
    if full.sum() < 40:
        return None
    first, last = np.flatnonzero(full)[[0, -1]]
    kept = rows[:, first : last + 1]
    return np.where(full[None, first : last + 1], kept, np.nan) if np.isfinite(kept).any(1).all() else None


def _mean_of(rows: np.ndarray) -> np.ndarray:
    """(w,) mean down every column of what is known there, NaN where nothing is."""
    known = np.isfinite(rows)
    count = known.sum(0)
    return np.where(count > 0, np.where(known, rows, 0).sum(0) / np.maximum(count, 1), np.nan)


def _matched(upper: np.ndarray, lower: np.ndarray, reach: int = 6) -> tuple[int, float]:
    """The shift of the lower profile that makes it most like the upper one, and their correlation then."""
    best = (0, 0.0)
    for shift in range(-reach, reach + 1):
        moved = np.roll(lower, shift)
        both = np.isfinite(upper) & np.isfinite(moved)
        if both.sum() < 30:
            continue
        a, b = upper[both] - upper[both].mean(), moved[both] - moved[both].mean()
        alike = float((a * b).sum() / max(np.sqrt((a * a).sum() * (b * b).sum()), 1e-9))
        best = max(best, (shift, alike), key=lambda found: found[1])
    return best


def _valleys(values: np.ndarray, depth: float) -> np.ndarray:
    """Places of the minima that lie at least `depth` below the highest places between them."""
    found: list[int] = []
    low, high, falling = 0, 0, True
    for i, value in enumerate(values):
        if falling:
            if value < values[low]:
                low = i
            if value > values[low] + depth:
                found.append(low)
                high, falling = i, False
        else:
            if value > values[high]:
                high = i
            if value < values[high] - depth:
                low, falling = i, True
    return np.array(found)
