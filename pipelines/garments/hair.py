"""How much of a pixel is hair: strands before the background, before the face and before the clothes."""

from __future__ import annotations

import numpy as np
import torch

from ..matte import Region, refine

ROOM = 0.02
"""Fraction of the person's height around the hair within which strands are looked for."""
CERTAIN = 3.0
"""Log odds of hair where the network is sure."""


def hair_alpha(share: np.ndarray, pixel: float, region: Region, picture: torch.Tensor) -> np.ndarray:
    """share (h, w) probability of hair on the region's native grid; pixel: how many pixels its border is blurred over
    -> (h, w) float32 how much of each pixel is hair."""
    alpha = np.zeros(share.shape, np.float32)
    rows, columns = np.nonzero((share > 0.5).any(1))[0], np.nonzero((share > 0.5).any(0))[0]
    if len(rows) == 0:
        return alpha
    room = int(ROOM * share.shape[0] + 4 * pixel)
    y0, y1 = max(0, rows[0] - room), min(share.shape[0], rows[-1] + room + 1)
    x0, x1 = max(0, columns[0] - room), min(share.shape[1], columns[-1] + room + 1)
    part = share[y0:y1, x0:x1]
    image = region.cut(picture)[y0:y1, x0:x1]
    probability = np.clip(part, 1e-3, 1 - 1e-3)
    odds = np.clip(np.log(probability / (1 - probability)), -CERTAIN, CERTAIN)
    alpha[y0:y1, x0:x1], _ = refine(image, np.float32(odds), pixel)
    return alpha
