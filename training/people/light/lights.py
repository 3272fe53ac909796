"""The light people stand in: an environment of the kit or a made one, as a key and order-2 harmonics, and its truth.

A light is scaled so that a white ball before the camera (standing at -z) is metered at `level`: about 1 is the
brightest diffuse surface of a well exposed photo.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import pi, radians
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.geometry.temperature import temperature

from ..draws import Draw
from ..scene import Light
from . import environments as around
from .made_lights import MADE, Made

if TYPE_CHECKING:
    from ..kit.kit import Environment, Kit

FRONT = (0.0, 0.0, -1.0)
"""From the person towards a camera that looks straight ahead."""

ENVIRONMENTS = 0.45
"""Share of the lights that are environments of the kit, where there is a kit."""

RINGING = (0.0, 0.01, 0.03, 0.08, 0.2, 0.5)
"""Weights tried for the window 1 / (1 + w l^2 (l+1)^2) on band l that keeps irradiance positive (Sloan, Stupid
Spherical Harmonics Tricks, 2008)."""


@dataclass(frozen=True, eq=False)
class Setting:
    """A light and what shines: kind "environment" or a name of made_lights.MADE; environment: its id in the kit, or
    None; radiance (3, H, 2 H): the surroundings in world axes at the light's scale (what a backdrop shows), key
    included where it can be seen; ground (3,) radiance of the surroundings' floor; outdoor."""

    light: Light
    kind: str
    environment: str | None
    radiance: Tensor
    ground: Tensor
    outdoor: bool


@dataclass(frozen=True)
class Truth:
    """What a light estimate is held against; every value follows from scene.Light alone.

    key_direction: towards the key, (0, 0, 0) without one. dominant: towards the strongest light, key or not: the first
    band of the luminance of everything. kelvin, duv: of the light on a white surface that faces `dominant`;
    key_kelvin, ambient_kelvin (with duv): of its two parts; |duv| over 0.02 is coloured light, whose kelvin says
    little; nan for a part that is black. ambient_to_direct: on the surface that faces the key, the ambient's
    irradiance over the key's, as luminances; inf without a key. key_share = 1 / (1 + ambient_to_direct).
    """

    key_direction: tuple[float, float, float]
    dominant: tuple[float, float, float]
    kelvin: float
    duv: float
    key_kelvin: float
    key_duv: float
    ambient_kelvin: float
    ambient_duv: float
    ambient_to_direct: float
    key_share: float
    key_radius_degrees: float


def sample(
    kit: Kit | None,
    generator: torch.Generator,
    kind: str | None = None,
    level: float | None = None,
    device: str = "cpu",
) -> Setting:
    """A random light. kind: a name of KINDS or None for any; level: what a white ball is metered at, or None for any.

    Raises ValueError for an unknown kind, or for "environment" where the kit has none.
    """
    draw = Draw(generator)
    level = draw.between(0.65, 1.1) if level is None else level
    has = kit is not None and bool(kit.environments)
    if kind is None:
        kind = "environment" if has and draw.chance(ENVIRONMENTS) else draw.weighed(MADE_WEIGHTS)
    if kind not in KINDS:
        raise ValueError(f"unknown light {kind}: give one of {', '.join(KINDS)}")
    if kind != "environment":
        return _levelled(_made(MADE[kind][0](draw), kind), level, device)
    if not has:
        raise ValueError(
            "light 'environment' needs a kit that has environments: pack one, or name another kind"
        )
    environment = draw.pick(tuple(kit.environments.values()))
    columns = int(draw.between(0, 1) * 512)
    return of_environment(environment, columns / 512 * 2 * pi, level, device)


MADE_WEIGHTS = {name: weight for name, (_, weight) in MADE.items()}
KINDS = ("environment", *MADE)


def of_environment(environment: Environment, yaw: float, level: float = 0.8, device: str = "cpu") -> Setting:
    """An environment of the kit, turned about the vertical (to the nearest column: +z towards +x) and scaled."""
    surroundings = _taken_apart(environment)
    width = surroundings.radiance.shape[2]
    columns = round(yaw / (2 * pi) * width) % width
    setting = Setting(
        light_of(surroundings, columns / width * 2 * pi),
        "environment",
        environment.id,
        surroundings.radiance.roll(columns, 2),
        surroundings.ground,
        environment.outdoor,
    )
    return _levelled(setting, level, device)


@lru_cache(maxsize=32)
def _taken_apart(environment: Environment) -> around.Surroundings:
    return around.Surroundings.of(torch.from_numpy(environment.radiance()))


def light_of(surroundings: around.Surroundings, yaw: float = 0.0) -> Light:
    """The light of surroundings, turned about the vertical by radians."""
    rotation = around.turn(yaw)
    sh = around.rotated(deringed(surroundings.sh), rotation)
    if surroundings.key is None:
        return Light(sh, sh.new_tensor(FRONT), sh.new_zeros(3), 0.0)
    key = surroundings.key
    return Light(sh, rotation.to(sh) @ key.direction, key.colour, key.radius)


def deringed(sh: Tensor) -> Tensor:
    """(9, 3) -> the same with the least window under which irradiance stays at or above 2 % of its mean."""
    normals = around.directions(8, 16, str(sh.device)).flatten(1).T
    bands = sh.new_tensor([0.0] + [4.0] * 3 + [36.0] * 5)[:, None]
    lambert = sh.new_tensor(around.LAMBERT)[:, None]
    for weight in RINGING:
        windowed = sh / (1 + weight * bands)
        values = around.luminance(around.sh_basis(normals) @ (windowed * lambert), -1)
        if float(values.min()) >= 0.02 * float(values.mean()):
            break
    return windowed


