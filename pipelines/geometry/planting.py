"""Feet that stay where they stand and hands that stay where they touch, while the body between them moves.

Shared by variations and sequences, which change a pose on the standard body (stature 1, camera frame, the pelvis where
the root is) and read its rotations back: a pose has no body of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from . import rotation
from .anatomy.limits import DEFAULT
from .contacts import GROUND, Contact, reached, sole, stated_ground, touched
from .skeleton import JOINT_INDEX, JOINTS, Posed, Skeleton, local_rotations
from .template import OFFSETS, STATURE_METRES

SIDES = ("left_", "right_")
FOOT = ("big_toe", "small_toe", "heel")
TURNS = 40
"""Times the pelvis goes to each foot's reach in turn; two balls that meet at a right angle are exact after one."""
MARGIN = 0.2
"""Degrees by which a lowered body stays clear of the knee's limit."""


def standard(rotations: np.ndarray) -> Skeleton:
    """The standard body with (142, 4) rotations: stature 1, the pelvis at the origin."""
    sure = np.ones((len(JOINTS), 3))
    return Skeleton(OFFSETS, rotations, np.zeros(3), sure, (1, 1), STATURE_METRES)


def foot_joints(side: str) -> list[int]:
    """The ankle, and the landmarks of the stiff foot under it."""
    return [JOINT_INDEX[f"{side}{name}"] for name in ("ankle", *FOOT)]


def foot_depth(body: Skeleton, side: str, frame: np.ndarray) -> float:
    """Pixels from the ankle down to the lowest point of a foot that stands in a global (3, 3) frame."""
    return float((body.offsets[foot_joints(side)[1:]] @ frame.T)[:, 1].max())


def toes(posed: Posed, side: str) -> np.ndarray:
    """(3,) the toes' middle: what a foot turns on, flat or on its ball."""
    return (
        posed.positions[JOINT_INDEX[f"{side}big_toe"]] + posed.positions[JOINT_INDEX[f"{side}small_toe"]]
    ) / 2


def toes_offset(body: Skeleton, side: str, frame: np.ndarray) -> np.ndarray:
    """(3,) from the ankle to the toes' middle of a foot in a global frame."""
    joints = [JOINT_INDEX[f"{side}big_toe"], JOINT_INDEX[f"{side}small_toe"]]
    return frame @ body.offsets[joints].mean(axis=0)


def planted_sides(contacts: Sequence[Contact]) -> set[str]:
    """The sides whose foot a pose has on the ground (or on a footrest)."""
    return {c.joint.removesuffix("ankle") for c in contacts if c.on == GROUND and c.joint.endswith("ankle")}


def ground_level(body: Skeleton, contacts: Sequence[Contact]) -> float:
    """y of the ground under a body: stated by its pelvis' height, by its planted feet, or under its lowest foot."""
    stated = stated_ground(body, contacts)
    if stated is not None:
        return stated
    posed = body.forward()
    feet = {c.joint.removesuffix("ankle"): c.offset[1] for c in contacts if c.on == GROUND}
    if feet:
        return max(sole(posed, side)[1] - rise * leg_length(body, side) for side, rise in feet.items())
    return max(posed.positions[foot_joints(side), 1].max() for side in SIDES)


def leg_length(body: Skeleton, side: str) -> float:
    """Pixels from hip to ankle along the bones."""
    return body.length(f"{side}knee") + body.length(f"{side}ankle")


def longest_reach(body: Skeleton, side: str) -> float:
    """Pixels from hip to ankle when the knee is as straight as its limit allows."""
    thigh, shank = body.length(f"{side}knee"), body.length(f"{side}ankle")
    bend = np.radians(180 - DEFAULT.knee + MARGIN)
    return float(np.sqrt(thigh**2 + shank**2 + 2 * thigh * shank * np.cos(bend)))


def stood(
    body: Skeleton, ankles: Mapping[str, np.ndarray], frames: Mapping[str, np.ndarray], sinks: bool = True
) -> Skeleton:
    """The body with its ankles (by side, (3,)) and feet (global (3, 3) frames) there: the legs bend, and the pelvis
    sinks as far as they need where it may."""
    posed = body.forward()
    drops = [0.0]
    for side, ankle in ankles.items():
        hip = posed.positions[JOINT_INDEX[f"{side}hip"]]
        aside = np.linalg.norm((ankle - hip)[[0, 2]])
        drops.append(ankle[1] - hip[1] - np.sqrt(max(longest_reach(body, side) ** 2 - aside**2, 0.0)))
    if sinks:
        body = body.moved(np.array([0.0, max(drops), 0.0]))
    for side, ankle in ankles.items():
        body = reached(body, f"{side}ankle", ankle)
    globals_ = body.forward().rotations.copy()
    for side, frame in frames.items():
        globals_[foot_joints(side)] = frame
    return body.with_rotations(local_rotations(globals_))


def within_reach(body: Skeleton, ankles: Mapping[str, np.ndarray]) -> Skeleton:
    """The body moved by (nearly) the shortest way that brings every ankle within its leg's reach of the hip.

    Straight down is not the way where a leg stretches out to the side: as the ankle comes to a leg's length from the
    hip, sinking by sqrt(reach^2 - aside^2) becomes a fall. The places from which a foot is reached are a ball, and
    going to the nearest point of balls in turn is never faster than the feet move.
    """
    posed = body.forward()
    centres = {side: ankle - posed.positions[JOINT_INDEX[f"{side}hip"]] for side, ankle in ankles.items()}
    move = np.zeros(3)
    for _ in range(TURNS):
        for side, centre in centres.items():
            away = move - centre
            move = centre + away * min(1.0, longest_reach(body, side) / max(np.linalg.norm(away), 1e-9))
    return body.moved(move)


def held(body: Skeleton, contact: Contact, frame: np.ndarray) -> Skeleton:
    """The body with a hand on its contact, the wrist's frame (3, 3) given against the frame of what it touches; the
    fingers go along."""
    body = touched(body, contact)
    globals_ = body.forward().rotations
    wrist = JOINT_INDEX[contact.joint]
    wanted = globals_[JOINT_INDEX[contact.on]] @ frame
    elbow = globals_[JOINT_INDEX[contact.joint.replace("wrist", "elbow")]]
    rotations = body.rotations.copy()
    rotations[wrist] = local_between(elbow, wanted)
    return body.with_rotations(rotations)


def local_between(parent: np.ndarray, child: np.ndarray) -> np.ndarray:
    """(3, 3), (3, 3) global rotations -> (4,) the child's local quaternion."""
    return rotation.quaternion_from_matrix(parent.T @ child)


def hold_of(posed: Posed, contact: Contact) -> np.ndarray:
    """(3, 3) the frame of a touching wrist against the frame of what it touches."""
    return posed.rotations[JOINT_INDEX[contact.on]].T @ posed.rotations[JOINT_INDEX[contact.joint]]
