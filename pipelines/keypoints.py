"""Pictures in, one person's 133 whole-body landmarks for each out."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from .geometry.keypoints import PRESENT, Keypoints
from .models.wholebody import KeypointBackend

LARGEST = "largest"


class NoPerson(ValueError):
    """A picture shows nobody, or fewer people than were asked for."""


def read_keypoints(
    pictures: Tensor,
    backend: KeypointBackend,
    person: str | int = LARGEST,
    progress: Callable[[float], None] | None = None,
) -> list[Keypoints]:
    """(B, 3, H, W) RGB in [0, 1] -> one Keypoints for each picture.

    person is "largest" or a number by size, 0 = the largest. Landmarks that are outside the picture or not seen
    have confidence 0. progress gets the fraction done after each picture and may raise to cancel.
    Raises NoPerson, with the picture's number, when there is nobody or no such person, and ValueError for pictures
    of another shape or an empty batch.
    """
    if pictures.ndim != 4 or pictures.shape[1] != 3:
        raise ValueError(f"pictures have shape {tuple(pictures.shape)}, expected (batch, 3, height, width)")
    if len(pictures) == 0:
        raise ValueError("the batch of pictures is empty: connect at least one picture")
    if person != LARGEST and not (isinstance(person, int) and person >= 0):
        raise ValueError(f'person is {person!r}, expected "{LARGEST}" or a number from 0')
    found = []
    for i in range(len(pictures)):
        found.append(_read_one(pictures[i : i + 1], backend, person, i))
        if progress is not None:
            progress((i + 1) / len(pictures))
    return found


def _read_one(picture: Tensor, backend: KeypointBackend, person: str | int, number: int) -> Keypoints:
    index = 0 if person == LARGEST else person
    people = backend.read(picture, index)
    if people:
        return people[0]
    height, width = picture.shape[-2:]
    if index > 0:
        raise NoPerson(
            f"picture {number + 1} ({width} x {height}) shows fewer than {index + 1} people: choose a lower number"
        )
    raise NoPerson(
        f"no person was found in picture {number + 1} ({width} x {height}): use a picture in which the body is seen "
        f"clearly, crop nearer to the person, or give the keypoints yourself (POSE_KEYPOINT)"
    )


def describe(keypoints: Keypoints) -> str:
    """One line for a node's status: who read it where, what is absent, the notes."""
    parts = {"face": "face", "left_hand": "left hand", "right_hand": "right hand", "feet": "feet"}
    absent = [label for name, label in parts.items() if keypoints.part(name)[1].max() < PRESENT]
    seen = f"{int((keypoints.confidence >= PRESENT).sum())} of 133 landmarks"
    missing = f"not seen: {', '.join(absent)}" if absent else ""
    return "; ".join(filter(None, (keypoints.source, seen, missing, *keypoints.notes)))
