"""The photographed body as a volume: which pixel belongs to which sheet of surface, how deep it lies and what moves it.

The person is taken apart into layers (trunk, legs, arms: `parts.LAYERS`). A layer holds its own complete picture:
the pixels that the camera saw, and a continuation of them under whatever covered it, so that nothing is torn or
doubled when the cover moves away. All of it is in the source picture's coordinates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from . import field
from .carried import BAG, CARRIES, Bag
from .carried_layer import bag_layer
from .cloth import Fabric
from .covering import behind_head, evened_edge, layered_colour, rear_colour
from .drapery import Drapery
from .foot import heights, side_of_foot, soled
from .garments import NUMBER
from .hands import SourceHand, source_hands
from .head import Head, placed
from .head_cut import HEAD, MANE, Cut, cut_head
from .head_layer import head_layers
from .hems import bare_in, worn_in, worn_on
from .layer import Layer
from .layers import Masks, Regions, split
from .layout import Layout
from .motion import Bones, body_height, bones
from .neck import MOSTLY, Neck, under_jaw
from .open_hems import OpenHems
from .parts import INDEX, LAYERS
from .patterns import Repeat, repeats
from .relief import Relief, relief
from .skeleton import Skeleton
from .skinning import agreed, part_labels, skinning
from .trust import AROUND, Contact, believed, cut_free, without_dark_line, without_spurs, without_steps

STRAY = 0.2
"""Share of the hair's colour from which on a pixel of what hair hangs before is not to be believed. By eye."""
STRAND = 2
"""Pixels beside a strand that show it as well."""
COLLAR = 0.06
"""Fraction of stature under the shoulders down to which a trunk's borders may be collars. By eye."""
UNDER_HAIR = 0.85
"""How far a sleeve under hair is in its place, though a guess: the hair that hangs before it lies on it, that behind
the back does not. By eye."""
LENT = 2
"""Pixels within the border of a leg from which on its pixels are lent to the one behind it: at the border they are
partly what lies beside it. By eye."""
FOOT = 0.1
"""Weight of a foot from which on a cell is its own. By eye."""
HEM = 3
"""Label cells round a skirt whose colours do not tell what the legs under it look like."""


@dataclass(frozen=True, eq=False)
class BodyVolume:
    """The lifted source: its layers and its own pixels, `photo` (3, h, w), on the crop that `layout` tells.

    stature in pixels; hands, by their arm's layer, are those that may be drawn anew.
    """

    layers: tuple[Layer, ...]
    photo: torch.Tensor
    layout: Layout
    bones: Bones
    stature: float
    hands: dict[str, SourceHand]

    @property
    def corner(self) -> tuple[int, int]:
        """x, y of the crop's first pixel in the photo."""
        return self.layout.corner

    @property
    def cell(self) -> int:
        """The mesh grid's pitch in pixels."""
        return self.layout.cell


@dataclass(frozen=True, eq=False)
class _Source:
    """The crop and what is known of all of it: picture (3, h, w), hair (gh, gw); `visible` (h, w) per layer, what is
    seen of it; the head cut off, where there is one; `prints` (h, w), where they are known; `fabric` of what hangs;
    `repeats`, the patterns that are known; `clothes` (gh, gw), the number of what is worn where, if that is known."""

    layout: Layout
    picture: torch.Tensor
    masks: Masks
    visible: dict[str, torch.Tensor]
    frame: Bones
    tall: float
    hair: torch.Tensor | None
    cut: Cut | None
    prints: torch.Tensor | None = None
    fabric: Fabric = Fabric()
    repeats: tuple[Repeat, ...] = ()
    clothes: torch.Tensor | None = None


