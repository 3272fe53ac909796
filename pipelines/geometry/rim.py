"""The rim that joins a sheet's front and back along its outline.

The sheets end in soft mattes; the rim, which closes the volume where it is seen from the side, is solid. On the cells'
centres it would follow their stairs, so the vertices along it are evened out first: where a vertex stands in the photo
is free, as long as its depth and its place are changed together.
"""

from __future__ import annotations

import torch

ROUNDS = 3
"""Times that every vertex moves to the middle between itself and its two neighbours' middle: the stairs of a slope are
then a straight line, and no vertex has moved by half a cell."""


def open_edges(faces: torch.Tensor) -> torch.Tensor:
    """(E, 2) the edges that only one of the triangles (T, 3) has."""
    edges = torch.cat((faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]])).sort(1).values
    number = int(edges.max()) + 1 if len(edges) else 1
    pairs, count = torch.unique(edges[:, 0] * number + edges[:, 1], return_counts=True)
    once = pairs[count == 1]
    return torch.stack((once // number, once % number), 1)


def rim(edges: torch.Tensor, offset: int) -> torch.Tensor:
    """(2 E, 3) triangles between the open edges of a front sheet and of its back, whose numbers are `offset` higher."""
    a, b = edges.unbind(1)
    return torch.cat((torch.stack((a, b, a + offset), 1), torch.stack((b, b + offset, a + offset), 1)))


def evened(points: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
    """(V, 3) the points of a sheet, those on its open edges (E, 2) evened out along them."""
    both = torch.cat((edges, edges.flip(1)))
    degree = torch.bincount(both[:, 0], minlength=len(points))[:, None]
    for _ in range(ROUNDS):
        total = torch.zeros_like(points).index_add_(0, both[:, 0], points[both[:, 1]])
        points = torch.where(degree > 0, (points + total / degree.clamp(min=1)) / 2, points)
    return points
