"""`python -m training.upscaling`: what upscaling with the photo is worth, as a table and as crops to look at.

python -m training.upscaling [--kinds identity "there and back" synthetic] [--only TEXT] [--people FOLDER]
"""

from __future__ import annotations

import argparse
import os
import sys
from itertools import chain
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

from setup.places import MODELS, OUTPUT, Trouble, say  # noqa: E402

KINDS = ("identity", "there and back", "synthetic")


def main(arguments: list[str]) -> int:
    """Do it; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m training.upscaling",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--only", default="", metavar="TEXT", help="photos with this in their name, as P005")
    parser.add_argument("--people", type=Path, default=OUTPUT / "upscaling-people", metavar="FOLDER")
    parser.add_argument("--pairs", type=int, default=12, help="synthetic pairs at most (%(default)s)")
    parser.add_argument("--out", type=Path, default=OUTPUT / "upscaling", metavar="FOLDER")
    parser.add_argument("--models", type=Path, default=Path(os.environ.get("REPOSE_MODELS") or MODELS))
    parser.add_argument(
        "--table",
        type=Path,
        nargs="+",
        metavar="FOLDER",
        help="only print what runs into these folders found",
    )
    parser.add_argument("--without-lpips", action="store_true", help="its network takes half of the time")
    try:
        measured(parser.parse_args(arguments))
    except (Trouble, ValueError, OSError) as problem:
        print(f"training.upscaling: {problem}", file=sys.stderr)
        return 1
    return 0


def measured(options: argparse.Namespace) -> None:
    """Make the crops, then print the table."""
    from . import run

    if options.table:
        say(run.table(run.again(options.table)))
        return
    from pipelines.models import weights
    from pipelines.read import load_reader
    from training.evaluation import lpips

    from . import cases

    run.one_thread()
    options.out.mkdir(parents=True, exist_ok=True)
    folders = [options.models / "repose", options.models]
    parts = []
    if photos := tuple(kind for kind in options.kinds if kind != "synthetic"):
        reader = load_reader(lambda id: weights.find(id, folders))
        parts.append(cases.of_photos(reader, photos, options.only))
    if "synthetic" in options.kinds:
        parts.append(cases.of_people(options.people, options.pairs))
    score = None
    if not options.without_lpips:
        lpips.fetch()
        score = lpips.load().distance
    found = run.kept(run.rows(chain(*parts), options.out, score), options.out)
    text = run.table(found)
    (options.out / "table.md").write_text(text + "\n", encoding="utf-8")
    say(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
