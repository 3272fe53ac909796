"""Which stroke of a drawn figure is which limb: head, hands and feet chosen among the ends of a stroke graph.

Every choice of a head, two hands and two feet among the graph's nodes is judged at once, by what bodies have
in common whatever their style: two like legs from the lower end of a trunk, two like arms from its upper
part, on either side, a head on top that is a blob, nothing large left unexplained. Lengths along the strokes
are compared to each other, never to a picture's size, so that a chibi and a tall person are both admitted.
The weights of the costs are ours, set on the drawings of training/benchmark_drawings.py.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from .strokes import StrokeGraph

MOST_TIPS, MOST_HEADS, MOST_LEGS = 12, 8, 30
"""Bounds of the search: the tips that stand out most, heads, and pairs of feet for each head."""
TRUNK_SHARE = (0.34, 0.62)
"""Head's centre to crotch, of head's centre to soles: 0.43 for the standard body, 0.6 for a chibi."""


class Assignment(NamedTuple):
    """Node indices: head, hands and feet (-1 = none; equal feet = legs drawn as one), and the cost of it."""

    head: int
    hands: tuple[int, int]
    feet: tuple[int, int]
    cost: float


def assignments(graph: StrokeGraph, best: int = 8) -> list[Assignment]:
    """The likeliest assignments, best first; empty where the graph has fewer than two ends."""
    distances = graph.distances()
    tips = free_ends(graph)
    if len(tips) < 2:
        return []
    found = []
    for head in _heads(graph, tips):
        legs = sorted(_legs(graph, distances, tips, head), key=lambda one: one[0])[:MOST_LEGS]
        for cost, feet in legs:
            found += _arms(graph, distances, tips, head, feet, cost)
    return sorted(found, key=lambda one: one.cost)[:best]


def free_ends(graph: StrokeGraph) -> np.ndarray:
    """Free ends of the largest connected part, those whose strokes are longest."""
    degree = graph.degree()
    length = np.zeros(len(graph.points))
    for edge in graph.edges:
        for node in (edge.start, edge.end):
            length[node] = max(length[node], edge.length)
    tips = np.flatnonzero(degree == 1)
    return tips[np.argsort(-length[tips])][:MOST_TIPS]


def _heads(graph: StrokeGraph, tips: np.ndarray) -> np.ndarray:
    """Nodes that may be the head's centre: thick places and junctions high up, and free ends."""
    used = np.flatnonzero(graph.degree())
    rank = graph.points[used, 1] - 1.5 * graph.radius[used]
    upper = used[np.argsort(rank)][:MOST_HEADS]
    return np.unique(np.concatenate([upper, tips[np.argsort(graph.points[tips, 1])][:3]]))


def branching(distances: np.ndarray, a, b, c) -> np.ndarray:
    """How far from `a` the ways to `b` and to `c` part: the Gromov product of a tree."""
    return (distances[a, b] + distances[a, c] - distances[b, c]) / 2


def _outside(value, low: float, high: float):
    """How far a value lies outside a range, in widths of that range."""
    return np.maximum(np.maximum(low - value, value - high), 0) / (high - low)


def _legs(graph: StrokeGraph, distances: np.ndarray, tips: np.ndarray, head: int) -> list:
    """(cost, (foot, foot)) for every pair of tips, and for legs drawn as one."""
    feet = [(c, d) for c, d in combinations(tips, 2) if head not in (c, d)]
    feet += [(c, c) for c in tips if c != head]
    if not feet:
        return []
    c, d = np.array(feet).T
    one = c == d
    crotch = np.where(one, 0.55 * distances[head, c], branching(distances, head, c, d))
    leg_c, leg_d = distances[head, c] - crotch, distances[head, d] - crotch
    whole = np.maximum(crotch + (leg_c + leg_d) / 2, 1e-6)
    points = graph.points
    down = ((points[c, 1] + points[d, 1]) / 2 - points[head, 1]) / whole
    bottom = points[tips, 1].max()
    low = np.abs(bottom - (points[c, 1] + points[d, 1]) / 2) / whole
    uneven = np.abs(leg_c - leg_d) / np.maximum(leg_c + leg_d, 1e-6)
    cost = 1.2 * one + 3 * np.maximum(0.75 - down, 0) ** 2 * 4 + 1.5 * low**2 * 4
    cost += 2.0 * _outside(crotch / whole, *TRUNK_SHARE) ** 2 + 4 * uneven**2
    finite = np.isfinite(cost)
    return [(float(cost[i]), feet[i]) for i in np.flatnonzero(finite)]


