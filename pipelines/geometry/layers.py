"""Takes the person's silhouette apart: which pixel is trunk, which arm, which leg, and what lies under what.

A seeded random walk (Grady, "Random Walks for Image Segmentation", IEEE PAMI 2006) on a small grid: pixels near a
bone's axis are seeds of their layer, the rest is decided by the photo's own edges; then the borders are brought to
native resolution by a guided filter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from . import field
from .arm_axes import on_arms_middle
from .garments import GarmentMap
from .held import give_to_hands
from .joints import REACH, armpit
from .layout import Layout
from .limb_outline import Outline, limb_outline
from .motion import Bones
from .nearness import beyond_outlines, favour_hair, keep_off, measured_radii, nearness, ordered
from .parts import INDEX, JOINS, LAYERS
from .pockets import Hand, hidden_hands, pocketed, with_bare_hands, without_hands
from .skirt import cloth_rows, find_skirt, radii_within
from .underneath import covered

UNDER = 0.12
"""Fraction of stature by which legs go on under a skirt's hem: half a thigh, as far as it rides up on a seat."""
HEM = 0.03
"""Fraction of stature above the lowest of a hem from which on it hides the legs all round."""
SHORT, BESIDE_ARM, FAINT = 0.06, 3, 0.9
"""Fraction of stature (11 cm on 1.75 m) up to which a gap beside an arm is too low to be one, about what is looked for
as one (gaps.TALL is 12 cm); cells of the label grid beside an arm as far as which it lies; and what of the person a
cell of it shows at most. By eye."""
LOOSE = 3
"""Cells of the label grid up to twice as far as which strands of hair are apart. By eye."""
CORE = 0.7
"""Nearness up to which a layer's cells are surely its own. By eye."""
LEG = 0.9
"""Radii from its bones within which a leg goes on under a skirt. By eye."""


@dataclass(frozen=True, eq=False)
class Masks:
    """Per layer on the native crop: `amodal` (h, w) its whole soft matte with a little under its neighbours, `parted`
    (h, w) the same without that, for where it has left them, `seen` (h, w) what of it the camera saw.

    owner (2gh, 2gw) number in LAYERS of the layer that is seen, on the label grid; skirt (2gh, 2gw) bool, the cells
    of a garment that hangs round both legs (they belong to the trunk);
    radii (P,) the parts' half-breadths in pixels, measured on this person; hands, by arm, those that are inside clothes
    and had to be made up.
    """

    amodal: dict[str, torch.Tensor]
    parted: dict[str, torch.Tensor]
    seen: dict[str, torch.Tensor]
    owner: torch.Tensor
    skirt: torch.Tensor
    radii: np.ndarray
    hands: dict[str, Hand]


def _walk(costs: torch.Tensor, rgb: torch.Tensor, matte: torch.Tensor, steps: int = 100) -> torch.Tensor:
    """(K, h, w) probability of each layer: a random walk from the seeds along the photo's smooth places.

    Coarse to fine, so that the walk crosses wide doubtful bands in few steps.
    """
    prior = torch.softmax(-2.5 * costs.clamp(max=6) ** 2, 0)
    ranked = costs.sort(0).values
    margin = ranked[1] - ranked[0] if len(costs) > 1 else torch.ones_like(matte)
    sure = (ranked[0] < 0.55) & (margin > 0.45) & (matte > 0.5)
    start = prior
    if min(matte.shape) > 64:
        small = [F.avg_pool2d(field_[None], 2)[0] for field_ in (costs, rgb, matte[None])]
        start = F.interpolate(
            _walk(small[0], small[1], small[2][0], steps)[None], size=matte.shape, mode="bilinear"
        )[0]
        start = torch.where(sure, prior, start)
    pull = torch.where(sure, 1e3, 0.004)
    return field.diffuse(start, _links(rgb, matte), steps, prior, pull)


def _links(rgb: torch.Tensor, matte: torch.Tensor) -> torch.Tensor:
    """(4, h, w) how easily a walk steps to each neighbour: hardly across the photo's edges or out of the person."""
    step_x, step_y = (
        (rgb[:, :, 1:] - rgb[:, :, :-1]).square().sum(0),
        (rgb[:, 1:] - rgb[:, :-1]).square().sum(0),
    )
    inside = matte > 0.5
    both_x, both_y = inside[:, 1:] & inside[:, :-1], inside[1:] & inside[:-1]
    contrast = torch.cat((step_x[both_x], step_y[both_y]))
    scale = (
        contrast.quantile(0.7).clamp(min=1e-5) if 0 < contrast.numel() < 2**24 else contrast.new_tensor(1e-3)
    )
    inner = matte.clamp(min=0.02)
    return field.neighbour_links(
        horizontal=torch.exp(-step_x / scale).clamp(min=1e-3) * torch.minimum(inner[:, 1:], inner[:, :-1]),
        vertical=torch.exp(-step_y / scale).clamp(min=1e-3) * torch.minimum(inner[1:], inner[:-1]),
    )


