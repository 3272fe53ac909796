"""Hems that stand off a limb: wide shorts, a loose sleeve. What one sees of such a garment from below is no cloth but
the limb that goes on in it.

On the photo's outline such a hem is a step across the limb. The rim along it and the inside of the far side behind it,
in the garment's own colours, would hang below the hem as a flap where the limb is turned.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from . import field
from .hems import bare_in
from .layout import Layout
from .motion import Bones
from .parts import PARTS, of_layer

ALONG = 0.5
"""Cosine between the outline's way outwards and the limb's bone from which on the outline lies across the limb, as a
hem does and a sleeve's side does not. By eye."""
REACH = 0.03
"""Fraction of stature (5 cm on 1.75 m) within which of a hem the limb comes out of it. By eye."""
TURNED = {"leg": (0.5, 0.65), "arm": (0.75, 0.9)}
"""Tangent of a limb's turn about itself, since the photo, up to which a hem is seen from ahead, and from which on it is
not; a sleeve is less deep than shorts are and shows less of its side. By eye."""
SEGMENTS = ("upper_arm", "forearm", "thigh", "shin")


@dataclass(frozen=True, eq=False)
class OpenHems:
    """Of a limb's layer, each (gh, gw) bool: `along`, the garments' cells at the outline where they are open; `near`,
    the cells round these; `bare`, those of skin. And `limb` (gh, gw, 2), from those near to the next cell well inside
    of the skin, pixels x, y. `turned` as in TURNED."""

    along: torch.Tensor
    near: torch.Tensor
    bare: torch.Tensor
    limb: torch.Tensor
    turned: tuple[float, float]

    @classmethod
    def of(
        cls,
        layout: Layout,
        name: str,
        solid: torch.Tensor,
        weights: torch.Tensor,
        clothes: torch.Tensor | None,
        frame: Bones,
        tall: float,
    ) -> OpenHems | None:
        """None where there is none: solid (gh, gw) bool, the layer's cells; weights (P, gh, gw); clothes (gh, gw) the
        number of what is worn, if that is known; tall the stature in pixels."""
        parts = [p for p in of_layer(name) if PARTS[p].name.endswith(SEGMENTS)]
        if clothes is None or not parts:
            return None
        bare = solid & bare_in(clothes)
        bones = torch.as_tensor(frame.end[parts, :2] - frame.start[parts, :2]).to(weights)
        way = torch.einsum("pyx,pc->cyx", weights[parts], F.normalize(bones, dim=1))
        outwards = (way * _outwards(solid)).sum(0)
        reach = max(1, round(REACH * tall / layout.cell))
        cloth = solid & ~bare & (field.dilate(bare.float(), reach) > 0)
        outline = cloth & (field.erode(solid.float(), 1) == 0)
        along = outline & (outwards > ALONG)
        corner = (field.dilate(along.float(), 1) > 0) & (field.dilate(bare.float(), 1) > 0)
        along = along | (outline & corner)  # where the limb comes out the outline turns
        if not bool(along.any()):
            return None
        near = (cloth | bare) & (field.dilate(along.float(), reach) > 0)
        within = bare & (field.erode(bare.float(), 1) > 0)  # a hem's shade is no skin
        to_limb = field.nearest(within if bool(within.any()) else bare).flip(0) * near
        return cls(along, near, bare, to_limb.movedim(0, -1) * layout.cell, TURNED[name.rpartition("_")[2]])

    def seen_through(
        self, inside: torch.Tensor, triangles: torch.Tensor, side: torch.Tensor, moved: torch.Tensor, behind
    ) -> torch.Tensor:
        """(T, 3, 2) pixels x, y from a mesh's triangles' corners to what of the limb is seen there: 0 but for the rim
        along a hem, and round it for the far side's inside, `behind` (T,) bool.

        inside (gh, gw) bool, the cells that are the vertices of the near side, and of the far side after them;
        triangles (T, 3), `side` (T,) which sheet they are of (as in `Mesh.side`); moved (V, 3) the vertices."""
        along, near, bare = (
            cells[inside].repeat(2)[triangles] for cells in (self.along, self.near, self.bare)
        )
        through = ((side == 2) & along.any(1) & (along | bare).all(1)) | (behind & near.all(1))
        share = self._from_ahead(inside, *moved.chunk(2))
        return share * self.limb[inside].repeat(2, 1)[triangles] * through[:, None, None]

    def _from_ahead(self, inside: torch.Tensor, front: torch.Tensor, back: torch.Tensor) -> torch.Tensor:
        """In [0, 1] how far the garment is seen from where it was photographed, its vertices moved (V, 3): turned about
        the limb one sees its side, which is cloth down to the hem."""
        along, near, bare = (cells[inside] for cells in (self.along, self.near, self.bare))
        if not bool((near & bare).any()):
            return front.new_tensor(0.0)
        limb = F.normalize((front[near & bare].mean(0) - front[near & ~bare].mean(0))[:2], dim=0)
        x, y, deep = (back - front)[along].mean(0)
        aside = (x * limb[1] - y * limb[0]).abs() / deep.clamp(min=1e-6)
        least, most = self.turned
        return ((most - aside) / (most - least)).clamp(0, 1)


def _outwards(solid: torch.Tensor) -> torch.Tensor:
    """(2, gh, gw) unit x, y, the way out of cells (gh, gw) bool at their outline."""
    smooth = F.pad(field.box_blur(field.box_blur(solid[None].float(), 1), 1), (1, 1, 1, 1), mode="replicate")
    slope = (smooth[:, 1:-1, :-2] - smooth[:, 1:-1, 2:], smooth[:, :-2, 1:-1] - smooth[:, 2:, 1:-1])
    return F.normalize(torch.cat(slope), dim=0)
