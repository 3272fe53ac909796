"""How much of a pixel is hair: strands before the background, before the face and before the clothes."""

from __future__ import annotations

import numpy as np
import torch

from ..geometry.garments import NUMBER
from ..matte import Region, refine

ROOM = 0.02
"""Fraction of the person's height around the hair within which strands are looked for."""
MOSTLY = 0.5
"""Share of the person in a pixel from which on it is labelled hair."""
CERTAIN = 3.0
"""Log odds of hair where the network is sure."""


def hair_alpha(
    share: np.ndarray, labels: np.ndarray, pixel: float, region: Region, picture: torch.Tensor
) -> np.ndarray:
    """share (h, w) probability of hair on the region's native grid, labels (h, w) what the pixels' own colours say;
    pixel: how many pixels its border is blurred over -> (h, w) float32 how much of each pixel is hair."""
    import cv2

    size = 2 * max(1, round(0.5 * pixel)) + 1
    share = 0.4 * share + 0.6 * cv2.blur(np.float32(labels == NUMBER["hair"]), (size, size))
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


def agreeing(labels: np.ndarray, hair: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """(H, W) labels that are hair where hair is most of what is seen of the person, and else the nearest other
    region's; all (H, W), numbers of REGIONS and shares in [0, 1]."""
    import cv2

    number = NUMBER["hair"]
    labels = np.where((labels > 0) & (hair > MOSTLY * matte) & (hair > 0.1), number, labels).astype(np.uint8)
    thin = (labels == number) & (hair < MOSTLY * matte)
    known = (labels != number) & (labels != 0)
    rows, columns = np.nonzero(thin.any(1))[0], np.nonzero(thin.any(0))[0]
    if len(rows) == 0 or not known.any():
        return labels
    margin = 8 + int(ROOM * len(labels))
    part = tuple(slice(max(0, line[0] - margin), line[-1] + margin + 1) for line in (rows, columns))
    if not known[part].any():
        return labels
    _, places = cv2.distanceTransformWithLabels(
        (~known[part]).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros(places.max() + 1, np.uint8)
    table[places[known[part]]] = labels[part][known[part]]
    labels[part] = np.where(thin[part], table[places], labels[part])
    return labels
