"""Which joints the camera sees: a joint behind another part of the body is hidden by it.

Every part is a capsule about its bone with the part's own radius (parts.py). A joint counts as hidden where its
pixel lies inside the capsule of a part of another layer and its depth is behind that capsule's axis; a point of
the head, where it looks away.
"""

from __future__ import annotations

import numpy as np

from .motion import CROWN
from .parts import PARTS, Part
from .skeleton import JOINT_INDEX, JOINTS, PARENT, SPINE

SOFT = 0.35
"""Share of a capsule's radius over which its border, and the step from before it to behind it, fades: our choice."""
AWAY = (0.1, 0.4)
"""Cosine between the way out of the head at a point and the way away from the camera: seen below the first, on
the head's far side above the second."""

HEAD = JOINT_INDEX["head"]
FACE = PARENT == HEAD


def visible(positions: np.ndarray, rotations: np.ndarray, stature: float) -> np.ndarray:
    """(142,) in [0, 1]: 0 where another part of the body certainly hides the joint.

    positions (142, 3) pixels in the camera frame, rotations (142, 3, 3) global, stature in pixels.
    """
    hidden = np.zeros(len(JOINTS))
    crown = positions[HEAD] - rotations[HEAD][:, 1] * CROWN * stature
    for part in PARTS:
        end = crown if part.end == "crown" else positions[JOINT_INDEX[part.end]]
        ends = np.stack([positions[JOINT_INDEX[part.start]], end])
        mine = _hidden_by(positions, ends, part.radius * stature)
        hidden = np.maximum(hidden, np.where(_HIDES[part.name], mine, 0))
    outward = positions[FACE] - positions[HEAD]
    away = outward[:, 2] / np.maximum(np.linalg.norm(outward, axis=1), 1e-9)
    hidden[FACE] = np.maximum(hidden[FACE], np.clip((away - AWAY[0]) / (AWAY[1] - AWAY[0]), 0, 1))
    return 1 - hidden


def _hidden_by(positions: np.ndarray, ends: np.ndarray, radius: float) -> np.ndarray:
    """(142,) in [0, 1]: how surely each joint lies inside the capsule's outline and behind its axis."""
    start, along = ends[0], ends[1] - ends[0]
    share = (positions[:, :2] - start[:2]) @ along[:2] / max(along[:2] @ along[:2], 1e-9)
    axis = start + np.clip(share, 0, 1)[:, None] * along
    aside = np.linalg.norm((positions - axis)[:, :2], axis=1)
    inside = np.clip((radius - aside) / (SOFT * radius), 0, 1)
    return inside * np.clip((positions[:, 2] - axis[:, 2]) / (SOFT * radius), 0, 1)


def _layers() -> np.ndarray:
    """(142,) the layer of parts.py that each joint lies in."""
    layers = np.full(len(JOINTS), "trunk", dtype="<U9")
    for side in ("left", "right"):
        for limb, root in (("arm", "shoulder"), ("leg", "hip")):
            inside = np.isin(np.arange(len(JOINTS)), JOINT_INDEX[f"{side}_{root}"])
            for _ in range(len(JOINTS)):
                inside = inside | (inside[PARENT] & (PARENT >= 0))
            layers[inside] = f"{side}_{limb}"
    return layers


LAYER = _layers()
_INSIDE_THE_TRUNK = np.isin(
    JOINTS, [*SPINE, *(f"{side}_{n}" for side in ("left", "right") for n in ("clavicle", "shoulder", "hip"))]
)


def _hides(part: Part) -> np.ndarray:
    """(142,) bool: the joints that the part can hide. Its own layer's lie inside it, and so do those where limbs are
    joined to the trunk: they are seen through their own surface."""
    other = part.layer != LAYER
    return other & ~_INSIDE_THE_TRUNK if part.layer == "trunk" else other


_HIDES = {part.name: _hides(part) for part in PARTS}
