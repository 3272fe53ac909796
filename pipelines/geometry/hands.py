"""Hands in a new pose: the photo's own where it shows them nearly as they are wanted, a solid hand where it
does not.

A photo shows one side of a hand with some of its fingers; a pose may want another side with the others.
Stretching the photo's pixels there would give claws and folded fingers. So a hand keeps its pixels, as one
rigid part, as long as its 21 points come to lie near the target's. Beyond that it is drawn anew as a solid
on the target's own points, in the photo's skin and light, with what the photo showed of each place carried
along by that place's own bone, and the rest told as hidden.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch

from . import field
from .hand_colour import Detail, Skin, detail_of, encoded, no_detail, plain_skin, shown, skin_of
from .hand_shape import Hand, hand, seen_points
from .hand_sight import Sight, see, window
from .landmarks import FINGERS
from .layout import Layout
from .motion import Motion
from .parts import INDEX
from .skeleton import JOINT_INDEX, Skeleton

SURE = 0.8
"""Share of a hand's points that must have been detected before it is taken apart."""
LEAST = 24.0
"""Pixels: a shorter hand has fingers of two pixels; it stays as it is."""
CLEAR = 55.0
"""Pixels: in a shorter hand a finger is narrower than five pixels, and its detail is not carried to another
view."""
AWAY, AWAY_SAME = 0.06, 0.15
"""Mean distance in the picture of the rigidly moved points from the target's, in hand lengths, from which a
hand is drawn anew; the second where its fingers are bent as in the photo and only its view differs. On nine
development photos the library's poses that leave hanging hands to the person come to 0.00 to 0.12 (a hand
that holds a phone: 0.18), those that state a hand to 0.05 to 0.34. By eye on the sheets of those."""
SAME_SHAPE = np.radians(3.0)
"""Mean difference of the finger joints' local turns up to which the fingers are bent as in the photo."""
SHOWS_HAND = 0.5
"""Share of the solid's place in the photo that must look like one skin before it is believed to be a hand."""
LIKE = 14.0
"""Squared Mahalanobis distance from the hand's colours up to which a pixel counts as the hand's: 99.7 % of a
normal distribution of three channels."""
NARROW = 0.013
"""Half the breadth of the widest thing on a finger that has another colour, in hand lengths: a third of a
nail. By eye."""
LEFT = 0.12
"""Hand lengths by which a hidden hand must have moved to have left its pocket; by eye."""
SLIM = 0.96
"""The flesh's thickness over the tables in hand_shape.py: people of today's photos; by eye, on the
development photos."""
MOVED = (2.0, 6.0)
"""Pixels a rigid hand must have moved before the gaps beside its fingers are opened, and when they are quite
open: where nothing moves the picture stays the photo's."""
UNDER = -0.2
"""How far up the forearm from the wrist, in hand lengths, the photo's own arm begins to lie over the solid:
before its end, which is soft."""
FADED = (0.2, 0.38)
"""Where, up the forearm from the wrist in hand lengths, the solid begins to give way to the photo's forearm
alone, and has done so."""


@dataclass(frozen=True, eq=False)
class SourceHand:
    """A hand in the photo.

    body (Hand) in the photo's pixels; skin its colours; sight the solid in the photo's window; clean (h, w)
    of that window in [0, 1], where the photo surely shows the hand; detail its skin's grain
    wrist half the arm's breadth at the wrist, pixels
    share (h, w) on the crop: how much of each pixel of the arm is hand; own (h, w) on the crop: 1 but for
    what lies between and beside the fingers
    bends (15, 4) the finger joints' local rotations; hidden: nothing of the hand is to be seen, as in a
    pocket
    """

    body: Hand
    skin: Skin
    sight: Sight
    clean: torch.Tensor
    detail: Detail
    wrist: float
    share: torch.Tensor
    own: torch.Tensor
    bends: np.ndarray
    hidden: bool = False


class Shown(NamedTuple):
    """A drawn hand's pixels, flat: as a layer's view in warp.py. under (n,) bool: the wrist, over which the
    arm lies."""

    index: torch.Tensor
    source: torch.Tensor
    depth: torch.Tensor
    colour: torch.Tensor
    alpha: torch.Tensor
    seen: torch.Tensor
    part: torch.Tensor
    normal: torch.Tensor
    source_normal: torch.Tensor
    under: torch.Tensor


