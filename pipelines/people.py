"""Which of several people is meant: by size, by a point on them, or everyone, each kept apart."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from .geometry.keypoints import PRESENT, Keypoints
from .geometry.landmarks import INDEX

EVERYONE = -1
"""The number that stands for all people."""
REACH = 0.15
"""Share of a person's height from the nearest bone within which a point still means that person: about the
distance from the spine to the outline."""

_BONES = tuple(
    (INDEX[a], INDEX[b])
    for a, b in (
        ("left_shoulder", "right_shoulder"), ("left_hip", "right_hip"), ("nose", "left_shoulder"),
        ("nose", "right_shoulder"), ("left_ear", "right_ear"), ("left_eye", "right_eye"),
        *((f"{side}_{start}", f"{side}_{end}") for side in ("left", "right") for start, end in (
            ("shoulder", "elbow"), ("elbow", "wrist"), ("shoulder", "hip"), ("hip", "knee"), ("knee", "ankle"),
            ("ankle", "big_toe"),
        )),
    )
)  # fmt: skip


class NoPerson(ValueError):
    """A picture shows nobody, or not the person that was asked for."""


@dataclass(frozen=True)
class Who:
    """number by size, 0 = the largest, EVERYONE = all; at (x, y) in pixels wins over the number."""

    number: int = 0
    at: tuple[float, float] | None = None

    def __post_init__(self):
        if self.number < EVERYONE:
            raise ValueError(f"person is {self.number}, expected a number from 0, or {EVERYONE} for everyone")

    @property
    def alone(self) -> int | None:
        """The number of the only person that must be read; None where all must be."""
        return self.number if self.at is None and self.number != EVERYONE else None

    def among(self, people: list[Keypoints], where: str) -> list[Keypoints]:
        """The people meant, of all those in a picture, largest first. `where` names the picture for NoPerson."""
        if not people:
            raise NoPerson(
                f"no person was found in {where}: use a picture in which the body is seen clearly, crop nearer to"
                " the person, or give the keypoints yourself (POSE_KEYPOINT)"
            )
        if self.at is not None:
            return [_nearest(people, self.at, where)]
        if self.number == EVERYONE:
            return people
        if self.number >= len(people):
            raise NoPerson(
                f"{where} shows {len(people)} people, number {self.number} was asked for: choose a lower number"
                " (0 is the largest)"
            )
        return [people[self.number]]


THE_LARGEST = Who()


def point_from_json(text: str) -> tuple[float, float]:
    """The first point of a points editor's text, [{"x": 1, "y": 2}, ...] or [[1, 2], ...], in pixels."""
    try:
        first = json.loads(text)[0]
        x, y = (first["x"], first["y"]) if isinstance(first, dict) else first
        point = float(x), float(y)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise ValueError(f'expected points like [{{"x": 10, "y": 20}}], found {text!r:.60}') from error
    if not np.isfinite(point).all():
        raise ValueError(f"the point {point} is not a place in a picture")
    return point


def point_from_mask(mask: np.ndarray) -> tuple[float, float] | None:
    """(H, W) in [0, 1] -> (x, y) pixels: the middle of what was painted; None where nothing was."""
    rows, columns = np.nonzero(np.asarray(mask) >= 0.5)
    return (float(columns.mean()), float(rows.mean())) if len(rows) else None


def _nearest(people: list[Keypoints], point: tuple[float, float], where: str) -> Keypoints:
    away = [_distance(person, np.array(point)) for person in people]
    best = int(np.argmin(away))
    if away[best] > REACH:
        raise NoPerson(
            f"nobody is at ({point[0]:.0f}, {point[1]:.0f}) in {where}, which shows {len(people)} people: point at"
            " the person's body"
        )
    return people[best]


def _distance(person: Keypoints, point: np.ndarray) -> float:
    """From the point to the nearest seen bone, in the person's own heights."""
    seen = person.confidence >= PRESENT
    height = max(float(np.ptp(person.points[seen], axis=0).max()), 1.0) if seen.any() else 1.0
    bones = np.array([bone for bone in _BONES if seen[list(bone)].all()], dtype=int).reshape(-1, 2)
    if not len(bones):
        return np.inf
    start, along = person.points[bones[:, 0]], person.points[bones[:, 1]] - person.points[bones[:, 0]]
    share = ((point - start) * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1e-9)
    nearest = start + np.clip(share, 0, 1)[:, None] * along
    return float(np.linalg.norm(nearest - point, axis=1).min()) / height
