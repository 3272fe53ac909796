"""Poses that others read (core's SDPose, controlnet_aux): the people meant, in the picture's own pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from .geometry.formats.openpose import read_openpose
from .geometry.keypoints import Keypoints
from .geometry.skeleton import Skeleton
from .people import THE_LARGEST, Who

SAME_SHAPE = 0.03
"""Detectors round the sides of their working size: canvases this much apart in proportion are one picture."""


def given_keypoints(
    frames: Any, pictures: list[tuple[int, int]] | None = None, who: Who = THE_LARGEST
) -> list[Keypoints]:
    """POSE_KEYPOINT frames -> one person per frame, or every person of every frame in turn.

    pictures  (height, width) of the pictures the frames belong to, one for each: the landmarks are brought
              to that size.
    Raises ValueError for what is not POSE_KEYPOINT or of another count or shape, NoPerson where a frame does not
    show the person.
    """
    found = read_openpose(frames, pictures[0] if pictures else None)
    if not found:
        raise ValueError("the pose is empty: connect keypoints of at least one picture")
    if pictures is not None and len(found) != len(pictures):
        raise ValueError(f"{len(pictures)} pictures, but {len(found)} pose frames: connect one for each")
    sizes = pictures or [None] * len(found)
    chosen: list[Keypoints] = []
    for number, (people, size) in enumerate(zip(found, sizes, strict=True), 1):
        placed = people if size is None else [in_picture(one, size) for one in people]
        chosen += who.among(placed, f"pose frame {number}")
    return chosen


def in_picture(keypoints: Keypoints, size: tuple[int, int]) -> Keypoints:
    """Landmarks read on a smaller or larger copy of a picture, in its own (height, width) pixels."""
    if tuple(keypoints.canvas) == tuple(size):
        return keypoints
    ratios = np.array(size) / np.array(keypoints.canvas)
    if ratios.max() / ratios.min() > 1 + SAME_SHAPE:
        height, width = keypoints.canvas
        raise ValueError(
            f"the pose was read on a canvas of {width} x {height}, the picture has {size[1]} x {size[0]}:"
            " they are not the same picture; read the pose from this one"
        )
    scale = float(ratios.mean())
    # Pixel centres: the picture's corner lies at -0.5 in both.
    return keypoints.moved(scale, (0.5 * scale - 0.5, 0.5 * scale - 0.5), size)


def skeleton_in_picture(skeleton: Skeleton, size: tuple[int, int]) -> Skeleton:
    """A figure of another picture, that picture laid over this one of (height, width), whole and centred."""
    if tuple(skeleton.canvas) == tuple(size):
        return skeleton
    height, width = skeleton.canvas
    scale = min(size[0] / height, size[1] / width)
    spare = np.array([size[1] - scale * width, size[0] - scale * height]) / 2
    return skeleton.scaled(scale, size).moved(spare)
