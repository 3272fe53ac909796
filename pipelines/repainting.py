"""How much of each pixel a diffusion model paints anew: little where the photo shows it, much where it was hidden."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from .batches import common_count, each
from .geometry.warped import Correspondence

GENTLE, TORN = 1.5, 3.0
"""Area ratios: up to the first a stretched pixel counts as shown, from the second on as hidden. By eye."""
SOFT = 0.004
"""Of the longer side: how far the mask is blurred, so that no border of denoising shows."""


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


def _softened(mask: torch.Tensor) -> torch.Tensor:
    reach = max(1, round(SOFT * max(mask.shape[-2:])))
    padded = F.pad(mask, (reach,) * 4, mode="replicate")
    return F.avg_pool2d(padded, 2 * reach + 1, 1)
