"""From pose to pose: the frames between key poses, for clips.

Joints turn at an even rate along the shortest way. What both poses hold is held between them: a foot that both
have on the ground does not slide (the one that carries more stays, the other takes a step where it has to), a hand
that both have on the hip stays there. The standing leg's joints turn evenly, too, and so carry the pelvis; on a seat
it goes straight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from . import rotation
from .anatomy.balance import centre_of_mass
from .camera import DOWN, FORWARD
from .contacts import GROUND, PELVIS, Contact
from .planting import (
    SIDES,
    foot_depth,
    foot_joints,
    ground_level,
    held,
    hold_of,
    leg_length,
    planted_sides,
    standard,
    stood,
    toes,
    toes_offset,
    within_reach,
)
from .retarget import Pose
from .skeleton import JOINT_INDEX, Posed, Skeleton

Ease = Literal["even", "smooth"]
Progress = Callable[[float], None] | None

STILL = 0.005
"""Stature: a foot that both poses have on the ground and that moves further takes a step."""
SAME = 1.5
"""Body units: a hand whose two places on the body are further apart lets go on its way."""
STEP_RISE, HIGHEST_STEP = 0.25, 0.06
"""A step rises by this share of its length, at most so much of the stature: a walking foot clears the ground by
little (Winter, "Biomechanics and Motor Control of Human Movement", chapter 3)."""


def sequence(
    keys: Sequence[Pose], frames: int, ease: Ease = "smooth", loop: bool = False, progress: Progress = None
) -> list[Pose]:
    """Every key pose, and `frames - 1` poses between it and the next; with `loop` also from the last to the first,
    which is not repeated. Raises ValueError for fewer than two keys or frames under 1. progress is told the fraction
    done after each step from key to key and may raise to cancel."""
    if len(keys) < 2:
        raise ValueError(f"a sequence needs at least two key poses, found {len(keys)}")
    ends = list(zip(keys, [*keys[1:], keys[0]], strict=True))
    ends, found = ends if loop else ends[:-1], []
    for i, (start, end) in enumerate(ends):
        tell = None if progress is None else (lambda done, i=i: progress((i + done) / len(ends)))
        found += between(start, end, frames + 1, ease, tell)[:-1]
    return found if loop else [*found, keys[-1]]


def cycle(keys: Sequence[Pose]) -> list[Pose]:
    """The key poses of one step and then the same with the other leg: a whole walk from half of it."""
    return [*keys, *(other_side(key) for key in keys)]


def between(
    start: Pose, end: Pose, frames: int, ease: Ease = "smooth", progress: Progress = None
) -> list[Pose]:
    """`frames` poses of which the first is `start` and the last is `end`. Raises ValueError for fewer than two.

    ease "even" turns every joint by the same angle each frame, "smooth" starts and stops gently.
    """
    if frames < 2:
        raise ValueError(f"frames is {frames}, expected at least 2: the two poses themselves")
    if ease not in ("even", "smooth"):
        raise ValueError(f'ease is "{ease}", expected "even" or "smooth"')
    way, poses = _Way(start, end), [start]
    shares = np.linspace(0, 1, frames)[1:-1]
    for share in _smooth(shares) if ease == "smooth" else shares:
        poses.append(way.at(float(share)))
        if progress is not None:
            progress(len(poses) / frames)
    return [*poses, end]


def _smooth(share: np.ndarray) -> np.ndarray:
    """3 s^2 - 2 s^3: no speed at either end."""
    return share * share * (3 - 2 * share)


def other_side(pose: Pose) -> Pose:
    """The pose with left and right exchanged about the body's own plane: the way the body faces stays."""
    mirrored = pose.mirrored()
    rotations = mirrored.rotations.copy()
    turn = rotation.about(DOWN, 2 * _heading(rotation.matrix_from_quaternion(pose.rotations[_ROOT])))
    rotations[_ROOT] = rotation.multiply(rotation.quaternion_from_matrix(turn), rotations[_ROOT])
    return replace(mirrored, rotations=rotations)


_ROOT = JOINT_INDEX["pelvis"]


def _heading(frame: np.ndarray) -> float:
    """Radians about the camera's y by which a frame (3, 3) is turned from facing the camera."""
    x, _, z = frame @ FORWARD
    return float(np.arctan2(-x, -z))


