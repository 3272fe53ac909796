"""The nearest possible body: the smallest change of a skeleton that brings every joint into its range.

The unknowns are the bones' orientations in space, because that is what a picture shows. The cost is the sum
over bones of weight x (turn)^2; a bone weighs what its landmarks' confidence says, so that what was only
guessed moves first, and a limb's twist about itself costs little, because a picture hardly shows it. Each
limit is one inequality on the orientations of two bones. Their multipliers are found as in projected
Gauss-Seidel (Moreau 1977; in the form of Macklin et al., "XPBD", 2016, without compliance), each step
re-linearised; an exact projection root to leaf ends it. A body inside its limits is returned as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import rotation
from ..contacts import GROUND, Contact, contact_point, reached
from ..skeleton import JOINT_INDEX, JOINTS, LEVELS, PARENT, Skeleton
from . import polygons
from .balance import SIDES
from .grounding import grounded_body
from .limits import (
    DEFAULT,
    LIMITED,
    TOLERANCE,
    LimitOptions,
    Table,
    angles_of,
    clamped,
    coupled,
    excess,
    measured_angles,
    passed,
    table,
    with_clavicles,
)
from .ranges import INNER

STEPS = 14
"""Most steps of the solver; a body with a few broken joints needs under ten."""
SOFT = np.radians(0.02)
"""Radians of violation and of movement at which it stops: the projection does the rest."""
RELAXATION = 0.8
"""Share of a step taken when all limits step at once (a damped Jacobi: it does not depend on their order, and
so keeps mirror images mirror images)."""
PROBE = 1e-5
"""Radians by which a bone is turned to see how a limit answers."""
UNSEEN = 0.05
"""Weight of a bone nobody saw, against 1 for a sure one: it moves twenty times as far."""
TWIST = 0.15
"""Weight of a limb's twist about its own axis against its swing: nothing but the shading and the next bone's
direction shows it."""

HEAVY = {
    **dict.fromkeys(("pelvis", "lumbar", "thoracic", "chest"), 8.0),
    **dict.fromkeys(("neck", "cervical"), 2.0),
    "head": 4.0,
    **{f"{side}_{name}": weight for side in ("left", "right") for name, weight in
       (("clavicle", 0.5), ("wrist", 0.6), ("hand_root", 0.6), ("hip", 1.5), ("knee", 1.5))},
}  # fmt: skip
"""How dear a frame's turn is against a forearm's: the more of the picture stands on it. Ours."""
FINGER = 0.1


@dataclass(frozen=True)
class Violation:
    """One thing that was wrong. before and after are in `unit`; `limit` says what they measure."""

    joint: str
    limit: str
    before: float
    after: float
    unit: str = "degrees"


@dataclass(frozen=True)
class Correction:
    """The corrected body and what was wrong with the given one; nothing is wrong: `skeleton` is the given
    object."""

    skeleton: Skeleton
    report: tuple[Violation, ...] = ()


@dataclass(frozen=True, eq=False)
class Bones:
    """What the solver moves: n = m + 1 bones, the limited joints and the pelvis, which comes first.

    parent (m,): row of the bone each limited joint is measured against; give (n, 3, 3): how far each bone
    turns, in its own frame, per unit of push (the inverse of its weight); 0 for what may not move
    """

    parent: np.ndarray
    give: np.ndarray


_BONES = np.concatenate([[JOINT_INDEX["pelvis"]], LIMITED])
_ROW = {JOINTS[j]: i for i, j in enumerate(_BONES)}
_AGAINST = np.array(
    [_ROW["chest"] if JOINTS[j].endswith("shoulder") else _ROW[JOINTS[PARENT[j]]] for j in LIMITED]
)
_FRAMES = ("pelvis", "lumbar", "thoracic", "chest", "head", "wrist", "hand_root", "ankle")


def _is_limb(name: str) -> bool:
    return not name.endswith(_FRAMES)


def weights(confidence: np.ndarray) -> np.ndarray:
    """(J, 3) confidence -> (n,) weight of each bone: what its two ends' landmarks say of how surely it was
    seen."""
    sure = confidence[:, 0] * (1 + confidence[:, 1] + confidence[:, 2]) / 3
    total, count = np.zeros(len(JOINTS)), np.zeros(len(JOINTS))
    np.add.at(total, PARENT[PARENT >= 0], sure[PARENT >= 0])
    np.add.at(count, PARENT[PARENT >= 0], 1)
    ends = np.minimum(sure, total / np.maximum(count, 1))[_BONES]
    dear = [HEAVY.get(JOINTS[j], FINGER if JOINTS[j][-1].isdigit() else 1.0) for j in _BONES]
    return np.array(dear) * (UNSEEN + (1 - UNSEEN) * ends)


_AXES = np.concatenate(
    [np.zeros((1, 3)), table().axes[:, :, 2] * np.where(table().flipped[:, None], [-1, 1, 1], 1)]
)
_LIMB = np.array([_is_limb(JOINTS[j]) for j in _BONES])


def _bones(skeleton: Skeleton, free: np.ndarray) -> Bones:
    along = np.where(_LIMB[:, None], _AXES, 0.0)
    inverse = np.where(free[_BONES], 1 / weights(skeleton.confidence), 0.0)
    give = np.eye(3) + (1 / TWIST - 1) * along[:, :, None] * along[:, None, :]
    return Bones(_AGAINST, give * inverse[:, None, None])


def global_rotations(local: np.ndarray) -> np.ndarray:
    """(J, 4) local -> (J, 4) global quaternions."""
    out = np.array(local, dtype=np.float64)
    for level in LEVELS[1:]:
        out[level] = rotation.multiply(out[PARENT[level]], out[level])
    return out


def cost(before: Skeleton, after: Skeleton) -> float:
    """Radians^2: the sum over bones of weight x (turn in space)^2, a limb's twist counted as TWIST."""
    a, b = (global_rotations(one.rotations)[_BONES] for one in (before, after))
    turn = _vector(rotation.multiply(rotation.inverse(a), b))
    along = (turn * np.where(_LIMB[:, None], _AXES, 0.0)).sum(axis=-1)
    return float((weights(before.confidence) * ((turn**2).sum(axis=-1) - (1 - TWIST) * along**2)).sum())


