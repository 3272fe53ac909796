"""Pose and body apart: the rotations of one picture on the bones of another.

Lengths always come from the source person, angles from the pose. What the pose does not state (a hidden hand,
legs outside its picture) the source keeps as its own. Places where the pose touches the body (hand on hip)
are reached again on the source's proportions by turning shoulder and elbow, never by stretching.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from . import rotation
from .anatomy.girdle import raised_clavicle
from .camera import DOWN, FORWARD, LEFT, mirror
from .contacts import GROUND, Contact, grounded, mirrored_contact, sole, stated_ground, touched
from .proportions import alike, pooled, proportioned
from .skeleton import (
    JOINT_INDEX,
    JOINT_MIRROR,
    JOINTS,
    PARENT,
    SPINE,
    Skeleton,
    local_rotations,
    mirrored_rotations,
)
from .template import REST_DIRECTION

Place = Literal["source", "target"]

SEATS = ("chair", "stool", "floor", "wheelchair")
"""Kinds of seat a pose may name; how high the pelvis is on it, its contact with the ground says."""

BODY_BONES = (PARENT != JOINT_INDEX["head"]) & np.array(
    ["_hand_" not in n and not n[-1].isdigit() for n in JOINTS]
)
"""(142,) all but the face's points and the fingers, which are the person's own whatever the pose."""
GRIP = 0.05
"""Share of the stature within which a foot above the lowest one still carries weight (heels lift that far in
a relaxed standing leg); sets how the place of the support is weighted between the feet."""
DROOP_LIMIT = np.radians(40)
"""Feet pitched by more than this are a posture (tiptoe, kneeling), not the view."""

AWAY = np.radians(110)
"""A pose that would turn the trunk by more than this shows almost nothing of what was photographed."""


@dataclass(frozen=True, eq=False)
class Pose:
    """Joint rotations without a body.

    name       for combos and reports
    rotations  (142, 4) local quaternions, as in Skeleton
    known      (142,) bool: which rotations the pose states
    contacts   where limbs must touch the body, and how high feet and a seated pelvis are above the ground
    droop      radians by which the view shows toes lower than heels; 0 for a library pose
    root, stature, canvas   where the figure stood in its picture (pixels), None for a library pose
    support    (2,) pixels, where that figure stood on the ground, or None for a figure without feet
    neck       (2,) pixels, the base of its neck
    seat       what the pelvis sits on, one of SEATS, or "" for a figure on its feet or in the air
    figure     the figure of that picture itself, standing at root in these rotations, or None
    """

    name: str
    rotations: np.ndarray
    known: np.ndarray
    contacts: tuple[Contact, ...] = field(default=())
    droop: float = 0.0
    root: np.ndarray | None = None
    stature: float | None = None
    canvas: tuple[int, int] | None = None
    support: np.ndarray | None = None
    neck: np.ndarray | None = None
    seat: str = ""
    figure: Skeleton | None = None

    def __post_init__(self):
        for name, kind, shape in (("rotations", np.float64, (142, 4)), ("known", bool, (142,))):
            value = np.asarray(getattr(self, name), dtype=kind)
            if value.shape != shape:
                raise ValueError(f"Pose.{name} has shape {value.shape}, expected {shape}")
            object.__setattr__(self, name, value)
        if self.figure is not None and not np.array_equal(self.figure.rotations, self.rotations):
            object.__setattr__(self, "figure", None)  # a variation of the pose: no picture shows it

    def mirrored(self) -> Pose:
        """The pose in a mirror; left becomes right. The place in a picture goes with it."""
        place = {}
        if self.canvas is not None:
            flat = {"support": self.support, "neck": self.neck}
            place = {
                k: mirror(np.append(v, 0.0), self.canvas[1])[:2] for k, v in flat.items() if v is not None
            }
            place["root"] = mirror(self.root, self.canvas[1])
            place["figure"] = None if self.figure is None else self.figure.mirrored()
        return replace(
            self,
            rotations=mirrored_rotations(self.rotations),
            known=self.known[JOINT_MIRROR],
            contacts=tuple(mirrored_contact(contact) for contact in self.contacts),
            **place,
        )


def pose_of(skeleton: Skeleton, name: str = "pose") -> Pose:
    """The pose a skeleton stands in. A rotation is known when the joint and what it turns were detected."""
    detected = skeleton.confidence[:, 0] > 0
    known = np.zeros(len(JOINTS), dtype=bool)
    np.logical_or.at(known, PARENT[PARENT >= 0], detected[PARENT >= 0])
    known[[JOINT_INDEX[n] for n in SPINE]] = True
    known &= detected | (np.arange(len(JOINTS)) >= 133)
    return Pose(
        name=name,
        rotations=skeleton.rotations,
        known=known,
        droop=droop(skeleton),
        root=skeleton.root,
        stature=stature(skeleton),
        canvas=skeleton.canvas,
        support=support(skeleton)[:2] if stands(skeleton) else None,
        neck=skeleton.forward().positions[JOINT_INDEX["neck"], :2],
        figure=skeleton,
    )


def turn_of_trunk(source: Skeleton, pose: Pose) -> float:
    """Radians in [0, pi] about the vertical by which the pose turns the chest away from where the source's faces."""
    chest = JOINT_INDEX["chest"]
    rotations = np.where(pose.known[:, None], pose.rotations, source.rotations)
    ways = [one.forward().rotations[chest] @ FORWARD for one in (source, source.with_rotations(rotations))]
    (ax, _, az), (bx, _, bz) = ways
    return float(abs(np.arctan2(ax * bz - az * bx, ax * bx + az * bz)))


