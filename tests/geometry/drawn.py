"""Figures drawn with plain lines and discs, whose joints are known."""

import numpy as np

STANDING = {
    "head": (160, 45), "neck": (160, 80), "pelvis": (160, 170),
    "left_shoulder": (160, 85), "left_elbow": (205, 105), "left_wrist": (245, 65),
    "right_shoulder": (160, 85), "right_elbow": (115, 115), "right_wrist": (75, 140),
    "left_hip": (160, 170), "left_knee": (190, 225), "left_ankle": (200, 285),
    "right_hip": (160, 170), "right_knee": (130, 225), "right_ankle": (120, 285),
}  # fmt: skip
"""A stick figure in a picture of 320 x 320: arms from the neck, legs from one point."""
LINES = (
    ("neck", "pelvis"), ("neck", "head"),
    ("left_shoulder", "left_elbow", "left_wrist"), ("right_shoulder", "right_elbow", "right_wrist"),
    ("left_hip", "left_knee", "left_ankle"), ("right_hip", "right_knee", "right_ankle"),
)  # fmt: skip
HEIGHT = 265
"""Pixels from the top of the standing figure's head to its soles."""


def stick_mask(joints=None, width: int = 7, head: int = 25, size: tuple[int, int] = (320, 320)) -> np.ndarray:
    """(h, w) bool: lines and a filled disc for the head."""
    import cv2

    joints = joints or STANDING
    mask = np.zeros(size, dtype=np.uint8)
    for line in LINES:
        points = np.array([joints[name] for name in line], dtype=np.int32)
        cv2.polylines(mask, [points], False, 1, width)
    cv2.circle(mask, joints["head"], head, 1, -1)
    return mask > 0


def stick_picture(joints=None, ground=(245, 243, 235), ink=(30, 30, 40), width: int = 5) -> np.ndarray:
    """(320, 320, 3) uint8: ink lines and a ring for the head, on paper."""
    import cv2

    joints = joints or STANDING
    picture = np.full((320, 320, 3), ground, dtype=np.uint8)
    for line in LINES:
        points = [joints[name] for name in line]
        if line == ("neck", "head"):
            points[1] = (points[1][0], points[1][1] + 25)
        cv2.polylines(picture, [np.array(points, dtype=np.int32)], False, ink, width, cv2.LINE_AA)
    cv2.circle(picture, joints["head"], 25, ink, width, cv2.LINE_AA)
    return picture


def mirrored_joints(joints=None, width: int = 320) -> dict:
    """The joints of the mirror image; left becomes right."""
    swap = {"left": "right", "right": "left"}
    found = {}
    for name, (x, y) in (joints or STANDING).items():
        side, _, rest = name.partition("_")
        found[f"{swap[side]}_{rest}" if side in swap else name] = (width - 1 - x, y)
    return found


def stick_on_paper() -> np.ndarray:
    """(600, 400, 3) white paper with a black stick figure whose right arm, on the picture's left, is raised."""
    import cv2

    paper = np.full((600, 400, 3), 255, np.uint8)
    lines = [
        ((200, 150), (200, 330)),
        ((200, 330), (140, 440)),
        ((140, 440), (130, 550)),
        ((200, 330), (260, 440)),
    ]
    lines += [
        ((260, 440), (270, 550)),
        ((200, 180), (120, 200)),
        ((120, 200), (60, 120)),
        ((200, 180), (280, 230)),
    ]
    for start, end in [*lines, ((280, 230), (300, 320))]:
        cv2.line(paper, start, end, (0, 0, 0), 6)
    cv2.circle(paper, (200, 105), 45, (0, 0, 0), 6)
    return paper
