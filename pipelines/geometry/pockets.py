"""Hands inside clothes: nothing of the cloth is a hand, and the hand itself is a guess in the person's skin."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from .layout import Layout
from .motion import Bones
from .parts import INDEX

BARE = 0.35
"""Share of skin along a hand's axis from which on it is no hand in a pocket."""
ALIKE = 0.11
"""Distance (sRGB, three channels) between the colours of a hand's axis and of the cloth beside it up to which it is
that cloth: less than a glove differs from trousers. By eye."""
CUFF = 1.2
"""How far before the wrist of a hand in a pocket the sleeve or the skin is sure, in half-breadths of the forearm."""
FEW = 12
"""Cells of the label grid that must be there to be judged by."""
SHAPE = (
    ((0.02, 0.0), (0.36, 0.07), 0.13), ((0.02, 0.0), (0.38, -0.05), 0.13),
    ((0.42, -0.14), (0.80, -0.10), 0.048), ((0.44, -0.05), (0.93, -0.03), 0.052),
    ((0.44, 0.045), (0.95, 0.04), 0.054), ((0.42, 0.135), (0.89, 0.115), 0.052),
    ((0.12, 0.10), (0.36, 0.23), 0.065), ((0.36, 0.23), (0.52, 0.25), 0.052),
)  # fmt: skip
"""A hand that hangs at rest, seen on its back: from and to (along, towards the thumb) and half-breadth of palm, fingers
(the little one first) and thumb, all in hand lengths from the wrist. By eye, on the development photos' hands."""
ROUND = 0.3
"""How much darker (share of the brightness) a finger is at its border than along its middle. By eye."""


@dataclass(frozen=True, eq=False)
class Hand:
    """A hand that no photo shows: its matte (h, w) and colours (3, h, w) on the native crop."""

    matte: torch.Tensor
    colour: torch.Tensor


def pocketed(
    layout: Layout, frame: Bones, radii: np.ndarray, picture: torch.Tensor, inside: torch.Tensor, skin
) -> tuple[str, ...]:
    """The arm layers whose hand is inside clothes: no skin along its axis, but the cloth that lies beside it.

    picture (3, 2gh, 2gw), inside (2gh, 2gw) bool and skin (2gh, 2gw) or None, where nobody knows.
    """
    if skin is None:
        return ()
    found = []
    for side in ("left", "right"):
        hand = INDEX[f"{side}_hand"]
        if not frame.present[hand]:
            continue
        distance, along = layout.capsule(frame.start[hand], frame.end[hand], 2)
        near = distance / float(radii[hand])
        core = (near < 0.5) & (along > 0.35) & inside
        beside = (near > 1.4) & (near < 2.6) & (along > 0.35) & inside & (skin < 0.5)
        if int(core.sum()) < FEW or int(beside.sum()) < FEW or float(skin[core].mean()) > BARE:
            continue
        # Of what is beside, on either side of it, the likest: the hand lies at a border more often than not.
        apart = (picture[:, beside] - picture[:, core].median(1).values[:, None]).square().sum(0).sqrt()
        alike = float(apart.quantile(0.2)) < ALIKE
        if (
            float(picture[:, core].std(1).max()) > ALIKE
        ):  # of a pattern, whose median is nothing, cell by cell
            apart = torch.cdist(picture[:, core].T, picture[:, beside].T).amin(1)
            alike = float(apart.median()) < ALIKE / 2
        if alike:
            found.append(f"{side}_arm")
    return tuple(found)


def without_hands(frame: Bones, radii: np.ndarray, arms: tuple[str, ...]) -> Bones:
    """The bones without the hands of these arms; their forearms end where the cuff does, before the wrist."""
    present, end = frame.present.copy(), frame.end.copy()
    for name in arms:
        present[INDEX[name.replace("arm", "hand")]] = False
        forearm = INDEX[name.replace("arm", "forearm")]
        way = frame.end[forearm] - frame.start[forearm]
        length = max(float(np.hypot(*way[:2])), 1e-6)
        end[forearm] = frame.end[forearm] - way * min(CUFF * float(radii[forearm]) / length, 0.3)
    fingers = {name: bones[:0] if name in arms else bones for name, bones in frame.fingers.items()}
    return replace(frame, end=end, present=present, fingers=fingers)


def guessed(
    layout: Layout, frame: Bones, name: str, picture: torch.Tensor, skin: torch.Tensor, tall: float
) -> Hand | None:
    """A relaxed hand of arm `name` in the colour of the skin next to it; None where no skin is seen to take it from.

    picture (3, h, w), skin (h, w).
    """
    colour = _skin_colour(layout, frame, name, picture, skin, tall)
    if colour is None:
        return None
    hand = INDEX[name.replace("arm", "hand")]
    start, way = frame.start[hand][:2], (frame.end[hand] - frame.start[hand])[:2]
    side, length = np.array([-way[1], way[0]]), max(float(np.hypot(*way)), 1e-6)
    # The thumb towards the body.
    side = side * np.sign(side @ (frame.start[INDEX["pelvis"]][:2] - start) or 1.0)
    nearest = torch.stack(
        [
            layout.capsule(start + a[0] * way + a[1] * side, start + b[0] * way + b[1] * side, 2)[0]
            / (half * length)
            for a, b, half in SHAPE
        ]
    ).amin(0)
    pixels = layout.to_native(nearest[None])[0]
    border = SHAPE[-1][2] * length  # pixels over which the distance grows by one: an edge of about a pixel
    matte = ((1 - pixels) * border + 0.5).clamp(0, 1)
    return Hand(matte, colour[:, None, None] * (1 - ROUND * pixels.clamp(0, 1) ** 2))


def _skin_colour(
    layout: Layout, frame: Bones, name: str, picture: torch.Tensor, skin: torch.Tensor, tall: float
) -> torch.Tensor | None:
    """(3,) median of the skin at the wrist, else of all bare skin."""
    bare = layout.to_grid(skin, 2) > 0.9
    cells = layout.to_grid(picture, 2)
    wrist, _ = layout.capsule(*[frame.start[INDEX[name.replace("arm", "hand")]]] * 2, 2)
    for where in (bare & (wrist < 0.04 * tall), bare):
        if int(where.sum()) >= FEW:
            return cells[:, where].median(1).values
    return None
