"""`python -m training.light COMMAND FOLDER`: what the pack sees of light, on people whose light is known."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from setup.places import MODELS, say
from training.evaluation.reading import Reader

from . import check
from .sets import lit_people


def main() -> None:
    if sys.argv[1:2] == ["check"]:
        return check.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m training.light")
    parser.add_argument("command", choices=("read",))
    parser.add_argument("folder", type=Path, help="people of python -m training.people")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--views", type=int, default=1)
    parser.add_argument("--true", action="store_true", help="true joints, outlines and regions, for training")
    args = parser.parse_args()
    torch.set_num_threads(1)
    for n, one in enumerate(
        lit_people(args.folder, None if args.true else Reader(MODELS), args.count, args.views)
    ):
        say(f"{n} {one.name} {one.kind} {one.pose} {one.light.key_share:.2f}")


if __name__ == "__main__":
    main()
