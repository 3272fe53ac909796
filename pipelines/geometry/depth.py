"""The depth of every landmark: metric hints and foreshortening weighed against each other, bone by bone."""

from __future__ import annotations

import numpy as np

from . import rotation
from .evidence import BONES, Evidence
from .fitting import HEAD
from .landmarks import INDEX, PARTS
from .level import complete_hand, hand_steps, level_depths
from .template import LENGTH, OFFSETS, TRUNK

LONGEST = 1.35
"""A bone is never lifted longer than this times the standard body's (children, chibi and noise included)."""
METRIC, GUESSED = (0.92, 0.75), (0.82, 0.62)
"""Apparent over expected length: above the first number a bone lies in the picture's plane as far as its
length can tell (at 0.92 it is already 23 degrees out), below the second foreshortening decides. Later where
the expected length is the standard body's, from which people differ by some 10 percent."""
STEADY = 0.4
"""How much of the detector's depth an unshortened bone takes while that depth is small: the detector's bias
there is larger than what the bone does (standing legs come out bent by 25 degrees at 1, by 10 at 0.4)."""
STEADY_UNTIL = (0.2, 0.45)
"""Depth over length from which on the detector is taken at its word: between 12 and 27 degrees."""


def bone_depth(
    flat: float,
    hint: float,
    length: float,
    trust: float = np.inf,
    shortening: tuple[float, float] = METRIC,
) -> float:
    """The depth of a bone's end against its start, pixels.

    flat    apparent length
    hint    depth by the detector; its sign is always taken
    length  expected length in space
    trust   where foreshortening decides, the depth may still not exceed `trust`
    shortening  see METRIC
    """
    full = np.sqrt(max(length * length - flat * flat, 0.0))
    steep = np.clip(
        (abs(hint) / max(length, 1e-9) - STEADY_UNTIL[0]) / np.subtract(*STEADY_UNTIL[::-1]), 0, 1
    )
    shown = (STEADY + (1 - STEADY) * steep) * abs(hint)
    weight = np.clip((shortening[0] - flat / max(length, 1e-9)) / (shortening[0] - shortening[1]), 0, 1)
    amount = (1 - weight) * min(shown, full) + weight * min(full, trust)
    return float(np.copysign(amount, hint))


def depths(evidence: Evidence) -> np.ndarray:
    """(133,) z in pixels, NaN where a landmark is absent; the middle of the hips is 0 unless the evidence is level."""
    if evidence.level:
        return level_depths(evidence)
    z = np.full(133, np.nan)
    _trunk_depths(evidence, z)
    for start, end, sign in BONES:
        if evidence.has(start, end) and np.isfinite(z[INDEX[start]]):
            z[INDEX[end]] = z[INDEX[start]] + _bone(evidence, start, end, sign)
    _stands_over_its_feet(evidence, z)
    _hinges_bend_forward(evidence, z)
    _small_toes(evidence, z)
    _head_depths(evidence, z)
    _hand_depths(evidence, z)
    return np.where(evidence.seen, np.where(np.isnan(z), 0.0, z), np.nan)


def _bone(evidence: Evidence, start: str, end: str, sign: float) -> float:
    """Depth of one limb bone. Its length is pooled from both sides: the metric landmarks of both, and never
    less than the other side's apparent length, because foreshortening only shortens."""
    flat = float(np.linalg.norm(evidence.step(start, end)))
    standard = LENGTH[INDEX[end]] * evidence.stature
    side, other = ("left", "right") if start.startswith("left") else ("right", "left")
    pair = [name.replace(side, other) for name in (start, end)]
    twin = float(np.linalg.norm(evidence.step(*pair))) if evidence.has(*pair) else 0.0
    twin = min(twin, LONGEST * standard)
    if not evidence.metric(start, end):
        return bone_depth(flat, sign * 1e-6, max(standard, twin), shortening=GUESSED)
    steps = [evidence.world_step(start, end), evidence.world_step(*pair)]
    pooled = min(np.nanmean([np.linalg.norm(step) for step in steps]), LONGEST * standard)
    hint = steps[0][2]
    trust = max(2 * abs(hint) + 0.1 * standard, np.sqrt(max(twin**2 - flat**2, 0.0)))
    return bone_depth(flat, hint, max(pooled, twin), trust)


def _line(evidence: Evidence, right: str, left: str, width: float) -> float:
    """Depth of the left end of a hip or shoulder line against its right end."""
    flat = float(np.linalg.norm(evidence.step(right, left)))
    if not evidence.metric(right, left):
        return bone_depth(flat, 1e-6 * _head_turn(evidence), width * evidence.stature, shortening=GUESSED)
    step = evidence.world_step(right, left)
    length = min(np.linalg.norm(step), LONGEST * width * evidence.stature)
    return bone_depth(flat, step[2], length, trust=2 * abs(step[2]))


