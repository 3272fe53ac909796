"""A plain garment map from the parts network and the landmarks alone, for measuring on photos: clothes above the hips
are the upper garment, below them the lower one, at the feet shoes. Open jackets and dresses are not told apart."""

from __future__ import annotations

import numpy as np
import torch

from pipelines.geometry.garments import NUMBER, GarmentMap
from pipelines.geometry.keypoints import Keypoints
from pipelines.segment import Segmentation

FOOT = 0.035
"""Fraction of the person's height, above the lower ankle, from which on down clothes are shoes."""


def plain_map(cut: Segmentation, person: Keypoints) -> GarmentMap:
    """(1, 1, H, W) labels of one person; skin's side is told by the picture's side."""
    parts = cut.parts
    label = parts.argmax(1, keepdim=True)
    number = torch.zeros_like(label, dtype=torch.uint8)
    height, width = label.shape[-2:]
    y = torch.arange(height)[:, None].expand(height, width)[None, None]
    x = torch.arange(width)[None].expand(height, width)[None, None]
    tall = max(float(np.ptp(person.points[person.confidence > 0.3][:, 1])), 1.0)
    hips = [float(person[f"{side}_hip"][1]) for side in ("left", "right") if person.sees(f"{side}_hip")]
    waist = float(np.mean(hips)) - 0.03 * tall if hips else float(height)
    ankles = [float(person[f"{side}_ankle"][1]) for side in ("left", "right") if person.sees(f"{side}_ankle")]
    floor = max(ankles) - FOOT * tall if ankles else float(height)
    middle = float(person.points[person.confidence > 0.3][:, 0].mean())
    number[label == 1] = NUMBER["hair"]
    number[label == 3] = NUMBER["face"]
    skin = label == 2
    for side, there in (("right", x < middle), ("left", x >= middle)):
        number[skin & there & (y < waist)] = NUMBER[f"{side}_arm_skin"]
        number[skin & there & (y >= waist)] = NUMBER[f"{side}_leg_skin"]
    cloth = (label == 4) | (label == 5)
    number[cloth & (y < waist)] = NUMBER["upper"]
    number[cloth & (y >= waist)] = NUMBER["lower"]
    number[cloth & (y >= floor)] = NUMBER["shoes"]
    return GarmentMap(number, cut.part("hair"), cut.matte)
