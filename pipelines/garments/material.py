"""Of what each garment is made, as physics that the warp and the fill can use: measured where it can be seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from ..geometry.garments import UNKNOWN, GarmentMap, Material, Measured
from ..models import fabrics
from .cloth import Cloth, checked, cloths
from .gloss import gloss
from .repeats import repeats
from .surface import PLAIN_FOLDS, folds, pleats, sheerness, skin_of

STIFFNESS = {
    "cotton": 0.4, "denim": 0.65, "knit": 0.35, "wool": 0.5, "silk": 0.15, "leather": 0.85, "lace": 0.25,
    "sequin": 0.5, "synthetic": 0.45, "fur": 0.6, UNKNOWN: 0.4,
}  # fmt: skip
"""0 falls like silk, 1 stands like leather. The order follows the bending rigidity of fabrics (Peirce, The handle of
cloth as a measurable quantity, 1930; bending lengths in Saville, Physical testing of textiles, 1999, ch. 10); the
numbers between are ours."""
BY_FOLDS = 0.12
"""How far measured folds move a stiffness: many mean that the cloth gives way."""
CROPS = ((0, 8), (1, 4))
"""Halvings of the picture and how many crops of it the network is asked about."""
SHEER = ("upper", "outer", "lower", "dress", "other")
"""Regions that have skin under them."""
Reader = Callable[[torch.Tensor], fabrics.Fabric]
"""(n, 3, SIDE, SIDE) crops of one garment -> its fabric."""


def measured(
    picture: torch.Tensor, garments: GarmentMap, reader: Reader | None = fabrics.fabric
) -> GarmentMap:
    """The map with the Material of each of its garments, measured on the picture (1, 3, H, W) in [0, 1].

    Regions that have a material already keep it. reader None: fabrics stay unknown. ValueError for a picture of another
    size than the map's.
    """
    checked(picture, garments)
    skin = skin_of(picture, garments)
    found = dict(garments.materials)
    for cloth in cloths(picture, garments):
        if cloth.region not in found:
            found[cloth.region] = material_of(cloth, skin, reader)
    return garments.with_materials(found)


def material_of(cloth: Cloth, skin: np.ndarray | None, reader: Reader | None = None) -> Material:
    """The material of one garment; skin (n, 3) sRGB of the person's skin, None where none is seen."""
    patterns = repeats(cloth)
    crops = crops_of(cloth)
    told = reader(crops) if reader is not None and len(crops) else fabrics.NOTHING
    return Material(
        told.name,
        told.confidence,
        stiffness(told.name, told.confidence, folds(cloth)),
        gloss(crops),
        sheerness(cloth, skin) if cloth.region in SHEER else Measured(0.0),
        pleats(cloth, patterns),
        patterns,
    )


def stiffness(fabric: str, confidence: float, folded: Measured) -> Measured:
    """The fabric's own, moved by how deeply the garment is folded against a cotton T-shirt."""
    own = STIFFNESS[fabric] * confidence + STIFFNESS[UNKNOWN] * (1 - confidence)
    moved = -BY_FOLDS * np.tanh(folded.value / PLAIN_FOLDS - 1) * folded.confidence
    return Measured(float(np.clip(own + moved, 0, 1)), 0.2 + 0.3 * folded.confidence + 0.4 * confidence)


def crops_of(cloth: Cloth) -> torch.Tensor:
    """(n, 3, SIDE, SIDE) squares of the garment's inside at its own size and at half of it; none where it is narrow."""
    found, level = [], cloth
    for halvings, most in CROPS:
        if halvings:
            level = level.half()
        for corner in level.windows(fabrics.SIDE, most, 0.97):
            pixels, inside = level.cut(corner, fabrics.SIDE)
            if not inside.all():  # the rest in the mean colour: a rim is no texture
                pixels[~inside] = pixels[inside].mean(0)
            found.append(torch.from_numpy(pixels).permute(2, 0, 1))
    return torch.stack(found) if found else torch.zeros(0, 3, fabrics.SIDE, fabrics.SIDE)
