"""Four-legged figures seen from the side: a person's pose as swings of front and hind legs. At reduced fidelity.

The trunk stays as it lies. An arm's swing at the shoulder is the front leg's, a leg's swing at the hip the hind leg's,
both measured against the trunk in the plane in which the body walks and taken over in part; elbows and knees bend the
lower legs. An animal on the ground keeps a front and a hind foot there; one that sits folds its hind legs, and its
rump sinks. All angles are our choice, by eye, on the drawn pig and a drawn dog.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..camera import FORWARD
from ..contacts import GROUND, PELVIS, Contact
from ..retarget import Pose
from ..skeleton import JOINT_INDEX, Posed, Skeleton
from .plane import SIDES, Turn

LYING = 1.2
"""A trunk that is longer across the picture than up by this lies."""
SHARE = {"shoulder": 0.6, "elbow": 0.5, "hip": 0.75, "knee": 0.7}
"""How much of a person's swing or bend the same joint of an animal takes over."""
MOST = {
    "shoulder": (np.radians(-40), np.radians(70)),
    "elbow": (np.radians(-10), np.radians(60)),
    "hip": (np.radians(-40), np.radians(60)),
    "knee": (np.radians(-75), np.radians(5)),
}
"""Ranges of swings and bends, forwards positive."""
STANDING = np.radians(12)
"""Most that the carrying front leg of an animal on the ground swings from where it was drawn while the other is up."""
LEVEL, RAISED = np.radians(28), np.radians(60)
"""Swings of an arm up to which both front legs walk, and from which on a front leg is lifted."""
AIRBORNE = 0.05
"""Height of the lower sole over the ground, in leg lengths, from which a body is in the air."""
PITCH = np.radians(18)
"""Most that the trunk leans where front and hind feet reach different heights."""
LEGS = tuple(
    (f"{side}_{root}", f"{side}_{hinge}", f"{side}_{end}")
    for root, hinge, end in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
    for side in SIDES
)


def is_four_legged(skeleton: Skeleton) -> bool:
    """A flat figure whose trunk lies, with the ends of all four limbs below it."""
    if not skeleton.flat:
        return False
    at = skeleton.forward().positions
    trunk = np.abs(at[JOINT_INDEX["neck"]] - at[JOINT_INDEX["pelvis"]])
    middle = (at[JOINT_INDEX["neck"], 1] + at[JOINT_INDEX["pelvis"], 1]) / 2
    ends = at[[JOINT_INDEX[leg[2]] for leg in LEGS], 1]
    roots = at[[JOINT_INDEX[leg[0]] for leg in LEGS], 1]
    return bool(trunk[0] > LYING * trunk[1] and (ends > middle).all() and (ends > roots).all())


def lowest_foot(skeleton: Skeleton) -> float:
    """y in pixels of the lowest of the four limbs' ends."""
    return float(skeleton.forward().positions[[JOINT_INDEX[leg[2]] for leg in LEGS], 1].max())


def heading(skeleton: Skeleton) -> float:
    """1 where the animal looks to the picture's right, -1 to its left."""
    at = skeleton.forward().positions
    return 1.0 if at[JOINT_INDEX["head"], 0] > at[JOINT_INDEX["pelvis"], 0] else -1.0


def swung(source: Skeleton, body: Skeleton, pose: Pose) -> dict[str, Turn]:
    """The turns of a four-legged figure's joints for the standard body `body` in the pose (`plane.directed`)."""
    after, way = body.forward(), heading(source)
    swings = {side: _swing(after, side, "shoulder", "elbow", "chest") for side in SIDES}
    bends = {side: _bend(after, side, ("shoulder", "elbow", "wrist"), "chest") for side in SIDES}
    air = airborne(body, pose.contacts)
    found = {"pelvis": 0.0, "thoracic": 0.0}
    for side in SIDES:
        upper, lower = _taken("shoulder", swings[side]), _taken("elbow", bends[side])
        if not air and not _lifts(side, swings, bends):
            upper, lower = float(np.clip(upper, -STANDING, STANDING)), 0.0
        found[f"{side}_shoulder"], found[f"{side}_elbow"] = upper, upper + lower
        upper = _taken("hip", _swing(after, side, "hip", "knee", "pelvis"))
        lower = _taken("knee", -_bend(after, side, ("hip", "knee", "ankle"), "pelvis"))
        found[f"{side}_hip"], found[f"{side}_knee"] = upper, upper + lower
        found[f"{side}_ankle"] = 0.5 * found[f"{side}_knee"]
    # Forwards is counter-clockwise for who looks to the right: the picture's angles run from x to y.
    angles = {name: -way * angle for name, angle in found.items()}
    pitch = 0.0 if air else _pitch(source, angles)
    lean = {"pelvis": pitch, "thoracic": pitch, "neck": pitch / 2, "head": pitch / 2}
    return {name: Turn(angle) for name, angle in (angles | lean).items()}


