"""Ten photos in ten poses, made by a command, for a person to look at: every cell against the defects of grades.py."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from pipelines.draw import contact_sheet
from pipelines.geometry.keypoints import Keypoints
from pipelines.geometry.library import load_pose
from pipelines.picture import read_picture, write_picture
from pipelines.repose import repose
from setup import registry
from setup.places import HOME, Trouble, say

from . import cache, grades
from .grades import Grade
from .pairs import sized
from .reading import Reader
from .run import as_worker

POSES = (
    "casual/contrapposto", "movement/walking", "hands/waving", "hands/hand on hip", "hands/arms crossed",
    "catalogue/three-quarter left", "editorial/arm overhead", "movement/walking side", "seated/seated",
    "movement/dance lunge",
)  # fmt: skip
SLOGAN = "REPOSE 26"


class Photo(NamedTuple):
    """One of openpeople's (MIT; nobody real): a member of the package and its sha256; slogan: SLOGAN is painted on the
    chest, for none of the package's clothes has a print."""

    member: str
    sha256: str
    slogan: bool = False


PHOTOS = {
    "P002 studio": Photo(
        "P002/assets/studio_posture.jpg",
        "d853a4e60a651d441276e91fcc22ec03cf8f2abd20c44cf10a5e2c3d3e2061d1",
        True,
    ),
    "P005 studio": Photo(
        "P005/assets/studio_posture.jpg", "2a2d508550b5c226dd0f72a18ae5c2395ec7582614c3e3e10ca17175c011b82e"
    ),
    "P008 studio": Photo(
        "P008/assets/studio_posture.jpg", "ac4c783981b656962f43e659ba15a91c3c6b261ed316518234bf2292771857ea"
    ),
    "P009 studio": Photo(
        "P009/assets/studio_posture.jpg", "12f84ef8f8a871c8a8f872ebe13ecc09b9aacb9bacdbea57e2480b834eaa3157"
    ),
    "P001 park": Photo(
        "P001/assets/amateur_posture.jpg", "97375cb1c1cc5b6c365103eb1bef0f32597ffdff4d250c3fb6f5e44c271c64f7"
    ),
    "P004 park": Photo(
        "P004/assets/amateur_posture.jpg", "03e88396ff7a27915259c995f2043f2d8ee736aad8a4e93be8356fb196dd50a3"
    ),
    "P006 garden": Photo(
        "P006/assets/amateur_posture.jpg", "bf16030e03e049b8808c81316fb260c3c6b68c002ceac9b82ab0f713dfd7e961"
    ),
    "P007 park": Photo(
        "P007/assets/amateur_posture.jpg", "c2515752b6a36a10623bbee47aec0015b83529607a3e05c3b43b6fa20dd6ee28"
    ),
    "P009 garden": Photo(
        "P009/assets/amateur_posture.jpg", "db0eb3f818757a6ca0490f3a91d681d9a609ce62a112dcf006d025fcec346ccb"
    ),
    "P010 field": Photo(
        "P010/assets/amateur_posture.jpg", "92c72ae37c87cdbaaddb188920dd6ace808e314207e2e2ee9a0460d4b6f8f550"
    ),
}
"""By name: smooth and textured grounds, jacket and jeans, hands in pockets and on a phone, long hair, a turned body."""
OVERVIEW, PAGE = 320, 720
"""Pixels: the cells' height on the sheet of all and on the page of one photo."""


@dataclass(frozen=True)
class Plan:
    """Where cells and grades go, and how the cells are made: photos of `height` pixels, in `workers` processes."""

    folder: Path
    grades: Path
    models: Path
    height: int
    workers: int = 1


def photo(name: str) -> Path:
    """A photo's file, fetched once."""
    wanted = PHOTOS[name]
    file = HOME / "photos" / "openpeople" / wanted.member.replace("/", "-")
    member = registry.Member(
        "pypi", "openpeople", "0.1.2", f"openpeople/data/curated/{wanted.member}", wanted.sha256
    )
    return file if file.is_file() else registry.fetch(member, file)


def with_slogan(picture: torch.Tensor, person: Keypoints) -> torch.Tensor:
    """(1, 3, H, W) with SLOGAN in dark letters across the chest, three quarters as wide as the shoulders are apart."""
    from PIL import Image, ImageDraw, ImageFont

    shoulders = np.stack([person["left_shoulder"], person["right_shoulder"]])
    hips = (person["left_hip"] + person["right_hip"]) / 2
    apart, middle = float(np.ptp(shoulders[:, 0])), shoulders.mean(axis=0)
    place = middle + 0.3 * (hips - middle)
    ink = Image.new("L", (picture.shape[-1], picture.shape[-2]))
    font = ImageFont.load_default(0.75 * apart / (0.6 * len(SLOGAN)))
    ImageDraw.Draw(ink).text(tuple(place), SLOGAN, fill=255, font=font, anchor="mm")
    letters = torch.from_numpy(np.array(ink)).float().div(255)
    return picture * (1 - 0.85 * letters)


