"""How cloth is made, seen close: a relief and a shade over the grid, in metres. What is finer than texels is left out.

A weave gives a height (h, w) in metres, a shade (h, w) about 1, and a cover (h, w) in [0, 1] (1: no holes).
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..draws import Draw
from ..noise import fractal, smooth
from .patterns import Grid


class Weave(NamedTuple):
    """height (h, w) metres, shade (h, w), cover (h, w); each None for flat, even and whole.

    tilt (2, h, w): slopes of their own beside the height's (sequins), or None. mix (h, w): how much of a second yarn
    shows.
    """

    height: Tensor | None = None
    shade: Tensor | None = None
    cover: Tensor | None = None
    tilt: Tensor | None = None
    mix: Tensor | None = None


def _heather(grid: Grid, draw: Draw, amount: float, metres: float = 0.003) -> Tensor:
    """Uneven yarn: a shade with grain of `metres` or of two texels."""
    size = tuple(grid.x.shape)
    extent = (size[0] * grid.texel[1], size[1] * grid.texel[0])
    cells = tuple(
        max(1, min(round(e / max(metres, 2 * grid.coarse)), s)) for e, s in zip(extent, size, strict=True)
    )
    return 1 + amount * smooth(draw, size, cells, str(grid.x.device))


def tabby(grid: Grid, draw: Draw) -> Weave:
    """Plain weave: one over, one under."""
    thread = draw.between(0.00035, 0.0007)
    keep = grid.keeps(2 * thread)
    shade = _heather(grid, draw, 0.025)
    if keep == 0:
        return Weave(None, shade)
    checker = torch.sin(grid.x * (pi / thread)) * torch.sin(grid.y * (pi / thread))
    return Weave(0.15 * thread * keep * checker, shade * (1 + 0.08 * keep * checker))


def poplin(grid: Grid, draw: Draw) -> Weave:
    """So fine that nothing but evenness shows."""
    return Weave(None, _heather(grid, draw, 0.01))


def twill(grid: Grid, draw: Draw) -> Weave:
    """Diagonal ridges, steeper than 45 degrees, with the light weft between; washed unevenly."""
    period = draw.between(0.0012, 0.002)
    keep = grid.keeps(period)
    wash = _heather(grid, draw, 0.05, 0.05) * _heather(grid, draw, 0.05)
    at, _ = grid.along(-27.0)
    slub = fractal(draw, tuple(grid.x.shape), (4, 128), 2, 0.7, str(grid.x.device))
    mix = (0.12 + 0.03 * slub).clamp(0, 1)
    if keep == 0:
        return Weave(None, wash, mix=mix)
    ridge = torch.sin(at * (2 * pi / period))
    mix = (mix - 0.16 * keep * ridge).clamp(0, 1)
    return Weave(0.12 * period * keep * ridge, wash * (1 + 0.16 * keep * ridge), mix=mix)


def _loops(grid: Grid, wale: float, course: float) -> Tensor:
    """Stockinette: columns of V-shaped loops, about 1 on a leg's crest and -1 between."""
    across = grid.x / wale
    lean = (torch.frac(across) - 0.5).abs() * 2
    row = torch.sin(2 * pi * (grid.y / course - 0.55 * lean))
    legs = torch.sin(2 * pi * (2 * across - 0.25))
    return 0.55 * row + 0.45 * legs


def jersey(grid: Grid, draw: Draw) -> Weave:
    wale = draw.between(0.0008, 0.0015)
    keep = grid.keeps(wale)
    shade = _heather(grid, draw, draw.pick((0.015, 0.02, 0.08)))
    if keep == 0:
        return Weave(None, shade)
    loops = _loops(grid, wale, 0.8 * wale)
    return Weave(0.12 * wale * keep * loops, shade * (1 + 0.06 * keep * loops))


def knit(grid: Grid, draw: Draw) -> Weave:
    """Coarse stockinette of a pullover."""
    wale = draw.between(0.003, 0.008)
    keep = grid.keeps(0.7 * wale)
    loops = _loops(grid, wale, 0.75 * wale) * keep
    return Weave(0.12 * wale * loops, _heather(grid, draw, 0.04) * (1 + 0.15 * loops))


def rib(grid: Grid, draw: Draw) -> Weave:
    """Raised columns between sunken ones."""
    period = draw.between(0.004, 0.012)
    keep = grid.keeps(period)
    wave = torch.cos(grid.x * (2 * pi / period)) * keep
    return Weave(0.1 * period * wave, _heather(grid, draw, 0.03) * (1 + 0.17 * wave))


