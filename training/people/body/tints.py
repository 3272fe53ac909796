"""Colours of people and plain recolouring: skin tones, hair, eyes, dyes; all linear light."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from ..draws import Draw
from ..kit.kit import Item, Skin

LUMA = (0.2126, 0.7152, 0.0722)
"""Weights of linear Rec. 709 light (ITU-R BT.709)."""
LIGHT_SKIN = (0.479, 0.305, 0.216)
MELANIN = (-0.78, -1.0, -1.06)
"""The mean colour of light skin, L*a*b* 65, 10, 17 in linear Rec. 709, and how its logarithm falls with melanin, to
dark skin at 35, 12, 15. Ours, by eye."""
BLOOD = (0.025, -0.08, -0.05)
"""How it changes with redness: haemoglobin absorbs green most. Ours, small."""
KEPT = 0.35
"""Share of a skin picture's own hue that stays, of what sets it apart from those colours. Ours."""
TONES = {"african": (0.035, 0.20), "asian": (0.17, 0.40), "caucasian": (0.20, 0.46)}
"""Luminance of skin by where most ancestors are from, linear: overlapping, and wide in each. Ours, by eye."""
HAIR = {
    "black": (0.012, 0.010, 0.009), "dark brown": (0.035, 0.020, 0.012), "brown": (0.085, 0.045, 0.022),
    "light brown": (0.16, 0.095, 0.05), "auburn": (0.13, 0.035, 0.014), "red": (0.26, 0.085, 0.025),
    "blond": (0.40, 0.27, 0.12), "light blond": (0.55, 0.43, 0.25), "grey": (0.25, 0.25, 0.25),
    "white": (0.60, 0.59, 0.56), "blue": (0.03, 0.07, 0.25), "pink": (0.45, 0.10, 0.22), "green": (0.04, 0.16, 0.08),
}  # fmt: skip
DYES = ("blue", "pink", "green")
DARK = {"black": 6.0, "dark brown": 3.0, "brown": 0.5, "grey": 0.2}
MIXED = {"black": 1.5, "dark brown": 3.0, "brown": 4.0, "light brown": 2.0, "auburn": 1.0, "red": 0.7, "blond": 2.0,
         "light blond": 1.0}  # fmt: skip
AGED = {"grey": 4.0, "white": 3.0}
PALETTE = {
    "white": (0.75, 0.75, 0.74), "black": (0.015, 0.015, 0.016), "charcoal": (0.05, 0.052, 0.055),
    "grey": (0.22, 0.22, 0.23), "navy": (0.016, 0.026, 0.08), "blue": (0.04, 0.12, 0.40), "sky": (0.28, 0.46, 0.70),
    "red": (0.42, 0.025, 0.03), "burgundy": (0.12, 0.012, 0.022), "pink": (0.65, 0.28, 0.36),
    "orange": (0.62, 0.20, 0.03), "yellow": (0.72, 0.52, 0.06), "mustard": (0.42, 0.26, 0.03),
    "green": (0.03, 0.20, 0.06), "olive": (0.12, 0.13, 0.04), "mint": (0.38, 0.62, 0.48), "teal": (0.01, 0.17, 0.18),
    "purple": (0.14, 0.04, 0.26), "lilac": (0.44, 0.34, 0.60), "brown": (0.12, 0.055, 0.025),
    "camel": (0.42, 0.25, 0.11), "beige": (0.56, 0.46, 0.33), "cream": (0.70, 0.62, 0.46),
}  # fmt: skip
"""Colours of cloth. Ours."""
LEATHER = ("black", "brown", "camel", "white", "burgundy", "navy", "grey", "beige")
"""Colours that shoes come in mostly."""


@lru_cache(maxsize=1)
def _linear_table() -> np.ndarray:
    """(256,) float32: sRGB byte to linear light (IEC 61966-2-1)."""
    value = np.arange(256, dtype=np.float32) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def linear(picture: np.ndarray) -> Tensor:
    """(H, W, 3) sRGB uint8 -> (3, H, W) linear."""
    return torch.from_numpy(_linear_table()[picture.transpose(2, 0, 1)])


