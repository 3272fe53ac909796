"""Poses of pictures, and the person of a photo put into them."""

from __future__ import annotations

from collections.abc import Sequence

from .geometry.keypoints import Keypoints
from .geometry.lifting import lift
from .geometry.retarget import Pose, pose_of, retarget
from .geometry.skeleton import Skeleton
from .given import skeleton_in_picture


def poses_of(people: Sequence[Keypoints], mirror: bool = False) -> list[Pose]:
    """The pose of each person, or its mirror image."""
    poses = [pose_of(lift(person), "picture") for person in people]
    return [pose.mirrored() for pose in poses] if mirror else poses


def retargeted(source: Skeleton, pose: Pose, place: str = "source") -> Skeleton:
    """The source person in the pose, always in the source picture's own pixels.

    place="target" puts the figure where the pose's picture has it, that picture laid over the source's.
    """
    return skeleton_in_picture(retarget(source, pose, place), source.canvas)
