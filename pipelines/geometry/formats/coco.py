"""COCO, COCO-WholeBody and MMPose's JSON, to and from `Keypoints`.

An annotation holds flat lists of x, y and v: "keypoints" (17, or 133 in some result files), and in COCO-WholeBody
"foot_kpts" (6), "face_kpts" (68), "lefthand_kpts" and "righthand_kpts" (21 each), in our own order (landmarks.py;
Jin et al., ECCV 2020, and Lin et al., "Microsoft COCO", ECCV 2014, for v: 0 not labelled, 1 labelled but hidden,
2 seen). Detectors write a score for v. MMPose writes pairs and scores apart: "keypoints" [[x, y], ...] and
"keypoint_scores", in "instances" of a frame or in a list by itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..keypoints import PRESENT, Keypoints
from ..landmarks import BODY, PARTS
from .openpose import LARGEST_COORDINATE, MOST_PEOPLE, box_area, checked_canvas, numbers, spread_of

SOURCE = "COCO"
HIDDEN = 0.6
"""Confidence of a landmark that a person marked although it is hidden: sure, but not exact."""
PIECES = {"keypoints": "body", "foot_kpts": "feet", "face_kpts": "face", "lefthand_kpts": "left_hand",
          "righthand_kpts": "right_hand"}  # fmt: skip
VALID = {"foot_kpts": "foot_valid", "face_kpts": "face_valid", "lefthand_kpts": "lefthand_valid",
         "righthand_kpts": "righthand_valid"}  # fmt: skip
COUNTS = {"keypoints": (17, 23, 133)} | {
    key: (PARTS[part].stop - PARTS[part].start,) for key, part in PIECES.items() if key != "keypoints"
}
# The bones of COCO's own category, numbered from 1 (person_keypoints_val2017.json, "categories").
SKELETON = ((16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9), (8, 10),
            (9, 11), (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7))  # fmt: skip

_EXPECTED = 'expected an annotation with "keypoints", a list of them, or {"images", "annotations"}'


def is_coco(data: Any) -> bool:
    """Whether parsed JSON looks like one of the forms that `read_coco` takes."""
    first = data[0] if isinstance(data, list) and data else data
    return isinstance(first, dict) and bool(
        {"annotations", "instance_info", "instances", *PIECES} & set(first)
    )


def read_coco(data: Any, canvas: tuple[int, int] | None = None) -> list[list[Keypoints]]:
    """Parsed JSON -> one list of people per picture, the largest first, pictures in the file's order.

    canvas  (height, width) in pixels for files that state none; without it the box of everybody's landmarks
    Raises ValueError that names the annotation and key, what was found and what was expected.
    """
    groups, sizes = _grouped(data)
    if sum(map(len, groups.values())) > MOST_PEOPLE:
        raise ValueError(f"{sum(map(len, groups.values()))} people in one file, the most is {MOST_PEOPLE}")
    frames = []
    for key, people in groups.items():
        tables = [_table(person, where) for where, person in people]
        tables = [table for table in tables if (table[:, 2] > 0).any()]
        size = sizes.get(key) or canvas or _extent(tables)
        frames.append(sorted((_keypoints(table, size) for table in tables), key=box_area, reverse=True))
    return frames


def _grouped(data: Any) -> tuple[dict[Any, list[tuple[str, dict]]], dict[Any, tuple[int, int]]]:
    """People by picture, each with what to call it in errors, and the pictures' (height, width)."""
    if isinstance(data, dict) and "annotations" in data:
        return _dataset(data)
    frames = data.get("instance_info") if isinstance(data, dict) else None
    if frames is None and isinstance(data, dict) and "instances" in data:
        frames = [data]
    if (
        frames is None
        and isinstance(data, list)
        and data
        and isinstance(data[0], dict)
        and "instances" in data[0]
    ):
        frames = data
    if frames is not None:
        listed = _list(frames, "instance_info")
        return {
            n: _people(_dict(frame, f"frame {n}").get("instances"), f"frame {n}: instance")
            for n, frame in enumerate(listed)
        }, {}
    people = _people(data if isinstance(data, list) else [data], "annotation")
    groups: dict[Any, list[tuple[str, dict]]] = {}
    for where, person in people:
        groups.setdefault(_hashable(person.get("image_id")), []).append((where, person))
    return groups, {}


def _dataset(data: dict) -> tuple[dict[Any, list[tuple[str, dict]]], dict[Any, tuple[int, int]]]:
    sizes, groups = {}, {}
    for n, image in enumerate(_list(data.get("images", []), "images")):
        image = _dict(image, f"image {n}")
        key = _hashable(image.get("id"))
        groups[key] = []
        if image.get("height") is not None or image.get("width") is not None:
            sizes[key] = checked_canvas(image.get("height"), image.get("width"), f"image {n}")
    for where, person in _people(data["annotations"], "annotation"):
        groups.setdefault(_hashable(person.get("image_id")), []).append((where, person))
    # A picture without people is no frame, unless there is nothing else.
    return {key: people for key, people in groups.items() if people} or {None: []}, sizes


def _people(people: Any, what: str) -> list[tuple[str, dict]]:
    return [
        (f"{what} {n}", _dict(person, f"{what} {n}")) for n, person in enumerate(_list(people, f"{what}s"))
    ]


def _list(value: Any, what: str) -> list:
    if not isinstance(value, list):
        raise ValueError(f"not COCO: {what} should be a list, found {type(value).__name__}; {_EXPECTED}")
    return value


