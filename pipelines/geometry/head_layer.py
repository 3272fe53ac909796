"""The sheets of the head: skull and face, the hair that hangs from it, and the hair behind the neck.

They turn with the head; hair turns with it where it begins, and with the chest where it lies on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from . import field
from .hair import NAPE, hair_colour, rear_of_head, shown_hair
from .head import Head, outlined, sides
from .head_cut import HEAD, MANE, TIPS, Cut
from .head_side import head_side
from .layer import Layer
from .layout import Layout
from .parts import INDEX, PARTS
from .strands import Grain

FINE = 2
"""The head's sheets have cells half as large as the body's: a nose is a few of those."""
JAW, LOOSE = -0.05, 0.16
"""Height of the jaw, from which on hair begins to hang by itself, and how much lower it lies on the chest and hardly
turns with the head. By eye, as is the next."""
HELD = 0.3
"""Share by which hair on the chest still goes with the head."""
FALL, INWARDS = 0.17, 0.25
"""Height in heads' statures over which hair behind the head comes down onto the back, and how fast it does, as a slope;
by eye."""
JAW_OPEN = -0.01
"""Height from which downwards the near and the far side of a head do not meet at its outline: there is the neck."""
EARS, NECK = 0.02, 0.022
"""Height at which a skull is deepest and below which its back turns in to the neck, and how far behind the ears' middle
the neck's back is there; by eye."""
SHEER = 4
"""Cells round hanging hair as far as which its tips reach. By eye."""
STRAND = 0.016
"""Half-thickness in heads' statures of hair that hangs on the chest: our choice, by eye."""


def head_weights(layout: Layout, head: Head) -> torch.Tensor:
    """(P, gh, gw) on the fine grid: all of the head above the jaw, less and less of it down to the chest."""
    up, _ = head.height(*layout.cells(FINE))
    far = ((JAW - up) / LOOSE).clamp(0, 1)
    held = 1 - (1 - HELD) * far * far * (3 - 2 * far)
    weights = torch.zeros(len(PARTS), *up.shape, device=up.device)
    weights[INDEX["head"]], weights[INDEX["chest"]] = held, 1 - held
    return weights


@dataclass(frozen=True, eq=False)
class Sheets:
    """z of the near and the far side of the head and of the hair behind the neck, on the fine grid, pixels."""

    near: torch.Tensor
    far: torch.Tensor
    mane_near: torch.Tensor
    mane_far: torch.Tensor


def sheets(
    layout: Layout, cut: Cut, head: Head, trunk: tuple[torch.Tensor, torch.Tensor, torch.Tensor]
) -> Sheets:
    """trunk: front and back (gh, gw) of the trunk's layer, and the cells (gh, gw) where it is."""
    inside = layout.to_grid(cut.masks.amodal[HEAD], FINE) > 0.25
    loose = (cut.hanging > 0) & inside
    front, back = _over_body(trunk)
    up, _ = head.height(*layout.cells(FINE))
    skull = outlined(head, *_places(layout, inside & ~loose))
    near, far, covered = sides(skull, layout, FINE)
    known = (covered & inside & ~loose) | (covered & (up > 0))
    both = field.extrapolate(torch.stack((near, far)), (field.erode(known.float(), 1) > 0).float())
    middle, half = both.mean(0), (both[1] - both[0]).clamp(min=0) / 2
    half = torch.where(known, half, torch.minimum(half, field.inflate(inside) * layout.cell / FINE))
    shape = torch.stack((middle - half, middle + half))
    shape = torch.where(field.erode(known.float(), 1) > 0, torch.stack((near, far)), shape)
    fallen = both[1]
    if MANE in cut.masks.amodal:
        fallen = _fallen(layout, both[1], covered)
        shape[1] = torch.where(known & (up > 0), shape[1].maximum(fallen), shape[1])
    closing = field.inflate(field.erode((layout.to_grid(cut.masks.amodal[HEAD], FINE) > 0.7).float(), 1) > 0)
    if MANE not in cut.masks.amodal:
        shape[1] = _to_nape(shape, float(head.origin[2]) + NECK * head.scale, up)
    shape = _closed(shape, closing * layout.cell / FINE + (JAW_OPEN - up).clamp(min=0) * 30 * head.scale)
    hung = _hung(layout, loose, shape, front, (JAW - up) / LOOSE, STRAND * head.scale)
    soft = field.box_blur(loose.float()[None], 3)[0].clamp(0, 1) * ~(known & (up > JAW) & ~loose)
    shape = torch.lerp(shape, hung, torch.maximum(soft, loose.float()))
    mane = _mane_sheets(layout, cut, fallen, back, (0.01 - up) / FALL, STRAND * head.scale)
    return Sheets(shape[0], shape[1], *mane)


def _to_nape(shape: torch.Tensor, back: float, up: torch.Tensor) -> torch.Tensor:
    """(gh, gw) the far side of a head (2, gh, gw) whose hair ends at the nape: below the ears, at heights `up`, it goes
    over into the neck's `back`, as a skull does."""
    share = ((EARS - up) / (EARS - NAPE)).clamp(0, 1)
    # A quarter circle, which begins along the skull and ends along the neck.
    neck = back + (shape[1] - back) * (1 - share * share).sqrt()
    return torch.where(up < EARS, shape[1].minimum(neck).maximum(shape[0]), shape[1])


