"""Polygons in the plane, many at once: inside or outside, and the nearest point that is inside."""

import numpy as np


def stacked(polygons: list[tuple[tuple[float, float], ...]]) -> np.ndarray:
    """m polygons -> (m, k, 2) with one number of corners: shorter ones repeat their last corner."""
    most = max(len(polygon) for polygon in polygons)
    return np.array([list(polygon) + [polygon[-1]] * (most - len(polygon)) for polygon in polygons])


def _edges(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return corners, np.concatenate([corners[..., 1:, :], corners[..., :1, :]], axis=-2) - corners


def _feet(points: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(..., m, 2), (m, k, 2) -> the nearest point of the outline (..., m, 2), its distance and its edge (..., m)."""
    start, edge = _edges(corners)
    squared = np.maximum((edge**2).sum(axis=-1), 1e-30)
    apart = points[..., None, :] - start
    along = np.minimum(np.maximum((apart * edge).sum(axis=-1) / squared, 0.0), 1.0)
    gap = apart - along[..., None] * edge
    squared = gap[..., 0] ** 2 + gap[..., 1] ** 2
    best = squared.argmin(axis=-1)
    index = (*np.indices(best.shape, sparse=True), best)
    return points - gap[index], np.sqrt(squared[index]), best


def inside(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """(..., m, 2), (m, k, 2) -> (..., m) bool: even-odd rule."""
    start, edge = _edges(corners)
    x, y = points[..., None, 0], points[..., None, 1]
    spans = (start[..., 1] > y) != (start[..., 1] + edge[..., 1] > y)
    height = np.where(edge[..., 1] == 0, 1.0, edge[..., 1])
    crossing = start[..., 0] + (y - start[..., 1]) / height * edge[..., 0]
    return (spans & (x < crossing)).sum(axis=-1) % 2 == 1


def distance(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """(..., m, 2), (m, k, 2) -> (..., m): how far outside each point lies of its polygon; negative inside."""
    _, apart, _ = _feet(points, corners)
    return np.where(inside(points, corners), -apart, apart)


def distance_and_slope(points: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(m, 2), (m, k, 2) -> `distance` (m,) and its gradient (m, 2). Corners run from +x to +y."""
    feet, apart, edge = _feet(points, corners)
    within = inside(points, corners)
    along = np.take_along_axis(_edges(corners)[1], edge[:, None, None], axis=1)[:, 0]
    across = np.stack([along[:, 1], -along[:, 0]], axis=-1)
    across /= np.maximum(np.hypot(across[:, 0], across[:, 1]), 1e-15)[:, None]
    away = (points - feet) / np.maximum(apart, 1e-12)[:, None] * np.where(within, -1.0, 1.0)[:, None]
    # On the outline itself the way to the foot has no direction: the edge's normal has.
    slope = np.where(apart[:, None] < 1e-9, across, away)
    return np.where(within, -apart, apart), slope


def nearest(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """(..., m, 2), (m, k, 2) -> the point itself where it is inside, the nearest of the outline otherwise."""
    return np.where(inside(points, corners)[..., None], points, _feet(points, corners)[0])


def reach(origins: np.ndarray, ways: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """(m, 2) inside, (..., m) directions in radians, (m, k, 2) -> (..., m): how far the outline lies that way."""
    start, edge = _edges(corners)
    way = np.stack([np.cos(ways), np.sin(ways)], axis=-1)[..., None, :]
    across = way[..., 0] * edge[..., 1] - way[..., 1] * edge[..., 0]
    safe = np.where(np.abs(across) < 1e-12, 1.0, across)
    offset = start - origins[:, None, :]
    along = (offset[..., 0] * edge[..., 1] - offset[..., 1] * edge[..., 0]) / safe
    place = (offset[..., 0] * way[..., 1] - offset[..., 1] * way[..., 0]) / safe
    hit = (np.abs(across) >= 1e-12) & (along > 0) & (place >= -1e-9) & (place <= 1 + 1e-9)
    return np.where(hit, along, np.inf).min(axis=-1)
