"""Colour spaces: OKLab, where equal steps look about equal."""

from __future__ import annotations

import torch
from torch import Tensor

from pipelines.geometry import colour
from pipelines.geometry.colour import linear as linear

TO_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
"""Linear sRGB to cone responses to OKLab (Ottosson, A perceptual color space for image processing, 2020)."""


def encoded(light: Tensor) -> Tensor:
    """Linear light, cut to [0, 1] -> sRGB."""
    return colour.encoded(light.clamp(0, 1))


def _through(matrix: tuple[tuple[float, ...], ...], colours: Tensor, inverse: bool = False) -> Tensor:
    table = torch.tensor(matrix, dtype=torch.float64)
    table = torch.linalg.inv(table) if inverse else table
    return (table.to(colours) @ colours.flatten(1)).view_as(colours)


def oklab(light: Tensor) -> Tensor:
    """(3, ...) linear sRGB -> (3, ...) lightness in [0, 1], green-red, blue-yellow."""
    cones = _through(TO_CONES, light).clamp(min=0)
    return _through(TO_LAB, cones.pow(1 / 3))


def from_oklab(lab: Tensor) -> Tensor:
    """(3, ...) OKLab -> (3, ...) linear sRGB; may leave [0, 1]."""
    roots = _through(TO_LAB, lab, inverse=True)
    return _through(TO_CONES, roots * roots * roots, inverse=True)


def hex_linear(code: str) -> tuple[float, float, float]:
    """ "#rrggbb" -> linear light."""
    srgb = torch.tensor([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)], dtype=torch.float64)
    return tuple(linear(srgb).tolist())
