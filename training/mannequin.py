"""A shaded mannequin of a posed body, for thumbnails and for looking at poses: spheres in a z-buffer.

Every limb is a row of spheres from joint to joint, the trunk rows of spheres side by side, so nothing has to be
cut or sorted. Radii are fractions of stature, drawn to look like an artist's wooden figure.
"""

from __future__ import annotations

import numpy as np
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.landmarks import FINGERS
from repose.pipelines.geometry.skeleton import JOINT_INDEX, Skeleton

CLAY, LEFT_SIDE, RIGHT_SIDE, PROP = 0, 1, 2, 3
COLOURS = np.array([(214, 196, 176), (168, 190, 205), (222, 184, 150), (150, 156, 150)]) / 255
"""Trunk and head, the person's left, the person's right, and what carries the person."""
SUPERSAMPLED = 3
PITCH = np.radians(7)
"""Seen from a little above, so that feet and seats have a depth."""
FILLED = (0.92, 0.90)
"""Share of the picture's width and height that a figure fills at most."""
LEAST = (0.30, 0.62)
"""Stature: breadth and height below which a figure is not drawn larger."""
TOP = 0.062
"""Stature: a seat's top under the hips' centres."""
KEY = rotation.unit(np.array([-0.45, -0.75, -0.65]))
"""Towards the light: from the upper left before the picture."""

LIMBS = (
    ("shoulder", "elbow", 0.028, 0.021), ("elbow", "wrist", 0.021, 0.014), ("hip", "knee", 0.046, 0.029),
    ("knee", "ankle", 0.029, 0.018), ("ankle", "heel", 0.018, 0.017), ("heel", "big_toe", 0.017, 0.011),
    ("heel", "small_toe", 0.016, 0.010), ("ankle", "big_toe", 0.018, 0.011), ("ankle", "small_toe", 0.018, 0.010),
    ("big_toe", "small_toe", 0.011, 0.010),
)  # fmt: skip
TRUNK = (
    ("pelvis", (0, 0.025, 0.004), 0.082, 0.052), ("lumbar", (0, 0, 0.004), 0.070, 0.048),
    ("thoracic", (0, 0, 0.002), 0.072, 0.050), ("chest", (0, 0, 0), 0.082, 0.055),
    ("chest", (0, -0.055, 0.002), 0.086, 0.048), ("chest", (0, -0.088, 0.004), 0.075, 0.036),
)  # fmt: skip
"""Cross-sections from below: joint, offset in its frame, half breadth, half depth."""
HEAD = ((0, -0.020, 0.010, 0.053), (0, -0.006, -0.008, 0.050), (0, 0.034, -0.026, 0.029))
"""The head as a row of balls from the back of the skull to the chin: offset in its frame, radius."""
NOSE = (0, 0.010, -0.058, 0.009)


def row(start, end, first: float, last: float, colour: int) -> np.ndarray:
    """(n, 5) spheres x, y, z, radius, colour from one point to the other, close enough to look like one."""
    length = np.linalg.norm(np.asarray(end) - start)
    count = int(np.clip(length / (0.10 * max(first, last)), 5, 90))
    share = np.linspace(0, 1, count)[:, None]
    points = np.asarray(start) * (1 - share) + np.asarray(end) * share
    return np.concatenate([points, first * (1 - share) + last * share, np.full((count, 1), colour)], axis=1)


def spheres_of(body: Skeleton, stature: float) -> np.ndarray:
    """(n, 5) spheres of the whole figure in the body's pixels."""
    positions, frames = body.forward()
    at = {name: positions[j] for name, j in JOINT_INDEX.items()}
    rows = [_trunk(positions, frames, stature), _head(positions, frames, stature)]
    rows.append(row(at["neck"], at["head"], 0.030 * stature, 0.029 * stature, CLAY))
    for side, colour in (("left_", LEFT_SIDE), ("right_", RIGHT_SIDE)):
        rows.append(row(at["neck"], at[f"{side}shoulder"], 0.028 * stature, 0.030 * stature, CLAY))
        rows += [row(at[side + a], at[side + b], p * stature, q * stature, colour) for a, b, p, q in LIMBS]
        ball = (at[f"{side}big_toe"] + at[f"{side}small_toe"]) / 2
        rows.append(row(at[f"{side}heel"], ball, 0.016 * stature, 0.011 * stature, colour))
        rows += _hand(at, side, stature, colour)
    return np.concatenate(rows)


def _hand(at: dict, side: str, stature: float, colour: int) -> list[np.ndarray]:
    rows = []
    for finger in FINGERS:
        chain = [at[side + "wrist"], *(at[f"{side}{finger}_{i}"] for i in range(1, 5))]
        for i, (a, b) in enumerate(zip(chain, chain[1:], strict=False)):
            radius = (0.011 if i == 0 else 0.0072) * stature
            rows.append(row(a, b, radius, 0.0068 * stature, colour))
    return rows