def source_hands(
    layout: Layout,
    picture: torch.Tensor,
    skeleton: Skeleton,
    mattes: dict[str, torch.Tensor],
    weights: dict[str, torch.Tensor],
    hidden: dict[str, torch.Tensor] | None = None,
) -> dict[str, SourceHand]:
    """The hands of a photo that may be drawn anew, by their arm's layer: those whose points are sure, and
    those of the arms `hidden`, which are in a pocket (pockets.py), by the colour (3,) of their skin.

    picture (3, h, w) the crop; mattes (h, w) and weights (P, gh, gw) of the layers.
    """
    found = {}
    for side in ("left", "right"):
        layer = f"{side}_arm"
        if layer not in weights:
            continue
        share = layout.to_native(weights[layer][INDEX[f"{side}_hand"]][None])[0]
        if hidden and layer in hidden:
            found[layer] = _hidden_hand(skeleton, side, share, hidden[layer])
        elif seen_points(skeleton, side) >= SURE:
            found[layer] = _source_hand(layout, picture, skeleton, side, mattes[layer], share)
    return {layer: one for layer, one in found.items() if one is not None}


def _hidden_hand(skeleton, side, share, skin) -> SourceHand | None:
    """A hand of which nothing is to be seen, in the colour of the person's skin elsewhere."""
    colours, plain = plain_skin(skin), hand(skeleton, side, SLIM)
    if plain.length < LEAST:
        return None
    empty = torch.zeros(1, 1, device=share.device)
    nowhere = Sight((0, 0), empty, empty, empty[..., None].expand(1, 1, 3), empty, empty.long())
    return SourceHand(
        plain, colours, nowhere, empty, no_detail(share.device), 0.13 * plain.length, share, torch.ones_like(share),
        _bends(skeleton, side), hidden=True,
    )  # fmt: skip


def _source_hand(layout, picture, skeleton, side, matte, share) -> SourceHand | None:
    plain = hand(skeleton, side, SLIM)
    if plain.length < LEAST:
        return None
    wrist = _half_breadth(matte, plain, skeleton, side, layout.corner)
    body = hand(skeleton, side, SLIM, wrist)
    corner = np.array(layout.corner)
    box = window(_shifted(body, -corner), layout.size, 0.25 * body.length)
    if box is None:
        return None
    sight = see(_shifted(body, -corner), box, layout.device)
    x0, y0, x1, y1 = box
    colours = picture[:, y0:y1, x0:x1].permute(1, 2, 0)
    inside = (sight.outline < -0.02 * body.length) & (matte[y0:y1, x0:x1] > 0.8)
    measured = skin_of(colours[inside], sight.normal[inside], sight.open[inside])
    if measured is None:
        return None
    skin, good = measured
    if float(good.float().mean()) < SHOWS_HAND:
        return None
    unlike = _unlike(colours, colours[inside][good])
    clean = field.erode((inside & (unlike < LIKE)).float(), 1)
    detail = detail_of(colours, clean, body.length)
    own = torch.ones_like(matte)
    own[y0:y1, x0:x1] = _own(sight, unlike, body.length)
    own = 1 - (1 - own) * ((share - 0.3) / 0.4).clamp(0, 1)
    return SourceHand(body, skin, sight, clean, detail, wrist, share, own, _bends(skeleton, side))


def _shifted(body: Hand, by: np.ndarray) -> Hand:
    step = np.append(by, 0.0)
    return replace(
        body, start=body.start + step, end=body.end + step, joints=body.joints + step, origins=body.origins + step,
        tips=body.tips + step,
    )  # fmt: skip


def _bends(skeleton: Skeleton, side: str) -> np.ndarray:
    return skeleton.rotations[[JOINT_INDEX[f"{side}_{f}_{i}"] for f in FINGERS for i in (1, 2, 3)]]


def _half_breadth(matte: torch.Tensor, body: Hand, skeleton: Skeleton, side: str, corner) -> float:
    """Half the breadth of the arm's matte across the wrist, within what wrists are: 0.11 to 0.17 of the
    hand's length."""
    elbow = skeleton.forward().positions[JOINT_INDEX[f"{side}_elbow"], :2]
    root = body.joints[0, :2]
    up = (elbow - root) / max(np.linalg.norm(elbow - root), 1e-6)
    across = np.array([-up[1], up[0]])
    reach = np.arange(-0.3 * body.length, 0.3 * body.length, 0.5)
    halves = []
    for step in (0.1, 0.2, 0.3):
        places = root + step * body.length * up + reach[:, None] * across - np.array(corner)
        value = (
            field.sample(matte[None], torch.as_tensor(places, device=matte.device).float())[0].cpu().numpy()
        )
        halves.append(0.25 * float(value.sum()))
    return float(np.clip(np.median(halves), 0.11 * body.length, 0.17 * body.length))


