"""Finds the shadow that a person casts in a photo, and decides whether it is one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

from ..geometry.colour import linear, luminance
from ..geometry.field import box_blur, dilate
from ..geometry.fill import gaussian, grown, masked_blur
from ..geometry.footing import feet_of
from ..geometry.skeleton import Skeleton
from .cast import CastShadow, grid_of, middles
from .searching import FINER, LAST, LAST_TRIES, Ground, refined, searched
from .solid import COARSE, FINE, solid, standing
from .throwing import Guess, thrown

LIKENESS = (0.4, 0.5)
"""Share of the contrast in and round a shadow that it must explain: on a floor, and with a wall, which leaves more to
choose; measured on synthetic people (training/light/shadows.py)."""
ALIKE = 0.8
"""Share of its pieces along the shadow that must be dark in its own measure, ENOUGH of its density."""
ENOUGH = 0.35
UNEVEN = 0.55
"""Most by which the pieces' densities may differ, a deviation as a share of the density."""
FAINTEST, DARKEST = 0.06, 1.7
"""Logarithms of a darkening: under the first it is none; over the second the picture is too dark to lift it all."""
DENSEST = 5.0, 1.3
"""Logarithms of a darkening over which it is an object: on the floor, where the sun's shadow may be black in the
picture, and on a wall, which other light reaches. By eye."""
SMALLEST = 0.004
"""Area of what is seen of a shadow, in squares of the stature, under which it tells nothing."""
OTHER_SIDE, SLACK = 0.3, 0.1
"""Share of what a shadow explains that its mirror image may, beyond what the two have in common; and a little more,
for lights from straight before or behind. By eye."""
SHARED = 0.1
"""How much floor and wall are held to one density, as a share of what tells of either."""
EDGE, GROUND = 0.025, 0.05
"""Fractions of stature: how far from the model's edge the photo's may lie, and over how far the ground's own brightness
is evened out."""
RADII = (0.005, 0.015, 0.035, 0.07, 0.13, 0.25)
"""Half the light's angle, radians, from the sun (0.0047) to a large window nearby."""
AWAY = 4
"""Cells beside a shadow from which the ground's texture is taken to be its own."""
GRAIN = 0.025
"""Deviation of the shadow down to which the ground's texture is evened out of it."""
FINE_ENOUGH = 1.0
"""Cells over which a shadow may be evened out and keep its edges as they are."""
COARSEST, SHARPENED = 0.015, 2.5
"""Fraction of stature over which a texture is evened out at most, and how much harder the edges are then made again."""
CORE, BESIDE = 30, 0.05
"""Fewest cells in the midst of a shadow that tell its colour, and the fraction of stature within which what lies in the
light is compared."""
FULL = 1.0
"""Most that may be missing of the key: what is darker still is the ground's own."""
BEYOND = 0.4
"""Least share of a shadow's cells that do not touch the person. By eye."""
PIECES, SIDES = 6, 3
"""Into how many pieces a shadow is cut along and across itself."""


@dataclass(frozen=True)
class Evidence:
    """How well a shadow explains what is dark.

    likeness  share of the contrast in and round it that it explains
    density   logarithm of the darkening of a full shadow
    alike     share of its pieces that are dark enough
    uneven    deviation of the pieces' densities, as a share of the density
    across    the least density of its sides and middle, as a share of the density
    area      what is seen of it beyond the rim of the person, in squares of the stature; 0 where most is rim
    """

    likeness: float
    density: float
    alike: float
    uneven: float
    across: float
    area: float

    @classmethod
    def of(cls, ground: Ground, shade: torch.Tensor, tall: float) -> Evidence:
        """Of a shade (n,) on the ground's cells."""
        own = ground.own(shade[None])[0]
        density = float(ground.explained(shade[None])[1])
        edge = own.abs() > 0.15 * own.abs().max()
        weight = ground.weight * edge
        rest = (weight * (ground.dark - density * own).square()).sum()
        likeness = 1 - float(rest / (weight * ground.dark.square()).sum().clamp(min=1e-9))
        inside = shade > 0.3
        # Cells that touch the person may hold what the matte leaves out, which has the person's shape too.
        beyond = ~grown(ground.person, 1).flatten()[ground.index]
        clear = float((inside & beyond).sum())
        clear = clear if clear > BEYOND * float(inside.sum()) else 0.0
        area = clear * (ground.cell / tall) ** 2
        if int(inside.sum()) < PIECES or density <= 0:
            return cls(likeness, density, 0.0, torch.inf, 0.0, area)
        place = ground.pixels - ground.pixels[inside].mean(0)
        axes = torch.linalg.svd(place[inside], full_matrices=False)[2]
        along = _pieces(place @ axes[0], inside, PIECES, weight, own, ground.dark) / density
        across = _pieces(place @ axes[1], inside, SIDES, weight, own, ground.dark) / density
        return cls(
            likeness, density, float((along > ENOUGH).float().mean()), float(along.std(correction=0)),
            float(across.min()), area,
        )  # fmt: skip

    def convinces(self, guess: Guess) -> bool:
        """Whether that is the person's shadow."""
        walled = bool(torch.isfinite(guess.wall).all())
        return (
            self.likeness > LIKENESS[walled]
            and self.alike >= ALIKE
            and self.uneven < UNEVEN
            and self.across > 0.25
            and FAINTEST < self.density < DENSEST[walled]
            and self.area > SMALLEST
        )


