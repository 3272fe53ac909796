"""A z-buffer in plain torch: triangles become rows, rows become samples, and the nearest wins.

Each triangle is cut into the rows of samples that it crosses, each row into its samples; both steps are one
`repeat_interleave`, so that no triangle, row or sample is ever visited by Python. A row spans the half-open interval
between the two edges that cross it, and an edge's crossing is computed from its upper end alone: both triangles of an
edge get the same number, so that they neither leave a hole nor meet twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..scene import Camera
from . import cameras

NEAR = 0.05
"""Metres: triangles with a corner nearer than this to the camera's plane are not drawn."""
CHUNK = 4_000_000
"""Samples handled at once, to bound memory (about 60 bytes each)."""
EMPTY = torch.iinfo(torch.int64).max


@dataclass(frozen=True, eq=False)
class Screen:
    """Triangles on a grid of samples. M of them.

    corners (M, 3, 2) sample coordinates (x, y); order (M, 3): what is linear over the screen and smaller for what is
    nearer: -1 / depth for a pinhole, the depth for parallel light; face (M,) int64 index into the figure's faces.
    """

    corners: Tensor
    order: Tensor
    face: Tensor


@dataclass(frozen=True, eq=False)
class Samples:
    """The samples that see a face. S of them, in row-major order, on a grid of `size` (h, w).

    place (S,) int64 = y * w + x; face (S,) int64; weights (S, 3): perspective-correct barycentrics; depth (S,) metres.
    """

    size: tuple[int, int]
    place: Tensor
    face: Tensor
    weights: Tensor
    depth: Tensor

    def filled(self, values: Tensor, empty: float = 0.0) -> Tensor:
        """(S, ...) values of the samples -> (h, w, ...) with `empty` where nothing is seen."""
        height, width = self.size
        canvas = values.new_full((height * width, *values.shape[1:]), empty)
        canvas[self.place] = values
        return canvas.view(height, width, *values.shape[1:])


def on_screen(camera: Camera, vertices: Tensor, faces: Tensor, two_sided: Tensor) -> Screen:
    """The faces that a camera can see: in front of it, in the frame, and turned towards it unless two-sided.

    A face's front is the side from which its corners run anticlockwise.
    """
    pixels, depth = cameras.project(camera, vertices)
    # One row per vertex: (x, y, order, depth), gathered once for all three corners.
    rows = torch.cat([pixels, -1 / depth[:, None], depth[:, None]], dim=1).index_select(0, faces.flatten())
    rows = rows.view(-1, 3, 4)
    corners = rows[..., :2]
    keep = (
        (rows[..., 3].amin(1) > NEAR) & (two_sided | (_turn(corners) < 0)) & _in_frame(corners, camera.size)
    )
    index = keep.nonzero()[:, 0]
    rows = rows.index_select(0, index)
    return Screen(rows[..., :2], rows[..., 2], index)


def _turn(corners: Tensor) -> Tensor:
    """Twice the signed area: negative where the corners run anticlockwise on the screen (y down)."""
    a, b = (corners[:, 1] - corners[:, 0]).unbind(1)
    c, d = (corners[:, 2] - corners[:, 0]).unbind(1)
    return a * d - b * c


def _in_frame(corners: Tensor, size: tuple[int, int]) -> Tensor:
    low, high = corners.amin(1), corners.amax(1)
    height, width = size
    # A triangle between two rows or two columns of samples covers none.
    crosses = (torch.ceil(low) < torch.ceil(high)).all(1)
    return crosses & (high[:, 0] >= 0) & (high[:, 1] >= 0) & (low[:, 0] <= width) & (low[:, 1] <= height)


def _sorted_by_row(screen: Screen) -> tuple[Tensor, ...]:
    """Corners from the highest to the lowest on the screen: x0, y0, x1, y1, x2, y2."""
    (x0, x1, x2), (y0, y1, y2) = screen.corners[..., 0].unbind(1), screen.corners[..., 1].unbind(1)

    def exchanged(xa: Tensor, ya: Tensor, xb: Tensor, yb: Tensor) -> tuple[Tensor, ...]:
        swap = ya > yb
        return (
            torch.where(swap, xb, xa),
            torch.minimum(ya, yb),
            torch.where(swap, xa, xb),
            torch.maximum(ya, yb),
        )

    x0, y0, x1, y1 = exchanged(x0, y0, x1, y1)
    x1, y1, x2, y2 = exchanged(x1, y1, x2, y2)
    x0, y0, x1, y1 = exchanged(x0, y0, x1, y1)
    return x0, y0, x1, y1, x2, y2


