"""What each pixel of a person is: hair, skin, clothes. MediaPipe's selfie_multiclass network on several windows.

The network sees 256 x 256 pixels; a full-length person in one window gets about one mask pixel per 1 cm. So the
whole person is read once for the meaning, and again in overlapping close-ups for the outline.
"""

from __future__ import annotations

import numpy as np

from .crops import Crop, Pyramid
from .tflite import TfliteNetwork

CLASSES = ("background", "hair", "body_skin", "face_skin", "clothes", "other")
"""Order of the network's output (MediaPipe's multi-class selfie segmentation model card)."""
SURE = 3.0
"""Votes are log odds, clipped to this: one window cannot outvote all the others."""
RAMP = 40
"""Pixels at a close-up's border over which its vote fades: a person cut by the window misleads the network."""


class PartsReader:
    """selfie_multiclass, and the mask that pose_landmark_full gives along with its landmarks."""

    def __init__(self, network: TfliteNetwork, body: TfliteNetwork | None = None):
        self.network, self.body = network, body

    def read(self, picture: Pyramid, crop: Crop) -> np.ndarray:
        """(6, 256, 256) class probabilities in a window; outside the picture the network is shown white."""
        values = self.network(crop.sample(picture, fill=1.0))[0][0].transpose(2, 0, 1)
        values = np.exp(values - values.max(0))
        return values / values.sum(0)

    def body_mask(self, picture: Pyramid, crop: Crop) -> np.ndarray:
        """(256, 256) log odds of "person" from the body network in its own kind of window (see BodyReader)."""
        return self.body(crop.sample(picture))[2][0, :, :, 0]


def log_odds(probability: np.ndarray) -> np.ndarray:
    """Clipped logit."""
    p = np.clip(probability, 1e-4, 1 - 1e-4)
    return np.clip(np.log(p / (1 - p)), -SURE, SURE)


def ramp(size: tuple[int, int], open_sides: tuple[bool, bool, bool, bool]) -> np.ndarray:
    """(h, w) weights falling from 1 to 0 at the borders (left, top, right, bottom) behind which there is more."""
    left, top, right, bottom = open_sides
    across, down = _rise(size[1], left, right), _rise(size[0], top, bottom)
    return np.minimum.outer(down, across)


def _rise(length: int, begin: bool, end: bool) -> np.ndarray:
    """(length,) weights that rise from the open ends."""
    at = np.arange(length, dtype=np.float32) + 0.5
    ends = [at] * int(begin) + [length - at] * int(end)
    return np.minimum(1, np.min(ends, axis=0) / RAMP) if ends else np.ones_like(at)