def _trunk(positions: np.ndarray, frames: np.ndarray, stature: float, steps: int = 12) -> np.ndarray:
    sections = []
    for name, offset, breadth, depth in TRUNK:
        frame = frames[JOINT_INDEX[name]]
        middle = positions[JOINT_INDEX[name]] + frame @ np.array(offset) * stature
        sections.append(
            np.concatenate([middle, frame[:, 0] * (breadth - depth) * stature, [depth * stature]])
        )
    knots = np.linspace(0, len(sections) - 1, steps * (len(sections) - 1) + 1)
    sections = np.stack(
        [np.interp(knots, range(len(sections)), column) for column in np.array(sections).T], 1
    )
    rows = []
    for across in np.linspace(-1, 1, 15):
        points = sections[:, :3] + across * sections[:, 3:6]
        rows.append(np.c_[points, sections[:, 6], np.full(len(sections), CLAY)])
    return np.concatenate(rows)


def _head(positions: np.ndarray, frames: np.ndarray, stature: float) -> np.ndarray:
    j = JOINT_INDEX["head"]
    balls = [
        (positions[j] + frames[j] @ np.array(place) * stature, r * stature) for *place, r in (*HEAD, NOSE)
    ]
    *skull, (nose, small) = balls
    rows = [row(p, q, r, t, CLAY) for (p, r), (q, t) in zip(skull, skull[1:], strict=False)]
    return np.concatenate([*rows, row(nose, nose, small, small, CLAY)])


def painted(spheres: np.ndarray, size: tuple[int, int], ground: float | None) -> np.ndarray:
    """(n, 5) spheres in pixels -> (H, W, 3) in [0, 1]: shaded, on a light grey ground with a soft shadow."""
    height, width = size
    depth, normal = np.full(size, np.inf), np.zeros((*size, 3))
    colour = np.full(size, -1)
    for x, y, z, radius, kind in spheres:
        low_x, high_x = max(int(x - radius), 0), min(int(x + radius) + 2, width)
        low_y, high_y = max(int(y - radius), 0), min(int(y + radius) + 2, height)
        if low_x >= high_x or low_y >= high_y:
            continue
        dy, dx = np.mgrid[low_y:high_y, low_x:high_x]
        dx, dy = (dx - x) / radius, (dy - y) / radius
        inside = 1 - dx**2 - dy**2
        up = np.sqrt(np.maximum(inside, 0))
        here = z - radius * up
        window = (slice(low_y, high_y), slice(low_x, high_x))
        wins = (inside > 0) & (here < depth[window])
        depth[window][wins] = here[wins]
        normal[window][wins] = np.stack([dx, dy, -up], -1)[wins]
        colour[window][wins] = int(kind)
    return _shaded(spheres, normal, colour, ground)


def _shaded(spheres: np.ndarray, normal: np.ndarray, colour: np.ndarray, ground: float | None) -> np.ndarray:
    height, width = colour.shape
    backdrop = np.linspace(0.93, 0.84, height)[:, None, None] * np.ones((1, width, 3))
    if ground is not None:
        y, x = np.mgrid[:height, :width]
        low = spheres[spheres[:, 1] > ground - 0.25 * height]
        middle, half = low[:, 0].mean(), max(np.ptp(low[:, 0]) * 0.6, 0.12 * width)
        shadow = np.exp(-(((x - middle) / half) ** 2) - ((y - ground) / (0.022 * height)) ** 2)
        backdrop *= 1 - 0.35 * shadow[..., None]
    light = 0.42 + 0.62 * np.clip(normal @ KEY, 0, 1) + 0.10 * np.clip(-normal[..., 2], 0, 1) ** 2
    light *= 0.75 + 0.25 * np.clip(-normal[..., 2] * 2, 0, 1)
    return np.where(colour[..., None] < 0, backdrop, np.clip(COLOURS[colour] * light[..., None], 0, 1))


