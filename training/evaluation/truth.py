"""What is known exactly of a synthetic pair, and how far a correspondence is from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from pipelines.geometry.keypoints import Keypoints

REFERENCE = 512
"""Pixels: the size at which the aims are stated."""
FAR = 8
"""Pixels at that size."""


@dataclass(frozen=True, eq=False)
class Truth:
    """Of the target picture, H x W.

    source   (H, W, 2) x, y in the source picture where the same point of the surface lies; NaN where nobody is
    visible  (H, W) bool: the source's camera saw that point
    before, joints   the source's and the target's own landmarks, exact, with their depth
    """

    source: torch.Tensor
    visible: torch.Tensor
    before: Keypoints
    joints: Keypoints


def correspondence_errors(found, person: torch.Tensor, truth: Truth) -> dict[str, float]:
    """Of a found correspondence (anything with source and visible as geometry.warp.Correspondence has them) under its
    person's matte (1, 1, H, W):

    epe        median distance between the found and the true place in the source, over the target pixels that the
               source truly saw and that the result shows as seen; in pixels of a picture of REFERENCE on a side
    epe_mean   their mean
    epe_large  share of them over FAR: the wrong part
    visibility_iou  of what the result takes from the photo and what the photo truly showed
    """
    if found.visible.shape != truth.visible.shape:
        raise ValueError(
            f"the correspondence has {tuple(found.visible.shape)} pixels, the truth {tuple(truth.visible.shape)}"
        )
    there = ~torch.isnan(found.source[..., 0]) & (person[0, 0] > 0.5)
    seen = there & (found.visible > 0.5)
    true = truth.visible & ~torch.isnan(truth.source[..., 0])
    union = float((seen | true).sum())
    both = seen & true
    away = (found.source - truth.source)[both].norm(dim=-1) * REFERENCE / max(truth.visible.shape)
    some = len(away) > 0
    return {
        "epe": float(away.median()) if some else math.nan,
        "epe_mean": float(away.mean()) if some else math.nan,
        "epe_large": float((away > FAR).float().mean()) if some else math.nan,
        "visibility_iou": float(both.sum()) / union if union else math.nan,
    }
