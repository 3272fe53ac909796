"""Drawn faces: 68 white dots, all alike. Which is which is said by where they lie.

The standard head's landmarks (template.py) are laid over the dots by an affine camera, dots and landmarks being
paired anew each time, and then drawn towards their dots smoothly (a registration by alternating pairs and a
smooth warp: Besl & McKay, PAMI 14, 1992; Chui & Rangarajan, CVIU 89, 2003).
"""

from __future__ import annotations

import numpy as np

from ..geometry.assignment import cheapest_pairs
from ..geometry.landmarks import FACE
from ..geometry.skeleton import JOINT_INDEX
from ..geometry.template import OFFSETS
from .discs import find_discs, union_radius

TEMPLATE = OFFSETS[[JOINT_INDEX[name] for name in FACE]]
"""(68, 3) the standard head's face, x to the person's left, y down, z away, in statures."""
FEWEST = 12
"""Dots from which on a face is named: fewer fit many ways."""
YAWS = (0.0, -0.6, 0.6, -1.1, 1.1)
ROLLS = (0.0, -0.4, 0.4)
SMOOTH = (0.5, 0.3, 0.2)
"""Widths of the smooth warp, as shares of the face's size, from stiff to soft."""


def face_dots(white: np.ndarray, joint_radius: float) -> np.ndarray:
    """(n, 2) centres of the white dots in a (H, W) mask. They are drawn last: all their border is seen."""
    radius = union_radius(white, 0.33 * joint_radius, 0.9 * joint_radius) if white.any() else None
    return (
        np.zeros((0, 2)) if radius is None else find_discs(white, np.zeros_like(white), radius + 0.3).centres
    )


def named_face(
    dots: np.ndarray, roll: float | None = None, away: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2) dots -> (68, 2) the face's landmarks, NaN where no dot is left for one, and (68, 2) where the standard
    head has them; all NaN where the dots are too few.

    roll  radians by which the head is tilted in the picture, where it is known
    away  whether the head shows its back: its landmarks are drawn all the same, as in a mirror
    """
    named = np.full((len(FACE), 2), np.nan)
    if len(dots) < FEWEST:
        return named, named
    rolls = ROLLS if roll is None else (roll,)
    fits = [_affine_fit(dots, _start(dots, yaw, r)) for r in rolls for yaw in np.add(YAWS, np.pi * away)]
    cost, model = min(fits, key=lambda fit: fit[0])
    size = np.linalg.norm(np.ptp(dots, axis=0))
    for width in SMOOTH:
        for _ in range(3):
            model = _warped(model, dots, width * size)
    pairs, distance = _pairs(model, dots)
    good = distance < 0.12 * size
    named[pairs[good, 0]] = dots[pairs[good, 1]]
    return named, model


def _start(dots: np.ndarray, yaw: float, roll: float) -> np.ndarray:
    """(68, 2) the template turned and laid over the dots' extent."""
    turned = np.stack([TEMPLATE[:, 0] * np.cos(yaw) + TEMPLATE[:, 2] * np.sin(yaw), TEMPLATE[:, 1]], axis=1)
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    turned = (turned - turned.mean(axis=0)) @ turn.T
    scale = np.sqrt(np.prod(np.ptp(dots, axis=0) + 1e-6) / np.prod(np.ptp(turned, axis=0)))
    middle = (dots.max(axis=0) + dots.min(axis=0)) / 2 - scale * (turned.max(axis=0) + turned.min(axis=0)) / 2
    return scale * turned + middle


def _pairs(model: np.ndarray, dots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(k, 2) landmark and dot, each once, and (k,) their distance."""
    distance = np.linalg.norm(model[:, None] - dots[None], axis=2)
    columns = cheapest_pairs(distance**2)
    rows = np.flatnonzero(columns >= 0)
    return np.stack([rows, columns[rows]], axis=1), distance[rows, columns[rows]]


def _affine_fit(dots: np.ndarray, model: np.ndarray) -> tuple[float, np.ndarray]:
    """Cost and (68, 2): the template under the affine camera that meets the dots best, from a first guess."""
    space = np.concatenate([TEMPLATE / np.ptp(TEMPLATE), np.ones((len(TEMPLATE), 1))], axis=1)
    for _ in range(8):
        distance = np.linalg.norm(model[:, None] - dots[None], axis=2)
        nearest, back = distance.argmin(axis=1), distance.argmin(axis=0)
        mutual = back[nearest] == np.arange(len(model))
        rows = np.concatenate([np.flatnonzero(mutual), back])
        goals = np.concatenate([dots[nearest[mutual]], dots])
        normal = space[rows].T @ space[rows] + np.diag([0.1, 0.1, 1.0, 0.0])
        start = np.linalg.lstsq(space, model, rcond=None)[0]
        pull = np.diag([0.1, 0.1, 1.0, 0.0]) @ start
        model = space @ np.linalg.solve(normal, space[rows].T @ goals + pull)
    _, distance = _pairs(model, dots)
    return float(np.minimum(distance, np.median(distance) * 4).mean()), model


def _warped(model: np.ndarray, dots: np.ndarray, width: float) -> np.ndarray:
    """(68, 2) moved towards its dots as its neighbours move, over `width` pixels."""
    pairs, distance = _pairs(model, dots)
    near = distance <= max(3 * np.median(distance), 1.0)
    rows = pairs[near, 0]
    step = dots[pairs[near, 1]] - model[rows]
    squared = ((model[:, None] - model[rows][None]) ** 2).sum(axis=2)
    weight = np.exp(-0.5 * squared / width**2)
    return model + weight @ step / np.maximum(weight.sum(axis=1, keepdims=True), 1e-6)
