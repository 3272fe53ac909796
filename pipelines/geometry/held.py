"""What a hand holds: it lies at the hand, it has a colour of its own, and nothing round about looks like it."""

from __future__ import annotations

import torch

from . import field
from .layout import Layout
from .motion import Bones
from .parts import INDEX, PARTS

WITHIN, ROUND = 2.6, 3.8
"""Half-breadths of a hand from its bone within which lies what it holds; and as far as which what has the colour of a
place is the body's own, a belt or a hem that goes on there. By eye."""
UNLIKE = 0.05
"""Distance (sRGB, three channels) from what is round about, shaded or not, from which on a colour is another thing's: a
grey telephone before a grey shirt has 0.07 to 0.1, a shirt at most 0.03. By eye."""
SHADED = (0.5, 1.1)
"""Brightness over that of the same cloth elsewhere: in a hand's shade, or lit as it is there."""
RARE = 0.01
"""Share of the places round about that are borders and shades of something else, and tell nothing."""
OWN, ARM = 1.3, 0.9
"""Nearness to a hand's bone up to which bare skin is the hand's; and to the other arm up to which a place is that's."""
FEW, MOST = 0.011, 2.5
"""A thing's side, were it a square, as a fraction of stature at least (19 mm on 1.75 m: less is a button), and its size
over that of the hand's bare skin that is seen at most: more is a piece of clothes. By eye."""
GRIP = 0.012
"""Fraction of stature: half the breadth of what lies between a hand and the rest of a thing and is dark. By eye."""
HELD, NOT = 0.3, 1.5
"""Nearness of what is held to its arm, and at least to all other layers."""
SAMPLES = 1500
"""Places round a hand that are compared at most."""


def give_to_hands(
    costs: dict[str, torch.Tensor],
    layout: Layout,
    frame: Bones,
    tall: float,
    picture: torch.Tensor,
    inside: torch.Tensor,
    skin: torch.Tensor | None,
) -> None:
    """What hands hold is their arm's: costs (2gh, 2gw) by layer, changed; picture (3, 2gh, 2gw), inside bool and skin
    in [0, 1], both (2gh, 2gw), or None, where nobody knows."""
    if skin is None:
        return
    for name in costs.keys() & {"left_arm", "right_arm"}:
        if not frame.present[INDEX[name.replace("arm", "hand")]]:
            continue
        others = [costs[n] for n in costs if n.endswith("arm") and n != name]
        free = torch.stack([cost > ARM for cost in others] or [inside]).all(0)
        thing = held(layout, frame, tall, name, picture, inside, skin, free)
        for other in costs:
            limited = costs[other].clamp(max=HELD) if other == name else costs[other].clamp(min=NOT)
            costs[other] = torch.where(thing, limited, costs[other])


def held(
    layout: Layout,
    frame: Bones,
    tall: float,
    name: str,
    picture: torch.Tensor,
    inside: torch.Tensor,
    skin: torch.Tensor,
    free: torch.Tensor,
) -> torch.Tensor:
    """(2gh, 2gw) bool: the thing in the hand of arm `name`, nowhere true where it holds none; free (2gh, 2gw) bool,
    where it may be."""
    part = INDEX[name.replace("arm", "hand")]
    near = layout.capsule(frame.start[part], frame.end[part], 2)[0] / (PARTS[part].radius * tall)
    bare = skin > 0.5
    hand = bare & (near < OWN) & inside
    zone = inside & free & ~bare & (near < WITHIN)
    # Borders are of both their sides.
    whole = field.erode((inside & (skin < 0.05)).float(), 2) > 0
    about = whole & (near >= WITHIN) & (near < ROUND)
    nothing = torch.zeros_like(inside)
    if int(about.sum()) < 4 or not bool(hand.any()) or not bool(zone.any()):
        return nothing
    every = max(1, int(about.sum()) // SAMPLES)
    other = unlike(picture[:, zone].T, picture[:, about].T[::every])
    thing = nothing.masked_scatter(zone, other > UNLIKE).float()
    thing = field.dilate(field.erode(thing, 1), 1)  # no seam
    thing = field.erode(field.dilate(thing, 1), 1) * zone
    thing = field.flooded(field.dilate(hand.float(), 2) * thing > 0, thing > 0)
    large = float(thing.sum())
    least = (FEW * tall / (layout.cell / 2)) ** 2
    if not least < large < MOST * float(hand.sum()):
        return nothing
    reach = max(1, round(GRIP * tall / (layout.cell / 2)))
    thing = zone & (field.erode(field.dilate((thing | hand).float(), reach), reach) > 0)
    return inside & ~bare & (field.dilate(thing.float(), 1) > 0)  # with its own border


def unlike(colours: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """(n,) distance of colours (n, 3) to the likest of places (m, 3) but for the RARE ones, in its shade or not."""
    gain = (colours @ places.T / places.square().sum(1).clamp(min=1e-4)).clamp(*SHADED)
    square = (
        colours.square().sum(1, keepdim=True)
        - 2 * gain * (colours @ places.T)
        + gain.square() * places.square().sum(1)
    )
    likest = square.topk(max(1, round(RARE * len(places))), 1, largest=False).values[:, -1]
    return likest.clamp(min=0).sqrt()
