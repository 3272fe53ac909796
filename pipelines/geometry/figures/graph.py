"""A drawn figure's joints from its shape: strokes, matched to limbs, and joints inside the limbs.

Joints inside a limb are where its stroke bends best, near the share of the limb that anatomy gives; what was
not drawn is inferred from its mirror image or hangs from the trunk, and says so by its confidence.

Coordinates: x right, y down, pixels of the mask. Left is the figure's own: it faces the viewer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .assignment import Assignment, assignments, branching, crotch_distance, free_ends
from .limbs import HINGE_AT, Stroke, along_path, arc_lengths, bent, limb_stroke
from .strokes import (
    CUTS,
    StrokeGraph,
    largest_part,
    pruned,
    stroke_graph,
    with_thick_places,
    without_loops,
)

JOINT_NAMES = (
    "head", "neck", "pelvis",
    "left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow", "right_wrist",
    "left_hip", "left_knee", "left_ankle", "right_hip", "right_knee", "right_ankle",
    "left_toe", "right_toe",
)  # fmt: skip
JOINT = {name: i for i, name in enumerate(JOINT_NAMES)}
LIMBS = tuple(
    tuple(f"{side}_{joint}" for joint in chain)
    for chain in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
    for side in ("left", "right")
)
"""Root, hinge and end of the left and right arm, then of the left and right leg."""
MIRRORED = np.array(
    [JOINT[n.replace("left_", "*").replace("right_", "left_").replace("*", "right_")] for n in JOINT_NAMES]
)

SHORTEST = 0.03
"""Strokes that stand out by less than this share of a figure's longer side are bumps of its outline."""
WIDE = 1.15
"""From this breadth over height a figure with a row of feet is taken for four-legged."""


ANIMAL = 0.8
"""The cost of a four-legged reading: it has been tested by rules, not by cost."""


def read_figure(mask: np.ndarray) -> DrawnFigure | None:
    """(h, w) bool, one figure -> its joints, or None where the shape has no limbs at all."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return None
    size = max(np.ptp(rows), np.ptp(columns)) + 1
    whole = stroke_graph(mask, SHORTEST * size)
    found = []
    for cut in CUTS:
        tree = without_loops(whole, cut)
        graph = largest_part(with_thick_places(pruned(tree, SHORTEST * size)))
        if np.ptp(columns) > WIDE * np.ptp(rows) and (animal := four_legged(graph)) is not None:
            return animal
        found += [(one.cost, graph, one) for one in assignments(graph, 1)]
        if tree is whole:
            break
    return figure_of(*min(found, key=lambda one: one[0])[1:]) if found else None


@dataclass(frozen=True, eq=False)
class DrawnFigure:
    """A figure's joints in the mask.

    points       (17, 2) pixels, in the order of JOINT_NAMES
    sure         (17,) in [0, 1]: read from a stroke 0.6 to 0.9, inferred from its neighbours at most 0.2
    head_radius  pixels
    cost         the lower, the more it looks like a body
    four_legged  an animal seen from the side, its front legs as arms
    """

    points: np.ndarray
    sure: np.ndarray
    head_radius: float
    cost: float
    four_legged: bool = False

    def __getitem__(self, name: str) -> np.ndarray:
        return self.points[JOINT[name]]

    def mirrored(self, width: int) -> DrawnFigure:
        """The figure of the mask's mirror image; left becomes right."""
        points = self.points[MIRRORED] * [-1, 1] + [width - 1, 0]
        return DrawnFigure(points, self.sure[MIRRORED], self.head_radius, self.cost, self.four_legged)


def figure_of(graph: StrokeGraph, chosen: Assignment) -> DrawnFigure:
    """The joints of an assignment."""
    distances = graph.distances()
    points, sure = np.full((len(JOINT_NAMES), 2), np.nan), np.zeros(len(JOINT_NAMES))
    crotch = crotch_distance(distances, chosen.head, chosen.feet)
    spine, thick = graph.way(chosen.head, chosen.feet[0], distances)
    limbs = _arm_strokes(graph, chosen, distances) + _leg_strokes(graph, chosen, distances, crotch)
    for names, stroke in limbs:
        _place(points, sure, names, *_joints(names, stroke))
    pelvis = along_path(spine, crotch)
    roots = [one.root for names, one in limbs if "shoulder" in names[0]]
    radius, centre, blob = _head(graph, chosen, spine, thick, min([*roots, 0.5 * crotch]))
    points[JOINT["head"]], sure[JOINT["head"]] = centre, 0.8 if blob else 0.4
    points[JOINT["pelvis"]] = pelvis
    chest = along_path(spine, np.mean(roots) if roots else 0.3 * crotch)
    return DrawnFigure(*_completed(points, sure, chest), radius, chosen.cost)


