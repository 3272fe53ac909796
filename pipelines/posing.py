"""Poses of pictures, and the people of photos put into them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from .batches import Progress, common_count, each, told
from .correct import fingers_with_depth
from .geometry.anatomy.correction import corrected
from .geometry.cut_limbs import as_photographed, cut_limbs, folded_limbs
from .geometry.figures.posed import flat_notes, posed_flat
from .geometry.formats.openpose import openpose_from_keypoints
from .geometry.keypoints import Keypoints
from .geometry.retarget import Pose, facing_with, overflow, retarget, support, turn_of_trunk
from .geometry.sequence import kept_in_place, sequence
from .geometry.skeleton import Skeleton
from .geometry.variations import variations
from .given import skeleton_in_picture
from .lift import embodied, pose_in

KEPT = "cut off by the photo's border, kept as photographed: {}"
FOLDED = "folded so that one half hides the other, kept as photographed: {}"
FAR_TURN = 50
"""Degrees from which a turned trunk shows more guess than photo."""


def poses_of(people: Sequence[Keypoints], mirror: bool = False) -> list[Pose]:
    """The pose of each person, or its mirror image."""
    poses = [pose_in(person, "picture") for person in people]
    return [pose.mirrored() for pose in poses] if mirror else poses


class Retargeted(NamedTuple):
    """The person in the new pose, in the source picture's own pixels, and what the artist should know of it."""

    skeleton: Skeleton
    notes: tuple[str, ...] = ()


def retargeted(source: Skeleton, pose: Pose, place: str = "source", limits: bool = True) -> Retargeted:
    """The source person in the pose.

    place="target" puts the figure where the pose's picture has it, that picture laid over the source's. Who is
    photographed from behind stays so. limits brings what the pose states inside what joints can do; a flat figure has
    no such limits, and takes the pose in the picture's plane.
    """
    if source.flat:
        return Retargeted(
            skeleton_in_picture(posed_flat(source, pose, place), source.canvas), flat_notes(source, pose)
        )
    cut = cut_limbs(source)
    folded = tuple(limb for limb in folded_limbs(source) if limb not in cut)
    stated = as_photographed(facing_with(source, pose), cut + folded)
    target = retarget(source, stated, place)
    target, notes = within_limits(target, stated) if limits else (target, ())
    kept = tuple(_told(text, limbs) for text, limbs in ((KEPT, cut), (FOLDED, folded)) if limbs)
    return Retargeted(skeleton_in_picture(target, source.canvas), turned(source, pose) + kept + notes)


def _told(text: str, limbs: tuple[str, ...]) -> str:
    return text.format(", ".join(limb.replace("_", " ") for limb in limbs))


def within_limits(target: Skeleton, pose: Pose) -> Retargeted:
    """A posed person by the smallest change inside the ranges of the joints that the pose states; it stands where it
    stood."""
    result = corrected(target, free=pose.known & fingers_with_depth(target), contacts=pose.contacts)
    if not result.report:
        return Retargeted(target)
    stood = result.skeleton.moved(support(target)[:2] - support(result.skeleton)[:2])
    joints = ", ".join(sorted({one.joint.replace("_", " ") for one in result.report}))
    return Retargeted(stood, (f"brought inside what joints can do: {joints}",))


def turned(source: Skeleton, pose: Pose) -> tuple[str, ...]:
    """What the artist should know about how far the pose turns the person."""
    if facing_with(source, pose) is not pose:
        return ("the photo shows the person from the other side: the pose was turned round with them",)
    angle = math.degrees(turn_of_trunk(source, pose))
    if angle < FAR_TURN:
        return ()
    return (f"the pose turns the trunk by {angle:.0f} degrees: much of what it shows the photo never showed",)


def retargeted_people(
    people: Sequence[Keypoints],
    poses: Sequence[Pose],
    place: str = "source",
    limits: bool = True,
    steady: bool = False,
    progress: Progress = None,
) -> tuple[list[Skeleton], list[Retargeted]]:
    """Each person lifted as photographed, and in their pose: one pose for all people, one person in all poses, or
    one for each. steady: the poses are frames of one movement, and feet on the ground stay where they are."""
    count = common_count(people=len(people), poses=len(poses))
    sources = each([embodied(person) for person in people], count, "people")
    pairs = list(zip(sources, each(poses, count, "poses"), strict=True))
    targets = [retargeted(source, pose, place, limits) for source, pose in told(pairs, progress)]
    if steady:
        bodies = kept_in_place([one.skeleton for one in targets], each(poses, count, "poses"))
        targets = [one._replace(skeleton=body) for one, body in zip(targets, bodies, strict=True)]
    return list(sources), targets


def pose_frames(people: Sequence[Keypoints | Skeleton]) -> list[dict]:
    """One POSE_KEYPOINT frame per person, in pixels."""
    points = [one if isinstance(one, Keypoints) else one.project() for one in people]
    return [openpose_from_keypoints([one]) for one in points]


def remarks(targets: Sequence[Retargeted]) -> str:
    """What the artist should know of the new poses: the notes, and what leaves the picture."""
    lines = [f"picture {i}: {note}" for i, one in enumerate(targets, 1) for note in one.notes]
    return "\n".join([*lines, *filter(None, [outside([one.skeleton for one in targets])])])


def outside(targets: Sequence[Skeleton]) -> str:
    """What of the new poses lies beyond its picture, one line for each that does."""
    beyond = [overflow(target) for target in targets]
    lines = [", ".join(f"{border} by {pixels:.0f} px" for border, pixels in one.items()) for one in beyond]
    return "\n".join(f"the pose leaves picture {i}: {line}" for i, line in enumerate(lines, 1) if line)


def varied(
    poses: Sequence[Pose], count: int, seed: int, strength: float = 1.0, progress: Progress = None
) -> list[Pose]:
    """`count` natural variations of each pose; every pose has random numbers of its own."""
    numbered = list(enumerate(poses))
    return [
        one for i, pose in told(numbered, progress) for one in variations(pose, count, seed + i, strength)
    ]


def in_between(
    keys: Sequence[Pose], frames: int, ease: bool = True, loop: bool = False, progress: Progress = None
) -> list[Pose]:
    """The key poses with `frames` from each to the next, that one included; with `loop` back to the first, which is not
    repeated."""
    return sequence(keys, frames, "smooth" if ease else "even", loop, progress)
