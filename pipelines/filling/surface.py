"""What was filled, kept on the surface of the photographed body: every pose, view and frame shows the same back of it.

A point of the surface is named by the layer of the body it lies on and by where it lay when the photo was taken: x, y
and depth, in pixels of the photo. Points are kept in a grid of cubes; only those on the surface exist.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

CELL = 1.0
"""Pixels of the photo to a cube's side: about what a filled pixel covers."""
SPAN = 1 << 16
"""Cubes along each axis: photos of up to 32,000 pixels, and as deep."""
ENOUGH = 0.3
"""Share of the eight cubes round a point, each by how near it is, that must be filled for the point to be known."""


@dataclass(frozen=True, eq=False)
class SurfaceFill:
    """Colours by cubes of the surface: keys (n,) int64, rising; colour (n, 3) sRGB."""

    keys: torch.Tensor
    colour: torch.Tensor

    @classmethod
    def empty(cls) -> SurfaceFill:
        """Of a body of which nothing was filled yet."""
        return cls(torch.zeros(0, dtype=torch.long), torch.zeros(0, 3))

    def __len__(self) -> int:
        return len(self.keys)

    def with_points(self, points: torch.Tensor, layer: torch.Tensor, colour: torch.Tensor) -> SurfaceFill:
        """Also with these: points (n, 3) x, y, depth in the photo, layer (n,) int64 from 0, colour (n, 3). What was
        there before stays as it was; points that are not finite are left out."""
        good = torch.isfinite(points).all(1)
        keys = _key(torch.floor(points[good] / CELL).long(), layer[good])
        fresh, place = torch.unique(keys, return_inverse=True)
        total = torch.zeros(len(fresh), 4).index_add_(
            0, place, torch.cat((colour[good], torch.ones(len(keys), 1)), 1)
        )
        mean = total[:, :3] / total[:, 3:]
        new = ~self._has(fresh)
        keys, colours = torch.cat((self.keys, fresh[new])), torch.cat((self.colour, mean[new]))
        order = keys.argsort()
        return SurfaceFill(keys[order], colours[order])

    def at(self, points: torch.Tensor, layer: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 3) colours at points (n, 3) of the layers (n,), the mean of the cubes round each by how near they are;
        and (n,) bool, where enough of them are filled."""
        if not len(self):
            return torch.zeros(len(points), 3), torch.zeros(len(points), dtype=torch.bool)
        good = torch.isfinite(points).all(1)
        middle = torch.where(good[:, None], points, 0) / CELL - 0.5
        low = torch.floor(middle)
        part, low = middle - low, low.long()
        total = torch.zeros(len(points), 4)
        for corner in range(8):
            step = torch.tensor([corner & 1, corner >> 1 & 1, corner >> 2])
            weight = torch.where(step > 0, part, 1 - part).prod(1)
            keys = _key(low + step, layer)
            place = torch.searchsorted(self.keys, keys).clamp(max=len(self) - 1)
            weight = weight * (self.keys[place] == keys)
            total += weight[:, None] * torch.cat((self.colour[place], torch.ones(len(points), 1)), 1)
        return total[:, :3] / total[:, 3:].clamp(min=1e-6), good & (total[:, 3] >= ENOUGH)

    def _has(self, keys: torch.Tensor) -> torch.Tensor:
        if not len(self):
            return torch.zeros(len(keys), dtype=torch.bool)
        place = torch.searchsorted(self.keys, keys).clamp(max=len(self) - 1)
        return self.keys[place] == keys


def _key(cube: torch.Tensor, layer: torch.Tensor) -> torch.Tensor:
    """(n,) int64 one number for a cube (n, 3) of a layer (n,)."""
    x, y, z = (cube.clamp(-SPAN // 2, SPAN // 2 - 1) + SPAN // 2).unbind(1)
    return ((layer * SPAN + z) * SPAN + y) * SPAN + x
