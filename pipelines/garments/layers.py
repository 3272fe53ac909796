"""Which garment a cell of cloth is: the outer one, the upper, the lower, or one for the whole body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..geometry.template import TRUNK
from .body import LIMBS, SIDES, Body
from .colours import indexed, likeness, palette, shares, unlike

FEW = 40
"""Cells of cloth below which there are no clothes to speak of."""
SLEEVE = 2.4
"""Radii of an arm within which cloth is a sleeve."""
SHORT = 0.3
"""Share of a forearm that is bare from which on it has no sleeve."""
BARE = 5.0
"""How much further off a bare arm counts: cloth beside it is no sleeve."""
SLEEVE_ODDS = -1.5
"""Log odds of the lower garment on an arm, before its colours are looked at."""
SAMPLE = 20
"""Cells that a colour is measured on at least."""
BIN = 0.05
"""Height of a row of the body's own coordinate (Body.down)."""
REACH, SKIPPED = 7, 1
"""Rows above and below a waist that are compared, and rows right beside it (a belt, a blurred hem) that are not."""
HIGHEST, LOWEST = 0.4, 2.3
"""Where a waist is looked for: from under the chest to half down the shins, where long coats end."""
LIKELY = ((0.3, 0.3), (0.6, 0.9), (0.75, 1.0), (1.1, 1.0), (1.5, 0.55), (2.3, 0.3))
"""How much evidence at a height counts. By eye, on the development photos."""
COLOURS_CHANGE = 0.09
"""Unlikeness of what is above and below from which on two garments meet: plain dresses have at most 0.03 anywhere."""
CLEAR = 0.25
"""The same from which on colours follow a waist better than the line of a hem does."""
OPENED = 0.3
"""Unlikeness of both sides of the chest to its middle that tells an open jacket: on the development photos open ones
have 0.53 and more, closed clothes 0.12 at most."""
LITTLE = 0.1
"""Share of the cloth below which a strip at a hem is no garment."""
STEEP = 12.5
"""Log odds of the lower garment by height: 1.5 at an eighth of the trunk below the waist."""
STRAY, BEND = 0.14, 0.12
"""How far from the waist, in Body.down, its line may be, and what a step of it costs of the steepest change's worth."""
HIGHEST_LINE = 0.75
"""Body.down from which on a line may be a waist: above it, a seam under the chest."""
LINE, ACROSS = 2.2, 0.4
"""A hem of the same colour: how much steeper than elsewhere the lightness changes, and across how much more of the body
than at other heights (a print is steep everywhere)."""
NARROWED = 0.78
"""Breadth of the cloth below a coat's hem over that above it."""
DEFAULT_WAIST = 0.95
"""Where two garments of one colour part when nothing shows it: just over the hips."""
TO_LEGS = 1.2
"""Cloth that ends above this is no dress, and there is no lower garment."""
LONG = 1.45
"""A garment that ends below this, above clothed legs, is a coat or a dress."""


@dataclass(frozen=True, eq=False)
class Cloth:
    """What was found about the clothes.

    outer  (h, w) in [0, 1]: how surely a cell is an open jacket's; 0 where there is none
    lower  (h, w) in [0, 1]: how surely a cell is below the waist
    body   what covers the trunk: "upper", "dress" or "outer"
    waist  Body.down of the waist, infinite where there is none
    guessed  whether nothing shows that waist
    """

    outer: np.ndarray
    lower: np.ndarray
    body: str
    waist: float
    guessed: bool = False


def garments_of(lab: np.ndarray, cloth: np.ndarray, skin: np.ndarray, body: Body) -> Cloth:
    """lab (h, w, 3) colours, cloth and skin (h, w) bool -> which garment each cell of cloth belongs to."""
    none = np.zeros(cloth.shape, np.float32)
    if cloth.sum() < FEW:
        return Cloth(none, none, "upper", np.inf)
    where = _Where.of(lab, cloth, skin, body)
    outer = _outer(where)
    inner = where.trunk & (outer < 0.5)
    waist = _waist(where, inner)
    guessed = waist is None
    if waist is None:
        at, kind = _unseen_waist(where, inner)
        waist = _Waist(at)
    else:
        kind = _above(where, waist.at)
    told = np.isfinite(waist.at)
    lower = _below(where, inner, waist).astype(np.float32) if told else none
    return Cloth(outer, lower, kind, waist.at, guessed and bool(told))


