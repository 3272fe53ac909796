"""A small diffusion model of synthetic people, and what the three heads do in it:

python -m training.diffusion prepare --pairs PAIRS              latents; PAIRS as `training.reposer prepare` writes them
python -m training.diffusion train [--steps N] [--minutes M]    the model; the same command goes on, also to more steps
python -m training.diffusion measure --people DIR [--count N]   the heads' ablation on people never trained on
python -m training.diffusion sheet --people DIR --out FILE      the same pictures to look at

DIR is written by `python -m training.people evaluate`.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import torch

from setup.places import HOME, ROOT, say
from training.commands import commands_of, finished

FOLDER = HOME / "diffusion"
VAE = ROOT.parent / "shared" / "data" / "vae_approx"


def main(arguments: list[str] | None = None) -> int:
    """Do the command; the exit code."""
    options = parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    return finished(options, f"training.diffusion {options.command}")


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top, commands = commands_of("training.diffusion", __doc__)
    prepare = commands.add_parser("prepare", help="pictures as latents, with their poses")
    prepare.add_argument("--pairs", type=Path, required=True, help="what `training.reposer prepare` wrote")
    prepare.add_argument("--each", type=int, default=2, help="times that every view is taken")
    prepare.set_defaults(run=run_prepare)
    train = commands.add_parser("train", help="the model")
    train.add_argument("--steps", type=int, default=8_000, help="in all")
    train.add_argument("--minutes", type=float, default=math.inf, help="stop after so long")
    train.set_defaults(run=run_train)
    measure = commands.add_parser("measure", help="none, each head alone, all three, and reference-only")
    sheet = commands.add_parser("sheet", help="look at them")
    for command, count in ((measure, 120), (sheet, 8)):
        command.add_argument("--people", type=Path, required=True, help="of training.people evaluate")
        command.add_argument("--count", type=int, default=count, help="pairs")
    measure.set_defaults(run=run_measure)
    sheet.add_argument("--out", type=Path, required=True)
    sheet.set_defaults(run=run_sheet)
    for command in (prepare, train, measure, sheet):
        command.add_argument("--threads", type=int, default=1)
        command.add_argument("--examples", type=Path, default=FOLDER / "examples")
        command.add_argument("--checkpoint", type=Path, default=FOLDER / "people.pt")
        command.add_argument("--vae", type=Path, default=VAE, help="the folder of TAESD's two files")
    return top


def run_prepare(options: argparse.Namespace) -> None:
    from training.reposer.pairs import Pairs

    from .examples import prepare
    from .networks import Shape, TinyAutoencoder

    vae, pairs = TinyAutoencoder.read(options.vae), Pairs.read(options.pairs)
    options.examples.parent.mkdir(parents=True, exist_ok=True)
    say(str(prepare(pairs, vae, Shape().size, options.each, options.examples)))


def run_train(options: argparse.Namespace) -> None:
    from .examples import Examples
    from .train import Run, train

    train(Run(), Examples.read(options.examples), options.steps, options.checkpoint, minutes=options.minutes)
    say(str(options.checkpoint))


def run_measure(options: argparse.Namespace) -> None:
    from .ablation import measured, table

    rows, steps = measured(options.people, options.checkpoint, options.vae, options.count)
    say(f"{table(rows)}\nafter {steps} steps")


def run_sheet(options: argparse.Namespace) -> None:
    from .ablation import sheet

    sheet(options.people, options.checkpoint, options.vae, options.count, options.out)
    say(str(options.out))


if __name__ == "__main__":
    sys.exit(main())
