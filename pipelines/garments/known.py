"""All that can be told of a person's clothes from one photo, by the defaults."""

from __future__ import annotations

import torch

from ..geometry.garments import GarmentMap
from ..geometry.keypoints import Keypoints
from ..segment import Segmentation
from .material import measured
from .parse import garment_map
from .patches import with_rigid_patches


def clothes_of(picture: torch.Tensor, keypoints: Keypoints, cut: Segmentation) -> GarmentMap:
    """The regions of a picture (1, 3, H, W), what each garment is made of, and what on it stays rigid."""
    return with_rigid_patches(picture, measured(picture, garment_map(picture, keypoints, cut)))
