"""A bag: a thing of its own that keeps its shape, hangs upright, and goes with what carries it.

It is no part of the body: the body is taken apart as if it were not there, going on under it as far as what shows
beside it tells, and then the bag is laid over that as a flat sheet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F

from . import field
from .garments import SKIN, GarmentMap
from .held import unlike
from .layers import Masks
from .layout import Layout
from .motion import Bones, Motion
from .nearness import measured_radii, nearness, within_outline
from .parts import INDEX, LAYERS, PARTS, of_layer
from .rotation import about

BAG, CARRIES = "bag", ("trunk", "left_leg", "right_leg")
"""The bag's layer, and the layers that it lies on: how far before the body an arm is stretched tells nothing of it."""
LEAST, MOST = 0.045, 0.4
"""A bag's side, were it a square, as a fraction of stature at least (8 cm on 1.75 m: less is a purse in a hand, or a
piece of a bag whose rest is taken for something else) and at most. Our choice."""
APART = 2
"""Cells of the label grid up to twice as far as which pieces of one bag are apart: a strap, a thumb. By eye."""
ALIKE, BEYOND, SAMPLES = 0.03, 0.7, 1500
"""Distance (sRGB, three channels) from a bag's colours up to which what is taken for skin is of the bag: from 0.05 on a
neck beside a brown strap is, on the development photos; nearness to a limb from which on it is looked for; and places
of the bag that are compared at most. By eye."""
GRASP = 0.03
"""Fraction of stature (5 cm on 1.75 m) as near as which a hand is to the bag that it carries: a handle, if nobody told
that it is one, is between the two. By eye."""
WORN = tuple(f"{side}_{part}" for side in ("left", "right") for part in ("hand", "shin", "foot"))
GLOVE = 0.5
"""Share of a thing that lies within a hand's breadth of its bone from which on it is the hand. On the development
photos it is 0.8 for a glove and up to 0.25 for bags."""
BOOTS = 0.4
"""The same within the breadth of the legs below the knees: 0.5 to 0.6 for the rims of boots, 0 for bags."""
PLUMB = math.tan(math.radians(35))
"""A bag hangs straight below the hand that carries it: how far its middle lies to the side over how far it lies below.
A hand at the corner of a bag rests on it. By eye."""
CLUTCH = 0.1
"""Fraction of stature (17 cm on 1.75 m), a bag's side, were it a square, up to which a hand that touches it from below
carries it; a larger one hangs from a shoulder, and the hand is beside it. Our choice."""
NEAR = 2.0
"""Nearness to trunk or legs up to which they go on under a bag between what shows of them: loose clothes stand off by
as much as a limb's half-breadth. By eye."""
FLANK = 1.35
"""The same to the trunk up to which it goes on between trunk and arm: 12 thousandths of stature beyond its bones'
outline. By eye."""
WAYS = 32
"""Directions in which a bag is bounded where an arm hides it: its hull is a polygon of so many sides."""
THICK, GAP = 0.02, 0.004
"""Fractions of stature: half the thickness of a bag at most, 3.5 cm on 1.75 m, and how far before what it covers it
lies. Our choice."""
BEHIND = 0.06
"""Fraction of stature behind the pelvis from which on a hand that carries a bag is behind the body, and the bag with
it: as an arm is (`nearness._in_front`)."""
FINE = 2
"""The bag's sheet has cells half as large as the body's, as the head's has: a handle is two of those."""


