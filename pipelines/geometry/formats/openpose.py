"""POSE_KEYPOINT, the ecosystem's pose frames, to and from `Keypoints`.

A frame is {"canvas_width", "canvas_height", "people": [{"pose_keypoints_2d": [x, y, score, ...], ...}]}.
Producers differ: absolute pixels or fractions of the canvas, keys that are missing or None, absent points
as score 0 at (0, 0) or as (-1, -1). The orders are OpenPose's (Cao et al., "OpenPose: Realtime Multi-Person
2D Pose Estimation using Part Affinity Fields", TPAMI 2021; its output documentation, COCO and BODY_25).
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np

from ..keypoints import Keypoints
from ..landmarks import FACE, INDEX, LEFT_HAND, RIGHT_HAND

NECK = "neck"
MIDDLE_HIP = "middle_hip"

BODY_18 = (
    "nose", NECK,
    "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
    "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle",
    "right_eye", "left_eye", "right_ear", "left_ear",
)  # fmt: skip
FOOT_6 = (
    "left_big_toe", "left_small_toe", "left_heel",
    "right_big_toe", "right_small_toe", "right_heel",
)  # fmt: skip
BODY_25 = (*BODY_18[:8], MIDDLE_HIP, *BODY_18[8:], *FOOT_6)
PUPILS = ("right_eye", "left_eye")
FACE_70 = (*FACE, *PUPILS)

# Per key, the orders it may come in, told apart by their length; the first is the one that is written.
ORDERS = {
    "pose_keypoints_2d": (BODY_18, BODY_25),
    "foot_keypoints_2d": (FOOT_6,),
    "face_keypoints_2d": (FACE_70, FACE),
    "hand_right_keypoints_2d": (RIGHT_HAND,),
    "hand_left_keypoints_2d": (LEFT_HAND,),
}

LARGEST_FRACTION = 1.5
"""Coordinates up to here on a canvas larger than `SMALLEST_CANVAS` are fractions of it: a point of a person
who is cut by the border may lie outside, but no real person fits in 1.5 pixels."""
SMALLEST_CANVAS = 2

SPREAD = 0.025
"""Localisation error taken for a format that carries none: the smallest per-landmark sigma of COCO's
keypoint evaluation (eyes and nose), in units of the square root of the person's area."""
AREA_OF_BOX = 0.53
"""A person's area over the area of the box around the landmarks (COCO's evaluation without masks, as in
MMPose and xtcocotools)."""

LARGEST_COORDINATE = 1e6
"""Pixels: what lies further out is a damaged file, and squares of it leave no digits."""
MOST_PEOPLE = 10_000
"""In one file, over all frames: an hour of one person at 2 frames per second."""

_EXPECTED = 'expected {"canvas_width", "canvas_height", "people": [{"pose_keypoints_2d": [...]}]}'


def read_openpose(data: str | dict | list, canvas: tuple[int, int] | None = None) -> list[list[Keypoints]]:
    """One list of people per frame, largest person first, from a frame, a list of frames, or JSON text.

    canvas  (height, width) in pixels for frames that do not state theirs.
    Raises ValueError for what is not POSE_KEYPOINT.
    """
    if isinstance(data, str):
        data = _parsed(data)
    frames = data if isinstance(data, list | tuple) else [data]
    if len(frames) > MOST_PEOPLE:
        raise ValueError(f"not POSE_KEYPOINT: {len(frames)} frames, the most is {MOST_PEOPLE}")
    return [keypoints_from_openpose(frame, canvas) for frame in frames]


def _parsed(text: str) -> Any:
    """JSON text -> data. Python's parser recurses, and refuses very long integers by a plain ValueError."""
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise ValueError(f"not POSE_KEYPOINT: the JSON is nested too deeply; {_EXPECTED}") from None
    except ValueError as error:
        raise ValueError(f"not POSE_KEYPOINT: the text is not JSON ({error}); {_EXPECTED}") from None


