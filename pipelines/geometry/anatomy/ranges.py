"""How far every joint turns: the table, and who measured it.

Each range is written for the left side (the right is its mirror image) in the joint's own axes at rest (T
pose, frame: camera.py): `twist` is the axis along the bone that the joint carries, `first` and `second =
twist x first` span its swing. A rotation is read as R = swing o twist, the swing as a rotation vector (first,
second): the cone is a polygon in that plane, so a range may depend on the direction and need not be
symmetric. Degrees.

Sources, cited by their letter beside each range. Where several means of healthy adults differ, the widest is
taken: a limit is there to find what no body does, not what few do. Diagonals between published directions are
ours.

A  American Academy of Orthopaedic Surgeons, "Joint Motion: Method of Measuring and Recording", 1965.
N  Norkin & White, "Measurement of Joint Motion: A Guide to Goniometry", appendix A (tables of means by author:
   Watanabe et al., Boone & Azen, Green & Wolf, Walker et al., Macedo & Magee, AAOS, AMA).
B  Boone & Azen, "Normal range of motion of joints in male subjects", J. Bone Joint Surg. 61-A, 1979.
W  White & Panjabi, "Clinical Biomechanics of the Spine", 2nd ed. 1990, representative ranges by segment.
I  Inman, Saunders & Abbott, "Observations on the function of the shoulder joint", J. Bone Joint Surg. 26, 1944.
L  Ludewig et al., "Three-dimensional clavicular motion during arm elevation", J. Orthop. Sports Phys. Ther. 34,
   2004: the clavicle retracts 15-29 and turns backwards 15-31 degrees as the arm rises.
H  Hemmerich et al., "Hip, knee, and ankle kinematics of high range of motion activities of daily living",
   J. Orthop. Res. 24, 2006 (squatting, kneeling, cross-legged).
K  Kapandji, "The Physiology of the Joints", volumes 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..landmarks import FINGERS
from ..skeleton import JOINT_INDEX
from ..template import REST_DIRECTION

Pair = tuple[float, float]
X, Y, Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Range:
    """One joint's freedom. Degrees; axes in the rest frame of the left side.

    joint    the left or middle joint
    first, twist   axes (made orthogonal: twist is kept)
    cone     polygon of (first, second); star-shaped as seen from `relaxed`
    turn     lowest and highest twist
    names    what a positive and a negative first, second and twist are called in reports
    relaxed  (first, second, twist) of the joint in a body at ease, inside the range
    outer    R = twist o swing instead: for joints whose twist happens before them, in the bone they hang on
    """

    joint: str
    first: tuple[float, float, float]
    twist: tuple[float, float, float]
    cone: tuple[Pair, ...]
    turn: Pair
    names: tuple[str, str, str, str, str, str]
    relaxed: tuple[float, float, float] = (0.0, 0.0, 0.0)
    outer: bool = False


def ellipse(first: Pair, second: Pair, corners: int = 16) -> tuple[Pair, ...]:
    """A cone from its four half axes: (lowest, highest) of each direction, an elliptic arc in each quadrant."""
    angles = 2 * np.pi * np.arange(corners) / corners
    cosine, sine = np.round(np.cos(angles), 12), np.round(np.sin(angles), 12)
    return tuple(
        (float(first[1] * c if c >= 0 else -first[0] * c), float(second[1] * s if s >= 0 else -second[0] * s))
        for c, s in zip(cosine, sine, strict=True)
    )


def box(first: Pair, second: Pair) -> tuple[Pair, ...]:
    """The polygon of a hinge: bend from first[0] to first[1], a little play to the sides."""
    return ((first[0], second[0]), (first[1], second[0]), (first[1], second[1]), (first[0], second[1]))


def polar(*corners: tuple[float, float]) -> tuple[Pair, ...]:
    """The polygon with corners at (direction, reach) in degrees; direction 0 is +first, 90 is +second."""
    return tuple(
        (float(reach * np.cos(np.radians(way))), float(reach * np.sin(np.radians(way))))
        for way, reach in corners
    )


_SPINE_NAMES = ("flexion", "extension", "bend to the left", "bend to the right", "turn left", "turn right")


def _spine(joint: str, flexion: float, extension: float, bend: float, turn: float) -> Range:
    cone = ellipse((-extension, flexion), (-bend, bend))
    return Range(joint, X, (0.0, -1.0, 0.0), cone, (-turn, turn), _SPINE_NAMES)


TRUNK = (
    _spine("lumbar", 40, 15, 18, 14),
    _spine("thoracic", 28, 15, 17, 18),
    _spine("chest", 25, 15, 17, 18),
)
"""A: thoracolumbar flexion 80, extension 20-30, lateral 35, rotation 45 each way; W: flexion is mostly
lumbar, rotation mostly thoracic. Against the joint below. The three shares add up to 93, 45, 52 and 50: a fit
that deals the trunk's turn out in thirds (fitting.py) must not be called broken for an uneven curve."""

