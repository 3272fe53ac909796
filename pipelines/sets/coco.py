"""Reposed pictures as a data set in COCO's format: pictures, keypoints, masks of the person and of each garment.

Lin et al., "Microsoft COCO" (ECCV 2014), and its format page: masks as uncompressed run-length codes ("counts" by
columns, zeros first), boxes x, y, width, height with pixel corners at whole numbers, keypoints x, y, v with v = 0 not
labelled, 1 labelled but hidden, 2 seen.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count as numbers
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..batches import Progress, common_count, each, told
from ..files import appearing
from ..geometry.field import sample
from ..geometry.formats.coco import coco_from_keypoints
from ..geometry.garments import NUMBER, REGIONS, GarmentMap
from ..geometry.landmarks import PARTS
from ..geometry.library import safe_name
from ..geometry.skeleton import Skeleton
from ..geometry.warped import Correspondence
from ..native import at_size
from ..picture import write_picture

PERSON = 1
"""The person's category; a region's is its number in a label map and this."""
SOLID = 0.5
"""Share of a pixel from which on it belongs to a mask."""
NEAR = 4
"""Pixels about a landmark in which the picture shows it or not, at 512 pixels of height."""
LEAST = 16
"""Pixels that a garment's mask has at least: fewer are an edge."""
LICENCE = "the licence of the photos that these pictures were made from"


def labels_of(found: Correspondence, garments: GarmentMap) -> torch.Tensor:
    """(H, W) uint8, numbers of REGIONS: of what each pixel of a reposed picture shows, 0 where there is nobody."""
    size = found.photo_size or garments.size
    there = garments.at_size(tuple(size)).labels[0].float()
    places = torch.nan_to_num(found.source)
    labels = sample(there, places, "nearest")[0].to(torch.uint8)
    return torch.where((found.part >= 0) & (found.photo == 0), labels, torch.zeros_like(labels))


def run_lengths(mask: np.ndarray) -> dict[str, Any]:
    """COCO's uncompressed run-length code of a mask (H, W): lengths of zeros and ones in turn, column by column."""
    flat = np.asarray(mask, dtype=bool).ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts = np.diff(np.concatenate(([0], changes, [flat.size]))).tolist()
    return {"size": list(map(int, mask.shape)), "counts": [0, *counts] if flat[0] else counts}


@dataclass(frozen=True, eq=False)
class Scene:
    """What pictures show.

    figures  their posed skeletons;  people  (B, 1, H, W) their masks
    hidden   (B, 1, H, W) what the photo never showed of them: a landmark there is hidden (v = 1)
    correspondences, garments   with both, each garment and each limb's skin is an annotation of its own
    seed     of the variations
    """

    figures: Sequence[Skeleton]
    people: torch.Tensor
    hidden: torch.Tensor | None = None
    correspondences: Sequence[Correspondence] | None = None
    garments: Sequence[GarmentMap] | None = None
    seed: int | None = None


def dataset(names: Sequence[str], scene: Scene, progress: Progress = None) -> dict[str, Any]:
    """Pictures called `names` as COCO's own tools read them. ValueError for counts that differ."""
    figures, people, hidden = scene.figures, scene.people, scene.hidden
    correspondences, garments = scene.correspondences, scene.garments
    count = common_count(pictures=len(names), figures=len(figures), masks=len(people))
    bodies, masks = each(figures, count, "figures"), each(people.split(1), count, "masks")
    unseen = [None] * count if hidden is None else each(hidden.split(1), count, "hidden masks")
    labelled = [None] * count
    if correspondences is not None and garments is not None:
        pairs = each(correspondences, count, "correspondences"), each(garments, count, "garments")
        labelled = [labels_of(*pair) for pair in zip(*pairs, strict=True)]
    size = tuple(people.shape[-2:])
    frames = [[at_size(body, size, tuple(body.canvas)).project()] for body in bodies]
    data = coco_from_keypoints(frames)
    data["info"] = {"description": f"made by Repose; {LICENCE}", "seed": scene.seed}
    data["categories"] += [
        {"supercategory": "region", "id": number + PERSON, "name": name}
        for name, number in NUMBER.items()
        if number
    ]
    annotations = []
    for i, person in told(list(enumerate(data["annotations"])), progress):
        data["images"][i] |= {"file_name": names[i]}
        mask = masks[i][0, 0] >= SOLID
        person |= _shape(mask.numpy(), person["bbox"])
        person |= seen(person, size, None if unseen[i] is None else unseen[i][0, 0], mask)
        annotations.append(person)
        annotations += _regions(labelled[i], mask, i + 1)
    data["annotations"] = [one | {"id": number} for number, one in enumerate(annotations, 1)]
    return data


