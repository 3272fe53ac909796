"""The sides of a head, which a photo of a face shows edge-on in a few columns of pixels: drawn anew for each side as a
picture from there, of what the photo tells.

A side's picture lies in the plane of the head's height and depth. What the photo saw squarely enough is laid out in it;
the skin of the cheek goes on to the ear and behind it, hair from where it begins, with a grain like its own
(strands.py), down to a hairline that the photo tells where it shows hair at the outline, and a standard one where it
shows skin. An ear stands before both unless the photo shows hair or cloth in its place. A side of which the photo shows
hardly anything is as the other one. It is drawn when it is first looked at: most poses show none of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
import torch.nn.functional as F

from . import ear, field
from .head import Head
from .layout import Layout
from .strands import Grain

HEIGHTS, DEPTHS = (0.17, -0.3), (-0.08, 0.14)
"""Statures of the head against the middle of the ears: a side's picture from top to bottom and from front to back. It
holds hair that stands out as far as `head.GROWN` lets it, and that hangs down to the waist."""
FINEST = 0.0004
"""Statures to a pixel of a side's picture at least, as the ear's table has: it has 1.3 megabytes of each at most."""
SQUARE = (0.2, 0.45)
"""Cosine between the surface and the camera from which on what the photo shows of it is used, and wholly. By eye."""
OUTER, RIM = 0.008, 0.0015
"""Statures inwards of the outline between which the photo tells, row by row, whether a head's side is hair or skin."""
COVERED = (0.35, 0.65)
"""Share of hair at the ears' height from which on hair hides an ear, and all of it."""
EAR = 0.012
"""Statures over and under the middle of the ears at which that is looked for."""
SKINNED = (0.06, 0.1)
"""Distance of two colours' shares of red, green and blue from which on what lies at the ears is not of the face's skin,
and surely not: a hood, a scarf. White is 0.14 from light skin. By eye."""
FACE = 0.02, -0.01, 0.03
"""How far beside the middle a face's skin is looked for, and from where down to where under the ears' middle: no
hood, no beard; statures."""
ONE_SIDED = 0.1
"""Share of a head's seen pixels that a side must have of them, or it is drawn like the other."""
HAIRLINE = (
    (0.06, -0.035), (0.032, -0.016), (0.021, -0.006), (0.013, 0.0085), (0.0, 0.013), (-0.012, 0.016),
    (-0.024, 0.03), (-0.034, 0.05), (-0.04, 0.2),
)  # fmt: skip
"""Heights over and depths behind the middle of the ears where hair begins on the side of a head whose ears show: from
the temple down before the ear, over it and behind it to the nape, statures. By eye."""
SOFT = 0.003
"""Statures over which hair goes over into skin."""
EVEN = 0.006
"""Statures over which the hairline is smooth up and down: what its own strands do there the photo does not tell."""
SKIN, HAIR = 0.012, 0.008
"""Statures over which the colours of skin and of hair beyond what was seen are smooth. By eye."""
MIDDLE = 0.012
"""Statures over which both sides go over into each other along the crown. By eye."""
HANGS = (-0.05, -0.035)
"""Heights in statures of the head up to which hair outside the skull's outline hangs by itself, and from which on it is
the head's side: beside lobe and jaw. By eye."""
ONE_SIDE = 0.6
"""Surplus of one side in what is shown of both from which on only that one is turned to the camera. By eye."""
WHORL, CROWN = (0.07, 0.035), 0.05
"""Height over and depth behind the middle of the ears from where hair lies away to all sides, and the height from which
downwards it hangs, in statures; by eye."""
FACING = (0.25, 0.75)
"""Share by which a far side's surface faces sideways from which on it shows the side's picture. By eye."""
LOWEST = (-0.064, -0.055)
"""Heights in statures of the head below which a side's picture is not shown, and from which on it is: there is the
neck."""
NOSE = (-0.055, -0.042)
"""The same of depths, from before to behind: a nose is its own."""


