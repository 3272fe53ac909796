"""Light from all around: equirectangular pictures, their spherical harmonics, and the key found in them.

Axes of scene.py (x right, y down, z away). An equirectangular picture is (3, H, W) linear radiance: row r looks at
polar angle pi (r + 0.5) / H from straight up (-y), column c at azimuth a = 2 pi ((c + 0.5) / W - 0.5), direction (sin
a, ., cos a) across the floor: the middle column looks along +z, the quarter to its right along +x.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi, radians, sin, sqrt, tan

import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.geometry.colour import LUMINANCE as LUMINANCE
from pipelines.geometry.colour import luminance
from pipelines.geometry.harmonics import LAMBERT as LAMBERT
from pipelines.geometry.harmonics import SH_CONSTANTS as SH_CONSTANTS
from pipelines.geometry.harmonics import irradiance as irradiance
from pipelines.geometry.harmonics import sh_basis

CONES = (1.5, 3.0, 5.0, 8.0, 12.0, 17.0, 23.0)
"""Half angles in degrees tried as the key's extent: from a resampled sun to a softbox near by."""
WHOLE = 0.9
"""Share of the widest cone's excess that the key's cone must hold."""
FAINT = 0.04
"""A key below this share of the ambient irradiance on the surface that faces it is none."""
SUN = 50.0
"""Radiance from which a saturated pixel is a sensor's or codec's overflow, not a colour."""


SMOOTH = 0.85
"""Pixels of blur from which linear interpolation shows no lattice."""


@lru_cache(maxsize=8)
def directions(height: int, width: int, device: str = "cpu") -> Tensor:
    """(3, H, W) unit directions of an equirectangular picture's pixel centres."""
    polar = (torch.arange(height, device=device) + 0.5) * (pi / height)
    azimuth = ((torch.arange(width, device=device) + 0.5) / width - 0.5) * (2 * pi)
    ring = polar.sin()[:, None]
    return torch.stack(
        (ring * azimuth.sin(), -polar.cos()[:, None].expand(height, width), ring * azimuth.cos())
    )


@lru_cache(maxsize=8)
def solid_angles(height: int, width: int, device: str = "cpu") -> Tensor:
    """(H, 1) steradians of each pixel of a row, exact: the sum over the picture is 4 pi."""
    edges = torch.linspace(0, pi, height + 1, device=device, dtype=torch.float64).cos()
    return ((edges[:-1] - edges[1:]) * (2 * pi / width)).float()[:, None]


def project(radiance: Tensor) -> Tensor:
    """(3, H, W) equirectangular radiance -> (9, 3) harmonics, weighted by solid angle."""
    height, width = radiance.shape[-2:]
    basis, weight = _sampled_basis(height, width, str(radiance.device))
    return basis @ (radiance * weight).flatten(1).T


@lru_cache(maxsize=4)
def _sampled_basis(height: int, width: int, device: str) -> tuple[Tensor, Tensor]:
    """(9, H W) and (H, 1)."""
    unit = directions(height, width, device).flatten(1).T
    return sh_basis(unit).T.contiguous(), solid_angles(height, width, device)


def turn(yaw: float) -> Tensor:
    """(3, 3) rotation about the vertical: positive yaw in radians turns +z towards +x."""
    return torch.tensor([[cos(yaw), 0.0, sin(yaw)], [0.0, 1.0, 0.0], [-sin(yaw), 0.0, cos(yaw)]])


def rotated(sh: Tensor, rotation: Tensor) -> Tensor:
    """(9, 3) harmonics of radiance L, (3, 3) rotation -> harmonics of the turned light L(rotation^T d), exactly.

    The harmonics of an order are closed under rotation, so values at enough directions decide the coefficients.
    """
    unit = F.normalize(directions(6, 8).double().flatten(1).T, dim=-1)
    turned = sh_basis(unit @ rotation.double().cpu())
    matrix = torch.linalg.lstsq(sh_basis(unit), turned).solution
    return matrix.to(sh) @ sh


@dataclass(frozen=True, eq=False)
class Key:
    """The brightest compact source: direction (3,) unit towards it, colour (3,) irradiance on a surface that faces it,
    radius in radians of a uniform disc of the same spread."""

    direction: Tensor
    colour: Tensor
    radius: float


