"""From SimCC logits to positions: sub-pixel, with a confidence and a spread for each landmark."""

from __future__ import annotations

import torch
from torch import Tensor

from .rtmpose import SPLIT

SHARPNESS = 10.0
"""The networks are trained with softmax(10 * label): reading them out with it gives their own distribution
(mmpose's KLDiscretLoss beta)."""
WINDOW = 12
"""Bins to either side of the highest that are averaged: over 2 standard deviations of the label (5 to 7 bins)."""


def axis_moments(logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(..., bins) logits with sure peaks at 1 -> mean and standard deviation in bins, and the peak's value.

    The expectation over a window round the highest bin: sub-pixel, and not drawn to a second, far peak.
    """
    peak, index = logits.max(-1, keepdim=True)
    bins = torch.arange(logits.shape[-1], device=logits.device, dtype=logits.dtype)
    near = (bins - index).abs() <= WINDOW
    weights = (SHARPNESS * (logits - peak)).exp() * near
    weights = weights / weights.sum(-1, keepdim=True)
    mean = (weights * bins).sum(-1)
    variance = (weights * (bins - mean[..., None]).square()).sum(-1)
    return mean, variance.sqrt(), peak[..., 0]


def decode(x: Tensor, y: Tensor, score_scale: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    """SimCC logits (B, K, 2w), (B, K, 2h) -> points (B, K, 2), confidence (B, K), spread (B, K); crop pixels.

    confidence is the lower of the two axes' peaks, clipped to [0, 1]: labels peak at 1, so a sure landmark
    reads about 0.9 and one that is not there under 0.3. spread is the distribution's standard deviation,
    averaged over the axes.
    """
    mean_x, deviation_x, peak_x = axis_moments(x.float() / score_scale)
    mean_y, deviation_y, peak_y = axis_moments(y.float() / score_scale)
    points = torch.stack((mean_x, mean_y), -1) / SPLIT
    confidence = torch.minimum(peak_x, peak_y).clamp(0, 1)
    return points, confidence, (deviation_x + deviation_y) / (2 * SPLIT)
