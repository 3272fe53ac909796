"""Where the limbs of a drawn figure leave its trunk, by its shape alone.

Trunk and limbs each have an axis with a disc at every point of it that just fits into the shape (the medial axis,
followed along the bones). A limb begins where its discs stop being much larger than the limb is thick: at the hem for
a leg under a skirt, at the outline for an arm whose shoulder lies inside a stout body. A cell belongs to whose discs it
lies deepest in, or nearest to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .. import field
from ..motion import Bones
from ..parts import INDEX
from .limbs import arc_lengths
from .strokes import distance_inside

THICKER = 2.2
"""Discs of a limb's axis that are larger than its median by this lie in the trunk. Our choice, by eye."""
UPPER = 0.6
"""Share of a limb from its root within which the trunk may still be round it: beyond, thick places are hands."""
BEYOND = {"arm": 0.6, "leg": 0.35}
"""Share of the last bone by which an axis goes on past it, as far as the shape does: fingers, toes."""
OUTER = 0.45
"""Share of a limb from which on its own thickness is measured."""
CHAINS = {
    "arm": ("upper_arm", "forearm"),
    "leg": ("thigh", "shin", "foot"),
}
TRUNK = ("pelvis", "chest", "head")
"""Parts of the trunk's axis: from the pelvis to the middle of the trunk, on to the neck, and the head."""
INSIDE = 1.6
"""Discs of a limb's upper part, in its thickness, at most."""
DEEP = 1.6
"""Half-breadths of a leg from its root on from which its joint lies inside the trunk, and it goes on under it. Arms lie
before the trunk: they swing where they leave it."""
CORE = (2.2, 0.8, 1.3)
"""The trunk's mass is what a disc of 2.2 times the limbs' half-breadth reaches without leaving the shape, or one of 0.8
of the trunk's own where that is less; where that is not 1.3 times the limbs', the trunk has no mass of its own."""


@dataclass(frozen=True, eq=False)
class Axis:
    """Points (n, 2) in pixels, disc radii (n,) in pixels and parts (n,) of a trunk or a limb, from its root on.

    A limb's `pivot` (2,) is the joint about which it swings, `thick` half its breadth.
    """

    points: np.ndarray
    radius: np.ndarray
    part: np.ndarray
    pivot: np.ndarray
    thick: float

    @property
    def root(self) -> np.ndarray:
        """(2,) where the limb leaves the trunk."""
        return self.points[0]

    def arc(self) -> np.ndarray:
        """(n,) pixels along the axis from its root to each point."""
        return arc_lengths(self.points)

    @property
    def hidden(self) -> bool:
        """Whether the limb swings about a joint well inside the trunk: a leg under a skirt."""
        return bool(np.linalg.norm(self.root - self.pivot) > DEEP * self.thick)


@dataclass(frozen=True, eq=False)
class Shape:
    """A figure's shape on a grid: `depth` (h, w) pixels to the nearest cell outside, `place` maps pixels to cells."""

    depth: np.ndarray
    corner: np.ndarray
    pitch: float

    @classmethod
    def of(cls, matte: torch.Tensor, corner: tuple[int, int], pitch: float) -> Shape:
        """matte (h, w) on cells of `pitch` pixels from the picture's pixel `corner` on."""
        inside = (matte > 0.5).cpu().numpy()
        return cls(distance_inside(inside) * pitch, np.array(corner, dtype=float), pitch)

    def cell(self, points: np.ndarray) -> np.ndarray:
        """(n, 2) pixels -> (n, 2) columns and rows inside the grid."""
        found = np.round((np.asarray(points) + 0.5 - self.corner) / self.pitch - 0.5).astype(int)
        return np.clip(found, 0, np.array(self.depth.shape[::-1]) - 1)

    def at(self, points: np.ndarray) -> np.ndarray:
        """(n,) how deep points (n, 2) lie in the shape."""
        column, row = self.cell(points).T
        return self.depth[row, column]

    def centred(self, points: np.ndarray, reach: float) -> np.ndarray:
        """(n, 2) each point moved to the deepest place near it: up to `reach` pixels, the nearer the rather."""
        steps = max(1, round(reach / self.pitch))
        offset = np.stack(np.meshgrid(*[np.arange(-steps, steps + 1)] * 2), -1).reshape(-1, 2)
        offset = offset[np.hypot(*offset.T) <= steps]
        places = self.cell(points)[:, None] + offset
        inside = ((places >= 0) & (places < np.array(self.depth.shape[::-1]))).all(-1)
        places = np.clip(places, 0, np.array(self.depth.shape[::-1]) - 1)
        gain = self.depth[places[..., 1], places[..., 0]] - 0.6 * np.hypot(*offset.T) * self.pitch
        best = np.where(inside, gain, -np.inf).argmax(1)
        better = self.corner + (places[np.arange(len(points)), best] + 0.5) * self.pitch - 0.5
        return np.where((self.at(better) > 0)[:, None], better, points)


def trunk_axis(shape: Shape, frame: Bones, limbs: dict[str, tuple[Axis, Axis | None]]) -> Axis:
    """The trunk's axis: pelvis, neck, head, and the parts of the limbs' axes that lie inside it."""
    pelvis, middle = frame.start[INDEX["pelvis"]][:2], frame.start[INDEX["spine"]][:2]
    neck, head = frame.start[INDEX["neck"]][:2], frame.start[INDEX["head"]][:2]
    pieces = [
        (_line([pelvis, middle], shape.pitch), "pelvis"),
        (_line([middle, neck], shape.pitch), "chest"),
        (_line([neck, head], shape.pitch)[1:], "head"),
    ]
    points = np.concatenate([piece for piece, _ in pieces])
    part = np.concatenate([np.full(len(piece), INDEX[name]) for piece, name in pieces])
    radius = np.maximum(shape.at(points), shape.pitch)
    for name, (_, inner) in limbs.items():
        if inner is not None:
            joined = INDEX["chest" if name.endswith("arm") else "pelvis"]
            points, radius = np.concatenate([points, inner.points]), np.concatenate([radius, inner.radius])
            part = np.concatenate([part, np.full(len(inner.points), joined)])
    return Axis(points, radius, part, pelvis, float(np.median(radius)))