def planes(screen: Screen) -> tuple[Tensor, Tensor]:
    """The slopes (M,) of `order` along x and y on the screen."""
    corners, order = screen.corners, screen.order
    a, b = (corners[:, 1] - corners[:, 0]).unbind(1)
    c, d = (corners[:, 2] - corners[:, 0]).unbind(1)
    first, second = order[:, 1] - order[:, 0], order[:, 2] - order[:, 0]
    area = a * d - b * c
    area = torch.where(area.abs() > 1e-12, area, torch.inf)
    return (first * d - second * b) / area, (second * a - first * c) / area


@dataclass(frozen=True, eq=False)
class Spans:
    """Runs of samples in one row of one triangle. R of them.

    triangle (R,) int64 into the screen; place (R,) int64 of the first sample; count (R,) int64; order (R,) at the first
    sample and slope (R,) of it per sample to the right.
    """

    triangle: Tensor
    place: Tensor
    count: Tensor
    order: Tensor
    slope: Tensor

    def samples(self, first: int, last: int) -> tuple[Tensor, Tensor, Tensor]:
        """Runs [first, last) -> triangle, place and order of each of their samples."""
        count = self.count[first:last]
        run = torch.repeat_interleave(count)
        start = (torch.cumsum(count, 0) - count).index_select(0, run)
        ahead = torch.arange(len(run), device=run.device) - start
        triangle, place, order, slope = (
            t[first:last].index_select(0, run) for t in (self.triangle, self.place, self.order, self.slope)
        )
        return triangle, place + ahead, order + slope * ahead


def spans(screen: Screen, size: tuple[int, int]) -> Spans:
    """The rows of the grid that each triangle covers, as runs; empty ones left out."""
    height, width = size
    x0, y0, x1, y1, x2, y2 = _sorted_by_row(screen)
    first, last = torch.ceil(y0).clamp(0, height), torch.ceil(y2).clamp(0, height)
    rows = (last - first).long()
    triangle = torch.repeat_interleave(rows)
    start = torch.cumsum(rows, 0) - rows
    step_x, step_y = planes(screen)
    # Per triangle what its rows need, gathered as one table: three edges as (x, y, run) of their upper end.
    table = torch.stack(
        [first - start, x0, y0, (x2 - x0) / (y2 - y0), (x1 - x0) / (y1 - y0), x1, y1, (x2 - x1) / (y2 - y1),
         screen.corners[:, 0, 0], screen.corners[:, 0, 1], screen.order[:, 0], step_x, step_y]
    ).index_select(1, triangle)  # fmt: skip
    offset, x0, y0, long_run, upper_run, x1, y1, lower_run, x_ref, y_ref, order, step_x, step_y = table
    y = offset + torch.arange(len(triangle), device=offset.device)
    one = x0 + (y - y0) * long_run
    other = torch.where(y < y1, x0 + (y - y0) * upper_run, x1 + (y - y1) * lower_run)
    left = torch.ceil(torch.minimum(one, other)).clamp(0, width)
    count = torch.ceil(torch.maximum(one, other)).clamp(0, width) - left
    order = order + step_x * (left - x_ref) + step_y * (y - y_ref)
    some = (count > 0).nonzero()[:, 0]
    place = y.long() * width + left.long()
    triangle, place, count, order, step_x = (
        t.index_select(0, some) for t in (triangle, place, count.long(), order, step_x)
    )
    return Spans(triangle, place, count, order, step_x)


