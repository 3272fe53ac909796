"""What a person found in each cell of the grading sheet, in a CSV file that they fill in."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.files import appearing
from setup.places import Trouble

DEFECTS = {
    "torn": "a hole or a gap inside the body or between parts that are joined",
    "doubled": "a part of the body is there twice",
    "ghost": "something of the old pose is left on the background",
    "smeared": "streaks where the photo's pixels were drawn out",
    "wrong depth order": "something behind the body lies before it, or the other way round",
    "floating": "a part, or the figure, hangs where nothing holds it",
    "jagged edge": "the outline has steps or fringes",
    "lost print": "a print, logo or pattern of the photo is gone or broken",
    "wrong hand": "a hand with the wrong shape, size or turn",
    "wrong shadow": "a shadow where none falls, or none where one falls",
}
NONE = "none"
"""What stands for a cell that was looked at and has no defect; an empty cell was not looked at."""

COLUMNS = ("photo", "pose", "picture", "defects", "last", "note")


@dataclass(frozen=True)
class Grade:
    """Of one cell. picture: a hash of what was made; defects: names of DEFECTS, empty for none, None where nobody has
    looked at this picture yet; last: what was found on the picture before it."""

    photo: str
    pose: str
    picture: str = ""
    defects: tuple[str, ...] | None = None
    last: str = ""
    note: str = ""

    def of(self, picture: str) -> Grade:
        """The same cell after it was made again: another picture is to be looked at anew."""
        if picture == self.picture:
            return self
        return replace(self, picture=picture, defects=None, last=written(self.defects) or self.last)


def written(defects: Sequence[str] | None) -> str:
    """As in the file."""
    return "" if defects is None else "; ".join(defects) or NONE


def read(file: Path) -> list[Grade]:
    """The grades of a file. ValueError names the line and the word that is no defect."""
    if not file.is_file():
        raise Trouble(f"there are no grades at {file}", "python -m training.evaluation sheet")
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [_grade(row, f"{file}, line {number}") for number, row in enumerate(rows, 2)]


def _grade(row: dict[str, str], where: str) -> Grade:
    if missing := [name for name in COLUMNS[:4] if row.get(name) is None]:
        raise ValueError(f"{where}: the column {missing[0]} is missing, expected {', '.join(COLUMNS)}")
    words = [word.strip().lower() for word in row["defects"].split(";") if word.strip()]
    if unknown := [word for word in words if word not in (*DEFECTS, NONE)]:
        raise ValueError(f'{where}: "{unknown[0]}" is no defect of the list: {", ".join(DEFECTS)}, or {NONE}')
    found = tuple(word for word in words if word != NONE) if words else None
    return Grade(
        row["photo"], row["pose"], row["picture"], found, row.get("last") or "", row.get("note") or ""
    )


def write(grades: Sequence[Grade], file: Path) -> None:
    """The file, whole or not at all."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for g in grades:
        table.writerow((g.photo, g.pose, g.picture, written(g.defects), g.last, g.note))
    with appearing(file) as unfinished:
        unfinished.write_text(text.getvalue(), encoding="utf-8")


def table(grades: Sequence[Grade]) -> str:
    """Markdown: how many cells of each pose have which defect, and what was not looked at."""
    lines = ["| pose | cells | clean | " + " | ".join(DEFECTS) + " | not looked at |"]
    lines.append("| --- |" + " ---: |" * (len(DEFECTS) + 3))
    poses = list(dict.fromkeys(grade.pose for grade in grades))
    for pose in (*poses, "all"):
        cells = [g for g in grades if pose in (g.pose, "all")]
        count = Counter(defect for g in cells for defect in g.defects or ())
        clean, unseen = sum(g.defects == () for g in cells), sum(g.defects is None for g in cells)
        numbers = [len(cells), clean, *(count[defect] for defect in DEFECTS), unseen]
        lines.append(f"| {pose} | " + " | ".join(str(n) if n else "" for n in numbers) + " |")
    return "\n".join(lines)
