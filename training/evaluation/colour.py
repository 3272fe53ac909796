"""How unlike a garment's colours are in two pictures."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.geometry.colour import delta_e_2000, lab

LOCAL = 0.02
"""Share of a figure's height over which a garment's colour is averaged before it is compared: threads and folds that
lie a little elsewhere are no change of colour."""


def garment_difference(made: Tensor, true: Tensor, garment: Tensor, height: float) -> float:
    """Mean CIEDE2000 over a garment (1, 1, H, W) in [0, 1] between two pictures (1, 3, H, W), each averaged over LOCAL
    of the figure's `height` in pixels, inside the garment; NaN where there is no garment."""
    if float((garment > 0.5).sum()) < 16:
        return float("nan")
    sigma = max(LOCAL * height, 1.0)
    mask = (garment > 0.5).to(made.dtype)
    weight = gaussian(mask, sigma)
    first, second = (
        gaussian(lab(picture) * mask, sigma) / weight.clamp(min=1e-6) for picture in (made, true)
    )
    apart = delta_e_2000(first.permute(0, 2, 3, 1).double(), second.permute(0, 2, 3, 1).double())
    return float(apart[mask[:, 0] > 0].mean())


def gaussian(values: Tensor, sigma: float) -> Tensor:
    """(B, C, H, W) blurred by a Gaussian, zeros outside."""
    reach = max(1, round(3 * sigma))
    at = torch.arange(-reach, reach + 1, dtype=values.dtype, device=values.device)
    kernel = torch.exp(-0.5 * (at / sigma) ** 2)
    kernel = kernel / kernel.sum()
    flat = values.reshape(-1, 1, *values.shape[-2:])
    flat = F.conv2d(flat, kernel.reshape(1, 1, -1, 1), padding=(reach, 0))
    return F.conv2d(flat, kernel.reshape(1, 1, 1, -1), padding=(0, reach)).reshape(values.shape)
