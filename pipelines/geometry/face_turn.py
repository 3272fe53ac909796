"""How far a face that was photographed at an angle can be turned: its far half is not in the photo.

A face seen from the front has both cheeks to show when it turns; one seen at an angle has one. What it hides comes into
view when it turns towards that side, drawn out from a few grazing pixels. It goes part of the way instead.
"""

from __future__ import annotations

import numpy as np

from .camera import DOWN, FORWARD
from .rotation import about

FREE, FIXED = np.radians(4.0), np.radians(20.0)
"""Angle to the camera up to which a face turns as it is asked to, and from which on it stays as it was photographed
when it should turn towards its hidden side. By eye, on the development photos."""
PROFILE, AWAY = np.radians(75.0), np.radians(110.0)
"""Angles to the camera between which a face leaves the picture: who turns that far shows the back of the head."""


def possible_turn(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(3, 3) the head's orientation that the photo can show instead of the wanted one.

    before, after: (3, 3) a head's orientations in the camera's frame, as photographed and as wanted.
    """
    was, wanted = (_yaw(one) for one in (before, after))
    step = (wanted - was + np.pi) % (2 * np.pi) - np.pi
    if was * step >= 0:  # further towards the side that it shows
        return after
    shown = 1 - _risen(abs(was), FREE, FIXED) * (1 - _risen(abs(was), PROFILE, AWAY))
    shown = max(shown, _risen(abs(wanted), PROFILE, AWAY))
    return about(DOWN, (1 - shown) * step) @ after  # about DOWN, a positive angle lessens the yaw


def _yaw(head: np.ndarray) -> float:
    """Radians about the vertical from the camera to where a head looks; positive towards larger x."""
    x, _, z = head @ FORWARD
    return float(np.arctan2(x, -z))


def _risen(value: float, first: float, last: float) -> float:
    """0 up to first, 1 from last on, smooth between."""
    share = float(np.clip((value - first) / (last - first), 0, 1))
    return share * share * (3 - 2 * share)