class Seat:
    """A seat under a pelvis: its kind, and a place to stand its parts in: (across, under, before), stature 1, from
    the pelvis, before being the way the thighs point."""

    def __init__(self, body: Skeleton, stature: float, kind: str, height: float):
        positions = body.forward().positions
        knees = positions[JOINT_INDEX["left_knee"]] + positions[JOINT_INDEX["right_knee"]]
        self.pelvis, self.stature, self.kind = positions[JOINT_INDEX["pelvis"]], stature, kind
        front = rotation.unit((knees / 2 - self.pelvis) * [1, 0, 1])
        self.frame = np.stack([np.cross(front, [0, 1, 0]), [0, 1, 0], front], axis=1)
        self.bottom = height / stature

    def at(self, across: float, under: float, before: float) -> np.ndarray:
        """(3,) pixels."""
        return self.pelvis + self.frame @ np.array([across, under, before]) * self.stature

    def bar(self, start: tuple, end: tuple, radius: float = 0.008) -> np.ndarray:
        """A round bar between two places."""
        radius *= self.stature
        return row(self.at(*start), self.at(*end), radius, radius, PROP)

    def spheres(self) -> np.ndarray:
        """(n, 5); none for the floor and the air."""
        parts = {"chair": (self.top, self.legs, self.back), "stool": (self.top, self.legs)}
        parts["wheelchair"] = (self.top, self.back, self.wheels)
        rows = [bar for part in parts.get(self.kind, ()) for bar in part()]
        return np.concatenate(rows) if rows else np.zeros((0, 5))

    def top(self) -> list[np.ndarray]:
        rows = []
        for across in np.linspace(-0.10, 0.10, 17):
            half = np.sqrt(max(0.0105 - across**2, 0.0001))
            ends = (-half, half) if self.kind == "stool" else (-0.10, 0.15)
            rows.append(self.bar((across, TOP, ends[0]), (across, TOP, ends[1]), 0.010))
        return rows

    def legs(self) -> list[np.ndarray]:
        spread, fore = (0.07, 0.07) if self.kind == "stool" else (0.10, 0.14)
        places = [(x, z) for x in (-spread, spread) for z in (-spread, fore)]
        return [self.bar((x, TOP, z), (x * 1.15, self.bottom - 0.01, z * 1.15)) for x, z in places]

    def back(self) -> list[np.ndarray]:
        posts = [self.bar((x, TOP, -0.11), (x, -0.20, -0.13)) for x in (-0.10, 0.10)]
        return posts + [self.bar((-0.10, y, -0.125), (0.10, y, -0.125), 0.010) for y in (-0.20, -0.13)]

    def wheels(self) -> list[np.ndarray]:
        rows = []
        for side in (-1, 1):
            rows += self.wheel(side * 0.145, -0.06, 0.165, 0.006) + self.wheel(
                side * 0.11, 0.17, 0.045, 0.010
            )
            rows.append(self.bar((side * 0.11, TOP, 0.16), (side * 0.07, self.bottom - 0.05, 0.26), 0.007))
        return rows

    def wheel(self, across: float, before: float, radius: float, thickness: float) -> list[np.ndarray]:
        angles = np.linspace(0, 2 * np.pi, 49)
        middle = self.bottom - radius
        rim = [(across, middle + radius * np.sin(a), before + radius * np.cos(a)) for a in angles]
        return [self.bar(p, q, thickness) for p, q in zip(rim, rim[1:], strict=False)]


def mannequin(
    body: Skeleton,
    size: tuple[int, int],
    stature: float,
    turn: float = 0.0,
    seat: tuple[str, float] | None = None,
) -> np.ndarray:
    """The body drawn into (height, width), turned by `turn` radians about the vertical -> (H, W, 3) uint8.

    seat: what carries the pelvis (chair, stool, wheelchair, floor, or air) and its height over the ground in pixels.
    """
    spheres = spheres_of(body, stature)
    pelvis = body.forward().positions[JOINT_INDEX["pelvis"]]
    ground = spheres[:, 1].max() if seat is None else pelvis[1] + seat[1]
    if seat:
        spheres = np.concatenate([spheres, Seat(body, stature, *seat).spheres()])
    view = rotation.about(np.array([1.0, 0, 0]), PITCH) @ rotation.about(np.array([0, 1.0, 0]), turn)
    spheres[:, :3] = (spheres[:, :3] - pelvis) @ view.T
    frame = np.array(size) * SUPERSAMPLED
    low, high = (spheres[:, :2] - spheres[:, 3:4]).min(0), (spheres[:, :2] + spheres[:, 3:4]).max(0)
    room = frame[::-1] * FILLED / np.maximum(high - low, np.array(LEAST) * stature)
    spheres[:, :4] *= room.min()
    middle = frame[::-1] / 2 - (low + high) / 2 * room.min()
    spheres[:, :2] += middle
    level = (ground - pelvis[1]) * np.cos(PITCH) * room.min() + middle[1] - 0.012 * frame[0]
    picture = painted(spheres, tuple(frame), level)
    small = picture.reshape(size[0], SUPERSAMPLED, size[1], SUPERSAMPLED, 3).mean((1, 3))
    return (np.clip(small, 0, 1) * 255).round().astype(np.uint8)
