"""What the far side of a head looks like: its hair, or what covers it, and never a second face."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from . import field
from .head import Head
from .layout import Layout
from .strands import Grain

FEW = 0.03
"""Share of a head that must have been seen to be hair before its colour is trusted."""
NAPE = -0.035
"""Height over the ears' middle, in heads' statures, where hair ends at the nape, and the crown's band from which a
head without visible hair (cropped, bald, under a hat) has its colour. By eye."""
CROWN = 0.05
WHORL = 0.06
"""Height over the ears' middle, in heads' statures, from where hair lies away to all sides. By eye."""


def shown_hair(layout: Layout, head: Head, seen: torch.Tensor, hair: torch.Tensor | None) -> torch.Tensor:
    """(h, w) in [0, 1] what of a head, `seen` (h, w), tells the colour of its hair (h, w): where it shows hardly any
    (cropped, bald, under a hat) the crown does."""
    strands = torch.zeros_like(seen) if hair is None else seen * ((hair - 0.5) * 4).clamp(0, 1)
    if float(strands.sum()) < FEW * float(seen.sum()):
        up, _ = head.height(*layout.cells())
        top = float(torch.where(layout.to_grid(seen) > 0.9, up, -1).max())
        strands = seen * layout.to_native((up > min(CROWN, top - 0.02)).float()[None])[0]
    return strands


def hair_colour(
    layout: Layout,
    head: Head,
    picture: torch.Tensor,
    matte: torch.Tensor,
    strands: torch.Tensor,
    grain: Grain,
) -> torch.Tensor:
    """(3, h, w) hair all over `matte` (h, w): the colours of what the photo shows of it, `strands` (h, w), continued
    smoothly, and the grain they have, from the whorl down."""
    share = layout.to_grid(strands)
    mean = layout.to_grid(picture * strands) / share.clamp(min=1e-3)
    smooth = layout.to_native(field.box_blur(field.extrapolate(mean, (share > 0.6).float()), 3))
    inside = (matte > 0.9).float()
    # At the outline the sheet is seen edge-on: what grain it had would be drawn out sideways.
    inner = field.box_blur(field.erode(inside, layout.cell)[None], layout.cell)
    return (smooth + grain.on(_lie(layout, head), head.scale) * inner).clamp(0, 1)


def _lie(layout: Layout, head: Head) -> torch.Tensor:
    """(2, h, w) unit, along what hair lies on the back of a head: away from the whorl, and below the ears down."""
    up, aside = (layout.to_native(values[None])[0] for values in head.height(*layout.cells()))
    share = (1 - up / WHORL).clamp(0, 1)
    away = F.normalize(torch.stack((aside, WHORL - up)), dim=0)
    down = torch.stack((torch.zeros_like(up), torch.ones_like(up)))
    own = F.normalize(torch.lerp(away, down, share), dim=0)
    across, along = (own.new_tensor(way) for way in (head.up[::-1] * [-1, 1], -head.up))
    return own[0] * across[:, None, None] + own[1] * along[:, None, None]


def rear_of_head(
    layout: Layout,
    head: Head,
    colour: torch.Tensor,
    strands: torch.Tensor,
    matte: torch.Tensor,
    hair: torch.Tensor | None,
) -> torch.Tensor:
    """(3, h, w) the far side of the head's layer: hair down to the nape, below it skin as at the outline there; at the
    outline itself the photo's colour, so that front and back meet without a seam."""
    solid, grid = (layout.to_grid(matte) > 0.9).float(), layout.to_grid(colour)
    skin = field.box_blur(field.extrapolate(grid, solid - field.erode(solid, 1)), 3)
    up, _ = head.height(*layout.cells())
    covered = ((up - NAPE) / 0.01 + 0.5).clamp(0, 1)
    if hair is not None:
        covered = torch.maximum(covered, layout.to_grid(hair))
    covered = layout.to_native(field.box_blur(covered[None], 1))
    rim = max(1, layout.cell // 2)
    inwards = field.box_blur(field.erode((matte > 0.9).float(), 2 * rim)[None], 2 * rim)
    return torch.lerp(colour, torch.lerp(layout.to_native(skin), strands, covered), inwards)
