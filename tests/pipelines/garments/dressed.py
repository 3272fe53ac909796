"""A painted person in clothes whose every pixel is known: body parts as capsules, dressed by a rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from repose.pipelines.geometry.keypoints import Keypoints
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.motion import bones
from repose.pipelines.geometry.parts import PARTS
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skeleton import Skeleton
from repose.pipelines.geometry.template import OFFSETS
from repose.pipelines.models.person_parts import CLASSES
from repose.pipelines.segment import Segmentation

CANVAS, STATURE = (480, 360), 400.0
SKIN, HAIR = (0.78, 0.58, 0.47), (0.15, 0.10, 0.08)
RED, BLUE, BLACK, LEATHER, WHITE = (
    (0.7, 0.15, 0.2),
    (0.2, 0.3, 0.6),
    (0.1, 0.1, 0.1),
    (0.3, 0.2, 0.1),
    (0.9,) * 3,
)
CLASS_OF = {
    "hair": "hair", "face": "face_skin", "shoes": "other", "bag": "other", "headwear": "other",
    **dict.fromkeys(("upper", "outer", "lower", "dress"), "clothes"),
}  # fmt: skip
"""What the network sees of a region; body_skin for every other."""

Rule = Callable[[str, float, float], tuple[str, tuple[float, float, float]]]
"""A body part, and a place by heights and half breadths of the trunk (down 0 at the shoulders, 1 at the hips; aside
from the middle) -> its region and colour."""


class Dressed(NamedTuple):
    """picture (1, 3, H, W), keypoints, cut, and the truth: by region (H, W) bool."""

    picture: torch.Tensor
    keypoints: Keypoints
    cut: Segmentation
    truth: dict[str, np.ndarray]

    def painted(self, where: np.ndarray, kind: str, colour: tuple[float, float, float]) -> Dressed:
        """With something in it that the network takes for `kind`, one of CLASSES."""
        inside = torch.from_numpy(where)
        picture = torch.where(inside, torch.tensor(colour)[:, None, None], self.picture)
        parts = torch.where(inside, 0.0, self.cut.parts)
        parts[:, CLASSES.index(kind)] = torch.where(inside, 1.0, parts[:, CLASSES.index(kind)])
        return Dressed(picture, self.keypoints, Segmentation(1 - parts[:, :1], parts, picture), self.truth)


def grid(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """y, x of every pixel."""
    return np.mgrid[: shape[0], : shape[1]].astype(np.float64)


def standing(pose: str) -> Skeleton:
    """The standard body, 400 pixels tall, in a pose of the library."""
    still, sure = np.tile([1.0, 0, 0, 0], (142, 1)), np.ones((142, 3))
    rest = Skeleton(OFFSETS * STATURE, still, np.array([180.0, 240.0, 0.0]), sure, CANVAS, 1.75 / STATURE)
    return retarget(rest, load_pose(pose))


def dressed(rule: Rule, pose: str = "front") -> Dressed:
    """The standard body in the rule's clothes on a grey ground."""
    skeleton = standing(pose)
    y, x = grid(skeleton.canvas)
    frame, keypoints = bones(skeleton), skeleton.project()
    shoulders, hips = ((keypoints[f"left_{j}"] + keypoints[f"right_{j}"]) / 2 for j in ("shoulder", "hip"))
    half = abs(keypoints["left_shoulder"][0] - keypoints["right_shoulder"][0]) / 2
    owner = np.full(y.shape, -1)
    for p in np.argsort(-(frame.start[:, 2] + frame.end[:, 2])):
        (ax, ay), (bx, by) = frame.start[p][:2], frame.end[p][:2]
        dx, dy = bx - ax, by - ay
        along = np.clip(((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-6), 0, 1)
        owner[np.hypot(x - ax - along * dx, y - ay - along * dy) < PARTS[p].radius * STATURE] = p
    picture = np.full((*y.shape, 3), 0.5) + 0.02 * np.sin(0.9 * x)[..., None]
    classes, truth = np.zeros(y.shape, int), {}
    for i, j in zip(*np.nonzero(owner >= 0), strict=True):
        down = (y[i, j] - shoulders[1]) / (hips[1] - shoulders[1])
        region, colour = rule(PARTS[owner[i, j]].name, down, (x[i, j] - hips[0]) / half)
        truth.setdefault(region, np.zeros(y.shape, bool))[i, j] = True
        picture[i, j] = np.array(colour) * (1 + 0.06 * np.sin(0.7 * x[i, j] + 0.4 * y[i, j]))
        classes[i, j] = CLASSES.index(CLASS_OF.get(region, "body_skin"))
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float().clamp(0, 1)
    parts = (
        torch.nn.functional.one_hot(torch.from_numpy(classes), len(CLASSES)).permute(2, 0, 1)[None].float()
    )
    return Dressed(pixels, keypoints, Segmentation(1 - parts[:, :1], parts, pixels), truth)


def bare(part: str, down: float) -> tuple[str, tuple[float, float, float]] | None:
    """Head, neck, hands: what no rule here dresses."""
    if part == "head":
        return ("hair", HAIR) if down < -0.52 else ("face", SKIN)
    if part == "neck":
        return ("torso_skin", SKIN) if down < 0.02 else None
    if part.endswith(("forearm", "hand")):
        return f"{part.split('_')[0]}_arm_skin", SKIN
    return None


def outfit(upper=RED, lower=BLUE, waist: float = 0.95, shoes=LEATHER) -> Rule:
    """A T-shirt down to the waist, long trousers, shoes."""

    def rule(part: str, down: float, aside: float):
        if found := bare(part, down):
            return found
        if part.endswith("foot"):
            return "shoes", shoes
        return ("upper", upper) if down < waist or part.endswith("arm") else ("lower", lower)

    return rule


def overlap(found: torch.Tensor, truth: np.ndarray) -> float:
    """Intersection over union of a mask (1, 1, H, W) and a truth (H, W)."""
    a = found[0, 0].numpy() > 0.5
    return float((a & truth).sum() / max((a | truth).sum(), 1))
