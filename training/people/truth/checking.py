"""Whether the truth is true: one picture of a person made from another through the correspondence, against itself.

Two measures. By surface: the source is rasterised again, FINER times as fine; at the place where the correspondence
points, that picture is asked which point of the surface it shows (the face of the nearest sample, met by the ray
through the place), and that point's colour on the figure's own sheets is held against the colour of the target's point.
No colour is resampled, so every wrong place and every wrong "visible" shows; what is right differs by nothing.
By picture: the source's albedo is read bilinearly, as a warp does; what a picture of that size cannot hold (a weave, a
print's edge) is lost, so that this error tells of the size and of the cloth more than of the correspondence.
Errors are in levels of 255 of sRGB, the mean of the three channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import torch
from torch import Tensor

from ..render.cameras import scaled, supersampled
from ..render.raster import Samples, interpolation, nearest_of, on_screen
from ..render.surfaces import SheetReader, levels
from ..scene import Camera, Figure
from .codec import srgb_levels
from .correspondence import Correspondence, Seen, between

FINER = 6
"""Samples per pixel and axis: a sample lies within a twelfth of a pixel of every place."""
WITHIN = 2.0
"""Levels of 255 that count as the same."""


@dataclass(frozen=True)
class Agreement:
    """Over `pixels`: mean and 95th percentile of the error in levels, and the share of pixels beyond WITHIN."""

    pixels: int
    mean: float
    high: float
    beyond: float

    @staticmethod
    def of(errors: Tensor) -> Agreement:
        if not len(errors):
            return Agreement(0, 0.0, 0.0, 0.0)
        high = errors.sort().values[int(0.95 * (len(errors) - 1))]
        beyond = (errors > WITHIN).float().mean()
        return Agreement(len(errors), float(errors.mean()), float(high), float(beyond))

    def __str__(self) -> str:
        within = f"{100 * (1 - self.beyond):.1f} % within {WITHIN:g}/255"
        return f"{within}, mean {self.mean:.2f}, 95 % below {self.high:.2f}, {self.pixels:,} pixels"


def by_surface(source: Seen, target: Seen, truth: Correspondence, figure: Figure) -> Tensor:
    """(n,) errors over the target's visible pixels, in levels; where the finer source shows nobody: 255."""
    chosen = truth.visible.flatten()[target.place]
    reader = SheetReader(figure, (0,) * len(figure.sheets))
    face, share = shown(source, truth.source_xy.reshape(-1, 2)[target.place[chosen]], reader)
    mine = painted(reader, target.face[chosen], target.share[chosen])
    theirs = painted(reader, face.clamp_min(0), share)
    return torch.where(face < 0, 255.0, (srgb_levels(mine) - srgb_levels(theirs)).abs().mean(1))


def checked(shots: Sequence[Seen], figure: Figure) -> dict[str, Tensor]:
    """All ordered pairs of a person's views: errors in levels by what was asked. "visible", "whole": by surface, over
    those pixels; "picture": by picture."""
    found: dict[str, list[Tensor]] = {"visible": [], "whole": [], "picture": []}
    for source, target in permutations(shots, 2):
        truth = between(source, target)
        errors = by_surface(source, target, truth, figure)
        whole = truth.whole.flatten()[target.place][truth.visible.flatten()[target.place]]
        found["visible"].append(errors)
        found["whole"].append(errors[whole])
        found["picture"].append(by_picture(source.view.albedo, target.view.albedo, truth))
    return {name: torch.cat(errors) for name, errors in found.items()}


def by_picture(source: Tensor, target: Tensor, truth: Correspondence) -> Tensor:
    """(n,) errors in levels where all four pixels round a place show the point (truth.whole); source, target (3, H, W)
    linear albedo."""
    return (srgb_levels(truth.bring(source)) - srgb_levels(target)).abs().mean(0)[truth.whole]


def shown(source: Seen, xy: Tensor, reader: SheetReader) -> tuple[Tensor, Tensor]:
    """What the source shows at places (n, 2) between its pixels: face (n,), -1 for nobody, and weights (n, 3)."""
    grid = scaled(source.camera, FINER)
    height, width = grid.size
    fine = (xy + 0.5) * FINER - 0.5
    x, y = (fine + 0.5).floor().long().unbind(1)
    samples = _rasterised(source, grid, reader)
    faces = samples.filled(samples.face + 1).flatten().long() - 1
    found = faces[y.clamp(0, height - 1) * width + x.clamp(0, width - 1)]
    face = found.clamp_min(0)
    ray = torch.cat(
        [(xy - xy.new_tensor(source.camera.centre)) / source.camera.focal, torch.ones_like(xy[:, :1])], 1
    )
    point = ray / (source.per_face[face] * ray).sum(1, keepdim=True)
    return found, _weights(source.points[reader.figure.faces[face]], point)


def _rasterised(source: Seen, grid: Camera, reader: SheetReader) -> Samples:
    """The source's surface on a finer grid, holes of hair and lace as at pixel centres."""
    figure = reader.figure
    screen = on_screen(grid, source.vertices, figure.faces, figure.two_sided)
    coarse = SheetReader(figure, tuple(levels(figure, on_screen(
        supersampled(source.camera), source.vertices, figure.faces, figure.two_sided))))  # fmt: skip

    def solid(triangle: Tensor, place: Tensor) -> Tensor:
        weights, _ = interpolation(screen, triangle, place, grid.size[1])
        return coarse.solid(screen.face[triangle], weights, 0.5)

    return nearest_of(screen, grid.size, solid, coarse.cutout()[screen.face])


def _weights(corners: Tensor, point: Tensor) -> Tensor:
    """(n, 3, 3) triangles and (n, 3) points in their planes -> (n, 3) barycentric weights, beyond [0, 1] outside."""
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    along = point - corners[:, 0]
    normal = torch.linalg.cross(one, two)
    size = (normal * normal).sum(1).clamp_min(1e-18)
    second = (torch.linalg.cross(along, two) * normal).sum(1) / size
    third = (torch.linalg.cross(one, along) * normal).sum(1) / size
    return torch.stack([1 - second - third, second, third], 1)


def painted(reader: SheetReader, face: Tensor, share: Tensor) -> Tensor:
    """(n, 3) linear albedo of points of the surface."""
    uv, sheet = reader.coordinates(face, share), reader.figure.sheet[face]
    colour = torch.zeros_like(share)
    for index in range(len(reader.figure.sheets)):
        at = (sheet == index).nonzero()[:, 0]
        if len(at):
            colour[at] = reader.read(index, "albedo", uv[at])
    return colour.clamp(0, 1)
