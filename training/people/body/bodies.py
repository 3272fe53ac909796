"""A body of the kit in a pose: bones that turn together, their motions, and the skin that follows them.

A pose is {joint: (3, 3) orientation in the world} of the pack's skeleton, from its rest pose (a T), as
training/lifter/anny.py takes it: each bone takes the orientation of the joint that turns the same segment of the
body. What is added here only moves the surface, never a joint: a limb's twist about itself is spread along the limb.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor

from pipelines.geometry.skeleton import DERIVED

from ...lifter.anny import FINGERS, joint_of
from .turns import between, dual_quaternions, turned_by, twist_about

Frames = Mapping[str, np.ndarray]

SPREAD = {"upperarm": "shoulder", "upperleg": "hip", "lowerarm": "elbow"}
"""Limbs of two bones each, along which a twist is spread, and the joint at their beginning."""
NEAR = {"shoulder": 0.5, "hip": 0.5, "elbow": 0.25}
"""Share of a limb's twist that its nearer bone takes: the upper arm's and thigh's skin is held at the trunk; the
forearm's two bones cross, so that its skin turns evenly from elbow to wrist, a quarter in the middle of its first
half (I. A. Kapandji, "The Physiology of the Joints", volume 1, pronation-supination)."""
FAR = {"shoulder": 1.0, "hip": 1.0, "elbow": 0.75}
SPREAD_LIMBS = tuple((side, joint) for side in ("left_", "right_") for joint in ("shoulder", "hip", "elbow"))
ENDS = {"shoulder": ("upperarm01", "lowerarm01"), "elbow": ("lowerarm01", "wrist"),
        "wrist": ("wrist", "finger3-1"), "hip": ("upperleg01", "lowerleg01"),
        "knee": ("lowerleg01", "foot")}  # fmt: skip
"""The bones whose heads are a limb's two ends."""
REST = {
    "shoulder": (1.0, 0, 0),
    "elbow": (1.0, 0, 0),
    "wrist": (1.0, 0, 0),
    "hip": (0, 1.0, 0),
    "knee": (0, 1.0, 0),
}
"""Where a limb of the left side points in the pack's rest pose; the right side's x is negative."""
DUAL = 0.65
"""Share of dual quaternion skinning (L. Kavan et al., "Geometric Skinning with Approximate Dual Quaternion Blending",
ACM Trans. Graphics 27, 2008) against linear blending: the first bulges at a strong bend, the second collapses.
Ours."""


@dataclass(frozen=True)
class Segment:
    """Bones of the rig that move as one: the joint that turns them, the first bone, and the segment it hangs from."""

    joint: str
    part: str
    bone: int
    parent: int


@dataclass(frozen=True, eq=False)
class Rig:
    """The kit's bones gathered into S segments. of_bone (B,): each bone's segment; levels: segments by their
    depth."""

    labels: tuple[str, ...]
    segments: tuple[Segment, ...]
    of_bone: tuple[int, ...]
    levels: tuple[tuple[int, ...], ...]

    def index(self, joint: str, part: str = "") -> int:
        """The segment that a joint turns; of a limb of two bones the nearer one, unless part is "02"."""
        return self._indices[joint, part or ("01" if joint.partition("_")[2] in NEAR else "")]

    @cached_property
    def _indices(self) -> dict[tuple[str, str], int]:
        return {(s.joint, s.part): i for i, s in enumerate(self.segments)}

    @cached_property
    def spread(self) -> tuple[list[int], list[int], list[int], list[int]]:
        """Of each of SPREAD_LIMBS: its nearer and its farther segment, the one before the limb, and the one whose
        twist it shares (the hand's; else its own)."""
        before = {"shoulder": "clavicle", "elbow": "shoulder"}
        near = [self.index(side + joint) for side, joint in SPREAD_LIMBS]
        far = [self.index(side + joint, "02") for side, joint in SPREAD_LIMBS]
        base = [
            self.index(side + before[joint] if joint in before else "pelvis") for side, joint in SPREAD_LIMBS
        ]
        end = [self.index(f"{side}wrist") if joint == "elbow" else self.index(side + joint, "02")
               for side, joint in SPREAD_LIMBS]  # fmt: skip
        return near, far, base, end

    @cached_property
    def firsts(self) -> list[int]:
        """The first bone of each segment."""
        return [s.bone for s in self.segments]

    @cached_property
    def chain(self) -> tuple[tuple[list[int], list[int]], ...]:
        """Segments and their parents, by depth from the second level on."""
        return tuple((list(own), [self.segments[i].parent for i in own]) for own in self.levels[1:])

    def gathered(self, weights: Tensor, bones: Tensor) -> Tensor:
        """(N, 9) skinning weights and bones -> (N, S) weights of the segments, rows summing to 1."""
        of_bone = torch.tensor(self.of_bone, device=bones.device)
        out = weights.new_zeros(len(weights), len(self.segments))
        out.scatter_add_(1, of_bone[bones], weights)
        return out / out.sum(1, keepdim=True)


