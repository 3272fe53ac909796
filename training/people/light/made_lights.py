"""Lights made from numbers: studios, windows and skies, each a key and the radiance of everything else.

Angles in degrees: azimuth from the front (-z) towards +x, elevation up. Irradiances are relative: lights.py scales
them.
"""

from __future__ import annotations

from math import radians
from typing import NamedTuple

import torch
from torch import Tensor

from pipelines.geometry.temperature import planckian

from ..draws import Draw
from . import environments as around

HEIGHT = 64
"""Rows of a made environment: 2.8 degrees a pixel, plenty for order-2 harmonics and for skies out of focus."""


class Made(NamedTuple):
    """key or None; radiance (3, HEIGHT, 2 HEIGHT) of everything but the key; whether it is a sky over a ground."""

    key: around.Key | None
    radiance: Tensor
    outdoor: bool


def _flat(colour: Tensor) -> Tensor:
    return colour[:, None, None].expand(3, HEIGHT, 2 * HEIGHT).clone()


def _lamp(azimuth: float, elevation: float, angle: float, irradiance: Tensor) -> Tensor:
    """A soft disc of `angle` degrees that gives (3,) irradiance to what faces it."""
    disc = around.cap(around.towards(azimuth, elevation), radians(angle), HEIGHT, radians(0.3 * angle))
    power = (disc * around.solid_angles(HEIGHT, 2 * HEIGHT)).sum()
    return irradiance[:, None, None] * (disc / power)


def _key(azimuth: float, elevation: float, angle: float, irradiance: Tensor) -> around.Key:
    return around.Key(around.towards(azimuth, elevation), irradiance, radians(angle))


def _room(draw: Draw, level: float, kelvin: float) -> Tensor:
    """A room's bounce: a light ceiling, a darker floor, one wall brighter than the other."""
    up = -around.directions(HEIGHT, 2 * HEIGHT)[1]
    side = around.directions(HEIGHT, 2 * HEIGHT)[0] * draw.between(-0.3, 0.3)
    field = level * (1 + draw.between(0.0, 0.5) * up + side)
    return planckian(kelvin)[:, None, None] * field


def _three_point(draw: Draw) -> Made:
    side, kelvin = draw.sign(), draw.between(4200, 6200)
    key = _key(
        side * draw.between(20, 60), draw.between(15, 50), draw.between(4, 12), planckian(kelvin) * 3.0
    )
    fill = planckian(kelvin * draw.between(0.85, 1.15)) * 3.0 / draw.scale(2, 8)
    rim = planckian(draw.between(4000, 7000)) * draw.between(0.5, 3)
    radiance = _lamp(-side * draw.between(25, 70), draw.between(0, 30), 25, fill)
    radiance += _lamp(-side * draw.between(120, 160), draw.between(20, 50), 12, rim)
    return Made(key, radiance + _room(draw, draw.between(0.03, 0.2), kelvin), False)


def _softbox(draw: Draw) -> Made:
    kelvin = draw.between(4500, 6500)
    azimuth = draw.between(-75, 75)
    key = _key(azimuth, draw.between(5, 55), draw.between(12, 24), planckian(kelvin) * 3)
    return Made(key, _room(draw, draw.between(0.05, 0.5), kelvin), False)


def _window(draw: Draw) -> Made:
    side = draw.sign()
    key = _key(
        side * draw.between(50, 105),
        draw.between(0, 30),
        draw.between(12, 22),
        planckian(draw.between(5500, 9000)) * 3,
    )
    return Made(key, _room(draw, draw.between(0.06, 0.35), draw.between(3000, 5500)), False)


def _sky(draw: Draw, top: Tensor, rim: Tensor, ground: Tensor) -> Tensor:
    """A sky that goes from one colour at the horizon to another above, over a ground."""
    up = (-around.directions(HEIGHT, 2 * HEIGHT)[1]).clamp(0, 1) ** draw.between(0.35, 0.8)
    sky = rim[:, None, None] * (1 - up) + top[:, None, None] * up
    return around.horizon_blend(sky, ground, HEIGHT)


def _overcast(draw: Draw) -> Made:
    """Three times brighter above than at the horizon, (1 + 2 sin e) / 3 (CIE standard overcast sky, ISO
    15469:2004)."""
    colour = planckian(draw.between(5800, 8500))
    up = (-around.directions(HEIGHT, 2 * HEIGHT)[1]).clamp(0, 1)
    sky = colour[:, None, None] * ((1 + 2 * up) / 3)
    ground = colour * draw.between(0.08, 0.3)
    return Made(None, around.horizon_blend(sky, ground, HEIGHT), True)


