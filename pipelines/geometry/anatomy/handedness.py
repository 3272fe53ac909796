"""Left and right in the picture: swapped limbs, hands on the wrong wrist, hands turned inside out, faces on
backs of heads.

Works on 2D landmarks before they are lifted. Nothing is touched on suspicion: every repair needs something a
body cannot do (an upper arm of twice its length, a trunk turned by half, a forearm twisted beyond its range),
because crossed arms and legs are poses. Measures are shares of the stature, estimated from trunk and legs
against the standard body (template.py): a bone seen from its end is shorter, never longer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..keypoints import PRESENT, Keypoints
from ..landmarks import INDEX, LEFT_HAND
from ..template import LENGTH, OFFSETS, TRUNK
from .palms import inside_out, mirrored_hand

TOO_LONG = 1.45
"""A bone seen longer than this many times its standard length does not belong to this body: proportions
differ by some 10 %, the estimate of the stature by as much, and what is near the camera looks larger."""
NEARER = 0.8
"""The other assignment must take this share of the length or less."""
SQUARE = 0.55
"""Share of its full breadth from which a pair of shoulders, hips or eyes certainly faces the camera or away."""
CROSSING = np.radians(22)
"""Both thighs crossing the middle by more than this each is beyond adduction (30 degrees, AAOS 1965) of a
body seen square, of whose two hips one would have to give way."""
ELBOWS_CROSS = 0.12
"""Share of the stature by which both elbows together may not be across the middle of a body whose upper arms
are 0.19 long and hang 0.22 apart."""
TOES = 0.01
"""Share of the stature between big and small toe from which a foot's side is seen (0.035 from the front)."""
ATTACHED = 0.35
"""A hand's root or a heel nearer than this share of its distance to its own wrist or ankle belongs to the
other."""
APART = 0.04
"""Share of the stature by which two places must differ to be told apart."""
SURE_FACE = 0.6
"""Mean confidence from which a face is taken as seen rather than imagined on the back of a head."""

FEET = ("big_toe", "small_toe", "heel")
FACE = np.array([INDEX[f"face_{i}"] for i in range(68)])
FRONT_OF_HEAD = np.array([INDEX[name] for name in ("nose", "left_eye", "right_eye")])


@dataclass(frozen=True)
class Repair:
    """What was repaired, which joints it touched, and the sentence that says so."""

    kind: str
    joints: tuple[str, ...]
    text: str


def repaired(keypoints: Keypoints) -> tuple[Keypoints, tuple[Repair, ...]]:
    """The landmarks with left and right put right; the given object where nothing was wrong."""
    found: list[Repair] = []
    for step in _STEPS:
        size = _stature(keypoints)
        if size <= 0:
            break
        keypoints, repairs = step(keypoints, size)
        found += repairs
    return keypoints, tuple(found)


def _stature(keypoints: Keypoints) -> float:
    """Pixels: what trunk, thighs, shanks and the breadths of trunk and head say at most; 0 where nothing of
    them is seen."""
    seen = []
    middles = [_middle(keypoints, name) for name in ("shoulder", "hip")]
    if all(m is not None for m in middles):
        seen.append(np.linalg.norm(middles[0] - middles[1]) / TRUNK)
    legs = [
        _length(keypoints, f"{side}_{a}", f"{side}_{b}") / LENGTH[INDEX[f"{side}_{b}"]]
        for side in ("left", "right")
        for a, b in (("hip", "knee"), ("knee", "ankle"))
        if keypoints.sees(f"{side}_{a}", f"{side}_{b}")
    ]
    seen += [np.median(legs)] if len(legs) > 1 else []
    if keypoints.sees("left_shoulder", "right_shoulder"):
        seen.append(_length(keypoints, "left_shoulder", "right_shoulder") / 0.22)
    if keypoints.sees("left_ear", "right_ear"):
        seen.append(_length(keypoints, "left_ear", "right_ear") / 0.086)
    return float(max(seen, default=0.0))


def _middle(keypoints: Keypoints, name: str) -> np.ndarray | None:
    pair = (f"left_{name}", f"right_{name}")
    return (keypoints[pair[0]] + keypoints[pair[1]]) / 2 if keypoints.sees(*pair) else None