def _vector(quaternion: np.ndarray) -> np.ndarray:
    """(..., 4) -> (..., 3) rotation vector, the short way round."""
    q = np.where(quaternion[..., :1] < 0, -quaternion, quaternion)
    length = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(length, q[..., :1])
    return q[..., 1:] * np.where(length < 1e-12, 2.0, angle / np.maximum(length, 1e-12))


def _quaternion(vector: np.ndarray) -> np.ndarray:
    """(..., 3) rotation vector -> (..., 4)."""
    angle = np.linalg.norm(vector, axis=-1, keepdims=True)
    ratio = np.where(angle < 1e-12, 0.5, np.sin(angle / 2) / np.maximum(angle, 1e-12))
    return np.concatenate([np.cos(angle / 2), vector * ratio], axis=-1)


def corrected(
    skeleton: Skeleton,
    options: LimitOptions = DEFAULT,
    free: np.ndarray | None = None,
    contacts: Sequence[Contact] = (),
    ground: bool = False,
) -> Correction:
    """The smallest weighted change of rotations after which every joint is in its range; lengths and root
    stay.

    free      (J,) bool: rotations that may change, all by default; the others are left to the bit, also where they
              pass their range; a clavicle goes with its shoulder
    contacts  where limbs touch the body (retarget.Contact): reached again as far as the limits allow
    ground    also repairs how the body stands, where a small change does (grounding.py); a sway of the pelvis moves the
              root
    """
    free = np.ones(len(JOINTS), dtype=bool) if free is None else np.asarray(free, dtype=bool)
    if free.shape != (len(JOINTS),):
        raise ValueError(f"free has shape {free.shape}, expected ({len(JOINTS)},): one bool per joint")
    free = with_clavicles(free)
    wrong = _wrong(skeleton, options, free)
    body, report = skeleton, ()
    if wrong.any():
        body = nearest_body(skeleton, options, free)
        for contact in contacts:
            if contact.on != GROUND:
                body = _touching(body, contact, options, free)
        report = compared(skeleton, body, options, free)
    if ground:
        body, found = grounded_body(body, options, contacts, free)
        report += tuple(Violation(one.joint, one.limit, one.value, after, one.unit) for one, after in found)
    return Correction(body, report)


def nearest_body(skeleton: Skeleton, options: LimitOptions, free: np.ndarray) -> Skeleton:
    """The cheapest of what the solver finds and of each joint clamped by itself, both exactly inside."""
    starts = (_solved(skeleton, options, free), skeleton.rotations)
    bodies = [skeleton.with_rotations(clamped(start, options, free)) for start in starts]
    return min(bodies, key=lambda body: cost(skeleton, body))


