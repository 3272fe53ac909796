"""Repose by the learned volume: the network of `models/reposer.py` on a photo of any size.

The network sees a square frame round both poses at its own small size. It answers which part and depth each pixel of
the new pose shows, and so where in the photo that is; the photo's own pixels are then copied at full resolution, and
what the photo does not show is painted in the network's small colours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .batches import Progress, common_count, each, share
from .geometry.skeleton import JOINT_INDEX, Skeleton
from .models import reposer
from .models.reposer_parts import JOINTS, window

SURE = 0.05
"""Nearer than this to nobody or to a person, a mask is that."""
_BAND = 1_000_000  # pixels of the result made at once
_LIMBS = tuple(name for name in JOINTS if name not in ("nose", "left_ear", "right_ear", "neck", "pelvis"))


class Volumetric(NamedTuple):
    """picture (B, 3, H, W) sRGB; person, hidden (B, 1, H, W) the new pose's matte and the share of it that is painted;
    prediction (B, 3, S, S) what the network makes at its own size, over its own background."""

    picture: Tensor
    person: Tensor
    hidden: Tensor
    prediction: Tensor


def volumetric_pictures(
    pictures: Tensor,
    sources: Sequence[Skeleton],
    targets: Sequence[Skeleton],
    backgrounds: Tensor | None = None,
    progress: Progress = None,
) -> Volumetric:
    """`volumetric_repose` of (B, 3, H, W): as many results as there are pictures or targets, what is given once holds
    for all. ValueError where two counts differ."""
    rooms = [None] if backgrounds is None else list(backgrounds.split(1))
    count = common_count(
        pictures=len(pictures), sources=len(sources), targets=len(targets), backgrounds=len(rooms)
    )
    columns = [
        each(values, count, what)
        for values, what in (
            (pictures.split(1), "pictures"),
            (sources, "sources"),
            (targets, "targets"),
            (rooms, "backgrounds"),
        )
    ]
    made = [
        volumetric_repose(*given, progress=share(progress, i, count))
        for i, given in enumerate(zip(*columns, strict=True))
    ]
    return Volumetric(*(torch.cat(values) for values in zip(*made, strict=True)))


def volumetric_repose(
    picture: Tensor,
    source: Skeleton,
    target: Skeleton,
    background: Tensor | None = None,
    network: reposer.VolumetricReposer | None = None,
    progress: Progress = None,
) -> Volumetric:
    """The person of (1, 3, H, W) in the target's pose; background (1, 3, H, W) the photo without them, where it is
    known: else the network paints what they leave. ValueError for a person who is not in the picture from head to
    foot, for a drawn figure, and where sizes differ."""
    _check(picture, source, target, background)
    network = network or reposer.shipped()
    device = next(network.parameters()).device
    points = [_points(skeleton) for skeleton in (source, target)]
    middle, side = (value[0] for value in window(*points))
    corner = middle - side / 2
    inner = network.config.size
    small = _framed(picture, corner, float(side), inner).to(device)
    joints = [_joints(one, corner, side).to(device) for one in points]
    with torch.inference_mode():
        output = network(small, *joints)
        prediction = output.picture(small).cpu()
        flow = output.flow
        paint = flow.unseen * output.paint.tanh()
        maps = [output.mask.sigmoid(), paint, output.background, 1 - output.known, flow.unseen, flow.source]
    maps = torch.cat([value.float().cpu() for value in maps], 1)
    tell = progress or (lambda fraction: None)
    tell(0.5)
    made = _composed(picture, maps, corner, float(side), background, lambda f: tell(0.5 + 0.5 * f))
    return Volumetric(*made, prediction)


def _check(picture: Tensor, source: Skeleton, target: Skeleton, background: Tensor | None) -> None:
    height, width = picture.shape[-2:]
    for name, one in (("source", source), ("target", target)):
        if one.flat:
            raise ValueError(
                f"the {name} is a drawn figure: the volumetric reposer knows people only; use Warp Body"
            )
    if source.canvas != (height, width):
        raise ValueError(
            f"the source skeleton is of a picture of {source.canvas[1]} x {source.canvas[0]} pixels, the picture has"
            f" {width} x {height}: connect the skeleton of this picture"
        )
    if background is not None and tuple(background.shape[-2:]) != (height, width):
        raise ValueError(
            f"the background has {background.shape[-1]} x {background.shape[-2]} pixels, the picture {width} x {height}"
            ": connect the background of this picture"
        )
    points = source.project().points
    for name in _LIMBS:
        x, y = points[JOINT_INDEX[name]]
        if not (-0.5 <= x < width - 0.5 and -0.5 <= y < height - 0.5):
            raise ValueError(
                f"the {name.replace('_', ' ')} lies at ({x:.0f}, {y:.0f}), outside the picture of {width} x {height}:"
                " the volumetric reposer needs the person from head to foot; use Warp Body"
            )


def _points(skeleton: Skeleton) -> Tensor:
    """(1, J, 3) pixels of reposer_parts.JOINTS, the depth from the pelvis."""
    positions = skeleton.forward().positions
    at = {name: positions[JOINT_INDEX[name]] for name in JOINTS if name not in ("neck", "pelvis")}
    at["neck"] = (at["left_shoulder"] + at["right_shoulder"]) / 2
    at["pelvis"] = (at["left_hip"] + at["right_hip"]) / 2
    points = np.stack([at[name] for name in JOINTS])
    points[:, 2] -= at["pelvis"][2]
    return torch.from_numpy(points).float()[None]


def _joints(points: Tensor, corner: Tensor, side: Tensor) -> Tensor:
    """Pixels -> shares of the frame's side."""
    return (points - F.pad(corner, (0, 1))) / side