def _dict(value: Any, what: str) -> dict:
    if not isinstance(value, dict):
        raise ValueError(f"not COCO: {what} should be an object, found {type(value).__name__}; {_EXPECTED}")
    return value


def _hashable(key: Any) -> Any:
    return key if isinstance(key, str | int) else None


def _table(person: dict, where: str) -> np.ndarray:
    """(133, 3) x, y, confidence of one annotation; absent rows are zero."""
    if "keypoints" not in person:
        raise ValueError(
            f'not COCO: {where} has no "keypoints", found {", ".join(map(str, list(person)[:6]))[:80]}'
        )
    table = np.zeros((133, 3), dtype=np.float32)
    for key, part in PIECES.items():
        rows = _rows(person, key, where)
        if rows is not None:
            start = PARTS[part].start
            table[start : start + len(rows)] = rows
    return table


def _rows(person: dict, key: str, where: str) -> np.ndarray | None:
    """(n, 3) x, y, confidence in [0, 1], absent rows zero; None where the piece is missing or marked invalid."""
    values = person.get(key)
    if values is None or values == [] or person.get(VALID.get(key, ""), True) is False:
        return None
    scores = person.get("keypoint_scores") if key == "keypoints" else None
    flat = numbers(values, f"{where}: {key}")
    width = 2 if scores is not None else 3
    if flat.size not in [width * count for count in COUNTS[key]]:
        wanted = " or ".join(str(width * count) for count in COUNTS[key])
        raise ValueError(f"not COCO: {where}: {key} has {flat.size} numbers, expected {wanted}")
    rows = flat.reshape(-1, width)
    if scores is not None:
        column = numbers(scores, f"{where}: keypoint_scores")
        if len(column) != len(rows):
            raise ValueError(f"not COCO: {where}: {len(rows)} keypoints but {len(column)} keypoint_scores")
        rows = np.column_stack([rows, column])
    return _absent_zeroed(rows, f"{where}: {key}")


def _absent_zeroed(rows: np.ndarray, where: str) -> np.ndarray:
    absent = ~np.isfinite(rows).all(axis=1) | (rows[:, 2] <= 0)
    rows = np.where(absent[:, None], 0, rows)
    if (np.abs(rows[:, :2]) > LARGEST_COORDINATE).any():
        raise ValueError(
            f"not COCO: {where} reaches {np.abs(rows[:, :2]).max():.3g} pixels, the most is {LARGEST_COORDINATE:g}"
        )
    flags = (rows[:, 2] == 2).any()
    if flags:
        rows[:, 2] = np.select([rows[:, 2] >= 2, rows[:, 2] > 0], [1.0, HIDDEN], 0.0)
    rows[:, 2] = np.minimum(rows[:, 2], 1)
    return rows


def _extent(tables: list[np.ndarray]) -> tuple[int, int]:
    """(height, width) that holds every landmark, where the file does not say."""
    points = [table[table[:, 2] > 0, :2] for table in tables]
    far = np.max([p.max(axis=0) for p in points], axis=0) if points else np.zeros(2)
    width, height = np.maximum(np.ceil(far) + 1, 1).astype(int)
    return int(height), int(width)


def _keypoints(table: np.ndarray, canvas: tuple[int, int]) -> Keypoints:
    return spread_of(Keypoints(table[:, :2], table[:, 2], np.zeros(133), canvas, source=SOURCE))


def coco_from_keypoints(frames: list[list[Keypoints]]) -> dict:
    """A COCO-WholeBody dataset of one picture per frame: images, annotations and the person category.

    Landmarks below `PRESENT` are written as not labelled (0, 0, 0), the others as seen (v = 2). Raises ValueError
    where a frame has no people to say how large its picture is.
    """
    images, annotations = [], []
    for n, people in enumerate(frames, start=1):
        canvases = {tuple(map(int, person.canvas)) for person in people}
        if len(canvases) != 1:
            raise ValueError(
                f"frame {n} has {len(canvases)} canvases, a picture has one: give people of one picture"
            )
        height, width = canvases.pop()
        images.append({"id": n, "file_name": f"{n:012d}.jpg", "height": height, "width": width})
        annotations += [
            _annotation(person, n, len(annotations) + k) for k, person in enumerate(people, start=1)
        ]
    category = {
        "supercategory": "person",
        "id": 1,
        "name": "person",
        "keypoints": list(BODY),
        "skeleton": [list(bone) for bone in SKELETON],
    }
    return {
        "info": {},
        "licenses": [],
        "images": images,
        "annotations": annotations,
        "categories": [category],
    }


def _annotation(person: Keypoints, image: int, number: int) -> dict:
    """One person of a written dataset."""
    seen = person.confidence >= PRESENT
    rows = np.where(seen[:, None], np.column_stack([person.points, np.full(133, 2)]), 0).astype(np.float64)
    low, high = (np.zeros(2), np.zeros(2))
    if seen.any():
        low, high = rows[seen, :2].min(axis=0), rows[seen, :2].max(axis=0)
    box = [round(float(v), 2) for v in (*low, *(high - low))]
    data: dict[str, Any] = {"id": number, "image_id": image, "category_id": 1, "iscrowd": 0}
    data |= {"bbox": box, "area": round(box[2] * box[3], 2), "num_keypoints": int(seen[PARTS["body"]].sum())}
    for key, part in PIECES.items():
        data[key] = [
            round(float(v), 3) if n % 3 < 2 else int(v) for n, v in enumerate(rows[PARTS[part]].reshape(-1))
        ]
        if key in VALID:
            data[VALID[key]] = bool(seen[PARTS[part]].any())
    return data
