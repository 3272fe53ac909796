"""The skeleton: a DAG of 142 joints with rotations, that the engine poses, retargets and warps by.

Rest pose (all rotations identity): the person stands upright and faces the camera in a T: arms straight out
to the sides, palms down, thumbs forward; legs straight down, toes forward. A T rather than hanging arms,
because the shortest turn from it reaches every posture of an arm without passing the opposite direction.

A joint's rotation turns everything that hangs from it: `position[child] = position[j] + R[j] @
offset[child]`, where R[j] is the product of the local rotations from the root to j. So the elbow's rotation
is seen in the forearm, the shoulder's in the upper arm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from . import rotation
from .camera import mirror, project
from .keypoints import PRESENT, Keypoints
from .landmarks import FINGERS, INDEX, LANDMARKS, MIRROR

SPINE = ("pelvis", "lumbar", "thoracic", "chest", "neck", "cervical", "head")
"""The middle line, each on the one before: the hips' middle, and the spine's three curves in two pieces each.
lumbar lies at L4, thoracic at T12, chest at T7, neck at C7 (its base), cervical at C4, head between the ears."""
DERIVED = (*SPINE, "left_clavicle", "right_clavicle")
"""Joints that no landmark shows. The clavicles turn at the breastbone and carry the shoulders."""
JOINTS = LANDMARKS + DERIVED
JOINT_INDEX = {name: i for i, name in enumerate(JOINTS)}
JOINT_MIRROR = np.array([*MIRROR, *(JOINT_INDEX[name] for name in (*SPINE, *DERIVED[:-3:-1]))])
"""JOINT_MIRROR[j] is the joint that j becomes in a mirror."""

PRECISE_METRES = 0.01
"""A landmark localised to one centimetre counts as half precise; our choice, about a detector's error on a
1.75 m figure (RTMPose on COCO: OKS sigma 0.06-0.1 of the limb's scale)."""


def _parents() -> dict[str, str]:
    """The parent of every joint by name: the whole hierarchy, said once."""
    parents = {"pelvis": ""} | dict(zip(SPINE[1:], SPINE, strict=False))
    head = ("nose", "left_eye", "right_eye", "left_ear", "right_ear", *(f"face_{i}" for i in range(68)))
    parents |= dict.fromkeys(head, "head")
    for side in ("left_", "right_"):
        parents |= {f"{side}clavicle": "chest", f"{side}shoulder": f"{side}clavicle"}
        parents |= {f"{side}elbow": f"{side}shoulder"}
        parents |= {f"{side}wrist": f"{side}elbow", f"{side}hand_root": f"{side}wrist"}
        parents |= {f"{side}hip": "pelvis", f"{side}knee": f"{side}hip", f"{side}ankle": f"{side}knee"}
        parents |= {f"{side}{end}": f"{side}ankle" for end in ("big_toe", "small_toe", "heel")}
        for finger in FINGERS:
            chain = ("hand_root", *(f"{finger}_{i}" for i in range(1, 5)))
            parents |= {f"{side}{b}": f"{side}{a}" for a, b in zip(chain, chain[1:], strict=False)}
    return parents


_PARENT_NAME = _parents()
PARENT = np.array([JOINT_INDEX.get(_PARENT_NAME[name], -1) for name in JOINTS])
"""(142,) index of each joint's parent; -1 at the pelvis."""


def _levels() -> tuple[np.ndarray, ...]:
    depth = np.zeros(len(JOINTS), dtype=int)
    for _ in range(len(JOINTS)):
        depth = np.where(PARENT < 0, 0, depth[PARENT] + 1)
    return tuple(np.flatnonzero(depth == d) for d in range(depth.max() + 1))


LEVELS = _levels()
"""Joints by their distance from the root: each level needs only the one before."""
ORDER = np.concatenate(LEVELS)
"""(142,) a topological order: every parent stands before its children."""

_RANK = np.argsort(ORDER)
assert len(JOINTS) == len(JOINT_INDEX) == 142 and set(_PARENT_NAME) == set(JOINTS)
assert len(LEVELS) == 13 and sorted(ORDER) == list(range(142)), "the hierarchy has a cycle"
assert all(PARENT[j] < 0 or _RANK[PARENT[j]] < _RANK[j] for j in range(142)), (
    "a child stands before its parent"
)
assert (PARENT < 0).sum() == 1 and all(
    PARENT[JOINT_MIRROR[j]] == (JOINT_MIRROR[PARENT[j]] if PARENT[j] >= 0 else -1) for j in range(142)
)


class Posed(NamedTuple):
    """Where everything is: positions (142, 3) camera frame in pixels, rotations (142, 3, 3) to the camera."""

    positions: np.ndarray
    rotations: np.ndarray


@dataclass(frozen=True, eq=False)
class Skeleton:
    """One person's body in one picture (frames: camera.py; rest pose: this module).

    offsets     (142, 3) pixels: each joint from its parent, in the parent's rest frame; the pelvis' is zero
    rotations   (142, 4) local quaternions w, x, y, z, parent-to-child
    root        (3,) the pelvis in the camera frame, pixels; z is 0 by convention
    confidence  (142, 3) in [0, 1]: detected, visible, precise; 0 where the joint was only estimated
    canvas      (height, width) of the picture in pixels
    metres_per_pixel  at the person's depth
    """

    offsets: np.ndarray
    rotations: np.ndarray
    root: np.ndarray
    confidence: np.ndarray
    canvas: tuple[int, int]
    metres_per_pixel: float

    def __post_init__(self):
        shapes = {"offsets": (142, 3), "rotations": (142, 4), "root": (3,), "confidence": (142, 3)}
        for name, shape in shapes.items():
            value = np.asarray(getattr(self, name), dtype=np.float64)
            if value.shape != shape:
                raise ValueError(f"Skeleton.{name} has shape {value.shape}, expected {shape}")
            if not np.isfinite(value).all():
                joint = JOINTS[np.flatnonzero(~np.isfinite(value).reshape(shape[0], -1).all(1))[0]]
                where = "" if name == "root" else f" of {joint}"
                raise ValueError(
                    f"Skeleton.{name}{where} is not a number: leave a joint that was not seen out"
                )
            object.__setattr__(self, name, value)

    def forward(self) -> Posed:
        """Every joint's position and global rotation."""
        matrices = rotation.matrix_from_quaternion(self.rotations)
        positions = np.tile(self.root, (len(JOINTS), 1))
        for level in LEVELS[1:]:
            parent = PARENT[level]
            positions[level] = positions[parent] + np.einsum(
                "nij,nj->ni", matrices[parent], self.offsets[level]
            )
            matrices[level] = matrices[parent] @ matrices[level]
        return Posed(positions, matrices)

    def with_rotations(self, rotations: np.ndarray) -> Skeleton:
        """The same body with other (142, 4) local rotations; the pelvis stays where it is."""
        return replace(self, rotations=rotations)

    def moved(self, offset: np.ndarray) -> Skeleton:
        """The same body moved by (3,) or (2,) pixels."""
        step = np.zeros(3)
        step[: len(offset)] = offset
        return replace(self, root=self.root + step)

    def scaled(self, scale: float, canvas: tuple[int, int]) -> Skeleton:
        """The same body in a picture that is `scale` times as large."""
        metres_per_pixel = self.metres_per_pixel / scale
        return replace(
            self,
            offsets=self.offsets * scale,
            root=self.root * scale,
            canvas=canvas,
            metres_per_pixel=metres_per_pixel,
        )

    def project(self) -> Keypoints:
        """The 133 landmarks in the picture, with their own depth in metres."""
        positions, _ = self.forward()
        detected, _, precise = self.confidence[:133].T
        spread = (1 / np.maximum(precise, 1e-3) - 1) * PRECISE_METRES / self.metres_per_pixel
        world = (positions[:133] - positions[JOINT_INDEX["pelvis"]]) * self.metres_per_pixel
        return Keypoints(
            points=project(positions[:133]),
            confidence=detected,
            spread=np.where(detected > 0, spread, 0.0),
            canvas=self.canvas,
            world=np.where(detected[:, None] > 0, world, np.nan),
            source="skeleton",
            level=True,
        )

    def present(self, *names: str) -> bool:
        """True when every named joint was detected (not merely estimated)."""
        return all(self.confidence[JOINT_INDEX[name], 0] >= PRESENT for name in names)

    def length(self, name: str) -> float:
        """Pixels from a joint's parent to the joint."""
        return float(np.linalg.norm(self.offsets[JOINT_INDEX[name]]))

    def mirrored(self) -> Skeleton:
        """The body in the left-right mirrored picture; left becomes right."""
        return replace(
            self,
            offsets=self.offsets[JOINT_MIRROR] * [-1.0, 1.0, 1.0],
            rotations=mirrored_rotations(self.rotations),
            root=mirror(self.root, self.canvas[1]),
            confidence=self.confidence[JOINT_MIRROR],
        )


def mirrored_rotations(rotations: np.ndarray) -> np.ndarray:
    """(142, 4) local rotations -> those of the mirror image: x -> -x keeps w and x, negates y and z."""
    return np.asarray(rotations)[JOINT_MIRROR] * [1.0, 1.0, -1.0, -1.0]


def local_rotations(globals_: np.ndarray) -> np.ndarray:
    """(142, 3, 3) global rotations -> (142, 4) local quaternions."""
    parents = globals_[np.maximum(PARENT, 0)]
    parents[PARENT < 0] = np.eye(3)
    return rotation.quaternion_from_matrix(np.swapaxes(parents, -1, -2) @ globals_)


assert INDEX["nose"] == JOINT_INDEX["nose"]