@dataclass(frozen=True, eq=False)
class _Where:
    """Cells of cloth by where they are, and their colours by palette."""

    body: Body
    lab: np.ndarray
    cloth: np.ndarray
    trunk: np.ndarray
    arm: np.ndarray
    index: np.ndarray
    alike: np.ndarray
    row: np.ndarray

    @classmethod
    def of(cls, lab: np.ndarray, cloth: np.ndarray, skin: np.ndarray, body: Body) -> _Where:
        centres = palette(lab[cloth])
        limb = body.limb()
        arm = np.zeros_like(cloth)
        for side in SIDES:
            near = _sleeved(body.near[f"{side}_arm"], cloth)
            own = cloth & (limb == LIMBS.index(f"{side}_arm")) & (near < SLEEVE)
            arm |= own & ~_beyond_sleeve(side, cloth, skin, body)
        row = np.floor(body.down / BIN).astype(int)
        return cls(body, lab, cloth, cloth & ~arm, arm, indexed(lab, centres), likeness(centres), row)

    def colours(self, where: np.ndarray) -> np.ndarray | None:
        """Shares of the palette; None where there is too little."""
        return shares(self.index, len(self.alike), where) if where.sum() >= SAMPLE else None

    def score(self, colours: np.ndarray) -> np.ndarray:
        """(h, w) how much of `colours` is like the cell's colour, in (0, 1]."""
        return (self.alike @ colours + 1e-3)[self.index]


