"""Natural variations of a pose: the same posture as the same person would take it a second and a third time.

People do not vary joint by joint. When the pelvis turns, the chest turns back and the head stays with the camera;
both arms swing a little in or out together; the weight shifts over feet that stay where they are. Every variation
keeps the pose's contacts and its balance, and goes no further out of the joints' limits than the pose itself.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np

from . import rotation
from .anatomy.balance import Balance, balance, centre_of_mass
from .anatomy.limits import LIMITED, TOLERANCE, excess
from .contacts import GROUND, PELVIS
from .landmarks import FINGERS
from .planting import (
    SIDES,
    foot_depth,
    foot_joints,
    ground_level,
    held,
    hold_of,
    standard,
    stood,
    toes_offset,
)
from .retarget import Pose
from .skeleton import JOINT_INDEX, JOINTS, Skeleton

# Half widths at strength 1, degrees: a change is at most that, mostly a third of it. Ours, by eye: what two frames of
# one studio session differ by without being another pose.
PELVIS_TURN = np.array([9.0, 4.0, 4.5])
"""Yaw, pitch, roll of the pelvis."""
CHEST_TURN = np.array([8.0, 5.0, 5.0])
HEAD_TURN = np.array([20.0, 9.0, 9.0])
COUNTER = (-0.8, -0.6)
"""How much of the pelvis' change the chest takes back, and of the chest's the head."""
ARM_TURN = np.array([10.0, 13.0, 12.0])
"""About the upper arm, to the front, to the side."""
ELBOW_TURN, WRIST_TURN, FINGER_TURN = 18.0, 10.0, 10.0
TOGETHER = 0.6
"""Share of an arm's change that both arms have in common."""
LEG_TURN, KNEE_TURN = 6.0, 9.0
"""Of legs in the air."""
FOOT_TURN = 7.0
STEP, SWAY = 0.024, 0.014
"""Stature: how far a foot is set elsewhere, how far the weight shifts."""

SEATED = 0.4
"""Share of the pelvis' turn that a seat leaves."""
SETTLING = 2
"""Rounds of legs and weight: each leaves a tenth of the weight's error, the legs' own share of the mass."""
HALVINGS, CANDIDATES, DRAWS = 3, 3, 9
"""Of a draw that does not fit, half and a quarter of the change are tried. Of the first CANDIDATES that fit, out of
DRAWS at most, the one that is least like the others is taken: where a pose lies on a limit, half of all changes do
not fit at any size."""
DIGITS = 9
"""Rotations are rounded: the last digits of sine and cosine differ between machines."""


def variations(pose: Pose, count: int, seed: int = 0, strength: float = 1.0) -> list[Pose]:
    """`count` variations of a pose; fewer are the first of more. strength 0 is the pose itself, 1 a natural spread.

    The same seed gives the same poses everywhere: random numbers come from the Mersenne Twister's stream, which
    numpy keeps for good (NEP 19), and pass through sums and products only. Raises ValueError for a negative count
    or a strength beyond 3.
    """
    if count < 0 or not 0 <= strength <= 3:
        raise ValueError(f"count is {count} and strength {strength}, expected 0 or more and 0 to 3")
    if strength == 0:
        return [pose] * count
    found: list[np.ndarray] = []
    for i in range(count):
        random = np.random.RandomState([seed % 2**32, i])
        draws = (varied(pose, Noise(random), strength) for _ in range(DRAWS))
        fitting = list(islice((one for one in draws if one is not None), CANDIDATES)) or [pose.rotations]
        found.append(max(fitting, key=lambda one: _apart(one, [pose.rotations, *found])))
    return [replace(pose, name=f"{pose.name} {i}", rotations=one) for i, one in enumerate(found, start=1)]


def _apart(one: np.ndarray, others: list[np.ndarray]) -> float:
    """Radians: the least root mean square angle over the limited joints to any of the others."""
    cosine = np.abs((np.array(others)[:, LIMITED] * one[LIMITED]).sum(-1))
    angle = 2 * np.arccos(np.clip(cosine, 0, 1))
    return float(np.sqrt((angle**2).mean(axis=1)).min())


class Noise:
    """Bell-shaped random numbers in [-1, 1] by name, so that what is drawn does not depend on what is used."""

    NAMES = (
        "pelvis", "chest", "head", "arms", "left_arm", "right_arm", "left_elbow", "right_elbow", "left_wrist",
        "right_wrist", "left_leg", "right_leg", "left_foot", "right_foot", "weight", "fingers",
    )  # fmt: skip

    def __init__(self, random: np.random.RandomState):
        draws = random.random_sample((3, len(self.NAMES), 3)).mean(axis=0) * 2 - 1
        self.values = dict(zip(self.NAMES, draws, strict=True))

    def __getitem__(self, name: str) -> np.ndarray:
        """(3,) numbers."""
        return self.values[name]


