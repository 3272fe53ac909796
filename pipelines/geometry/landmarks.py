"""The 133 landmarks of COCO-WholeBody, by name. Left and right are the person's own.

Order and names: Jin et al., "Whole-Body Human Pose Estimation in the Wild", ECCV 2020 (figure 2 and the
dataset's annotation format): 17 body, 6 feet, 68 face, 21 left hand, 21 right hand.
"""

BODY = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
FEET = (
    "left_big_toe", "left_small_toe", "left_heel",
    "right_big_toe", "right_small_toe", "right_heel",
)  # fmt: skip
FACE = tuple(f"face_{i}" for i in range(68))
FINGERS = ("thumb", "index", "middle", "ring", "little")
HAND = ("hand_root", *(f"{finger}_{i}" for finger in FINGERS for i in range(1, 5)))
LEFT_HAND = tuple(f"left_{name}" for name in HAND)
RIGHT_HAND = tuple(f"right_{name}" for name in HAND)

LANDMARKS = BODY + FEET + FACE + LEFT_HAND + RIGHT_HAND
INDEX = {name: i for i, name in enumerate(LANDMARKS)}

PARTS = {
    "body": slice(0, 17),
    "feet": slice(17, 23),
    "face": slice(23, 91),
    "left_hand": slice(91, 112),
    "right_hand": slice(112, 133),
}

# The 68 face points in mirror order (iBUG 300-W numbering): jaw, brows, nose, eyes, mouth.
_FACE_MIRROR = (
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
)  # fmt: skip


def _mirrored(name: str) -> str:
    if name.startswith("face_"):
        return f"face_{_FACE_MIRROR[int(name[5:])]}"
    if name.startswith("left_"):
        return "right_" + name[5:]
    return "left_" + name[6:] if name.startswith("right_") else name


# MIRROR[i] is the landmark that i becomes in a mirror.
MIRROR = tuple(INDEX[_mirrored(name)] for name in LANDMARKS)

assert len(LANDMARKS) == len(INDEX) == 133
assert all(MIRROR[MIRROR[i]] == i for i in range(133))
