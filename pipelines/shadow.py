"""The soft shade that feet cast on the floor: it leaves with the person, and lies under the feet in the new place.

A layer that multiplies the picture, kept as its logarithm on a coarse grid: what the floor around the feet is darker
by than the floor beside it leads to expect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F

from .framing import Canvas
from .geometry.contacts import Contact
from .geometry.field import sample
from .geometry.fill import gaussian, grown, masked_blur, membrane
from .geometry.footing import Fading, Foot, contact_shade, distance, feet_of
from .geometry.retarget import stature
from .geometry.skeleton import Skeleton

GRID = 384
"""Cells on the longer side."""
REACH = (0.12, 0.16, 0.09)
"""Fractions of stature beside, above and below the feet in which their shade is looked for: above them beyond where
`background` leaves shade alone."""
NEAR = 0.05
"""Share of a wide contact shadow from which a cell counts as beside the foot."""
FADINGS = tuple(
    Fading(softness, behind) for behind in (0.0, 0.035) for softness in (0.012, 0.02, 0.035, 0.055)
)
"""How a contact shadow may look."""
WIDE = Fading(0.055)
LIKENESS = 0.15, 0.35
"""Share of what the floor differs by that a contact shadow must explain to be one, and not the floor's own pattern: on
a smooth floor, and on a rough one."""
FAINTEST, DARKEST = 0.04, 0.9
"""Logarithms of a darkening: under the first it is none, over the second an object."""
MODEST, SOFT = 0.3, Fading(0.02)
"""Strength and fading under feet in a photo that shows none; by eye."""
CORE = 1.5
"""Strength right under a sole, against that of the soft shade around it."""
WHITE = 0.965
"""Brightness from which a floor without shade is a cut-out's white, which gets none."""
EVEN, FINEST = 0.012, 0.006
"""Fractions of stature over which the floor's texture is evened out: where its brightness is taken from, and in the
shade itself."""
EDGE = 0.04
"""Fraction of stature over which what is taken off a smooth floor ends."""
ROUGH = 0.03
"""Deviation of the brightness's logarithm in the floor's texture from which only what has a contact shadow's shape is
taken off it."""
STAYED, MOVED = 0.004, 0.02
"""Fractions of stature: a foot that moved less keeps the shade it had, one that moved more gets a new one."""


