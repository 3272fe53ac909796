"""Prints and woven colour patterns over cloth, in metres: stripes, checks, dots, flowers, camouflage and the like.

Every pattern is a picture of shares: (k, h, w) >= 0 that sum to 1, how much of each of k colours a texel shows. Edges
are averaged over the texel, and what is finer than texels fades to its mean, so nothing aliases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, radians, sin

import torch
from torch import Tensor

from ..draws import Draw
from ..noise import fractal


@dataclass(frozen=True, eq=False)
class Grid:
    """Where the texels of a sheet lie on the cloth: x, y (h, w) metres along u and v; texel (x, y) metres."""

    x: Tensor
    y: Tensor
    texel: tuple[float, float]

    @staticmethod
    def of(size: int, metres: tuple[float, float], device: str = "cpu") -> Grid:
        """A square sheet of `size` texels over `metres` of cloth along u and v. Raises ValueError for no extent."""
        if min(metres) <= 0 or size < 1:
            raise ValueError(
                f"a sheet of {size} texels over {metres} metres has no extent: give positive numbers"
            )
        at = (torch.arange(size, device=device) + 0.5) / size
        y, x = torch.meshgrid(at * metres[1], at * metres[0], indexing="ij")
        return Grid(x, y, (metres[0] / size, metres[1] / size))

    @property
    def coarse(self) -> float:
        """The larger side of a texel, metres."""
        return max(self.texel)

    def along(self, degrees: float) -> tuple[Tensor, float]:
        """(h, w) metres along a direction (0: x, 90: y), and how wide a texel is that way."""
        c, s = cos(radians(degrees)), sin(radians(degrees))
        width = abs(c) * self.texel[0] + abs(s) * self.texel[1]
        return self.x * c + self.y * s, width

    def turned(self, degrees: float) -> Grid:
        """The same cloth with its axes turned."""
        x, wide = self.along(degrees)
        y, high = self.along(degrees + 90)
        return Grid(x, y, (wide, high))

    def keeps(self, period: float) -> float:
        """How much of a detail of this period in metres the sheet can hold: 1 from four texels on, 0 below two."""
        return min(max(period / self.coarse / 2 - 1, 0.0), 1.0)


def stripe(at: Tensor, period: float, share: float, width: float, shift: float = 0.0) -> Tensor:
    """How much of a texel of `width` at `at` lies in bands of `share` of each period: exact, by the integral."""

    def integral(end: Tensor) -> Tensor:
        whole = torch.floor(end)
        return whole * share + (end - whole).clamp(max=share)

    half = 0.5 * width / period
    place = at / period - shift
    return ((integral(place + half) - integral(place - half)) / (2 * half)).clamp(0, 1)


def _mixed(over: Tensor, *more: Tensor) -> Tensor:
    """Layers painted over a ground, the last on top: coverages (h, w) -> (k, h, w) shares, ground first."""
    shares = [1 - over, over]
    for layer in more:
        shares = [share * (1 - layer) for share in shares] + [layer]
    return torch.stack(shares)


def _inside(distance: Tensor, grid: Grid) -> Tensor:
    """Signed metres (positive inside) -> coverage."""
    return (distance / grid.coarse + 0.5).clamp(0, 1)


def _faded(shares: Tensor, keep: float) -> Tensor:
    """Towards the mean where the sheet cannot hold the pattern."""
    if keep >= 1:
        return shares
    return shares * keep + shares.mean((1, 2), keepdim=True) * (1 - keep)


def plain(grid: Grid, draw: Draw) -> Tensor:
    return torch.ones_like(grid.x)[None]


def stripes(grid: Grid, draw: Draw, degrees: float | None = None) -> Tensor:
    """Bands of one or two colours. 90: horizontal on a garment whose v runs down."""
    degrees = draw.weighed({90.0: 4.0, 0.0: 3.0, 45.0: 1.0}) if degrees is None else degrees
    at, width = grid.along(degrees)
    period = draw.scale(0.012, 0.09)
    first = stripe(at, period, draw.between(0.2, 0.6), width)
    if draw.chance(0.4):
        return _mixed(first, stripe(at, period, draw.between(0.08, 0.2), width, draw.between(0.3, 0.6)))
    return _mixed(first)


def breton(grid: Grid, draw: Draw) -> Tensor:
    """Narrow dark lines on light, half as wide as their gap."""
    at, width = grid.along(90)
    return _mixed(stripe(at, draw.between(0.02, 0.032), draw.between(0.28, 0.38), width))


def pinstripe(grid: Grid, draw: Draw) -> Tensor:
    at, width = grid.along(0)
    return _mixed(0.8 * stripe(at, draw.between(0.012, 0.025), draw.between(0.06, 0.12), width))


def gingham(grid: Grid, draw: Draw) -> Tensor:
    """Bands both ways; where they cross the colour is full, elsewhere half."""
    period = draw.scale(0.008, 0.04)
    across = stripe(grid.x, period, 0.5, grid.texel[0])
    down = stripe(grid.y, period, 0.5, grid.texel[1])
    return _mixed(0.5 * (across + down))


def tartan(grid: Grid, draw: Draw) -> Tensor:
    """One sett of three or four colours in warp and weft, each seen half."""
    period, count = draw.between(0.06, 0.16), draw.pick((3, 4))
    bands = [(draw.between(0.1, 0.5), draw.between(0, 1)) for _ in range(count - 1)]
    narrow = [(share if i == 0 else share * 0.35, shift) for i, (share, shift) in enumerate(bands)]
    ways = []
    for at, width in ((grid.x, grid.texel[0]), (grid.y, grid.texel[1])):
        ways.append(_mixed(*(stripe(at, period, share, width, shift) for share, shift in narrow)))
    return 0.5 * (ways[0] + ways[1])


def windowpane(grid: Grid, draw: Draw) -> Tensor:
    period, share = draw.between(0.04, 0.1), draw.between(0.03, 0.07)
    across = stripe(grid.x, period, share, grid.texel[0])
    down = stripe(grid.y, period, share, grid.texel[1])
    return _mixed(torch.maximum(across, down))


def houndstooth(grid: Grid, draw: Draw) -> Tensor:
    """Four dark and four light threads both ways in a two-and-two twill: broken, toothed checks."""
    period = draw.scale(0.012, 0.06)
    return _faded(_mixed(_toothed(grid, period)), grid.keeps(period))


def _toothed(grid: Grid, period: float) -> Tensor:
    total = torch.zeros_like(grid.x)
    for dx in (-0.25, 0.25):
        for dy in (-0.25, 0.25):
            column = torch.floor((grid.x + dx * grid.texel[0]) * (8 / period))
            row = torch.floor((grid.y + dy * grid.texel[1]) * (8 / period))
            warp = (column % 8) < 4
            weft = (row % 8) < 4
            total += torch.where(((column + row) % 4) < 2, warp, weft)
    return total / 4


def argyle(grid: Grid, draw: Draw) -> Tensor:
    """Diamonds with fine lines across."""
    wide = draw.between(0.05, 0.1)
    diagonals = [grid.x + sign * grid.y / 1.5 for sign in (-1, 1)]
    width = 1.5 * grid.coarse
    ways = [stripe(at, wide, 0.5, width) for at in diagonals]
    lines = [stripe(at, wide, 0.035, width, 0.23) for at in diagonals]
    return _mixed(ways[0] * ways[1] + (1 - ways[0]) * (1 - ways[1]), torch.maximum(*lines))


def dots(grid: Grid, draw: Draw) -> Tensor:
    """Round dots on a staggered lattice."""
    pitch = draw.scale(0.012, 0.08)
    radius = pitch * draw.between(0.15, 0.34)
    x, y, _ = _lattice(grid, pitch)
    return _faded(_mixed(_inside(radius - x.hypot(y), grid)), grid.keeps(pitch))


def _lattice(grid: Grid, pitch: float) -> tuple[Tensor, Tensor, Tensor]:
    """Metres from the nearest point of a staggered lattice, and a number in [0, 1) for each point."""
    row = torch.floor(grid.y / pitch)
    shifted = grid.x / pitch + 0.5 * (row % 2)
    column = torch.floor(shifted)
    mixed = torch.sin(row * 12.9898 + column * 78.233) * 437.5453
    return (shifted - column - 0.5) * pitch, (grid.y / pitch - row - 0.5) * pitch, mixed - torch.floor(mixed)


def motifs(grid: Grid, draw: Draw) -> Tensor:
    """Small hearts, stars, crosses, triangles, rings or leaves all over, each turned its own way."""
    pitch = draw.scale(0.025, 0.1)
    x, y, number = _lattice(grid, pitch)
    size = pitch * draw.between(0.22, 0.36)
    angle = number * (2 * pi) if draw.chance(0.5) else torch.zeros_like(number)
    x, y = x * angle.cos() - y * angle.sin(), x * angle.sin() + y * angle.cos()
    shape = draw.pick((_star, _heart, _cross, _triangle, _ring, _leaf))
    first = _inside(shape(x, y, size), grid)
    keep = grid.keeps(pitch)
    if draw.chance(0.4):
        other = (number > 0.5).to(first)
        return _faded(_mixed(first * (1 - other), first * other), keep)
    return _faded(_mixed(first), keep)


def _star(x: Tensor, y: Tensor, size: float) -> Tensor:
    around = torch.atan2(y, x)
    point = ((around / (2 * pi / 5)) - torch.round(around / (2 * pi / 5))).abs() * 2
    return size * (1 - 0.58 * point) - x.hypot(y)


def _heart(x: Tensor, y: Tensor, size: float) -> Tensor:
    x, y = x / size, -y / size + 0.1
    return -size * 0.4 * ((x * x + y * y - 0.55) ** 3 - x * x * y**3) / (0.35 + (x * x + y * y) ** 2)


def _cross(x: Tensor, y: Tensor, size: float) -> Tensor:
    x, y = x.abs(), y.abs()
    return torch.minimum(size - torch.maximum(x, y), 0.3 * size - torch.minimum(x, y))


def _triangle(x: Tensor, y: Tensor, size: float) -> Tensor:
    return size * 0.5 - torch.maximum(0.866 * x.abs() - 0.5 * y, y)


def _ring(x: Tensor, y: Tensor, size: float) -> Tensor:
    return 0.22 * size - (x.hypot(y) - 0.75 * size).abs()


def _leaf(x: Tensor, y: Tensor, size: float) -> Tensor:
    return 0.5 * size * (1 - (x / size) ** 2) - y.abs()


def flowers(grid: Grid, draw: Draw) -> Tensor:
    """Rosettes of five or six petals in two sizes, with hearts and leaves between."""
    pitch, petals = draw.scale(0.03, 0.14), draw.pick((5, 5, 6, 8))
    shares = []
    for scale, shift in ((1.0, 0.0), (0.6, 0.37)):
        moved = Grid(grid.x + shift * pitch, grid.y + 0.71 * shift * pitch, grid.texel)
        x, y, number = _lattice(moved, pitch)
        x = x + (number - 0.5) * 0.3 * pitch
        reach, around = x.hypot(y), torch.atan2(y, x) + number * 6
        size = pitch * scale * 0.33
        bloom = size * (0.72 + 0.28 * torch.cos(petals * around)) - reach
        shares.append((_inside(bloom, grid), _inside(0.25 * size - reach, grid)))
    x, y, number = _lattice(Grid(grid.x + 0.5 * pitch, grid.y, grid.texel), pitch)
    angle = number * (2 * pi)
    leaf = _leaf(x * angle.cos() - y * angle.sin(), x * angle.sin() + y * angle.cos(), 0.3 * pitch)
    (big, heart), (small, other) = shares
    keep = grid.keeps(0.5 * pitch)
    return _faded(_mixed(_inside(leaf, grid), torch.maximum(big, small), torch.maximum(heart, other)), keep)


def camouflage(grid: Grid, draw: Draw) -> Tensor:
    """Four colours of torn blotches."""
    layers = [_blotch(grid, draw, draw.between(0.1, 0.22)) for _ in range(3)]
    return _mixed(*layers)


def _blotch(grid: Grid, draw: Draw, metres: float, level: float = 0.35) -> Tensor:
    field, step = _field(grid, draw, metres, 3)
    return ((field - level) / max(step, 1e-3) + 0.5).clamp(0, 1)


def _field(grid: Grid, draw: Draw, metres: float, octaves: int) -> tuple[Tensor, float]:
    """Noise with bumps of `metres`, and how much it changes over a texel at a blotch's edge."""
    size = tuple(grid.x.shape)
    extent = (size[0] * grid.texel[1], size[1] * grid.texel[0])
    cells = tuple(max(1, round(side / metres)) for side in extent)
    field = fractal(draw, size, cells, octaves, 0.5, str(grid.x.device))
    return field, 4 * grid.coarse / metres


