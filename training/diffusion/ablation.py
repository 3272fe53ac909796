"""The three heads' ablation: pictures of people never trained on, painted from pure noise by a pose and the photo.

Every way has the same noise, pose, steps and photo. What is told of each picture, against the true one:

    figure, clothes     LPIPS of the person, and of what is worn, the rest grey
    worn, skin          mean CIEDE2000 of clothes and of skin, over 2 % of the person's height
    pose                area under the curve of joints within 0 to 150 mm, as training.reposer.evaluate has it
    mistaken            share of the joints of arms and legs found nearer to another joint's true place
    light               degrees between the key light fitted to it on the true normals, and the true one, where there is
                        a clear one
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipelines.attention.heads import HeadOptions
from pipelines.draw import contact_sheet
from pipelines.geometry.garments import CLOTHES, NUMBER, SKIN
from pipelines.light.fit import directions, fit
from pipelines.light.samples import samples
from pipelines.picture import write_picture
from pipelines.sampling.diffusion import DiffusersPainter
from pipelines.sampling.options import MEGAPIXEL, SamplingOptions
from setup.places import say
from training.evaluation.colour import garment_difference
from training.evaluation.similarity import height_of, on_grey
from training.evaluation.summary import difference
from training.light.evaluate import BEHIND, CLEAR, degrees
from training.reposer.evaluate import Judge, area

from .examples import hints
from .networks import TinyAutoencoder, painter
from .pairs import Pair, pairs_of
from .reference_only import ReferenceOnly
from .train import trained

OFF = HeadOptions(0, 0, 0)
ALONE = HeadOptions().textile
"""Strength of a head that is measured alone: the strongest one's own."""
HEADS = {
    "none": OFF,
    "textile alone": HeadOptions(ALONE, 0, 0),
    "anatomy alone": HeadOptions(0, ALONE, 0),
    "light alone": HeadOptions(0, 0, ALONE),
    "all three": HeadOptions(),
}
REFERENCE_ONLY, DECODED = "reference-only", "true, decoded"
WORN, BARE = (tuple(NUMBER[name] for name in names) for names in (CLOTHES, SKIN))


class Score(NamedTuple):
    """Of one made picture, as the module says; NaN where there is nothing to tell."""

    figure: float
    clothes: float
    worn: float
    skin: float
    pose: float
    mistaken: float
    light: float


DECIMALS = Score(3, 3, 1, 1, 3, 3, 1)


@dataclass(frozen=True, eq=False)
class Model:
    """A trained model, ready to paint."""

    unet: nn.Module
    control: nn.Module
    vae: nn.Module
    size: tuple[int, int]
    steps: int

    @classmethod
    def read(cls, checkpoint: Path, vae: Path) -> Model:
        unet, control, shape, steps = trained(checkpoint)
        return cls(unet, control, TinyAutoencoder.read(vae), shape.size, steps)

    @torch.inference_mode()
    def painted(self, pair: Pair, heads: HeadOptions, kind: type = DiffusersPainter, seed: int = 0) -> Tensor:
        """(1, 3, H, W) the person of the pair's photo in the second picture's pose, from noise."""
        height, width = self.size
        options = SamplingOptions(
            heads, cfg=1.0, control=1.0, control_end=1.0, megapixels=height * width / MEGAPIXEL
        )
        one = self._painter(kind)
        one = one.looking(pair.photo, [pair.found], [pair.garments], options)
        one = one.controlled(hints(pair.joints, self.size), options)
        start = pair.ground.expand(1, 3, *self.size)
        return one.painted(start, torch.ones_like(start[:, :1]), options, seed)

    def every(self, pair: Pair) -> dict[str, Tensor]:
        """By every way."""
        made = {name: self.painted(pair, heads) for name, heads in HEADS.items()}
        made[REFERENCE_ONLY] = self.painted(pair, HeadOptions(), ReferenceOnly)
        with torch.inference_mode():
            plain = self._painter()
            made[DECODED] = plain.decoded(plain.encoded(pair.wanted))
        return made

    def _painter(self, kind: type = DiffusersPainter) -> DiffusersPainter:
        return painter(self.unet, self.control, self.vae, kind)