@dataclass(frozen=True, eq=False)
class _Piece:
    """One layer on the part of the crop where it is, with what lies round it: picture (3, h, w), matte and seen (h, w),
    where it touches others, and `own` (h, w) bool, which of its pixels are to be believed."""

    layout: Layout
    whole: Layout
    picture: torch.Tensor
    matte: torch.Tensor
    seen: torch.Tensor
    contact: Contact
    own: torch.Tensor
    prints: torch.Tensor | None
    repeats: tuple[Repeat, ...] = ()
    clothes: torch.Tensor | None = None

    @classmethod
    def of(cls, source: _Source, name: str) -> _Piece:
        whole, masks = source.layout, source.masks
        margin = math.ceil(AROUND * source.tall / whole.cell)
        there = masks.amodal[name] if name != HEAD else masks.amodal.get(MANE, masks.amodal[name])
        cells = whole.to_grid((torch.maximum(there, masks.amodal[name]) > 0).float()) > 0
        layout = whole.within(cells, margin)

        def here(values: torch.Tensor) -> torch.Tensor:
            return whole.cut(values, layout)

        picture, matte = here(source.picture), here(masks.amodal[name])
        contact = Contact.of(name, {n: here(values) for n, values in source.visible.items()}, source.tall)
        prints = None if source.prints is None else here(source.prints)
        own = believed(layout, picture, contact, prints)
        if prints is not None:  # its colours are no other layer's
            own |= (prints > 0.5) & (contact.own > 0.95)
        if name != HEAD and source.cut is not None:
            own &= _between_strands(here(source.cut.stray), layout.cell)
        if name.endswith("leg") and bool(masks.skirt.any()):  # a hem's shade and fringe are no skin
            own &= layout.to_native(here(field.dilate(masks.skirt.float(), HEM))[None])[0] < 0.5
        known = tuple(one.on(here(one.where)) for one in source.repeats)
        clothes = None if source.clothes is None else worn_on(name, here(source.clothes))
        if contact.lit and clothes is not None:  # the folds of a sleeve are as dark
            bare = layout.to_native(field.dilate(bare_in(clothes).float(), 1)[None])[0] > 0.5
            own = without_dark_line(layout, picture, own, bare, contact)
        return cls(
            layout, whole, picture, matte, here(masks.seen[name]), contact, own, prints, known, clothes
        )

    def here(self, values: torch.Tensor) -> torch.Tensor:
        """What a map (..., h, w) of the whole crop shows here."""
        return self.whole.cut(values, self.layout)

    def colour(self, dressed: bool, chest: float = -torch.inf) -> torch.Tensor:
        """(3, h, w) its own colours; dressed and chest as for `layered_colour`."""
        known = self.picture, self.matte, self.contact, self.own
        return layered_colour(self.layout, *known, dressed, chest, self.prints, self.repeats, self.clothes)


