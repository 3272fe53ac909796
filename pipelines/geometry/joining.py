"""Pieces of detail laid side by side, made one without steps: gradient-domain blending.

Perez, Gangnet and Blake, "Poisson Image Editing", SIGGRAPH 2003: the picture whose slopes are nearest to the pieces'
own, and which at the rim is what is seen there.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .field import extrapolate

LOOSE = 1e-3
"""Curvature per squared length under which a way of the descent is no way; one that spans 100 pixels has as much."""
ROUNDS = 12
"""Conjugate gradients: what is broader than about so many pixels is closed before."""


EDGE = 0.1
"""Difference (sRGB) at the rim from which on it is an edge, and not a step to be closed: what is beside is something
else, or its shade. By eye."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """Where (h, w) bool is filled (target), what may have been copied (source), what the filled must meet (known); and
    place (2, h, w) int64, the row and column that each filled pixel is a copy of, -1 for none."""

    target: torch.Tensor
    source: torch.Tensor
    known: torch.Tensor
    place: torch.Tensor


def joined(pieces: Pieces, detail: torch.Tensor, filled: torch.Tensor) -> torch.Tensor:
    """(3, h, w) the filled detail without steps, at the rim and between pieces: the picture whose slopes are nearest to
    the patches' own (Poisson's equation), by ROUNDS conjugate gradients from what `_closing` leaves."""
    start = filled + torch.where(pieces.target, _closing(pieces, detail), 0)
    y, x = torch.nonzero(pieces.target & (pieces.place[0] >= 0), as_tuple=True)
    links = [_link(pieces, detail, (y, x), step) for step in ((-1, 0), (0, -1), (1, 0), (0, 1))]
    number = torch.full(pieces.target.shape, -1, device=y.device)
    number[y, x] = torch.arange(len(y), device=y.device)
    inner, degree, pull = [], torch.zeros(len(y)), torch.zeros(3, len(y))
    for (ny, nx), weight, slope in links:
        known, there = number[ny, nx] < 0, start[:, ny, nx]
        weight = weight * (~known | ((there - start[:, y, x] - slope).abs().amax(0) < EDGE))
        inner.append((number[ny, nx], weight))
        degree = degree + weight
        pull += weight * (known * there - slope)

    def stiffness(u: torch.Tensor) -> torch.Tensor:
        total = degree * u
        for where, weight in inner:
            total = total - weight * (where >= 0) * u[:, where.clamp(min=0)]
        return total

    u = start[:, y, x]
    residual = pull - stiffness(u)
    direction, energy = residual, residual.square().sum()
    for _ in range(ROUNDS):
        pushed = stiffness(direction)
        bent = (direction * pushed).sum()
        # Pixels that hang together with nothing known lie as high as one likes: along that nothing bends.
        stiff = bent > LOOSE * direction.square().sum()
        step = torch.where(stiff, energy / bent.clamp(min=1e-20), 0)
        u, residual = u + step * direction, residual - step * pushed
        fresh = residual.square().sum()
        direction, energy = residual + fresh / energy.clamp(min=1e-20) * direction, fresh
    out = start.clone()
    out[:, y, x] = u
    return out


def _link(pieces: Pieces, detail: torch.Tensor, at, step: tuple[int, int]):
    """From each pixel (n,) to its neighbour: where that is, 1 or 0 whether they hang together, and the slope (3, n)
    that the patches of both have there."""
    (y, x), (height, width) = at, pieces.target.shape
    ny, nx = y + step[0], x + step[1]
    inside = (ny >= 0) & (ny < height) & (nx >= 0) & (nx < width)
    ny, nx = ny.clamp(0, height - 1), nx.clamp(0, width - 1)
    inner = pieces.target[ny, nx] & (pieces.place[0, ny, nx] >= 0)
    total, count = torch.zeros(3, len(y), device=y.device), torch.zeros(len(y), device=y.device)
    for own, sign, there in (((y, x), 1, inside), ((ny, nx), -1, inside & inner)):
        sy, sx = pieces.place[0][own], pieces.place[1][own]
        ty, tx = sy + sign * step[0], sx + sign * step[1]
        use = there & (sy >= 0) & (ty >= 0) & (ty < height) & (tx >= 0) & (tx < width)
        sy, sx, ty, tx = (v.clamp(min=0) for v in (sy, sx, ty.clamp(max=height - 1), tx.clamp(max=width - 1)))
        use &= pieces.source[ty, tx] & pieces.source[sy, sx]
        total += use * sign * (detail[:, ty, tx] - detail[:, sy, sx])
        count += use
    return (
        (ny, nx),
        (inside & (inner | pieces.known[ny, nx]) & (count > 0)).float(),
        total / count.clamp(min=1),
    )


def _closing(pieces: Pieces, detail: torch.Tensor) -> torch.Tensor:
    """(3, h, w) what closes the step at the rim: there the difference between what is seen just outside and what the
    patches inside would show at it, and inwards ever smoother."""
    height, width = pieces.target.shape
    off, count = torch.zeros_like(detail), torch.zeros(1, height, width, device=detail.device)
    y, x = torch.nonzero(pieces.target & (pieces.place[0] >= 0), as_tuple=True)
    for down, right in ((-1, 0), (0, -1), (1, 0), (0, 1)):
        ny, nx = y + down, x + right
        inside = (ny >= 0) & (ny < height) & (nx >= 0) & (nx < width)
        ny, nx = ny.clamp(0, height - 1), nx.clamp(0, width - 1)
        sy, sx = pieces.place[0, y, x] + down, pieces.place[1, y, x] + right
        inside &= (sy >= 0) & (sy < height) & (sx >= 0) & (sx < width) & pieces.known[ny, nx]
        sy, sx = sy.clamp(0, height - 1), sx.clamp(0, width - 1)
        inside &= pieces.source[sy, sx]
        ny, nx, sy, sx = (values[inside] for values in (ny, nx, sy, sx))
        step = detail[:, ny, nx] - detail[:, sy, sx]
        close = (step.abs().amax(0) < EDGE).float()
        step = step * close
        off.view(3, -1).index_add_(1, ny * width + nx, step)
        count.view(1, -1).index_add_(1, ny * width + nx, close[None])
    return extrapolate(off / count.clamp(min=1), (count[0] > 0).float())
