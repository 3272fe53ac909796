"""Buttons: small round spots of one size in a row at equal distances, or few that stand out on plain cloth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .cloth import Cloth
from .prints import colours

SIZES = (0.0032, 0.0042, 0.0055, 0.0072)
"""Radii over stature: 11 to 25 mm across on an adult."""
SMALLEST = 2.5
"""Least radius of a button in pixels: below it grain and stitches look the same."""
SPACING = (0.022, 0.075)
"""Distances of neighbours over stature: 4 to 13 cm."""
UPRIGHT = 55.0
"""Degrees by which a row may lean."""
CONTRAST = 0.08
"""Least difference (log lightness or colour) of a button and the cloth round it. By eye."""
LEAST = 1.3
"""Least difference over the unevenness of what is round the button. By eye."""
EVEN = 0.2
"""Share of their distance by which neighbours may be out of step."""
ROW, CLEAR = 4, 3.0
"""Buttons in a row from which on it is one: three spots are often in line by chance, but not three that stand out by
CLEAR times the unevenness of what is round them."""
CROWD = 2.5
"""Spots of their kind on the garment, over those in the row, from which on they are dots or a pattern's motifs."""
ALONE, FEW = 5.0, 8
"""What stands out so far over the unevenness round it is a button (or a rivet, a cord's end) in no row too, where there
are few of them. By eye: on 40 photos of plain clothes there is none."""
MOST = 60
"""Spots that are tried, the strongest first."""


class Button(NamedTuple):
    """centre (x, y) and radius in pixels of the cut-out; confidence in [0, 1]."""

    x: float
    y: float
    radius: float
    confidence: float


def buttons(cloth: Cloth, stature: float) -> list[Button]:
    """The buttons of the longest row, or else the few that stand out. stature: of the person, in pixels of the
    cut-out."""
    spots = _spots(cloth, stature)
    clear = [spot for spot in spots if spot[3] >= ALONE]
    alone = [Button(*map(float, spot[:3]), 0.6) for spot in clear] if len(clear) <= FEW else []
    best: list[np.ndarray] = []
    for i, one in enumerate(spots):
        for other in spots[i + 1 :]:
            row = _row(one, other, spots, stature)
            if (len(row), _weakest(row)) > (len(best), _weakest(best)):
                best = row
    least = ROW - 1 if best and min(spot[3] for spot in best) > CLEAR else ROW
    if len(best) < least or sum(_alike(best[0], spot) for spot in spots) > CROWD * len(best):
        return alone
    sure = min(1.0, 0.5 + 0.15 * (len(best) - least))
    return [Button(float(x), float(y), float(radius), sure) for x, y, radius, _ in best]


def _weakest(row: list[np.ndarray]) -> float:
    return min((float(spot[3]) for spot in row), default=0.0)


def _spots(cloth: Cloth, stature: float) -> list[np.ndarray]:
    """(x, y, radius, strength) of round spots whose surroundings are even."""
    import cv2

    radii = [share * stature for share in SIZES if share * stature >= SMALLEST]
    if not radii:
        return []
    smallest = radii[0]
    ratio = min(1.0, SMALLEST / smallest)
    size = tuple(max(1, round(length * ratio)) for length in cloth.inside.shape[::-1])
    colour = colours(cv2.resize(cloth.pixels, size, interpolation=cv2.INTER_AREA))
    inside = cv2.resize(cloth.inside.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
    found = []
    for radius in (radius * ratio for radius in radii):
        inner = cv2.GaussianBlur(colour, (0, 0), 0.6 * radius)
        ring, noise = _ring(colour, radius)
        away = np.abs(inner - ring).max(2)
        score = np.where(inside, away / (noise + 0.04), 0) * (away > CONTRAST)
        top = cv2.dilate(score, np.ones((2 * round(2 * radius) + 1,) * 2, np.uint8))
        for y, x in np.argwhere((score >= top) & (score > LEAST)):
            found.append(np.array([x / ratio, y / ratio, radius / ratio, score[y, x]]))
    found.sort(key=lambda spot: -spot[3])
    kept: list[np.ndarray] = []
    for spot in found:
        if all(np.hypot(*(spot[:2] - other[:2])) > 1.5 * other[2] for other in kept):
            kept.append(spot)
        if len(kept) == MOST:
            break
    return kept


def _ring(colour: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean colour of the square ring round every place, and how uneven it is."""
    import cv2

    sides = [2 * max(1, round(share * radius)) + 1 for share in (1.3, 2.2)]
    inner, outer = sides[0] ** 2, sides[1] ** 2
    means = []
    for values in (colour, colour**2):
        small, large = (cv2.boxFilter(values, -1, (side, side)) for side in sides)
        means.append((large * outer - small * inner) / (outer - inner))
    return means[0], np.sqrt(np.clip(means[1] - means[0] ** 2, 0, None)).max(2)


def _row(one: np.ndarray, other: np.ndarray, spots: list[np.ndarray], stature: float) -> list[np.ndarray]:
    """The spots of about one size that go on in steps from one to the other, both ways."""
    step = other[:2] - one[:2]
    length = float(np.hypot(*step))
    if not SPACING[0] * stature < length < SPACING[1] * stature:
        return []
    if abs(np.degrees(np.arctan2(step[0], abs(step[1])))) > UPRIGHT or not _alike(one, other):
        return []
    row = [one, other]
    for start, way in ((other, step), (one, -step)):
        here, way = start, way.copy()
        while True:
            aim = here[:2] + way
            near = [
                spot for spot in spots if np.hypot(*(spot[:2] - aim)) < EVEN * length and _alike(one, spot)
            ]
            if not near:
                break
            after = min(near, key=lambda spot: float(np.hypot(*(spot[:2] - aim))))
            way, here = 0.5 * way + 0.5 * (after[:2] - here[:2]), after
            row.append(after)
    return row


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    return 0.6 < one[2] / other[2] < 1.7 and 0.4 < one[3] / other[3] < 2.5