def _joints(names: tuple[str, ...], stroke: Stroke) -> tuple[np.ndarray, np.ndarray]:
    """Points and certainty of a named limb's joints; legs may end in a foot that is turned aside."""
    part = names[0].split("_")[1]
    return bent(stroke, HINGE_AT[part], foot=part == "hip")


def _place(points: np.ndarray, sure: np.ndarray, names: tuple[str, ...], four, clear) -> None:
    """Root, hinge, end and tip of a limb into the figure; only legs keep their tip, as the toe."""
    if names[0].endswith("hip"):
        names = (*names, names[0].replace("hip", "toe"))
    for name, point, certain in zip(names, four, clear, strict=False):
        points[JOINT[name]], sure[JOINT[name]] = point, certain


def _sided(strokes: list[Stroke], kind: int) -> list:
    """Names for one or two strokes: the one that sets out to the picture's right is the figure's left."""
    early = [along_path(one.points, 0.35 * arc_lengths(one.points)[-1])[0] for one in strokes]
    if len(strokes) == 1:
        middle = strokes[0].points[0][0]
        return [(LIMBS[kind + int(early[0] < middle)], strokes[0])]
    order = np.argsort(-np.array(early))
    return [(LIMBS[kind + i], strokes[k]) for i, k in enumerate(order)]


def _arm_strokes(graph: StrokeGraph, chosen: Assignment, distances: np.ndarray) -> list:
    strokes = []
    for hand in chosen.hands:
        if hand >= 0:
            roots = [branching(distances, chosen.head, hand, foot) for foot in chosen.feet]
            strokes.append(limb_stroke(graph, chosen.head, hand, float(max(roots)), distances))
    return _sided(strokes, 0) if strokes else []


def _leg_strokes(graph: StrokeGraph, chosen: Assignment, distances: np.ndarray, crotch: float) -> list:
    feet = dict.fromkeys(chosen.feet)
    return _sided([limb_stroke(graph, chosen.head, foot, crotch, distances) for foot in feet], 2)


def _head(graph, chosen: Assignment, spine: np.ndarray, thick: np.ndarray, neck: float):
    """Radius and centre of the head, and whether it is a blob of its own.

    On the way to the shoulders a head is thick, then a neck is thin. Without a neck the head is the middle
    of what is above the shoulders.
    """
    arc = arc_lengths(spine)
    above = arc <= max(neck, arc[1])
    peak = int(np.argmax(np.where(arc <= 0.6 * max(neck, 1e-6), thick, 0)))
    narrow = thick[peak:][above[peak:]].min() if above[peak:].any() else thick[peak]
    if thick[peak] > 1.08 * narrow:
        return float(thick[peak]), spine[peak], True
    if graph.degree()[chosen.head] > 1:
        return float(graph.radius[chosen.head]), spine[0], False
    up = graph.radius[chosen.head]
    return max(float(0.35 * (neck + up)), 1.0), along_path(spine, max((neck - up) * 0.45, 0)), False


def four_legged(graph: StrokeGraph) -> DrawnFigure | None:
    """An animal seen from the side: front legs as arms, hind legs as legs; None without three feet in a row.

    Who looks to the picture's right shows the right side: of each pair the one ahead is the right one, as
    AnimatedDrawings' four-legged example has it.
    """
    tips = free_ends(graph)
    if len(tips) < 4:
        return None
    points, used = graph.points, np.flatnonzero(graph.degree())
    low, high = points[used, 1].max(), points[used, 1].min()
    feet = tips[points[tips, 1] > low - 0.3 * (low - high)]
    rest = np.setdiff1d(tips, feet)
    if len(feet) < 3 or not len(rest) or np.ptp(points[feet, 0]) < 0.45 * np.ptp(points[used, 0]):
        return None
    head = rest[np.argmax([_end_radius(graph, tip) for tip in rest])]
    aside = (points[head, 0] - points[used, 0].min()) / np.ptp(points[used, 0]) - 0.5
    if abs(aside) < 0.2:
        return None
    ahead = float(np.sign(aside))
    feet = feet[np.argsort(-ahead * points[feet, 0])]
    front, hind = feet[:2], feet[2:][-2:]
    return _animal(graph, int(head), front, hind, "right" if ahead > 0 else "left")


