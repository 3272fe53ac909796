"""Photographed pairs for the photometric check: the true second photo as the result, through the pack's own warp."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch

from pipelines.geometry.field import erode
from pipelines.keypoints import NoPerson
from pipelines.lift import pose_in
from pipelines.light.estimate import estimate_light
from pipelines.light.surface import photographed
from pipelines.repose import ReposeOptions, repose
from setup.places import say
from training.evaluation.pairs import chosen, from_table
from training.evaluation.reading import Reader

from .check_pairs import LitPair

EDGE = 2
"""Pixels in from the true person's outline within which the result is compared."""


def photo_pairs(file: Path, models: Path, limit: int = 0) -> Iterator[tuple[LitPair, LitPair]]:
    """Of each pair of a table the true second photo, and the pack's own picture in its pose, as results; those of which
    both photos have one size and a person."""
    reader = Reader(models)
    for pair in chosen(from_table(file), limit=limit):
        try:
            source, target = (reader.read(picture) for picture in pair.pictures())
        except NoPerson:
            say(f"{pair.name}: nobody is found")
            continue
        if source.picture.shape != target.picture.shape:
            say(f"{pair.name}: two sizes")
            continue
        reading = source.reading()
        pose = pose_in(target.keypoints)
        # The room does not matter here: the source itself stands for it.
        made = repose(source.picture, reading, pose, ReposeOptions(place="target"), background=source.picture)
        both = torch.minimum(made.person, erode(target.matte[0, 0], EDGE)[None, None])
        worn = reading.regions.garments
        surface = photographed(source.picture, source.matte, source.skeleton, reading.regions)
        light = estimate_light(source.picture, surface, worn)
        shown = target.reading().regions.garments
        true = LitPair(
            pair.name, source.picture, target.picture, both, made.correspondence, worn, shown, light
        )
        yield (
            true,
            replace(true, name=f"{pair.name} ours", result=made.picture, person=made.person, shown=None),
        )
