"""Synthetic people with exact truth, from the repository's root:

python -m training.people pack                                   fetch the assets and pack the kit, once
python -m training.people --count 2000 --size 256 --out DIR      make people; the same command resumes
python -m training.people evaluate --out DIR                     the evaluation set: 400 pairs and pairs.csv
python -m training.people sheet --data DIR --out sheet.png       look at them
python -m training.people licences                               what the kit is made of, and under which licence
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from .truth.dataset import DatasetError, DiskFull, People, opened
from .truth.running import Progress, run

ROOT = Path(__file__).resolve().parents[2]
KIT = ROOT / ".repose" / "people" / "kit.zip"
STOPPED = 130
"""Exit status after Ctrl-C: 128 and the signal's number, as shells count."""
COMMANDS = ("pack", "make", "evaluate", "sheet", "check", "licences")


class UsageError(ValueError):
    """What was asked cannot be done; the message says what can."""


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0].startswith("-") and given[0] not in ("-h", "--help"):
        given = ["make", *given]
    options = parser().parse_args(given)
    try:
        return options.run(options)
    except (UsageError, DatasetError, DiskFull) as error:
        print(f"error: {error}", file=sys.stderr)
        for note in getattr(error, "__notes__", ()):
            print(note, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return STOPPED


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    top = argparse.ArgumentParser(
        prog="python -m training.people",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(required=True, metavar="{" + ",".join(COMMANDS) + "}")
    pack = commands.add_parser(
        "pack", help="fetch the assets by package name, check their hashes, pack the kit"
    )
    pack.add_argument("--kit", type=Path, default=KIT, help="the file to write (default: %(default)s)")
    pack.set_defaults(run=_pack)
    _making(commands.add_parser("make", help="make people; also the default when only options are given"))
    _evaluating(commands.add_parser("evaluate", help="make the evaluation set and its pairs.csv"))
    _sheets(commands.add_parser("sheet", help="a contact sheet of a folder of people"))
    _checks(
        commands.add_parser("check", help="render each picture of some people from the others, and compare")
    )
    licences = commands.add_parser("licences", help="the licence of every part, as a table")
    licences.set_defaults(run=_licences)
    return top


def _rendering(command: argparse.ArgumentParser, size: int) -> None:
    command.add_argument(
        "--size", type=_positive, default=size, help="pixels, height and width (%(default)s)"
    )
    command.add_argument("--kit", type=Path, default=KIT, help="the packed kit (%(default)s)")
    command.add_argument("--device", choices=("cpu", "cuda"), default="cpu")


def _common(command: argparse.ArgumentParser, size: int) -> None:
    _rendering(command, size)
    command.add_argument(
        "--out", type=Path, required=True, help="folder of the dataset; resumed if it is there"
    )
    command.add_argument(
        "--workers", type=_positive, default=1, help="processes, one thread each (%(default)s)"
    )


def _making(command: argparse.ArgumentParser) -> None:
    _common(command, 256)
    command.add_argument("--count", type=_positive, required=True, help="people")
    command.add_argument("--poses", type=_positive, default=4, help="pictures per person (%(default)s)")
    command.add_argument("--seed", type=int, default=0, help="another seed, other people (%(default)s)")
    command.add_argument("--split", choices=("train", "test"), default="train", help="(%(default)s)")
    command.set_defaults(run=_make)


def _evaluating(command: argparse.ArgumentParser) -> None:
    _common(command, 512)
    command.set_defaults(run=_evaluate)


def _checks(command: argparse.ArgumentParser) -> None:
    _rendering(command, 256)
    command.add_argument("--count", type=_positive, default=8, help="people (%(default)s)")
    command.add_argument("--poses", type=_positive, default=3, help="pictures per person (%(default)s)")
    command.add_argument("--seed", type=int, default=11, help="(%(default)s)")
    command.set_defaults(run=_check, workers=1)


def _sheets(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", type=Path, required=True, help="folder of a dataset")
    command.add_argument("--out", type=Path, required=True, help="the PNG to write")
    command.add_argument("--people", default="0-23", help="numbers, as 0-23 or 5,8,11 (%(default)s)")
    command.add_argument("--truth", type=int, help="everything that is known of this one person instead")
    command.add_argument("--tile", type=_positive, default=160, help="pixels of a picture (%(default)s)")
    command.add_argument("--across", type=_positive, default=3, help="people in a row (%(default)s)")
    command.set_defaults(run=_sheet)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)


def _pack(options: argparse.Namespace) -> int:
    from .kit.assets import AssetError
    from .kit.licences import LicenceRefused
    from .kit.packing import pack

    options.kit.parent.mkdir(parents=True, exist_ok=True)
    try:
        path = pack(options.kit)
    except (AssetError, LicenceRefused) as error:
        raise UsageError(str(error)) from error
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


def _licences(_: argparse.Namespace) -> int:
    from .kit.assets import licence_table

    print(licence_table())
    return 0


def _make(options: argparse.Namespace) -> int:
    from .truth.making import Settings, checksum

    _ready(options)
    settings = Settings(options.size, options.seed, options.poses, options.split, kit=checksum(options.kit))
    return 0 if _made(options, settings, options.count) else STOPPED


def _evaluate(options: argparse.Namespace) -> int:
    from .truth.evaluation import PEOPLE, settings, write_index
    from .truth.making import checksum

    _ready(options)
    if not _made(options, settings(options.size, checksum(options.kit)), PEOPLE):
        return STOPPED
    print(write_index(options.out))
    return 0


def _check(options: argparse.Namespace) -> int:
    import torch

    from .truth.checking import Agreement
    from .truth.making import Prepare, Settings, checksum

    _ready(options)
    torch.set_num_threads(1)
    settings = Settings(options.size, options.seed, options.poses, kit=checksum(options.kit))
    studio = Prepare(options.kit, settings, options.device)()
    found = [studio.checked(i) for i in range(options.count)]
    for name in found[0]:
        print(f"{name:8} {Agreement.of(torch.cat([one[name] for one in found]))}")
    return 0


def _made(options: argparse.Namespace, settings, count: int) -> bool:
    """Makes what is missing; False if it was stopped."""
    import torch

    from .truth.making import Prepare

    torch.set_num_threads(1)
    opened(options.out, settings.plain())
    prepare = Prepare(options.kit, settings, options.device)
    done = run(options.out, count, prepare, options.workers, lambda total: Progress(total, settings.poses))
    if not done:
        print("\nstopped; run the same command again to go on", file=sys.stderr)
    return done


def _ready(options: argparse.Namespace) -> None:
    """The kit is there and whole, and so is the device."""
    from .kit.kit import Kit, KitError
    from .kit.licences import LicenceRefused

    if not options.kit.is_file():
        raise UsageError(
            f"there is no kit at {options.kit}: python -m training.people pack makes it once, --kit names another"
        )
    if options.device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise UsageError("--device cuda: this machine or this torch has no CUDA; leave the option out")
        if options.workers > 1:
            raise UsageError(f"--workers {options.workers} with --device cuda: one process drives the card")
    cores = os.cpu_count() or 1
    if options.workers > cores:
        raise UsageError(f"--workers {options.workers}, but this machine has {cores} cores")
    try:
        Kit.load(options.kit)
    except (KitError, LicenceRefused) as error:
        raise UsageError(str(error)) from error


def _sheet(options: argparse.Namespace) -> int:
    from PIL import Image

    from .truth.sheets import people_sheet, truth_sheet

    people = People(options.data)
    if options.truth is not None:
        chosen = _within([options.truth], len(people), options.data)
        sheet = truth_sheet(people[chosen[0]], options.tile)
    else:
        chosen = [i for i in _numbers(options.people) if i < len(people)]
        _within(chosen[:1] or [0], len(people), options.data)
        sheet = people_sheet(people, chosen, options.tile, options.across)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(options.out)
    print(f"{options.out}: {sheet.shape[1]} x {sheet.shape[0]}")
    return 0


def _numbers(text: str) -> list[int]:
    """ "0-3,8" -> [0, 1, 2, 3, 8]. Raises UsageError."""
    found: list[int] = []
    for part in text.split(","):
        low, dash, high = part.strip().partition("-")
        if not low.isdecimal() or (dash and not high.isdecimal()):
            raise UsageError(f"--people {text!r} is not a list of numbers; write it as 0-23 or 5,8,11")
        found += range(int(low), int(high if dash else low) + 1)
    return found


def _within(chosen: list[int], count: int, folder: Path) -> list[int]:
    for i in chosen:
        if not 0 <= i < count:
            raise UsageError(f"{folder} has people 0 to {count - 1}, asked for {i}")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
