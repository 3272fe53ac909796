"""The standard ear as it looks from the side, for heads whose photo did not show it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import torch

from .field import sample

FILE = Path(__file__).parent / "ear.json"
PITCH = 0.0004
"""Statures: the table's cells."""
ROWS_FROM_TO, Z_FROM_TO = (-0.018, 0.0236), (-0.012, 0.02)
"""Statures against the middle of the ears: y from the table's first row to its last, downwards, and z from its first
column to its last, towards the back."""
WARMTH = 0.75, 1.05, 1.15
"""What is dark of an ear is red, for light goes through it: powers of its brightness in red, green and blue. By eye."""


@cache
def _table() -> np.ndarray:
    """(2, rows, columns) float32: how bright the ear is beside the skin round it, and how far a place is its own."""
    read = json.loads(FILE.read_text("utf-8"))
    return np.array([read["shade"], read["cover"]], np.float32) / 100


def seen_at(height: torch.Tensor, depth: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Of places of a head's side, (...,) heights over and depths behind the middle of the ears in heads' statures:
    (3, ...) by what skin's colour is multiplied there, and (...,) the ear's own share."""
    table = torch.as_tensor(_table(), device=height.device)
    places = torch.stack(
        ((depth - Z_FROM_TO[0]) / PITCH - 0.5, (-height - ROWS_FROM_TO[0]) / PITCH - 0.5), -1
    )
    shade, cover = sample(table, places.reshape(-1, 2)).reshape(2, *height.shape)
    last = places.new_tensor([table.shape[2], table.shape[1]]) - 0.5
    inside = ((places > -0.5) & (places < last)).all(-1)
    shade = torch.where(inside, shade, 1)
    return torch.stack([shade**power for power in WARMTH]), torch.where(inside, cover, 0)
