"""Masks to medial lines to stroke graphs, on shapes whose lines are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from repose.pipelines.geometry.figures.strokes import (
    CUTS,
    distance_inside,
    pruned,
    stroke_graph,
    thinned,
    with_thick_places,
    without_loops,
)


def canvas(height: int = 120, width: int = 160) -> np.ndarray:
    return np.zeros((height, width), dtype=bool)


def bar(mask: np.ndarray, left: int, top: int, right: int, bottom: int) -> np.ndarray:
    mask[top : bottom + 1, left : right + 1] = True
    return mask


def disc(mask: np.ndarray, x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.indices(mask.shape)
    return mask | (np.hypot(columns - x, rows - y) <= radius)


def parts(mask: np.ndarray) -> int:
    """How many 8-connected parts a small mask has."""
    left, count = {tuple(p) for p in np.argwhere(mask)}, 0
    while left:
        waiting = [left.pop()]
        count += 1
        while waiting:
            r, c = waiting.pop()
            near = {(r + a, c + b) for a in (-1, 0, 1) for b in (-1, 0, 1)} & left
            left -= near
            waiting += near
    return count


masks = st.integers(0, 2**32 - 1).map(
    lambda seed: np.kron(np.random.default_rng(seed).random((6, 7)) > 0.45, np.ones((5, 5))) > 0
)


@given(masks)
def test_distance_is_the_true_one(mask):
    outside = np.argwhere(~np.pad(mask, 1)) - 1
    places = np.argwhere(mask)
    true = np.sqrt(((places[:, None] - outside[None]) ** 2).sum(-1).min(axis=1)) if len(places) else []
    assert np.allclose(distance_inside(mask)[mask], true, atol=1e-3)


@given(masks)
def test_thinning_keeps_connections_and_lies_inside(mask):
    lines = thinned(mask)
    assert not (lines & ~mask).any()
    assert parts(lines) == parts(mask)
    assert parts(np.pad(~lines, 1)) <= parts(np.pad(~mask, 1)) + 1


@given(masks)
def test_lines_are_thin(mask):
    lines = thinned(mask)
    again = thinned(lines)
    assert (again == lines).all()


def test_a_cross_has_four_ends_and_one_junction():
    mask = bar(bar(canvas(), 20, 56, 140, 62), 77, 10, 83, 110)
    graph = stroke_graph(mask, 8)
    degree = graph.degree()
    assert sorted(degree[degree > 0]) == [1, 1, 1, 1, 4]
    ends = graph.points[degree == 1]
    for x, y in ((20, 59), (140, 59), (80, 10), (80, 110)):
        assert np.hypot(*(ends - [x, y]).T).min() < 5, f"no end near ({x}, {y}): {ends.tolist()}"
    assert np.hypot(*(graph.points[degree == 4][0] - [80, 59])) < 3


def test_bumps_are_pruned_and_limbs_are_not():
    mask = bar(canvas(), 10, 50, 150, 70)
    mask = bar(bar(mask, 60, 47, 64, 50), 100, 71, 106, 110)
    graph = stroke_graph(mask, 6)
    degree = graph.degree()
    assert (degree == 1).sum() == 3, "two ends of the bar and the limb; the bump is gone"


def test_way_and_distances():
    graph = stroke_graph(bar(bar(canvas(), 20, 56, 140, 62), 77, 10, 83, 110), 8)
    distances = graph.distances()
    assert np.allclose(distances, distances.T)
    left, right = (int(np.argmin(np.hypot(*(graph.points - p).T))) for p in ([20, 59], [140, 59]))
    path, radius = graph.way(left, right, distances)
    assert len(path) == len(radius)
    assert np.linalg.norm(np.diff(path, axis=0), axis=1).sum() == pytest.approx(
        distances[left, right], rel=0.01
    )
    assert distances[left, right] == pytest.approx(120, abs=8)


def test_a_head_is_a_thick_place():
    mask = disc(bar(canvas(), 78, 30, 82, 115), 80, 45, 14)
    mask = bar(mask, 78, 8, 82, 40)  # hair, so that the head is not an end
    graph = with_thick_places(stroke_graph(mask, 5))
    near = np.hypot(*(graph.points - [80, 45]).T) < 4
    assert graph.radius[near].max() == pytest.approx(14, abs=2)


@pytest.mark.parametrize("cut", CUTS)
def test_loops_are_opened(cut):
    ring = disc(canvas(), 80, 60, 40) & ~disc(canvas(), 80, 60, 33)
    graph = without_loops(stroke_graph(bar(ring, 10, 57, 45, 63), 5), cut)
    count = int((graph.degree() > 0).sum())
    assert len(graph.edges) == count - 1, "a tree has one stroke less than nodes"


def test_an_empty_mask_has_no_strokes():
    assert stroke_graph(canvas(), 5).edges == ()


def test_pruning_again_changes_nothing():
    graph = stroke_graph(bar(bar(canvas(), 20, 56, 140, 62), 77, 10, 83, 110), 8)
    assert len(pruned(graph, 8).edges) == len(graph.edges)
