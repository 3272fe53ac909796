"""A drawn figure cut into flat layers: trunk, arms and legs, each with its own picture, edge and skinning weights.

One sheet of paper as long as a limb stays where it was drawn: round its root the limb's layer and the trunk's are the
same surface with the same weights, so that outlines run on and bend. Elsewhere they are cut from each other. A limb
that swings about a joint well inside the trunk (a leg under a skirt) is cut off and goes on under it instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from .. import field
from ..layout import Layout
from ..motion import Bones
from ..parts import LAYERS, PARTS
from .axes import Axis, Shape, before_root, core, limb_axis, power, trunk_axis
from .outline import Line, outline_of

ROWS = 256
"""Rows of the mesh over a figure: a line of 1/100 of its size is two cells broad."""
LEAST = 2
"""Pixels of a mesh cell at the least."""
BEND = 0.7
"""Half-breadths of a limb over which its parts share the motion at a joint: it bends within its own breadth."""
ZONE = (1.4, 1.5, 2.4)
"""Limb and trunk are one sheet this many half-breadths round the limb's root; and, where the limb's first stretch of
the second length is nearest, as near as that to the border between them, no further from the root than the third: a
broad limb joins on a broad front. By eye."""
MOST_STEPS = 200
"""Of the diffusion: parts share the motion over ten cells at most."""
INWARDS = 0.3
"""Half-breadths of a limb by which the trunk's outline, continued under it, lies inside the trunk's mass."""
GROUND_CELL, GROUND_BLUR = 16, 2
"""Pixels of a cell in which the ground's shade is measured, and cells over which it is smoothed."""
BARE, THIN = 0.02, 0.25
"""Matte under which a pixel is all ground, and the least by which the ground is taken out of an edge."""
FAR = 1e6


@dataclass(frozen=True, eq=False)
class FlatLayer:
    """One layer of a figure on the native crop: `matte` (h, w), `seen` (h, w) the share of it that was drawn there,
    `colour` (3, h, w); on the mesh grid: `inside` (gh, gw) bool with a margin, `weights` (P, gh, gw)."""

    name: str
    matte: torch.Tensor
    seen: torch.Tensor
    colour: torch.Tensor
    inside: torch.Tensor
    weights: torch.Tensor


@dataclass(frozen=True, eq=False)
class CutFigure:
    """The layers of a figure, the crop that they lie on, and how deep its pixels lie in its shape (h, w; pixels), its
    outline, and where its limbs swing, (2,) pixels per layer."""

    layers: tuple[FlatLayer, ...]
    layout: Layout
    depth: torch.Tensor
    line: Line | None
    pivots: dict[str, np.ndarray]


