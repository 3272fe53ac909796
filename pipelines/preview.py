"""Small pictures for people to look at: a pose without its body, a mask over its photo."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from .batches import Progress, each, told
from .draw import draw_pose, skeleton_overlay
from .geometry.keypoints import Keypoints
from .geometry.layers import Regions
from .geometry.retarget import Pose, retarget
from .geometry.skeleton import JOINTS, Skeleton
from .geometry.template import OFFSETS, STATURE_METRES

FIGURE = (768, 512)
"""(height, width) in pixels of a pose's own picture."""
LONGEST = 1536
"""Longest side in pixels of a view: a preview of a large picture would double the memory it takes."""
FILLED = 0.9
"""Share of that picture, in height or width, that the figure fills."""
FAINT = 0.3
"""Brightness of what lies behind: the pose that is left, the photo outside a mask."""
HAIR, SKIN = (0.95, 0.75, 0.10), (0.95, 0.35, 0.45)
"""Colours of the regions over a photo."""


def figure(pose: Pose, size: tuple[int, int] = FIGURE) -> torch.Tensor:
    """(1, 3, H, W): the pose on the standard body, in the middle of a black picture of (height, width)."""
    height, width = size
    identity = np.tile([1.0, 0.0, 0.0, 0.0], (len(JOINTS), 1))
    sure = np.ones((len(JOINTS), 3))
    body = Skeleton(OFFSETS * height, identity, np.zeros(3), sure, size, STATURE_METRES / height)
    posed = retarget(body, pose)
    box = posed.forward().positions[:133, :2]
    scale = FILLED * (np.array([width, height]) / np.maximum(np.ptp(box, axis=0), 1e-6)).min()
    middle = (box.min(axis=0) + box.max(axis=0)) / 2
    placed = posed.scaled(scale, size).moved(np.array([width, height]) / 2 - middle * scale)
    return draw_pose([placed.project()], size, face=False)


def figures(poses: Sequence[Pose], progress: Progress = None) -> torch.Tensor:
    """(B, 3, H, W) of `figure`."""
    return torch.cat([figure(pose) for pose in told(poses, progress)])


def poses_over_poses(before: Sequence[Skeleton], after: Sequence[Skeleton]) -> torch.Tensor:
    """(B, 3, H, W): each new pose bright over the old one, which is faint."""
    views = []
    for pair in zip(before, after, strict=True):
        old, new = (draw_pose([skeleton.project()], fitting(pair[0].canvas)) for skeleton in pair)
        views.append(torch.where(new.amax(1, keepdim=True) > 0, new, old * FAINT))
    return one_size(views)


def people_over_pictures(pictures: torch.Tensor, people: Sequence[Keypoints]) -> torch.Tensor:
    """(P, 3, H, W): each person's skeleton over their darkened picture, or over the only one."""
    views = each(smaller(pictures).split(1), len(people), "pictures")
    return torch.cat([skeleton_overlay(view, one) for view, one in zip(views, people, strict=True)])


def masks_over_pictures(
    pictures: torch.Tensor, mattes: torch.Tensor, regions: Sequence[Regions]
) -> torch.Tensor:
    """(B, 3, H, W): the people in colour, hair and bare skin tinted, all else faint and grey."""
    views, mattes = smaller(pictures), smaller(mattes)
    tinted = views
    for name, colour in (("hair", HAIR), ("skin", SKIN)):
        mask = torch.cat([smaller(getattr(one, name)) for one in regions])
        tinted = torch.lerp(tinted, tinted.new_tensor(colour)[:, None, None], 0.5 * mask)
    grey = FAINT * views.mean(1, keepdim=True)
    return grey + mattes * (tinted - grey)


def fitting(size: tuple[int, int], side: int = LONGEST) -> tuple[int, int]:
    """(height, width) in the same proportions with the longer one at most `side`."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def smaller(picture: torch.Tensor, side: int = LONGEST) -> torch.Tensor:
    """(B, C, H, W) with the longer side at most `side` pixels."""
    size = fitting(tuple(picture.shape[-2:]), side)
    if tuple(picture.shape[-2:]) == size:
        return picture
    return F.interpolate(picture, size, mode="bilinear", antialias=True)


def one_size(pictures: list[torch.Tensor]) -> torch.Tensor:
    """(B, 3, H, W) of (1, 3, h, w) pictures, each fitted into the first one's size, on black."""
    return torch.cat([_fitted(picture, tuple(pictures[0].shape[-2:])) for picture in pictures])


def _fitted(picture: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    if tuple(picture.shape[-2:]) == size:
        return picture
    scale = min(size[0] / picture.shape[-2], size[1] / picture.shape[-1])
    inner = [max(1, round(length * scale)) for length in picture.shape[-2:]]
    inner = [min(length, most) for length, most in zip(inner, size, strict=True)]
    picture = F.interpolate(picture, inner, mode="bilinear", antialias=True)
    down, across = size[0] - inner[0], size[1] - inner[1]
    return F.pad(picture, (across // 2, across - across // 2, down // 2, down - down // 2))