@dataclass(frozen=True, eq=False)
class Regions:
    """What a segmentation saw, on the whole picture: `hair` and `skin` (of the body, without the face), each
    (1, 1, H, W) soft in [0, 1]; `foreground` (1, 3, H, W) the picture without the old background in the person's
    soft edge, where it was estimated; `garments` the clothes, where they are known."""

    hair: torch.Tensor
    skin: torch.Tensor
    foreground: torch.Tensor | None = None
    garments: GarmentMap | None = None


def split(
    layout: Layout,
    picture: torch.Tensor,
    matte: torch.Tensor,
    frame: Bones,
    tall: float,
    hair: torch.Tensor | None = None,
    skin: torch.Tensor | None = None,
    trousers: torch.Tensor | None = None,
    face: torch.Tensor | None = None,
) -> Masks:
    """Layers of the person on the crop: picture (3, h, w), matte, hair and skin (h, w), trousers (h, w), what dresses
    hips, legs and feet, and face (h, w), each in [0, 1]."""
    small = layout.to_grid(matte, 2)
    bare, skin = skin, None if skin is None else layout.to_grid(skin, 2)
    frame = on_arms_middle(layout, frame, skin, tall)
    radii = measured_radii(layout, small, frame, tall)
    skirt = find_skirt(layout, frame, small, skin, tall, layout.to_grid(picture.mean(0, keepdim=True), 2)[0])
    radii = radii_within(layout, frame, radii, skirt, tall)
    pockets = pocketed(layout, frame, radii, layout.to_grid(picture, 2), small > 0.5, skin)
    hands, bare_hands = hidden_hands(layout, frame, pockets, picture, bare, small > 0.5, tall, face)
    frame = without_hands(frame, radii, pockets)
    outlines = _outlines(layout, picture, matte, frame, radii)
    plain = with_bare_hands(nearness(layout, frame, radii, tall, skin, outlines), bare_hands)
    if trousers is not None:
        keep_off(plain, layout.to_grid(trousers, 2))
    skirt = _bared(skirt, plain, skin)
    plain["trunk"] = torch.where(skirt, 0.0, plain["trunk"])
    strands = None if hair is None else _from_head(layout, frame, radii, layout.to_grid(hair, 2))
    shaded = _under_hair(plain, strands, small)
    if strands is not None:
        favour_hair(plain, strands)
    names = [name for name in LAYERS if name in plain]  # the trunk first
    costs = beyond_outlines(ordered(plain, layout, frame, tall), layout, frame, outlines)
    give_to_hands(costs, layout, frame, tall, layout.to_grid(picture, 2), small > 0.5, skin)
    beside = cloth_rows(skirt, layout, HEM * tall, skin)
    _keep_under(costs, skirt | beside)
    walked = _walk(torch.stack([costs[name] for name in names]), layout.to_grid(picture, 2), small)
    share, hangs = _shares(layout, picture, walked), bool(skirt.any())
    discs = {n: _joint_disc(layout, frame, radii, n) for n in names[1:] if not (hangs and n.endswith("leg"))}
    saddle = _saddle(layout, frame, radii) if {"left_leg", "right_leg"} <= discs.keys() else None
    amodal, parted, seen = {}, {}, {}
    owner, whole = walked.argmax(0), _with_gaps_closed(layout, small, matte)
    flank = _with_short_gaps_closed(layout, small, matte, owner, names, tall)
    # Legs show below a hem, and as far above it as it may ride up.
    cloth = cloth_rows(skirt, layout, UNDER * tall)
    bared = 1 - field.crisp(layout.to_native(beside.expand_as(skirt).float()[None])[0])
    for k, name in enumerate(names):
        own = _own(share, k, names, discs, saddle) * (flank if k == 0 else matte)
        joints = _joints(layout, discs, name, skirt)
        beneath = covered(layout, frame, radii, names, k, plain, owner, small > 0.5, joints, tall, skirt)
        if name in shaded:  # a sleeve goes on under the hair that hangs on it
            beneath = torch.maximum(beneath, shaded[name].float())
        if hangs and name.endswith("leg"):
            beneath = field.dilate(beneath, 2) * (plain[name] < LEG) * ~cloth
        # A gap beside an arm shows the background; one between two fingers on a thigh does not.
        hidden = field.crisp(layout.to_native(field.box_blur(beneath[None], 1))[0]) * (
            flank if k == 0 else whole
        )
        # A layer goes on a little under its neighbours, in its own colours, so that no seam shows the background.
        under = _sharp(share[k], 0.3) * matte  # less than a third: three layers may meet
        if hangs and name.endswith("leg"):  # crumbs of a hem are no leg
            own, under = own * bared, under * bared
        piece = _hanging_together(layout, torch.maximum(own, hidden), plain[name])
        own, hidden, under = own * piece, hidden * piece, under * piece
        parted[name] = torch.maximum(torch.maximum(own, hidden), hands[name].matte if name in hands else own)
        amodal[name] = torch.maximum(parted[name], under)
        seen[name] = (own / amodal[name].clamp(min=1e-4)).clamp(0, 1) * layout.photographed()
    numbers = torch.as_tensor([LAYERS.index(name) for name in names], device=owner.device)
    return Masks(amodal, parted, seen, numbers[owner], skirt, radii, hands)


