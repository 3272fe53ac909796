"""The head cut from what it hangs over: skull, face and hair, with neck and shoulders going on under them.

What hangs below the ears outside the head's own outline is hair. Where it hangs down on both sides there is hair
behind the neck as well (`MANE`), which no photo of a face shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F

from . import field
from .head import Head, sides
from .layers import Masks
from .layout import Layout
from .motion import Bones
from .nearness import across, background_beyond, outermost
from .parts import INDEX, LAYERS

HEAD, MANE = "head", "mane"
FALLS = -0.045
"""Height in heads' statures below which hair has to hang on both sides to hang behind the neck too: a centimetre and
a half under the nape."""
LOBES, BESIDE = -0.03, 0.11
"""In heads' statures: down to the ears' lobes all that is no farther beside the head than a hat's brim is head,
whatever it looks like. By eye."""
INTO = 0.03
"""Statures by which the neck goes on into the head over its lobes. By eye."""
NECK, SLOPE = 0.031, (0.35, 0.018)
"""Half-breadth of the neck in heads' statures (sections.json); where the shoulders' slope leaves it, as a share of the
way from its base to the ears, and how far over the shoulder's joint it ends, in statures."""
ASIDE = 0.012
"""Squared distance from the line between two colours beyond which a pixel is no mixture of them; by eye."""
TOLD = 0.06
"""Squared distance of two colours (sRGB, all channels) from which on hair and cloth are told apart by them; by eye."""
STRANDS = (0.08, 0.85)
"""Share of the hair's colour in a pixel from which on it is hair at all, and all hair. By eye."""
GLEAM = (0.3, 0.5)
"""Share of the hair's colour up to which a pixel amid hair is what the hair lies on, and from which on a gleam. By
eye."""
WISP, AWAY = 0.08, 0.05
"""Share of hair in a pixel from which on the clothes under it are not to be believed; and as far from hanging hair, in
statures, as its strands reach. By eye."""
TIPS = -0.09
"""In heads' statures: below the chin, for beside a face its edge is no strand. By eye."""
BINS = 16
"""Places along a neck at which its sides are looked for."""
UNDER_STRANDS = 1.0
"""Cells by which the body goes on under the tips of hair. By eye."""
ABOVE = 0.03
"""How far, in heads' statures, the hair behind the neck goes up under the back of the head."""


@dataclass(frozen=True, eq=False)
class Cut:
    """The masks with the head's own layers among them; `hanging` (2gh, 2gw) in [0, 1] where hair hangs by itself;
    `stray` (h, w) 1 where the hair's colour is in what the other layers show near it; `under`
    (h, w) 1 where neck and shoulders go on under the head."""

    masks: Masks
    hanging: torch.Tensor
    stray: torch.Tensor
    under: torch.Tensor

    def within(self, here: Callable[[torch.Tensor], torch.Tensor]) -> Cut:
        """The same on the part of the crop that `here` cuts out, for the head's own layers."""
        names = [name for name in (HEAD, MANE) if name in self.masks.amodal]
        maps = {
            of: {name: here(getattr(self.masks, of)[name]) for name in names}
            for of in ("amodal", "parted", "seen")
        }
        return Cut(
            replace(self.masks, **maps), *(here(one) for one in (self.hanging, self.stray, self.under))
        )


