"""One sheet of the body."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from . import field
from .carried import Carried
from .drapery import Drapery
from .head_side import HeadSide
from .layout import Layout
from .open_hems import OpenHems


@dataclass(frozen=True, eq=False)
class Layer:
    """One sheet of the body.

    It has a `layout` of its own, the part of the body's crop where it is. On that, natively: `matte` (h, w) soft
    coverage with what is covered included, `parted` (h, w) the same without the hem by which it goes on under its
    neighbours, `seen` (h, w) the share of it that the camera saw, `colour` (3, h, w) sRGB, `rear` (3, h, w) the guess
    for the side that faces away, `made_up` (h, w) where, if anywhere, the front was never seen and yet lies where it
    lies: a hand out of its pocket; `placed` (h, w) the same of what stays whatever its neighbours do: a shoulder under
    hair.
    On the mesh grid: `inside` (gh, gw) bool with a margin for the soft edge, `solid` (gh, gw) bool without, `weights`
    (P, gh, gw) skinning weights, `front` and `back` (gh, gw) z of the surface towards the camera and away from it, in
    pixels; `cut` (gh, gw) bool, where a piece of it was taken off and front and back are not joined; fine: how many
    times smaller these cells are than the body's. `cloth` tells how what of it hangs round the legs moves,
    or all of it as one thing that is carried; None where nothing does. `strands` (h, w), natively, where, if anywhere,
    what the photo shows of it is partly hair on it.
    `sheer` (gh, gw) bool, where, if anywhere, it is one sheet of strands, through which no far side shows.
    `worn` (gh, gw) int64, the number of what is worn in each cell, where that is known.
    `hems` are those where, if anywhere, a garment stands off a limb.
    `side`, if anything, tells its colours where what was seen edge-on is turned to the camera.
    """

    name: str
    layout: Layout
    matte: torch.Tensor
    parted: torch.Tensor
    seen: torch.Tensor
    colour: torch.Tensor
    rear: torch.Tensor
    inside: torch.Tensor
    solid: torch.Tensor
    weights: torch.Tensor
    front: torch.Tensor
    back: torch.Tensor
    made_up: torch.Tensor | None = None
    placed: torch.Tensor | None = None
    fine: int = 1
    cut: torch.Tensor | None = None
    cloth: Drapery | Carried | None = None
    strands: torch.Tensor | None = None
    worn: torch.Tensor | None = None
    hems: OpenHems | None = None
    side: HeadSide | None = None
    sheer: torch.Tensor | None = None

    def local(self, places: torch.Tensor) -> torch.Tensor:
        """(n, 2) positions x, y in the photo as positions on the layer's native maps."""
        return places - places.new_tensor(self.layout.corner)

    def shown(self) -> torch.Tensor:
        """(gh, gw) the share of each cell of the body's mesh grid that the photo shows of the layer."""
        return self.layout.to_grid(self.seen * self.matte)

    def kept(self, share: torch.Tensor) -> Layer:
        """The layer where only `share` (h, w) of it goes along."""
        cells = self.layout.to_grid(share)
        inside = self.inside & (field.dilate((cells > 0.02).float(), 1) > 0)
        if not bool(inside.any()):  # an arm of which the picture has the hand alone
            inside = self.inside
        cut = field.dilate((cells < 0.5).float(), 1) > 0
        return replace(self, matte=self.matte * share, parted=self.parted * share, inside=inside, cut=cut)
