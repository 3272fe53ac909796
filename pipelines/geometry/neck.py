"""The skin of a neck where no photo shows it: under the jaw, at its sides and behind.

What a photo shows of a neck lies in the jaw's shade, or under a beard. Carried on round the neck that would be a dark
band, so hidden skin takes the neck's own tone in the light.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from . import field
from .garments import CLOTHES, NUMBER
from .layout import Layout
from .parts import INDEX

LIT = (0.35, 0.85)
"""Quantiles of a neck's brightness between which it is lit: below lie shade and beard, above lights and a collar."""
FEWEST = 6
"""Cells of skin that tell a neck's tone, at least."""
FLOOR = 0.02
"""Fraction of stature (35 mm on 1.75 m) above the jaw's edge over which a throat goes back to the neck's middle.
By eye."""
MOSTLY = 0.8
"""Share of the tone in what goes round a neck; the rest is as its outline is, to which the photo's front is joined."""


@dataclass(frozen=True, eq=False)
class Neck:
    """tone (3,) sRGB of its lit skin; where (gh, gw) in [0, 1] a neck is bare."""

    tone: torch.Tensor
    where: torch.Tensor

    @classmethod
    def of(
        cls,
        layout: Layout,
        colour: torch.Tensor,
        seen: torch.Tensor,
        weights: torch.Tensor,
        clothes: torch.Tensor | None,
    ) -> Neck | None:
        """Of a trunk with colours (3, h, w), of which `seen` (h, w) was, skinning weights (P, gh, gw) and numbers of
        `clothes` (gh, gw); None where nobody knows what is skin, or none of the neck is seen."""
        if clothes is None:
            return None
        there = weights[INDEX["neck"]] + weights[INDEX["head"]]
        bare = (clothes == NUMBER["torso_skin"]) | (clothes == NUMBER["face"])
        shown = (there > 0.5) & bare & (layout.to_grid(seen) > 0.95)
        if int(shown.sum()) < FEWEST:
            return None
        values = layout.to_grid(colour)[:, shown]
        bright = values.mean(0)
        low, high = (bright.quantile(share) for share in LIT)
        lit = values[:, (bright >= low) & (bright <= high)]
        worn = torch.isin(clothes, clothes.new_tensor([NUMBER[name] for name in CLOTHES]))
        where = ((there - 0.3) / 0.4).clamp(0, 1) * ~worn
        return cls(lit.mean(1), field.box_blur(where[None], 1)[0] * ~worn)

    def toned(self, layout: Layout, colour: torch.Tensor, share: torch.Tensor | float) -> torch.Tensor:
        """(3, h, w) colours (3, h, w) with that share, (h, w) or one for all, of the neck in its tone."""
        share = layout.to_native(self.where[None])[0] * share
        return torch.lerp(colour, self.tone[:, None, None].expand_as(colour), share)


def under_jaw(
    layout: Layout, front: torch.Tensor, back: torch.Tensor, under: torch.Tensor, tall: float
) -> torch.Tensor:
    """(gh, gw) the front of a trunk, depths (gh, gw) as its back, where a neck goes on `under` (h, w) a head: there it
    slopes back from the throat, under the floor of the mouth, to the neck's middle. tall: the stature in pixels."""
    hidden = layout.to_grid(under) > 0.5
    if not bool(hidden.any()) or bool(hidden.all()):
        return front
    inwards = field.nearest(~hidden).square().sum(0).sqrt() * layout.cell / (FLOOR * tall)
    return torch.lerp(front, (front + back) / 2, inwards.clamp(0, 1) * hidden)
