"""The photographed body as a volume: which pixel belongs to which sheet of surface, how deep it lies and what moves it.

The person is taken apart into layers (trunk, legs, arms: `parts.LAYERS`). A layer holds its own complete picture:
the pixels that the camera saw, and a continuation of them under whatever covered it, so that nothing is torn or
doubled when the cover moves away. All of it is in the source picture's coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from . import field
from .layers import Layout, Masks, Regions, split
from .motion import Bones, bones, stature
from .parts import JOINS, LAYERS, NAMES, PARTS, of_layer
from .parts import INDEX as PART_INDEX
from .skeleton import JOINT_INDEX, Skeleton

SKIRT_BLUR = 0.075
"""Fraction of stature over which a skirt's cloth shares the motion of both legs: about a thigh and a half, our choice
by eye on the development photos; a stiffer cloth would take more."""

_STRIP = 2**-0.5  # `field.inflate` blows a strip of half-width 1 up to sqrt(2)


@dataclass(frozen=True, eq=False)
class Layer:
    """One sheet of the body.

    On the native crop: `matte` (h, w) soft coverage with what is covered included, `seen` (h, w) the share of it that
    the camera saw, `colour` (3, h, w) sRGB, `rear` (3, h, w) the guess for the side that faces away.
    On the mesh grid: `inside` (gh, gw) bool with a margin for the soft edge, `solid` (gh, gw) bool without, `weights` (P, gh, gw) skinning weights, `depth` (gh, gw) the axis' z and
    `height` (gh, gw) of the surface before and behind it, both in pixels.
    """

    name: str
    matte: torch.Tensor
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
    """The lifted source. `corner` (x, y) is the crop's top-left pixel; `cell` the mesh grid's pitch in pixels."""

    layers: tuple[Layer, ...]
    corner: tuple[int, int]
    cell: int
    bones: Bones
    stature: float


def _part_distance(layout: Layout, parts: tuple[int, ...], frame: Bones, radii: np.ndarray) -> torch.Tensor:
    """(len(parts), gh, gw) distance to each part's bone over its radius on the mesh grid."""
    return torch.stack([layout.capsule(frame.start[p], frame.end[p])[0] / float(radii[p]) for p in parts])


def _trunk_labels(layout: Layout, skeleton: Skeleton, frame: Bones, tall: float) -> torch.Tensor:
    """(gh, gw) part number of the trunk's cells: by height along the spine, then neck, then head."""
    position = skeleton.forward().positions
    pelvis, neck = (position[JOINT_INDEX[name]][:2] for name in ("pelvis", "neck"))
    _, along = layout.capsule(np.append(pelvis, 0), np.append(neck, 0), clamp=False)
    label = torch.full_like(along, PART_INDEX["pelvis"], dtype=torch.long)
    label[along > 1 / 3] = PART_INDEX["spine"]
    label[along > 2 / 3] = PART_INDEX["chest"]
    upper = [PART_INDEX["neck"], PART_INDEX["head"]]
    near = _part_distance(layout, tuple(upper), frame, np.array([p.radius * tall for p in PARTS]))
    _, up = layout.capsule(frame.start[upper[0]], frame.end[upper[0]], clamp=False)
    above = (along > 1) & (up > 0)
    label[above & (near[0] < 2.5)] = upper[0]
    head = near[1] < torch.minimum(near[0] * 0.75, torch.full_like(near[0], 3.0))
    label[above & head] = upper[1]
    label[above & (up > 1)] = upper[1]
    return label


def _labels(layout: Layout, skeleton: Skeleton, masks: Masks, frame: Bones, tall: float) -> torch.Tensor:
    """(gh, gw) part number of every cell, by the layer that is seen there."""
    label = _trunk_labels(layout, skeleton, frame, tall)
    for name, (_, own_side, limb_side) in JOINS.items():
        if name not in masks.amodal:
            continue
        parts = of_layer(name)
        near = _part_distance(layout, parts, frame, masks.radii)
        limb = torch.as_tensor(parts, device=layout.device)[near.argmin(0)]
        upper = PART_INDEX[limb_side]
        _, along = layout.capsule(frame.start[upper], frame.end[upper], clamp=False)
        limb = torch.where((along < 0) & (limb == upper), PART_INDEX[own_side], limb)
        label = torch.where(masks.owner[::2, ::2] == LAYERS.index(name), limb, label)
    return label


