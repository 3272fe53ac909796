"""Which light explains what is darker around a person: the shadows of many lights are compared with the picture.

All on a coarse grid of cells. What is compared is the logarithm of the brightness less a wide mean of it, of picture
and shadow alike, so that nothing need be known of what the ground looks like without the shadow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

from ..geometry.colour import linear, luminance
from ..geometry.field import dilate
from ..geometry.fill import grown
from ..geometry.footing import Fading, Foot, contact_shade
from .solid import COARSE, Solid, Standing, solid
from .throwing import Guess, thrown

GRID = 80
"""Cells on the longer side for the search: a limb's shadow is still a cell broad."""
HEIGHT, FOCAL = 0.85, 1.6
"""The camera that is taken for granted first: its height as a share of the stature, as people hold one, and its focal
length as a share of the picture's height (58 mm on a full-frame camera held upright)."""
AZIMUTHS, ELEVATIONS = 20, (10.0, 16.0, 24.0, 34.0, 45.0, 57.0, 69.0)
"""Directions that are tried first; the elevations in degrees. Higher lights throw shadows that lie under the feet."""
WALLS = (0.15, 0.4, 1.0)
"""Fractions of stature that a wall may stand behind the person."""
FRONTAL = 0.4
"""Cosine to the camera's side from which on a light can throw a shadow on a wall behind the person that is seen."""
WIDE = ((0.35, 0.05), (0.2, 0.2))
"""Fractions of stature, along rows and columns, over which the ground's own brightness is taken to change: along the
rows far, because floors, walls and horizons lie so; by eye."""
USUAL = 0.7
"""Logarithm from which a cell that differs from what is around it counts less: it shows something else. Shadows in the
sun are about as dark."""
BRIGHTEST = 0.25
"""The same for what is brighter: it is no shadow."""
ROUND_FEET = (0.02, 0.055, 0.15)
"""Fractions of stature over which the shade round the feet fades that every light casts: the first are those of
shadow.py, the last what a body takes from the sky around it."""
PERSON, RIM = 0.05, 0.006
"""Value of the matte from which a cell is the person's, and the fraction of stature beside it that is not looked at: a
rim of dark clothes that the matte leaves out has the person's shape, as a shadow from straight before has."""
NEAR = 1.7
"""Fractions of stature from the person beyond which nothing is looked at."""
LOWEST, USUALLY, UNLIKELY = 0.1, 0.4, 0.15
"""Radians: no light is taken to be lower, one lower than the second is unlikely, the lowest by that share of what it
explains: a shadow that leaves the picture does not tell how long it is."""
SOFT = 0.04, 0.25
"""Half the light's angle in radians: as the first shadows are thrown, and the most that is tried."""
ROUNDS = ((0.16, 0.14, 0.12, 0.5), (0.07, 0.06, 0.06, 0.35), (0.03, 0.025, 0.03, 0.2))
"""How far around the best so far each round looks: azimuth and elevation in radians, and logarithms of the camera's
height and of radius and wall."""
FINER, LAST, LAST_TRIES = 160, ((0.03, 0.03, 0.03, 0.4), (0.015, 0.015, 0.02, 0.25)), 20
"""Cells on the longer side, spreads and guesses of the last rounds, which put the shadow's edges on the photo's."""
KEPT, TRIES = 4, 12
"""How many of the best go on, and how many guesses are made around each."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What is seen around the person, cell by cell (n of them).

    pixels  (n, 2) their middles
    plain   (n, m) orthonormal: contrasts that tell nothing of a direction, the shade round the feet
    dark    (n,) how much darker than around it, a logarithm
    weight  (n,) how far to trust it
    index   (n,) which cell of the grid; shape (h, w) of it; cell pixels
    light   (3, h, w) linear light, of what is not the person
    person  (h, w) bool
    """

    pixels: torch.Tensor
    dark: torch.Tensor
    weight: torch.Tensor
    index: torch.Tensor
    shape: tuple[int, int]
    cell: int
    light: torch.Tensor
    person: torch.Tensor
    spans: tuple[tuple[float, float], ...]
    plain: torch.Tensor

    @classmethod
    def of(
        cls,
        picture: torch.Tensor,
        matte: torch.Tensor,
        where: Standing,
        feet: Sequence[Foot],
        cells: int = GRID,
    ) -> Ground:
        """Of a picture (1, 3, H, W) and matte (1, 1, H, W)."""
        cell = -(-max(picture.shape[-2:]) // cells)
        pool = {"kernel_size": cell, "stride": cell, "ceil_mode": True}
        clear = (1 - matte.cpu()).clamp(0, 1) ** 4  # a faint rest of the person is none of the ground
        share = F.avg_pool2d(clear, **pool)
        light = linear((F.avg_pool2d(picture.cpu() * clear, **pool) / share.clamp(min=1e-4))[0])
        person = covered(matte, cell, where.tall)
        shape = tuple(person.shape)
        y, x = torch.meshgrid(*(torch.arange(n).float() for n in shape), indexing="ij")
        near = grown(person, min(max(shape), round(NEAR * where.tall / cell)))
        index = torch.nonzero((near & ~person).flatten())[:, 0]
        pixels = (torch.stack((x, y), -1).reshape(-1, 2) * cell + (cell - 1) / 2)[index]
        spans = tuple((a * where.tall / cell, b * where.tall / cell) for a, b in WIDE)
        known = (index, shape, cell, light, person, spans, torch.zeros(len(index), 0))
        bare = cls(pixels, torch.zeros(len(index)), torch.ones(len(index)), *known)
        tone = luminance(light).clamp(min=2e-3).log().flatten()[index]
        first = bare.contrast(-tone[None])[0]
        weight = torch.where(first > 0, USUAL, BRIGHTEST) / first.abs().clamp(min=1e-6)
        bare = replace(bare, weight=weight.clamp(max=1))
        around = [
            sum(contact_shade(foot, where.tall, Fading(soft), shape, cell) for foot in feet).flatten()[index]
            for soft in ROUND_FEET if feet
        ]  # fmt: skip
        if around:
            own = bare.contrast(torch.stack(around)) * bare.weight.sqrt()
            bare = replace(bare, plain=torch.linalg.qr(own.T).Q)
        return replace(bare, dark=bare.own(-tone[None])[0])

    def laid(self, values: torch.Tensor) -> torch.Tensor:
        """(K, h, w) of (K, n), zero elsewhere."""
        return (
            values.new_zeros(len(values), self.shape[0] * self.shape[1])
            .index_copy_(1, self.index, values)
            .view(-1, *self.shape)
        )

    def contrast(self, values: torch.Tensor) -> torch.Tensor:
        """(K, n) values less their means over the surroundings that are seen, alike for any values."""
        weight = self.laid(self.weight[None])
        maps = torch.cat((self.laid(values * self.weight), weight))
        total = 0
        for across, down in self.spans:
            wide = _wide(maps, across, down)
            total = total + (wide[:-1] / wide[-1:].clamp(min=1e-3)).flatten(1)[:, self.index]
        return values - total / len(self.spans)

    def own(self, values: torch.Tensor) -> torch.Tensor:
        """(K, n) the contrast of values, without what the shade round the feet is like."""
        root = self.weight.sqrt()
        found = self.contrast(values)
        return found - ((found * root) @ self.plain) @ self.plain.T / root

    def explained(self, shade: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(K,) how much of the squared contrast each shade (K, n) explains, less than zero where the picture is
        brighter there; and (K,) its density, a logarithm."""
        own = self.own(shade)
        both = (self.weight * own * self.dark).sum(1)
        square = (self.weight * own.square()).sum(1) + 1e-3 * self.weight.sum() / 100
        return both.abs() * both / square, both / square


def covered(matte: torch.Tensor, cell: int, tall: float) -> torch.Tensor:
    """(h, w) bool: the cells that hold something of the person of (1, 1, H, W) `matte`, or of the rim it leaves out."""
    most = F.max_pool2d(matte.cpu(), cell, ceil_mode=True)[0, 0]
    return dilate(most, round(RIM * tall / cell)) > PERSON


def _wide(maps: torch.Tensor, across: float, down: float) -> torch.Tensor:
    """(K, h, w) under three boxes along rows and columns, about a bell; at half the size, which shows nothing finer."""
    small = F.avg_pool2d(maps[None], 2, ceil_mode=True, count_include_pad=False)[0]
    for _ in range(2):
        for axis, spread in ((-1, across / 2), (-2, down / 2)):
            # Two boxes of half-breadth r have a deviation of about r * 0.82.
            radius = max(1, round(spread / 0.82))
            small = _box(small, radius, axis)
    size = maps.shape[-2:]
    return F.interpolate(small[None], (2 * small.shape[-2], 2 * small.shape[-1]), mode="bilinear")[0][
        ..., : size[0], : size[1]
    ]


def _box(maps: torch.Tensor, radius: int, axis: int) -> torch.Tensor:
    """(K, h, w) mean over 2 radius + 1 cells of an axis, zeros outside."""
    radius = min(radius, maps.shape[axis] - 1)
    padding = (radius + 1, radius) if axis == -1 else (0, 0, radius + 1, radius)
    total = F.pad(maps, padding).cumsum(axis)
    length, size = maps.shape[axis], 2 * radius + 1
    return (total.narrow(axis, size, length) - total.narrow(axis, 0, length)) / size


def first_guesses(where: Standing, height: int) -> tuple[Guess, Guess]:
    """Lights from all around on a floor alone, and those that throw a shadow on a wall too. height: the picture's."""
    azimuth = torch.arange(AZIMUTHS) * (2 * torch.pi / AZIMUTHS)
    elevation = torch.tensor(ELEVATIONS).deg2rad()
    a, e = (grid.flatten() for grid in torch.meshgrid(azimuth, elevation, indexing="ij"))
    floor = _guess(a, e, where, height, torch.full_like(a, torch.inf))
    frontal = a.cos() * e.cos() > FRONTAL
    walls = torch.tensor(WALLS) * where.tall
    count = int(frontal.sum())
    wall = _guess(
        a[frontal].repeat(len(walls)), e[frontal].repeat(len(walls)), where, height,
        walls.repeat_interleave(count),
    )  # fmt: skip
    return floor, wall


def _guess(azimuth, elevation, where: Standing, height: int, wall) -> Guess:
    same = torch.ones_like(azimuth)
    return Guess(azimuth, elevation, SOFT[0] * same, HEIGHT * where.tall * same, FOCAL * height * same, wall)


def searched(ground: Ground, alpha: torch.Tensor, skeleton, where: Standing) -> tuple[Guess, Solid]:
    """The best guess, and the body that it was made for."""
    height = alpha.shape[-2]
    slope = FOCAL * height / (HEIGHT * where.tall)
    body = solid(alpha, skeleton, where, slope, COARSE)
    guess = Guess.joined(first_guesses(where, height))
    score = scores(ground, guess, body, where)
    best = _apart(guess, score)
    guess = refined(ground, body, where, height, guess[best], ROUNDS, TRIES)
    return guess[:1], body


def refined(
    ground: Ground, body: Solid, where: Standing, height: int, guess: Guess, rounds, tries: int
) -> Guess:
    """The best guesses first, after some rounds around what was best so far."""
    kept = len(guess)
    score = scores(ground, guess, body, where)
    generator = torch.Generator().manual_seed(0)
    for spread in rounds:
        more = around(guess, spread, where, height, tries, generator)
        guess = Guess.joined((guess, more))
        score = torch.cat((score, scores(ground, more, body, where)))
        best = score.argsort(descending=True)[:kept]
        guess, score = guess[best], score[best]
    return guess


def scores(ground: Ground, guess: Guess, body: Solid, where: Standing, levels: int = 3) -> torch.Tensor:
    """(K,) how much of the squared contrast each explains, a little less for lights that are seldom so low."""
    seldom = 1 - UNLIKELY * (1 - (guess.elevation - LOWEST) / (USUALLY - LOWEST)).clamp(0, 1)
    return seldom * torch.cat(
        [
            ground.explained(thrown(guess[part], body, where, ground.pixels, levels)[0])[0]
            for part in torch.arange(len(guess)).split(128)
        ]
    )


def _apart(guess: Guess, score: torch.Tensor) -> torch.Tensor:
    """The indices of the best KEPT, no two of which are neighbours."""
    left, chosen, direction = score.clone(), [], guess.direction
    for _ in range(KEPT):
        best = int(left.argmax())
        chosen.append(best)
        left[(direction @ direction[best]) > 0.94] = -1
    return torch.tensor(chosen)


def around(guess: Guess, spread, where: Standing, height: int, tries: int, generator) -> Guess:
    """So many guesses around each."""

    def drawn():
        return torch.randn(len(guess), tries, generator=generator)

    def near(values, by):
        return (values[:, None] * torch.exp(by * drawn())).flatten()

    azimuth = (guess.azimuth[:, None] + spread[0] * drawn()).flatten()
    elevation = (guess.elevation[:, None] + spread[1] * drawn()).flatten().clamp(LOWEST, 1.4)
    return Guess(
        azimuth,
        elevation,
        near(guess.radius, spread[3]).clamp(0.004, SOFT[1]),
        near(guess.height, spread[2]).clamp(0.4 * where.tall, 1.5 * where.tall),
        near(guess.focal, spread[2]).clamp(0.8 * height, 3.5 * height),
        near(guess.wall, spread[3]).clamp(min=0.04 * where.tall),
    )
