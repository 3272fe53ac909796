"""Very large photos: worked on at a smaller size, then brought back with the photo's own detail."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F

from .batches import part
from .geometry.best_view import OtherView, warp_two
from .geometry.field import sample
from .geometry.figures.cutout import cut_out
from .geometry.layers import Regions
from .geometry.skeleton import Skeleton
from .geometry.warp import warp
from .geometry.warped import Correspondence, Warped

WORKING_PIXELS = 4_500_000
"""Pictures with more pixels are read, moved and filled at a smaller size of at most this many: the chain then stays
under 4 GB on an 8000 x 6000 photo, and the time of the warp grows by the photo's detail alone
(training/benchmark.py)."""
ALIKE = 0.005
"""Difference of two scales, across and down, up to which a picture is another one made smaller: whole pixels."""
_BAND = 2_000_000  # pixels of the result made at once


def working_size(size: tuple[int, int]) -> tuple[int, int]:
    """(height, width) at which a picture of `size` is worked on: its own, unless it is very large."""
    shrink = math.sqrt(min(1.0, WORKING_PIXELS / (size[0] * size[1])))
    return (max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink))) if shrink < 1 else size


def resized(image: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """(B, C, h, w): smaller by averaging over areas, larger by interpolation."""
    if tuple(image.shape[-2:]) == tuple(size):
        return image
    if size[0] < image.shape[-2]:
        return F.interpolate(image, size=size, mode="area")
    return F.interpolate(image, size=size, mode="bilinear", align_corners=False)


def made_smaller(its: tuple[int, int], size: tuple[int, int]) -> bool:
    """Whether a (height, width) is that of the same picture, smaller, as very large ones are worked on."""
    down, across = (small / large for small, large in zip(its, size, strict=True))
    return down <= 1 and abs(down - across) <= ALIKE


def with_detail(
    picture: torch.Tensor,
    small: torch.Tensor,
    result: torch.Tensor,
    source: torch.Tensor,
    visible: torch.Tensor,
    progress: Callable[[float], None] | None = None,
) -> torch.Tensor:
    """(1, 3, H, W): a result that was made at a smaller size, at the size of the photo and with its detail.

    picture  (1, 3, H, W) the photo;  small  (1, 3, h, w) the same at the working size;  result  (1, 3, h, w)
    source   (h, w, 2) x, y in `small` that each pixel of the result comes from, NaN where from nowhere
    visible  (h, w) in [0, 1], how much of the pixel the photo showed
    Where the result is the photo's own pixel, so is the answer, bit for bit.
    """
    height, width = picture.shape[-2:]
    changed = ((result - small).abs().amax(1, keepdim=True) > 1e-6) | ~torch.isnan(source[..., 0])
    changed = F.max_pool2d(changed.float(), 5, 1, 2)
    known = torch.where(torch.isnan(source[..., 0]), 0.0, visible)
    field = torch.cat((torch.nan_to_num(source).permute(2, 0, 1), known[None]))
    out = picture.clone()
    rows = max(1, _BAND // width)
    for top in range(0, height, rows):
        y = torch.arange(top, min(top + rows, height), device=picture.device)
        out[0][:, y] = _band(picture, small, result, field, changed, y)
        if progress:
            progress(min(1.0, (top + rows) / height))
    return out


def warped(
    picture: torch.Tensor,
    matte: torch.Tensor,
    source: Skeleton,
    target: Skeleton,
    regions: Regions | None = None,
    progress: Callable[[float], None] | None = None,
    rigid: torch.Tensor | None = None,
    second: OtherView | None = None,
) -> Warped:
    """`geometry.warp.warp`, with a second photo `warp_two`, of a drawing `cut_out`, for pictures of any size: a very
    large one is moved at its working size.

    Its colours are then the photo's own, with all detail, but for what is the second photo's; its correspondence stays
    in working pixels.
    """
    size = tuple(picture.shape[-2:])
    low = working_size(size)
    if low == size:
        given = {"regions": regions, "progress": progress, "rigid": rigid}
        return moved_by(picture, matte, source, target, second, **given)
    small = resized(picture, low)
    bodies = [at_size(skeleton, low, size) for skeleton in (source, target)]
    given = {"regions": regions_at(regions, low), "progress": part(progress, 0, 0.7)}
    given["rigid"] = None if rigid is None else resized(rigid, low)
    moved = moved_by(small, resized(matte, low), *bodies, second, **given)
    found = moved.correspondence
    colour = with_detail(picture, small, moved.colour, found.source, shown(found), part(progress, 0.7, 1))
    maps = {name: resized(getattr(moved, name), size) for name in ("alpha", "hidden", "unmoved")}
    return replace(moved, colour=colour, **maps)


def moved_by(picture, matte, source, target, second: OtherView | None = None, **given) -> Warped:
    """The warp of one photo, or of two; of a drawing its flat layers, which are rigid as they are. A very large second
    photo is taken at its working size, without its detail. ValueError for a drawing with a second picture."""
    moved = _moved(picture, matte, source, target, second, **given)
    return replace(moved, correspondence=replace(moved.correspondence, photo_size=tuple(picture.shape[-2:])))


def _moved(picture, matte, source, target, second: OtherView | None, **given) -> Warped:
    if source.flat:
        if second is not None:
            raise ValueError(
                "a drawn figure takes no second picture: disconnect it, or give a photo of a person"
            )
        size = given.get("size") or tuple(picture.shape[-2:])
        return cut_out(picture, matte, source, target, size, given.get("progress"))
    if second is None:
        return warp(picture, matte, source, target, **given)
    size = tuple(second.picture.shape[-2:])
    low = working_size(size)
    if low != size:
        pixels, mask = resized(second.picture, low), resized(second.matte, low)
        second = OtherView(pixels, mask, at_size(second.skeleton, low, size), regions_at(second.regions, low))
    return warp_two(picture, matte, source, target, second, **given)


def shown(found: Correspondence) -> torch.Tensor:
    """(h, w) in [0, 1] what of each pixel the first photo showed."""
    return torch.where(found.photo > 0, 0.0, found.visible)


def regions_at(regions: Regions | None, size: tuple[int, int]) -> Regions | None:
    """What is known of a picture's regions, at another size (height, width)."""
    if regions is None:
        return None
    maps = (regions.hair, regions.skin, regions.foreground)
    clothes = None if regions.garments is None else regions.garments.at_size(size)
    return Regions(*(None if one is None else resized(one, size) for one in maps), clothes)


