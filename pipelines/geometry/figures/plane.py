"""Drawn figures in the picture's plane: a pose's directions as a jointed paper figure takes them.

A drawing shows no depth and has no other side. So the bones turn in the plane and keep the lengths that were drawn; a
bone that the pose points at the viewer is shortened along itself, no further than `SHORTEST`; trunk and head keep
facing the viewer. Of depth only the order is kept: a few steps of z that say which limb lies before which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .. import rotation
from ..camera import DOWN, FORWARD
from ..planting import standard
from ..retarget import AWAY, Pose, retarget
from ..skeleton import JOINT_INDEX, LEVELS, PARENT, Posed, Skeleton, local_rotations

SHORTEST = {"trunk": 0.8, "limb": 0.55}
"""Share of its length that a bone keeps in the picture, however the pose foreshortens it: our choice, by eye; below it
lines that cross a limb become visibly thinner."""
UNCERTAIN = 0.35
"""Share of a bone seen in the picture below which its direction there fades to its parent's: it points at the
viewer. By eye."""
UPRIGHT = np.radians(25)
"""A drawn trunk that leans by less than this stands upright: the lean is the reading's error or the style's."""
HEAD_TILT = np.radians(30)
"""Most that a head tilts against the trunk. By eye: a drawn head has no neck that would give way."""
STEP = 0.02
"""Between two layers, in trunk lengths: z only tells the order."""
BEFORE = 0.12
"""Shares of the stature by which a knee must stand out before the hips for its leg to lie before the trunk."""
BEHIND, AT_BACK = 0.05, 0.1
"""The same for a hand behind the trunk's middle, and how far it may be aside of the hips' middle to be at the back."""
SIDES = ("left", "right")


@dataclass(frozen=True)
class Turn:
    """What a joint's bones do: turned by `angle` in the picture (radians, from x to y), `length` of what was drawn."""

    angle: float
    length: float = 1.0


def flattened(skeleton: Skeleton) -> Skeleton:
    """The figure as it lies on the paper: every joint where it was drawn, at depth 0, and marked as flat."""
    posed = skeleton.forward()
    positions = posed.positions * [1, 1, 0]
    back = np.swapaxes(posed.rotations[PARENT], -1, -2)
    offsets = np.einsum("nij,nj->ni", back, positions - positions[PARENT])
    offsets[PARENT < 0] = 0
    return replace(skeleton, offsets=offsets, root=skeleton.root * [1, 1, 0], flat=True)


def directed(source: Skeleton, pose: Pose) -> Skeleton:
    """The standard body in the pose: what a drawing takes its directions from, whatever its own proportions.

    Its trunk faces the viewer or stands in profile: who would turn the back is turned round, a drawing has none.
    """
    body = retarget(standard(source.rotations), pose)
    if not turns_away(body):
        return body
    half_round = rotation.about(DOWN, np.pi) @ body.forward().rotations[JOINT_INDEX["pelvis"]]
    rotations = body.rotations.copy()
    rotations[JOINT_INDEX["pelvis"]] = rotation.quaternion_from_matrix(half_round)
    return body.with_rotations(rotations)


def turns_away(body: Skeleton) -> bool:
    """Whether the body shows the viewer its back."""
    ahead = body.forward().rotations[JOINT_INDEX["chest"]] @ FORWARD
    return bool(abs(np.arctan2(ahead[0], -ahead[2])) > AWAY)


def trunk_length(skeleton: Skeleton) -> float:
    """Pixels from the pelvis to the neck as the figure is now."""
    at = skeleton.forward().positions
    return float(np.linalg.norm(at[JOINT_INDEX["neck"]] - at[JOINT_INDEX["pelvis"]]))


def turns(source: Skeleton, body: Skeleton) -> dict[str, Turn]:
    """How the joints of `source` turn to take the directions of `body`; joints that are not named go with their
    parents."""
    before, after = source.forward().positions, body.forward()
    lean = _angle(before, "pelvis", "neck") + np.pi / 2
    lean = 0.0 if abs(_wrapped(lean)) < UPRIGHT else lean
    found = {}
    for joint, end in (("pelvis", "thoracic"), ("thoracic", "neck")):
        seen = after.positions[JOINT_INDEX[end]] - after.positions[JOINT_INDEX[joint]]
        way = _direction(seen, np.array([0.0, -1.0]))
        angle = _wrapped(np.arctan2(way[1], way[0]) + np.pi / 2 - lean)
        found[joint] = Turn(angle, max(_seen(seen), SHORTEST["trunk"]))
    found |= _head(after, found["thoracic"].angle + lean, lean)
    for side in SIDES:
        for chain, parent in (
            (("shoulder", "elbow", "wrist"), "thoracic"),
            (("hip", "knee", "ankle"), "pelvis"),
        ):
            found |= _limb(before, after.positions, [f"{side}_{name}" for name in chain], found[parent])
        found[f"{side}_ankle"] = Turn(_foot(found[f"{side}_knee"].angle))
    return found


def _head(after: Posed, trunk: float, lean: float) -> dict[str, Turn]:
    """Neck and head tilt in the picture as the pose's head does, and never turn from the viewer."""
    up = (after.rotations[JOINT_INDEX["head"]] @ np.array([0.0, -1.0, 0.0]))[:2]
    tilt = _wrapped(np.arctan2(up[1], up[0]) + np.pi / 2 - trunk) if np.hypot(*up) > UNCERTAIN else 0.0
    tilt = float(np.clip(tilt, -HEAD_TILT, HEAD_TILT))
    return {"neck": Turn(trunk - lean + tilt / 2), "head": Turn(trunk - lean + tilt)}


