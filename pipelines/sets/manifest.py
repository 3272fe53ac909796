"""The record of a set of pictures: what each file shows, how it was made, whether it passed, and what failed.

manifest.json: {"format": "repose-set", "version": 1, "entries": [one object for each picture, the fields of `Entry`]};
manifest.csv: the same as a table, a line for each picture. Both appear whole or not at all.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..files import appearing

FORMAT, VERSION = "repose-set", 1
JSON, CSV = "manifest.json", "manifest.csv"
DONE, FAILED = "done", "failed"
LARGEST_BYTES = 64 << 20
"""An entry has about 700 bytes: a hundred thousand pictures."""


class ManifestError(ValueError):
    """A manifest that cannot be read or written; one line that names the file and the next step."""


@dataclass(frozen=True)
class Entry:
    """One picture of a set, or why it is not there.

    sku            whose photo, as the shop names it;  pose  which of the set, "group/name" or "name"
    status         "done" or "failed";  reason  why it failed
    file, sha256   of the picture, beside the manifest;  width, height  in pixels
    coverage       in [0, 1], how much of the person comes from the photo; None where it was not said
    passed, score  the photometric check's; None where it did not run;  findings  what failed in it, in words
    seed           of variations; None where there is none
    source, source_sha256   the photo's file name where it has one, and of its pixels or its file
    recipe         sha256 of every setting that the picture was made with
    """

    sku: str
    pose: str
    status: str = DONE
    reason: str = ""
    file: str = ""
    sha256: str = ""
    width: int = 0
    height: int = 0
    coverage: float | None = None
    passed: bool | None = None
    score: float | None = None
    findings: tuple[str, ...] = ()
    seed: int | None = None
    source: str = ""
    source_sha256: str = ""
    recipe: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What an entry is of: a later one of the same takes its place."""
        return self.sku, self.pose

    @property
    def group(self) -> str:
        """What stands before the slash of the pose's name: the variant of an experiment."""
        return self.pose.rpartition("/")[0]

    @property
    def id(self) -> str:
        """12 hexadecimal digits, the same in every run for the same SKU, pose and photo."""
        return digest(f"{self.sku}\n{self.pose}\n{self.source_sha256}")[:12]

    def record(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {"id": self.id, "group": self.group, **asdict(self), "findings": list(self.findings)}

    @classmethod
    def from_record(cls, data: Any) -> Entry:
        """The entry of a record; ValueError for what is none."""
        known = {field.name for field in fields(cls)}
        if not isinstance(data, dict) or not all(isinstance(data.get(name), str) for name in ("sku", "pose")):
            raise ValueError(f"an entry needs a sku and a pose, found {data!r:.80}")
        values = {name: value for name, value in data.items() if name in known}
        findings = values.get("findings") or ()
        return cls(**{**values, "findings": tuple(map(str, findings))})


@dataclass(frozen=True)
class Manifest:
    """The entries of a set, in the order in which they were made."""

    entries: tuple[Entry, ...] = ()

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def with_(self, entry: Entry) -> Manifest:
        """The same with one more entry, in the place of an older one of the same picture."""
        if not any(one.key == entry.key for one in self.entries):
            return replace(self, entries=(*self.entries, entry))
        return replace(self, entries=tuple(entry if one.key == entry.key else one for one in self.entries))

    def of(self, sku: str, pose: str) -> Entry | None:
        """The entry of a picture, or None."""
        return next((one for one in self.entries if one.key == (sku, pose)), None)

    @property
    def failures(self) -> tuple[Entry, ...]:
        """What is not there."""
        return tuple(one for one in self.entries if one.status == FAILED)

    def json(self) -> str:
        """The text of manifest.json."""
        entries = [one.record() for one in self.entries]
        return json.dumps({"format": FORMAT, "version": VERSION, "entries": entries}, indent=1) + "\n"

    def csv(self) -> str:
        """The text of manifest.csv: a header, and one line for each entry, whatever its words hold."""
        names = ["id", "group", *(field.name for field in fields(Entry))]
        out = io.StringIO()
        table = csv.DictWriter(out, names, lineterminator="\n")
        table.writeheader()
        for one in self.entries:
            row = {**one.record(), "findings": "; ".join(one.findings)}
            table.writerow({k: " ".join(v.split()) if isinstance(v, str) else v for k, v in row.items()})
        return out.getvalue()

    def write(self, folder: Path) -> Path:
        """Both files into a folder; the JSON's path. ManifestError where they cannot be written: those that were there
        are then still whole."""
        for name, text in ((CSV, self.csv()), (JSON, self.json())):
            try:
                with appearing(Path(folder) / name) as unfinished:
                    unfinished.write_text(text, encoding="utf-8")
            except OSError as error:
                done = ", ".join(one.file for one in self.entries if one.status == DONE) or "none"
                raise ManifestError(
                    f"{Path(folder) / name}: cannot be written ({error.strerror or error}); make room or choose"
                    f" another folder, and run again. Pictures that are finished: {done}"
                ) from error
        return Path(folder) / JSON

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest of a folder; an empty one where there is none. ManifestError for a file that is no manifest:
        it is never written over."""
        path = Path(folder) / JSON
        if not path.is_file():
            return cls()
        try:
            if path.stat().st_size > LARGEST_BYTES:
                raise ValueError(f"{path.stat().st_size >> 20} MB, the most is {LARGEST_BYTES >> 20} MB")
            data = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(data, dict) or (data.get("format"), data.get("version")) != (FORMAT, VERSION):
                raise ValueError(f'expected "format": "{FORMAT}" of version {VERSION}')
            return cls(tuple(map(Entry.from_record, data["entries"])))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise ManifestError(
                f"{path}: not a manifest of this pack ({error}); move it away, or choose another folder"
            ) from error


def digest(data: bytes | str | Sequence[str]) -> str:
    """sha256 in hexadecimal digits of bytes, a text, or lines."""
    if not isinstance(data, bytes | str):
        data = "\n".join(data)
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def file_digest(path: Path) -> str:
    """sha256 of a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
