"""The photographed body as a volume: which pixel belongs to which sheet of surface, how deep it lies and what moves it.

The person is taken apart into layers (trunk, legs, arms: `parts.LAYERS`). A layer holds its own complete picture:
the pixels that the camera saw, and a continuation of them under whatever covered it, so that nothing is torn or
doubled when the cover moves away. All of it is in the source picture's coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from . import field
from .covering import behind_head, evened_edge, layered_colour, rear_colour
from .drapery import Drapery
from .hands import SourceHand, source_hands
from .head import placed
from .head_cut import HEAD, Cut, cut_head
from .head_layer import head_layers
from .layer import Layer
from .layers import Masks, Regions, split
from .layout import Layout
from .motion import Bones, body_height, bones
from .parts import INDEX, LAYERS
from .relief import Relief, relief
from .skeleton import Skeleton
from .skinning import agreed, part_labels, skinning
from .trust import Contact, believed, cut_free, without_spurs

STRAY = 0.2
"""Share of the hair's colour from which on a pixel of what hair hangs before is not to be believed. By eye."""
HEM = 3
"""Label cells round a skirt whose colours do not tell what the legs under it look like."""


@dataclass(frozen=True, eq=False)
class BodyVolume:
    """The lifted source: its layers and its own pixels, `photo` (3, h, w).

    corner (x, y) is the crop's top-left pixel, cell the mesh grid's pitch in pixels, stature in pixels; hands, by their
    arm's layer, are those that may be drawn anew.
    """

    layers: tuple[Layer, ...]
    photo: torch.Tensor
    corner: tuple[int, int]
    cell: int
    bones: Bones
    stature: float
    hands: dict[str, SourceHand]


@dataclass(frozen=True, eq=False)
class _Source:
    """The crop and what is known of all of it: picture (3, h, w), hair (gh, gw); per layer where it
    touches others, and which of its pixels are to be believed (h, w) bool; the head cut off, where there is one."""

    layout: Layout
    picture: torch.Tensor
    masks: Masks
    contacts: dict[str, Contact]
    believed: dict[str, torch.Tensor]
    frame: Bones
    tall: float
    hair: torch.Tensor | None
    cut: Cut | None


def _layer(source: _Source, name: str, weights: torch.Tensor, shape: Relief) -> Layer:
    layout, masks = source.layout, source.masks
    matte, seen = masks.amodal[name], masks.seen[name]
    cover = layout.to_grid(matte)
    contact, own = source.contacts[name], source.believed[name]
    if name.endswith("leg") and bool(masks.skirt.any()):  # a hem's shade and fringe are no skin
        beside = field.dilate(masks.skirt.float(), HEM)
        own = own * (layout.to_native(beside[None])[0] < 0.5)
    colour = layered_colour(layout, source.picture, matte, contact, own)
    parted = masks.parted[name]
    if name.endswith("arm"):
        others = torch.stack([cover for n, cover in masks.amodal.items() if n != name]).amax(0)
        parted = cut_free(layout, parted, own, contact, others)
    else:
        hangs = layout.to_native(field.dilate(masks.skirt.float(), HEM)[None])[0]  # whose corners are its own
        parted = torch.lerp(without_spurs(parted, contact), parted, hangs)
    made_up = None
    if name in masks.hands:
        made_up = masks.hands[name].matte * (1 - seen)
        colour = torch.lerp(colour, masks.hands[name].colour, made_up)
    true = source.cut.under * (1 - seen) if name == "trunk" and source.cut is not None else None
    # From behind, a limb and what dresses it look much as from the front.
    rear = evened_edge(layout, colour, matte, source.tall) if name != "trunk" else colour
    if name == "trunk":
        head, neck = (
            behind_head(layout, source.frame, weights),
            weights[INDEX["neck"]] + weights[INDEX["head"]],
        )
        hair = source.hair
        if source.cut is not None:  # which has taken the hair with it
            head, hair = torch.zeros_like(head), None
        rear = rear_colour(layout, colour, matte, head, neck, hair, source.tall)
    margin = field.dilate((cover > 0.25).float(), 2) > 0
    front, back = shape.of(name, weights)
    cloth = None
    if name == "trunk" and bool(masks.skirt.any()):
        cloth = Drapery.of(layout, source.frame, masks.skirt[::2, ::2], cover, (front, back), source.tall)
        if cloth is not None:
            front, back = cloth.opened(layout, (front, back))
    return Layer(
        name,
        matte,
        parted,
        seen,
        colour,
        rear,
        margin,
        cover > 0.7,
        weights,
        front,
        back,
        made_up,
        true,
        cloth=cloth,
    )


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
    head, cut = placed(skeleton, frame, tall), None
    if head is not None and "trunk" in masks.amodal:
        cut = cut_head(layout, crop, masks, head, frame, maps.get("hair"), maps.get("skin"), tall)
        masks = cut.masks
    label = part_labels(layout, skeleton, masks, frame, tall)
    hair = layout.to_grid(maps["hair"]) if maps else None
    inside = {name: layout.to_grid(masks.amodal[name]) > 0.25 for name in LAYERS if name in masks.amodal}
    inside = {name: cells for name, cells in inside.items() if bool(cells.any())}  # a limb out of the picture
    weights = {
        name: skinning(layout, name, cells, label, masks, frame, tall) for name, cells in inside.items()
    }
    weights = agreed(layout, weights, frame, masks)
    shape = relief(layout, inside, weights, frame, masks.radii, tall)
    visible = {name: masks.seen[name] * masks.amodal[name] for name in masks.seen}
    contacts = {name: Contact.of(name, visible, tall) for name in visible}
    own = {name: believed(layout, crop, contact) for name, contact in contacts.items()}
    if cut is not None:
        own = {name: values if name == HEAD else values & (cut.stray < STRAY) for name, values in own.items()}
    source = _Source(layout, crop, masks, contacts, own, frame, tall, hair, cut)
    layers = tuple(_layer(source, name, weights[name], shape) for name in inside)
    if cut is not None:
        colour = layered_colour(layout, crop, masks.amodal[HEAD], contacts[HEAD], own[HEAD])
        layers += head_layers(layout, cut, head, crop, colour, maps.get("hair"), layers[0])
    layers = tuple(layer for layer in layers if bool(layer.inside.any()))  # of a speck there is no head
    hidden = tuple(layer.name for layer in layers if layer.made_up is not None)
    hands = source_hands(layout, crop, skeleton, masks.parted, weights, hidden, maps.get("skin"))
    return BodyVolume(layers, crop, layout.corner, layout.cell, frame, tall, hands)