def cable(grid: Grid, draw: Draw) -> Weave:
    """Plaits of two strands between purl columns."""
    pitch = draw.between(0.05, 0.09)
    turn = pitch * draw.between(0.7, 1.0)
    keep = grid.keeps(0.3 * pitch)
    across = (torch.frac(grid.x / pitch) - 0.5) * 2
    swing = 0.3 * torch.sin(grid.y * (2 * pi / turn))
    strands = [1 - ((across - sign * swing) / 0.26).square() for sign in (-1, 1)]
    over = torch.cos(grid.y * (2 * pi / turn))
    lifted = torch.maximum(strands[0] + 0.3 * over, strands[1] - 0.3 * over).clamp(0, 1.3) * keep
    loops = _loops(grid, 0.006, 0.0045) * grid.keeps(0.004)
    shade = 0.8 + 0.25 * lifted.sqrt() + 0.06 * loops
    return Weave(0.006 * lifted + 0.0004 * loops, shade * _heather(grid, draw, 0.03))


def corduroy(grid: Grid, draw: Draw) -> Weave:
    period = draw.between(0.0025, 0.006)
    keep = grid.keeps(period)
    wale = (torch.sin(grid.x * (pi / period)).abs() - 0.64) * keep
    return Weave(0.3 * period * wale, _heather(grid, draw, 0.03) * (1 + 0.35 * wale))


def felt(grid: Grid, draw: Draw) -> Weave:
    return Weave(None, _heather(grid, draw, 0.05, 0.002) * _heather(grid, draw, 0.03, 0.01))


def tweed(grid: Grid, draw: Draw) -> Weave:
    """Coarse wool with flecks of another yarn."""
    fleck = _heather(grid, draw, 1.0, 0.003) - 1
    mix = ((fleck - 1.1) * 2).clamp(0, 1) * 0.7 + 0.1
    return Weave(None, _heather(grid, draw, 0.14, 0.003), mix=mix)


def herringbone(grid: Grid, draw: Draw) -> Weave:
    """Twill that turns about every column: zigzags of two yarns."""
    column, period = draw.between(0.012, 0.035), draw.between(0.004, 0.008)
    keep = grid.keeps(period)
    zigzag = (torch.frac(grid.x / (2 * column)) - 0.5).abs() * 2 * column
    wave = torch.sin((grid.y + 1.4 * zigzag) * (2 * pi / period)) * keep
    mix = (0.35 + 0.3 * wave).clamp(0, 1)
    return Weave(0.05 * period * wave, _heather(grid, draw, 0.07), mix=mix)


def satin(grid: Grid, draw: Draw) -> Weave:
    """Long floats: even, with fine lines along the warp and slack ripples."""
    size, device = tuple(grid.x.shape), str(grid.x.device)
    ripple = fractal(draw, size, (5, 12), 2, 0.5, device)
    lines = smooth(draw, size, (8, min(size[1], 256)), device)
    return Weave(0.0006 * ripple, 1 + 0.012 * lines)


def hide(grid: Grid, draw: Draw) -> Weave:
    """Leather: pebbles between creases."""
    metres = draw.between(0.0015, 0.005)
    shade = _heather(grid, draw, 0.06, 0.06)
    if grid.keeps(metres) == 0:
        return Weave(None, shade)
    size, device = tuple(grid.x.shape), str(grid.x.device)
    extent = (size[0] * grid.texel[1], size[1] * grid.texel[0])
    cells = tuple(max(1, round(e / metres / 1.5)) for e in extent)
    crease = torch.minimum(
        fractal(draw, size, cells, 2, 0.6, device).abs(), fractal(draw, size, cells, 2, 0.6, device).abs()
    )
    pebble = (crease * 1.6).clamp(max=1).sqrt() * grid.keeps(metres)
    return Weave(0.2 * metres * pebble, shade * (0.8 + 0.25 * pebble))


def lace(grid: Grid, draw: Draw) -> Weave:
    """A net of hexagons with flowers worked into it; the holes are holes."""
    pitch = draw.between(0.025, 0.06)
    net = draw.between(0.003, 0.005)
    cosines = [torch.cos(grid.along(d)[0] * (2 * pi / net)) for d in (0.0, 60.0, 120.0)]
    mesh = (sum(cosines) / 3).clamp(-0.5, 1)
    threads = ((0.25 - mesh) * 4).clamp(0, 1) * grid.keeps(net) + 0.45 * (1 - grid.keeps(net))
    x = (torch.frac(grid.x / pitch + 0.5 * (torch.floor(grid.y / pitch) % 2)) - 0.5) * pitch
    y = (torch.frac(grid.y / pitch) - 0.5) * pitch
    reach, around = x.hypot(y), torch.atan2(y, x)
    bloom = ((pitch * (0.3 + 0.1 * torch.cos(6 * around)) - reach) / (2 * grid.coarse) + 0.5).clamp(0, 1)
    veins = 0.75 + 0.25 * torch.cos(reach * (2 * pi / (0.12 * pitch))) * grid.keeps(0.12 * pitch)
    cover = torch.maximum(threads, bloom * veins)
    return Weave(0.0003 * cover, 0.9 + 0.1 * cover, cover)