def _length(keypoints: Keypoints, a: str, b: str) -> float:
    return float(np.linalg.norm(keypoints[a] - keypoints[b]))


def swapped(keypoints: Keypoints, names: tuple[str, ...]) -> Keypoints:
    """The named landmarks (without their side) exchanged between left and right."""
    order = np.arange(133)
    for name in names:
        a, b = INDEX[f"left_{name}"], INDEX[f"right_{name}"]
        order[[a, b]] = b, a
    return _reordered(keypoints, order)


def _reordered(keypoints: Keypoints, order: np.ndarray) -> Keypoints:
    world = None if keypoints.world is None else keypoints.world[order]
    return replace(
        keypoints,
        points=keypoints.points[order],
        confidence=keypoints.confidence[order],
        spread=keypoints.spread[order],
        world=world,
    )


def _breadth(keypoints: Keypoints, name: str, full: float, size: float) -> float | None:
    """Left minus right across the picture as a share of the full breadth: 1 faces the camera, -1 away; None
    unseen."""
    if not keypoints.sees(f"left_{name}", f"right_{name}"):
        return None
    return float(keypoints[f"left_{name}"][0] - keypoints[f"right_{name}"][0]) / (full * size)


def _facing(keypoints: Keypoints, size: float) -> dict[str, float | None]:
    """`_breadth` of shoulders, hips, eyes and the face's outline. Twice the template's offsets are the full
    breadths."""
    eye = 2 * OFFSETS[INDEX["left_eye"], 0]
    jaw = None
    if (keypoints.confidence[FACE] >= PRESENT).all():
        jaw = float(keypoints.points[FACE[16], 0] - keypoints.points[FACE[0], 0]) / (0.082 * size)
    return {
        "shoulder": _breadth(keypoints, "shoulder", 0.22, size),
        "hip": _breadth(keypoints, "hip", 0.10, size),
        "eye": _breadth(keypoints, "eye", eye, size),
        "jaw": jaw,
    }


def _bones(keypoints: Keypoints, size: float, upper: str, lower: str) -> tuple[float, float] | None:
    """The longer of the two bones in standard lengths, as labelled and with the lower ends exchanged."""
    names = [f"{side}_{part}" for side in ("left", "right") for part in (upper, lower)]
    if not keypoints.sees(*names):
        return None
    full = LENGTH[INDEX[f"left_{lower}"]] * size
    own = max(_length(keypoints, f"{s}_{upper}", f"{s}_{lower}") for s in ("left", "right")) / full
    cross = max(
        _length(keypoints, f"{a}_{upper}", f"{b}_{lower}") for a, b in (("left", "right"), ("right", "left"))
    )
    return own, cross / full


def _across(keypoints: Keypoints, name: str, size: float) -> float:
    """Shares of the stature, left minus right across the picture."""
    return float(keypoints[f"left_{name}"][0] - keypoints[f"right_{name}"][0]) / size


def _arms(keypoints: Keypoints, size: float) -> tuple[Keypoints, list[Repair]]:
    """Elbows, then wrists, that are further from their own shoulder or elbow than an arm reaches, and fit the
    other; elbows that both stand on the other side of a body seen square."""
    found = []
    chains = ((("shoulder", "elbow"), ("elbow", "wrist")), (("elbow", "wrist"), ("wrist",)))
    for (upper, lower), names in chains:
        bones = _bones(keypoints, size, upper, lower)
        if bones is None or bones[1] > NEARER * bones[0]:
            continue
        if bones[0] > TOO_LONG or (upper == "shoulder" and _elbows_crossed(keypoints, size)):
            keypoints = swapped(keypoints, names)
            text = f"left and right {' and '.join(names)} were exchanged"
            found.append(Repair("arms swapped", _both(names), text))
    return keypoints, found


