"""The masked autoencoder and all that fills hidden places, from the repository's root:

python -m training.people --count 600 --size 256 --out DIR        people to learn from
python -m training.autoencoder train DIR --minutes 50             train; the same command resumes
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: times are those of one core


def main(arguments: list[str] | None = None) -> int:
    """Does one command; the exit status."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, OSError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on", file=sys.stderr)
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    top = argparse.ArgumentParser(
        prog="python -m training.autoencoder",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(required=True)
    train = commands.add_parser("train", help="train, or go on")
    train.add_argument("folder", type=Path, help="of training.people")
    train.add_argument("--out", type=Path, default=Path("autoencoder.safetensors"))
    train.add_argument("--state", type=Path, default=Path(".repose/autoencoder-state.st"))
    train.add_argument("--minutes", type=float, default=50.0, help="of all runs together (%(default)s)")
    train.add_argument("--people", type=int, help="the first so many alone")
    train.set_defaults(run=_train)
    return top


def _train(options: argparse.Namespace) -> None:
    import torch

    from .train import train

    torch.set_num_threads(1)
    train(options.folder, options.out, options.minutes, options.state, people=options.people)


if __name__ == "__main__":
    sys.exit(main())
