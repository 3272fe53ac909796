"""Hands inside clothes: nothing of the cloth is a hand, and the hand itself is a guess in the person's skin."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from . import field
from .colour import delta_e_2000, lab
from .layout import Layout
from .motion import Bones
from .parts import INDEX

BARE = 0.35
"""Share of skin along a hand's axis from which on it is no hand in a pocket."""
ALIKE = 0.11
"""Distance (sRGB, three channels) between the colours of a hand's axis and of the cloth beside it up to which it is
that cloth: less than a glove differs from trousers. By eye."""
PATTERN = 0.075
"""The same of the likest places beside, where both are patterned: of so many colours each is met again. By eye."""
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
LENGTH = 0.108
"""A hand's length as a fraction of stature: Drillis and Contini, 1966 (template.py)."""
AT_WRIST, FURTHEST, LARGEST = 0.35, 1.2, 0.5
"""Hand lengths from the wrist within which the skin of a hand begins and ends, and its area at most in squares of that:
a fist or a flat hand; more is a bare belly or thigh. By eye."""
LEAST = 0.04
"""The same from which on it is more than a wrist below a cuff, which moves with the sleeve's end. By eye."""
WHOLE = 0.17
"""The same from which on it is a whole hand, and the points are wrong: it gives way to a guess. By eye."""
UNLIKE = 22.0
"""Difference (CIEDE2000) from the face's colour from which on a colour is not that person's skin: a hand in the shade
differs by less. By eye."""
ROUND = 0.3
"""How much darker (share of the brightness) a finger is at its border than along its middle. By eye."""


@dataclass(frozen=True, eq=False)
class Hand:
    """A hand that no photo shows: its matte (h, w) and colours (3, h, w) on the native crop, its `skin` (3,); and
    `beside` (2gh, 2gw) bool of one that shows, but not where its points are, or None: it goes when this is drawn."""

    matte: torch.Tensor
    colour: torch.Tensor
    skin: torch.Tensor
    beside: torch.Tensor | None = None


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
        if float(picture[:, core].std(1).max()) > ALIKE:  # a pattern, whose median is nothing: cell by cell
            apart = torch.cdist(picture[:, core].T, picture[:, beside].T).amin(1)
            alike = float(apart.median()) < PATTERN
        if alike:
            found.append(f"{side}_arm")
    return tuple(found)


def showing(
    layout: Layout, frame: Bones, name: str, skin: torch.Tensor, inside: torch.Tensor, tall: float
) -> torch.Tensor | None:
    """(2gh, 2gw) bool: the skin at the wrist of the arm `name` that hangs together and is no more than a hand: what
    shows of a hand whose points lie in cloth. None where there is none.

    skin (2gh, 2gw) in [0, 1], inside (2gh, 2gw) bool; frame with the hand.
    """
    away, _ = layout.capsule(*[frame.start[INDEX[name.replace("arm", "hand")]][:2]] * 2, 2)
    away, bare = away / (LENGTH * tall), (skin > 0.5) & inside
    patch = field.flooded((bare & (away < AT_WRIST))[None], bare[None])[0]
    of_hand = LEAST <= _hands_in(layout, patch, tall) <= LARGEST
    return patch if of_hand and not bool((patch & (away > FURTHEST)).any()) else None


def _hands_in(layout: Layout, patch: torch.Tensor, tall: float) -> float:
    """The area of a patch (2gh, 2gw) bool in squares of a hand's length."""
    return float(patch.sum()) * (layout.cell / 2 / (LENGTH * tall)) ** 2


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


def hidden_hands(
    layout: Layout,
    frame: Bones,
    arms: tuple[str, ...],
    picture: torch.Tensor,
    skin: torch.Tensor | None,
    inside: torch.Tensor,
    tall: float,
    face: torch.Tensor | None = None,
) -> tuple[dict[str, Hand], dict[str, torch.Tensor]]:
    """Of the arms whose hands are inside clothes, by arm: the hands as they may look; and (2gh, 2gw) bool what shows of
    them.

    picture (3, h, w); skin and face (h, w), or None, where nobody knows; inside (2gh, 2gw) bool; frame with the hands.
    """
    hands, bare = {}, {}
    for name in arms:
        patch = showing(layout, frame, name, layout.to_grid(skin, 2), inside, tall)
        if patch is not None:
            bare[name] = patch
        colour = skin_colour(layout, frame, name, picture, skin, tall, face)
        if colour is None:
            continue
        hands[name] = guessed(layout, frame, name, colour)
        if patch is not None and _hands_in(layout, patch, tall) > WHOLE:
            hands[name] = replace(hands[name], beside=field.dilate(patch.float(), 1) > 0)
    return hands, bare


def with_bare_hands(costs: dict[str, torch.Tensor], bare: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Costs (2gh, 2gw) by layer with what shows of hands, (2gh, 2gw) bool by arm, surely their arm's."""
    for name, patch in bare.items():
        costs = {n: torch.where(patch, 0.0 if n == name else 2.0, cost) for n, cost in costs.items()}
    return costs


def guessed(layout: Layout, frame: Bones, name: str, colour: torch.Tensor) -> Hand:
    """A relaxed hand of arm `name`, its skin of that colour (3,)."""
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
    return Hand(matte, colour[:, None, None] * (1 - ROUND * pixels.clamp(0, 1) ** 2), colour)


def skin_colour(
    layout: Layout,
    frame: Bones,
    name: str,
    picture: torch.Tensor,
    skin: torch.Tensor,
    tall: float,
    face: torch.Tensor | None = None,
) -> torch.Tensor | None:
    """(3,) the colour of a hand of arm `name` that is not seen: the median of the skin at the wrist, or of all bare
    skin, whichever is liker the face's; where both are unlike that, which is surely skin, the face's: stockings and a
    brown coat pass for skin. Where no face is known the wrist's, else all skin's; None where there is none.

    picture (3, h, w), skin (h, w), and face (h, w), where it is known.
    """
    bare = layout.to_grid(skin, 2) > 0.9
    cells = layout.to_grid(picture, 2)
    wrist, _ = layout.capsule(*[frame.start[INDEX[name.replace("arm", "hand")]]] * 2, 2)
    places = (bare & (wrist < 0.04 * tall), bare)
    told = [cells[:, where].median(1).values for where in places if int(where.sum()) >= FEW]
    shown = None if face is None else layout.to_grid(face, 2) > 0.9
    if shown is None or int(shown.sum()) < FEW:
        return told[0] if told else None
    surely = cells[:, shown].median(1).values
    colours = lab(torch.stack((surely, *told))[:, :, None, None])[..., 0, 0]
    apart = [float(delta_e_2000(one, colours[0])) for one in colours[1:]]
    likest = int(np.argmin(apart)) if apart else 0
    return told[likest] if apart and apart[likest] < UNLIKE else surely