def at_size(skeleton: Skeleton, wanted: tuple[int, int], size: tuple[int, int]) -> Skeleton:
    """The skeleton of a picture of `size` in the same picture at the `wanted` size (height, width); pixel centres are
    at integers in both."""
    scale = wanted[0] / size[0]
    return skeleton.scaled(scale, wanted).moved(np.full(2, (scale - 1) / 2))


def _band(picture, small, result, field, changed, y: torch.Tensor) -> torch.Tensor:
    """(3, n, W) rows y of the answer."""
    height, width = picture.shape[-2:]
    ratio = small.shape[-2] / height, small.shape[-1] / width
    x = torch.arange(width, device=y.device)
    at_x, at_y = torch.meshgrid((x + 0.5) * ratio[1] - 0.5, (y + 0.5) * ratio[0] - 0.5, indexing="xy")
    here = torch.stack((at_x, at_y), -1)
    nearest = sample(field, here, "nearest")
    # A surface moves smoothly: from the nearest known pixel on, the source goes on as the target does.
    centre = sample(_positions(small), here, "nearest").permute(1, 2, 0)
    source = nearest[:2].permute(1, 2, 0) + (here - centre)
    native = source + 0.5
    native = native * native.new_tensor([1 / ratio[1], 1 / ratio[0]]) - 0.5
    detail = sample(picture[0], native) - sample(small[0], source)
    made = sample(result[0], here) + nearest[2] * detail
    return torch.where(sample(changed[0], here, "nearest") > 0, made.clamp(0, 1), picture[0][:, y])


def _positions(small: torch.Tensor) -> torch.Tensor:
    y, x = torch.meshgrid(*(torch.arange(n, device=small.device) for n in small.shape[-2:]), indexing="ij")
    return torch.stack((x, y)).float()
