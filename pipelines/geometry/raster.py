"""A z-buffer for triangle meshes in plain torch: the same result on CPU and GPU.

Every triangle proposes itself to the pixel centres inside its bounding box; the nearest proposal wins through
one scatter-minimum over a 64-bit key that packs depth above the triangle's number, so ties are broken the same
way everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

CANDIDATES = 4_000_000
"""Pixel proposals worked on at once: bounds the temporaries, whatever the size of the triangles."""

_DEPTH_STEPS = 2**29
_SOFT = 1 << 62  # above every depth
_EDGE = 1e-5  # barycentric slack: neighbouring triangles overlap by a hair instead of leaving a gap


@dataclass(frozen=True, eq=False)
class Fragments:
    """What a mesh shows at each pixel.

    triangle     (H, W) int64, the visible triangle's number, -1 where there is none
    barycentric  (H, W, 3) float32, weights of its three corners at the pixel's centre
    """

    triangle: torch.Tensor
    barycentric: torch.Tensor

    @property
    def covered(self) -> torch.Tensor:
        """(H, W) bool."""
        return self.triangle >= 0

    def interpolate(self, triangles: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """(H, W, C) values (V, C) of the vertices at each covered pixel; 0 elsewhere."""
        out = values.new_zeros(*self.triangle.shape, values.shape[-1])
        where = self.covered
        corners = values[triangles[self.triangle[where]]]
        out[where] = (corners * self.barycentric[where][..., None].to(values.dtype)).sum(-2)
        return out


def without_cracks(fragments: Fragments) -> Fragments:
    """The same with gaps one pixel wide closed by what is beside them: where two sheets of a closed surface meet
    edge-on, rounding leaves pixels between them that no triangle covers."""
    covered = fragments.covered
    there = torch.nn.functional.pad(covered, (1, 1, 1, 1))
    left, right, above, below = there[1:-1, :-2], there[1:-1, 2:], there[:-2, 1:-1], there[2:, 1:-1]
    across, down = ~covered & left & right, ~covered & above & below & ~(left & right)
    triangle, barycentric = fragments.triangle.clone(), fragments.barycentric.clone()
    for gap, (dy, dx) in ((across, (0, -1)), (down, (-1, 0))):
        row, column = torch.nonzero(gap, as_tuple=True)
        triangle[row, column] = fragments.triangle[row + dy, column + dx]
        barycentric[row, column] = fragments.barycentric[row + dy, column + dx]
    return Fragments(triangle, barycentric)


def with_ring(fragments: Fragments) -> Fragments:
    """The same with the pixels round what is covered as the covered one beside them, above or below: half of an edge
    lies on the far side of its outermost pixels' centres."""
    triangle, barycentric = fragments.triangle.clone(), fragments.barycentric.clone()
    there, open_ = fragments.covered, ~fragments.covered
    for dy, dx in ((0, -1), (0, 1), (-1, 0), (1, 0)):
        # To the pixel at (y, x) from the one at (y - dy, x - dx), but not round the picture's border.
        beside = there.roll((dy, dx), (0, 1))
        border = {(0, -1): (..., -1), (0, 1): (..., 0), (-1, 0): (-1,), (1, 0): (0,)}[dy, dx]
        beside[border] = False
        row, column = torch.nonzero(open_ & beside, as_tuple=True)
        triangle[row, column] = fragments.triangle[row - dy, column - dx]
        barycentric[row, column] = fragments.barycentric[row - dy, column - dx]
        open_ = open_ & ~beside
    return Fragments(triangle, barycentric)


def _barycentric(corners: torch.Tensor, pixels: torch.Tensor) -> torch.Tensor:
    """(..., 3) weights of the corners (..., 3, 2) at pixels (..., 2); degenerate triangles give NaN."""
    a, b, c = corners.unbind(-2)
    ab, ac, ap = b - a, c - a, pixels - a
    area = ab[..., 0] * ac[..., 1] - ab[..., 1] * ac[..., 0]
    v = (ap[..., 0] * ac[..., 1] - ap[..., 1] * ac[..., 0]) / area
    w = (ab[..., 0] * ap[..., 1] - ab[..., 1] * ap[..., 0]) / area
    return torch.stack((1 - v - w, v, w), -1)


