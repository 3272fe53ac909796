"""Where the surroundings are hidden: by the person's own limbs, and from the floor by the person.

The person becomes a small volume of cells that hold surface. A point is the less open the fuller the volume is at three
distances out along its normal, each averaged over a box that a plane through the point cannot reach: convex bodies do
not darken themselves, armpits, chins and thighs do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

CELL = 0.025
"""Metres: about the mesh's own fineness on the trunk."""
REACHES = ((0.065, 0, 0.35), (0.11, 1, 0.6), (0.22, 2, 0.75))
"""Distance out along the normal in metres, half width in cells of the box that is averaged there, and the weight. A
surface's cells, averaged so, reach sqrt(3) (half + 1.5) cells at most, along the diagonal."""
DARKEST = 0.25
"""Openness at least: light comes back from the limb that hides the rest."""

SLABS = (0.0, 0.06, 0.2, 0.5, 1.0, 2.2)
"""Metres above the floor: the person is cut into slabs that hide the sky above the floor."""
FLOOR_CELL = 0.035
FLOOR_CELLS = 96
"""Metres and number of the cells of the floor's grid, each way."""
MOST_HIDDEN = 0.88
"""Of the floor's sky, at most: shoes and legs throw some light back."""
FLOOR_REACH = 64
"""Cells beyond which a plate is not felt."""


@dataclass(frozen=True, eq=False)
class Volume:
    """Cells of CELL metres that hold surface, averaged over boxes. levels: (d, h, w) each, in [0, 1]; origin (3,): the
    centre of cell (0, 0, 0) in the world, (x, y, z)."""

    levels: tuple[Tensor, ...]
    origin: Tensor

    @staticmethod
    def of(points: Tensor) -> Volume:
        """The volume of points (N, 3) on the surface, no farther apart than CELL where it is to be closed."""
        pad = 1 + max(half for _, half, _ in REACHES)
        origin = points.amin(0) - pad * CELL
        cell = ((points - origin) / CELL).round().long()
        width, height, depth = (cell.amax(0) + pad + 1).tolist()
        cells = points.new_zeros(depth * height * width)
        cells[(cell[:, 2] * height + cell[:, 1]) * width + cell[:, 0]] = 1.0
        full = cells.view(depth, height, width)
        return Volume(tuple(_averaged(full, half) for _, half, _ in REACHES), origin)

    def openness(self, points: Tensor, normals: Tensor) -> Tensor:
        """(N, 3) world points, (N, 3) unit normals -> (N,): 1 where nothing is near, at least DARKEST."""
        shape = points.new_tensor(self.levels[0].shape).flip(0)
        hidden = torch.zeros_like(points[:, 0])
        for level, (reach, _, weight) in zip(self.levels, REACHES, strict=True):
            place = (points + reach * normals - self.origin) / CELL
            grid = ((place + 0.5) / shape * 2 - 1)[None, None, None]
            found = F.grid_sample(level[None, None], grid, align_corners=False)
            hidden = hidden + weight * found[0, 0, 0, 0]
        return (1 - hidden).clamp(DARKEST, 1)


def _averaged(cells: Tensor, half: int) -> Tensor:
    """(d, h, w) averaged over boxes of 2 half + 1 cells, nothing outside; sums of slices, which CPUs do faster than
    average pooling in three dimensions."""
    for axis in range(3 if half else 0):
        total = cells.clone()
        length = cells.shape[axis]
        for step in range(1, half + 1):
            total.narrow(axis, step, length - step).add_(cells.narrow(axis, 0, length - step))
            total.narrow(axis, 0, length - step).add_(cells.narrow(axis, step, length - step))
        cells = total
    return cells / (2 * half + 1) ** 3


