"""Order-2 real spherical harmonics: light from all around in nine numbers a colour."""

from __future__ import annotations

from math import pi, sqrt

import torch
from torch import Tensor

SH_CONSTANTS = (
    sqrt(1 / (4 * pi)),
    *(sqrt(3 / (4 * pi)),) * 3,
    *(sqrt(15 / (4 * pi)),) * 2,
    sqrt(5 / (16 * pi)),
    sqrt(15 / (4 * pi)),
    sqrt(15 / (16 * pi)),
)
"""Real orthonormal spherical harmonics of order 0 to 2 (Ramamoorthi & Hanrahan, An efficient representation for
irradiance environment maps, 2001), in the order Y00, Y1-1 (y), Y10 (z), Y11 (x), Y2-2 (xy),
Y2-1 (yz), Y20 (3z^2-1), Y21 (xz), Y22 (x^2-y^2)."""

LAMBERT = (pi, *(2 * pi / 3,) * 3, *(pi / 4,) * 5)
"""Radiance to irradiance per band: the clamped cosine's coefficients (Ramamoorthi & Hanrahan 2001)."""


def sh_basis(unit: Tensor) -> Tensor:
    """(..., 3) unit vectors -> (..., 9) the harmonics' values, in the order of SH_CONSTANTS."""
    x, y, z = unit.unbind(-1)
    terms = (torch.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y)
    # planes first, then a view: several times faster than interleaving nine numbers
    planes = torch.stack([term * constant for term, constant in zip(terms, SH_CONSTANTS, strict=True)])
    return planes.movedim(0, -1)


def irradiance(sh: Tensor, normals: Tensor) -> Tensor:
    """(9, 3) radiance, (..., 3) unit normals -> (..., 3) irradiance of the harmonics alone, not below 0."""
    return (sh_basis(normals) @ (sh * sh.new_tensor(LAMBERT)[:, None])).clamp(min=0)
