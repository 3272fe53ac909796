"""The standard body: the rest pose's offsets as fractions of stature, for what a picture does not show.

Segment lengths: Drillis & Contini, "Body Segment Parameters", NYU Report 1166-03, 1966, as drawn in Winter,
"Biomechanics and Motor Control of Human Movement" (4th ed., figure 4.1): foot 0.152 long and 0.039 high,
shank 0.285 - 0.039, thigh 0.530 - 0.285, hip to shoulder 0.818 - 0.530, upper arm 0.186, forearm 0.146,
hand 0.108, half the shoulders' breadth 0.129, eyes at 0.936, chin at 0.870. Joint centres lie inside the
outline: 0.85 of the half breadth at the shoulders; hip centres 0.10 apart. Face and finger details are ours,
drawn to those heights.
"""

import numpy as np

from .landmarks import FINGERS
from .skeleton import JOINT_INDEX, JOINT_MIRROR, JOINTS, PARENT

STATURE_METRES = 1.70
"""Assumed where nothing says how tall a person is: between the adult means of women and men
(NCD Risk Factor Collaboration, eLife 5:e13410, 2016: 159 and 171 cm the world over; models are taller)."""

# The spine's curves are drawn mild: these are the centres of the trunk, which lie before the vertebrae.
_MIDDLE = {
    "lumbar": (0, -0.06, -0.006),
    "thoracic": (0, -0.07, 0.006),
    "chest": (0, -0.068, 0.008),
    "neck": (0, -0.12, -0.002),
    "cervical": (0, -0.041, -0.006),
    "head": (0, -0.041, -0.006),
    "nose": (0, 0.008, -0.062),
}

# The left half; the right half is its mirror image.
_LEFT = {
    "eye": (0.018, -0.012, -0.047), "ear": (0.043, 0, 0),
    "clavicle": (0.012, -0.088, -0.036), "shoulder": (0.098, -0.002, 0.028),
    "elbow": (0.186, 0, 0), "wrist": (0.146, 0, 0),
    "hip": (0.05, 0, 0), "knee": (0, 0.245, 0), "ankle": (0, 0.246, 0),
    "big_toe": (-0.008, 0.036, -0.105), "small_toe": (0.027, 0.036, -0.08), "heel": (0, 0.033, 0.03),
    "hand_root": (0.004, 0, 0),
}  # fmt: skip

# Four joints per finger from the hand's root, as steps: x along the hand, y to the palm, z to the little
# finger.
_FINGER = {
    "thumb": ((0.014, 0.004, -0.014), (0.020, 0.003, -0.013), (0.017, 0, -0.006), (0.014, 0, -0.003)),
    "index": ((0.054, 0, -0.014), (0.023, 0, -0.001), (0.013, 0, 0), (0.012, 0, 0)),
    "middle": ((0.054, 0, -0.003), (0.025, 0, 0), (0.016, 0, 0), (0.013, 0, 0)),
    "ring": ((0.050, 0, 0.008), (0.023, 0, 0.001), (0.015, 0, 0), (0.012, 0, 0)),
    "little": ((0.046, 0, 0.018), (0.018, 0, 0.002), (0.010, 0, 0), (0.010, 0, 0)),
}

# Brows, nose, eyes and mouth of the person's right half (picture left at rest), then the middle line.
_FACE_RIGHT = {
    17: (-0.033, -0.026, -0.040), 18: (-0.028, -0.030, -0.047), 19: (-0.022, -0.031, -0.052),
    20: (-0.015, -0.029, -0.055), 21: (-0.008, -0.026, -0.057), 31: (-0.009, 0.014, -0.056),
    32: (-0.005, 0.016, -0.059), 36: (-0.025, -0.012, -0.043), 37: (-0.021, -0.015, -0.047),
    38: (-0.016, -0.015, -0.048), 39: (-0.011, -0.011, -0.047), 40: (-0.015, -0.009, -0.048),
    41: (-0.021, -0.009, -0.046), 48: (-0.015, 0.031, -0.053), 49: (-0.010, 0.027, -0.058),
    50: (-0.004, 0.025, -0.061), 58: (-0.005, 0.038, -0.060), 59: (-0.010, 0.036, -0.057),
    60: (-0.013, 0.031, -0.054), 61: (-0.005, 0.029, -0.060), 67: (-0.005, 0.033, -0.060),
}  # fmt: skip
_FACE_MIDDLE = {
    27: (0, -0.016, -0.056), 28: (0, -0.008, -0.060), 29: (0, 0.000, -0.065), 30: (0, 0.008, -0.069),
    33: (0, 0.017, -0.061), 51: (0, 0.026, -0.062), 57: (0, 0.039, -0.061), 62: (0, 0.030, -0.061),
    66: (0, 0.033, -0.061),
}  # fmt: skip


def _jaw() -> dict[int, tuple[float, float, float]]:
    """The 17 jaw points: a half ellipse from ear to ear that comes forward to the chin."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, 17)
    jaw = np.stack([0.041 * np.sin(angles), 0.058 * np.cos(angles), -0.008 - 0.045 * np.cos(angles)], axis=1)
    return {i: tuple(point) for i, point in enumerate(jaw)}


def _offsets() -> np.ndarray:
    """(142, 3) the table as an array, the right half mirrored."""
    table = dict(_MIDDLE) | {f"left_{name}": value for name, value in _LEFT.items()}
    for finger in FINGERS:
        table |= {f"left_{finger}_{i + 1}": step for i, step in enumerate(_FINGER[finger])}
    table |= {f"face_{i}": value for i, value in (_jaw() | _FACE_RIGHT | _FACE_MIDDLE).items()}
    offsets = np.full((len(JOINTS), 3), np.nan)
    offsets[JOINT_INDEX["pelvis"]] = 0
    for name, value in table.items():
        offsets[JOINT_INDEX[name]] = value
    other = offsets[JOINT_MIRROR] * [-1, 1, 1]
    return np.where(np.isnan(offsets), other, offsets)


OFFSETS = _offsets()
"""(142, 3) offsets at rest of a body of stature 1; multiply by the stature in pixels or metres."""

REST_DIRECTION = OFFSETS / np.maximum(np.linalg.norm(OFFSETS, axis=1, keepdims=True), 1e-12)
LENGTH = np.linalg.norm(OFFSETS, axis=1)

HINGE = {
    "left_elbow": np.array([0.0, 1.0, 0.0]),
    "right_elbow": np.array([0.0, -1.0, 0.0]),
    "left_knee": np.array([1.0, 0.0, 0.0]),
    "right_knee": np.array([1.0, 0.0, 0.0]),
}
"""The axis about which each hinge flexes, in the rest frame: forearms to the front, shanks to the back."""

TRUNK = 0.288
"""Hips to shoulders."""
BREADTH = 0.22
"""Shoulder to shoulder."""
HEAD_RAISE = 0.112
"""The ears' middle over the shoulders' middle."""

assert np.isfinite(OFFSETS).all()
assert np.allclose(OFFSETS, OFFSETS[JOINT_MIRROR] * [-1, 1, 1], atol=1e-9), "the template is not symmetric"
assert np.isclose(
    -sum(
        OFFSETS[JOINT_INDEX[n], 1] for n in ("lumbar", "thoracic", "chest", "left_clavicle", "left_shoulder")
    ),
    TRUNK,
)
assert (PARENT[[JOINT_INDEX[name] for name in HINGE]] >= 0).all()