def leopard(grid: Grid, draw: Draw) -> Tensor:
    """Broken dark rings with a darker middle on a light ground."""
    metres = draw.between(0.018, 0.04)
    field, step = _field(grid, draw, metres, 2)
    ring = ((0.45 - (field - 0.75).abs()) / max(step, 0.05) + 0.5).clamp(0, 1)
    inner = ((field - 1.1) / max(step, 0.05) + 0.5).clamp(0, 1)
    return _faded(_mixed(inner, ring), grid.keeps(metres))


def zebra(grid: Grid, draw: Draw) -> Tensor:
    """Wavy bands that fork."""
    field, _ = _field(grid, draw, 0.2, 2)
    period = draw.between(0.03, 0.06)
    at = grid.y + 0.06 * field
    return _mixed(stripe(at, period, 0.45, 1.6 * grid.coarse))


def marble(grid: Grid, draw: Draw) -> Tensor:
    """Tie-dye: rings about a point, torn by noise."""
    field, _ = _field(grid, draw, draw.between(0.08, 0.2), 4)
    middle = draw.grid(2).tolist()
    x = grid.x - middle[0] * float(grid.x[0, -1])
    y = grid.y - middle[1] * float(grid.y[-1, 0])
    wave = torch.sin(x.hypot(y) * (2 * pi / draw.between(0.1, 0.3)) + 1.6 * field)
    other = torch.sin(torch.atan2(y, x) * draw.pick((2, 3, 4)) + field)
    return _mixed((0.5 + 0.9 * wave).clamp(0, 1), (0.9 * other - 0.1).clamp(0, 1))