def _chunks(count: Tensor) -> list[tuple[int, int]]:
    """Ranges of spans with about CHUNK samples each."""
    total = torch.cumsum(count, 0)
    if len(total) == 0:
        return []
    parts = max(1, -(-int(total[-1]) // CHUNK))
    if parts == 1:
        return [(0, len(total))]
    limits = torch.arange(1, parts, device=total.device) * CHUNK
    cuts = [0, *torch.searchsorted(total, limits).tolist(), len(total)]
    return [(a, b) for a, b in zip(cuts, cuts[1:], strict=False) if b > a]


def _sortable(order: Tensor) -> Tensor:
    """float32 -> int64 that sorts alike: the bits of a negative number, but for its sign, run the other way."""
    bits = order.view(torch.int32)
    return (bits ^ ((bits >> 31) & 0x7FFFFFFF)).long()


def nearest(
    screen: Screen, size: tuple[int, int], passes: Callable[[Tensor, Tensor], Tensor] | None = None
) -> Tensor:
    """(h * w,) int64: (order, triangle of `screen`) packed, the nearest of each sample, EMPTY where there is none.

    passes(triangle, place) -> (n,) bool: which samples of a triangle are solid (alpha test). On equal order the lower
    triangle wins, so that the result does not depend on the order of execution.
    """
    height, width = size
    buffer = torch.full((height * width,), EMPTY, dtype=torch.int64, device=screen.face.device)
    runs = spans(screen, size)
    for a, b in _chunks(runs.count):
        triangle, place, order = runs.samples(a, b)
        key = (_sortable(order) << 32) | triangle
        if passes is not None:
            solid = passes(triangle, place)
            key = torch.where(solid, key, EMPTY)
        buffer.scatter_reduce_(0, place, key, "amin")
    return buffer


def interpolation(screen: Screen, triangle: Tensor, place: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Perspective-correct barycentrics (n, 3) and depth (n,) of samples of triangles of a pinhole's `screen`."""
    corners, order = screen.corners, screen.order
    a, b = (corners[:, 1] - corners[:, 0]).unbind(1)
    c, d = (corners[:, 2] - corners[:, 0]).unbind(1)
    area = a * d - b * c
    area = torch.where(area.abs() > 1e-12, area, torch.inf)
    table = torch.stack(
        [corners[:, 0, 0], corners[:, 0, 1], d / area, -c / area, -b / area, a / area, *(-order).unbind(1)]
    ).index_select(1, triangle)
    x0, y0, first_x, first_y, second_x, second_y, near0, near1, near2 = table
    x, y = (place % width) - x0, torch.div(place, width, rounding_mode="floor") - y0
    one, two = x * first_x + y * first_y, x * second_x + y * second_y
    # Edges are half-open to the last bit; a weight may come out a hair below zero there.
    one, two = one.clamp(0, 1), two.clamp(0, 1)
    weights = torch.stack([(1 - one - two).clamp(min=0) * near0, one * near1, two * near2], dim=1)
    inverse = weights.sum(1)
    return weights / inverse[:, None], (one + two + (1 - one - two).clamp(min=0)) / inverse


def nearest_of(
    screen: Screen,
    size: tuple[int, int],
    solid: Callable[[Tensor, Tensor], Tensor] | None = None,
    cutout: Tensor | None = None,
) -> Samples:
    """What the samples of a pinhole see of its screen.

    solid(triangle, place) -> (n,) bool: whether the surface is there at all; asked only of the triangles of `cutout`
    (M,) bool.
    """
    passes = None if solid is None or not bool(cutout.any()) else _only_of(cutout, solid)
    buffer = nearest(screen, size, passes)
    place = (buffer != EMPTY).nonzero()[:, 0]
    triangle = buffer[place] & 0xFFFFFFFF
    weights, depth = interpolation(screen, triangle, place, size[1])
    return Samples(size, place, screen.face.index_select(0, triangle), weights, depth)


def _only_of(cutout: Tensor, solid: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    def passes(triangle: Tensor, place: Tensor) -> Tensor:
        asked = cutout[triangle].nonzero()[:, 0]
        found = torch.ones_like(triangle, dtype=torch.bool)
        found[asked] = solid(triangle[asked], place[asked])
        return found

    return passes


def rasterise(camera: Camera, vertices: Tensor, faces: Tensor, two_sided: Tensor) -> Samples:
    """What a pinhole's pixel centres see of a mesh: vertices (N, 3) world, faces (F, 3), two_sided (F,) bool."""
    return nearest_of(on_screen(camera, vertices, faces, two_sided), camera.size)


def depth_along(
    vertices: Tensor, faces: Tensor, two_sided: Tensor, scale: float, size: tuple[int, int]
) -> Tensor:
    """(h, w): the least z of a mesh seen by parallel light along +z, +inf where there is none.

    vertices (N, 3) in the light's axes, (x, y) in samples after `scale` per metre; faces turned away
    count only where two_sided (F,).
    """
    height, width = size
    rows = vertices.index_select(0, faces.flatten()).view(-1, 3, 3)
    corners = rows[..., :2] * scale
    index = ((two_sided | (_turn(corners) < 0)) & _in_frame(corners, size)).nonzero()[:, 0]
    runs = spans(Screen(corners[index], rows[index][..., 2], index), size)
    buffer = torch.full((height * width,), torch.inf, device=vertices.device)
    for a, b in _chunks(runs.count):
        _, place, order = runs.samples(a, b)
        buffer.scatter_reduce_(0, place, order, "amin")
    return buffer.view(height, width)
