"""How a pose of the library is said: in the words of a photographer, on the standard body.

Lengths are fractions of stature, angles degrees, directions (out, down, forward): away from the body's
middle, down, to the front. The body is authored as it faces the camera; `turn` then turns all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.fitting import Fit, fit_limb
from repose.pipelines.geometry.girdle import raised_clavicle
from repose.pipelines.geometry.retarget import GROUND, Contact, Pose, touched
from repose.pipelines.geometry.skeleton import JOINT_INDEX, PARENT, SPINE, Skeleton, local_rotations
from repose.pipelines.geometry.template import LENGTH, OFFSETS

STATURE = 1000.0
STATED = (np.radians(0.5), np.radians(1.0))
"""An authored bend states its plane however small it is."""
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Arm:
    """Directions of upper arm and forearm against the chest; the hand's fingers and palm where it is stated;
    the wrist's contact (on, offset) where it touches the body."""

    upper: Triple
    fore: Triple
    hand: tuple[Triple, Triple] | None = None
    touch: tuple[str, Triple] | None = None


@dataclass(frozen=True)
class Foot:
    """Where the ankle stands from under the pelvis: out, forward; how the foot is turned out and how far its
    heel is raised (degrees); `rise` lifts the whole foot; `knee` turns the knee out (degrees)."""

    out: float
    forward: float
    turned: float = 12.0
    heel: float = 0.0
    rise: float = 0.0
    knee: float | None = None


@dataclass(frozen=True)
class Stance:
    """A whole pose. pelvis, chest and head are (yaw, pitch, roll) against the body's own front: yaw to the
    person's left, pitch forward, roll to the person's left side. The chest's turn is the trunk's; the lumbar
    spine takes half of it. `weight` names the leg that carries, `bend` its knee's bend; `height` of the
    pelvis is found from it unless stated (seated)."""

    name: str
    pelvis: Triple
    chest: Triple
    head: Triple
    left_arm: Arm
    right_arm: Arm
    left_foot: Foot
    right_foot: Foot
    weight: str = "right"
    bend: float = 7.0
    height: float | None = None
    turn: float = 0.0

    def mirrored(self, name: str) -> Stance:
        def flip(triple):
            return (-triple[0], triple[1], -triple[2])

        def flip_arm(arm):
            if arm.touch is None:
                return arm
            on, (x, y, z) = arm.touch
            other = {"left": "right", "right": "left"}.get(on.split("_")[0])
            return replace(arm, touch=(other + on[on.index("_") :] if other else on, (-x, y, z)))

        return Stance(
            name,
            flip(self.pelvis),
            flip(self.chest),
            flip(self.head),
            flip_arm(self.right_arm),
            flip_arm(self.left_arm),
            self.right_foot,
            self.left_foot,
            {"left": "right", "right": "left"}[self.weight],
            self.bend,
            self.height,
            -self.turn,
        )


def turned(triple: Triple) -> np.ndarray:
    """(yaw, pitch, roll) in degrees -> (3, 3)."""
    return rotation.turn(*np.radians(triple))


def outward(direction: Triple, side: str) -> np.ndarray:
    """(out, down, forward) -> (3,) camera frame of a body that faces the camera."""
    out, down, forward = direction
    return np.array([out if side == "left" else -out, down, -forward], dtype=np.float64)


def authored(stance: Stance) -> tuple[Pose, Skeleton]:
    """The pose, and the standard body standing in it (for drawing and checks)."""
    fit = Fit(np.full((142, 3), np.nan), np.zeros(142, dtype=bool), STATURE)
    _trunk(fit, stance)
    height = stance.height * STATURE if stance.height else _height(fit, stance)
    for side in ("left", "right"):
        _arm(fit, getattr(stance, f"{side}_arm"), side)
        _leg(fit, getattr(stance, f"{side}_foot"), side, height)
    fit.frames = turned((stance.turn, 0, 0)) @ fit.frames
    body = standard_body(local_rotations(fit.frames))
    known = np.zeros(142, dtype=bool)
    known[[JOINT_INDEX[n] for n in SPINE]] = True
    contacts = []
    for side in ("left", "right"):
        stated = ["clavicle", "shoulder", "elbow", "hip", "knee", "ankle", "big_toe", "small_toe", "heel"]
        arm = getattr(stance, f"{side}_arm")
        if arm.hand:
            stated.append("wrist")
            stated.append("hand_root")
        known[[JOINT_INDEX[f"{side}_{n}"] for n in stated]] = True
        contacts += _contacts(stance, side)
        if arm.touch:
            body = touched(body, Contact(f"{side}_wrist", *arm.touch))
    return Pose(stance.name, body.rotations, known, contacts=tuple(contacts)), body


