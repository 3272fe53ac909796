"""From labels on a small grid to labels at the picture's resolution, their borders where the colours change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEAR_BORDER = 2
"""Cells beside a border within which pixels are decided by their own colours."""
SURE = 0.75
"""Probability from which a cell tells its region's colours."""
NEARBY, FAR = 5, 24
"""Cells within which a region's colour is measured, and up to where it is if there is nothing nearby."""
NOISE = 2e-3
"""Variance of a plain surface's colour: 0.045 of a channel's range."""
LEAST = 6.0
"""The most that a colour can tell against a region, in log likelihood: a stray pixel may have any."""
ONES = np.ones(3, np.float32)
SMALLEST = 0.06
"""Probability under which a region is out of the question."""


def native_labels(shares: np.ndarray, cells: np.ndarray, image: np.ndarray) -> np.ndarray:
    """shares (K, h, w) on the grid, cells (h, w, 3) its colours, image (H, W, 3) -> (H, W) uint8 of the likeliest.

    Inside a region the grid tells; near a border every pixel is weighed by the regions' colours close by.
    """
    import cv2

    best = shares.argmax(0).astype(np.uint8)
    size = (image.shape[1], image.shape[0])
    labels = cv2.resize(best, size, interpolation=cv2.INTER_NEAREST)
    edge = cv2.morphologyEx(best, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    edge = cv2.dilate(edge.astype(np.uint8), np.ones((2 * NEAR_BORDER - 1,) * 2, np.uint8))
    rows, columns = np.nonzero(cv2.resize(edge, size, interpolation=cv2.INTER_NEAREST))
    if len(rows) == 0:
        return labels
    used = [int(k) for k in np.unique(best)]
    places = _Places.of(rows, columns, best.shape, image.shape)
    odds = np.stack([places.sampled(shares[k]) for k in used])
    found = [_colour(cells, (shares[k] > SURE) & (best == k)) for k in used]
    # One spread for all, or else a shadow between two cloths of one colour falls to the more uneven of them.
    spreads = sum(shares[k] * variance for k, (_, variance) in zip(used, found, strict=True))
    spread = NOISE + places.sampled(spreads)
    pixels = image[rows, columns]
    for k, (mean, _) in enumerate(found):
        possible = np.nonzero(odds[k] > SMALLEST)[0]
        apart = pixels[possible] - places.sampled(mean)[possible]
        told = np.maximum(-0.5 * (apart * apart) @ ONES / spread[possible], -LEAST)
        value = np.full(len(rows), -np.inf, np.float32)
        value[possible] = np.log(odds[k, possible]) + 0.5 * told
        odds[k] = value
    labels[rows, columns] = np.array(used, np.uint8)[odds.argmax(0)]
    radius = 2 * max(1, round(0.3 * image.shape[0] / best.shape[0])) + 1
    smooth = cv2.medianBlur(labels, min(radius, 5))
    labels[rows, columns] = smooth[rows, columns]
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


@dataclass(frozen=True, eq=False)
class _Places:
    """Where pixels of a picture lie on a grid, folded into tables, for cv2 takes at most 32767 rows."""

    x: np.ndarray
    y: np.ndarray
    count: int

    @classmethod
    def of(
        cls, rows: np.ndarray, columns: np.ndarray, grid: tuple[int, int], picture: tuple[int, ...]
    ) -> _Places:
        """Pixels (rows, columns) of a picture (H, W) on a grid (h, w) of the same rectangle."""
        pad = -len(rows) % 1024
        at = (
            (v + 0.5) * (n / full) - 0.5 for v, n, full in zip((rows, columns), grid, picture, strict=False)
        )
        y, x = (np.pad(v.astype(np.float32), (0, pad)).reshape(-1, 1024) for v in at)
        return cls(x, y, len(rows))

    def sampled(self, values: np.ndarray) -> np.ndarray:
        """Values (h, w[, c]) there -> (n[, c]), linearly."""
        import cv2

        out = [
            cv2.remap(
                np.float32(values),
                self.x[i : i + 16384],
                self.y[i : i + 16384],
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
            for i in range(0, len(self.x), 16384)
        ]
        return np.concatenate(out).reshape(-1, *values.shape[2:])[: self.count]