def _between_strands(stray: torch.Tensor, cell: int) -> torch.Tensor:
    """(h, w) bool: where no hair, `stray` (h, w), hangs before a layer; specks between its strands, up to a cell of the
    mesh in breadth, and what is next to one, are partly hair and its shade."""
    reach = max(2, cell // 2)
    clear = field.erode((stray < STRAY).float(), reach + STRAND)
    return field.dilate(clear, reach) > 0


def _layer(source: _Source, name: str, weights: torch.Tensor, shape: Relief) -> Layer:
    masks, piece = source.masks, _Piece.of(source, name)
    layout, matte, here = piece.layout, piece.matte, piece.here
    dressed = not name.endswith("arm")  # which hardly lies under anything, and is narrow
    colour, made_up = piece.colour(dressed, _chest(source) if name == "trunk" else -torch.inf), None
    colour = _lent(source, name, piece, colour)
    neck = Neck.of(layout, colour, piece.seen, here(weights), piece.clothes) if name == "trunk" else None
    if neck is not None:
        colour = neck.toned(layout, colour, 1 - piece.seen)
    if name in masks.hands:
        made_up = here(masks.hands[name].matte) * (1 - piece.seen)
        colour = torch.lerp(colour, here(masks.hands[name].colour), made_up)
    stays = None
    if name == "trunk" and source.cut is not None:
        stays = here(source.cut.under) * (1 - piece.seen)
    cover = layout.to_grid(matte)
    front, back = (here(side) for side in shape.of(name, weights))
    if name.endswith("arm") and source.cut is not None:
        stays = here(source.cut.stray) * (1 - piece.seen) * UNDER_HAIR
    elif stays is not None:
        front = under_jaw(layout, front, back, stays, source.tall)
    cloth = None
    if name == "trunk" and bool(masks.skirt.any()):
        skirt = here(masks.skirt)[::2, ::2]
        cloth = Drapery.of(layout, source.frame, skirt, cover, (front, back), source.tall, source.fabric)
        if cloth is not None:
            front, back = cloth.opened(layout, (front, back))
    weights, parted = here(weights), _parted(source, name, piece)
    solid = layout.to_grid(parted) > 0.7  # the rim is drawn where the layer has left its neighbours
    if name.endswith("leg"):
        foot = _foot_share(weights)
        solid = soled(solid, layout.to_grid(parted), foot)
        # Under the sole nothing hangs but the soft edge of the toes.
        back = torch.where(~solid & (foot > 0.5), front, back)
    return Layer(
        name,
        layout,
        matte,
        parted,
        piece.seen,
        colour,
        _rear(source, name, piece, colour, weights, neck, (front, back)),
        field.dilate((cover > 0.25).float(), 2) > 0,
        solid,
        weights,
        front,
        back,
        made_up,
        stays,
        cloth=cloth,
        strands=None if source.cut is None else here(source.cut.stray),
        worn=_worn(piece, weights),
        hems=OpenHems.of(layout, name, solid, weights, piece.clothes, source.frame, source.tall),
    )


def _lent(source: _Source, name: str, piece: _Piece, colour: torch.Tensor) -> torch.Tensor:
    """(3, h, w) the colours (3, h, w) of a leg, but where it lies behind the other one those of that: legs are dressed
    alike, and a shoe that is hidden is such a shoe."""
    other = {"left_leg": "right_leg", "right_leg": "left_leg"}.get(name)
    if other not in source.visible:
        return colour
    theirs = field.dilate((piece.here(source.visible[other]) > 0.7).float(), LENT)
    theirs = field.erode(theirs, 2 * LENT) * (1 - piece.seen)
    return torch.lerp(colour, piece.picture, field.box_blur(theirs[None], LENT) * (1 - piece.seen))


def _chest(source: _Source) -> float:
    """The height y in the photo above which the trunk's borders are collars."""
    shoulders = [source.frame.start[INDEX[f"{side}_upper_arm"]][1] for side in ("left", "right")]
    return float(max(shoulders)) + COLLAR * source.tall


def _parted(source: _Source, name: str, piece: _Piece) -> torch.Tensor:
    """(h, w) the layer's matte where it has left its neighbours."""
    masks, here = source.masks, piece.here
    parted = here(masks.parted[name])
    if name.endswith("arm"):
        # Hair that hangs on a sleeve is nothing that the arm lay on.
        hangs = torch.zeros_like(piece.own) if source.cut is None else here(source.cut.stray) >= STRAY
        return cut_free(parted, piece.own | hangs, piece.contact)
    whole = without_steps(without_spurs(parted, piece.contact), piece.contact)
    if not bool(masks.skirt.any()):
        return whole
    hangs = piece.layout.to_native(here(field.dilate(masks.skirt.float(), HEM))[None])[0]
    return torch.lerp(whole, parted, hangs)  # a skirt's corners are its own


def _foot_share(weights: torch.Tensor) -> torch.Tensor:
    """(gh, gw) of skinning weights (P, gh, gw) those of the feet."""
    return weights[[INDEX[f"{side}_foot"] for side in ("left", "right")]].sum(0)


def _worn(piece: _Piece, weights: torch.Tensor) -> torch.Tensor | None:
    """(gh, gw) the number of what is worn in each cell; a foot with what is on it is one thing."""
    foot = _foot_share(weights)
    return None if piece.clothes is None else torch.where(foot > FOOT, NUMBER["shoes"], piece.clothes)


def _rear(
    source: _Source,
    name: str,
    piece: _Piece,
    colour: torch.Tensor,
    weights: torch.Tensor,
    nape: Neck | None,
    sheets: tuple[torch.Tensor, torch.Tensor],
) -> torch.Tensor:
    """(3, h, w) the guess for the layer's far side; sheets (gh, gw) its front and back."""
    layout, matte = piece.layout, piece.matte
    worn = None
    if piece.clothes is not None:
        seen, sure = (layout.to_grid(one) > 0.5 for one in (piece.contact.own, piece.own.float()))
        worn = worn_in(piece.clothes, seen, sure)
    if name != "trunk":  # from behind, a limb and what dresses it look much as from the front
        rear = evened_edge(layout, colour, matte, source.tall, worn)
        foot = _foot_share(weights)
        if not bool((foot > 0.5).any()):
            return rear
        own, part = layout.to_grid(matte) > 0.25, INDEX[name.replace("leg", "foot")]
        over = heights(layout, part, own, sheets, source.frame, source.tall)
        return side_of_foot(layout, rear, colour, matte, foot, worn, over)
    neck = weights[INDEX["neck"]] + weights[INDEX["head"]]
    head, hair = behind_head(layout, source.frame, weights), source.hair
    if source.cut is not None:  # which has taken the hair with it
        head, hair = torch.zeros_like(head), None
    hair = None if hair is None else piece.here(hair)
    rear = rear_colour(layout, colour, matte, head, neck, hair, source.tall, worn)
    return rear if nape is None else nape.toned(layout, rear, MOSTLY)


def _cloth(layout: Layout, regions: Regions | None) -> tuple[Fabric, tuple[Repeat, ...], torch.Tensor | None]:
    """What a garment that hangs round both legs is made of, a dress or a skirt; the patterns of all clothes; and
    (gh, gw) the number of what is worn where, None where nobody knows."""
    clothes = None if regions is None else regions.garments
    if clothes is None:
        return Fabric(), (), None
    skirt = clothes.material("dress" if "dress" in clothes.present() else "lower")
    middle = slice(layout.cell // 2, None, layout.cell)
    return (
        Fabric.of(skirt),
        repeats(clothes, layout),
        layout.crop(clothes.labels[0])[0, middle, middle].long(),
    )


def _firm(matte: torch.Tensor, hair: torch.Tensor | None) -> torch.Tensor:
    """(h, w) the matte without its faint parts, except in hair.

    What is hardly the person (the haze in the gap between an arm and the trunk) would be carried along with the arm.
    """
    firm = ((matte - 0.3) / 0.5).clamp(0, 1)
    return firm if hair is None else torch.lerp(firm, matte, hair.clamp(0, 1))


def build(
    picture: torch.Tensor,
    matte: torch.Tensor,
    skeleton: Skeleton,
    regions: Regions | None = None,
    prints: torch.Tensor | None = None,
) -> BodyVolume:
    """Lift a photographed person.

    picture (1, 3, H, W) sRGB in [0, 1]; matte (1, 1, H, W) in [0, 1]; skeleton in the picture's pixels; regions,
    where known, tell hair and bare skin from clothes; prints (1, 1, H, W) in [0, 1] belong to what they are on.
    """
    frame, tall = bones(skeleton), body_height(skeleton)
    layout = Layout.around(matte[0, 0], tall)
    crop = layout.crop(picture[0])
    maps = {}
    if regions is not None:
        maps = {"hair": layout.crop_mask(regions.hair[0]), "skin": layout.crop_mask(regions.skin[0])}
        if regions.garments is not None:
            maps["trousers"] = layout.crop_mask(regions.garments.mask("lower", "shoes")[0])
            maps["face"] = layout.crop_mask(regions.garments.mask("face")[0])
        crop = crop if regions.foreground is None else layout.crop(regions.foreground[0])
    firm, clothes = _firm(layout.crop_mask(matte[0]), maps.get("hair")), regions and regions.garments
    bag = Bag.of(layout, crop, firm, clothes, frame, tall)
    body = (crop, firm, maps) if bag is None else bag.off(layout, crop, firm, **maps)
    masks = split(layout, *body[:2], frame, tall, **body[2])
    masks = masks if bag is None else bag.over(layout, masks)
    head, cut = placed(skeleton, frame, tall), None
    if head is not None and "trunk" in masks.amodal:
        cut = cut_head(layout, crop, masks, head, frame, maps.get("hair"), maps.get("skin"), tall)
        masks = cut.masks
    label = part_labels(layout, skeleton, masks, frame, tall)
    for name, hand in masks.hands.items():
        if hand.beside is not None:
            label[hand.beside[::2, ::2]] = INDEX[name.replace("arm", "hand")]
    hair = layout.to_grid(maps["hair"]) if maps else None
    inside = {name: layout.to_grid(masks.amodal[name]) > 0.25 for name in LAYERS if name in masks.amodal}
    inside = {name: cells for name, cells in inside.items() if bool(cells.any())}  # a limb out of the picture
    weights = {
        name: skinning(layout, name, cells, label, masks, frame, tall) for name, cells in inside.items()
    }
    weights = agreed(layout, weights, frame, masks)
    shape = relief(layout, inside, weights, frame, masks.radii, tall, bool(masks.skirt.any()))
    visible = {name: masks.seen[name] * masks.amodal[name] for name in masks.seen}
    prints = None if prints is None else layout.crop_mask(prints[0])
    source = _Source(layout, crop, masks, visible, frame, tall, hair, cut, prints, *_cloth(layout, regions))
    layers = tuple(_layer(source, name, weights[name], shape) for name in inside)
    if cut is not None:
        layers += _head(source, head, maps.get("hair"), layers[0])
    if bag is not None:
        layers += (_bag(source, bag, layers),)
    layers = tuple(layer for layer in layers if bool(layer.inside.any()))  # of a speck there is no head
    hidden = {layer.name: masks.hands[layer.name].skin for layer in layers if layer.made_up is not None}
    hands = source_hands(layout, crop, skeleton, masks.parted, weights, hidden)
    return BodyVolume(layers, crop, layout, frame, tall, hands)


def _head(source: _Source, head: Head, hair: torch.Tensor | None, trunk: Layer) -> tuple[Layer, ...]:
    """The head's layers: hair (h, w) on the crop, trunk the trunk's layer."""
    piece = _Piece.of(source, HEAD)
    here = piece.here
    body = tuple(
        here(source.layout.laid(values, trunk.layout)) for values in (trunk.front, trunk.back, trunk.inside)
    )
    cut = source.cut.within(here)
    hair = None if hair is None else here(hair)
    return head_layers(piece.layout, cut, head, piece.picture, piece.colour(dressed=False), hair, body)


def _bag(source: _Source, bag: Bag, body: tuple[Layer, ...]) -> Layer:
    """A bag's layer before those of the body."""
    piece, whole = _Piece.of(source, BAG), source.layout
    masks = piece.matte, piece.here(source.masks.parted[BAG]), piece.seen
    laid = [
        (one, whole.laid(one.layout.to_grid(one.matte), one.layout)) for one in body if one.name in CARRIES
    ]
    under = [(piece.here(whole.laid(one.front, one.layout)), piece.here(share)) for one, share in laid]
    return bag_layer(piece.layout, bag, masks, piece.colour(dressed=False), under, source.frame, source.tall)
