"""How a pose of the library is said: in the words of a photographer, on the standard body.

Lengths are fractions of stature, angles degrees, directions (out, down, forward): away from the body's
middle, down, to the front. The body is authored as it faces the camera; `turn` then turns all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from hand_shapes import finger_rotations, joint_rotation
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.anatomy.girdle import raised_clavicle
from repose.pipelines.geometry.contacts import GROUND, Contact, sole, touched
from repose.pipelines.geometry.fitting import Fit
from repose.pipelines.geometry.landmarks import FINGERS
from repose.pipelines.geometry.retarget import Pose
from repose.pipelines.geometry.skeleton import (
    JOINT_INDEX,
    JOINT_MIRROR,
    JOINTS,
    PARENT,
    SPINE,
    Skeleton,
    local_rotations,
)
from repose.pipelines.geometry.template import HINGE, LENGTH, OFFSETS, REST_DIRECTION

STATURE = 1000.0
LEAST_BEND = 10.5
"""Degrees: a relaxed standing knee; the limits' default keeps knees and elbows from locking at 10."""
BEHIND = 0.02
"""Stature: how far a standing ankle is behind the pelvis."""
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Arm:
    """Directions of upper arm and forearm against the chest. The hand where it is stated: either the directions of
    its fingers and palm (hand), or (flexion, ulnar deviation, pronation) against the forearm in degrees (wrist);
    the fingers' shape by its name in hand_shapes.py; the wrist's contact (on, offset) where it touches the body,
    said for the left side."""

    upper: Triple
    fore: Triple
    hand: tuple[Triple, Triple] | None = None
    touch: tuple[str, Triple] | None = None
    wrist: Triple | None = None
    shape: str | None = None

    @property
    def states_hand(self) -> bool:
        return bool(self.hand or self.wrist or self.shape)


@dataclass(frozen=True)
class Foot:
    """Where the ankle stands from under the pelvis: out, forward; how the foot is turned out and how far its
    heel is raised (degrees; the toes where negative); `rise` lifts the whole foot; `knee` turns the knee out
    (degrees) and `knee_up` lifts it (for a body on the floor); `ankle` turns the foot against the shank instead:
    (dorsiflexion, inversion, toes outward) in degrees."""

    out: float
    forward: float
    turned: float = 12.0
    heel: float = 0.0
    rise: float = 0.0
    knee: float | None = None
    knee_up: float = 0.0
    ankle: Triple | None = None


@dataclass(frozen=True)
class Stance:
    """A whole pose; the name is "folder/name". pelvis, chest and head are (yaw, pitch, roll) against the body's own
    front: yaw to the person's left, pitch forward, roll to the person's left side. The turn from pelvis to chest is
    dealt out over the spine. `weight` names the leg that carries, `bend` its knee's bend; `height` of the pelvis is
    found from it unless stated; `seat` names what the person sits on ("" in the air), None where the feet carry."""

    name: str
    pelvis: Triple
    chest: Triple
    head: Triple
    left_arm: Arm
    right_arm: Arm
    left_foot: Foot
    right_foot: Foot
    weight: str = "right"
    bend: float = 11.0
    height: float | None = None
    turn: float = 0.0
    seat: str | None = None

    def mirrored(self, name: str) -> Stance:
        """The same in a mirror, under another name."""
        return replace(
            self,
            name=name,
            pelvis=_flipped(self.pelvis),
            chest=_flipped(self.chest),
            head=_flipped(self.head),
            left_arm=self.right_arm,
            right_arm=self.left_arm,
            left_foot=self.right_foot,
            right_foot=self.left_foot,
            weight={"left": "right", "right": "left"}[self.weight],
            turn=-self.turn,
        )


def _flipped(triple: Triple) -> Triple:
    return (-triple[0], triple[1], -triple[2])


def touch_of(arm: Arm, side: str) -> Contact:
    """The contact that an arm's touch, said for the left side, means on this side."""
    on, (x, y, z) = arm.touch
    if side == "right":
        on, x = JOINTS[JOINT_MIRROR[JOINT_INDEX[on]]], -x
    return Contact(f"{side}_wrist", on, (x, y, z))


def turned(triple: Triple) -> np.ndarray:
    """(yaw, pitch, roll) in degrees -> (3, 3)."""
    return rotation.turn(*np.radians(triple))


def outward(direction: Triple, side: str) -> np.ndarray:
    """(out, down, forward) -> (3,) camera frame of a body that faces the camera."""
    out, down, forward = direction
    return np.array([out if side == "left" else -out, down, -forward], dtype=np.float64)


