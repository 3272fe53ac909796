"""Read a photo: one person's keypoints, matte, regions and skeleton, before anything moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from .batches import Progress, common_count, each
from .drawing import DrawingReader, prefers_drawing
from .drawing_mask import is_flat_coloured
from .garments.known import clothes_of
from .geometry.garments import SKIN, GarmentMap
from .geometry.keypoints import DRAWING, Keypoints
from .geometry.layers import Regions
from .geometry.skeleton import Skeleton
from .keypoints import read_keypoints
from .lift import embodied
from .models.person_parts import PartsReader
from .models.wholebody import KeypointBackend, load_composite
from .people import NoPerson, Who
from .segment import Segmentation, load_segmenter, segment_person

DRAWN_NOTE = "no person was seen, but a drawn figure: it moves flat, as cut out of paper"
FLAT_NOTE = "a figure in flat colours: it moves flat, as cut out of paper"


STRAY = 0.05
"""Share of a pixel from which on a mask says that somebody is there: less is the soft edge's own."""


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
        """One person of a picture (1, 3, H, W), the largest or the n-th, or a drawn figure where the networks see
        nobody. NoPerson where there is neither."""
        found = self._person(picture, person)
        if progress:
            progress(0.5)
        return self.complete(picture, found, progress)

    def _person(self, picture: torch.Tensor, person: int) -> Keypoints:
        try:
            found = read_keypoints(picture, self.keypoints, Who(person))[0]
        except NoPerson:
            drawn = drawn_figure(picture, None, person)
            if drawn is None:
                raise
            return drawn
        drawn = drawn_figure(picture, found, person)
        if drawn is None and found.source != DRAWING and is_flat_coloured(picture):
            drawn = replace(found, source=DRAWING, notes=(FLAT_NOTE, *found.notes))
        return drawn or found

    def complete(self, picture: torch.Tensor, keypoints: Keypoints, progress: Progress = None) -> Reading:
        """The rest of the reading, for keypoints that are already known."""
        cut = segment_person(picture, self.parts, [keypoints])
        if progress:
            progress(0.6)
        regions = regions_and_clothes(picture, keypoints, cut)
        if progress:
            progress(1.0)
        return Reading(keypoints, person_of(cut.matte, regions), regions, embodied(keypoints))


def drawn_figure(picture: torch.Tensor, networks: Keypoints | None, person: int = 0) -> Keypoints | None:
    """The drawn figure of a picture (1, 3, H, W) that the networks read as `networks`, if at all; None where they see
    somebody well, or nothing is drawn."""
    if (networks is not None and networks.source == DRAWING) or not prefers_drawing(picture, networks):
        return None
    figures = DrawingReader().read(picture, person)
    return replace(figures[0], notes=(DRAWN_NOTE, *figures[0].notes)) if figures else None


def regions_of(cut: Segmentation) -> list[Regions]:
    """What the warp uses of a segmentation, for each picture."""
    maps = (cut.part("hair"), cut.part("body_skin"), cut.foreground)
    return [Regions(*one) for one in zip(*(part.split(1) for part in maps), strict=True)]


def regions_and_clothes(picture: torch.Tensor, keypoints: Keypoints, cut: Segmentation) -> Regions:
    """What the warp uses of one picture's segmentation, and of the clothes that it shows; of a drawing no clothes."""
    if keypoints.source == DRAWING:
        return regions_of(cut)[0]
    return regions_from(clothes_of(picture, keypoints, cut), cut.foreground)


def person_of(matte: torch.Tensor, regions: Regions) -> torch.Tensor:
    """(1, 1, H, W) the matte without what the map of clothes, which knows where legs are, found to be nobody's: a
    flower pot between them."""
    if regions.garments is None:
        return matte
    nobody = (regions.garments.matte < STRAY) & (matte > STRAY)
    return torch.where(nobody, 0.0, matte)


def regions_from(garments: GarmentMap, foreground: torch.Tensor | None = None) -> Regions:
    """What the warp uses of a map of clothes: its hair's strands, its bare skin without the face, and itself.
    foreground (1, 3, H, W): the photo without the old background in the person's soft edge, where it is known."""
    bare = [name for name in SKIN if name != "face"]
    return Regions(garments.hair, garments.mask(*bare), foreground, garments)


def dressed(regions: Sequence[Regions] | None, garments: Sequence[GarmentMap] | None) -> list[Regions] | None:
    """The regions of each picture with what is known of its clothes: the map's word wins. ValueError for lengths that
    differ."""
    if garments is None:
        return None if regions is None else list(regions)
    if regions is None:
        return [regions_from(one) for one in garments]
    count = common_count(regions=len(regions), garments=len(garments))
    pairs = zip(each(regions, count, "regions"), each(garments, count, "garments"), strict=True)
    return [regions_from(clothes, seen.foreground) for seen, clothes in pairs]


def load_reader(find: Callable[[str], Path], device: str = "cpu", runtime: str = "torch") -> Reader:
    """The default networks; `find` gives a weight's checked path by its id (models/weights.py)."""
    return Reader(load_composite(find, device, runtime), load_segmenter(find))
