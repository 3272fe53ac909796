"""How long a person's bones are, from one picture: both sides pooled, foreshortening never read as shortness.

A bone that points at the camera shows little of its length, and what depth was estimated for it is uncertain.
So every bone votes with how far it lies in the picture's plane; the longer of a pair counts more, because
nothing in a picture lengthens a bone as foreshortening shortens it; where neither side shows its length, the
rest of the body says it, in the standard body's shares. Limbs, trunk and breadths are judged apart: a child's
or a mascot's short legs do not shorten the trunk.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from . import rotation
from .skeleton import JOINT_INDEX, PARENT, Posed, Skeleton
from .template import LENGTH

LIMBS = ("elbow", "wrist", "knee", "ankle")
BREADTHS = ("hip", "shoulder")
TRUNK = ("lumbar", "thoracic", "chest")
PRIOR = 0.1
"""Weight of the rest of the body against one fully seen bone's 1, where neither side is fully seen: it decides
for bones at more than 55 degrees out of the picture's plane (weight 0.1)."""
SHARPNESS = 4
"""Power of the share of a bone that lies in the picture: at 30 degrees out it still weighs 0.56."""
LONGER = 6
"""Power by which the longer of a pair counts more: 10 percent shorter weighs half."""
KEPT, POOLED = np.radians(8), np.radians(30)
"""A bone turned by less than the first angle keeps the length that its own picture shows, so that what does
not move stays where it is to the pixel; turned by more than the second it has the pooled length."""

SAME = (0.045, 0.075)
"""Root mean square of the logarithms of bones' lengths, up to which two bodies are the same and from which on they are
two. On synthetic pairs two pictures of one person are 0.04 apart (median; 0.08 upper quartile), two people 0.08."""


def pooled(skeleton: Skeleton) -> np.ndarray:
    """(142,) pixels: every bone's length; bones outside limbs, trunk and breadths keep their own."""
    length = np.linalg.norm(skeleton.offsets, axis=1)
    weight = _shown(skeleton)
    ratio = length / np.maximum(LENGTH, 1e-9)
    result = length.copy()
    for group in (LIMBS, BREADTHS, TRUNK):
        bones = [_indices(name) for name in group]
        every = np.concatenate(bones)
        prior = _common(ratio[every], weight[every], fallback=_common(ratio[_ALL], weight[_ALL], 1.0))
        for pair in bones:
            longer = (ratio[pair] / ratio[pair].max()) ** LONGER
            votes, values = weight[pair] * longer, ratio[pair]
            doubt = PRIOR * max(1 - votes.sum(), 0)
            result[pair] = LENGTH[pair] * (votes @ values + doubt * prior) / (votes.sum() + doubt)
    return result


def proportioned(source: Skeleton, target: Skeleton) -> Skeleton:
    """`target`, a pose of the source's bones, with the pooled length for every bone that the pose turns."""
    before, after = source.forward(), target.forward()
    turned = rotation.angle_between(_directions(before), _directions(after))
    share = np.clip((turned - KEPT) / (POOLED - KEPT), 0, 1)
    share = share * share * (3 - 2 * share)
    own = np.linalg.norm(source.offsets, axis=1)
    wanted = (1 - share) * own + share * pooled(source)
    return replace(target, offsets=target.offsets * (wanted / np.maximum(own, 1e-9))[:, None])


def alike(one: Skeleton, other: Skeleton) -> float:
    """In [0, 1]: 1 where two bodies, each of its own picture, have the same proportions as far as pictures tell.

    The bones' lengths are compared after the size that fits most of them; SAME says what counts as noise.
    """
    ratio = np.array([np.log(_size(a) / _size(b)) for a, b in zip(_groups(one), _groups(other), strict=True)])
    apart = float(np.sqrt(np.mean((ratio - np.median(ratio)) ** 2)))
    share = np.clip((SAME[1] - apart) / (SAME[1] - SAME[0]), 0, 1)
    return float(share * share * (3 - 2 * share))


def _groups(skeleton: Skeleton) -> list[np.ndarray]:
    length = pooled(skeleton)
    trunk = np.concatenate([_indices(name) for name in TRUNK])
    return [length[bones] for bones in (*map(_indices, (*LIMBS, *BREADTHS)), trunk)]


def _size(lengths: np.ndarray) -> float:
    return float(max(lengths.sum(), 1e-6))


def _indices(name: str) -> np.ndarray:
    names = (name,) if name in TRUNK else (f"left_{name}", f"right_{name}")
    return np.array([JOINT_INDEX[n] for n in names])


_ALL = np.concatenate([_indices(name) for name in (*LIMBS, *TRUNK)])


def _directions(posed: Posed) -> np.ndarray:
    """(142, 3) from each joint's parent to the joint; zero at the root."""
    return np.where((PARENT >= 0)[:, None], posed.positions - posed.positions[PARENT], 0.0)


def _shown(skeleton: Skeleton) -> np.ndarray:
    """(142,) how much of a bone's length the picture itself shows; 0 where an end was only estimated."""
    bone = _directions(skeleton.forward())
    share = np.linalg.norm(bone[:, :2], axis=1) / np.maximum(np.linalg.norm(bone, axis=1), 1e-9)
    confidence = skeleton.confidence[:, 0]
    return share**SHARPNESS * confidence * np.where(PARENT >= 0, confidence[PARENT], 0)


def _common(ratio: np.ndarray, weight: np.ndarray, fallback: float) -> float:
    """Weighted median of the bones' ratios to the standard body's; the fallback where nothing was seen."""
    if weight.sum() < 1e-6:
        return float(fallback)
    order = np.argsort(ratio)
    share = np.cumsum(weight[order]) / weight.sum()
    return float(ratio[order][np.searchsorted(share, 0.5)])
