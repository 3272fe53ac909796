"""People out of the joints and limbs of a drawn OpenPose skeleton.

A limb is an ellipse between two joints in a colour of its own, below everything that is drawn later. Pairs of
joints are joined by how well the picture supports the ellipse between them, best first, no person having a
joint twice (a maximum spanning forest with exclusions: Kruskal, Proc. AMS 7, 1956). A joint whose disc is
covered is where the ellipse that leads to it ends best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..geometry import rotation
from .colours import BLACK, BLUE, JOINT, JOINTS, KINDS, LIMB, LIMBS, OTHER, WHITE, Labels
from .discs import Discs

SUPPORT = 0.3
"""Of a limb's ellipse, the share that must show the limb's colour, less what shows something that cannot lie on it."""
HIDDEN_LIMB = 0.05
"""Support of a limb so short that both its discs cover it."""
FREE_ARC = 4.0
"""Radians of a disc's border from which on it is one although no limb leads to it."""
PIECE_GAP = 0.8
"""Pieces nearer than so much of the larger one's extent may be of one person."""
COVERED_SHARE = 0.6
"""Of a disc, that must be covered where a limb is seen to end and no disc is."""
MOST_OF_A_KIND = 400
"""Joints of one kind that are looked at: a crowd."""
SHORT = 0.03
"""Of two ends that are both covered the nearer one: what covers a joint lies over it, seldom beyond it."""
SURE, COVERED = 1.0, 0.6
"""Confidence of a joint whose disc is seen, and of one found only at the end of a limb."""


@dataclass(frozen=True, eq=False)
class Joints:
    """Candidates: kind (n,) of `BODY_18`, places (n, 2) pixels, arc (n,) radians of their discs' border seen."""

    kind: np.ndarray
    places: np.ndarray
    arc: np.ndarray

    @classmethod
    def of(cls, discs: list[Discs]) -> Joints:
        """The discs of each kind, of very many those that are seen best."""
        best = [np.argsort(-found.arc, kind="stable")[:MOST_OF_A_KIND] for found in discs]
        kind = np.concatenate([np.full(len(order), j) for j, order in enumerate(best)]).astype(int)
        places = np.concatenate([found.centres[order] for found, order in zip(discs, best, strict=True)])
        return cls(
            kind, places, np.concatenate([found.arc[order] for found, order in zip(discs, best, strict=True)])
        )


class Figure(NamedTuple):
    """places (18, 2) pixels, NaN where absent; sure (18,) in [0, 1]."""

    places: np.ndarray
    sure: np.ndarray


def limb_table(limb: int) -> np.ndarray:
    """(KINDS,) what a pixel says of a limb's ellipse on it: 1 its colour, 0 what may lie over it, -1 what cannot."""
    table = np.zeros(KINDS)
    table[BLACK] = -1
    table[LIMB : LIMB + limb] = -1
    table[LIMB + limb] = 1
    return table


_ALONG = np.linspace(0.04, 0.96, 27)
_ACROSS = np.linspace(-0.75, 0.75, 5)
_CORE = np.array([-0.25, 0.0, 0.25])
"""Across a limb: all of the ellipse, and what lines of other tools fill of it, that draw thinner limbs."""
_PROFILE = np.sqrt(1 - (2 * _ALONG - 1) ** 2)


def limb_samples(
    start: np.ndarray, end: np.ndarray, half_width: float, across: np.ndarray = _ACROSS
) -> np.ndarray:
    """(..., 2), (..., 2) -> (..., 27 * len(across), 2) places inside the ellipse between them, evenly along it."""
    along = end - start
    length = np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-6)
    normal = np.stack([-along[..., 1], along[..., 0]], axis=-1) / length
    middle = start[..., None, :] + _ALONG[:, None] * along[..., None, :]
    aside = (half_width * _PROFILE[:, None] * across)[..., None] * normal[..., None, None, :]
    return (middle[..., :, None, :] + aside).reshape(*start.shape[:-1], _ALONG.size * across.size, 2)


