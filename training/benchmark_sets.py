"""Seconds that sets take: `python training/benchmark_sets.py PHOTO CHARACTER [--height 1376] [--threads 2]`.

The poses of the shipped workflows, from the networks' loading to the files: "Catalogue set" (five poses of a photo),
"Mascot variations" (twenty poses of a drawn character, with stickers), "Social batch" (three poses, without new
backgrounds; told as pictures an hour of one core). Prints a table; asserts nothing. Other work on the machine makes
the seconds on the clock more, those of the processor hardly.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from workflow_sets import CATALOGUE, MASCOT_POSES, SOCIAL_POSES  # noqa: E402

from pipelines.checking import checked_people  # noqa: E402
from pipelines.framing import Framing  # noqa: E402
from pipelines.models import weights  # noqa: E402
from pipelines.moving import reposed_people  # noqa: E402
from pipelines.native import resized  # noqa: E402
from pipelines.picture import read_picture, write_picture  # noqa: E402
from pipelines.preview import fitting  # noqa: E402
from pipelines.read import load_reader  # noqa: E402
from pipelines.repose import ReposeOptions  # noqa: E402
from pipelines.sets.folder import BatchOptions, repose_folder  # noqa: E402
from pipelines.sets.listing import listed_poses, names_of  # noqa: E402
from pipelines.sets.saving import save_set, shots_of  # noqa: E402
from pipelines.sets.stickers import sheet_of, stickers  # noqa: E402


def a_set(photo: torch.Tensor, text: str, models: Path, frame: str, output: Path, cut_out: bool) -> int:
    """One photo (1, 3, H, W) in the poses of a list, checked and saved; how many pictures."""
    reader, poses = load_reader(lambda id: weights.find(id, [models])), listed_poses(text)
    made = reposed_people(photo, reader, poses, ReposeOptions(framing=Framing.named(frame)))
    pictures, people = (torch.cat([getattr(one, name) for one in made]) for name in ("picture", "person"))
    given = [[getattr(one, name) for one in made] for name in ("correspondence", "garments")]
    lights, targets = [one.field for one in made], [one.target for one in made]
    checked = checked_people(photo, pictures, people, *given, None, lights, None, None, None, targets)
    if cut_out:
        pictures = stickers(pictures, people)
        write_picture(sheet_of(pictures), output / "sheet.png")
    hidden = [one.hidden for one in made]
    shots = shots_of(pictures.split(1), names_of(poses).splitlines(), people.split(1), hidden, checked.checks)
    return len(save_set(shots, "SKU", photo, output).files)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("photo", type=Path)
    options.add_argument("character", type=Path)
    options.add_argument("--height", type=int, default=1376)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--models", type=Path, default=ROOT / ".repose" / "base" / "models" / "repose")
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    photo, character = (read_picture(path) for path in (chosen.photo, chosen.character))
    photo = resized(photo, fitting(tuple(photo.shape[-2:]), chosen.height))
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder)
        for name, picture, text, frame in (
            ("Catalogue set", photo, CATALOGUE, "keep"),
            ("Mascot variations", character, MASCOT_POSES, "extend"),
        ):
            started = now()
            count = a_set(picture, text, chosen.models, frame, output / name, frame == "extend")
            said(name, count, started, picture)
        started = now()
        shot = write_picture(photo, output / "in" / "SKU.png")
        batch = repose_folder(
            [shot],
            listed_poses(SOCIAL_POSES),
            output / "social",
            lambda: load_reader(lambda id: weights.find(id, [chosen.models])),
            BatchOptions(ReposeOptions(framing=Framing.named("4:5")), format="JPEG"),
        )
        said("Social batch", batch.made, started, photo)
        print(f"{3600 * batch.made / (now()[1] - started[1]):.0f} pictures an hour of processor time")


def now() -> tuple[float, float]:
    """Seconds on the clock, and of the processor."""
    return time.monotonic(), time.process_time()


def said(name: str, count: int, started: tuple[float, float], picture: torch.Tensor) -> None:
    """A row of the table."""
    size = f"{picture.shape[-1]} x {picture.shape[-2]}"
    clock, processor = (after - before for after, before in zip(now(), started, strict=True))
    print(f"| {name} | {count} | {size} | {processor:.0f} s | {clock:.0f} s |", flush=True)


if __name__ == "__main__":
    main()
