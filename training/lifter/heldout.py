"""Hand-made poses for the lifter's evaluation: the pack's library, and everyday poses said here by directions.

Never used for training. A pose is {joint: (3, 3) global orientation}, as lifter_anny.py takes it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.geometry import rotation
from pipelines.geometry.landmarks import FINGERS
from pipelines.geometry.library import load_pose, pose_names
from pipelines.geometry.skeleton import JOINT_INDEX, JOINTS, LEVELS, PARENT

Triple = tuple[float, float, float]
Frames = dict[str, np.ndarray]

DOWN = ((0.12, 1.0, 0.05), (0.05, 0.97, 0.25))
LEG = ((0.06, 1.0, 0.02), (0.03, 1.0, -0.05), (0.2, 0.0, 1.0))


@dataclass(frozen=True)
class Figure:
    """Trunk and head (yaw to the left, pitch forward, roll to the left, degrees): pelvis in the level frame, chest
    against the pelvis, head against the chest. Limbs as directions (out, down, forward): upper arm and forearm against
    the chest; thigh, shank and foot in the level frame."""

    name: str
    family: str
    left_arm: tuple[Triple, Triple] = DOWN
    right_arm: tuple[Triple, Triple] = DOWN
    left_leg: tuple[Triple, Triple, Triple] = LEG
    right_leg: tuple[Triple, Triple, Triple] = LEG
    pelvis: Triple = (0, 0, 0)
    chest: Triple = (0, 0, 0)
    head: Triple = (0, 0, 0)


SIT = ((0.10, 0.10, 1.0), (0.02, 1.0, -0.05), (0.15, 0.05, 1.0))
FIGURES = (
    Figure("hands on thighs", "seated", ((0.2, 1, 0.25), (-0.15, 0.6, 0.9)),
        ((0.2, 1, 0.25), (-0.15, 0.6, 0.9)), SIT, SIT, (0, -8, 0), (0, 6, 0)),
    Figure("elbows on knees", "seated", ((0.15, 0.8, 0.75), (-0.5, 0.15, 0.9)),
        ((0.15, 0.8, 0.75), (-0.5, 0.15, 0.9)), ((0.35, 0.05, 1), (0.05, 1, -0.2), (0.3, 0.1, 1)),
        ((0.35, 0.05, 1), (0.05, 1, -0.2), (0.3, 0.1, 1)), (0, 25, 0), (0, 30, 0), (0, -25, 0)),
    Figure("legs crossed, hand to the chin", "seated", ((0.2, 1, 0.2), (-0.8, 0.5, 0.6)),
        ((0.1, 0.85, 0.6), (-0.35, -0.95, 0.25)), ((-0.15, -0.1, 1), (0.05, 0.85, 0.6), (0.1, 0.5, 0.9)),
        ((0.0, 0.1, 1), (0.05, 1, -0.1), (0.1, 0, 1)), (0, -5, 0), (5, 15, 0), (10, 8, 5)),
    Figure("slumped on a sofa", "seated", ((0.8, 0.6, 0.0), (0.1, 0.9, 0.5)),
        ((0.4, 1, 0.1), (-0.5, 0.6, 0.6)), ((0.3, -0.05, 1), (0.1, 0.9, 0.45), (0.3, 0.3, 1)),
        ((0.25, 0.05, 1), (0, 0.95, 0.25), (0.2, 0.2, 1)), (0, -28, 0), (0, 22, 0), (-10, 8, 0)),
    Figure("legs stretched on the floor", "floor", ((0.35, 0.85, -0.7), (0.15, 1, -0.1)),
        ((0.35, 0.85, -0.7), (0.15, 1, -0.1)), ((0.15, 0.05, 1), (0.05, 0.1, 1), (0.2, -0.9, 0.4)),
        ((0.1, -0.45, 1), (0, 0.75, 0.65), (0.1, 0.1, 1)), (0, -20, 0), (0, 5, 0)),
    Figure("hugging the knees", "floor", ((0.15, 0.7, 0.8), (-0.65, 0.55, 0.6)),
        ((0.15, 0.7, 0.8), (-0.65, 0.55, 0.6)), ((0.05, -0.65, 0.9), (0, 1, 0.2), (0.1, 0.05, 1)),
        ((0.05, -0.65, 0.9), (0, 1, 0.2), (0.1, 0.05, 1)), (0, 5, 0), (0, 30, 0), (0, 10, 0)),
    Figure("cross-legged", "floor", ((0.3, 1, 0.2), (0.25, 0.5, 0.8)), ((0.3, 1, 0.2), (0.25, 0.5, 0.8)),
        ((0.9, 0.1, 0.7), (-0.95, 0.45, 0.15), (-0.5, 0.2, 0.7)),
        ((0.9, 0.1, 0.7), (-0.95, 0.45, 0.0), (-0.5, 0.2, 0.7)), (0, -5, 0), (0, 8, 0)),
    Figure("squatting, reaching down", "crouched", ((0.1, 0.75, 0.7), (0, 0.9, 0.5)),
        ((0.3, 0.9, 0.4), (-0.3, 0.5, 0.8)), ((0.35, -0.1, 1), (0, 0.9, -0.5), (0.3, 0.1, 1)),
        ((0.35, 0.2, 0.95), (0, 0.85, -0.55), (0.3, 0.3, 1)), (0, 30, 0), (0, 25, 0), (0, -15, 0)),
    Figure("half kneeling, offering", "crouched", ((0.25, 1, 0.1), (-0.3, 0.6, 0.75)),
        ((0.1, 0.45, 0.9), (-0.1, -0.05, 1)), ((0.15, 0.05, 1), (0.0, 1, 0.0), (0.1, 0, 1)),
        ((0.1, 1, -0.05), (0.05, 0.25, -0.95), (0.1, 0.9, -0.3)), (0, 5, 0), (-5, 4, 0), (-5, -12, 0)),
    Figure("kneeling upright", "crouched", ((0.15, 1, 0.15), (-0.3, 0.8, 0.5)),
        ((0.15, 1, 0.15), (-0.3, 0.8, 0.5)), ((0.1, 1, 0.15), (0.05, 0.2, -1), (0, 0.9, -0.4)),
        ((0.1, 1, 0.15), (0.05, 0.2, -1), (0, 0.9, -0.4)), (0, 3, 0), (0, 0, 0), (15, 10, 0)),
    Figure("arms crossed, leaning", "standing", ((0.25, 0.95, 0.2), (-0.85, -0.05, 0.5)),
        ((0.25, 0.95, 0.25), (-0.8, -0.15, 0.55)), ((0.05, 1, 0.1), (-0.25, 0.95, -0.2), (-0.1, 0.4, 0.9)),
        ((0.0, 1, 0.05), (0.02, 1, 0.0), (0.3, 0, 1)), (0, -6, 6), (0, 4, -6), (20, 5, 5)),
    Figure("hands behind the back", "standing", ((0.25, 0.9, -0.35), (-0.75, 0.55, -0.45)),
        ((0.25, 0.9, -0.35), (-0.75, 0.6, -0.4)), chest=(0, -3, 0), head=(-12, -4, 0)),
    Figure("telephone, hand in pocket", "standing", ((0.35, 0.9, 0.35), (-0.25, -0.95, 0.1)),
        ((0.3, 0.95, -0.25), (-0.1, 0.95, 0.25)), ((0.1, 1, 0.15), (0.1, 0.98, -0.2), (0.4, 0, 1)), LEG,
        (0, 0, -5), (8, 3, 6), (15, 10, 10)),
    Figure("carrying a box", "standing", ((0.1, 0.97, 0.15), (0.0, 0.15, 1)),
        ((0.1, 0.97, 0.15), (0.0, 0.15, 1)), chest=(0, -6, 0), head=(0, 12, 0)),
    Figure("looking at the phone", "standing", ((0.15, 0.95, 0.25), (-0.6, -0.35, 0.75)), DOWN,
        ((0.1, 1, 0.12), (0.05, 0.99, -0.15), (0.3, 0, 1)), LEG, (0, 2, 3), (0, 8, -3), (5, 28, 0)),
    Figure("pointing at the camera", "reaching", DOWN, ((0.25, 0.15, 1), (0.0, 0.0, 1)),
        ((0.05, 1, 0.2), (0, 0.98, -0.2), (0.1, 0, 1)),
        ((0.15, 1, -0.2), (0.05, 0.98, -0.25), (0.3, 0.2, 1)), (10, 5, 0), (12, 4, 0), (-18, -2, 0)),
    Figure("reaching up to a shelf", "reaching", ((0.2, -0.9, 0.35), (0.05, -0.95, 0.3)),
        ((0.35, 0.9, -0.1), (0.1, 0.9, 0.4)), ((0.05, 1, 0.0), (0, 1, -0.05), (0.1, 0.75, 0.7)),
        ((0.12, 1, -0.1), (0.05, 0.97, -0.2), (0.2, 0.75, 0.7)), (0, -3, 4), (5, -10, -8), (5, -25, 0)),
    Figure("pointing aside, hand on hip", "reaching", ((1, -0.1, 0.1), (1, -0.15, 0.15)),
        ((0.75, 0.7, -0.2), (-0.85, 0.5, 0.25)), head=(40, 0, 0), chest=(10, 0, 0)),
    Figure("leaning on a table", "reaching", ((0.2, 0.85, 0.6), (0.1, 0.9, 0.3)),
        ((0.2, 0.85, 0.6), (0.1, 0.9, 0.3)), ((0.08, 1, -0.2), (0.03, 1, -0.2), (0.2, 0, 1)),
        ((0.08, 1, 0.1), (0.03, 0.98, -0.2), (0.2, 0, 1)), (0, 25, 0), (0, 12, 0), (0, -20, 0)),
    Figure("touching the toes", "reaching", ((0.05, -0.2, 1), (0.0, -0.1, 1)),
        ((0.05, -0.2, 1), (0.0, -0.1, 1)), ((0.05, 1, -0.1), (0.02, 1, -0.1), (0.1, 0, 1)),
        ((0.05, 1, -0.1), (0.02, 1, -0.1), (0.1, 0, 1)), (0, 70, 0), (0, 45, 0), (0, 5, 0)),
    Figure("arabesque", "dance", ((0.6, -0.5, 0.7), (0.2, -0.6, 0.8)), ((1, 0.05, -0.2), (1, 0.1, 0.1)),
        ((0.02, 1, 0.05), (0.02, 1, -0.02), (0.3, 0.1, 1)),
        ((0.3, 0.25, -1), (0.2, 0.0, -1), (0.2, 0.2, -1)), (0, 25, 0), (0, -15, 0), (10, -12, 0)),
    Figure("lunge, arms wide", "dance", ((0.9, -0.4, 0.3), (0.8, -0.6, 0.1)),
        ((0.9, 0.3, -0.3), (0.9, 0.5, 0.0)), ((0.6, 0.5, 0.75), (0.1, 1, -0.05), (0.5, 0, 1)),
        ((0.7, 0.8, -0.5), (0.6, 0.8, -0.45), (0.7, 0.3, 0.5)), (-15, 5, 8), (20, 4, -12), (20, -5, 0)),
    Figure("arms overhead, hip out", "dance", ((0.5, -0.85, 0.1), (-0.75, -0.55, 0.1)),
        ((0.6, -0.75, -0.1), (-0.6, -0.75, 0.15)), ((-0.1, 1, 0.0), (-0.05, 1, 0.0), (0.3, 0, 1)),
        ((0.3, 0.9, 0.3), (0.1, 0.95, -0.35), (0.4, 0.3, 0.9)), (0, 0, 10), (-15, -3, -16), (10, 0, 8)),
    Figure("kicking", "dance", ((0.7, 0.3, 0.6), (0.4, 0.1, 0.8)), ((0.6, 0.7, -0.6), (0.5, 0.8, 0.1)),
        ((0.1, 1, -0.1), (0.0, 0.97, -0.25), (0.2, 0, 1)), ((0.1, 0.3, 1), (0.0, 0.2, 1), (0, -0.3, 1)),
        (10, -10, 0), (-15, 15, 0), (0, 5, 0)),
    Figure("running", "movement", ((0.15, 0.9, 0.5), (-0.3, -0.2, 0.95)),
        ((0.2, 0.75, -0.75), (-0.1, 0.75, 0.65)), ((0.0, 1, -0.45), (0.02, 0.45, -0.9), (0, 0.9, -0.2)),
        ((0.02, 0.5, 0.9), (0, 0.95, -0.35), (0, 0.1, 1)), (-8, 10, 0), (16, 4, 0), (-8, -8, 0)),
    Figure("jumping", "movement", ((0.75, -0.7, 0.15), (0.5, -0.85, 0.2)),
        ((0.75, -0.7, 0.15), (0.5, -0.85, 0.2)), ((0.25, 0.85, 0.45), (0.15, 0.6, -0.8), (0.1, 0.9, -0.2)),
        ((0.3, 0.8, 0.55), (0.1, 0.7, -0.7), (0.1, 0.9, 0.0)), (0, -4, 0), (0, -8, 0), (0, -10, 0)),
    Figure("climbing stairs, looking back", "movement", ((0.2, 0.95, -0.3), (0.05, 0.95, 0.2)),
        ((0.2, 0.9, 0.45), (0.0, 0.7, 0.7)), ((0.05, 0.35, 1), (0, 1, -0.1), (0.1, 0, 1)),
        ((0.05, 1, -0.1), (0.02, 0.95, -0.3), (0.1, 0.4, 0.9)), (0, 10, 0), (-20, 3, 0), (-45, 5, 0)),
)  # fmt: skip


def poses() -> dict[str, tuple[str, Frames]]:
    """Name -> (family, orientations) of all held-out poses."""
    found = {name: (f"library: {name.rpartition('/')[0]}", library_frames(name)) for name in pose_names()}
    return found | {figure.name: (figure.family, frames(figure)) for figure in FIGURES}


def library_frames(name: str) -> Frames:
    """Global orientations of a pose of the library."""
    matrices = rotation.matrix_from_quaternion(load_pose(name).rotations)
    for level in LEVELS[1:]:
        matrices[level] = matrices[PARENT[level]] @ matrices[level]
    return {joint: matrices[JOINT_INDEX[joint]] for joint in JOINTS}


def frames(figure: Figure) -> Frames:
    """Global orientations of a figure said by directions."""
    pelvis = rotation.turn(*np.radians(figure.pelvis))
    out = {"pelvis": pelvis}
    for i, name in enumerate(("lumbar", "thoracic", "chest"), 1):
        out[name] = pelvis @ rotation.turn(*(np.radians(figure.chest) * i / 3))
    head = np.radians(figure.head)
    for i, name in enumerate(("neck", "cervical", "head"), 1):
        out[name] = out["chest"] @ rotation.turn(*(head * i / 3))
    for side in ("left_", "right_"):
        out |= _arm(side, getattr(figure, f"{side}arm"), out["chest"])
        out |= _leg(side, getattr(figure, f"{side}leg"))
    return out


def _way(direction: Triple, side: str) -> np.ndarray:
    """(out, down, forward) -> (3,) unit, camera frame."""
    out, down, forward = direction
    return rotation.unit(np.array([out if side == "left_" else -out, down, -forward], dtype=float))


def _arm(side: str, arm: tuple[Triple, Triple], chest: np.ndarray) -> Frames:
    sign = 1.0 if side == "left_" else -1.0
    upper, fore = (_way(direction, side) for direction in arm)
    ahead = _way((-0.5, -0.45, 0.8), side)
    axis = np.cross(upper, fore) if np.linalg.norm(np.cross(upper, fore)) > 0.1 else np.cross(upper, ahead)
    first = chest @ rotation.frame(sign * upper, sign * axis)
    second = rotation.between(chest @ upper, chest @ fore) @ first
    raised = np.clip(np.arccos(np.clip(upper[1], -1, 1)) - np.radians(30), 0, None) * 0.2
    out = {f"{side}clavicle": chest @ rotation.about([0, 0, 1.0], -sign * raised)}
    out |= {f"{side}shoulder": first, f"{side}elbow": second, f"{side}wrist": second}
    curl = rotation.about([0, 0, 1.0], sign * np.radians(22))
    for finger in FINGERS:
        frame = second
        for i in (1, 2, 3):
            frame = frame @ (np.eye(3) if finger == "thumb" else curl)
            out[f"{side}{finger}_{i}"] = frame
    return out


def _leg(side: str, leg: tuple[Triple, Triple, Triple]) -> Frames:
    thigh, shank, foot = (_way(direction, side) for direction in leg)
    axis = np.cross(thigh, shank)
    if np.linalg.norm(axis) < 0.25:  # a straight knee lies square to the foot
        axis = np.cross(thigh, -foot)
    first = rotation.frame(rotation.unit(axis - thigh * (axis @ thigh)), thigh)
    second = rotation.between(thigh, shank) @ first
    across = second[:, 0] - foot * (second[:, 0] @ foot)
    third = rotation.frame(across, np.cross(-foot, across))
    return {f"{side}hip": first, f"{side}knee": second, f"{side}ankle": third}