def _own_labels(layout: Layout, name: str, label: torch.Tensor, masks: Masks, frame: Bones) -> torch.Tensor:
    """(gh, gw) the labels for one layer: under what covers it, its own parts go on.

    Next to the joint that two layers share, the other's labels stay, so that both move as one surface there.
    """
    joins = [(n, JOINS[n]) for n in JOINS if n in masks.amodal and name in ("trunk", n)]
    allowed = set(of_layer(name)) | {PART_INDEX[side] for _, join in joins for side in join[1:]}
    foreign = ~torch.isin(label, torch.as_tensor(sorted(allowed), device=label.device))
    for _, (_, own_side, limb_side) in joins:
        other = PART_INDEX[limb_side if name == "trunk" else own_side]
        distance, _ = layout.capsule(frame.start[PART_INDEX[limb_side]], frame.start[PART_INDEX[limb_side]])
        foreign |= (label == other) & (distance > 1.6 * float(masks.radii[PART_INDEX[limb_side]]))
    own = of_layer(name)
    nearest = torch.as_tensor(own, device=label.device)[
        _part_distance(layout, own, frame, masks.radii).argmin(0)
    ]
    return torch.where(foreign, nearest, label)


def _skirt_labels(layout: Layout, frame: Bones, label: torch.Tensor) -> torch.Tensor:
    """(gh, gw) part numbers for a skirt's cells: the nearer leg, from the upper thigh downwards."""
    legs = [PART_INDEX[f"{side}_{part}"] for side in ("left", "right") for part in ("thigh", "shin")]
    near = torch.stack([layout.capsule(frame.start[p], frame.end[p])[0] for p in legs]).argmin(0)
    hip, knee = frame.start[legs[0]], frame.end[legs[0]]
    _, y = layout.cells()
    below = y > float(hip[1] + 0.25 * (knee[1] - hip[1]))
    return torch.where(below, torch.as_tensor(legs, device=label.device)[near], PART_INDEX["pelvis"])


def _weights(layout: Layout, inside: torch.Tensor, label: torch.Tensor, radius: float) -> torch.Tensor:
    """(P, gh, gw) skinning weights: the labels, diffused inside the layer over about `radius` cells."""
    one_hot = F.one_hot(label, len(PARTS)).permute(2, 0, 1).float() * inside
    used = torch.nonzero(one_hot.flatten(1).any(1)).squeeze(1)
    smooth = _diffused(one_hot[used], inside.float(), radius)
    weights = torch.zeros_like(one_hot)
    weights[used] = smooth / smooth.sum(0).clamp(min=1e-6)
    return weights


def _diffused(shares: torch.Tensor, inner: torch.Tensor, radius: float) -> torch.Tensor:
    """(C, gh, gw) shares spread inside `inner` by a standard deviation of `radius` cells, continued outside.

    Wide spreads run on a coarser grid: twice the pitch needs a quarter of the steps on a quarter of the cells.
    """
    if radius > 4 and min(inner.shape) > 16:
        odd = (0, inner.shape[1] % 2, 0, inner.shape[0] % 2)
        both = F.avg_pool2d(F.pad(torch.cat((shares, inner[None])), odd)[None], 2)[0]
        coarse = _diffused(both[:-1] / both[-1].clamp(min=1e-6), (both[-1] > 0.3).float(), radius / 2)
        up = F.interpolate(coarse[None], scale_factor=2, mode="bilinear", align_corners=False)[0]
        return up[:, : inner.shape[0], : inner.shape[1]]
    links = field.neighbour_links(horizontal=inner[:, :-1] * inner[:, 1:], vertical=inner[:-1] * inner[1:])
    return field.extrapolate(field.diffuse(shares, links, steps=int(2 * radius**2)), inner)


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


