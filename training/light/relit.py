"""`relight FOLDER`: is a reposed person nearer to the true picture of that pose when lit by the estimated light?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import torch

from pipelines.geometry.colour import linear, luminance
from pipelines.geometry.fill import masked_blur
from pipelines.keypoints import NoPerson
from pipelines.lift import embodied
from pipelines.light.photo import light_of
from pipelines.native import moved_by
from setup.places import MODELS, say
from training.evaluation.people import landmarks
from training.evaluation.reading import Reader
from training.people.truth.dataset import People

BROAD = 4.0
"""Pixels over which brightness is compared: the pose is never met to the pixel."""
FEWEST = 500
"""Pixels that both pictures must show of the person."""


def brightness_error(made: torch.Tensor, true: torch.Tensor, both: torch.Tensor) -> float:
    """Mean absolute difference of the logarithms of broad brightness of two pictures (3, H, W) sRGB over `both` (H, W)
    bool, but for one factor on all of it: two exposures."""

    def broad(picture: torch.Tensor) -> torch.Tensor:
        bright = luminance(linear(picture)).clamp(min=0.003).log()
        return masked_blur(bright[None], both, BROAD)[0]

    apart = (broad(made) - broad(true))[both]
    return float((apart - apart.median()).abs().mean())


def errors(folder: Path, count: int, reader: Reader) -> Iterator[tuple[float, float]]:
    """Before and after relighting, for the second picture of each person made from the first, its true joints given."""
    people = People(folder)
    for i in range(len(people)):
        first, second = people[i][0], people[i][1]
        photo, true = (one.view.rgb.float().clamp(0, 1) for one in (first, second))
        try:
            reading = reader.read(photo[None]).reading()
        except NoPerson:
            continue
        source, target = (embodied(landmarks(one.joints, one.camera)) for one in (first, second))
        size = tuple(photo.shape[-2:])
        moved = moved_by(photo[None], reading.matte, source, target, None, size=size, regions=reading.regions)
        both = (moved.correspondence.visible > 0.5) & (moved.alpha[0, 0] > 0.95) & (second.view.alpha > 0.95)
        light = light_of(photo[None], reading.matte, reading.skeleton, reading.regions)
        if int(both.sum()) < FEWEST or light is None:
            continue
        lit = light.on(moved, reading.regions)
        yield tuple(brightness_error(one.colour[0], true, both) for one in (moved, lit))
        count -= 1
        if count == 0:
            return


def add_to(commands: argparse._SubParsersAction) -> None:
    """`relight FOLDER`."""
    parser = commands.add_parser("relight", help="reposed people with and without the estimated light")
    parser.add_argument("folder", type=Path, help="people of python -m training.people")
    parser.add_argument("--count", type=int, default=60, help="people at most")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> None:
    """Measure and say it."""
    found = list(errors(given.folder, given.count, Reader(MODELS)))
    before, after = zip(*found, strict=True)
    better = sum(a < b for b, a in found) / len(found)
    say(
        f"{len(found)} people: brightness off by {mean(before):.4f} as it was, {mean(after):.4f} relit (logarithms);"
        f" nearer in {better:.0%}"
    )
