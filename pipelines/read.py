"""Read a photo: one person's keypoints, matte, regions and skeleton, before anything moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from .batches import Progress
from .geometry.keypoints import Keypoints
from .geometry.layers import Regions
from .geometry.skeleton import Skeleton
from .keypoints import read_keypoints
from .lift import embodied
from .models.person_parts import PartsReader
from .models.wholebody import KeypointBackend, load_composite
from .people import Who
from .segment import Segmentation, load_segmenter, segment_person


@dataclass(frozen=True, eq=False)
class Reading:
    """What is known of one person in one photo.

    keypoints   in the photo's pixels
    matte       (1, 1, H, W) in [0, 1]
    regions     hair, bare skin, and the photo without the old background in the matte's soft edge
    skeleton    lifted to space
    """

    keypoints: Keypoints
    matte: torch.Tensor
    regions: Regions
    skeleton: Skeleton


@dataclass(frozen=True, eq=False)
class Reader:
    """The networks that read a photo."""

    keypoints: KeypointBackend
    parts: PartsReader

    def read(self, picture: torch.Tensor, person: int = 0, progress: Progress = None) -> Reading:
        """One person of a picture (1, 3, H, W), the largest or the n-th. NoPerson where there is none."""
        found = read_keypoints(picture, self.keypoints, Who(person))[0]
        if progress:
            progress(0.5)
        return self.complete(picture, found, progress)

    def complete(self, picture: torch.Tensor, keypoints: Keypoints, progress: Progress = None) -> Reading:
        """The rest of the reading, for keypoints that are already known."""
        cut = segment_person(picture, self.parts, [keypoints])
        if progress:
            progress(1.0)
        return Reading(keypoints, cut.matte, regions_of(cut)[0], embodied(keypoints))


def regions_of(cut: Segmentation) -> list[Regions]:
    """What the warp uses of a segmentation, for each picture."""
    maps = (cut.part("hair"), cut.part("body_skin"), cut.foreground)
    return [Regions(*one) for one in zip(*(part.split(1) for part in maps), strict=True)]


def load_reader(find: Callable[[str], Path], device: str = "cpu", runtime: str = "torch") -> Reader:
    """The default networks; `find` gives a weight's checked path by its id (models/weights.py)."""
    return Reader(load_composite(find, device, runtime), load_segmenter(find))
