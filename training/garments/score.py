"""Intersection over union of regions, on whole sets of pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from pipelines.garments.tables import SKIN
from pipelines.geometry.garments import REGIONS
from pipelines.geometry.garments import SKIN as SKINS

CLASSES: Mapping[str, tuple[str, ...]] = {
    "background": ("background",),
    "hair": ("hair",),
    "skin": (*SKINS, SKIN),
    "upper or dress": ("upper", "outer", "dress"),
    "lower": ("lower",),
    "shoes": ("shoes",),
}
"""What is scored; every other region counts where it is taken for one of these, or one of these for it."""
PERSON = "person"
SIDES = ("left_arm_skin", "right_arm_skin", "left_leg_skin", "right_leg_skin")


def classes_of(regions: np.ndarray, names: tuple[str, ...] = REGIONS) -> np.ndarray:
    """(H, W) numbers in `names` -> (H, W) numbers in CLASSES, len(CLASSES) for the rest."""
    of = {region: k for k, members in enumerate(CLASSES.values()) for region in members}
    return np.array([of.get(name, len(CLASSES)) for name in names])[regions]


@dataclass
class Tally:
    """Counts over a set of pictures; `confusion` (7, 7) true by found, `sides` right and all pixels of limbs' skin."""

    confusion: np.ndarray = field(default_factory=lambda: np.zeros((len(CLASSES) + 1,) * 2, np.int64))
    sides: list[int] = field(default_factory=lambda: [0, 0])

    def add(self, truth: np.ndarray, found: np.ndarray) -> None:
        """Both (H, W) numbers in CLASSES."""
        count = len(CLASSES) + 1
        pairs = truth.astype(np.int64) * count + found
        self.confusion += np.bincount(pairs.ravel(), minlength=count * count).reshape(count, count)

    def add_sides(self, truth: np.ndarray, found: np.ndarray) -> None:
        """Both (H, W) numbers in REGIONS: of limbs' skin found as limbs' skin, how much is on the right limb."""
        limbs = [REGIONS.index(name) for name in SIDES]
        both = np.isin(truth, limbs) & np.isin(found, limbs)
        self.sides[0] += int((truth[both] == found[both]).sum())
        self.sides[1] += int(both.sum())

    def scores(self) -> dict[str, float]:
        """IoU of each of CLASSES that is there, their mean, and the person's. Over all pixels of the set."""
        right = self.confusion.diagonal()
        union = self.confusion.sum(0) + self.confusion.sum(1) - right
        found = {name: right[k] / union[k] for k, name in enumerate(CLASSES) if self.confusion[k].sum()}
        inside = self.confusion[1:, 1:].sum()
        person = inside / max(self.confusion.sum() - self.confusion[0, 0], 1)
        return found | {"mean": float(np.mean(list(found.values()))), PERSON: float(person)}


def table(rows: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """The scores as a table in Markdown."""
    columns = [*CLASSES, "mean", PERSON]
    yield "| pictures | " + " | ".join(columns) + " |"
    yield "| --- |" + " ---: |" * len(columns)
    for name, scores in rows.items():
        cells = [f"{scores[column]:.2f}" if column in scores else "" for column in columns]
        yield f"| {name} | " + " | ".join(cells) + " |"
