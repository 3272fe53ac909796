"""What a person looks like in words, and the coefficients of the linear body model that this means.

MakeHuman's macro targets are corners of a grid (sex x age x muscle x weight ...); a phenotype weighs the corners by
multilinear interpolation, and each local change adds one of two opposite targets. Both are linear in the targets'
weights, so one matrix takes weights to coefficients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

ANCHORS = {
    "gender": ("male", "female"),
    "age": ("baby", "child", "young", "old"),
    "muscle": ("minmuscle", "averagemuscle", "maxmuscle"),
    "weight": ("minweight", "averageweight", "maxweight"),
    "height": ("minheight", "maxheight"),
    "proportions": ("idealproportions", "uncommonproportions"),
    "cupsize": ("mincup", "averagecup", "maxcup"),
    "firmness": ("minfirmness", "averagefirmness", "maxfirmness"),
}
"""Phenotypes in [0, 1] and the corners they go through, evenly spaced: age 0 is a baby, 1/3 a child of about
eleven, 2/3 a young adult of about 25, 1 is about 90 (MakeHuman's own names of its targets)."""
ETHNICITIES = ("african", "asian", "caucasian")
"""Shares, normalised to sum 1; all zero or absent means equal shares."""
CORNERS = tuple(corner for corners in ANCHORS.values() for corner in corners) + ETHNICITIES
MACROS = {
    "macrodetails/universal-": ("gender", "age", "muscle", "weight"),
    "macrodetails/": (None, "gender", "age"),
    "macrodetails/height/": ("gender", "age", "muscle", "weight", "height"),
    "macrodetails/proportions/": ("gender", "age", "muscle", "weight", "proportions"),
    "breast/": ("gender", "age", "muscle", "weight", "cupsize", "firmness"),
}
"""Where each grid of targets lies and its axes; None: the ethnicities. Not every corner has a file."""


class ShapeError(ValueError):
    """A phenotype or local change that does not exist, or a value outside its range."""


@dataclass(frozen=True, eq=False)
class ShapeMap:
    """Phenotypes to coefficients: coefficients = constant + target weights @ matrix.

    corners (T, 6) int64: for each macro target the corners (indices of CORNERS, -1: none) it is a product of;
    changes: names of local changes in [-1, 1]; matrix (T + 2 C, K): rows of the macro targets, then of each change's
    positive and negative target; constant (K,).
    """

    corners: Tensor
    changes: tuple[str, ...]
    matrix: Tensor
    constant: Tensor

    def coefficients(self, phenotype: Mapping[str, float]) -> Tensor:
        """One person: names of ANCHORS and ETHNICITIES (absent: 0.5) and of `changes` (absent: 0) -> (K,)."""
        return self.constant + self.target_weights(phenotype) @ self.matrix

    def target_weights(self, phenotype: Mapping[str, float]) -> Tensor:
        """(T + 2 C,) float32: how much of each target. Raises ShapeError."""
        self._check(phenotype)
        corner = torch.cat([corner_weights(phenotype), torch.ones(1)])
        macro = corner[self.corners].prod(dim=1)
        change = torch.tensor([phenotype.get(name, 0.0) for name in self.changes])
        return torch.cat([macro, torch.stack([change.clamp(min=0), (-change).clamp(min=0)], dim=1).flatten()])

    def _check(self, phenotype: Mapping[str, float]) -> None:
        for name, value in phenotype.items():
            if name not in ANCHORS and name not in ETHNICITIES and name not in self.changes:
                raise ShapeError(f"no phenotype is called {name}; see shapes.ANCHORS and ShapeMap.changes")
            low = -1.0 if name in self.changes else 0.0
            if not low <= value <= 1.0:
                raise ShapeError(f"{name} is {value}, outside [{low:g}, 1]")


def corner_weights(phenotype: Mapping[str, float]) -> Tensor:
    """(len(CORNERS),) float32: linear interpolation between each phenotype's anchors, then the ethnicities' shares."""
    weights = [_hats(phenotype.get(name, 0.5), len(corners)) for name, corners in ANCHORS.items()]
    shares = torch.tensor(
        [phenotype.get(name, 0.5 if not _any_ethnicity(phenotype) else 0.0) for name in ETHNICITIES]
    )
    total = shares.sum()
    return torch.cat([*weights, shares / total if total > 0 else torch.full((3,), 1 / 3)])


def corner_indices(names: tuple[str, ...]) -> list[int]:
    """Indices of CORNERS of a target's corners, filled up with -1 (which target_weights reads as 1) to six."""
    found = [CORNERS.index(name) for name in names]
    return found + [-1] * (6 - len(found))


def _any_ethnicity(phenotype: Mapping[str, float]) -> bool:
    return any(name in phenotype for name in ETHNICITIES)


def _hats(value: float, count: int) -> Tensor:
    return (1 - (value * (count - 1) - torch.arange(count)).abs()).clamp(min=0)