def limb_support(
    labels: Labels, limb: int, start: np.ndarray, end: np.ndarray, half_width: float
) -> np.ndarray:
    """(...) in [-1, 1]: how well the picture shows a limb from (..., 2) to (..., 2)."""
    samples = limb_samples(
        np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64), half_width, _CORE
    )
    values = labels.at(samples, limb_table(limb))
    shown, against = (values > 0).mean(-1), (values < 0).mean(-1)
    judged = shown + against
    # What is covered says nothing, but a limb of which little is seen must be seen rightly.
    score = np.where(judged > 0, (shown - 3 * against) / np.maximum(judged, 0.25), 0)
    return np.where(judged < 0.02, 0, score)


def _axis_support(labels: Labels, limb: int, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(n,) the same along the axis alone, and roughly: to look more closely at few of many pairs."""
    share = np.linspace(0.05, 0.95, 10)[:, None]
    return labels.at(start[:, None] * (1 - share) + end[:, None] * share, limb_table(limb)).mean(axis=1)


def _overshoot(labels: Labels, limb: int, start: np.ndarray, end: np.ndarray, radius: float) -> np.ndarray:
    """(n,) in [0, 1]: how far the limb's colour goes on beyond an end: then a stray disc lies on a longer limb."""
    along = end - start
    heading = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    steps = np.linspace(1.2, 3.0, 7)[:, None] * radius
    beyond = np.stack([end[:, None] + steps * heading[:, None], start[:, None] - steps * heading[:, None]])
    return (labels.at(beyond, limb_table(limb)) > 0).mean(axis=2).max(axis=0)


def figures_of(labels: Labels, joints: Joints, radius: float) -> list[Figure]:
    """Candidates -> people, each with at most one joint of a kind; covered joints found from their limbs."""
    links = _links(labels, joints, radius)
    # A blue disc to which no leg leads is a dot of a hand.
    lone_blue = joints.kind == BLUE - JOINT
    lone_blue[[end for support, *ends in links if support > 2 * HIDDEN_LIMB for end in ends]] = False
    owner, sure = _joined(joints, [link for link in links if not lone_blue[list(link[1:])].any()])
    sure |= (joints.arc >= FREE_ARC) & (joints.kind != BLUE - JOINT)
    groups = [np.flatnonzero(owner == o) for o in np.unique(owner) if sure[owner == o].any()]
    figures = [_figure(joints, group) for group in groups]
    figures = _whole(figures, radius)
    pixels = [np.argwhere(labels.kinds == LIMB + limb)[:, ::-1] for limb in range(len(LIMBS))]
    return [_settled(labels, _completed(labels, pixels, figure, radius), radius) for figure in figures]


def _links(labels: Labels, joints: Joints, radius: float) -> list[tuple[float, int, int]]:
    """(support, candidate, candidate) of every limb that the picture shows."""
    links = []
    for limb, (a, b) in enumerate(LIMBS):
        first, second = np.flatnonzero(joints.kind == a), np.flatnonzero(joints.kind == b)
        i, j = (grid.reshape(-1) for grid in np.meshgrid(first, second, indexing="ij"))
        likely = _axis_support(labels, limb, joints.places[i], joints.places[j]) > -0.25
        i, j = i[likely], j[likely]
        support = limb_support(labels, limb, joints.places[i], joints.places[j], radius)
        distance = np.linalg.norm(joints.places[i] - joints.places[j], axis=-1)
        short = (distance < 2.5 * radius) & (support > -0.5)
        support = np.where(short, np.maximum(support, HIDDEN_LIMB), support)
        support = support - _overshoot(labels, limb, joints.places[i], joints.places[j], radius)
        # Between equals the discs of which more is seen, then the nearer pair: two people's discs in one line.
        seen = np.minimum(joints.arc[i], joints.arc[j]) / (2 * np.pi)
        rank = support + 0.05 * seen - 1e-4 * distance / radius
        good = (support >= SUPPORT) | short
        links += list(zip(rank[good].tolist(), i[good].tolist(), j[good].tolist(), strict=True))
    return sorted(links, reverse=True)


def _joined(joints: Joints, links: list[tuple[float, int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """(n,) the number of each candidate's person, and (n,) bool: whether a limb that is seen leads to it."""
    owner = np.arange(len(joints.kind))
    linked = np.zeros(len(owner), dtype=bool)
    has = np.zeros((len(owner), JOINTS), dtype=bool)
    has[np.arange(len(owner)), joints.kind] = True
    for support, i, j in links:
        a, b = owner[i], owner[j]
        if a != b and not (has[a] & has[b]).any():
            owner[owner == b] = a
            has[a] |= has[b]
            linked[[i, j]] |= support > 2 * HIDDEN_LIMB
    return owner, linked


def _figure(joints: Joints, group: np.ndarray) -> Figure:
    places, sure = np.full((JOINTS, 2), np.nan), np.zeros(JOINTS)
    places[joints.kind[group]] = joints.places[group]
    sure[joints.kind[group]] = SURE
    return Figure(places, sure)


def _completed(labels: Labels, pixels: list[np.ndarray], figure: Figure, radius: float) -> Figure:
    """The figure with the joints whose discs are covered but whose limbs are seen."""
    places, sure = figure.places.copy(), figure.sure.copy()
    for limb, (a, b) in [*enumerate(LIMBS)] * 2:
        for known, missing in ((a, b), (b, a)):
            if np.isfinite(places[known, 0]) and np.isnan(places[missing, 0]):
                end = limb_end(labels, limb, pixels[limb], places[known], radius)
                if end is not None:
                    places[missing], sure[missing] = end, COVERED
    return Figure(places, sure)


def limb_end(
    labels: Labels, limb: int, own: np.ndarray, start: np.ndarray, radius: float
) -> np.ndarray | None:
    """(2,) where the limb that leaves `start` ends, or None where none is seen or its end is not covered.

    own  (n, 2) the picture's pixels of the limb's colour: the far ones give the first guess; then the end moves to
    where the ellipse holds the most of the limb's colour and the least of what cannot lie on it.
    """
    guess = _far_end(own, start, radius)
    if guess is None:
        return None
    ends = _around(guess, start, radius)
    best = ends[np.argmax(_evidence(labels, limb, start, ends, radius))]
    for reach in (1.5, 0.5):
        ends = best + _square(reach, 7)
        best = ends[np.argmax(_evidence(labels, limb, start, ends, radius))]
    covered = _hidden_share(labels, best, radius)
    good = limb_support(labels, limb, start, best, radius) >= SUPPORT
    return best if good and covered > COVERED_SHARE else None


def _square(reach: float, count: int) -> np.ndarray:
    """(count^2, 2) steps up to `reach` each way."""
    return np.stack(np.meshgrid(*[np.linspace(-reach, reach, count)] * 2), axis=-1).reshape(-1, 2)


def _far_end(own: np.ndarray, start: np.ndarray, radius: float) -> np.ndarray | None:
    """(2,) the far end of the pixels (n, 2) that lie in one line from `start`; None where none leave it."""
    away = own - start
    distance = np.linalg.norm(away, axis=1)
    if len(own) < radius or distance.min() > 3 * radius:
        return None
    near = distance < max(4 * radius, distance.min() + radius)
    heading = rotation.unit(away[near].mean(axis=0))
    across = np.abs(away @ [-heading[1], heading[0]])
    on = (away @ heading > 0) & (across < np.maximum(1.3 * radius, 0.2 * distance))
    if on.sum() < radius:
        return None
    return start + rotation.unit(away[on].mean(axis=0)) * np.quantile(distance[on], 0.99)


def _around(guess: np.ndarray, start: np.ndarray, radius: float) -> np.ndarray:
    """(n, 2) ends about a first guess: two discs shorter to three longer, a disc to each side."""
    along = guess - start
    length = np.linalg.norm(along)
    heading = along / max(length, 1e-6)
    normal = np.array([-heading[1], heading[0]])
    steps = np.linspace(-2 * radius, 3 * radius, 31)[:, None, None] * heading
    aside = np.linspace(-radius, radius, 13)[None, :, None] * normal
    return (guess + steps + aside).reshape(-1, 2)


def _evidence(labels: Labels, limb: int, start: np.ndarray, ends: np.ndarray, radius: float) -> np.ndarray:
    """(n,) pixels of the limb's colour inside each ellipse, less those that cannot lie in it."""
    samples = limb_samples(np.broadcast_to(start, ends.shape), ends, radius)
    values = labels.at(samples, limb_table(limb))
    weight = np.tile(np.repeat(_PROFILE, len(_ACROSS)), 1)
    area = np.linalg.norm(ends - start, axis=1) * radius
    return (np.where(values < 0, 2 * values, values) * weight).mean(axis=1) * area


def _hidden_share(labels: Labels, place: np.ndarray, radius: float) -> float:
    """Share of the disc at a place that shows what may lie over that joint, or lies outside of the picture."""
    grid = _square(0.8 * radius, 9)
    grid = grid[np.linalg.norm(grid, axis=1) <= 0.8 * radius]
    over = np.zeros(KINDS)
    over[[WHITE, OTHER]] = 1
    # Hands are drawn over every joint, and their colours are near those of joints.
    over[JOINT:LIMB] = 1
    return float(labels.at(place + grid, over).mean())


def _settled(labels: Labels, figure: Figure, radius: float) -> Figure:
    """The figure with each covered joint where its limbs and what is seen of its disc fit best, one by one."""
    places = figure.places.copy()
    for reach in (1.2 * radius, 0.5 * radius, 0.8, 0.4):
        steps = _square(reach, 9)
        for joint in np.flatnonzero(figure.sure == COVERED):
            candidates = places[joint] + steps
            score = _disc_evidence(labels, joint, candidates, radius)
            for limb, (a, b) in enumerate(LIMBS):
                other = b if a == joint else a
                if joint in (a, b) and np.isfinite(places[other, 0]):
                    score = score + _evidence(labels, limb, places[other], candidates, radius)
                    score = score - SHORT * radius * np.linalg.norm(candidates - places[other], axis=1)
            # Of equally good places the middle one: the border of what covers them says nothing.
            best = score >= score.max() - 0.02 * radius**2
            places[joint] = candidates[best].mean(axis=0)
    return figure._replace(places=places)


def _disc_evidence(labels: Labels, joint: int, places: np.ndarray, radius: float) -> np.ndarray:
    """(n,) pixels of the joint's colour in its disc, less twice those that show what cannot cover it."""
    grid = _square(radius, 11)
    grid = grid[np.linalg.norm(grid, axis=1) <= radius]
    table = np.zeros(KINDS)
    table[BLACK] = -2
    table[LIMB:WHITE] = -2
    table[JOINT + joint] = 1
    return labels.at(places[:, None] + grid, table).mean(axis=1) * np.pi * radius**2


def _whole(figures: list[Figure], radius: float) -> list[Figure]:
    """Pieces of people put together, the nearest first: an arm whose shoulder is absent, a head without a neck."""
    has = (
        np.stack([np.isfinite(figure.places[:, 0]) for figure in figures])
        if figures
        else np.zeros((0, 1), bool)
    )
    gap = np.full((len(figures), len(figures)), np.inf)
    for i, j in np.argwhere(np.triu(~(has[:, None] & has[None]).any(axis=2), 1)):
        gap[i, j] = _gap(figures[i], figures[j])
    reach = np.array([_reach(figure) for figure in figures])
    near = np.maximum(PIECE_GAP * np.maximum(reach[:, None], reach[None]), 8 * radius)
    owner = np.arange(len(figures))
    pairs = np.argwhere(gap < near)
    for i, j in pairs[np.argsort(gap[tuple(pairs.T)], kind="stable")]:
        a, b = owner[i], owner[j]
        if a != b and not (has[a] & has[b]).any():
            has[a] |= has[b]
            owner[owner == b] = a
    return [_merged([figures[i] for i in np.flatnonzero(owner == o)]) for o in np.unique(owner)]


def _merged(pieces: list[Figure]) -> Figure:
    """Figures that share no joint, as one."""
    places, sure = pieces[0]
    for piece in pieces[1:]:
        mine = np.isfinite(piece.places[:, 0])
        places, sure = np.where(mine[:, None], piece.places, places), np.where(mine, piece.sure, sure)
    return Figure(places, sure)


def _gap(piece: Figure, one: Figure) -> float:
    """Pixels between the nearest joints of two figures."""
    a, b = (f.places[np.isfinite(f.places[:, 0])] for f in (piece, one))
    return float(np.linalg.norm(a[:, None] - b[None], axis=2).min())


def _reach(figure: Figure) -> float:
    seen = figure.places[np.isfinite(figure.places[:, 0])]
    return float(np.linalg.norm(np.ptp(seen, axis=0)))
