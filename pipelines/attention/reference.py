"""What a model looks at while it samples, and what it remembers of it: the same for every host.

A host (ComfyUI's MODEL, diffusers' UNet) runs its network over the photo at the picture's own noise, keeps what each
self-attention had as keys and values, then runs it over the picture and mixes.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..geometry.garments import GarmentMap
from ..geometry.warped import Correspondence
from .biases import Bias
from .heads import HeadOptions, biases, mixed
from .tokens import tokens_of

BLOCKS = ("input", "middle", "output")
"""A UNet's encoder, its bottom and its decoder."""
Grid = tuple[int, int]
"""(height, width) in tokens."""


@dataclass(frozen=True, eq=False)
class Reference:
    """What the model looks at: latent (B, 4, h, w) of the photos, as the host's VAE gives them; found and garments, one
    for each photo; options of the heads; start, end the sigmas between which they work, first the higher; every so many
    steps the photo is run again; blocks those of BLOCKS that take part; seed of the photo's noise."""

    latent: Tensor
    found: tuple[Correspondence, ...]
    garments: tuple[GarmentMap, ...]
    options: HeadOptions = HeadOptions()
    start: float = float("inf")
    end: float = 0.0
    every: int = 1
    blocks: tuple[str, ...] = BLOCKS
    seed: int = 0

    def noise(self) -> Tensor:
        """(B, 4, h, w) the photo's own, the same in every run."""
        return torch.randn(self.latent.shape, generator=torch.Generator().manual_seed(self.seed))

    def works_at(self, sigma: float) -> bool:
        """Whether the heads do anything at this noise."""
        return bool(self.options.strengths) and self.end <= sigma <= self.start


class Kept(NamedTuple):
    """Keys and values (B, M, H d) of the photos in one block, and the grid of the M tokens."""

    keys: Tensor
    values: Tensor
    grid: Grid


@dataclass(eq=False)
class Memory:
    """One sampling: per device what was kept of the photos, block by block; at which sigma, and how many steps ago;
    biases by the two grids."""

    reference: Reference
    kept: dict[torch.device, dict[Hashable, Kept]] = field(default_factory=dict)
    made: dict[torch.device, tuple[float, int]] = field(default_factory=dict)
    known: dict[tuple, list[dict[str, Bias]]] = field(default_factory=dict)

    def stale(self, device: torch.device, sigma: float) -> bool:
        """Whether the photo is to be run again, at every so many new sigmas; what was kept is forgotten then."""
        last, steps = self.made.get(device, (None, 0))
        if last is None or (sigma != last and steps + 1 >= self.reference.every):
            self.made[device] = (sigma, 0)
            self.kept[device] = {}
            return True
        self.made[device] = (sigma, steps + (sigma != last))
        return False

    def keep(self, device: torch.device, place: Hashable, kept: Kept) -> None:
        """Of the photos, in the block at `place`."""
        self.kept[device][place] = kept

    def mixed(self, place: Hashable, q: Tensor, own: Tensor, grid: Grid, heads: int, batch: int) -> Tensor:
        """The block's own output (N rows, tokens, H d) mixed with what the heads find: row r, of whichever condition,
        is of picture r % batch, and looks at the photo that one was made from."""
        kept = self.kept.get(q.device, {}).get(place)
        if kept is None:
            return own
        known = self._known(grid, kept.grid, q.device)
        photos, strengths = len(kept.keys), self.reference.options.strengths
        split = [
            value.unflatten(2, (heads, -1)).transpose(1, 2) for value in (q, own, kept.keys, kept.values)
        ]
        out = torch.empty_like(split[1])
        for photo in range(photos):
            rows = [r for r in range(len(q)) if (r % batch) % photos == photo]
            if rows:
                mine = [value[rows] for value in split[:2]]
                theirs = [value[photo : photo + 1].expand(len(rows), -1, -1, -1) for value in split[2:]]
                attention = F.scaled_dot_product_attention
                out[rows] = mixed(*mine, *theirs, known[photo], strengths, attention).to(out.dtype)
        return out.transpose(1, 2).flatten(2)

    def clear(self) -> None:
        """Nothing is left of the sampling."""
        for values in (self.kept, self.made, self.known):
            values.clear()

    def _known(self, grid: Grid, source: Grid, device: torch.device) -> list[dict[str, Bias]]:
        """The biases between two token grids, one dictionary for each photo, made once."""
        key = (grid, source, device)
        if key not in self.known:
            given = self.reference
            pairs = [
                tokens_of(found, clothes, grid, source)
                for found, clothes in zip(given.found, given.garments, strict=True)
            ]
            made = [biases(*pair, given.options) for pair in pairs]
            self.known[key] = [{name: one.to(device) for name, one in each.items()} for each in made]
        return self.known[key]