@dataclass(frozen=True, eq=False)
class HeadSide:
    """Both sides of a head as they are drawn; skull (H, W) 1 natively where the layer is no hair that hangs by itself;
    rotation (3, 3), origin (3,) and scale those of the head."""

    drawing: Drawing
    skull: torch.Tensor
    rotation: torch.Tensor
    origin: torch.Tensor
    scale: float

    def at(self, points: torch.Tensor, local: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
        """(3, n) sRGB of points (n, 3) of the photographed head's surface, pixels of the camera frame, at `local`
        (n, 2) of the layer, that show it by `share` (n,)."""
        x, y, z = _own(points, self.rotation, self.origin, self.scale)
        pitch = self.drawing.pitch
        places = torch.stack(((z - DEPTHS[0]) / pitch, (HEIGHTS[0] + y) / pitch), -1) - 0.5
        left = (x / MIDDLE + 0.5).clamp(0, 1)
        # Where one side is turned to the camera, what a gap shows of the other's inside is to look like it.
        turned = float((share * (2 * left - 1)).sum() / share.sum().clamp(min=1e-6))
        if abs(turned) > ONE_SIDE:
            left = torch.full_like(left, float(turned > 0))
        skull, hair = (
            torch.lerp(field.sample(both[1], places), field.sample(both[0], places), left)
            for both in self.drawing.pictures
        )
        return torch.lerp(hair, skull, self.on_skull(local))

    def ahead(self, points: torch.Tensor) -> torch.Tensor:
        """(n,) in [0, 1] how far points (n, 3) are so high on the head that no neck comes before it."""
        _, y, _ = _own(points, self.rotation, self.origin, self.scale)
        low, high = LOWEST
        return ((-y - low) / (high - low)).clamp(0, 1)

    def on_skull(self, local: torch.Tensor) -> torch.Tensor:
        """(n,) in [0, 1] how far places (n, 2) of the layer are no hair that hangs by itself."""
        return field.sample(self.skull[None], local)[0]

    def share(self, points: torch.Tensor, local: torch.Tensor, edge_on: torch.Tensor) -> torch.Tensor:
        """(n,) how far points (n, 3), at `local` (n, 2) of the layer, show it that were photographed as `edge_on` (n,)
        in [0, 1]."""
        _, _, z = _own(points, self.rotation, self.origin, self.scale)
        low, high = NOSE
        skull = self.ahead(points) * ((z - low) / (high - low)).clamp(0, 1)
        return edge_on * torch.lerp(torch.ones_like(z), skull, self.on_skull(local))

    def of_hair(self) -> HeadSide:
        """The same where all of a layer is hair that hangs by itself."""
        return replace(self, skull=torch.zeros_like(self.skull))

    def sideways(self, normal: torch.Tensor) -> torch.Tensor:
        """(n,) in [0, 1] how far surfaces with unit normals (n, 3) in the photo's camera frame are a side's."""
        low, high = FACING
        return (((normal @ self.rotation)[:, 0].square() - low) / (high - low)).clamp(0, 1)


def _own(points: torch.Tensor, rotation: torch.Tensor, origin: torch.Tensor, scale: float):
    """x to the person's left, y down and z backwards of points (..., 3), in statures of the head."""
    return ((points - origin) @ rotation / scale).unbind(-1)


def head_side(
    layout: Layout,
    head: Head,
    near: torch.Tensor,
    colour: torch.Tensor,
    seen: torch.Tensor,
    hair: torch.Tensor | None,
    strands: torch.Tensor,
    grain: Grain,
    hanging: torch.Tensor,
) -> HeadSide:
    """Of a head whose near side lies at `near` (gh, gw) on the fine grid: colour (3, h, w), seen and hair (h, w) or
    None, strands (h, w) what tells the colour of hair and grain what it is like; hanging (gh, gw) where it hangs by
    itself."""
    device = colour.device
    rotation, origin = (
        torch.as_tensor(values, dtype=torch.float32, device=device) for values in (head.rotation, head.origin)
    )
    depth, loose = layout.to_native(torch.stack((near, hanging)))
    up, _ = head.height(*layout.cells())
    low, high = HANGS
    loose = loose * layout.to_native(((high - up) / (high - low)).clamp(0, 1)[None])[0]
    covered = torch.zeros_like(seen) if hair is None else ((hair - 0.5) * 4 + 0.5).clamp(0, 1)
    y, x = torch.nonzero(seen > 0.9, as_tuple=True)
    place = torch.stack((x + layout.corner[0], y + layout.corner[1], depth[y, x]), 1)
    known = _Known(
        torch.stack(_own(place, rotation, origin, head.scale), 1), colour[:, y, x], covered[y, x], strands[y, x],
        _squareness(depth)[y, x], max(1 / head.scale, FINEST),
    )  # fmt: skip
    return HeadSide(Drawing(known, grain), 1 - loose, rotation, origin, head.scale)


def _squareness(depth: torch.Tensor) -> torch.Tensor:
    """(h, w) the cosine with which a surface of this depth in pixels faces the camera."""
    down, across = torch.gradient(depth)
    return (1 + down.square() + across.square()).rsqrt()


@dataclass(frozen=True, eq=False)
class _Known:
    """Pixels of a head that were seen: place (n, 3) in statures of the head, colour (3, n), hair, what of them tells
    the colour of hair, and how squarely they were seen (n,); pitch of the pictures that they are laid out in."""

    place: torch.Tensor
    colour: torch.Tensor
    hair: torch.Tensor
    strands: torch.Tensor
    square: torch.Tensor
    pitch: float

    def on(self, sign: float) -> _Known:
        """The pixels of one side, and the other's where it has hardly any; x outwards."""
        mine = self.place[:, 0] * sign > 0
        if int(mine.sum()) < ONE_SIDED * len(mine):
            mine = torch.ones_like(mine)
        place = torch.cat((self.place[mine, :1].abs(), self.place[mine, 1:]), 1)
        rest = (values[mine] for values in (self.hair, self.strands, self.square))
        return _Known(place, self.colour[:, mine], *rest, self.pitch)

    def row(self) -> torch.Tensor:
        """(n,) int64 the rows of a side's picture in which they lie."""
        return ((HEIGHTS[0] + self.place[:, 1]) / self.pitch).long().clamp(0, self.size[0] - 1)

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns) of a side's picture."""
        return round((HEIGHTS[0] - HEIGHTS[1]) / self.pitch), round((DEPTHS[1] - DEPTHS[0]) / self.pitch)

    def laid(self, values: torch.Tensor, weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Means (C, h, w) of values (C, n) by weight (n,) in a side's picture, and the weights' sums (h, w)."""
        rows, columns = self.size
        column = ((self.place[:, 2] - DEPTHS[0]) / self.pitch).long().clamp(0, columns - 1)
        total = values.new_zeros(len(values) + 1, rows * columns)
        total.index_add_(1, self.row() * columns + column, torch.cat((values * weight, weight[None])))
        total = total.reshape(-1, rows, columns)
        return total[:-1] / total[-1].clamp(min=1e-6), total[-1]

    def heights(self) -> torch.Tensor:
        """(h, 1) heights over the middle of the ears of a picture's rows."""
        number = torch.arange(self.size[0], device=self.colour.device)
        return (HEIGHTS[0] - (number + 0.5) * self.pitch)[:, None]

    def depths(self) -> torch.Tensor:
        """(1, w) depths behind the middle of the ears of a picture's columns."""
        number = torch.arange(self.size[1], device=self.colour.device)
        return (DEPTHS[0] + (number + 0.5) * self.pitch)[None]

    def cells(self, reach: float) -> int:
        """Statures in the picture's pixels, at least one."""
        return max(1, round(reach / self.pitch))


@dataclass(frozen=True, eq=False)
class Drawing:
    """What the sides of a head are drawn from."""

    known: _Known
    grain: Grain

    @property
    def pitch(self) -> float:
        """Statures of the head to a pixel of the pictures."""
        return self.known.pitch

    @cached_property
    def pictures(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(2, 3, h, w) both sides, the person's left first, of heights and depths, and the same as if all of them were
        hair."""
        sides = [_pictures(self.known.on(sign), self.grain) for sign in (1.0, -1.0)]
        return tuple(torch.stack(both) for both in zip(*sides, strict=True))


def _pictures(known: _Known, grain: Grain) -> tuple[torch.Tensor, torch.Tensor]:
    """(3, h, w) one side of a head, and the same all of hair."""
    low, high = SQUARE
    square = ((known.square - low) / (high - low)).clamp(0, 1)
    outer = _outer(known)
    at_outline = _outline(known, outer)
    hair = _hair(known, square, at_outline)
    skin = _continued(known, square.square() * (1 - known.hair).square(), SKIN)
    grown = _continued(known, (0.05 + square) * known.strands, HAIR) + grain.on(_lie(known), 1 / known.pitch)
    shade, own = ear.seen_at(*torch.broadcast_tensors(known.heights(), known.depths()))
    bare = _bare(known, outer, at_outline)
    skin = skin * torch.lerp(torch.ones_like(shade), shade, bare)
    return torch.lerp(skin, grown, hair * (1 - own * bare)).clamp(0, 1), grown.clamp(0, 1)


def _bare(known: _Known, outer: torch.Tensor, at_outline: torch.Tensor) -> torch.Tensor:
    """A number in [0, 1]: how far an ear shows, by what lies at the outline (`outer` (n,) bool) at its height: neither
    hair nor anything but skin."""
    low, high = COVERED
    bare = 1 - ((at_outline[known.heights().abs() < EAR].mean() - low) / (high - low)).clamp(0, 1)
    tone = known.colour / known.colour.sum(0).clamp(min=1e-3)
    there = (outer & (known.place[:, 1].abs() < EAR)).float() * (1 - known.hair)
    out, down, _ = known.place.T
    face = ((out < FACE[0]) & (down > FACE[1]) & (down < FACE[2])).float() * (1 - known.hair)
    ears, skin = ((tone * weight).sum(1) / weight.sum().clamp(min=1e-6) for weight in (there, face))
    low, high = SKINNED
    unlike = (((ears - skin).norm() - low) / (high - low)).clamp(0, 1)
    return bare * torch.where((there.sum() > 0) & (face.sum() > 0), 1 - unlike, 1)


def _outer(known: _Known) -> torch.Tensor:
    """(n,) bool: the pixels along the head's outline, but for the outermost, which are partly background."""
    row = known.row()
    most = known.colour.new_zeros(known.size[0]).scatter_reduce(0, row, known.place[:, 0], "amax")
    inwards = most[row] - known.place[:, 0]
    return (inwards < OUTER) & (inwards > RIM)


def _outline(known: _Known, outer: torch.Tensor) -> torch.Tensor:
    """(h, 1) how much of the head's outline, `outer` (n,) bool, is hair at each height."""
    total = known.colour.new_zeros(2, known.size[0])
    total.index_add_(1, known.row(), torch.stack((known.hair, torch.ones_like(known.hair))) * outer)
    there = (total[1] > 0).float()
    share = (total[0] / total[1].clamp(min=1e-6) * there)[None]
    share = _along(share, known.cells(EVEN)) / _along(there[None], known.cells(EVEN)).clamp(min=1e-6)
    found = torch.nonzero(there).squeeze(1)
    if not len(found):
        return share.T
    # Beyond the last row that was seen it is as in that.
    number = torch.arange(len(there), device=share.device).clamp(int(found[0]), int(found[-1]))
    return share[:, number].T


def _along(values: torch.Tensor, reach: int) -> torch.Tensor:
    """(C, h) the mean over `reach` rows to both sides, twice over."""
    for _ in range(2):
        values = F.avg_pool1d(F.pad(values[None], (reach, reach), "replicate"), 2 * reach + 1, 1)[0]
    return values


def _hair(known: _Known, square: torch.Tensor, at_outline: torch.Tensor) -> torch.Tensor:
    """(h, w) in [0, 1] where a side is hair."""
    seen, weight = known.laid(known.hair[None], square)
    sure = (weight / (weight + 0.2)) * (weight > 0.05)
    told = field.extrapolate(seen, (weight > 0.05).float())[0]
    line = _hairline(known.heights())
    standard = ((known.depths() - line) / SOFT + 0.5).clamp(0, 1)
    # Where the outline is hair all behind what was seen is: from there on back it goes on.
    behind = torch.maximum(told, standard)
    guess = torch.lerp(standard, behind, at_outline)
    near = field.box_blur(field.dilate(sure, known.cells(SOFT))[None], known.cells(SOFT))[0]
    hair = torch.lerp(guess, told, near)
    hair = field.box_blur(_along(hair.T, known.cells(EVEN)).T[None], known.cells(SOFT / 2))[0]
    return ((hair - 0.5) * 2 + 0.5).clamp(0, 1)


def _hairline(height: torch.Tensor) -> torch.Tensor:
    """(h, 1) the depths of HAIRLINE at heights (h, 1)."""
    heights, depths = (height.new_tensor(values) for values in zip(*HAIRLINE, strict=True))
    after = torch.searchsorted(-heights, -height).clamp(1, len(heights) - 1)
    way = ((heights[after - 1] - height) / (heights[after - 1] - heights[after])).clamp(0, 1)
    return torch.lerp(depths[after - 1], depths[after], way)


def _continued(known: _Known, weight: torch.Tensor, reach: float) -> torch.Tensor:
    """(3, h, w) the colours of the pixels that count by weight (n,), of all where none does, and smoothly on from
    them."""
    mean, total = known.laid(known.colour, weight)
    if not bool((total > 0.05).any()):
        mean, total = known.laid(known.colour, torch.ones_like(weight))
    size = known.cells(reach)
    there = (total > 0.05).float()
    smooth = field.extrapolate(mean, there)
    return field.box_blur(field.box_blur(smooth, size), size)


def _lie(known: _Known) -> torch.Tensor:
    """(2, h, w) unit, depth and downwards, along what hair lies on a head's side: away from the whorl, and lower down
    downwards."""
    height, depth = torch.broadcast_tensors(known.heights(), known.depths())
    away = torch.stack((depth - WHORL[1], WHORL[0] - height))
    down = torch.stack((0.15 * torch.ones_like(depth), torch.ones_like(depth)))
    share = ((CROWN - height) / CROWN).clamp(0, 1)
    return F.normalize(torch.lerp(F.normalize(away, dim=0), down, share * away[0].sign().clamp(min=0)), dim=0)
