"""Where a body's shadow falls on a floor and a wall: the body is drawn along the light into a map of what stands in its
way, and every place of floor and wall looks it up there (Reeves et al., Rendering antialiased shadows with depth maps,
SIGGRAPH 1987). The shadow softens with the distance to what casts it (Fernando, Percentage-closer soft shadows, 2005).

Level frame as in solid.py. Many guesses of light and room are tried at once: K of them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F

from .solid import Solid, Standing

BORDER = 12
"""Cells free around the body in the map: a shadow softens into them."""
SHARPEST = 0.7
"""Cells: the deviation of the sharpest shadow; each level of the map doubles it."""
LEVELS = 5
"""How often the map is halved; between the levels it is mixed (Williams, Pyramidal parametrics, SIGGRAPH 1983)."""
DENSE = 1.5
"""What a search, which has no time for more, multiplies its softened map by against the gaps between points."""
AWAY = 2
"""Level at which the distance to what stands in the way is read."""
LEAST = 0.05
"""Points per cell under which where the body stands along the light is taken from all of it."""
FAR = 1e6
"""Pixels: where a ray ends that meets neither floor nor wall."""


@dataclass(frozen=True, eq=False)
class Guess:
    """K lights and rooms, each (K,).

    azimuth, elevation  radians of the light: 0 from the camera's side, positive to the right; above the floor
    radius   half the light's angle, radians
    height   of the camera above the floor, pixels at the person
    focal    pixels
    wall     pixels from the person back to a wall that faces the camera; inf where there is none
    """

    azimuth: torch.Tensor
    elevation: torch.Tensor
    radius: torch.Tensor
    height: torch.Tensor
    focal: torch.Tensor
    wall: torch.Tensor

    def __len__(self) -> int:
        return len(self.azimuth)

    def __getitem__(self, which) -> Guess:
        return Guess(*(getattr(self, field.name)[which] for field in fields(self)))

    @classmethod
    def joined(cls, guesses) -> Guess:
        """All of several sets."""
        return cls(*(torch.cat([getattr(one, f.name) for one in guesses]) for f in fields(cls)))

    @property
    def direction(self) -> torch.Tensor:
        """(K, 3) unit, from the person towards the light."""
        flat = self.elevation.cos()
        return torch.stack((self.azimuth.sin() * flat, -self.elevation.sin(), -self.azimuth.cos() * flat), 1)

    @property
    def axes(self) -> torch.Tensor:
        """(K, 3, 3) rows: two across the light, and towards it."""
        towards = self.direction
        across = torch.stack((self.azimuth.cos(), torch.zeros_like(self.azimuth), self.azimuth.sin()), 1)
        return torch.stack((across, torch.linalg.cross(towards, across), towards), 1)

    def body(self, body: Solid, where: Standing) -> torch.Tensor:
        """(K, N, 3) the body's points."""
        scale = 1 + body.depth / self.focal[:, None]
        x = (body.pixels[:, 0] - where.column) * scale
        y = (body.pixels[:, 1] - where.ground + self.height[:, None]) * scale
        return torch.stack((x, y, self.focal[:, None] + body.depth), 2)

    def surroundings(self, pixels: torch.Tensor, where: Standing) -> tuple[torch.Tensor, torch.Tensor]:
        """(K, n, 3) what is seen at pixels (n, 2), and (K, n) bool whether that is the wall."""
        x, y = pixels[:, 0] - where.column, pixels[:, 1] - where.ground + self.height[:, None]
        focal, wall = self.focal[:, None], (self.focal + self.wall)[:, None]
        floor = torch.where(y > 0, focal * self.height[:, None] / y.clamp(min=1e-3), FAR)
        z = torch.minimum(floor, wall).clamp(max=FAR)
        return torch.stack((x * z / focal, y * z / focal, z), 2), (wall < floor) & (wall < FAR)


