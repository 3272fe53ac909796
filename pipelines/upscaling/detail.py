"""The photo's fine detail put in the place of a result's own, tile by tile.

What is coarser than the result could show stays the result's; what is finer becomes the photo's, where the two agree:
a band of frequencies is exchanged, never added, so that no edge is there twice (Burt and Adelson, "A Multiresolution
Spline with Application to Image Mosaics", ACM Transactions on Graphics 2, 1983). New light is put on the photo's pixels
in linear light, as light adds up. The bands are parted in sRGB, in which pictures are made smaller by nearly all
programs: parted in linear light, what was lost of dark print on a white shirt comes back too dark.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..batches import Progress
from ..geometry.colour import encoded, linear
from ..geometry.field import sample
from .matching import Match
from .places import steps
from .resampling import Tile, blurred, blurred_inside, lanczos, reach, tiles

FINEST, FINER = 0.6, 1.2
"""Pixels of the result: standard deviations between which the bands lie. Beyond the first a result has next to nothing
(a Gaussian of 0.6 halves at 0.31 cycles per pixel, where warping by interpolation has lost half as well)."""
SIDE = 768
"""Pixels of a tile's side: about 200 MB while it is made."""
BAND = 128
"""Rows, an even number, of which the light is averaged at once."""
LEVELS = 4
"""Sizes of the photo, each half the one before, for what is drawn smaller than the photo has it."""


def mipmap(photo: Tensor, levels: int = LEVELS) -> list[Tensor]:
    """(3, H, W) sRGB at full, half, quarter ... size, light averaged."""
    found = [photo]
    while len(found) < levels and min(found[-1].shape[-2:]) >= 4:
        bands = found[-1].split(BAND, 1)
        found.append(torch.cat([encoded(_halved(linear(band))) for band in bands], 1))
    return found


def _halved(light: Tensor) -> Tensor:
    return F.avg_pool2d(light[None], 2, ceil_mode=True, count_include_pad=False)[0]


def with_photo(
    base: Tensor, match: Match, photo: list[Tensor], strength: float = 1.0, progress: Progress = None,
    side: int = SIDE, result: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """(3, H, W) `base` with the detail of the photo (its `mipmap`) where `match` says so.

    result (3, h, w): what base was enlarged of by a network. Where the photo tells what is fine, the network's guess is
    needed for nothing, and what is coarse is the result's own, interpolated.
    """
    size = tuple(base.shape[-2:])
    out = torch.empty_like(base)
    maps = maps_of(match, size, strength)
    parts = tiles(size, side)
    for i, tile in enumerate(parts, 1):
        rows, columns = tile.within(Tile(0, 0, *size))
        out[:, rows, columns] = tile_with_photo(base, maps, photo, tile, result)
        if progress:
            progress(i / len(parts))
    return out


def maps_of(match: Match, size: tuple[int, int], strength: float = 1.0) -> Tensor:
    """(7, h, w): x, y in the photo, share, light, contrast, known, and how many halvings of the photo suit the size."""
    ratio = match.share.shape[0] / size[0]
    level = (steps(match.source)[1] * ratio).clamp(min=1.0).log2()
    values = (match.share * strength, match.light, match.contrast, match.known, level)
    return torch.cat((match.source.permute(2, 0, 1), torch.stack(values)))


def tile_with_photo(
    base: Tensor, maps: Tensor, photo: list[Tensor], tile: Tile, result: Tensor | None = None
) -> Tensor:
    """(3, h, w) one tile of what `with_photo` makes; maps: what `maps_of` gives."""
    size, small = tuple(base.shape[-2:]), tuple(maps.shape[-2:])
    ratio = small[0] / size[0], small[1] / size[1]
    sigmas = [max(0.4, width / ratio[0]) for width in (FINEST, FINER)]
    outer = tile.grown(2 * reach(sigmas[1]), size)
    own = base[:, outer.top : outer.bottom, outer.left : outer.right]
    inner = tile.within(outer)
    x, y, share, light, contrast, known, level = sample(maps, outer.centres(ratio))
    if not bool((share[inner] > 0).any()):
        return own[:, inner[0], inner[1]]
    if result is not None:
        own = torch.lerp(own, lanczos(result, size, outer).clamp(0, 1), share)
    there = (known > 0.999).float()
    seen = _read(photo, torch.stack((x, y), -1), level)
    seen = encoded((linear(seen) * light).clamp(0, 1)) * there
    mine, change = own, torch.zeros_like(own)
    # Coarser and coarser blurs of both; each band is what the next blur takes away.
    for sigma, part in zip(sigmas, (share, share.square()), strict=True):
        *low, weight = blurred(torch.cat((seen, there[None])), sigma)
        low_seen = torch.stack(low) / weight.clamp(min=1e-3) * there
        low_mine = blurred_inside(mine, sigma)
        change += part * (contrast * (seen - low_seen) - (mine - low_mine))
        seen, mine = low_seen, low_mine
    return (own + change)[:, inner[0], inner[1]].clamp(0, 1)


def _read(photo: list[Tensor], at: Tensor, level: Tensor) -> Tensor:
    """(3, h, w) the photo at places x, y of its full size, as fine as `level` (h, w) halvings of it."""
    level = level.clamp(max=len(photo) - 1)
    found = torch.zeros(3, *level.shape)
    for i, picture in enumerate(photo):
        part = (1 - (level - i).abs()).clamp(min=0)
        if bool((part > 0).any()):
            found += part * sample(picture, (at + 0.5) * 0.5**i - 0.5, "bicubic")
    return found.clamp(0, 1)
