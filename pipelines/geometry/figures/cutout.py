"""A drawn figure moved as a jointed paper figure: flat layers in the picture's plane, lines as broad as drawn.

The layers (cutting.py) are moved in the plane (planar.py), laid over each other in the order that the target
skeleton's z tells, and closed with the figure's own outline where they have parted (outline.py). Nothing is lit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from .. import field
from ..layers import Regions
from ..motion import bones
from ..parts import INDEX
from ..raster import rasterise
from ..skeleton import Skeleton
from ..unmoved import unmoved
from ..warp import warp
from ..warped import Correspondence, Warped
from .cutting import GROUND_CELL, CutFigure, FlatLayer, cut, shade
from .outline import closed, mended
from .planar import Plane, plane_motion
from .quadruped import is_four_legged

Progress = Callable[[float], None]

CRACK = 0.008
"""Half the breadth of cracks that are filled, in the figure's longer side. By eye."""
SHADE = (0.8, 1.25)
"""Most that a moved figure's colours follow the shade of the paper."""


def move(
    picture: torch.Tensor,
    matte: torch.Tensor,
    source: Skeleton,
    target: Skeleton,
    size: tuple[int, int] | None = None,
    regions: Regions | None = None,
    progress: Progress | None = None,
) -> Warped:
    """Move a person or a drawn figure into the target skeleton: `warp.warp`, or flat layers for a flat source."""
    if not source.flat:
        return warp(picture, matte, source, target, size, regions, progress)
    return cut_out(picture, matte, source, target, size or tuple(picture.shape[-2:]), progress)


def cut_out(
    picture: torch.Tensor,
    matte: torch.Tensor,
    source: Skeleton,
    target: Skeleton,
    size: tuple[int, int],
    progress: Progress | None = None,
) -> Warped:
    """Move a drawn figure of picture (1, 3, H, W) and matte (1, 1, H, W) from one flat skeleton into another."""
    before, after = bones(source), bones(target)
    figure = cut(picture[0], matte[0, 0], before)
    if progress:
        progress(0.4)
    how = plane_motion(before, after, figure.pivots, is_four_legged(source))
    views = [_view(figure, layer, how, size) for layer in _sorted(figure, after)]
    if progress:
        progress(0.9)
    person = _composite(figure, views, picture, matte, size)
    if tuple(size) != tuple(picture.shape[-2:]):
        return person
    found, alpha, drawn = person.correspondence, person.alpha[0, 0], matte[0, 0]
    kept = torch.ones_like(drawn) if how.rests() else unmoved(found.source, found.visible, alpha, drawn)
    return replace(person, unmoved=kept[None, None])


def _sorted(figure: CutFigure, after) -> list[FlatLayer]:
    """The layers from the nearest on: a limb lies where its second bone begins."""
    second = {"arm": "forearm", "leg": "shin"}

    def depth(layer: FlatLayer) -> float:
        if layer.name == "trunk":
            return 0.0
        side, kind = layer.name.split("_")
        return float(after.start[INDEX[f"{side}_{second[kind]}"]][2])

    return sorted(figure.layers, key=depth)


@dataclass(frozen=True, eq=False)
class _View:
    """A moved layer, flat over its covered pixels: `index` in the picture, `source` (n, 2) in picture pixels, `colour`
    (3, n), `alpha`, `seen`, `deep`, `part`, `stretch` (n,)."""

    index: torch.Tensor
    source: torch.Tensor
    colour: torch.Tensor
    alpha: torch.Tensor
    seen: torch.Tensor
    deep: torch.Tensor
    part: torch.Tensor
    stretch: torch.Tensor