def luminance(colour: Tensor) -> Tensor:
    """(3, ...) linear -> (...)."""
    return torch.tensordot(colour.new_tensor(LUMA), colour, dims=1)


TEXTURE = 512
"""Texels along a side of the kit's own pictures."""


@lru_cache(maxsize=128)
def texture(
    item: Item, variant: str | None, size: int = TEXTURE
) -> tuple[Tensor, Tensor | None, Tensor | None, Tensor | None]:
    """An item's own pictures on its device, at most `size` texels wide: albedo (3, H, W) linear, alpha (H, W), normal
    (3, H, W), occlusion (H, W).

    Shared: never written to."""
    device = item.offsets.device
    alpha, normal, shade = item.alpha(variant), item.normal(variant), item.occlusion(variant)
    normal = None if normal is None else torch.from_numpy(normal.transpose(2, 0, 1) / np.float32(127.5) - 1)
    normal = None if normal is None else torch.nn.functional.normalize(reduced(normal, size), dim=0)
    return (
        reduced(linear(item.albedo(variant)), size).to(device),
        None if alpha is None else reduced(_unit_plane(alpha, device), size),
        None if normal is None else normal.to(device),
        None if shade is None else reduced(_unit_plane(shade, device), size),
    )


def reduced(picture: Tensor, size: int) -> Tensor:
    """(3, H, W) or (H, W) averaged over squares until its sides are at most `size`."""
    times = max(picture.shape[-2:]) // size
    if times < 2:
        return picture
    return torch.nn.functional.avg_pool2d(picture.reshape(1, -1, *picture.shape[-2:]), times)[0].reshape(
        *picture.shape[:-2], picture.shape[-2] // times, picture.shape[-1] // times
    )


def _unit_plane(plane: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(plane.astype(np.float32) / 255).to(device)


@lru_cache(maxsize=32)
def skin_texture(skin: Skin, device: torch.device, size: int = TEXTURE) -> tuple[Tensor, Tensor]:
    """(3, H, W) linear, at most `size` texels wide, and the (3,) mean of its brighter half, which is skin rather than
    hair, lips or gaps."""
    albedo = reduced(linear(skin.albedo()), size).to(device)
    flat = albedo.flatten(1)
    bright = flat[:, luminance(flat) > luminance(flat).median()]
    return albedo, bright.mean(1)


def toned(skin: Skin, device: torch.device, tone: float, redness: float, size: int = TEXTURE) -> Tensor:
    """(3, H, W) the skin's picture with a mean luminance of `tone`, redder or paler; along melanin's own colours."""
    albedo, mean = skin_texture(skin, device, size)
    away = (albedo.new_tensor(LIGHT_SKIN) / mean).log() * (1 - KEPT) + albedo.new_tensor(BLOOD) * redness
    melanin = albedo.new_tensor(MELANIN)
    amount = 0.0
    for _ in range(4):  # luminance is nearly exponential in melanin: Newton's steps settle at once
        now = luminance(mean * (melanin * amount + away).exp())
        amount += float((now / tone).log())
    return (albedo * (melanin * amount + away).exp()[:, None, None]).clamp(0, 0.95)


def hair_colour(draw: Draw, ethnicity: str, age: float) -> str:
    """A name of HAIR that suits: greyer with age, dark where most ancestors' is; now and then dyed."""
    if draw.chance(0.03):
        return draw.pick(DYES)
    if age > 0.78 and draw.chance(min(1.0, (age - 0.72) * 5)):
        return draw.weighed(AGED)
    return draw.weighed(MIXED if ethnicity == "caucasian" else DARK)


def recoloured(albedo: Tensor, alpha: Tensor | None, colour: Tensor, contrast: float = 1.0) -> Tensor:
    """(3, H, W) of one cloth or hair in another mean colour (3,), keeping its light and dark."""
    light = luminance(albedo)
    weight = torch.ones_like(light) if alpha is None else alpha
    mean = (light * weight).sum() / weight.sum().clamp_min(1e-6)
    relief = (light / mean.clamp_min(1e-4)).clamp(0.05, 6) ** contrast
    return (colour[:, None, None] * relief).clamp(0, 0.9)
