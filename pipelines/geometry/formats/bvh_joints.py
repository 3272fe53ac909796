"""Which joint of a motion-capture hierarchy is which of ours, by its name and by where it hangs.

Limbs and fingers go by name: a table of what each part is called by Mixamo, MotionBuilder, CMU's conversions,
Daz, Rokoko, Xsens, LAFAN1, SMPL, 3ds Max's Biped, VRM and Rigify, without the side, prefixes and separators. The
trunk goes by structure: the pelvis is where the legs meet, the chest where the arms meet, whatever they are called.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..landmarks import FINGERS
from .bvh import Joint

# Our joint -> what its bone is called, most specific first: "hand" is a wrist only where nothing is called wrist.
PARTS = {
    "hip": ("upleg", "upperleg", "thigh", "femur", "hip", "hipjoint"),
    "knee": ("lowleg", "lowerleg", "shin", "calf", "tibia", "knee", "leg"),
    "ankle": ("ankle", "foot"),
    "clavicle": ("collar", "clavicle", "clav", "shoulderblade", "shoulder"),
    "shoulder": ("upperarm", "uparm", "arm", "shldr", "humerus", "shoulder"),
    "elbow": ("forearm", "lowerarm", "lowarm", "elbow", "radius", "ulna"),
    "wrist": ("wrist", "hand"),
}
FINGER_NAMES = {"thumb": "thumb", "index": "index", "mid": "middle", "middle": "middle", "ring": "ring",
                "little": "little", "pinky": "little", "pinkie": "little"}  # fmt: skip
HEAD = ("head", "skull")
SIDES = {"left": "left_", "l": "left_", "lft": "left_", "right": "right_", "r": "right_", "rgt": "right_"}
PREFIXES = (
    "mixamorig",
    "bip",
    "bip01",
    "bip001",
    "character",
    "j",
    "def",
    "org",
    "mch",
    "f",
    "m",
    "avg",
    "cc",
    "base",
)
"""Namespaces and families of names that say nothing of the part."""


@dataclass(frozen=True)
class BodyMap:
    """A hierarchy's joints (numbers) by ours.

    limbs  our name -> number, for limbs, clavicles and fingers
    pelvis the joint that carries the legs; spine from above it to the chest; neck from above the chest to below
           the head; head, or -1
    others names of the joints that are none of ours
    """

    limbs: dict[str, int]
    pelvis: int
    spine: tuple[int, ...]
    neck: tuple[int, ...]
    head: int
    others: tuple[str, ...]


def parsed_name(name: str) -> tuple[str, str, int | None]:
    """("left_", "right_" or ""), the part in lower case without separators, and the number at its end.

    "mixamorig:LeftForeArm" -> ("left_", "forearm", None); "f_index.01.L" -> ("left_", "index", 1).
    """
    name = name[:80].rsplit(":", 1)[-1]
    words = _split(name)
    sides = [word for word in words if word in SIDES]
    if not sides and (glued := re.match(r"(left|right|[lLrR](?=[A-Z]))(.+)", name)):
        # "leftarm", "lShldr": the side stuck to the part.
        sides, words = [glued[1].lower()], _split(glued[2])
    parts = [n for n, word in enumerate(words) if word not in SIDES and not word.isdigit()]
    numbers = [int(word) for word in words[parts[-1] if parts else 0 :] if word.isdigit()]
    named = [words[n] for n in parts]
    while len(named) > 1 and named[0] in PREFIXES:
        named.pop(0)
    return SIDES[sides[0]] if sides else "", "".join(named), numbers[-1] if numbers else None


def _split(name: str) -> list[str]:
    """Words and numbers of a name in lower case: by case, digits and whatever stands between."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|\d+", name)]


def body_map(joints: tuple[Joint, ...]) -> BodyMap:
    """The hierarchy's body. Raises ValueError, naming what was found, when it has no two arms or two legs."""
    names = [parsed_name(joint.name) for joint in joints]
    limbs = _limbs(joints, names) | _fingers(names)
    legs = [
        limbs[f"{s}hip"]
        for s in ("left_", "right_")
        if {f"{s}{p}" for p in ("hip", "knee", "ankle")} <= set(limbs)
    ]
    arms = [limbs.get(f"{s}clavicle", limbs.get(f"{s}shoulder")) for s in ("left_", "right_")]
    arms = [arm for arm in arms if arm is not None]
    if len(legs) < 2 or len(arms) < 2:
        found = ", ".join(joint.name[:30] for joint in joints[:8])
        raise ValueError(
            f"no person's hierarchy: expected two arms and two legs under names such as LeftArm, LeftUpLeg,"
            f" LeftLeg and LeftFoot, found {found}{', ...' if len(joints) > 8 else ''}"
        )
    pelvis, chest = _common(joints, *legs), _common(joints, *arms)
    spine = _path(joints, chest, pelvis)
    above = _head(joints, names, chest, set(arms))
    neck, head = (above[:-1], above[-1]) if above else ((), -1)
    used = {*limbs.values(), pelvis, *spine, *neck, head}
    others = tuple(joint.name[:40] for j, joint in enumerate(joints) if j not in used)
    return BodyMap(limbs, pelvis, spine, neck, head, others)


