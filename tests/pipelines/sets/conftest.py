"""A drawn person as read from a photo, without any network."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import torch
from repose.pipelines.geometry.layers import Regions
from repose.pipelines.people import NoPerson
from repose.pipelines.read import Reading

from ...geometry.people import draw, standing


@dataclass
class DrawnReader:
    """Reads the drawn person in every picture that is not one plain colour; counts how often it was asked."""

    reading: Reading
    asked: list[tuple[int, int]] = field(default_factory=list)

    def read(self, picture, person=0, progress=None) -> Reading:
        self.asked.append(tuple(picture.shape[-2:]))
        if float(picture.std()) < 0.01:
            raise NoPerson("nobody is seen")
        return self.reading


@pytest.fixture(scope="session")
def drawn_photo() -> torch.Tensor:
    """(1, 3, 480, 360) the drawn person's photo."""
    return draw(standing())[0]


@pytest.fixture
def reader(drawn_photo) -> DrawnReader:
    skeleton = standing()
    picture, matte = draw(skeleton)
    regions = Regions(torch.zeros_like(matte), torch.zeros_like(matte))
    return DrawnReader(Reading(skeleton.project(), matte, regions, skeleton))
