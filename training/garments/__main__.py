"""Measures Garment Segmentation.

python -m training.garments evaluate [--parsing DIR] [--people DIR] [--out DIR] [--network PATH]
python -m training.garments time
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

from setup.places import MODELS, Trouble, say  # noqa: E402
from training.commands import commands_of, finished  # noqa: E402

PARSING = Path(__file__).resolve().parents[3] / "shared" / "data" / "parsing"


def main(arguments: list[str]) -> int:
    """Do the command; the exit code."""
    options = parser().parse_args(arguments)
    return finished(options, f"training.garments {options.command}")


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top, commands = commands_of("training.garments", __doc__)
    evaluate = commands.add_parser("evaluate", help="intersection over union, photos and synthetic people")
    evaluate.set_defaults(run=run_evaluate)
    evaluate.add_argument(
        "--parsing", type=Path, default=PARSING, help="photos with CCP's 59 labels: NAME.jpg, NAME_label.png"
    )
    evaluate.add_argument(
        "--people", type=Path, help="made by python -m training.people --count 60 --size 512 --out DIR"
    )
    evaluate.add_argument("--out", type=Path, help="where the maps go, to be looked at")
    evaluate.add_argument(
        "--network", type=Path, help="an artist's network in the default's place: folder or file"
    )
    clock = commands.add_parser("time", help="seconds of one core at 1024 x 1536, beside the person mask")
    clock.set_defaults(run=run_time)
    for command in (evaluate, clock):
        command.add_argument("--models", type=Path, default=MODELS, help="the folder that holds repose/")
    return top


def run_evaluate(options: argparse.Namespace) -> None:
    """Print the table of every set that is there."""
    from . import sets
    from .measure import Measurer
    from .score import table

    measurer = Measurer(options.models, options.network, options.out)
    rows = {}
    if options.parsing.is_dir():
        rows |= measurer.rows(sets.labelled_photos(options.parsing), "photos")
    if options.people:
        rows |= measurer.rows(sets.synthetic(options.people), "synthetic people")
    if not rows:
        raise Trouble(
            f"there is nothing at {options.parsing}", "name a folder with --parsing, or --people DIR"
        )
    for line in table(rows):
        say(line)


def run_time(options: argparse.Namespace) -> None:
    """Print the median of five runs."""
    from .measure import Measurer, seconds

    mask, garments = seconds(Measurer(options.models))
    say(f"1024 x 1536, seconds of one core: person mask {mask:.2f}, garments {garments:.2f} beside it")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
