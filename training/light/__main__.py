"""`python -m training.light COMMAND ...`: what the pack sees of light, on people whose light is known."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from pipelines.models.light_head import WEIGHTS, LightHead, load
from setup.places import MODELS, say
from training.evaluation.reading import Reader

from . import evaluate, train
from .sets import lit_people


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.light")
    parser.add_argument("command", choices=("read", "train", "evaluate"))
    parser.add_argument("folder", type=Path, help="people of python -m training.people")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--views", type=int, default=1, help="pictures of each")
    parser.add_argument("--true", action="store_true", help="true joints, outlines and regions, for training")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    people = list if args.command == "train" else iter
    known = people(lit_people(args.folder, None if args.true else Reader(MODELS), args.count, args.views))
    if args.command == "read":
        for n, one in enumerate(known):
            say(f"{n} {one.name} {one.kind} {one.pose} {one.light.key_share:.2f}")
    elif args.command == "train":
        head = LightHead()
        train.table(known, head)
        train.save(train.trained(head, train.examples(known, head)), args.weights)
    else:
        from safetensors.torch import load_file

        say(evaluate.table(evaluate.measured(known, load(load_file(args.weights)))))


if __name__ == "__main__":
    main()
