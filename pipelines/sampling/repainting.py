"""How much of each pixel a diffusion model paints anew, when in the schedule, and how the result is laid back."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from ..batches import common_count, each
from ..geometry.warped import Correspondence

GENTLE, TORN = 1.5, 3.0
"""Area ratios: up to the first a stretched pixel counts as shown, from the second on as hidden. By eye."""
SOFT = 0.004
"""Of the longer side: how far the mask is blurred, so that no border of denoising shows."""
TOUCHED = 0.02
"""A share of denoising under which a place keeps the pixels it had."""
CELL = 8
"""Pixels of a latent's cell."""


def repaint_mask(
    found: Sequence[Correspondence],
    person: torch.Tensor,
    size: tuple[int, int],
    seen: float,
    unseen: float,
    background: float,
) -> torch.Tensor:
    """(B, 1, H, W) in [0, 1]: shares of denoising for what the photo shows, what it does not, and the background.

    person (B, 1, H, W); found one for each picture. ValueError where sizes or counts differ.
    """
    count = common_count(people=len(person), correspondences=len(found))
    masks = []
    for one, matte in zip(
        each(found, count, "correspondences"), each(person.split(1), count, "people"), strict=True
    ):
        for what, its in (("correspondence", tuple(one.part.shape)), ("person", tuple(matte.shape[-2:]))):
            if its != size:
                raise ValueError(
                    f"the picture has {size[1]} x {size[0]} pixels, the {what} {its[1]} x {its[0]}: connect what Warp"
                    " Body gave with this picture, before it is enlarged"
                )
        torn = ((one.stretch - GENTLE) / (TORN - GENTLE)).clamp(0, 1)
        shown = one.visible * (1 - torn)
        share = unseen + (seen - unseen) * shown
        masks.append(torch.lerp(torch.full_like(matte, background), share.to(matte)[None, None], matte))
    return _softened(torch.cat(masks))


def due(share: torch.Tensor, remaining: float) -> torch.Tensor:
    """1 where a place is being painted: its share has come. remaining: how much of the schedule is left, 1 at its start
    and 0 at its end. Levin and Fried, "Differential Diffusion", 2023, section 3.2."""
    return (share >= remaining).to(share.dtype)


def laid_back(before: torch.Tensor, painted: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """(B, 3, H, W) what was painted where anything was to be, and softly beyond; elsewhere `before`, bit for bit: a VAE
    gives no pixel back as it was. share (B, 1, H, W) as `repaint_mask` gives it."""
    touched = F.max_pool2d((share > TOUCHED).float(), 2 * CELL + 1, 1, CELL)
    weight = F.avg_pool2d(F.pad(touched, (CELL,) * 4, mode="replicate"), 2 * CELL + 1, 1)
    return torch.where(weight > 0, torch.lerp(before, painted.to(before), weight), before)


def _softened(mask: torch.Tensor) -> torch.Tensor:
    reach = max(1, round(SOFT * max(mask.shape[-2:])))
    padded = F.pad(mask, (reach,) * 4, mode="replicate")
    return F.avg_pool2d(padded, 2 * reach + 1, 1)
