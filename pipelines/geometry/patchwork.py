"""Texture for what was not seen, put together from patches of the same cloth that was.

What is known is split into smooth colours and detail. The detail of the hole is looked for by patches, from coarse to
fine: at the coarsest level every place of the same label is compared, from the hole's rim inwards; on finer levels a
place asks where its neighbours' patches go on (Barnes et al., "PatchMatch", SIGGRAPH 2009, whose random search is not
needed after an exact start). What is found is copied, so that grain and weave stay as sharp as they are, and steps are
closed (joining.py).

Pictures (C, h, w), masks and labels (h, w); x right, y down, lengths in pixels. The same input gives the same output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

from .field import box_blur, dilate, erode
from .joining import Pieces, joined
from .microtexture import Microtexture, smooth_colours

COARSEST = 128.0
"""Stature in pixels at the coarsest level, where all places are compared: a torso is then 25 x 40 pixels."""
REACH = 2
"""Pixels on each side of a patch: 5 x 5."""
MIXED, LITTLE = 0.003, 0.01
"""Fraction of stature from another label within which a guess may be partly that, and what such a pixel counts beside
one further in: smoothed, the border of two cloths would be a cloud. By eye."""
GUESSED = 0.3
"""What a pixel that was filled counts beside one that was seen, when patches are compared."""
FAR = 0.02
"""Cost, in squared differences, of a patch a whole stature away: of patches alike the near one is taken."""
BORDER, DEEP = 0.03, 0.01
"""Fraction of stature from a cloth's border that is like its border (hems, collars, dark outlines) and not like its
interior, and the cost of taking one for the other."""
ENOUGH = 0.7
"""Pixels to copy from for each to be filled, at least. By eye."""
ONCE = 2.5
"""How many times the median of a cloth's detail is a thing that is there once, and is not carried elsewhere. By eye."""
LACKING = 0.02
"""The same of a patch of which nothing is known but its middle."""
MOST = 2_500_000
"""Pairs of places compared at once: 10 MB for a matrix of them."""
CHUNK = 40_000
"""Pixels whose patches are compared at once: 60 MB."""
ROUNDS = 2
"""How often patches are looked for again on each level."""


Textures = Callable[[int], Microtexture | None] | None


@dataclass(frozen=True, eq=False)
class Hole:
    """What is to be filled, and from what.

    picture  (3, h, w) sRGB; in the hole a guess, whose smooth colours are kept
    wanted   (h, w) bool
    source   (h, w) bool, pixels whose detail may be copied: none of them wanted
    label    (h, w) int64, -1 where there is nobody: nothing is copied from one label to another
    stature  of the person, in pixels
    known    (h, w) bool, pixels that are right and that the fill must meet without a step; the source by default
    texture  by its number, that of a label of which the picture shows too little to copy; None where nobody knows it
    """

    picture: torch.Tensor
    wanted: torch.Tensor
    source: torch.Tensor
    label: torch.Tensor
    stature: float
    known: torch.Tensor | None = None
    texture: Textures = None


def patched(
    hole: Hole, progress: Callable[[float], None] | None = None, names: Sequence[int] | None = None
) -> torch.Tensor:
    """(3, h, w) the picture with the hole filled; every other pixel is as it was, bit for bit.

    names: the labels to fill, all that are wanted by default. A label of which nothing was seen keeps its guess.
    """
    tell = progress or (lambda fraction: None)
    out = hole.picture.clone()
    wanted = torch.unique(hole.label[hole.wanted & (hole.label >= 0)]).tolist()
    chosen = [n for n in wanted if names is None or n in names]
    for i, number in enumerate(chosen):
        tell(i / len(chosen))
        here = hole.label == number
        target, source = hole.wanted & here, hole.source & here & ~hole.wanted
        repeated = int(source.sum()) < ENOUGH * int(target.sum())  # and would be seen to be
        texture = hole.texture(number) if repeated and hole.texture is not None else None
        if repeated and texture is None:
            continue
        known = source if hole.known is None else hole.known & here & ~hole.wanted
        box = _box(target | source, 2 * REACH)
        border = (
            dilate(((hole.label[box] >= 0) & ~here[box]).float(), max(1, round(MIXED * hole.stature))) > 0
        )
        parts = target[box], source[box], known[box], border & target[box]
        cut = _Cloth(hole.picture[:, box[0], box[1]], *parts, hole.stature)
        filled = _filled(cut) if texture is None else _woven(cut, texture)
        out[:, box[0], box[1]] = torch.where(target[box], filled, out[:, box[0], box[1]])
    tell(1.0)
    return out


@dataclass(frozen=True, eq=False)
class _Cloth:
    """One label in its box: picture (3, h, w); target, source and known (h, w) bool; border (h, w) bool, what of the
    target may be partly another label's; stature in pixels."""

    picture: torch.Tensor
    target: torch.Tensor
    source: torch.Tensor
    known: torch.Tensor
    border: torch.Tensor
    stature: float