def _end_radius(graph: StrokeGraph, tip: int) -> float:
    """How thick the outer half of the stroke is that ends at a tip."""
    edge = next(edge for edge in graph.edges if tip in (edge.start, edge.end))
    radius = edge.radius if edge.start == tip else edge.radius[::-1]
    return float(radius[: max(1, len(radius) // 2)].max())


def _animal(graph: StrokeGraph, head: int, front, hind, near: str) -> DrawnFigure:
    distances = graph.distances()
    points, sure = np.full((len(JOINT_NAMES), 2), np.nan), np.zeros(len(JOINT_NAMES))
    far = "left" if near == "right" else "right"
    spine, thick = graph.way(head, int(hind[-1]), distances)
    roots = {}
    for pair, kind, others in (
        (front, 0, hind[[0, 0]]),
        (hind, 2, [hind[-1], hind[0] if len(hind) > 1 else front[1]]),
    ):
        for foot, other, side in zip(pair, others, (near, far), strict=False):
            root = float(branching(distances, head, foot, other))
            names = next(names for names in LIMBS[kind : kind + 2] if names[0].startswith(side))
            four, clear = bent(limb_stroke(graph, head, int(foot), root, distances), 0.5)
            _place(points, sure, names, four, 0.8 * clear)
            roots.setdefault(kind, []).append(root)
    outer = thick[: max(1, len(thick) // 4)]
    points[JOINT["head"]], sure[JOINT["head"]] = spine[int(np.argmax(outer))], 0.6
    points[JOINT["pelvis"]] = along_path(spine, np.mean(roots[2]))
    chest = along_path(spine, np.mean(roots[0]))
    return DrawnFigure(*_completed(points, sure, chest), float(outer.max()), ANIMAL, True)


def _completed(points: np.ndarray, sure: np.ndarray, chest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every joint somewhere: what was not read hangs from what was, and is hardly sure."""
    pelvis = points[JOINT["pelvis"]]
    down = pelvis - chest
    trunk = max(float(np.hypot(*down)), 1.0)
    down = down / trunk
    across = np.array([down[1], -down[0]])
    for upper, root, breadth in ((True, chest, 0.38), (False, pelvis, 0.17)):
        chains = LIMBS[:2] if upper else LIMBS[2:]
        for chain, other, sign in zip(chains, chains[::-1], (1, -1), strict=True):
            if np.isnan(points[JOINT[chain[0]]]).any():
                _hang(points, sure, chain, other, root, sign * across * breadth * trunk, down * 0.55 * trunk)
    for name, pair in (("neck", ("left_shoulder", "right_shoulder")), ("pelvis", ("left_hip", "right_hip"))):
        ends = [JOINT[one] for one in pair]
        points[JOINT[name]], sure[JOINT[name]] = points[ends].mean(axis=0), sure[ends].min()
    for side in ("left", "right"):
        toe, ankle, knee = (JOINT[f"{side}_{name}"] for name in ("toe", "ankle", "knee"))
        if np.hypot(*(points[toe] - points[ankle])) < 0.05 * trunk or np.isnan(points[toe]).any():
            points[toe] = points[ankle] + 0.15 * (points[ankle] - points[knee])
            sure[toe] = min(0.3 * sure[ankle], 0.2)
    return points, sure


def _hang(points, sure, chain, other, root, out, step) -> None:
    """A limb that was not read: its mirror image's root where that is known, hanging along the trunk."""
    partner = points[JOINT[other[0]]]
    known = np.isfinite(partner).all() and sure[JOINT[other[0]]] > 0.3
    points[JOINT[chain[0]]] = 2 * root - partner if known else root + out
    sure[JOINT[chain[0]]] = 0.35 if known else 0.2
    for a, b in zip(chain, chain[1:], strict=False):
        points[JOINT[b]] = points[JOINT[a]] + step
        sure[JOINT[b]] = 0.1
