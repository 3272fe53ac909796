"""Drawn hands: twenty lines in hues of their own between dots of one blue.

The dots are found by their arcs (discs.py); which is which is said by the lines between them: each
finger is the chain of dots that its four hues support best (dynamic programming). A line so short that its dots
hide it counts as little evidence for the nearest dot. What is hidden altogether is absent.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..geometry.assignment import cheapest_pairs
from .colours import BLACK, BONES, WHITE, Labels
from .discs import find_discs, union_radius

NEIGHBOURS = 40
SAMPLES = 24
PLACED = 0.35
"""What a dot that belongs to a finger is worth, beside the support of the line that leads to it."""
SMALLEST_DOT = 0.45
"""Of the joints' radius: thick sticks at 500 pixels are drawn with dots of half their size (draw.py)."""
FEWEST_SEEN = 3
"""Dots of a hand, its root one of them, that lines which are seen must name: two lines may be debris."""
AT_WRIST = 2.0
"""In radii of the dots: a hand's root this near to a wrist needs the support of one line only."""
LINE = 0.4
"""Share of the way between two dots, where dots do not cover it, that must show a bone's hue."""
CORE = 0.6
"""In radii of the dots: blue that is wider than twice that is no line."""
STRAIGHT = 0.6
"""Cosine: a step that dots hide goes on in the direction of the one before."""
AMBIGUOUS = 1.4
"""A step that dots hide is taken where no other free dot is within so many times its length."""
ROOT_SUPPORT = 1.6
"""Of the five lines that leave a hand's root, the support at least that makes a dot a root."""
LARGEST_BONE = 40.0
"""In radii of the dots: a hand of 2000 pixels drawn with dots of 4."""
FINGER = ((0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11), (12, 13, 14, 15), (16, 17, 18, 19))
assert all(BONES[4 * f][0] == 0 for f in range(5))


class Pairs(NamedTuple):
    """Support of every bone between every two dots: support (n, n, 20), -inf where the picture says no.

    hidden (n, n): no part of the way is seen; distance (n, n) pixels; dots (n, 2) pixels.
    """

    support: np.ndarray
    hidden: np.ndarray
    distance: np.ndarray
    dots: np.ndarray


class Hand(NamedTuple):
    """places (21, 2) pixels, NaN where absent; seen (21,) whether a line that is seen names the dot."""

    places: np.ndarray
    seen: np.ndarray


def find_hands(labels: Labels, blue: np.ndarray, wrists: np.ndarray, joint_radius: float) -> list[Hand]:
    """The hands in a picture.

    blue          (H, W) bool: pixels of the dots' colour that no knee explains
    wrists        (n, 2) pixels, where hands are expected: their dots may hide all of a small hand's lines
    joint_radius  of the body's discs; a hand's are at most as large (draw.py, `draw_pose`)
    """
    radius = union_radius(blue, SMALLEST_DOT * joint_radius, 1.1 * joint_radius) if blue.any() else None
    if radius is None:
        return []
    # Only faces are drawn over hands: every other border of a dot is its own.
    dots = find_discs(blue, labels.kinds == WHITE, radius + 0.3).centres
    if len(dots) < 3:
        return []
    pairs = bone_support(labels, blue, dots, radius)
    near = (
        np.linalg.norm(dots[:, None] - wrists[None], axis=2).min(axis=1, initial=np.inf) < AT_WRIST * radius
    )
    hands, free = [], np.ones(len(dots), dtype=bool)
    while (root := _best_root(pairs, free, near)) is not None:
        hand = _hand(pairs, root, free)
        free[hand[hand >= 0]] = False
        before = hand[[0, *(start for start, _ in BONES)]]
        seen = (hand >= 0) & ~(pairs.hidden[before, hand])
        hands.append(Hand(np.where((hand >= 0)[:, None], dots[hand], np.nan), seen))
    return [hand for hand in hands if hand.seen.sum() >= FEWEST_SEEN]


def bone_support(labels: Labels, blue: np.ndarray, dots: np.ndarray, radius: float) -> Pairs:
    """How well the lines between dots have the hue of each bone, judged where no dot covers them."""
    import cv2

    n = len(dots)
    distance = np.linalg.norm(dots[:, None] - dots[None], axis=2)
    near = np.argsort(distance, axis=1)[:, 1 : NEIGHBOURS + 1]
    i, j = np.repeat(np.arange(n), near.shape[1]), near.reshape(-1)
    share = np.linspace(0, 1, SAMPLES)[:, None]
    places = dots[i][:, None] * (1 - share) + dots[j][:, None] * share
    x, y = np.moveaxis(np.rint(places).astype(np.int64), -1, 0)
    height, width = labels.size
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    # Blue in masses is dots that nothing tells apart; the hue of one bone is nearly theirs.
    core = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(CORE * radius) + 1,) * 2)
    covered = cv2.morphologyEx(blue.astype(np.uint8), cv2.MORPH_OPEN, core)
    for dot in np.rint(dots).astype(int).tolist():
        cv2.circle(covered, dot, int(np.ceil(radius + 1)), 1, -1)
    seen = covered[y, x] == 0
    bones, black = labels.bones[y, x], (labels.kinds[y, x] == BLACK) & seen
    apart = distance[i, j]
    beside = np.minimum(share[:, 0], 1 - share[:, 0]) * apart[:, None] > radius + 1.5
    count, unknown = seen.sum(axis=1), (~seen & beside).sum(axis=1)
    agree = ((bones[..., None] == np.arange(1, 21)) & seen[..., None]).sum(axis=1)
    # Other dots on the way make it likely that the line ends at one of them.
    score = (agree - 2.0 * black.sum(axis=1)[:, None]) / np.maximum(count + unknown, 1)[:, None]
    visible = count >= 2
    hidden = ~visible & (apart < 2.6 * radius + 3)
    score = np.where(visible[:, None] & (score > LINE), score, -np.inf)
    score = np.where(hidden[:, None], -0.12 * apart[:, None] / radius, score)
    score[apart > LARGEST_BONE * radius] = -np.inf
    support, unseen = np.full((n, n, 20), -np.inf), np.zeros((n, n), dtype=bool)
    support[i, j], unseen[i, j] = score, hidden
    return Pairs(support, unseen, distance, dots)


