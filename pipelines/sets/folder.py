"""A folder of photos, each in several poses, into files; stopped at any time, it goes on where it was.

Photos are done one after the other, and one of them with its results is in memory: about 1.5 GB at 2048 pixels. After
each picture the manifest is written, so that nothing finished is ever lost or made twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from ..batches import Progress, part, share
from ..checking import checked_people
from ..framing import Framing
from ..geometry.library import pose_text, safe_name
from ..geometry.retarget import Pose
from ..light.batch import harmonised
from ..light.harmonise import HarmoniseOptions
from ..native import WORKING_PIXELS, resized
from ..picture import FORMATS as PICTURES
from ..picture import read_picture, write_picture
from ..posing import retargeted
from ..preview import fitting
from ..read import Reader
from ..repose import Reposed, ReposeOptions, canvas_for, read_for, repose_picture
from .manifest import DONE, FAILED, Entry, Manifest, digest, file_digest
from .saving import FORMATS, Shot, file_names, picture_digest

SUFFIXES = (*PICTURES, ".tif", ".tiff", ".bmp")
"""What is taken for a photo; other files of the folder are passed over."""
LARGEST_SIDE = int(WORKING_PIXELS**0.5)
"""Pixels: squares up to this are worked on at their own size."""
MAKING = 0.9
"""Where in the progress of a picture its saving starts."""
WHOLE = "-"
"""Stands for the pose where a photo failed as a whole."""


@dataclass(frozen=True, eq=False)
class BatchOptions:
    """How every photo of a folder is done.

    longest  pixels of the photos' longer side at most
    format   of the files, one of saving.FORMATS
    scenes   (1, 3, h, w) new backgrounds, taken in turn; none: the photo's own
    scene    how the person is brought into them
    check    whether each picture's light is compared with its photo's
    """

    repose: ReposeOptions = ReposeOptions()
    longest: int = 1536
    format: str = "PNG"
    scenes: tuple[torch.Tensor, ...] = ()
    scene: HarmoniseOptions = HarmoniseOptions()
    check: bool = True

    def __post_init__(self):
        if not 64 <= self.longest <= LARGEST_SIDE:
            raise ValueError(f"the longest side is {self.longest}, expected 64 to {LARGEST_SIDE} pixels")
        if self.format not in FORMATS:
            raise ValueError(f"the format is {self.format!r}, expected one of {', '.join(FORMATS)}")

    def recipe(self, pose: Pose, scene: torch.Tensor | None, poses: Sequence[Pose] = ()) -> str:
        """sha256 of all that a picture is made with beside its photo; poses: those with which it shares its frame."""
        lines = [pose_text(pose), repr(self.repose), str(self.longest), self.format]
        if self.repose.framing != Framing():
            lines += map(pose_text, poses)
        lines += ["" if scene is None else picture_digest(scene) + repr(self.scene)]
        return digest(lines)


@dataclass(frozen=True)
class Batch:
    """What a run did: the manifest and its file, how many pictures it made and how many were there already, and the
    files of every picture that is finished, in order."""

    manifest: Manifest
    path: Path
    made: int = 0
    kept: int = 0
    files: tuple[Path, ...] = field(default=())

    def text(self) -> str:
        """What an artist reads."""
        lines = [f"{self.made} pictures made, {self.kept} were there already: {self.path.parent}"]
        lines += [
            f"failed: {one.source or one.sku} {one.pose}: {one.reason}" for one in self.manifest.failures
        ]
        wrong = [one for one in self.manifest if one.findings]
        lines += [f"check: {one.file}: {'; '.join(one.findings)}" for one in wrong]
        return "\n".join(lines)


def photos_in(folder: Path) -> list[Path]:
    """The photos of a folder by name, hidden files not. ValueError for a folder that is not there, or is empty."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder: make it, put photos into it, and run again")
    files = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()]
    found = sorted((path for path in files if not path.name.startswith(".")), key=lambda p: p.name.lower())
    if not found:
        raise ValueError(
            f"{folder} has no photo in it ({len(list(folder.iterdir()))} other files): put {', '.join(SUFFIXES)} files"
            " there"
        )
    return found


def repose_folder(
    photos: Sequence[Path],
    poses: Sequence[Pose],
    output: Path,
    reader: Callable[[], Reader],
    options: BatchOptions | None = None,
    progress: Progress = None,
) -> Batch:
    """Every photo in every pose, into `output`; each file's name without its suffix is its SKU.

    A picture that the manifest of `output` calls done, of the same photo and made with the same settings, and whose
    file is still what it was, is not made again. A photo that cannot be read, or that has the SKU of another one, and a
    picture that cannot be made or written, is a failed entry, and the batch goes on. reader is asked for when the first
    photo needs it: WeightError where a network is missing. ManifestError where the manifest cannot be written.
    """
    batch, owners = _Run(poses, Path(output), reader, options or BatchOptions()), {}
    for i, photo in enumerate(photos):
        sku, now = safe_name(photo.stem), share(progress, i, len(photos))
        first = owners.setdefault(sku.lower(), photo)
        if first is not photo:
            reason = f"{first.name} has the SKU {sku} too: rename one of them"
            batch.failed(Entry(f"{sku} ({photo.name})", WHOLE, source=photo.name), reason)
        else:
            batch.photo(photo, sku, now)
        if now is not None:
            now(1.0)
    path = batch.manifest.write(batch.output)
    return Batch(batch.manifest, path, batch.made, batch.kept, tuple(batch.files))