def _limbs(joints: tuple[Joint, ...], names: list[tuple[str, str, int | None]]) -> dict[str, int]:
    """Each part of an arm or leg to the joint of its most specific name, the one nearest to the root of several."""
    found: dict[str, int] = {}
    for side in ("left_", "right_"):
        taken: set[int] = set()
        for part in ("hip", "knee", "ankle", "shoulder", "clavicle", "elbow", "wrist"):
            j = _first_called(names, side, PARTS[part], taken)
            if j is not None:
                found[f"{side}{part}"] = j
                taken.add(j)
    return {name: j for name, j in found.items() if _in_order(joints, found, name)}


def _first_called(
    names: list[tuple[str, str, int | None]], side: str, called: tuple[str, ...], taken: set[int]
) -> int | None:
    for alias in called:
        for j, (its_side, part, _) in enumerate(names):
            if its_side == side and part == alias and j not in taken:
                return j
    return None


def _in_order(joints: tuple[Joint, ...], found: dict[str, int], name: str) -> bool:
    """Whether a limb's part hangs below the part it should hang from, where that is there."""
    above = {"knee": "hip", "ankle": "knee", "elbow": "shoulder", "wrist": "elbow", "shoulder": "clavicle"}
    side, part = name.split("_")
    upper = found.get(f"{side}_{above.get(part, '')}")
    return upper is None or upper in _ancestors(joints, found[name])


def _fingers(names: list[tuple[str, str, int | None]]) -> dict[str, int]:
    """Finger joints by finger and number; the first of a finger is the knuckle, of the thumb the one at the wrist."""
    chains: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for j, (side, part, number) in enumerate(names):
        finger = FINGER_NAMES.get(re.sub(r"^hand|(finger|proximal|intermediate|distal)$", "", part))
        if side and finger:
            stage = {"proximal": 1, "intermediate": 2, "distal": 3}.get(
                re.sub(r"^.*?(proximal|intermediate|distal)?$", r"\1", part)
            )
            chains.setdefault((side, finger), []).append((number if number is not None else stage or 1, j))
    found = {}
    for (side, finger), chain in chains.items():
        least = min(number for number, _ in chain)
        for number, j in chain:
            if number - least < 4:
                found.setdefault(f"{side}{finger}_{number - least + 1}", j)
    assert all(finger in FINGERS for _, finger in chains)
    return found


def _ancestors(joints: tuple[Joint, ...], j: int) -> list[int]:
    """From the joint itself up to the root."""
    chain = []
    while j >= 0:
        chain.append(j)
        j = joints[j].parent
    return chain


def _common(joints: tuple[Joint, ...], a: int, b: int) -> int:
    """The joint where the ways from two joints to the root meet; never one of the two."""
    above = set(_ancestors(joints, joints[b].parent))
    return next((j for j in _ancestors(joints, joints[a].parent) if j in above), 0)


def _path(joints: tuple[Joint, ...], end: int, start: int) -> tuple[int, ...]:
    """The joints from below `start` to `end`, from the root outwards; what is not below start is left out."""
    stop = set(_ancestors(joints, start))
    chain = []
    for j in _ancestors(joints, end):
        if j in stop:
            break
        chain.append(j)
    return tuple(reversed(chain))


def _head(
    joints: tuple[Joint, ...], names: list[tuple[str, str, int | None]], chest: int, arms: set[int]
) -> tuple[int, ...]:
    """Neck and head: the way from the chest to what is called head, or the longest way up that bears no arm."""
    called = [j for j, (side, part, _) in enumerate(names) if not side and part in HEAD]
    if called:
        return _path(joints, called[0], chest)
    bearing = {j for arm in arms for j in _ancestors(joints, arm)}
    branches = [
        _path(joints, j, chest)
        for j in range(len(joints))
        if chest in _ancestors(joints, j) and not bearing & set(_path(joints, j, chest)) and not names[j][0]
    ]
    return max(branches, key=len, default=())
