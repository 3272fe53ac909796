"""Places that a camera sees behind a person: an open ground under a horizon, a room or a studio sweep, or nowhere.

World geometry (scene.py's axes, floor y = 0), so every camera sees the same place. Radiance is linear, at the scale
of the light; nobody's shadow is on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import NamedTuple

import torch
from torch import Tensor

from ..light import environments as around
from ..light.lights import irradiance
from ..render.cameras import rays
from ..scene import Camera, Light
from .finishes import Tile

UP = (0.0, -1.0, 0.0)
FAR = 1e4
"""Metres: where rays that meet nothing end."""


class Receiver(NamedTuple):
    """A plane that a shadow may fall on: a point (3,) of it and its unit normal (3,), towards the person's side."""

    point: tuple[float, float, float]
    normal: tuple[float, float, float]


class Plate(NamedTuple):
    """What a camera sees of a backdrop: radiance (3, H, W) linear; points (3, H, W) world metres; normals (3, H, W)
    world, towards the camera's side; receives (H, W) bool: whether there is a surface at all that a shadow could fall
    on."""

    radiance: Tensor
    points: Tensor
    normals: Tensor
    receives: Tensor


@dataclass(frozen=True, eq=False)
class Painted:
    """A surface's finish: tile, metres shifted by (u, v) and turned by `angle` radians, coloured by gain (3,)."""

    tile: Tile
    shift: tuple[float, float]
    angle: float
    gain: Tensor

    def albedo(self, u: Tensor, v: Tensor, footprint: Tensor) -> Tensor:
        """(n,) metres on the surface -> (3, n)."""
        cosine, sine = torch.cos(torch.tensor(self.angle)), torch.sin(torch.tensor(self.angle))
        found = self.tile.at(
            cosine * u + sine * v + self.shift[0], cosine * v - sine * u + self.shift[1], footprint
        )
        return (found * self.gain.to(found)[:, None]).clamp(0, 0.95)


@dataclass(frozen=True, eq=False)
class Outdoors:
    """Surroundings on the horizon and a floor that grows out of them.

    radiance (3, H, 2 H) out of focus; floor: detail with mean 1; near, soft: the floor's own albedo (3,) and the
    share of the surroundings' blurred ground in its colour; lower (3, H, 2 H): that blurred ground; height: metres at
    which the surroundings were taken; reach: metres from the person where the floor gives way to the surroundings.
    """

    light: Light
    radiance: Tensor
    lower: Tensor
    floor: Painted
    height: float
    reach: tuple[float, float]
    kind: str = "environment"

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        return (Receiver((0.0, 0.0, 0.0), UP),)

    def plate(self, camera: Camera) -> Tensor:
        """(3, H, W) linear radiance."""
        return self.seen(camera).radiance

    def seen(self, camera: Camera) -> Plate:
        """The plate with its geometry."""
        ray = rays(camera)
        down = ray[1] > 1e-4
        depth = torch.where(down, -camera.position[1] / ray[1].clamp(min=1e-4), FAR).clamp(max=FAR)
        points = camera.position[:, None, None] + depth * ray
        centre = points.new_tensor([0.0, -self.height, 0.0])[:, None, None]
        onward = around.unit(torch.where(down, points - centre, ray))
        radiance = around.look_up(self.radiance, onward)
        distance = points[0].hypot(points[2])
        near = ((self.reach[1] - distance) / (self.reach[1] - self.reach[0])).clamp(0, 1) * down
        at = near.flatten().nonzero()[:, 0]
        ground = self._ground(points.flatten(1)[:, at], onward.flatten(1)[:, at], ray, depth, camera, at)
        share = near.flatten()[at]
        share = share * share * (3 - 2 * share)
        flat = radiance.flatten(1)
        flat = flat.index_copy(1, at, flat[:, at] * (1 - share) + ground * share)
        normals = points.new_tensor(UP)[:, None, None].expand_as(points)
        return Plate(flat.view_as(radiance), points, normals, down & (depth < FAR))

    def _ground(
        self, points: Tensor, onward: Tensor, ray: Tensor, depth: Tensor, camera: Camera, at: Tensor
    ) -> Tensor:
        """(3, n) radiance of the floor at some pixels."""
        covers = footprint(ray[1].flatten()[at], depth.flatten()[at], ray.flatten(1)[:, at], camera)
        detail = self.floor.albedo(points[0], points[2], covers)
        lit = irradiance(self.light, points.new_tensor(UP)) / pi
        below = around.look_up(self.lower, onward[:, None])[:, 0]
        return detail * (0.5 * lit[:, None] + 0.5 * below)