@dataclass(frozen=True, eq=False)
class _Level:
    """One level: detail (3, h, w), 0 where unknown; known and target (h, w) bool; depth (h, w) in [0, 1], 0 at the
    cloth's own border and 1 from BORDER on."""

    detail: torch.Tensor
    known: torch.Tensor
    target: torch.Tensor
    depth: torch.Tensor

    @property
    def size(self) -> tuple[int, int]:
        return tuple(self.target.shape)


def _woven(cloth: _Cloth, texture: Microtexture) -> torch.Tensor:
    """(3, h, w) the cloth's smooth colours with a texture on them."""
    return (_ground(cloth) + texture.laid(tuple(cloth.target.shape))).clamp(0, 1)


def _ground(cloth: _Cloth) -> torch.Tensor:
    """(3, h, w) the smooth colours that texture is laid on."""
    there = (cloth.target | cloth.known) * torch.where(cloth.border, LITTLE, 1.0)
    return smooth_colours(cloth.picture, there, cloth.stature)


def _filled(cloth: _Cloth) -> torch.Tensor:
    base = _ground(cloth)
    detail = (cloth.picture - base) * cloth.known
    factors = _factors(cloth.stature)
    place, level = None, None
    cloth = replace(cloth, source=cloth.source & _plain(detail, cloth, factors[0]))
    for factor in factors:
        level = _at(detail, cloth, factor)
        if place is None:
            level, place = _from_the_rim(level, cloth.stature / factor)
        else:
            level, place = _finer(level, place, cloth.stature / factor)
    return (
        base + joined(Pieces(cloth.target, cloth.source, cloth.known, place), detail, level.detail)
    ).clamp(0, 1)


def _factors(stature: float) -> list[int]:
    """Pixels to a side of a cell, level by level, the last 1."""
    factors = [1]
    while stature / factors[-1] > 1.5 * COARSEST:
        factors.append(2 * factors[-1])
    return factors[::-1]


def _at(detail: torch.Tensor, cloth: _Cloth, factor: int) -> _Level:
    if factor == 1:
        return _Level(detail, cloth.source, cloth.target, cloth.source.float())
    both = torch.cat((detail, cloth.source[None].float(), cloth.target[None].float()))
    pooled = F.avg_pool2d(both[None], factor, ceil_mode=True)[0]
    target = pooled[4] > 0
    known = (pooled[3] > 0.5) & ~target
    return _Level(
        pooled[:3] / pooled[3:4].clamp(min=1e-4) * known,
        known,
        target,
        _depth(known | target, cloth.stature / factor),
    )


