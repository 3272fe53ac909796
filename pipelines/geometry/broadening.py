"""Stick figures have no breadth: their arms meet in one point, and so do their legs.

Read as a body, that is somebody seen from the side. For the pose that such a figure states its limbs are moved apart
by the standard body's breadths, each limb as a whole, so that every angle stays as it was drawn.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .keypoints import Keypoints
from .landmarks import INDEX, LANDMARKS
from .template import BREADTH, OFFSETS, TRUNK

NARROW = 0.5
"""Share of the standard body's breadth below which shoulders or hips are taken for the point where lines meet."""
HIPS = 2 * OFFSETS[INDEX["left_hip"], 0]
LIMBS = {
    "shoulder": (
        BREADTH,
        ("shoulder", "elbow", "wrist", "hand", "thumb", "index", "middle", "ring", "little"),
    ),
    "hip": (HIPS, ("hip", "knee", "ankle", "big", "small", "heel")),
}
"""Per pair, its breadth in statures and the landmarks that move with it, by the first word of their names."""


def broadened(keypoints: Keypoints) -> Keypoints:
    """A figure that faces the viewer with its limbs moved apart where they meet in a point; others come back as they
    are, and so does a figure whose trunk was not made out."""
    if not keypoints.sees("left_shoulder", "right_shoulder", "left_hip", "right_hip"):
        return keypoints
    tops, bottoms = (_middle(keypoints, name) for name in LIMBS)
    trunk = np.linalg.norm(bottoms - tops)
    if trunk < 1:
        return keypoints
    down = (bottoms - tops) / trunk
    left = np.array([down[1], -down[0]])
    points = keypoints.points.astype(np.float64)
    for name, (breadth, words) in LIMBS.items():
        wanted = breadth * trunk / TRUNK
        drawn = float((keypoints[f"left_{name}"] - keypoints[f"right_{name}"]) @ left)
        if drawn < NARROW * wanted:
            for side, sign in (("left", 0.5), ("right", -0.5)):
                points[_limb(side, words)] += sign * (wanted - drawn) * left
    return replace(keypoints, points=points)


def _middle(keypoints: Keypoints, name: str) -> np.ndarray:
    return (keypoints[f"left_{name}"] + keypoints[f"right_{name}"]) / 2


def _limb(side: str, words: tuple[str, ...]) -> list[int]:
    return [
        j for j, name in enumerate(LANDMARKS) if name.split("_")[0] == side and name.split("_")[1] in words
    ]
