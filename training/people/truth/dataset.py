"""A folder of synthetic people: written whole person by whole person, resumed, and read as torch tensors.

    DIR/index.json            the settings that every person in it was made with
    DIR/000123/0.png ...      the pictures, to look at
    DIR/000123/truth.npz      everything else (codec.py)
    DIR/000123/record.json    who, in what, in which pose and light; the other files' sizes and checksums

A person appears at once, by renaming a finished folder: what is there is complete, whatever stopped the run. A folder
whose files do not match their checksums is made again.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..scene import View
from .codec import Made, Picture, archive, correspondence_of, packed, view_of
from .correspondence import Correspondence

FORMAT, VERSION = "repose-people", 1
INDEX, RECORD, TRUTH = "index.json", "record.json", "truth.npz"
SPARE = 64 << 20
"""Bytes that stay free on the disk: a system with none left fails elsewhere."""
PNG_LEVEL = 1
"""Of PNG's deflate: the quickest, with Huffman codes alone: noise has no repeats."""


class DatasetError(ValueError):
    """A folder that is no dataset, or one of other settings; the message says what to do."""


class DiskFull(OSError):
    """No room for the next person; nothing half-written was left."""


def place(folder: Path, index: int) -> Path:
    """The folder of a person."""
    return folder / f"{index:06d}"