def _with_gaps_closed(layout: Layout, small: torch.Tensor, matte: torch.Tensor) -> torch.Tensor:
    """(h, w) the matte with the gaps between the fingers filled; small (2gh, 2gw), the same on the label grid."""
    closed = field.erode(field.dilate(small, 3), 3)
    return torch.maximum(matte, field.crisp(layout.to_native(closed[None])[0]))


def _with_short_gaps_closed(
    layout: Layout,
    small: torch.Tensor,
    matte: torch.Tensor,
    owner: torch.Tensor,
    names: list[str],
    tall: float,
) -> torch.Tensor:
    """(h, w) the matte with the gaps beside an arm filled that are lower than SHORT: the trunk, drawn on above and
    below such a one, would have a notch. small and owner (2gh, 2gw), the matte and whose each cell is, on the label
    grid."""
    arms = torch.stack([owner == i for i, name in enumerate(names) if name.endswith("arm")] or [owner < 0])
    near = field.dilate(((small > 0.5) & arms.any(0)).float(), BESIDE_ARM)
    reach = max(1, round(SHORT / 2 * tall / (layout.cell / 2)))
    pool = {"kernel_size": (2 * reach + 1, 1), "stride": 1, "padding": (reach, 0)}
    closed = -F.max_pool2d(-F.max_pool2d(small[None, None], **pool), **pool)[0, 0]
    open_ = small < FAINT
    tall_ones = field.flooded(((closed < 0.5) & open_)[None], open_[None])[0]  # to their narrow ends
    filled = torch.where(tall_ones, small, torch.maximum(small, closed * near))
    return torch.where(
        layout.to_native((filled > small).float()[None])[0] > 0,
        torch.maximum(matte, field.crisp(layout.to_native(filled[None])[0])),
        matte,
    )


def _hanging_together(layout: Layout, matte: torch.Tensor, cost: torch.Tensor) -> torch.Tensor:
    """(h, w) 1 on what of a layer's matte (h, w) hangs together with its bones, whose nearness is cost (2gh, 2gw), 0 on
    scraps: a strip of an arm's border, beyond a gap, is no trunk."""
    there = layout.to_grid(matte, 2) > 0.3
    seed = there & (cost < CORE)
    if not bool(seed.any()):
        return torch.ones_like(matte)
    whole = field.flooded(seed[None], there[None])[0]
    scraps = (layout.to_grid(matte, 2) > 0) & (field.dilate(whole.float(), 2) == 0)
    if not bool(scraps.any()):
        return torch.ones_like(matte)
    return 1 - field.crisp(layout.to_native(field.dilate(scraps.float(), 1)[None])[0])


def _from_head(layout: Layout, frame: Bones, radii: np.ndarray, hair: torch.Tensor) -> torch.Tensor:
    """(2gh, 2gw) the hair (2gh, 2gw) that hangs together with the head's, strand by strand: a dark speck on a hand is
    none."""
    head = INDEX["head"]
    if not frame.present[head]:
        return hair
    distance, _ = layout.capsule(frame.start[head][:2], frame.end[head][:2] + 1e-3, 2)
    there = field.dilate((hair > 0.1).float(), LOOSE) > 0
    return hair * field.flooded((there & (distance < 2 * float(radii[head])))[None], there[None])[0]


def _under_hair(
    plain: dict[str, torch.Tensor], strands: torch.Tensor | None, small: torch.Tensor
) -> dict[str, torch.Tensor]:
    """By arm (2gh, 2gw) bool, where hair (2gh, 2gw) hangs on it; plain: nearness by layer, before hair counts."""
    if strands is None:
        return {}
    hangs = (strands > 0.5) & (small > 0.5)
    return {name: hangs & (near < 1) for name, near in plain.items() if name.endswith("arm")}