def _gaps(angles: np.ndarray, limits: Table) -> tuple[np.ndarray, np.ndarray]:
    """(m, 3) angles -> (m, 2) radians outside swing and twist, (m, 2, 3) their gradients by the angles."""
    low, high = limits.turn.T
    swing, way = polygons.distance_and_slope(angles[:, :2], limits.cone)
    below, above = low - angles[:, 2], angles[:, 2] - high
    slope = np.zeros((len(angles), 2, 3))
    slope[:, 0, :2], slope[:, 1, 2] = way, np.where(below > above, -1.0, 1.0)
    return np.stack([swing, np.maximum(below, above)], axis=-1), slope


def _answers(relative: np.ndarray, limits: Table) -> np.ndarray:
    """(r, 4) rotations against the reference -> (r, 3, 3): the angles' change per turn in the reference's
    frame."""
    plus, minus = angles_of(rotation.multiply(_PROBES, relative), limits)
    return np.moveaxis((plus - minus) / (2 * PROBE), 0, -1)


def _solved(skeleton: Skeleton, options: LimitOptions, free: np.ndarray) -> np.ndarray:
    """(J, 4) local rotations near the optimum, inside the limits but for a rest."""
    limits, bones = table(options), _bones(skeleton, free)
    turns = global_rotations(skeleton.rotations)[_BONES]
    push, moved = np.zeros((len(LIMITED), 2)), np.zeros(len(_BONES), dtype=bool)
    for _ in range(STEPS):
        relative = rotation.multiply(rotation.inverse(turns[bones.parent]), turns[1:])
        gaps, slopes = _gaps(coupled(relative, angles_of(relative, limits)), limits)
        active = ((gaps > 0) | (push > 0)) & free[LIMITED][:, None]
        rows = np.flatnonzero(active.any(axis=-1))
        step = _step(rows, relative, gaps, slopes, active, push, turns, bones, limits)
        largest = np.abs(step).max(initial=0.0)
        if largest < SOFT and gaps[active].max(initial=0.0) < SOFT:
            break
        moved |= step.any(axis=-1)
        turns = rotation.multiply(_quaternion(step), turns)
        turns = _following(turns, skeleton.rotations, free)
    return _local(turns, moved, skeleton.rotations, free)


_PROBES = _quaternion(np.stack([np.eye(3), -np.eye(3)]) * PROBE)[:, :, None]


def _step(rows, relative, gaps, slopes, active, push, turns, bones, limits) -> np.ndarray:
    """(n, 3) rotation vectors in space: every active limit's push on its two bones; updates `push` in place."""
    slope = (slopes[rows] @ _answers(relative[rows], limits.rows(rows))) * active[rows][..., None]
    slope /= np.maximum(
        np.linalg.norm(slope, axis=-1, keepdims=True) / 3, 1.0
    )  # a twist near half a turn jumps
    turned = rotation.matrix_from_quaternion(relative[rows])
    child = turned @ bones.give[rows + 1] @ np.swapaxes(turned, -1, -2)
    parent = bones.give[bones.parent[rows]]
    answer = np.einsum("rki,rij,rkj->rk", slope, child + parent, slope)
    crowd = np.zeros(len(turns))
    np.add.at(crowd, rows + 1, active[rows].sum(axis=-1))
    np.add.at(crowd, bones.parent[rows], active[rows].sum(axis=-1))
    shared = np.maximum(crowd[rows + 1], crowd[bones.parent[rows]])[:, None]
    more = RELAXATION * gaps[rows] / np.maximum(answer * shared, 1e-9)
    more = np.where(active[rows] & (answer > 1e-9), np.maximum(more, -push[rows]), 0.0)
    push[rows] += more
    pull = np.einsum("rk,rki->ri", more, slope)
    space = rotation.matrix_from_quaternion(turns[bones.parent[rows]])
    step = np.zeros((len(turns), 3))
    np.add.at(step, rows + 1, -np.einsum("rij,rjk,rk->ri", space, child, pull))
    np.add.at(step, bones.parent[rows], np.einsum("rij,rjk,rk->ri", space, parent, pull))
    return step / np.maximum(np.linalg.norm(step, axis=-1, keepdims=True) / 0.5, 1.0)


