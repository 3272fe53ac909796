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
from pipelines.sampling.closeups import Closeup, cut, slices
from training.light.check_pairs import synthetic_pair
from training.people.truth.dataset import People, Stored
from training.reposer.pairs import joints_of

from .examples import frame, framed, ground_of, on_ground

EMPTY = 0.05
"""Of a matte, under which a pixel is the room's."""


@dataclass(frozen=True, eq=False)
class Pair:
    """One person in two pictures on the first one's plain ground, each in its frame: photo, wanted (1, 3, H, W) sRGB,
    alpha (1, 1, H, W) of the second person and labels (1, 1, H, W) of what each of its pixels is, surface and joints
    (1, J, 2) of it; found and garments between the frames, at the size that the people are kept at; light in found's
    camera frame."""

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
        """(1, 1, H, W) 0 or 1: what is of these regions in the second picture."""
        return torch.isin(self.labels, torch.tensor(numbers)).float()


def pair_of(person: Stored, source: int, target: int, size: tuple[int, int]) -> Pair | None:
    """Two views of a stored person; None where one does not fit its frame."""
    lit = synthetic_pair(person, source, target)
    own, other = lit.garments.matte, lit.person
    boxes = [frame(matte, size) for matte in (own, other)]
    if None in boxes:
        return None
    close = Closeup("person", boxes[1], boxes[0])
    ground = ground_of(lit.source, (own < EMPTY).float())
    photo, wanted = (
        cut(on_ground(picture, matte, ground), box, size)
        for picture, matte, box in zip((lit.source, lit.result), (own, other), boxes, strict=True)
    )
    found, alpha = close.found(lit.found), cut(other, boxes[1], size)
    rows, columns = slices(boxes[1])
    labels = F.interpolate(lit.shown.labels[..., rows, columns].float(), size, mode="nearest-exact").to(
        torch.uint8
    )
    joints = framed(joints_of(person[target]), boxes[1], own.shape[-1])[None]
    return Pair(
        photo, wanted, ground, alpha, labels, surface_of(found, alpha), joints, found,
        close.garments(lit.garments), lit.light,
    )  # fmt: skip


def pairs_of(folder: Path, count: int, size: tuple[int, int]) -> Iterator[Pair]:
    """So many pairs at most, from first views to others, spread over everybody."""
    people = People(folder)
    every = [(i, v) for i in range(len(people)) for v in range(1, len(people[i]))]
    for i, v in every[:: max(1, len(every) // count)][:count]:
        pair = pair_of(people[i], 0, v, size)
        if pair is not None:
            yield pair


def surface_of(found: Correspondence, alpha: Tensor) -> Surface:
    """The second person's exact surface at the size of their matte (1, 1, H, W), for estimates of light."""
    size = tuple(alpha.shape[-2:])

    def small(values: Tensor) -> Tensor:
        return F.interpolate(values, size, mode="area")

    there = (found.part >= 0).float()[None, None]
    weight = small(there)
    normal = F.normalize(small(found.normal.permute(2, 0, 1)[None]), dim=1)
    depth = small(torch.nan_to_num(found.depth)[None, None] * there) / weight.clamp_min(1e-6)
    x0, y0, x1, y1 = box = box_of(alpha[0, 0])
    inside = (normal * (weight > 0.5))[0, :, y0:y1, x0:x1]
    return Surface(inside, depth[0, 0, y0:y1, x0:x1], alpha[0, 0, y0:y1, x0:x1], box, size)
