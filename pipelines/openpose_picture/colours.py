"""The colours of drawn OpenPose skeletons, and which of them a pixel shows.

Eighteen joints have hues 20 degrees apart, full and bright, drawn as discs; a limb has the hue of its own number
at 0.6 of the brightness, drawn as an ellipse below all discs; the twenty bones of a hand have hues 18 degrees
apart, drawn as lines, with blue dots on their ends; a face is 68 white dots. As controlnet_aux draws
(dwpose/util.py, after Cao et al., OpenPose, and Zhang, ControlNet's annotators), and others after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..geometry.formats.openpose import BODY_18

JOINTS = len(BODY_18)
LIMBS = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13),
    (1, 0), (0, 14), (14, 16), (0, 15), (15, 17),
)  # fmt: skip
"""The seventeen limbs as pairs of `BODY_18`, in the order in which they are drawn over each other."""
BONES = tuple(edge for f in range(1, 21, 4) for edge in ((0, f), (f, f + 1), (f + 1, f + 2), (f + 2, f + 3)))
"""The twenty bones of a hand, as pairs of its 21 points, in the order of their hues."""

BLACK = 0
JOINT = 1
LIMB = JOINT + JOINTS
WHITE = LIMB + len(LIMBS)
OTHER = WHITE + 1
KINDS = OTHER + 1
BLUE = JOINT + 12
"""The left knee's label, which is that of the dots of hands as well."""
assert {*range(JOINTS)} == {joint for limb in LIMBS for joint in limb} and len(BONES) == 20

DARK, BRIGHT = 0.3, 0.8
"""Between black and a limb (half of 0.6), between a limb (0.6) and a disc (1): halfway at blurred borders."""
PALE, RICH = 0.25, 0.55
"""Saturation of white dots at most, of palette colours at least; what lies between is a blurred border."""
FAINT = 0.4
"""Saturation of a hand's thin lines at least, blurred as they may be."""

MOSTLY_BLACK = 0.6
PALETTE_SHARE = 0.6
LEVEL_ERROR = 0.15
HUE_ERROR = 7.0
"""Degrees: what lies further from every palette hue is not drawn in these colours (JPEG moves hues by 3)."""


@dataclass(frozen=True, eq=False)
class Labels:
    """What each pixel shows.

    kinds   (H, W) uint8: BLACK, JOINT + joint, LIMB + limb, WHITE, or OTHER (borders between colours)
    bones   (H, W) uint8: 1 + the hand's bone of the nearest hue where a pixel has a hue, else 0
    """

    kinds: np.ndarray
    bones: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        return self.kinds.shape

    def box(self, mask: np.ndarray, margin: int) -> tuple[slice, slice] | None:
        """Rows and columns around a (H, W) mask, or None where it is empty."""
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if len(rows) == 0:
            return None
        return (
            slice(max(rows[0] - margin, 0), rows[-1] + margin + 1),
            slice(max(columns[0] - margin, 0), columns[-1] + margin + 1),
        )

    def at(self, points: np.ndarray, table: np.ndarray) -> np.ndarray:
        """(..., 2) pixel positions -> (...) table[kind] at the nearest pixel; table[OTHER] outside the picture."""
        height, width = self.size
        x, y = np.rint(points).astype(np.int64).reshape(-1, 2).T
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        kinds = self.kinds[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
        return table[np.where(inside, kinds, OTHER)].reshape(points.shape[:-1])


def labels_of(pixels: np.ndarray) -> Labels:
    """(H, W, 3) uint8 RGB -> what each pixel shows. Only what is not black is looked at."""
    kinds = np.zeros(pixels.shape[:2], dtype=np.uint8)
    bones = np.zeros_like(kinds)
    lit = pixels.max(axis=2) >= DARK * 255
    hue, saturation, value = hsv(pixels[lit])
    step = np.rint(hue / 20).astype(np.int64) % JOINTS
    bright = value >= BRIGHT
    limb = np.where(step < len(LIMBS), LIMB + step, OTHER)
    kind = np.where(bright, JOINT + step, limb)
    kind = np.where(saturation < RICH, OTHER, kind)
    kinds[lit] = np.where((saturation < PALE) & bright, WHITE, kind)
    bones[lit] = np.where(saturation >= FAINT, 1 + np.rint(hue / 18).astype(np.int64) % 20, 0)
    return Labels(kinds, bones)


def hsv(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n, 3) uint8 RGB -> hue in degrees [0, 360), saturation and value in [0, 1], (n,) each."""
    red, green, blue = pixels.astype(np.float32).T / 255
    value = np.maximum(np.maximum(red, green), blue)
    spread = value - np.minimum(np.minimum(red, green), blue)
    safe = np.where(spread > 0, spread, 1)
    hue = np.where(
        value == red,
        (green - blue) / safe,
        np.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    return (60 * hue) % 360, spread / np.where(value > 0, value, 1), value


def in_openpose_colours(pixels: np.ndarray) -> bool:
    """Whether (H, W, 3) uint8 RGB is mostly black and what is not has the palette's colours, several of them."""
    brightest = pixels.max(axis=2)
    lit = brightest >= DARK * 255
    if lit.sum() < 30 or (brightest < 40).mean() < MOSTLY_BLACK:
        return False
    hue, saturation, value = hsv(pixels[lit])
    apart = np.minimum(*(np.abs((hue + step / 2) % step - step / 2) for step in (20, 18)))
    rich = (saturation > RICH) & ((np.abs(value - 0.6) < LEVEL_ERROR) | (value > 1 - LEVEL_ERROR))
    near = rich & (apart < HUE_ERROR)
    palette = near | ((saturation < PALE) & (value > BRIGHT))
    counts = np.bincount(np.rint(hue[near] / 20).astype(int) % JOINTS, minlength=JOINTS)
    several = (counts > 0.01 * lit.sum()).sum() >= 3
    return bool(palette.mean() > PALETTE_SHARE and several)
