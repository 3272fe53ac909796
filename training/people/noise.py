"""Random fields that repeat without a seam, each normalised to a known spread, made on a device from a Draw."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from .draws import Draw

SPREAD = (315 / 151) ** 0.5
"""Undoes what a cubic B-spline takes from the spread of independent numbers (its squared weights sum to 151 / 315 on
average)."""


def smooth(draw: Draw, size: tuple[int, int], cells: tuple[int, int], device: str = "cpu") -> Tensor:
    """(h, w) periodic noise with about `cells` bumps down and across; mean 0, standard deviation about 1."""
    rows, columns = (min(max(c, 1), s) for c, s in zip(cells, size, strict=True))
    grid = draw.bells(rows, columns).to(device)
    if rows < size[0]:
        grid = _spline(size[0], rows, device) @ grid
    if columns < size[1]:
        grid = grid @ _spline(size[1], columns, device).T
    return grid


@lru_cache(maxsize=256)
def _spline(count: int, cells: int, device: str) -> Tensor:
    """(count, cells) uniform cubic B-spline weights of places spread over a ring of cells: smooth to the second
    derivative.

    Dense: its product is faster than gathering four rows.
    """
    at = (torch.arange(count, device=device) + 0.5) * (cells / count) - 0.5
    base = at.floor()
    t = at - base
    parts = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    weights = torch.zeros(count, cells, device=device)
    for step, part in enumerate(parts):
        weights.scatter_add_(1, torch.remainder(base.long() + step - 1, cells)[:, None], part[:, None] / 6)
    return weights * SPREAD


def fractal(
    draw: Draw,
    size: tuple[int, int],
    cells: tuple[int, int],
    octaves: int,
    fall: float = 0.5,
    device: str = "cpu",
) -> Tensor:
    """(h, w) sum of octaves, each twice as fine and `fall` as strong; standard deviation about 1."""
    total, power = torch.zeros(size, device=device), 0.0
    for octave in range(octaves):
        fine = (cells[0] << octave, cells[1] << octave)
        if fine[0] > size[0] or fine[1] > size[1]:
            break
        total += fall**octave * smooth(draw, size, fine, device)
        power += fall ** (2 * octave)
    return total / max(power, 1e-9) ** 0.5


def cells(draw: Draw, size: tuple[int, int], count: tuple[int, int], device: str = "cpu") -> Tensor:
    """(h, w) one uniform number in [0, 1) for each block of a grid of blocks."""
    values = draw.grid(*count).to(device)
    rows = torch.arange(size[0], device=device) * count[0] // size[0]
    columns = torch.arange(size[1], device=device) * count[1] // size[1]
    return values[rows][:, columns]
