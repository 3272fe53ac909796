"""One pair, every method: the numbers, kept until something that they depend on changes."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field, replace
from functools import cache as once
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from pipelines.models import reposer
from pipelines.models.weights import WeightError
from pipelines.picture import write_picture

from . import cache, lpips, methods, people
from .colour import garment_difference
from .joints import body_reader, ceiling, correct_joints, read_again, turn_between
from .methods import Made
from .pairs import Pair
from .reading import BACKGROUND, READING, Reader, Sight
from .revision import Revision
from .similarity import (
    figure_ssim,
    height_of,
    on_grey,
    outline_overlap,
    person_box,
    sharpness,
    ssim,
    structure,
)
from .truth import Truth, correspondence_errors

METHODS = ("copy", "aligned", "before", "volumetric", "ours")
OWN = ("lpips", "colour", "similarity", "joints", "truth", "people", "score", "methods")
"""The rooms of this package that the numbers depend on."""


@dataclass(frozen=True, eq=False)
class Scorer:
    """Everything that scoring needs; made once in a process.

    fresh   make the pack's own pictures anew, for the time they take
    before  an earlier revision, which has made its pictures already
    learned the volumetric reposer too
    given   take the joints of both pictures from the truth where it is known, not from the detector
    """

    reader: Reader
    fresh: bool = False
    given: bool = False
    before: Revision | None = None
    learned: bool = False
    folder: Path = field(default=cache.FOLDER / "scores")

    @cached_property
    def perception(self) -> lpips.Lpips:
        """The LPIPS network."""
        return lpips.load()

    @cached_property
    def joints(self):
        """Reads bodies again."""
        return body_reader(self.reader.keypoints)

    def score(self, pair: Pair) -> dict[str, Any]:
        """{"name", "what", "turn", "ceiling", "methods": {method: numbers}}; a method that fails has {"error"}. Errors
        of the pair itself (nobody in one of its pictures) are raised."""
        source, target = (self.reader.read(picture) for picture in pair.pictures())
        known = people.truth_of(*pair.exact) if pair.exact else None
        if known is not None and self.given:
            source, target = replace(source, keypoints=known.before), replace(target, keypoints=known.joints)
        turn = pair.turn if pair.turn is not None else turn_between(source.skeleton, target.skeleton)
        asked = {"before": self.before, "volumetric": self.learned}
        names = [name for name in METHODS if asked.get(name, True)]
        found = {name: self._method(name, pair, source, target, known) for name in names}
        return {
            "name": pair.name,
            "what": pair.what,
            "turn": turn,
            "ceiling": self._ceiling(target, known),
            "size": list(target.picture.shape[-2:]),
            "notes": list(source.keypoints.notes),
            "pictures": {"source": str(pair.source), "target": str(pair.target)},
            "methods": found,
        }

    def _method(
        self, name: str, pair: Pair, source: Sight, target: Sight, truth: Truth | None
    ) -> dict[str, Any]:
        key = cache.key(
            source.id, target.id, name, self._code(name), pair.exact, self.given and truth is not None
        )
        numbers, picture = self.folder / f"{key}.json", self.folder / f"{key}.png"
        kept = cache.kept_json(numbers)
        if kept is not None and picture.is_file() and not (self.fresh and name == "ours"):
            return kept
        try:
            made = self._made(name, source, target)
            found = self._numbers(made, source, target, truth) | {"picture": str(picture)}
            write_picture(made.picture.clamp(0, 1), picture)
        except WeightError:
            raise  # this is no fault of the pair
        except (ValueError, RuntimeError, LookupError, ArithmeticError) as error:
            # A pair that cannot be made is a result: it is counted, and the others are gone on with.
            return {"error": f"{type(error).__name__}: {error}"}
        if name in ("aligned", "ours"):
            found["background_seconds"] = self.reader.background(source)[1]
        found["reading_seconds"] = source.seconds
        cache.keep_json(numbers, found)
        return found

    def _made(self, name: str, source: Sight, target: Sight) -> Made:
        if name == "copy":
            return methods.copied(source, target)
        if name == "before":
            return self.before.made(source, target)
        room, _ = self.reader.background(source)
        make = {"aligned": methods.aligned, "volumetric": methods.volumetric}.get(name, methods.reposed)
        return make(source, target, room)

    def _numbers(self, made: Made, source: Sight, target: Sight, truth: Truth | None) -> dict[str, Any]:
        true, matte = target.picture, target.matte
        similar = structure(made.picture, true)
        crop = cropping(matte)
        joints = target.keypoints if truth is None else truth.joints
        again = read_again(made.picture, self.joints, joints)
        numbers = {
            "ssim": ssim(similar),
            "figure_ssim": figure_ssim(similar, matte),
            "lpips": self.perception.distance(true, made.picture),
            "person_lpips": self.perception.distance(true[crop], made.picture[crop]),
            "figure_lpips": self.perception.distance(
                *(on_grey(v, m)[crop] for v, m in ((true, matte), (made.picture, made.person)))
            ),
            "pck": correct_joints(again, joints),
            "garment": garment_difference(
                made.picture, true, target.garment * (made.person > 0.5), height_of(matte)
            ),
            "sharpness": sharpness(made.picture, made.person, source.picture, source.matte, made.scale),
            "outline": outline_overlap(made.person, matte),
            "coverage": made.coverage,
            "seconds": made.seconds,
            "notes": list(made.notes),
        }
        if truth is not None and made.correspondence is not None:
            numbers |= correspondence_errors(made.correspondence, made.person, truth)
        return numbers

    def _ceiling(self, target: Sight, truth: Truth | None) -> float:
        known = None if truth is None else truth.joints
        key = cache.key(target.id, "ceiling", known is not None, self._code("copy"))
        file = self.folder / f"{key}.json"
        kept = cache.kept_json(file)
        if kept is None:
            kept = ceiling(target.picture, self.joints, known or target.keypoints, known is not None)
            cache.keep_json(file, None if math.isnan(kept) else kept)
        return math.nan if kept is None else kept

    def _code(self, name: str) -> str:
        own = _own_code()
        if name == "ours":
            return own + cache.engine_code()
        if name == "volumetric":
            return own + cache.code_of("pipelines.volumetric", *BACKGROUND) + _sum_of(reposer.WEIGHTS)
        if name == "before":
            return own + self.before.commit + cache.code_of(*READING)
        return own + cache.code_of(*BACKGROUND)


@once
def _sum_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def cropping(matte: torch.Tensor) -> tuple:
    """The index that cuts a picture to the person of a matte."""
    y0, y1, x0, x1 = person_box(matte)
    return (..., slice(y0, y1), slice(x0, x1))


@once
def _own_code() -> str:
    folder = Path(__file__).parent
    return hashlib.sha256(b"".join((folder / f"{name}.py").read_bytes() for name in OWN)).hexdigest()


def one_thread() -> None:
    """Times are those of one core, and workers do not get into each other's way."""
    torch.set_num_threads(1)
