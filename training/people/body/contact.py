"""A posed person on the floor: tipped until it rests on what carries it, then set down."""

from __future__ import annotations

import math

import torch
from torch import Tensor

BINS = 96
"""Slices across the body's depth of which only the lowest point counts."""
MOST_TILT = 18.0
"""Degrees that a person is tipped at most: a larger gap belongs to the pose."""


def lowered(vertices: Tensor, lift: float = 0.0) -> Tensor:
    """(N, 3) vertices -> (3,) metres to move them by: the lowest is then `lift` above the floor (y = 0, down)."""
    lowest = vertices[:, 1].max()
    return torch.stack([torch.zeros_like(lowest), -lowest - lift, torch.zeros_like(lowest)])


def settled(vertices: Tensor, base: Tensor, yaw: float) -> Tensor:
    """(3, 3) turn about the axis through the hips that brings a seated or kneeling figure to rest on the floor.

    A pose from another body leaves a gap under the seat or under the feet of this one. Seen from its side the figure
    lies on the edge of its lower outline that is under `base` (3,), a point between seat and feet: that edge is laid
    level, if it takes no more than MOST_TILT; the identity otherwise. yaw: the figure's heading, radians to its left.
    """
    ahead = vertices.new_tensor([math.sin(yaw), 0.0, -math.cos(yaw)])
    along = vertices @ ahead
    edge = _edge_under(_lowest_by_slice(along, vertices[:, 1]), float(base @ ahead))
    eye = torch.eye(3, dtype=vertices.dtype, device=vertices.device)
    if edge is None or abs(math.degrees(edge)) > MOST_TILT:
        return eye
    return _turn_in_plane(eye, ahead, edge)


def _lowest_by_slice(along: Tensor, height: Tensor) -> list[tuple[float, float]]:
    """(n,) places ahead and y -> the lowest point of each slice that has one, from behind to ahead."""
    low, high = along.min(), along.max()
    slot = ((along - low) / (high - low).clamp_min(1e-6) * (BINS - 1)).round().long()
    lowest = torch.full((BINS,), -math.inf, dtype=height.dtype, device=height.device)
    lowest.scatter_reduce_(0, slot, height, "amax")
    places = low + (high - low) * torch.arange(BINS, device=along.device) / (BINS - 1)
    pairs = torch.stack([places, lowest], 1).tolist()
    return [(x, y) for x, y in pairs if y > -math.inf]


def _edge_under(points: list[tuple[float, float]], base: float) -> float | None:
    """Radians by which the edge of the lower outline under `base` goes down ahead; None where it is beside it."""
    outline: list[tuple[float, float]] = []
    for point in points:
        while len(outline) > 1 and _turns_up(outline[-2], outline[-1], point):
            outline.pop()
        outline.append(point)
    for (x0, y0), (x1, y1) in zip(outline, outline[1:], strict=False):
        if x0 <= base <= x1:
            return math.atan2(y1 - y0, x1 - x0)
    return None


def _turns_up(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    """Whether b lies above the line from a to c (y down), and so is no corner of the lower outline."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) >= 0


def _turn_in_plane(eye: Tensor, ahead: Tensor, angle: float) -> Tensor:
    """(3, 3) the turn that raises what is ahead by `angle` radians (y points down)."""
    down = eye[1]
    cosine, sine = math.cos(angle), math.sin(angle)
    plane = torch.outer(ahead, ahead) + torch.outer(down, down)
    swap = torch.outer(ahead, down) - torch.outer(down, ahead)
    return eye - plane + cosine * plane + sine * swap