def standard_body(rotations: np.ndarray) -> Skeleton:
    canvas = (int(STATURE * 1.3), int(STATURE))
    root = np.array([STATURE / 2, STATURE * 0.6, 0.0])
    return Skeleton(OFFSETS * STATURE, rotations, root, np.ones((142, 3)), canvas, 1.7 / STATURE)


def _contacts(stance: Stance, side: str) -> list[Contact]:
    arm, foot = getattr(stance, f"{side}_arm"), getattr(stance, f"{side}_foot")
    contacts = [Contact(f"{side}_wrist", *arm.touch)] if arm.touch else []
    if foot.rise == 0:
        contacts.append(Contact(f"{side}_ankle", GROUND, (0.0, round(-_sole_height(foot), 4), 0.0)))
    return contacts


def _ankle_height(foot: Foot) -> float:
    """Stature 1: the ankle over the ground when the lowest point of the foot touches it."""
    frame = turned((0, foot.heel, 0))
    points = np.array([OFFSETS[JOINT_INDEX[f"left_{n}"]] for n in ("big_toe", "small_toe", "heel")]) @ frame.T
    return float(points[:, 1].max()) + foot.rise


def _sole_height(foot: Foot) -> float:
    """Leg lengths: the sole's middle over the ground."""
    frame = turned((0, foot.heel, 0))
    big, small, heel = (OFFSETS[JOINT_INDEX[f"left_{n}"]] @ frame.T for n in ("big_toe", "small_toe", "heel"))
    below = (heel / 2 + (big + small) / 4)[1]
    leg = LENGTH[JOINT_INDEX["left_knee"]] + LENGTH[JOINT_INDEX["left_ankle"]]
    return float((_ankle_height(foot) - below) / leg)


def _trunk(fit: Fit, stance: Stance) -> None:
    pelvis, chest, head = turned(stance.pelvis), turned(stance.chest), turned(stance.head)
    fit.positions[JOINT_INDEX["pelvis"]] = 0
    for name, frame in (("pelvis", pelvis), ("chest", chest), ("head", head)):
        fit.turn(name, frame)
    for lower, middle, upper in (
        ("pelvis", ("lumbar", "thoracic"), "chest"),
        ("chest", ("neck", "cervical"), "head"),
    ):
        ends = [rotation.quaternion_from_matrix(fit.frame(name)) for name in (lower, upper)]
        for name, share in zip(middle, (1 / 3, 2 / 3), strict=True):
            fit.turn(name, rotation.matrix_from_quaternion(rotation.slerp(*ends, share)))
    for name in (*SPINE[1:], "left_hip", "right_hip"):
        fit.hang(name)


def _height(fit: Fit, stance: Stance) -> float:
    """Pelvis over the ground so that the carrying knee bends as stated."""
    side, foot = stance.weight, getattr(stance, f"{stance.weight}_foot")
    thigh, shank = (LENGTH[JOINT_INDEX[f"{side}_{n}"]] * STATURE for n in ("knee", "ankle"))
    leg = np.sqrt(thigh**2 + shank**2 + 2 * thigh * shank * np.cos(np.radians(stance.bend)))
    hip = fit[f"{side}_hip"]
    aside = (outward((foot.out, 0, foot.forward), side) * STATURE - hip)[[0, 2]]
    return np.sqrt(leg**2 - aside @ aside) + _ankle_height(foot) * STATURE - hip[1]


def _place(fit: Fit, name: str, position: np.ndarray) -> None:
    fit.place(name, position)
    fit.known[JOINT_INDEX[name]] = True


