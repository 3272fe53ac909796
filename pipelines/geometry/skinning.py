"""Which part moves which cell of a layer, and how softly the parts share it."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from . import field
from .joints import REACH, armpit, shoulder_share
from .layers import Masks
from .layout import Layout
from .motion import Bones
from .parts import INDEX, JOINS, LAYERS, PARTS, of_layer
from .skeleton import JOINT_INDEX, Skeleton

BLUR = {"trunk": 0.035, "leg": 0.013, "arm": 0.009}
"""Fraction of stature over which neighbouring parts share the motion at a joint: half of the limb's radius, so that an
elbow bends within its own breadth and keeps it; wider zones bend like a hose. Our choice, by eye."""

SHARED = (1.25, 2.2)
"""Radii round a joint: within the first, two layers move as one; beyond the second, each as its own. By eye."""


def _part_distance(layout: Layout, parts: tuple[int, ...], frame: Bones, radii: np.ndarray) -> torch.Tensor:
    """(len(parts), gh, gw) distance to each part's bone over its radius on the mesh grid."""
    return torch.stack([layout.capsule(frame.start[p], frame.end[p])[0] / float(radii[p]) for p in parts])


def _nearest(layout: Layout, parts: tuple[int, ...], frame: Bones, radii: np.ndarray) -> torch.Tensor:
    """(gh, gw) the part of a layer that each cell belongs to.

    Of a limb, that whose bone is nearest: the border at a knee is then square to the leg. Over the parts' own radii a
    stout thigh would reach far down both sides of the slim shin, and a foot up its ankle.
    """
    same = np.ones_like(radii) if PARTS[parts[0]].layer != "trunk" else radii
    number = torch.as_tensor(parts, device=layout.device)
    return number[_part_distance(layout, parts, frame, same).argmin(0)]


def _trunk_labels(layout: Layout, skeleton: Skeleton, frame: Bones, tall: float) -> torch.Tensor:
    """(gh, gw) part number of the trunk's cells: by height along the spine, then neck, then head."""
    position = skeleton.forward().positions
    pelvis, neck = (position[JOINT_INDEX[name]][:2] for name in ("pelvis", "neck"))
    _, along = layout.capsule(np.append(pelvis, 0), np.append(neck, 0), clamp=False)
    label = torch.full_like(along, INDEX["pelvis"], dtype=torch.long)
    label[along > 1 / 3] = INDEX["spine"]
    label[along > 2 / 3] = INDEX["chest"]
    upper = [INDEX["neck"], INDEX["head"]]
    near = _part_distance(layout, tuple(upper), frame, np.array([p.radius * tall for p in PARTS]))
    _, up = layout.capsule(frame.start[upper[0]], frame.end[upper[0]], clamp=False)
    above = (along > 1) & (up > 0)
    label[above & (near[0] < 2.5)] = upper[0]
    head = near[1] < torch.minimum(near[0] * 0.75, torch.full_like(near[0], 3.0))
    label[above & head] = upper[1]
    label[above & (up > 1)] = upper[1]
    return label


def part_labels(layout: Layout, skeleton: Skeleton, masks: Masks, frame: Bones, tall: float) -> torch.Tensor:
    """(gh, gw) part number of every cell, by the layer that is seen there."""
    label = _trunk_labels(layout, skeleton, frame, tall)
    for name, (_, own_side, limb_side) in JOINS.items():
        if name not in masks.amodal:
            continue
        parts = of_layer(name)
        limb = _nearest(layout, parts, frame, masks.radii)
        upper = INDEX[limb_side]
        _, along = layout.capsule(frame.start[upper], frame.end[upper], clamp=False)
        limb = torch.where((along < 0) & (limb == upper), INDEX[own_side], limb)
        label = torch.where(masks.owner[::2, ::2] == LAYERS.index(name), limb, label)
    return label


