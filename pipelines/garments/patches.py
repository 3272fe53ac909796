"""What on the clothes must stay in one piece when the body moves: prints and letters, buttons, buckles."""

from __future__ import annotations

import numpy as np
import torch

from ..geometry.garments import NUMBER, GarmentMap, RigidPatch
from .buttons import Button, buttons
from .cloth import Cloth, cloths
from .prints import Spot, lettered, prints
from .repeats import repeats
from .text import Detector, letters

FACE_AREA = 0.0072
"""A face's area over stature squared: 0.11 high from hairline to chin, 0.083 wide, an ellipse (after the head's
proportions in geometry/template.py)."""
LEAST = 0.45
"""Confidence from which on a spot is a patch."""
WAIST = 0.16
"""Share of a lower garment's height below its top in which a spot in the middle is a buckle."""
BUCKLE = 0.03
"""Share of stature that a buckle is large at most."""
SOFT = 1.5
"""Pixels over which a patch's mask falls off."""
BARE = ("shoes", "bag", "headwear")
"""What hardly bends: its prints need no patch of their own."""


def with_rigid_patches(
    picture: torch.Tensor, garments: GarmentMap, least: float = LEAST, detector: Detector | None = None
) -> GarmentMap:
    """The map with the rigid patches of its garments, found on the picture (1, 3, H, W) in [0, 1] that it was made
    from.

    least: confidence from which on they count; detector: of text, see text.rapid. ValueError for another picture.
    """
    found: list[RigidPatch] = []
    stature = stature_of(garments)
    read = letters(picture, garments, detector) if detector is not None else []
    for cloth in cloths(picture, garments):
        if cloth.region not in BARE:
            found += _of_cloth(cloth, garments, stature, read)
    return garments.with_patches(tuple(patch for patch in found if patch.confidence >= least))


def stature_of(garments: GarmentMap) -> float:
    """About how tall the person is in pixels, from the face's area; without a face, the height of what is seen."""
    area = int((garments.labels == NUMBER["face"]).sum())
    rows = (garments.matte[0, 0] > 0.5).any(1).nonzero()
    seen = float(rows[-1] - rows[0] + 1) if len(rows) else float(garments.size[0])
    return max((area / FACE_AREA) ** 0.5, seen) if area > 200 else seen


def _of_cloth(cloth: Cloth, garments: GarmentMap, stature: float, read: list[Spot]) -> list[RigidPatch]:
    known = cloth.region in garments.materials
    patterns = garments.material(cloth.region).patterns if known else repeats(cloth)
    found = [(_kind(spot, cloth, stature), spot) for spot in prints(cloth, patterns)]
    for spot in read:
        box = _cut(spot.mask, cloth) & cloth.whole
        own = Spot(lettered(box, cloth) if box.any() else box, spot.confidence)
        if own.mask.any():
            found = _joined(found, own)
    patches = [_patch(kind, spot.mask, cloth, spot.confidence) for kind, spot in found]
    for button in buttons(cloth, stature * cloth.scale):
        if not any(
            _touches(button, spot.mask) for _, spot in found if spot.confidence >= LEAST
        ):  # an i's dot
            patches.append(_patch("button", _disc(button, cloth), cloth, button.confidence))
    return [patch for patch in patches if patch is not None]


def _joined(found: list[tuple[str, Spot]], text: Spot) -> list[tuple[str, Spot]]:
    """The text's ink with the prints that it lies on: one slogan is one patch."""
    mask, sure, rest = text.mask, text.confidence, []
    for kind, spot in found:
        if (spot.mask & text.mask).any():
            mask, sure = mask | spot.mask, max(sure, spot.confidence)
        else:
            rest.append((kind, spot))
    return [*rest, ("text", Spot(mask, sure))]


def _kind(spot: Spot, cloth: Cloth, stature: float) -> str:
    """A small hard thing in the middle of the waist is a buckle; letters and pictures are told apart by who reads."""
    rows, columns = np.nonzero(spot.mask)
    large = max(np.ptp(rows), np.ptp(columns)) + 1
    middle = abs(columns.mean() / spot.mask.shape[1] - 0.5) < 0.15
    if cloth.region == "lower" and rows.mean() < WAIST * spot.mask.shape[0] and middle:
        return "buckle" if large < BUCKLE * stature * cloth.scale else "print"
    return "print"


def _touches(button: Button, mask: np.ndarray) -> bool:
    """Whether a print lies within two diameters of a button."""
    reach = round(5 * button.radius)
    x, y = round(button.x), round(button.y)
    return bool(mask[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1].any())


def _disc(button: Button, cloth: Cloth) -> np.ndarray:
    y, x = np.ogrid[: cloth.inside.shape[0], : cloth.inside.shape[1]]
    return (x - button.x) ** 2 + (y - button.y) ** 2 <= (1.2 * button.radius) ** 2


def _cut(mask: np.ndarray, cloth: Cloth) -> np.ndarray:
    """The part of a picture's mask on the cloth's cut-out."""
    import cv2

    (x, y), (h, w) = cloth.corner, cloth.inside.shape
    part = mask[y : y + round(h / cloth.scale), x : x + round(w / cloth.scale)]
    return cv2.resize(part.astype(np.uint8), (w, h), interpolation=cv2.INTER_NEAREST) > 0


def _patch(kind: str, mask: np.ndarray, cloth: Cloth, confidence: float) -> RigidPatch | None:
    """A patch in the picture's own pixels, with a soft edge and a rim that it falls off in."""
    import cv2

    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    cut = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)
    if cloth.scale < 1:
        size = tuple(max(1, round(length / cloth.scale)) for length in cut.shape[::-1])
        cut = cv2.resize(cut, size, interpolation=cv2.INTER_LINEAR)
    x, y = (round(c + v / cloth.scale) for c, v in zip(cloth.corner, (columns[0], rows[0]), strict=True))
    rim = max(2, round(2 * SOFT))
    soft = cv2.GaussianBlur(np.pad(cut, rim), (0, 0), SOFT)
    left, top = min(x, rim), min(y, rim)  # the picture's border cuts the rim
    soft = soft[rim - top :, rim - left :]
    bottom, right = (
        round(c + length / cloth.scale) + rim
        for c, length in zip(cloth.corner[::-1], cloth.inside.shape, strict=True)
    )
    soft = soft[: max(1, bottom - (y - top)), : max(1, right - (x - left))]
    return RigidPatch(
        kind, cloth.region, (x - left, y - top), torch.from_numpy(soft.copy()), float(confidence)
    )
