"""A drawn shape as strokes: its medial lines as a graph of paths, each point knowing how thick the shape is.

Pictures here are boolean masks (h, w); points are (x, y) in the mask's pixels. The medial lines come from
thinning: pixels of the border whose loss changes no connection are taken away, side by side, until only
lines are left (Rosenfeld, "A characterization of parallel thinning algorithms", Information and Control 29,
1975: simple points of one side at a time may go together). Lines that a mere bump of the outline caused are
pruned by how far they stand out of the disc at their root.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

_AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""Row and column steps to the 8 neighbours, clockwise from north."""


SMALLEST_LOOP = 12
"""Pixels: shorter closed lines are a junction's own pixels."""


class Edge(NamedTuple):
    """A stroke between two nodes: node indices, its points (m, 2) from `start` to `end`, radius (m,) there."""

    start: int
    end: int
    path: np.ndarray
    radius: np.ndarray

    @property
    def length(self) -> float:
        """Pixels along the path."""
        return float(np.linalg.norm(np.diff(self.path, axis=0), axis=1).sum())

    def reversed(self) -> Edge:
        """The same stroke, walked the other way."""
        return Edge(self.end, self.start, self.path[::-1], self.radius[::-1])


@dataclass(frozen=True, eq=False)
class StrokeGraph:
    """points (n, 2) and radius (n,) of the nodes (ends, junctions, thick places), and the strokes."""

    points: np.ndarray
    radius: np.ndarray
    edges: tuple[Edge, ...]

    def degree(self) -> np.ndarray:
        """(n,) how many strokes end at each node; 0 for what was pruned."""
        ends = [node for edge in self.edges for node in (edge.start, edge.end)]
        return np.bincount(np.array(ends, dtype=int), minlength=len(self.points))

    def distances(self) -> np.ndarray:
        """(n, n) pixels along the strokes; infinite between separate parts."""
        found = np.full((len(self.points),) * 2, np.inf)
        np.fill_diagonal(found, 0.0)
        for edge in self.edges:
            shorter = min(found[edge.start, edge.end], edge.length)
            found[edge.start, edge.end] = found[edge.end, edge.start] = shorter
        for k in range(len(found)):
            found = np.minimum(found, found[:, k, None] + found[None, k])
        return found

    def way(self, start: int, end: int, distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The shortest way's points (m, 2) and radius (m,). Raises ValueError between separate parts."""
        if not np.isfinite(distances[start, end]):
            raise ValueError(f"no stroke leads from node {start} to node {end}")
        points, radius, here = [self.points[start][None]], [self.radius[start][None]], start
        while here != end:
            step = min(self._from(here), key=lambda edge: edge.length + distances[edge.end, end])
            points.append(step.path[1:])
            radius.append(step.radius[1:])
            here = step.end
        return np.concatenate(points), np.concatenate(radius)

    def _from(self, node: int) -> list[Edge]:
        ways = [edge for edge in self.edges if edge.start == node]
        ways += [edge.reversed() for edge in self.edges if edge.end == node]
        return [edge for edge in ways if edge.end != node]


def distance_inside(mask: np.ndarray) -> np.ndarray:
    """(h, w) pixels from each pixel of the mask to the nearest outside it; the picture's border is outside.

    Exact: along columns first, then the lower envelope of the parabolas along rows, by shifting.
    """
    inside = np.pad(np.asarray(mask, dtype=bool), 1)
    height, width = inside.shape
    far = float(height + width)
    rows = np.arange(height)[:, None]
    above = np.maximum.accumulate(np.where(inside, -far, rows), axis=0)
    below = np.minimum.accumulate(np.where(inside, far, rows)[::-1], axis=0)[::-1]
    column = np.minimum(rows - above, below - rows).astype(np.float32) ** 2
    nearest = column.copy()
    for shift in range(1, width):
        if shift**2 >= nearest.max():
            break
        square = np.float32(shift**2)
        np.minimum(nearest[:, shift:], column[:, :-shift] + square, out=nearest[:, shift:])
        np.minimum(nearest[:, :-shift], column[:, shift:] + square, out=nearest[:, :-shift])
    return np.sqrt(nearest)[1:-1, 1:-1]


def _removable() -> np.ndarray:
    """(256,) whether a pixel with these neighbours may go: one connection to keep, and not a line's end."""
    around = (np.arange(256)[:, None] >> np.arange(8)) & 1
    empty = 1 - around
    sides = np.arange(0, 8, 2)
    pieces = (empty[:, sides] * (1 - empty[:, sides + 1] * empty[:, (sides + 2) % 8])).sum(axis=1)
    return (pieces == 1) & (around.sum(axis=1) >= 2)


_REMOVABLE = _removable()


def thinned(mask: np.ndarray) -> np.ndarray:
    """(h, w) bool: the mask's medial lines, one pixel wide, connected as the mask is."""
    alive = np.pad(np.asarray(mask, dtype=np.uint8), 1)
    flat, width = alive.reshape(-1), alive.shape[1]
    steps = np.array([row * width + column for row, column in _AROUND])
    border = np.flatnonzero(flat)
    while len(border):
        gone = [_peeled(flat, border, steps, steps[side]) for side in (0, 4, 2, 6)]
        removed = np.concatenate(gone)
        if not len(removed):
            break
        near = (removed[:, None] + steps).reshape(-1)
        border = np.unique(near[flat[near] > 0])
    return alive[1:-1, 1:-1].astype(bool)


def _peeled(flat: np.ndarray, border: np.ndarray, steps: np.ndarray, side: int) -> np.ndarray:
    """Takes the removable pixels away that are open to one side; gives their indices."""
    open_ = border[(flat[border] > 0) & (flat[border + side] == 0)]
    code = (flat[open_[:, None] + steps].astype(np.int64) << np.arange(8)).sum(axis=1)
    gone = open_[_REMOVABLE[code]]
    flat[gone] = 0
    return gone


def stroke_graph(mask: np.ndarray, shortest: float) -> StrokeGraph:
    """The mask's medial lines as a graph, without those that stand out by less than `shortest` pixels."""
    radius = distance_inside(mask)
    return pruned(_traced(thinned(mask), radius), shortest)


def _traced(lines: np.ndarray, radius: np.ndarray) -> StrokeGraph:
    """One-pixel lines as a graph: ends and clusters of junction pixels are nodes, what lies between is a stroke."""
    pixels = [tuple(place) for place in np.argwhere(lines)]
    alive = set(pixels)
    near = {(r, c): [(r + a, c + b) for a, b in _AROUND if (r + a, c + b) in alive] for r, c in pixels}
    # A pixel whose neighbours touch each other lies on a staircase, not at a junction.
    branches = {place: _branches(place, around) for place, around in near.items()}
    cluster = _clusters([place for place in pixels if branches[place] != 2], near)
    cluster |= _loop_starts(pixels, cluster, near, first=len(set(cluster.values())))
    members: dict[int, list] = {}
    for place, node in cluster.items():
        members.setdefault(node, []).append(place)
    points = np.array([np.mean(members[node], axis=0)[::-1] for node in range(len(members))]).reshape(-1, 2)
    thick = np.array([max(radius[place] for place in members[node]) for node in range(len(members))])
    edges = []
    for path in _walks(cluster, near):
        a, b = cluster[path[0]], cluster[path[-1]]
        if a == b and len(path) < SMALLEST_LOOP:
            continue
        inner = np.array(path[1:-1], dtype=int).reshape(-1, 2)
        line = np.concatenate([points[a][None], inner[:, ::-1], points[b][None]])
        along = np.concatenate([[thick[a]], radius[inner[:, 0], inner[:, 1]], [thick[b]]])
        edges.append(Edge(a, b, line, along))
    return StrokeGraph(points, thick, tuple(edges))


def _branches(place: tuple[int, int], around: list[tuple[int, int]]) -> int:
    """How many lines meet at a pixel: runs of neighbours round it."""
    there = [(place[0] + a, place[1] + b) in around for a, b in _AROUND]
    return sum(there[i] and not there[i - 1] for i in range(8)) or (1 if around else 0)


def _clusters(places: list, near: dict) -> dict:
    """Places -> node number; places that touch are one node."""
    wanted, node_of, count = set(places), {}, 0
    for place in places:
        if place in node_of:
            continue
        waiting = [place]
        while waiting:
            here = waiting.pop()
            if here not in node_of:
                node_of[here] = count
                waiting += [other for other in near[here] if other in wanted and other not in node_of]
        count += 1
    return node_of


def _loop_starts(pixels: list, cluster: dict, near: dict, first: int) -> dict:
    """A node for each closed line that has no end and no junction."""
    seen, starts = set(cluster), {}
    waiting = list(cluster)
    for place in [None, *pixels]:
        if place is not None:
            if place in seen:
                continue
            starts[place] = first + len(starts)
            waiting = [place]
        while waiting:
            here = waiting.pop()
            seen.add(here)
            waiting += [other for other in near[here] if other not in seen]
    return starts


def _walks(cluster: dict, near: dict) -> list[list[tuple[int, int]]]:
    """Pixel paths from node to node, each once."""
    walked, paths = set(), []
    for start in cluster:
        for first in near[start]:
            if first in cluster or (cluster[start], first) in walked:
                continue
            path, here = [start, first], first
            while here not in cluster:
                here = _onwards(here, path, near, cluster)
                if here is None:
                    break
                path.append(here)
            if here in cluster and len(path) > 2:
                walked |= {(cluster[start], first), (cluster[here], path[-2])}
                paths.append(path)
    return paths


def _onwards(here: tuple, path: list, near: dict, cluster: dict) -> tuple | None:
    """The next pixel of a line: a node where one is next, otherwise one that the last pixel does not touch."""
    ways = [other for other in near[here] if other not in path[-3:]]
    ahead = [other for other in ways if other not in near[path[-2]]]
    ends = [other for other in ways if other in cluster and cluster[other] != cluster.get(path[-2])]
    return next(iter(ends or ahead or ways), None)


def pruned(graph: StrokeGraph, shortest: float) -> StrokeGraph:
    """Without the free strokes that stand out of the disc at their root by less than `shortest` pixels or a
    quarter of that disc; strokes that then meet end to end become one."""
    while True:
        graph = _joined(graph)
        degree = graph.degree()
        free = [
            (_standing_out(graph, i, degree), i)
            for i, edge in enumerate(graph.edges)
            if (degree[edge.start] == 1) != (degree[edge.end] == 1)
        ]
        out = min(free, default=(np.inf, 0))
        if out[0] >= shortest:
            return graph
        kept = tuple(edge for i, edge in enumerate(graph.edges) if i != out[1])
        graph = StrokeGraph(graph.points, graph.radius, kept)


def _standing_out(graph: StrokeGraph, number: int, degree: np.ndarray) -> float:
    """Pixels by which a free stroke's shape leaves the disc at its root; less where that is a large disc."""
    edge = graph.edges[number]
    tip, root = (edge.end, edge.start) if degree[edge.end] == 1 else (edge.start, edge.end)
    out = edge.length + graph.radius[tip] - graph.radius[root]
    return float(out - 0.15 * graph.radius[root])


def _joined(graph: StrokeGraph) -> StrokeGraph:
    """Nodes where exactly two strokes meet are no nodes."""
    edges, degree = list(graph.edges), graph.degree()
    for node in np.flatnonzero(degree == 2):
        touching = [edge for edge in edges if node in (edge.start, edge.end)]
        if len(touching) != 2:
            continue
        into = touching[0] if touching[0].end == node else touching[0].reversed()
        on = touching[1] if touching[1].start == node else touching[1].reversed()
        edges = [edge for edge in edges if edge is not touching[0] and edge is not touching[1]]
        path = np.concatenate([into.path, on.path[1:]])
        edges.append(Edge(into.start, on.end, path, np.concatenate([into.radius, on.radius[1:]])))
    return StrokeGraph(graph.points, graph.radius, tuple(edges))


def largest_part(graph: StrokeGraph) -> StrokeGraph:
    """The connected strokes of greatest length together; nodes that no stroke ends at are left out."""
    distances = graph.distances()
    length = np.zeros(len(graph.points))
    for edge in graph.edges:
        length[edge.start] += edge.length
    total = np.isfinite(distances) @ length
    if not len(total):
        return graph
    kept = np.isfinite(distances[int(np.argmax(total))]) & (graph.degree() > 0)
    number = np.cumsum(kept) - 1
    edges = tuple(
        edge._replace(start=int(number[edge.start]), end=int(number[edge.end]))
        for edge in graph.edges
        if kept[edge.start]
    )
    return StrokeGraph(graph.points[kept], graph.radius[kept], edges)


CUTS = ("narrowest", "low", "high")


def without_loops(graph: StrokeGraph, cut: str) -> StrokeGraph:
    """The same strokes as a tree. A loop (a hand on a hip, an arm along the body) is opened in the stroke that
    runs farthest aside and thinnest: where it is thinnest, or at its lower or upper end (`CUTS`)."""
    while True:
        loops = [edge for edge in graph.edges if _in_loop(graph, edge)]
        if not loops:
            return graph
        middle = np.average(graph.points[:, 0], weights=graph.radius + 1e-6)
        size = max(np.ptp(graph.points[:, 0]), 1.0), graph.radius.max() + 1e-6
        aside = [
            abs(edge.path[:, 0] - middle).mean() / size[0] - edge.radius.min() / size[1] for edge in loops
        ]
        graph = _opened(graph, loops[int(np.argmax(aside))], cut)


def _in_loop(graph: StrokeGraph, edge: Edge) -> bool:
    """Whether the stroke's ends stay connected without it."""
    if edge.start == edge.end:
        return True
    reached, waiting = {edge.start}, [edge.start]
    while waiting:
        here = waiting.pop()
        for other in graph.edges:
            if other is not edge and here in (other.start, other.end):
                there = other.end if other.start == here else other.start
                if there not in reached:
                    reached.add(there)
                    waiting.append(there)
    return edge.end in reached


def _opened(graph: StrokeGraph, edge: Edge, cut: str) -> StrokeGraph:
    """One stroke cut into two free ones, or loosened from one of its ends."""
    last = len(edge.path) - 1
    if last < 2:
        kept = tuple(other for other in graph.edges if other is not edge)
        return StrokeGraph(graph.points, graph.radius, kept)
    inner = slice(max(1, last // 6), max(2, last - last // 6))
    at = {"narrowest": inner.start + int(np.argmin(edge.radius[inner]))}
    first_lower = edge.path[0, 1] > edge.path[-1, 1]
    at["low"], at["high"] = (1, last - 1) if first_lower else (last - 1, 1)
    i, n = at[cut], len(graph.points)
    pieces = [Edge(edge.start, n, edge.path[: i + 1], edge.radius[: i + 1])]
    pieces.append(Edge(n + 1, edge.end, edge.path[i:], edge.radius[i:]))
    points = np.concatenate([graph.points, np.tile(edge.path[i], (2, 1))])
    radius = np.concatenate([graph.radius, np.tile(edge.radius[i], 2)])
    kept = [other for other in graph.edges if other is not edge]
    return StrokeGraph(points, radius, (*kept, *pieces))


def with_thick_places(graph: StrokeGraph, prominence: float = 1.25) -> StrokeGraph:
    """A node wherever a stroke is thicker than at its thinnest on both sides by `prominence`, and
    not slight beside the thickest: heads, hands."""
    points, radius, edges = list(graph.points), list(graph.radius), []
    smallest = 0.2 * max(radius, default=0.0)
    for edge in graph.edges:
        start, cuts = 0, _thick_places(edge.radius, prominence)
        cuts = [cut for cut in cuts if edge.radius[cut] > smallest]
        here = edge.start
        for cut in cuts:
            points.append(edge.path[cut])
            radius.append(edge.radius[cut])
            edges.append(
                Edge(here, len(points) - 1, edge.path[start : cut + 1], edge.radius[start : cut + 1])
            )
            start, here = cut, len(points) - 1
        edges.append(Edge(here, edge.end, edge.path[start:], edge.radius[start:]))
    return StrokeGraph(np.array(points).reshape(-1, 2), np.array(radius), tuple(edges))


def _thick_places(radius: np.ndarray, prominence: float) -> list[int]:
    """Indices of the local maxima that stand out of the lower of both sides' minima by `prominence`, in order."""
    found, low, best = [], radius[0], None
    for i, value in enumerate(radius):
        if best is not None and value * prominence < radius[best]:
            found.append(best)
            best, low = None, value
        low = min(low, value) if best is None else low
        if value > low * prominence and (best is None or value > radius[best]):
            best = i
    return [i for i in found if 2 < i < len(radius) - 3]
