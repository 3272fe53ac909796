"""Control pictures from the volume: depth and normals of the reposed person, as ControlNets were trained on them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..geometry.warped import Correspondence

FAR = 0.35
"""Brightness of the person's furthest point; the nearest is white and the room black, as in relative inverse depth."""


def depth_pictures(found: Sequence[Correspondence]) -> Tensor:
    """(B, 3, H, W) near is bright: MiDaS's convention, which depth ControlNets take."""
    return torch.stack([_depth(one).expand(3, -1, -1) for one in found])


def normal_pictures(found: Sequence[Correspondence]) -> Tensor:
    """(B, 3, H, W) red is to the picture's left, green up, blue towards the camera (ControlNet 1.1's README, "Normal
    1.1"; NormalBae gives the same); the room faces the camera."""
    made = []
    for one in found:
        nobody = (one.part < 0)[..., None]
        normal = torch.where(nobody, one.normal.new_tensor([0.0, 0.0, -1.0]), one.normal)
        made.append(((1 - normal) / 2).clamp(0, 1).permute(2, 0, 1))
    return torch.stack(made)


def _depth(found: Correspondence) -> Tensor:
    """(H, W) in [0, 1]."""
    known = found.depth.isfinite() & (found.part >= 0)
    if not bool(known.any()):
        return torch.zeros_like(found.visible)
    near, far = found.depth[known].aminmax()
    share = (torch.nan_to_num(found.depth) - near) / (far - near).clamp(min=1e-6)
    return torch.where(known, 1 - (1 - FAR) * share, 0.0)