def _framed(picture: Tensor, corner: Tensor, side: float, inner: int) -> Tensor:
    """(1, 3, inner, inner) the frame of the picture; beyond it goes on as its mirror image."""
    height, width = picture.shape[-2:]
    shrink = max(1.0, side / inner)
    small = picture
    if shrink > 1:
        small = F.interpolate(picture, [max(1, round(n / shrink)) for n in (height, width)], mode="area")
    scale = torch.tensor([2 / width, 2 / height])
    theta = torch.zeros(1, 2, 3)
    theta[0, 0, 0], theta[0, 1, 1] = side / width, side / height
    theta[0, :, 2] = (corner + 0.5 + side / 2) * scale - 1
    grid = F.affine_grid(theta, [1, 3, inner, inner], align_corners=False).to(picture)
    return F.grid_sample(small, grid, padding_mode="reflection", align_corners=False)


def _composed(
    picture: Tensor,
    maps: Tensor,
    corner: Tensor,
    side: float,
    background: Tensor | None,
    tell: Callable[[float], None],
) -> tuple[Tensor, Tensor, Tensor]:
    """Picture, person and hidden at the photo's size, band by band."""
    height, width = picture.shape[-2:]
    out = (picture if background is None else background).clone()
    person, hidden = torch.zeros_like(picture[:, :1]), torch.zeros_like(picture[:, :1])
    x = torch.arange(width, dtype=torch.float32)
    rows = max(1, _BAND // width)
    for top in range(0, height, rows):
        y = torch.arange(top, min(top + rows, height), dtype=torch.float32)
        v, u = torch.meshgrid(y, x, indexing="ij")
        grid = 2 * (torch.stack((u, v), -1) - corner) / side - 1
        found = F.grid_sample(maps, grid[None], padding_mode="zeros", align_corners=False)
        mask, paint, behind, left, unseen, share = found.split((1, 3, 3, 1, 1, 2), 1)
        mask = ((mask - SURE) / (1 - 2 * SURE)).clamp(0, 1)
        place = share[0].permute(1, 2, 0) * side + corner + 0.5
        copied = F.grid_sample(
            picture,
            (2 * place / place.new_tensor([width, height]) - 1)[None],
            mode="bicubic",
            padding_mode="border",
            align_corners=False,
        )
        figure = (copied + paint).clamp(0, 1)
        band = slice(top, top + len(y))
        room = out[..., band, :]
        if background is None:
            room = torch.lerp(room, behind, left)
        out[..., band, :] = torch.lerp(room, figure, mask)
        person[..., band, :], hidden[..., band, :] = mask, mask * unseen
        tell(min(1.0, (top + rows) / height))
    return out, person, hidden
