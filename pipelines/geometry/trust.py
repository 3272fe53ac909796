"""Which of a layer's own pixels are to be believed where another layer lies beside it.

There a pixel may be partly the neighbour, its shade, or the background in the gap between the two. It is believed where
some place of the layer's own interior close by has its colour (so that skin stays skin, sleeve sleeve and shirt shirt,
and a jacket's edge is not its lining), and no place of the neighbours' or the background has it more exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from . import field
from .carried import BAG
from .layout import Layout

BESIDE = 0.022
"""Fraction of stature (38 mm on 1.75 m) from a neighbour within which a layer's pixels are looked at: about how far the
shade of a hanging arm reaches. By eye."""
INTERIOR = 0.009
"""Fraction of stature from any border at which the layer's interior begins. By eye."""
AROUND, RINGS, WAYS = 0.032, 4, 16
"""Fraction of stature as far as which a pixel's colour is looked for in the interior, and on how many rings and in how
many directions. By eye."""
BEYOND = 0.09
"""The same as far as which the background is looked for: beyond the arm that a gap lies beside. By
eye."""
SPUR = 0.008
"""Fraction of stature: half the breadth of what is too thin to be trunk or thigh. By eye."""
UNEVEN = 0.006
"""Fraction of stature (10 mm on 1.75 m) over which a trunk's outline is evened where an arm lay beside it. By eye."""
LINE = 0.004
"""Fraction of stature (7 mm on 1.75 m): the breadth of the dark line where an arm touches. By eye."""
DARK = 0.6
"""Brightness (sRGB) over that further in below which the border of an arm is a line of shade; a round arm darkens
towards its border to 0.7 of it on the development photos. By eye."""
SLIVER = 0.005
"""Fraction of stature: half the width of a fold, a seam or a gap between fingers that is no border. By eye."""
STRETCH, SOME = 0.03, 0.5
"""Fraction of stature, an arm's breadth, over which so much of an arm must be believed before anything is cut off. By
eye."""
FURTHER = 3
"""Times BESIDE from an interior from which on a limb without one is taken to be too narrow for it."""
LEAN = (0.6, 0.75)
"""Half-breadth of a limb over the depth of an interior from which on its middle is known; and over its half-breadth,
how far from its borders that is. By eye."""
WAY = 4
"""Pixels to the side of the squares in which ways out of an arm are looked for: a narrower one is noise."""
EDGE = 2
"""Pixels over which an outline that was cut is evened: half of the squares that are judged as one."""
FLOOR = 1.5e-3
"""Variance of a channel: 0.04 of its range, about the noise and shading inside one plain surface (as in matte.py)."""
USUAL, SAME = 11.0, 3.0
"""Squared Mahalanobis distance (three channels) within which a colour is that of a place: 99 % of a normal
distribution; and up to which nobody asks who else has it: 60 %."""
ALIKE = 6.0
"""By how much likelier a neighbour may have a colour that is also the layer's own: a jacket's body and its sleeve are
of one cloth, and what is mistaken for the other there does no harm. By eye."""


Gain = tuple[float, float]
PLAIN, ROUNDED, SHADED = (1.0, 1.0), (0.5, 1.3), (0.4, 0.95)
"""Brightness over that of a place: as it is; as a round limb is towards its border; as cloth is in an arm's shade."""


def _lies_over(name: str) -> bool:
    """Whether a layer is one that lies over trunk and legs and leaves them: an arm, or a bag."""
    return name.endswith("arm") or name == BAG


def neighbours(name: str, names: Iterable[str]) -> list[str]:
    """The layers beside which a layer's pixels are looked at: all others for an arm or a bag, these for the trunk, and
    these and the other leg for a leg (a shirt's hem on a leg is no contact that ends)."""
    others = [n for n in names if n != name]
    if _lies_over(name):
        return others
    return [n for n in others if _lies_over(n) or (name != "trunk" and n.endswith("leg"))]


@dataclass(frozen=True, eq=False)
class Contact:
    """Where a layer meets others, all (h, w) in [0, 1] on the native crop: `own` what is seen of it, `other` what is
    seen of the layers that it may touch, `over` of those that lie over it, `person` of anybody; tall the stature in
    pixels; lit whether the layer may be darker or lighter towards its border than inside, as a round limb is."""

    own: torch.Tensor
    other: torch.Tensor
    over: torch.Tensor
    person: torch.Tensor
    tall: float
    lit: bool

    @classmethod
    def of(cls, name: str, seen: dict[str, torch.Tensor], tall: float) -> Contact:
        """The named layer's; seen (h, w) per layer."""
        nothing = torch.zeros_like(seen[name])
        # A limb's joint with the trunk is one surface: what both show is no neighbour.
        rest = {n: values * (1 - seen[name]) for n, values in seen.items() if n != name}
        other = [rest[n] for n in neighbours(name, rest)]
        lit = name.endswith("arm")
        arms = [] if lit else [rest[n] for n in rest if _lies_over(n)]
        return cls(
            seen[name],
            torch.stack([nothing, *other]).amax(0),
            torch.stack([nothing, *arms]).amax(0),
            torch.stack(list(seen.values())).amax(0),
            tall,
            lit,
        )


