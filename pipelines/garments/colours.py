"""Which colours a part of the clothes has, and how unlike two parts are."""

from __future__ import annotations

import numpy as np

LIGHTNESS = 0.6
"""How much a difference in lightness counts beside one in hue: folds and shade change lightness. By eye."""
SPREAD = 6.0
"""Standard deviation of one plain cloth's colour in CIELAB units. By eye."""
SHADES = 14.0
"""CIELAB units within which two colours may be one cloth in light and shade. By eye."""
MOST = 4000
"""Cells that are looked at to find the colours."""


def lab(image: np.ndarray) -> np.ndarray:
    """(h, w, 3) sRGB in [0, 1] -> CIELAB with its lightness weighted by LIGHTNESS."""
    import cv2

    colours = cv2.cvtColor(np.ascontiguousarray(image, np.float32), cv2.COLOR_RGB2LAB)
    colours[..., 0] *= LIGHTNESS
    return colours


def palette(colours: np.ndarray, count: int = 10, rounds: int = 6) -> np.ndarray:
    """(n, 3) colours -> (k, 3) typical ones, k at most count: Lloyd's algorithm from the farthest points on, so that
    the same colours always give the same palette."""
    sample = colours[:: max(1, len(colours) // MOST)]
    centres = [sample.mean(0)]
    nearest = np.full(len(sample), np.inf)
    for _ in range(count - 1):
        nearest = np.minimum(nearest, ((sample - centres[-1]) ** 2).sum(1))
        if nearest.max() < SPREAD**2:
            break
        # Not the farthest of all: that is a stray pixel.
        centres.append(sample[np.argsort(nearest)[int(0.98 * (len(sample) - 1))]])
    centres = np.stack(centres)
    for _ in range(rounds):
        own = indexed(sample, centres)
        for k in range(len(centres)):
            if (own == k).any():
                centres[k] = sample[own == k].mean(0)
    return centres


def indexed(colours: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """(..., 3) -> (...) index of the nearest of the palette's colours."""
    distance = (centres**2).sum(1) - 2 * colours @ centres.T
    return distance.argmin(-1)


def shares(index: np.ndarray, count: int, where: np.ndarray | None = None) -> np.ndarray:
    """(count,) how often each colour of the palette is there."""
    found = np.bincount(index[where] if where is not None else index.ravel(), minlength=count).astype(
        np.float64
    )
    return found / max(found.sum(), 1.0)


def likeness(centres: np.ndarray) -> np.ndarray:
    """(k, k) how alike the palette's colours are: 1 the same, 0 apart, a Gaussian of SHADES."""
    apart = ((centres[:, None] - centres[None]) ** 2).sum(-1)
    return np.exp(-0.5 * apart / SHADES**2)


def unlike(a: np.ndarray, b: np.ndarray, alike: np.ndarray) -> float:
    """How unlike two distributions over a palette are, in [0, 1]: the squared maximum mean discrepancy of Gretton et
    al. 2012, halved; unlike a comparison of histograms it takes a shade of a colour for nearly that colour."""
    return float(0.5 * (a @ alike @ a + b @ alike @ b) - a @ alike @ b)