def _arm(fit: Fit, arm: Arm, side: str) -> None:
    chest, clavicle = fit.frame("chest"), f"{side}_clavicle"
    upper, fore = (rotation.unit(outward(d, side)) for d in (arm.upper, arm.fore))
    fit.turn(clavicle, chest @ raised_clavicle(f"{side}_", upper))
    fit.hang(clavicle)
    fit.hang(f"{side}_shoulder")
    elbow, wrist = f"{side}_elbow", f"{side}_wrist"
    _place(fit, elbow, fit[f"{side}_shoulder"] + chest @ upper * LENGTH[JOINT_INDEX[elbow]] * STATURE)
    _place(fit, wrist, fit[elbow] + chest @ fore * LENGTH[JOINT_INDEX[wrist]] * STATURE)
    fit_limb(fit, f"{side}_", "shoulder", "elbow", "wrist", 0.0, STATED)
    frame = fit.frame(elbow)
    if arm.hand:
        fingers, palm = (chest @ outward(d, side) for d in arm.hand)
        frame = rotation.frame(fingers if side == "left" else -fingers, palm)
    for j in range(len(PARENT)):
        if _under(j, JOINT_INDEX[wrist]):
            fit.frames[j] = frame


def _leg(fit: Fit, foot: Foot, side: str, height: float) -> None:
    hip, knee, ankle = (f"{side}_{n}" for n in ("hip", "knee", "ankle"))
    thigh, shank = (LENGTH[JOINT_INDEX[n]] * STATURE for n in (knee, ankle))
    target = outward((foot.out, 0, foot.forward), side) * STATURE
    target[1] = height - _ankle_height(foot) * STATURE
    reach = target - fit[hip]
    distance = min(np.linalg.norm(reach), (thigh + shank) * 0.9995)
    along = (thigh**2 - shank**2 + distance**2) / (2 * distance)
    sign = 1 if side == "left" else -1
    out = foot.turned if foot.knee is None else foot.knee
    front = rotation.turn(sign * np.radians(out)) @ [0, 0, -1]
    direction = rotation.unit(reach)
    front = rotation.unit(front - direction * (direction @ front))
    _place(fit, knee, fit[hip] + direction * along + front * np.sqrt(max(thigh**2 - along**2, 0)))
    _place(fit, ankle, fit[hip] + direction * distance)
    fit_limb(fit, f"{side}_", "hip", "knee", "ankle", 0.0, STATED)
    frame = turned((sign * foot.turned, foot.heel, 0))
    for name in ("ankle", "big_toe", "small_toe", "heel"):
        fit.turn(f"{side}_{name}", frame)


def _under(joint: int, ancestor: int) -> bool:
    while joint >= 0:
        if joint == ancestor:
            return True
        joint = PARENT[joint]
    return False


# Masses as shares of the body's, and where along the segment its centre lies from its first end: Winter,
# "Biomechanics and Motor Control of Human Movement", table 4.1 (after Dempster 1955).
MASSES = (
    ("neck", "head", 0.081, 1.0), ("pelvis", "neck", 0.497, 0.5),
    ("left_shoulder", "left_elbow", 0.028, 0.436), ("right_shoulder", "right_elbow", 0.028, 0.436),
    ("left_elbow", "left_wrist", 0.022, 0.682), ("right_elbow", "right_wrist", 0.022, 0.682),
    ("left_hip", "left_knee", 0.100, 0.433), ("right_hip", "right_knee", 0.100, 0.433),
    ("left_knee", "left_ankle", 0.061, 0.606), ("right_knee", "right_ankle", 0.061, 0.606),
)  # fmt: skip


def centre_of_mass(body: Skeleton) -> np.ndarray:
    """(3,) pixels."""
    positions = body.forward().positions
    total = sum(mass for *_, mass, _ in MASSES)
    segments = ((positions[JOINT_INDEX[a]], positions[JOINT_INDEX[b]], m, s) for a, b, m, s in MASSES)
    return sum(m * ((1 - s) * a + s * b) for a, b, m, s in segments) / total
