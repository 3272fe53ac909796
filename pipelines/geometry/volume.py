"""The photographed body as a volume: which pixel belongs to which sheet of surface, how deep it lies and what moves it.

The person is taken apart into layers (trunk, legs, arms: `parts.LAYERS`). A layer holds its own complete picture:
the pixels that the camera saw, and a continuation of them under whatever covered it, so that nothing is torn or
doubled when the cover moves away. All of it is in the source picture's coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from . import field
from .covering import layered_colour, rear_colour
from .layers import Masks, Regions, split
from .layout import Layout
from .motion import Bones, body_height, bones
from .parts import INDEX, LAYERS, PARTS
from .skeleton import Skeleton
from .skinning import part_labels, skinning

_STRIP = 2**-0.5  # `field.inflate` blows a strip of half-width 1 up to sqrt(2)


@dataclass(frozen=True, eq=False)
class Layer:
    """One sheet of the body.

    On the native crop: `matte` (h, w) soft coverage with what is covered included, `parted` (h, w) the same without the
    hem by which it goes on under its neighbours, `seen` (h, w) the share of it that
    the camera saw, `colour` (3, h, w) sRGB, `rear` (3, h, w) the guess for the side that faces away.
    On the mesh grid: `inside` (gh, gw) bool with a margin for the soft edge, `solid` (gh, gw) bool without, `weights`
    (P, gh, gw) skinning weights, `depth` (gh, gw) the axis' z and `height` (gh, gw) of the surface before and behind
    it, both in pixels.
    """

    name: str
    matte: torch.Tensor
    parted: torch.Tensor
    seen: torch.Tensor
    colour: torch.Tensor
    rear: torch.Tensor
    inside: torch.Tensor
    solid: torch.Tensor
    weights: torch.Tensor
    depth: torch.Tensor
    height: torch.Tensor


@dataclass(frozen=True, eq=False)
class BodyVolume:
    """The lifted source: its layers and its own pixels, `photo` (3, h, w).

    corner (x, y) is the crop's top-left pixel, cell the mesh grid's pitch in pixels, stature in pixels.
    """

    layers: tuple[Layer, ...]
    photo: torch.Tensor
    corner: tuple[int, int]
    cell: int
    bones: Bones
    stature: float


def _axis_depth(layout: Layout, weights: torch.Tensor, frame: Bones) -> torch.Tensor:
    """(gh, gw) depth of the layer's axis: each part's bone depth at the nearest point, mixed by the weights.

    The trunk's parts are plates: their depth also slopes sideways as the part is turned.
    """
    depth = torch.zeros_like(weights[0])
    x, _ = layout.cells()
    for p in torch.nonzero(weights.flatten(1).amax(1) > 0).squeeze(1).tolist():
        start, end = frame.start[p], frame.end[p]
        _, along = layout.capsule(start, end)
        z = float(start[2]) + along * float(end[2] - start[2])
        if PARTS[p].layer == "trunk":
            axis = frame.rotation[p][:, 0]
            slope = float(np.clip(axis[2] / max(abs(axis[0]), 0.35) * np.sign(axis[0] or 1), -1.5, 1.5))
            z = z + slope * (x - (float(start[0]) + along * float(end[0] - start[0])))
        depth = depth + weights[p] * z
    return depth


@dataclass(frozen=True, eq=False)
class _Source:
    """The crop and what is known of all of it: picture (3, h, w), label and hair (gh, gw)."""

    layout: Layout
    picture: torch.Tensor
    frame: Bones
    tall: float
    masks: Masks
    label: torch.Tensor
    hair: torch.Tensor | None


def _layer(source: _Source, name: str) -> Layer:
    layout, masks = source.layout, source.masks
    matte, seen = masks.amodal[name], masks.seen[name]
    cover = layout.to_grid(matte)
    weights = skinning(layout, name, cover > 0.25, source.label, masks, source.frame, source.tall)
    # Neighbouring layers count as filled while inflating, so that the balloon does not pinch where they join. Arms
    # do not: those that hang beside the trunk would make it as thick as if it were that wide.
    around = [masks.amodal[other] for other in masks.amodal if _joined(name, other)]
    whole = layout.to_grid(torch.stack([matte, *around]).amax(0)) > 0.25
    height = _relief(layout, whole, weights, masks.radii)
    depth = _axis_depth(layout, weights, source.frame)
    colour = layered_colour(layout, source.picture, matte, seen)
    rear = rear_colour(layout, colour, matte, weights[INDEX["head"]], source.hair)
    margin = field.dilate((cover > 0.25).float(), 2) > 0
    return Layer(
        name, matte, masks.parted[name], seen, colour, rear, margin, cover > 0.7, weights, depth, height
    )


def _relief(layout: Layout, whole: torch.Tensor, weights: torch.Tensor, radii: np.ndarray) -> torch.Tensor:
    """(gh, gw) pixels that the surface stands out before and behind the layer's axis.

    A balloon in the silhouette, as flat as the parts are, and no part thicker than 1.25 times its own half-depth.
    """
    ratio = weights.new_tensor([part.depth for part in PARTS])
    limit = 1.25 * weights.new_tensor(radii) * ratio
    height = field.inflate(whole) * layout.cell * _STRIP * torch.einsum("p,phw->hw", ratio, weights)
    height = torch.minimum(height, torch.einsum("p,phw->hw", limit, weights))
    for _ in range(2):  # the balloon's steep rim follows the grid's stairs: soften it
        height = field.box_blur(height[None], 1)[0]
    return height


def _joined(a: str, b: str) -> bool:
    return a != b and "trunk" in (a, b) and not b.endswith("arm")


def _firm(matte: torch.Tensor, hair: torch.Tensor | None) -> torch.Tensor:
    """(h, w) the matte without its faint parts, except in hair.

    What is hardly the person (the haze in the gap between an arm and the trunk) would be carried along with the arm.
    """
    firm = ((matte - 0.3) / 0.5).clamp(0, 1)
    return firm if hair is None else torch.lerp(firm, matte, hair.clamp(0, 1))


def build(
    picture: torch.Tensor, matte: torch.Tensor, skeleton: Skeleton, regions: Regions | None = None
) -> BodyVolume:
    """Lift a photographed person.

    picture (1, 3, H, W) sRGB in [0, 1]; matte (1, 1, H, W) in [0, 1]; skeleton in the picture's pixels; regions,
    where known, tell hair and bare skin from clothes.
    """
    frame, tall = bones(skeleton), body_height(skeleton)
    layout = Layout.around(matte[0, 0], tall)
    crop = layout.crop(picture[0])
    maps = {}
    if regions is not None:
        maps = {"hair": layout.crop_mask(regions.hair[0]), "skin": layout.crop_mask(regions.skin[0])}
        crop = crop if regions.foreground is None else layout.crop(regions.foreground[0])
    masks = split(layout, crop, _firm(layout.crop_mask(matte[0]), maps.get("hair")), frame, tall, **maps)
    label = part_labels(layout, skeleton, masks, frame, tall)
    hair = layout.to_grid(maps["hair"]) if maps else None
    source = _Source(layout, crop, frame, tall, masks, label, hair)
    layers = tuple(_layer(source, name) for name in LAYERS if name in masks.amodal)
    return BodyVolume(layers, crop, layout.corner, layout.cell, frame, tall)