NECK = tuple(_spine(joint, 22, 22, 18, 27) for joint in ("neck", "cervical", "head"))
"""W: C7-T1 to C0-C1 add up to 136 degrees of flexion and extension (68 each way), 61 lateral and 77 axial
each way; AMA (in N): 50, 60, 45, 80. In three equal shares, as the fit deals them: together 66, 66, 54 and
81."""

CLAVICLE = Range(
    "left_clavicle",
    (0.0, 0.0, -1.0),
    X,
    ellipse((-15, 25), (-30, 25)),
    (-31, 15),
    ("elevation", "depression", "protraction", "retraction", "forward turn", "backward turn"),
)
"""Against the chest, and its elevation against the one that the arm's own elevation brings with it
(girdle.rise, after I): 15 below it to 25 above it, so at most 45 in a shrug (N: sternoclavicular elevation
45, depression 5-10, protraction and retraction 15-30); turn L."""

SHOULDER = Range(
    "left_shoulder",
    Y,
    X,
    polar(
        (0, 135), (25, 135), (45, 130), (60, 120), (75, 110), (90, 103), (110, 97), (130, 93), (150, 90),
        (162, 65), (180, 45), (210, 45), (235, 62), (252, 88), (270, 105), (290, 120), (315, 130), (337, 135),
    ),
    (-104, 94),
    ("horizontal flexion", "horizontal extension", "adduction", "elevation", "medial rotation",
     "lateral rotation"),
    relaxed=(18.0, 76.0, 10.0),
)  # fmt: skip
"""Of the upper arm against the CHEST, not the clavicle: that is how N and A measure (humerothoracic). From
the T: A: horizontal flexion 135 and extension 45; flexion 180 and extension 60 are the polygon's points at 90
degrees from the T (up, and 60 degrees behind down); abduction 180 plus the slack of N's widest mean (188);
adduction across the front. Twist from the shortest turn out of the T, where the elbow bends forward as in the
goniometer's zero: N: medial 94 (Macedo & Magee), lateral 104 (Boone & Azen)."""

HIP = Range(
    "left_hip",
    (-1.0, 0.0, 0.0),
    (0.0, -1.0, 0.0),
    polar(
        (0, 135), (25, 122), (45, 105), (65, 75), (90, 52), (120, 45), (150, 35), (180, 30), (210, 30),
        (240, 30), (270, 32), (300, 45), (330, 85),
    ),
    (-45, 60),
    ("flexion", "extension", "abduction", "adduction", "lateral rotation", "medial rotation"),
    relaxed=(8.0, 4.0, 8.0),
)  # fmt: skip
"""Against the pelvis. A: flexion 120, extension 30, abduction 45, adduction 30, rotation 45 each way; K:
flexion with a bent knee 140 when helped (thighs on the belly), lateral rotation 60; B: abduction 52 below 20
years. Flexed thighs open wider (H: cross-legged)."""

INNER = "inner angle"
"""What opening a hinge too far is called; the angle is counted from a joint folded shut, 180 is straight."""
ELBOW_FLEXION = 155.0
KNEE_FLEXION = 157.0
ELBOW_PLAY, KNEE_PLAY = 12.0, 9.0

HAND_NAMES = ("flexion", "extension", "ulnar deviation", "radial deviation", "pronation", "supination")
WRIST = Range(
    "left_wrist", Z, X, ellipse((-86, 93), (-25, 39)), (-94, 96), HAND_NAMES, (-8.0, 6.0, 0.0), outer=True
)
"""Against the forearm. N: flexion 93 and extension 86 (Macedo & Magee), radial 25, ulnar 39 (Green & Wolf),
pronation 96, supination 94. The forearm has one bone here, so pronation is the twist of elbow and wrist
together; zero is the thumb-up hand of a forearm bent from a hanging arm, which is also the T's palm-down
hand."""

ROOT = Range("left_hand_root", Z, X, ellipse((-5, 5), (-5, 5)), (-5, 5), HAND_NAMES)
"""The hand's root is the wrist's own landmark: it carries the palm and has no freedom but a detector's slack."""

ANKLE = Range(
    "left_ankle",
    (-1.0, 0.0, 0.0),
    Y,
    ellipse((-60, 39), (-20, 37)),
    (-45, 45),
    ("dorsiflexion", "plantar flexion", "inversion", "eversion", "toes inward", "toes outward"),
    relaxed=(-4.0, 0.0, -8.0),
    outer=True,
)
"""Against the shank. B: plantar flexion 58 and inversion 37 (the young), eversion 22; A: dorsiflexion 20,
unloaded: under the body's weight in a squat the shank leans much further, 39 is ours. Turned about the shank:
the lower leg's own rotation, which the knee of a fit does not show, 40 out and 30 in (K, bent knee), and the
foot's. Toes and heel are landmarks of one stiff foot: no freedom."""