def cut_head(
    layout: Layout,
    picture: torch.Tensor,
    masks: Masks,
    head: Head,
    frame: Bones,
    hair: torch.Tensor | None,
    skin: torch.Tensor | None,
    tall: float,
) -> Cut:
    """picture (3, h, w); hair and the body's skin (h, w) in [0, 1], or None."""
    arms = [name for name in masks.amodal if name.endswith("arm")]
    matte = masks.amodal["trunk"]
    region, loose = _region(layout, masks, head, None if hair is None else layout.to_grid(hair, 2))
    own = {name: masks.seen[name] * masks.amodal[name] for name in ("trunk", *arms)}
    whole = torch.stack(list(own.values())).amax(0)
    inside = layout.to_grid(torch.maximum(matte, whole), 2) > 0.5
    body = inside & (region == 0) & (masks.owner == LAYERS.index("trunk"))
    under = _crisp(layout.to_native(_under(layout, head, frame, tall, body, inside)[None])[0])
    up, _ = head.height(*layout.cells(2))
    up = layout.to_native(up[None])[0]
    share, stray, strands, soft = _share(
        layout, picture, region, loose, sides(head, layout, 2)[2], whole, under, skin, up
    )
    if hair is not None:  # single strands, too, that lie on a sleeve beside the rest
        near = field.dilate(layout.to_native(loose[None])[0], round(AWAY * tall))
        stray = stray.maximum(field.dilate((hair > WISP).float(), 2) * near)
    # The neck ends in the head: above the lobes nothing of it is to come out of the head's side when that is turned.
    under = under * ((LOBES + INTO - up) / INTO).clamp(0, 1)
    hidden = under * matte
    amodal, parted, seen = dict(masks.amodal), dict(masks.parted), dict(masks.seen)
    hangs = _crisp(layout.to_native(loose[None])[0]) * _sharp(share)
    for name in arms:  # on which hair lies
        seen[name] = masks.seen[name] * (1 - hangs)
    upper = torch.maximum(masks.parted["trunk"], hangs * whole)
    for name, kept, mine, goes_on in (
        (HEAD, share, torch.maximum(own["trunk"], hangs * whole), 0 * share),
        ("trunk", 1 - share, own["trunk"], hidden),
    ):
        parted[name] = torch.maximum(
            (upper if name == HEAD else masks.parted["trunk"]) * _sharp(kept), goes_on
        )
        amodal[name] = torch.maximum(parted[name], matte * _sharp(kept, 0.3))
        seen[name] = (mine * _sharp(kept) / amodal[name].clamp(min=1e-4)).clamp(0, 1)
    soft = soft * ((TIPS - up) / 0.01).clamp(0, 1)
    _softened(layout, parted, amodal, seen, own["trunk"], strands, soft)
    between = _mane(layout, head, loose)
    if bool(between.any()):
        sure = field.erode((torch.maximum(matte, whole) > 0.95).float(), 2)
        parted[MANE] = amodal[MANE] = _crisp(layout.to_native(between.float()[None])[0]) * sure
        seen[MANE] = torch.zeros_like(matte)
    return Cut(replace(masks, amodal=amodal, parted=parted, seen=seen), loose, stray, hidden)


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