def _pieces(at, inside, count: int, weight, own, dark) -> torch.Tensor:
    """(count,) the density of each piece of a shadow by itself; at (n,) where along it the cells lie."""
    cuts = torch.quantile(at[inside], torch.linspace(0, 1, count + 1)[1:-1])
    piece = torch.bucketize(at, cuts)
    both, square = (
        torch.zeros(count).index_add_(0, piece, values)
        for values in (weight * own * dark, weight * own.square())
    )
    return both / square.clamp(min=1e-6)


def cast_by(picture: torch.Tensor, matte: torch.Tensor, skeleton: Skeleton) -> CastShadow | None:
    """The shadow that the person of (1, 3, H, W) `picture`, of soft (1, 1, H, W) `matte`, casts; None where nothing
    tells of one, and of drawings."""
    if skeleton.flat:
        return None
    where = standing(skeleton)
    feet = list(feet_of(skeleton).values())
    ground = Ground.of(picture, matte, where, feet)
    if len(ground.index) < 50 or not bool((matte > 0.5).any()):
        return None
    guess, body = searched(ground, matte, skeleton, where)
    shade = thrown(guess, body, where, ground.pixels)[0][0]
    evidence = Evidence.of(ground, shade, where.tall)
    if not evidence.convinces(guess) or not _sided(ground, guess, body, where, shade):
        return None
    ground = Ground.of(picture, matte, where, feet, FINER)
    body = solid(matte, skeleton, where, float(guess.focal / guess.height), 2 * COARSE)
    guess = refined(ground, body, where, matte.shape[-2], guess, LAST, LAST_TRIES)
    shaded = thrown(guess, body, where, ground.pixels)
    evidence = Evidence.of(ground, shaded[0][0], where.tall)
    # Seen more finely, what is no shadow is less like one.
    if evidence.likeness < LIKENESS[bool(torch.isfinite(guess.wall).all())]:
        return None
    return layered(picture, matte, skeleton, guess, where, ground, shaded, evidence.likeness)


def _sided(ground: Ground, guess: Guess, body, where, shade: torch.Tensor) -> bool:
    """Whether the same light from the other side explains as little as it should: else something dark lies on both
    sides, a floor's edge or its own gradient."""
    mirrored = thrown(replace(guess, azimuth=-guess.azimuth), body, where, ground.pixels)[0][0]
    both = torch.stack((shade, mirrored))
    own = ground.own(both) * ground.weight.sqrt()
    alike = float(F.cosine_similarity(own[0], own[1], dim=0).clamp(min=0)) ** 2
    explained = ground.explained(both)[0].clamp(min=0)
    return float(explained[1] / explained[0].clamp(min=1e-9)) < alike + OTHER_SIDE * (1 - alike) + SLACK


def layered(
    picture, matte, skeleton: Skeleton, guess: Guess, where, ground: Ground, shaded, trust: float
) -> CastShadow:
    """The layer of the shadow that a guess throws, with the edges that the photo shows; shaded: what it throws on the
    ground's cells."""
    (shade,), (on_wall,) = shaded
    cell, shape = grid_of(tuple(picture.shape[-2:]))
    body = solid(matte, skeleton, where, float(guess.focal / guess.height), FINE)
    places = middles(shape, cell)
    model = thrown(guess, body, where, places)[0].view(shape)
    wall = guess.surroundings(places, where)[1].view(shape)
    logs = _densities(ground, shade, on_wall)
    tones, visible = _tones(picture, matte, cell)
    logs = [
        _of_core(tones, visible & here, model, log, where.tall / cell)
        for here, log in zip((~wall, wall), logs, strict=True)
    ]
    density = 1 - torch.exp(-torch.where(wall, logs[1][:, None, None], logs[0][:, None, None]))
    seen = Seen.of(tones, visible, model, density, where.tall / cell)
    guess, model = _softened(guess, model, seen, where, body, cell)
    size = tuple(picture.shape[-2:])
    return CastShadow(guess, where, seen.taken(model), model, density, float(cell), size, trust)