def keypoints_from_openpose(frame: dict, canvas: tuple[int, int] | None = None) -> list[Keypoints]:
    """Every person of one frame in absolute pixels, the largest first; none gives an empty list.

    canvas  (height, width) in pixels, used where the frame does not state its own.
    Raises ValueError that names what was found and what was expected.
    """
    if not isinstance(frame, dict):
        raise ValueError(f"not POSE_KEYPOINT: found {type(frame).__name__}; {_EXPECTED}")
    people = frame.get("people")
    if not isinstance(people, list | tuple):
        found = _keys(frame)
        raise ValueError(f'not POSE_KEYPOINT: no list "people", found {found}; {_EXPECTED}')
    if len(people) > MOST_PEOPLE:
        raise ValueError(f"not POSE_KEYPOINT: {len(people)} people, the most is {MOST_PEOPLE}")
    canvas = _canvas(frame, canvas)
    tables = [_person_table(person) for person in people]
    tables = [table for table in tables if (table[:, 2] > 0).any()]
    scale = _fraction_scale(tables, canvas)
    found = [_keypoints(table * scale, canvas) for table in tables]
    return sorted(found, key=box_area, reverse=True)


def openpose_from_keypoints(people: list[Keypoints], canvas: tuple[int, int] | None = None) -> dict:
    """One POSE_KEYPOINT frame in absolute pixels: 18 body points with the derived neck, 6 feet, 70 face
    points (68 and the pupils) and both hands; absent points are 0, 0, 0.

    canvas  (height, width) in pixels, needed only where there is nobody.
    """
    canvases = {tuple(map(int, person.canvas)) for person in people} or {canvas}
    if len(canvases) > 1 or None in canvases:
        raise ValueError(f"one frame has one canvas, found {sorted(map(str, canvases))}; give people of one")
    height, width = canvases.pop()
    return {
        "canvas_width": width,
        "canvas_height": height,
        "people": [_person_dict(person) for person in people],
    }


def neck(person: Keypoints) -> tuple[np.ndarray, float]:
    """(2,) pixel position of OpenPose's neck, midway between the shoulders, and its confidence."""
    shoulders = [INDEX["left_shoulder"], INDEX["right_shoulder"]]
    return person.points[shoulders].mean(axis=0), float(person.confidence[shoulders].min())


def _canvas(frame: dict, canvas: tuple[int, int] | None) -> tuple[int, int]:
    height, width = frame.get("canvas_height"), frame.get("canvas_width")
    if height is None and width is None:
        if canvas is None:
            raise ValueError("this pose frame states no canvas_width and canvas_height; add them to it")
        return tuple(canvas)
    return checked_canvas(height, width, "not POSE_KEYPOINT")


def checked_canvas(height: Any, width: Any, where: str) -> tuple[int, int]:
    """(height, width) in whole pixels. Raises ValueError for what is no size of a picture."""
    for side in (height, width):
        number = isinstance(side, int | float) and not isinstance(side, bool)
        if not number or not 0 < side <= LARGEST_COORDINATE:
            sizes = f"{_short(width)} x {_short(height)}"
            raise ValueError(f"{where}: the canvas is {sizes}, expected positive pixels")
    return max(int(height), 1), max(int(width), 1)


def _short(value: Any) -> str:
    return f"{value!r:.30}"


def _keys(value: dict) -> str:
    """What a dict holds, for an error: the first keys."""
    return ", ".join(f"{key!s:.30}" for key in list(value)[:8]) or "nothing"


def _person_table(person: Any) -> np.ndarray:
    """(133, 3) x, y, confidence of one person's dict, as written in it; absent rows are zero."""
    if not isinstance(person, dict) or not any(key in person for key in ORDERS):
        found = _keys(person) if isinstance(person, dict) else type(person).__name__
        raise ValueError(f"not POSE_KEYPOINT: a person holds {found}, expected {', '.join(ORDERS)}")
    table = np.zeros((133, 3), dtype=np.float32)
    for key, orders in ORDERS.items():
        values = _triples(key, person.get(key), orders)
        if values is None:
            continue
        order = next(order for order in orders if len(order) == len(values))
        for name, row in zip(order, values, strict=True):
            # The body's own eyes come first in the table and win over the face's pupils.
            if name in INDEX and table[INDEX[name], 2] == 0:
                table[INDEX[name]] = row
    return table