def varied(pose: Pose, noise: Noise, strength: float) -> np.ndarray | None:
    """(142, 4) rotations of the pose changed by the noise, or by a part of it; None where limits or balance forbid
    even that."""
    before = standard(pose.rotations)
    allowed = np.maximum(excess(pose.rotations), TOLERANCE / 2)
    report = balance(before, pose.contacts)
    for halving in range(HALVINGS):
        body = _changed(pose, before, noise, strength / 2**halving)
        rotations = np.where(pose.known[:, None], body.rotations, pose.rotations).round(DIGITS)
        rotations = rotation.unit(rotations)
        if (excess(rotations) <= allowed).all() and _carried(body, pose, report):
            return rotations
    return None


def _carried(body: Skeleton, pose: Pose, before: Balance) -> bool:
    """Whether a body that stood or sat still does; who walks, runs or jumps need not."""
    if before.mode != "standing" and not pose.seat:
        return True
    return balance(body, pose.contacts).outside <= before.outside + 1e-9


def _changed(pose: Pose, before: Skeleton, noise: Noise, strength: float) -> Skeleton:
    """The body with everything changed and all contacts reached again."""
    body = before.with_rotations(_loosened(pose, noise, strength))
    posed = before.forward()
    stated = [contact for contact in pose.contacts if contact.joint == PELVIS]
    if pose.seat or not stated:
        body = _on_its_feet(pose, before, body, noise, strength)
    for contact in pose.contacts:
        if contact.on != GROUND:
            body = held(body, contact, hold_of(posed, contact))
    return body


def _loosened(pose: Pose, noise: Noise, strength: float) -> np.ndarray:
    """(142, 4) the pose's rotations with every free joint turned a little in its own axes, contacts not yet kept."""
    pelvis = PELVIS_TURN * noise["pelvis"] * (SEATED if pose.seat else 1.0)
    chest = CHEST_TURN * noise["chest"] + COUNTER[0] * pelvis
    head = HEAD_TURN * noise["head"] + COUNTER[1] * (pelvis + chest)
    turns = np.zeros((len(JOINTS), 3))
    turns[_PELVIS], turns[_BACK], turns[_NECK] = pelvis, chest / 3, head / 3
    turns = turns[:, [1, 0, 2]] * [1.0, -1.0, 1.0]  # yaw, pitch, roll as a rotation vector: rotation.turn
    for side in SIDES:
        mirror = np.array([1.0, -1.0, -1.0]) if side == "right_" else np.ones(3)
        for name, vector in _limb_turns(noise, side).items():
            turns[JOINT_INDEX[f"{side}{name}"]] = vector * mirror
    half = np.radians(turns * strength) / 2
    angle = np.linalg.norm(half, axis=1, keepdims=True)
    quaternions = np.concatenate([np.cos(angle), np.sinc(angle / np.pi) * half], axis=1)
    return rotation.multiply(pose.rotations, quaternions)


def _limb_turns(noise: Noise, side: str) -> dict[str, np.ndarray]:
    """(3,) degrees by joint about the left side's rest axes; what both sides have in common is a mirror image."""
    arm = ARM_TURN * (TOGETHER * noise["arms"] + (1 - TOGETHER) * noise[f"{side}arm"])
    curl = FINGER_TURN * noise["fingers"][SIDES.index(side)]
    turns = {
        "shoulder": arm,
        "elbow": np.array([0.0, ELBOW_TURN * noise[f"{side}elbow"][0], 0.0]),
        "wrist": WRIST_TURN * noise[f"{side}wrist"] * [0.5, 0.5, 1.0],
        "hip": LEG_TURN * noise[f"{side}leg"],
        "knee": np.array([KNEE_TURN * noise[f"{side}leg"][0], 0.0, 0.0]),
    }
    return turns | {f"{f}_{i}": np.array([0.0, 0.0, curl]) for f in FINGERS[1:] for i in (1, 2)}


_PELVIS, _BACK, _NECK = (
    [JOINT_INDEX[name] for name in names]
    for names in (("pelvis",), ("lumbar", "thoracic", "chest"), ("neck", "cervical", "head"))
)


def _on_its_feet(pose: Pose, before: Skeleton, body: Skeleton, noise: Noise, strength: float) -> Skeleton:
    """The body over its feet: each foot near where it was and as high above the ground, the weight shifted a little."""
    posed = before.forward()
    ground = ground_level(before, pose.contacts)
    ankles, frames = {}, {}
    for side in SIDES:
        joint, step = JOINT_INDEX[f"{side}ankle"], noise[f"{side}foot"] * strength
        turn = rotation.about(np.array([0.0, 1.0, 0.0]), np.radians(FOOT_TURN) * step[1])
        frames[side] = turn @ posed.rotations[joint]
        old, new = (toes_offset(body, side, frame) for frame in (posed.rotations[joint], frames[side]))
        ankles[side] = posed.positions[joint] + (old - new) + STEP * step * [1, 0, 1]
        above = ground - posed.positions[foot_joints(side), 1].max()
        ankles[side][1] = ground - above - foot_depth(body, side, frames[side])
    if pose.seat:
        return stood(body, ankles, frames, sinks=False)
    wanted = centre_of_mass(posed.positions) + SWAY * strength * noise["weight"] * [1, 0, 1]
    for _ in range(SETTLING):
        body = stood(body, ankles, frames)
        aside = (wanted - centre_of_mass(body.forward().positions)) * [1, 0, 1]
        body = body.moved(aside)
    return stood(body, ankles, frames)
