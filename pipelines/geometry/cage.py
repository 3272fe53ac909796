"""A cage round the legs that hanging cloth rides on: rings of nodes from the hips to the hem.

The garment's own vertices keep their offset in the cage's tangent frames, on a uniform cubic B-spline surface through
the nodes (free-form deformation: Sederberg and Parry, "Free-Form Deformation of Solid Geometric Models", SIGGRAPH
1986), so that a cage that has not moved leaves every vertex where it was, and one that has moves them smoothly.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

ROWS, COLUMNS = 16, 48
"""Rings, and nodes of a ring: on a knee-length skirt about 4 cm by 3 cm, half the width of a fold. Our choice."""


@dataclass(frozen=True, eq=False)
class Embedding:
    """Where vertices ride on a cage: `cells` (V, 16) numbers of its nodes, with the phantom rows, `shares` (3, V, 16)
    the spline's weights for the place and for its derivatives down and round; `offsets` (V, 3) in the tangent frame."""

    cells: torch.Tensor
    shares: torch.Tensor
    offsets: torch.Tensor

    @classmethod
    def of(
        cls, nodes: torch.Tensor, row: torch.Tensor, column: torch.Tensor, points: torch.Tensor
    ) -> Embedding:
        """Points (V, 3) at fractional rows in [0, ROWS - 1] and columns in [0, COLUMNS) of nodes (ROWS, COLUMNS,
        3)."""
        first, left = row.floor().clamp(0, ROWS - 2), column.floor()
        down, down_slope = _basis(row - first)
        round_, round_slope = _basis(column - left)
        steps = torch.arange(4, device=row.device)
        rows = first.long()[:, None] + steps  # a phantom row lies above the first
        columns = (left.long()[:, None] + steps - 1) % COLUMNS
        cells = (rows[:, :, None] * COLUMNS + columns[:, None]).flatten(1)
        pairs = ((down, round_), (down_slope, round_), (down, round_slope))
        shares = torch.stack([(a[:, :, None] * b[:, None]).flatten(1) for a, b in pairs])
        bare = cls(cells, shares, torch.zeros_like(points))
        place, frame = bare._frames(nodes)
        return cls(cells, shares, torch.einsum("vij,vi->vj", frame, points - place))

    def carried(self, nodes: torch.Tensor) -> torch.Tensor:
        """(V, 3) where the vertices are on a cage whose nodes are (ROWS, COLUMNS, 3)."""
        place, frame = self._frames(nodes)
        return place + torch.einsum("vij,vj->vi", frame, self.offsets)

    def _frames(self, nodes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(V, 3) places on the surface and (V, 3, 3) frames there: down, round and outwards as columns."""
        above, below = 2 * nodes[:1] - nodes[1:2], 2 * nodes[-1:] - nodes[-2:-1]
        corners = torch.cat((above, nodes, below)).reshape(-1, 3)[self.cells]
        place, down, along = (torch.einsum("vk,vkc->vc", share, corners) for share in self.shares)
        down = F.normalize(down, dim=1)
        outwards = F.normalize(torch.linalg.cross(down, along), dim=1)
        return place, torch.stack((down, torch.linalg.cross(outwards, down), outwards), -1)


def _basis(t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(V, 4) weights of the uniform cubic B-spline at t in [0, 1], and their derivatives."""
    s = 1 - t
    weights = (s**3, 3 * t**3 - 6 * t**2 + 4, 3 * s**3 - 6 * s**2 + 4, t**3)
    slopes = (-3 * s**2, 9 * t**2 - 12 * t, -9 * s**2 + 12 * s, 3 * t**2)
    return torch.stack(weights, -1) / 6, torch.stack(slopes, -1) / 6


@dataclass(frozen=True, eq=False)
class Tube:
    """The elliptic tube in which a garment hangs at rest: per ring, from the top down, `height` (ROWS,) y, `middle`
    (ROWS, 2) x and z, `half` (ROWS, 2) half-breadth and half-depth; all in pixels of the camera frame."""

    height: torch.Tensor
    middle: torch.Tensor
    half: torch.Tensor

    @property
    def nodes(self) -> torch.Tensor:
        """(ROWS, COLUMNS, 3); column 0 faces the camera, a quarter of the columns on is the right of the picture."""
        angle = torch.arange(COLUMNS, device=self.height.device) * (2 * torch.pi / COLUMNS)
        x = self.middle[:, :1] + self.half[:, :1] * torch.sin(angle)
        z = self.middle[:, 1:] - self.half[:, 1:] * torch.cos(angle)
        return torch.stack((x, self.height[:, None].expand_as(x), z), -1)

    def row(self, y: torch.Tensor) -> torch.Tensor:
        """Fractional rows of heights y, clamped to the tube."""
        top, bottom = self.height[0], self.height[-1]
        return ((y - top) / (bottom - top) * (ROWS - 1)).clamp(0, ROWS - 1)

    def at(self, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(..., 2) middle and half-axes at heights y (...)."""
        row = self.row(y)
        first = row.floor().long().clamp(max=ROWS - 2)
        share = (row - first)[..., None]
        return tuple(torch.lerp(v[first], v[first + 1], share) for v in (self.middle, self.half))

    def surface(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """z of the near and of the far side at picture positions x, y."""
        middle, half = self.at(y)
        beside = ((x - middle[..., 0]) / half[..., 0]).clamp(-1, 1)
        depth = half[..., 1] * (1 - beside.square()).sqrt()
        return middle[..., 1] - depth, middle[..., 1] + depth

    def column(self, x: torch.Tensor, y: torch.Tensor, far: torch.Tensor) -> torch.Tensor:
        """Fractional columns in [0, COLUMNS) of picture positions x, y on the near side or, where `far`, the far
        one."""
        middle, half = self.at(y)
        angle = torch.asin(((x - middle[..., 0]) / half[..., 0]).clamp(-1, 1))
        angle = torch.where(far, torch.pi - angle, angle)
        return torch.remainder(angle / (2 * torch.pi) * COLUMNS, COLUMNS)