def _triples(key: str, values: Any, orders: tuple[tuple[str, ...], ...]) -> np.ndarray | None:
    """(n, 3) x, y, confidence in [0, 1] with absent rows zeroed, or None where the part is missing."""
    if values is None or (isinstance(values, list | tuple | np.ndarray) and len(values) == 0):
        return None
    flat = numbers(values, f"not POSE_KEYPOINT: {key}")
    counts = [len(order) for order in orders]
    if flat.size not in [3 * count for count in counts]:
        wanted = " or ".join(f"{3 * count} ({count} x, y, score)" for count in counts)
        raise ValueError(f"not POSE_KEYPOINT: {key} has {flat.size} numbers, expected {wanted}")
    rows = flat.reshape(-1, 3)
    place = rows[:, :2]
    # (0, 0) and (-1, -1) are how producers write "absent", whatever score they put beside it.
    absent = ~np.isfinite(rows).all(1) | (rows[:, 2] <= 0) | (place == 0).all(1) | (place == -1).all(1)
    rows = np.where(absent[:, None], 0, rows)
    rows[:, 2] = np.minimum(rows[:, 2], 1)
    if (np.abs(rows) > LARGEST_COORDINATE).any():
        far = np.abs(rows).max()
        raise ValueError(
            f"not POSE_KEYPOINT: {key} reaches {far:.3g} pixels, the most is {LARGEST_COORDINATE:g}"
        )
    return rows.astype(np.float32)


def numbers(values: Any, what: str) -> np.ndarray:
    """(n,) float64 of a flat or nested list of numbers; None is not a number (NaN). Raises ValueError for others."""
    try:
        flat = np.asarray(values).reshape(-1)
        if flat.dtype.kind == "O":
            flat = np.array([np.nan if value is None else value for value in flat])
        if flat.dtype.kind not in "iuf":
            raise TypeError
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise ValueError(f"{what} holds something that is not a number") from None
    return flat.astype(np.float64)


def _fraction_scale(tables: list[np.ndarray], canvas: tuple[int, int]) -> np.ndarray:
    """(3,) factors from the frame's units to pixels and confidence."""
    places = [table[table[:, 2] > 0, :2] for table in tables]
    largest = max((float(place.max()) for place in places), default=np.inf)
    height, width = canvas
    if largest <= LARGEST_FRACTION and max(canvas) > SMALLEST_CANVAS:
        return np.float32([width, height, 1])
    return np.float32([1, 1, 1])


def _keypoints(table: np.ndarray, canvas: tuple[int, int]) -> Keypoints:
    return spread_of(Keypoints(table[:, :2], table[:, 2], np.zeros(133), canvas, source="POSE_KEYPOINT"))


def spread_of(person: Keypoints) -> Keypoints:
    """The person with the spread that a format without one stands for (`SPREAD`)."""
    size = np.sqrt(AREA_OF_BOX * box_area(person))
    return replace(person, spread=np.where(person.confidence > 0, SPREAD * size, 0))


def box_area(person: Keypoints) -> float:
    """Area in square pixels of the box around the present points; 0 where there are none."""
    present = person.points[person.confidence > 0].astype(np.float64)
    return float(np.ptp(present, axis=0).prod()) if len(present) else 0.0


def _person_dict(person: Keypoints) -> dict[str, list[float]]:
    middle, sure = neck(person)
    derived = {NECK: (*middle.tolist(), sure)}
    rows = np.concatenate([person.points, person.confidence[:, None]], axis=1)
    named = {name: tuple(rows[i].tolist()) for name, i in INDEX.items()} | derived
    present = {name: row if row[2] > 0 else (0.0, 0.0, 0.0) for name, row in named.items()}
    return {key: [number for name in orders[0] for number in present[name]] for key, orders in ORDERS.items()}
