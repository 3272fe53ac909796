"""One limb's stroke to its joints: where it leaves the trunk, where it bends, where hand or foot begins."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .strokes import StrokeGraph

HINGE_AT = {"shoulder": 0.56, "hip": 0.50}
"""Upper arm over arm and thigh over leg: Drillis & Contini 1966, as drawn in Winter (template.py)."""
SAMPLES = 40
"""Points of a stroke among which its joints are sought."""
FORKS_WITHIN = 0.35
"""Share of a limb from its tip within which another stroke that leaves it is a finger or a toe."""
DEEPEST = 0.65
"""Share of a limb's stroke that may lie inside the trunk: short legs of a stout figure."""


class Stroke(NamedTuple):
    """A limb's stroke from the trunk to its tip: points (n, 2) and radius (n,); where it leaves the spine
    (pixels from the head's centre), and the spine's radius there; how far from the tip it forks into fingers or
    toes (pixels, 0 where it does not)."""

    points: np.ndarray
    radius: np.ndarray
    root: float
    trunk: float
    fork: float = 0.0


def along_path(path: np.ndarray, distance: float) -> np.ndarray:
    """(2,) the point of a path at a distance from its start."""
    arc = arc_lengths(path)
    return np.array([np.interp(distance, arc, path[:, k]) for k in (0, 1)])


def arc_lengths(path: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])


def limb_stroke(graph: StrokeGraph, head: int, tip: int, root: float, distances: np.ndarray) -> Stroke:
    """The stroke of the limb that ends at `tip` and leaves the way from the head at `root` pixels."""
    path, radius = graph.way(head, tip, distances)
    arc = arc_lengths(path)
    start = int(np.searchsorted(arc, root - 1e-6))
    start = min(start, len(path) - 2)
    others = np.flatnonzero(graph.degree() == 1)
    others = others[(others != tip) & (others != head)]
    forks = (distances[tip, head] + distances[tip, others] - distances[head, others]) / 2
    forks = forks[forks < FORKS_WITHIN * (arc[-1] - root)]
    return Stroke(path[start:], radius[start:], root, float(radius[start]), float(forks.max(initial=0.0)))


def bent(stroke: Stroke, hinge_at: float, foot: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """(4, 2) root joint, hinge, end and tip of a limb, and (4,) how sure each is.

    The stroke is replaced by three straight pieces (inside the trunk, upper, lower) and a tail (hand, foot);
    of all break points the best compromise between the stroke's own bends and anatomy is taken.
    """
    arc = arc_lengths(stroke.points)
    at = np.linspace(0, arc[-1], SAMPLES)
    line = np.stack([np.interp(at, arc, stroke.points[:, k]) for k in (0, 1)], axis=1)
    thick = float(np.median(np.interp(at, arc, stroke.radius)[SAMPLES // 3 :]))
    root, hinge, end = _break_points(line, _expected(stroke, float(arc[-1]), thick, foot), hinge_at)
    four = line[[root, hinge, end, SAMPLES - 1]]
    upper, lower = four[1] - four[0], four[2] - four[1]
    cosine = upper @ lower / max(np.linalg.norm(upper) * np.linalg.norm(lower), 1e-6)
    turn = np.arccos(np.clip(cosine, -1, 1))
    return four, np.array([0.7, 0.55 + 0.3 * min(turn / 0.8, 1), 0.85, 0.35])


def _expected(stroke: Stroke, length: float, thick: float, foot: bool) -> tuple[float, float, float]:
    """The share of a stroke inside the trunk, the share of hand or foot, and how firmly the latter is known."""
    inside = min(0.85 * max(stroke.trunk - thick, 0.0), DEEPEST * length) / length
    if stroke.fork:
        return inside, stroke.fork / length, 0.3
    return inside, 0.08 if thick > 0.04 * length else 0.0, 0.01 if foot else 0.03


def _break_points(
    line: np.ndarray, expected: tuple[float, float, float], hinge_at: float
) -> tuple[int, int, int]:
    """Samples at which a limb leaves the trunk, bends, and becomes hand or foot."""
    inside, tail, firm = expected
    error = _chord_errors(line) / max(float(arc_lengths(line)[-1]), 1e-6) ** 2
    i, j, k = (grid.reshape(-1) for grid in np.meshgrid(*[np.arange(SAMPLES)] * 3, indexing="ij"))
    keep = (i < j - 3) & (j < k - 3) & (i <= 0.75 * SAMPLES) & (k >= 0.7 * SAMPLES)
    i, j, k = i[keep], j[keep], k[keep]
    last, share = SAMPLES - 1, (j - i) / (k - i)
    cost = 0.3 * error[0, i] + error[i, j] + error[j, k] + 0.3 * error[k, last]
    cost = cost + 0.05 * (share - hinge_at) ** 2 + 0.03 * (i / last - inside) ** 2
    best = int(np.argmin(cost + firm * ((last - k) / last - tail) ** 2))
    return int(i[best]), int(j[best]), int(k[best])


def _chord_errors(line: np.ndarray) -> np.ndarray:
    """(n, n) mean square distance in pixels of the samples i..j from the straight piece between i and j,
    times the piece's share of the line."""
    n = len(line)
    found = np.zeros((n, n))
    for i in range(n - 1):
        chord = line[i + 1 :] - line[i]
        unit = chord / np.maximum(np.linalg.norm(chord, axis=1, keepdims=True), 1e-9)
        out = line[None, i + 1 :] - line[i]
        off = np.abs(unit[:, None, 0] * out[..., 1] - unit[:, None, 1] * out[..., 0]) ** 2
        found[i, i + 1 :] = np.tril(off).sum(axis=1) / n
    return found
