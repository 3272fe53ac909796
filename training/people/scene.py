"""What the rooms of the synthetic people hand to each other: frozen values, torch tensors, one convention.

World: metres, x right, y down, z away from a camera that looks straight ahead; the floor is y = 0 (a standing person
lies at negative y) and the person's pelvis stands over x = z = 0. An unturned person faces -z; the person's left is at
+x. Camera frame: the same axes turned into the camera, origin at its centre. Pixel (0, 0) is the centre of the
top-left pixel. Colours are linear light unless a name says sRGB; pictures are (3, H, W).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from pipelines.geometry.garments import REGIONS as REGIONS

MATERIALS = (
    "none", "skin", "hair", "eye", "cotton", "denim", "knit", "wool", "silk", "leather", "lace", "sequin", "synthetic",
    "fur", "metal",
)  # fmt: skip
"""Material labels by index: the material map's values; "silk" stands for satin too."""


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole: camera = rotation @ (world - position); pixel = focal * xy / z + centre.

    rotation (3, 3) world to camera; position (3,) metres; focal in pixels; centre (2,) pixel (x, y); size (h, w).
    """

    rotation: Tensor
    position: Tensor
    focal: float
    centre: tuple[float, float]
    size: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Sheet:
    """What a group of faces wears: pictures over its own uv square, and how it answers light.

    albedo (3, h, w) linear in [0, 1]; alpha (h, w) or None: opaque; normal (3, h, w) tangent-space unit vectors (along
    +u, against v, outwards) or None; occlusion (h, w) or None: none; material an index of MATERIALS; gloss in [0, 1]:
    the share of light mirrored at normal incidence; roughness in (0, 1]; sheen in [0, 1]: light at grazing angles
    (velvet, wool, skin's fuzz).
    """

    albedo: Tensor
    alpha: Tensor | None
    normal: Tensor | None
    occlusion: Tensor | None
    material: int
    gloss: float
    roughness: float
    sheen: float


@dataclass(frozen=True, eq=False)
class Figure:
    """Everything of a person that no pose changes. N vertices, F triangles; the same index is the same surface point in
    every pose, which is what makes the correspondence exact.

    faces (F, 3) int64; uv (F, 3, 2) of each corner, u right and v down in [0, 1] of its sheet; sheet (F,) int64 into
    sheets; region (F,) uint8; two_sided (F,) bool (hair, skirts, hems); sheets.
    """

    faces: Tensor
    uv: Tensor
    sheet: Tensor
    region: Tensor
    two_sided: Tensor
    sheets: tuple[Sheet, ...]


@dataclass(frozen=True, eq=False)
class Light:
    """Distant light, linear, in world axes.

    sh (9, 3): order-2 real spherical harmonics of the *radiance* of everything but the key, in the order
    Y00, Y1-1 (y), Y10 (z), Y11 (x), Y2-2 (xy), Y2-1 (yz), Y20 (3z^2-1), Y21 (xz), Y22 (x^2-y^2) of the world axes;
    key_direction (3,) unit, from the person towards the key; key_colour (3,) irradiance on a surface that faces it,
    zero where there is no key; key_radius in radians: half its angle, the softness of its shadows.
    """

    sh: Tensor
    key_direction: Tensor
    key_colour: Tensor
    key_radius: float


@dataclass(frozen=True, eq=False)
class View:
    """One picture and its truth, all (.., H, W); 0 or -1 where there is nobody. Truth is sampled at pixel centres.

    rgb: float sRGB in [0, 1] as a camera would give it (noise, blur, colour, JPEG); clean: the same before the sensor;
    plate: clean without the person and the person's shadow; shadow (H, W): what the person's shadow multiplies the
    plate with, linear light; alpha (H, W): the person's coverage of the pixel; albedo (3, H, W) linear; region,
    material (H, W) uint8; depth (H, W) metres along the camera's z; normal (3, H, W) camera frame, towards the camera;
    face (H, W) int32 index into Figure.faces; barycentric (2, H, W) of the face's first and second corner, perspective
    correct; uv (2, H, W); shading (3, H, W): diffuse irradiance / pi, so that clean is about albedo * shading +
    highlight before exposure; exposure: the factor before sRGB encoding.
    """

    rgb: Tensor
    clean: Tensor
    plate: Tensor
    shadow: Tensor
    alpha: Tensor
    albedo: Tensor
    region: Tensor
    material: Tensor
    depth: Tensor
    normal: Tensor
    face: Tensor
    barycentric: Tensor
    uv: Tensor
    shading: Tensor
    exposure: float


class Plate(Protocol):
    """What a camera sees of the empty scene, at pixel centres: radiance (3, H, W) linear, in the light's units, before
    exposure; points (3, H, W) world metres; normals (3, H, W) world, unit, towards the person's side; receives (H, W)
    bool: whether there is a surface that a shadow could fall on.
    """

    radiance: Tensor
    points: Tensor
    normals: Tensor
    receives: Tensor


class Backdrop(Protocol):
    """What stands behind the person."""

    def seen(self, camera: Camera) -> Plate: ...