def airborne(body: Skeleton, contacts: Sequence[Contact]) -> bool:
    """Whether the pose holds the pelvis so high over the ground that no foot reaches it."""
    stated = [-c.offset[1] for c in contacts if c.on == GROUND and c.joint == PELVIS]
    if not stated:
        return False
    at = body.forward().positions
    leg = np.mean([body.length(f"{side}_knee") + body.length(f"{side}_ankle") for side in SIDES])
    lowest = max(at[JOINT_INDEX[f"{side}_heel"], 1] for side in SIDES)
    return bool(at[JOINT_INDEX["pelvis"], 1] + stated[0] * leg - lowest > AIRBORNE * leg)


def _taken(joint: str, angle: float) -> float:
    return float(np.clip(SHARE[joint] * angle, *MOST[joint]))


def _lifts(side: str, swings: dict[str, float], bends: dict[str, float]) -> bool:
    """Whether a front leg follows its arm: always in a gait; of two raised arms the higher one."""
    other = SIDES[1 - SIDES.index(side)]
    reach = {s: abs(swings[s]) + max(bends[s], 0) / 2 for s in SIDES}
    if max(reach.values()) < LEVEL:
        return True
    return reach[side] > RAISED and reach[side] >= reach[other]


def _swing(after: Posed, side: str, root: str, hinge: str, frame: str) -> float:
    """Radians by which a limb's upper bone is away from hanging along the trunk, forwards or aside positive."""
    turn = after.rotations[JOINT_INDEX[frame]]
    bone = after.positions[JOINT_INDEX[f"{side}_{hinge}"]] - after.positions[JOINT_INDEX[f"{side}_{root}"]]
    bone = turn.T @ bone / max(np.linalg.norm(bone), 1e-9)
    angle = float(np.arccos(np.clip(bone[1], -1, 1)))
    back = bone @ FORWARD < -0.5 * np.hypot(bone[0], bone[2])
    return -angle if back else angle


def _bend(after: Posed, side: str, chain: tuple[str, str, str], frame: str) -> float:
    """Radians by which elbow or knee is bent, 0 for a straight limb."""
    root, hinge, end = (after.positions[JOINT_INDEX[f"{side}_{name}"]] for name in chain)
    a, b = hinge - root, end - hinge
    cosine = a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-9)
    return float(np.arccos(np.clip(cosine, -1, 1)))


def _pitch(source: Skeleton, angles: dict[str, float]) -> float:
    """Radians by which the trunk leans so that its front and its hind legs stand on one ground."""
    at = source.forward().positions
    roots, feet = [], []
    for pair in (LEGS[:2], LEGS[2:]):
        reach = []
        for root, hinge, end in pair:
            upper, lower = (
                at[JOINT_INDEX[hinge]] - at[JOINT_INDEX[root]],
                at[JOINT_INDEX[end]] - at[JOINT_INDEX[hinge]],
            )
            drop = _down(upper, angles[root]) + _down(lower, angles[hinge])
            before = at[JOINT_INDEX[end], 1] - at[JOINT_INDEX[root], 1]
            reach.append(drop - before)
        feet.append(max(reach))
        roots.append(at[[JOINT_INDEX[leg[0]] for leg in pair]].mean(0))
    span = roots[0][0] - roots[1][0]
    if abs(span) < 1e-6:
        return 0.0
    # The end whose legs became shorter sinks.
    return float(np.clip(np.arctan((feet[1] - feet[0]) / span), -PITCH, PITCH))


def _down(bone: np.ndarray, angle: float) -> float:
    """y of a bone after a turn in the picture."""
    return float(np.sin(angle) * bone[0] + np.cos(angle) * bone[1])
