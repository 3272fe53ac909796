"""The lifter as it is trained; pipelines/models/lifter.py runs the same network in numpy."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pipelines.models.lifter import POINTS, normalised


def features(points: Tensor, confidence: Tensor) -> tuple[Tensor, Tensor]:
    """Points (n, 33, 2), confidence (n, 33) -> what the network sees (n, 99), size (n,)."""
    offset, size = normalised(points, confidence)
    return torch.cat([offset.flatten(-2), confidence], dim=-1), size


class Lifter(nn.Module):
    """Features (n, 99) -> (n, 67): depth of the 33 points over `size`, log of the depths' expected error over
    `size`, log of the stature over `size`."""

    def __init__(self, width: int = 448, blocks: int = 3):
        super().__init__()
        self.first = nn.Linear(3 * len(POINTS), width)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))
            for _ in range(blocks)
        )
        self.last = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2 * len(POINTS) + 1))

    def forward(self, features: Tensor) -> Tensor:
        x = self.first(features)
        for block in self.blocks:
            x = x + block(x)
        return self.last(x)

    @classmethod
    def from_state_dict(cls, state: dict[str, Tensor]) -> Lifter:
        """Width and number of blocks are read from the weights' shapes."""
        blocks = len({key.split(".")[1] for key in state if key.startswith("blocks.")})
        network = cls(len(state["first.bias"]), blocks)
        network.load_state_dict(state, strict=True)
        return network.float()
