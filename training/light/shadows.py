"""Measures the cast shadow on synthetic people: found in a picture, taken off it, and cast again in another pose.

Silhouette and joints are the true ones: what is measured is the shadow alone.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from pipelines.geometry.colour import linear, luminance
from pipelines.geometry.footing import feet_of
from pipelines.lift import lift
from pipelines.light.cast import CastShadow
from pipelines.light.searching import Ground
from pipelines.light.shadows import Shades, shadows_of
from pipelines.light.solid import standing
from training.evaluation.people import landmarks
from training.people.truth.dataset import People

CLEAR, NONE = 0.5, 0.05
"""Squared contrast of the true shadow's directed part, in squares of the stature times a hundred, from which it is
clear, and under which there is none. By eye, on the sheets of 134 people."""
STRONG = 0.5
"""Share of the light that the key must be for its direction to be told by a shadow."""
SHADED = 0.05
"""Logarithm of a darkening that counts as shaded."""
FAINT = 0.02
"""Share of the person from which a pixel is not looked at."""


@dataclass(frozen=True)
class Score:
    """One picture.

    directed     squared contrast of the true shadow's directed part
    found        whether a shadow was found; trust, seconds
    turned       degrees in the picture between the true and the found way of the shadow from the feet
    direction    degrees in space between the true and the found light
    correlation  of the true and the found logarithms, where either is shaded
    left         mean error of the logarithm after taking the layer off, over the true shadow's
    cast, kept   the same in the other pose, for the shadow cast there; and for no shadow but the old one
    other        correlation there
    """

    person: int
    view: int
    kind: str
    backdrop: str
    share: float
    directed: float
    found: bool
    trust: float
    seconds: float
    turned: float = math.nan
    direction: float = math.nan
    correlation: float = math.nan
    left: float = math.nan
    cast: float = math.nan
    kept: float = math.nan
    other: float = math.nan

    @property
    def clear(self) -> bool:
        """Whether there is a shadow that tells of a direction."""
        return self.directed > CLEAR and self.share > STRONG

    @property
    def none(self) -> bool:
        """Whether there is none."""
        return self.directed < NONE


def level_light(record: dict, rotation: torch.Tensor) -> torch.Tensor:
    """(3,) the key's direction in the axes of a camera (3, 3) turned level."""
    towards = torch.tensor(record["light"]["truth"]["key_direction"]).double()
    heading = math.atan2(float(rotation[2, 0]), float(rotation[2, 2]))
    c, s = math.cos(heading), math.sin(heading)
    return towards.new_tensor([[c, 0, -s], [0, 1, 0], [s, 0, c]]) @ towards


def score(people: People, person: int, view: int, other: int) -> Score:
    """One picture, and what its shadow becomes in another of the same person."""
    stored = people[person]
    shot, record = stored[view], stored.record
    skeleton = lift(landmarks(shot.joints, shot.camera))
    picture, alpha = shot.view.rgb[None], shot.view.alpha[None, None]
    started = time.perf_counter()
    shadows = shadows_of(picture, alpha, skeleton)
    seconds = time.perf_counter() - started
    cast, truth = shadows.cast, record["light"]["truth"]
    plain = Score(
        person, view, record["light"]["kind"], record["backdrop"], truth["key_share"],
        _directed(shot, skeleton), cast is not None, cast.trust if cast else 0.0, seconds,
    )  # fmt: skip
    if cast is None:
        return plain
    clean, plate = shot.view.clean[None], shot.view.plate[None]
    true = _tone(clean) - _tone(plate)
    correlation, left = _compared(shot.view, clean, shadows.lifted(clean), true)
    then = stored[other]
    empty, true = then.view.plate[None], _tone(then.view.clean[None]) - _tone(then.view.plate[None])
    shades = shadows.under(lift(landmarks(then.joints, then.camera)), then.view.alpha[None, None])
    again, thrown = _compared(then.view, shadows.laid(empty, shades, empty), empty, true)
    old = Shades(shadows.contact.under(skeleton), cast.taken)
    kept = _compared(then.view, shadows.laid(empty, old, empty), empty, true)[1]
    towards = level_light(record, shot.camera.rotation)
    lit = float(towards.norm()) > 0
    angles = {}
    if lit:
        space = float(torch.dot(towards, cast.direction.double()).clamp(-1, 1).acos().rad2deg())
        ways = [_way(shot.camera, towards), _found_way(cast)]
        turn = abs(np.degrees(np.arctan2(*ways[0]) - np.arctan2(*ways[1]))) % 360
        angles = {"turned": float(min(turn, 360 - turn)), "direction": space}
    return Score(
        **asdict(plain) | angles
        | {"correlation": correlation, "left": left, "cast": thrown, "kept": kept, "other": again}
    )  # fmt: skip


