"""Pictures whose regions are known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from pipelines.garments.tables import folded
from pipelines.geometry.garments import REGIONS
from pipelines.picture import read_picture

from .score import classes_of

LABELS = "ccp_labels.json"


class Known(NamedTuple):
    """picture (1, 3, H, W); classes (H, W) numbers in score.CLASSES; regions (H, W) in REGIONS, where known."""

    name: str
    picture: torch.Tensor
    classes: np.ndarray
    regions: np.ndarray | None = None


def labelled_photos(folder: Path) -> Iterator[Known]:
    """Photos with the 59 labels of CCP, folded by pipelines/garments/tables.py. ValueError where sizes differ."""
    from PIL import Image

    names = json.loads((folder / LABELS).read_text(encoding="utf-8"))
    regions = folded([names[key] for key in sorted(names, key=int)])
    for file in sorted(folder.glob("*.jpg")):
        picture = read_picture(file)
        with Image.open(file.with_name(f"{file.stem}_label.png")) as image:
            numbers = np.array(image)
        if numbers.shape != tuple(picture.shape[-2:]):
            raise ValueError(f"{file.name} is {tuple(picture.shape[-2:])}, its labels {numbers.shape}")
        yield Known(file.stem, picture, classes_of(numbers, regions))


def synthetic(folder: Path) -> Iterator[Known]:
    """One view of each synthetic person, another one each time."""
    from training.people.truth.dataset import People

    for i, person in enumerate(People(folder)):
        view = person[i % len(person)].view
        regions = view.region.numpy()
        yield Known(f"{i:06d}", view.rgb[None].float().clamp(0, 1), classes_of(regions), regions)


assert REGIONS[0] == "background"