def authored(stance: Stance) -> tuple[Pose, Skeleton]:
    """The pose, and the standard body standing in it (for drawing and checks)."""
    fit = Fit(np.full((len(JOINTS), 3), np.nan), np.zeros(len(JOINTS), dtype=bool), STATURE)
    _trunk(fit, stance)
    height = stance.height * STATURE if stance.height else _height(fit, stance)
    for side in ("left", "right"):
        _arm(fit, getattr(stance, f"{side}_arm"), side)
        _leg(fit, stance, side, height)
    fit.frames = turned((stance.turn, 0, 0)) @ fit.frames
    body = standard_body(local_rotations(fit.frames))
    for side in ("left", "right"):
        body = _handed(body, getattr(stance, f"{side}_arm"), side)
    contacts = tuple(_contacts(stance, body, height))
    name = stance.name.rsplit("/", 1)[-1]
    return Pose(name, body.rotations, _known(stance), contacts=contacts, seat=stance.seat or ""), body


def _handed(body: Skeleton, arm: Arm, side: str) -> Skeleton:
    """The body with the arm's touch reached, then its wrist turned and its fingers shaped."""
    if arm.touch:
        body = touched(body, touch_of(arm, side))
    rotations = body.rotations.copy()
    if arm.wrist:
        rotations[JOINT_INDEX[f"{side}_wrist"]] = joint_rotation(f"{side}_wrist", arm.wrist)
    if arm.states_hand:
        for joint, quaternion in finger_rotations(arm.shape or "soft", side).items():
            rotations[JOINT_INDEX[joint]] = quaternion
    return body.with_rotations(rotations)


def _known(stance: Stance) -> np.ndarray:
    """(142,) bool: what the pose states; hands that hang are left to the person."""
    known = np.zeros(len(JOINTS), dtype=bool)
    known[[JOINT_INDEX[n] for n in SPINE]] = True
    fingers = tuple(f"{finger}_{i}" for finger in FINGERS for i in (1, 2, 3))
    for side in ("left", "right"):
        stated = ["clavicle", "shoulder", "elbow", "hip", "knee", "ankle", "big_toe", "small_toe", "heel"]
        if getattr(stance, f"{side}_arm").states_hand:
            stated += ["wrist", "hand_root", *fingers]
        known[[JOINT_INDEX[f"{side}_{n}"] for n in stated]] = True
    return known


def standard_body(rotations: np.ndarray) -> Skeleton:
    canvas = (int(STATURE * 1.3), int(STATURE))
    root = np.array([STATURE / 2, STATURE * 0.6, 0.0])
    return Skeleton(OFFSETS * STATURE, rotations, root, np.ones((len(JOINTS), 3)), canvas, 1.7 / STATURE)


def _contacts(stance: Stance, body: Skeleton, height: float) -> list[Contact]:
    contacts, posed = [], body.forward()
    if stance.seat is not None:
        contacts.append(Contact("pelvis", GROUND, (0.0, round(-height / STATURE / _leg_length(), 4), 0.0)))
    for side in ("left", "right"):
        arm, foot = getattr(stance, f"{side}_arm"), getattr(stance, f"{side}_foot")
        if arm.touch:
            contacts.append(touch_of(arm, side))
        if foot.rise == 0 or stance.seat in ("stool", "wheelchair"):
            above = (body.root[1] + height - sole(posed, f"{side}_")[1]) / STATURE / _leg_length()
            contacts.append(Contact(f"{side}_ankle", GROUND, (0.0, round(-above, 4), 0.0)))
    return contacts


def _leg_length() -> float:
    return float(LENGTH[JOINT_INDEX["left_knee"]] + LENGTH[JOINT_INDEX["left_ankle"]])


def _ankle_height(foot: Foot) -> float:
    """Stature 1: the ankle over the ground when the lowest point of the foot touches it."""
    return float((_SOLE["left"] @ turned((0, foot.heel, 0)).T)[:, 1].max()) + foot.rise


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


def _stand(foot: Foot, stance: Stance) -> Triple:
    """(out, down, forward) of the ankle from under the pelvis. Who stands has the middle of the feet under the body's
    weight, not the ankles."""
    return (foot.out, 0.0, foot.forward - (BEHIND if stance.seat is None else 0.0))


def _height(fit: Fit, stance: Stance) -> float:
    """Pixels of the pelvis over the ground: the carrying knee bends as stated, no other standing leg locks."""
    heights = []
    for side in ("left", "right"):
        foot = getattr(stance, f"{side}_foot")
        if foot.rise == 0:
            bend = stance.bend if side == stance.weight else LEAST_BEND
            hip = fit[f"{side}_hip"]
            aside = (outward(_stand(foot, stance), side) * STATURE - hip)[[0, 2]]
            reach = np.sqrt(max(_reach(bend) ** 2 - aside @ aside, 0.0))
            heights.append(reach + _ankle_height(foot) * STATURE - hip[1])
    return min(heights)


def _reach(bend: float) -> float:
    """Pixels from hip to ankle of a leg whose knee is bent by so many degrees."""
    thigh, shank = (LENGTH[JOINT_INDEX[f"left_{n}"]] * STATURE for n in ("knee", "ankle"))
    return float(np.sqrt(thigh**2 + shank**2 + 2 * thigh * shank * np.cos(np.radians(bend))))


