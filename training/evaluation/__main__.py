"""Measures reposing, and keeps the grading sheet.

python -m training.evaluation weights
python -m training.evaluation pairs PAIRS.csv [--before REVISION] [--only TEXT] [--limit N] [--workers N]
python -m training.evaluation pairs INDEX --kind people
python -m training.evaluation pairs fasion-resize-pairs-test.csv --kind deepfashion --root DIR --size 256x176
python -m training.evaluation pairs val.txt --kind iper --root FRAMES --count 10000
python -m training.evaluation cloth [--only TEXT]
python -m training.evaluation sheet | grades
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: times are those of one core

from setup.places import MODELS, OUTPUT, Trouble, say  # noqa: E402
from training.commands import commands_of, finished  # noqa: E402


def main(arguments: list[str]) -> int:
    """Do the command; the exit code."""
    options = parser().parse_args(arguments)
    return finished(options, f"training.evaluation {options.command}")


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top, commands = commands_of("training.evaluation", __doc__)
    pairs = commands.add_parser("pairs", help="a list of pairs: table, numbers, contact sheet")
    pairs.set_defaults(run=run_pairs)
    pairs.add_argument("list", type=Path)
    pairs.add_argument("--kind", choices=("table", "people", "deepfashion", "iper"), default="table")
    pairs.add_argument("--root", type=Path, help="the folder of the pictures, where it is not the list's own")
    pairs.add_argument("--size", type=_size, default=(256, 176), metavar="HxW", help="deepfashion: 512x352")
    pairs.add_argument("--count", type=int, default=10_000, help="iper: how many pairs are drawn")
    pairs.add_argument("--seed", type=int, default=0, help="iper: of the drawing")
    pairs.add_argument(
        "--joints",
        choices=("read", "true"),
        default="read",
        help="true: of synthetic pairs, to measure the warp alone",
    )
    pairs.add_argument("--before", metavar="REVISION", help="a commit whose warp is measured beside this one")
    pairs.add_argument(
        "--volumetric", action="store_true", help="the learned volumetric reposer beside the others"
    )
    pairs.add_argument(
        "--only", default="", metavar="TEXT", help="pairs with this in name, description or path"
    )
    pairs.add_argument("--limit", type=int, default=0, metavar="N")
    pairs.add_argument(
        "--fresh", action="store_true", help="make the pack's own pictures anew, for their time"
    )
    pairs.add_argument("--out", type=Path, default=OUTPUT / "evaluation", metavar="DIR")
    pairs.add_argument("--best", type=int, default=4, help="rows of the contact sheet")
    pairs.add_argument("--worst", type=int, default=12)
    _common(pairs)
    weights = commands.add_parser("weights", help="fetch the weights of LPIPS")
    weights.set_defaults(run=run_weights)
    sheet = commands.add_parser("sheet", help="10 photos in 10 poses, and the file of their grades")
    sheet.set_defaults(run=run_sheet)
    sheet.add_argument("--out", type=Path, default=OUTPUT / "grading", metavar="DIR")
    cloth = commands.add_parser(
        "cloth", help="painted patterns and slogans, without the map of clothes and with it"
    )
    cloth.set_defaults(run=run_cloth)
    cloth.add_argument("--out", type=Path, default=OUTPUT / "cloth", metavar="DIR")
    for command, what in ((sheet, "photo or pose"), (cloth, "cloth or photo")):
        command.add_argument(
            "--height", type=int, default=1376, help="of the photos, in pixels (2752: their own)"
        )
        command.add_argument("--only", default="", metavar="TEXT", help=f"cells with this in {what}")
        _common(command)
    grades = commands.add_parser("grades", help="the grades as a table")
    grades.set_defaults(run=run_grades)
    for command in (sheet, grades):
        command.add_argument("--grades", type=Path, default=Path(__file__).with_name("grades.csv"))
    return top


def _common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--models", type=Path, default=Path(os.environ.get("REPOSE_MODELS") or MODELS))
    command.add_argument("--workers", type=int, default=1)


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.partition("x")
    return int(height), int(width)


def run_pairs(options: argparse.Namespace) -> None:
    """Score the list, then write table.md, numbers.json and the pages of the contact sheet."""
    from . import lpips, pairs, report, revision, run

    if not options.list.exists():
        raise Trouble(f"there is no list {options.list}", "give a CSV with the columns source and target")
    if not lpips.WEIGHTS.is_file():
        lpips.load()
    chosen = pairs.chosen(_listed(options), options.only, options.limit)
    before = revision.laid_out(options.before) if options.before else None
    plan = run.Plan(
        options.models.resolve(),
        options.workers,
        options.fresh,
        options.joints == "true",
        before,
        options.volumetric,
    )
    results, failed = run.evaluate(chosen, plan)
    if not results:
        raise Trouble("no pair could be read", failed[0]["error"] if failed else "")
    say(report.write(results, failed, options.out, options.best, options.worst, before))


def _listed(options: argparse.Namespace):
    from . import pairs, people

    root = options.root or options.list.parent
    if options.kind == "deepfashion":
        return pairs.from_deepfashion(options.list, root, options.size)
    if options.kind == "iper":
        return pairs.from_iper(options.list, root, options.count, options.seed)
    if options.kind == "people":
        return people.from_folder(options.list)
    return pairs.from_table(options.list, options.root)


def run_weights(options: argparse.Namespace) -> None:
    """Fetch what only measuring needs."""
    from . import lpips

    say(f"{lpips.fetch()}")


def run_sheet(options: argparse.Namespace) -> None:
    """Make the cells, the pages and the file of grades."""
    from . import grading

    plan = grading.Plan(options.out, options.grades, options.models, options.height, options.workers)
    for page in grading.make(plan, options.only):
        say(str(page))


def run_cloth(options: argparse.Namespace) -> None:
    """Print what the map of clothes gains, and write a page of each cloth."""
    from . import cloth

    found = []
    for one in cloth.scores(options.models, options.height, options.out, options.only):
        say(f"[cloth] {one.cloth}, {one.photo}, {one.pose}: {one.without:.3f} -> {one.with_map:.3f}")
        found.append(one)
    say(cloth.table(found))


def run_grades(options: argparse.Namespace) -> None:
    """Print the grades."""
    from . import grades

    say(grades.table(grades.read(options.grades)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
