"""Narrow gaps between an arm and the body or between two legs, which a network's mask of 256 pixels paints over.

What shows in such a gap is the room. Taken for the person it is carried along: a grey flank, a strip of lawn on a
sleeve. Where the gap may be the skeleton tells; whether it is one, the colours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .geometry.keypoints import PRESENT, Keypoints
from .geometry.landmarks import INDEX
from .matte import Region, colour_cores, histogram_evidence, local_unlikeness

REACH = 0.3
"""Fraction of the trunk's diagonal (shoulder to the other hip, some 60 cm) from an arm's bone within which its gap to
the body lies: an arm's half-breadth and as much again. By eye."""
ROUND_BONE, ROUND_THIGH, ROUND_TRUNK, LAP = 0.045, 0.1, 0.015, 0.15
"""The same within which a limb's bone, a leg's towards the other leg, and the line from shoulder to hip have flesh on
all sides; and how far below the hips a lap goes on, in trunks. By eye."""
ARM, LEG = ("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle")
ROOM, OWN = 2.0, 2.0
"""Log likelihood ratios: how much commoner a gap's colour is in the room than on the person, seen all over and close by
(7 times); and how much commoner colours are that do not tell what the person looks like. By eye."""
SHADE = 0.75
"""Share of the room's brightness that is left in a gap, which the body shades. By eye."""
CLEAR = 3.0
"""Log odds of what was found to be a gap."""
TALL = 0.2
"""Fraction of the trunk's diagonal: between trunk and arm a shorter gap is left, for the flank that is drawn on above
and below it would have a notch. By eye."""
SMALLEST = 1.5e-4
"""Share of the person's area: smaller ones are folds and shades. By eye."""


class Beside(NamedTuple):
    """where (h, w) bool a gap may be; above the row `hips` only one of at least `tall` rows."""

    where: np.ndarray
    hips: float
    tall: float


def beside_limbs(keypoints: Keypoints, region: Region) -> Beside | None:
    """Where a gap between an arm and the body, or between the legs, may be; None where no trunk was made out."""
    import cv2

    points, seen = region.to_region(keypoints.points), keypoints.confidence >= PRESENT
    trunk = [INDEX[name] for name in ("left_shoulder", "right_shoulder", "right_hip", "left_hip")]
    if not seen[trunk].all():
        return None
    long = float(np.linalg.norm(points[trunk[0]] - points[trunk[2]]))
    open_, flesh = np.zeros(region.size, np.uint8), np.zeros(region.size, np.uint8)
    for side in ("left", "right"):
        for names, reach, flat in ((ARM, REACH, True), (LEG, ROUND_THIGH, False)):
            joints = [INDEX[f"{side}_{name}"] for name in names]
            for a, b in zip(joints, joints[1:], strict=False):
                if seen[a] and seen[b]:
                    ends = [tuple(int(round(v)) for v in points[i]) for i in (a, b)]
                    cv2.line(open_ if flat else flesh, *ends, 1, max(1, round(2 * reach * long)))
                    cv2.line(flesh, *ends, 1, max(1, round(2 * ROUND_BONE * long)))
    legs = [INDEX[f"{side}_{name}"] for side in ("left", "right") for name in LEG]
    if seen[legs].all():
        cv2.fillConvexPoly(open_, cv2.convexHull(np.round(points[legs]).astype(np.int32)), 1)
    # A shirt's hem and a lap lie below the hips.
    shoulders, hips = points[trunk[:2]], points[trunk[2:]]
    lap = hips + LAP * (hips.mean(0) - shoulders.mean(0))
    hull = cv2.convexHull(np.round(np.concatenate((shoulders, hips, lap))).astype(np.int32))
    cv2.fillConvexPoly(flesh, hull, 1)
    cv2.polylines(flesh, [hull], True, 1, max(1, round(2 * ROUND_TRUNK * long)))
    return Beside((open_ > 0) & (flesh == 0), float(hips[:, 1].mean()), TALL * long)


def with_gaps(image: np.ndarray, person: np.ndarray, beside: Beside, doubt: float) -> np.ndarray:
    """Log odds (h, w) of the person, low where `beside` has a gap: a patch, no thinner than a mask pixel (doubt), of
    colours that the room has close by and all over, and the person has not.

    image (h, w, 3).
    """
    import cv2

    radius = max(2, int(round(1.5 * doubt)))
    inner, outer = colour_cores(person, radius)
    everywhere = histogram_evidence(image, inner, outer)
    own = inner * (everywhere > -OWN)
    near = 0.5 * (
        local_unlikeness(image, outer, 6 * radius, SHADE) - local_unlikeness(image, own, 3 * radius)
    )
    found = (beside.where & (person > -CLEAR) & (everywhere < -ROOM) & (near < -ROOM)).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (max(3, round(doubt)),) * 2)
    found = cv2.morphologyEx(found, cv2.MORPH_OPEN, kernel)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found)
    large = stats[:, cv2.CC_STAT_AREA] > SMALLEST * float((person > 0).sum())
    bottom = stats[:, cv2.CC_STAT_TOP] + stats[:, cv2.CC_STAT_HEIGHT]
    large &= (stats[:, cv2.CC_STAT_HEIGHT] >= beside.tall) | (bottom > beside.hips)
    large[0] = False
    return np.where(large[labels], np.minimum(person, -CLEAR), person)
