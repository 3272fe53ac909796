"""The shoulder girdle: a raised arm lifts its shoulder.

Inman, Saunders & Abbott, "Observations on the function of the shoulder joint", J. Bone Joint Surg. 26, 1944: of
180 degrees of elevation the shoulder blade turns 60, after a setting phase of 30 degrees in which it hardly
moves; the clavicle's own elevation at the breastbone carries half of that turn, 30 degrees.
"""

from __future__ import annotations

import numpy as np

from .. import rotation
from ..camera import BACK, DOWN

SETTING = np.radians(30)
"""Elevation of the arm up to which the shoulder stays where it hangs."""
SHARE = 30 / 150
"""Degrees of the clavicle per degree of the arm beyond the setting phase."""


def rise(elevation: np.ndarray | float) -> np.ndarray | float:
    """Radians of the upper arm from hanging (0) to overhead (pi) -> radians by which the clavicle rises."""
    return SHARE * np.maximum(np.asarray(elevation) - SETTING, 0.0)


def raised_clavicle(side: str, arm: np.ndarray) -> np.ndarray:
    """(3, 3) the clavicle's rotation in the chest's frame for the upper arm's direction (3,) in that frame.

    side is "left_" or "right_"; the turn is about the axis from back to front.
    """
    angle = float(rise(rotation.angle_between(arm, DOWN)))
    return rotation.about(BACK, -angle if side == "left_" else angle)
