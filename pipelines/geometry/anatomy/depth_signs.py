"""Limbs that were lifted to the wrong side of the picture: their depth is mirrored, their pixels stay.

A picture tells how far a bone is turned out of its plane, not to which side; where the lift chose wrong, an
elbow or a knee is bent backwards. Straightening it (correction.py) would move it in the picture; mirroring
the depth of a bone does not.
"""

from __future__ import annotations

import numpy as np

from .. import rotation
from ..fitting import BENT
from ..skeleton import JOINT_INDEX, JOINTS, Skeleton, local_rotations
from ..template import HINGE
from .correction import corrected
from .limits import DEFAULT, LIMITED, LimitOptions, excess

BACKWARDS = np.radians(12)
"""A limb that passes its limits by less is straight but for the landmarks' error."""
BETTER = 0.5
"""A mirrored limb must move the picture at most this share of what straightening it would."""
NOISE = 0.004
"""Share of the limb's length by which a limb may move in the picture without anybody seeing it."""

LIMBS = {
    f"{side}_{hinge}": (f"{side}_{top}", f"{side}_{end}")
    for side in ("left", "right")
    for top, hinge, end in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
}
_ROW = {JOINTS[j]: i for i, j in enumerate(LIMITED)}
PARTS = {"lower": (False, True), "upper": (True, False), "whole": (True, True)}


def unfolded(skeleton: Skeleton, options: LimitOptions = DEFAULT) -> tuple[Skeleton, tuple[str, ...]]:
    """The body with each backward elbow and knee turned forward by mirroring a bone's depth, where that keeps
    the picture better than straightening; and the names of those hinges."""
    done = []
    for hinge in LIMBS:
        rows = [_ROW[LIMBS[hinge][0]], _ROW[hinge]]
        if excess(skeleton.rotations, options)[rows].max() < BACKWARDS:
            continue
        plain = _moved(skeleton, skeleton, hinge, options)
        tries = [
            mirrored_limb(skeleton, hinge, *which, along)
            for which in PARTS.values()
            for along in (False, True)
        ]
        moves = [_moved(skeleton, one, hinge, options) for one in tries]
        best = int(np.argmin(moves))
        if moves[best] < BETTER * plain and plain > NOISE:
            skeleton = tries[best]
            done.append(hinge)
    return skeleton, tuple(done)


def mirrored_limb(skeleton: Skeleton, hinge: str, upper: bool, lower: bool, along: bool = False) -> Skeleton:
    """The upper and lower bone of a limb mirrored in depth; the upper one twisted so that its hinge bends in
    their plane. The hand or foot keeps its own turn in space, or goes `along` with the lower bone."""
    top, end = LIMBS[hinge]
    at, globals_ = skeleton.forward()
    globals_ = globals_.copy()
    first, second, third = (JOINT_INDEX[name] for name in (top, hinge, end))
    bones = [at[second] - at[first], at[third] - at[second]]
    new = [bone * ([1, 1, -1] if flip else 1) for bone, flip in zip(bones, (upper, lower), strict=True)]
    globals_[first] = rotation.between(bones[0], new[0]) @ globals_[first]
    if rotation.angle_between(*new) > BENT[0]:
        twist = rotation.signed_angle(globals_[first] @ HINGE[hinge], np.cross(*new), new[0])
        globals_[first] = rotation.about(new[0], twist) @ globals_[first]
    lower_at_rest = globals_[first] @ skeleton.offsets[third]
    globals_[second] = rotation.between(lower_at_rest, new[1]) @ globals_[first]
    local = local_rotations(globals_)
    touched = [first, second] if along else [first, second, third]
    rotations = skeleton.rotations.copy()
    rotations[touched] = local[touched]
    return skeleton.with_rotations(rotations)


def _moved(seen: Skeleton, candidate: Skeleton, hinge: str, options: LimitOptions) -> float:
    """How far the limb moves in the picture once the candidate is inside its limits, as a share of its
    length."""
    joints = [JOINT_INDEX[name] for name in (hinge, LIMBS[hinge][1])]
    after = corrected(candidate, options).skeleton.forward().positions[joints, :2]
    apart = np.linalg.norm(after - seen.forward().positions[joints, :2], axis=1)
    return float(apart.max() / sum(seen.length(JOINTS[j]) for j in joints))