def scores(judge: Judge, made: dict[str, Tensor], pair: Pair) -> dict[str, Score]:
    """Of every picture of a pair."""
    true, scale = _pose(judge, pair.wanted, pair)
    return {name: _score(judge, one, pair, true, scale) for name, one in made.items()}


def _score(judge: Judge, made: Tensor, pair: Pair, true: np.ndarray, scale: float) -> Score:
    wanted, worn, bare = pair.wanted, pair.region(WORN), pair.region(BARE)
    height, found = height_of(pair.alpha), _pose(judge, made, pair)[0]
    figure, clothes = (
        judge.perception.distance(on_grey(wanted, what), on_grey(made, what)) for what in (pair.alpha, worn)
    )
    return Score(
        figure,
        clothes,
        garment_difference(made, wanted, worn, height),
        garment_difference(made, wanted, bare, height),
        area(found, true, scale),
        mistaken(found, true),
        _light(made, pair),
    )


def _pose(judge: Judge, made: Tensor, pair: Pair) -> tuple[np.ndarray, float]:
    """As `Judge.pose` has it, which wants a square picture."""
    beside = (made.shape[2] - made.shape[3]) // 2
    square, alpha = (F.pad(one, (beside, beside), mode="replicate") for one in (made, pair.alpha))
    return judge.pose(square, alpha)


def mistaken(found: np.ndarray, true: np.ndarray) -> float:
    """Of joints (N, 2 or more): the share that lies nearer to another one's true place than to its own."""
    apart = np.linalg.norm(found[:, None, :2] - true[None, :, :2], axis=-1)
    return float((apart.argmin(1) != np.arange(len(found))).mean())


def _light(made: Tensor, pair: Pair) -> float:
    """Degrees; NaN where the light has no clear direction, or too little is seen."""
    light = pair.light
    if light.key_share <= CLEAR or float(light.key_direction[2]) >= BEHIND:
        return float("nan")
    seen = samples(made, pair.surface, pair.labels)
    if seen is None:
        return float("nan")
    found = fit(seen, directions())
    return degrees(found.direction[found.loss.argmin()], light.key_direction)


def measured(people: Path, checkpoint: Path, vae: Path, count: int) -> tuple[dict[str, np.ndarray], int]:
    """{way: (count, 7) scores}, and after how many steps."""
    model, judge = Model.read(checkpoint, vae), Judge.load()
    rows: dict[str, list[Score]] = {}
    for number, pair in enumerate(pairs_of(people, count, model.size)):
        for name, score in scores(judge, model.every(pair), pair).items():
            rows.setdefault(name, []).append(score)
        if number % 10 == 9:
            say(f"{number + 1} pairs")
    return {name: np.array(values) for name, values in rows.items()}, model.steps


def table(rows: dict[str, np.ndarray]) -> str:
    """Markdown: means, and under them what every way changes against none, with 95 % intervals."""
    plain = rows["none"]
    lines = ["| way | " + " | ".join(Score._fields) + " |", "| --- |" + " ---: |" * len(Score._fields)]
    for name, values in rows.items():
        cells = [f"{mean:.{n}f}" for mean, n in zip(np.nanmean(values, 0), DECIMALS, strict=True)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    for name, values in rows.items():
        if name not in ("none", DECODED):
            apart = [difference(a, b).text(n) for a, b, n in zip(values.T, plain.T, DECIMALS, strict=True)]
            lines.append(f"| {name} - none | " + " | ".join(apart) + " |")
    return "\n".join(lines)


def sheet(people: Path, checkpoint: Path, vae: Path, count: int, out: Path) -> None:
    """A row for each pair: the photo, the true picture, and every way's."""
    model = Model.read(checkpoint, vae)
    rows = [
        {"photo": pair.photo, "true": pair.wanted} | model.every(pair)
        for pair in pairs_of(people, count, model.size)
    ]
    cells, names = ([one for row in rows for one in side(row)] for side in (dict.values, dict.keys))
    write_picture(contact_sheet(cells, names, len(rows[0]), 2 * model.size[0]), out)
