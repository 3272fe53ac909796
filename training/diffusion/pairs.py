"""Pairs of pictures of people never trained on, with the exact correspondence, as the model takes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.geometry.garments import GarmentMap
from pipelines.geometry.lighting import LightField
from pipelines.geometry.warped import Correspondence
from pipelines.light.surface import Surface, box_of
from training.light.check_pairs import synthetic_pair
from training.people.truth.dataset import People, Stored
from training.reposer.pairs import joints_of

from .examples import ground_of, on_ground

EMPTY = 0.05
"""Of a matte, under which a pixel is the room's."""


@dataclass(frozen=True, eq=False)
class Pair:
    """One person in two pictures on the first one's plain ground: photo and wanted (1, 3, S, S) sRGB, alpha (1, 1, S,
    S) of the second person and labels (1, 1, S, S) of what each of its pixels is, surface and joints (1, J, 3) of it;
    found and garments at the size that the people are kept at; light in found's frame."""

    name: str
    photo: Tensor
    wanted: Tensor
    ground: Tensor
    alpha: Tensor
    labels: Tensor
    surface: Surface
    joints: Tensor
    found: Correspondence
    garments: GarmentMap
    light: LightField

    def region(self, numbers: tuple[int, ...]) -> Tensor:
        """(1, 1, S, S) 0 or 1: what is of these regions in the second picture."""
        return torch.isin(self.labels, torch.tensor(numbers)).float()


def pair_of(person: Stored, source: int, target: int, size: int) -> Pair:
    """Two views of a stored person."""
    lit = synthetic_pair(person, source, target)
    own, other = lit.garments.matte, lit.person
    ground = ground_of(lit.source, (own < EMPTY).float())
    photo, wanted = (
        _small(on_ground(picture, matte, ground), size)
        for picture, matte in ((lit.source, own), (lit.result, other))
    )
    alpha = _small(other, size)
    labels = F.interpolate(lit.shown.labels.float(), (size, size), mode="nearest-exact").to(torch.uint8)
    joints = joints_of(person[target])[None]
    surface = _surface(lit.found, alpha, size)
    return Pair(
        lit.name, photo, wanted, ground, alpha, labels, surface, joints, lit.found, lit.garments, lit.light
    )


def pairs_of(folder: Path, count: int, size: int) -> Iterator[Pair]:
    """So many pairs, from first views to others, spread over everybody."""
    people = People(folder)
    every = [(i, v) for i in range(len(people)) for v in range(1, len(people[i]))]
    for i, v in every[:: max(1, len(every) // count)][:count]:
        yield pair_of(people[i], 0, v, size)


def _small(values: Tensor, size: int) -> Tensor:
    return F.interpolate(values, (size, size), mode="area")


def _surface(found: Correspondence, alpha: Tensor, size: int) -> Surface:
    """The second person's exact surface, for estimates of light."""
    there = (found.part >= 0).float()[None, None]
    weight = _small(there, size)
    normal = F.normalize(_small(found.normal.permute(2, 0, 1)[None], size), dim=1)
    depth = _small(torch.nan_to_num(found.depth)[None, None] * there, size) / weight.clamp_min(1e-6)
    x0, y0, x1, y1 = box = box_of(alpha[0, 0])
    inside = (normal * (weight > 0.5))[0, :, y0:y1, x0:x1]
    return Surface(inside, depth[0, 0, y0:y1, x0:x1], alpha[0, 0, y0:y1, x0:x1], box, (size, size))
