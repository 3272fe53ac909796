"""Pictures in, people's 133 whole-body landmarks out."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from .geometry.keypoints import PRESENT, Keypoints
from .models.wholebody import KeypointBackend
from .people import THE_LARGEST, NoPerson, Who


def read_keypoints(
    pictures: Tensor,
    backend: KeypointBackend,
    who: Who = THE_LARGEST,
    progress: Callable[[float], None] | None = None,
) -> list[Keypoints]:
    """(B, 3, H, W) RGB in [0, 1] -> one Keypoints for each picture, or every person of every picture in turn.

    Landmarks that are outside the picture or not seen have confidence 0. progress gets the fraction done after each
    picture and may raise to cancel. Raises NoPerson, with the picture's number, when there is nobody or not the person
    asked for, and ValueError for pictures of another shape or an empty batch.
    """
    if pictures.ndim != 4 or pictures.shape[1] != 3:
        raise ValueError(f"pictures have shape {tuple(pictures.shape)}, expected (batch, 3, height, width)")
    if len(pictures) == 0:
        raise ValueError("the batch of pictures is empty: connect at least one picture")
    found = []
    for i in range(len(pictures)):
        found += _read_one(pictures[i : i + 1], backend, who, i)
        if progress is not None:
            progress((i + 1) / len(pictures))
    return found


def _read_one(picture: Tensor, backend: KeypointBackend, who: Who, number: int) -> list[Keypoints]:
    height, width = picture.shape[-2:]
    people = backend.read(picture, who.alone)
    if people and who.alone is not None:
        return people[:1]
    if who.alone:
        raise NoPerson(
            f"picture {number + 1} ({width} x {height}) shows fewer than {who.alone + 1} people: choose a lower number"
        )
    return who.among(people, f"picture {number + 1} ({width} x {height})")


def describe(keypoints: Keypoints) -> str:
    """One line for a node's status: who read it where, what is absent, the notes."""
    parts = {"face": "face", "left_hand": "left hand", "right_hand": "right hand", "feet": "feet"}
    absent = [label for name, label in parts.items() if keypoints.part(name)[1].max() < PRESENT]
    seen = f"{int((keypoints.confidence >= PRESENT).sum())} of 133 landmarks"
    missing = f"not seen: {', '.join(absent)}" if absent else ""
    return "; ".join(filter(None, (keypoints.source, seen, missing, *keypoints.notes)))
