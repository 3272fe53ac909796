"""The same pairs made by an earlier revision of this repository, in processes of its own; kept for ever."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from pipelines.picture import read_picture, write_picture
from setup.places import ROOT, Trouble, say

from . import cache
from .methods import Flow, Made, framed
from .reading import Sight

JOB = Path(__file__).with_name("before_job.py")


@dataclass(frozen=True)
class Revision:
    """A commit by its whole hash, and its files laid out in a folder."""

    commit: str
    folder: Path

    @property
    def results(self) -> Path:
        """Where its pictures lie."""
        return cache.FOLDER / "revisions" / f"{self.commit[:12]}-made"

    def files(self, source: Sight, target: Sight) -> dict[str, Path]:
        """Of one pair."""
        stem = cache.key(source.id, target.id)
        kinds = {"picture": ".png", "arrays": ".npz", "numbers": ".json"}
        return {name: self.results / f"{stem}{suffix}" for name, suffix in kinds.items()}

    def made(self, source: Sight, target: Sight) -> Made:
        """What it made of a pair. ValueError with its own words where it could not, Trouble where it was not asked."""
        files = self.files(source, target)
        numbers = cache.kept_json(files["numbers"])
        if numbers is None:
            raise Trouble(
                f"revision {self.commit[:12]} has not made this pair", "give the same command again"
            )
        if "error" in numbers:
            raise ValueError(f"revision {self.commit[:12]}: {numbers['error']}")
        arrays = {name: torch.from_numpy(v) for name, v in cache.kept_arrays(files["arrays"]).items()}
        whole, size = float(arrays["person"].sum()), tuple(target.picture.shape[-2:])
        person = framed(arrays["person"], size)
        return Made(
            framed(read_picture(files["picture"]), size),
            person,
            coverage=1 - float(arrays["hidden"].sum()) / whole if whole else 0.0,
            scale=numbers["scale"],
            seconds=numbers["seconds"],
            correspondence=Flow(arrays["source"], arrays["visible"]),
            notes=tuple(numbers["notes"]),
        )


def laid_out(name: str) -> Revision:
    """A revision by any name that git knows, its files under .repose/; nothing of the checkout is touched."""
    found = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if found.returncode:
        raise Trouble(f'git knows no revision "{name}"', "name a commit, a tag or a branch")
    commit = found.stdout.strip()
    folder = cache.FOLDER / "revisions" / commit[:12]
    if not (folder / "pipelines").is_dir():
        packed = subprocess.run(
            ["git", "archive", commit, "pipelines"], cwd=ROOT, capture_output=True, check=True
        )
        partial = folder.with_name(f"{folder.name}.{os.getpid()}.part")
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            archive.extractall(partial, filter="data")
        folder.parent.mkdir(parents=True, exist_ok=True)
        os.replace(partial, folder)
    return Revision(commit, folder)


def make(revision: Revision, sights: Sequence[tuple[Sight, Sight]], models: Path, workers: int) -> None:
    """Let the revision make what it has not made yet, in `workers` processes."""
    revision.results.mkdir(parents=True, exist_ok=True)
    open_ = [pair for pair in sights if not revision.files(*pair)["numbers"].is_file()]
    if not open_:
        return
    say(f"[evaluation] {len(open_)} pairs by revision {revision.commit[:12]} ...")
    processes = [_started(revision, open_[i::workers], models, i) for i in range(min(workers, len(open_)))]
    problems = [process.communicate()[1] for process in processes]
    if any(process.returncode for process in processes):
        raise Trouble(f"revision {revision.commit[:12]} cannot be run:\n{max(problems, key=len)[-2000:]}")


def _started(revision: Revision, pairs, models: Path, number: int) -> subprocess.Popen:
    jobs = []
    for source, target in pairs:
        job = {name: str(path) for name, path in revision.files(source, target).items()}
        inputs = {side: _as_file(sight) for side, sight in (("source", source), ("target", target))}
        jobs.append(job | inputs)
    file = revision.results / f"jobs-{os.getpid()}-{number}.list"
    file.write_text(json.dumps({"models": str(models.resolve()), "jobs": jobs}), encoding="utf-8")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONPATH", None)
    command = [sys.executable, str(JOB), str(file)]
    return subprocess.Popen(
        command,
        cwd=revision.folder,
        env=environment,
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _as_file(sight: Sight) -> str:
    """The picture at the size at which it is compared."""
    file = cache.FOLDER / "inputs" / f"{sight.id[:32]}.png"
    if not file.is_file():
        write_picture(sight.picture, file)
    return str(file)
