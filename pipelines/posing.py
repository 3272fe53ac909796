"""Poses of pictures, and the people of photos put into them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .batches import common_count, each
from .geometry.keypoints import Keypoints
from .geometry.lifting import lift
from .geometry.openpose import openpose_from_keypoints
from .geometry.retarget import Pose, facing_with, overflow, pose_of, retarget, turn_of_trunk
from .geometry.skeleton import Skeleton
from .given import skeleton_in_picture

FAR_TURN = 50
"""Degrees from which a turned trunk shows more guess than photo."""


def poses_of(people: Sequence[Keypoints], mirror: bool = False) -> list[Pose]:
    """The pose of each person, or its mirror image."""
    poses = [pose_of(lift(person), "picture") for person in people]
    return [pose.mirrored() for pose in poses] if mirror else poses


def retargeted(source: Skeleton, pose: Pose, place: str = "source") -> Skeleton:
    """The source person in the pose, always in the source picture's own pixels.

    place="target" puts the figure where the pose's picture has it, that picture laid over the source's. Who is
    photographed from behind stays so.
    """
    return skeleton_in_picture(retarget(source, facing_with(source, pose), place), source.canvas)


def turned(source: Skeleton, pose: Pose) -> tuple[str, ...]:
    """What the artist should know about how far the pose turns the person."""
    if facing_with(source, pose) is not pose:
        return ("the photo shows the person from the other side: the pose was turned round with them",)
    angle = math.degrees(turn_of_trunk(source, pose))
    if angle < FAR_TURN:
        return ()
    return (f"the pose turns the trunk by {angle:.0f} degrees: much of what it shows the photo never showed",)


def retargeted_people(
    people: Sequence[Keypoints], poses: Sequence[Pose], place: str = "source"
) -> tuple[list[Skeleton], list[Skeleton]]:
    """Each person lifted as photographed, and in their pose: one pose for all people, one person in all poses, or
    one for each."""
    count = common_count(people=len(people), poses=len(poses))
    sources = each([lift(person) for person in people], count, "people")
    pairs = zip(sources, each(poses, count, "poses"), strict=True)
    return list(sources), [retargeted(source, pose, place) for source, pose in pairs]


def pose_frames(people: Sequence[Keypoints | Skeleton]) -> list[dict]:
    """One POSE_KEYPOINT frame per person, in pixels."""
    points = [one if isinstance(one, Keypoints) else one.project() for one in people]
    return [openpose_from_keypoints([one]) for one in points]


def remarks(sources: Sequence[Skeleton], poses: Sequence[Pose], targets: Sequence[Skeleton]) -> str:
    """What the artist should know of the new poses: how far they turn the people, and what leaves the picture."""
    pairs = zip(sources, each(poses, len(sources), "poses"), strict=True)
    lines = [f"picture {i}: {note}" for i, pair in enumerate(pairs, 1) for note in turned(*pair)]
    return "\n".join([*lines, *filter(None, [outside(targets)])])


def outside(targets: Sequence[Skeleton]) -> str:
    """What of the new poses lies beyond its picture, one line for each that does."""
    beyond = [overflow(target) for target in targets]
    lines = [", ".join(f"{border} by {pixels:.0f} px" for border, pixels in one.items()) for one in beyond]
    return "\n".join(f"the pose leaves picture {i}: {line}" for i, line in enumerate(lines, 1) if line)