def _head_turn(evidence: Evidence) -> float:
    """Which way the nose points off the middle of ears or eyes: +1 to the person's left, then the left side
    of the body is further away; -1 to the right; 0 where it does not tell."""
    for pair in ("ear", "eye"):
        left, right = f"left_{pair}", f"right_{pair}"
        if evidence.has("nose", left, right):
            aside = evidence.step(right, "nose")[0] + evidence.step(left, "nose")[0]
            return float(np.sign(aside))
    return float(evidence.has("left_ear")) * -1.0 + float(evidence.has("right_ear"))


def _trunk_depths(evidence: Evidence, z: np.ndarray) -> None:
    hips, shoulders = ("right_hip", "left_hip"), ("right_shoulder", "left_shoulder")
    middle = 0.0
    if evidence.has(*hips, *shoulders) and evidence.metric(*hips, *shoulders):
        up = (
            sum(
                evidence.world[INDEX[s]] - evidence.world[INDEX[h]]
                for s, h in zip(shoulders, hips, strict=True)
            )
            / 2
        )
        flat = np.linalg.norm(sum(evidence.step(h, s) for h, s in zip(hips, shoulders, strict=True)) / 2)
        length = min(np.linalg.norm(up), LONGEST * TRUNK * evidence.stature)
        middle = bone_depth(float(flat), up[2], length, trust=abs(up[2]) * 1.5)
    for pair, centre, width in ((hips, 0.0, 0.10), (shoulders, middle, 0.22)):
        half = _line(evidence, *pair, width) / 2 if evidence.has(*pair) else 0.0
        for name, sign in zip(pair, (-1, 1), strict=True):
            z[INDEX[name]] = centre + sign * half if evidence.has(name) else np.nan


def _facing(evidence: Evidence, z: np.ndarray, part: str) -> np.ndarray:
    """(3,) which way the hips or shoulders face, horizontally."""
    left, right = INDEX[f"left_{part}"], INDEX[f"right_{part}"]
    across = np.append(evidence.xy[left] - evidence.xy[right], z[left] - z[right])
    return rotation.unit([across[2], 0.0, -across[0]], [0.0, 0.0, -1.0])


def _stands_over_its_feet(evidence: Evidence, z: np.ndarray) -> None:
    """Takes from the ankles the depth that both share, for a person whose thighs hang down.

    Cameras at chest height shorten both shanks; read as foreshortening, that would lean the shanks of every
    standing person back, and lengthen them. What both knees are bent alike is mostly the same bias.
    """
    sides = ("left_", "right_")
    names = [side + joint for joint in ("hip", "knee", "ankle") for side in sides]
    thigh = LENGTH[INDEX["left_knee"]] * evidence.stature
    if not evidence.has(*names) or min(evidence.step(s + "hip", s + "knee")[1] for s in sides) < 0.75 * thigh:
        return
    hips = z[[INDEX[name] for name in names[:2]]].mean()
    ankles = [z[INDEX[name]] - hips for name in names[4:]]
    shared = np.sign(ankles[0]) * min(map(abs, ankles)) if ankles[0] * ankles[1] > 0 else 0.0
    feet = [INDEX[side + name] for name in ("ankle", "big_toe", "small_toe", "heel") for side in sides]
    z[feet] -= shared
    knees = [INDEX[side + "knee"] for side in sides]
    before = [hips - z[knee] for knee in knees]
    z[knees] += (1 - STEADY) * max(min(before), 0.0)


def _hinges_bend_forward(evidence: Evidence, z: np.ndarray) -> None:
    """Moves knees behind their leg, and elbows before a hanging arm, onto the straight line in depth."""
    for part, hinge, end, sign in (("hip", "knee", "ankle", 1), ("shoulder", "elbow", "wrist", -1)):
        if not evidence.has(f"left_{part}", f"right_{part}"):
            continue
        facing = _facing(evidence, z, part) * sign
        for side in ("left_", "right_"):
            names = [side + part, side + hinge, side + end]
            if not evidence.has(*names) or abs(facing[2]) < 0.5:
                continue
            top, middle, bottom = (np.append(evidence.xy[INDEX[n]], z[INDEX[n]]) for n in names)
            hanging = min(middle[1] - top[1], bottom[1] - middle[1]) > 0.5 * np.linalg.norm(bottom - top) / 2
            share = np.clip(
                (middle - top) @ (bottom - top) / max((bottom - top) @ (bottom - top), 1e-9), 0, 1
            )
            behind = (middle - top - share * (bottom - top)) @ facing
            if hanging and behind < 0:
                z[INDEX[names[1]]] -= behind / facing[2]