def _sleeved(near: np.ndarray, cloth: np.ndarray) -> np.ndarray:
    """(h, w) distance to an arm over its radius; BARE times as far where the arm itself is bare."""
    import cv2

    core = np.float32(near < 0.6)
    size = 2 * max(2, near.shape[0] // 40) + 1
    dressed = cv2.blur(core * cloth, (size, size)) / np.maximum(cv2.blur(core, (size, size)), 1e-4)
    return near * (BARE - (BARE - 1) * np.clip(2 * dressed, 0, 1))


def _beyond_sleeve(side: str, cloth: np.ndarray, skin: np.ndarray, body: Body) -> np.ndarray:
    """(h, w) bool: where an arm whose forearm shows its skin has no sleeve: cloth there lies before or behind it."""
    core = (body.fore[side] < 1.2) & (cloth | skin) & ~body.hand[side]
    bare = (skin & core).sum() > SHORT * max(int(core.sum()), 1)
    below = (body.fore[side] <= body.near[f"{side}_arm"] + 0.05) | body.hand[side]
    return below & bool(bare)


def _outer(where: _Where) -> np.ndarray:
    """(h, w) the sides of an open jacket, its sleeves and its tails, where both sides differ from the middle."""
    down, aside = where.body.down, where.body.aside
    chest = where.trunk & (down > 0.1) & (down < 0.85)
    middle = where.colours(chest & (abs(aside) < 0.3) & (down < 0.75))
    sides = [where.colours(chest & (side * aside > 0.5) & (side * aside < 1.2)) for side in (-1, 1)]
    none = np.zeros(down.shape, np.float32)
    if middle is None or any(side is None for side in sides):
        return none
    if min(unlike(middle, side, where.alike) for side in sides) < OPENED:
        return none
    jacket = (sides[0] + sides[1]) / 2
    likely = where.score(jacket) / (where.score(jacket) + where.score(middle))
    # A jacket's colour in the middle, or on the legs, is a print, a belt or trousers.
    place = np.clip(1.5 * (abs(aside) - 0.1), 0, 1) * np.clip((LOWEST - down) / 0.3, 0, 1)
    likely = np.where(where.arm, likely, likely * place)
    for side in SIDES:  # a sleeve is of one garment, its cuff too
        sleeve = where.arm & (where.body.near[f"{side}_arm"] < SLEEVE) & ~where.body.hand[side]
        if sleeve.sum() > SAMPLE:
            likely = np.where(sleeve, float(likely[sleeve].mean() > 0.5), likely)
    smooth = _smooth(np.where(where.cloth, likely, 0), where.cloth, where.body.tall)
    return np.clip((smooth - 0.5) * 4 + 0.5, 0, 1).astype(np.float32)


def _smooth(values: np.ndarray, inside: np.ndarray, tall: float) -> np.ndarray:
    """Mean of the values inside, over 1.5 % of the stature."""
    import cv2

    size = 2 * max(1, int(0.015 * tall)) + 1
    total = cv2.blur(np.float32(values * inside), (size, size))
    return np.where(inside, total / np.maximum(cv2.blur(np.float32(inside), (size, size)), 1e-6), 0)


class _Waist(NamedTuple):
    """Body.down of a waist; how much the colours change there, 0 where they do not tell the two garments apart; and
    whether it is the line of a hem."""

    at: float
    change: float = 0.0
    line: bool = False


def _waist(where: _Where, inner: np.ndarray) -> _Waist | None:
    """Where the colour changes most, or else where a line runs across, or a coat ends; None where none does."""
    aside = abs(where.body.aside)
    # In the middle alone a tie or a shirt changes as well: there it must be clear.
    change, at = max(_change(where, inner & (aside < 1.2)), _change(where, inner & (aside < 0.45), 0.5))
    line = _line(where, inner)
    if line is not None and change < CLEAR and (abs(line - at) < 2 * STRAY or change < COLOURS_CHANGE):
        return _Waist(line, change if abs(line - at) < 2 * STRAY else 0.0, True)
    if change >= COLOURS_CHANGE:
        return _Waist(at, change)
    hem = _hem(where, inner)
    return None if hem is None else _Waist(hem)


def _change(where: _Where, band: np.ndarray, weight: float = 1.0) -> tuple[float, float]:
    """The strongest change of colour down the body, weighted by how likely a waist is there; and where."""
    count, rows = len(where.alike), int(np.ceil(3.4 / BIN))
    row = np.clip(where.row[band], 0, rows - 1)
    table = (
        np.bincount(row * count + where.index[band], minlength=rows * count)
        .reshape(rows, count)
        .astype(float)
    )
    best = (0.0, 0.0)
    for t in range(int(HIGHEST / BIN), int(LOWEST / BIN) + 1):
        above = table[max(0, t - REACH - SKIPPED) : t - SKIPPED].sum(0)
        below = table[t + SKIPPED : t + SKIPPED + REACH].sum(0)
        rest = table[t + SKIPPED :].sum()
        if min(above.sum(), below.sum()) < SAMPLE or rest < LITTLE * table.sum():
            continue
        change = unlike(above / above.sum(), below / below.sum(), where.alike)
        best = max(best, (weight * change * float(np.interp(t * BIN, *zip(*LIKELY, strict=True))), t * BIN))
    return best


def _line(where: _Where, inner: np.ndarray) -> float | None:
    """Body.down of a line across the body: the edge of a hem over cloth of its own colour."""
    light = where.lab[..., 0]
    steep = np.abs(np.gradient(light, axis=0))
    band = inner & (abs(where.body.aside) < 0.9)
    usual = float(np.median(steep[band])) if band.any() else 0.0
    said = {}
    if not where.body.sees("left_hip", "right_hip") or (inner & (where.body.down > TO_LEGS)).sum() < SAMPLE:
        return None
    for t in range(int(HIGHEST_LINE / BIN), int(1.5 / BIN) + 1):
        here = band & (abs(where.row - t) <= 1)
        columns = here.any(0)
        if columns.sum() < 8:
            continue
        peak = np.where(here, steep, 0).max(0)
        said[t] = float((peak[columns] > LINE * usual + 0.5).mean())
    if not said:
        return None
    best = max(said, key=said.get)
    return best * BIN if said[best] > ACROSS + float(np.median(list(said.values()))) else None


def _path(where: _Where, waist: float) -> np.ndarray:
    """(h, w) Body.down measured from a line that follows the steepest change of lightness near the waist, from column
    to column, plus `waist`: where no colour tells two garments apart, the hem's own shadow does."""
    light = where.lab[..., 0]
    steep = np.abs(np.gradient(light, axis=0))
    down = where.body.down
    rows = np.arange(len(down))
    band = where.trunk & (abs(down - waist) < STRAY)
    columns = np.nonzero(band.any(0))[0]
    if len(columns) < 8:
        return down
    columns = np.arange(columns[0], columns[-1] + 1)
    gain = np.where(band, steep / max(float(np.quantile(steep[band], 0.95)), 1e-6), -0.5)[:, columns]
    total, back = gain.copy(), np.zeros(gain.shape, int)
    for c in range(1, len(columns)):
        before = np.stack([np.roll(total[:, c - 1], s) - BEND * abs(s) for s in (-1, 0, 1)])
        back[:, c] = np.array([1, 0, -1])[before.argmax(0)]
        total[:, c] += before.max(0)
    line = np.zeros(len(columns))
    y = int(total[:, -1].argmax())
    for c in range(len(columns) - 1, -1, -1):
        line[c] = y
        y = int(np.clip(y + back[y, c], 0, len(rows) - 1))
    level = np.interp(np.arange(down.shape[1]), columns, line)
    return waist + (rows[:, None] - level) / (where.body.tall * TRUNK)


def _hem(where: _Where, inner: np.ndarray) -> float | None:
    """Body.down of the hem of a coat over trousers of its colour: where the cloth narrows at once."""
    rows = np.arange(len(where.row))[:, None]
    breadth = inner.sum(1).astype(float)
    level = np.where(
        inner.any(1), np.where(inner, where.body.down, 0).sum(1) / np.maximum(breadth, 1), np.nan
    )
    step = max(2, int(0.012 * where.body.tall))
    best, found = NARROWED, None
    for y in range(2 * step, len(rows) - 2 * step):
        if not 1.2 < level[y] < LOWEST:
            continue
        above, below = breadth[y - 2 * step : y - step].mean(), breadth[y + step : y + 2 * step].mean()
        legs = where.body.near["left_leg"][y], where.body.near["right_leg"][y]
        closed = (inner[y] & (np.minimum(*legs) > 1.6)).sum() > 0.15 * breadth[y]
        goes_on = (inner & (where.body.down > level[y] + 0.25)).sum() > LITTLE * inner.sum()
        if closed and goes_on and below / max(above, 1) < best:
            best, found = below / above, float(level[y])
    return found


def _above(where: _Where, waist: float) -> str:
    """What covers the trunk over cloth of another colour that begins at the waist."""
    if waist < LONG:
        return "upper"
    sleeves = where.arm.sum() > 0.1 * where.trunk.sum()
    return "outer" if sleeves else "dress"


def _unseen_waist(where: _Where, inner: np.ndarray) -> tuple[float, str]:
    """Where nothing shows a waist: nothing below, two legs in the trunk's colour, or a dress."""
    down = where.body.down
    if (inner & (down > TO_LEGS)).sum() < SAMPLE:
        return np.inf, "upper"
    return (DEFAULT_WAIST, "upper") if _parted(where, inner) else (np.inf, "dress")


def _parted(where: _Where, inner: np.ndarray) -> bool:
    """Whether the cloth on the legs is two legs of trousers: each ends on its own shin, or a gap is between them."""
    down, near = where.body.down, where.body.near
    legs = np.minimum(near["left_leg"], near["right_leg"])
    rows = [(down > low) & (down < low + 0.2) for low in (1.3, 1.5, 1.7, 2.2, 2.5)]
    gaps = []
    for row in rows:
        cloth = row & inner
        if cloth.sum() < SAMPLE:
            continue
        between = row & (near["left_leg"] < 6) & (near["right_leg"] < 6) & (legs > 1.05)
        between &= np.abs(near["left_leg"] - near["right_leg"]) < 0.5 * legs
        if between.sum() > 3:
            gaps.append(float((~inner[between]).mean()))
    if gaps:
        return max(gaps) > 0.5
    return bool((inner & (down > 2.5)).sum() > SAMPLE)


def _below(where: _Where, inner: np.ndarray, waist: _Waist) -> np.ndarray:
    """(h, w) how surely a cell is the lower garment's: below the waist, and of the colours that are found there. A
    sleeve is not, but where a hand is in a pocket."""
    down = where.body.down
    above = where.colours(inner & ~where.arm & (down < waist.at - 0.12) & (down > waist.at - 0.6))
    below = where.colours(inner & ~where.arm & (down > waist.at + 0.12) & (down < waist.at + 0.8))
    told = 0.0 if above is None or below is None else float(np.clip(waist.change / CLEAR, 0, 1))
    steep = STEEP
    if waist.line:
        near, steep = abs(down - waist.at) < 2 * STRAY, steep / (0.2 + 0.8 * told**2)
        down, told = np.where(near, _path(where, waist.at), down), told**2
    place = np.clip(steep * (down - waist.at), -6, 6)
    place = np.where(where.arm, np.minimum(place, SLEEVE_ODDS if told else -6), place)
    if told:
        odds = np.log(where.score(below) / where.score(above))
        place = place + 1.6 * told * _smooth(np.clip(odds, -3, 3), where.cloth, 0.6 * where.body.tall)
    return _of_a_piece(where, 1 / (1 + np.exp(-place)), inner, waist.at)


def _of_a_piece(where: _Where, lower: np.ndarray, inner: np.ndarray, waist: float) -> np.ndarray:
    """(h, w) lower, without islands of one garment in the other: a shadow on a shirt looks like dark trousers."""
    import cv2

    lower, down = np.clip((lower - 0.2) / 0.6, 0, 1), where.body.down
    for under in (True, False):
        piece = (lower > 0.1) & (where.arm | inner) if under else (lower <= 0.5) & inner
        count, labels, stats, _ = cv2.connectedComponentsWithStats(piece.astype(np.uint8))
        for k in range(1, count):
            here = labels == k
            beyond = float(down[here].mean()) < waist if under else float(down[here].mean()) > waist
            if beyond and stats[k, cv2.CC_STAT_AREA] < LITTLE * piece.sum():
                lower[here] = 0.0 if under else 1.0
    return lower