def _share(
    layout: Layout,
    picture: torch.Tensor,
    region: torch.Tensor,
    loose: torch.Tensor,
    skull,
    own,
    under,
    skin,
    up,
):
    """(h, w) the head's share, and how much of the hair's colour is in what is near hair; up (h, w) heights over the
    ears in heads' statures.

    The jaw's edge is the fitted head's, smooth, for it is stretched when a chin is raised. Hanging hair is told by its
    colour from what it hangs before: between strands the shirt stays with the trunk.
    """
    plain, hangs, bare = layout.to_native(torch.stack((region, loose, field.erode(skull.float(), 1))))
    plain = _crisp(field.box_blur(plain[None], layout.cell // 2)[0])
    if not bool((loose > 0).any()):
        return plain, *(torch.zeros_like(plain) for _ in range(3))
    guided = field.guided_filter(
        picture.mean(0), layout.to_native(region[None]), max(2, layout.cell), 1e-3, max(1, layout.cell // 4)
    )[0].clamp(0, 1)
    near = field.box_blur(field.dilate(hangs, 6 * layout.cell)[None], layout.cell)[0] * (1 - bare)
    # Hair is told from cloth by its colour, never from skin, whose shadows are like it.
    near = near if skin is None else near * (1 - field.dilate(_opened(skin, layout.cell // 2), layout.cell))
    near = near * ((LOBES - up) / 0.01).clamp(0, 1)  # an ear is none of either
    share = torch.lerp(plain, guided, near)
    reach = max(1, layout.cell // 2)
    body = field.dilate(field.erode(((share < 0.5) & (own > 0.5)).float(), reach), reach)
    share = share.maximum((near > 0.3) * (1 - body) * (1 - under))  # a lone lock, not a piece of the body
    sure = [
        field.erode(((guided > 0.85) & (hangs > 0.5)).float(), reach),
        field.erode(((guided < 0.15) & (own > 0.9)).float(), reach),
    ]
    if not all(bool((known > 0).any()) for known in sure):
        return share, *(torch.zeros_like(plain) for _ in range(3))
    hair, body = (_colour_of(layout, picture, known) for known in sure)
    between = hair - body
    distance = between.square().sum(0)
    mixed = ((picture - body) * between).sum(0) / distance.clamp(min=1e-4)
    aside = (picture - body - mixed * between).square().sum(0)  # neither, nor between the two: skin, a print
    trust = (distance / TOLD - 1).clamp(0, 1) * (2 - aside / ASIDE).clamp(0, 1) * near * own
    beside = field.box_blur(field.dilate(hangs, 2 * layout.cell)[None], layout.cell // 2)[0] * near
    # What is left of the body between strands in specks is no cloth to go on from.
    opened = field.dilate(field.erode(((share < 0.5) | (own < 0.5)).float(), reach), reach)
    stray = field.dilate(((mixed - 0.15) / 0.2).clamp(0, 1) * trust * beside, 2).maximum(
        (1 - opened) * beside
    )
    share = torch.lerp(share, ((mixed - 0.2) / 0.6).clamp(0, 1), trust)
    # Within, a gleam on the hair is hair.
    strands = ((mixed - STRANDS[0]) / (STRANDS[1] - STRANDS[0])).clamp(0, 1)
    strands = strands.maximum(_gleams(share, mixed, own, reach))
    return share, stray, strands, trust


def _gleams(share: torch.Tensor, mixed: torch.Tensor, own: torch.Tensor, reach: int) -> torch.Tensor:
    """(h, w) how far a pixel is hair because hair is all round it, up to so many pixels away: share (h, w) the head's,
    mixed (h, w) of the hair's colour in it, own (h, w) what of the person may be under hair. Cloth between two strands,
    or between one and the outline, shows none of that colour, and stays cloth."""
    beyond = own < 0.5
    closed = field.dilate(((share > 0.5) & ~beyond).float(), reach).maximum(beyond.float())
    return field.erode(closed, 2 * reach) * ((mixed - GLEAM[0]) / (GLEAM[1] - GLEAM[0])).clamp(0, 1)


def _opened(values: torch.Tensor, reach: int) -> torch.Tensor:
    """(h, w) values (h, w) without what is no broader than twice `reach` pixels (a grey opening): specks of skin among
    strands on a sleeve are strands and cloth."""
    return field.dilate(field.erode(values, reach), reach)


def _softened(layout: Layout, parted, amodal, seen, own, strands: torch.Tensor, soft: torch.Tensor) -> None:
    """Hanging hair ends in strands: where it is told by its colour (`soft` (h, w) in [0, 1]) its mattes are how much of
    each pixel is hair, and the body (`own` (h, w), what is seen of it) goes on a little under them."""
    reach = max(2, round(UNDER_STRANDS * layout.cell))
    body = field.dilate((parted["trunk"] > 0.9).float(), reach) * (soft > 0) * (own > 0.5)
    for maps in (parted, amodal):
        maps[HEAD] = torch.lerp(maps[HEAD], strands, soft)
        before, maps["trunk"] = maps["trunk"], torch.maximum(maps["trunk"], body)
    seen[HEAD] = torch.maximum(seen[HEAD], (soft > 0.3).float())  # what there is of a strand was seen
    seen["trunk"] = seen["trunk"] * before / amodal["trunk"].clamp(min=1e-4)


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


def _under(
    layout: Layout, head: Head, frame: Bones, tall: float, seen: torch.Tensor, inside: torch.Tensor
) -> torch.Tensor:
    """(2gh, 2gw) 1 where neck and shoulders are, whatever covers them; seen (2gh, 2gw) bool, what shows of them, inside
    of anybody."""
    base, ears = frame.start[INDEX["neck"]][:2], head.origin[:2]
    wide = NECK * head.scale
    near, _ = layout.capsule(base, ears, 2)
    lateral, along = across(layout, base, ears)
    body = near < wide
    for sign in (
        -1,
        1,
    ):  # a neck goes straight up: where a side of it shows before the background, that is it
        place = (along * BINS).long().clamp(0, BINS - 1)
        shown = seen & (along >= 0) & (along < 1) & (lateral * sign > 0)
        edge = outermost(lateral * sign, place, shown, BINS)
        known = (edge > 0) & (edge < wide) & background_beyond(layout, inside, (base, ears), sign, edge)
        if known.sum() >= 2:
            body &= lateral * sign <= float(edge[known].min()) + layout.cell / 4
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
    height, _ = head.height(*layout.cells(2))
    if not bool((both * (height < FALLS) > 0).any()):
        return torch.zeros_like(hair)  # it ends at the nape: no curtain
    up = max(1, int(ABOVE * head.scale / (layout.cell / 2)))  # it begins under the back of the head
    return F.max_pool2d(F.pad(both, (0, 0, 0, up))[None], (up + 1, 1), 1)[0] > 0


def _sharp(share: torch.Tensor, border: float = 0.5) -> torch.Tensor:
    """A share as a matte whose value is one half where the share is `border`."""
    return (share - border).mul(6).add(0.5).clamp(0, 1)


def _crisp(mask: torch.Tensor) -> torch.Tensor:
    return (mask - 0.5).mul(4).add(0.5).clamp(0, 1)