def _size_classes(width: torch.Tensor, height: torch.Tensor):
    """Yield (columns, rows, members): triangles grouped by their bounding box, rounded up to powers of two."""
    log_width, log_height = (side.clamp(min=1).float().log2().ceil().long() for side in (width, height))
    code = 32 * log_width + log_height
    for number in torch.nonzero(torch.bincount(code)).squeeze(1).tolist():
        members = torch.nonzero(code == number).squeeze(1)
        yield 2 ** (number // 32), 2 ** (number % 32), members


def rasterise(
    vertices: torch.Tensor,
    triangles: torch.Tensor,
    size: tuple[int, int],
    solid: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
) -> Fragments:
    """The nearest triangle at each pixel of a picture of `size` (height, width).

    vertices   (V, 3) float: x, y in pixels (pixel centres at integers), z growing away from the camera
    triangles  (T, 3) int64, either winding
    solid      tells of proposals, triangle numbers (n,) and corner weights (n, 3), how much is there (n,) int: 0 a
               hole, which hides nothing; 1 a soft edge, which hides nothing solid; 2 solid
    """
    height, width = size
    device = vertices.device
    corners = vertices[triangles]
    low = corners[..., :2].amin(1).ceil().long()
    high = corners[..., :2].amax(1).floor().long()
    low = torch.maximum(low, low.new_tensor([0, 0]))
    high = torch.minimum(high, high.new_tensor([width - 1, height - 1]))
    extent = high - low + 1
    alive = torch.nonzero((extent > 0).all(-1)).squeeze(1)
    nothing = torch.iinfo(torch.int64).max
    buffer = torch.full((height * width,), nothing, dtype=torch.int64, device=device)
    if len(alive):
        z_low, z_high = corners[..., 2].amin(), corners[..., 2].amax()
        z_scale = (_DEPTH_STEPS - 1) / (z_high - z_low).clamp(min=1e-6)
        for columns, rows, members in _size_classes(*extent[alive].unbind(-1)):
            offsets = torch.stack(
                torch.meshgrid(
                    torch.arange(columns, device=device), torch.arange(rows, device=device), indexing="xy"
                ),
                -1,
            ).reshape(-1, 2)
            for chunk in alive[members].split(max(1, CANDIDATES // len(offsets))):
                pixels = low[chunk, None] + offsets
                weights = _barycentric(corners[chunk, None, :, :2], pixels.to(corners.dtype))
                inside = (weights >= -_EDGE).all(-1) & (pixels <= high[chunk, None]).all(-1)
                member, offset = torch.nonzero(inside, as_tuple=True)
                number, weights = chunk[member], weights[member, offset]
                flat = (pixels[..., 1] * width + pixels[..., 0])[member, offset]
                step = ((weights * corners[number][..., 2]).sum(-1) - z_low) * z_scale
                key = (step.clamp(0, _DEPTH_STEPS).long() << 32) | number
                if solid is not None:
                    state = solid(number, weights)
                    key = torch.where(state == 2, key, key | _SOFT)[state > 0]
                    flat = flat[state > 0]
                buffer.scatter_reduce_(0, flat, key, "amin")
    hit = buffer != nothing
    triangle = torch.where(hit, buffer & 0xFFFFFFFF, -1).reshape(height, width)
    weights = vertices.new_zeros(height, width, 3)
    y, x = torch.nonzero(triangle >= 0, as_tuple=True)
    pixels = torch.stack((x, y), -1).to(corners.dtype)
    weights[y, x] = _barycentric(corners[triangle[y, x]][..., :2], pixels)
    return Fragments(triangle, weights)
