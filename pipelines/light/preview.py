"""A light to look at: the balls that an artist would hold into it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from ..geometry.colour import encoded
from ..geometry.harmonics import sh_basis
from ..geometry.lighting import LightField, described

BALL = 256
"""Pixels of a ball's picture."""
WALL = 0.35
"""sRGB of the ground behind the balls."""
MATT, MIRROR = 0.8, 0.5
"""Albedo of the white ball; what the glossy one mirrors of what is around it."""
SHARP = 120.0
"""Exponent of the glossy ball's highlight."""


def lit_balls(light: LightField, size: int = BALL) -> torch.Tensor:
    """(1, 3, size, 2 size) sRGB: a white matt ball and a grey glossy one, seen by the photo's camera."""
    at = torch.linspace(-1.08, 1.08, size, device=light.sh.device)
    y, x = torch.meshgrid(at, at, indexing="ij")
    radius = (x * x + y * y).sqrt()
    normal = F.normalize(torch.stack((x, y, -(1 - radius.square()).clamp(min=1e-6).sqrt()), -1), dim=-1)
    matt = MATT * light.shading(normal)
    towards = light.sh.new_tensor([0.0, 0.0, -1.0])
    mirrored = 2 * (normal @ towards)[..., None] * normal - towards
    around = (sh_basis(mirrored) @ light.sh).clamp(min=0)
    lobe = (mirrored @ light.key_direction).clamp(min=0)[..., None] ** SHARP * light.key_colour * 3
    glossy = 0.15 * light.shading(normal) + MIRROR * around + lobe
    edge = ((1 - radius) * size / 2.16 + 0.5).clamp(0, 1)[..., None]
    wall = normal.new_full((3,), WALL)
    views = [torch.lerp(wall, encoded(one.clamp(0, 1)), edge) for one in (matt, glossy)]
    return torch.cat(views, 1).permute(2, 0, 1)[None]


def preview(lights: Sequence[LightField]) -> torch.Tensor:
    """(B, 3, h, w) each light's balls with what is known of it beneath them."""
    return torch.cat([torch.cat((lit_balls(one), _caption(described(one), 2 * BALL)), 2) for one in lights])


def _caption(text: str, width: int) -> torch.Tensor:
    """(1, 3, 60, width) white on black, in at most three lines."""
    from PIL import Image, ImageDraw, ImageFont

    strip, font = Image.new("RGB", (width, 60), "black"), ImageFont.load_default(14)
    pen, lines = ImageDraw.Draw(strip), [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        lines[-1:] = [longer] if pen.textlength(longer, font) < width - 16 else [lines[-1], word]
    for i, line in enumerate(lines[:3]):
        pen.text((8, 3 + 18 * i), line, fill="white", font=font)
    return torch.from_numpy(np.array(strip)).permute(2, 0, 1)[None].float() / 255