class _Way:
    """The way between two poses on the standard body, the ground at y = 0 and the standing foot at the origin."""

    def __init__(self, start: Pose, end: Pose):
        self.ends = (start, end)
        bodies = [standard(_stated(pose)) for pose in self.ends]
        grounds = [ground_level(body, pose.contacts) for body, pose in zip(bodies, self.ends, strict=True)]
        both = planted_sides(start.contacts) & planted_sides(end.contacts)
        self.anchor = min(both, key=lambda side: _aside(bodies, side)) if both else None
        self.bodies = [
            _placed(body, ground, self.anchor) for body, ground in zip(bodies, grounds, strict=True)
        ]
        self.posed: list[Posed] = [body.forward() for body in self.bodies]
        headings = [_heading(posed.rotations[_ROOT]) for posed in self.posed]
        self.headings = headings[0], headings[0] + _wrapped(headings[1] - headings[0])
        self.planted = both
        self.lowest = max(-self._clearance(i, side) for i in (0, 1) for side in SIDES)
        self.walks = {side: self.anchor is not None and self._distance(side) > STILL for side in SIDES}

    def _distance(self, side: str) -> float:
        return float(np.linalg.norm((toes(self.posed[1], side) - toes(self.posed[0], side))[[0, 2]]))

    def at(self, share: float) -> Pose:
        """The pose a share of the way along."""
        start, end = self.ends
        rotations = rotation.slerp(self.bodies[0].rotations, self.bodies[1].rotations, share)
        rotations[_ROOT] = rotation.quaternion_from_matrix(self._turned(_ROOT, share))
        root = self._around(self.bodies[0].root, self.bodies[1].root, share)
        body = replace(self.bodies[0], rotations=rotations, root=root)
        body = self._above_ground(body) if self.anchor is None else self._standing(body, share)
        contacts = self._contacts(body, share)
        for contact in contacts:
            if contact.on != GROUND:
                body = held(body, contact, self._hold(contact, share))
        return replace(
            start if share < 0.5 else end,
            name=f"{start.name} to {end.name}",
            rotations=body.rotations,
            known=start.known | end.known,
            contacts=contacts,
            seat=start.seat if start.seat == end.seat else "",
        )

    def _above_ground(self, body: Skeleton) -> Skeleton:
        """The body lifted where a foot that swings would go below the ground."""
        posed = body.forward()
        low = max(float(posed.positions[foot_joints(side), 1].max()) for side in SIDES)
        return body.moved(np.array([0.0, -max(low - self.lowest, 0.0), 0.0]))

    def _standing(self, body: Skeleton, share: float) -> Skeleton:
        ankles, frames = {}, {}
        for side in SIDES:
            joint = JOINT_INDEX[f"{side}ankle"]
            frames[side] = self._turned(joint, share)
            ends = (toes(posed, side) for posed in self.posed)
            place = self._around(*ends, share) if self.walks[side] else _mixed(*ends, share)
            ankles[side] = place - toes_offset(body, side, frames[side])
            above = _mixed(self._clearance(0, side), self._clearance(1, side), share)
            ankles[side][1] = -above - self._step(side, share) - foot_depth(body, side, frames[side])
        if self._seated():
            return stood(body, ankles, frames, sinks=False)
        carried = JOINT_INDEX[f"{self.anchor}ankle"]
        body = body.moved(ankles[self.anchor] - body.forward().positions[carried])
        return stood(within_reach(body, ankles), ankles, frames)

    def _turned(self, joint: int, share: float) -> np.ndarray:
        """(3, 3) a joint's global rotation: it turns about the vertical the same way round as the body does."""
        ends = [posed.rotations[joint] for posed in self.posed]
        way = self.headings[1] - self.headings[0]
        first, last = (_heading(end) for end in ends)
        last = first + way + _wrapped(last - first - way)
        level = [rotation.about(DOWN, -yaw) @ end for yaw, end in zip((first, last), ends, strict=True)]
        return rotation.about(DOWN, _mixed(first, last, share)) @ _slerped(*level, share)

    def _around(self, start: np.ndarray, end: np.ndarray, share: float) -> np.ndarray:
        """(3,) a place on the way around the standing foot, as the body turns."""
        level = [rotation.about(DOWN, -yaw) @ p for yaw, p in zip(self.headings, (start, end), strict=True)]
        return rotation.about(DOWN, _mixed(*self.headings, share)) @ _mixed(*level, share)

    def _clearance(self, which: int, side: str) -> float:
        return float(-self.posed[which].positions[foot_joints(side), 1].max())

    def _step(self, side: str, share: float) -> float:
        """How far a walking foot is lifted on its way."""
        if not self.walks[side] or side not in self.planted:
            return 0.0
        return float(np.sin(np.pi * share) * min(STEP_RISE * self._distance(side), HIGHEST_STEP))

    def _seated(self) -> bool:
        return all(any(c.joint == PELVIS for c in pose.contacts) for pose in self.ends)

    def _contacts(self, body: Skeleton, share: float) -> tuple[Contact, ...]:
        """What both poses touch, where it is a share of the way along; a foot on its way touches nothing."""
        start, end = ({(c.joint, c.on): c for c in pose.contacts} for pose in self.ends)
        found = []
        for (joint, on), first in start.items():
            # A foot that walks touches nothing; a pelvis over free feet is as high as the body was lifted: see below.
            told = joint == PELVIS and self.anchor is None
            free = on == GROUND and (told or self.walks.get(joint.removesuffix("ankle"), False))
            if (joint, on) not in end or free:
                continue
            ways = np.array(first.offset), np.array(end[joint, on].offset)
            if on == GROUND or np.linalg.norm(ways[1] - ways[0]) < SAME:
                found.append(Contact(joint, on, tuple(_mixed(*ways, share).tolist())))
        if self.anchor is None and not any(c.joint == PELVIS for c in found):
            leg = (leg_length(body, "left_") + leg_length(body, "right_")) / 2
            found.append(Contact(PELVIS, GROUND, (0.0, float(body.root[1] / leg), 0.0)))
        return tuple(found)

    def _hold(self, contact: Contact, share: float) -> np.ndarray:
        return _slerped(*(hold_of(posed, contact) for posed in self.posed), share)


