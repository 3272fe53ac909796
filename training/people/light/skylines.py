"""Made skies get clouds and a far skyline, so that a made light has somewhere to stand in."""

from __future__ import annotations

from math import pi

import torch
import torch.nn.functional as F
from torch import Tensor

from ..draws import Draw
from ..noise import fractal
from . import environments as around
from .lights import Setting, irradiance

HEIGHT = 128
"""Rows of the furnished picture: it is always out of focus."""


def furnished(setting: Setting, draw: Draw) -> Tensor:
    """A made light's radiance (3, HEIGHT, 2 HEIGHT), with clouds, the sun where it shows, and trees or houses far
    away."""
    small = F.pad(setting.radiance[None], (1, 1, 0, 0), mode="circular")
    factor = HEIGHT // setting.radiance.shape[1]
    picture = F.interpolate(small, scale_factor=factor, mode="bilinear")[0]
    picture = picture[..., factor:-factor].contiguous()
    if setting.outdoor:
        picture = _clouded(picture, draw)
        picture = _sunned(picture, setting)
        picture = _skyline(picture, setting, draw)
    return picture


def _clouded(picture: Tensor, draw: Draw) -> Tensor:
    """Clouds flatten and crowd towards the horizon."""
    up = -around.directions(HEIGHT, 2 * HEIGHT, str(picture.device))[1]
    field = fractal(draw, (HEIGHT, 2 * HEIGHT), (12, 8), 4, 0.6, str(picture.device))
    cover = (draw.between(0.15, 0.6) * (field - draw.between(-0.8, 1.5))).clamp(0, 1)
    cover = cover * (up * 6).clamp(0, 1)
    white = picture[:, : HEIGHT // 2].mean() * draw.between(1.0, 1.8)
    return picture + (white - picture) * cover


def _sunned(picture: Tensor, setting: Setting) -> Tensor:
    """A disc and its glow; the disc is wider than the sun so that a pixel holds it."""
    light = setting.light
    level = float(around.luminance(light.key_colour))
    if level <= 0:
        return picture
    colour = light.key_colour / level
    disc = around.cap(light.key_direction, 0.02, HEIGHT, 0.01)
    halo = around.cap(light.key_direction, 0.0, HEIGHT, 0.5) ** 4
    sky = float(picture[:, : HEIGHT // 2].mean())
    return picture + colour[:, None, None] * (disc * 20 * level + halo * 1.5 * sky)


def _skyline(picture: Tensor, setting: Setting, draw: Draw) -> Tensor:
    """A band of trees, hills or houses over the horizon."""
    device = str(picture.device)
    kind = draw.weighed({"trees": 2.0, "hills": 1.0, "houses": 2.0, "nothing": 1.0})
    if kind == "nothing":
        return picture
    height = _profile(kind, draw, device)
    up = torch.asin((-around.directions(HEIGHT, 2 * HEIGHT, device)[1]).clamp(-1, 1))
    share = ((height - up) * (HEIGHT / pi) + 0.5).clamp(0, 1) * (up > -0.01)
    tint = {"trees": (0.06, 0.09, 0.04), "hills": (0.16, 0.18, 0.2), "houses": (0.3, 0.27, 0.24)}[kind]
    facing = irradiance(setting.light, _outward(device)).permute(2, 0, 1) / pi
    grain = 1 + 0.35 * fractal(draw, (HEIGHT, 2 * HEIGHT), (48, 96), 2, 0.7, device)
    band = torch.tensor(tint, device=device)[:, None, None] * facing * grain.clamp(min=0.2)
    haze = picture[:, HEIGHT // 2 - 4 : HEIGHT // 2].mean(1, keepdim=True) * draw.between(0.05, 0.4)
    return picture + (band + haze - picture) * share


def _profile(kind: str, draw: Draw, device: str) -> Tensor:
    """(1, 2 HEIGHT) how high the skyline rises, radians."""
    base = draw.between(0.02, 0.14)
    if kind == "houses":
        steps = draw.grid(draw.pick((12, 20, 32))).to(device)
        return (base * (0.4 + 1.4 * steps)).repeat_interleave(2 * HEIGHT // len(steps) + 1)[
            None, : 2 * HEIGHT
        ]
    cells = 24 if kind == "trees" else 4
    line = fractal(draw, (4, 2 * HEIGHT), (1, cells), 4, 0.6, device)[:1]
    return (base * (1 + 0.4 * line)).clamp(min=0.0)


def _outward(device: str) -> Tensor:
    """(1, 2 HEIGHT, 3) normals of upright things that face the person."""
    horizon = around.directions(HEIGHT, 2 * HEIGHT, device)[:, HEIGHT // 2]
    level = torch.stack((-horizon[0], torch.zeros_like(horizon[0]), -horizon[2]), -1)
    return F.normalize(level, dim=-1)[None]
