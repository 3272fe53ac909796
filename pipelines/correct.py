"""A person or a pose in, the nearest one that a body can do out: with a report and a picture of what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from .batches import Progress, each, told
from .draw import OVERLAY_DARKNESS, draw_pose
from .geometry.anatomy.balance import SIDES
from .geometry.anatomy.correction import Violation, compared, corrected, describe
from .geometry.anatomy.depth_signs import unfolded
from .geometry.anatomy.handedness import Repair, repaired
from .geometry.anatomy.limits import LimitOptions
from .geometry.keypoints import Keypoints
from .geometry.landmarks import HAND, INDEX
from .geometry.retarget import Pose, pose_of
from .geometry.skeleton import JOINT_INDEX, JOINTS, Skeleton
from .geometry.template import OFFSETS, STATURE_METRES
from .lift import lift
from .preview import FAINT, FIGURE, fitting, one_size, smaller

FLAT = 0.02
"""A hand whose points lie nearer to one plane than this share of its length (root mean square) was seen
without depth. Then a curled finger cannot be told from one that bends sideways: fingers are left as they were
read."""
STANDING = 0.88
"""Share of the picture's height that the standard body takes on which a pose is corrected."""


@dataclass(frozen=True)
class CorrectOptions:
    """elbow, knee: largest inner angles in degrees, 180 is straight; ground: repair how the body stands as
    well; sides: repair left and right of landmarks before they are lifted; depth: elbows and knees that bend
    backwards may have their bones' depth mirrored, which leaves the picture as it is (of poses nothing is
    mirrored: they have no picture)."""

    elbow: float = 170.0
    knee: float = 170.0
    ground: bool = False
    sides: bool = True
    depth: bool = True


@dataclass(frozen=True, eq=False)
class Corrected:
    """One person: the skeleton as given and as corrected, the corrected pose, and what was wrong."""

    before: Skeleton
    skeleton: Skeleton
    pose: Pose
    violations: tuple[Violation, ...] = ()
    repairs: tuple[Repair, ...] = ()

    def report(self) -> str:
        """A readable table: the repairs of left and right first, then each limit that was passed."""
        return "\n".join([*(one.text for one in self.repairs), describe(self.violations)])


def correct(
    people: Sequence[Skeleton | Pose | Keypoints],
    options: CorrectOptions = CorrectOptions(),
    progress: Progress = None,
) -> list[Corrected]:
    """Every person or pose inside its limits. Landmarks are lifted first; a pose is corrected on the standard
    body, and what it does not state stays unstated."""
    return [_correct(one, options) for one in told(people, progress)]


def _correct(one: Skeleton | Pose | Keypoints, options: CorrectOptions) -> Corrected:
    limits = LimitOptions(options.elbow, options.knee)
    if isinstance(one, Pose):
        before = standard(one)
        result = corrected(before, limits, one.known, one.contacts, options.ground)
        rotations = np.where(one.known[:, None], result.skeleton.rotations, one.rotations)
        return Corrected(before, result.skeleton, replace(one, rotations=rotations), result.report)
    before, repairs, free = one, (), np.ones(len(JOINTS), dtype=bool)
    if isinstance(one, Keypoints):
        before, free = lift(one), fingers_measured(one)
        sides, repairs = repaired(one) if options.sides else (one, ())
        one = lift(sides) if repairs else before
    read, hinges = one, ()
    if options.depth:
        one, hinges = unfolded(one, limits)
    free &= fingers_with_depth(one)
    result = corrected(one, limits, free, ground=options.ground)
    violations = result.report
    if hinges:
        repairs += tuple(_mirrored_in_depth(hinge) for hinge in hinges)
        found = {(v.joint, v.limit) for v in violations}
        more = compared(read, result.skeleton, limits, free)
        violations = tuple(v for v in more if (v.joint, v.limit) not in found) + violations
    return Corrected(before, result.skeleton, pose_of(result.skeleton, "corrected"), violations, repairs)


def _mirrored_in_depth(hinge: str) -> Repair:
    name = hinge.replace("_", " ")
    text = f"the {name} was bent backwards in depth: its limb is mirrored there, the picture stays as it is"
    return Repair("depth mirrored", (hinge,), text)


def fingers_measured(keypoints: Keypoints) -> np.ndarray:
    """(J,) bool: all joints but the fingers of hands whose depth the detector did not measure. The lift
    guesses it; a finger that bends to the side in space fits the picture all the same, and would not after
    its correction."""
    free = np.ones(len(JOINTS), dtype=bool)
    for side in SIDES:
        hand = [INDEX[f"{side}{name}"] for name in HAND]
        if keypoints.world is None or not np.isfinite(keypoints.world[hand]).all():
            free[hand[1:]] = False
    return free


def fingers_with_depth(skeleton: Skeleton) -> np.ndarray:
    """(J,) bool: all joints but the fingers of hands that were seen without depth."""
    free = np.ones(len(JOINTS), dtype=bool)
    at = skeleton.forward().positions
    for side in SIDES:
        hand = at[[JOINT_INDEX[f"{side}{name}"] for name in HAND]]
        bones = np.diff(hand[[0, 9, 10, 11, 12]], axis=0)
        off_plane = np.linalg.svd(hand - hand.mean(axis=0), compute_uv=False)[2] / np.sqrt(len(hand))
        if off_plane < FLAT * np.linalg.norm(bones, axis=1).sum():
            free[[JOINT_INDEX[f"{side}{name}"] for name in HAND[1:]]] = False
    return free


def standard(pose: Pose) -> Skeleton:
    """The pose's own rotations on the standard body, in the middle of a picture of its own."""
    height, width = FIGURE
    sure = np.ones((len(JOINTS), 3))
    size = STANDING * height
    body = Skeleton(OFFSETS * size, pose.rotations, np.zeros(3), sure, FIGURE, STATURE_METRES / size)
    box = body.forward().positions[:133, :2]
    return body.moved(np.array([width, height]) / 2 - (box.min(axis=0) + box.max(axis=0)) / 2)


def overlay(results: Sequence[Corrected], pictures: torch.Tensor | None = None) -> torch.Tensor:
    """(P, 3, H, W): each person as given, faint, and as corrected, bright; over the darkened pictures (one
    for each, or one for all), or on black."""
    grounds = [None] * len(results)
    if pictures is not None:
        grounds = each(smaller(pictures).split(1), len(results), "pictures")
    return one_size([_overlay(one, ground) for one, ground in zip(results, grounds, strict=True)])


def _overlay(one: Corrected, ground: torch.Tensor | None) -> torch.Tensor:
    size = fitting(one.skeleton.canvas) if ground is None else tuple(ground.shape[-2:])
    old, new = (draw_pose([body.project()], size) for body in (one.before, one.skeleton))
    base = torch.zeros_like(old) if ground is None else ground.to(old) * OVERLAY_DARKNESS
    faint = torch.where(old.amax(1, keepdim=True) > 0, old * FAINT + base * (1 - FAINT), base)
    return torch.where(new.amax(1, keepdim=True) > 0, new, faint)


def report(results: Sequence[Corrected]) -> str:
    """The reports of all people, each under its number where there are several."""
    if len(results) == 1:
        return results[0].report()
    return "\n\n".join(f"person {i}\n{one.report()}" for i, one in enumerate(results, 1))
