"""The masked autoencoder and all that fills hidden places, from the repository's root:

python -m training.people --count 600 --size 256 --out DIR        people to learn from
python -m training.autoencoder train DIR --minutes 50             train; the same command resumes
python -m training.autoencoder measure [--people DIR]             every way to fill, on photos or on held-out people
python -m training.autoencoder sheet --out FILE.png               photos in poses, not filled and filled
python -m training.autoencoder time --size 1024x1536              seconds and memory of one fill
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: times are those of one core

from training.commands import commands_of, finished  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Do the command; the exit code."""
    return finished(parser().parse_args(arguments), "training.autoencoder")


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    top, commands = commands_of("training.autoencoder", __doc__)
    train = commands.add_parser("train", help="train, or go on")
    train.add_argument("folder", type=Path, help="of training.people")
    train.add_argument("--out", type=Path, default=Path("autoencoder.safetensors"))
    train.add_argument("--state", type=Path, default=Path(".repose/autoencoder-state.st"))
    train.add_argument("--minutes", type=float, default=50.0, help="of all runs together (%(default)s)")
    train.add_argument("--people", type=int, help="the first so many alone")
    train.set_defaults(run=_train)
    measure = commands.add_parser("measure", help="the table of all ways to fill")
    measure.add_argument("--people", type=Path, help="a test split of training.people; the photos without it")
    measure.add_argument("--count", type=int, default=20, help="people (%(default)s)")
    measure.add_argument("--only", default="", help="photos whose name holds this")
    measure.set_defaults(run=_measure)
    sheet = commands.add_parser("sheet", help="photos in poses, not filled beside filled")
    sheet.add_argument("--out", type=Path, required=True)
    sheet.add_argument("--photos", default="P005 studio,P004 park,P001 park")
    sheet.add_argument("--poses", default=POSES)
    sheet.set_defaults(run=_sheet)
    timed = commands.add_parser("time", help="seconds and memory of one fill")
    timed.add_argument("--size", default="1024x1536", help="width x height (%(default)s)")
    timed.add_argument("--threads", type=int, default=2)
    timed.set_defaults(run=_time)
    return top


POSES = (
    "casual/contrapposto,movement/walking,catalogue/three-quarter left,editorial/arm overhead,seated/seated"
)


def _measure(options: argparse.Namespace) -> None:
    import torch

    from .measure import FILLERS, lines, table
    from .places import of_people, of_photos

    torch.set_num_threads(1)
    places = of_people(options.people, options.count) if options.people else of_photos(options.only)
    names = [name for name in FILLERS if not (options.people and name in ("the pack's warp", WARPED))]
    print("\n".join(lines(table(places, names))))


WARPED = "the warp's colours + patches"


def _sheet(options: argparse.Namespace) -> None:
    from .sheets import written

    print(written(options.out, options.photos.split(","), options.poses.split(",")))


def _time(options: argparse.Namespace) -> None:
    from .sheets import timed

    width, height = (int(n) for n in options.size.lower().split("x"))
    print(timed((height, width), options.threads))


def _train(options: argparse.Namespace) -> None:
    import torch

    from .train import train

    torch.set_num_threads(1)
    train(options.folder, options.out, options.minutes, options.state, people=options.people)


if __name__ == "__main__":
    sys.exit(main())
