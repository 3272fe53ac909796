"""How well the photometric check tells: what it passes, and what of failures made on purpose it catches.

    python -m training.light check FOLDER --count 200          synthetic pairs of views with the truth about everything
    python -m training.light check --pairs PAIRS.CSV           photographed pairs, through the pack's own warp

Every pair is checked as it is and once for each failure made of it; so is each source against itself. The table has
for each failure the area under the ROC curve of the measure that is to catch it (value over limit, against the true
pairs), the share caught at the default limits by that measure and by any, and the false alarms of each measure.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from pipelines.light.check import check
from pipelines.light.findings import Checked, Thresholds
from setup.places import MODELS, say
from training.people.truth.dataset import People

from .check_pairs import LitPair, failures, itself, synthetic_pairs
from .photo_pairs import photo_pairs

TRUE, SELF, OURS = "true pair", "source itself", "the pack's own result"
SELVES = 30
"""Sources against themselves: they all give the same."""
ENDINGS = {"": TRUE, " itself": SELF, " of ours": OURS}
"""What a failure's name ends with, by what it is made of."""
MEANT = {
    "mirrored light": "light direction",
    "+800 K": "colour temperature",
    "-800 K": "colour temperature",
    "arm +10 %": "limb brightness",
    "arm +10 % sRGB": "limb brightness",
    "trunk -10 %": "limb brightness",
    "trunk -10 % sRGB": "limb brightness",
    "hidden skin 6 dE": "new skin",
    "garment 8 dE": "garment colour",
    "shadow's wrong side": "shadow direction",
}
"""Which measure is there to catch a failure."""


@dataclass(frozen=True)
class Row:
    """One check: of which pair, with which failure (TRUE, SELF, OURS, or one of MEANT with one of ENDINGS), and by
    measure (value, limit), NaN where not told."""

    pair: str
    failure: str
    passed: bool
    score: float
    measures: dict[str, tuple[float, float]]


def row(pair: str, failure: str, found: Checked) -> Row:
    """A check as a row."""
    nan = float("nan")
    told = {f.name: (nan, nan) if f.value is None else (f.value, f.limit) for f in found.findings}
    return Row(pair, failure, found.passed, found.score, told)


def checked(pair: LitPair, limits: Thresholds) -> Checked:
    """A pair's check."""
    return check(
        pair.source, pair.result, pair.person, pair.found, pair.light, pair.garments, limits, shown=pair.shown,
        shadow=pair.shadow,
    )  # fmt: skip


def rows_of(pair: LitPair, limits: Thresholds, name: str, ending: str, chosen: slice) -> Iterator[Row]:
    """A pair as it is, and the failures chosen of those it allows."""
    yield row(pair.name, name, checked(pair, limits))
    for failure, bad in list(failures(pair).items())[chosen]:
        yield row(pair.name, failure + ending, checked(bad, limits))


def synthetic(folder: Path, count: int, limits: Thresholds, every: int, own_camera: bool) -> Iterator[Row]:
    """Rows of `count` pairs; of each every so manieth failure, another ones each time."""
    for n, pair in enumerate(synthetic_pairs(folder, count, own_camera)):
        yield from rows_of(pair, limits, TRUE, "", slice(n % every, None, every))
        if n % 25 == 24:
            say(f"{n + 1} pairs")


def synthetic_selves(folder: Path, count: int, limits: Thresholds) -> Iterator[Row]:
    """Rows of sources against themselves, with the failures made of them."""
    people = People(folder)
    for i in range(min(count, len(people))):
        yield from rows_of(itself(people[i], i % len(people[i])), limits, SELF, " itself", slice(None))


def photographed(file: Path, models: Path, limits: Thresholds, limit: int, every: int) -> Iterator[Row]:
    """Rows of photographed pairs; failures as in `synthetic`."""
    for n, (true, own) in enumerate(photo_pairs(file, models, limit)):
        some = slice(n % every, None, every)
        yield from rows_of(true, limits, TRUE, "", some)
        yield from rows_of(own, limits, OURS, " of ours", some)
        say(f"{n + 1} {true.name}")


