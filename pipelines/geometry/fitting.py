"""From 3D positions to frames: which way every part of a body is turned.

`fitted` is the inverse of `Skeleton.forward`: positions in, offsets and rotations out. Trunk and head get
full frames; an arm or leg gets its swing from its two ends and its twist from the plane in which it is bent,
because a straight limb says nothing about its twist.
"""

from __future__ import annotations

import numpy as np

from . import rotation
from .anatomy.girdle import raised_clavicle
from .camera import DOWN, LEFT
from .landmarks import FINGERS
from .skeleton import JOINT_INDEX, LEVELS, PARENT, SPINE, local_rotations
from .template import BREADTH, HEAD_RAISE, HINGE, OFFSETS, REST_DIRECTION, TRUNK

BENT = (np.radians(12), np.radians(30))
"""Below the first bend a hinge's plane is noise, above the second it states the limb's twist."""
TWIST_LIMIT = {"elbow": np.radians(110), "knee": np.radians(60)}
"""Largest twist read from a bent hinge, against the shortest turn from rest. Axial rotation: shoulder 90 + 90
degrees and hip 45 + 45 degrees (American Academy of Orthopaedic Surgeons, "Joint Motion", 1965); the margin
is for the swing's own share."""
RELAXED = np.radians(78)
"""Arms that nobody saw hang at this angle under the T of the rest pose."""