def make(plan: Plan, only: str = "") -> Iterator[Path]:
    """Make the cells whose photo or pose holds `only`, then the pages and the file of grades; the pages' files."""
    wanted = {
        name: tuple(pose for pose in POSES if only.lower() in f"{name} {pose}".lower()) for name in PHOTOS
    }
    wanted = {name: poses for name, poses in wanted.items() if poses}
    if not wanted:
        raise Trouble(f'no cell holds "{only}"', f"photos {', '.join(PHOTOS)}; poses {', '.join(POSES)}")
    for name in wanted:
        photo(name)  # before there are workers, which would all fetch it
    jobs = [(plan, name, poses) for name, poses in wanted.items()]
    if plan.workers <= 1:
        as_worker()
        made = [_cells(job) for job in jobs]
    else:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(plan.workers, context, as_worker) as pool:
            made = list(pool.map(_cells, jobs))
    _keep({cell: hash for cells in made for cell, hash in cells.items()}, plan.grades)
    yield from (_page(plan, name) for name in wanted)
    yield _overview(plan)


def _cells(job: tuple[Plan, str, tuple[str, ...]]) -> dict[tuple[str, str], str]:
    """One photo in its poses, each written to the folder; (photo, pose) -> the picture's hash."""
    plan, name, poses = job
    reader = Reader(plan.models)
    source = _photo_at(name, plan.height)
    if PHOTOS[name].slogan:
        source = with_slogan(source, reader.read(source).keypoints)
    write_picture(source, cell(plan.folder, name, "photo"))
    sight = reader.read(source)
    room, _ = reader.background(sight)
    made = {}
    for pose in poses:
        result = repose(source, sight.reading(), load_pose(pose), background=room)
        write_picture(result.picture, cell(plan.folder, name, pose))
        made[name, pose] = cache.pixels_of((result.picture * 255).round() / 255)[:12]
        say(f"[sheet] {name} {pose}")
    return made


def _photo_at(name: str, height: int) -> torch.Tensor:
    whole = read_picture(photo(name))
    return sized(whole, (height, round(whole.shape[-1] * height / whole.shape[-2])))


def cell(folder: Path, name: str, pose: str) -> Path:
    """The file of a cell."""
    return folder / "cells" / f"{name} {pose.replace('/', ' - ')}.png"


def _keep(made: dict[tuple[str, str], str], file: Path) -> None:
    there = {(g.photo, g.pose): g for g in grades.read(file)} if file.is_file() else {}
    for (name, pose), picture in made.items():
        there[name, pose] = there.get((name, pose), Grade(name, pose)).of(picture)
    order = {(name, pose): i for i, (name, pose) in enumerate((n, p) for n in PHOTOS for p in POSES)}
    grades.write(sorted(there.values(), key=lambda g: order.get((g.photo, g.pose), len(order))), file)


def _page(plan: Plan, name: str) -> Path:
    cells = [(name, _shown(plan.folder, name, "photo"))]
    cells += [(pose, _shown(plan.folder, name, pose)) for pose in POSES]
    return _sheet(cells, 6, PAGE, plan.folder / f"{name}.png")


def _overview(plan: Plan) -> Path:
    cells = []
    for name in PHOTOS:
        if any(cell(plan.folder, name, pose).is_file() for pose in POSES):
            cells.append((name, _shown(plan.folder, name, "photo")))
            cells += [(pose.partition("/")[2], _shown(plan.folder, name, pose)) for pose in POSES]
    return _sheet(cells, 1 + len(POSES), OVERVIEW, plan.folder / "sheet.png")


def _shown(folder: Path, name: str, pose: str) -> torch.Tensor:
    file = cell(folder, name, pose)
    return read_picture(file) if file.is_file() else torch.ones(1, 3, PAGE, round(PAGE * 1536 / 2752))


def _sheet(cells: Sequence[tuple[str, torch.Tensor]], columns: int, height: int, file: Path) -> Path:
    titles, pictures = zip(*cells, strict=True)
    return write_picture(contact_sheet(list(pictures), list(titles), columns, height), file)