@lru_cache(maxsize=4)
def rig_of(labels: tuple[str, ...], parents: tuple[int, ...]) -> Rig:
    """Gathers bones that turn together. A segment's first bone is the one nearest to the root."""
    keys = [(joint_of(label), _part(label)) for label in labels]
    order = sorted(set(keys), key=keys.index)
    bones = [keys.index(key) for key in order]
    above = [order.index(keys[parents[bone]]) if parents[bone] >= 0 else -1 for bone in bones]
    segments = tuple(
        Segment(*key, bone, parent) for key, bone, parent in zip(order, bones, above, strict=True)
    )
    depth = [0] * len(order)
    for i, parent in enumerate(above):
        depth[i] = depth[parent] + 1 if parent >= 0 else 0
    levels = tuple(tuple(i for i, d in enumerate(depth) if d == level) for level in range(max(depth) + 1))
    return Rig(labels, segments, tuple(order.index(key) for key in keys), levels)


def _part(label: str) -> str:
    """ "01" or "02" for the two bones of a limb along which a twist is spread."""
    found = re.match(rf"({'|'.join(SPREAD)})(0[12])", label)
    return found[2] if found else ""


@dataclass(frozen=True, eq=False)
class Motion:
    """What a pose does to S segments: x -> rotation x + translation. heads (S, 3) posed, heads_at_rest (S, 3);
    metres.

    rotation (S, 3, 3), translation (S, 3) with a limb's twist spread; turns (S, 3, 3) without.
    """

    rotation: Tensor
    translation: Tensor
    heads: Tensor
    turns: Tensor
    heads_at_rest: Tensor

    def table(self) -> Tensor:
        """(S, 20): matrix and translation (12) and the unit dual quaternion (8), ready to be blended."""
        duals = dual_quaternions(self.rotation, self.translation)
        flat = torch.cat([self.rotation, self.translation[..., None]], -1).flatten(-2)
        return torch.cat([flat, duals], -1)


@dataclass(frozen=True, eq=False)
class Body:
    """A shaped body at rest: heads (B, 3) of all bones, metres, axes of scene.py.

    to_t (S, 3, 3): from this rest pose (an A) to the T of the pack's, by the shortest turns; axes (6, 3): directions
    of SPREAD_LIMBS at rest.
    """

    rig: Rig
    heads: Tensor
    to_t: Tensor
    axes: Tensor

    @staticmethod
    def of(rig: Rig, heads: Tensor) -> Body:
        turns = _turns_to_t(rig, heads)
        eye = torch.eye(3, dtype=heads.dtype, device=heads.device)
        axes = torch.stack([_limb(rig, heads, side + joint) for side, joint in SPREAD_LIMBS])
        return Body(rig, heads, torch.stack([turns.get(s.joint, eye) for s in rig.segments]), axes)

    def head(self, bone: str) -> Tensor:
        return self.heads[self.rig.labels.index(bone)]

    def moved(self, frames: Frames) -> Motion:
        """What a pose does to every segment; the root stays. Raises KeyError with the joints a pose does not
        state."""
        missing = sorted({s.joint for s in self.rig.segments} - set(frames))
        if missing:
            raise KeyError(f"a pose must state every joint of the body; missing: {', '.join(missing)}")
        stated = np.stack([np.asarray(frames[s.joint]) for s in self.rig.segments])
        return self.turned(torch.as_tensor(stated).to(self.heads) @ self.to_t)

    def turned(self, turns: Tensor) -> Motion:
        """(S, 3, 3) each segment's turn from this body's own rest pose -> the motion."""
        rest = self.heads[self.rig.firsts]
        heads = _chained(self.rig, rest, turns)
        rotation = turns @ self._untwist(turns)
        return Motion(rotation, heads - _times(rotation, rest), heads, turns, rest)

    def frames(self, motion: Motion, frames: Frames) -> dict[str, np.ndarray]:
        """The pose of a motion, as `moved` takes it; joints that turn nothing here are those of `frames`."""
        turns = (motion.turns @ self.to_t.transpose(1, 2)).cpu().numpy()
        return dict(frames) | {s.joint: turn for s, turn in zip(self.rig.segments, turns, strict=True)}

    def joints(self, motion: Motion) -> Tensor:
        """(9, 3) posed: the joints of the skeleton that no landmark shows, in the order of skeleton.DERIVED."""
        found = motion.heads[[self.rig.index(joint) for joint in DERIVED]].clone()
        found[0] = motion.heads[[self.rig.index("left_hip"), self.rig.index("right_hip")]].mean(0)
        return found

    def _untwist(self, turns: Tensor) -> Tensor:
        """(S, 3, 3) turns about each spread limb's own axis at rest: what its two bones lack of the whole twist."""
        near, far, base, end = self.rig.spread
        own = twist_about(turns[base].transpose(1, 2) @ turns[far], self.axes)
        total = own + twist_about(turns[far].transpose(1, 2) @ turns[end], self.axes)
        shares = turns.new_tensor([[share[joint] for _, joint in SPREAD_LIMBS] for share in (NEAR, FAR)])
        out = torch.eye(3, dtype=turns.dtype, device=turns.device).repeat(len(turns), 1, 1)
        out[near] = turned_by(self.axes, shares[0] * total - own)
        out[far] = turned_by(self.axes, shares[1] * total - own)
        return out


