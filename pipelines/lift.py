"""Lift keypoints to a skeleton: by depth that is known, else by the learned lifter, else by what the detector says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .geometry import lifting
from .geometry.broadening import broadened
from .geometry.evidence import seen_landmarks
from .geometry.figures.plane import flattened
from .geometry.keypoints import DRAWING, Keypoints
from .geometry.landmarks import INDEX
from .geometry.retarget import Pose, pose_of
from .geometry.skeleton import Skeleton
from .geometry.template import STATURE_METRES
from .models.lifter import LANDMARK, depths

FEWEST = 4
"""Body landmarks that the lifter needs to say anything; with fewer the template's lengths decide
(geometry/depth.py)."""


def lift(keypoints: Keypoints) -> Skeleton:
    """133 landmarks -> the skeleton whose projection gives every present landmark back exactly.

    The learned lifter goes before a detector's metric landmarks: on the 20 standing photos of the openpeople package
    its shanks lean by 6.6 degrees (deviation 2.3, at most 14), MediaPipe's by 9.7 (6.4, at most 34), and of people seen
    from behind MediaPipe makes sitting ones. Raises ValueError when there are not even two shoulders, two hips, or a
    face to start from.
    """
    known = keypoints.level and keypoints.world is not None
    return lifting.lift(keypoints if known else with_depth(keypoints))


def embodied(keypoints: Keypoints) -> Skeleton:
    """The body that is to be moved: a person's lifted to space, a drawn figure's as it lies on the paper."""
    body = lift(keypoints)
    return flattened(body) if keypoints.source == DRAWING else body


def pose_in(keypoints: Keypoints, name: str = "pose") -> Pose:
    """The pose of a person or a drawn figure; the breadth that lines leave out is the standard body's."""
    return pose_of(lift(broadened(keypoints) if keypoints.source == DRAWING else keypoints), name)


def with_depth(keypoints: Keypoints) -> Keypoints:
    """The same landmarks with the learned lifter's depth as metric landmarks (`world`, marked as level).

    Where fewer than FEWEST body landmarks are seen they come back as they are.
    """
    world = _learned(keypoints)
    if world is None:
        return keypoints
    return replace(keypoints, world=world.astype(np.float32), level=True)


def _learned(keypoints: Keypoints) -> np.ndarray | None:
    """(133, 3) metres, level, NaN where the lifter says nothing; None where it sees too little."""
    seen = seen_landmarks(keypoints)
    if seen[:17].sum() < FEWEST:
        return None
    points = np.where(seen[LANDMARK, None], keypoints.points[LANDMARK], 0.0)
    found = depths(points, np.where(seen, keypoints.confidence, 0.0)[LANDMARK])
    world = np.full((133, 3), np.nan)
    world[LANDMARK] = np.column_stack([points, found.depth]) * STATURE_METRES / found.stature
    world[~seen] = np.nan
    return world - _origin(world)


def _origin(world: np.ndarray) -> np.ndarray:
    """(3,) between the hips, or the mean of what there is."""
    hips = world[[INDEX["left_hip"], INDEX["right_hip"]]]
    return hips.mean(axis=0) if np.isfinite(hips).all() else np.nanmean(world, axis=0)
