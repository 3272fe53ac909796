"""Patterns that repeat go on in step: what is carried to where the photo shows nothing comes whole periods away."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from .garments import NUMBER, GarmentMap, Material
from .layout import Layout

SURE = 0.4
"""Confidence from which on a repeat is followed."""
DIRECTION = 0.0175
"""Radians (1 degree) to which a pattern's direction is known: far along its lines a shift that is out of step by no
more than that may well be in step."""
MOSTLY = 0.5
"""Share of a cell that a garment covers for the cell to be the garment's."""


@dataclass(frozen=True, eq=False)
class Repeat:
    """Cloth whose pattern repeats: `where` (gh, gw) bool on the mesh grid, and `waves` (k, 2), one or two wave vectors
    (x, y) in periods per pixel."""

    where: torch.Tensor
    waves: torch.Tensor

    def in_step(self, shift: torch.Tensor) -> torch.Tensor:
        """(n, 2) whole pixels x, y: the shifts (n, 2) changed by as little as makes them whole periods; those that
        may be already stay."""
        phase = shift.to(self.waves) @ self.waves.T
        missing = phase.round() - phase
        x, y = self.waves.T
        aside = (shift.to(self.waves) @ torch.stack((-y, x))).abs()  # along the lines, in periods
        missing = (
            torch.where(missing.abs() < DIRECTION * aside, 0.0, missing) @ torch.linalg.pinv(self.waves).T
        )
        return (shift + missing).round().long()

    def on(self, where: torch.Tensor) -> Repeat:
        """The same pattern on other cells (gh, gw) bool."""
        return Repeat(where, self.waves)


def repeats(garments: GarmentMap | None, layout: Layout) -> tuple[Repeat, ...]:
    """The garments of a picture whose pattern is known to repeat, on the layout's cells."""
    found = []
    for name, material in ({} if garments is None else garments.materials).items():
        waves = _waves(material)
        if waves:
            own = layout.crop_mask((garments.labels[0] == NUMBER[name]).float())
            found.append(Repeat(layout.to_grid(own) > MOSTLY, own.new_tensor(waves)))
    return tuple(found)


def _waves(material: Material) -> list[tuple[float, float]]:
    """The strongest repeat's wave vectors: across its lines, and for checks and dots along them as well."""
    sure = [one for one in material.patterns if one.confidence >= SURE and one.period > 0]
    if not sure:
        return []
    ahead = math.cos(sure[0].orientation), math.sin(sure[0].orientation)
    waves = [(ahead[0] / sure[0].period, ahead[1] / sure[0].period)]
    if sure[0].second > 0:
        waves.append((-ahead[1] / sure[0].second, ahead[0] / sure[0].second))
    return waves