def _view(figure: CutFigure, layer: FlatLayer, how: Plane, size: tuple[int, int]) -> _View:
    layout = figure.layout
    corner = torch.tensor(layout.corner, dtype=torch.float32, device=layout.device)
    x, y = layout.cells()
    row, column = torch.nonzero(layer.inside, as_tuple=True)
    rest = torch.stack((x[row, column], y[row, column]), 1).float()
    weights = layer.weights[:, row, column].T
    moved_ = how.apply(rest, weights)
    faces = _faces(layer.inside)
    a, b, c = (moved_[faces[:, i]] - moved_[faces[:, 0]] for i in range(3))
    area = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    u, v = rest[faces[:, 1]] - rest[faces[:, 0]], rest[faces[:, 2]] - rest[faces[:, 0]]
    own = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    stretch = area / own
    # Where a bend folds the sheet over, what lies further out on the limb is on top, and nothing shows its back.
    depth = -weights @ torch.arange(weights.shape[1], device=rest.device, dtype=rest.dtype)
    turned = torch.nonzero(stretch > 0.02).squeeze(1)

    def solid(triangle: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        at = (rest[faces[turned[triangle]]] * shares[..., None]).sum(-2) - corner
        value = field.sample(layer.matte[None], at, "nearest")[0]
        return (value > 0.02).int() + (value > 0.9).int()

    fragments = rasterise(torch.cat((moved_, depth[:, None]), 1), faces[turned], size, solid)
    py, px = torch.nonzero(fragments.covered, as_tuple=True)
    triangle, shares = turned[fragments.triangle[py, px]], fragments.barycentric[py, px]
    source = (rest[faces[triangle]] * shares[..., None]).sum(1)
    local = source - corner
    return _View(
        py * size[1] + px,
        source,
        field.sample(layer.colour, local, "bicubic").clamp(0, 1),
        field.sample(layer.matte[None], local)[0],
        field.sample(layer.seen[None], local)[0],
        field.sample(figure.depth[None], local)[0],
        (weights[faces[triangle]] * shares[..., None]).sum(1).argmax(1),
        stretch[triangle],
    )


def _faces(inside: torch.Tensor) -> torch.Tensor:
    """(T, 3) two triangles for every 2 x 2 block of cells inside; vertices numbered by row."""
    number = inside.long().flatten().cumsum(0).reshape(inside.shape) - 1
    whole = inside[:-1, :-1] & inside[:-1, 1:] & inside[1:, :-1] & inside[1:, 1:]
    a, b, c, d = (n[whole] for n in (number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]))
    return torch.cat((torch.stack((a, b, c), -1), torch.stack((b, d, c), -1)))


def _composite(
    figure: CutFigure, views: list[_View], picture: torch.Tensor, matte: torch.Tensor, size: tuple[int, int]
) -> Warped:
    height, width = size
    count, device = height * width, picture.device
    room = torch.ones(count, device=device)
    colour, seen, deep = (
        torch.zeros(3, count, device=device),
        torch.zeros(count, device=device),
        torch.zeros(count, device=device),
    )
    best = torch.zeros(count, device=device)
    source = torch.full((count, 2), float("nan"), device=device)
    stretch, part = (
        torch.zeros(count, device=device),
        torch.full((count,), -1, dtype=torch.int64, device=device),
    )
    paper = shade(picture[0], matte[0, 0])
    for view in views:
        share = room[view.index] * view.alpha
        colour[:, view.index] += share * _reshaded(view, paper, size)
        seen[view.index] += share * view.seen
        deep[view.index] += share * view.deep
        room[view.index] -= share
        leads = share > best[view.index]
        at = view.index[leads]
        best[at] = share[leads]
        source[at], stretch[at], part[at] = view.source[leads], view.stretch[leads], view.part[leads]
    alpha = 1 - room
    safe = alpha.clamp(min=1e-4)
    colour, deep = (colour / safe).reshape(3, height, width), (deep / safe).reshape(height, width)
    width_ = max(2, round(CRACK * max(figure.layout.size)))
    least = 2.0 + (1.5 * figure.line.width if figure.line else 0.0)
    colour, mended_, deep = mended(colour, alpha.reshape(height, width), deep, width_, least)
    alpha = mended_.flatten()
    if figure.line is not None:
        colour = closed(colour, alpha.reshape(height, width), deep, figure.line)
    there = ~torch.isnan(source[:, 0])
    normal = torch.zeros(count, 3, device=device)
    normal[there, 2] = -1.0
    return Warped(
        colour[None].clamp(0, 1),
        alpha.reshape(1, 1, height, width),
        (alpha - seen).reshape(1, 1, height, width).clamp(0, 1),
        Correspondence(
            source.reshape(height, width, 2),
            (seen / safe).reshape(height, width),
            stretch.reshape(height, width),
            part.reshape(height, width),
            torch.where(there, 0.0, float("nan")).reshape(height, width),
            normal.reshape(height, width, 3),
            normal.reshape(height, width, 3),
            torch.zeros(height, width, dtype=torch.int64, device=device),
        ),
        torch.zeros(1, 1, height, width, device=device),
    )


def _reshaded(view: _View, paper: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """(3, n) a view's colours as the paper is shaded where they come to lie: what is bare paper inside a figure of
    lines goes into the paper round it without a seam."""
    here = torch.stack((view.index % size[1], view.index // size[1]), 1).float()
    old, new = (field.sample(paper, (at + 0.5) / GROUND_CELL - 0.5) for at in (view.source, here))
    return view.colour * (new / old).clamp(*SHADE)
