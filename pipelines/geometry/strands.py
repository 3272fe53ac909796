"""Hair that no photo shows, grown from what one tells of it: how strongly it varies, how coarse it is, and whether it
lies in strands or in curls.

The grain is noise, smeared along the way that the hair lies (Cabral and Leedom, "Imaging Vector Fields Using Line
Integral Convolution", SIGGRAPH 1993): far for straight hair, hardly for curls.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from . import field

SMOOTH = 0.006
"""Statures of the head: what is broader is no grain but how the hair shines."""
CLUMP, STRAND = 0.0035, 0.0012
"""Statures: breadth of the coarser and of the finer grain, the first where clumps hang together. By eye."""
LENGTH = 0.05
"""Statures: how long straight strands are drawn. By eye."""
CURLED, STRAIGHT = 0.2, 0.5
"""Coherence of the grain (0 none has a direction, 1 all of it runs one way) at which hair is all curls and all strands.
By eye, on afros and on pulled-back hair."""
FEW = 60
"""Pixels of hair from which nothing can be told."""
STEPS = 12
"""Places on either side of a pixel whose noise is averaged along the hair."""


@dataclass(frozen=True)
class Grain:
    """What a photo tells: gain (3,) sRGB, the standard deviation of each channel; straight in [0, 1]."""

    gain: tuple[float, float, float]
    straight: float

    @classmethod
    def of(cls, picture: torch.Tensor, hair: torch.Tensor, scale: float) -> Grain:
        """picture (3, h, w); hair (h, w) bool, its pixels; scale pixels to a stature of the head."""
        if int(hair.sum()) < FEW:
            return cls((0.0, 0.0, 0.0), 1.0)
        there, reach = hair.float(), max(1, round(SMOOTH / 2 * scale))
        both = torch.cat((picture * there, there[None]))
        both = field.box_blur(field.box_blur(both, reach), reach)
        detail = (picture - both[:3] / both[3:].clamp(min=1e-4)) * there
        bright = detail.mean(0)
        inner = hair & (field.erode(there, 1) > 0)
        inner = inner if int(inner.sum()) >= FEW else hair
        size = bright[inner].square().mean().sqrt().clamp(min=1e-6)
        gain = (detail[:, inner] * bright[inner]).mean(1) / size
        down, across = torch.gradient(bright)
        tensor = torch.stack((across.square(), down.square(), across * down)) * inner
        xx, yy, xy = field.box_blur(field.box_blur(tensor, reach), reach)
        way = torch.hypot(xx - yy, 2 * xy)[inner].sum() / (xx + yy)[inner].sum().clamp(min=1e-9)
        straight = ((way - CURLED) / (STRAIGHT - CURLED)).clamp(0, 1)
        return cls(tuple(float(v) for v in gain.clamp(min=0)), float(straight))

    def on(self, way: torch.Tensor, scale: float) -> torch.Tensor:
        """(3, h, w) sRGB to add to hair that lies along `way` (2, h, w), unit x and y of either sign; scale pixels to a
        stature of the head. The same for the same sizes, whatever runs beside it."""
        noise = _noise(tuple(way.shape[1:]), scale).to(way)
        drawn = _drawn(noise, way, LENGTH * scale * self.straight)
        drawn = (drawn - drawn.mean()) / drawn.std().clamp(min=1e-6)
        return drawn.clamp(-2.5, 2.5)[None] * way.new_tensor(self.gain)[:, None, None]


def _noise(size: tuple[int, int], scale: float) -> torch.Tensor:
    """(h, w) of two coarsenesses, the same each time."""
    generator = torch.Generator().manual_seed(0)
    total = torch.zeros(size)
    for breadth, share in ((CLUMP, 1.0), (STRAND, 0.7)):
        pixels = max(1.0, breadth * scale)
        cells = [int(n / pixels) + 3 for n in size]
        cast = torch.randn(1, 1, *cells, generator=generator)
        fine = F.interpolate(cast, scale_factor=pixels, mode="bicubic", align_corners=False)[0, 0]
        total += share * fine[: size[0], : size[1]]
    return total


def _drawn(noise: torch.Tensor, way: torch.Tensor, length: float) -> torch.Tensor:
    """(h, w) noise averaged over `length` pixels along the way through each pixel."""
    rows, columns = noise.shape
    y, x = torch.meshgrid(
        torch.arange(rows, device=noise.device, dtype=torch.float32),
        torch.arange(columns, device=noise.device, dtype=torch.float32),
        indexing="ij",
    )
    step, total, weights = length / (2 * STEPS), noise.clone(), 1.0
    if step < 0.05:
        return noise
    for sign in (1.0, -1.0):
        place, last = torch.stack((x, y), -1), sign * way
        for i in range(STEPS):
            place = place + step * last.movedim(0, -1)
            share = 1 - (i + 1) / (STEPS + 1)
            total += share * field.sample(noise[None], place)[0]
            weights += share
            here = field.sample(way, place)
            last = torch.where((here * last).sum(0) < 0, -here, here)  # a way has no sign
    return total / weights
