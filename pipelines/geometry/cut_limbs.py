"""Arms and legs of which the photo does not tell enough to move them: they keep their pose.

Those that its border cuts off, of which nothing is known beyond it; and those folded so that one half lies on the
other, of which one half is all that is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .retarget import Pose
from .skeleton import JOINT_INDEX, JOINTS, PARENT, Skeleton

LIMBS = {"arm": ("shoulder", "elbow", "wrist", "middle_1"), "leg": ("hip", "knee")}
"""From the trunk outwards. A hand is cut off where its knuckles are; of a leg that ends below the knee the thigh can
move, and what is beyond stays beyond."""
NEAR = 0.9
"""Of a bone's length: an unseen joint whose bone begins nearer than that to the border is taken to be beyond it, and
not hidden behind the body. By eye, on selfies and portraits."""
FOLDED, SHORT = 20.0, 0.5
"""Degrees between the halves of a folded limb, in the picture, up to which one lies on the other: a forearm is about
as broad as that at half its length; and of a bone's length, what at least must be seen of it to judge. By eye."""
BENDS = {"arm": ("shoulder", "elbow", "wrist"), "leg": ("hip", "knee", "ankle")}
"""The ends of a limb's two halves."""


def folded_limbs(source: Skeleton) -> tuple[str, ...]:
    """The names, as "left_arm", of the person's limbs whose halves lie on each other in the photo."""
    positions, seen = source.forward().positions[:, :2], source.confidence[:, 0] > 0

    def folded(side: str, names: tuple[str, ...]) -> bool:
        root, middle, end = (JOINT_INDEX[f"{side}_{name}"] for name in names)
        ways = positions[root] - positions[middle], positions[end] - positions[middle]
        lengths = [float(np.linalg.norm(way)) for way in ways]
        whole = [float(np.linalg.norm(source.offsets[joint])) for joint in (middle, end)]
        if not seen[[middle, end]].all() or min(np.divide(lengths, whole)) < SHORT:
            return False
        return float(ways[0] @ ways[1]) > np.cos(np.radians(FOLDED)) * lengths[0] * lengths[1]

    return _limbs(BENDS, folded)


def cut_limbs(source: Skeleton) -> tuple[str, ...]:
    """The names, as "left_arm", of the person's limbs that leave the photo."""
    positions, height, width = source.forward().positions[:, :2], *source.canvas
    inside = np.minimum(positions, np.array([width - 1, height - 1]) - positions).min(1)
    seen = source.confidence[:, 0] > 0

    def cut(side: str, names: tuple[str, ...]) -> bool:
        chain = [JOINT_INDEX[f"{side}_{name}"] for name in names]
        for start, end in zip(chain, chain[1:], strict=False):
            length = float(np.linalg.norm(source.offsets[end]))
            if inside[end] < 0 or (not seen[end] and inside[start] < NEAR * length):
                return True
        return False

    return _limbs(LIMBS, cut)


def _limbs(
    chains: dict[str, tuple[str, ...]], told: Callable[[str, tuple[str, ...]], bool]
) -> tuple[str, ...]:
    """The names of the limbs of which a side and the names of a chain tell so."""
    sides = ("left", "right")
    return tuple(f"{side}_{limb}" for limb, names in chains.items() for side in sides if told(side, names))


def as_photographed(pose: Pose, limbs: tuple[str, ...]) -> Pose:
    """The pose without what it states of these limbs: there the person keeps their own."""
    if not limbs:
        return pose
    known = pose.known.copy()
    for limb in limbs:
        known[_joints(limb)] = False
    ends = {limb.replace("_arm", "_wrist").replace("_leg", "_ankle") for limb in limbs}
    contacts = tuple(contact for contact in pose.contacts if contact.joint not in ends)
    return replace(pose, known=known, contacts=contacts)


def _joints(limb: str) -> np.ndarray:
    """All joints of a limb, fingers and toes too; the clavicle goes with the trunk."""
    side, kind = limb.split("_")
    root = JOINT_INDEX[f"{side}_{LIMBS[kind][0]}"]
    member = np.zeros(len(JOINTS), dtype=bool)
    member[root] = True
    for _ in range(8):  # as deep as a finger is
        member |= (PARENT >= 0) & member[np.maximum(PARENT, 0)]
    return np.flatnonzero(member)
