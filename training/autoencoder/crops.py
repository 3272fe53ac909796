"""Crops to learn from: a view with what another pose or a limb before it hides, and its person mirrored and small."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.filling.crops import SMALL, continued, mirrored_places
from pipelines.models.autoencoder import MATERIALS, PATCH, STATURE, Crops

from .data import Sights

SIDE = 96
"""Pixels to a crop's side."""
LIMB = 0.4
"""How often it is a limb that hides, and not another pose; and now and then (BOTH) it is both."""
BOTH = 0.15
UNTOLD = 0.3
"""How often the normals, and how often the fabrics, are not told: of a photo they are guesses, or unknown."""
LEAST = 0.03
"""Share of a crop that must be hidden."""
SCALES = (0.75, 1.4)
"""Of people about STATURE: the crops of one photo are of several scales."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What lies under: colour (B, 3, h, w) sRGB, and line (B, 1, h, w) 0 or 1."""

    colour: Tensor
    line: Tensor


@dataclass(frozen=True, eq=False)
class Whole:
    """One view at the scale of the crops, all (C, H, W): values of the maps, what is seen and hidden of it, the places,
    its smooth continuation; and its person mirrored."""

    maps: Tensor
    person: Tensor
    hidden: Tensor
    place: Tensor
    base: Tensor
    mirror: Crops


def limb(size: tuple[int, int], stature: float, generator: torch.Generator) -> Tensor:
    """(h, w) bool: an arm as it may lie before a body: two tapering bones with a bend, anywhere, in any direction."""

    def number(low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=generator))

    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in size), indexing="ij")
    at = [number(0.1, 0.9) * size[1], number(0.1, 0.9) * size[0]]
    angle, shown = number(0, 2 * math.pi), torch.zeros(size, dtype=torch.bool)
    wide = stature * number(0.018, 0.035)
    for _ in range(2):
        length = stature * number(0.1, 0.2)
        end = [at[0] + length * math.cos(angle), at[1] + length * math.sin(angle)]
        along = ((x - at[0]) * math.cos(angle) + (y - at[1]) * math.sin(angle)) / length
        along = along.clamp(0, 1)
        off = torch.hypot(x - at[0] - along * (end[0] - at[0]), y - at[1] - along * (end[1] - at[1]))
        shown |= off < wide * (1 - 0.25 * along)
        at, angle, wide = end, angle + number(-1.4, 1.4), 0.8 * wide
    return shown


def whole(sights: Sights, view: int, generator: torch.Generator) -> Whole:
    """A view with something hidden, at a scale near the network's own, mirrored half of the time."""
    chance = torch.rand(6, generator=generator)
    person = _tensor(sights.person[view].astype(bool))
    hidden = torch.zeros_like(person)
    if float(chance[0]) > LIMB or float(chance[1]) < BOTH:
        other = int(torch.randint(sights.hidden.shape[1], (), generator=generator))
        hidden |= sights.unseen(view, other)
    stature = float(sights.stature[view])
    if float(chance[0]) <= LIMB or float(chance[1]) < BOTH:
        for _ in range(1 + int(torch.randint(3, (), generator=generator))):
            hidden |= limb(sights.size, stature, generator)
    maps = torch.cat(
        [
            _tensor(sights.rgb[view]).float() / 255,
            _tensor(sights.normal[view]).float() / 127,
            _tensor(sights.region[view])[None].float(),
            _tensor(sights.material[view])[None].float(),
            _tensor(sights.line[view])[None].float(),
        ]
    )
    if float(chance[4]) < UNTOLD:
        maps[3:6] = 0
    if float(chance[5]) < UNTOLD:
        maps[7] = MATERIALS - 1
    if float(chance[2]) < 0.5:
        maps, person, hidden = maps.flip(-1), person.flip(-1), hidden.flip(-1)
        maps[3] = -maps[3]
        maps[6] = _other_side(maps[6])
        middle_x = sights.size[1] - 1 - float(sights.middle[view][0])
    else:
        middle_x = float(sights.middle[view][0])
    scale = STATURE / stature * (SCALES[0] * (SCALES[1] / SCALES[0]) ** float(chance[3]))
    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in sights.size), indexing="ij")
    place = torch.stack((x - middle_x, y - float(sights.middle[view][1]))) / stature
    return _resized(maps, person, hidden & person, place, scale)