def sequins(grid: Grid, draw: Draw) -> Weave:
    """Overlapping round plates, each tilted its own way."""
    pitch = draw.between(0.004, 0.009)
    down, across = grid.y / (0.75 * pitch), grid.x / pitch
    row = torch.floor(down)
    rim = (across + 0.5 * (row % 2)).frac() - 0.5
    hangs = 0.25 + 1.4 * (0.25 - rim * rim).clamp(min=0).sqrt()
    below = down - row > hangs
    row = row + below
    shifted = across + 0.5 * (row % 2)
    column = torch.floor(shifted)
    depth = torch.where(below, 0.0, (hangs - (down - row)).clamp(0, 0.4) / 0.4)
    seam = torch.where(below, 0.5, 0.75 + 0.25 * depth)
    keep = grid.keeps(pitch)
    seeds = torch.stack(
        (torch.sin(row * 12.9898 + column * 78.233), torch.sin(row * 39.346 + column * 11.135))
    )
    tilt = (seeds * 437.5453).frac() * 0.45 * max(keep, 0.35)
    return Weave(None, (1 - keep) * 0.85 + keep * seam + 0.3 * tilt[0], None, tilt)


def shell(grid: Grid, draw: Draw) -> Weave:
    """Coated synthetic cloth, some with a grid of thicker threads, some quilted."""
    size, device = tuple(grid.x.shape), str(grid.x.device)
    crumple = fractal(draw, size, (10, 10), 3, 0.55, device)
    height, shade = 0.0008 * crumple, 1 + 0.015 * crumple
    kind = draw.weighed({"smooth": 2.0, "ripstop": 1.0, "quilted": 1.0})
    if kind == "ripstop":
        pitch = draw.between(0.005, 0.008)
        lines = torch.maximum(torch.cos(grid.x * (2 * pi / pitch)), torch.cos(grid.y * (2 * pi / pitch)))
        lines = ((lines - 0.9) * 10).clamp(0, 1) * grid.keeps(0.5 * pitch)
        return Weave(height + 0.0001 * lines, shade * (1 + 0.08 * lines))
    if kind == "quilted":
        pitch = draw.between(0.05, 0.11)
        puff = torch.sin(grid.y * (pi / pitch)).abs().clamp(min=1e-4).pow(0.6)
        return Weave(height + 0.012 * puff, shade * (0.72 + 0.3 * puff))
    return Weave(height, shade)


def fur(grid: Grid, draw: Draw) -> Weave:
    """Tufts with strands down the cloth."""
    size, device = tuple(grid.x.shape), str(grid.x.device)
    extent = (size[0] * grid.texel[1], size[1] * grid.texel[0])
    across = max(1, min(round(extent[1] / 0.004), size[1] // 2))
    down = max(1, min(round(extent[0] / 0.02), size[0] // 2))
    strands = fractal(draw, size, (down, across), 2, 0.7, device)
    return Weave(0.0025 * strands, (1 + 0.2 * strands).clamp(min=0.3))


def fleece(grid: Grid, draw: Draw) -> Weave:
    """Short curly pile."""
    curls = _heather(grid, draw, 1.0, draw.between(0.004, 0.008)) - 1
    return Weave(0.0008 * curls, 1 + 0.1 * curls)


WEAVES: dict[str, Callable[[Grid, Draw], Weave]] = {
    f.__name__: f
    for f in (
        tabby, poplin, twill, jersey, knit, rib, cable, corduroy, felt, tweed, herringbone, satin, hide, lace,
        sequins, shell, fur, fleece,
    )
}  # fmt: skip


def slopes(height: Tensor, grid: Grid) -> Tensor:
    """(h, w) metres -> (2, h, w) rise per metre along +u and up (-v), over two texels, wrapped."""
    across = (height.roll(-1, 1) - height.roll(1, 1)) / (2 * grid.texel[0])
    down = (height.roll(-1, 0) - height.roll(1, 0)) / (2 * grid.texel[1])
    return torch.stack((across, -down))


def bumped(slope: Tensor, normal: Tensor | None) -> Tensor:
    """(2, h, w) slopes over a tangent-space normal map (3, h, w) or flat cloth -> (3, h, w) unit normals.

    Slopes add: normal z stays, x and y lean away from the rise.
    """
    if normal is None:
        base = torch.stack((-slope[0], -slope[1], torch.ones_like(slope[0])))
    else:
        up = normal[2].clamp(min=0.2)
        base = torch.stack((normal[0] - slope[0] * up, normal[1] - slope[1] * up, up))
    return F.normalize(base, dim=0) if base.shape[1] < 64 else base * base.square().sum(0).rsqrt()
