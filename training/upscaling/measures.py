"""How near an enlarged picture is to the truth, and to its finest detail."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.geometry.field import erode
from training.evaluation.similarity import LUMA, detail, ssim, structure


def luma(picture: Tensor) -> Tensor:
    """(3, H, W) -> (H, W)."""
    return (picture * picture.new_tensor(LUMA).reshape(3, 1, 1)).sum(0)


def finest(picture: Tensor, small: tuple[int, int]) -> Tensor:
    """(H, W) of (3, H, W) what is lost when it is made `small` (height, width) and large again: what no small picture
    can tell."""
    grey = luma(picture)[None, None]
    less = F.interpolate(grey, small, mode="bicubic", antialias=True, align_corners=False)
    return (grey - F.interpolate(less, grey.shape[-2:], mode="bicubic", align_corners=False))[0, 0]


def correlation(made: Tensor, true: Tensor, where: Tensor) -> float:
    """Of two maps (H, W) over a mask (H, W) bool; NaN where it holds too little."""
    inside = erode(where.float(), 2) > 0.5
    if int(inside.sum()) < 500:
        return math.nan
    a, b = made[inside].double(), true[inside].double()
    return float((a * b).sum() / (a.norm() * b.norm()).clamp(min=1e-9))


def likeness(made: Tensor, true: Tensor) -> float:
    """SSIM of two crops (3, h, w)."""
    return ssim(structure(made[None], true[None]))


def sharpness(made: Tensor, true: Tensor, where: Tensor) -> float:
    """How strong the finest detail of a crop is, against the truth's: 1 is as strong. where (h, w) bool."""
    figure = where.float()[None, None]
    return detail(made[None], figure) / max(detail(true[None], figure), 1e-9)


def mean(values) -> float:
    """The mean of what is a number."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def peak(made: Tensor, true: Tensor) -> float:
    """Peak signal to noise ratio in dB of two crops in [0, 1]."""
    return float(-10 * torch.log10((made - true).square().mean().clamp(min=1e-12)))
