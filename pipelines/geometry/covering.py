"""The colours that the photo does not show: under what covers a layer, and on its far side."""

from __future__ import annotations

import torch

from . import field
from .layout import Layout
from .motion import Bones
from .parts import INDEX

NAPE = 0.3
"""Where hair ends at the nape, between the base of the neck and the crown: at the height of the mouth. By eye."""
CROWN = 0.7
"""Height over the nape from which a head is all hair, or hat, or bald: above the forehead. By eye."""
FEW = 0.05
"""Share of a head that must have been seen to be hair before its colour is trusted."""


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


def behind_head(layout: Layout, frame: Bones, weights: torch.Tensor) -> torch.Tensor:
    """(gh, gw) height over the nape's hairline on the head's cells, 1 at the crown, 0 elsewhere: above the hairline the
    far side is hair on everybody who has any."""
    neck, head = INDEX["neck"], INDEX["head"]
    _, along = layout.capsule(frame.start[neck], frame.end[head], clamp=False)
    height = ((along - NAPE) / (1 - NAPE)).clamp(0, 1)
    return torch.where(weights[neck] + weights[head] > 0.5, height, 0.0)


def rear_colour(
    layout: Layout, colour: torch.Tensor, matte: torch.Tensor, head: torch.Tensor, hair: torch.Tensor | None
) -> torch.Tensor:
    """(3, h, w) what the far side looks like: the colours a little inside the outline, continued inwards.

    So the back of a printed shirt is plain, and the back of a head is no second face: where `head` (gh, gw; from
    `behind_head`) is above 0 it has the colour of the hair, which `hair` (gh, gw) tells where it was seen. At the
    outline itself it is the photo's colour there, so that front and back meet without a seam.
    """
    solid, grid = (layout.to_grid(matte) > 0.9).float(), layout.to_grid(colour)
    outline = solid - field.erode(solid, 1)
    if not bool((outline > 0).any()):
        return colour
    edge = field.box_blur(field.extrapolate(grid, outline), 2)
    if not bool((head > 0).any()):
        return layout.to_native(field.box_blur(edge, 3))
    # A trunk's outline is partly the shade of the arms: look further in. A limb is not that thick.
    ring = field.erode(solid, 1) - field.erode(solid, 4)
    body = _continued(grid, ring * (head == 0) * (1 if hair is None else hair < 0.3), edge)
    strands = torch.zeros_like(solid) if hair is None else solid * (hair > 0.7)
    if float(strands.sum()) < FEW * float((head > 0).sum()):
        strands = ring * (head > CROWN)  # cropped, bald or under a hat: as at the crown
    covered = (head > 0).float() if hair is None else torch.maximum((head > 0).float(), (hair > 0.5).float())
    far = torch.lerp(body, _continued(grid, strands, edge), field.box_blur(covered[None], 1))
    inwards = field.box_blur(field.erode(solid, 1)[None], 1)
    return layout.to_native(torch.lerp(edge, far, inwards))


def _continued(grid: torch.Tensor, known: torch.Tensor, otherwise: torch.Tensor) -> torch.Tensor:
    """(3, gh, gw) the colours of the cells that are known, continued smoothly over all others."""
    if not bool((known > 0).any()):
        return otherwise
    return field.box_blur(field.extrapolate(grid, known.clamp(min=0)), 3)
