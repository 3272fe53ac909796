"""The head cut from the trunk: skull, face and hair are one sheet that turns with the head, over neck and shoulders.

What hangs below the ears outside the head's own outline is hair: it turns with the head where it begins and with the
chest further down. The neck goes on under the jaw, the shoulders go on under the hair, so that neither leaves a gap
when the head turns. Where hair hangs down on both sides there is hair behind the neck as well (`MANE`), which no
photo of a face shows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F

from . import field
from .covering import layered_colour
from .hair import hair_colour, rear_of_head
from .head import Head, outlined, sides
from .layer import Layer
from .layers import Masks
from .layout import Layout
from .motion import Bones
from .parts import INDEX, LAYERS, PARTS

HEAD, MANE = "head", "mane"
FINE = 2
"""The head's sheets have cells half as large as the body's: a nose is a few of those."""
LOBES, BESIDE = -0.03, 0.11
"""In heads' statures: down to the ears' lobes all that is no farther beside the head than a hat's brim is head, whatever
it looks like. By eye."""
JAW, LOOSE = -0.05, 0.16
"""Height of the jaw, from which on hair begins to hang by itself, and how much lower it lies on the chest and hardly
turns with the head. By eye, as is the next."""
HELD = 0.3
"""Share by which hair on the chest still goes with the head."""
NECK, SLOPE = 0.031, (0.35, 0.018)
"""Half-breadth of the neck in heads' statures (sections.json); where the shoulders' slope leaves it, as a share of the
way from its base to the ears, and how far over the shoulder's joint it ends, in statures."""
FALL, INWARDS = 0.17, 0.25
"""Height in heads' statures over which hair behind the head comes down onto the back, and how fast it does, as a slope;
by eye."""
ASIDE = 0.012
"""Squared distance from the line between two colours beyond which a pixel is no mixture of them; by eye."""
TOLD = 0.06
"""Squared distance of two colours (sRGB, all channels) from which on hair and cloth are told apart by them; by eye."""
JAW_OPEN = -0.01
"""Height from which downwards the near and the far side of a head do not meet at its outline: there is the neck."""
ABOVE = 0.03
"""How far, in heads' statures, the hair behind the neck goes up under the back of the head."""
HAZE = 0.3
"""Opacity of what is hardly hair: enough to be the photo's own pixels while nothing moves."""
STRAND = 0.016
"""Half-thickness in heads' statures of hair that hangs on the chest: our choice, by eye."""


@dataclass(frozen=True, eq=False)
class Cut:
    """The masks with the head's own layers among them; `hanging` (2gh, 2gw) in [0, 1] where hair hangs by itself; `stray`
    (h, w) how much of the hair's colour is in what the other layers show near it."""

    masks: Masks
    hanging: torch.Tensor
    stray: torch.Tensor


