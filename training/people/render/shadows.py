"""Shadows of the key: on the person, and with the sky's on the floor and walls.

The person is drawn once along the key's parallel light into a map of depths. A point is shadowed by what stands nearer
to the key in a disc around it, whose radius is the key's half angle times the distance to what stands there: shadows
are sharp at the feet and soften with distance (Reeves et al., Rendering antialiased shadows with depth maps, 1987;
Fernando, Percentage-closer soft shadows, 2005).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..light.environments import irradiance, luminance
from ..scene import Light, Plate
from .occlusion import Footprint, plane_axes
from .raster import depth_along

BORDER = 2
"""Texels free around the person in the map."""
STEEPEST = 4.0
"""Depth per width to which a surface's slope against the light is followed under the disc."""
BODY_TAPS, FLOOR_TAPS = (5, 8), (10, 12)
"""Places looked at for what stands in the way, and for how much of the key it leaves."""
WIDEST = 0.25
"""Metres: no penumbra is wider than this to either side."""
SOFT = 0.03
"""Radians of the key's radius from which shadows have no edge that a second smoothing could blunt."""
BEYOND = 4.0
"""Metres from the person beyond which its shadow is not looked for."""
UP = (0.0, -1.0, 0.0)
"""The floor's normal: only from what lies level does the person hide the sky."""


@dataclass(frozen=True, eq=False)
class ShadowMap:
    """Depths along the key's light. turn (3, 3): world -> light's axes, z away from the key; corner (3,) of the map in
    them; depth (h, w) metres from the corner, +inf where nothing is; texel metres; radius: tangent of the key's."""

    turn: Tensor
    corner: Tensor
    depth: Tensor
    texel: float
    radius: float

    @staticmethod
    def of(
        vertices: Tensor, faces: Tensor, two_sided: Tensor, used: Tensor, light: Light, fineness: int
    ) -> ShadowMap:
        """The map of the faces (F, 3) of vertices (N, 3), of which `used` (P, 3) set its extent; fineness: texels along
        its longer side."""
        towards = light.key_direction
        turn = torch.cat([plane_axes(-towards), -towards[None]])
        low, high = (used @ turn.T).aminmax(dim=0)
        spans = (high - low).tolist()
        texel = max(*spans[:2], 1e-3) / (fineness - 2 * BORDER)
        width, height = (math.ceil(span / texel) + 2 * BORDER for span in spans[:2])
        corner = low - low.new_tensor([BORDER * texel, BORDER * texel, 0.0])
        depth = depth_along(vertices @ turn.T - corner, faces, two_sided, 1 / texel, (height, width))
        return ShadowMap(turn, corner, depth, texel, math.tan(light.key_radius))

    def seen(self, points: Tensor, normals: Tensor, phase: Tensor, taps: tuple[int, int]) -> Tensor:
        """(n,) in [0, 1]: how much of the key the points (n, 3) with unit normals (n, 3) see.

        phase (n,) radians turns each point's taps, so that neighbours take different ones; taps: how many places are
        looked at for what stands in the way, and for how much it leaves.
        """
        height, width = self.depth.shape
        local = (points + 1.5 * self.texel * normals) @ self.turn.T - self.corner
        place = local[:, :2] / self.texel
        edge = WIDEST / self.texel
        inside = (place > -edge) & (place < place.new_tensor([width, height]) + edge)
        at = inside.all(1).nonzero()[:, 0]
        found = torch.ones_like(phase)
        found[at] = self._disc_seen(
            place.index_select(0, at).T.contiguous(),
            local[:, 2].index_select(0, at),
            self._slope(normals.index_select(0, at)),
            taps,
            phase.index_select(0, at),
        )
        return found

    def _disc_seen(self, place: Tensor, depth: Tensor, slope, taps: tuple[int, int], phase: Tensor) -> Tensor:
        """The share of the taps on the disc that light reaches. place (2, n) texels."""
        radius = self._penumbra(*place, depth, slope, _disc(taps[0], phase))
        found = torch.ones_like(depth)
        at = (radius > 0).nonzero()[:, 0]
        x, y, depth, radius, phase, *slope = (
            t.index_select(0, at) for t in (*place, depth, radius, phase, *slope)
        )
        seen = torch.zeros_like(depth)
        for step_x, step_y in _disc(taps[1], phase):
            seen = seen + self._passes(x, y, depth, slope, step_x * radius, step_y * radius)
        found[at] = seen / taps[1]
        return found

    def _slope(self, normals: Tensor) -> tuple[Tensor, Tensor]:
        """Depth per texel along the map's x and y, on the plane of each normal."""
        across_x, across_y, towards = (normals @ self.turn.T).unbind(1)
        scale = self.texel / (-towards).clamp(min=1 / STEEPEST)
        return across_x * scale, across_y * scale

    def _read(self, x: Tensor, y: Tensor) -> Tensor:
        """Depth at map places (n,); the free border stands for everything outside."""
        height, width = self.depth.shape
        column = (x + 0.5).floor().clamp(0, width - 1).long()
        row = (y + 0.5).floor().clamp(0, height - 1).long()
        return self.depth.flatten().index_select(0, row * width + column)

    def _passes(self, x: Tensor, y: Tensor, depth: Tensor, slope, step_x: Tensor, step_y: Tensor) -> Tensor:
        """1 where light passes to a tap's place, 0 where something stands well before it, in between between."""
        plane = depth + slope[0] * step_x + slope[1] * step_y
        ahead = (plane - self._read(x + step_x, y + step_y)) / self.texel
        return (1.5 - ahead).clamp(0, 1)

    def _penumbra(self, x: Tensor, y: Tensor, depth: Tensor, slope, disc: list) -> Tensor:
        """Texels of the disc's radius: from how far before each point stands what shadows it, on average; 0 where
        nothing does."""
        search = (depth * self.radius).clamp(0, WIDEST) / self.texel + 1
        total, count = torch.zeros_like(depth), torch.zeros_like(depth)
        for step_x, step_y in disc:
            plane = depth + slope[0] * step_x * search + slope[1] * step_y * search
            before = (plane - self._read(x + step_x * search, y + step_y * search)).clamp(min=0)
            blocks = before > 1.5 * self.texel
            total, count = total + before * blocks, count + blocks
        radius = (total / count.clamp(min=1) * self.radius).clamp(0, WIDEST) / self.texel + 0.7
        return torch.where(count > 0, radius, 0.0)