def _ground(draw: Draw, light: Tensor) -> Tensor:
    """Radiance of a floor of a natural colour under (3,) light."""
    tint = torch.tensor([1.0, draw.between(0.8, 1.05), draw.between(0.55, 0.95)])
    return light * tint * draw.between(0.08, 0.3)


def _sun(draw: Draw) -> Made:
    elevation = draw.between(20, 75)
    azimuth = draw.sign() * draw.between(0, 130)
    sun = planckian(5000 + 10 * elevation) * 4.0
    blue = planckian(draw.between(9000, 18000)) * draw.scale(0.12, 0.5)
    rim = planckian(7000) * float(around.luminance(blue)) * draw.between(1.0, 2.2)
    floor = _ground(draw, sun * elevation / 90 / 3.14 + blue)
    return Made(_key(azimuth, elevation, 0.27, sun), _sky(draw, blue, rim, floor), True)


def _golden(draw: Draw) -> Made:
    elevation, azimuth = draw.between(4, 16), draw.sign() * draw.between(0, 150)
    sun = planckian(draw.between(2500, 3800)) * 3.0
    top = planckian(draw.between(8000, 16000)) * draw.scale(0.15, 0.5)
    rim = planckian(draw.between(3000, 5000)) * draw.scale(0.25, 0.8)
    sky = _sky(draw, top, rim, _ground(draw, top * 0.8 + sun * 0.05))
    glow = _lamp(azimuth, elevation, 30, sun * draw.between(0.05, 0.2))
    return Made(_key(azimuth, elevation, draw.between(0.27, 1.0), sun), sky + glow, True)


def _backlight(draw: Draw) -> Made:
    """A strong light from behind and a soft one from the front."""
    azimuth = draw.sign() * draw.between(125, 170)
    kelvin = draw.between(3200, 6500)
    key = _key(azimuth, draw.between(10, 50), draw.scale(0.4, 12), planckian(kelvin) * 3)
    front = planckian(kelvin * draw.between(0.9, 1.3)) * draw.between(0.8, 2)
    radiance = _lamp(draw.between(-40, 40), draw.between(0, 40), 40, front)
    return Made(key, radiance + _room(draw, draw.between(0.05, 0.2), kelvin), False)


def _coloured(draw: Draw) -> Made:
    """Two gels: a saturated key and a fill of another hue."""
    key = _key(draw.sign() * draw.between(20, 90), draw.between(0, 50), draw.between(3, 14), gel(draw) * 3)
    azimuth = draw.between(-120, 120)
    radiance = _lamp(azimuth, draw.between(0, 30), 25, gel(draw) * draw.between(0.5, 1.5))
    return Made(key, radiance + _room(draw, draw.between(0.1, 0.3), 6000), False)


def gel(draw: Draw) -> Tensor:
    """(3,) linear light of a random hue with luminance 1, saturated but with every channel above 0."""
    phase = draw.between(0, 1) + torch.tensor([0.0, 1 / 3, 2 / 3])
    hue = 0.5 + 0.5 * torch.cos(2 * torch.pi * phase)
    colour = draw.between(0.08, 0.35) + hue
    return colour / around.luminance(colour)


def _even(draw: Draw) -> Made:
    """Flat light: the same from everywhere, but for a little."""
    return Made(None, _room(draw, 1.0, draw.between(5000, 7000)) + _flat(torch.zeros(3)), False)


def _noon(draw: Draw) -> Made:
    """Light from straight above: lamps in a ceiling, shadows under brows and chin."""
    kelvin = draw.between(3000, 6000)
    key = _key(draw.between(-180, 180), draw.between(65, 88), draw.between(4, 15), planckian(kelvin) * 3)
    return Made(key, _room(draw, draw.between(0.1, 0.5), kelvin), False)


MADE = {
    "three_point": (_three_point, 2.0),
    "softbox": (_softbox, 2.0),
    "window": (_window, 2.0),
    "overcast": (_overcast, 1.5),
    "sun": (_sun, 3.0),
    "golden": (_golden, 1.2),
    "backlight": (_backlight, 0.8),
    "coloured": (_coloured, 0.6),
    "flat": (_even, 0.8),
    "above": (_noon, 0.8),
}
"""Kinds of made light: who makes it, and how often."""
