"""A drawn person whose every part is known: capsules in flat colours with stripes, on a grey ground."""

import numpy as np
import torch
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.motion import bones
from repose.pipelines.geometry.parts import PARTS
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skeleton import Skeleton
from repose.pipelines.geometry.template import OFFSETS

CANVAS = (480, 360)
STATURE = 400.0


def standing(pose: str = "front") -> Skeleton:
    """The standard body, 400 pixels tall, in a pose of the library."""
    rest = Skeleton(
        OFFSETS * STATURE,
        np.tile([1.0, 0, 0, 0], (142, 1)),
        np.array([180.0, 240.0, 0.0]),
        np.ones((142, 3)),
        CANVAS,
        1.75 / STATURE,
    )
    return retarget(rest, load_pose(pose))


def colour_of(part: int) -> torch.Tensor:
    """(3,) a colour of its own for each part."""
    return torch.tensor([0.25 + 0.6 * ((part * k) % 17) / 16 for k in (1, 5, 11)])


def draw(skeleton: Skeleton) -> tuple[torch.Tensor, torch.Tensor]:
    """The picture (1, 3, H, W) and the matte (1, 1, H, W) of a figure, far parts first."""
    height, width = skeleton.canvas
    y, x = torch.meshgrid(torch.arange(height).float(), torch.arange(width).float(), indexing="ij")
    frame = bones(skeleton)
    picture, matte = torch.full((3, height, width), 0.5), torch.zeros(height, width)
    for p in np.argsort(-(frame.start[:, 2] + frame.end[:, 2])):
        (ax, ay, _), (bx, by, _) = frame.start[p].tolist(), frame.end[p].tolist()
        dx, dy = bx - ax, by - ay
        along = (((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-6)).clamp(0, 1)
        distance = torch.hypot(x - ax - along * dx, y - ay - along * dy)
        cover = (PARTS[p].radius * STATURE - distance + 0.5).clamp(0, 1)
        stripes = 0.85 + 0.15 * torch.sin(x * 0.9)
        picture = picture * (1 - cover) + cover * colour_of(int(p))[:, None, None] * stripes
        matte = torch.maximum(matte, cover)
    return picture[None], matte[None, None]
