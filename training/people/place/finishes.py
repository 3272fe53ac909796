"""What floors and walls are made of: square pictures of albedo that repeat without a seam, and their lookup.

A finish is drawn as (3, SIZE, SIZE) linear albedo over METRES x METRES.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi

import torch
import torch.nn.functional as F
from torch import Tensor

from ..draws import Draw
from ..noise import cells, fractal, smooth

SIZE = 512
METRES = 4.0
TEXEL = METRES / SIZE


@dataclass(frozen=True, eq=False)
class Tile:
    """A finish and its halves, quarters, ... side by side, each with a border of one texel that wraps.

    atlas (3, SIZE + 2, w); left (levels,) the column where each begins; mean (3,) albedo.
    """

    atlas: Tensor
    left: Tensor
    mean: Tensor

    @staticmethod
    def of(albedo: Tensor) -> Tile:
        """(3, SIZE, SIZE) albedo that repeats."""
        levels, left, at = [], [], 0
        level = albedo
        while level.shape[-1] >= 4:
            padded = F.pad(level[None], (1, 1, 1, 1), mode="circular")[0]
            levels.append(F.pad(padded, (0, 0, 0, albedo.shape[-1] + 2 - padded.shape[-2])))
            left.append(at)
            at += padded.shape[-1]
            level = F.avg_pool2d(level[None], 2)[0]
        return Tile(torch.cat(levels, -1), torch.tensor(left, device=albedo.device), albedo.mean((1, 2)))

    def at(self, u: Tensor, v: Tensor, footprint: Tensor) -> Tensor:
        """(n,) metres across and along, (n,) metres a pixel covers -> (3, n) albedo, averaged over about that much."""
        sharp = torch.log2(footprint / TEXEL).clamp(0, len(self.left) - 1 - 1e-3)
        level = sharp.long()
        share = (sharp - level)[None]
        return self._look(u, v, level) * (1 - share) + self._look(u, v, level + 1) * share

    def _look(self, u: Tensor, v: Tensor, level: Tensor) -> Tensor:
        level = level.clamp(max=len(self.left) - 1)
        size = torch.div(SIZE, 2**level)
        x = self.left[level] + 1 + torch.frac(torch.frac(u / METRES) + 1) * size
        y = 1 + torch.frac(torch.frac(v / METRES) + 1) * size
        height, width = self.atlas.shape[1:]
        grid = torch.stack((2 * x / width - 1, 2 * y / height - 1), -1)[None, None]
        return F.grid_sample(self.atlas[None], grid, mode="bilinear", align_corners=False)[0, :, 0]


def _size() -> tuple[int, int]:
    return SIZE, SIZE


def _tinted(value: Tensor, colour: Tensor) -> Tensor:
    """(SIZE, SIZE) brightness about 1 and a colour -> albedo."""
    return (colour[:, None, None].to(value) * value).clamp(0.005, 0.92)


def _colour(draw: Draw, *options: tuple[float, float, float]) -> Tensor:
    """One of some linear colours, varied."""
    base = torch.tensor(draw.pick(options))
    vary = 1 + 0.035 * draw.bells(3).cpu() + 0.15 * draw.normal()
    return (base * vary.clamp(0.6, 1.5)).clamp(0.01, 0.88)


def _grid_lines(rows: int, columns: int, gap: float, device: str, stagger: float = 0.0) -> Tensor:
    """(SIZE, SIZE) 1 on the joints of `gap` metres between blocks; odd rows shifted by `stagger` of a block."""
    at = (torch.arange(SIZE, device=device) + 0.5) * TEXEL
    y, x = torch.meshgrid(at, at, indexing="ij")
    high, wide = METRES / rows, METRES / columns
    odd = torch.floor(y / high) % 2
    to_row = (torch.frac(y / high + 0.5) - 0.5).abs() * high
    to_column = (torch.frac(x / wide + stagger * odd + 0.5) - 0.5).abs() * wide
    return ((gap / 2 - torch.minimum(to_row, to_column)) / TEXEL + 0.5).clamp(0, 1)


def _blocks(draw: Draw, rows: int, columns: int, device: str, stagger: float = 0.0) -> Tensor:
    """(SIZE, SIZE) a uniform number per block, laid like _grid_lines."""
    values = cells(draw, _size(), (rows, columns), device)
    shifted = values.roll(-round(stagger * SIZE / columns), 1)
    odd = (torch.arange(SIZE, device=device) * rows // SIZE) % 2 == 1
    return torch.where(odd[:, None], shifted, values)


def concrete(draw: Draw, device: str) -> Tensor:
    stain = fractal(draw, _size(), (3, 3), 5, 0.6, device)
    grit = smooth(draw, _size(), (256, 256), device)
    value = 1 + 0.09 * stain + 0.03 * grit
    if draw.chance(0.4):
        value = value * (1 - 0.35 * _grid_lines(2, 2, 0.012, device))
    return _tinted(value, _colour(draw, (0.38, 0.37, 0.35), (0.25, 0.25, 0.25), (0.48, 0.46, 0.42)))


def asphalt(draw: Draw, device: str) -> Tensor:
    stones = smooth(draw, _size(), (256, 256), device)
    patches = fractal(draw, _size(), (3, 3), 4, 0.5, device)
    return _tinted(1 + 0.22 * stones + 0.1 * patches, _colour(draw, (0.09, 0.09, 0.095), (0.14, 0.135, 0.13)))


def sand(draw: Draw, device: str) -> Tensor:
    ripple = fractal(draw, _size(), (40, 6), 3, 0.6, device)
    value = 1 + 0.08 * ripple + 0.05 * fractal(draw, _size(), (3, 3), 3, 0.5, device)
    return _tinted(value, _colour(draw, (0.5, 0.4, 0.27), (0.42, 0.33, 0.2), (0.55, 0.48, 0.38)))


def grass(draw: Draw, device: str) -> Tensor:
    blades = fractal(draw, _size(), (128, 200), 2, 0.7, device)
    clumps = fractal(draw, _size(), (4, 4), 5, 0.65, device)
    value = (1 + 0.38 * blades + 0.25 * clumps).clamp(min=0.15)
    dry = (0.5 + 0.5 * fractal(draw, _size(), (5, 5), 3, 0.5, device)).clamp(0, 1)[None]
    fresh = _colour(draw, (0.07, 0.13, 0.03), (0.05, 0.1, 0.025), (0.1, 0.15, 0.04))[:, None, None].to(value)
    straw = torch.tensor((0.2, 0.18, 0.08), device=device)[:, None, None]
    share = dry * draw.between(0.0, 0.5)
    return ((fresh * (1 - share) + straw * share) * value).clamp(0.005, 0.9)


def earth(draw: Draw, device: str) -> Tensor:
    value = 1 + 0.2 * fractal(draw, _size(), (4, 4), 6, 0.7, device)
    return _tinted(value, _colour(draw, (0.2, 0.14, 0.09), (0.3, 0.22, 0.15), (0.13, 0.1, 0.07)))


def wood(draw: Draw, device: str) -> Tensor:
    """Planks of 8 to 25 cm with grain along them, staggered ends."""
    rows = draw.pick((16, 24, 32, 48))
    columns = draw.pick((2, 4))
    tone = _blocks(draw, rows, columns, device, draw.between(0.3, 0.5))
    grain = fractal(draw, _size(), (128, 4), 3, 0.7, device)
    joints = _grid_lines(rows, columns, 0.004, device, 0.4)
    value = (0.82 + 0.36 * tone + 0.09 * grain) * (1 - 0.5 * joints)
    return _tinted(
        value, _colour(draw, (0.36, 0.22, 0.11), (0.5, 0.35, 0.2), (0.2, 0.1, 0.05), (0.45, 0.38, 0.3))
    )


def tiles(draw: Draw, device: str) -> Tensor:
    count = draw.pick((7, 8, 8, 10, 16, 20))
    tone = cells(draw, _size(), (count, count), device)
    body = _colour(draw, (0.65, 0.62, 0.58), (0.3, 0.28, 0.27), (0.45, 0.3, 0.22), (0.2, 0.22, 0.25))
    value = 0.93 + 0.12 * tone + 0.04 * fractal(draw, _size(), (8, 8), 4, 0.6, device)
    if draw.chance(0.25):
        at = torch.arange(SIZE, device=device) * count // SIZE
        value = value * (1 - draw.between(0.3, 0.8) * ((at[:, None] + at) % 2))
    grout = _grid_lines(count, count, draw.between(0.003, 0.01), device)
    joint = torch.tensor(draw.pick(((0.5, 0.49, 0.47), (0.12, 0.12, 0.12))), device=device)[:, None, None]
    return _tinted(value, body) * (1 - grout) + joint * grout


def paving(draw: Draw, device: str) -> Tensor:
    rows, columns = draw.pick(((20, 10), (40, 20), (8, 8), (10, 6)))
    stagger = draw.pick((0.0, 0.5))
    value = 0.8 + 0.4 * _blocks(draw, rows, columns, device, stagger)
    value = value + 0.1 * fractal(draw, _size(), (16, 16), 4, 0.7, device)
    value = value * (1 - 0.55 * _grid_lines(rows, columns, 0.014, device, stagger))
    return _tinted(value, _colour(draw, (0.3, 0.29, 0.28), (0.3, 0.18, 0.13), (0.42, 0.38, 0.32)))


def carpet(draw: Draw, device: str) -> Tensor:
    pile = smooth(draw, _size(), (512, 512), device)
    value = 1 + 0.12 * pile + 0.04 * fractal(draw, _size(), (6, 6), 3, 0.5, device)
    return _tinted(
        value, _colour(draw, (0.35, 0.32, 0.28), (0.12, 0.13, 0.18), (0.3, 0.08, 0.07), (0.2, 0.25, 0.2))
    )


def plaster(draw: Draw, device: str) -> Tensor:
    value = 1 + 0.025 * fractal(draw, _size(), (5, 5), 5, 0.7, device)
    return _tinted(value, _wall_colour(draw))


def paint(draw: Draw, device: str) -> Tensor:
    return _tinted(1 + 0.008 * fractal(draw, _size(), (3, 3), 4, 0.6, device), _wall_colour(draw))


def _wall_colour(draw: Draw) -> Tensor:
    return _colour(
        draw,
        (0.75, 0.73, 0.69),
        (0.6, 0.58, 0.54),
        (0.55, 0.48, 0.38),
        (0.35, 0.42, 0.48),
        (0.3, 0.38, 0.3),
        (0.5, 0.3, 0.26),
        (0.15, 0.17, 0.2),
        (0.62, 0.55, 0.3),
    )


def brick(draw: Draw, device: str) -> Tensor:
    """Stretcher bond: courses of 7.4 cm, bricks of 25 cm with their joint."""
    rows, columns = 54, 16
    tone = _blocks(draw, rows, columns, device, 0.5)
    rough = fractal(draw, _size(), (64, 64), 3, 0.7, device)
    joint = _grid_lines(rows, columns, 0.012, device, 0.5)
    body = _colour(draw, (0.32, 0.13, 0.08), (0.4, 0.2, 0.13), (0.5, 0.47, 0.42), (0.22, 0.12, 0.1))
    mortar = _colour(draw, (0.45, 0.43, 0.4), (0.25, 0.24, 0.23))[:, None, None].to(joint)
    return _tinted(0.72 + 0.5 * tone + 0.1 * rough, body) * (1 - joint) + mortar * joint


def wallpaper(draw: Draw, device: str) -> Tensor:
    """Stripes, or rows of small motifs."""
    base = _wall_colour(draw)
    other = (base * draw.pick((0.6, 0.75, 1.25))).clamp(0.02, 0.85)
    at = (torch.arange(SIZE, device=device) + 0.5) / SIZE
    repeat = draw.pick((16, 25, 40))
    across = torch.cos(2 * pi * repeat * at)
    if draw.chance(0.5):
        mask = (0.5 + 2.5 * (across - draw.between(-0.4, 0.6))).clamp(0, 1).expand(SIZE, SIZE)
    else:
        swirl = across[None] + torch.cos(2 * pi * repeat * at)[:, None]
        swirl = swirl + 0.6 * torch.cos(4 * pi * repeat * at)[None] * torch.cos(2 * pi * repeat * at)[:, None]
        mask = (1.5 * (swirl - 0.5) + 0.5).clamp(0, 1)
    first, second = (c.to(mask)[:, None, None] for c in (base, other))
    return first * (1 - mask) + second * mask


FINISHES: dict[str, Callable[[Draw, str], Tensor]] = {
    f.__name__: f
    for f in (
        concrete, asphalt, sand, grass, earth, wood, tiles, paving, carpet, plaster, paint, brick, wallpaper,
    )
}  # fmt: skip
FLOORS_INSIDE = ("wood", "wood", "tiles", "concrete", "carpet")
FLOORS_OUTSIDE = ("asphalt", "concrete", "grass", "grass", "paving", "paving", "sand", "earth")
WALLS_INSIDE = ("paint", "paint", "plaster", "wallpaper", "brick", "concrete")
WALLS_OUTSIDE = ("brick", "concrete", "plaster")


def finish(name: str, draw: Draw, device: str = "cpu") -> Tile:
    """A finish by name, drawn. Raises ValueError for a name that is not in FINISHES."""
    if name not in FINISHES:
        raise ValueError(f"unknown finish {name}: give one of {', '.join(FINISHES)}")
    return Tile.of(FINISHES[name](draw, device))