def _own(
    share: torch.Tensor,
    k: int,
    names: list[str],
    discs: dict[str, torch.Tensor],
    saddle: torch.Tensor | None,
) -> torch.Tensor:
    """(h, w) how far a pixel is layer k's: more than any other's, or in a joint that it shares both layers', or of the
    trunk's in the `saddle` (h, w) that it shares with both legs."""
    near = [
        disc * _sharp(share[0] + share[names.index(n)])
        for n, disc in discs.items()
        if names[k] in ("trunk", n)
    ]
    if k == 0 and saddle is not None:
        hips = sum(share[i] for i, name in enumerate(names) if i == 0 or name.endswith("leg"))
        near.append(saddle * _sharp(hips))
    return torch.stack([_sharp(_against_best(share, k)), *near]).amax(0)


def _joints(layout: Layout, discs: dict[str, torch.Tensor], name: str, like: torch.Tensor) -> torch.Tensor:
    """(2gh, 2gw) bool, as `like`: the joints that a layer shares with the trunk, or the trunk with any."""
    shared = [layout.to_grid(disc, 2) > 0.5 for n, disc in discs.items() if name in ("trunk", n)]
    return torch.stack([*shared, torch.zeros_like(like)]).any(0)


def _keep_under(costs: dict[str, torch.Tensor], cloth: torch.Tensor) -> None:
    """Legs are not seen where cloth, (2gh, 2gw) bool, hangs before them: costs (2gh, 2gw) by layer."""
    for name in costs.keys() & {"left_leg", "right_leg"}:
        costs[name] = torch.where(cloth, costs[name].clamp(min=2.0), costs[name])


def _bared(skirt: torch.Tensor, plain: dict[str, torch.Tensor], skin: torch.Tensor | None) -> torch.Tensor:
    """(2gh, 2gw) bool: of a skirt's cells those that are no arm and no skin."""
    arms = [plain[name] for name in ("left_arm", "right_arm") if name in plain]
    if arms:
        skirt = skirt & (torch.stack(arms).amin(0) > 1.5)
    return skirt if skin is None else skirt & (skin < 0.5)


def _outlines(
    layout: Layout, picture: torch.Tensor, matte: torch.Tensor, frame: Bones, radii: np.ndarray
) -> dict[int, Outline]:
    """Of the arms' parts, which lie before the body or beside it."""
    parts = [INDEX[f"{side}_{part}"] for side in ("left", "right") for part in ("upper_arm", "forearm")]
    ends = {p: (frame.start[p][:2], frame.end[p][:2]) for p in parts if frame.present[p]}
    long = {p: axis for p, axis in ends.items() if np.hypot(*(axis[1] - axis[0])) > radii[p]}
    return {p: limb_outline(layout, picture, matte, *axis, float(radii[p])) for p, axis in long.items()}


def _shares(layout: Layout, picture: torch.Tensor, walked: torch.Tensor) -> torch.Tensor:
    """(K, h, w) probabilities at native resolution, their borders on the photo's edges."""
    radius, stride = max(2, layout.cell), max(1, layout.cell // 4)
    share = field.guided_filter(picture.mean(0), layout.to_native(walked), radius, 1e-3, stride)
    share = share.clamp(0, 1)
    return share / share.sum(0, keepdim=True).clamp(min=1e-6)


def _sharp(share: torch.Tensor, border: float = 0.5) -> torch.Tensor:
    """Probabilities as a matte whose value is one half where the probability is `border`."""
    return (share - border).mul(6).add(0.5).clamp(0, 1)


def _against_best(share: torch.Tensor, k: int) -> torch.Tensor:
    """(h, w) layer k's probability against its best rival's alone: where three meet, none may have half of all."""
    best = torch.cat((share[:k], share[k + 1 :], torch.zeros_like(share[:1]))).amax(0)
    return share[k] / (share[k] + best).clamp(min=1e-6)


def _joint_disc(layout: Layout, frame: Bones, radii: np.ndarray, name: str) -> torch.Tensor:
    """(h, w) 1 round the joint where a limb and the trunk are one surface; at a shoulder as far as the armpit."""
    limb = INDEX[JOINS[name][2]]
    start = end = frame.start[limb][:2]
    if name.endswith("arm"):
        end = start + armpit(frame, name.split("_")[0]) * REACH * float(radii[limb])
    distance, _ = layout.capsule(start, end + 1e-3)
    return layout.to_native(((1.25 - distance / float(radii[limb])) * 8).clamp(0, 1)[None])[0]


def _saddle(layout: Layout, frame: Bones, radii: np.ndarray) -> torch.Tensor:
    """(h, w) 1 from hip to hip, as broad as their discs: there the trunk is the same surface as both legs, and where
    these part what is between them is the same cloth."""
    left, right = (INDEX[f"{side}_thigh"] for side in ("left", "right"))
    distance, _ = layout.capsule(frame.start[left][:2], frame.start[right][:2] + 1e-3)
    breadth = min(float(radii[left]), float(radii[right]))
    return layout.to_native(((1.1 - distance / breadth) * 8).clamp(0, 1)[None])[0]
