"""Pictures against pictures: structural similarity, outlines, sharpness, and the person's own crop."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .colour import gaussian

SIGMA, REACH = 1.5, 5
"""Of SSIM's window: 11 x 11, a Gaussian (Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment", IEEE TIP
2004)."""
C1, C2 = 0.01**2, 0.03**2
MARGIN = 0.05
"""Share of the person's larger side that the person's crop has round them."""
LUMA = (0.299, 0.587, 0.114)


def structure(first: Tensor, second: Tensor) -> Tensor:
    """(1, 1, H, W) SSIM round every pixel of two pictures (1, 3, H, W) in [0, 1], the mean of the three channels; what
    lies within REACH of the border lacks part of its window."""
    if first.shape != second.shape:
        raise ValueError(f"pictures of {tuple(first.shape)} and {tuple(second.shape)} cannot be compared")
    first, second = first.double(), second.double()
    at = torch.arange(-REACH, REACH + 1, dtype=torch.float64)
    kernel = torch.exp(-0.5 * (at / SIGMA) ** 2)
    kernel = kernel / kernel.sum()

    def mean(values: Tensor) -> Tensor:
        flat = F.pad(values.reshape(-1, 1, *values.shape[-2:]), (REACH,) * 4, mode="replicate")
        flat = F.conv2d(F.conv2d(flat, kernel.reshape(1, 1, -1, 1)), kernel.reshape(1, 1, 1, -1))
        return flat.reshape(values.shape)

    a, b = mean(first), mean(second)
    var_a, var_b = mean(first * first) - a * a, mean(second * second) - b * b
    both = mean(first * second) - a * b
    found = (2 * a * b + C1) * (2 * both + C2) / ((a * a + b * b + C1) * (var_a + var_b + C2))
    return found.mean(1, keepdim=True)


def ssim(structure_map: Tensor) -> float:
    """The mean over a picture, without the border where windows are cut."""
    return float(structure_map[..., REACH:-REACH, REACH:-REACH].mean())


def figure_ssim(structure_map: Tensor, figure: Tensor) -> float:
    """The mean over a figure (1, 1, H, W) in [0, 1], as the seed paper has it; NaN where there is none."""
    weight = figure.double()
    return float((structure_map * weight).sum() / weight.sum()) if float(weight.sum()) > 0 else math.nan


def outline_overlap(made: Tensor, true: Tensor) -> float:
    """Intersection over union of two soft mattes at 0.5."""
    a, b = made > 0.5, true > 0.5
    union = float((a | b).sum())
    return float((a & b).sum()) / union if union else math.nan


def person_box(matte: Tensor, margin: float = MARGIN) -> tuple[int, int, int, int]:
    """y0, y1, x0, x1 of a person in a matte (1, 1, H, W), with room; the whole picture where nobody is."""
    rows, columns = torch.nonzero(matte[0, 0] > 0.5, as_tuple=True)
    height, width = matte.shape[-2:]
    if not len(rows):
        return 0, height, 0, width
    y0, y1, x0, x1 = int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1
    room = round(margin * max(y1 - y0, x1 - x0))
    return max(0, y0 - room), min(height, y1 + room), max(0, x0 - room), min(width, x1 + room)


def on_grey(picture: Tensor, person: Tensor) -> Tensor:
    """(1, 3, H, W) the person alone, by their matte, on middle grey: no background is compared."""
    return picture * person + 0.5 * (1 - person)


def detail(picture: Tensor, figure: Tensor) -> float:
    """Mean strength of the finest detail (the Laplacian of luma) inside a figure, away from its outline; NaN where too
    little of it is left."""
    inside = -F.max_pool2d(-figure, 7, 1, 3) > 0.95
    if float(inside.sum()) < 64:
        return math.nan
    luma = (picture * picture.new_tensor(LUMA).reshape(1, 3, 1, 1)).sum(1, keepdim=True)
    kernel = picture.new_tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]]).reshape(1, 1, 3, 3)
    strength = F.conv2d(F.pad(luma, (1, 1, 1, 1), mode="replicate"), kernel).abs()
    return float(strength[inside].mean())


def sharpness(made: Tensor, person: Tensor, source: Tensor, matte: Tensor, scale: float) -> float:
    """How much of the source's finest detail the made person has: 1 is all of it.

    scale  by how much the made person is larger than the source one: the source is brought to that size first.
    """
    size = [max(8, round(n * scale)) for n in source.shape[-2:]]
    if size != list(source.shape[-2:]):
        source, matte = (
            F.interpolate(v, size, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)
            for v in (source, matte)
        )
    there = detail(source, matte)
    return detail(made, person) / there if there and not math.isnan(there) else math.nan


def height_of(matte: Tensor) -> float:
    """Pixels: the larger side of the box round a person."""
    y0, y1, x0, x1 = person_box(matte, 0)
    return float(max(y1 - y0, x1 - x0))


def blurred(picture: Tensor, sigma: float) -> Tensor:
    """A picture out of focus, for tests and for showing what a figure means."""
    return (gaussian(picture, sigma) / gaussian(torch.ones_like(picture), sigma)).clamp(0, 1)


def mean_of(values) -> float:
    """The mean of what is a number; NaN where nothing is."""
    finite = np.asarray([v for v in values if v is not None and math.isfinite(v)])
    return float(finite.mean()) if len(finite) else math.nan
