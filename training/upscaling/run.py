"""Every method on every case, in numbers and side by side."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from pipelines.draw import contact_sheet
from pipelines.picture import write_picture
from pipelines.upscaling.detail import maps_of, mipmap, tile_with_photo
from pipelines.upscaling.enlarging import enlarged
from pipelines.upscaling.matching import matched
from pipelines.upscaling.places import places_of
from pipelines.upscaling.resampling import Tile
from setup.places import say

from . import measures, network
from .cases import Case

METHODS = ("Lanczos", "RealESRGAN x2", "ours", "ours on RealESRGAN", "the most there is")
MARGIN = 24
"""Pixels round a crop that the network enlarges too, for the bands of the exchange."""


@dataclass(frozen=True)
class Row:
    """One method on one part of one case. correlation: of what the small picture lost, with the truth's, on the clothes
    (or the face) that the photo showed."""

    case: str
    kind: str
    part: str
    method: str
    lpips: float
    ssim: float
    psnr: float
    sharpness: float
    correlation: float


def rows(
    cases: Iterable[Case], folder: Path, score: Callable[[Tensor, Tensor], float] | None
) -> Iterator[Row]:
    """All rows; each case's crops go to the folder, at their own size, for a person to look at."""
    made_network = cache(network.upscaler)
    for case in cases:
        crops = case.crops()
        if not crops:
            continue
        pictures = dict(_made(case, crops, made_network))
        truth, small = case.truth[0], tuple(case.small.shape[-2:])
        lost = measures.finest(truth, small)
        for part, tile in crops.items():
            at = tile.within(Tile(0, 0, *case.size))
            where = (case.clothes if part == "clothes" else case.face)[at]
            true, shown = truth[:, at[0], at[1]], []
            for method in METHODS:
                if (part, method) not in pictures:
                    continue
                made = pictures[part, method]
                whole = truth.clone()
                whole[:, at[0], at[1]] = made
                found = measures.finest(whole, small)[at]
                yield Row(
                    case.name, case.kind, part, method,
                    score(true[None], made[None]) if score else float("nan"),
                    measures.likeness(made, true),
                    measures.peak(made, true),
                    measures.sharpness(made, true, where),
                    measures.correlation(found, lost[at], where),
                )  # fmt: skip
                shown.append((method, made))
            titles, cells = zip(("the photo's own", true), *shown, strict=True)
            sheet = contact_sheet([cell[None] for cell in cells], list(titles), len(cells), tile.size[0])
            write_picture(sheet, folder / f"{case.name} {part}.png")
        say(f"[upscaling] {case.name}")


def _made(case: Case, crops: dict[str, Tile], made_network) -> Iterator[tuple[tuple[str, str], Tensor]]:
    """(part, method) -> (3, h, w) that part of the picture: the network is too slow for whole ones."""
    small, size = case.small[0], case.size
    blind = enlarged(small, size)
    places = places_of(case.found, tuple(small.shape[-2:]), tuple(case.photo.shape[-2:]), case.garments)
    like = [round(n / max(k, 1.0)) for n, k in zip(case.photo.shape[-2:], places.scale, strict=True)]
    match = matched(small, enlarged(case.photo[0], tuple(like)), places)
    levels, maps = mipmap(case.photo[0]), maps_of(match, size)
    for part, tile in crops.items():
        at, outer = tile.within(Tile(0, 0, *size)), tile.grown(MARGIN, size)
        base = blind.clone()
        made = network.part(small, size, tile, made_network, MARGIN)
        base[:, outer.top : outer.bottom, outer.left : outer.right] = made
        yield (part, "Lanczos"), blind[:, at[0], at[1]]
        yield (part, "RealESRGAN x2"), base[:, at[0], at[1]]
        yield (part, "ours"), tile_with_photo(blind, maps, levels, tile)
        yield (part, "ours on RealESRGAN"), tile_with_photo(base, maps, levels, tile, small)
        if case.most is not None:
            yield (part, "the most there is"), case.most[0][:, at[0], at[1]]


def table(found: list[Row]) -> str:
    """The means by kind, part and method."""
    lines = [
        "| case | part | method | LPIPS | SSIM | PSNR | sharpness | correlation | lost detail |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    groups = dict.fromkeys((row.kind, row.part) for row in found)
    for kind, part in groups:
        for method in METHODS:
            own = [row for row in found if (row.kind, row.part, row.method) == (kind, part, method)]
            if not own:
                continue
            values = [
                measures.mean(getattr(row, name) for row in own)
                for name in ("lpips", "ssim", "psnr", "sharpness", "correlation")
            ]
            cells = [
                f"{values[0]:.3f}",
                f"{values[1]:.3f}",
                f"{values[2]:.1f}",
                f"{values[3]:.2f}",
                f"{values[4]:.3f}",
            ]
            lines.append(
                f"| {kind} ({len(own)}) | {part} | {method} | {' | '.join(cells)} | {1 - values[4]:.3f} |"
            )
    return "\n".join([*lines, "", *_faces(found)])


def _faces(found: list[Row]) -> list[str]:
    """Of how many faces the picture is worse with the photo than blindly enlarged, by LPIPS and by SSIM."""
    said = []
    faces = [row for row in found if row.part == "face"]
    for ours, blind in (("ours", "Lanczos"), ("ours on RealESRGAN", "RealESRGAN x2")):
        pairs = [
            (one, other)
            for one in faces
            for other in faces
            if one.method == ours and other.method == blind and one.case == other.case
        ]
        worse = [one.case for one, other in pairs if one.lpips > other.lpips or one.ssim < other.ssim]
        said.append(
            f"Faces worse with {ours} than with {blind}: {len(worse)} of {len(pairs)} {', '.join(worse)}"
        )
    return said


def kept(found: Iterable[Row], folder: Path) -> list[Row]:
    """The rows, each written to a file as soon as it is there."""
    rows, file = [], folder / "numbers.json"
    for row in found:
        rows.append(row)
        file.write_text(json.dumps([asdict(one) for one in rows], indent=1), encoding="utf-8")
    return rows


def again(folders: Iterable[Path]) -> list[Row]:
    """The rows that earlier runs, each into a folder of its own, have written."""
    return [Row(**one) for folder in folders for one in json.loads((folder / "numbers.json").read_text())]


def one_thread() -> None:
    """As all measurements here."""
    torch.set_num_threads(1)
