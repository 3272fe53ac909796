"""Looks at the moved body again: the reposed picture, and for every pixel of it where it comes from.

Each layer of the volume is a closed sheet (front and back). It is moved, rasterised through a z-buffer of its own,
and the layers are laid over each other by depth with their soft mattes, so that hair and edges stay soft.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from .carried_layer import laid_on_body
from .compositing import Slots, composited
from .hand_view import view_of_hand
from .hands import posed_hands
from .head_cut import HEAD, MANE
from .holes import SIMPLE, without_holes
from .layers import Regions
from .motion import Motion, motion
from .rejoining import as_photographed, before_trunk, forward, hair_on_arms, in_depth, rejoined
from .rigid import Patches, all_rigid, find_patches, shifts
from .skeleton import Skeleton
from .unmoved import photo_kept
from .view import View, view_of
from .volume import BodyVolume, build
from .warped import Warped

Progress = Callable[[float], None]


def warp(
    picture: torch.Tensor,
    matte: torch.Tensor,
    source: Skeleton,
    target: Skeleton,
    size: tuple[int, int] | None = None,
    regions: Regions | None = None,
    progress: Progress | None = None,
    rigid: torch.Tensor | None = None,
) -> Warped:
    """Move a photographed person into the target skeleton.

    picture (1, 3, H, W) sRGB in [0, 1]; matte (1, 1, H, W) the person's soft matte; source, target: skeletons of the
    same person in source pixels and in pixels of a target picture of `size` (height, width; the source's by default).
    rigid (1, 1, H, W): prints, logos, buttons; each piece of that mask, and of those that the regions' garments know,
    keeps its shape (rigid.py).
    """
    rigid = all_rigid(rigid, regions)
    volume = build(picture, matte, source, regions, rigid)
    if progress:
        progress(0.5)
    how = motion(source, target)
    patches = None if rigid is None else find_patches(volume, rigid)
    moved = look(volume, how, size or tuple(picture.shape[-2:]), progress, patches)
    return replace(moved, unmoved=photo_kept(moved.correspondence, moved.alpha, matte, how))


def look(
    volume: BodyVolume,
    how: Motion,
    size: tuple[int, int],
    progress: Progress | None = None,
    patches: Patches | None = None,
) -> Warped:
    """The volume after the motion, its patches in one piece, composited front to back into a picture of `size`."""
    kept, hands = posed_hands(volume.hands, how, volume.corner, size)
    views, slots = layer_views(volume, how, size, progress, patches, kept)
    if hands:
        names = [layer.name for layer in volume.layers]
        views += [
            view_of_hand(
                hand,
                names.index(name),
                views,
                slots,
                volume.stature,
                forward(hand.depth, hand.index // size[1], how, volume.stature),
            )
            for name, hand in hands.items()
        ]
        slots = Slots.of(views, size)
    return composited(views, slots, size, volume.stature)


def layer_views(
    volume: BodyVolume,
    how: Motion,
    size: tuple[int, int],
    progress: Progress | None = None,
    patches: Patches | None = None,
    kept: dict[str, torch.Tensor] | None = None,
) -> tuple[list[View], Slots]:
    """Each layer after the motion as the camera sees it, joined where they still lie side by side; and where they lie.

    kept: of layers by name the share (h, w) that goes along, where a piece (a hand) is drawn anew instead.
    """
    shift = {} if patches is None else shifts(volume, how, patches)
    views = []
    for i, layer in enumerate(volume.layers):
        if kept and layer.name in kept:
            layer = layer.kept(volume.layout.cut(kept[layer.name], layer.layout))
        views.append(view_of(volume, layer, how, size, shift.get(layer.name)))
        if progress:
            progress(0.5 + 0.5 * (i + 1) / len(volume.layers))
    heads = [v for layer, v in zip(volume.layers, views, strict=True) if layer.name in (HEAD, MANE)]
    for i, layer in enumerate(volume.layers):
        if layer.name in SIMPLE:
            others = heads if layer.name == "trunk" else []
            views[i] = without_holes(views[i], others, size, SIMPLE[layer.name] * volume.stature)
    views = as_photographed(views, volume, size)
    views = before_trunk(views, volume, how, size[1])
    slots = Slots.of(views, size)
    views = in_depth(rejoined(views, slots, volume), slots, volume)
    return laid_on_body(hair_on_arms(views, slots, volume), slots, volume, how), slots
