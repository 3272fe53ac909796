"""What hands do, as joint angles: a few shapes that the poses name, and the wrist's turn against the forearm.

Angles are degrees in the axes of geometry/anatomy/ranges.py: fingers flex over the palm and spread to the little
finger; the wrist has (flexion, ulnar deviation, pronation).
"""

from __future__ import annotations

import numpy as np
from repose.pipelines.geometry.anatomy.limits import LIMITED, rotations_of, table
from repose.pipelines.geometry.landmarks import FINGERS
from repose.pipelines.geometry.skeleton import JOINT_INDEX, JOINTS

# Per finger from the thumb: (flexion of the three joints, spread).
SHAPES = {
    "relaxed": (((6, 14, 14), 0), ((20, 26, 12), -3), ((25, 31, 15), 0), ((30, 34, 16), 2), ((32, 34, 16), 5)),
    "soft": (((0, 8, 6), 0), ((10, 15, 6), -4), ((13, 18, 8), 0), ((17, 20, 9), 3), ((18, 20, 9), 7)),
    "open": (((-18, 2, 0), -12), ((-4, 4, 2), -11), ((-5, 4, 2), 0), ((-4, 5, 2), 8), ((-2, 6, 3), 18)),
    "flat": (((4, 6, 4), 0), ((3, 5, 3), -1), ((3, 5, 3), 0), ((4, 6, 3), 1), ((5, 7, 4), 3)),
    "fist": (((38, 42, 50), 0), ((82, 98, 58), 0), ((84, 100, 58), 0), ((86, 100, 58), 0), ((88, 98, 56), 0)),
    "pointing": (((36, 42, 48), 0), ((4, 6, 2), -2), ((78, 96, 56), 0), ((82, 98, 56), 0), ((84, 96, 54), 0)),
    "thumbs up": (((-22, -6, -8), -22), ((80, 98, 58), 0), ((84, 100, 58), 0), ((86, 100, 58), 0), ((88, 98, 56), 0)),
    "holding": (((22, 34, 30), 0), ((52, 72, 36), 0), ((56, 76, 38), 0), ((60, 76, 38), 0), ((62, 74, 36), 0)),
    "curled": (((20, 24, 20), 0), ((38, 56, 26), 0), ((48, 62, 30), 0), ((56, 66, 32), 0), ((58, 64, 32), 0)),
}  # fmt: skip


def _rotations(angles: np.ndarray, joints: list[str]) -> dict[str, np.ndarray]:
    """(m, 3) radians per limited joint -> local quaternions (4,) of the named ones."""
    turned = rotations_of(angles, table())
    return {JOINTS[j]: turned[i] for i, j in enumerate(LIMITED) if JOINTS[j] in joints}


def finger_rotations(shape: str, side: str) -> dict[str, np.ndarray]:
    """Local quaternions (4,) of the fifteen finger joints of a hand in a shape."""
    angles = np.zeros((len(LIMITED), 3))
    row = {JOINTS[j]: i for i, j in enumerate(LIMITED)}
    names = []
    for finger, (bends, spread) in zip(FINGERS, SHAPES[shape], strict=True):
        for i, bend in enumerate(bends, start=1):
            names.append(f"{side}_{finger}_{i}")
            angles[row[names[-1]], :2] = np.radians([bend, spread if i == 1 else 0])
    return _rotations(angles, names)


def joint_rotation(joint: str, turn: tuple[float, float, float]) -> np.ndarray:
    """(4,) local quaternion of a limited joint at its (first, second, twist) angles in degrees."""
    angles = np.zeros((len(LIMITED), 3))
    angles[list(LIMITED).index(JOINT_INDEX[joint])] = np.radians(turn)
    return _rotations(angles, [joint])[joint]
