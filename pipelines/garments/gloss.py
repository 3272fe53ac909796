"""Gloss from square crops of cloth: how light is spread over it, in numbers that a linear fit turns into gloss.

Lambert's law lets no place be brighter than the one that faces the lamp, so matt cloth has a shoulder and no tail above
it; a highlight stands above, is narrower than the folds, and sharp.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from ..geometry.colour import linear, luminance
from ..geometry.garments import Measured

FEATURES = ("tail", "drop", "skew", "peaked", "folds", "grain", "light")
FIT = (0.0808, 0.0343, 0.0807, 0.0505, 0.0971, -0.0664, 0.0625)
CONSTANT = 0.5141
"""The fit of training/fabrics/gloss.py: made cloth, and matt clothes of photos."""
TRUST = 0.6
"""Of the confidence: on made crops the fit's correlation with the truth is that high."""
EVERY = 6
"""Crops from which on they are enough."""


def gloss(crops: torch.Tensor) -> Measured:
    """0 matt to 1 mirroring, of crops (n, 3, s, s) of one garment in sRGB; the default where there are none."""
    if not len(crops):
        return Measured(0.1)
    found = features(crops)
    values = found @ torch.tensor(FIT) + CONSTANT
    burnt = float((crops.amin(1) > 0.985).float().mean())  # over white no highlight can show
    sure = TRUST * min(1.0, len(crops) / EVERY) * max(0.0, 1 - 4 * burnt)
    return Measured(float(values.mean().clamp(0, 1)), sure)


def features(crops: torch.Tensor) -> torch.Tensor:
    """(n, 3, s, s) sRGB -> (n, 7) FEATURES: how far the brightest hundredth lies above the shoulder, and the darkest
    below the middle (log2); skewness and kurtosis of the folds' relief; its spread and the grain's (log);
    the light (log)."""
    light = _luminance(crops)
    low, tenth, middle, ninth, high = torch.quantile(
        light.flatten(1), torch.tensor([0.01, 0.1, 0.5, 0.9, 0.99]), dim=1
    )
    broad, fine = _mean(light, 15), _mean(light, 2)
    relief = _logarithm(fine, broad)
    spread = relief.std(1) + 1e-3
    normal = (relief - relief.mean(1, keepdim=True)) / spread[:, None]
    grain = _logarithm(light, broad).std(1) + 1e-3
    columns = (
        ((high - ninth) / (ninth - tenth + 0.02)).clamp(max=4),
        (low / (middle + 0.01)).clamp(min=0.02).log2(),
        (normal**3).mean(1).clamp(-3, 3),
        (normal**4).mean(1).clamp(max=12) / 4,
        spread.log(),
        grain.log(),
        (middle + 0.01).log(),
    )
    return torch.stack(columns, 1)


def _luminance(crops: torch.Tensor) -> torch.Tensor:
    return luminance(linear(crops), 1)


def _mean(light: torch.Tensor, radius: int) -> torch.Tensor:
    """(n, h, w) mean over a box, by its two directions."""
    padded = F.pad(light[:, None], (radius,) * 4, mode="reflect")
    across = F.avg_pool2d(padded, (1, 2 * radius + 1), 1)
    return F.avg_pool2d(across, (2 * radius + 1, 1), 1)[:, 0]


def _logarithm(light: torch.Tensor, broad: torch.Tensor) -> torch.Tensor:
    return (light / (broad + 0.01)).clamp(min=0.05).log().flatten(1)
