"""Which hand is it? The chirality of a palm, from the picture and from metric landmarks.

Seen in a picture, a left palm and the back of a right hand look alike: only what holds the hand, and how its
fingers bend, tells them apart. So a hand is called inverted only where its label asks for what no forearm
does.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..keypoints import Keypoints
from ..landmarks import FINGERS, INDEX, LEFT_HAND, MIRROR, RIGHT_HAND
from ..template import LENGTH, OFFSETS

FACING = np.radians(70)
"""Most that the palm and the plane of the bent elbow may together be turned away from the picture for a hand
to be called inverted. Then the forearm would be twisted by more than 180 - 70 = 110 degrees from thumb-up,
where 95 is its range (ranges.WRIST): the difference is for the measure's own error."""
BENT = 0.5
"""Sine of the elbow's bend in the picture from which its plane is known."""
CURLED_BACK = -0.35
"""Mean sine by which the fingers of a hand would be bent backwards: 20 degrees each."""

RESCUED = 0.75
"""What a mirrored hand's confidence is multiplied by: its outline was seen, its fingers' order was not."""

ARM = ("shoulder", "elbow", "wrist")
LEFT_BLOCK = np.array([INDEX[name] for name in LEFT_HAND])
RIGHT_BLOCK = np.array([INDEX[name] for name in RIGHT_HAND])


def inside_out(keypoints: Keypoints, side: str, size: float) -> bool:
    """Whether the palm, as labelled, would need a forearm twisted beyond its range or fingers bent backwards."""
    palm = [f"{side}_{name}" for name in ("hand_root", "index_1", "little_1")]
    if not keypoints.sees(*palm):
        return False
    curl = _curl(keypoints, side)
    if curl is not None and abs(curl) > -CURLED_BACK:
        return curl < 0
    return _twisted(keypoints, side, size)


def _palm_normal(points: np.ndarray, side: str) -> np.ndarray:
    """(21, 3) or (21, 2) of a hand -> out of the palm, as long as the parallelogram's area; 2D: its z alone."""
    root, index, little = points[0], points[5], points[17]
    a, b = (little - root, index - root) if side == "left" else (index - root, little - root)
    return np.cross(a, b) if points.shape[1] == 3 else a[0] * b[1] - a[1] * b[0]


def _curl(keypoints: Keypoints, side: str) -> float | None:
    """Mean sine by which the four fingers bend to the palm (negative: to the back), from metric landmarks;
    None without."""
    if keypoints.world is None:
        return None
    hand = keypoints.world[LEFT_BLOCK if side == "left" else RIGHT_BLOCK]
    if not np.isfinite(hand).all() or np.ptp(hand[:, 2]) < 1e-4:
        return None
    normal = _palm_normal(hand, side)
    normal = normal / max(np.linalg.norm(normal), 1e-12)
    ways = hand[[8, 12, 16, 20]] - hand[[5, 9, 13, 17]]
    return float(((ways @ normal) / np.maximum(np.linalg.norm(ways, axis=1), 1e-12)).mean())


def _twisted(keypoints: Keypoints, side: str, size: float) -> bool:
    """Whether palm and elbow, both seen square, would need a forearm twisted beyond its range.

    At rest the left palm's normal lies along the elbow's axis and the right one's against it; pronation turns
    them apart. How far each is turned from the picture, its shortening against the standard body tells.
    """
    if not keypoints.sees(*(f"{side}_{n}" for n in ARM)):
        return False
    upper = keypoints[f"{side}_elbow"] - keypoints[f"{side}_shoulder"]
    fore = keypoints[f"{side}_wrist"] - keypoints[f"{side}_elbow"]
    seen = np.linalg.norm([upper, fore], axis=1)
    sine = float(upper[0] * fore[1] - upper[1] * fore[0]) / max(float(seen.prod()), 1e-9)
    if abs(sine) < BENT:
        return False
    hand = keypoints.points[LEFT_BLOCK if side == "left" else RIGHT_BLOCK].astype(np.float64)
    normal = float(_palm_normal(hand, side))
    if np.sign(normal) * np.sign(sine) == (1 if side == "left" else -1):
        return False
    full = LENGTH[[INDEX[f"{side}_elbow"], INDEX[f"{side}_wrist"]]] * size
    shares = np.clip([*(seen / full), abs(normal) / (_FULL_PALM * size**2)], 0, 1)
    away = np.arccos(shares)
    return bool(max(away[0], away[1]) + away[2] < FACING)


def _full_palm() -> float:
    """The parallelogram from the root to index and little finger's knuckles, in squared statures."""
    index, little = (OFFSETS[INDEX[f"left_{finger}_1"]] for finger in (FINGERS[1], FINGERS[4]))
    return float(np.linalg.norm(np.cross(index, little)))


_FULL_PALM = _full_palm()


def mirrored_hand(keypoints: Keypoints, side: str) -> Keypoints:
    """A hand's points mirrored about the line from its root to the middle finger's knuckle; less sure than
    before."""
    block = LEFT_BLOCK if side == "left" else RIGHT_BLOCK
    points, confidence = keypoints.points.copy(), keypoints.confidence.copy()
    hand = points[block].astype(np.float64)
    axis = hand[9] - hand[0]
    axis = axis / max(np.linalg.norm(axis), 1e-9)
    away = hand - hand[0]
    points[block] = hand[0] + 2 * (away @ axis)[:, None] * axis - away
    confidence[block] *= RESCUED
    world = keypoints.world
    if world is not None:
        world = world.copy()
        world[block] = np.nan  # its depth belonged to the other hand
    return replace(keypoints, points=points, confidence=confidence, world=world)


assert all(MIRROR[a] == b for a, b in zip(LEFT_BLOCK, RIGHT_BLOCK, strict=True))