@dataclass(frozen=True, eq=False)
class Bag:
    """A bag as the photo shows it: `own` (h, w) its soft matte on the native crop, `under` (h, w) where the body goes
    on under it, `carrier` the name of the part that it goes with, `at` (2,) x, y in the photo where it hangs, or where
    a hand holds it: `held`."""

    own: torch.Tensor
    under: torch.Tensor
    carrier: str
    at: tuple[float, float]
    held: bool = False

    @property
    def turns(self) -> bool:
        """Whether it turns with what it goes with: on the body, not on a hand."""
        return not self.carrier.endswith("hand")

    @classmethod
    def of(
        cls,
        layout: Layout,
        picture: torch.Tensor,
        matte: torch.Tensor,
        clothes: GarmentMap | None,
        frame: Bones,
        tall: float,
    ) -> Bag | None:
        """The bag that a map of clothes tells of, None where it tells of none of a sensible size; picture (3, h, w) and
        matte (h, w) in [0, 1] on the crop."""
        if clothes is None or BAG not in clothes.present():
            return None
        told = torch.minimum(layout.crop_mask(clothes.mask(BAG)[0]), matte)
        cells = layout.to_grid(told, 2) > 0.5
        more = _taken_for_skin(layout, picture, cells, clothes, frame, tall)
        if bool(more.any()):
            cells = field.erode(field.dilate((cells | more).float(), 1), 1) > 0
            whole = torch.maximum(told, layout.to_native(cells.float()[None])[0].minimum(matte))[None]
            reach, stride = max(2, layout.cell), max(1, layout.cell // 4)
            share = field.guided_filter(picture.mean(0), whole, reach, 1e-3, stride)[0]
            told = field.crisp(share).minimum(matte)
        label, count = field.components(field.dilate(cells.float(), APART) > 0)
        label = torch.where(cells, label, -1)
        sizes = torch.bincount(label[label >= 0], minlength=max(count, 1))
        side = math.sqrt(float(sizes.max())) * layout.cell / 2
        if not LEAST * tall < side < MOST * tall:
            return None
        cells = label == sizes.argmax()
        if _is_worn(layout, cells, frame, tall):
            return None
        near = F.interpolate(field.dilate(cells.float(), 1)[None, None], size=told.shape)[0, 0]
        both = field.box_blur(torch.stack((told * near, matte)), 1)
        own = both[0] / both[1].clamp(min=1e-4) * matte  # soft towards the body; its outline is the person's
        under = _goes_on(layout, matte * (1 - own), layout.to_grid(own, 2) > 0.05, frame, tall)
        return cls(own, under, *_carrier(layout, cells, frame, tall))

    def off(self, layout: Layout, picture: torch.Tensor, matte: torch.Tensor, **maps: torch.Tensor):
        """The picture (3, h, w), the matte and more maps (h, w) by name as if there were no bag: under it the person
        is as smooth as can be, in the colours beside it."""
        known = matte * (1 - field.dilate(self.own, 2))
        share = layout.to_grid(known)
        names, values = list(maps), torch.stack([*picture, *maps.values()])
        mean = layout.to_grid(values * known) / share.clamp(min=1e-4)
        smooth = layout.to_native(field.extrapolate(mean, (share > 0.3).float()))
        values = torch.lerp(values, smooth, self.own)
        body = torch.lerp(matte, matte.minimum(self.under), self.own)
        return values[:3], body, dict(zip(names, values[3:], strict=True))

    def over(self, layout: Layout, masks: Masks) -> Masks:
        """The body's masks with the bag's among them, over all that it covers, and going on under the arms that lie
        over it."""
        arms = [n for n in masks.amodal if n.endswith("arm")]
        seen = {name: values * (1 - self.own) for name, values in masks.seen.items()}
        shown = torch.stack([torch.zeros_like(self.own), *(seen[n] * masks.amodal[n] for n in arms)]).amax(0)
        cells = layout.to_grid(self.own, 2) > 0.5
        hidden = _hull(layout, cells) | (field.dilate(cells.float(), 1) > 0)
        hidden = field.crisp(layout.to_native(hidden.float()[None])[0]) * shown
        whole = torch.maximum(self.own, hidden)
        seen[BAG] = (self.own / whole.clamp(min=1e-4)).clamp(0, 1) * layout.photographed()
        return replace(
            masks, amodal=masks.amodal | {BAG: whole}, parted=masks.parted | {BAG: whole}, seen=seen
        )


def _is_worn(layout: Layout, cells: torch.Tensor, frame: Bones, tall: float) -> bool:
    """Whether a thing, whose cells (2gh, 2gw) bool these are, is a hand in a glove, or the legs in their boots."""
    near = {
        part: layout.capsule(frame.start[part], frame.end[part], 2)[0][cells] < PARTS[part].radius * tall
        for part in (INDEX[name] for name in WORN)
        if frame.present[part]
    }
    hands = [one for part, one in near.items() if PARTS[part].name.endswith("hand")]
    legs = [one for part, one in near.items() if not PARTS[part].name.endswith("hand")]
    booted = bool(legs) and float(torch.stack(legs).any(0).float().mean()) > BOOTS
    return booted or any(float(one.float().mean()) > GLOVE for one in hands)


def _taken_for_skin(
    layout: Layout, picture: torch.Tensor, cells: torch.Tensor, clothes: GarmentMap, frame: Bones, tall: float
) -> torch.Tensor:
    """(2gh, 2gw) bool: what the map of clothes calls skin and is of the bag, whose cells (2gh, 2gw) bool it tells: it
    hangs together with them, has the same colour, and lies beyond the middle of all limbs. Leather looks like skin."""
    bare = [name for name in SKIN if name != "face"]
    skin = (layout.to_grid(layout.crop_mask(clothes.mask(*bare)[0]), 2) > 0.5) & ~cells
    near = nearness(layout, frame, np.array([part.radius * tall for part in PARTS]), tall, None)
    limbs = [values for name, values in near.items() if name != "trunk"]
    skin &= torch.stack([*limbs, torch.full_like(near["trunk"], torch.inf)]).amin(0) > BEYOND
    if not bool(skin.any()) or not bool(cells.any()):
        return skin & False
    colours = layout.to_grid(picture, 2)
    places = colours[:, cells].T
    away = unlike(colours[:, skin].T, places[:: max(1, len(places) // SAMPLES)])
    alike = skin.masked_scatter(skin, away < ALIKE)
    return field.flooded(cells[None], (cells | alike)[None])[0] & ~cells


def _carrier(
    layout: Layout, cells: torch.Tensor, frame: Bones, tall: float
) -> tuple[str, tuple[float, float], bool]:
    """What a bag, whose cells (2gh, 2gw) bool these are, goes with, where, and whether that holds it: a hand straight
    below which it hangs, or straight over which a small one stands, else the part of the trunk that it is nearest to.
    """
    x, y = (values[cells] for values in layout.cells(2))
    middle, small = (float(x.mean()), float(y.mean())), len(x) ** 0.5 * layout.cell / 2 < CLUTCH * tall
    found = []
    for name in ("left_hand", "right_hand"):
        hand = INDEX[name]
        if not frame.present[hand]:
            continue
        grip = (frame.start[hand] + frame.end[hand])[:2] / 2
        gap = float(layout.capsule(frame.start[hand], frame.end[hand], 2)[0][cells].min()) / tall
        aside, below = abs(middle[0] - grip[0]), middle[1] - grip[1]
        reach = GRASP + PARTS[hand].radius if below > 0 else PARTS[hand].radius * small
        if gap < reach and aside < PLUMB * abs(below):
            found.append((gap, name, (float(grip[0]), float(grip[1])), bool(below < 0)))
    if found:
        return min(found)[1:]
    top = float(y.min())
    parts = [INDEX[name] for name in ("pelvis", "spine", "chest")]
    away = [abs(float(frame.start[p][1] + frame.end[p][1]) / 2 - top) for p in parts]
    return PARTS[parts[int(np.argmin(away))]].name, (middle[0], top), False


def _goes_on(
    layout: Layout, matte: torch.Tensor, bag: torch.Tensor, frame: Bones, tall: float
) -> torch.Tensor:
    """(h, w) where the body, whose matte (h, w) without the bag this is, goes on under the bag's cells (2gh, 2gw) bool:
    between what shows of trunk and legs beside it or above and below it, within the outlines of limbs, and a seam."""
    small = layout.to_grid(matte, 2)
    body = (small > 0.5) & ~bag
    radii = measured_radii(layout, body.float(), frame, tall)
    near = nearness(layout, frame, radii, tall, None)
    names = [name for name in LAYERS if name in near]
    nearest = torch.stack([near[name] for name in names]).argmin(0)
    arms = torch.stack([nearest == k for k, n in enumerate(names) if n.endswith("arm")] or [body & ~body])
    rest = body & ~arms.any(0)
    close = torch.stack([near[name] for name in names if not name.endswith("arm")]).amin(0) < NEAR
    under = (field.between(rest, 0) | field.between(rest, 1)) & close
    under |= (near["trunk"] < 1) | (field.between(body, 1) & (near["trunk"] < FLANK))
    for k, name in enumerate(names[1:], 1):
        for p in of_layer(name):
            if frame.present[p] and not PARTS[p].name.endswith(("hand", "foot")):
                mine = body & (nearest == k)
                under |= within_outline(layout, frame, p, mine, body | bag, float(radii[p]))
    under |= field.dilate(body.float(), 1) > 0
    return field.crisp(layout.to_native(field.box_blur((body | (under & bag)).float()[None], 1))[0])


def _hull(layout: Layout, cells: torch.Tensor) -> torch.Tensor:
    """(2gh, 2gw) bool: the hull of cells (2gh, 2gw) bool, bounded in WAYS directions."""
    x, y = layout.cells(2)
    inside = torch.ones_like(cells)
    for way in range(WAYS):
        angle = 2 * math.pi * way / WAYS
        reach = x * math.cos(angle) + y * math.sin(angle)
        inside &= reach <= reach[cells].max()
    return inside


@dataclass(frozen=True, eq=False)
class Carried:
    """How what is carried moves: as one rigid thing, from a place `at` (3,) in the photo, pixels, that goes with the
    part number `part`. It stays upright; `turns` tells whether it turns with the part about the vertical (on a trunk,
    not from a hand), `held` whether it turns with it in the picture, as what a hand does not let hang."""

    at: np.ndarray
    part: int
    turns: bool
    held: bool = False

    def placed(self, how: Motion) -> np.ndarray:
        """(3,) pixels, where it hangs after a motion."""
        step = how.scale[self.part] * (self.at - how.source[self.part])
        return how.rotation[self.part] @ step + how.target[self.part]

    def hung(self, rest: torch.Tensor, moved: torch.Tensor, how: Motion) -> torch.Tensor:
        """(V, 3) the vertices of its sheet, `rest` (V, 3) in the photo; as `Drapery.hung`."""
        turn = self._turn(how)
        matrix, at, to = (
            rest.new_tensor(v) for v in (turn * float(np.median(how.scale)), self.at, self.placed(how))
        )
        return (rest - at) @ matrix.T + to

    def _turn(self, how: Motion) -> np.ndarray:
        """(3, 3) rotation."""
        rotation = how.rotation[self.part]
        if self.turns:
            ahead = rotation @ np.array([0.0, 0.0, -1.0])
            return about(np.array([0.0, 1.0, 0.0]), float(np.arctan2(-ahead[0], -ahead[2])))
        if self.held:
            a, b = how.bone[self.part], rotation @ how.bone[self.part]
            angle = float(np.arctan2(a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1]))
            return about(np.array([0.0, 0.0, 1.0]), angle)
        return np.eye(3)

    def ahead(self, how: Motion, stature: float) -> bool:
        """Whether it hangs before the body or beside it after a motion."""
        behind = float(self.placed(how)[2] - how.target[INDEX["pelvis"]][2])
        return behind < (0 if self.turns else BEHIND * stature)

    def opens(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Bool, as x: its sheet is closed all round."""
        return torch.zeros_like(x, dtype=torch.bool)

    def shade(self, y: torch.Tensor, within: torch.Tensor) -> torch.Tensor:
        """(n,) as y: nobody sees it from within."""
        return torch.ones_like(y)