def _softened(
    guess: Guess, model: torch.Tensor, seen: Seen, where, body, cell: int
) -> tuple[Guess, torch.Tensor]:
    """The guess and its shadow (h, w), as soft as the photo's: of all that are tried, the one whose edges are as steep.

    Where a shadow falls tells little of how soft it is: one that lies a little beside the photo's fits best blurred.
    """
    index = torch.nonzero((seen.near > 0).flatten())[:, 0]
    tried = guess[torch.zeros(len(RADII), dtype=torch.long)]
    tried = replace(tried, radius=torch.tensor(RADII))
    shades = thrown(tried, body, where, middles(tuple(model.shape), cell)[index])[0]
    maps = torch.zeros(len(RADII), model.numel()).index_copy_(1, index, shades).view(-1, *model.shape)
    steep = _steepness(gaussian(maps, seen.spread), seen.visible)
    wanted = seen.steepness(model)
    # Blurred shadows fit best: the photo's is no softer than that.
    wrong = (steep.clamp(min=1e-9) / wanted).log().abs() + torch.where(
        tried.radius > 1.3 * guess.radius, torch.inf, 0.0
    )
    best = int(wrong.argmin())
    if wanted <= 0 or not bool(wrong[best].isfinite()):
        return guess, model
    return tried[best : best + 1], maps[best]


