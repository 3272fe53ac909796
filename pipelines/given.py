"""Poses that others read (core's SDPose, controlnet_aux): the person meant, in the picture's own pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from .geometry.keypoints import Keypoints
from .geometry.openpose import read_openpose
from .geometry.skeleton import Skeleton
from .keypoints import NoPerson

SAME_SHAPE = 0.03
"""Detectors round the sides of their working size: canvases this much apart in proportion are one picture."""


def given_keypoints(
    frames: Any, pictures: list[tuple[int, int]] | None = None, person: int = 0
) -> list[Keypoints]:
    """POSE_KEYPOINT frames -> one person (0 = the largest) per frame.

    pictures  (height, width) of the pictures the frames belong to, one for each: the landmarks are brought
              to that size.
    Raises ValueError for what is not POSE_KEYPOINT or of another count or shape, NoPerson where a frame has
    too few people.
    """
    found = read_openpose(frames, pictures[0] if pictures else None)
    if not found:
        raise ValueError("the pose is empty: connect keypoints of at least one picture")
    if pictures is not None and len(found) != len(pictures):
        raise ValueError(f"{len(pictures)} pictures, but {len(found)} pose frames: connect one for each")
    chosen = [_chosen(people, person, number) for number, people in enumerate(found)]
    if pictures is None:
        return chosen
    return [in_picture(one, size) for one, size in zip(chosen, pictures, strict=True)]


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


def _chosen(people: list[Keypoints], person: int, number: int) -> Keypoints:
    if person < len(people):
        return people[person]
    raise NoPerson(
        f"pose frame {number + 1} has {len(people)} people, number {person} was asked for (0 is the largest)"
        if people
        else f"pose frame {number + 1} shows nobody: use a picture in which the body is seen"
    )
