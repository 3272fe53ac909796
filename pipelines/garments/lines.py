"""Seams and pattern lines of clothes, for whatever fills in what the photo does not show."""

from __future__ import annotations

import numpy as np
import torch

from ..geometry.garments import GarmentMap
from .cloth import Cloth, cloths
from .prints import colours

BREADTH = 1.4
"""Pixels (standard deviation) of a line: seams of photos of 1000 to 2000 pixels are 2 to 4 pixels broad."""
OVER = 3.0
"""How many times the cloth's own usual ridge (its upper quartile) a line stands out. By eye."""
LEAST = 0.015
"""Least height of a ridge (log lightness per pixel squared)."""
LENGTH = 0.06
"""Share of the garment's longer side from which on a thin shape is a line and no speck."""


def lines(picture: torch.Tensor, garments: GarmentMap) -> torch.Tensor:
    """(1, 1, H, W) float32 in [0, 1]: 1 on seams, stitches, edges of pockets and lines of a pattern, 0 elsewhere.

    picture (1, 3, H, W), the one that the map was made from; ValueError otherwise.
    """
    whole = torch.zeros(1, 1, *garments.size)
    for cloth in cloths(picture, garments):
        _lay(whole[0, 0].numpy(), cloth, lines_of(cloth))
    return whole


def lines_of(cloth: Cloth) -> np.ndarray:
    """(h, w) float32 in [0, 1] on the garment's cut-out: thin ridges, dark or light, that go on for a while."""
    import cv2

    light = cv2.GaussianBlur(colours(cloth.pixels)[..., 0], (0, 0), BREADTH)
    xx, yy = (cv2.Sobel(light, -1, *order, ksize=3) / 4 for order in ((2, 0), (0, 2)))
    xy = cv2.Sobel(light, -1, 1, 1, ksize=3) / 4
    middle, spread = (xx + yy) / 2, np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    strong, weak = np.abs(middle) + spread, np.abs(np.abs(middle) - spread)
    ridge = np.where(cloth.inside, np.clip(strong - weak, 0, None), 0)
    level = max(LEAST, OVER * float(np.quantile(ridge[cloth.inside], 0.75)))
    thin = (ridge > level).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(thin, connectivity=8)
    extent = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    broad = stats[:, cv2.CC_STAT_AREA] / np.maximum(extent, 1)
    kept = (extent > LENGTH * max(thin.shape)) & (broad < 8 * BREADTH)
    kept[0] = False
    return np.where(kept[labels], np.clip(ridge / (2 * level), 0.5, 1), 0).astype(np.float32)


def _lay(whole: np.ndarray, cloth: Cloth, found: np.ndarray) -> None:
    """Put a cut-out back into the picture."""
    import cv2

    if cloth.scale < 1:
        size = tuple(round(length / cloth.scale) for length in found.shape[::-1])
        found = cv2.resize(found, size, interpolation=cv2.INTER_LINEAR)
    x, y = cloth.corner
    place = whole[y : y + found.shape[0], x : x + found.shape[1]]
    np.maximum(place, found[: place.shape[0], : place.shape[1]], out=place)
