"""The colours that the photo does not show: under what covers a layer, and on its far side."""

from __future__ import annotations

import torch

from . import field
from .layout import Layout


def layered_colour(
    layout: Layout, picture: torch.Tensor, matte: torch.Tensor, seen: torch.Tensor
) -> torch.Tensor:
    """(3, h, w) the layer's own colours: the photo where it was seen, continued where it was covered.

    The continuation is the photo mirrored at the nearest seen border, so that weave and grain go on, over a smooth
    fill where the mirror image falls outside the layer.
    """
    # Along the border with another layer the photo's pixels are partly the other's.
    own = ((seen > 0.95) | (matte < 0.05)).float()
    sure = (field.erode(own, max(1, layout.cell // 3)) > 0) & (seen > 0.95) & (matte > 0.95)
    smooth = field.extrapolate(picture, sure.float())
    wanted = torch.nonzero(~sure & (field.dilate(matte, 3) > 0), as_tuple=False)
    if len(wanted) == 0 or not bool(sure.any()):
        return smooth
    offset = layout.to_native(field.nearest(layout.to_grid(sure.float(), 2) > 0.99)) * (layout.cell / 2)
    y, x = wanted.unbind(1)
    my, mx = y + (2 * offset[0, y, x]).round().long(), x + (2 * offset[1, y, x]).round().long()
    height, width = sure.shape
    valid = (my >= 0) & (my < height) & (mx >= 0) & (mx < width)
    my, mx = my.clamp(0, height - 1), mx.clamp(0, width - 1)
    valid &= sure[my, mx]
    # The mirror image's detail alone: what it has over the smooth colours of its neighbourhood.
    level = field.box_blur(layout.to_grid(torch.cat((picture * sure, sure[None].float())), 2), 1)
    level = layout.to_native(level[:3] / level[3].clamp(min=1e-4))
    out = smooth.clone()
    out[:, y, x] = (smooth[:, y, x] + (picture[:, my, mx] - level[:, my, mx]) * valid).clamp(0, 1)
    return out


def rear_colour(
    layout: Layout, colour: torch.Tensor, matte: torch.Tensor, head: torch.Tensor, hair: torch.Tensor | None
) -> torch.Tensor:
    """(3, h, w) what the far side looks like: the colours a little inside the outline, continued inwards.

    So the back of a printed shirt is plain, and the back of a head is no second face: `head` (gh, gw) is the head's
    share of each cell, and where `hair` (gh, gw) is known, hair is all that its back continues.
    """
    solid = (layout.to_grid(matte) > 0.9).float()
    # A trunk's outline is partly the shade of the arms: look further in. A limb is not that thick.
    ring = (
        field.erode(solid, 1) - field.erode(solid, 4)
        if bool((head > 0.5).any())
        else solid - field.erode(solid, 1)
    )
    if hair is not None and float(hair.sum()) > 0.1 * float((head > 0.5).sum()):
        ring = torch.where(hair > 0.7, solid, ring * (hair < 0.3) * (head < 0.5))
    if not bool((ring > 0).any()):
        return colour
    smooth = field.extrapolate(layout.to_grid(colour), ring.clamp(min=0))
    return layout.to_native(field.box_blur(smooth, 3))
