"""Pieces of a picture joined in the gradient domain, so that no seam shows where their light differs."""

from __future__ import annotations

import torch

TRUSTED = 0.12
"""Difference in colour over a seam up to which it is light and evened out; beyond, it is an edge and stays."""
KEPT = 1 / 60
"""One over the cells after which a piece returns to its own colours."""
ROUNDS = 60
"""Of conjugate gradients."""


def blended(here: torch.Tensor, taken: torch.Tensor, label: torch.Tensor, hole: torch.Tensor) -> torch.Tensor:
    """(C, h, w): the hole filled with the gradients of the pieces, its rim the picture's.

    here (C, h, w) the picture; taken (K, C, h, w) what each piece shows; label (h, w) which piece lies where.
    Perez, Gangnet and Blake, "Poisson Image Editing", SIGGRAPH 2003, for what is added to the pieces: it is constant
    inside a piece but for a weak pull to nothing, and jumps over a seam by what the two pieces differ by there.
    """
    piece = taken.gather(0, label[None, None].expand(1, taken.shape[1], -1, -1))[0]
    edges = [_edges(here, taken, label, hole, axis) for axis in (1, 2)]

    def stiffness(c: torch.Tensor) -> torch.Tensor:
        total = KEPT**2 * c
        for axis, (weight, _) in zip((1, 2), edges, strict=True):
            total = total + _spread(weight * c.diff(dim=axis), axis)
        return hole * total

    start = torch.where(hole, 0, here - piece)
    right = torch.zeros_like(start)
    for axis, (weight, jump) in zip((1, 2), edges, strict=True):
        right = right + _spread(weight * jump, axis)
    added = _conjugate_gradients(stiffness, start, hole * right, hole)
    return torch.where(hole, piece + added, here)


def _edges(here, taken, label, hole, axis: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Between neighbours along an axis: (1, ...) the weight and (C, ...) the jump of what is added, second less first.

    The rim's cells carry the label beside them, so that their jump is nothing: what is added there is what the picture
    has more than the piece.
    """
    first, second = (label.narrow(axis - 1, i, label.shape[axis - 1] - 1) for i in (0, 1))
    size = taken.shape[axis + 1] - 1

    def read(which: torch.Tensor, at: int) -> torch.Tensor:
        part = taken.narrow(axis + 1, at, size)
        return part.gather(0, which[None, None].expand(1, part.shape[1], -1, -1))[0]

    jump = (read(first, 0) - read(second, 0) + read(first, 1) - read(second, 1)) / 2
    inside = [hole.narrow(axis - 1, i, size) for i in (0, 1)]
    own = here.narrow(axis, 0, size), here.narrow(axis, 1, size)
    # Over the rim: the known cell's own piece is the neighbour's in the hole.
    at_first, at_second = inside[0] & ~inside[1], inside[1] & ~inside[0]
    mine = own[1] - read(second, 1)
    jump = torch.where(at_first, mine - (own[1] - read(first, 1)), jump)
    theirs = own[0] - read(first, 0)
    jump = torch.where(at_second, (own[0] - read(second, 0)) - theirs, jump)
    seen = torch.where(
        at_first, own[1] - read(first, 1), torch.where(at_second, own[0] - read(second, 0), jump)
    )
    weight = 1 / (1 + (seen.abs().amax(0, keepdim=True) / TRUSTED).square()).square()
    return weight * (inside[0] | inside[1]), jump


def _spread(flow: torch.Tensor, axis: int) -> torch.Tensor:
    """What flows over the edges along an axis, out of each cell."""
    shape = list(flow.shape)
    shape[axis] = 1
    none = flow.new_zeros(shape)
    return torch.cat((none, flow), axis) - torch.cat((flow, none), axis)


def _conjugate_gradients(stiffness, start, right, hole) -> torch.Tensor:
    solution = start
    residual = right - stiffness(solution)
    direction = residual
    energy = (residual * residual).sum((1, 2), keepdim=True)
    settled = 1e-8 * hole.sum()
    for _ in range(ROUNDS):
        if energy.max() < settled:
            break
        direction = hole * direction
        pushed = stiffness(direction)
        step = energy / (direction * pushed).sum((1, 2), keepdim=True).clamp_min(1e-20)
        solution = solution + step * direction
        residual = residual - step * pushed
        fresh = (residual * residual).sum((1, 2), keepdim=True)
        direction = residual + fresh / energy.clamp_min(1e-20) * direction
        energy = fresh
    return solution
