"""The shape of a head: how far the skin lies from its centre in every direction, and where the face's points are."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np

from .landmarks import FACE

FILE = Path(__file__).parent / "head.json"
ROWS, COLUMNS = 65, 128
"""Directions from the crown to below the chin, and round the head: column 0 is the front, then the person's left."""
UNIT = 10_000
"""The file counts in ten-thousandths of stature."""
NAMES = ("nose", "left_eye", "right_eye", "left_ear", "right_ear", *FACE)
CENTRE = np.array([0.0, -0.015, -0.006])
"""Where all of the skin is seen from, against the middle of the ears, in statures: x to the person's left, y down, z to
the back, as at rest."""


def directions() -> np.ndarray:
    """(ROWS, COLUMNS, 3) unit."""
    polar = np.pi * np.arange(ROWS)[:, None] / (ROWS - 1)
    azimuth = 2 * np.pi * np.arange(COLUMNS)[None] / COLUMNS
    return np.stack(
        (np.sin(polar) * np.sin(azimuth), -np.cos(polar) + 0 * azimuth, -np.sin(polar) * np.cos(azimuth)), -1
    )


@cache
def _table() -> dict[str, np.ndarray]:
    return {name: np.array(rows) / UNIT for name, rows in json.loads(FILE.read_text("utf-8")).items()}


@cache
def surface() -> np.ndarray:
    """(ROWS * COLUMNS, 3) points of the skin against the middle of the ears, in statures: training/measure_head.py,
    means of adults of MakeHuman's base mesh (data CC0). The hair is not on it, the neck is cut off."""
    half = _table()["radius"]
    radius = np.concatenate((half, half[:, -2:0:-1]), 1)
    return (CENTRE + radius[..., None] * directions()).reshape(-1, 3)


@cache
def points() -> np.ndarray:
    """(len(NAMES), 3) where the named landmarks lie on it."""
    return _table()["points"]


@cache
def triangles() -> np.ndarray:
    """(T, 3) int64 into `surface`, closed round the head."""
    row, column = (n.ravel() for n in np.meshgrid(np.arange(ROWS - 1), np.arange(COLUMNS), indexing="ij"))
    after = (column + 1) % COLUMNS
    a, b, c, d = (
        r * COLUMNS + k for r, k in ((row, column), (row, after), (row + 1, column), (row + 1, after))
    )
    return np.concatenate((np.stack((a, b, c), 1), np.stack((b, d, c), 1)))