def _layer(layout: Layout, name: str, parts_of: dict, picture: torch.Tensor) -> Layer:
    frame, tall = parts_of["bones"], parts_of["stature"]
    masks = parts_of["masks"]
    matte, seen = masks.amodal[name], masks.seen[name]
    inside = layout.to_grid(matte) > 0.25
    grown = field.dilate(inside.float(), 2) > 0
    label = _own_labels(layout, name, parts_of["label"], masks, frame)
    blur = {"trunk": 0.035, "left_leg": 0.03, "right_leg": 0.03}.get(name, 0.016) * tall / layout.cell
    weights = _weights(layout, inside, label, blur)
    skirt = masks.skirt[::2, ::2]
    if name == "trunk" and bool(skirt.any()):
        hanging = torch.where(skirt, _skirt_labels(layout, frame, label), label)
        loose = _weights(layout, inside, hanging, SKIRT_BLUR * tall / layout.cell)
        soft = field.box_blur(skirt.float()[None], max(1, int(0.03 * tall / layout.cell)))
        weights = torch.lerp(weights, loose, soft)
    # Neighbouring layers count as filled while inflating, so that the balloon does not pinch where they join.
    around = [masks.amodal[other] for other in LAYERS if other in masks.amodal and _joined(name, other)]
    whole = layout.to_grid(torch.stack([matte, *around]).amax(0)) > 0.25
    height = _relief(layout, whole, weights, masks.radii)
    depth = _axis_depth(layout, weights, frame)
    colour = layered_colour(picture, matte, seen)
    rear = rear_colour(layout, colour, matte)
    return Layer(name, matte, seen, colour, rear, grown, layout.to_grid(matte) > 0.9, weights, depth, height)


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
    return a != b and "trunk" in (a, b)


def layered_colour(picture: torch.Tensor, matte: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """(3, h, w) the layer's own colours: the photo where it was seen, continued where it was covered.

    The continuation is the photo mirrored at the nearest seen border, so that weave and grain go on, over a smooth
    fill where the mirror image falls outside the layer.
    """
    import cv2

    sure = (seen > 0.95) & (matte > 0.95)
    smooth = field.extrapolate(picture, sure.float())
    missing = ~sure & (field.dilate(matte, 3) > 0)
    if not bool(missing.any()) or not bool(sure.any()):
        return smooth
    unsure = (~sure).to(torch.uint8).cpu().numpy()
    _, index = cv2.distanceTransformWithLabels(
        unsure, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    height, width = unsure.shape
    at = np.zeros(index.max() + 1, np.int64)
    at[index[unsure == 0]] = np.flatnonzero(unsure == 0)
    nearest = torch.as_tensor(at[index], device=picture.device)
    y, x = torch.nonzero(missing, as_tuple=True)
    near = nearest[y, x]
    my, mx = 2 * (near // width) - y, 2 * (near % width) - x
    valid = (my >= 0) & (my < height) & (mx >= 0) & (mx < width)
    my, mx = my.clamp(0, height - 1), mx.clamp(0, width - 1)
    valid &= sure[my, mx]
    near_by = max(2, width // 120)
    level = field.box_blur(torch.cat((picture * sure, sure[None].float())), near_by)
    detail = (picture - level[:3] / level[3].clamp(min=1e-4)) * sure
    out = smooth.clone()
    out[:, y, x] = torch.where(valid, smooth[:, y, x] + detail[:, my, mx], smooth[:, y, x]).clamp(0, 1)
    return out


def rear_colour(layout: Layout, colour: torch.Tensor, matte: torch.Tensor) -> torch.Tensor:
    """(3, h, w) what the far side looks like: the colours along the outline, continued inwards.

    So the back of a head is hair and not a second face, and the back of a printed shirt is plain.
    """
    solid = (layout.to_grid(matte) > 0.9).float()
    ring = solid - field.erode(solid, 2)
    if not bool((ring > 0).any()):
        return colour
    smooth = field.extrapolate(layout.to_grid(colour), ring.clamp(min=0))
    return layout.to_native(field.box_blur(smooth, 1))


def build(
    picture: torch.Tensor, matte: torch.Tensor, skeleton: Skeleton, regions: Regions | None = None
) -> BodyVolume:
    """Lift a photographed person.

    picture (1, 3, H, W) sRGB in [0, 1]; matte (1, 1, H, W) in [0, 1]; skeleton in the picture's pixels; regions,
    where known, tell hair and bare skin from clothes.
    """
    frame, tall = bones(skeleton), stature(skeleton)
    layout = Layout.around(matte[0, 0], tall)
    crop = layout.crop(picture[0])
    maps = {}
    if regions is not None:
        maps = {"hair": layout.crop(regions.hair[0])[0], "skin": layout.crop(regions.skin[0])[0]}
        crop = crop if regions.foreground is None else layout.crop(regions.foreground[0])
    masks = split(layout, crop, layout.crop(matte[0])[0], frame, tall, **maps)
    label = _labels(layout, skeleton, masks, frame, tall)
    parts_of = {"bones": frame, "stature": tall, "masks": masks, "label": label}
    layers = tuple(_layer(layout, name, parts_of, crop) for name in LAYERS if name in masks.amodal)
    return BodyVolume(layers, layout.corner, layout.cell, frame, tall)


assert len(NAMES) == len(PARTS)