def _tensor(values: np.ndarray) -> Tensor:
    """A copy of what is mapped."""
    return torch.from_numpy(np.array(values))


def _other_side(region: Tensor) -> Tensor:
    """Left and right change places: 4 and 5 are arms, 6 and 7 legs (REGIONS)."""
    swapped = region.clone()
    for one, two in ((4, 5), (6, 7)):
        swapped[region == one], swapped[region == two] = two, one
    return swapped


def _resized(maps: Tensor, person: Tensor, hidden: Tensor, place: Tensor, scale: float) -> Whole:
    size = [max(SIDE, round(n * scale)) for n in person.shape]
    smooth = torch.cat((maps[:6], place))
    smooth = F.interpolate(smooth[None], size, mode="bilinear", antialias=scale < 1, align_corners=False)[0]
    codes = torch.cat((maps[6:], person[None].float(), hidden[None].float()))
    codes = F.interpolate(codes[None], size, mode="nearest")[0]
    person, hidden = codes[3] > 0, codes[4] > 0
    known, region = person & ~hidden, codes[0].long()
    base = continued(smooth[:3], known, torch.where(person, region, -1), hidden)
    mirror = mirrored_places(smooth, known, region, codes[1].long())
    return Whole(torch.cat((smooth[:6], codes[:3])), person, hidden, smooth[6:], base, mirror)


def crop(values: Whole, generator: torch.Generator) -> tuple[Crops, Crops, Truth] | None:
    """One crop round something hidden, its mirror, and the truth; None where too little is hidden."""
    rows, columns = torch.nonzero(values.hidden, as_tuple=True)
    if not len(rows):
        return None
    pick = int(torch.randint(len(rows), (), generator=generator))
    shift = torch.randint(-SIDE // 3, SIDE // 3, (2,), generator=generator).tolist()
    low = [
        min(max(0, int(at[pick]) - SIDE // 2 + by), n - SIDE)
        for at, by, n in zip((rows, columns), shift, values.person.shape, strict=True)
    ]
    window = slice(low[0], low[0] + SIDE), slice(low[1], low[1] + SIDE)
    if float(values.hidden[window].float().mean()) < LEAST:
        return None
    known = values.person & ~values.hidden
    if int(known[window].sum()) < PATCH * PATCH:
        return None
    region, material = values.maps[6].long(), values.maps[7].long()

    def there(part: Tensor) -> Tensor:
        return part[..., window[0], window[1]][None]

    main = Crops(
        there(values.maps[:3] * known), there(known[None].float()), there(values.hidden[None].float()),
        there(values.base), there(region), there(material), there(values.maps[3:6] * values.person),
        there(values.place),
    )  # fmt: skip
    line = there(values.maps[8:9] * values.person)
    return main, values.mirror, Truth(there(values.maps[:3]), line)


def batches(
    sights: Sights, views: Sequence[int], count: int, seed: int
) -> Iterator[tuple[Crops, Crops, Truth]]:
    """Without end: `count` crops at a time; the same seed gives the same."""
    generator = torch.Generator().manual_seed(seed)
    kept: list[tuple[Crops, Crops, Truth]] = []
    while True:
        view = views[int(torch.randint(len(views), (), generator=generator))]
        seen = whole(sights, view, generator)
        for _ in range(4):  # of one view: reading and enlarging it is most of the work
            found = crop(seen, generator)
            if found is not None:
                kept.append(found)
        if len(kept) >= count:
            yield _together(kept[:count])
            kept = kept[count:]


def _together(kept) -> tuple[Crops, Crops, Truth]:
    return tuple(
        type(parts[0])(
            *(torch.cat([getattr(one, name) for one in parts]) for name in parts[0].__dataclass_fields__)
        )
        for parts in zip(*kept, strict=True)
    )


assert SIDE % PATCH == 0 and SMALL % PATCH == 0
