"""What a seated person sits on, as blocks in space: where they stand, how large they are, how they are seen.

All in pixels of the picture; x right, y down, z away from the camera, 0 at the pelvis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .contacts import GROUND, Contact, sole, stated_ground
from .planting import SIDES
from .retarget import Pose, stature
from .skeleton import JOINT_INDEX, Skeleton

KINDS = ("chair", "stool")
"""The kinds of Pose.seat that a block stands for. The floor needs none; a wheelchair is more than a block."""
UNDER = 0.05
"""Fraction of stature from the hip joints down to the seat: by eye, on the ten photos of the grading sheet."""
BREADTH = 0.115
"""Half the block's breadth as a fraction of stature: broader than seated hips. By eye, as are the next."""
BEHIND = 0.085
"""Fraction of stature that the block reaches behind the hip joints: behind the buttocks."""
AHEAD = 0.62
"""Share of the thigh that rests on a chair; what is left is free for the calf to go back."""
CALF = 0.045
"""Fraction of stature that a block stays behind the bones of the shins: the calf's half-depth."""
STEP = 0.07
"""Half the depth of the block under feet that do not reach the floor, as a fraction of stature."""
LIFTED = 0.03
"""Leg lengths that a foot is above the floor from which it has a block under it."""
HEIGHT, DISTANCE = 0.55, 3.2
"""The camera's height over the floor and its distance, in statures: low and far, for the person is drawn as a camera
straight before every part of them sees it."""


@dataclass(frozen=True, eq=False)
class Block:
    """A box that stands on the floor.

    middle   (2,) x and z of its middle
    axes     (2, 2) rows: unit directions in x and z, to its right and to its front
    half     (2,) half its extent along them
    top, bottom  y
    """

    middle: np.ndarray
    axes: np.ndarray
    half: np.ndarray
    top: float
    bottom: float

    @property
    def corners(self) -> np.ndarray:
        """(8, 3)."""
        signs = np.array([[a, b] for a in (-1, 1) for b in (-1, 1)])
        flat = self.middle + (signs * self.half) @ self.axes
        return np.concatenate([np.insert(flat, 1, y, axis=1) for y in (self.top, self.bottom)])


@dataclass(frozen=True)
class Eye:
    """A camera that looks straight ahead: column, row where it looks; distance in pixels to the depth `at`, where a
    pixel of length is a pixel of the picture."""

    column: float
    row: float
    distance: float
    at: float


@dataclass(frozen=True, eq=False)
class Seat:
    """blocks to sit and to put feet on; how they are seen; stature and the floor's y."""

    blocks: tuple[Block, ...]
    eye: Eye
    tall: float
    floor: float

    def window(self, size: tuple[int, int], around: float = 0.0) -> tuple[int, int, int, int] | None:
        """y0, y1, x0, x1 of the blocks, and of as many pixels around them, in a picture of `size` (height, width); None
        where nothing of that is in it."""
        corners = np.concatenate([block.corners for block in self.blocks])
        scale = self.eye.distance / (self.eye.distance + corners[:, 2] - self.eye.at)
        x = self.eye.column + (corners[:, 0] - self.eye.column) * scale
        y = self.eye.row + (corners[:, 1] - self.eye.row) * scale
        top, left = (max(0, int(v - around) - 2) for v in (y.min(), x.min()))
        bottom, right = (
            min(most, int(v + around) + 3) for most, v in zip(size, (y.max(), x.max()), strict=True)
        )
        return (top, bottom, left, right) if bottom > top and right > left else None


def seat_of(target: Skeleton, pose: Pose) -> Seat | None:
    """What a person posed as `pose` sits on; None where the pose is of no chair or stool, for a drawing, and where
    thighs are not known."""
    joints = [f"{side}_{name}" for side in ("left", "right") for name in ("hip", "knee")]
    floor = stated_ground(target, pose.contacts)
    if pose.seat not in KINDS or target.flat or floor is None or not target.present(*joints):
        return None
    tall = stature(target)
    posed = target.forward().positions
    hips, knees = (
        posed[[JOINT_INDEX[f"{side}_{name}"] for side in ("left", "right")]] for name in ("hip", "knee")
    )
    middle = hips.mean(0)
    front = (knees - hips).mean(0)[[0, 2]]
    front = front / max(float(np.linalg.norm(front)), 1e-6)
    axes = np.array([[-front[1], front[0]], front])
    ahead = _free(target, axes[1], middle, tall)
    half = np.array([BREADTH, (ahead + BEHIND * tall) / (2 * tall)]) * tall
    centre = middle[[0, 2]] + axes[1] * (ahead - BEHIND * tall) / 2
    blocks = [Block(centre, axes, half, float(middle[1] + UNDER * tall), floor)]
    blocks += _steps(target, pose.contacts, axes, centre + axes[1] * half[1], tall, floor)
    nearest = min(posed[JOINT_INDEX[f"{side}_ankle"], 2] for side in ("left", "right"))
    eye = Eye(float(middle[0]), floor - HEIGHT * tall, DISTANCE * tall, float(nearest))
    return Seat(tuple(blocks), eye, tall, floor)


def _free(target: Skeleton, front: np.ndarray, middle: np.ndarray, tall: float) -> float:
    """Pixels ahead of the hips that a seat may reach: under the thighs, and not into the calves."""
    posed = target.forward().positions
    reach = []
    for side in ("left_", "right_"):
        hip, knee, ankle = (posed[JOINT_INDEX[f"{side}{n}"]] for n in ("hip", "knee", "ankle"))
        reach.append(AHEAD * float(np.linalg.norm(knee - hip)))
        for point in (knee, ankle, (knee + ankle) / 2):
            if point[1] > middle[1] + UNDER * tall:
                reach.append(float((point - middle)[[0, 2]] @ front) - CALF * tall)
    return max(min(reach), 0.02 * tall)


def _steps(
    target: Skeleton, contacts: Sequence[Contact], axes, edge: np.ndarray, tall: float, floor: float
) -> list[Block]:
    """The block under feet that stand above the floor, from the seat's front `edge` (2,) on."""
    posed = target.forward()
    soles = {}
    for contact in contacts:
        side = contact.joint.removesuffix("ankle")
        if side in SIDES and contact.on == GROUND and -contact.offset[1] > LIFTED:
            soles[side] = sole(posed, side)
    if not soles:
        return []
    points = np.stack(list(soles.values()))
    along = (points[:, [0, 2]] - edge) @ axes.T
    deep = max(float(along[:, 1].max()) + STEP * tall, 2 * STEP * tall)
    low, high = float(along[:, 0].min()) - 0.05 * tall, float(along[:, 0].max()) + 0.05 * tall
    middle = edge + np.array([(low + high) / 2, deep / 2]) @ axes
    half = np.array([(high - low) / 2, deep / 2])
    return [Block(middle, axes, half, float(points[:, 1].max()) + 0.012 * tall, floor)]