def cut_head(
    layout: Layout,
    picture: torch.Tensor,
    masks: Masks,
    head: Head,
    frame: Bones,
    hair: torch.Tensor | None,
    tall: float,
) -> Cut:
    """picture (3, h, w), hair (h, w) in [0, 1] or None."""
    arms = [name for name in masks.amodal if name.endswith("arm")]
    matte = masks.amodal["trunk"]
    region, loose = _region(layout, masks, head, None if hair is None else layout.to_grid(hair, 2))
    own = {name: masks.seen[name] * masks.amodal[name] for name in ("trunk", *arms)}
    whole = torch.stack(list(own.values())).amax(0)
    under = _crisp(layout.to_native(_under(layout, head, frame, tall)[None])[0])
    share, stray = _share(layout, picture, region, loose, sides(head, layout, 2)[2], whole, under)
    hidden = under * matte
    amodal, parted, seen = dict(masks.amodal), dict(masks.parted), dict(masks.seen)
    hangs = _crisp(layout.to_native(loose[None])[0]) * _sharp(share)
    for name in arms:  # on which hair lies
        seen[name] = masks.seen[name] * (1 - hangs)
    stray = (stray > 0.2).float()
    haze = HAZE * field.dilate(stray, layout.cell // 3 + 1) * whole  # as far as `covering` looks past what is stray
    upper = torch.maximum(masks.parted["trunk"], hangs * whole)
    for name, kept, mine, goes_on in (
        (HEAD, share, torch.maximum(own["trunk"], hangs * whole), haze),
        ("trunk", 1 - share, own["trunk"], hidden),
    ):
        parted[name] = torch.maximum((upper if name == HEAD else masks.parted["trunk"]) * _sharp(kept), goes_on)
        amodal[name] = torch.maximum(parted[name], matte * _sharp(kept, 0.3))
        seen[name] = (mine * _sharp(kept) / amodal[name].clamp(min=1e-4)).clamp(0, 1)
    between = _mane(layout, head, loose)
    if bool(between.any()):
        sure = field.erode((torch.maximum(matte, whole) > 0.95).float(), 2)
        parted[MANE] = amodal[MANE] = _crisp(layout.to_native(between.float()[None])[0]) * sure
        seen[MANE] = torch.zeros_like(matte)
    return Cut(replace(masks, amodal=amodal, parted=parted, seen=seen), loose, stray)


def _region(
    layout: Layout, masks: Masks, head: Head, hair: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """(2gh, 2gw) 1 on the head, and on those of its cells that are hair hanging by itself."""
    x, y = layout.cells(2)
    up, aside = head.height(x, y)
    skull = sides(head, layout, 2)[2]
    trunk = masks.owner == LAYERS.index("trunk")
    solid = skull | ((up > LOBES) & (aside.abs() < BESIDE) & trunk)
    if hair is None:
        return (solid & trunk).float(), torch.zeros_like(up)
    arms = masks.owner >= LAYERS.index("left_arm")
    grown = _reached(solid & trunk, (solid & trunk) | ((trunk | arms) & (hair > 0.5)))
    loose = grown & ~skull & (up < 0)
    return grown.float(), loose.float()


def _share(layout: Layout, picture: torch.Tensor, region: torch.Tensor, loose: torch.Tensor, skull, own, under):
    """(h, w) the head's share, and how much of the hair's colour is in what is near hair.

    The jaw's edge is the fitted head's, smooth, for it is stretched when a chin is raised. Hanging hair is told by its
    colour from what it hangs before: between strands the shirt stays with the trunk.
    """
    plain, hangs, bare = layout.to_native(torch.stack((region, loose, field.erode(skull.float(), 1))))
    plain = _crisp(field.box_blur(plain[None], layout.cell // 2)[0])
    if not bool((loose > 0).any()):
        return plain, torch.zeros_like(plain)
    guided = field.guided_filter(
        picture.mean(0), layout.to_native(region[None]), max(2, layout.cell), 1e-3, max(1, layout.cell // 4)
    )[0].clamp(0, 1)
    near = field.box_blur(field.dilate(hangs, 6 * layout.cell)[None], layout.cell)[0] * (1 - bare)
    share = torch.lerp(plain, guided, near)
    reach = max(1, layout.cell // 2)
    body = field.dilate(field.erode(((share < 0.5) & (own > 0.5)).float(), reach), reach)
    share = share.maximum((near > 0.3) * (1 - body) * (1 - under))  # a lone lock, not a piece of the body
    sure = [
        field.erode(((guided > 0.85) & (hangs > 0.5)).float(), reach),
        field.erode(((guided < 0.15) & (own > 0.9)).float(), reach),
    ]
    if not all(bool((known > 0).any()) for known in sure):
        return share, torch.zeros_like(plain)
    hair, body = (_colour_of(layout, picture, known) for known in sure)
    between = hair - body
    distance = between.square().sum(0)
    mixed = ((picture - body) * between).sum(0) / distance.clamp(min=1e-4)
    aside = (picture - body - mixed * between).square().sum(0)  # neither, nor between the two: skin, a print
    trust = (distance / TOLD - 1).clamp(0, 1) * (2 - aside / ASIDE).clamp(0, 1) * near * own
    # What is left of the body between strands in specks is no cloth to go on from.
    opened = field.dilate(field.erode(((share < 0.5) | (own < 0.5)).float(), reach), reach)
    stray = field.dilate(((mixed - 0.08) / 0.2).clamp(0, 1) * trust, 2).maximum((1 - opened) * near)
    return torch.lerp(share, ((mixed - 0.2) / 0.6).clamp(0, 1), trust), stray


def _colour_of(layout: Layout, picture: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """(3, h, w) the colours of the pixels `known` (h, w), continued smoothly over all others."""
    share = layout.to_grid(known)
    mean = layout.to_grid(picture * known) / share.clamp(min=1e-4)
    return layout.to_native(field.extrapolate(mean, (share > 0.05).float()))


def _reached(seed: torch.Tensor, within: torch.Tensor) -> torch.Tensor:
    """(h, w) bool: the cells of `within` that hang together with `seed`."""
    now = (seed & within).float()
    for _ in range(max(seed.shape)):
        after = field.dilate(now, 2) * within
        if bool((after == now).all()):
            break
        now = after
    return now > 0


def _under(layout: Layout, head: Head, frame: Bones, tall: float) -> torch.Tensor:
    """(2gh, 2gw) 1 where neck and shoulders are, whatever covers them."""
    base, ears = frame.start[INDEX["neck"]][:2], head.origin[:2]
    wide = NECK * head.scale
    near, _ = layout.capsule(base, ears, 2)
    body = near < wide
    x, y = layout.cells(2)
    start = base + SLOPE[0] * (ears - base)
    for side in ("left", "right"):
        shoulder = frame.start[INDEX[f"{side}_upper_arm"]][:2] + SLOPE[1] * tall * head.up
        body |= _inside(x, y, [start, shoulder, shoulder - 4 * head.up * wide, base - 6 * head.up * wide])
    return body.float()


def _inside(x: torch.Tensor, y: torch.Tensor, corners: list[np.ndarray]) -> torch.Tensor:
    """(gh, gw) bool: inside a polygon, by the even-odd rule."""
    within = torch.zeros_like(x, dtype=torch.bool)
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        ax, ay, bx, by = float(ax), float(ay), float(bx), float(by)
        if abs(by - ay) > 1e-9:
            within ^= ((y < ay) != (y < by)) & (x < ax + (y - ay) * (bx - ax) / (by - ay))
    return within


def _mane(layout: Layout, head: Head, loose: torch.Tensor) -> torch.Tensor:
    """(2gh, 2gw) bool: the cells in rows of hanging hair between its strands on either side, with the strands."""
    hair = loose > 0
    between = hair.cummax(1).values & hair.flip(1).cummax(1).values.flip(1)
    gap = between & ~hair
    both = ((gap.sum(1, keepdim=True) > 0) & between).float()
    both = field.erode(field.dilate(both, 2), 2)
    up = max(1, int(ABOVE * head.scale / (layout.cell / 2)))  # it begins under the back of the head
    return F.max_pool2d(F.pad(both, (0, 0, 0, up))[None], (up + 1, 1), 1)[0] > 0


def _sharp(share: torch.Tensor, border: float = 0.5) -> torch.Tensor:
    """A share as a matte whose value is one half where the share is `border`."""
    return (share - border).mul(6).add(0.5).clamp(0, 1)


def _crisp(mask: torch.Tensor) -> torch.Tensor:
    return (mask - 0.5).mul(4).add(0.5).clamp(0, 1)


def head_weights(layout: Layout, head: Head, cells: torch.Tensor) -> torch.Tensor:
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
    front, back = _over_body(layout, trunk, head.scale)
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
    shape = _closed(shape, closing * layout.cell / FINE + (JAW_OPEN - up).clamp(min=0) * 30 * head.scale)
    hung = _hung(layout, loose, shape, front, (JAW - up) / LOOSE, STRAND * head.scale)
    soft = field.box_blur(loose.float()[None], 3)[0].clamp(0, 1) * ~(known & (up > JAW) & ~loose)
    shape = torch.lerp(shape, hung, torch.maximum(soft, loose.float()))
    mane = _mane_sheets(layout, cut, fallen, back, (0.01 - up) / FALL, STRAND * head.scale)
    return Sheets(shape[0], shape[1], *mane)


def _fallen(layout: Layout, far: torch.Tensor, covered: torch.Tensor) -> torch.Tensor:
    """(gh, gw) z to which hair falls that lies on the head's far side `far` (gh, gw): in each column down from where the
    head (`covered`) stands out most, a little inwards, and rounded towards the sides."""
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


def _over_body(layout: Layout, trunk, scale: float) -> tuple[torch.Tensor, torch.Tensor]:
    """(gh, gw) on the fine grid: the trunk's front and back, smooth, continued beyond its outline."""
    front, back, cells = trunk
    both = field.extrapolate(torch.stack((front, back)), (field.erode(cells.float(), 2) > 0).float())
    both = field.box_blur(field.box_blur(both, 3), 3)
    both = F.interpolate(both[None], scale_factor=FINE, mode="bilinear", align_corners=False)[0]
    return both[0], both[1]


def _hung(layout: Layout, loose, shape, front, depth, strand: float) -> torch.Tensor:
    """(2, gh, gw) near and far side of hanging hair: from where it leaves the head down onto the body, and no part of it
    inside the body."""
    share = depth.clamp(0, 1)
    share = share * share * (3 - 2 * share)
    half = (field.inflate(loose) * layout.cell / FINE * 0.7).clamp(max=strand)
    middle = torch.lerp(shape.mean(0), front - strand, share)
    middle = torch.minimum(middle, torch.where(depth > 0.3, front - 0.5 * strand, middle))
    middle = field.box_blur(field.box_blur(middle[None], 4), 4)[0]
    return torch.stack((middle - half, middle + half))


def _mane_sheets(layout: Layout, cut: Cut, far, back, depth, strand: float) -> tuple[torch.Tensor, torch.Tensor]:
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
    hair: torch.Tensor | None,
    trunk: Layer,
) -> tuple[Layer, ...]:
    """The layers of head and mane; trunk is the trunk's layer."""
    masks = cut.masks
    shape = sheets(layout, cut, head, (trunk.front, trunk.back, trunk.inside))
    weights = head_weights(layout, head, shape.near)
    found = []
    colour = layered_colour(layout, picture, masks.amodal[HEAD], masks.seen[HEAD])
    whole = torch.maximum(masks.amodal[HEAD], masks.amodal.get(MANE, masks.amodal[HEAD]))
    strands = hair_colour(layout, head, picture, whole, masks.seen[HEAD] * masks.amodal[HEAD], hair)
    rear = rear_of_head(layout, head, colour, strands, masks.amodal[HEAD], hair)
    for name, own, behind, near, far in (
        (HEAD, colour, rear, shape.near, shape.far),
        (MANE, strands, strands, shape.mane_near, shape.mane_far),
    ):
        if name not in masks.amodal:
            continue
        matte = masks.amodal[name]
        cover = layout.to_grid(matte, FINE)
        margin = field.dilate((layout.to_grid((matte > 0.02).float(), FINE) > 0).float(), 2) > 0
        found.append(
            Layer(name, matte, masks.parted[name], masks.seen[name], own, behind, margin, cover > 0.7, weights,
                  near, far, FINE)
        )  # fmt: skip
    return tuple(found)