def layout_round(matte: torch.Tensor) -> Layout:
    """The crop round a figure's matte (H, W)."""
    rows, columns = (torch.nonzero(matte.amax(axis) > 0.5).squeeze(1) for axis in (1, 0))
    if len(rows) < 4 or len(columns) < 4:
        raise ValueError(
            "The figure's mask is empty: give a mask that covers the figure, or check the drawing."
        )
    extent = int(max(rows[-1] - rows[0], columns[-1] - columns[0])) + 1
    cell = max(LEAST, 2 * round(extent / ROWS / 2))
    margin = 4 * cell
    corner = int(columns[0]) - margin, int(rows[0]) - margin
    size = tuple(
        -(-(int(last - first) + 1 + 2 * margin) // (2 * cell)) * 2 * cell
        for first, last in ((rows[0], rows[-1]), (columns[0], columns[-1]))
    )
    return Layout(corner, size, cell, tuple(matte.shape), matte.device)


def cut(picture: torch.Tensor, matte: torch.Tensor, frame: Bones) -> CutFigure:
    """The figure of picture (3, H, W) and matte (H, W), whose bones are `frame`, cut into its layers."""
    layout = layout_round(matte)
    crop = layout.crop(foreground(picture, matte))
    edge = layout.crop_mask(matte[None]) * layout.photographed()
    pitch = layout.cell / 2
    small = layout.to_grid(edge, 2)
    shape = Shape.of(small, layout.corner, pitch)
    limbs = {name: limb_axis(shape, frame, name) for name in LAYERS if name != "trunk"}
    limbs = {name: axes for name, axes in limbs.items() if axes is not None}
    axes = {"trunk": trunk_axis(shape, frame, limbs), **{name: axis for name, (axis, _) in limbs.items()}}
    share = _Share.of(layout, shape, axes, edge)
    weights = share.weights(layout, axes)
    depth = layout.to_native(torch.as_tensor(shape.depth, dtype=torch.float32, device=crop.device)[None])[0]
    line = outline_of(crop, depth)
    layers = tuple(_layer(layout, name, axes, share, weights[name], crop, edge, line) for name in axes)
    return CutFigure(layers, layout, depth, line, {name: axis.pivot for name, (axis, _) in limbs.items()})


def foreground(picture: torch.Tensor, matte: torch.Tensor) -> torch.Tensor:
    """(3, H, W) the figure's own colours: in its soft edge (H, W) without the ground that shines through there."""
    ground = F.interpolate(
        shade(picture, matte)[None], scale_factor=GROUND_CELL, mode="bilinear", align_corners=False
    )
    ground = ground[0, :, : matte.shape[0], : matte.shape[1]]
    own = (ground + (picture - ground) / matte.clamp(min=THIN)).clamp(0, 1)
    return torch.where((matte > 0.02) & (matte < 1), own, picture)


def shade(picture: torch.Tensor, matte: torch.Tensor) -> torch.Tensor:
    """(3, h, w) on cells of GROUND_CELL pixels: the paper's own colour, continued under the figure."""
    bare = (matte < BARE).float()
    pooled = F.avg_pool2d(torch.cat((picture * bare, bare[None]))[None], GROUND_CELL, ceil_mode=True)[0]
    known = (pooled[3] > 0.5).float()
    ground = field.extrapolate(pooled[:3] / pooled[3].clamp(min=1e-4), known)
    return field.box_blur(field.box_blur(ground, GROUND_BLUR), GROUND_BLUR).clamp(min=0.02)


@dataclass(frozen=True, eq=False)
class _Share:
    """On the mesh grid: `inside` the shape, `owner` the number of the axis that a cell belongs to, `lead` (K, ...) by
    how many pixels it is nearer to each axis than to any other, `part` (K, ...) the part of the nearest disc, `zone`
    (K, ...) bool, round a limb's root, `away` (K, ...) the signed distances themselves, `mass` bool, the trunk's."""

    inside: torch.Tensor
    owner: torch.Tensor
    lead: torch.Tensor
    part: torch.Tensor
    zone: torch.Tensor
    away: torch.Tensor
    mass: torch.Tensor

    @classmethod
    def of(cls, layout: Layout, shape: Shape, axes: dict[str, Axis], edge: torch.Tensor) -> _Share:
        x, y = (at.float() for at in layout.cells())
        away, part, zone = [], [], []
        for name, axis in axes.items():
            distance, number = power(axis, x, y)
            part.append(torch.as_tensor(axis.part, device=x.device)[number])
            if name == "trunk":
                away.append(distance)
                zone.append(torch.zeros_like(number, dtype=torch.bool))
                continue
            away.append(torch.where(before_root(axis, x, y, number), FAR, distance))
            off = torch.hypot(x - float(axis.root[0]), y - float(axis.root[1])) / axis.thick
            near = off < ZONE[0]
            front = ((distance - away[0]).abs() < ZONE[1] * axis.thick) & (off < ZONE[2])
            start = torch.as_tensor(axis.arc() < ZONE[1] * axis.thick, device=x.device)[number]
            zone.append((near | (front & start)) & (not axis.hidden))
        away, inside = torch.stack(away), layout.to_grid(edge) > 0.3
        mass = core(shape, axes)
        mass = away[0] if mass is None else torch.as_tensor(mass, dtype=away.dtype, device=away.device)
        away[0] = torch.minimum(away[0], mass)
        away = _connected(away, inside)
        best = away.sort(0).values
        lead = torch.where(away <= best[:1], best[1 if len(away) > 1 else 0] - away, best[0] - away)
        return cls(inside, away.argmin(0), lead, torch.stack(part), torch.stack(zone), away, mass < 0)

    def weights(self, layout: Layout, axes: dict[str, Axis]) -> dict[str, torch.Tensor]:
        """(P, gh, gw) skinning weights of each layer on the mesh grid; layers that share a root agree round it."""
        owner, inside, zone = self.owner, self.inside, self.zone
        part = self.part.gather(0, owner[None])[0]
        one_hot = F.one_hot(part, len(PARTS)).permute(2, 0, 1).float() * inside
        used = torch.nonzero(one_hot.flatten(1).any(1)).squeeze(1)
        joined = zone.any(0)
        links = field.neighbour_links(
            horizontal=_linked(owner, inside, joined, 1), vertical=_linked(owner, inside, joined, 0)
        )
        thick = np.median([axis.thick for name, axis in axes.items() if name != "trunk"] or [layout.cell])
        steps = min(int(2 * max(1.0, BEND * thick / layout.cell) ** 2), MOST_STEPS)
        smooth = field.diffuse(one_hot[used], links, steps)
        found = {}
        for k, name in enumerate(axes):
            own = inside & ((owner == k) | (joined if k == 0 else zone[k]))
            spread = field.extrapolate(smooth, own.float())
            weights = torch.zeros_like(one_hot)
            weights[used] = spread / spread.sum(0).clamp(min=1e-6)
            found[name] = weights
        return found


def _linked(owner: torch.Tensor, inside: torch.Tensor, joined: torch.Tensor, axis: int) -> torch.Tensor:
    """1 between neighbouring cells of one sheet."""
    one, two = ((lambda v: (v[:, :-1], v[:, 1:])) if axis else (lambda v: (v[:-1], v[1:])))(owner)
    pairs = [((v[:, :-1], v[:, 1:]) if axis else (v[:-1], v[1:])) for v in (inside, joined)]
    return (pairs[0][0] & pairs[0][1] & ((one == two) | (pairs[1][0] & pairs[1][1]))).float()


def _connected(away: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """(K, h, w) the distances, those of cells put far that do not hang together with their axis inside the shape."""
    owner = away.argmin(0)
    own = torch.stack([(owner == k) & inside for k in range(len(away))])
    lost = own & ~field.flooded(own & (away < 0), own)
    return torch.where(lost, away + FAR / 2, away)


def _layer(
    layout: Layout,
    name: str,
    axes: dict[str, Axis],
    share: _Share,
    weights: torch.Tensor,
    crop: torch.Tensor,
    edge: torch.Tensor,
    line: Line | None,
) -> FlatLayer:
    k, pitch = list(axes).index(name), float(layout.cell)
    zone = share.zone.any(0) if k == 0 else share.zone[k]
    most = 4 * pitch + (0 if line is None else 3 * line.width)
    lead = share.lead[k].clamp(-most, most)
    lead = layout.to_native(torch.where(zone, lead.clamp(min=pitch), lead)[None])[0]
    if k == 0 and line is not None:  # a body's own outline stays with it where a limb was drawn on to it
        lead = lead + 1.5 * line.width * line.inked(crop)
    seen, colour = (0.5 + lead / (0.5 * pitch)).clamp(0, 1) * edge, crop
    matte = seen
    if k == 0:
        under = layout.to_native(_under(axes, share, zone).float()[None])[0]
        matte = torch.maximum(seen, _crisp(under) * edge)
        colour = _continued(crop, seen, line)
    elif axes[name].hidden:
        hidden, along = _sleeve(layout, axes[name])
        matte = torch.maximum(seen, hidden * edge)
        colour = torch.where(seen > 0.5, crop, field.sample(crop, along))
    inside = field.dilate((layout.to_grid(matte) > 0.1).float(), 2) > 0
    return FlatLayer(name, matte, (seen / matte.clamp(min=1e-4)).clamp(0, 1), colour, inside, weights)


def _under(axes: dict[str, Axis], share: _Share, zone: torch.Tensor) -> torch.Tensor:
    """(gh, gw) bool: cells of limbs that lie before the trunk, where the trunk goes on under them."""
    found = torch.zeros_like(share.inside)
    for k, axis in enumerate(axes.values()):
        if k:
            own = share.owner == k
            found |= own & (share.mass if axis.hidden else share.away[0] < -INWARDS * axis.thick)
    return found & share.inside & ~zone


def _crisp(mask: torch.Tensor) -> torch.Tensor:
    """A mask upsampled from the grid, its border made a few pixels wide."""
    return (mask - 0.5).mul(4).add(0.5).clamp(0, 1)


def _continued(crop: torch.Tensor, seen: torch.Tensor, line: Line | None) -> torch.Tensor:
    """(3, h, w) the drawing where the layer is seen; elsewhere its colours continued, without its lines."""
    sure = field.erode((seen > 0.95).float(), 1) > 0
    if line is not None:
        plain = field.erode((~line.inked(crop)).float(), 1) > 0
        sure = sure & plain if bool((sure & plain).any()) else sure
    return torch.where(seen > 0.5, crop, field.extrapolate(crop, sure.float()))


def _sleeve(layout: Layout, axis: Axis) -> tuple[torch.Tensor, torch.Tensor]:
    """(h, w) coverage of a limb's continuation inside the trunk, from its root to its pivot, and (h, w, 2) where on the
    crop its colours come from: the limb's own just outside, at the same distance from its middle."""
    device = layout.device
    x = torch.arange(layout.size[1], device=device).float() + layout.corner[0]
    y = torch.arange(layout.size[0], device=device).float() + layout.corner[1]
    x, y = torch.meshgrid(x, y, indexing="xy")
    way = axis.root - axis.pivot
    length = max(float(np.hypot(*way)), 1e-6)
    along = ((x - float(axis.pivot[0])) * float(way[0]) + (y - float(axis.pivot[1])) * float(way[1])) / length
    aside = ((x - float(axis.pivot[0])) * float(way[1]) - (y - float(axis.pivot[1])) * float(way[0])) / length
    cover = (axis.thick - aside.abs() + 0.5).clamp(0, 1) * ((along > 0) & (along < length + axis.thick))
    step = (length + 1.5 * axis.thick - along).clamp(min=0) / length
    source = torch.stack((x + step * float(way[0]), y + step * float(way[1])), -1)
    return cover, source - source.new_tensor(layout.corner)
