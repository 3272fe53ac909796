"""Bodies against bodies: joints read again in a made picture, and by how much a pose turns the person."""

from __future__ import annotations

import math

import numpy as np
import torch

from pipelines.geometry.camera import FORWARD
from pipelines.geometry.keypoints import PRESENT, Keypoints
from pipelines.geometry.landmarks import PARTS
from pipelines.geometry.skeleton import JOINT_INDEX, Skeleton
from pipelines.models.wholebody import KeypointBackend, WholeBodyEstimator

CORRECT = 0.1
"""Share of the larger side of the box round the true joints within which a joint is right: PCK@0.1 (Yang and Ramanan,
"Articulated Human Detection with Flexible Mixtures of Parts", IEEE PAMI 2013)."""
CLEAR = 0.5
"""Confidence from which a joint of the true picture is asked for."""
BODY = PARTS["body"]


def body_reader(backend: KeypointBackend) -> KeypointBackend:
    """The same reader for the body alone, where it is made of parts: hands and face are not asked for."""
    if isinstance(backend, WholeBodyEstimator):
        return WholeBodyEstimator(backend.detector, backend.pose, name=backend.name)
    return backend


def correct_joints(found: Keypoints | None, true: Keypoints) -> float:
    """PCK@0.1 over the 17 body joints that the true picture shows clearly; a joint that was not found is wrong. NaN
    where the true picture shows fewer than two."""
    points, confidence = true.part("body")
    asked = confidence >= CLEAR
    if asked.sum() < 2:
        return math.nan
    if found is None:
        return 0.0
    reach = CORRECT * float(np.ptp(points[asked], axis=0).max())
    again, seen = found.part("body")
    near = np.linalg.norm(again - points, axis=1) <= reach
    return float((near & (seen >= PRESENT))[asked].mean())


def read_again(picture: torch.Tensor, backend: KeypointBackend, true: Keypoints) -> Keypoints | None:
    """The person of (1, 3, H, W) who lies nearest to the true joints; None where nobody is found."""
    people = backend.read(picture)
    return min(people, key=lambda person: _away(person, true)) if people else None


def _away(person: Keypoints, true: Keypoints) -> float:
    both = (person.confidence[BODY] >= PRESENT) & (true.confidence[BODY] >= PRESENT)
    if not both.any():
        return math.inf
    return float(np.linalg.norm(person.points[BODY] - true.points[BODY], axis=1)[both].mean())


def ceiling(picture: torch.Tensor, backend: KeypointBackend, true: Keypoints, known: bool) -> float:
    """What the detector scores on the true picture. known: `true` is exact; else it is the detector's own word, and it
    is asked again about the mirrored picture."""
    if known:
        return correct_joints(read_again(picture, backend, true), true)
    found = read_again(picture.flip(-1), backend, true.mirrored())
    return correct_joints(None if found is None else found.mirrored(), true)


def turn_between(source: Skeleton, target: Skeleton) -> float:
    """Degrees in [0, 180] about the vertical between where two bodies face: the mean of pelvis and chest."""
    ways = [_heading(skeleton) for skeleton in (source, target)]
    apart = math.degrees(ways[1] - ways[0])
    return abs((apart + 180) % 360 - 180)


def _heading(skeleton: Skeleton) -> float:
    """Radians about the vertical; pelvis and chest level, so that a bow is no turn."""
    turned = skeleton.forward().rotations
    ways = [turned[JOINT_INDEX[name]] @ FORWARD for name in ("pelvis", "chest")]
    level = [way[[0, 2]] / max(float(np.hypot(way[0], way[2])), 1e-9) for way in ways]
    return math.atan2(*(level[0] + level[1]))