def _turns_to_t(rig: Rig, heads: Tensor) -> dict[str, Tensor]:
    turns: dict[str, Tensor] = {}
    for side in ("left_", "right_"):
        turn = torch.eye(3, dtype=heads.dtype, device=heads.device)
        for joint in ("shoulder", "elbow", "wrist"):
            turn = between(turn @ _limb(rig, heads, side + joint), _resting(side, joint, heads)) @ turn
            turns[side + joint] = turn
        turns |= {f"{side}{finger}_{i}": turn for finger in FINGERS.values() for i in (1, 2, 3)}
        for joint in ("hip", "knee"):
            turns[side + joint] = between(_limb(rig, heads, side + joint), _resting(side, joint, heads))
    return turns


def _resting(side: str, joint: str, like: Tensor) -> Tensor:
    x, y, z = REST[joint]
    return like.new_tensor([x if side == "left_" else -x, y, z])


def _limb(rig: Rig, heads: Tensor, joint: str) -> Tensor:
    side, _, name = joint.partition("_")
    start, end = (heads[rig.labels.index(f"{bone}.{side[0].upper()}")] for bone in ENDS[name])
    return torch.nn.functional.normalize(end - start, dim=0)


def _times(matrices: Tensor, vectors: Tensor) -> Tensor:
    return (matrices @ vectors[..., None])[..., 0]


def _chained(rig: Rig, rest: Tensor, turns: Tensor) -> Tensor:
    """(S, 3) heads at rest and (S, 3, 3) turns -> (S, 3) heads in the pose."""
    heads = rest.clone()
    for own, parents in rig.chain:
        heads[own] = heads[parents] + _times(turns[parents], rest[own] - rest[parents])
    return heads


def signed_alike(rig: Rig, table: Tensor) -> Tensor:
    """(S, 20) tables -> the same with each dual quaternion on its parent's side, so that neighbours blend."""
    out = table.clone()
    for own, parents in rig.chain:
        against = (out[own, 12:16] * out[parents, 12:16]).sum(-1, keepdim=True) < 0
        out[own, 12:] = torch.where(against, -out[own, 12:], out[own, 12:])
    return out


def skinned(points: Tensor, weights: Tensor, table: Tensor) -> tuple[Tensor, Tensor]:
    """(N, 3) points at rest, (N, S) weights, (S, 20) table -> (N, 3) posed and (N, 4) unit quaternions of their
    turns."""
    blend = (weights @ table).T.contiguous()
    linear = (blend[:12].view(3, 4, -1)[:, :3] * points.T).sum(1) + blend[3:12:4]
    size = blend[12:16].norm(dim=0, keepdim=True)
    real, dual = blend[12:16] / size, blend[16:20] / size
    w, v, x = real[0], real[1:], points.T
    turned = x + 2 * torch.cross(v, torch.cross(v, x, dim=0) + w * x, dim=0)
    shift = 2 * (w * dual[1:] - dual[0] * v + torch.cross(v, dual[1:], dim=0))
    return torch.lerp(linear, turned + shift, DUAL).T.contiguous(), real.T.contiguous()


def grounded(vertices: Tensor) -> Tensor:
    """(N, 3) -> (3,) the step that puts the lowest vertex on the floor, y = 0."""
    return vertices.new_tensor([0.0, 1.0, 0.0]) * -vertices[:, 1].max()
