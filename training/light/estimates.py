"""The commands about estimates of light: read the people, train the head on them, hold it against the truth."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipelines.models.light_head import WEIGHTS, LightHead, load
from setup.places import MODELS, say
from training.evaluation.reading import Reader

from . import evaluate, train
from .sets import lit_people


def add_to(commands: argparse._SubParsersAction) -> None:
    """`read FOLDER`, `train FOLDER`, `evaluate FOLDER`."""
    for name, run, about in (
        ("read", _read, "read people once, and keep what was read"),
        ("train", _train, "train the light head on people"),
        ("evaluate", _evaluate, "hold estimates against the truth"),
    ):
        parser = commands.add_parser(name, help=about)
        parser.add_argument("folder", type=Path, help="people of python -m training.people")
        parser.add_argument("--count", type=int, default=10_000)
        parser.add_argument("--views", type=int, default=1, help="pictures of each")
        parser.add_argument(
            "--true", action="store_true", help="true joints, outlines and regions, for training"
        )
        parser.add_argument("--weights", type=Path, default=WEIGHTS)
        parser.add_argument("--shadows", action="store_true", help="evaluate: look for cast shadows too")
        parser.set_defaults(run=run)


def _people(given: argparse.Namespace):
    return lit_people(given.folder, None if given.true else Reader(MODELS), given.count, given.views)


def _read(given: argparse.Namespace) -> None:
    for n, one in enumerate(_people(given)):
        say(f"{n} {one.name} {one.kind} {one.pose} {one.light.key_share:.2f}")


def _train(given: argparse.Namespace) -> None:
    head, known = LightHead(), list(_people(given))
    train.table(known, head)
    train.save(train.trained(head, train.examples(known, head)), given.weights)


def _evaluate(given: argparse.Namespace) -> None:
    from safetensors.torch import load_file

    reader = Reader(MODELS) if given.shadows else None
    rows = evaluate.measured(_people(given), load(load_file(given.weights)), reader)
    say(f"{evaluate.table(rows)}\n\n{evaluate.beside(rows)}")