@dataclass(frozen=True, eq=False)
class Surroundings:
    """An equirectangular picture taken apart: radiance (3, H, W) >= 0 with everything in it, for backdrops; sh (9, 3)
    of all but the key; key, or None where nothing stands out; ground (3,): mean radiance of the floor around the
    feet."""

    radiance: Tensor
    sh: Tensor
    key: Key | None
    ground: Tensor

    @staticmethod
    def of(radiance: Tensor) -> Surroundings:
        """(3, H, W) linear radiance, as kit.Environment.radiance gives it. Raises ValueError for another shape."""
        if radiance.dim() != 3 or radiance.shape[0] != 3 or radiance.shape[2] != 2 * radiance.shape[1]:
            raise ValueError(
                f"an environment is (3, H, 2 H), got {tuple(radiance.shape)}: give an equirectangular picture"
            )
        radiance = mended(radiance)
        key, rest = parted(radiance)
        height = radiance.shape[1]
        floor = radiance[:, int(0.62 * height) :]
        weight = solid_angles(*radiance.shape[1:], str(radiance.device))[-floor.shape[1] :]
        ground = (floor * weight).sum((1, 2)) / (weight.sum() * radiance.shape[2])
        return Surroundings(radiance.clamp(min=0), project(rest), key, ground.clamp(min=0))


def mended(radiance: Tensor) -> Tensor:
    """Overflowed suns get a colour: where one channel is huge and another empty, the colour of the glow around."""
    top, bottom = radiance.amax(0), radiance.amin(0)
    broken = (radiance.abs().amax(0) > SUN) & (bottom.abs() < 0.02 * radiance.abs().amax(0)) & (top > 0)
    overflow = broken & (radiance.abs().amax(0) > 20 * radiance.median())
    if not bool(overflow.any()):
        return radiance
    near = F.max_pool2d(overflow.float()[None, None], 15, 1, 7)[0, 0].bool()
    glow = radiance[:, near & ~F.max_pool2d(overflow.float()[None, None], 7, 1, 3)[0, 0].bool()]
    tint = glow.clamp(min=0).mean(1)
    tint = tint / tint.amax()
    signed = torch.where(top > -bottom, top, bottom)
    return torch.where(overflow, signed * tint[:, None, None], radiance)


def parted(radiance: Tensor) -> tuple[Key | None, Tensor]:
    """(3, H, W) -> its key and the radiance without it. The key's cone keeps the radiance of the ring around it.

    Negative values (a resampler's ringing about a sun) count: they balance the overshoot beside them.
    """
    height, width = radiance.shape[1:]
    unit = directions(height, width, str(radiance.device))
    weight = solid_angles(height, width, str(radiance.device))
    towards = _peak(radiance, unit, weight)
    cosine = torch.einsum("chw,c->hw", unit, towards).clamp(-1, 1)
    excesses = [_excess(radiance, weight, cosine, radians(angle)) for angle in CONES]
    energy = torch.stack([luminance(excess).clamp(min=0) for excess, _ in excesses]).cummax(0).values
    chosen = int((energy >= WHOLE * energy[-1]).nonzero()[0, 0]) if float(energy[-1]) > 0 else 0
    _, ring = excesses[chosen]
    inside = cosine >= cos(radians(CONES[chosen]))
    light = torch.where(inside, radiance - ring[:, None, None], 0.0) * weight
    direction = F.normalize((unit * luminance(light).clamp(min=0)).sum((1, 2)), dim=0)
    colour = (light * torch.einsum("chw,c->hw", unit, direction).clamp(min=0)).sum((1, 2)).clamp(min=0)
    rest = torch.where(inside, ring[:, None, None].expand_as(radiance), radiance)
    facing = irradiance(project(rest), direction)
    if float(luminance(colour)) < FAINT * float(luminance(facing)):
        return None, radiance
    return Key(direction, colour, _radius(light, unit, direction)), rest


