"""A garment that hangs round both legs, as the photo shows it: its tube, and its vertices on the tube's cage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .cage import ROWS, Embedding, Tube
from .cloth import Fabric, Hanging, Legs
from .layout import Layout
from .motion import Bones, Motion
from .parts import INDEX

ABOVE = 0.02
"""Fraction of stature above the hip joints where a garment begins to hang. Our choice, by eye."""
SOFT = 0.06
"""Fraction of stature over which its vertices pass from the skin's motion to the cage's."""
FLATTER = 0.04
"""Fraction of stature by which a pelvis' half-depth is less than its half-breadth (`parts`: 0.095 and 0.55 of it)."""
WHOLE = 0.75
"""Share of the breadth above it that a row must have to count: less is the tip of a slanted hem."""
OPEN = 0.87
"""Share of the half-breadth within which an edge of the sheet is a hem: there it is half as deep as in the middle."""
DARK, SQUARE = 0.45, 0.3
"""How much darker the inside of a skirt is than its outside, in sRGB values, and the cosine to the view from which on
it is that dark wholly. Our choice, by eye."""


@dataclass(frozen=True, eq=False)
class Drapery:
    """Cloth that hangs: its tube and cage at rest, and `top` and `soft`, y in pixels where it begins and the height
    over which it leaves the skin."""

    tube: Tube
    hanging: Hanging
    top: float
    soft: float

    @classmethod
    def of(
        cls,
        layout: Layout,
        frame: Bones,
        skirt: torch.Tensor,
        cover: torch.Tensor,
        surface: tuple[torch.Tensor, torch.Tensor],
        tall: float,
        fabric: Fabric | None = None,
    ) -> Drapery | None:
        """A skirt's cells (gh, gw) bool in the trunk's matte `cover` (gh, gw), whose relief is `surface`, two (gh, gw);
        None where there is no skirt or too little of it, and where the picture cuts it off above the knees before its
        hem: nothing tells where that is."""
        knees = frame.end[[INDEX["left_thigh"], INDEX["right_thigh"]]]
        if not bool(skirt.any()):
            return None
        hips = frame.start[[INDEX["left_thigh"], INDEX["right_thigh"]]]
        top = float(hips[:, 1].mean()) - ABOVE * tall
        x, y = layout.cells()
        rows = y[:, 0]
        own = (cover > 0.5) & (y >= top - layout.cell)
        bottom = float(rows[skirt.any(1)][-1]) + layout.cell / 2
        if float(knees[:, 1].min()) > layout.picture[0] and bottom > layout.picture[0] - layout.cell:
            return None
        if bottom - top < 2 * SOFT * tall:
            return None
        legs = Legs.of(frame, tall, y)
        flat = FLATTER * tall * _squareness(frame)
        tube = _tube(layout, own & (y <= bottom), surface, legs, flat, (top, bottom))
        return cls(tube, Hanging.of(tube.nodes, frame, tall, fabric or Fabric()), top, SOFT * tall)

    def opened(
        self, layout: Layout, surface: tuple[torch.Tensor, torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The relief with the garment's in it, as deep at the hem as above it: cloth does not close round the legs."""
        x, y = layout.cells()
        share = self._share(y)
        return tuple(torch.lerp(a, b, share) for a, b in zip(surface, self.tube.surface(x, y), strict=True))

    def hung(self, rest: torch.Tensor, moved: torch.Tensor, how: Motion) -> torch.Tensor:
        """(V, 3) the vertices of a sheet, its front's first and then as many of its back's, where the cloth hangs: rest
        as in the photo, moved as the skin carries them."""
        own = torch.nonzero(rest[:, 1] > self.top).squeeze(1)
        x, y, _ = rest[own].unbind(1)
        column = self.tube.column(x, y, own >= len(rest) // 2)
        riding = Embedding.of(self.tube.nodes, self.tube.row(y), column, rest[own])
        hung = riding.carried(self.hanging.posed(how))
        out = moved.clone()
        out[own] = torch.lerp(moved[own], hung, self._share(y)[:, None])
        return out

    def opens(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Bool, where the sheet's edge at picture positions x, y is a hem, which is open, and no side."""
        middle, half = self.tube.at(y)
        return (self._share(y) > 0.99) & ((x - middle[..., 0]).abs() < OPEN * half[..., 0])

    def shade(self, y: torch.Tensor, within: torch.Tensor) -> torch.Tensor:
        """What light there is on the sheet's inner side, from heights y (n,) in the photo and how squarely that side is
        seen, `within` (n,) in [0, 1], 0 on its outer side."""
        return 1 - DARK * self._share(y) * (within / SQUARE).clamp(max=1)

    def _share(self, y: torch.Tensor) -> torch.Tensor:
        share = ((y - self.top) / self.soft).clamp(0, 1)
        return share * share * (3 - 2 * share)


def _tube(
    layout: Layout,
    own: torch.Tensor,
    surface: tuple[torch.Tensor, torch.Tensor],
    legs: Legs,
    flat: float,
    ends: tuple[float, float],
) -> Tube:
    """The tube round the cells `own` (gh, gw), and in depth round the legs, between two heights. Cloth that stands off
    does so to all sides: the tube is at most `flat` pixels less deep than broad, of either half."""
    x, y = layout.cells()
    far = torch.finfo(x.dtype).max
    left = torch.where(own, x, far).amin(1) - layout.cell / 2
    right = torch.where(own, x, -far).amax(1) + layout.cell / 2
    breadth = right - left
    whole = own.any(1)
    whole &= breadth >= WHOLE * torch.where(whole, breadth, 0).cummax(0).values
    middle = own & ((x - (left + right)[:, None] / 2).abs() < breadth[:, None] / 6)
    count = middle.sum(1).clamp(min=1)
    depth = [torch.where(middle, z, 0).sum(1) / count for z in surface]
    height = torch.linspace(*ends, ROWS, device=layout.device)
    measured = torch.stack((left, right, *depth))[:, whole & middle.any(1)]
    left, right, near, back = _evened(_interpolated(y[whole & middle.any(1), 0], measured, height))
    first, last = legs.depths(height)
    near, back = torch.minimum(near, first), torch.maximum(back, last)
    axes = torch.stack((right - left, torch.maximum(back - near, right - left - 2 * flat)), 1) / 2
    return Tube(height, torch.stack((left + right, near + back), 1) / 2, axes.clamp(min=layout.cell))


def _squareness(frame: Bones) -> float:
    """1 for a pelvis that faces the camera or away from it, -1 for one that is seen from its side."""
    ahead = frame.rotation[INDEX["pelvis"]] @ np.array([0.0, 0.0, -1.0])
    return float(np.cos(2 * np.arctan2(ahead[0], -ahead[2])))


def _interpolated(at: torch.Tensor, values: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """(C, ROWS) values (C, n), known at rising places (n,), on straight lines between them; ends go on level."""
    last = len(at) - 1
    upper = torch.searchsorted(at, wanted).clamp(1 if last else 0, last)
    lower = (upper - 1).clamp(min=0)
    share = ((wanted - at[lower]) / (at[upper] - at[lower]).clamp(min=1e-6)).clamp(0, 1)
    return torch.lerp(values[:, lower], values[:, upper], share)


def _evened(values: torch.Tensor) -> torch.Tensor:
    """(C, ROWS) a running median of three and a mean of three, ends repeated: without the hand that lies at it."""
    padded = torch.nn.functional.pad(values, (1, 1), mode="replicate")
    middle = padded.unfold(1, 3, 1).median(-1).values
    return torch.nn.functional.pad(middle, (1, 1), mode="replicate").unfold(1, 3, 1).mean(-1)
