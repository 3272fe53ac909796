"""From labels on a small grid to labels at the picture's resolution, their borders where the colours change."""

from __future__ import annotations

import numpy as np

from ..matte import Region

NEAR_BORDER = 2
"""Cells beside a border within which pixels are decided by their own colours."""
SURE = 0.75
"""Probability from which a cell tells its region's colours."""
NEARBY, FAR = 5, 24
"""Cells within which a region's colour is measured, and up to where it is if there is nothing nearby."""
NOISE = 2e-3
"""Variance of a plain surface's colour: 0.045 of a channel's range."""
SMALLEST = 0.02
"""Probability under which a region is out of the question."""


def native_labels(
    shares: np.ndarray, region: Region, grid: Region, cells: np.ndarray, image: np.ndarray
) -> np.ndarray:
    """shares (K, h, w) on the grid, cells (h, w, 3) its colours, image (H, W, 3) -> (H, W) uint8 of the likeliest.

    Inside a region the grid tells; near a border every pixel is weighed by the regions' colours close by.
    """
    import cv2

    best = shares.argmax(0).astype(np.uint8)
    size = (image.shape[1], image.shape[0])
    labels = _enlarged(shares, best, size)
    edge = cv2.morphologyEx(best, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    edge = cv2.dilate(edge.astype(np.uint8), np.ones((2 * NEAR_BORDER - 1,) * 2, np.uint8))
    rows, columns = np.nonzero(cv2.resize(edge, size, interpolation=cv2.INTER_NEAREST))
    if len(rows) == 0:
        return labels
    score = np.full(len(rows), -np.inf, np.float32)
    for k in np.unique(best):
        probability = _sampled(shares[k], rows, columns, image.shape)
        own = np.nonzero(probability > SMALLEST)[0]
        mean, variance = _colour(cells, (shares[k] > SURE) & (best == k))
        at = rows[own], columns[own]
        apart = image[at] - _sampled(mean, *at, image.shape)
        spread = _sampled(variance, *at, image.shape) + NOISE
        told = -0.5 * (apart**2).sum(-1) / spread - 0.75 * np.log(spread)
        value = np.log(probability[own]) + 0.5 * np.maximum(told, told_least())
        better = value > score[own]
        score[own[better]] = value[better]
        labels[rows[own[better]], columns[own[better]]] = k
    radius = 2 * max(1, round(0.3 * grid.grid)) + 1
    smooth = cv2.medianBlur(labels, min(radius, 5))
    labels[rows, columns] = smooth[rows, columns]
    return labels


def told_least() -> float:
    """The least that a colour can say: a stray pixel may have any."""
    return -6.0


def _enlarged(shares: np.ndarray, best: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    import cv2

    labels = np.zeros(size[::-1], np.uint8)
    most = np.full(size[::-1], -1.0, np.float32)
    for k in np.unique(best):
        large = cv2.resize(np.float32(shares[k]), size, interpolation=cv2.INTER_LINEAR)
        better = large > most
        most[better], labels[better] = large[better], k
    return labels


def _colour(cells: np.ndarray, where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean colour (h, w, 3) and variance (h, w) of the cells `where`, near each cell."""
    import cv2

    mask = np.float32(where)
    sums = []
    for values in (cells * mask[..., None], (cells**2).sum(-1) * mask, mask):
        near, wide = (cv2.blur(values, (2 * r + 1, 2 * r + 1)) for r in (NEARBY, FAR))
        sums.append(near + 0.02 * wide)
    mean = sums[0] / (sums[2][..., None] + 1e-6)
    return mean, np.maximum(sums[1] / (sums[2] + 1e-6) - (mean**2).sum(-1), 0) / 3


def _sampled(small: np.ndarray, rows: np.ndarray, columns: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Values of a grid's map (h, w[, c]) at pixels of the picture (H, W) -> (n[, c]), linearly."""
    h, w = small.shape[:2]
    y = np.clip((rows + 0.5) * (h / shape[0]) - 0.5, 0, h - 1).astype(np.float32)
    x = np.clip((columns + 0.5) * (w / shape[1]) - 0.5, 0, w - 1).astype(np.float32)
    j, i = np.minimum(x.astype(int), w - 2), np.minimum(y.astype(int), h - 2)
    v, u = y - i, x - j
    if small.ndim == 3:
        v, u = v[:, None], u[:, None]
    top = small[i, j] * (1 - u) + small[i, j + 1] * u
    return top * (1 - v) + (small[i + 1, j] * (1 - u) + small[i + 1, j + 1] * u) * v