def _best_root(pairs: Pairs, free: np.ndarray, at_wrist: np.ndarray) -> int | None:
    """The free dot from which the most of the five first bones leave, or None."""
    support = np.where(
        (free[:, None] & free[None])[..., None], pairs.support[..., [0, 4, 8, 12, 16]], -np.inf
    )
    support = np.where(pairs.hidden[..., None], -np.inf, support)
    total = np.maximum(support.max(axis=1), 0).sum(axis=1)
    total = np.where(at_wrist & (total > 0.5), total + ROOT_SUPPORT, total)
    root = int(total.argmax())
    return root if total[root] >= ROOT_SUPPORT else None


def _hand(pairs: Pairs, root: int, free: np.ndarray) -> np.ndarray:
    """(21,) dots of the hand at a root, -1 where absent, each dot once: the five first joints together, as their
    lines are the longest, then what follows each, the best finger first."""
    hand = np.full(21, -1)
    hand[0] = root
    free = free.copy()
    free[root] = False
    firsts = _first_joints(pairs, root, free)
    free[firsts[firsts >= 0]] = False
    left = [finger for finger in range(5) if firsts[finger] >= 0]
    while left:
        chains = [_rest_of_finger(pairs, firsts[finger], finger, free) for finger in left]
        best = int(np.argmax([score for score, _ in chains]))
        finger = left.pop(best)
        chain = _certain(pairs, root, firsts[finger], chains[best][1], free)
        hand[1 + 4 * finger : 2 + 4 * finger + len(chain)] = [firsts[finger], *chain]
        free[chain] = False
    return hand


def _first_joints(pairs: Pairs, root: int, free: np.ndarray) -> np.ndarray:
    """(5,) the dot at the end of each finger's first bone, -1 where none is likely."""
    support = np.stack([pairs.support[root, :, bones[0]] for bones in FINGER]) + PLACED
    support = np.where(free[None] & (support > 0), support, 0.0)
    dots = cheapest_pairs(-support)
    hidden = pairs.hidden[root, dots]
    # Where no line is seen only a thumb's first bone is that short, and only one dot may be meant.
    rivals = (free & (pairs.distance[root] < AMBIGUOUS * pairs.distance[root, dots][:, None])).sum(axis=1)
    hidden_well = (np.arange(5) == 0) & (rivals <= 1)
    return np.where((support[np.arange(5), dots] > 0) & (dots >= 0) & (~hidden | hidden_well), dots, -1)


def _certain(pairs: Pairs, root: int, first: int, chain: list[int], free: np.ndarray) -> list[int]:
    """The chain up to the first hidden step that might as well have led to another dot, or that turns aside."""
    way = [root, first, *chain]
    for n, (before, start, end) in enumerate(zip(way, way[1:], chain, strict=False)):
        others = free.copy()
        others[chain] = False
        near = pairs.distance[start] < AMBIGUOUS * pairs.distance[start, end]
        one, other = pairs.dots[start] - pairs.dots[before], pairs.dots[end] - pairs.dots[start]
        straight = one @ other > STRAIGHT * np.linalg.norm(one) * np.linalg.norm(other)
        if pairs.hidden[start, end] and ((near & others).any() or not straight):
            return chain[:n]
    return chain


def _rest_of_finger(pairs: Pairs, first: int, finger: int, free: np.ndarray) -> tuple[float, list[int]]:
    """The best chain of up to three free dots from a finger's first joint, and its score."""
    blocked = np.where(free, 0.0, -np.inf)
    bones = FINGER[finger][1:]
    totals = [pairs.support[first, :, bones[0]] + PLACED + blocked]
    before: list[np.ndarray] = []
    for bone in bones[1:]:
        steps = totals[-1][:, None] + pairs.support[..., bone]
        before.append(steps.argmax(axis=0))
        totals.append(steps.max(axis=0) + PLACED + blocked)
    best = [float(total.max()) for total in totals]
    last = int(np.argmax(best))
    if best[last] <= 0:
        return 0.0, []
    chain = [int(totals[last].argmax())]
    for step in reversed(before[:last]):
        chain.append(int(step[chain[-1]]))
    chain.reverse()
    return (best[last], chain) if len(set(chain)) == len(chain) else (0.0, chain[:1])