def _steepness(maps: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
    """(K,) summed squares of the steps between neighbours of (K, h, w), where both are visible."""
    down = maps.diff(dim=1).square() * (visible[1:] & visible[:-1])
    across = maps.diff(dim=2).square() * (visible[:, 1:] & visible[:, :-1])
    return down.sum((1, 2)) + across.sum((1, 2))


def _densities(
    ground: Ground, shade: torch.Tensor, on_wall: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """(3,) logarithms of the darkening of a full shadow on the floor and on the wall, red, green and blue."""
    logs = ground.light.clamp(min=2e-3).log().flatten(1)[:, ground.index]
    dark = ground.own(-logs)
    both = torch.stack((shade * ~on_wall, shade * on_wall))
    own = ground.own(both)
    square = (own * ground.weight) @ own.T
    whole = ground.own(shade[None])
    common = (dark * ground.weight * whole).sum(1) / (ground.weight * whole.square()).sum().clamp(min=1e-6)
    # One of the two may hardly show a shadow: it then has the other's density.
    pull = SHARED * square.diagonal().sum()
    right = (own * ground.weight) @ dark.T + pull * common
    found = torch.linalg.solve(square + pull * torch.eye(2), right)
    mean = found.mean(1, keepdim=True)
    found = found.clamp(0.6 * mean.clamp(min=0), 1.5 * mean.clamp(min=0)).clamp(0, DARKEST)
    return found[0], found[1]


def _of_core(tones, visible: torch.Tensor, model: torch.Tensor, log: torch.Tensor, tall: float):
    """(3,) the logarithms of the darkening in the midst of the shadow, against what lies in full light beside it; of
    tones (3, h, w) where they are visible (h, w), the stature in cells. `log` where there is not enough of both: coarse
    cells mix the two."""
    reach = max(1, round(EDGE * tall))
    core = visible & (-dilate(-model, max(1, reach // 3)) > 0.9)
    if int(core.sum()) < CORE:
        return log
    lit = visible & (dilate(model, reach) < 0.05)
    spread = max(1, round(BESIDE * tall))
    both = torch.cat((tones * lit, lit[None].float()))
    for _ in range(2):
        both = box_blur(both, spread)
    core &= both[3] > 0.02
    if int(core.sum()) < CORE:
        return log
    found = (both[:3, core] / both[3, core] - tones[:, core]).median(1).values
    return found.clamp(0.5 * log, 2 * log + 0.1).clamp(0, DARKEST)


@dataclass(frozen=True, eq=False)
class Seen:
    """The shadow as the photo shows it.

    found    (h, w) share of the key that is missing, evened out over `spread` cells, anywhere
    near     (h, w) in [0, 1]: where the model says that there may be any
    visible  (h, w) bool: not the person
    """

    found: torch.Tensor
    near: torch.Tensor
    visible: torch.Tensor
    spread: float

    @classmethod
    def of(cls, tones, visible, model: torch.Tensor, density: torch.Tensor, tall: float) -> Seen:
        """Of tones (3, h, w), logarithms of the light, where they are visible (h, w); the stature in cells.

        What the ground would be is learnt from where the model (h, w) is sure: from cells in full light, and from such
        in full shadow made as much brighter.
        """
        tone = luminance(tones.exp()).log()
        full = luminance(density)
        reach = max(1, round(EDGE * tall))
        high, low = dilate(model, reach), -dilate(-model, reach)
        sure = visible & (high - low < 0.3)
        lit = tone - torch.log1p(-full * model)
        ground = _evened(lit, sure, GROUND * tall)
        found = (1 - torch.exp(tone - ground)) / full.clamp(min=1e-3)
        texture = (lit - masked_blur(lit[None], sure, 1.5)[0])[sure & (high > 0.05)]
        rough = float(texture.std()) / max(float(full.max()), 1e-3) if len(texture) > 1 else 0.0
        spread = min(max(0.6, rough / (3.54 * GRAIN)), COARSEST * tall)
        found = masked_blur(found.clamp(-0.5, 1.5)[None], visible, spread)[0]
        near = ((high - 0.02) / 0.1).clamp(0, 1)
        near = gaussian(near[None], max(1.0, reach / 2))[0].minimum(near)
        return cls(found, near, visible, spread)

    def steepness(self, model: torch.Tensor) -> float:
        """Summed squares of the steps between neighbours, without those of the ground's own texture, which is the same
        beside the shadow as in it."""
        away = self.visible & (dilate(model, AWAY) < 0.02) & (dilate(self.near, 3 * AWAY) > 0)
        here = self.visible & (self.near > 0.5)
        cells = [float(one.sum()) for one in (here, away)]
        own, texture = (float(_steepness(self.found[None], one)) for one in (here, away))
        return own - texture * cells[0] / cells[1] if cells[1] > 50 else 0.0

    def taken(self, model: torch.Tensor) -> torch.Tensor:
        """(h, w) in [0, FULL], with edges as hard as the model's (h, w)."""
        found = self.found
        if self.spread > FINE_ENOUGH:
            found = (found - 0.5) * _dulled(model, self.spread) + 0.5
        off = (found.clamp(0, FULL) * self.near - model) * self.visible
        # Behind the person nobody sees it: there the model goes on from what is seen beside.
        beside = masked_blur(off[None], self.visible, 3.0)[0]
        return (model + torch.where(self.visible, off, beside)).clamp(0, FULL)


def _evened(values: torch.Tensor, known: torch.Tensor, spread: float) -> torch.Tensor:
    """(h, w) the mean of known values around each cell, over about a bell of `spread` cells."""
    both = torch.stack((values * known, known.to(values)))
    # Three boxes of half-breadth r have a deviation of about r.
    for _ in range(3):
        both = box_blur(both, max(1, round(spread)))
    return torch.where(both[1] > 1e-4, both[0] / both[1].clamp(min=1e-4), values)


def _dulled(model: torch.Tensor, spread: float) -> float:
    """How much duller a bell of `spread` cells makes the edges of a shadow as hard as the model (h, w)."""
    blurred = gaussian(model[None], spread)[0]
    steps = [float(sum(one.diff(dim=axis).square().sum() for axis in (0, 1))) for one in (model, blurred)]
    return min((steps[0] / max(steps[1], 1e-9)) ** 0.5, SHARPENED) if steps[1] > 0 else 1.0


def _tones(picture: torch.Tensor, matte: torch.Tensor, cell: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(3, h, w) the logarithms of the light beside the person, and (h, w) bool where that is seen."""
    pool = {"kernel_size": cell, "stride": cell, "ceil_mode": True}
    clear = (1 - matte.cpu()).clamp(0, 1) ** 2
    share = F.avg_pool2d(clear, **pool)
    mean = F.avg_pool2d(picture.cpu() * clear, **pool) / share.clamp(min=1e-4)
    person = F.max_pool2d(matte.cpu(), **pool)[0, 0] > 0.1
    return linear(mean[0]).clamp(min=2e-3).log(), ~person