HEAD = tuple(JOINT_INDEX[name] for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear"))
HEAD_JOINT = JOINT_INDEX["head"]
EYES = np.array([[JOINT_INDEX[f"face_{i}"] for i in eye] for eye in (range(42, 48), range(36, 42))])
"""(2, 6) the outlines of the left and of the right eye."""
SHOWN_EYES = 0.4
"""Share of the distance of the eyes that must be seen for their line to tell the roll: up to a yaw of 66 degrees."""
_SHOULDERS_OF_CHEST = (OFFSETS[JOINT_INDEX["left_clavicle"]] + OFFSETS[JOINT_INDEX["left_shoulder"]]) * [
    0,
    1,
    1,
]
"""(3,) the middle of the shoulders in the chest's frame, stature 1."""
FOOT = ("big_toe", "small_toe", "heel")
PALM = ("index_1", "middle_1", "ring_1", "little_1")


class Fit:
    """Positions and global frames while they are being found, joint by joint.

    positions (142, 3), known (142,) bool: which are given; scale: stature in the positions' unit.
    """

    def __init__(self, positions: np.ndarray, known: np.ndarray, scale: float):
        self.positions = np.where(known[:, None], positions, np.nan)
        self.known = known.copy()
        self.scale = scale
        self.template = OFFSETS * scale
        self.frames = np.tile(np.eye(3), (len(positions), 1, 1))

    def __getitem__(self, name: str) -> np.ndarray:
        return self.positions[JOINT_INDEX[name]]

    def has(self, *names: str) -> bool:
        return all(self.known[JOINT_INDEX[name]] for name in names)

    def frame(self, name: str) -> np.ndarray:
        return self.frames[JOINT_INDEX[name]]

    def turn(self, name: str, frame: np.ndarray) -> None:
        self.frames[JOINT_INDEX[name]] = frame

    def place(self, name: str, position: np.ndarray) -> None:
        """Puts a joint there unless its position was given."""
        if not self.has(name):
            self.positions[JOINT_INDEX[name]] = position

    def hang(self, name: str) -> None:
        """Puts a joint that was not given where the template has it."""
        j = JOINT_INDEX[name]
        self.place(name, self.positions[PARENT[j]] + self.frames[PARENT[j]] @ self.template[j])


def fitted(
    positions: np.ndarray, known: np.ndarray, scale: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions (142, 3), known (142,) bool, stature -> offsets (142, 3), rotations (142, 4), root (3,).

    `Skeleton.forward` on the result gives the known positions back. What is unknown hangs from what is known
    as in the template: arms down, legs straight. Any unit of length; camera frame.
    """
    fit = Fit(positions, known, scale)
    _trunk(fit)
    _head(fit)
    for side in ("left_", "right_"):
        fit_limb(fit, side, "shoulder", "elbow", "wrist", np.radians(8))
        _hand(fit, side)
        fit_limb(fit, side, "hip", "knee", "ankle", 0.0)
        _foot(fit, side)
    for level in LEVELS[1:]:
        parents = PARENT[level]
        hung = fit.positions[parents] + np.einsum("nij,nj->ni", fit.frames[parents], fit.template[level])
        fit.positions[level] = np.where(fit.known[level, None], fit.positions[level], hung)
    back = np.swapaxes(fit.frames[PARENT], -1, -2)
    offsets = np.einsum("nij,nj->ni", back, fit.positions - fit.positions[PARENT])
    offsets[PARENT < 0] = 0
    return offsets, local_rotations(fit.frames), fit["pelvis"]


def _pair(fit: Fit, left: str, right: str, across: np.ndarray, width: float) -> None:
    """Completes a pair of which one is missing, at the template's width along `across`."""
    if fit.has(left) and not fit.has(right):
        fit.place(right, fit[left] - across * width)
    elif fit.has(right) and not fit.has(left):
        fit.place(left, fit[right] + across * width)


def _direction(fit: Fit, right: str, left: str, fallback: np.ndarray) -> np.ndarray:
    return rotation.unit(fit[left] - fit[right], fallback) if fit.has(left, right) else fallback


def _complete_trunk(fit: Fit) -> None:
    """Gives every fit hips and shoulders: a missing one from its pair, a missing pair from the other pair."""
    hips, shoulders = ("left_hip", "right_hip"), ("left_shoulder", "right_shoulder")
    across = _direction(fit, "right_shoulder", "left_shoulder", LEFT)
    across = _direction(fit, "right_hip", "left_hip", across)
    hip = 2 * fit.template[JOINT_INDEX["left_hip"], 0]
    shoulder = BREADTH * fit.scale
    _pair(fit, *hips, across, hip)
    _pair(fit, *shoulders, across, shoulder)
    trunk = TRUNK * fit.scale
    if np.isnan(fit[shoulders[0]]).any():
        below = HEAD_RAISE * fit.scale
        seen = [fit.positions[j] for j in HEAD if fit.known[j]]
        top = (
            (fit[hips[0]] + fit[hips[1]]) / 2 - DOWN * trunk
            if not seen
            else np.mean(seen, axis=0) + DOWN * below
        )
        for name, sign in zip(shoulders, (1, -1), strict=True):
            fit.place(name, top + sign * across * shoulder / 2)
    if np.isnan(fit[hips[0]]).any():
        bottom = (fit[shoulders[0]] + fit[shoulders[1]]) / 2 + DOWN * trunk
        for name, sign in zip(hips, (1, -1), strict=True):
            fit.place(name, bottom + sign * across * hip / 2)


def _trunk(fit: Fit) -> None:
    """Pelvis from the hips, chest and clavicles from the shoulders, the lumbar spine between them."""
    _complete_trunk(fit)
    hips = (fit["left_hip"] + fit["right_hip"]) / 2
    axis = hips - (fit["left_shoulder"] + fit["right_shoulder"]) / 2
    pelvis = rotation.frame(fit["left_hip"] - fit["right_hip"], axis)
    chest, shoulders = _chest(fit, hips)
    size = np.linalg.norm(hips - shoulders) / TRUNK
    fit.positions[JOINT_INDEX["pelvis"]] = hips
    fit.positions[JOINT_INDEX["lumbar"]] = hips + pelvis @ OFFSETS[JOINT_INDEX["lumbar"]] * size
    fit.positions[JOINT_INDEX["chest"]] = shoulders - chest @ _SHOULDERS_OF_CHEST * size
    fit.positions[JOINT_INDEX["neck"]] = fit["chest"] + chest @ OFFSETS[JOINT_INDEX["neck"]] * size
    fit.turn("pelvis", pelvis)
    fit.turn("chest", chest)
    _curve(fit, ("lumbar", "thoracic", "chest"), pelvis, chest)
    fit.known[[JOINT_INDEX[name] for name in SPINE[:5]]] = True
    for side in ("left_", "right_"):
        _clavicle(fit, side, size)


def _chest(fit: Fit, hips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(3, 3) the chest's frame and (3,) the middle of the shoulders as they would be with hanging arms.

    A raised arm lifts its shoulder: read as the chest's tilt, one raised arm would bend the whole trunk.
    """
    left, right = fit["left_shoulder"], fit["right_shoulder"]
    for _ in range(4):  # each step is exact but for the turn of the step before
        chest = rotation.frame(left - right, hips - (left + right) / 2)
        left, right = (
            fit[f"{side}shoulder"] - chest @ _lift(fit, side, chest) for side in ("left_", "right_")
        )
    return chest, (left + right) / 2


def _lift(fit: Fit, side: str, chest: np.ndarray) -> np.ndarray:
    """(3,) in the chest's frame: how far the raised arm has carried its shoulder from where it rests."""
    if not fit.has(f"{side}shoulder", f"{side}elbow"):
        return np.zeros(3)
    turn = raised_clavicle(side, chest.T @ (fit[f"{side}elbow"] - fit[f"{side}shoulder"]))
    rest = fit.template[JOINT_INDEX[f"{side}shoulder"]]
    return turn @ rest - rest


def _clavicle(fit: Fit, side: str, size: float) -> None:
    chest, clavicle, shoulder = fit.frame("chest"), f"{side}clavicle", f"{side}shoulder"
    fit.place(clavicle, fit["chest"] + chest @ OFFSETS[JOINT_INDEX[clavicle]] * size)
    rest = chest @ REST_DIRECTION[JOINT_INDEX[shoulder]]
    fit.turn(clavicle, rotation.between(rest, fit[shoulder] - fit[clavicle]) @ chest)
    fit.known[JOINT_INDEX[clavicle]] = True


def _curve(fit: Fit, names: tuple[str, str, str], lower: np.ndarray, upper: np.ndarray) -> None:
    """A piece of the spine in two bones between two joints that stand: turned in thirds from the lower frame
    to the upper one, then swung and stretched to reach."""
    first, middle, last = (JOINT_INDEX[name] for name in names)
    ends = [rotation.quaternion_from_matrix(frame) for frame in (lower, upper)]
    frames = [rotation.matrix_from_quaternion(rotation.slerp(*ends, share)) for share in (1 / 3, 2 / 3)]
    bones = [frames[0] @ fit.template[middle], frames[1] @ fit.template[last]]
    reach = fit.positions[last] - fit.positions[first]
    swing = rotation.between(sum(bones), reach)
    stretch = np.linalg.norm(reach) / max(np.linalg.norm(sum(bones)), 1e-9)
    fit.positions[middle] = fit.positions[first] + stretch * (swing @ bones[0])
    fit.known[middle] = True
    for joint, frame in zip((first, middle), frames, strict=True):
        fit.frames[joint] = swing @ frame


def _head(fit: Fit) -> None:
    """The head's frame from nose, eyes and ears (Kabsch) and the line through the eyes; the neck's from its two ends."""
    chest = fit.frame("chest")
    seen = [j for j in HEAD if fit.known[j]]
    frame = chest
    if len(seen) >= 3:
        observed, rest = fit.positions[seen], fit.template[seen]
        frame = rotation.kabsch(rest - rest.mean(axis=0), observed - observed.mean(axis=0))
        frame = _along_the_eyes(fit, frame)
    if fit.has("left_ear", "right_ear"):
        fit.place("head", (fit["left_ear"] + fit["right_ear"]) / 2)
    elif seen:
        fit.place("head", np.mean(fit.positions[seen] - fit.template[seen] @ frame.T, axis=0))
    else:
        fit.place(
            "head", fit["neck"] + chest @ (fit.template[JOINT_INDEX["cervical"]] + fit.template[HEAD_JOINT])
        )
    _curve(fit, ("neck", "cervical", "head"), chest, frame)
    fit.turn("head", frame)
    fit.known[HEAD_JOINT] = True


def _along_the_eyes(fit: Fit, frame: np.ndarray) -> np.ndarray:
    """The head's frame rolled in the picture until its eyes lie on the line of the face's own eyes.

    Ears, which decide the roll otherwise, are found by body detectors under hair as upright as heads mostly are: on
    synthetic people a third of the roll was lost.
    """
    if not fit.known[list(EYES.ravel())].all():
        return frame
    across = (fit.template[EYES[0]].mean(axis=0) - fit.template[EYES[1]].mean(axis=0)) @ frame.T
    line = fit.positions[EYES[0]].mean(axis=0) - fit.positions[EYES[1]].mean(axis=0)
    if min(np.hypot(*across[:2]), np.hypot(*line[:2])) < SHOWN_EYES * np.linalg.norm(across):
        return frame  # from the side the line says nothing of the roll
    roll = np.arctan2(line[1], line[0]) - np.arctan2(across[1], across[0])
    return rotation.about([0.0, 0.0, 1.0], float(roll)) @ frame


def fit_limb(
    fit: Fit, side: str, top: str, hinge: str, end: str, bend: float, bent: tuple[float, float] = BENT
) -> None:
    """Swing from the bones, twist from the plane of the bend (see BENT); an unseen limb hangs from its root
    with its hinge bent by `bend`."""
    names = [side + name for name in (top, hinge, end)]
    rest = REST_DIRECTION[JOINT_INDEX[names[1]]]
    parent = fit.frames[PARENT[JOINT_INDEX[names[0]]]]
    fit.hang(names[0])
    if not fit.has(names[1]):
        sign = 1 if side == "left_" else -1
        relaxed = rotation.about([0, 0, 1], sign * RELAXED) if hinge == "elbow" else np.eye(3)
        upper, flexed = parent @ relaxed, rotation.about(HINGE[names[1]], bend)
        fit.turn(names[0], upper)
        fit.turn(names[1], upper @ flexed)
        fit.hang(names[1])
        fit.hang(names[2])
        return
    bone = fit[names[1]] - fit[names[0]]
    swing = rotation.between(parent @ rest, bone, fallback=parent @ DOWN) @ parent
    if not fit.has(names[2]):
        fit.turn(names[0], swing)
        fit.turn(names[1], swing)
        fit.hang(names[2])
        return
    lower = fit[names[2]] - fit[names[1]]
    upper = rotation.about(bone, _twist(swing, bone, lower, names[1], bent)) @ swing
    fit.turn(names[0], upper)
    fit.turn(names[1], rotation.between(upper @ rest, lower) @ upper)


def _twist(
    swing: np.ndarray, bone: np.ndarray, lower: np.ndarray, hinge: str, bent: tuple[float, float]
) -> float:
    """Radians about the bone from the shortest turn to the plane in which the hinge is bent."""
    bend = float(rotation.angle_between(bone, lower))
    weight = np.clip((bend - bent[0]) / (bent[1] - bent[0]), 0, 1)
    if weight == 0:
        return 0.0
    limit = TWIST_LIMIT[hinge.split("_")[1]]
    angle = rotation.signed_angle(swing @ HINGE[hinge], np.cross(bone, lower), bone)
    return float(weight * np.clip(angle, -limit, limit))


def _hand(fit: Fit, side: str) -> None:
    """The wrist's frame from the palm's points, then every finger bone from its two ends."""
    wrist, root = f"{side}wrist", f"{side}hand_root"
    forearm = fit.frame(f"{side}elbow")
    fit.turn(wrist, forearm)
    fit.hang(root)
    palm = [JOINT_INDEX[f"{side}{name}"] for name in PALM]
    if fit.has(*(f"{side}{name}" for name in PALM)):
        vectors = fit.positions[palm] - fit[root]
        along = rotation.unit(vectors.mean(axis=0), forearm @ REST_DIRECTION[JOINT_INDEX[wrist]])
        sign = 1.0 if side == "left_" else -1.0
        fit.turn(wrist, _palm_frame(along * sign, fit.positions[palm[3]] - fit.positions[palm[0]]))
    for name in (root, *(f"{side}{finger}_{i}" for finger in FINGERS for i in range(1, 5))):
        fit.turn(name, fit.frame(wrist))
    for finger in FINGERS:
        _finger(fit, side, finger)


def _palm_frame(along: np.ndarray, across: np.ndarray) -> np.ndarray:
    """x along the hand, z from index to little finger."""
    palm = rotation.frame(along, np.cross(across, along))
    return palm


def _finger(fit: Fit, side: str, finger: str) -> None:
    parent = fit.frame(f"{side}hand_root")
    fit.hang(f"{side}{finger}_1")
    for i in range(1, 4):
        name, child = f"{side}{finger}_{i}", f"{side}{finger}_{i + 1}"
        if fit.has(child):
            bone = fit[child] - fit[name]
            parent = rotation.between(parent @ REST_DIRECTION[JOINT_INDEX[child]], bone) @ parent
        fit.turn(name, parent)
        fit.hang(child)
    fit.turn(f"{side}{finger}_4", parent)


def _foot(fit: Fit, side: str) -> None:
    """The ankle's frame from heel and toes (Kabsch), or square to the shank where they were not seen."""
    ankle = f"{side}ankle"
    shank = fit.frame(f"{side}knee")
    seen = [JOINT_INDEX[f"{side}{name}"] for name in FOOT if fit.has(f"{side}{name}")]
    frame = shank
    if fit.known[JOINT_INDEX[f"{side}big_toe"]] or len(seen) >= 2:
        # A little of the shank's frame settles the turns that two or three nearly collinear points leave
        # open.
        anchor = np.eye(3) * np.linalg.norm(fit.template[seen[0]]) * 0.3
        rest = np.concatenate([fit.template[seen], anchor])
        frame = rotation.kabsch(rest, np.concatenate([fit.positions[seen] - fit[ankle], anchor @ shank.T]))
    fit.turn(ankle, frame)
    for name in FOOT:
        fit.turn(f"{side}{name}", frame)
