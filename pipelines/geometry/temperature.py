"""Colour temperature: from kelvin to linear Rec. 709 light and back, with the distance from the Planckian locus."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

RGB_TO_XYZ = (
    (0.4123908, 0.3575843, 0.1804808),
    (0.2126390, 0.7151687, 0.0721923),
    (0.0193308, 0.1191948, 0.9505322),
)
"""Linear Rec. 709 primaries with D65 white to CIE 1931 XYZ (from the chromaticities of ITU-R BT.709-6, 2015)."""

COOLEST, HOTTEST = 1000.0, 20000.0
"""Kelvin between which a correlated colour temperature is looked for; bluer light than the hottest is given as that."""

U_TERMS = ((0.860117757, 1.54118254e-4, 1.28641212e-7), (1.0, 8.42420235e-4, 7.08145163e-7))
V_TERMS = ((0.317398726, 4.22806245e-5, 4.20481691e-8), (1.0, -2.89741816e-5, 1.61456053e-7))
"""The Planckian locus in CIE 1960 as quotients of quadratics in kelvin: Krystek, An algorithm to calculate correlated
colour temperature, 1985 (within 9e-5 from 1000 to 15000 K)."""


def planckian_uv(kelvin: Tensor) -> Tensor:
    """(...,) kelvin -> (..., 2) CIE 1960 u, v of a black body."""
    powers = torch.stack((torch.ones_like(kelvin), kelvin, kelvin**2), -1).double()
    terms = torch.tensor((U_TERMS, V_TERMS), dtype=torch.float64)
    values = torch.einsum("cqk,...k->...cq", terms, powers)
    return values[..., 0] / values[..., 1]


def planckian(kelvin: float) -> Tensor:
    """(3,) linear Rec. 709 of a black body with luminance 1; blue is cut at 0 below about 1900 K."""
    to_rgb = torch.linalg.inv(torch.tensor(RGB_TO_XYZ, dtype=torch.float64))
    u, v = planckian_uv(torch.tensor(kelvin, dtype=torch.float64)).tolist()
    x, y = 3 * u / (2 * u - 8 * v + 4), 2 * v / (2 * u - 8 * v + 4)
    xyz = torch.tensor((x / y, 1.0, (1 - x - y) / y), dtype=torch.float64)
    rgb = (to_rgb @ xyz).clamp(min=0)
    return (rgb / (rgb @ torch.tensor(RGB_TO_XYZ, dtype=torch.float64)[1])).float()


def uv_1960(xyz: Tensor) -> Tensor:
    """(..., 3) XYZ -> (..., 2) CIE 1960 u, v."""
    x, y, z = xyz.unbind(-1)
    return torch.stack((4 * x, 6 * y), -1) / (x + 15 * y + 3 * z)[..., None]


@lru_cache(maxsize=1)
def _locus() -> tuple[Tensor, Tensor]:
    """Mireds (n,) and the locus (n, 2) in CIE 1960, in steps of one mired."""
    mired = torch.arange(1e6 / HOTTEST, 1e6 / COOLEST + 1, 1.0, dtype=torch.float64)
    return mired, planckian_uv(1e6 / mired)


def temperature(rgb: Tensor) -> tuple[float, float]:
    """(3,) linear Rec. 709 light -> correlated colour temperature in kelvin and Duv.

    The nearest point of the Planckian locus in CIE 1960, on the chord of the nearest two of a table (the triangular
    method of Ohno, Practical use and calculation of CCT and Duv, 2014). Duv > 0 is greener than a black body;
    beyond +-0.05 a temperature says nothing (CIE 15:2018). Black light has none: (nan, nan).
    """
    xyz = torch.tensor(RGB_TO_XYZ, dtype=torch.float64) @ rgb.detach().double().cpu()
    if float(xyz.sum()) <= 0:
        return float("nan"), float("nan")
    mired, locus = _locus()
    here = uv_1960(xyz)
    nearest = int((locus - here).square().sum(-1).argmin().clamp(1, len(mired) - 2))
    before, after = locus[nearest - 1], locus[nearest + 1]
    chord = after - before
    along = float(((here - before) @ chord) / (chord @ chord))
    off = here - (before + along * chord)
    sign = 1.0 if float(off[1]) > 0 else -1.0
    found = float(mired[nearest - 1]) + 2 * along  # the table steps by one mired
    return 1e6 / min(max(found, 1e6 / HOTTEST), 1e6 / COOLEST), sign * float(off.norm())
