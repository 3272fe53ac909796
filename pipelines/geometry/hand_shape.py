"""A hand as a solid: rounded pieces along the bones of its 21 points, joined as skin joins them.

The solid is the zero set of a signed distance: tapered capsules (a sphere swept along a bone) for palm, ball
of the thumb, wrist and fingers. The palm's pieces melt into one another, a finger melts into the palm at its
root, and two fingers that lie side by side meet in a crease. It stands wherever its joints are, so any hand
shape is a hand with five fingers, of which the camera sees the right side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .keypoints import PRESENT
from .landmarks import FINGERS
from .skeleton import JOINT_INDEX, Posed, Skeleton

PALM = 0
"""Number of the bone that carries palm and wrist; the fingers' follow, three each from the thumb."""
FINGER_RADII = {
    "thumb": (0.058, 0.054, 0.050, 0.038),
    "index": (0.055, 0.049, 0.043, 0.034),
    "middle": (0.056, 0.050, 0.044, 0.035),
    "ring": (0.052, 0.047, 0.041, 0.033),
    "little": (0.046, 0.041, 0.036, 0.029),
}
"""Half the breadth at the four joints of a finger over the hand's length. The middle of women's and men's:
index 18 mm broad at its middle joint and 16 mm at its last, thumb 20 mm, of a hand of 183 mm (Greiner, "Hand
Anthropometry of US Army Personnel", NATICK/TR-92/011, 1991); the other fingers in proportion, and the roots
by eye."""
KNUCKLE_RADII = (0.060, 0.061, 0.056, 0.050)
"""Half the palm's thickness at the knuckles of index to little finger over the hand's length, by eye."""
CARPAL, CARPAL_RADIUS = (-0.09, -0.03, 0.03, 0.085), 0.068
"""Where the hand's rays start across the wrist, thumb's side first, and how thick they are there; by eye, so
that the wrist is 0.32 of the hand's length broad and 0.21 thick (Greiner 1991: 58 and 39 mm of 183)."""
WRIST = 0.40
"""How far the solid goes on up the forearm, under the photo's own, in hand lengths."""
MELT_PALM, MELT_ROOT, MELT_JOINT = 0.05, 0.035, 0.012
"""Widths of the smooth union inside the palm, of a finger with the palm, and at the joints, in hand lengths;
by eye."""


