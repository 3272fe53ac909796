"""Lists of pairs: two pictures of one person, of which the second is made from the first."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from pipelines.picture import read_picture

PICTURES = (".png", ".jpg", ".jpeg", ".webp")
SAME_SHAPE = 0.03
"""Shares of width over height this near are stretched to the wanted one, as the published protocols do; others are cut
to it (the 256 x 256 release of DeepFashion pads its 176 x 256 pictures with white at both sides)."""


@dataclass(frozen=True)
class Pair:
    """source and target are picture files; size (height, width) both are brought to, None as they are; turn in
    degrees where the list states it; what it shows, for the sheets; exact where its truth is known: the folder of a
    synthetic person and the numbers of the source's and the target's view."""

    name: str
    source: Path
    target: Path
    what: str = ""
    size: tuple[int, int] | None = None
    turn: float | None = None
    exact: tuple[Path, int, int] | None = None

    def pictures(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(1, 3, H, W) the source and the target."""
        return sized(read_picture(self.source), self.size), sized(read_picture(self.target), self.size)


def sized(picture: torch.Tensor, size: tuple[int, int] | None) -> torch.Tensor:
    """(1, 3, H, W) cut in the middle to the shape of `size` where its own differs, then brought to it."""
    if size is None or tuple(picture.shape[-2:]) == tuple(size):
        return picture
    height, width = picture.shape[-2:]
    ratio = width / height * size[0] / size[1]
    if abs(ratio - 1) > SAME_SHAPE:
        spare = [max(height - width * size[0] / size[1], 0), max(width - height * size[1] / size[0], 0)]
        top, left = (round(s / 2) for s in spare)
        picture = picture[..., top : height - top, left : width - left]
    return F.interpolate(picture, size, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)


def from_table(file: Path, root: Path | None = None) -> list[Pair]:
    """A CSV with the columns source and target, paths beside it or under `root`. Taken where they are there: pair (the
    name), what, turn; truth with source_view and target_view, as `python -m training.people evaluate` writes them.
    ValueError names a missing column or file."""
    folder, pairs = root or file.parent, []
    for number, row in enumerate(_rows(file, ("source", "target")), 2):
        source, target = (_there(folder / row[side], file, number) for side in ("source", "target"))
        exact = None
        if row.get("truth"):
            truth = _there(folder / row["truth"], file, number)
            exact = (truth.parent, int(row["source_view"]), int(row["target_view"]))
        pairs.append(
            Pair(
                row.get("pair") or _common_name(Path(row["source"]), Path(row["target"])),
                source,
                target,
                row.get("what") or row.get("outfit") or "",
                turn=float(row["turn"]) if row.get("turn") else None,
                exact=exact,
            )
        )
    return pairs


def from_deepfashion(file: Path, root: Path, size: tuple[int, int]) -> list[Pair]:
    """A test list of the DeepFashion pose-transfer protocols: a CSV with the columns `from` and `to`, names of pictures
    anywhere under `root`, with or without their folders and suffix; 8,570 pairs in the list that most papers use.
    size (256, 176) or (512, 352)."""
    known = _by_name(root)
    pairs = []
    for number, row in enumerate(_rows(file, ("from", "to")), 2):
        source, target = (_named(known, row[side], root, file, number) for side in ("from", "to"))
        pairs.append(Pair(f"{number - 2:05d}", source, target, size=size))
    return pairs


def from_iper(file: Path, root: Path, count: int, seed: int = 0) -> list[Pair]:
    """iPER as Knoche, Sarandi and Leibe (2020) sampled it: a clothing layout of the test set drawn uniformly, then two
    different frames of that person in it, of any of its clips; `count` times (they: 10,000).

    file  the test split, one clip a line: "person/layout/clip"
    root  the folder of frames: root/person/layout/clip/*.jpg, as numbered by their names
    """
    clips = [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    layouts: dict[str, list[Path]] = {}
    for clip in clips:
        frames = sorted(f for f in (root / clip).glob("*") if f.suffix.lower() in PICTURES)
        if not frames:
            raise ValueError(
                f"{file.name} names the clip {clip}, but {root / clip} holds no frames: extract them"
            )
        layouts.setdefault("/".join(clip.split("/")[:2]), []).extend(frames)
    if not layouts:
        raise ValueError(f"{file} is empty, expected one clip a line, such as 001/1/1")
    rng, names = np.random.default_rng(seed), sorted(layouts)
    pairs = []
    for i in range(count):
        layout = names[rng.integers(len(names))]
        a, b = rng.choice(len(layouts[layout]), 2, replace=False)
        pairs.append(Pair(f"{i:05d}", layouts[layout][a], layouts[layout][b], what=layout))
    return pairs


def chosen(pairs: Iterable[Pair], only: str = "", limit: int = 0) -> list[Pair]:
    """The pairs whose name or description holds `only`, the first `limit` of them. ValueError when none is left."""
    kept = [pair for pair in pairs if only.lower() in f"{pair.name} {pair.what} {pair.source}".lower()]
    if not kept:
        raise ValueError(f'no pair of the list holds "{only}" in its name, description or path')
    return kept[:limit] if limit else kept


def _rows(file: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    missing = [column for column in columns if not rows or column not in rows[0]]
    if missing:
        found = ", ".join(rows[0]) if rows else "nothing"
        raise ValueError(f"{file} has the columns {found}; {', '.join(missing)} is missing")
    return rows


def _there(path: Path, file: Path, line: int) -> Path:
    if not path.is_file():
        raise ValueError(
            f"{file}, line {line}: there is no file {path}; give the folder of the pictures as --root"
        )
    return path


def _by_name(root: Path) -> dict[str, Path]:
    """Every picture under root by its path, flattened as the lists write it, and by its bare name."""
    known = {}
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in PICTURES:
            known[path.stem] = path
            known["".join(path.relative_to(root).with_suffix("").parts)] = path
    return known


def _named(known: dict[str, Path], name: str, root: Path, file: Path, line: int) -> Path:
    stem = name.removesuffix(Path(name).suffix) if Path(name).suffix.lower() in PICTURES else name
    for key in (stem, "".join(Path(stem).parts), Path(stem).name):
        if key in known:
            return known[key]
    raise ValueError(f"{file}, line {line}: no picture under {root} is called {name}")


def _common_name(source: Path, target: Path) -> str:
    """What the two file names share from their start: dg051_src.png and dg051_tgt.png -> dg051."""
    a, b = source.stem, target.stem
    same = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[:same].rstrip("_- ") or f"{a}-{b}"
