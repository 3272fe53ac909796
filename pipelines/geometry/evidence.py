"""What a picture's landmarks say before any depth is estimated: pixels, and metric landmarks put to scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import rotation
from .fitting import HEAD
from .keypoints import PRESENT, Keypoints
from .landmarks import INDEX
from .template import LENGTH, STATURE_METRES, TRUNK

BORDER = 0.03
"""Knees and elbows this near to the border (share of the canvas), with nothing seen beyond them, are where
the detector was cut off, not where the joint is."""
STRAIGHT = np.radians(35)
"""Knees bent less than this (about the detector's noise in depth) count as standing."""

LEAN = np.radians(25)
"""The most that levelling takes away."""

BONES = tuple(
    (f"{side}_{start}", f"{side}_{end}", sign)
    for side in ("left", "right")
    for start, end, sign in (
        ("shoulder", "elbow", 1), ("elbow", "wrist", -1), ("hip", "knee", -1), ("knee", "ankle", 1),
        ("ankle", "big_toe", -1), ("ankle", "heel", 1),
    )
)  # fmt: skip
"""Start, end, and the sign of the end's depth where only anatomy can tell."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known before depth: xy (133, 2) and world (133, 3) or NaN, both in pixels; seen (133,) bool;
    stature in pixels; level: world's depth is to be taken as it is (Keypoints.level)."""

    xy: np.ndarray
    seen: np.ndarray
    world: np.ndarray
    stature: float
    metres_per_pixel: float
    level: bool = False

    def has(self, *names: str) -> bool:
        return all(self.seen[INDEX[name]] for name in names)

    def metric(self, *names: str) -> bool:
        return all(np.isfinite(self.world[INDEX[name]]).all() for name in names)

    def step(self, start: str, end: str) -> np.ndarray:
        """(2,) pixels from one landmark to another."""
        return self.xy[INDEX[end]] - self.xy[INDEX[start]]

    def world_step(self, start: str, end: str) -> np.ndarray:
        return self.world[INDEX[end]] - self.world[INDEX[start]]


def gather(keypoints: Keypoints) -> Evidence:
    """The pixels, and the detector's metric landmarks levelled and scaled to them."""
    xy = keypoints.points.astype(np.float64)
    seen = seen_landmarks(keypoints)
    _require_body(seen)
    scale = None if keypoints.world is None else _scale_fit(xy, seen, keypoints.world)
    world = None if scale is None else np.asarray(keypoints.world, dtype=np.float64)
    votes = () if world is None else _stature_votes(world, np.isfinite(world).all(axis=1))
    if not len(votes):  # of a head alone there is no bone
        stature = _apparent_stature(xy, seen)
        return Evidence(xy, seen, np.full((133, 3), np.nan), stature, STATURE_METRES / stature)
    world = world if keypoints.level else levelled(world, seen)
    return Evidence(xy, seen, world * scale, float(np.median(votes)) * scale, 1 / scale, keypoints.level)


def seen_landmarks(keypoints: Keypoints) -> np.ndarray:
    """(133,) bool: present, and not merely the place where a limb leaves the picture."""
    seen = keypoints.confidence >= PRESENT
    height, width = keypoints.canvas
    margin = np.array([width, height]) * BORDER
    near = (keypoints.points < margin) | (keypoints.points > [width - 1, height - 1] - margin)
    for hinge, end in (("knee", "ankle"), ("elbow", "wrist")):
        for side in ("left_", "right_"):
            j = INDEX[side + hinge]
            seen[j] &= bool(seen[INDEX[side + end]] or not near[j].any())
    return seen


def _require_body(seen: np.ndarray) -> None:
    pairs = (("left_shoulder", "right_shoulder"), ("left_hip", "right_hip"))
    if any(seen[INDEX[a]] and seen[INDEX[b]] for a, b in pairs) or seen[list(HEAD)].sum() >= 3:
        return
    raise ValueError(
        f"only {int(seen.sum())} of 133 landmarks are present, and neither both shoulders nor both hips nor "
        "a face: there is no body to lift. Use a picture in which the person's trunk or face is seen."
    )


def _scale_fit(xy: np.ndarray, seen: np.ndarray, world: np.ndarray) -> float | None:
    """Pixels per metre: least squares of pixels on metres (weak perspective), reweighted by Huber's rule.

    None where fewer than four body landmarks are both seen and metric, or where the fit makes no sense.
    """
    use = seen[:17] & np.isfinite(world[:17]).all(axis=1)
    if use.sum() < 4:
        return None
    metres, pixels, weight = world[:17][use, :2], xy[:17][use], np.ones(use.sum())
    for _ in range(10):
        share = weight[:, None] / weight.sum()
        a, b = metres - (share * metres).sum(axis=0), pixels - (share * pixels).sum(axis=0)
        scale = (weight[:, None] * a * b).sum() / max((weight[:, None] * a * a).sum(), 1e-12)
        residual = np.linalg.norm(b - scale * a, axis=1)
        knee = 1.345 * max(1.4826 * np.median(residual), 1e-9)
        weight = np.minimum(1, knee / np.maximum(residual, 1e-12))
    return float(scale) if np.isfinite(scale) and scale > 1e-6 else None


def levelled(world: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """(133, 3) metric landmarks of a standing person, pitched so that the ankles stand under the shoulders.

    The detector leans people by 10-15 degrees (head to the camera, feet away) because it takes the picture's
    perspective for their posture. People who do not stand are left as they are. Where the legs are not in the
    picture the hips stand in for the ankles.
    """
    names = ("shoulder", "hip", "knee", "ankle")
    points = {n: (world[INDEX[f"left_{n}"]] + world[INDEX[f"right_{n}"]]) / 2 for n in names}
    legs = all(seen[INDEX[f"{side}_{n}"]] for n in ("knee", "ankle") for side in ("left", "right"))
    down = points["ankle" if legs else "hip"] - points["shoulder"]
    thigh, shank = points["knee"] - points["hip"], points["ankle"] - points["knee"]
    if not np.isfinite(down).all() or down[1] < np.linalg.norm(down[[0, 2]]):
        return world
    if legs and rotation.angle_between(thigh, shank) > STRAIGHT:
        return world
    lean = np.clip(np.arctan2(down[2], down[1]), -LEAN, LEAN)
    return world @ rotation.about([1.0, 0.0, 0.0], -lean).T


def _stature_votes(points: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """What every usable bone says the stature is, its standard share of the stature being known."""
    bones = [
        (INDEX[a], INDEX[b], LENGTH[INDEX[b]]) for a, b, _ in BONES if "toe" not in b and "heel" not in b
    ]
    bones += [(INDEX[f"{s}_shoulder"], INDEX[f"{s}_hip"], np.hypot(TRUNK, 0.06)) for s in ("left", "right")]
    bones += [(INDEX["left_shoulder"], INDEX["right_shoulder"], 0.22)]
    votes = [
        np.linalg.norm(points[a] - points[b]) / share for a, b, share in bones if usable[a] and usable[b]
    ]
    return np.array(votes)


def _apparent_stature(xy: np.ndarray, seen: np.ndarray) -> float:
    """Pixels. Foreshortening only ever shortens: a high quantile of the votes; a portrait's from its head."""
    votes = _stature_votes(xy, seen)
    if len(votes):
        return float(max(np.quantile(votes, 0.75), 1e-3))
    head = xy[[j for j in HEAD if seen[j]]]
    return float(max(np.ptp(head, axis=0).max() / 0.086, 1e-3))