def _both(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{side}_{name}" for side in ("left", "right") for name in names)


def _elbows_crossed(keypoints: Keypoints, size: float) -> bool:
    shoulders, elbows = (_across(keypoints, name, size) for name in ("shoulder", "elbow"))
    square = abs(shoulders) > SQUARE * 0.22
    return square and shoulders * elbows < 0 and abs(elbows) > ELBOWS_CROSS


def _legs(keypoints: Keypoints, size: float) -> tuple[Keypoints, list[Repair]]:
    """Legs whose thighs cross further than hips allow, or cross and end in feet of the other side; knees that
    cross alone."""
    if not keypoints.sees(*_both(("hip", "knee", "ankle"))):
        return keypoints, []
    hips, knees, ankles = (_across(keypoints, name, size) for name in ("hip", "knee", "ankle"))
    if abs(hips) < SQUARE * 0.10 or hips * knees >= 0 or abs(knees) < APART:
        return keypoints, []
    if knees * ankles < 0 and abs(ankles) > APART:
        return swapped(keypoints, ("knee",)), [
            Repair("knees swapped", _both(("knee",)), "left and right knee were exchanged")
        ]
    # Seen from behind the signs are the other way round: what counts is inwards or not.
    slants = (-np.sign(hips) * sign * _slant(keypoints, side) for side, sign in (("left", 1), ("right", -1)))
    if min(slants) < CROSSING and not _feet_inside_out(keypoints, np.sign(hips), size):
        return keypoints, []
    names = ("knee", "ankle")
    return swapped(keypoints, names), [
        Repair("legs swapped", _both(names), "left and right leg were exchanged below the hips")
    ]


def _feet_inside_out(keypoints: Keypoints, facing: float, size: float) -> bool:
    """Both feet, by their nearest ankle, have the big toe on the outer side."""
    if not keypoints.sees(*_both(("big_toe", "small_toe", "ankle", "heel"))):
        return False
    wrong = []
    for side, sign in (("left", 1.0), ("right", -1.0)):
        foot = min(("left", "right"), key=lambda s, a=f"{side}_ankle": _length(keypoints, f"{s}_heel", a))
        outward = (keypoints[f"{foot}_small_toe"][0] - keypoints[f"{foot}_big_toe"][0]) * sign * facing
        wrong.append(outward < -TOES * size)
    return all(wrong)


def _slant(keypoints: Keypoints, side: str) -> float:
    """Radians of a thigh from the picture's vertical, to the picture's right."""
    x, y = keypoints[f"{side}_knee"] - keypoints[f"{side}_hip"]
    return float(np.arctan2(x, max(y, 1e-6)))


_ARM = ("shoulder", "elbow", "wrist")
_LEG = ("hip", "knee", "ankle", *FEET)


def _trunk(keypoints: Keypoints, size: float) -> tuple[Keypoints, list[Repair]]:
    """Shoulders, hips and face that face opposite ways: what two of them say holds for the third."""
    ways = _facing(keypoints, size)
    face = ways["jaw"] if ways["jaw"] is not None else ways["eye"]
    sure = _face_confidence(keypoints) >= SURE_FACE
    if face is None or not sure or ways["shoulder"] is None:
        return keypoints, []
    shoulder, hip = ways["shoulder"], ways["hip"]
    if face < SQUARE or not _frontal(keypoints):
        return keypoints, []
    if shoulder < -SQUARE and (hip is None or hip < -SQUARE / 2):
        names = _ARM + _LEG + tuple(n.removeprefix("left_") for n in LEFT_HAND)
        out = swapped(keypoints, names)
        return out, [Repair("body swapped", (), "the face looks here, the body was read as seen from behind")]
    if hip is not None and abs(hip) > SQUARE and shoulder * hip < 0 and abs(shoulder) > SQUARE:
        wrong = _ARM if shoulder < 0 else _LEG
        what = "arms" if shoulder < 0 else "legs"
        text = f"left and right {what} were exchanged"
        return swapped(keypoints, wrong), [Repair(f"{what} swapped", _both(wrong), text)]
    return keypoints, []


def _eyes(keypoints: Keypoints, size: float) -> tuple[Keypoints, list[Repair]]:
    """Eyes and ears labelled against a face that was read in full, and against the shoulders."""
    ways = _facing(keypoints, size)
    jaw, eye, shoulder = ways["jaw"], ways["eye"], ways["shoulder"]
    if jaw is None or eye is None or shoulder is None or jaw < SQUARE or eye > -SQUARE or shoulder < SQUARE:
        return keypoints, []
    names = ("eye", "ear")
    joints = tuple(f"{side}_{name}" for side in ("left", "right") for name in names)
    return swapped(keypoints, names), [
        Repair("eyes swapped", joints, "left and right eye and ear were exchanged")
    ]


def _face_confidence(keypoints: Keypoints) -> float:
    face, head = keypoints.confidence[FACE], keypoints.confidence[FRONT_OF_HEAD]
    return float(min(head.mean(), face.mean()) if (face >= PRESENT).all() else head.mean())


def _frontal(keypoints: Keypoints) -> bool:
    """The nose between the eyes: the head is turned by less than some 35 degrees."""
    if not keypoints.sees("nose", "left_eye", "right_eye"):
        return False
    left, right, nose = (float(keypoints[n][0]) for n in ("left_eye", "right_eye", "nose"))
    return min(left, right) < nose < max(left, right)


def _ends(keypoints: Keypoints, size: float) -> tuple[Keypoints, list[Repair]]:
    """Hands on the other's wrist, feet on the other's ankle."""
    found = []
    for end, root, names, what in (
        ("wrist", "hand_root", tuple(n.removeprefix("left_") for n in LEFT_HAND), "hands"),
        ("ankle", "heel", FEET, "feet"),
    ):
        if not keypoints.sees(f"left_{end}", f"right_{end}") or not _crossed(keypoints, end, root, size):
            continue
        keypoints = swapped(keypoints, names)
        joints = (f"left_{root}", f"right_{root}")
        found.append(Repair(f"{what} swapped", joints, f"the {what} sat on each other's {end}s"))
    return keypoints, found


def _crossed(keypoints: Keypoints, end: str, root: str, size: float) -> bool:
    """Every seen root is much nearer to the other side's end than to its own."""
    if _length(keypoints, f"left_{end}", f"right_{end}") < APART * size:
        return False
    crossed = []
    for side, other in (("left", "right"), ("right", "left")):
        if keypoints.sees(f"{side}_{root}"):
            own = _length(keypoints, f"{side}_{root}", f"{side}_{end}")
            foreign = _length(keypoints, f"{side}_{root}", f"{other}_{end}")
            crossed.append(own > APART * size and foreign < ATTACHED * own)
    return bool(crossed) and all(crossed)


def _hands(keypoints: Keypoints, size: float) -> tuple[Keypoints, list[Repair]]:
    """Hands of the wrong chirality: their points are mirrored about the hand's own axis."""
    found = []
    for side in ("left", "right"):
        if inside_out(keypoints, side, size):
            keypoints = mirrored_hand(keypoints, side)
            text = f"the {side} hand was read inside out (its thumb on the wrong side) and is mirrored"
            found.append(Repair("hand inverted", (f"{side}_hand_root",), text))
    return keypoints, found


def _back(keypoints: Keypoints, size: float) -> tuple[Keypoints, list[Repair]]:
    """A body seen from behind has no face: points that were imagined there are dropped."""
    ways = _facing(keypoints, size)
    seen_behind = [ways[name] for name in ("shoulder", "hip") if ways[name] is not None]
    if not seen_behind or max(seen_behind) > -SQUARE / 2 or min(seen_behind) > -SQUARE:
        return keypoints, []
    eye = ways["eye"]
    looks_away = eye is not None and eye < -SQUARE
    imagined = eye is not None and eye > SQUARE and _face_confidence(keypoints) < SURE_FACE
    dropped = np.concatenate([FRONT_OF_HEAD, FACE])
    if not (looks_away or imagined) or (keypoints.confidence[dropped] == 0).all():
        return keypoints, []
    confidence = keypoints.confidence.copy()
    confidence[dropped] = 0
    world = keypoints.world
    if world is not None:
        world = world.copy()
        world[dropped] = np.nan
    text = "seen from behind: the face's points are dropped"
    return replace(keypoints, confidence=confidence, world=world), [Repair("face dropped", ("nose",), text)]


_STEPS = (_eyes, _arms, _legs, _trunk, _ends, _hands, _back)