def excess(rows: Iterable[Row], measure: str) -> np.ndarray:
    """Value over limit where it is told."""
    pairs = [one.measures[measure] for one in rows if one.measures[measure][0] == one.measures[measure][0]]
    return np.array([value / max(limit, 1e-9) for value, limit in pairs])


def area(true: np.ndarray, false: np.ndarray) -> float:
    """Area under the ROC curve; NaN without examples."""
    if not len(true) or not len(false):
        return float("nan")
    return float((true[None] < false[:, None]).mean() + 0.5 * (true[None] == false[:, None]).mean())


def table(rows: list[Row]) -> str:
    """Everything as Markdown."""
    lines = [
        "| failure | n | measure | AUC | caught by it | caught by any |",
        "| --- | ---: | --- | ---: | ---: | ---: |",
    ]
    for name in dict.fromkeys(one.failure for one in rows):
        if name in ENDINGS.values():
            continue
        ending = next((one for one in ENDINGS if one and name.endswith(one)), "")
        measure = MEANT[name.removesuffix(ending)]
        bad = [one for one in rows if one.failure == name]
        good = [one for one in rows if one.failure == ENDINGS[ending]]
        ratio = excess(bad, measure)
        auc, by_it = area(excess(good, measure), ratio), (ratio > 1).sum() / len(bad)
        by_any = np.mean([not one.passed for one in bad])
        lines.append(f"| {name} | {len(bad)} | {measure} | {auc:.3f} | {by_it:.0%} | {by_any:.0%} |")
    for name in ENDINGS.values():
        good = [one for one in rows if one.failure == name]
        if good:
            lines += ["", *_alarms(name, good)]
    return "\n".join(lines)


def _alarms(name: str, rows: list[Row]) -> list[str]:
    told = [one for one in rows if any(value == value for value, _ in one.measures.values())]
    wrong, scores = np.mean([not one.passed for one in told]), [one.score for one in told]
    head = f"{name}: {len(rows)}, nothing told {len(rows) - len(told)}; of the others failed {wrong:.1%}"
    lines = [
        f"{head}, median score {np.median(scores):.2f}",
        "",
        "| measure | told | failed | median value | 95 % | median limit |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for measure in rows[0].measures:
        told = np.array([one.measures[measure] for one in rows])
        told = told[np.isfinite(told[:, 0])]
        if not len(told):
            lines.append(f"| {measure} | 0 | | | | |")
            continue
        value, limit = told.T
        numbers = f"{(value > limit).sum()} | {np.median(value):.3g} | {np.percentile(value, 95):.3g}"
        lines.append(f"| {measure} | {len(told)} | {numbers} | {np.median(limit):.3g} |")
    return lines


def add_to(commands: argparse._SubParsersAction) -> None:
    """`check FOLDER`, `check --pairs TABLE`."""
    parser = commands.add_parser("check", help="what the photometric check passes and catches")
    parser.add_argument("folder", type=Path, nargs="?", help="people of python -m training.people")
    parser.add_argument(
        "--pairs", type=Path, help="a table of photographed pairs instead, see training/evaluation"
    )
    parser.add_argument("--count", type=int, default=200, help="pairs at most")
    parser.add_argument("--every", type=int, default=4, help="make every so manieth failure of a pair")
    parser.add_argument(
        "--own-camera", action="store_true", help="each view with its own exposure and white balance"
    )
    parser.add_argument("--rows", type=Path, help="JSON file that all single checks go to")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Measure and say it."""
    if (args.folder is None) == (args.pairs is None):
        raise SystemExit("give a folder of people, or --pairs and a table")
    started, limits = time.perf_counter(), Thresholds()
    if args.pairs is not None:
        rows = list(photographed(args.pairs, MODELS, limits, args.count, args.every))
    else:
        rows = [
            *synthetic_selves(args.folder, min(SELVES, args.count), limits),
            *synthetic(args.folder, args.count, limits, args.every, args.own_camera),
        ]
    if args.rows is not None:
        args.rows.write_text(json.dumps([asdict(one) for one in rows]), encoding="utf-8")
    say(f"{table(rows)}\n\n{time.perf_counter() - started:.0f} s")
