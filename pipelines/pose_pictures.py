"""People in any picture that shows a pose: a photo, a drawing, or an OpenPose skeleton."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from torch import Tensor

from .batches import Progress
from .drawing import NoFigure, keypoints_from_drawing, prefers_drawing
from .geometry.keypoints import Keypoints
from .openpose_picture import is_openpose_picture, keypoints_from_openpose_picture
from .people import THE_LARGEST, Who

Kind = Literal["automatic", "photo", "drawing", "skeleton"]
KINDS = ("automatic", "photo", "drawing", "skeleton")
"""automatic: a skeleton in OpenPose's colours is read by its colours, everything else by the networks; where they see
nobody, or strokes on plain ground make the better figure, by its strokes."""

Read = Callable[[Tensor], list[Keypoints]]
"""(1, 3, H, W) in [0, 1] -> its people, largest first; empty where there is nobody."""


def people_in_pictures(
    pictures: Tensor,
    networks: Callable[[], Read],
    kind: Kind = "automatic",
    who: Who = THE_LARGEST,
    masks: Tensor | None = None,
    progress: Progress = None,
) -> list[Keypoints]:
    """The people meant of (B, 3, H, W) pictures, one picture after the other.

    networks  gives the reader of photos; it is only asked where a picture needs it
    masks     (B or 1, 1, H, W): drawn figures that were cut out
    Raises NoPerson, with the picture's number, where nobody is found.
    """
    if kind not in KINDS:
        raise ValueError(f'kind is "{kind}", expected one of {", ".join(KINDS)}')
    found: list[Keypoints] = []
    for i, picture in enumerate(pictures.split(1)):
        height, width = picture.shape[-2:]
        mask = None if masks is None else masks[min(i, len(masks) - 1)][None]
        people = people_in(picture, networks, kind, mask)
        found += who.among(people, f"picture {i + 1} ({width} x {height})")
        if progress is not None:
            progress((i + 1) / len(pictures))
    return found


def people_in(
    picture: Tensor, networks: Callable[[], Read], kind: Kind = "automatic", mask: Tensor | None = None
) -> list[Keypoints]:
    """The people of one (1, 3, H, W) picture, largest first; empty where there is nobody."""
    if kind == "skeleton" or (kind == "automatic" and is_openpose_picture(picture)):
        return keypoints_from_openpose_picture(picture)
    if kind == "drawing" or (kind == "automatic" and mask is not None):
        return keypoints_from_drawing(picture, mask)
    people = networks()(picture)
    if kind == "photo" or not prefers_drawing(picture, people[0] if people else None):
        return people
    try:
        return keypoints_from_drawing(picture)
    except NoFigure:
        return people