def limb_axis(shape: Shape, frame: Bones, name: str) -> tuple[Axis, Axis | None] | None:
    """The axis of a limb outside the trunk and the piece of it inside; None where the shape has no such limb."""
    side, kind = name.split("_")
    parts = [INDEX[f"{side}_{part}"] for part in CHAINS[kind]]
    if not frame.present[parts[0]]:
        return None
    bones = [(frame.start[p][:2], frame.end[p][:2], p) for p in parts if frame.present[p]]
    points, part = _along(bones, shape, BEYOND[kind])
    reach = max(2 * shape.pitch, 0.12 * float(np.linalg.norm(points[-1] - points[0])))
    points = _even(shape.centred(points, reach))
    depth = shape.at(points)
    far = int(OUTER * len(points))
    thick = max(float(np.median(depth[far:][depth[far:] > 0])) if (depth[far:] > 0).any() else 0, shape.pitch)
    upper = depth[: int(UPPER * len(points))]
    inner = np.flatnonzero(upper > THICKER * thick)
    first = int(inner[-1]) + 1 if len(inner) else 0
    radius = np.clip(depth, 0.7 * thick, INSIDE * thick)
    last = np.arange(len(points)) >= UPPER * len(points)
    radius = np.where(last, np.maximum(depth, 0.7 * thick), radius)
    pivot = bones[0][0]
    if kind == "arm" or np.linalg.norm(points[first] - pivot) <= DEEP * thick:
        pivot = points[max(0, first - 1)]
    outside = Axis(points[first:], radius[first:], part[first:], pivot, thick)
    if not first:
        return outside, None
    return outside, Axis(points[:first], np.maximum(depth[:first], thick), part[:first], pivot, thick)


def _along(bones: list, shape: Shape, beyond: float) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 2) along a chain of bones and past its end while inside the shape, and their parts (n,)."""
    pieces = [(_line([start, end], shape.pitch), p) for start, end, p in bones]
    start, end, last = bones[-1]
    on = _line([end, end + beyond * (end - start)], shape.pitch)[1:]
    outside = np.flatnonzero(shape.at(on) <= 0)
    pieces.append((on[: outside[0] if len(outside) else len(on)], last))
    points = np.concatenate([piece for piece, _ in pieces])
    return points, np.concatenate([np.full(len(piece), p) for piece, p in pieces])


def _line(corners: list[np.ndarray], pitch: float) -> np.ndarray:
    """(n, 2) points from corner to corner, about 1.5 cells apart."""
    a, b = (np.asarray(corner, dtype=float) for corner in corners)
    count = max(2, int(np.ceil(np.linalg.norm(b - a) / (1.5 * pitch))) + 1)
    return a + np.linspace(0, 1, count)[:, None] * (b - a)


def _even(points: np.ndarray) -> np.ndarray:
    """The points, each between its neighbours: single steps aside smoothed."""
    if len(points) < 3:
        return points
    inner = (points[:-2] + 2 * points[1:-1] + points[2:]) / 4
    return np.concatenate([points[:1], inner, points[-1:]])


def power(axis: Axis, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(h, w) signed distance in pixels to the union of an axis' discs, and the number of the nearest disc."""
    best = torch.full_like(x, float("inf"))
    number = torch.zeros(x.shape, dtype=torch.int64, device=x.device)
    for i, ((px, py), radius) in enumerate(zip(axis.points.tolist(), axis.radius.tolist(), strict=True)):
        away = torch.hypot(x - px, y - py) - radius
        nearer = away < best
        best, number = torch.where(nearer, away, best), torch.where(nearer, i, number)
    return best, number


def core(shape: Shape, axes: dict[str, Axis]) -> np.ndarray | None:
    """(h / 2, w / 2) signed distance in pixels, on every second cell, to the trunk's mass: the shape opened by a large
    disc, as far as it hangs together with the trunk's axis. None where the trunk is no thicker than its limbs."""
    thick = max([axis.thick for name, axis in axes.items() if name != "trunk"], default=0.0)
    large, most, least = CORE
    radius = min(large * thick, most * float(axes["trunk"].radius.max()))
    depth = shape.depth[::2, ::2]
    massive = depth > radius
    column, row = shape.cell(axes["trunk"].points).T // 2
    seed = np.zeros_like(massive)
    seed[row, column] = massive[row, column]
    if not seed.any() or radius < least * thick:
        return None
    kept = field.flooded(torch.as_tensor(seed)[None], torch.as_tensor(massive)[None])[0]
    return torch.hypot(*field.nearest(kept)).numpy() * 2 * shape.pitch - radius


def before_root(axis: Axis, x: torch.Tensor, y: torch.Tensor, number: torch.Tensor) -> torch.Tensor:
    """(h, w) bool: cells whose nearest disc is a limb's first and that lie on the trunk's side of it."""
    ahead = axis.points[min(4, len(axis.points) - 1)] - axis.points[0]
    along = (x - float(axis.points[0][0])) * float(ahead[0]) + (y - float(axis.points[0][1])) * float(
        ahead[1]
    )
    return (number <= 2) & (along < 0)