@dataclass(frozen=True, eq=False)
class Shadow:
    """The shade around the feet of a photographed person.

    dark      (h, w) >= 0: the logarithm of how much darker the floor is for it, on a grid
    cell      pixels per cell
    size      (height, width) of the picture in pixels
    feet      by side, where they stand in the photo
    tall      the person's stature in pixels
    strength, how   of the shade to lay under a foot that moved: a logarithm, and how it fades
    """

    dark: torch.Tensor
    cell: float
    size: tuple[int, int]
    feet: dict[str, Foot]
    tall: float
    strength: float
    how: Fading

    def lifted(self, picture: torch.Tensor) -> torch.Tensor:
        """(1, 3, H, W) the picture as it would be without the shade; over 1 where it is brighter than can be shown."""
        if not self.dark.any():
            return picture
        return picture * torch.exp(self._wide(self.dark, picture))

    def under(self, target: Skeleton, contacts: Sequence[Contact] = ()) -> torch.Tensor:
        """(h, w) the shade in the new pose: a foot that stayed has its own, one that moved has one of its kind."""
        shape = tuple(self.dark.shape)
        feet = feet_of(target, contacts)
        shares = self._shares()
        total = torch.zeros(shape)
        for side, share in shares.items():
            stays = _stays(self.feet[side], feet.get(side), self.tall)
            total = total + stays * share * self.dark
        for side, foot in feet.items():
            new = 1 - _stays(self.feet.get(side), foot, self.tall)
            if new > 0 and self.strength > 0:
                for strength, how in ((self.strength, self.how), (min(MODEST, CORE * self.strength), SOFT)):
                    laid = contact_shade(foot, self.tall, how, shape, self.cell)
                    total = torch.maximum(total, new * strength * laid)
        return total

    def laid(self, room: torch.Tensor, dark: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
        """(1, 3, H, W) the room under the shade; the photo's own pixels where nothing of it has changed."""
        shaded = room * torch.exp(-self._wide(dark, room)) if dark.any() else room
        if picture.shape != room.shape:
            return shaded.clamp(0, 1)
        # Taken off and put on again, the shade leaves an error of rounding.
        same = ((shaded - picture).abs() < 1e-5).all(1, keepdim=True)
        return torch.where(same, picture, shaded.clamp(0, 1))

    def moved(
        self, room: torch.Tensor, picture: torch.Tensor, target: Skeleton, own: bool = True
    ) -> torch.Tensor:
        """(1, 3, H, W) `room` with the shade where the target has it.

        own: the room is the photo's, restored, and has the old shade, which is taken off first. None is laid on white.
        """
        dark = self.under(target)
        there = self._wide(dark, room) > FAINTEST
        if not own and there.any() and float(room.mean(1, keepdim=True)[there].median()) > WHITE:
            return room
        return self.laid(self.lifted(room) if own else room, dark, picture)

    def on(self, canvas: Canvas) -> Shadow:
        """The same in a picture with this canvas: with feet, and the grid, in its pixels."""
        if canvas == Canvas():
            return self
        step = np.array([canvas.left, canvas.top])
        feet = {
            s: foot._replace(heel=foot.heel + step, toes=foot.toes + step) for s, foot in self.feet.items()
        }
        height, width = canvas.size(self.size)
        shape = (-(-height // int(self.cell)), -(-width // int(self.cell)))
        y, x = (
            torch.arange(n) - by / self.cell for n, by in zip(shape, (canvas.top, canvas.left), strict=True)
        )
        there = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
        dark = sample(F.pad(self.dark[None], (1, 1, 1, 1)), there + 1)[0]
        return replace(self, dark=dark, feet=feet, size=(height, width))

    def _shares(self) -> dict[str, torch.Tensor]:
        """Which part of the shade is whose; they add up to one."""
        near = {
            side: torch.exp(-distance(foot, tuple(self.dark.shape), self.cell)[0] / (0.01 * self.tall))
            for side, foot in self.feet.items()
        }
        total = sum(near.values()) if near else None
        return {
            side: torch.where(total > 1e-12, one / total.clamp_min(1e-12), 1 / len(near))
            for side, one in near.items()
        }

    def _wide(self, dark: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
        height, width = picture.shape[-2:]
        side = round(self.cell)
        size = (dark.shape[0] * side, dark.shape[1] * side)
        wide = F.interpolate(dark[None, None], size, mode="bilinear", align_corners=False)
        return wide[..., :height, :width].to(picture)


def _stays(before: Foot | None, now: Foot | None, tall: float) -> float:
    """1 for a foot that stands where it stood, 0 for one that has moved."""
    if before is None or now is None:
        return 0.0
    step = max(np.linalg.norm(now.heel - before.heel), np.linalg.norm(now.toes - before.toes)) / tall
    return float(np.clip((MOVED - step) / (MOVED - STAYED), 0, 1))


def cast_shadow(picture: torch.Tensor, matte: torch.Tensor, skeleton: Skeleton) -> Shadow:
    """What the person of (1, 3, H, W) `picture`, of soft (1, 1, H, W) `matte`, casts on the floor around the feet."""
    cell = -(-max(picture.shape[-2:]) // GRID)
    feet, tall = feet_of(skeleton), stature(skeleton)
    bright, person = _brightness(picture.cpu(), matte.cpu(), cell)
    shape = tuple(person.shape)
    zone = _around(feet, tall, shape, cell)
    seen = zone & ~person
    none = Shadow(torch.zeros(shape), float(cell), tuple(picture.shape[-2:]), feet, tall, 0.0, SOFT)
    hidden = zone | _between(person)
    if not feet or not seen.any() or hidden.all():
        return none
    smooth = masked_blur(bright[None], ~hidden, EVEN * tall / cell)
    expected = membrane(smooth, hidden, vertical=0.03)[0]
    darker = masked_blur((expected - bright)[None], ~person, FINEST * tall / cell)[0]
    texture = (bright - masked_blur(bright[None], ~person, 2.0)[0])[grown(zone, 6) & ~person]
    rough = float(texture.std()) > ROUGH
    found = _fitted(darker, seen, feet, tall, cell, LIKENESS[rough])
    if found is None:
        # A drawing that shows no shade has none: paper is no floor. Nor has a cut-out on white.
        bare = skeleton.flat or float(torch.exp(expected[seen]).median()) > WHITE
        return replace(none, strength=0.0 if bare else MODEST)
    edge = (2 * gaussian(zone.float()[None], EDGE * tall / cell)[0] - 1).clamp(0, 1)
    limit = torch.full(shape, DARKEST)
    if rough:
        wide = found[1]._replace(softness=2 * found[1].softness)
        limit = 1.5 * found[0] * sum(contact_shade(f, tall, wide, shape, cell) for f in feet.values())
    dark = torch.minimum(darker.clamp(min=0), limit)
    dark = membrane(dark[None], zone & person, vertical=1.0)[0] * edge
    return replace(none, dark=dark, strength=found[0], how=found[1])


def _brightness(picture: torch.Tensor, matte: torch.Tensor, cell: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(h, w) the logarithm of the brightness beside the person, and (h, w) bool the cells that hold some of them."""
    pool = {"kernel_size": cell, "stride": cell, "ceil_mode": True}
    weight = (1 - matte).clamp(0, 1)
    share = F.avg_pool2d(weight, **pool)
    mean = F.avg_pool2d(picture.mean(1, keepdim=True) * weight, **pool) / share.clamp_min(1e-3)
    person = F.max_pool2d(matte, **pool)[0, 0] > 0.05
    return torch.log(mean[0, 0].clamp_min(0.02)), person


def _between(person: torch.Tensor) -> torch.Tensor:
    """(h, w) bool: the person, and what lies between the legs: the floor and wall there are the most shaded of all."""
    left = person.int().cummax(1).values
    right = person.int().flip(1).cummax(1).values.flip(1)
    rows = torch.nonzero(person.any(1)).flatten()
    legs = torch.zeros_like(person)
    if len(rows):
        legs[int(rows[0] + rows[-1]) // 2 :] = True
    return person | (legs & (left & right).bool())


def _around(feet: dict[str, Foot], tall: float, shape: tuple[int, int], cell: float) -> torch.Tensor:
    """(h, w) bool: the box round all feet, so that the floor beside them says what lies between them."""
    zone = torch.zeros(shape, dtype=torch.bool)
    if feet:
        ends = np.stack([end for foot in feet.values() for end in (foot.heel, foot.toes)])
        aside, above, below = np.array(REACH) * tall
        low, high = ends.min(0) - [aside, above], ends.max(0) + [aside, below]
        low, high = (low / cell).round(), (high / cell).round()
        (left, top), (right, bottom) = np.clip((low, high), 0, shape[::-1]).astype(int)
        zone[top:bottom, left:right] = True
    return zone


def _fitted(darker, seen, feet, tall: float, cell: float, likeness: float) -> tuple[float, Fading] | None:
    """The strength and fading of the contact shadows that explain what is darker; None where none do."""
    shape = tuple(seen.shape)

    def shade(how: Fading) -> torch.Tensor:
        return sum(contact_shade(foot, tall, how, shape, cell) for foot in feet.values())

    beside = seen & (shade(WIDE) > NEAR)
    here, best = darker[beside], (likeness, 0.0, SOFT)
    for how in FADINGS:
        mine = shade(how)[beside]
        both, own = (mine * here).sum(), mine.square().sum().clamp_min(1e-6)
        explained = both.clamp_min(0).square() / own / here.square().sum().clamp_min(1e-9)
        best = max(best, (float(explained), float(both / own), how))
    _, strength, how = best
    return (min(strength, DARKEST), how) if strength > FAINTEST else None
