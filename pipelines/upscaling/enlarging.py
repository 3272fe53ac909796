"""A picture enlarged without looking at the photo: by an upscaling network in tiles, or by interpolation."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..batches import Progress
from .resampling import Tile, lanczos, lanczos_window, tiles

SIDE, SMALLEST = 256, 64
"""Pixels of the picture that a network enlarges at once, and the fewest; half as many each time memory runs out."""
HALO, FEATHER = 32, 8
"""Pixels that a network sees beyond its tile, and over which two tiles go into each other: as core's tiled upscaling
has it, 32 in all (comfy_extras/nodes_upscale_model.py of ComfyUI 0.30)."""
BAND = 512
"""Rows and columns interpolated at once."""


@dataclass(frozen=True)
class Upscaler:
    """scale  pixels of the result to one of the picture, along a side
    run    (1, 3, h, w) sRGB in [0, 1] -> (1, 3, h * scale, w * scale)
    too_large  whether an error that `run` raised means that the memory was not enough
    """

    scale: float
    run: Callable[[Tensor], Tensor]
    too_large: Callable[[Exception], bool] = lambda error: isinstance(error, MemoryError)


def enlarged(
    picture: Tensor, size: tuple[int, int], upscaler: Upscaler | None = None, progress: Progress = None
) -> Tensor:
    """(3, H, W) of (3, h, w): Lanczos without an upscaler and where nothing gets larger."""
    tell = progress or (lambda done: None)
    if upscaler is None or max(size) <= max(picture.shape[-2:]):
        out = picture.new_empty(3, *size)
        parts = tiles(size, BAND)
        for i, tile in enumerate(parts, 1):
            rows, columns = tile.within(Tile(0, 0, *size))
            out[:, rows, columns] = lanczos(picture, size, tile).clamp(0, 1)
            tell(i / len(parts))
        return out
    side = SIDE
    while True:
        try:
            return _by_network(picture, size, upscaler, side, tell)
        except (MemoryError, RuntimeError) as error:
            if not upscaler.too_large(error):
                raise
            if side <= SMALLEST:
                raise ValueError(
                    f"the upscaling network needs more memory than there is even for {side} x {side} pixels: use a"
                    " smaller network, or none"
                ) from error
            side //= 2


def _by_network(picture: Tensor, size: tuple[int, int], upscaler: Upscaler, side: int, tell) -> Tensor:
    """(3, H, W): tile by tile, each with HALO pixels round it, blended over FEATHER pixels on each side of a seam."""
    old = tuple(picture.shape[-2:])
    grown = tuple(round(n * upscaler.scale) for n in old)
    out = picture.new_zeros(3, *size)
    cuts = [_cuts(n, side) for n in old]
    parts = [Tile(y0, x0, y1, x1) for y0, y1 in cuts[0] for x0, x1 in cuts[1]]
    for i, part in enumerate(parts, 1):
        seen = part.grown(HALO, old)
        window = upscaler.run(picture[None, :, seen.top : seen.bottom, seen.left : seen.right])[0]
        _check(window, seen, upscaler)
        place = Tile(*(round(n * upscaler.scale) for n in seen))
        tile = _covered(part.grown(FEATHER, old), old, size)
        made = lanczos_window(window.to(out), place, grown, size, tile).clamp(0, 1)
        rows = _share(part.top, part.bottom, old[0], size[0], tile.top, tile.bottom)
        columns = _share(part.left, part.right, old[1], size[1], tile.left, tile.right)
        at = tile.within(Tile(0, 0, *size))
        out[:, at[0], at[1]] += made * rows[:, None] * columns
        tell(i / len(parts))
    return out


def _check(window: Tensor, seen: Tile, upscaler: Upscaler) -> None:
    wanted = (3, *(round(n * upscaler.scale) for n in seen.size))
    if tuple(window.shape) != wanted:
        raise ValueError(
            f"the upscaling network made {tuple(window.shape)} of {(3, *seen.size)}, expected {wanted}: it is no"
            " network for colour pictures, or of another scale than it says"
        )


def _cuts(length: int, side: int) -> list[tuple[int, int]]:
    """A side in about equal parts of at most `side` pixels."""
    count = math.ceil(length / side)
    edges = [round(i * length / count) for i in range(count + 1)]
    return list(zip(edges, edges[1:], strict=False))


def _covered(tile: Tile, old: tuple[int, int], new: tuple[int, int]) -> Tile:
    """The new pixels whose centres lie in an old tile."""
    rows, columns = new[0] / old[0], new[1] / old[1]
    return Tile(
        max(0, math.floor(tile.top * rows)),
        max(0, math.floor(tile.left * columns)),
        min(new[0], math.ceil(tile.bottom * rows)),
        min(new[1], math.ceil(tile.right * columns)),
    )


def _share(start: int, end: int, old: int, new: int, first: int, last: int) -> Tensor:
    """(last - first,) the part of a tile start..end in the new pixels first..last; those of all tiles add up to 1."""
    at = (torch.arange(first, last, dtype=torch.float64) + 0.5) * (old / new)
    share = torch.ones_like(at)
    if start > 0:
        share = share * ((at - start + FEATHER) / (2 * FEATHER)).clamp(0, 1)
    if end < old:
        share = share * ((end + FEATHER - at) / (2 * FEATHER)).clamp(0, 1)
    return share.float()