def _peak(radiance: Tensor, unit: Tensor, weight: Tensor) -> Tensor:
    """The direction (3,) whose cone of about 4 degrees gives the most light."""
    power = (luminance(radiance) * weight)[None, None]
    size = 2 * round(radiance.shape[1] * 4 / 180) + 1
    wrapped = F.pad(power, (size // 2, size // 2, 0, 0), mode="circular")
    held = F.avg_pool2d(F.pad(wrapped, (0, 0, size // 2, size // 2)), size, 1)[0, 0]
    # a pixel near a pole spans less width: its box would hold less, so compare the light per solid angle
    return unit.flatten(1)[:, (held / weight.clamp(min=float(weight.max()) * 0.25)).argmax()]


def _excess(radiance: Tensor, weight: Tensor, cosine: Tensor, angle: float) -> tuple[Tensor, Tensor]:
    """Irradiance (3,) of a cone over that of the ring around it, and the ring's radiance (3,)."""
    inside = (cosine >= cos(angle)).float() * weight
    around = ((cosine < cos(angle)) & (cosine >= cos(1.6 * angle + radians(1.5)))).float() * weight
    ring = ((radiance * around).sum((1, 2)) / around.sum()).clamp(min=0)
    return (radiance * inside).sum((1, 2)) - ring * inside.sum(), ring


def _radius(light: Tensor, unit: Tensor, direction: Tensor) -> float:
    """Radians of the uniform disc with the light's mean squared distance from its centre (disc: half its radius^2).

    Distances are projected on the plane across the direction.
    """
    power = luminance(light).clamp(min=0)
    across = 1 - torch.einsum("chw,c->hw", unit, direction).clamp(-1, 1) ** 2
    spread = float((power * across).sum() / power.sum().clamp(min=1e-12))
    return max(sqrt(2 * spread), radians(0.27))


def look_up(radiance: Tensor, unit: Tensor) -> Tensor:
    """(3, H, W) picture, (3, h, w) unit directions -> (3, h, w), wrapped around. Linear: it wants a smooth picture, as
    `blurred` by SMOOTH or more gives (a cubic rings about lamps)."""
    width = radiance.shape[2]
    pad = 1
    wrapped = torch.cat((radiance[..., -pad:], radiance, radiance[..., :pad]), -1)
    azimuth = torch.atan2(unit[0], unit[2]) / pi * (width / (width + 2 * pad))
    polar = torch.acos((-unit[1]).clamp(-1, 1)) * (2 / pi) - 1
    grid = torch.stack((azimuth, polar), -1)[None]
    found = F.grid_sample(wrapped[None], grid, mode="bilinear", padding_mode="border", align_corners=False)
    return found[0]


def length(vectors: Tensor) -> Tensor:
    """(3, ...) -> (...). Much faster along the first axis than torch's norm."""
    x, y, z = vectors
    return (x * x + y * y + z * z).sqrt()


def unit(vectors: Tensor) -> Tensor:
    """(3, ...) -> the same of length 1; 0 stays 0."""
    return vectors / length(vectors).clamp(min=1e-9)


def blurred(radiance: Tensor, angle: float) -> Tensor:
    """(3, H, W) softened by a Gaussian of `angle` radians along the rows and columns at the horizon, wrapped
    around."""
    sigma = angle / pi * radiance.shape[1]
    if sigma < 0.3:
        return radiance
    reach = int(3 * sigma) + 1
    tap = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=radiance.device) / sigma) ** 2)
    tap = (tap / tap.sum()).to(radiance)
    rows = F.pad(radiance[:, None], (reach, reach, 0, 0), mode="circular")
    rows = F.conv2d(rows, tap.view(1, 1, 1, -1))
    columns = F.pad(rows, (0, 0, reach, reach), mode="replicate")
    return F.conv2d(columns, tap.view(1, 1, -1, 1))[:, 0]


def cap(direction: Tensor, angle: float, height: int = 64, edge: float = 0.0) -> Tensor:
    """(H, 2 H) a disc of light: 1 within `angle` radians of a direction, falling over `edge` radians outside it."""
    unit = directions(height, 2 * height, str(direction.device))
    away = torch.acos(torch.einsum("chw,c->hw", unit, direction).clamp(-1, 1))
    return ((angle + edge - away) / max(edge, pi / height) + 0.5).clamp(0, 1)


def towards(azimuth: float, elevation: float) -> Tensor:
    """Degrees from the front (-z, where a camera stands) towards +x, and up -> (3,) unit direction."""
    a, e = radians(azimuth), radians(elevation)
    return torch.tensor([sin(a) * cos(e), -sin(e), -cos(a) * cos(e)])


def horizon_blend(above: Tensor, below: Tensor, height: int, softness: float = 0.02) -> Tensor:
    """(3,) or (3, H, W) colours over and under the horizon -> (3, H, 2 H)."""
    up = -directions(height, 2 * height, str(above.device))[1]
    share = (up / tan(softness) + 0.5).clamp(0, 1)
    above, below = (c[:, None, None] if c.dim() == 1 else c for c in (above, below))
    return above * share + below * (1 - share)
