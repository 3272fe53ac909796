"""Where limbs touch: the body, a seat, the ground; and how a limb is brought there by its two bones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from . import rotation
from .camera import DOWN
from .skeleton import JOINT_INDEX, JOINT_MIRROR, JOINTS, PARENT, Posed, Skeleton, local_rotations
from .template import HINGE

REACH = 0.996
"""A limb that must reach further than its length stops at this share of it: an inner angle of 170 degrees between
two bones of equal length, the limit of elbows and knees (cos 5 degrees)."""

GROUND = "ground"
PELVIS = "pelvis"

UNIT_OF = {"head": ("left_ear", "right_ear"), "chest": ("left_shoulder", "right_shoulder")}
"""The pair whose larger half breadth is the body unit of a contact on that joint; the hips' otherwise."""


class Contact(NamedTuple):
    """`joint` (a wrist or an ankle) touches the body at `offset` from joint `on`.

    The offset (x, y, z) is in `on`'s rest frame in body units: half the breadth of ears, shoulders or hips.
    `on` may also be GROUND: the foot under the ankle stands on the ground all feet share, and the offset's -y
    is the height of its sole in leg lengths (0 for a flat foot, more on a footrest). The pelvis on GROUND is that
    many leg lengths above it whatever the legs do: on a seat (Pose.seat says of which kind), or in the air.
    """

    joint: str
    on: str
    offset: tuple[float, float, float]


def mirrored_contact(contact: Contact) -> Contact:
    """The contact in a mirror; left becomes right."""
    x, y, z = contact.offset
    return Contact(_mirrored_name(contact.joint), _mirrored_name(contact.on), (-x, y, z))


def _mirrored_name(name: str) -> str:
    return name if name == GROUND else JOINTS[JOINT_MIRROR[JOINT_INDEX[name]]]


def sole(posed: Posed, side: str) -> np.ndarray:
    """(3,) middle of the heel and the toes' middle: where a foot meets the ground."""
    heel, big, small = (posed.positions[JOINT_INDEX[f"{side}{n}"]] for n in ("heel", "big_toe", "small_toe"))
    return heel / 2 + (big + small) / 4


def body_unit(skeleton: Skeleton, joint: str) -> float:
    """Pixels of one body unit at a joint: the larger half breadth of the pair that hangs from it."""
    pair = UNIT_OF.get(joint, ("left_hip", "right_hip"))
    return float(max(abs(_aside(skeleton, JOINT_INDEX[name], JOINT_INDEX[joint])) for name in pair))


def _aside(skeleton: Skeleton, joint: int, ancestor: int) -> float:
    """Pixels that a joint lies aside from an ancestor at rest."""
    total = 0.0
    while joint not in (ancestor, -1):
        total, joint = total + skeleton.offsets[joint, 0], PARENT[joint]
    return float(total)


def contact_point(skeleton: Skeleton, posed: Posed, contact: Contact) -> np.ndarray:
    """(3,) where in space the contact is, for this body in this pose."""
    j = JOINT_INDEX[contact.on]
    return posed.positions[j] + posed.rotations[j] @ (
        np.array(contact.offset) * body_unit(skeleton, contact.on)
    )


def touched(skeleton: Skeleton, contact: Contact) -> Skeleton:
    """The limb's end brought to the contact by its two bones (`reached`)."""
    posed = skeleton.forward()
    return reached(skeleton, contact.joint, contact_point(skeleton, posed, contact))


def grounded(skeleton: Skeleton, contacts: list[Contact]) -> Skeleton:
    """The feet of the ground contacts brought onto one ground by bending their legs: the ground under the seat,
    or the lowest foot's, or the lowest that every leg reaches."""
    seated, feet = stated_ground(skeleton, contacts), [c for c in contacts if c.joint != PELVIS]
    if seated is None and len(feet) < 2:
        return skeleton
    posed = skeleton.forward()
    levels, reachable = [], []
    for contact in feet:
        side = contact.joint.removesuffix("ankle")
        leg = skeleton.length(f"{side}knee") + skeleton.length(contact.joint)
        hip, ankle = (posed.positions[JOINT_INDEX[f"{side}{n}"]] for n in ("hip", "ankle"))
        under = sole(posed, side)
        level = under[1] - contact.offset[1] * leg
        aside = np.linalg.norm((ankle - hip)[[0, 2]])
        lowest = hip[1] + np.sqrt(max((REACH * leg) ** 2 - aside**2, 0.0))
        levels.append(level)
        reachable.append(max(level, level + lowest - ankle[1]))
    ground = min(max(levels), *reachable) if seated is None else seated
    for contact, level in zip(feet, levels, strict=True):
        ankle = posed.positions[JOINT_INDEX[contact.joint]]
        skeleton = reached(skeleton, contact.joint, ankle + DOWN * (ground - level))
    return skeleton


def stated_ground(skeleton: Skeleton, contacts: Iterable[Contact]) -> float | None:
    """Pixels: y of the ground under a pelvis whose height is stated (a seat, a jump); None where no contact does."""
    heights = [-contact.offset[1] for contact in contacts if contact.joint == PELVIS]
    if not heights:
        return None
    leg = sum(skeleton.length(f"{side}_{n}") for side in ("left", "right") for n in ("knee", "ankle")) / 2
    return float(skeleton.forward().positions[JOINT_INDEX[PELVIS], 1] + heights[0] * leg)


def reached(skeleton: Skeleton, end: str, point: np.ndarray) -> Skeleton:
    """Two-bone inverse kinematics: a wrist or ankle goes to (3,) `point`, as near as its bones reach.

    The hinge bends in the plane in which it was bent; the whole limb then takes the shortest turn to
    the point. What hangs from the end keeps its global rotation.
    """
    end_j = JOINT_INDEX[end]
    hinge_j = PARENT[end_j]
    top_j = PARENT[hinge_j]
    positions, globals_ = skeleton.forward()
    globals_ = globals_.copy()
    a, b = positions[hinge_j] - positions[top_j], positions[end_j] - positions[hinge_j]
    la, lb = np.linalg.norm(a), np.linalg.norm(b)
    want = point - positions[top_j]
    distance = np.clip(np.linalg.norm(want), abs(la - lb) * 1.001 + 1e-9, (la + lb) * REACH)
    bend = np.arccos(np.clip((distance**2 - la**2 - lb**2) / (2 * la * lb), -1, 1))
    axis = _hinge_axis(globals_, top_j, hinge_j, a, b)
    flex = rotation.about(axis, bend - rotation.angle_between(a, b))
    swing = rotation.between(a + flex @ b, want)
    globals_[top_j] = swing @ globals_[top_j]
    globals_[hinge_j] = swing @ flex @ globals_[hinge_j]
    return skeleton.with_rotations(local_rotations(globals_))


def _hinge_axis(globals_: np.ndarray, top: int, hinge: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(3,) the axis a limb is bent about; a straight one bends about the rest pose's hinge."""
    normal = np.cross(a, b)
    if np.linalg.norm(normal) > 1e-3 * np.linalg.norm(a) * np.linalg.norm(b):
        return rotation.unit(normal)
    return globals_[top] @ HINGE[JOINTS[hinge]]