def ombre(grid: Grid, draw: Draw) -> Tensor:
    """From one colour to another down the cloth."""
    down = grid.y / float(grid.y.max())
    soft, middle = draw.between(0.2, 0.8), draw.between(0.35, 0.65)
    share = ((down - middle) / soft + 0.5).clamp(0, 1)
    return _mixed(share * share * (3 - 2 * share))


def blocks(grid: Grid, draw: Draw) -> Tensor:
    """Colour blocking: two or three wide bands."""
    at, width = grid.along(draw.pick((90.0, 90.0, 90.0, 60.0, 0.0)))
    span = float(at.max() - at.min())
    first, second = sorted((draw.between(0.2, 0.8), draw.between(0.2, 0.8)))
    start = at - at.min()
    over = ((start - first * span) / width + 0.5).clamp(0, 1)
    return _mixed(over, ((start - second * span) / width + 0.5).clamp(0, 1))


def strokes(grid: Grid, draw: Draw) -> Tensor:
    """Brushed, abstract shapes of three colours."""
    return _mixed(
        _blotch(grid, draw, draw.between(0.05, 0.25), 0.2), _blotch(grid, draw, draw.between(0.03, 0.15), 0.9)
    )


Pattern = Callable[[Grid, Draw], Tensor]
PATTERNS: dict[str, tuple[Pattern, int]] = {
    "plain": (plain, 1),
    "stripes": (stripes, 3),
    "breton": (breton, 2),
    "pinstripe": (pinstripe, 2),
    "gingham": (gingham, 2),
    "tartan": (tartan, 4),
    "windowpane": (windowpane, 2),
    "houndstooth": (houndstooth, 2),
    "argyle": (argyle, 3),
    "dots": (dots, 2),
    "motifs": (motifs, 3),
    "flowers": (flowers, 4),
    "camouflage": (camouflage, 4),
    "leopard": (leopard, 3),
    "zebra": (zebra, 2),
    "marble": (marble, 3),
    "ombre": (ombre, 2),
    "blocks": (blocks, 3),
    "strokes": (strokes, 3),
}
"""Name: the pattern and how many colours it takes (it may use fewer)."""


def coloured(shares: Tensor, colours: Tensor) -> Tensor:
    """(k, h, w) shares, (n >= k, 3) linear colours -> (3, h, w) linear albedo."""
    if len(colours) < len(shares):
        raise ValueError(f"the pattern shows {len(shares)} colours, got {len(colours)}: give one for each")
    return torch.einsum("khw,kc->chw", shares, colours[: len(shares)].to(shares))
