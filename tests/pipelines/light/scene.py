"""A lit figure whose normals, depth and light are known: balls and upright cylinders on a plain ground."""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from repose.pipelines.geometry.colour import encoded, luminance
from repose.pipelines.geometry.garments import NUMBER, GarmentMap
from repose.pipelines.geometry.harmonics import SH_CONSTANTS
from repose.pipelines.geometry.lighting import LightField
from repose.pipelines.geometry.parts import INDEX
from repose.pipelines.geometry.temperature import planckian
from repose.pipelines.geometry.warped import Correspondence
from repose.pipelines.light.surface import Surface

SIZE = (320, 200)
SHAPES = (
    # kind, centre x, y, half width, half height, region, albedo, part
    ("ball", 100, 45, 28, 34, "face", (0.55, 0.36, 0.27), "head"),
    ("cylinder", 100, 140, 44, 58, "upper", (0.30, 0.40, 0.62), "chest"),
    ("cylinder", 42, 140, 13, 62, "right_arm_skin", (0.52, 0.34, 0.25), "right_forearm"),
    ("cylinder", 158, 140, 13, 62, "left_arm_skin", (0.52, 0.34, 0.25), "left_forearm"),
    ("cylinder", 78, 256, 20, 58, "lower", (0.12, 0.13, 0.20), "right_thigh"),
    ("cylinder", 122, 256, 20, 58, "lower", (0.12, 0.13, 0.20), "left_thigh"),
)


def light(x: float, y: float, z: float, level: float = 0.7, around: float = 0.25) -> LightField:
    """A white key towards (x, y, z) in even light."""
    sh = torch.zeros(9, 3)
    sh[0] = around / SH_CONSTANTS[0]
    return LightField(
        sh, F.normalize(torch.tensor([float(x), float(y), float(z)]), dim=0), torch.full((3,), level)
    )


def figure():
    """Surface, garments, albedo (3, H, W) and part (H, W) of the figure."""
    rows, columns = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in SIZE), indexing="ij")
    normal, albedo = torch.zeros(3, *SIZE), torch.full((3, *SIZE), 0.3)
    depth, part = torch.zeros(SIZE), torch.full(SIZE, -1)
    labels = torch.zeros(1, 1, *SIZE, dtype=torch.uint8)
    for kind, x, y, across, up, region, colour, name in SHAPES:
        dx, dy = (columns - x) / across, (rows - y) / up
        if kind == "ball":
            inside, bend = (
                dx * dx + dy * dy < 1,
                torch.stack((dx, dy, -(1 - dx * dx - dy * dy).clamp(min=0).sqrt())),
            )
        else:
            inside = (dx.abs() < 1) & (dy.abs() < 1)
            bend = torch.stack((dx, 0.25 * dy, -(1 - dx * dx).clamp(min=0).sqrt()))
        normal = torch.where(inside, F.normalize(bend, dim=0), normal)
        albedo = torch.where(inside, torch.tensor(colour)[:, None, None], albedo)
        depth = torch.where(inside, bend[2] * across, depth)
        part = torch.where(inside, INDEX[name], part)
        labels[0, 0][inside] = NUMBER[region]
    matte = (labels > 0).float()
    surface = Surface(normal, depth, matte[0, 0], (0, 0, SIZE[1], SIZE[0]), SIZE)
    return surface, GarmentMap(labels, torch.zeros_like(matte), matte), albedo, part


def photographed(field: LightField) -> torch.Tensor:
    """(1, 3, H, W) sRGB of the figure in a light, on a grey ground."""
    surface, garments, albedo, _ = figure()
    shading = field.shading(surface.normal.permute(1, 2, 0)).permute(2, 0, 1)
    lit = torch.where(garments.matte[0] > 0, albedo * shading, albedo)
    grain = 0.004 * torch.randn(lit.shape, generator=torch.Generator().manual_seed(0))
    return (encoded(lit.clamp(0, 1)) + grain).clamp(0, 1)[None]


def correspondence(normal: torch.Tensor | None = None) -> Correspondence:
    """Every point where it was, or turned to other normals (3, H, W)."""
    surface, _, _, part = figure()
    rows, columns = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in SIZE), indexing="ij")
    there = part >= 0
    nothing = torch.tensor(float("nan"))
    return Correspondence(
        source=torch.where(there[..., None], torch.stack((columns, rows), -1), nothing),
        visible=there.float(),
        stretch=there.float(),
        part=part,
        depth=torch.where(there, surface.depth, nothing),
        normal=(surface.normal if normal is None else normal).permute(1, 2, 0),
        source_normal=surface.normal.permute(1, 2, 0),
        photo=torch.zeros(SIZE, dtype=torch.int64),
    )


SURFACE, GARMENTS, ALBEDO, PART = figure()
PERSON = GARMENTS.matte


def turned(degrees: float) -> torch.Tensor:
    """(3, H, W) the figure's normals turned about the vertical, towards the picture's right."""
    angle = torch.deg2rad(torch.tensor(degrees))
    x, y, z = SURFACE.normal
    return torch.stack((x * angle.cos() - z * angle.sin(), y, x * angle.sin() + z * angle.cos()))


def warmed(light: LightField, kelvin: float) -> LightField:
    """The same light as it looks where its colour temperature is `kelvin` (within 4 %), as bright as before."""
    old, new = (planckian(one) for one in (light.kelvin, kelvin))
    gain = new / old.clamp(min=1e-3)
    lit = light.shading(light.dominant)
    gain = gain * (luminance(lit) / luminance(lit * gain))
    return replace(light, sh=light.sh * gain, key_colour=light.key_colour * gain)