def _disc(taps: int, phase: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Even places in the unit disc on a sunflower's spiral (Vogel, A better way to construct the sunflower head, 1979),
    turned by phase (n,)."""
    golden = math.pi * (3 - math.sqrt(5))
    cosine, sine = phase.cos(), phase.sin()
    steps = []
    for i in range(taps):
        radius, angle = math.sqrt((i + 0.5) / taps), golden * i
        a, b = radius * math.cos(angle), radius * math.sin(angle)
        steps.append((a * cosine - b * sine, a * sine + b * cosine))
    return steps


def phases(column: Tensor, row: Tensor) -> Tensor:
    """(n,) radians, one of four by the parity of column and row: the pixel's tent meets all of them alike."""
    return ((column % 2) * 2 + (row + column) % 2) * (math.pi / 2 * 0.61)


def on_person(
    shadow_map: ShadowMap, points: Tensor, normals: Tensor, light: Light, place: Tensor, width: int
) -> Tensor:
    """(S,): how much of the key the surface sees; computed only where it is turned towards the key."""
    seen = torch.zeros_like(points[:, 0])
    # A little past the terminator too: skin answers there.
    at = (normals @ light.key_direction > -0.25).nonzero()[:, 0]
    points, normals, place = (t.index_select(0, at) for t in (points, normals, place))
    row = torch.div(place, width, rounding_mode="floor")
    seen[at] = shadow_map.seen(points, normals, phases(place - row * width, row), BODY_TAPS)
    return seen


def on_plate(plate: Plate, points: Tensor, light: Light, key: ShadowMap | None) -> Tensor:
    """(H, W): the factor on the plate under the person's shadow: what light is left over what light there was.

    points (N, 3) of the person; key: None where there is no key.
    """
    factor = torch.ones_like(plate.radiance[0])
    if len(points) == 0:
        return factor
    middle = (points.amin(0) + points.amax(0)) / 2
    close = (plate.points - middle[:, None, None]).square().sum(0) < BEYOND**2
    at = (close & plate.receives).flatten().nonzero()[:, 0]
    width = factor.shape[1]
    row = torch.div(at, width, rounding_mode="floor")
    place, normals = (t.flatten(1).index_select(1, at).T.contiguous() for t in (plate.points, plate.normals))
    factor.view(-1)[at] = _left(place, normals, points, light, key, phases(at - row * width, row))
    factor = smoothed(factor)
    return smoothed(factor) if key is not None and light.key_radius > SOFT else factor


def _left(
    place: Tensor, normals: Tensor, points: Tensor, light: Light, key: ShadowMap | None, phase: Tensor
) -> Tensor:
    """(n,) share of the light that the person leaves at places (n, 3) of the surroundings, by luminance."""
    up = normals.new_tensor(UP)
    hidden = Footprint.of(points, up, 0.0).at(place) * (normals @ up).clamp(min=0)
    seen = torch.ones_like(hidden)
    if key is not None:
        at = (normals @ light.key_direction > 0).nonzero()[:, 0]
        facing = (t.index_select(0, at) for t in (place, normals, phase))
        seen[at] = key.seen(*facing, FLOOR_TAPS)
    left = torch.ones_like(hidden)
    at = ((hidden > 1e-4) | (seen < 1)).nonzero()[:, 0]
    ambient = luminance(irradiance(light.sh, normals[at]), 1)
    direct = (normals[at] @ light.key_direction).clamp(min=0) * luminance(light.key_colour)
    lost = ambient * hidden[at] + direct * (1 - seen[at])
    left[at] = 1 - lost / (ambient + direct).clamp(min=1e-9)
    return left


def smoothed(factor: Tensor) -> Tensor:
    """(H, W) under the tent [1 2 1] both ways: neighbours took different taps."""
    tent = factor.new_tensor([0.25, 0.5, 0.25])
    padded = F.pad(factor[None, None], (1, 1, 1, 1), mode="replicate")
    return F.conv2d(F.conv2d(padded, tent.view(1, 1, 1, 3)), tent.view(1, 1, 3, 1))[0, 0]
