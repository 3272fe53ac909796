"""Colours: sRGB and the light it stands for, and how unlike two colours look.

CIEDE2000: Sharma, Wu and Dalal, "The CIEDE2000 Color-Difference Formula: Implementation Notes, Supplementary Test Data,
and Mathematical Observations", Color Research and Application 30 (1), 2005: the equations' numbers are theirs.
"""

from __future__ import annotations

import torch
from torch import Tensor

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Relative luminance of linear Rec. 709 / sRGB (ITU-R BT.709-6, 2015)."""
XYZ_FROM_RGB = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
"""Linear sRGB (IEC 61966-2-1) to XYZ; the rows' sums are the white point D65."""


def linear(srgb: Tensor) -> Tensor:
    """sRGB -> linear light (IEC 61966-2-1:1999)."""
    return torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb.clamp(min=0) + 0.055) / 1.055) ** 2.4)


def encoded(light: Tensor) -> Tensor:
    """Linear light -> sRGB (IEC 61966-2-1:1999), not cut off at 1."""
    return torch.where(light <= 0.0031308, light * 12.92, 1.055 * light.clamp(min=1e-8) ** (1 / 2.4) - 0.055)


def luminance(light: Tensor, axis: int = 0) -> Tensor:
    """Linear Rec. 709 -> relative luminance; the colour axis goes."""
    shape = [1] * light.dim()
    shape[axis] = 3
    return (light * light.new_tensor(LUMINANCE).view(shape)).sum(axis)


def lab(picture: Tensor) -> Tensor:
    """(B, 3, H, W) sRGB in [0, 1] -> (B, 3, H, W) L*, a*, b* under D65."""
    light = linear(picture)
    matrix = torch.tensor(XYZ_FROM_RGB, dtype=picture.dtype, device=picture.device)
    xyz = torch.einsum("ij,bjhw->bihw", matrix, light) / matrix.sum(1).reshape(1, 3, 1, 1)
    root = torch.where(xyz > (6 / 29) ** 3, xyz.clamp(min=1e-9) ** (1 / 3), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = root.unbind(1)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), 1)


def delta_e_2000(first: Tensor, second: Tensor) -> Tensor:
    """(..., 3) and (..., 3) L*a*b* -> (...) CIEDE2000 with unit weights. About 1 is the least that is seen."""
    lightness, chroma, hue, mean_lightness, mean_chroma, mean_hue = _differences(first, second)
    degrees = torch.rad2deg(mean_hue)
    spread = (mean_lightness - 50).square()
    weight_l = 1 + 0.015 * spread / (20 + spread).sqrt()
    weight_c = 1 + 0.045 * mean_chroma
    weight_h = 1 + 0.015 * mean_chroma * _hue_factor(mean_hue)
    turn = torch.deg2rad(60 * torch.exp(-(((degrees - 275) / 25) ** 2)))
    rotation = -torch.sin(turn) * 2 * _saturated(mean_chroma)
    l, c, h = lightness / weight_l, chroma / weight_c, hue / weight_h  # noqa: E741
    return (l.square() + c.square() + h.square() + rotation * c * h).clamp(min=0).sqrt()


def _differences(first: Tensor, second: Tensor) -> tuple[Tensor, ...]:
    """Equations 2 to 14: differences of lightness, chroma and hue, and their means (the hue's in radians)."""
    (l1, a1, b1), (l2, a2, b2) = first.unbind(-1), second.unbind(-1)
    boost = 1 + 0.5 * (1 - _saturated((torch.hypot(a1, b1) + torch.hypot(a2, b2)) / 2))
    c1, c2 = torch.hypot(a1 * boost, b1), torch.hypot(a2 * boost, b2)
    h1, h2 = (torch.atan2(b, a * boost) % (2 * torch.pi) for a, b in ((a1, b1), (a2, b2)))
    grey = c1 * c2 == 0
    apart = h2 - h1
    wrapped = apart - 2 * torch.pi * torch.sign(apart) * (apart.abs() > torch.pi)
    wrapped = torch.where(grey, 0, wrapped)
    hue = 2 * (c1 * c2).sqrt() * torch.sin(wrapped / 2)
    across = torch.where(h1 + h2 < 2 * torch.pi, torch.pi, -torch.pi)
    mean_hue = (h1 + h2) / 2 + torch.where(apart.abs() > torch.pi, across, 0)
    mean_hue = torch.where(grey, h1 + h2, mean_hue)
    return l2 - l1, c2 - c1, hue, (l1 + l2) / 2, (c1 + c2) / 2, mean_hue


def _saturated(chroma: Tensor) -> Tensor:
    """From 0 for greys to 1 for strong colours: sqrt(C^7 / (C^7 + 25^7))."""
    seventh = chroma**7
    return (seventh / (seventh + 25.0**7)).sqrt()


def _hue_factor(hue: Tensor) -> Tensor:
    """Equation 15."""
    thirty, six, sixty_three = (torch.pi * angle / 180 for angle in (30, 6, 63))
    return (
        1
        - 0.17 * torch.cos(hue - thirty)
        + 0.24 * torch.cos(2 * hue)
        + 0.32 * torch.cos(3 * hue + six)
        - 0.20 * torch.cos(4 * hue - sixty_three)
    )
