"""Packs the kit: the body's linear model, the garments split and bound, pictures made small, light from all around.

Needs the packages of assets.PACKAGES and, for the light alone, the package `OpenEXR`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch

from ..scene import REGIONS
from . import assets, basemesh, basis, landmarks
from .archive import write
from .assets import BODY, CLOTHES, LIGHTS, Package
from .basemesh import BaseMesh, Rig
from .kit import Kit, Landmarks
from .licences import admit
from .skies import check_reader, environments
from .wardrobe import items, skins

COMPONENTS = 208
SAMPLED = 3000
LIMBS = (
    (r"head|eye|neck0[23]", "face"),
    (r"(upperarm|lowerarm|wrist|metacarpal|finger).*\.L", "left_arm_skin"),
    (r"(upperarm|lowerarm|wrist|metacarpal|finger).*\.R", "right_arm_skin"),
    (r"(upperleg|lowerleg|foot|toe).*\.L", "left_leg_skin"),
    (r"(upperleg|lowerleg|foot|toe).*\.R", "right_leg_skin"),
    (r".*", "torso_skin"),
)
"""Which bones move the skin of which region; the first that fits."""


def pack(path: Path, find: Callable[[Package], Path] = assets.archive) -> Path:
    """Fetch what is needed, pack it, write the file. Raises assets.AssetError and licences.LicenceRefused."""
    for asset in assets.ASSETS:
        admit(asset.id, asset.licence, asset.author)
    check_reader()
    mesh = basemesh.read(find(BODY))
    return write(build(mesh, _members(CLOTHES, find), _members(LIGHTS, find)), path)


Members = Callable[[Iterable[str]], dict[str, bytes]]
"""Names of a package's files -> their bytes."""


def build(mesh: BaseMesh, clothes: Members, lights: Members) -> Kit:
    """The kit of a base mesh and of two packages' members."""
    rig = mesh.rig()
    target = basis.targets(mesh)
    shape = basis.basis(
        target, basis.people(SAMPLED, np.random.default_rng(0)), COMPONENTS, emphasis(mesh, rig)
    )
    mean, components = (torch.from_numpy(a.astype(np.float32)) for a in (shape.mean, shape.components))
    faces, uv = body_faces(mesh)
    count = len(mesh.vertices)
    indices, weights = landmarks.build(mesh)
    return Kit(
        mean[:count], components[:, :count], mean[count:], components[:, count:],
        rig.labels, rig.parents,
        torch.from_numpy(rig.weights.astype(np.float32)), torch.from_numpy(rig.bones),
        torch.from_numpy(faces), torch.from_numpy(uv.astype(np.float32)), torch.from_numpy(regions(rig, faces)),
        {name: torch.from_numpy(mesh.group(name)) for name in mesh.quads},
        Landmarks(torch.from_numpy(indices), torch.from_numpy(weights.astype(np.float32))),
        shape.map,
        items(mesh, clothes),
        skins(clothes),
        environments(lights),
    )  # fmt: skip


def emphasis(mesh: BaseMesh, rig: Rig) -> np.ndarray:
    """(V + B,): how much an error of each point counts."""
    head = np.isin(
        rig.bones, [i for i, label in enumerate(rig.labels) if label in ("head", "neck02", "neck03")]
    )
    vertices = 1 + (basis.HEAD_EMPHASIS - 1) * (rig.weights * head).sum(axis=1)
    return np.concatenate([vertices, np.full(len(rig.labels), 2.0)])


def body_faces(mesh: BaseMesh) -> tuple[np.ndarray, np.ndarray]:
    """Triangles (F, 3) of the body's skin and their corners' uv (F, 3, 2)."""
    quads, corners = mesh.quads["body"]
    split = [[0, 1, 2], [0, 2, 3]]
    return quads[:, split].reshape(-1, 3), mesh.uvs[corners[:, split].reshape(-1, 3)]


def regions(rig: Rig, faces: np.ndarray) -> np.ndarray:
    """(F,) uint8: scene.REGIONS by the bones that move a face most."""
    named = [
        next(REGIONS.index(name) for bones, name in LIMBS if re.fullmatch(bones, label))
        for label in rig.labels
    ]
    share = np.zeros((len(rig.weights), len(REGIONS)))
    np.add.at(share, (np.arange(len(share))[:, None], np.array(named)[rig.bones]), rig.weights)
    return share[faces].sum(axis=1).argmax(axis=1).astype(np.uint8)


def _members(package: Package, find: Callable[[Package], Path]) -> Members:
    file = find(package)
    return lambda wanted: assets.members(package, file, wanted)