def _following(turns: np.ndarray, local: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Bones that may not turn against their parent go with it."""
    for row in np.flatnonzero(~free[_BONES]):
        j = _BONES[row]
        if PARENT[j] >= 0:
            turns[row] = rotation.multiply(turns[_ROW[JOINTS[PARENT[j]]]], local[j])
    return turns


_PARENT_ROW = np.array([_ROW[JOINTS[PARENT[j]]] for j in LIMITED])


def _local(turns: np.ndarray, moved: np.ndarray, local: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Back to (J, 4) local rotations; those between bones that both stayed keep their bits."""
    out = np.array(local)
    between = rotation.unit(rotation.multiply(rotation.inverse(turns[_PARENT_ROW]), turns[1:]))
    changed = (moved[1:] | moved[_PARENT_ROW]) & free[LIMITED]
    out[LIMITED] = np.where(changed[:, None], between, local[LIMITED])
    if moved[0]:
        out[_BONES[0]] = rotation.unit(turns[0])
    return out


def _touching(body: Skeleton, contact: Contact, options: LimitOptions, free: np.ndarray) -> Skeleton:
    """The limb brought back to its contact where that is nearer and still possible."""

    def apart(one: Skeleton) -> float:
        posed = one.forward()
        point = contact_point(one, posed, contact)
        return float(np.linalg.norm(posed.positions[JOINT_INDEX[contact.joint]] - point))

    point = contact_point(body, body.forward(), contact)
    chain = np.zeros(len(JOINTS), dtype=bool)
    chain[[JOINT_INDEX[contact.joint], PARENT[JOINT_INDEX[contact.joint]]]] = True
    chain[PARENT[PARENT[JOINT_INDEX[contact.joint]]]] = True
    if not free[chain].all():
        return body
    there = reached(body, contact.joint, point)
    there = body.with_rotations(np.where(chain[:, None], there.rotations, body.rotations))
    there = there.with_rotations(clamped(there.rotations, options, free))
    return there if apart(there) < apart(body) - 1e-6 else body


def _wrong(skeleton: Skeleton, options: LimitOptions, free: np.ndarray) -> np.ndarray:
    """(m,) bool: which limited joints pass their range and may be corrected."""
    return (excess(skeleton.rotations, options).max(axis=-1) > TOLERANCE) & free[LIMITED]


def compared(
    before: Skeleton, after: Skeleton, options: LimitOptions = DEFAULT, free: np.ndarray | None = None
) -> tuple[Violation, ...]:
    """What of the one body passes its range, with the same angle of the other; the largest change first."""
    free = np.ones(len(JOINTS), dtype=bool) if free is None else free
    wrong = _wrong(before, options, free)
    old, new = (measured_angles(one.rotations, options) for one in (before, after))
    which, side = passed(old, options)
    found = []
    for row in np.flatnonzero(wrong):
        k, sign = which[row], side[row]
        name = table(options).ranges[row].names[2 * k + (sign < 0)]
        values = np.degrees([sign * old[row, k], sign * new[row, k]]) + (180 if name == INNER else 0)
        found.append(Violation(JOINTS[LIMITED[row]], name, float(values[0]), float(values[1])))
    return tuple(sorted(found, key=lambda one: -abs(one.before - one.after)))


def describe(report: Sequence[Violation]) -> str:
    """The report as a table for people: one line per violation, the largest change first. Where several
    fingers of a hand were corrected, one line with the largest stands for all."""
    if not report:
        return "Every joint is inside its range: nothing was changed."
    rows = [("joint", "limit", "before", "after", "unit")]
    for one, name in _grouped(report):
        rows.append((name, one.limit, f"{one.before:.1f}", f"{one.after:.1f}", one.unit))
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    lines = (
        "  ".join(
            cell.rjust(w) if i in (2, 3) else cell.ljust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _grouped(report: Sequence[Violation]) -> list[tuple[Violation, str]]:
    """Each violation with its name for people; of the fingers of one hand the largest alone, saying how many."""
    hands = {
        side: [one for one in report if one.joint.startswith(side) and one.joint[-1].isdigit()]
        for side in SIDES
    }
    found = []
    for one in report:
        name, hand = one.joint.replace("_", " "), hands.get(one.joint.split("_")[0] + "_", [])
        if one not in hand or len(hand) < 3:
            found.append((one, name))
        elif one is hand[0]:
            found.append((one, f"{name} and {len(hand) - 1} more of this hand"))
    return found
