"""The detail that was filled, kept on the surface of the photographed body: every pose and frame shows the same back.

A point of the surface is named by the layer of the body it lies on and by where it lay when the photo was taken: x, y
and depth, in pixels of the photo. Points are kept in grids of cubes, a fine one and a coarse one for where the fine one
has gaps; only cubes on the surface exist.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

CELLS = (1.0, 2.5)
"""Pixels of the photo to a cube's side: what a filled pixel covers, and what one covers that is seen aslant."""
SPAN = 1 << 16
"""Cubes along each axis: photos of up to 32,000 pixels, and as deep."""
ENOUGH = 0.4
"""Share of the eight cubes round a point, each by how near it is, that must be filled for the point to be known."""


@dataclass(frozen=True, eq=False)
class _Grid:
    """Colours by cubes of `cell` pixels: keys (n,) int64, rising; colour (n, 3) sRGB, or what is to be added to one."""

    cell: float
    keys: torch.Tensor
    colour: torch.Tensor

    def has(self, keys: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n,) bool which cubes exist, and (n,) int64 their places."""
        if not len(self.keys):
            return torch.zeros(len(keys), dtype=torch.bool), torch.zeros(len(keys), dtype=torch.long)
        place = torch.searchsorted(self.keys, keys).clamp(max=len(self.keys) - 1)
        return self.keys[place] == keys, place

    def with_points(self, points: torch.Tensor, layer: torch.Tensor, colour: torch.Tensor) -> _Grid:
        keys, place = torch.unique(_key(torch.round(points / self.cell).long(), layer), return_inverse=True)
        values = torch.cat((colour, torch.ones(len(points), 1)), 1)
        total = torch.zeros(len(keys), 4).index_add_(0, place, values)
        new = ~self.has(keys)[0]
        joined = torch.cat((self.keys, keys[new]))
        colours = torch.cat((self.colour, (total[:, :3] / total[:, 3:])[new]))
        order = joined.argsort()
        return _Grid(self.cell, joined[order], colours[order])

    def at(self, points: torch.Tensor, layer: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if not len(self.keys):
            return torch.zeros(len(points), 3), torch.zeros(len(points))
        middle = points / self.cell
        low = torch.floor(middle)
        part, low = middle - low, low.long()
        total = torch.zeros(len(points), 4)
        for corner in range(8):
            step = torch.tensor([corner & 1, corner >> 1 & 1, corner >> 2])
            there, place = self.has(_key(low + step, layer))
            weight = torch.where(step > 0, part, 1 - part).prod(1) * there
            total += weight[:, None] * torch.cat((self.colour[place], torch.ones(len(points), 1)), 1)
        return total[:, :3] / total[:, 3:].clamp(min=1e-6), total[:, 3]


@dataclass(frozen=True, eq=False)
class SurfaceFill:
    """What is known of a body's surface, fine and coarse."""

    grids: tuple[_Grid, ...]

    @classmethod
    def empty(cls) -> SurfaceFill:
        """Of a body of which nothing was filled yet."""
        nothing = torch.zeros(0, dtype=torch.long), torch.zeros(0, 3)
        return cls(tuple(_Grid(cell, *nothing) for cell in CELLS))

    def __len__(self) -> int:
        return len(self.grids[0].keys)

    def with_points(self, points: torch.Tensor, layer: torch.Tensor, colour: torch.Tensor) -> SurfaceFill:
        """Also with these: points (n, 3) x, y, depth in the photo, layer (n,) int64 from 0, colour (n, 3). What was
        there before stays as it was; points that are not finite are left out."""
        good = torch.isfinite(points).all(1)
        return SurfaceFill(
            tuple(grid.with_points(points[good], layer[good], colour[good]) for grid in self.grids)
        )

    def at(self, points: torch.Tensor, layer: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 3) colours at points (n, 3) of the layers (n,), the mean of the cubes round each by how near they are;
        and (n,) bool, where enough of them are filled."""
        good = torch.isfinite(points).all(1)
        safe = torch.where(good[:, None], points, 0)
        colour, known = torch.zeros(len(points), 3), torch.zeros(len(points), dtype=torch.bool)
        for grid in self.grids:
            found, share = grid.at(safe, layer)
            fresh = (share >= ENOUGH) & good & ~known
            colour[fresh], known = found[fresh], known | fresh
        return colour, known


def _key(cube: torch.Tensor, layer: torch.Tensor) -> torch.Tensor:
    """(n,) int64 one number for a cube (n, 3) of a layer (n,)."""
    x, y, z = (cube.clamp(-SPAN // 2, SPAN // 2 - 1) + SPAN // 2).unbind(1)
    return ((layer * SPAN + z) * SPAN + y) * SPAN + x
