"""A set of pictures into files that a shop can take: named by SKU and pose, with a manifest beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ..batches import Progress, each, told
from ..geometry.library import safe_name
from ..light.findings import Checked
from ..picture import PictureError, write_picture
from ..repose import coverage
from .manifest import DONE, FAILED, Entry, Manifest, digest, file_digest

FORMATS = {"PNG": ".png", "JPEG": ".jpg", "WebP": ".webp"}

UNCHECKED = "not checked: nothing of the person could be compared with the photo"


@dataclass(frozen=True)
class Shot:
    """One picture of a set: pixels (1, 3 or 4, H, W) in [0, 1], its name in the set, and what is known of it."""

    pixels: torch.Tensor
    name: str
    coverage: float | None = None
    checked: Checked | None = None

    def entry(self, sku: str, **more) -> Entry:
        """Its line in a manifest."""
        height, width = self.pixels.shape[-2:]
        share = None if self.coverage is None else round(self.coverage, 4)
        values = {"width": width, "height": height, "coverage": share}
        if self.checked is not None and not self.checked.told:
            values |= {"findings": (UNCHECKED,)}
        elif self.checked is not None:
            wrong = tuple(one.line.strip() for one in self.checked.told if not one.passed)
            values |= {
                "passed": self.checked.passed,
                "score": round(self.checked.score, 3),
                "findings": wrong,
            }
        return Entry(sku, self.name, **values, **more)


@dataclass(frozen=True)
class SavedSet:
    """What was written: the files of this run, its entries, and the whole manifest with its file."""

    files: tuple[Path, ...]
    entries: tuple[Entry, ...]
    manifest: Manifest
    path: Path

    def text(self) -> str:
        """What an artist reads: how many, and each that failed or did not pass."""
        lines = [f"{len(self.files)} of {len(self.entries)} pictures saved in {self.path.parent}"]
        lines += [
            f"not saved: {one.sku} {one.pose}: {one.reason}" for one in self.entries if one.status == FAILED
        ]
        lines += [f"check: {one.pose}: {'; '.join(one.findings)}" for one in self.entries if one.findings]
        return "\n".join(lines)


def shots_of(
    pictures: Sequence[torch.Tensor],
    names: Sequence[str],
    people: Sequence[torch.Tensor] | None = None,
    hidden: Sequence[torch.Tensor] | None = None,
    checks: Sequence[Checked] | None = None,
) -> list[Shot]:
    """Pictures (1, C, H, W) with their names, of which nothing or all is said: people and hidden (1, 1, H, W) the
    reposed person and what of them is a guess. Without names they are numbered. ValueError for counts that differ."""
    count = len(pictures)
    labels = list(names) or [f"{number:02d}" for number in range(1, count + 1)]
    if len(labels) != count:
        raise ValueError(
            f"{count} pictures, but {len(labels)} names ({', '.join(labels)}): connect names of Pose Set, a line for"
            " each picture, or none"
        )
    shares: list[float | None] = [None] * count
    if people is not None and hidden is not None:
        masks = each(people, count, "person masks"), each(hidden, count, "hidden masks")
        shares = [coverage(*pair) for pair in zip(*masks, strict=True)]
    verdicts = [None] * count if checks is None else each(checks, count, "checks")
    return [Shot(*one) for one in zip(pictures, labels, shares, verdicts, strict=True)]


def save_set(
    shots: Sequence[Shot],
    sku: str,
    photo: torch.Tensor,
    folder: Path,
    format: str = "PNG",
    seed: int | None = None,
    progress: Progress = None,
    texts: Mapping[str, str] | None = None,
) -> SavedSet:
    """Writes SKU_name files and the manifest of a folder, to which other SKUs may have been written before.

    photo (B, 3, H, W) what the shots were made from; an empty SKU is named after it. texts go into the files where they
    are PNG. The same SKU of the same photo again replaces its pictures.
    A picture that cannot be written is a failed entry, and the others are written all the same. ValueError where two
    pictures would have one file, where the SKU is that of another photo, or where nothing at all could be written.
    """
    if format not in FORMATS:
        raise ValueError(f"the format is {format!r}, expected one of {', '.join(FORMATS)}")
    source, manifest = picture_digest(photo), Manifest.read(folder)
    sku = safe_name(sku) if sku.strip() else f"photo-{source[:8]}"
    check_owner(manifest, sku, source)
    files = file_names(sku, [shot.name for shot in shots], FORMATS[format])
    written, entries = [], []
    for shot, name in told(list(zip(shots, files, strict=True)), progress):
        known = {"source_sha256": source, "seed": seed}
        try:
            path = write_picture(shot.pixels, Path(folder) / name, texts)
            entry = shot.entry(sku, file=name, sha256=file_digest(path), **known)
            written.append(path)
        except (PictureError, OSError) as error:
            entry = shot.entry(sku, status=FAILED, reason=str(error), **known)
        entries.append(entry)
        manifest = manifest.with_(entry)
    if not written:
        raise ValueError(f"none of {len(shots)} pictures could be saved: {entries[0].reason}")
    return SavedSet(tuple(written), tuple(entries), manifest, manifest.write(folder))


def check_owner(manifest: Manifest, sku: str, source: str) -> None:
    """ValueError where pictures of another photo have that SKU already."""
    others = [
        one for one in manifest if one.sku == sku and one.status == DONE and one.source_sha256 != source
    ]
    if others:
        raise ValueError(
            f"{sku} is the SKU of another photo already ({others[0].file}, photo {others[0].source_sha256[:12]}; this"
            f" photo: {source[:12]}): give this one another SKU, or save into another folder"
        )


def file_names(sku: str, names: Sequence[str], suffix: str) -> list[str]:
    """A file name for each picture of a SKU. ValueError for two that are the same, also where a system does not tell
    capitals from small letters."""
    files = [safe_name(f"{sku}_{name.replace('/', '-')}") + suffix for name in names]
    for i, file in enumerate(files):
        if file.lower() in [other.lower() for other in files[:i]]:
            raise ValueError(
                f'two pictures would be saved as {file}: give the pose "{names[i]}" another name'
            )
    return files


def picture_digest(picture: torch.Tensor) -> str:
    """sha256 of a picture's size and pixels, rounded to 8 bits: the same for the same photo on every machine."""
    rounded = picture.mul(255).round().clamp(0, 255).to(torch.uint8).contiguous()
    return digest(repr(tuple(rounded.shape)).encode() + rounded.numpy().tobytes())
