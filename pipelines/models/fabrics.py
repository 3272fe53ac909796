"""What cloth is made of, seen close: a small network over square crops of a garment.

Its weights lie beside this file, trained by training/fabrics on made cloth; their card is fabrics.md and says on which
photos it was measured, and where it fails. A crop is small, so several of one garment are asked and agree on a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..geometry.garments import FABRICS, UNKNOWN
from .loading import loaded

WEIGHTS = Path(__file__).with_suffix(".safetensors")
SIDE = 96
"""Pixels of a crop: 12 cm on a figure of 1400 pixels, where folds and highlights tell; 3 cm on a portrait, where the
weave does."""
WIDTHS = (24, 48, 96, 128)
"""Channels of the network's stages, each half as fine as the one before."""
SOFT = 7
"""Pixels over which lightness is averaged to see the weave without its shading."""


class FabricNetwork(nn.Module):
    """(n, 3, SIDE, SIDE) sRGB in [0, 1] -> (n, 10) log odds of FABRICS, up to a constant."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(4, WIDTHS[0], 5, 2, 2)
        self.stages = nn.ModuleList(
            _Stage(before, after) for before, after in zip(WIDTHS, WIDTHS[1:], strict=False)
        )
        self.last = nn.Linear(2 * WIDTHS[-1], len(FABRICS))

    def forward(self, crops: Tensor) -> Tensor:
        x = F.relu(self.first(_seen(crops)))
        for stage in self.stages:
            x = stage(x)
        spread = (x.var((2, 3)) + 1e-6).sqrt()
        return self.last(torch.cat((x.mean((2, 3)), spread), 1))


class _Stage(nn.Module):
    """Half as fine, then two depthwise-separable steps with a shortcut."""

    def __init__(self, before: int, after: int):
        super().__init__()
        self.down = nn.Conv2d(before, after, 3, 2, 1)
        self.deep = nn.ModuleList(nn.Conv2d(after, after, 3, 1, 1, groups=after) for _ in range(2))
        self.wide = nn.ModuleList(nn.Conv2d(after, after, 1) for _ in range(2))
        self.norms = nn.ModuleList(nn.GroupNorm(8, after) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norms[0](self.down(x)))
        for deep, wide, norm in zip(self.deep, self.wide, self.norms[1:], strict=True):
            x = x + F.relu(norm(wide(deep(x))))
        return x


def _seen(crops: Tensor) -> Tensor:
    """(n, 3, h, w) -> (n, 4, h, w): colours about zero, and the lightness against its surroundings at a spread of 1."""
    light = crops.mean(1, keepdim=True)
    padded = F.pad(light, (SOFT // 2,) * 4, mode="replicate")
    fine = light - F.avg_pool2d(padded, SOFT, 1)
    spread = fine.square().mean((1, 2, 3), keepdim=True).sqrt()
    return torch.cat((2 * crops - 1, (fine / (spread + 0.004)).clamp(-4, 4)), 1)


class Fabric(NamedTuple):
    """A fabric's name of FABRICS, or UNKNOWN, and how sure that is; shares: (10,) probability of each of FABRICS."""

    name: str
    confidence: float
    shares: Tensor


def load(weights: Mapping[str, Tensor]) -> FabricNetwork:
    """The network with these weights. ValueError names what is missing or not known."""
    return loaded(FabricNetwork(), weights, "fabric network")


@cache
def shipped() -> FabricNetwork | None:
    """The network with the weights that lie beside this file; None where none are shipped."""
    from safetensors.torch import load_file

    return load(load_file(WEIGHTS)) if WEIGHTS.is_file() else None


NOTHING = Fabric(UNKNOWN, 0.0, torch.full((len(FABRICS),), 1 / len(FABRICS)))
SURE = 0.6
"""Calibrated probability from which on a fabric is named."""
CALIBRATION = 1.25
"""Temperature: log odds are divided by it, so that probabilities come true (Guo et al., On calibration of modern neural
networks, 2017). What is named with SURE or more is then right in 84 of 100 made crops, weighed by what is worn, and in
8 of 9 crops of photos (fabrics.md)."""
WORN = (0.36, 0.12, 0.08, 0.15, 0.09, 0.05, 0.015, 0.02, 0.09, 0.025)
"""How often each of FABRICS is worn, as training/people/cloth/fabrics.WORN_AS says of tops, trousers, dresses and
coats: the network saw all equally often, and cloth that shows nothing is cotton more often than fur."""


def probabilities(odds: Tensor) -> Tensor:
    """(..., 10) log odds -> (..., 10) probabilities, calibrated and with how often each is worn."""
    return (odds / CALIBRATION + torch.tensor(WORN, device=odds.device).log()).softmax(-1)


@torch.no_grad()
def fabric(crops: Tensor, network: FabricNetwork | None = None) -> Fabric:
    """The fabric of one garment from square crops of it (n, 3, SIDE, SIDE); UNKNOWN where none is sure enough."""
    network = network or shipped()
    if network is None or not len(crops):
        return NOTHING
    shares = probabilities(network(crops).mean(0))
    best = int(shares.argmax())
    sure = float(shares[best])
    return Fabric(FABRICS[best] if sure >= SURE else UNKNOWN, sure if sure >= SURE else 0.0, shares)