def _limb(before: np.ndarray, after: np.ndarray, chain: list[str], parent: Turn) -> dict[str, Turn]:
    """The turns at the two upper joints of a limb."""
    found, fallback = {}, np.array([-np.sin(parent.angle), np.cos(parent.angle)])
    for joint, end in zip(chain, chain[1:], strict=False):
        bone = after[JOINT_INDEX[end]] - after[JOINT_INDEX[joint]]
        fallback = _direction(bone, fallback)
        angle = np.arctan2(fallback[1], fallback[0]) - _angle(before, joint, end)
        found[joint] = Turn(_wrapped(angle), max(_seen(bone), SHORTEST["limb"]))
    return found


def _foot(shank: float) -> float:
    """A foot goes with its shank for a part: soles stay near the ground that they were drawn on."""
    return 0.4 * shank


def order(after: Posed, trunk: float) -> dict[str, float]:
    """Steps of z for the limbs' ends, less = nearer: arms before the trunk, legs behind it, unless the pose has them on
    its other side; of two arms, or legs, the nearer one first."""
    at = {
        name: after.positions[JOINT_INDEX[name], 2]
        for side in SIDES
        for name in (f"{side}_wrist", f"{side}_knee", f"{side}_ankle", f"{side}_hip")
    }
    stature = trunk / 0.256  # pelvis to neck of the standard body (template.py)
    chest, middle = after.positions[JOINT_INDEX["thoracic"], 2], after.positions[JOINT_INDEX["pelvis"], 0]
    found = {}
    for side in SIDES:
        aside = abs(after.positions[JOINT_INDEX[f"{side}_wrist"], 0] - middle)
        behind = at[f"{side}_wrist"] - chest > BEHIND * stature and aside < AT_BACK * stature
        found[f"{side}_elbow"] = 3.0 if behind else -2.0
        ahead = at[f"{side}_hip"] - at[f"{side}_knee"] > BEFORE * stature
        found[f"{side}_knee"] = -1.0 if ahead else 1.0
    for end, joint in (("wrist", "elbow"), ("knee", "knee")):
        nearer = min(SIDES, key=lambda side: at[f"{side}_{end}"])
        found[f"{nearer}_{joint}"] -= 0.5
    return found


def assembled(source: Skeleton, turned: Mapping[str, Turn], steps: Mapping[str, float]) -> Skeleton:
    """The flat figure with its joints turned; the pelvis stays where it is."""
    angle, length = np.zeros(len(PARENT)), np.ones(len(PARENT))
    for level in LEVELS:
        angle[level] = np.where(PARENT[level] >= 0, angle[PARENT[level]], 0.0)
        for name, turn in turned.items():
            if JOINT_INDEX[name] in level:
                angle[JOINT_INDEX[name]] = turn.angle
    for child, joint in _SHORTENED.items():
        if joint in turned:
            length[JOINT_INDEX[child]] = turned[joint].length
    before = source.forward()
    c, s = np.cos(angle), np.sin(angle)
    spin = np.zeros((len(angle), 3, 3))
    spin[:, 0, 0], spin[:, 0, 1], spin[:, 1, 0], spin[:, 1, 1], spin[:, 2, 2] = c, -s, s, c, 1
    globals_ = spin @ before.rotations
    bones = (before.positions - before.positions[PARENT]) * [1, 1, 0] * length[:, None]
    bones = np.einsum("nij,nj->ni", spin[PARENT], bones)
    for name, step in steps.items():
        bones[JOINT_INDEX[name], 2] = step * STEP * trunk_length(source)
    offsets = np.einsum("nji,nj->ni", globals_[PARENT], bones)
    offsets[PARENT < 0] = 0
    return replace(source, offsets=offsets, rotations=local_rotations(globals_))


_SHORTENED = {
    "lumbar": "pelvis",
    "thoracic": "pelvis",
    "chest": "thoracic",
    "neck": "thoracic",
    **{
        f"{side}_{end}": f"{side}_{joint}"
        for side in SIDES
        for joint, end in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
    },
}
"""Which joint's turn says how long the bone to a joint is."""


def _angle(at: np.ndarray, start: str, end: str) -> float:
    """Radians from x to y of the image of a bone."""
    way = at[JOINT_INDEX[end]] - at[JOINT_INDEX[start]]
    return float(np.arctan2(way[1], way[0]))


def _wrapped(angle: float) -> float:
    """The same angle in [-pi, pi)."""
    return float((angle + np.pi) % (2 * np.pi) - np.pi)


def _seen(bone: np.ndarray) -> float:
    """Share of a bone's length (3,) that its image shows."""
    return float(np.hypot(*bone[:2]) / max(np.linalg.norm(bone), 1e-9))


def _direction(bone: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    """(2,) unit direction of the image of a bone (3,); it fades to the fallback where the bone points at the viewer."""
    way = bone[:2] / max(np.linalg.norm(bone), 1e-9)
    share = np.clip(np.hypot(*way) / UNCERTAIN, 0, 1)
    mixed = share * way / max(np.hypot(*way), 1e-9) + (1 - share) * fallback
    return mixed / max(np.hypot(*mixed), 1e-9)
