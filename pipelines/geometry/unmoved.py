"""What a new pose left as it was: there the photo itself is the best picture, with its edges, shadows and grain."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from . import field
from .motion import Motion

if TYPE_CHECKING:
    from .warped import Correspondence

STILL = 0.5
"""Pixels by which a surface may seem to have moved and still be called unmoved: less is not seen."""
PERSON = 0.3
"""Matte from which a pixel counts as the person."""
SPECK = 0.004
"""Fraction of the longer side: what changed over less than this is the seam of two layers, and no change."""
REACH = 0.12
"""Fraction of the longer side over which the photo comes back beyond what changed: as far as a body shades the wall
behind it (`background.BackgroundOptions.shade_reach`)."""
GRID = 256
"""Cells on the longer side of the grid on which distances are measured: they are smooth."""


def photo_kept(found: Correspondence, alpha: torch.Tensor, matte: torch.Tensor, how: Motion) -> torch.Tensor:
    """(1, 1, H, W) `unmoved` for a moved person's correspondence and alpha (1, 1, H, W); 0 all over where the photo,
    whose matte (1, 1, h, w) this is, has another size."""
    if alpha.shape != matte.shape:
        return torch.zeros_like(alpha)
    if rests(how):
        return torch.ones_like(alpha)
    source = torch.where(
        found.photo[..., None] > 0, torch.nan, found.source
    )  # a second photo's pixels are not here
    return unmoved(source, found.visible, alpha[0, 0], matte[0, 0])[None, None]


def unmoved(
    source: torch.Tensor, visible: torch.Tensor, alpha: torch.Tensor, matte: torch.Tensor
) -> torch.Tensor:
    """(H, W) in [0, 1]: 1 where the photo's own pixel is right, 0 where the person was, is now, or has moved.

    source (H, W, 2) x, y in the photo, NaN where nobody is; visible, alpha (H, W) of the moved person; matte (H, W) of
    the photographed one. All of one size.
    """
    height, width = matte.shape
    y, x = torch.meshgrid(*(torch.arange(n, device=matte.device) for n in (height, width)), indexing="ij")
    away = (source - torch.stack((x, y), -1)).norm(dim=-1)
    same = (away < STILL) & (visible > 0.5)  # NaN is never less
    changed = (((alpha > PERSON) | (matte > PERSON)) & ~same).float()
    side = math.ceil(max(height, width) / GRID)
    changed = F.avg_pool2d(changed[None, None], side, ceil_mode=True, count_include_pad=False)[0, 0]
    speck = max(1, round(SPECK * max(changed.shape)))
    changed = field.dilate(field.erode(changed > 0.5, speck), 2 * speck)
    return _away_from(changed, side)[:height, :width]


def _away_from(changed: torch.Tensor, side: int) -> torch.Tensor:
    """Rising smoothly from 0 on the cells that changed (h, w), 0 or 1, to 1 at `REACH`; in pixels, `side` to a cell."""
    if not bool((changed > 0).any()):
        return torch.ones_like(changed).repeat_interleave(side, 0).repeat_interleave(side, 1)
    # Full cells away, so that no cell beside a changed one keeps a share of the photo by interpolation.
    distance = (field.nearest(changed > 0).norm(dim=0) - 1.5) / (REACH * max(changed.shape))
    share = distance.clamp(0, 1)
    share = share * share * (3 - 2 * share)
    size = (changed.shape[0] * side, changed.shape[1] * side)
    return F.interpolate(share[None, None], size=size, mode="bilinear", align_corners=False)[0, 0]


def rests(how: Motion) -> bool:
    """Does the motion leave every part where it is, to a tenth of a pixel at a bone's own scale?"""
    turned = abs(how.rotation - torch.eye(3).numpy()).max()
    return bool(
        turned < 1e-4 and abs(how.scale - 1).max() < 1e-4 and abs(how.target - how.source).max() < 0.1
    )