def _arms(graph, distances, tips, head: int, feet: tuple[int, int], base: float) -> list[Assignment]:
    """The assignments of one head and pair of feet with every pair of hands, one hand, or none."""
    free = [t for t in tips if t != head and t not in feet]
    hands = [*combinations(free, 2), *((a, -1) for a in free), (-1, -1)]
    a, b = np.array(hands).T
    cost = base + _head_cost(graph, distances, head, feet)
    cost = cost + _arm_costs(graph, distances, head, feet, a, b)
    cost = cost + _unexplained(graph, distances, tips, head, feet, a, b)
    order = np.argsort(cost)[:4]
    return [Assignment(int(head), tuple(int(v) for v in hands[i]), feet, float(cost[i])) for i in order]


def crotch_distance(distances: np.ndarray, head: int, feet: tuple[int, int]) -> float:
    """Pixels from the head's centre to where the legs part."""
    if feet[0] == feet[1]:
        return float(0.55 * distances[head, feet[0]])
    return float(branching(distances, head, *feet))


def _head_cost(graph: StrokeGraph, distances: np.ndarray, head: int, feet: tuple[int, int]) -> float:
    """A head is a blob of a head's size above the feet and near the top."""
    whole = (distances[head, feet[0]] + distances[head, feet[1]]) / 2
    share = graph.radius[head] / max(whole, 1e-6)
    size = 0.6 * _outside(share, 0.05, 0.35) ** 0.5
    lean = graph.points[list(feet)].mean(axis=0) - graph.points[head]
    tilt = 1 - lean[1] / max(np.hypot(*lean), 1e-6)
    used = np.flatnonzero(graph.degree())
    top = (graph.points[used, 1] - graph.radius[used]).min()
    below = max(graph.points[head, 1] - 1.3 * graph.radius[head] - top, 0) / max(whole, 1e-6)
    return float(size + 1.5 * tilt + 0.8 * below)


def _arm_costs(graph, distances, head: int, feet: tuple[int, int], a: np.ndarray, b: np.ndarray):
    """(n,) for pairs of hands; -1 = none."""
    crotch = max(crotch_distance(distances, head, feet), 1e-6)
    whole = max((distances[head, feet[0]] + distances[head, feet[1]]) / 2, 1e-6)
    rooted, length, side = [], [], []
    axis = graph.points[list(feet)].mean(axis=0) - graph.points[head]
    for hand in (a, b):
        roots = np.stack([branching(distances, head, hand, foot) for foot in feet]).max(axis=0)
        edge = min(graph.radius[head], 0.6 * crotch)
        rooted.append((roots - edge) / max(crotch - edge, 1e-6))
        length.append((distances[head, hand] - roots) / whole)
        out = graph.points[hand] - graph.points[head]
        side.append(np.sign(axis[0] * out[:, 1] - axis[1] * out[:, 0]))
    cost = np.zeros(len(a))
    slack = min(_trunk_radius(graph, head) / crotch, 0.6)
    for hand, root, arm in zip((a, b), rooted, length, strict=True):
        one = 2 * _outside(root, -0.15, 0.5 + slack) ** 2 + 2.0 * _outside(arm, 0.2, 0.7) ** 2
        cost = cost + np.where(hand < 0, 0.9, np.minimum(one, 4))
    both = (a >= 0) & (b >= 0)
    uneven = np.abs(length[0] - length[1]) / np.maximum(length[0] + length[1], 1e-6)
    pair = 3 * uneven**2 + 3 * np.clip(np.abs(rooted[0] - rooted[1]) - slack, 0, 1) ** 2
    return cost + both * (pair + 0.4 * (side[0] == side[1]))


def _trunk_radius(graph: StrokeGraph, head: int) -> float:
    """Pixels: how thick the body is where strokes meet. Inside that disc, which stroke leaves first says little."""
    meeting = np.flatnonzero(graph.degree() >= 3)
    meeting = meeting[meeting != head]
    return float(np.median(graph.radius[meeting])) if len(meeting) else 0.0


def _unexplained(graph, distances, tips, head: int, feet, a: np.ndarray, b: np.ndarray):
    """(n,) cost of the strokes that nothing explains; hair, ears and hats hang from the head and cost little."""
    whole = max((distances[head, feet[0]] + distances[head, feet[1]]) / 2, 1e-6)
    rest = tips[tips != head]
    away = branching(distances, rest[:, None], head, tips[None])
    column = {int(tip): i for i, tip in enumerate(tips)}
    away = np.concatenate([away, np.full((len(rest), 1), np.inf)], axis=1)
    ends = np.stack([np.full_like(a, feet[0]), np.full_like(a, feet[1]), a, b])
    off = away[:, np.array([[column.get(int(end), -1) for end in one] for one in ends])].min(axis=1)
    root = distances[head, rest][:, None] - off
    hair = graph.points[rest, 1] < graph.points[head, 1] + 0.6 * graph.radius[head]
    price = np.where((root < 1.2 * graph.radius[head]) & hair[:, None], 0.3, 2.0)
    used = (ends[None] == rest[:, None, None]).any(axis=1)
    return np.where(used, 0, price * np.minimum(off / whole, 0.6)).sum(axis=0)
