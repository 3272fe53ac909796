"""The kit: everything synthetic people are made of, read from one packed file.

The body is a linear model of MakeHuman's base mesh (19,158 vertices, the helpers that clothes hang on among them)
in the axes of scene.py at rest: metres, x to the person's left, y down, facing -z, soles at y = 0, the root bone over
x = z = 0. The rest pose is MakeHuman's: arms lowered about 45 degrees, elbows slightly bent.

The file is a zip: kit.json, .npy arrays without pickle, pictures as WebP or PNG. Pictures are decoded when asked for.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .shapes import ShapeMap

FORMAT = 1
"""Raised when a packed file of before can no longer be read."""


class KitError(ValueError):
    """The packed file is missing, damaged, of another format, or asked for something it does not hold."""


@dataclass(frozen=True, eq=False, repr=False)
class Texture:
    """A packed picture, decoded when asked for; the arrays are shared and read-only.

    colour: WebP or PNG bytes, sRGB; alpha, normal, occlusion: the same or None.
    """

    colour: bytes
    alpha: bytes | None = None
    normal: bytes | None = None
    occlusion: bytes | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Item:
    """Something worn or grown: clothes, shoes, hats, glasses, hair, eyes, eyebrows, eyelashes. N vertices, F triangles.

    faces (F, 3) int64 into its own N vertices; uv (F, 3, 2) of each corner, u right and v down, [0, 1] but for a few
    garments that tile (then wrap).

    binding (N, 3) int64 base vertices, weights (N, 3), offsets (N, 3) metres: on a body with vertices B,
        vertex = sum_k weights[k] * B[binding[k]] + scale * offsets
    where offsets are along the world axes at rest of the base mesh that MakeHuman's garments were made on, and
    scale (3,) = span of B[anchors] / spans, per axis (anchors: base vertices of the item's neighbourhood; a span is
    max - min): offsets grow with the part of the body the item sits on, as in MakeHuman's x, y, z scales.
    `fitted` does this. Weights may be negative or above 1 (they extrapolate in the triangle's plane).

    hides (V,) bool: base vertices that the item covers; a body face is dropped when all its vertices are hidden.
    kind: one of assets.KINDS; layer: what is worn over what (0 innermost); region, material: indices of
    scene.REGIONS and scene.MATERIALS; two_sided: thin sheets seen from behind; skirt: cloth between the legs;
    sexes: of "female", "male"; variants: names of further colourings (the first is the default).
    """

    id: str
    kind: str
    source: str
    licence: str
    author: str
    sexes: tuple[str, ...]
    layer: int
    region: int
    material: int
    two_sided: bool
    skirt: bool
    faces: Tensor
    uv: Tensor
    binding: Tensor
    weights: Tensor
    offsets: Tensor
    anchors: Tensor
    spans: Tensor
    hides: Tensor
    textures: Mapping[str, Texture]

    @property
    def variants(self) -> tuple[str, ...]:
        return tuple(self.textures)

    def fitted(self, body: Tensor) -> Tensor:
        """(..., V, 3) base vertices at rest -> (..., N, 3) the item's vertices on that body."""
        anchors = body[..., self.anchors, :]
        scale = (anchors.amax(-2) - anchors.amin(-2)) / self.spans
        held = (self.weights[..., None] * body[..., self.binding, :]).sum(-2)
        return held + scale[..., None, :] * self.offsets

    def albedo(self, variant: str | None = None) -> np.ndarray:
        """sRGB uint8 (H, W, 3)."""
        return decoded(self._texture(variant).colour, "RGB")

    def alpha(self, variant: str | None = None) -> np.ndarray | None:
        """uint8 (H, W), 255 opaque; None: opaque everywhere."""
        return decoded(self._texture(variant).alpha, "L")

    def normal(self, variant: str | None = None) -> np.ndarray | None:
        """uint8 (H, W, 3): tangent space, 127.5 is 0; red along +u, green up (against +v), blue outwards."""
        return decoded(self._texture(variant).normal, "RGB")

    def occlusion(self, variant: str | None = None) -> np.ndarray | None:
        """uint8 (H, W), 255 open."""
        return decoded(self._texture(variant).occlusion, "L")

    def _texture(self, variant: str | None) -> Texture:
        if variant is None:
            return next(iter(self.textures.values()))
        if variant not in self.textures:
            raise KitError(f"{self.id} has no variant {variant}; it has {', '.join(self.textures)}")
        return self.textures[variant]


@dataclass(frozen=True, eq=False, repr=False)
class Skin:
    """A skin's picture over the body's uv, with what it shows.

    sex "female" or "male"; age "young", "middleage" or "old"; ethnicity "african", "asian" or "caucasian"; underwear:
    whether underwear is painted on.
    """

    id: str
    licence: str
    author: str
    sex: str
    age: str
    ethnicity: str
    underwear: bool
    texture: Texture

    def albedo(self) -> np.ndarray:
        """sRGB uint8 (H, W, 3)."""
        return decoded(self.texture.colour, "RGB")


@dataclass(frozen=True, eq=False, repr=False)
class Environment:
    """Light from all around: an equirectangular picture in the axes of scene.py.

    Row r of H looks at polar angle pi * (r + 0.5) / H from straight up (-y): the sky is on top. Column c of W looks at
    azimuth a = 2 pi * ((c + 0.5) / W - 0.5): direction (sin a, ., cos a) across the floor; the middle column looks
    along +z (what a camera that looks straight ahead sees), the quarter to its right along +x.
    """

    id: str
    licence: str
    author: str
    outdoor: bool
    white: float
    base: bytes
    gain: bytes
    stops: float

    def radiance(self) -> np.ndarray:
        """float32 (3, H, W), linear Rec. 709; 1 is about the brightest diffuse surface, lamps and sun far above."""
        base = linear(decoded(self.base, "RGB").astype(np.float32) / 255)
        gain = np.exp2(decoded(self.gain, "L").astype(np.float32) * (self.stops / 255))
        return np.ascontiguousarray((base * gain[..., None] * self.white).transpose(2, 0, 1))


@dataclass(frozen=True, eq=False, repr=False)
class Landmarks:
    """133 points of COCO-WholeBody as weighted means of base vertices: indices (133, M) int64, weights (133, M)."""

    indices: Tensor
    weights: Tensor

    def of(self, vertices: Tensor) -> Tensor:
        """(..., V, 3) -> (..., 133, 3), for base vertices at rest or posed."""
        return (self.weights[..., None] * vertices[..., self.indices, :]).sum(-2)


@dataclass(frozen=True, eq=False, repr=False)
class Kit:
    """Everything packed. V = 19,158 base vertices, K coefficients, B bones, F triangles of the body's skin.

    vertices = template + coefficients @ basis; heads = head_template + coefficients @ head_basis.

    template (V, 3), basis (K, V, 3), head_template (B, 3), head_basis (K, B, 3): metres; a coefficient of 1 is one
    standard deviation among the sampled people, most telling first; bone_labels, bone_parents (B,) (-1: root);
    weights (V, 9), bones (V, 9): skinning, weights sum to 1; faces (F, 3), uv (F, 3, 2), regions (F,) uint8 of the
    body alone (no helpers, no eyes: those are items); groups: name -> base vertex indices of MakeHuman's groups
    (helper-skirt, helper-tights, joint-... cubes); landmarks; items, skins, environments by id; shape_map: phenotypes
    to coefficients.
    """

    template: Tensor
    basis: Tensor
    head_template: Tensor
    head_basis: Tensor
    bone_labels: tuple[str, ...]
    bone_parents: tuple[int, ...]
    weights: Tensor
    bones: Tensor
    faces: Tensor
    uv: Tensor
    regions: Tensor
    groups: Mapping[str, Tensor]
    landmarks: Landmarks
    shape_map: ShapeMap
    items: Mapping[str, Item]
    skins: Mapping[str, Skin]
    environments: Mapping[str, Environment]

    @staticmethod
    def load(path: str | Path) -> Kit:
        """Read a packed kit, onto the CPU. Raises KitError, and LicenceRefused for an item that is not admitted."""
        from .archive import read

        return read(Path(path))

    def to(self, device: torch.device | str) -> Kit:
        """The same kit with every tensor on a device."""
        return _moved(self, device)

    def shape_coefficients(self, phenotype: Mapping[str, float]) -> Tensor:
        """Phenotype (see shapes.ShapeMap) -> (K,) coefficients. Raises ShapeError for a wrong name or value."""
        return self.shape_map.coefficients(phenotype).to(self.template)

    def body(self, coefficients: Tensor) -> tuple[Tensor, Tensor]:
        """(..., K) -> vertices (..., V, 3) and bone heads (..., B, 3) at rest, metres."""
        vertices = self.template + torch.tensordot(coefficients, self.basis, dims=1)
        return vertices, self.head_template + torch.tensordot(coefficients, self.head_basis, dims=1)

    def of_kind(self, *kinds: str) -> tuple[Item, ...]:
        """The items of some kinds, in the kit's order."""
        return tuple(item for item in self.items.values() if item.kind in kinds)


@lru_cache(maxsize=96)
def decoded(data: bytes | None, mode: str) -> np.ndarray | None:
    """The picture as a read-only array; the last 96 (about 60 MB) are kept."""
    if data is None:
        return None
    with Image.open(io.BytesIO(data)) as picture:
        array = np.array(picture.convert(mode))
    array.setflags(write=False)
    return array


def linear(srgb: np.ndarray) -> np.ndarray:
    """IEC 61966-2-1, decoding."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _moved(value: Any, device: torch.device | str) -> Any:
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, Mapping):
        return {key: _moved(part, device) for key, part in value.items()}
    if is_dataclass(value):
        return replace(value, **{f.name: _moved(getattr(value, f.name), device) for f in fields(value)})
    return value