def _own(sight: Sight, unlike: torch.Tensor, length: float) -> torch.Tensor:
    """(h, w) in [0, 1] of the window: 0 where, outside the solid's outline, a pixel has not the hand's
    colour.

    unlike (h, w) from `_unlike`. Inside the outline nothing is taken away: a palm has no holes.
    """
    evidence = (0.5 * (LIKE - unlike)).clamp(-5, 5)
    placed = (-sight.outline / (0.02 * length)).clamp(-3, 3)
    odds = field.box_blur((placed + evidence)[None], 1)[0]
    safe = (sight.outline < -0.02 * length).float()
    own = torch.maximum(torch.sigmoid(1.5 * odds), safe)
    narrow = max(1, round(NARROW * length))  # a nail or a ring is no gap
    return field.erode(field.dilate(own, narrow), narrow)


def _unlike(colours: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
    """(h, w) squared Mahalanobis distance of colours (h, w, 3) from the hand's own (n, 3)."""
    mean = own.mean(0)
    apart = own - mean
    spread = apart.T @ apart / len(own) + 4e-4 * torch.eye(3, device=own.device)
    off = colours - mean
    return (off @ torch.linalg.inv(spread) * off).sum(-1)


def redrawn(source: SourceHand, target: Hand, bends: np.ndarray, how: Motion) -> bool:
    """Whether the hand is drawn anew: its photo, moved as one part, would show another hand than the
    target's."""
    moved = _moved(source, f"{target.side}_hand", how)
    away = np.linalg.norm((moved - target.joints)[:, :2], axis=1).mean() / target.length
    if source.hidden:
        pocket = _moved(source, f"{target.side}_thigh", how)
        step = np.linalg.norm((moved - pocket)[:, :2], axis=1).mean()
        return bool(step > LEFT * source.body.length)
    turns = 2 * np.arccos(np.clip(np.abs((source.bends * bends).sum(1)), 0, 1))
    return bool(away > (AWAY_SAME if turns.mean() < SAME_SHAPE else AWAY))


def _moved(source: SourceHand, part: str, how: Motion) -> np.ndarray:
    """(21, 3) the photo's hand, moved as one with a part."""
    p = INDEX[part]
    return how.scale[p] * (source.body.joints - how.source[p]) @ how.rotation[p].T + how.target[p]


def without_hand(source: SourceHand) -> torch.Tensor:
    """(h, w) of the crop: what stays of the arm when its hand is drawn anew: the forearm, a little over the
    wrist."""
    return ((0.8 - source.share) / 0.4).clamp(0, 1)


def opened(source: SourceHand, how: Motion) -> torch.Tensor:
    """(h, w) of the crop: what stays of the arm when its hand goes along as one part: all but what lies
    between its fingers, once it has moved."""
    moved = _moved(source, f"{source.body.side}_hand", how)
    step = float(np.linalg.norm((moved - source.body.joints)[:, :2], axis=1).max())
    share = min(max((step - MOVED[0]) / (MOVED[1] - MOVED[0]), 0.0), 1.0)
    return torch.lerp(torch.ones_like(source.own), source.own, share)


def drawn(source: SourceHand, target: Hand, corner, size: tuple[int, int]) -> Shown | None:
    """The hand drawn anew on the target's points in a picture of `size`; None where it lies outside.

    corner (x, y): the first pixel of the photo's crop, on which the source hand is.
    """
    device = source.clean.device
    box = window(target, size)
    if box is None:
        return None
    sight = see(target, box, device)
    places, before, seen = _carried(source, target, sight, corner)
    local = places - places.new_tensor(corner) - places.new_tensor(source.sight.corner)
    grain = torch.lerp(source.detail.anywhere(sight.pixels()), source.detail.at(local), seen[..., None])
    base = shown(target, sight, source.skin, 1 - seen) * grain
    rising = _rising(target, sight)
    cover = sight.cover * ((FADED[1] - rising) / (FADED[1] - FADED[0])).clamp(0, 1)
    where = torch.nonzero(cover > 0, as_tuple=True)
    pixel = sight.pixels()[where].long()
    flip = torch.where(sight.normal[where][:, 2:] > 0, -1.0, 1.0)
    return Shown(
        pixel[:, 1] * size[1] + pixel[:, 0],
        places[where],
        sight.depth[where],
        encoded(base[where]).T.contiguous(),
        cover[where],
        seen[where],
        torch.full((len(pixel),), INDEX[f"{target.side}_hand"], device=device),
        sight.normal[where] * flip,
        # What is made up has been drawn in this light already.
        torch.where(seen[where][:, None] > 0.5, before[where], sight.normal[where] * flip),
        rising[where] > UNDER,
    )


def _rising(target: Hand, sight: Sight) -> torch.Tensor:
    """(h, w) how far up the forearm from the wrist a place lies, in hand lengths."""
    points = torch.cat((sight.pixels(), sight.depth[..., None]), -1)
    root, up = (torch.as_tensor(v, device=points.device).float() for v in (target.joints[0], target.up))
    return ((points - root) @ up) / target.length


def _carried(source: SourceHand, target: Hand, sight: Sight, corner):
    """Per pixel of the target's window, by the bone that carries it: (h, w, 2) its place in the photo, (h,
    w, 3) how it faced there, and (h, w) how surely the photo shows it there."""
    device = sight.depth.device
    bone = torch.as_tensor(target.carrier, device=device)[sight.piece]
    turn, scale = bone_motions(target, source.body)
    turn = torch.as_tensor(turn, device=device).float()[bone]
    scale = torch.as_tensor(scale, device=device).float()[bone]
    start, origin = (torch.as_tensor(v.origins, device=device).float() for v in (target, source.body))
    points = torch.cat((sight.pixels(), sight.depth[..., None]), -1) - start[bone]
    there = (turn @ points[..., None])[..., 0] * scale[..., None] + origin[bone]
    normal = (turn @ sight.normal[..., None])[..., 0]
    if source.body.length < CLEAR or source.hidden:
        return there[..., :2], normal, torch.zeros_like(sight.depth)
    seen = ((-normal[..., 2] - 0.25) / 0.35).clamp(0, 1)
    local = there[..., :2] - there.new_tensor(corner) - there.new_tensor(source.sight.corner)
    known = field.sample(torch.stack((source.sight.depth, source.clean)), local)
    apart = (there[..., 2] - known[0]).abs() / source.body.length
    seen = seen * ((0.10 - apart) / 0.05).clamp(0, 1) * known[1]
    return there[..., :2], normal, _soft(seen)


def _soft(seen: torch.Tensor) -> torch.Tensor:
    return torch.minimum(field.box_blur(seen[None], 2)[0], seen)


def bone_motions(before: Hand, after: Hand) -> tuple[np.ndarray, np.ndarray]:
    """Rotations (16, 3, 3) and scales (16,) of the similarities that carry each bone of a hand onto the same
    bone of another: x' = after.origin + scale * turn @ (x - before.origin)."""
    a, b = before.tips - before.origins, after.tips - after.origins
    turn = after.turns @ np.swapaxes(before.turns, 1, 2)
    scale = np.linalg.norm(b, axis=1) / np.maximum(np.linalg.norm(a, axis=1), 1e-6)
    return turn, np.clip(scale, 0.25, 4.0)


def posed_hands(
    hands: dict[str, SourceHand], how: Motion, corner: tuple[int, int], size: tuple[int, int]
) -> tuple[dict[str, torch.Tensor], dict[str, Shown]]:
    """After a motion: what stays of each arm's layer, (h, w) of the crop; and the hands that are drawn
    anew."""
    kept, anew = {}, {}
    for layer, source in hands.items():
        new = None
        if how.posed is not None:
            target = hand(how.posed, source.body.side, SLIM, source.wrist * _grown(source, how))
            if redrawn(source, target, _bends(how.posed, source.body.side), how):
                new = drawn(source, target, corner, size)
        kept[layer] = opened(source, how) if new is None else without_hand(source)
        if new is not None:
            anew[layer] = new
    return kept, anew


def _grown(source: SourceHand, how: Motion) -> float:
    return float(how.scale[INDEX[f"{source.body.side}_forearm"]])
