"""The motion of a flat figure: every part turns in the picture's plane, neighbours blend by their angles.

The planar case of dual quaternions (Kavan et al. 2008, as in motion.py): a part's rotation by an angle t is the unit
complex number exp(i t / 2), whose blend turns about the common joint and keeps lengths. Angles are followed along the
limb and not wrapped, so that an arm that goes up by more than half a turn goes round the body's outer side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from ..motion import Bones
from ..parts import INDEX, PARTS

PARENT = {
    "chest": "pelvis", "head": "chest",
    **{f"{side}_{part}": parent.format(side=side) for side in ("left", "right") for part, parent in (
        ("upper_arm", "chest"), ("forearm", "{side}_upper_arm"), ("thigh", "pelvis"),
        ("shin", "{side}_thigh"), ("foot", "{side}_shin"),
    )},
}  # fmt: skip
"""The moved parts; pelvis is the root."""
ENDS = {"pelvis": ("pelvis", "spine"), "chest": ("spine", "neck"), "head": ("neck", "head")}
"""Parts of the trunk, from the start of one of `parts.PARTS` to that of another."""
INWARDS = np.radians(100)
"""How far an arm may come from hanging over the front of the body; the rest of its circle it reaches from outside."""
SHORT = 1.0
"""Pixels: shorter bones state no direction."""


@dataclass(frozen=True, eq=False)
class Plane:
    """Per part of `parts.PARTS`: x' = turn(angle) @ stretched(x - source) + target, stretched by `scale` along the unit
    vector `along`; arrays (P,), (P, 2), (P, 2), (P,), (P, 2). Angles in radians, from x to y, not wrapped."""

    angle: np.ndarray
    source: np.ndarray
    target: np.ndarray
    scale: np.ndarray
    along: np.ndarray

    def rests(self) -> bool:
        """Does every part stay where it is, to a tenth of a pixel?"""
        turned = max(abs(self.angle).max(), abs(self.scale - 1).max())
        return bool(turned < 1e-4 and abs(self.target - self.source).max() < 0.1)

    def apply(self, points: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """(V, 2) points moved by blended parts; weights (V, P), rows summing to 1."""
        kind = {"dtype": torch.float64, "device": points.device}
        source, along = torch.as_tensor(self.source, **kind), torch.as_tensor(self.along, **kind)
        points, weights = points.double(), weights.double()
        out = ((points[:, None] - source) * along).sum(-1) * (torch.as_tensor(self.scale, **kind) - 1)
        stretched = torch.view_as_complex(points + (weights[..., None] * out[..., None] * along).sum(1))
        half = torch.polar(torch.ones(len(PARTS), **kind), torch.as_tensor(self.angle / 2, **kind))
        start, end = (
            torch.view_as_complex(torch.as_tensor(v, **kind).contiguous()) for v in (self.source, self.target)
        )
        shift = (end - half * half * start) * half.conj()
        mixed = weights.to(half.dtype)
        turn, moved = mixed @ half, mixed @ shift
        length = turn.abs().clamp(min=1e-9)
        turn, moved = turn / length, moved / length
        return torch.view_as_real(turn * turn * stretched + moved * turn).float()


def plane_motion(
    before: Bones, after: Bones, pivots: Mapping[str, np.ndarray] | None = None, four_legged: bool = False
) -> Plane:
    """The motion of a flat figure from one pose to another. A two-legged figure's arms go round its outer side.

    pivots: where the limbs of layers swing, (2,) pixels, instead of at their first joint.
    """
    count = len(PARTS)
    angle, scale = np.zeros(count), np.ones(count)
    source, target = before.start[:, :2].copy(), after.start[:, :2].copy()
    along = np.tile([1.0, 0.0], (count, 1))
    for name in ("pelvis", *PARENT):
        p = INDEX[name]
        bones = [_bone(frame, name) for frame in (before, after)]
        source[p], target[p] = (bone[0] for bone in bones)
        if pivots and name.endswith(("upper_arm", "thigh")) and PARTS[p].layer in pivots:
            source[p] = pivots[PARTS[p].layer]
        if name in PARENT:
            target[p] = _carried(INDEX[PARENT[name]], source[p], angle, source, target, scale, along)
        ways = [bone[1] - bone[0] for bone in bones]
        lengths = [float(np.hypot(*way)) for way in ways]
        parent = angle[INDEX[PARENT[name]]] if name in PARENT else 0.0
        if min(lengths) < SHORT:
            angle[p] = parent
            continue
        scale[p], along[p] = lengths[1] / lengths[0], ways[0] / lengths[0]
        turns = [np.arctan2(way[1], way[0]) for way in ways]
        if name.endswith("upper_arm") and not four_legged:
            out = 1.0 if name.startswith("left") else -1.0
            angle[p] = parent + _outwards(turns[1] - parent, out) - _outwards(turns[0], out)
        else:
            angle[p] = parent + _wrapped(turns[1] - turns[0] - parent)
    scale[INDEX["head"]] = 1.0
    return Plane(angle, source, target, scale, along)


def _carried(p: int, point: np.ndarray, angle, source, target, scale, along) -> np.ndarray:
    """(2,) where part p's motion takes a point."""
    out = point - source[p]
    out = out + (scale[p] - 1) * (out @ along[p]) * along[p]
    c, s = np.cos(angle[p]), np.sin(angle[p])
    return target[p] + np.array([c * out[0] - s * out[1], s * out[0] + c * out[1]])


def _bone(frame: Bones, name: str) -> tuple[np.ndarray, np.ndarray]:
    """(2,) start and (2,) end of a part in the picture."""
    if name in ENDS:
        first, last = (INDEX[end] for end in ENDS[name])
        return frame.start[first][:2], frame.start[last][:2]
    return frame.start[INDEX[name]][:2], frame.end[INDEX[name]][:2]


def _wrapped(angle: float) -> float:
    return float((angle + np.pi) % (2 * np.pi) - np.pi)


def _outwards(angle: float, out: float) -> float:
    """A direction's angle on the branch on which arms go up at their own side: -INWARDS past hanging at the least."""
    raised = -out * (angle - np.pi / 2)  # from hanging, the figure's own side positive
    raised = (raised + INWARDS) % (2 * np.pi) - INWARDS
    return np.pi / 2 - out * raised