def _place(fit: Fit, name: str, position: np.ndarray) -> None:
    fit.place(name, position)
    fit.known[JOINT_INDEX[name]] = True


def _bent(fit: Fit, top: str, hinge: str, end: str) -> None:
    """The frames of a limb's two bones from its three joints: the bend states the plane, however small it is."""
    upper, lower = fit[hinge] - fit[top], fit[end] - fit[hinge]
    rest, axis = REST_DIRECTION[JOINT_INDEX[hinge]], HINGE[hinge]
    normal = rotation.unit(np.cross(upper, lower))
    for name, bone in ((top, upper), (hinge, lower)):
        bone = rotation.unit(bone)
        now = np.stack([bone, normal, np.cross(bone, normal)], axis=1)
        fit.turn(name, now @ np.stack([rest, axis, np.cross(rest, axis)], axis=1).T)


def _arm(fit: Fit, arm: Arm, side: str) -> None:
    chest, clavicle = fit.frame("chest"), f"{side}_clavicle"
    upper, fore = (rotation.unit(outward(d, side)) for d in (arm.upper, arm.fore))
    fit.turn(clavicle, chest @ raised_clavicle(f"{side}_", upper))
    fit.hang(clavicle)
    fit.hang(f"{side}_shoulder")
    elbow, wrist = f"{side}_elbow", f"{side}_wrist"
    _place(fit, elbow, fit[f"{side}_shoulder"] + chest @ upper * LENGTH[JOINT_INDEX[elbow]] * STATURE)
    _place(fit, wrist, fit[elbow] + chest @ fore * LENGTH[JOINT_INDEX[wrist]] * STATURE)
    _bent(fit, f"{side}_shoulder", elbow, wrist)
    frame = fit.frame(elbow)
    if arm.hand:
        fingers, palm = (chest @ outward(d, side) for d in arm.hand)
        frame = rotation.frame(fingers if side == "left" else -fingers, palm)
    for j in range(len(PARENT)):
        if _under(j, JOINT_INDEX[wrist]):
            fit.frames[j] = frame


def _leg(fit: Fit, stance: Stance, side: str, height: float) -> None:
    """A leg and its foot. A foot that is said against its shank tells only afterwards how high its ankle must be."""
    foot = getattr(stance, f"{side}_foot")
    target = outward(_stand(foot, stance), side) * STATURE
    depth = _ankle_height(foot)
    for _ in range(4 if foot.ankle else 1):
        target[1] = height - depth * STATURE
        _bones(fit, foot, side, target)
        frame = _foot_frame(fit, foot, side)
        depth = float((_SOLE[side] @ frame.T)[:, 1].max()) + foot.rise
    for name in ("ankle", "big_toe", "small_toe", "heel"):
        fit.turn(f"{side}_{name}", frame)


def _bones(fit: Fit, foot: Foot, side: str, target: np.ndarray) -> None:
    """Thigh and shank from the hip to the ankle's (3,) target, the knee the way the foot says."""
    hip, knee, ankle = (f"{side}_{n}" for n in ("hip", "knee", "ankle"))
    thigh, shank = (LENGTH[JOINT_INDEX[n]] * STATURE for n in (knee, ankle))
    distance = min(np.linalg.norm(target - fit[hip]), _reach(LEAST_BEND))
    along = (thigh**2 - shank**2 + distance**2) / (2 * distance)
    out = foot.turned if foot.knee is None else foot.knee
    front = rotation.turn(_outwards(side) * np.radians(out), -np.radians(foot.knee_up)) @ [0, 0, -1]
    direction = rotation.unit(target - fit[hip])
    front = rotation.unit(front - direction * (direction @ front))
    across = np.sqrt(max(thigh**2 - along**2, 0))
    fit.positions[JOINT_INDEX[knee]] = fit[hip] + direction * along + front * across
    fit.positions[JOINT_INDEX[ankle]] = fit[hip] + direction * distance
    fit.known[[JOINT_INDEX[knee], JOINT_INDEX[ankle]]] = True
    _bent(fit, hip, knee, ankle)


def _foot_frame(fit: Fit, foot: Foot, side: str) -> np.ndarray:
    if not foot.ankle:
        return turned((_outwards(side) * foot.turned, foot.heel, 0))
    turn = joint_rotation(f"{side}_ankle", (foot.ankle[0], foot.ankle[1], -foot.ankle[2]))
    return fit.frame(f"{side}_knee") @ rotation.matrix_from_quaternion(turn)


def _outwards(side: str) -> int:
    """The sign of a yaw that turns a foot of this side out."""
    return 1 if side == "left" else -1


_SOLE = {
    side: OFFSETS[[JOINT_INDEX[f"{side}_{n}"] for n in ("big_toe", "small_toe", "heel")]]
    for side in ("left", "right")
}


def _under(joint: int, ancestor: int) -> bool:
    while joint >= 0:
        if joint == ancestor:
            return True
        joint = PARENT[joint]
    return False
