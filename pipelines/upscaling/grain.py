"""The photo's grain on what has none: a smooth patch beside a photographed one shows that it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from ..batches import Progress
from ..geometry.colour import LUMINANCE
from ..geometry.field import sample
from .resampling import Tile, tiles

if TYPE_CHECKING:
    from .matching import Match

BLOCK = 8
"""Pixels of the blocks in which grain is measured."""
QUIET = 0.1
"""The share of blocks, the smoothest, that show grain and nothing else: Immerkaer, "Fast Noise Variance Estimation",
Computer Vision and Image Understanding 64, 1996, takes edges out by a mask; photos of people have plain walls and
skin enough for the quietest tenth."""
SHADES = 8
"""Steps of brightness: grain is stronger where the sensor saw less, and gone where it is cut off."""
MOST = 6.0 / 255
"""Grain beyond this is texture that was mistaken for it."""
LEAST = 0.25 / 255
"""Grain that a picture of 8 bits does not hold."""
SIDE = 768
LAPLACIAN_GAIN = 20**0.5
"""By how much the Laplacian makes white noise stronger: the root of 1 + 1 + 1 + 1 + 16."""


def grain_of(picture: Tensor) -> Tensor:
    """(SHADES,) the standard deviation of the grain of (3, H, W), sRGB, by the brightness it lies on."""
    if min(picture.shape[-2:]) < BLOCK + 2:
        return picture.new_zeros(SHADES)
    bands = [_blocks(_luma(band)) for band in picture.split(SIDE, 1) if band.shape[1] >= BLOCK + 2]
    blocks, shade = (torch.cat(values) for values in zip(*bands, strict=True))
    found = picture.new_zeros(SHADES)
    at = (shade * SHADES).long().clamp(0, SHADES - 1)
    for i in range(SHADES):
        own = blocks[at == i]
        if len(own) > 32:
            found[i] = own.quantile(QUIET) if len(own) < 1e6 else own[:: len(own) // 100_000].quantile(QUIET)
    return found.clamp(max=MOST)


def _blocks(grey: Tensor) -> tuple[Tensor, Tensor]:
    """(n,) each: grain and brightness of the blocks of (h, w)."""
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    rough = (around - 4 * grey[1:-1, 1:-1]) / LAPLACIAN_GAIN
    blocks = F.avg_pool2d(rough.square()[None, None], BLOCK)[0, 0].sqrt()
    shade = F.avg_pool2d(grey[None, None, 1:-1, 1:-1], BLOCK)[0, 0]
    return blocks.flatten(), shade.flatten()


def grained(
    picture: Tensor, base: Tensor, match: Match, photo: Tensor, strength: float = 1.0, progress: Progress = None,
    side: int = SIDE,
) -> Tensor:  # fmt: skip
    """(3, H, W) `picture`, changed in place: where `match` brought no detail of the photo (3, h, w), the grain that
    `base` lacks of the photo's. The same pixels get the same grain, whatever the tiles."""
    missing = (grain_of(photo).square() - grain_of(base).square()).clamp(min=0).sqrt() * strength
    if float(missing.max()) < LEAST:
        if progress:
            progress(1.0)
        return picture
    size = tuple(picture.shape[-2:])
    small = tuple(match.share.shape)
    ratio = small[0] / size[0], small[1] / size[1]
    coarse = min(1.0, match.scale * ratio[0])
    parts = tiles(size, side)
    for i, tile in enumerate(parts, 1):
        rows, columns = tile.within(Tile(0, 0, *size))
        own = picture[:, rows, columns]
        without = 1 - sample(match.share[None], tile.centres(ratio))[0]
        at = (_luma(own) * SHADES - 0.5).clamp(0, SHADES - 1)
        low = at.long().clamp(max=SHADES - 2)
        amount = torch.lerp(missing[low], missing[low + 1], at - low)
        picture[:, rows, columns] = (own + without * amount * noise(tile, coarse)).clamp(0, 1)
        if progress:
            progress(i / len(parts))
    return picture


def noise(tile: Tile, coarse: float = 1.0) -> Tensor:
    """(h, w) of mean 0 and deviation 1, a grain for each 1 / coarse pixels; of every pixel by its place alone."""
    at = (tile.centres((1.0, 1.0)) + 0.5) * coarse - 0.5
    low = at.floor()
    share = at - low if coarse < 1 else torch.zeros_like(at)
    x, y = low.long().unbind(-1)
    total, weight = torch.zeros(tile.size), torch.zeros(tile.size)
    for dy in (0, 1):
        for dx in (0, 1):
            part = (share[..., 0] if dx else 1 - share[..., 0]) * (share[..., 1] if dy else 1 - share[..., 1])
            total += part * _thrown(x + dx, y + dy)
            weight += part.square()
    return total / weight.sqrt()


def _thrown(x: Tensor, y: Tensor) -> Tensor:
    """Numbers of mean 0 and deviation 1 that look random: the four bytes of a hash of the place, added up. The hash is
    the finaliser of MurmurHash3 (Appleby, 2011; public domain)."""
    value = (x * 73856093 ^ y * 19349663) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        value = ((value ^ (value >> shift)) * factor) & 0xFFFFFFFF
    value = value ^ (value >> 16)
    total = sum((value >> bits) & 0xFF for bits in (0, 8, 16, 24))
    return (total - 510).float() / (4 * (256**2 - 1) / 12) ** 0.5


def _luma(picture: Tensor) -> Tensor:
    red, green, blue = picture
    return LUMINANCE[0] * red + LUMINANCE[1] * green + LUMINANCE[2] * blue