def elbow(inner: float) -> Range:
    """Against the upper arm, for the largest inner angle in degrees. N: flexion to 158 (Watanabe et al.), A:
    150; extension beyond straight is never allowed. Play to the sides: the carrying angle, 11-14 degrees
    (Atkinson & Elftman, Anat. Rec. 91, 1945). Twist: pronation and supination, as WRIST."""
    cone = box((180 - inner, ELBOW_FLEXION), (-ELBOW_PLAY, ELBOW_PLAY))
    names = ("flexion", INNER, "to the side", "to the side", "pronation", "supination")
    return Range("left_elbow", Y, X, cone, (-94, 96), names, (max(22.0, 181 - inner), 0.0, 0.0))


def knee(inner: float) -> Range:
    """Against the thigh, for the largest inner angle in degrees. A: flexion 135, B: 142, H: 157 in a squat;
    never beyond straight. Play to the sides: a normal leg is within some 4 degrees of straight from the front
    (Moreland et al., J. Bone Joint Surg. 69-A, 1987), the rest is for the landmarks' error. Twist: K: 40 out,
    30 in when bent."""
    cone = box((180 - inner, KNEE_FLEXION), (-KNEE_PLAY, KNEE_PLAY))
    names = ("flexion", INNER, "varus", "valgus", "lateral rotation", "medial rotation")
    return Range("left_knee", X, (0.0, -1.0, 0.0), cone, (-30, 40), names, (max(12.0, 181 - inner), 0.0, 0.0))


def _bone(child: str) -> tuple[float, float, float]:
    return tuple(float(v) for v in REST_DIRECTION[JOINT_INDEX[f"left_{child}"]])


_FINGER_NAMES = (
    "flexion",
    "extension",
    "to the little finger",
    "to the thumb",
    "turn inward",
    "turn outward",
)
_FINGER_CONES = (
    (ellipse((-45, 95), (-28, 28)), (22.0, 0.0, 0.0)),
    (box((-10, 110), (-10, 10)), (28.0, 0.0, 0.0)),
    (box((-12, 90), (-10, 10)), (14.0, 0.0, 0.0)),
)
"""A: knuckle flexion 90, extension 45, fingers spread 20; middle joint 100, end joint 90, extension 0. Hume
et al. (J. Hand Surg. 15-A, 1990) for active flexion of 100 and 105 in the first two; ten degrees of
hyperextension and of play for the landmarks' error."""

_THUMB = (
    (ellipse((-30, 55), (-42, 42)), (-30, 30), (5.0, 0.0, 0.0)),
    (box((-12, 62), (-20, 20)), (-15, 15), (12.0, 0.0, 0.0)),
    (box((-25, 85), (-12, 12)), (-12, 12), (12.0, 0.0, 0.0)),
)
"""A: carpometacarpal flexion 15, extension 20, abduction 70; N adds opposition; metacarpophalangeal 50 (AMA
60), end joint 80 with 20 of hyperextension."""
ACROSS_PALM = (0.3, 0.6, 0.75)
"""Where a flexing thumb goes: over the palm to the little finger's base."""


def _fingers() -> tuple[Range, ...]:
    ranges = []
    across = np.cross(_bone("thumb_2"), ACROSS_PALM)
    for i, (cone, turn, relaxed) in enumerate(_THUMB, start=1):
        first = tuple(float(v) for v in across)
        bone = _bone(f"thumb_{i + 1}")
        ranges.append(Range(f"left_thumb_{i}", first, bone, cone, turn, _FINGER_NAMES, relaxed))
    for finger in FINGERS[1:]:
        for i, (cone, relaxed) in enumerate(_FINGER_CONES, start=1):
            bone = _bone(f"{finger}_{i + 1}")
            ranges.append(Range(f"left_{finger}_{i}", Z, bone, cone, (-12, 12), _FINGER_NAMES, relaxed))
    return tuple(ranges)


def ranges(elbow_inner: float, knee_inner: float) -> tuple[Range, ...]:
    """Every range of the middle and of the left side, parents before children. What is not listed is free:
    the pelvis (how the person stands in the world) and the ends of chains (fingertips, toes, heels, the
    face), whose own rotation turns nothing."""
    arm = (CLAVICLE, SHOULDER, elbow(elbow_inner), WRIST, ROOT, *_fingers())
    return (*TRUNK, *NECK, *arm, HIP, knee(knee_inner), ANKLE)