def _fallen(layout: Layout, far: torch.Tensor, covered: torch.Tensor) -> torch.Tensor:
    """(gh, gw) z to which hair falls that lies on the head's far side `far` (gh, gw): in each column down from where
    the head (`covered`) stands out most, a little inwards, and rounded towards the sides."""
    row = torch.arange(len(far), device=far.device)[:, None] * (layout.cell / FINE * INWARDS)
    fallen = (torch.where(covered, far, -1e6) + row).cummax(0).values - row
    fallen = torch.where(fallen > -1e5, fallen, far)
    return field.box_blur(field.box_blur(fallen[None], 3), 3)[0].maximum(far)


def _closed(shape: torch.Tensor, most: torch.Tensor) -> torch.Tensor:
    """(2, gh, gw) near and far side no further apart than twice `most` (gh, gw), so that they meet at the outline."""
    half = (shape[1] - shape[0]).clamp(min=0) / 2
    excess = (half - 1.4 * most).clamp(min=0)
    return torch.stack((shape[0] + excess, shape[1] - excess))


def _places(layout: Layout, cells: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    x, y = layout.cells(FINE)
    return x[cells].cpu().numpy(), y[cells].cpu().numpy()


def _over_body(trunk: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """(gh, gw) on the fine grid: the trunk's front and back, smooth, continued beyond its outline."""
    front, back, cells = trunk
    both = field.extrapolate(torch.stack((front, back)), (field.erode(cells.float(), 2) > 0).float())
    both = field.box_blur(field.box_blur(both, 3), 3)
    both = F.interpolate(both[None], scale_factor=FINE, mode="bilinear", align_corners=False)[0]
    return both[0], both[1]


def _hung(layout: Layout, loose, shape, front, depth, strand: float) -> torch.Tensor:
    """(2, gh, gw) near and far side of hanging hair: from where it leaves the head down onto the body, and no part of
    it inside the body."""
    share = depth.clamp(0, 1)
    share = share * share * (3 - 2 * share)
    half = (field.inflate(loose) * layout.cell / FINE * 0.7).clamp(max=strand)
    middle = torch.lerp(shape.mean(0), front - strand, share)
    middle = torch.minimum(middle, torch.where(depth > 0.3, front - 0.5 * strand, middle))
    middle = field.box_blur(field.box_blur(middle[None], 4), 4)[0]
    return torch.stack((middle - half, middle + half))


def _mane_sheets(
    layout: Layout, cut: Cut, far, back, depth, strand: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """The hair behind the neck: from the back of the head down, close behind neck and back."""
    if MANE not in cut.masks.amodal:
        return back, back
    cells = layout.to_grid(cut.masks.amodal[MANE], FINE) > 0.25
    upwards = cells.flip(0).cummax(0).values.flip(0)
    half = (field.inflate(upwards) * layout.cell / FINE * 0.7).clamp(max=strand)
    share = depth.clamp(0, 1)
    middle = torch.lerp(far - strand, back + strand, share * share * (3 - 2 * share))
    middle = field.box_blur(field.box_blur(middle[None], 4), 4)[0]
    return middle - half, middle + half


def head_layers(
    layout: Layout,
    cut: Cut,
    head: Head,
    picture: torch.Tensor,
    colour: torch.Tensor,
    hair: torch.Tensor | None,
    trunk: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
) -> tuple[Layer, ...]:
    """The layers of head and mane; colour (3, h, w) the head's own, trunk as for `sheets`."""
    masks = cut.masks
    shape = sheets(layout, cut, head, trunk)
    weights = head_weights(layout, head)
    found = []
    whole = torch.maximum(masks.amodal[HEAD], masks.amodal.get(MANE, masks.amodal[HEAD]))
    seen = masks.seen[HEAD] * masks.amodal[HEAD]
    shown = torch.zeros_like(seen, dtype=torch.bool) if hair is None else (seen > 0.9) & (hair > 0.8)
    grain = Grain.of(picture, shown, head.scale)
    told = shown_hair(layout, head, seen, hair)
    strands = hair_colour(layout, head, picture, whole, told, grain)
    rear = rear_of_head(layout, head, colour, strands, masks.amodal[HEAD], hair)
    side = head_side(layout, head, shape.near, colour, seen, hair, told, grain, cut.hanging)
    up, _ = head.height(*layout.cells(FINE))
    sheer = (field.dilate((cut.hanging > 0).float(), SHEER) > 0) & (up < TIPS)
    for name, own, behind, near, far in (
        (HEAD, colour, rear, shape.near, shape.far),
        (MANE, strands, strands, shape.mane_near, shape.mane_far),
    ):
        if name not in masks.amodal:
            continue
        matte = masks.amodal[name]
        solid = layout.to_grid(masks.parted[name], FINE) > 0.7
        margin = field.dilate((layout.to_grid((matte > 0.02).float(), FINE) > 0).float(), 2) > 0
        true = matte if name == MANE else None  # it hides the back, though nobody saw it
        found.append(
            Layer(name, layout, matte, masks.parted[name], masks.seen[name], own, behind, margin, solid, weights,
                  near, far, None, true, FINE, side=side if name == HEAD else side.of_hair(),
                  sheer=sheer if name == HEAD else None)
        )  # fmt: skip
    return tuple(found)