@dataclass(frozen=True, eq=False)
class _Places:
    """The cells of the label grid (gh, gw) as somebody may know them: look (gh gw, 4) mean colour and variance of a
    channel; who (gh gw,) int64, bit k set where set k of cells knows the place."""

    look: torch.Tensor
    who: torch.Tensor
    grid: tuple[int, int]

    @classmethod
    def of(cls, mean: torch.Tensor, variance: torch.Tensor, known: list[torch.Tensor]) -> _Places:
        """mean (3, gh, gw), variance (gh, gw), known (gh, gw) 1 or 0 for each set."""
        look = torch.cat((mean, variance[None])).flatten(1).T.contiguous()
        who = sum((cells > 0).long().flatten() << k for k, cells in enumerate(known))
        return cls(look, who, tuple(variance.shape))

    def likest(
        self,
        colour: torch.Tensor,
        row: torch.Tensor,
        column: torch.Tensor,
        reach: float,
        asked: list[tuple[int, Gain]],
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """For each question, a set and a range of brightness: (n,) squared Mahalanobis distance from each colour (n, 3)
        to that of the likest place that the set knows within `reach` cells of its cell, after the brightness that suits
        best; and (n,) twice the negative logarithm of the greatest likelihood that a place gives it, up to what is the
        same for all: a place of many colours has each of them seldom. Infinite where it knows none."""
        best = [(torch.full_like(colour[:, 0], float("inf")),) * 2 for _ in asked]
        height, width = self.grid
        for ring in range(1, RINGS + 1):
            for way in range(WAYS):
                angle = 2 * math.pi * (way + 0.5 * (ring % 2)) / WAYS
                y = (row + round(reach * ring / RINGS * math.sin(angle))).clamp(0, height - 1)
                x = (column + round(reach * ring / RINGS * math.cos(angle))).clamp(0, width - 1)
                at = y * width + x
                look, who = self.look[at], self.who[at]
                spread = 3 * (look[:, 3] / FLOOR).log()  # three channels
                distance = {lit: _distance(colour, look, lit) for lit in {lit for _, lit in asked}}
                for k, (number, lit) in enumerate(asked):
                    known = (who >> number) & 1 > 0
                    away = torch.where(known, distance[lit], torch.inf)
                    unlike = torch.where(known, distance[lit] + spread, torch.inf)
                    best[k] = torch.minimum(best[k][0], away), torch.minimum(best[k][1], unlike)
        return best


def believed(
    layout: Layout, picture: torch.Tensor, contact: Contact, prints: torch.Tensor | None = None
) -> torch.Tensor:
    """(h, w) bool: the layer's own pixels whose colour is its own.

    picture (3, h, w); prints (h, w) in [0, 1], where they are known: their colours tell of no other place, or the dark
    between shirt and arm would be taken for letters.
    """
    own = contact.own > 0.95
    pitch = layout.cell / 2
    cells = {"own": contact.own, "other": contact.other, "person": contact.person}
    cells = {name: layout.to_grid(values, 2) for name, values in cells.items()}
    touching = ((cells["other"] > 0.5) & (cells["own"] < 0.5)).float()
    reach, depth = (max(1, round(share * contact.tall / pitch)) for share in (BESIDE, INTERIOR))
    beside = field.dilate(touching, reach) > 0
    if not bool((beside & (cells["own"] > 0)).any()):
        return own
    deep = _interior(cells["own"] > 0.95, depth, contact.lit)
    if prints is not None:
        deep = deep * (field.dilate((layout.to_grid(prints, 2) > 0).float(), 1) == 0)
    known = (deep, field.erode(touching, depth // 2), field.erode((cells["person"] < 0.05).float(), 1))
    cells["over"] = field.dilate((layout.to_grid(contact.over, 2) > 0.3).float(), reach)
    fine = _spots(layout.cell)
    size = layout.size[0] // fine, layout.size[1] // fine
    spots, mine = F.avg_pool2d(torch.cat((picture, own[None].float()))[None], fine)[0].split((3, 1))
    near = F.interpolate(beside.float()[None, None], size=size, mode="nearest")[0, 0] > 0
    row, column = torch.nonzero((mine[0] > 0) & near, as_tuple=True)
    place = (row * fine / pitch).long(), (column * fine / pitch).long()
    pixels = spots[:, row, column].T.contiguous()
    places = _Places.of(*_measured(layout, picture), [*known, deep * (cells["over"] == 0)])
    questions = [(0, PLAIN), (0, ROUNDED if contact.lit else PLAIN), (1, PLAIN)]
    if not contact.lit:
        questions += [(3, PLAIN), (3, SHADED)]
    plain, mine, theirs, *far = places.likest(pixels, *place, AROUND * contact.tall / pitch, questions)
    # What shows in a gap beside an arm lies in the shade of both.
    dimmed = [(2, PLAIN)] if contact.lit else [(2, PLAIN), (2, SHADED)]
    behind = places.likest(pixels, *place, BEYOND * contact.tall / pitch, dimmed)
    behind = torch.stack([unlike for _, unlike in behind]).amin(0)
    good = (mine[0] < USUAL) & ((plain[1] < SAME) | (mine[1] < torch.minimum(theirs[1] + ALIKE, behind)))
    if far:
        shade = (far[0][0] > USUAL) & (far[1][0] < USUAL)
        good &= ~(shade & (cells["over"][place] > 0))
    out = torch.ones(size, device=own.device)
    out[row, column] = (good | mine[0].isinf()).float()
    out = own & (layout.to_native(out[None])[0] > 0.5)
    return out & _reached(layout, out, deep, reach)


def _interior(own: torch.Tensor, depth: int, limb: bool) -> torch.Tensor:
    """(gh, gw) 1 on the cells of `own` (bool) that are `depth` from all borders; of a limb that is little broader than
    that also its middle, or nothing would tell of it but the sleeve next to it."""
    deep = field.erode(own.float(), depth)
    if not limb or not bool(own.any()) or bool(own.all()):
        return deep
    away = field.nearest(~own).square().sum(0).sqrt() * own
    half = field.dilate(away, depth)
    return torch.maximum(deep, ((half >= LEAN[0] * depth) & (away >= LEAN[1] * half)).float() * own)


def _spots(cell: int) -> int:
    """Pixels to the side of the squares that are looked at as one: a quarter of a cell of the mesh at most, for it is
    about borders that are as sharp as that, and a divisor of it."""
    return next(side for side in range(max(1, cell // 4), 0, -1) if cell % side == 0)


def without_dark_line(
    layout: Layout, picture: torch.Tensor, own: torch.Tensor, bare: torch.Tensor, contact: Contact
) -> torch.Tensor:
    """(h, w) bool: the `own` pixels (bool) of an arm without those of `bare` skin (bool) that are, beside what it
    touches, much darker than further in, and without what lies beyond them: the line of shade between both, which
    would go with the arm as dark dashes."""
    reach = max(1, round(LINE * contact.tall))
    near = field.dilate((contact.other > 0.5).float(), reach) > 0
    skin = own & bare & ~near
    inner = layout.to_grid(skin.float())
    if not bool((near & own & bare).any()) or not bool((inner > 0.5).any()):
        return own
    grey = layout.to_grid((picture.mean(0) * skin)[None]) / inner.clamp(min=1e-4)
    usual = layout.to_native(field.extrapolate(grey, (inner > 0.5).float()))[0]
    line = field.dilate((near & bare & (picture.mean(0) < DARK * usual)).float(), 1) > 0
    rest = own & ~(line & near & bare)
    open_ = layout.to_grid(rest.float(), 2) > 0.6
    core = layout.to_grid((own & ~near).float(), 2) > 0.95
    whole = field.dilate(field.flooded((core & open_)[None], open_[None])[0].float(), 1)
    beyond = F.interpolate(whole[None, None], size=own.shape, mode="nearest")[0, 0] == 0
    return rest & ~(beyond & bare & (field.dilate(near.float(), reach) > 0))


def cut_free(parted: torch.Tensor, own: torch.Tensor, contact: Contact) -> torch.Tensor:
    """(h, w) the matte of an arm that leaves what it lay on, without the slivers and the haze of that along its border,
    nor of the background in the gap between the two.

    own (h, w) bool, from `believed`. Only what lies outside the arm's own outline goes: a dark fold inside it stays.
    """
    reach = max(1, round(SLIVER * contact.tall))
    whole = field.erode(field.dilate(own.float(), reach), reach)
    outside = _open_to(contact.own < 0.05, whole < 0.5)
    sliver = (contact.own > 0.95) & ~own & outside
    sliver = (field.dilate(sliver.float(), 2) > 0) & outside  # with its own soft border
    near = field.dilate((contact.other > 0.5).float(), 4 * reach) > 0
    haze = near & (field.dilate(whole, max(2, reach // 2)) < 0.5) & ((contact.own > 0.05) | (parted < 0.9))
    seen = (contact.own > 0.95).float()
    mine, shown = field.box_blur(torch.stack((own * seen, seen)), max(1, round(STRETCH * contact.tall)))
    told = mine >= SOME * shown  # where hardly any of the arm is believed nothing is known of its outline
    gone = ((sliver | haze) & told).float()
    return torch.where(
        field.dilate(gone, 4 * EDGE) > 0, torch.minimum(parted, _smooth(parted * (1 - gone))), parted
    )


def _open_to(beyond: torch.Tensor, open_: torch.Tensor) -> torch.Tensor:
    """(h, w) bool: what is open (bool) and hangs together with what lies beyond (bool), by ways of WAY pixels at least:
    what an arm encloses, a mark or a shade that something left, is no part of its outline."""
    height, width = open_.shape
    short = (0, -width % WAY, 0, -height % WAY)
    cells = [F.max_pool2d(F.pad(v.float()[None], short), WAY) > 0 for v in (beyond & open_, open_)]
    reached = F.interpolate(field.flooded(*cells).float()[None], scale_factor=WAY)[0, 0, :height, :width]
    return open_ & (reached > 0)


def _smooth(matte: torch.Tensor) -> torch.Tensor:
    """(h, w) a matte whose outline is that of the squares it was judged by, with the outline evened."""
    even = matte[None]
    for _ in range(2):
        even = field.box_blur(even, EDGE)
    return ((even[0] - 0.5) * EDGE + 0.5).clamp(0, 1)


def without_steps(parted: torch.Tensor, contact: Contact) -> torch.Tensor:
    """(h, w) the matte of what an arm leaves with an even outline beside the arm: where a gap begins, what was seen of
    it goes over into a guess, with a step."""
    near = field.dilate((contact.over > 0.3).float(), round(BESIDE * contact.tall))
    reach = max(1, round(UNEVEN * contact.tall))
    even = parted[None]
    for _ in range(3):
        even = field.box_blur(even, reach)
    even = ((even[0] - 0.5) * 2 * reach + 0.5).clamp(0, 1)
    near = field.box_blur(field.erode(near, 2 * reach)[None], reach)[0]
    return torch.lerp(parted, even, near)


def without_spurs(parted: torch.Tensor, contact: Contact) -> torch.Tensor:
    """(h, w) the matte of what an arm leaves, without thin points beside the arm (an opening by a square): what is thin
    there was the shade in a gap, or the place between two fingers."""
    near = field.dilate((contact.over > 0.3).float(), round(BESIDE * contact.tall))
    reach = max(1, round(SPUR * contact.tall))
    whole = field.dilate(field.erode(parted, reach), reach)
    return torch.lerp(parted, torch.minimum(parted, whole), near)


def _measured(layout: Layout, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean colour (3, gh, gw) of each cell of the label grid and variance (gh, gw) of a channel in it."""
    mean = layout.to_grid(picture, 2)
    square = layout.to_grid(picture.square().sum(0), 2)
    return mean, (square - mean.square().sum(0)).clamp(min=0) / 3 + FLOOR


def _distance(colour: torch.Tensor, look: torch.Tensor, lit: Gain) -> torch.Tensor:
    """(n,) squared Mahalanobis distance of colours (n, 3) from places (n, 4), their mean colour and variance, after the
    brightness out of `lit` that suits best."""
    mean = look[:, :3]
    if lit != PLAIN:
        gain = (colour * mean).sum(1) / mean.square().sum(1).clamp(min=1e-6)
        mean = mean * gain.clamp(*lit)[:, None]
    return (colour - mean).square().sum(1) / look[:, 3]


def _reached(layout: Layout, good: torch.Tensor, deep: torch.Tensor, steps: int) -> torch.Tensor:
    """(h, w) bool: the good pixels that hang together with the interior; the others are specks beyond a border. Where a
    limb is too narrow to have an interior near by, nothing tells, and all are kept."""
    open_ = layout.to_grid(good.float(), 2) > 0.6
    reached = deep
    for _ in range(FURTHER * steps):
        reached = torch.maximum(field.dilate(reached, 1) * open_, deep)
    narrow = (field.dilate(deep, FURTHER * steps) == 0).float()
    kept = torch.maximum(field.dilate(reached, 1), narrow)
    near = F.interpolate(kept[None, None], size=good.shape, mode="nearest")[0, 0] > 0
    return good & near