class _Run:
    """One pass over a folder; the manifest grows as it goes."""

    def __init__(
        self, poses: Sequence[Pose], output: Path, reader: Callable[[], Reader], options: BatchOptions
    ):
        self.poses, self.output, self.ask, self.options = list(poses), output, reader, options
        # What failed is tried again, and noted anew where it fails again.
        old = Manifest.read(output)
        self.manifest = Manifest(tuple(one for one in old if one.status == DONE))
        self.reader, self.count = None, 0
        self.made = self.kept = 0
        self.files: list[Path] = []

    def failed(self, entry: Entry, reason: str) -> None:
        """Note what is not there and why; the batch goes on."""
        self.noted(replace(entry, status=FAILED, reason=reason))

    def noted(self, entry: Entry) -> None:
        """Into the manifest, and that to the disk."""
        self.manifest = self.manifest.with_(entry)
        self.manifest.write(self.output)

    def photo(self, photo: Path, sku: str, progress: Progress) -> None:
        """All poses of one photo."""
        whole = Entry(sku, WHOLE, source=photo.name)
        try:
            names = file_names(sku, [pose.name for pose in self.poses], FORMATS[self.options.format])
            whole = replace(whole, source_sha256=file_digest(photo))
            todo = self._todo(whole, names)
            picture = self._picture(photo) if todo else None
        except (ValueError, OSError) as error:
            return self.failed(whole, _said(error))
        return self._poses(picture, whole, todo, progress) if todo else None

    def _poses(self, picture: torch.Tensor, whole: Entry, todo: Sequence, progress: Progress) -> None:
        """Those poses of a photo that are still to be made."""
        if self.reader is None:
            self.reader = self.ask()
        try:
            reading = read_for(picture, self.reader, self.options.repose.person)
        except (ValueError, RuntimeError) as error:
            return self.failed(whole, _said(error))
        # One frame for all poses of a photo, those of an earlier run too.
        targets = [
            retargeted(reading.skeleton, pose, self.options.repose.place).skeleton for pose in self.poses
        ]
        canvas = canvas_for([reading] * len(targets), targets, self.options.repose.framing)
        known, given = None, {"reading": reading, "canvas": canvas}
        for i, (pose, entry, scene) in enumerate(todo):
            now = share(progress, i, len(todo))
            known = self._one(picture, pose, entry, scene, {**given, "known": known}, now)
        return None

    def _todo(self, whole: Entry, names: Sequence[str]) -> list[tuple[Pose, Entry, torch.Tensor | None]]:
        """The poses that are still to be made; those that are there are counted."""
        todo = []
        for pose, name in zip(self.poses, names, strict=True):
            scenes = self.options.scenes
            scene = scenes[self.count % len(scenes)] if scenes else None
            self.count += 1
            entry = replace(
                whole, pose=pose.name, file=name, recipe=self.options.recipe(pose, scene, self.poses)
            )
            if self._is_there(entry):
                self.kept += 1
                self.files.append(self.output / name)
            else:
                todo.append((pose, entry, scene))
        return todo

    def _is_there(self, wanted: Entry) -> bool:
        old, path = self.manifest.of(wanted.sku, wanted.pose), self.output / wanted.file
        if old is None or old.status != DONE or not path.is_file():
            return False
        same = ("source_sha256", "recipe", "file")
        return all(getattr(old, name) == getattr(wanted, name) for name in same) and (
            file_digest(path) == old.sha256
        )

    def _picture(self, photo: Path) -> torch.Tensor:
        picture = read_picture(photo)
        return resized(picture, fitting(tuple(picture.shape[-2:]), self.options.longest))

    def _one(
        self, picture, pose: Pose, entry: Entry, scene, given: dict[str, Any], progress: Progress
    ) -> Reposed | None:
        """One picture made and saved, or noted as failed; what is known of the photo after it. given: its reading, its
        frame, and what was known before."""
        try:
            told = part(progress, 0, MAKING)
            found = repose_picture(picture, self.reader, pose, self.options.repose, told, **given)
            shot = self._shot(picture, pose, found, scene)
            path = write_picture(shot.pixels, self.output / entry.file)
            more = {name: getattr(entry, name) for name in ("file", "source", "source_sha256", "recipe")}
            self.noted(shot.entry(entry.sku, sha256=file_digest(path), **more))
        except (ValueError, OSError, MemoryError, RuntimeError) as error:
            self.failed(replace(entry, file=""), _said(error))
            return given["known"]
        self.made += 1
        self.files.append(path)
        return given["known"] or found

    def _shot(self, picture, pose: Pose, found: Reposed, scene: torch.Tensor | None) -> Shot:
        checked, ways = None, [found.correspondence]
        if self.options.check:
            more = ([found.garments], None, [found.field], None, None, None, [found.target])
            checked = checked_people(picture, found.picture, found.person, ways, *more).checks[0]
        pixels = found.picture
        if scene is not None:
            lights, figures = [found.field], [found.target]
            more = {"found": ways, "figures": figures, "options": self.options.scene}
            pixels = harmonised(pixels, found.person, scene, lights, **more)
        return Shot(pixels, pose.name, found.coverage, checked)


def _said(error: BaseException) -> str:
    """An error as one line."""
    return " ".join(str(error).split()) or type(error).__name__
