"""Photos in poses with what was hidden filled and not, to look at; and what a fill costs."""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F

from pipelines.draw import contact_sheet
from pipelines.filling.fill import filled
from pipelines.geometry.library import load_pose
from pipelines.native import moved_by
from pipelines.picture import write_picture
from pipelines.posing import retargeted
from pipelines.repose import ReposeOptions, repose
from setup.places import MODELS

from ..evaluation.grading import _photo_at
from ..evaluation.reading import Reader

HEIGHT, CELL = 1024, 640
"""Pixels of the photos, and of a cell of the sheet."""
MARGIN = 8
PHOTO, POSE = "P005 studio", "catalogue/three-quarter left"
"""What is timed: a quarter turn, which shows most of what a photo does not."""


def written(file: Path, photos: Sequence[str], poses: Sequence[str]) -> Path:
    """A sheet, a pair of cells for each pose; one body's poses share what was filled."""
    torch.set_num_threads(1)
    reader, cells = Reader(MODELS), []
    for name in photos:
        picture = _photo_at(name, HEIGHT)
        sight = reader.read(picture)
        room, reading = reader.background(sight)[0], sight.reading()
        light = shadows = surface = None
        for pose in poses:
            given = {"background": room, "light": light, "shadows": shadows}
            plain = repose(picture, reading, load_pose(pose), ReposeOptions(fill=False), **given)
            light, shadows = plain.light, plain.shadows
            given = {"background": room, "light": light, "shadows": shadows, "surface": surface}
            done = repose(picture, reading, load_pose(pose), ReposeOptions(), **given)
            surface = done.surface
            rows, columns = (torch.nonzero(done.person[0, 0].amax(axis) > 0.5).flatten() for axis in (1, 0))
            box = tuple(
                slice(max(0, int(line[0]) - MARGIN), int(line[-1]) + MARGIN) for line in (rows, columns)
            )
            cells.append((f"{name} {pose.partition('/')[2]}", plain.picture[(..., *box)]))
            cells.append(("filled", done.picture[(..., *box)]))
    titles, pictures = zip(*cells, strict=True)
    return write_picture(contact_sheet(list(pictures), list(titles), 2 * len(poses), CELL), file)


def timed(size: tuple[int, int], threads: int) -> str:
    """Seconds of the third of three fills of a picture of `size` (height, width), of them those of its processors, and
    the most memory that the process has had above what it had before."""
    torch.set_num_threads(1)
    reader = Reader(MODELS)
    picture = _photo_at(PHOTO, HEIGHT)
    reading = reader.read(picture).reading()
    target = retargeted(reading.skeleton, load_pose(POSE), "source")[0]
    moved = moved_by(picture, reading.matte, reading.skeleton, target, regions=reading.regions)
    moved = _enlarged(moved, size)
    torch.set_num_threads(threads)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3):
        started, used = time.perf_counter(), time.process_time()
        done = filled(moved.colour, moved.alpha, moved.correspondence, reading.regions.garments, pure=True)
        taken, used = time.perf_counter() - started, time.process_time() - used
    most = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e6
    return (
        f"{size[1]} x {size[0]}, {int(done.filled.sum())} of {int(moved.alpha.sum())} pixels filled, {threads} threads:"
        f" {taken:.2f} s, {used:.2f} s of processors, {most:.2f} GB more than before"
    )


def _enlarged(moved, size: tuple[int, int]):
    """The moved person in a picture of another size; the correspondence stays in the photo's pixels."""

    def smooth(values: torch.Tensor) -> torch.Tensor:
        return F.interpolate(values, size, mode="bilinear", align_corners=False)

    def near(values: torch.Tensor) -> torch.Tensor:
        flat = values.reshape(*values.shape[:2], -1).movedim(-1, 0)[None].float()
        out = F.interpolate(flat, size, mode="nearest")[0].movedim(0, -1).reshape(*size, *values.shape[2:])
        return out.to(values.dtype)

    found = moved.correspondence
    maps = {name: near(getattr(found, name)) for name in found.__dataclass_fields__}
    maps["stretch"] = maps["stretch"] * (size[0] / found.part.shape[0]) ** 2
    return replace(
        moved,
        colour=smooth(moved.colour),
        alpha=smooth(moved.alpha),
        hidden=smooth(moved.hidden),
        correspondence=replace(found, **maps),
    )
