"""The evaluation set: pairs of pictures of people and outfits that no training set has, with the turn between them.

    python -m training.people evaluate --out DIR [--size 512]

makes DIR as a dataset (dataset.People reads it) and writes pairs.csv beside the people, one pair a line:

    pair, turn, bin     number; degrees between the pelvis' headings in the two pictures, each against its own camera
                        (both cameras stand on one side, so it is the person who turns); which of BINS that is
    source, target      the two pictures, from DIR; their views' numbers are source_view and target_view
    truth               the .npz that holds the correspondence (dataset.Stored.pair)
    person, seed        number and seed
    outfit              ids of what is worn, with + between them
    light, backdrop     kind of each; the same in both pictures, as are the camera's height and lens

The set depends on the kit, SEED and the size alone.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..body.poses import TURNS, turn_between
from ..cloth.outfits import HELD_OUT
from .dataset import RECORD, TRUTH, DatasetError, People, Stored, place
from .making import Settings

SEED = 41
"""Of every evaluation set; changing it makes another set."""
PAIRS = 400
BINS = ("0-15", "15-45", "45-90")
"""Degrees of turn, as in poses.TURNS: one pair of each per person."""
PEOPLE = -(-PAIRS // len(BINS))
INDEX = "pairs.csv"
SHARED = frozenset({"Coat", "glasses", "Low-Poly"})
"""Items that the kit has one of: coat, glasses, eyeballs. They differ by colour and fabric."""

assert len(BINS) == len(TURNS)


@dataclass(frozen=True)
class Row:
    """A line of pairs.csv."""

    pair: int
    turn: float
    bin: str
    source: str
    target: str
    truth: str
    source_view: int
    target_view: int
    person: int
    seed: int
    outfit: str
    light: str
    backdrop: str


class SplitError(DatasetError):
    """The evaluation set has something that training sets have too."""


def settings(size: int, kit: str) -> Settings:
    """What the evaluation set is made with."""
    return Settings(size=size, seed=SEED, poses=1 + len(BINS), split="test", turns=TURNS, alike=True, kit=kit)


def rows(people: People) -> list[Row]:
    """The PAIRS pairs of a finished evaluation set: from each person's first picture to the others."""
    return list(_rows(people))[:PAIRS]


def _rows(people: People) -> Iterator[Row]:
    number = 0
    for i in range(len(people)):
        for v in range(1, len(people[i])):
            yield _row(people[i], number, v)
            number += 1


def _row(person: Stored, number: int, v: int) -> Row:
    record, name = person.record, person.path.name
    turn = turn_between(*(math.radians(record["views"][k]["yaw"]) for k in (0, v)))
    return Row(
        number, round(turn, 2), bin_of(turn), f"{name}/0.png", f"{name}/{v}.png", f"{name}/{TRUTH}", 0, v,
        record["person"], record["seed"], "+".join(worn(record)), record["light"]["kind"], record["backdrop"],
    )  # fmt: skip


def bin_of(turn: float) -> str:
    """Degrees of turn -> its bin. Raises ValueError beyond the last."""
    for name, (_, high) in zip(BINS, TURNS, strict=True):
        if turn <= high + 1e-3:
            return name
    raise ValueError(f"a turn of {turn:.1f} degrees is in none of the bins {', '.join(BINS)}")


def worn(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Ids of what a person wears, of a record of dataset.Stored."""
    return tuple(one["item"] for one in record["outfit"]["worn"])


def check_split(people: People) -> None:
    """Raises SplitError for the first person with an item or a skin that training sets have too, and for a seed that
    comes twice."""
    seeds: dict[int, str] = {}
    for i in range(len(people)):
        record, name = people[i].record, people[i].path.name
        own = (*worn(record), record["identity"]["skin"])
        common = [item for item in own if item not in HELD_OUT and item not in SHARED]
        if record["split"] != "test" or common:
            raise SplitError(
                f"person {name} is of the split {record['split']!r} and has {', '.join(common) or 'nothing'} that "
                "training people have too: add it to outfits.HELD_OUT or to evaluation.SHARED, then make the set again"
            )
        if record["seed"] in seeds:
            raise SplitError(f"people {seeds[record['seed']]} and {name} have one seed: choose another SEED")
        seeds[record["seed"]] = name


def write_index(folder: Path) -> Path:
    """Write pairs.csv of a finished set and return it. Raises SplitError, and DatasetError for a person that is
    missing."""
    people = People(folder)
    check_split(people)
    for i in range(PEOPLE):
        if not (place(folder, i) / RECORD).is_file():
            raise DatasetError(f"person {i} is missing in {folder}: run the same command again")
    found = rows(people)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(field.name for field in fields(Row))
    writer.writerows([getattr(row, field.name) for field in fields(Row)] for row in found)
    path = folder / INDEX
    path.write_text(text.getvalue(), encoding="ascii", newline="")
    return path


def read_index(folder: Path) -> list[Row]:
    """The pairs of an evaluation set."""
    with (folder / INDEX).open(encoding="ascii", newline="") as file:
        return [
            Row(**{field.name: _TYPES[field.type](line[field.name]) for field in fields(Row)})
            for line in csv.DictReader(file)
        ]


_TYPES = {"int": int, "float": float, "str": str}
