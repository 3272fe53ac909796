"""Depth from landmarks whose depth is to be taken as it is (Keypoints.level); the rest of face and hands by template.

What comes from a skeleton or from the learned lifter needs no correction: no lean to take away, no weighing against
foreshortening. The lifter speaks of a few points of each hand and of the head; the other points follow from the turn
of palm and head that those few show.
"""

from __future__ import annotations

import numpy as np

from . import rotation
from .evidence import Evidence
from .fitting import HEAD, PALM
from .landmarks import FINGERS, INDEX, PARTS
from .template import OFFSETS

STEEPEST = 0.7
"""Tangent of the largest slope, out of the picture's plane, of a hand of which only the forearm's depth is known."""


def level_depths(evidence: Evidence) -> np.ndarray:
    """(133,) z in pixels, NaN where a landmark is absent."""
    z = np.where(evidence.seen, evidence.world[:, 2], np.nan)
    _face(evidence, z)
    for side in ("left_", "right_"):
        complete_hand(evidence, z, side)
    middle = np.nan_to_num(np.nanmean(z)) if np.isfinite(z).any() else 0.0
    return np.where(evidence.seen, np.where(np.isnan(z), middle, z), np.nan)


def _face(evidence: Evidence, z: np.ndarray) -> None:
    """The face's points where the template has them on a head turned as nose, eyes and ears show."""
    head = [j for j in HEAD if np.isfinite(z[j])]
    face = np.arange(133)[PARTS["face"]]
    face = face[evidence.seen[face] & np.isnan(z[face])]
    if not head or not len(face):
        return
    observed, rest = np.column_stack([evidence.xy[head], z[head]]), OFFSETS[head]
    turn = (
        rotation.kabsch(rest - rest.mean(axis=0), observed - observed.mean(axis=0))
        if len(head) > 2
        else np.eye(3)
    )
    centre = observed[:, 2].mean() - evidence.stature * (rest.mean(axis=0) @ turn.T)[2]
    z[face] = centre + evidence.stature * (OFFSETS[face] @ turn.T)[:, 2]


def hand_steps(side: str) -> dict[str, np.ndarray]:
    """Landmark -> (3,) its place from the wrist on the template."""
    steps, root = {}, OFFSETS[INDEX[f"{side}hand_root"]]
    steps[f"{side}hand_root"] = root
    for finger in FINGERS:
        at = root
        for i in range(1, 5):
            at = at + OFFSETS[INDEX[f"{side}{finger}_{i}"]]
            steps[f"{side}{finger}_{i}"] = at
    return steps


def complete_hand(evidence: Evidence, z: np.ndarray, side: str) -> None:
    """The points of a hand that have no depth: on the palm as its knuckles turn it, else on the forearm's slope."""
    steps, wrist, elbow = hand_steps(side), INDEX[f"{side}wrist"], INDEX[f"{side}elbow"]
    open_ = [j for j in map(INDEX.get, steps) if evidence.seen[j] and np.isnan(z[j])]
    if not open_ or np.isnan(z[wrist]):
        return
    palm = [j for j in (INDEX[f"{side}{name}"] for name in PALM) if np.isfinite(z[j])]
    template = {INDEX[name]: step for name, step in steps.items()}
    if len(palm) >= 2:
        at_wrist = np.append(evidence.xy[wrist], z[wrist])
        observed = np.column_stack([evidence.xy[palm], z[palm]]) - at_wrist
        turn = rotation.kabsch(np.stack([template[j] for j in palm]), observed)
        z[open_] = z[wrist] + evidence.stature * (np.stack([template[j] for j in open_]) @ turn.T)[:, 2]
        return
    z[open_] = z[wrist]
    if np.isfinite(z[elbow]):
        forearm = evidence.xy[wrist] - evidence.xy[elbow]
        flat = max(float(np.linalg.norm(forearm)), 1e-9)
        slope = np.clip((z[wrist] - z[elbow]) / flat, -STEEPEST, STEEPEST)
        z[open_] += slope * ((evidence.xy[open_] - evidence.xy[wrist]) @ forearm) / flat