@dataclass(frozen=True, eq=False)
class Hand:
    """One hand of a posed figure, camera frame in pixels.

    start, end (N, 3) the pieces' axes; radii (N, 2) at either end; group (N,) 0 the palm, 1 to 5 the finger;
    carrier (N,) the bone that carries each piece
    joints (21, 3) hand root and fingers; frame (3, 3) columns: along the hand, to the palm, to the little
    finger origins (16, 3), tips (16, 3), turns (16, 3, 3) the bones' start, end and global rotation, palm
    first up (3,) from the wrist towards the elbow, unit;  length  wrist to the middle finger's tip along its
    bones
    """

    side: str
    start: np.ndarray
    end: np.ndarray
    radii: np.ndarray
    group: np.ndarray
    carrier: np.ndarray
    joints: np.ndarray
    frame: np.ndarray
    origins: np.ndarray
    tips: np.ndarray
    turns: np.ndarray
    up: np.ndarray
    length: float

    def box(self) -> tuple[float, float, float, float]:
        """Least x and y, greatest x and y of the solid."""
        reach = self.radii.max(1, keepdims=True)
        low = np.minimum(self.start, self.end)[:, :2] - reach
        high = np.maximum(self.start, self.end)[:, :2] + reach
        return (*low.min(0).tolist(), *high.max(0).tolist())

    def solid(self, device: torch.device) -> Pieces:
        """The pieces in space, for many calls."""
        return self._pieces(3, device)

    def flat(self, device: torch.device) -> Pieces:
        """The pieces' image, whose zero set is the outline."""
        return self._pieces(2, device)

    def _pieces(self, dimensions: int, device: torch.device) -> Pieces:
        middle = self.joints[0, :dimensions]
        start, end = (
            torch.as_tensor(v[:, :dimensions] - middle, device=device).float() for v in (self.start, self.end)
        )
        radii = torch.as_tensor(self.radii, device=device).float()
        palm = int((self.group == PALM).sum())
        fingers = np.stack([np.resize(np.flatnonzero(self.group == g), 3) for g in range(1, 6)])
        return Pieces(
            torch.as_tensor(middle, device=device).float(), start, end - start, radii, palm,
            torch.as_tensor(fingers, device=device), self.length,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Pieces:
    """Tapered capsules about `middle` (D,): axes from start (N, D) along step (N, D), radii (N, 2); the first
    `palm` are the palm's, fingers (5, 3) the numbers of the others, by finger (of the thumb's two the first
    counts twice); length the hand's, in pixels."""

    middle: torch.Tensor
    start: torch.Tensor
    step: torch.Tensor
    radii: torch.Tensor
    palm: int
    fingers: torch.Tensor
    length: float

    def distance(self, points: torch.Tensor) -> torch.Tensor:
        """(n,) signed distance of points (n, D)."""
        each = self._each(points - self.middle)
        palm = _melted(each[: self.palm], MELT_PALM * self.length)
        first, second, third = each[self.fingers].unbind(1)  # (5, n) each
        joint = MELT_JOINT * self.length
        finger = _union(_union(first, second, joint), third, joint)
        return _union(palm, finger, MELT_ROOT * self.length).amin(0)

    def nearest(self, points: torch.Tensor) -> torch.Tensor:
        """(n,) number of the piece nearest to points (n, D)."""
        return self._each(points - self.middle).argmin(0)

    def _each(self, points: torch.Tensor) -> torch.Tensor:
        """(N, n) distance to each piece; products of matrices where possible, for this is called most."""
        square = self.step.square().sum(1, keepdim=True).clamp(min=1e-9)
        along = self.step @ points.T - (self.step * self.start).sum(1, keepdim=True)  # (N, n)
        from_start = (
            points.square().sum(1)[None]
            - 2 * (self.start @ points.T)
            + self.start.square().sum(1, keepdim=True)
        )
        share = (along / square).clamp(0, 1)
        apart = (from_start - share * (2 * along - share * square)).clamp(min=0).sqrt()
        return apart - torch.lerp(self.radii[:, :1], self.radii[:, 1:], share)


def _union(a: torch.Tensor, b: torch.Tensor, width: float) -> torch.Tensor:
    """The smooth minimum of two distances: a quadratic fillet where they differ by less than `width`."""
    overlap = (width - (a - b).abs()).clamp(min=0)
    return torch.minimum(a, b) - overlap.square() / (4 * width)


def _melted(each: torch.Tensor, width: float) -> torch.Tensor:
    """(n,) the smooth union of pieces (N, n), two by two."""
    while len(each) > 1:
        half = len(each) // 2
        joined = _union(each[:half], each[half : 2 * half], width)
        each = torch.cat((joined, each[2 * half :])) if len(each) % 2 else joined
    return each[0]


def hand(skeleton: Skeleton, side: str, thick: float = 1.0, wrist: float | None = None) -> Hand:
    """The left or right hand of a figure. thick: flesh over the usual; wrist: half the breadth of the arm at
    the wrist in pixels, where it was measured."""
    posed = skeleton.forward()
    joints = posed.positions[_numbers(side)]
    forward = 1.0 if side == "left" else -1.0
    frame = posed.rotations[JOINT_INDEX[f"{side}_hand_root"]] * [forward, 1.0, 1.0]
    length = max(_length(joints, posed.positions[JOINT_INDEX[f"{side}_wrist"]]), 1.0)
    up = posed.positions[JOINT_INDEX[f"{side}_elbow"]] - joints[0]
    up = up / max(np.linalg.norm(up), 1e-9)
    half = 0.16 * length if wrist is None else wrist
    pieces = [
        *_palm(joints, frame, length),
        *_wrist(joints[0], frame, up, length, half),
        *_digits(joints, length),
    ]
    group, carrier, start, end, first, last = (np.array(v) for v in zip(*pieces, strict=True))
    order = np.argsort(group, kind="stable")
    radii = thick * np.stack((first, last), 1)
    origins, tips, turns = _bones(posed, joints, side)
    return Hand(
        side, start[order], end[order], radii[order], group[order], carrier[order], joints, frame, origins,
        tips, turns, up, length,
    )  # fmt: skip


def _numbers(side: str) -> list[int]:
    return [
        JOINT_INDEX[f"{side}_{name}"]
        for name in ("hand_root", *(f"{f}_{i}" for f in FINGERS for i in (1, 2, 3, 4)))
    ]


def _length(joints: np.ndarray, wrist: np.ndarray) -> float:
    middle = np.concatenate(([wrist], joints[9:13]))
    return float(np.linalg.norm(np.diff(middle, axis=0), axis=1).sum())


def _bones(posed: Posed, joints: np.ndarray, side: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Origins, tips (16, 3) and global rotations (16, 3, 3) of palm and finger bones."""
    starts = [0, *(1 + 4 * f + i for f in range(5) for i in range(3))]
    ends = [9, *(2 + 4 * f + i for f in range(5) for i in range(3))]
    numbers = np.array(_numbers(side))
    return joints[starts], joints[ends], posed.rotations[numbers[starts]]


def _palm(joints: np.ndarray, frame: np.ndarray, length: float):
    """The palm's pieces: (group, carrier, start, end, radius at start, at end) each."""
    along, palm, little = frame.T * length
    root, knuckles = joints[0], joints[[5, 9, 13, 17]]
    thumb, thumb_knuckle = joints[1], joints[2]
    for across, knuckle, radius in zip(CARPAL, knuckles, KNUCKLE_RADII, strict=True):
        base = root + 0.16 * along + across * little
        yield PALM, PALM, base, knuckle, CARPAL_RADIUS * length, radius * length
        pad = knuckle + 0.02 * palm - 0.03 * along
        yield PALM, PALM, base + 0.03 * palm, pad, CARPAL_RADIUS * length, 0.95 * radius * length
    heel = root + 0.18 * along + 0.08 * little + 0.04 * palm
    edge = knuckles[3] - 0.06 * along + 0.03 * palm
    yield PALM, PALM, heel, edge, 0.066 * length, 0.053 * length
    yield PALM, PALM, root + 0.1 * along - 0.05 * little + 0.01 * palm, thumb, 0.072 * length, 0.072 * length
    yield PALM, 1, thumb, thumb_knuckle, 0.074 * length, FINGER_RADII["thumb"][0] * length
    web = 0.75 * thumb_knuckle + 0.25 * knuckles[0] + 0.02 * palm
    yield PALM, PALM, thumb + 0.03 * palm, web, 0.058 * length, 0.034 * length


def _wrist(root: np.ndarray, frame: np.ndarray, up: np.ndarray, length: float, half: float):
    """Two pieces side by side: the wrist, and the end of the forearm, `half` as broad as the arm is."""
    along, _, little = frame.T
    radius = min(0.1 * length, 0.95 * half)
    apart = half - radius
    for sign in (-1.0, 1.0):
        side = sign * little
        forearm = root + WRIST * length * up + apart * side
        carpus = root + 0.12 * length * along + 0.07 * length * side
        yield PALM, PALM, forearm, carpus, radius, 0.088 * length


def _digits(joints: np.ndarray, length: float):
    """The fingers' pieces; the thumb's first bone lies in the palm."""
    for f, finger in enumerate(FINGERS):
        radii = FINGER_RADII[finger]
        for i in range(1 if finger == "thumb" else 0, 3):
            a = 1 + 4 * f + i
            yield 1 + f, 1 + 3 * f + i, joints[a], joints[a + 1], radii[i] * length, radii[i + 1] * length


def seen_points(skeleton: Skeleton, side: str) -> float:
    """Share of the hand's 21 points that were detected."""
    return float((skeleton.confidence[_numbers(side), 0] >= PRESENT).mean())
