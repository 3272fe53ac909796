"""Fabrics laid flat under a lamp: pictures of made cloth with their material, for classifiers and for the eye."""

from __future__ import annotations

from math import pi

import torch
import torch.nn.functional as F
from torch import Tensor

from ..draws import Draw
from ..scene import MATERIALS, Sheet
from ..shades import encoded
from .fabrics import WOVEN, swatch

MADE = tuple(name for name in MATERIALS if name in WOVEN and name != "metal")
"""Materials that cloth is made of, in the order of scene.MATERIALS."""
BELOW = 0.35
"""Linear grey that shows through holes."""


def lit(sheet: Sheet, towards: tuple[float, float, float], key: float = 1.0, ambient: float = 0.3) -> Tensor:
    """(3, h, w) linear: the sheet seen from straight above, lit from a tangent-space direction (u, up, outwards).

    key, ambient: irradiance / pi of a facing lamp and of the surroundings. The highlight is the GGX microfacet lobe
    with Schlick's Fresnel term (Walter et al., Microfacet models for refraction through rough surfaces, 2007).
    """
    lamp = F.normalize(sheet.albedo.new_tensor(towards), dim=0)
    half = F.normalize(lamp + lamp.new_tensor([0.0, 0.0, 1.0]), dim=0)
    flat = lamp.new_tensor([0.0, 0.0, 1.0])[:, None, None].expand_as(sheet.albedo)
    normal = flat if sheet.normal is None else sheet.normal
    facing = torch.einsum("chw,c->hw", normal, lamp).clamp(min=0)
    across = torch.einsum("chw,c->hw", normal, half).clamp(0, 1)
    width = sheet.roughness**4
    lobe = width / (pi * (across.square() * (width - 1) + 1) ** 2)
    fresnel = sheet.gloss + (1 - sheet.gloss) * (1 - float(half @ lamp)) ** 5
    opened = 1.0 if sheet.occlusion is None else sheet.occlusion
    colour = sheet.albedo * (ambient * opened + key * facing) + key * fresnel * lobe * facing * pi / 4
    return colour if sheet.alpha is None else colour * sheet.alpha + BELOW * (1 - sheet.alpha)


def picture(
    generator: torch.Generator, material: str, metres: float = 0.2, size: int = 256
) -> tuple[Tensor, int]:
    """A swatch under a random lamp: (3, size, size) clean sRGB, and its label of scene.MATERIALS. Pass it through
    sensor.apply for a photo."""
    draw = Draw(generator)
    sheet = swatch(generator, material, metres, size)
    aside = draw.between(-1.2, 1.2), draw.between(-1.2, 1.2)
    shown = lit(sheet, (*aside, 1.0), draw.between(0.5, 1.2), draw.between(0.15, 0.5))
    return encoded(shown), sheet.material


def sheet_of(generator: torch.Generator, each: int = 6, metres: float = 0.2, size: int = 256) -> Tensor:
    """(3, H, W) sRGB: a row of `each` swatches for every material of MADE."""
    rows = [torch.cat([picture(generator, name, metres, size)[0] for _ in range(each)], 2) for name in MADE]
    return torch.cat(rows, 1)
