"""The frames, units and signs that the whole engine shares. Everything else refers to this page.

Pixels    pixel (0, 0) is the *centre* of the top-left pixel; x to the right, y down.
Camera    x right, y down, z away from the camera; weak perspective: `pixel = scale * xy + offset`. A skeleton
          stands in camera space *in pixels of its picture* (scale 1, offset 0): xy is the pixel, z is 0 at
          the pelvis, and `metres_per_pixel` beside it says how large a pixel is at the person.
Person    left and right are the person's own. At rest the person stands upright and faces the camera, so the
          person's left is +x (picture right), up is -y and forward is -z.
Rotation  3x3 matrices act on columns: `v_parent = R @ v_child`. Quaternions are (w, x, y, z), unit,
          parent-to-child. Radians inside the engine, degrees at the sockets and in reports.
Pictures  float32 (batch, channel, height, width) in [0, 1], sRGB-encoded.
"""

import numpy as np

LEFT = np.array([1.0, 0.0, 0.0])
"""The person's left at rest, in the camera frame."""
DOWN = np.array([0.0, 1.0, 0.0])
BACK = np.array([0.0, 0.0, 1.0])
FORWARD = -BACK


def project(points: np.ndarray) -> np.ndarray:
    """(..., 3) camera-space points in pixels -> (..., 2) pixel positions: weak perspective drops z."""
    return np.asarray(points)[..., :2]


def mirror(points: np.ndarray, width: float) -> np.ndarray:
    """(..., 3) camera-space points -> the same points in the mirrored picture of that width."""
    return np.asarray(points) * [-1.0, 1.0, 1.0] + [width - 1.0, 0.0, 0.0]