@dataclass(frozen=True, eq=False)
class Footprint:
    """How much of the sky the person hides from a plane: hidden (n, n) in [0, 1] on a grid of FLOOR_CELL metres;
    middle (3,) its centre, axes (2, 3) unit along its columns and rows, in the plane, world."""

    hidden: Tensor
    middle: Tensor
    axes: Tensor

    @staticmethod
    def of(points: Tensor, normal: Tensor, offset: float) -> Footprint:
        """Of a person's points (N, 3) over the plane normal . x = offset."""
        height = points @ normal - offset
        axes = plane_axes(normal)
        flat = points @ axes.T
        near = height < SLABS[2]
        chosen = torch.where(near.any(), near, torch.ones_like(near))
        middle = (flat * chosen[:, None]).sum(0) / chosen.sum()
        cell = ((flat - middle) / FLOOR_CELL + FLOOR_CELLS / 2).floor().long()
        inside = ((cell >= 0) & (cell < FLOOR_CELLS)).all(1)
        slab = torch.bucketize(height.clamp(0, SLABS[-1] - 1e-3), height.new_tensor(SLABS[1:-1]), right=True)
        place = (slab * FLOOR_CELLS + cell[:, 1]) * FLOOR_CELLS + cell[:, 0]
        cover = points.new_zeros((len(SLABS) - 1) * FLOOR_CELLS**2)
        cover[place[inside]] = 1.0
        cover = cover.view(-1, FLOOR_CELLS, FLOOR_CELLS)
        # Closes the gaps between points and the inside of limbs, without growing them.
        closed = -F.max_pool2d(-F.max_pool2d(cover[None], 5, 1, 2), 5, 1, 2)
        cover = F.avg_pool2d(closed, 3, 1, 1)[0]
        return Footprint(_hidden(cover), middle @ axes + offset * normal, axes)

    def at(self, points: Tensor) -> Tensor:
        """(n, 3) points of the plane -> (n,) how much of the sky is hidden; 0 beyond the grid."""
        grid = (points - self.middle) @ self.axes.T / (FLOOR_CELL * FLOOR_CELLS / 2)
        found = F.grid_sample(self.hidden[None, None], grid[None, None], align_corners=False)
        return found[0, 0, 0]


def plane_axes(normal: Tensor) -> Tensor:
    """(2, 3): two unit vectors across a unit normal."""
    helper = torch.eye(3, dtype=normal.dtype, device=normal.device)[normal.abs().argmin()]
    first = F.normalize(torch.linalg.cross(normal, helper), dim=0)
    return torch.stack([first, torch.linalg.cross(normal, first)])


def form_factor(height: float, distance: Tensor) -> Tensor:
    """Share of a floor point's light, per square metre, that a small level plate hides at `height` metres above it and
    `distance` metres aside: h^2 / (pi (h^2 + d^2)^2), the cosine law twice over the squared distance."""
    return height**2 / (math.pi * (height**2 + distance**2) ** 2)


def _hidden(cover: Tensor) -> Tensor:
    """(slabs, n, n) of plates -> (n, n): what all of them hide of the sky. Convolved by FFT on a padded grid."""
    count = FLOOR_CELLS + FLOOR_REACH
    spread = torch.fft.rfft2(cover, s=(count, count)) * _kernels(str(cover.device))
    found = torch.fft.irfft2(spread, s=(count, count))[:, :FLOOR_CELLS, :FLOOR_CELLS]
    return (1 - (1 - found.clamp(0, 1)).prod(0)) * MOST_HIDDEN


@lru_cache(maxsize=4)
def _kernels(device: str) -> Tensor:
    """(slabs, n, n / 2 + 1): the form factors' spectra; constant."""
    count = FLOOR_CELLS + FLOOR_REACH
    steps = torch.arange(count, device=device)
    steps = torch.minimum(steps, count - steps) * FLOOR_CELL
    distance = torch.sqrt(steps[:, None] ** 2 + steps[None] ** 2)
    heights = [max((a + b) / 2, FLOOR_CELL) for a, b in zip(SLABS, SLABS[1:], strict=False)]
    return torch.fft.rfft2(torch.stack([form_factor(h, distance) * FLOOR_CELL**2 for h in heights]))