def seen(
    person: dict, size: tuple[int, int], hidden: torch.Tensor | None, mask: torch.Tensor
) -> dict[str, Any]:
    """The landmarks of an annotation with how far the picture shows them: outside the frame 0, where the picture is a
    guess or shows nobody 1, else 2."""
    height, width = size
    table = {}
    near = max(1, round(NEAR * height / 512))
    for key in ("keypoints", "foot_kpts", "face_kpts", "lefthand_kpts", "righthand_kpts"):
        rows = np.array(person[key], dtype=float).reshape(-1, 3)
        for row in rows:  # views: what is set in a row is set in the table
            x, y = int(round(row[0])), int(round(row[1]))
            if row[2] and not (0 <= x < width and 0 <= y < height):
                row[:] = 0
            elif row[2] and hidden is not None:
                row[2] = _shown(row[:2], hidden, mask, near)
        table[key] = [float(v) if n % 3 < 2 else int(v) for n, v in enumerate(rows.ravel())]
    labelled = np.array(table["keypoints"]).reshape(-1, 3)[: PARTS["body"].stop, 2] > 0
    return table | {"num_keypoints": int(labelled.sum())}


def _shown(place: np.ndarray, hidden: torch.Tensor, mask: torch.Tensor, near: int) -> int:
    """COCO's v of a landmark: 2 where most of the person about it is seen."""
    x, y = int(round(place[0])), int(round(place[1]))
    about = slice(max(0, y - near), y + near + 1), slice(max(0, x - near), x + near + 1)
    there, guess = mask[about].float().sum(), hidden[about].sum()
    return 2 if float(there) > 0 and float(guess) < 0.5 * float(there) else 1


def _shape(mask: np.ndarray, otherwise: Sequence[float]) -> dict[str, Any]:
    """Mask, box and area of an annotation; of an empty mask the landmarks' box."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = list(otherwise)
    if len(rows):
        box = [columns[0], rows[0], columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]]
    return {"segmentation": run_lengths(mask), "area": float(mask.sum()), "bbox": [float(v) for v in box]}


def _regions(labels: torch.Tensor | None, mask: torch.Tensor, image: int) -> list[dict[str, Any]]:
    """An annotation for each region that a picture shows."""
    if labels is None:
        return []
    if tuple(labels.shape) != tuple(mask.shape):
        near = torch.nn.functional.interpolate(labels[None, None].float(), tuple(mask.shape), mode="nearest")
        labels = near[0, 0].to(torch.uint8)
    labels = torch.where(mask, labels, torch.zeros_like(labels))
    counts = torch.bincount(labels.flatten().long(), minlength=len(REGIONS))
    shown = [number for number in range(1, len(REGIONS)) if int(counts[number]) >= LEAST]
    return [
        {
            "image_id": image,
            "category_id": number + PERSON,
            "iscrowd": 0,
            **_shape((labels == number).numpy(), ()),
        }
        for number in shown
    ]


def free_folder(wanted: Path) -> Path:
    """A folder that is not there yet: a second "dataset" is called "dataset 2"."""
    names = (wanted.name if number == 1 else f"{wanted.name} {number}" for number in numbers(1))
    return next(path for path in map(wanted.with_name, names) if not path.exists())


def save_dataset(
    pictures: torch.Tensor, names: Sequence[str], folder: Path, scene: Scene, progress: Progress = None
) -> list[Path]:
    """Writes pictures (B, 3, H, W) and annotations.json into a folder: the files' paths. Without names they are
    numbered. Nothing of an unfinished set is called a set: the annotations are written last. PictureError or
    ValueError, with the file's name, where something cannot be written.
    """
    stems = [f" {safe_name(name.replace('/', '-'))}" for name in names] or [""] * len(pictures)
    files = [f"{number:04d}{stem}.png" for number, stem in enumerate(stems, 1)]
    data = dataset(files, scene)
    written = []
    for picture, file in told(list(zip(pictures.split(1), files, strict=True)), progress):
        written.append(write_picture(picture, Path(folder) / "images" / file))
    path = Path(folder) / "annotations.json"
    try:
        with appearing(path) as unfinished:
            unfinished.write_text(json.dumps(data) + "\n", encoding="utf-8")
    except OSError as error:
        raise ValueError(
            f"{path}: cannot be written ({error.strerror or error}); {len(written)} pictures are there, without their"
            " annotations: make room, and run again"
        ) from error
    return [*written, path]