def _plain(detail: torch.Tensor, cloth: _Cloth, factor: int) -> torch.Tensor:
    """(h, w) bool: where the detail is not out of the ordinary, by squares of `factor` pixels: a button, a print or a
    pocket is there once. Of a pattern everything is usual."""
    both = torch.cat((detail.square().sum(0, keepdim=True) * cloth.source, cloth.source[None].float()))
    pooled = box_blur(F.avg_pool2d(both[None], factor, ceil_mode=True)[0], REACH // 2)
    size, there = (pooled[0] / pooled[1].clamp(min=1e-6)).sqrt(), pooled[1] > 0.5
    usual = there & (size <= ONCE * size[there].median()) if bool(there.any()) else there
    if not bool(usual.any()):
        return torch.ones_like(cloth.source)
    wide = usual.repeat_interleave(factor, 0).repeat_interleave(factor, 1)
    return wide[: cloth.source.shape[0], : cloth.source.shape[1]]


def _depth(cloth: torch.Tensor, stature: float) -> torch.Tensor:
    """(h, w) in [0, 1] how deep inside its own border a pixel of the cloth lies: hems are no interior."""
    rings = max(1, round(BORDER * stature))
    inside, total = F.pad(cloth.float(), (1, 1, 1, 1)), torch.zeros_like(cloth, dtype=torch.float32)
    for _ in range(rings):
        inside = erode(inside, 1)
        total += inside[1:-1, 1:-1]
    return total / rings


def _box(mask: torch.Tensor, margin: int) -> tuple[slice, slice]:
    """Rows and columns of the box round a mask that has a pixel, with a margin inside the picture."""
    sides = []
    for axis in (0, 1):
        lines = torch.nonzero(mask.any(1 - axis)).flatten()
        low, high = int(lines[0]) - margin, int(lines[-1]) + 1 + margin
        sides.append(slice(max(0, low), min(mask.shape[axis], high)))
    return sides[0], sides[1]


def _steps(width: int, device: torch.device) -> torch.Tensor:
    """(25,) steps to the pixels of a patch in a flattened padded picture of that width."""
    at = torch.arange(-REACH, REACH + 1, device=device)
    return (at[:, None] * width + at).flatten()


def _padded(values: torch.Tensor) -> torch.Tensor:
    """(C, h, w) -> (C, n) flattened, with REACH pixels of nothing round it."""
    return F.pad(values, (REACH,) * 4).flatten(1)


def _flat(rows: torch.Tensor, columns: torch.Tensor, width: int) -> torch.Tensor:
    return (rows + REACH) * (width + 2 * REACH) + columns + REACH


def _from_the_rim(level: _Level, stature: float) -> tuple[_Level, torch.Tensor]:
    """The level with its targets filled from outside inwards, and (2, h, w) int64 where from, row and column."""
    height, width = level.size
    rows, columns = torch.nonzero(level.known, as_tuple=True)
    place = torch.full((2, height, width), -1, device=rows.device)
    if not len(rows):  # cloth seen in slivers only
        return level, place
    among = _Among.of(level, rows, columns)
    detail, sure = level.detail.clone(), level.known.float()

    def answered(wanted: torch.Tensor) -> None:
        y, x = torch.nonzero(wanted, as_tuple=True)
        best = _likest((y, x), (detail, sure, level.depth), among, stature)
        place[0, y, x], place[1, y, x] = rows[best], columns[best]
        detail[:, y, x] = level.detail[:, rows[best], columns[best]]
        sure[y, x] = GUESSED

    left = level.target.clone()
    while bool(left.any()):  # a pixel's turn comes when something beside it is known
        front = left & (dilate((sure > 0).float(), 1) > 0)
        if not bool(front.any()):  # nothing of it is known anywhere near
            front = left
        answered(front)
        left &= ~front
    for _ in range(ROUNDS):
        detail = _voted(level, detail, place)
        answered(level.target)
    return replace(level, detail=detail), place


def _voted(level: _Level, detail: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """(3, h, w) the detail with every target the mean of what the patches round it show there."""
    height, width = level.size
    y, x = torch.nonzero(level.target & (place[0] >= 0), as_tuple=True)
    total = torch.zeros(4, height, width, device=y.device)
    for down in range(-REACH, REACH + 1):
        for right in range(-REACH, REACH + 1):
            ty, tx, sy, sx = y + down, x + right, place[0, y, x] + down, place[1, y, x] + right
            use = (ty >= 0) & (ty < height) & (tx >= 0) & (tx < width)
            use &= (sy >= 0) & (sy < height) & (sx >= 0) & (sx < width)
            ty, tx, sy, sx = (values[use] for values in (ty, tx, sy, sx))
            use = level.target[ty, tx] & level.known[sy, sx]
            ty, tx, sy, sx = (values[use] for values in (ty, tx, sy, sx))
            shown = F.pad(level.detail[:, sy, sx], (0, 0, 0, 1), value=1.0)
            total.view(4, -1).index_add_(1, ty * width + tx, shown)
    mean = total[:3] / total[3:].clamp(min=1)
    return torch.where(level.target & (total[3] > 0), mean, detail)


@dataclass(frozen=True, eq=False)
class _Among:
    """The patches of a level's known pixels: shown (n, 75), what each lacks and how deep it lies (n,), and where."""

    shown: torch.Tensor
    lacking: torch.Tensor
    depth: torch.Tensor
    places: torch.Tensor

    @classmethod
    def of(cls, level: _Level, rows: torch.Tensor, columns: torch.Tensor) -> _Among:
        width = level.size[1]
        at = _flat(rows, columns, width)[:, None] + _steps(width + 2 * REACH, rows.device)
        shown = _padded(level.detail)[:, at].movedim(0, 1).flatten(1)
        lacking = LACKING * (1 - _padded(level.known[None].float())[0, at].mean(1))
        return cls(shown, lacking, level.depth[rows, columns], torch.stack((rows, columns), 1).float())


def _likest(at, shown, among: _Among, stature: float) -> torch.Tensor:
    """(n,) which of the patches is likest to what is known round each place, weighted by how surely it is."""
    (y, x), (detail, sure, shown_depth), patches = at, shown, among.shown
    width = sure.shape[1]
    where = _flat(y, x, width)[:, None] + _steps(width + 2 * REACH, y.device)
    wanted, weight = _padded(detail)[:, where].movedim(0, 1), _padded(sure[None])[0, where]
    weight = weight / weight.sum(1, keepdim=True).clamp(min=1e-6)
    square = (patches * patches).unflatten(1, (3, -1)).sum(1)
    weighed = (wanted * weight[:, None]).flatten(1)
    found = []
    here, depth = torch.stack((y, x), 1).float(), shown_depth[y, x]
    for low in range(0, len(y), rows := max(1, MOST // len(patches))):
        part = slice(low, low + rows)
        cost = weight[part] @ square.T - 2 * weighed[part] @ patches.T + among.lacking
        apart = torch.cdist(here[part], among.places).square() / stature**2
        deep = (depth[part, None] - among.depth).square()
        found.append((cost + FAR * apart + DEEP * deep).argmin(1))
    return torch.cat(found)


def _finer(level: _Level, place: torch.Tensor, stature: float) -> tuple[_Level, torch.Tensor]:
    """The next level, started where the last one's patches came from: each pixel takes the best of its own, its
    neighbours' continued, and those a pixel beside."""
    height, width = level.size
    y, x = torch.nonzero(level.target, as_tuple=True)
    above = place[:, (y // 2).clamp(max=place.shape[1] - 1), (x // 2).clamp(max=place.shape[2] - 1)]
    spot = torch.where(above >= 0, 2 * above + torch.stack((y % 2, x % 2)), -1)
    spot = torch.minimum(spot, torch.tensor([[height - 1], [width - 1]], device=y.device))
    number = torch.full((height, width), -1, device=y.device)
    number[y, x] = torch.arange(len(y), device=y.device)
    known = level.known
    detail, sure = level.detail.clone(), known.float()
    spot = _on_known(spot, known)
    for turn in range(ROUNDS if len(y) < 4 * CHUNK else 1):
        detail[:, y, x] = torch.where(spot[0] >= 0, level.detail[:, spot[0], spot[1]], 0)
        sure[y, x] = GUESSED
        tries = [spot, *_continued(spot, number, (y, x), known)]
        if turn == 0:
            tries += [_moved(spot, step, known) for step in ((0, 1), (1, 0), (0, -1), (-1, 0))]
        spot = _best(tries, (y, x), (detail, sure, level), stature)
    detail[:, y, x] = torch.where(spot[0] >= 0, level.detail[:, spot[0], spot[1]], 0)
    out = torch.full((2, height, width), -1, device=y.device)
    out[:, y, x] = spot
    return replace(level, detail=detail), out


def _on_known(spot: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """(2, n) the places, -1 where they are not known."""
    there = (spot >= 0).all(0)
    safe = spot.clamp(min=0)
    return torch.where(there & known[safe[0], safe[1]], spot, -1)


def _moved(spot: torch.Tensor, step: tuple[int, int], known: torch.Tensor) -> torch.Tensor:
    moved = spot + spot.new_tensor(step)[:, None]
    limit = spot.new_tensor(known.shape)[:, None]
    inside = ((moved >= 0) & (moved < limit)).all(0) & (spot >= 0).all(0)
    return _on_known(torch.where(inside, moved, -1), known)


def _continued(spot: torch.Tensor, number: torch.Tensor, at, known: torch.Tensor) -> list[torch.Tensor]:
    """Where each pixel would come from if it were of one piece with the neighbour above, left, below, right."""
    (y, x), (height, width) = at, known.shape
    found = []
    for down, right in ((-1, 0), (0, -1), (1, 0), (0, 1)):
        there = number[(y + down).clamp(0, height - 1), (x + right).clamp(0, width - 1)]
        theirs = torch.where(there >= 0, spot[:, there.clamp(min=0)], -1)
        found.append(_moved(theirs, (-down, -right), known))
    return found


def _best(tries: list[torch.Tensor], at, shown, stature: float) -> torch.Tensor:
    """(2, n) for each pixel the place of the least cost; the first where none is known."""
    (y, x), (detail, sure, level) = at, shown
    width = sure.shape[1]
    steps = _steps(width + 2 * REACH, y.device)
    here, there = _padded(detail), _padded(level.detail)
    certain, known = _padded(sure[None])[0], _padded(level.known[None].float())[0]
    chosen = []
    for low in range(0, len(y), CHUNK):
        part = slice(low, low + CHUNK)
        where = _flat(y[part], x[part], width)[:, None] + steps
        wanted, weight = here[:, where], certain[where]
        weight = weight / weight.sum(1, keepdim=True).clamp(min=1e-6)
        least = torch.full((len(where),), torch.inf, device=y.device)
        best = tries[0][:, part].clone()
        for spot in (one[:, part] for one in tries):
            use = spot[0] >= 0
            source = _flat(spot[0].clamp(min=0), spot[1].clamp(min=0), width)[:, None] + steps
            cost = ((there[:, source] - wanted).square().sum(0) * weight).sum(1)
            cost = cost + LACKING * (1 - known[source].mean(1))
            apart = (spot[0] - y[part]).square() + (spot[1] - x[part]).square()
            cost = torch.where(use, cost + FAR * apart / stature**2, torch.inf)
            better = cost < least
            least = torch.where(better, cost, least)
            best = torch.where(better, spot, best)
        chosen.append(best)
    return torch.cat(chosen, 1)
