"""How chest and arm share the motion round a shoulder.

A shoulder is no hinge in a tube. Where the arm folds against the trunk (on top, when a hanging arm is raised), cloth
and flesh bunch close to the joint; on the side of the armpit they are drawn out over the whole flank. So the border
between the two parts runs from the joint outwards square to the arm, and from the joint down to the armpit, and the
motion is shared in a narrow zone along the first line and in a wide one along the second.
"""

from __future__ import annotations

import numpy as np
import torch

from .layout import Layout
from .motion import Bones
from .parts import INDEX

ARMPIT = np.radians(25)
"""The armpit seen from the shoulder joint: so far inwards of the trunk's own downward direction. By eye."""
FOLD = (0.55, 0.55)
"""Half-breadths of the upper arm over which the motion is shared on the arm's and on the chest's side of the line on
which a raised arm folds: less would show as a crease, more makes the arm thin there. By eye."""
FLANK = (0.55, 1.6)
"""The same for the line to the armpit: a raised arm takes the flank's cloth along. By eye."""
REACH = 0.8
"""Half-breadths by which the surface that chest and arm share goes on from the joint towards the armpit. By eye."""


def armpit(frame: Bones, side: str) -> np.ndarray:
    """(2,) unit, in the picture: from a shoulder joint to its armpit; side is "left" or "right"."""
    chest, arm = INDEX["chest"], INDEX[f"{side}_upper_arm"]
    down = _unit((frame.start[chest] - frame.end[chest])[:2], np.array([0.0, 1.0]))
    inwards = (frame.start[chest] + frame.end[chest])[:2] / 2 - frame.start[arm][:2]
    inwards = _unit(inwards - down * (inwards @ down), np.array([-down[1], down[0]]))
    return np.cos(ARMPIT) * down + np.sin(ARMPIT) * inwards


def _unit(vector: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vector)
    return vector / length if length > 1e-6 else fallback


def shoulder_share(layout: Layout, frame: Bones, side: str, radius: float) -> torch.Tensor:
    """(gh, gw) the upper arm's share of the motion round a shoulder in [0, 1], the chest's is the rest.

    radius: the upper arm's half-breadth in pixels.
    """
    arm = INDEX[f"{side}_upper_arm"]
    joint, pit = frame.start[arm], armpit(frame, side)
    along = _unit((frame.end[arm] - joint)[:2], pit)
    turn = np.sign(along[0] * pit[1] - along[1] * pit[0]) or 1.0
    fold = np.array([along[1], -along[0]]) * turn  # square to the arm, away from the armpit
    x, y = layout.cells()
    x, y = x - float(joint[0]), y - float(joint[1])
    inside = _between(x, y, fold, along) | _between(x, y, along, pit)
    nearest = torch.stack(
        [
            _ray(layout, joint, way) / (radius * torch.where(inside, arm_side, chest_side))
            for way, (arm_side, chest_side) in ((fold, FOLD), (pit, FLANK))
        ]
    ).amin(0)
    share = nearest.clamp(max=1)
    share = share * share * (3 - 2 * share) / 2
    return torch.where(inside, 0.5 + share, 0.5 - share)


def _between(x: torch.Tensor, y: torch.Tensor, a: np.ndarray, b: np.ndarray) -> torch.Tensor:
    """(gh, gw) bool: in the sector, of less than half a turn, between two directions (2,)."""
    turn = float(np.sign(a[0] * b[1] - a[1] * b[0]))
    from_a, to_b = float(a[0]) * y - float(a[1]) * x, x * float(b[1]) - y * float(b[0])
    return (from_a * turn >= 0) & (to_b * turn >= 0)


def _ray(layout: Layout, joint: np.ndarray, way: np.ndarray) -> torch.Tensor:
    """(gh, gw) pixels to the half-line from a joint."""
    far = joint[:2] + way * float(sum(layout.size))
    return layout.capsule(joint, far)[0]