def _directed(shot, skeleton) -> float:
    """Squared contrast of the true shadow, less what every light casts round the feet."""
    where = standing(skeleton)
    feet = list(feet_of(skeleton).values())
    ground = Ground.of(shot.view.rgb[None], shot.view.alpha[None, None], where, feet)
    dark = -shot.view.shadow.clamp(min=0.02).log()
    own = ground.own(F.avg_pool2d(dark[None, None], ground.cell, ceil_mode=True).flatten(1)[:, ground.index])[
        0
    ]
    return float((ground.weight * own.square()).sum()) * (ground.cell / where.tall) ** 2 * 100


def _compared(view, made: torch.Tensor, bare: torch.Tensor, true: torch.Tensor) -> tuple[float, float]:
    """Correlation of the darkening of a picture (1, 3, H, W) against the bare one with the true one (H, W), logarithms,
    where either is shaded and no person; and their mean difference, over the mean of the true one."""
    beside = view.alpha < FAINT
    found = _tone(made)[beside] - _tone(bare)[beside]
    true = true[beside]
    zone = (true < -SHADED) | (found < -SHADED)
    if int(zone.sum()) < 10:
        return math.nan, math.nan
    true, found = true[zone], found[zone]
    both = torch.corrcoef(torch.stack((true, found)))[0, 1]
    return float(both), float((true - found).abs().mean() / true.abs().mean().clamp(min=1e-3))


def _tone(picture: torch.Tensor) -> torch.Tensor:
    """(H, W) logarithm of the luminance."""
    return luminance(linear(picture[0])).clamp(min=2e-3).log()


def _way(camera, towards: torch.Tensor) -> np.ndarray:
    """(2,) y, x: which way a shadow goes from the feet, in the picture."""
    heading = math.atan2(float(camera.rotation[2, 0]), float(camera.rotation[2, 2]))
    c, s = math.cos(heading), math.sin(heading)
    world = towards.new_tensor([[c, 0, s], [0, 1, 0], [-s, 0, c]]) @ towards
    step = -world * towards.new_tensor([1, 0, 1])
    points = torch.stack((torch.zeros_like(step), 0.2 * step / step.norm().clamp(min=1e-6))).float()
    seen = (points - camera.position) @ camera.rotation.T
    pixels = seen[:, :2] / seen[:, 2:]
    return (pixels[1] - pixels[0]).flip(0).numpy()


def _found_way(cast: CastShadow) -> np.ndarray:
    """The same of the shadow that was found."""
    step = -cast.direction * torch.tensor([1.0, 0.0, 1.0])
    start = torch.tensor([0.0, float(cast.guess.height), float(cast.guess.focal)])
    points = torch.stack((start, start + 0.1 * cast.where.tall * step / step.norm().clamp(min=1e-6)))
    pixels = points[:, :2] / points[:, 2:]
    return (pixels[1] - pixels[0]).flip(0).numpy()


def summary(scores: list[Score]) -> dict:
    """What the scores say together: medians, and shares."""

    def median(values) -> float:
        known = [v for v in values if v == v]
        return round(float(np.median(known)), 3) if known else math.nan

    clear = [s for s in scores if s.clear]
    none = [s for s in scores if s.none]
    found = [s for s in scores if s.found]
    seen = [s for s in clear if s.found]
    return {
        "pictures": len(scores),
        "clear": len(clear),
        "found_of_clear": round(len(seen) / max(len(clear), 1), 3),
        "none": len(none),
        "false_of_none": round(sum(s.found for s in none) / max(len(none), 1), 3),
        "found": len(found),
        "worse_than_none": round(sum(s.left > 1 for s in found) / max(len(found), 1), 3),
        "turned_degrees": median(s.turned for s in seen),
        "direction_degrees": median(s.direction for s in seen),
        "correlation": median(s.correlation for s in seen),
        "left_of_shadow": median(s.left for s in seen),
        "other_pose_correlation": median(s.other for s in seen),
        "other_pose_left": median(s.cast for s in seen),
        "other_pose_left_by_old_shadow": median(s.kept for s in seen),
        "seconds": median(s.seconds for s in scores),
        "seconds_found": median(s.seconds for s in found),
    }


def add_to(commands: argparse._SubParsersAction) -> None:
    """`shadows FOLDER`."""
    parser = commands.add_parser(
        "shadows", help="find, take off and cast again the shadows of synthetic people"
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=10**6)
    parser.add_argument("--views", type=int, default=2)
    parser.add_argument("--report", type=Path, help="a JSON file for the figures of every picture")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> None:
    """Measure and say it."""
    people = People(given.folder)
    scores = []
    for person in range(min(given.people, len(people))):
        count = len(people[person])
        scores += [score(people, person, v, (v + 1) % count) for v in range(min(given.views, count))]
    if given.report:
        given.report.write_text(json.dumps([asdict(s) for s in scores], indent=1), encoding="ascii")
    print(json.dumps(summary(scores), indent=1))