def footprint(facing: Tensor, depth: Tensor, ray: Tensor, camera: Camera) -> Tensor:
    """Metres a pixel covers on a surface, the geometric mean of both ways. facing: the ray's part along the normal."""
    cosine = facing.abs() / around.length(ray)
    return depth / camera.focal / cosine.clamp(min=1e-3).sqrt()


@dataclass(frozen=True, eq=False)
class Walled:
    """A floor and what rises around it: a room's four walls, or the round sweep of a photo studio.

    half (x, z): metres from the person to the walls, of a room turned by `yaw` radians; a sweep is round with radius
    half[0] and has no corner: its bend is `bend` metres long each way. ceiling: metres, or None for walls without
    end. skirting: metres and albedo (3,), or None. pool: where the light is brightest on the floor (x, z), how far it
    reaches and what is left beyond. corner: how dark the seam is, in [0, 1]. lift: what lamps of its own multiply a
    sweep's wall with.
    """

    light: Light
    kind: str
    half: tuple[float, float]
    yaw: float
    bend: float
    ceiling: float | None
    skirting: tuple[float, Tensor] | None
    floor: Painted
    wall: Painted
    pool: tuple[float, float, float, float]
    corner: float
    lift: float = 1.0

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """The floor, and for a room its walls. A sweep's wall is round: use `seen`, which knows every point."""
        floor = Receiver((0.0, 0.0, 0.0), UP)
        if self.kind == "sweep":
            return (floor,)
        turn = around.turn(self.yaw)
        walls = []
        for axis, size in ((0, self.half[0]), (2, self.half[1])):
            for sign in (-1.0, 1.0):
                inward = -sign * turn[:, axis]
                walls.append(Receiver(tuple((-size * inward).tolist()), tuple(inward.tolist())))
        return (floor, *walls)

    def plate(self, camera: Camera) -> Tensor:
        """(3, H, W) linear radiance."""
        return self.seen(camera).radiance

    def seen(self, camera: Camera) -> Plate:
        """The plate with its geometry."""
        turn = around.turn(-self.yaw).to(camera.rotation)
        ray = torch.einsum("ij,jhw->ihw", turn, rays(camera))
        origin = turn @ camera.position
        depth, normals, on_floor, along = self._hits(origin, ray)
        points = origin[:, None, None] + depth * ray
        if self.bend > 0:
            step, normals = self._bent(points, ray, normals)
            depth = depth + step
            points = points + step * ray
        covers = footprint((ray * normals).sum(0), depth, ray, camera)
        albedo = self._albedo(points, on_floor, along, covers)
        back = turn.T
        normals = torch.einsum("ij,jhw->ihw", back, normals)
        points = torch.einsum("ij,jhw->ihw", back, points)
        lit = irradiance(self.light, normals.permute(1, 2, 0)).permute(2, 0, 1) / pi
        radiance = albedo * lit * self._shade(points, normals, on_floor)
        low = torch.ones_like(on_floor) if self.ceiling is None else -points[1] < self.ceiling - 1e-3
        return Plate(radiance, points, normals, low)

    def _hits(self, origin: Tensor, ray: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Where rays leave the room: depth, normals (3, H, W) inwards, whether on the floor, metres along the wall."""
        floor = torch.where(ray[1] > 1e-5, -origin[1] / ray[1].clamp(min=1e-5), FAR)
        side, normals, along = self._round(origin, ray) if self.kind == "sweep" else self._square(origin, ray)
        on_floor = floor < side
        normals = torch.where(on_floor, normals.new_tensor(UP)[:, None, None], normals)
        depth = torch.minimum(floor, side)
        if self.ceiling is not None:
            top = torch.where(ray[1] < -1e-5, (-self.ceiling - origin[1]) / ray[1].clamp(max=-1e-5), FAR)
            normals = torch.where(top < depth, -normals.new_tensor(UP)[:, None, None], normals)
            depth = torch.minimum(depth, top)
        return depth.clamp(min=1e-3, max=FAR), normals, on_floor, along

    def _square(self, origin: Tensor, ray: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Exit from the four walls."""
        depths, normals = [], []
        for axis, size in ((0, self.half[0]), (2, self.half[1])):
            speed = ray[axis]
            safe = torch.where(speed.abs() < 1e-5, 1e-5, speed)
            exit_at = (size * safe.sign() - origin[axis]) / safe
            # a camera beyond a wall that looks away from the room sees that wall's plane at once
            depths.append(torch.where(exit_at > 0, exit_at, FAR))
            normal = torch.zeros_like(ray)
            normal[axis] = -safe.sign()
            normals.append(normal)
        first = depths[0] < depths[1]
        depth = torch.minimum(*depths)
        points = origin[:, None, None] + depth * ray
        along = torch.where(first, points[2] + 1.7, points[0])
        return depth, torch.where(first, normals[0], normals[1]), along

    def _round(self, origin: Tensor, ray: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Exit from a standing cylinder; a ray that misses it ends beside its nearest point."""
        radius = self.half[0]
        a = (ray[0] ** 2 + ray[2] ** 2).clamp(min=1e-8)
        b = ray[0] * origin[0] + ray[2] * origin[2]
        c = origin[0] ** 2 + origin[2] ** 2 - radius**2
        depth = (-b + (b * b - a * c).clamp(min=0).sqrt()) / a
        depth = torch.where(depth > 0, depth, FAR)
        points = origin[:, None, None] + depth * ray
        inward = torch.stack((-points[0], torch.zeros_like(points[0]), -points[2]))
        along = torch.atan2(points[0], points[2]) * radius
        return depth, inward / radius, along

    def _albedo(self, points: Tensor, on_floor: Tensor, along: Tensor, covers: Tensor) -> Tensor:
        """(3, H, W)."""
        out = points.new_zeros(3, on_floor.numel())
        rise = -points[1]
        where = on_floor.flatten()
        for surface, mask, u, v in (
            (self.floor, where, points[0], points[2]),
            (self.wall, ~where, along, rise),
        ):
            at = mask.nonzero()[:, 0]
            found = surface.albedo(u.flatten()[at], v.flatten()[at], covers.flatten()[at])
            out = out.index_copy(1, at, found)
        out = out.view_as(points)
        if self.skirting is not None:
            height, colour = self.skirting
            board = ((height - rise) / covers.clamp(min=1e-4) + 0.5).clamp(0, 1) * ~on_floor
            out = out + (colour.to(out)[:, None, None] - out) * board
        if self.ceiling is not None:
            above = (rise > self.ceiling - 1e-3)[None]
            out = torch.where(above, 0.8, out)
        return out

    def _bent(self, points: Tensor, ray: Tensor, normals: Tensor) -> tuple[Tensor, Tensor]:
        """A sweep's quarter circle between floor and wall: the step along the ray from the corner's hit, and normals.

        In the plane of distance from the axis and height, where a ray is nearly straight over the bend's length.
        """
        out = points[0].hypot(points[2]).clamp(min=1e-6)
        radial = torch.stack((points[0] / out, torch.zeros_like(out), points[2] / out))
        corner = torch.stack((out - (self.half[0] - self.bend), -points[1] - self.bend))
        speed = torch.stack(((radial * ray).sum(0), -ray[1]))
        a, b, c = (speed * speed).sum(0), (corner * speed).sum(0), (corner * corner).sum(0) - self.bend**2
        step = (-b + (b * b - a * c).clamp(min=0).sqrt()) / a.clamp(min=1e-9)
        bent = (corner[0] > 0) & (corner[1] < 0) & (c > 0)
        inwards = -(corner + step * speed) / self.bend
        turned = around.unit(
            radial * inwards[0].clamp(max=0) + points.new_tensor(UP)[:, None, None] * inwards[1].clamp(min=0)
        )
        return torch.where(bent, step, 0.0), torch.where(bent, turned, normals)

    def _shade(self, points: Tensor, normals: Tensor, on_floor: Tensor) -> Tensor:
        """(H, W): the pool of light, and the darker seam between floor and wall."""
        x, z, reach, rest = self.pool
        away = (points[0] - x) ** 2 + (points[2] - z) ** 2 + (0.5 * points[1]) ** 2
        light = rest + (1 - rest) * torch.exp(-0.5 * away / reach**2)
        if self.kind == "sweep":
            return light * (1 + (self.lift - 1) * (1 - normals[1].square()))
        turned = torch.einsum("ij,jhw->ihw", around.turn(-self.yaw).to(points), points)
        gap = torch.minimum(self.half[0] - turned[0].abs(), self.half[1] - turned[2].abs()).clamp(min=0)
        seam = torch.where(on_floor, gap, -points[1])
        return light * (1 - self.corner * torch.exp(-seam / 0.12))


@dataclass(frozen=True, eq=False)
class Plain:
    """No place: one colour (a cut-out on white), or an abstract picture by direction. Nothing receives a shadow.

    radiance (3,), or (3, H, 2 H) equirectangular.
    """

    radiance: Tensor
    kind: str = "plain"
    receivers: tuple[Receiver, ...] = ()

    def plate(self, camera: Camera) -> Tensor:
        """(3, H, W) linear radiance."""
        if self.radiance.dim() == 1:
            return self.radiance[:, None, None].expand(3, *camera.size).clone()
        return around.look_up(self.radiance, around.unit(rays(camera)))

    def seen(self, camera: Camera) -> Plate:
        """The plate; its points lie far away and receive nothing."""
        ray = rays(camera)
        points = camera.position[:, None, None] + FAR * ray
        return Plate(self.plate(camera), points, -around.unit(ray), torch.zeros_like(ray[0]).bool())