def _made(made: Made, kind: str) -> Setting:
    sh = deringed(around.project(made.radiance))
    key = made.key
    nothing = around.Key(sh.new_tensor(FRONT), sh.new_zeros(3), 0.0)
    key = nothing if key is None else key
    light = Light(sh, key.direction, key.colour, key.radius)
    return Setting(light, kind, None, made.radiance, made.radiance[:, -8:].mean((1, 2)), made.outdoor)


def _levelled(setting: Setting, level: float, device: str) -> Setting:
    gain = level / metered(setting.light)
    light = replace(setting.light, sh=setting.light.sh * gain, key_colour=setting.light.key_colour * gain)
    light = Light(
        light.sh.to(device), light.key_direction.to(device), light.key_colour.to(device), light.key_radius
    )
    return replace(
        setting,
        light=light,
        radiance=(setting.radiance * gain).to(device),
        ground=(setting.ground * gain).to(device),
    )


def irradiance(light: Light, normals: Tensor) -> Tensor:
    """(..., 3) unit normals -> (..., 3) irradiance of everything, no shadow cast. A white surface's radiance is 1 /
    pi of it."""
    direct = (normals @ light.key_direction).clamp(min=0)[..., None] * light.key_colour
    return around.irradiance(light.sh, normals) + direct


def metered(light: Light, towards: tuple[float, float, float] | Tensor = FRONT) -> float:
    """Radiance (luminance) of a white matt ball seen from a direction (from the ball to the eye), as a photographer
    meters it: the fourth power's mean over its picture, which spares the highlights."""
    normals = _ball(towards, light.sh)
    return float(around.luminance(irradiance(light, normals), -1).pow(4).mean() ** 0.25) / pi


def _ball(towards: tuple[float, float, float] | Tensor, like: Tensor) -> Tensor:
    """(n, 3) normals of a ball's visible half, even over its picture."""
    eye = F.normalize(torch.as_tensor(towards, dtype=like.dtype, device=like.device), dim=0)
    side = torch.linalg.cross(eye, like.new_tensor([0.0, 1.0, 0.0]))
    side = F.normalize(side if float(side.norm()) > 1e-3 else like.new_tensor([1.0, 0.0, 0.0]), dim=0)
    up = torch.linalg.cross(side, eye)
    at = torch.linspace(-1, 1, 25, device=like.device)
    y, x = torch.meshgrid(at, at, indexing="ij")
    inside = x * x + y * y < 1
    x, y = x[inside], y[inside]
    depth = (1 - x * x - y * y).sqrt()
    return x[:, None] * side + y[:, None] * up + depth[:, None] * eye


def truth(light: Light) -> Truth:
    """The numbers that a light estimate is held against."""
    zero = light.sh.new_tensor(around.LUMINANCE)
    key_level = float(light.key_colour @ zero)
    dominant = _dominant(light)
    at_key = around.irradiance(light.sh, light.key_direction)
    ratio = float(at_key @ zero) / key_level if key_level > 0 else float("inf")
    kelvin, duv = temperature(irradiance(light, dominant))
    key_kelvin, key_duv = temperature(light.key_colour)
    ambient_kelvin, ambient_duv = temperature(light.sh[0].clamp(min=0))
    direction = light.key_direction if key_level > 0 else torch.zeros_like(dominant)
    return Truth(
        tuple(direction.tolist()),
        tuple(dominant.tolist()),
        kelvin,
        duv,
        key_kelvin,
        key_duv,
        ambient_kelvin,
        ambient_duv,
        ratio,
        1 / (1 + ratio),
        light.key_radius * 180 / pi,
    )


def _dominant(light: Light) -> Tensor:
    """(3,) unit; straight up for light that comes from everywhere alike."""
    band = around.luminance(light.sh, 1)[[3, 1, 2]] * around.SH_CONSTANTS[1] * around.LAMBERT[1]
    total = band + 0.5 * light.key_direction * around.luminance(light.key_colour)
    # a key's clamped cosine has half its irradiance as its linear part
    size = float(total.norm())
    mean = float(around.luminance(light.sh, 1)[0]) * around.SH_CONSTANTS[0] * pi
    return total / size if size > 1e-4 * max(mean, 1e-9) else total.new_tensor([0.0, -1.0, 0.0])


def ball(light: Light, size: int = 96, albedo: float = 0.8) -> Tensor:
    """(3, size, size) linear picture of a lit ball seen from the front, 0 around it: what an artist compares."""
    at = torch.linspace(-1.05, 1.05, size, device=light.sh.device)
    y, x = torch.meshgrid(at, at, indexing="ij")
    square = x * x + y * y
    normals = torch.stack((x, y, -(1 - square).clamp(min=0).sqrt()), -1)
    shade = irradiance(light, F.normalize(normals, dim=-1)) * (albedo / pi)
    return torch.where((square <= 1)[..., None], shade, 0.0).permute(2, 0, 1)


def turned(light: Light, yaw: float) -> Light:
    """The light turned about the vertical by degrees: +z towards +x."""
    rotation = around.turn(radians(yaw)).to(light.sh)
    return replace(light, sh=around.rotated(light.sh, rotation), key_direction=rotation @ light.key_direction)
