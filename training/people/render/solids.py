"""Plain bodies and a plain room: what the renderer is tested against, and a stand-in where there is no kit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..light.environments import SH_CONSTANTS
from ..scene import MATERIALS, REGIONS, Camera, Figure, Light, Sheet
from . import cameras

Mesh = tuple[Tensor, Tensor]
"""vertices (N, 3) metres and faces (F, 3) int64, anticlockwise from outside."""


def sphere(radius: float, centre: tuple[float, float, float], rings: int = 48, sectors: int = 96) -> Mesh:
    """Vertices on the sphere, poles along y."""
    polar = torch.linspace(0, math.pi, rings + 1)[1:-1]
    azimuth = torch.arange(sectors) * (2 * math.pi / sectors)
    level = -polar.cos()[:, None].expand(-1, sectors)
    around = torch.stack(
        [polar.sin()[:, None] * azimuth.cos(), level, polar.sin()[:, None] * azimuth.sin()], -1
    )
    vertices = torch.cat([around.reshape(-1, 3), torch.tensor([[0.0, -1.0, 0.0], [0.0, 1.0, 0.0]])])
    here = torch.arange((rings - 1) * sectors).view(rings - 1, sectors)
    right = here.roll(-1, 1)
    a, b, c, d = here[:-1].flatten(), right[:-1].flatten(), here[1:].flatten(), right[1:].flatten()
    top, bottom = torch.full((sectors,), len(vertices) - 2), torch.full((sectors,), len(vertices) - 1)
    faces = [(a, c, b), (b, c, d), (top, here[0], right[0]), (bottom, right[-1], here[-1])]
    return vertices * radius + torch.tensor(centre), torch.cat([torch.stack(f, 1) for f in faces])


def box(low: tuple[float, float, float], high: tuple[float, float, float], pieces: int = 1) -> Mesh:
    """Edges along the axes; each side is cut into pieces x pieces squares of vertices of its own, so that edges are
    sharp."""
    low, high = torch.tensor(low, dtype=torch.float32), torch.tensor(high, dtype=torch.float32)
    ticks = torch.linspace(0, 1, pieces + 1)
    square = torch.cartesian_prod(ticks, ticks)
    here = torch.arange(len(square)).view(pieces + 1, pieces + 1)
    a, b, c, d = (
        here[:-1, :-1].flatten(),
        here[1:, :-1].flatten(),
        here[1:, 1:].flatten(),
        here[:-1, 1:].flatten(),
    )
    faces = torch.cat([torch.stack([a, b, c], 1), torch.stack([a, c, d], 1)])
    vertices, sides = [], []
    for axis in range(3):
        for end in (0.0, 1.0):
            side = torch.full((len(square), 3), end)
            side[:, (axis + 1) % 3], side[:, (axis + 2) % 3] = square.T
            sides.append((faces if end else faces.flip(1)) + len(square) * len(sides))
            vertices.append(low + side * (high - low))
    return torch.cat(vertices), torch.cat(sides)


def quad(corner: tuple, first: tuple, second: tuple) -> Mesh:
    """The parallelogram corner + u first + v second; first x second points outwards. uv: see `figure`."""
    corner, first, second = (torch.tensor(t, dtype=torch.float32) for t in (corner, first, second))
    vertices = torch.stack([corner, corner + first, corner + first + second, corner + second])
    return vertices, torch.tensor([[0, 1, 2], [0, 2, 3]])


def sheet(colour: tuple[float, float, float], material: str = "cotton", **finish) -> Sheet:
    """A sheet of one linear colour; finish: alpha, normal, occlusion, gloss, roughness, sheen."""
    plain = {"alpha": None, "normal": None, "occlusion": None, "gloss": 0.0, "roughness": 0.7, "sheen": 0.0}
    albedo = torch.tensor(colour).view(3, 1, 1).repeat(1, 4, 4)
    return Sheet(albedo=albedo, material=MATERIALS.index(material), **(plain | finish))


def figure(
    faces: Tensor, worn: Sheet, uv: Tensor | None = None, two_sided: bool = False, region: str = "upper"
) -> Figure:
    """Faces (F, 3) that wear one sheet. uv (N, 2) of the vertices; None: its middle everywhere."""
    count = len(faces)
    return Figure(
        faces=faces,
        uv=torch.full((count, 3, 2), 0.5) if uv is None else uv[faces],
        sheet=torch.zeros(count, dtype=torch.int64),
        region=torch.full((count,), REGIONS.index(region), dtype=torch.uint8),
        two_sided=torch.full((count,), two_sided),
        sheets=(worn,),
    )


def light(
    ambient: float = 1.0, key: float = 0.0, towards: tuple = (-0.6, -1.0, -0.7), radius: float = 0.01
) -> Light:
    """Surroundings of one radiance on all sides, and a white key of irradiance `key`."""
    sh = torch.zeros(9, 3)
    sh[0] = ambient / SH_CONSTANTS[0]
    direction = torch.tensor(towards, dtype=torch.float32)
    return Light(sh, direction / direction.norm(), torch.full((3,), float(key)), radius)


@dataclass(frozen=True, eq=False)
class RoomPlate:
    """See scene.Plate."""

    radiance: Tensor
    points: Tensor
    normals: Tensor
    receives: Tensor


@dataclass(frozen=True)
class Room:
    """A floor at y = 0 and, `wall` metres behind the person, a wall; both of one radiance."""

    radiance: float = 0.5
    wall: float = 1e3

    def seen(self, camera: Camera) -> RoomPlate:
        ray, eye = cameras.rays(camera), camera.position
        floor = torch.where(ray[1] > 1e-5, -eye[1] / ray[1].clamp(min=1e-5), torch.inf)
        wall = torch.where(ray[2] > 1e-5, (self.wall - eye[2]) / ray[2].clamp(min=1e-5), torch.inf)
        depth = torch.minimum(floor, wall)
        receives = torch.isfinite(depth)
        up, back = ray.new_tensor([0.0, -1.0, 0.0]), ray.new_tensor([0.0, 0.0, -1.0])
        normals = torch.where(floor < wall, up[:, None, None], back[:, None, None])
        points = eye[:, None, None] + torch.where(receives, depth, 1e6) * ray
        return RoomPlate(torch.full_like(ray, self.radiance), points, normals, receives)
