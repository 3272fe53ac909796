"""Reads pictures as the pack does and scores what it says of the clothes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from pipelines.garments.parse import garment_map
from pipelines.garments.preview import labelled
from pipelines.geometry.garments import GarmentMap
from pipelines.keypoints import NoPerson
from pipelines.models import weights
from pipelines.models.clothes import load_clothes
from pipelines.picture import read_picture, write_picture
from pipelines.segment import segment_person
from setup.places import PHOTO, say
from training.evaluation.pairs import sized
from training.evaluation.reading import Reader

from .score import Tally, classes_of
from .sets import Known

SIZE = (1536, 1024)
"""(height, width) at which time is measured."""


class Measurer:
    """models: the folder that holds repose/; network: a clothes network in the default's place; out: where maps go."""

    def __init__(self, models: Path, network: Path | None = None, out: Path | None = None):
        weights.find("selfie-multiclass", [models / "repose"])
        self.reader, self.out = Reader(models), out
        self.network = load_clothes(network) if network else None

    def read(self, picture: torch.Tensor) -> GarmentMap:
        """(1, 3, H, W) -> the map of its largest person. NoPerson where nobody is seen."""
        sight = self.reader.read(picture)
        return garment_map(picture, sight.keypoints, sight.cut, self.network)

    def rows(self, pictures: Iterable[Known], title: str) -> dict[str, dict[str, float]]:
        """Scores by row of the table: each picture of a small set, and all together."""
        whole, rows, missed = Tally(), {}, []
        for known in pictures:
            try:
                found = self.read(known.picture)
            except NoPerson:
                missed.append(known.name)
                continue
            labels = np.where(found.matte[0, 0].numpy() < 0.5, 0, found.labels[0, 0].numpy())
            one = Tally()
            one.add(known.classes, classes_of(labels))
            whole.add(known.classes, classes_of(labels))
            rows[known.name] = one.scores()
            if known.regions is not None:
                whole.add_sides(known.regions, labels)
            if self.out:
                self.out.mkdir(parents=True, exist_ok=True)
                write_picture(labelled(known.picture, [found]), self.out / f"{known.name}.png")
        if missed:
            say(f"nobody was seen in {', '.join(missed)}: not counted")
        if whole.sides[1]:
            say(
                f"{title}: {100 * whole.sides[0] / whole.sides[1]:.1f} % of the limbs' skin is on the right limb"
            )
        return (rows if len(rows) <= 12 else {}) | {f"{len(rows)} {title}": whole.scores()}


def seconds(measurer: Measurer, runs: int = 5) -> tuple[float, float]:
    """Median processor seconds of the person mask, and of the map of clothes beside it, on the standing photo: on one
    thread, so that other work on the machine does not count."""
    import cv2

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    picture = sized(read_picture(PHOTO), SIZE)
    keypoints = measurer.reader.read(picture).keypoints
    masks, maps = [], []
    for _ in range(runs):
        started = time.process_time()
        cut = segment_person(picture, measurer.reader.parts, [keypoints])
        masks.append(time.process_time() - started)
        started = time.process_time()
        garment_map(picture, keypoints, cut)
        maps.append(time.process_time() - started)
    return statistics.median(masks), statistics.median(maps)
