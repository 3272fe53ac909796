"""Photos as the pack reads them, read once: kept by the picture's hash and the hash of the code that reads."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from pipelines.background import restore_background
from pipelines.geometry.keypoints import Keypoints
from pipelines.geometry.layers import Regions
from pipelines.geometry.skeleton import Skeleton
from pipelines.keypoints import read_keypoints
from pipelines.lift import lift
from pipelines.light.shadows import shadows_of
from pipelines.models import weights
from pipelines.models.wholebody import load_composite
from pipelines.read import Reading, person_of, regions_and_clothes
from pipelines.segment import Segmentation, load_segmenter, segment_person

from . import cache

READING = ("pipelines.keypoints", "pipelines.segment", "pipelines.models.wholebody")
BACKGROUND = (*READING, "pipelines.background", "pipelines.light.shadows")
GARMENTS = ("clothes", "other")
"""Of models/person_parts.CLASSES: "other" is what is worn or carried and no cloth."""


@dataclass(frozen=True, eq=False)
class Sight:
    """One picture and the largest person of it. seconds: what reading it took, when it was read."""

    picture: torch.Tensor
    id: str
    keypoints: Keypoints
    cut: Segmentation
    seconds: float

    @cached_property
    def regions(self) -> Regions:
        """What the warp knows of the clothes."""
        return regions_and_clothes(self.picture, self.keypoints, self.cut)

    @cached_property
    def matte(self) -> torch.Tensor:
        """(1, 1, H, W)."""
        return person_of(self.cut.matte, self.regions)

    @property
    def garment(self) -> torch.Tensor:
        """(1, 1, H, W) what the person wears."""
        return self.cut.part(*GARMENTS)

    @cached_property
    def skeleton(self) -> Skeleton:
        """Lifted now: lifting is quick, and belongs to what is measured."""
        return lift(self.keypoints)

    def reading(self) -> Reading:
        """As the chain takes it."""
        return Reading(
            self.keypoints,
            self.matte,
            self.regions,
            self.skeleton,
        )


class Reader:
    """The pack's default networks, loaded when something was never read before."""

    def __init__(self, models: Path, folder: Path = cache.FOLDER / "readings"):
        self.models, self.folder = models, folder

    def _find(self, id: str) -> Path:
        return weights.find(id, [self.models / "repose", self.models])

    @cached_property
    def keypoints(self):
        """The whole-body reader."""
        return load_composite(self._find, "cpu", "torch")

    @cached_property
    def parts(self):
        """The segmenter."""
        return load_segmenter(self._find, threads=1)

    def read(self, picture: torch.Tensor) -> Sight:
        """One picture (1, 3, H, W). NoPerson where nobody is in it."""
        id = cache.pixels_of(picture)
        file = self.folder / f"{cache.key(id, cache.code_of(*READING))}.npz"
        kept = cache.kept_arrays(file)
        if kept is None:
            started = time.process_time()
            found = read_keypoints(picture, self.keypoints)[0]
            cut = segment_person(picture, self.parts, [found])
            cache.keep_arrays(file, _packed(picture, found, cut, time.process_time() - started))
            kept = cache.kept_arrays(file)
        return Sight(picture, id, _keypoints(kept), _cut(picture, kept), float(kept["seconds"]))

    def background(self, sight: Sight) -> tuple[torch.Tensor, float]:
        """(1, 3, H, W) the picture without its person and their shade, and the seconds that took when it was made."""
        # The matte, too, where the map of clothes, whose code is not in the key, has changed it.
        told = () if bool((sight.matte == sight.cut.matte).all()) else (cache.pixels_of(sight.matte),)
        file = self.folder / f"{cache.key(sight.id, cache.code_of(*BACKGROUND), *told)}-room.npz"
        kept = cache.kept_arrays(file)
        if kept is None:
            started = time.process_time()
            shadows = shadows_of(sight.picture, sight.matte, sight.skeleton)
            room = restore_background(shadows.lifted(sight.picture), sight.matte)
            change = (room - sight.picture).half().numpy()
            cache.keep_arrays(file, {"change": change, "seconds": np.array(time.process_time() - started)})
            kept = cache.kept_arrays(file)
        return (sight.picture + torch.from_numpy(kept["change"]).float()).clamp(0, 1), float(kept["seconds"])


def _packed(picture, found: Keypoints, cut: Segmentation, seconds: float) -> dict[str, np.ndarray]:
    """Everything as arrays. The colours are kept as what they differ from the picture by, which is nothing but in the
    matte's soft edge, and parts and colours at 16 bits: both compress to little."""
    plain = {f.name: getattr(found, f.name) for f in fields(found)}
    packed = {name: np.array(value) for name, value in plain.items() if value is not None}
    return packed | {
        "matte": cut.matte.numpy(),
        "parts": cut.parts.half().numpy(),
        "foreground_change": (cut.foreground - picture).half().numpy(),
        "seconds": np.array(seconds),
    }


def _keypoints(kept: dict[str, np.ndarray]) -> Keypoints:
    as_plain: dict[str, Callable] = {
        "canvas": lambda v: tuple(int(n) for n in v),
        "source": str,
        "notes": lambda v: tuple(str(n) for n in v),
        "level": bool,
    }
    names = [f.name for f in fields(Keypoints) if f.name in kept]
    return Keypoints(**{name: as_plain.get(name, np.asarray)(kept[name]) for name in names})


def _cut(picture: torch.Tensor, kept: dict[str, np.ndarray]) -> Segmentation:
    parts, change = (torch.from_numpy(kept[name]).float() for name in ("parts", "foreground_change"))
    return Segmentation(torch.from_numpy(kept["matte"]), parts, (picture + change).clamp(0, 1))
