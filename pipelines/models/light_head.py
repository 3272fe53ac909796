"""Reads a light out of the numbers that `pipelines.light.features` takes from a photo: a small network and a table.

The table says how the normals of a volume lie about the true ones, region by region: they are an estimate, and a fit
that took them for the truth would find every slope too small (regression calibration: Carroll et al., Measurement error
in nonlinear models, 2006). Weights: `light_head.safetensors`, trained by training/light; the card is light_head.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..geometry.garments import REGIONS
from .loading import loaded

WEIGHTS = Path(__file__).with_suffix(".safetensors")
FEATURES, HIDDEN, MEMBERS = 79, 32, 4
"""Numbers that go in; width; networks whose mean is the answer."""
ANSWERS = 11


class Answer(NamedTuple):
    """What is believed of one photo's light.

    dominant, key  (3,) towards the strongest light and the key; their lengths, up to 1, say how surely
    share          in [0, 1]: the key's part of the light on what faces it
    hue            (2,) logarithms of red and blue over green of the light on what faces the strongest
    apart          (2,) the same of the key, less that of everything else
    """

    dominant: Tensor
    key: Tensor
    share: Tensor
    hue: Tensor
    apart: Tensor


class LightHead(nn.Module):
    """MEMBERS networks of two hidden layers, each (n, FEATURES) -> (n, ANSWERS); a mirrored photo has the mirrored
    answer, by construction."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("spread", torch.ones(FEATURES))
        self.register_buffer("mirrored", torch.ones(FEATURES))
        self.register_buffer("calibration", torch.zeros(len(REGIONS), 4, 3))
        self.register_buffer("noise", torch.zeros(len(REGIONS)))
        self.members = nn.ModuleList(
            nn.Sequential(
                nn.Linear(FEATURES, HIDDEN),
                nn.SiLU(),
                nn.Linear(HIDDEN, HIDDEN),
                nn.SiLU(),
                nn.Linear(HIDDEN, ANSWERS),
            )
            for _ in range(MEMBERS)
        )

    def member(self, k: int, features: Tensor) -> Tensor:
        """(n, ANSWERS) of one network, for a photo and its mirror image together."""
        turned = features.new_ones(ANSWERS)
        turned[[0, 3]] = -1
        net = self.members[k]
        plain, other = (
            ((x - self.mean) / self.spread).clamp(-5, 5) for x in (features, features * self.mirrored)
        )
        return (net(plain) + turned * net(other)) / 2

    def forward(self, features: Tensor) -> Tensor:
        return torch.stack([self.member(k, features) for k in range(MEMBERS)]).mean(0)

    def calibrated(self, normal: Tensor, region: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 3) what is to be expected of the true normals where the volume's are (n, 3), and (n,) how much such a
        place counts; region (n,) int64."""
        known = torch.cat((normal, torch.ones_like(normal[:, :1])), 1)
        return torch.einsum("ni,nij->nj", known, self.calibration[region]), 1 / (self.noise[region] + 0.05)


def answer(values: Tensor) -> Answer:
    """(ANSWERS,) of one photo by name."""
    dominant, key = values[:3], values[3:6]
    return Answer(_within(dominant), _within(key), values[6].sigmoid(), values[7:9], values[9:11])


def _within(direction: Tensor) -> Tensor:
    """(3,) no longer than 1."""
    return F.normalize(direction, dim=0) * direction.norm().clamp(max=1)


def load(weights: Mapping[str, Tensor]) -> LightHead:
    """The head with these weights. ValueError names what is missing or not known."""
    return loaded(LightHead(), weights, "light head").requires_grad_(False)


@cache
def shipped() -> LightHead:
    """The head with the weights that lie beside this file."""
    from safetensors.torch import load_file

    return load(load_file(WEIGHTS))