def thrown(
    guess: Guess, body: Solid, where: Standing, pixels: torch.Tensor, levels: int = LEVELS
) -> tuple[torch.Tensor, torch.Tensor]:
    """(K, n) in [0, 1] how much of the light the body takes from what is seen at pixels (n, 2), and (K, n) bool
    whether that is the wall."""
    axes = guess.axes
    points = guess.body(body, where) @ axes.transpose(1, 2)
    seen, on_wall = guess.surroundings(pixels, where)
    seen = seen @ axes.transpose(1, 2)
    maps, corner = _maps(points, body.spacing, levels)
    size = maps[0].new_tensor([maps[0].shape[-1], maps[0].shape[-2]])
    grid = ((2 * (seen[..., :2] - corner[:, None]) / body.spacing + 1) / size - 1)[:, None]
    read = [F.grid_sample(one, grid, mode="bilinear", align_corners=False)[:, :, 0] for one in maps]
    # The last map is where along the light the body is, and how much of it is there.
    middle = points[..., 2].mean(1, keepdim=True)
    nearer = (read[-1][:, 0] + LEAST * middle) / (read[-1][:, 1] + LEAST)
    distance = (nearer - seen[..., 2]).clamp(min=0)
    # A disc of radius r blurs about as much as a bell of deviation r / 2.
    wanted = (guess.radius.tan()[:, None] * distance / (2 * body.spacing * SHARPEST)).clamp(min=1).log2()
    wanted = wanted.clamp(max=levels - 1)
    shade = sum((1 - (wanted - i).abs()).clamp(min=0) * one[:, 0] for i, one in enumerate(read[:-1]))
    return shade * (distance > 0), on_wall


def _maps(points: torch.Tensor, spacing: float, levels: int) -> tuple[list[torch.Tensor], torch.Tensor]:
    """(K, 1, h, w), (K, 1, h / 2, w / 2)... what stands in the light's way, softer and softer; then (K, 2, ...) its
    place along the light times how much there is, and that; and (K, 2) the maps' corners. points (K, N, 3) in the
    light's axes."""
    low, high = points[..., :2].amin(1), points[..., :2].amax(1)
    whole = 2 ** (levels - 1)
    size = ((high - low) / spacing).amax(0).ceil().long() + 1 + 2 * BORDER
    width, height = (-(-size // whole) * whole).tolist()
    corner = low - BORDER * spacing
    cell = ((points[..., :2] - corner[:, None]) / spacing + 0.5).long()
    count = len(points)
    index = ((torch.arange(count)[:, None] * height + cell[..., 1]) * width + cell[..., 0]).flatten()
    both = torch.zeros(2, count * height * width)
    both[0].index_add_(0, index, points[..., 2].flatten())
    both[1].index_add_(0, index, torch.ones(len(index)))
    both = both.view(2, count, height, width).transpose(0, 1)
    # Points lie a cell apart before they are turned: the gaps between them are closed.
    there = (both[:, 1:] > 0).float()
    if levels == LEVELS:
        there = -F.max_pool2d(-F.max_pool2d(there, 3, 1, 1), 3, 1, 1)
    current, maps = _tent(there) if levels == LEVELS else (DENSE * _tent(there)).clamp(max=1), []
    for level in range(levels):
        maps.append(current)
        if level < levels - 1:
            current = F.avg_pool2d(_tent(current) if level else current, 2)
    part = 2 ** min(AWAY, levels - 1)
    maps.append(_tent(_tent(F.avg_pool2d(both, part))))
    return maps, corner


def _tent(maps: torch.Tensor) -> torch.Tensor:
    """(K, C, h, w) under the tent [1 2 1] / 4 both ways."""
    across = F.pad(maps, (1, 1, 0, 0))
    across = 0.25 * (across[..., :-2] + across[..., 2:]) + 0.5 * maps
    down = F.pad(across, (0, 0, 1, 1))
    return 0.25 * (down[..., :-2, :] + down[..., 2:, :]) + 0.5 * across