def opened(folder: Path, settings: Mapping[str, Any]) -> None:
    """Make a folder ready for people of these settings (plain JSON). Raises DatasetError if it holds others."""
    path = folder / INDEX
    if path.is_file():
        there = read_index(folder)
        other = [name for name in {**there, **settings} if there.get(name) != settings.get(name)]
        if other:
            found = ", ".join(
                f"{name} {there.get(name)!r} there, {settings.get(name)!r} asked" for name in other
            )
            raise DatasetError(
                f"{folder} holds people of other settings: {found}. Go on with those, or choose another --out"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    if stray := sorted(entry.name for entry in folder.iterdir()):
        raise DatasetError(
            f"{folder} is not empty and has no {INDEX} (it holds {stray[0]}): choose another --out"
        )
    text = json.dumps({"format": FORMAT, "version": VERSION, "settings": dict(settings)}, indent=1)
    _write_whole(path, text.encode())


def read_index(folder: Path) -> dict[str, Any]:
    """The settings of a dataset. Raises DatasetError where there is none, or one of another format."""
    path = folder / INDEX
    if not path.is_file():
        raise DatasetError(
            f"{folder} has no {INDEX}: make people there with python -m training.people --out {folder}"
        )
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DatasetError(f"{path} is not JSON ({error}): remove the folder and make it again") from error
    if data.get("format") != FORMAT or data.get("version") != VERSION:
        raise DatasetError(
            f"{path} is {data.get('format')!r} version {data.get('version')!r}, expected {FORMAT!r} version {VERSION}: "
            "make it again"
        )
    return data["settings"]


def complete(folder: Path, index: int) -> bool:
    """Whether a person is there with every file as it was written."""
    path = place(folder, index)
    try:
        files = json.loads((path / RECORD).read_text(encoding="ascii"))["files"]
        return all(_checksum((path / name).read_bytes()) == sums for name, sums in files.items())
    except (OSError, KeyError, AttributeError, UnicodeDecodeError, json.JSONDecodeError):
        return False


def _checksum(data: bytes) -> list[int]:
    return [len(data), zlib.crc32(data)]


def store(folder: Path, index: int, made: Made) -> None:
    """Write a person into the dataset, whole or not at all. Raises DiskFull."""
    write(folder, index, encoded(made))


def encoded(made: Made) -> dict[str, bytes]:
    """A person's files by name; the same person gives the same bytes."""
    files = {f"{v}.png": _png(picture.view) for v, picture in enumerate(made.pictures)}
    files[TRUTH] = archive(packed(made))
    record = dict(made.record) | {"files": {name: _checksum(data) for name, data in files.items()}}
    return files | {RECORD: json.dumps(record, indent=1).encode("ascii")}


def _png(view: View) -> bytes:
    import cv2

    rgb = (view.rgb.clamp(0, 1) * 255 + 0.5).byte().permute(1, 2, 0).cpu().numpy()
    quick = [
        cv2.IMWRITE_PNG_COMPRESSION,
        PNG_LEVEL,
        cv2.IMWRITE_PNG_STRATEGY,
        cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY,
    ]
    _, data = cv2.imencode(".png", rgb[..., ::-1], quick)
    return data.tobytes()


def write(folder: Path, index: int, files: Mapping[str, bytes]) -> None:
    """A person's files, whole or not at all. Raises DiskFull."""
    part, final = folder / f".{index:06d}.part", place(folder, index)
    needed = sum(map(len, files.values()))
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE:
        raise _full(folder, needed, free)
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        for name, data in files.items():
            (part / name).write_bytes(data)
        if final.exists():
            shutil.rmtree(final)
        os.replace(part, final)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _full(folder, needed, shutil.disk_usage(folder).free) from error
        raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _full(folder: Path, needed: int, free: int) -> DiskFull:
    return DiskFull(
        errno.ENOSPC,
        f"no room in {folder}: the next person needs {needed:,} bytes and {SPARE:,} are kept free, {free:,} are left. "
        "Make room, then run the same command again to go on; nothing half-written was left",
    )


def _write_whole(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


class Pair(NamedTuple):
    """Two pictures of one person: the correspondence is of the target's pixels in the source; turn in degrees."""

    source: Picture
    target: Picture
    correspondence: Correspondence
    turn: float


@dataclass(frozen=True, eq=False)
class Stored:
    """One person of a dataset; pictures and truth are read when asked for."""

    path: Path

    @cached_property
    def record(self) -> dict[str, Any]:
        return json.loads((self.path / RECORD).read_text(encoding="ascii"))

    @cached_property
    def _arrays(self) -> Mapping[str, np.ndarray]:
        with np.load(self.path / TRUTH, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}

    def __len__(self) -> int:
        return len(self.record["views"])

    def __getitem__(self, v: int) -> Picture:
        """View v with its camera and joints. Raises IndexError."""
        from PIL import Image

        if not 0 <= v < len(self):
            raise IndexError(f"{self.path} has views 0 to {len(self) - 1}, asked for {v}")
        with Image.open(self.path / f"{v}.png") as picture:
            return view_of(self._arrays, v, np.array(picture.convert("RGB")))

    def pair(self, source: int, target: int) -> Pair:
        """Two of its views with the correspondence between them and the turn, 0 to 180 degrees."""
        from ..body.poses import turn_between

        yaws = [self.record["views"][v]["yaw"] for v in (source, target)]
        truth = self.correspondence(source, target)
        return Pair(self[source], self[target], truth, turn_between(*np.radians(yaws)))

    def correspondence(self, source: int, target: int) -> Correspondence:
        """Where the target's pixels are in the source picture, without reading either picture."""
        return correspondence_of(self._arrays, source, target)


@dataclass(frozen=True, eq=False)
class People(Sequence):
    """The people of a dataset in the order of their numbers.

    Raises DatasetError where the folder is no dataset.
    """

    folder: Path

    def __post_init__(self):
        object.__setattr__(self, "folder", Path(self.folder))
        read_index(self.folder)

    @property
    def settings(self) -> dict[str, Any]:
        return read_index(self.folder)

    @cached_property
    def _paths(self) -> tuple[Path, ...]:
        found = (
            path for path in self.folder.iterdir() if path.name.isdecimal() and (path / RECORD).is_file()
        )
        return tuple(sorted(found))

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, i: int) -> Stored:
        return Stored(self._paths[i])

    def pairs(self) -> Iterator[tuple[int, int, int]]:
        """(person, source, target) of every ordered pair of different views; `self[person].pair(source, target)`."""
        for i in range(len(self)):
            views = range(len(self[i]))
            yield from ((i, s, t) for s in views for t in views if s != t)
