"""The background inpainter of the volumetric reposer: partial convolutions, which count known pixels only.

Liu et al., "Image Inpainting for Irregular Holes Using Partial Convolutions", ECCV 2018.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = (24, 48, 64, 64)


class PartialConv(nn.Module):
    """A convolution whose answers are scaled by how much of their window is known; what sees nothing stays unknown."""

    def __init__(self, given: int, made: int, size: int, stride: int):
        super().__init__()
        self.conv = nn.Conv2d(given, made, size, stride, size // 2, bias=False)
        self.bias = nn.Parameter(torch.zeros(made))
        self.size, self.stride = size, stride

    def forward(self, x: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, H, W), (B, 1, H, W) of 0 and 1 -> the same of the answer; 0 where nothing is known."""
        kernel = torch.ones(1, 1, self.size, self.size, dtype=known.dtype, device=known.device)
        count = F.conv2d(known, kernel, stride=self.stride, padding=self.size // 2)
        some = (count > 0.5).to(known.dtype)
        found = self.conv(x * known) * (self.size**2 / count.clamp_min(1)) + self.bias[:, None, None]
        return found * some, some


class Inpainter(nn.Module):
    """Four halvings and back: (B, 3, H, W) and what is known of it -> whole; known pixels stay as they are."""

    def __init__(self) -> None:
        super().__init__()
        given = (3, *WIDTHS)
        self.down = nn.ModuleList(
            PartialConv(a, b, 5 if i == 0 else 3, 2)
            for i, (a, b) in enumerate(zip(given, given[1:], strict=False))
        )
        self.up = nn.ModuleList(
            PartialConv(given[i + 1] + given[i], given[i] if i else WIDTHS[0], 3, 1)
            for i in reversed(range(len(WIDTHS)))
        )
        self.last = nn.Conv2d(WIDTHS[0], 3, 1)

    def forward(self, picture: Tensor, known: Tensor) -> Tensor:
        """picture (B, 3, H, W) in [0, 1], sides multiples of 16; known (B, 1, H, W) of 0 and 1."""
        kept = [(picture - 0.5, known)]
        for layer in self.down:
            x, seen = layer(*kept[-1])
            kept.append((F.relu(x), seen))
        x, seen = kept.pop()
        for layer in self.up:
            skip, its = kept.pop()
            x, seen = (F.interpolate(v, scale_factor=2, mode="nearest") for v in (x, seen))
            both = torch.cat((x * seen, skip * its), 1)
            x, seen = layer(both, torch.maximum(seen, its))
            x = F.relu(x)
        return torch.where(known > 0.5, picture, self.last(x).sigmoid().to(picture.dtype))
