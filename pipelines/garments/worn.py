"""Shoes, headwear, bags and what is left: by where on the body they are."""

from __future__ import annotations

import numpy as np

from .body import SIDES, Body

FOOT = 1.7
"""Radii of the foot's bones within which what is worn is a shoe."""
SHIN = 2.35
"""Body.down from which on a boot may begin."""
ANKLE = 2.93
"""Body.down of the shoe's edge where trousers and shoes have one colour."""
SKULL = 2.1
"""Radii of the head within which a hat is."""
BAG = 0.0035
"""Share of the person's cells from which on a thing is a bag and no accessory."""


def shoes(other: np.ndarray, cloth: np.ndarray, lab: np.ndarray, body: Body) -> np.ndarray:
    """(h, w) bool. other, cloth (h, w) bool: what the network takes for no cloth, and for cloth. A shoe is what is worn at
    a foot, and goes up as long as it is no cloth or of the foot's own colour."""
    found = np.zeros(cloth.shape, bool)
    low = body.down > SHIN
    for side in SIDES:
        own = body.near[f"{side}_leg"] <= body.near["right_leg" if side == "left" else "left_leg"]
        near = body.foot[side] < FOOT
        worn = (other | cloth) & own
        core = worn & near
        if not core.any():
            continue
        boot = worn & low & (other | near)
        boot &= ~(cloth & (body.down < ANKLE) & ~_coloured(lab, core & (body.down > ANKLE), boot))
        found |= _touching(boot, core)
    return found


def _coloured(lab: np.ndarray, sample: np.ndarray, where: np.ndarray) -> np.ndarray:
    """(h, w) bool: near the colours of the sample."""
    if sample.sum() < 5:
        return where
    mean, spread = lab[sample].mean(0), lab[sample].std(0) + 6.0
    return (((lab - mean) / spread) ** 2).sum(-1) < 6.0


def _touching(mask: np.ndarray, core: np.ndarray) -> np.ndarray:
    """The connected pieces of a mask that hold a cell of the core."""
    import cv2

    _, labels = cv2.connectedComponents(mask.astype(np.uint8))
    held = np.unique(labels[core & mask])
    return np.isin(labels, held[held > 0])


def things(
    other: np.ndarray, person: np.ndarray, hair: np.ndarray, lab: np.ndarray, body: Body
) -> dict[str, np.ndarray]:
    """ "headwear", "bag", "accessory", "hair" -> (h, w) bool: each piece of what is no cloth and no shoe."""
    import cv2

    found = {name: np.zeros(other.shape, bool) for name in ("headwear", "bag", "accessory", "hair")}
    count, labels, stats, centres = cv2.connectedComponentsWithStats(other.astype(np.uint8))
    area = max(int(person.sum()), 1)
    for k in range(1, count):
        piece = labels == k
        found[_kind(piece, stats[k, cv2.CC_STAT_AREA] / area, centres[k], hair, lab, body)] |= piece
    return found


def _kind(piece, share: float, centre, hair: np.ndarray, lab: np.ndarray, body: Body) -> str:
    at_head = float((body.near["head"][piece] < SKULL).mean()) > 0.5
    if at_head:
        over = centre[1] < _brows(body)
        if over and hair.sum() > 20 and _coloured(lab, hair, piece)[piece].mean() > 0.5:
            return "hair"
        return "headwear" if over and share > BAG / 2 else "accessory"
    return "bag" if share > BAG else "accessory"


def _brows(body: Body) -> float:
    """y of the brows, or of the eyes."""
    for names in (("face_19", "face_24"), ("left_eye", "right_eye"), ("nose", "nose")):
        if body.sees(*names):
            return float(sum(body.at(name)[1] for name in names) / 2)
    return -np.inf