def facing_with(source: Skeleton, pose: Pose) -> Pose:
    """The pose, turned half round when the person is photographed from behind and it shows them from before.

    A photo of a back has no face to show: the person keeps facing away, in the same pose. Who looks back at the camera
    over a shoulder goes on doing so: neck and head keep the photo's own turn. A photo of a front can be turned round:
    a back is much as its sides are.
    """
    faces_away = source.forward().rotations[JOINT_INDEX["chest"]] @ FORWARD @ FORWARD < 0
    if turn_of_trunk(source, pose) < AWAY or not faces_away:
        return pose
    pelvis = JOINT_INDEX["pelvis"]
    half_round = rotation.about(DOWN, np.pi) @ rotation.matrix_from_quaternion(pose.rotations[pelvis])
    rotations = pose.rotations.copy()
    rotations[pelvis] = rotation.quaternion_from_matrix(half_round)
    known = pose.known.copy()
    if (
        source.forward().rotations[JOINT_INDEX["head"]] @ FORWARD @ FORWARD > 0
    ):  # the face is towards the camera
        known[[JOINT_INDEX["neck"], JOINT_INDEX["head"]]] = False
    return replace(pose, rotations=rotations, known=known)


def retarget(source: Skeleton, pose: Pose, place: Place = "source") -> Skeleton:
    """The source person in the pose, with the source's own bone lengths (proportions.py).

    place="source": the feet of the new pose stand on the ground on which the source's feet stood; across, the
    middle between the pelvis and the support (both feet, weighted by how near the ground they are) stays,
    then the figure moves sideways where it would leave the canvas and the other side has room. A figure
    without feet keeps the base of its neck. What still does not fit, `overflow` tells.
    place="target": the figure stands where the pose's own figure stood in its picture, as large as that one
    (the bases of their necks meet where one of them has no feet); a library pose has no picture and is placed
    like the source. Where that figure has the source's proportions, as far as two pictures can tell, its joints are
    where its picture has them.
    """
    if place not in ("source", "target"):
        raise ValueError(f'place is "{place}", expected "source" or "target"')
    rotations = _with_clavicles(np.where(pose.known[:, None], pose.rotations, source.rotations), pose.known)
    standing = [contact for contact in pose.contacts if contact.on == GROUND]
    posed = _with_level_feet(proportioned(source, source.with_rotations(rotations)), source, pose.known)
    posed = grounded(posed, standing)
    posed = _drooped(posed, droop(source) - pose.droop, pose.known)
    for contact in pose.contacts:
        if contact.on != GROUND:
            posed = touched(posed, contact)
    if place == "source" or pose.canvas is None:
        return _kept_inside(posed.moved(support(source)[:2] - support(posed, standing)[:2]), source)
    share = 0.0 if pose.figure is None else alike(source, pose.figure)
    posed = _as_shown(posed.scaled(pose.stature / stature(source), pose.canvas), pose, share)
    if pose.support is None or not stands(source):
        posed = posed.moved(pose.neck - posed.forward().positions[JOINT_INDEX["neck"], :2])
    else:
        posed = posed.moved(pose.support - support(posed, standing)[:2])
    return posed.moved(share * (pose.root - posed.root)[:2])