def _own_labels(layout: Layout, name: str, label: torch.Tensor, masks: Masks, frame: Bones) -> torch.Tensor:
    """(gh, gw) the labels for one layer: under what covers it, its own parts go on.

    Next to the joint that two layers share, the other's labels stay, so that both move as one surface there.
    """
    joins = [(n, JOINS[n]) for n in JOINS if n in masks.amodal and name in ("trunk", n)]
    allowed = set(of_layer(name)) | {INDEX[side] for _, join in joins for side in join[1:]}
    foreign = ~torch.isin(label, torch.as_tensor(sorted(allowed), device=label.device))
    for _, (_, own_side, limb_side) in joins:
        other = INDEX[limb_side if name == "trunk" else own_side]
        distance, _ = layout.capsule(frame.start[INDEX[limb_side]], frame.start[INDEX[limb_side]])
        foreign |= (label == other) & (distance > 1.6 * float(masks.radii[INDEX[limb_side]]))
    own = of_layer(name)
    return torch.where(foreign, _nearest(layout, own, frame, masks.radii), label)


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
        solid = (both[-1] > 0.3).float()
        coarse = _diffused(solid * both[:-1] / both[-1].clamp(min=0.3), solid, radius / 2)
        up = F.interpolate(coarse[None], scale_factor=2, mode="bilinear", align_corners=False)[0]
        return up[:, : inner.shape[0], : inner.shape[1]]
    links = field.neighbour_links(horizontal=inner[:, :-1] * inner[:, 1:], vertical=inner[:-1] * inner[1:])
    return field.extrapolate(field.diffuse(shares, links, steps=int(2 * radius**2)), inner)


def skinning(
    layout: Layout,
    name: str,
    inside: torch.Tensor,
    label: torch.Tensor,
    masks: Masks,
    frame: Bones,
    tall: float,
) -> torch.Tensor:
    """(P, gh, gw) skinning weights of layer `name`, whose cells are `inside`; label from `part_labels`."""
    label = _own_labels(layout, name, label, masks, frame)
    if name == "trunk" and bool(masks.skirt.any()):  # what hangs, hangs from the pelvis (drapery.py)
        legs = torch.as_tensor(
            [INDEX[JOINS[leg][2]] for leg in JOINS if leg.endswith("leg")], device=label.device
        )
        label = torch.where(torch.isin(label, legs), INDEX["pelvis"], label)
    return _weights(layout, inside, label, BLUR[name.split("_")[-1]] * tall / layout.cell)


def _shared(weights: torch.Tensor, limb: int, share: torch.Tensor) -> torch.Tensor:
    """(P, gh, gw) the weights with `share` (gh, gw) of the trunk's and the upper arm's sum on the upper arm."""
    both = [*of_layer("trunk"), limb]
    total = weights[both].sum(0)
    trunk = weights[both[:-1]]
    rest = trunk.sum(0)
    out = weights.clone()
    even = torch.zeros_like(trunk)
    even[both.index(INDEX["chest"])] = 1
    out[both[:-1]] = torch.where(rest > 1e-3, trunk / rest.clamp(min=1e-3), even) * total * (1 - share)
    out[limb] = total * share
    return out


def agreed(
    layout: Layout, weights: dict[str, torch.Tensor], frame: Bones, masks: Masks
) -> dict[str, torch.Tensor]:
    """The weights of layers that share a joint made the same round it: there they are one surface, and a sleeve that
    moved a little differently from the shirt would tear along the armhole. Under a skirt trunk and legs are two."""
    out, hangs = dict(weights), bool(masks.skirt.any())
    for name, (_, _, limb_side) in JOINS.items():
        if name not in weights or "trunk" not in weights or (hangs and name.endswith("leg")):
            continue
        limb, radius = INDEX[limb_side], float(masks.radii[INDEX[limb_side]])
        start = end = frame.start[limb][:2]
        common = (weights["trunk"] + weights[name]) / 2
        if name.endswith("arm"):
            side = name.split("_")[0]
            end = start + armpit(frame, side) * REACH * radius
            common = _shared(common, limb, shoulder_share(layout, frame, side, radius))
        distance, _ = layout.capsule(start, end + 1e-3)
        share = ((SHARED[1] - distance / radius) / (SHARED[1] - SHARED[0])).clamp(0, 1)
        share = share * share * (3 - 2 * share)
        for layer in ("trunk", name):
            out[layer] = torch.lerp(out[layer], common, share)
    return out
