"""The lifter's network: normalised 2D joints with confidences in, the depth of each joint out.

A residual MLP, trained by training/lifter/train.py on random poses, bodies and cameras; no picture was needed. Its
weights lie beside this file, their card in lifter.md. Depth is horizontal: measured in the level frame, so that a
person who stands upright comes out upright whatever the camera's pitch.

The network runs in numpy: for one person of 33 points the threads of a larger runtime cost more than the sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..geometry.landmarks import BODY, FEET, INDEX, LANDMARKS, MIRROR
from .loading import same_names

WEIGHTS = Path(__file__).with_suffix(".safetensors")

_PALM = ("thumb_4", "index_1", "middle_1", "little_1", "middle_4")
POINTS = (*BODY, *FEET, *(f"{side}_{name}" for side in ("left", "right") for name in _PALM))
"""The landmarks that the network sees: body, feet, and of each hand the palm's corners and two tips."""
LANDMARK = [INDEX[name] for name in POINTS]
"""Where POINTS lie among the 133 landmarks."""
SWAP = [POINTS.index(LANDMARKS[MIRROR[j]]) for j in LANDMARK]
"""SWAP[i] is the point that i becomes in a mirror."""
TRUNK = [POINTS.index(f"{side}_{part}") for part in ("shoulder", "hip") for side in ("left", "right")]
SMALLEST = 1e-6
"""Pixels; a figure smaller than this has no size to normalise by."""


def normalised(points, confidence):
    """Pixels (..., 33, 2), confidence (..., 33), 0 where absent -> offsets (..., 33, 2) over size, 0 where absent;
    size (...) in pixels.

    The origin is the middle of the shoulders and hips that are present (of all points where none is), the size the
    root mean square distance of the present body landmarks from it. Arrays or tensors: the training calls it too.
    """
    seen = (confidence > 0) * 1.0
    trunk = seen[..., TRUNK]
    alone = (trunk.sum(-1) == 0) * 1.0
    total = (trunk[..., None] * points[..., TRUNK, :]).sum(-2)
    total = total + alone[..., None] * (seen[..., None] * points).sum(-2)
    centre = total / (trunk.sum(-1) + alone * seen.sum(-1).clip(min=1))[..., None]
    offset = (points - centre[..., None, :]) * seen[..., None]
    body = slice(0, len(BODY))
    spread = (offset[..., body, :] ** 2).sum(-1).sum(-1) / seen[..., body].sum(-1).clip(min=1)
    size = (spread**0.5).clip(min=SMALLEST)
    return offset / size[..., None, None], size


@dataclass(frozen=True, eq=False)
class Lifter:
    """The network's weights by name, as training/lifter/network.py names them, float32."""

    weights: dict[str, np.ndarray]
    blocks: int

    @classmethod
    def from_weights(cls, weights: dict[str, np.ndarray]) -> Lifter:
        """Checks that every layer is there; ValueError that names what is missing or not known."""
        blocks = len({name.split(".")[1] for name in weights if name.startswith("blocks.")})
        layers = ["first", "last.0", "last.1", *(f"blocks.{i}.{k}" for i in range(blocks) for k in (0, 1, 3))]
        names = {f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}
        same_names(names, weights, "lifter")
        return cls({name: np.asarray(value, dtype=np.float32) for name, value in weights.items()}, blocks)

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """(n, 99) -> (n, 67): depth of the 33 points over size, log of the depths' expected error over size, log of
        the stature over size."""
        x = self._linear("first", features.astype(np.float32))
        for i in range(self.blocks):
            hidden = self._linear(f"blocks.{i}.1", self._norm(f"blocks.{i}.0", x))
            x = x + self._linear(f"blocks.{i}.3", gelu(hidden))
        return self._linear("last.1", self._norm("last.0", x))

    def _linear(self, layer: str, x: np.ndarray) -> np.ndarray:
        return x @ self.weights[f"{layer}.weight"].T + self.weights[f"{layer}.bias"]

    def _norm(self, layer: str, x: np.ndarray) -> np.ndarray:
        x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-5)
        return x * self.weights[f"{layer}.weight"] + self.weights[f"{layer}.bias"]


def gelu(x: np.ndarray) -> np.ndarray:
    """x times the normal distribution's probability below x; the error function by Abramowitz & Stegun, "Handbook of
    Mathematical Functions", 7.1.26, to 1.5e-7."""
    z = np.abs(x) / np.sqrt(np.float32(2))
    t = 1 / (1 + 0.3275911 * z)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return x * (0.5 + 0.5 * np.sign(x) * (1 - series * np.exp(-z * z)))


class Depths(NamedTuple):
    """depth (33,) of POINTS in pixels, larger is further, against an origin of no meaning; stature in pixels."""

    depth: np.ndarray
    stature: float


@cache
def shipped() -> Lifter:
    """The network with the weights that lie beside this file."""
    from safetensors.numpy import load_file

    return Lifter.from_weights(load_file(WEIGHTS))


def depths(points: np.ndarray, confidence: np.ndarray, network: Lifter | None = None) -> Depths:
    """(33, 2) pixels, (33,) confidence, 0 where absent -> Depths.

    The picture and its mirror image are both read and their mean is taken: the mirrored person gets exactly the
    mirrored depth.
    """
    both = np.stack([points, (points * np.array([-1.0, 1.0]))[SWAP]])
    trust = np.stack([confidence, confidence[SWAP]])
    offset, size = normalised(both, trust)
    found = (network or shipped())(np.concatenate([offset.reshape(2, -1), trust], axis=1)).astype(np.float64)
    count, scale = len(POINTS), float(size[0])
    depth = (found[0, :count] + found[1, SWAP]) / 2
    return Depths(depth * scale, float(np.exp(found[:, -1].mean())) * scale)
