"""Places to measure on: parts of garments that are known and are hidden as real occlusions hide them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.filling.guess import Unseen
from pipelines.filling.labels import continued_labels
from pipelines.geometry.garments import CLOTHES, FABRICS, NUMBER, GarmentMap
from setup.places import MODELS

from ..evaluation.grading import PHOTOS, _photo_at
from ..evaluation.reading import Reader
from ..people.truth.dataset import People
from .crops import limb
from .data import FABRIC_OF, _placed

HEIGHT = 1024
"""Pixels that a photo is measured at."""
SHARE = 0.3
"""Least share of a crop that is hidden."""
SIDES = (96, 64, 48, 32)
"""Pixels of a crop for a person of 1000: the largest in which enough is hidden."""
EACH = 6
"""Crops of a photo at most."""


@dataclass(frozen=True, eq=False)
class Place:
    """One crop: where it lies in the picture (rows, columns), and of the whole what is hidden and the truth (3, h, w).

    That something worn is hidden is told, as the layers of the body tell it; which garment it is, is not: that is the
    nearest seen one's.
    """

    name: str
    unseen: Unseen
    truth: Tensor
    window: tuple[slice, slice]
    clothes: GarmentMap | None = None
    matte: Tensor | None = None

    @property
    def hidden(self) -> Tensor:
        """(h, w) bool in the crop."""
        return self.unseen.wanted[self.window]


def of_photos(only: str = "") -> Iterator[Place]:
    """Arm- and limb-shaped parts of the clothes of the photos of the grading sheet, hidden."""
    reader = Reader(MODELS)
    for i, name in enumerate(one for one in PHOTOS if only.lower() in one.lower()):
        picture = _photo_at(name, HEIGHT)
        sight = reader.read(picture)
        clothes, matte = sight.regions.garments, sight.matte[0, 0]
        label = clothes.labels[0, 0].long()
        person = matte > 0.95
        rows = torch.nonzero(person.any(1)).flatten()
        stature = float(rows[-1] - rows[0])
        worn = person & torch.isin(label, torch.tensor([NUMBER[n] for n in CLOTHES[:4]]))
        hidden = _limbs(worn, stature, torch.Generator().manual_seed(100 + i))
        middle = float(torch.nonzero(person.any(0)).flatten().float().median()), float(rows[0])
        material = _fabrics(clothes, label)
        whole = (picture[0], label, person, hidden, material, None, middle, stature)
        for place in _places(name, *whole):
            yield replace(place, clothes=clothes, matte=sight.matte)


def _fabrics(clothes: GarmentMap, label: Tensor) -> Tensor:
    out = torch.full_like(label, len(FABRICS))
    for name, material in clothes.materials.items():
        if material.fabric in FABRICS:
            out[label == NUMBER[name]] = FABRICS.index(material.fabric)
    return out


def _limbs(worn: Tensor, stature: float, generator: torch.Generator) -> Tensor:
    """(h, w) bool: limbs that lie on clothes for most of their length and not on each other."""
    hidden = torch.zeros_like(worn)
    for _ in range(60):
        shape = limb(tuple(worn.shape), stature, generator)
        if (shape & worn).sum() > 0.6 * shape.sum() and not bool((hidden & shape).any()):
            hidden |= shape
    return hidden & worn


def of_people(folder: Path, count: int) -> Iterator[Place]:
    """Clothes of held-out synthetic people that another pose of theirs hides."""
    people = People(folder)
    worn = torch.tensor([NUMBER[n] for n in CLOTHES[:4]])
    for i in range(min(count, len(people))):
        source, target = (0, 1) if i % 2 else (1, 0)
        pair = people[i].pair(source, target)
        view, truth = pair.target.view, pair.correspondence
        person = (view.face >= 0) & (view.alpha > 0.95)
        region = view.region.long()
        hidden = person & ~truth.visible
        hidden = _solid(hidden) & person
        placed = _placed(pair.target, pair.target.camera)
        stature = float(placed["stature"])
        whole = (
            view.clean.clamp(0, 1), region, person, hidden, FABRIC_OF[view.material.long()], view.normal,
            tuple(float(n) for n in placed["middle"]), stature,
        )  # fmt: skip
        name = f"person {i}"
        yield from (
            place for place in _places(name, *whole, worn=torch.isin(region, worn)) if place is not None
        )


def _solid(mask: Tensor) -> Tensor:
    """Without single pixels."""
    return F.max_pool2d(-F.max_pool2d(-mask[None, None].float(), 3, 1, 1), 3, 1, 1)[0, 0] > 0


def _places(
    name: str, picture, label, person, hidden, material, normal, middle, stature, worn: Tensor | None = None
) -> Iterator[Place]:
    """The crops of one picture, those with most hidden first, none over another."""
    if not bool(hidden.any()):
        return
    known = person & ~hidden
    cloth = torch.isin(label, torch.tensor([NUMBER[n] for n in CLOTHES])) | hidden
    region = continued_labels(label, known, hidden, stature, sheet=cloth.long())
    told = torch.where(hidden, _of_region(material, region, known), material)
    unseen = Unseen(picture * known, known, hidden, region, told, normal, middle, stature)
    open_ = hidden.float() if worn is None else (hidden & worn).float()
    taken = 0
    for side in (max(32, round(n * stature / 1000 / 8) * 8) for n in SIDES):
        if min(picture.shape[-2:]) <= side:
            continue
        share = F.avg_pool2d(open_[None, None], side, 8)[0, 0]
        while taken < EACH and float(share.max()) >= SHARE:
            best = int(share.argmax())
            top, left = best // share.shape[1] * 8, best % share.shape[1] * 8
            window = slice(top, top + side), slice(left, left + side)
            if float(person[window].float().mean()) > 0.7:
                yield Place(f"{name} {taken + 1}", unseen, picture, window)
                taken += 1
                open_[window] = 0
            else:
                open_[window] *= 0.5
            share = F.avg_pool2d(open_[None, None], side, 8)[0, 0]


def _of_region(material: Tensor, region: Tensor, known: Tensor) -> Tensor:
    """(h, w) the most frequent fabric of each region."""
    out = torch.full_like(material, len(FABRICS))
    for number in torch.unique(region[region >= 0]).tolist():
        own = material[known & (region == number)]
        if len(own):
            out[region == number] = torch.mode(own).values
    return out