def _small_toes(evidence: Evidence, z: np.ndarray) -> None:
    """The small toe lies beside the big toe, across the foot's own direction."""
    for side, sign in (("left_", 1), ("right_", -1)):
        big, small, heel = (INDEX[side + n] for n in ("big_toe", "small_toe", "heel"))
        if not evidence.has(side + "small_toe", side + "big_toe") or np.isfinite(evidence.world[small]).all():
            continue
        foot = np.array([evidence.xy[big][0] - evidence.xy[heel][0], z[big] - z[heel]])
        forward = rotation.unit(foot, [0.0, -1.0]) if evidence.seen[heel] else np.array([0.0, -1.0])
        step = OFFSETS[INDEX["left_small_toe"]] - OFFSETS[INDEX["left_big_toe"]]
        z[small] = z[big] + evidence.stature * (sign * step[0] * forward[0] - step[2] * forward[1])


def _head_depths(evidence: Evidence, z: np.ndarray) -> None:
    """The head hangs before the shoulders' middle as far as the detector says; the face follows the
    template."""
    seen = [j for j in HEAD if evidence.seen[j]]
    shoulders = [INDEX["left_shoulder"], INDEX["right_shoulder"]]
    base = (
        np.nan_to_num(np.nanmean(np.append(z[shoulders], 0.0)))
        if np.isnan(z[shoulders]).any()
        else z[shoulders].mean()
    )
    if not seen:
        return
    if np.isfinite(evidence.world[list(HEAD) + shoulders]).all():
        ears = evidence.world[[INDEX["left_ear"], INDEX["right_ear"]]].mean(axis=0)
        step = ears - evidence.world[shoulders].mean(axis=0)
        flat = np.linalg.norm(evidence.xy[seen].mean(axis=0) - evidence.xy[shoulders].mean(axis=0))
        centre = base + bone_depth(float(flat), step[2], float(np.linalg.norm(step)), trust=abs(step[2]))
        z[seen] = centre + evidence.world[seen, 2] - ears[2]
        observed = evidence.world[list(HEAD)]
        rest = OFFSETS[list(HEAD)]
        head = rotation.kabsch(rest - rest.mean(axis=0), observed - observed.mean(axis=0))
    else:
        centre, head = base, head_from_pixels(evidence.xy[seen], OFFSETS[seen])
        z[seen] = centre + evidence.stature * (OFFSETS[seen] @ head.T)[:, 2]
    face = np.flatnonzero(evidence.seen[PARTS["face"]]) + PARTS["face"].start
    z[face] = centre + evidence.stature * (OFFSETS[face] @ head.T)[:, 2]


def head_from_pixels(xy: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """(n, 2) pixels of n head landmarks, (n, 3) the same on the template -> (3, 3): how the head is turned.

    Tries every yaw and pitch in steps of 5 degrees; roll, scale and offset follow in closed form. A small
    cost per radian keeps few or noisy points facing forward.
    """
    if len(xy) < 3:
        return np.eye(3)
    yaw, pitch = np.meshgrid(
        np.radians(np.arange(-90, 91, 5)), np.radians(np.arange(-40, 41, 5)), indexing="ij"
    )
    yaw, pitch = yaw.ravel(), pitch.ravel()
    turns = rotation.about(np.array([0.0, 1.0, 0.0]), -yaw) @ rotation.about(np.array([1.0, 0.0, 0.0]), pitch)
    model = np.einsum("kij,nj->kni", turns, rest - rest.mean(axis=0))
    shape, target = model[..., 0] + 1j * model[..., 1], (xy - xy.mean(axis=0)) @ [1, 1j]
    scale = (shape.conj() * target).sum(axis=1) / np.maximum((np.abs(shape) ** 2).sum(axis=1), 1e-12)
    error = (np.abs(target - scale[:, None] * shape) ** 2).sum(axis=1) / max(
        (np.abs(target) ** 2).sum(), 1e-12
    )
    best = int(np.argmin(error + 0.02 * (yaw**2 + pitch**2)))
    return rotation.about(np.array([0.0, 0.0, 1.0]), float(np.angle(scale[best]))) @ turns[best]


def _hand_depths(evidence: Evidence, z: np.ndarray) -> None:
    """Where metric landmarks tell of a hand's points, those against its wrist; the others by `complete_hand`."""
    for side in ("left_", "right_"):
        wrist = INDEX[f"{side}wrist"]
        hand = [INDEX[name] for name in hand_steps(side)]
        if np.isfinite(evidence.world[wrist]).all():
            z[hand] = z[wrist] + evidence.world[hand, 2] - evidence.world[wrist, 2]
        complete_hand(evidence, z, side)
