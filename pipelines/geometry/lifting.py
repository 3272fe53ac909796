"""From 2D landmarks to a skeleton in space. The pixels are kept exactly; only depth is estimated.

Depth of a bone comes from the detector's metric landmarks, put to scale by a robust fit to the pixels, and
from foreshortening: neither may contradict the other by much. Without metric landmarks, foreshortening
against the standard body's lengths gives the amount and anatomy the sign (forearms and thighs to the front,
shanks and elbows to the back); what looks unshortened stays in the picture's plane.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .depth import depths
from .evidence import Evidence, gather
from .fitting import HEAD, fitted
from .keypoints import Keypoints
from .landmarks import INDEX
from .skeleton import PRECISE_METRES, Skeleton
from .visibility import visible


def lift(keypoints: Keypoints) -> Skeleton:
    """133 landmarks -> the skeleton whose projection gives every present landmark back exactly.

    Landmarks below the presence threshold are estimated (confidence 0). Raises ValueError when there are not
    even two shoulders, two hips, or a face to start from.
    """
    evidence = gather(keypoints)
    positions, known = np.full((142, 3), np.nan), np.zeros(142, dtype=bool)
    positions[:133, :2] = evidence.xy
    positions[:133, 2] = depths(evidence)
    known[:133] = evidence.seen
    offsets, rotations, root = fitted(positions, known, evidence.stature)
    confidence = _confidence(keypoints, evidence)
    skeleton = Skeleton(offsets, rotations, root, confidence, keypoints.canvas, evidence.metres_per_pixel)
    confidence[:, 1] *= visible(*skeleton.forward(), evidence.stature)
    return replace(skeleton, confidence=confidence).moved([0.0, 0.0, -root[2]])


def _confidence(keypoints: Keypoints, evidence: Evidence) -> np.ndarray:
    """(142, 3) detected, the same for visible, precise. Derived joints take the weakest of what they derive from."""
    confidence = np.zeros((142, 3))
    detected = np.where(evidence.seen, keypoints.confidence, 0)
    precise = 1 / (1 + keypoints.spread * evidence.metres_per_pixel / PRECISE_METRES)
    confidence[:133] = np.stack([detected, detected, np.where(evidence.seen, precise, 0)], axis=1)
    pairs = [[INDEX[f"{side}_{n}"] for side in ("left", "right")] for n in ("hip", "shoulder")]
    hips, shoulders = (confidence[pair].min(axis=0) for pair in pairs)
    head, trunk = np.sort(confidence[list(HEAD)], axis=0)[-2], np.minimum(hips, shoulders)
    spine = (hips, trunk, trunk, trunk, shoulders, np.minimum(shoulders, head), head)
    confidence[133:] = [*spine, *confidence[pairs[1]]]
    return confidence