def _mixed(start, end, share: float):
    """A share of the way in a straight line."""
    return start * (1 - share) + end * share


def _wrapped(angle: float) -> float:
    """Radians in [-pi, pi)."""
    return float((angle + np.pi) % (2 * np.pi) - np.pi)


def _stated(pose: Pose) -> np.ndarray:
    """(142, 4) the pose's rotations, what it leaves to the person at rest: straight on from the joint before."""
    return np.where(pose.known[:, None], pose.rotations, rotation.IDENTITY)


def _aside(bodies: Sequence[Skeleton], side: str) -> float:
    """How far a foot is from under the body's weight in both poses together: the one that carries is near."""
    total = 0.0
    for body in bodies:
        posed = body.forward()
        total += float(np.linalg.norm((toes(posed, side) - centre_of_mass(posed.positions))[[0, 2]]))
    return total


def _placed(body: Skeleton, ground: float, anchor: str | None) -> Skeleton:
    """The body with the ground at y = 0 and the standing foot's toes (or the pelvis) over the origin."""
    foot = body.root if anchor is None else toes(body.forward(), anchor)
    return body.moved(-np.array([foot[0], ground, foot[2]]))


def _slerped(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """(3, 3), (3, 3) -> (3, 3) a share of the way."""
    ends = [rotation.quaternion_from_matrix(matrix) for matrix in (a, b)]
    return rotation.matrix_from_quaternion(rotation.slerp(*ends, share))


def kept_in_place(bodies: Sequence[Skeleton], poses: Sequence[Pose]) -> list[Skeleton]:
    """The bodies of a sequence, each moved sideways so that the feet which it and the one before have on the ground
    stay where they are in the picture. The first stays; a frame with no such foot goes on as the one before did."""
    placed: list[Skeleton] = []
    step = np.zeros(3)
    for i, body in enumerate(bodies):
        if i:
            sides = planted_sides(poses[i - 1].contacts) & planted_sides(poses[i].contacts)
            if sides:
                now, before = body.forward(), placed[-1].forward()
                slides = [toes(before, side) - toes(now, side) for side in sorted(sides)]
                step = np.mean(slides, axis=0) * [1, 0, 1]
        placed.append(body.moved(step))
    return placed
