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
PAIR = 0.55
"""How much of one foot must be shod to take it that the other is."""
SKULL = 2.1
"""Radii of the head within which a hat is."""
BAG = 0.0035
"""Share of the person's cells from which on a thing is a bag and no accessory."""


def shoes(
    other: np.ndarray, clothes: np.ndarray, bare: np.ndarray, lab: np.ndarray, body: Body
) -> np.ndarray:
    """(h, w) bool: what is worn at the feet. other, clothes (h, w) in [0, 1] as the network sees them, bare bool.

    A cell is a shoe's rather than the trousers' by the network's word, by the colours of foot and shin, and by height;
    and rather than bare where a foot has not the skin's colour.
    """
    found = np.zeros(bare.shape, bool)
    soles = {}
    for side in SIDES:
        own = body.near[f"{side}_leg"] <= body.near["right_leg" if side == "left" else "left_leg"]
        soles[side] = (
            own & (bare | (other + clothes > 0.5)) & (body.foot[side] < 1.0) & (body.down > ANKLE + 0.1)
        )
    shod = {
        side: float((other + clothes)[sole].mean()) if sole.any() else 0.0 for side, sole in soles.items()
    }
    for side, sole in soles.items():
        own = body.near[f"{side}_leg"] <= body.near["right_leg" if side == "left" else "left_leg"]
        near = body.foot[side] < FOOT
        worn = (other + clothes > 0.5) & own
        shin = (bare | worn) & own & (body.down > SHIN) & (body.down < ANKLE - 0.15)
        dressed = (bare & shin).sum() < 0.3 * shin.sum()
        # The network takes brown leather for skin; bare feet in sandals, and ankles over shoes that it sees, stay bare.
        leather = bare & own & near & (body.down > ANKLE + 0.03) & dressed & (shod[side] < PAIR)
        if not (max(shod.values()) > PAIR and shod[side] > 0.1):  # nobody wears one shoe
            leather &= ~_coloured(lab, bare & ~near, bare) & (worn & sole).any()
        worn |= leather
        core = worn & sole
        if core.sum() < 4:
            continue
        shin &= worn & (other < 0.5)
        odds = 2 * (other - clothes) + 3 * leather + np.clip(9 * (body.down - ANKLE), -2, 2)
        if shin.sum() >= 10:
            odds = odds + np.clip(_distance(lab, shin) - _distance(lab, core), -3, 3)
        found |= _touching(worn & (body.down > SHIN) & (odds > 0) & (near | (body.down < ANKLE)), core)
    return found


def _distance(lab: np.ndarray, sample: np.ndarray) -> np.ndarray:
    """(h, w) how far from the sample's colours, in variances, halved."""
    mean, spread = lab[sample].mean(0), lab[sample].std(0) + 6.0
    return 0.5 * (((lab - mean) / spread) ** 2).sum(-1)


def _coloured(lab: np.ndarray, sample: np.ndarray, where: np.ndarray) -> np.ndarray:
    """(h, w) bool: near the colours of the sample."""
    if sample.sum() < 5:
        return where
    return _distance(lab, sample) < 3.0


def _touching(mask: np.ndarray, core: np.ndarray) -> np.ndarray:
    """The connected pieces of a mask that hold a cell of the core."""
    import cv2

    _, labels = cv2.connectedComponents(mask.astype(np.uint8))
    held = np.unique(labels[core & mask])
    return np.isin(labels, held[held > 0])


def things(
    other: np.ndarray, person: np.ndarray, hair: np.ndarray, cloth: np.ndarray, lab: np.ndarray, body: Body
) -> dict[str, np.ndarray]:
    """By "headwear", "bag", "accessory", "hair", "shoes": (h, w) bool, each piece of `other`, taken for
    no cloth. What has the colour of the hair or cloth that it touches is that."""
    import cv2

    found = {
        name: np.zeros(other.shape, bool)
        for name in ("headwear", "bag", "accessory", "hair", "shoes", "cloth")
    }
    count, labels, stats, centres = cv2.connectedComponentsWithStats(other.astype(np.uint8))
    area = max(int(person.sum()), 1)
    for k in range(1, count):
        piece = labels == k
        share, at = stats[k, cv2.CC_STAT_AREA] / area, centres[k]
        if float((body.near["head"][piece] < SKULL).mean()) > 0.5:
            kind = _at_head(piece, share, at, hair, lab, body)
        elif float(np.median(body.down[piece])) > ANKLE - 0.1:
            kind = "shoes"
        elif _goes_on(piece, cloth, lab):
            kind = "cloth"
        else:
            kind = "bag" if share > BAG else "accessory"
        found[kind] |= piece
    return {name: where for name, where in found.items() if name != "cloth"}


def _at_head(piece: np.ndarray, share: float, centre, hair: np.ndarray, lab: np.ndarray, body: Body) -> str:
    over = centre[1] < _brows(body)
    if over and hair.sum() > 20 and _coloured(lab, hair, piece)[piece].mean() > 0.5:
        return "hair"
    return "headwear" if over and share > BAG / 2 else "accessory"


def _goes_on(piece: np.ndarray, cloth: np.ndarray, lab: np.ndarray) -> bool:
    """Whether a piece has the colours of the cloth right beside it."""
    import cv2

    size = 2 * max(2, piece.shape[0] // 60) + 1
    beside = (cv2.dilate(piece.astype(np.uint8), np.ones((size, size), np.uint8)) > 0) & cloth
    return beside.sum() > 0.25 * piece.sum() > 5 and float(_coloured(lab, beside, piece)[piece].mean()) > 0.6


def _brows(body: Body) -> float:
    """y of the brows, or of the eyes."""
    for names in (("face_19", "face_24"), ("left_eye", "right_eye"), ("nose", "nose")):
        if body.sees(*names):
            return float(sum(body.at(name)[1] for name in names) / 2)
    return -np.inf