def _as_shown(posed: Skeleton, pose: Pose, share: float) -> Skeleton:
    """The posed person with a share of the bones of the pose's own figure; face and hands stay."""
    if share == 0:
        return posed
    stated = pose.known[np.maximum(PARENT, 0)] & BODY_BONES
    offsets = (1 - share) * posed.offsets + share * pose.figure.offsets
    return replace(posed, offsets=np.where(stated[:, None], offsets, posed.offsets))


def _with_clavicles(rotations: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(142, 4) the rotations with each clavicle raised by its arm where the pose states the arm alone, as clips
    and figures without clavicles do; the arm's direction against the chest stays."""
    rotations = rotations.copy()
    for side in ("left_", "right_"):
        clavicle, shoulder, elbow = (JOINT_INDEX[side + n] for n in ("clavicle", "shoulder", "elbow"))
        if known[shoulder] and not known[clavicle]:
            arm = rotation.matrix_from_quaternion(rotation.multiply(rotations[clavicle], rotations[shoulder]))
            raised = rotation.quaternion_from_matrix(raised_clavicle(side, arm @ REST_DIRECTION[elbow]))
            held = rotation.multiply(rotation.inverse(raised), rotation.quaternion_from_matrix(arm))
            rotations[clavicle], rotations[shoulder] = raised, held
    return rotations


def _with_level_feet(posed: Skeleton, source: Skeleton, known: np.ndarray) -> Skeleton:
    """Feet that the pose does not state, under legs that it does, as level as the source's and turned with the hips:
    square to the shank they would point into the air under bent knees."""
    unstated = [
        f"{side}_ankle"
        for side in ("left", "right")
        if known[JOINT_INDEX[f"{side}_knee"]] and not known[JOINT_INDEX[f"{side}_ankle"]]
    ]
    if not unstated:
        return posed
    before, now = source.forward().rotations, posed.forward().rotations
    fronts = [globals_[JOINT_INDEX["pelvis"]] @ FORWARD for globals_ in (before, now)]
    heading = rotation.signed_angle(*fronts, DOWN)
    for ankle in unstated:
        feet = [JOINT_INDEX[ankle], *np.flatnonzero(PARENT == JOINT_INDEX[ankle])]
        now[feet] = rotation.about(DOWN, heading) @ before[feet]
    return posed.with_rotations(local_rotations(now))


def stature(skeleton: Skeleton) -> float:
    """Pixels from heel to ear along the pooled bones: a person's size whatever the posture."""
    length = pooled(skeleton)
    legs = (
        sum(length[JOINT_INDEX[f"{side}_{n}"]] for side in ("left", "right") for n in ("knee", "ankle")) / 2
    )
    return float(legs + length[[JOINT_INDEX[name] for name in SPINE[1:]]].sum())


def stands(skeleton: Skeleton) -> bool:
    """Whether the figure has a foot to stand on."""
    return skeleton.present("left_ankle") or skeleton.present("right_ankle")


def support(skeleton: Skeleton, standing: Sequence[Contact] = ()) -> np.ndarray:
    """(3,) pixels: the place that retargeting keeps. y: the lowest sole, or the ground that a contact of the pelvis
    states; x and z: halfway between the pelvis and the feet that carry. The base of the neck for a figure without
    feet."""
    posed = skeleton.forward()
    sides = [s for s in ("left_", "right_") if skeleton.present(f"{s}ankle")]
    if not sides:
        return posed.positions[JOINT_INDEX["neck"]]
    soles = np.array([sole(posed, side) for side in sides])
    height = soles[:, 1].max() - soles[:, 1]
    weight = np.exp(-0.5 * (height / (GRIP * stature(skeleton))) ** 2)
    feet = (weight[:, None] * soles).sum(axis=0) / weight.sum()
    middle = (feet + posed.positions[JOINT_INDEX["pelvis"]]) / 2
    ground = stated_ground(skeleton, standing)
    return np.array([middle[0], soles[:, 1].max() if ground is None else ground, middle[2]])


def _kept_inside(skeleton: Skeleton, source: Skeleton) -> Skeleton:
    """Moved sideways by what lies further out of the canvas than the source did, as far as there is room."""
    now, before = border_distances(skeleton), border_distances(source)
    left, right = (min(now[side], 0.0) - min(before[side], 0.0) for side in ("left", "right"))
    step = min(max(-left, 0.0), max(now["right"], 0.0)) - min(max(-right, 0.0), max(now["left"], 0.0))
    return skeleton.moved([step, 0.0])


def droop(skeleton: Skeleton) -> float:
    """Radians by which the view looks down on the feet: the pitch about the camera's x axis of the sole's
    normal. Near a camera at chest height this is 20-35 degrees although the body is seen level; standing
    flat must look the same in the new pose. The flatter foot counts."""
    globals_ = skeleton.forward().rotations
    seen = []
    for side in ("left_", "right_"):
        if skeleton.present(f"{side}ankle", f"{side}heel", f"{side}big_toe"):
            down = globals_[JOINT_INDEX[f"{side}ankle"]][:, 1]
            seen.append(np.arctan2(down[2], down[1]))
    return float(np.clip(min(seen, key=abs), -DROOP_LIMIT, DROOP_LIMIT)) if seen else 0.0


def _drooped(skeleton: Skeleton, angle: float, known: np.ndarray) -> Skeleton:
    """Pitches both feet to the view of the source's picture: a turn about the camera's x axis."""
    if abs(angle) < 1e-12:
        return skeleton
    globals_ = skeleton.forward().rotations
    for side in ("left_", "right_"):
        j = JOINT_INDEX[f"{side}ankle"]
        if not known[j]:
            continue
        feet = [j, *(JOINT_INDEX[f"{side}{n}"] for n in ("big_toe", "small_toe", "heel"))]
        globals_[feet] = rotation.about(LEFT, angle) @ globals_[feet]
    return skeleton.with_rotations(local_rotations(globals_))


def border_distances(skeleton: Skeleton) -> dict[str, float]:
    """Pixels from each border of the canvas to the nearest detected joint; negative outside."""
    positions = skeleton.forward().positions[skeleton.confidence[:, 0] > 0, :2]
    low, high = positions.min(axis=0), np.array(skeleton.canvas[::-1]) - 1 - positions.max(axis=0)
    return {"left": float(low[0]), "top": float(low[1]), "right": float(high[0]), "bottom": float(high[1])}


def overflow(skeleton: Skeleton) -> dict[str, float]:
    """Pixels by which detected joints lie beyond the borders of the canvas; only borders that are crossed."""
    return {border: -distance for border, distance in border_distances(skeleton).items() if distance < -1e-6}
