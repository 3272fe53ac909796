"""Patterns, prints and time of pipelines/garments, as the README states them.

    python -m training.fabrics.measure --models .repose/base/models

Patterns are drawn with a known period and direction on a garment of 360 x 520 pixels, in the shade of folds, blurred
and with grain. Prints are painted on the chests of openpeople's 20 full-body photos (MIT; nobody real), whose clothes
have none of their own.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from math import cos, degrees, pi, radians, sin
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from pipelines.garments.cloth import Cloth, cloths
from pipelines.garments.material import measured
from pipelines.garments.patches import with_rigid_patches
from pipelines.garments.repeats import repeats
from pipelines.garments.text import rapid
from pipelines.geometry.garments import NUMBER, GarmentMap, Pattern

from ..people.cloth.patterns import stripe
from ..people.draws import Draw
from ..people.noise import fractal
from ..people.shades import encoded
from .photos import Photo, photos
from .slogans import Painted, painted

SIZE = (520, 360)
KINDS = ("stripes", "check", "dots", "knit")
EACH = 40
CLOSE, ALIGNED = 0.05, 3.0
"""Share of the period, and degrees, within which a pattern is found."""
FULL = ("amateur_posture", "studio_posture")
PRINTS = 6


def drawn(kind: str, draw: Draw) -> tuple[Cloth, float, float]:
    """A garment with a pattern, its period in pixels and its direction in degrees; "plain" has none."""
    period, turn = draw.scale(7, 60), draw.between(0, 180)
    if kind == "knit":
        period = draw.scale(6, 16)
    y, x = torch.meshgrid(*(torch.arange(side).float() for side in SIZE), indexing="ij")
    across = x * cos(radians(turn)) + y * sin(radians(turn))
    along = -x * sin(radians(turn)) + y * cos(radians(turn))
    share = draw.between(0.15, 0.7)
    if kind == "stripes":
        cover = stripe(across, period, share, 1.0)
    elif kind == "check":
        cover = 0.5 * (stripe(across, period, 0.5, 1.0) + stripe(along, period, 0.5, 1.0))
    elif kind == "dots":
        away = torch.hypot((across / period) % 1 - 0.5, (along / period) % 1 - 0.5)
        cover = (((0.15 + 0.15 * share) - away) * period + 0.5).clamp(0, 1)
    elif kind == "knit":
        lean = ((across / period) % 1 - 0.5).abs() * 2
        loops = 0.5 * torch.sin(2 * pi * (along / (0.75 * period) - 0.55 * lean)) + 0.45 * torch.sin(
            2 * pi * across / period
        )
        cover = 0.12 + 0.1 * loops
    else:
        cover = torch.zeros(SIZE)
    return _seen(cover, draw), period, turn


def _seen(cover: torch.Tensor, draw: Draw) -> Cloth:
    dark, light = (
        torch.rand(3, generator=draw.generator) * span + low for low, span in ((0.03, 0.2), (0.4, 0.4))
    )
    albedo = dark[:, None, None] + (light - dark)[:, None, None] * cover
    shade = 1 + draw.between(0.1, 0.35) * fractal(draw, SIZE, (6, 4), 3, 0.6)
    lit = encoded((albedo * shade.clamp(0.3, 1.7)).clamp(0, 1))
    soft = F.avg_pool2d(F.pad(lit[None], (1,) * 4, mode="replicate"), 3, 1)[0]
    noisy = soft + draw.between(0.005, 0.03) * draw.bells(3, *SIZE)
    inside = np.ones(SIZE, bool)
    return Cloth("upper", noisy.clamp(0, 1).permute(1, 2, 0).numpy(), inside, inside, (0, 0))


def right(found: tuple[Pattern, ...], period: float, turn: float, crossed: bool) -> bool:
    """Whether the strongest pattern has the period and the direction; a check's may be either of its two."""
    if not found:
        return False
    best = found[0]
    ways = (turn, turn + 90) if crossed else (turn,)
    off = min(abs((degrees(best.orientation) - way + 90) % 180 - 90) for way in ways)
    return abs(best.period / period - 1) < CLOSE and off < ALIGNED


def patterns() -> None:
    """Print how many of each kind are found, and how many plain garments have a pattern."""
    for kind in (*KINDS, "plain"):
        draw = Draw(torch.Generator().manual_seed(7))
        made = [drawn(kind, draw) for _ in range(EACH)]
        found = [repeats(cloth) for cloth, _, _ in made]
        if kind == "plain":
            print(f"plain: {sum(bool(one) for one in found)} of {EACH} have a pattern")
            continue
        hits = [right(f, p, t, kind in ("check", "dots")) for f, (_, p, t) in zip(found, made, strict=True)]
        none = sum(not one for one in found)
        print(f"{kind}: {sum(hits)} of {EACH} within {CLOSE:.0%} and {ALIGNED:.0f} degrees, {none} not found")


def overlap(garments: GarmentMap, print_: Painted) -> float:
    """Intersection over union of the upper garment's patches and the print."""
    found = (garments.rigid()[0, 0] > 0.5).numpy() & (garments.labels[0, 0] == NUMBER["upper"]).numpy()
    return float((found & print_.mask).sum() / max((found | print_.mask).sum(), 1))


def each_print(models: Path) -> Iterator[tuple[Photo, list[Painted]]]:
    """The full-body photos, each with its prints."""
    for seed, photo in enumerate(photos(models, names=FULL)):
        yield photo, list(painted(photo, PRINTS, seed))


def prints(models: Path) -> None:
    """Print the recall of painted prints, false patches, and the time of both verbs."""
    detector = rapid()
    shares: list[float] = []
    read: list[float] = []
    false, garments_seen, plain, seconds = 0, 0, 0, [0.0, 0.0]
    for photo, made in each_print(models):
        started = time.process_time()
        known = measured(photo.picture, photo.garments)
        seconds[0] += time.process_time() - started
        started = time.process_time()
        found = with_rigid_patches(photo.picture, known)
        seconds[1] += time.process_time() - started
        false += len(found.patches)
        plain += bool(known.material("upper").patterns)
        garments_seen += sum(1 for _ in cloths(photo.picture, photo.garments))
        for one in made:
            shares.append(overlap(with_rigid_patches(one.picture, photo.garments), one))
            if detector is not None:
                read.append(overlap(with_rigid_patches(one.picture, photo.garments, detector=detector), one))
    pictures = len(shares) // PRINTS
    for name, values in (("by edges", shares), ("with rapidocr", read)):
        if values:
            there = np.array(values)
            print(
                f"prints {name}: {(there > 0.5).mean():.0%} of {len(there)} with an overlap over 0.5,"
                f" {(there > 0.3).mean():.0%} over 0.3, mean {there.mean():.2f}"
            )
    print(f"{false} false patches on {garments_seen} garments of {pictures} photos;"
          f" {plain} of {pictures} plain upper garments have a pattern")  # fmt: skip
    print(
        f"material {seconds[0] / pictures:.2f} s, patches {seconds[1] / pictures:.2f} s of one core a picture"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path(".repose/base/models"))
    asked = parser.parse_args()
    torch.set_num_threads(1)
    patterns()
    prints(asked.models)


if __name__ == "__main__":
    main()
