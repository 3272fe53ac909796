"""What repeats on cloth: the period and the direction of stripes, checks, dots and weaves, from small windows of it.

A stripe is energy of the spectrum along one line through its origin; a check has two such lines. The autocorrelation
along a line is the cosine transform of the energy on it (the projection-slice theorem), so every direction is judged by
its own autocorrelation: where it rises again, and how far. Windows then vote: what only one of them sees is a fold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi

import numpy as np
import torch
import torch.nn.functional as F

from ..geometry.garments import Pattern
from .cloth import Cloth

SIDE, PADDED = 128, 192
"""Pixels of a window, and of its transform."""
SMOOTH = 40
"""Half the side of the box whose mean is taken away: shade and folds of more than about that are gone."""
LAGS = (3.0, 40.0)
"""Pixels: the periods looked for in a window; half of them again at half the size, and so on."""
BOLD = 0.12
"""Contrast from which a single window is enough: two folds or a hem on plain cloth stay below it. By eye."""
PURE = {1: (0.5, 0.8), 2: (0.3, 0.6)}
"""Purity from which and at which one window, and two that agree, are believed. By eye, on plain cloth."""
REPEATED = 2.5
"""Periods that a window's cloth must hold: what is seen twice may be two folds, or a garment's two halves."""
SHORTEST = 12.0
"""Pixels below which a period is left to the larger size."""
STEP = 0.25
"""Pixels between two lags."""
WEDGE = 7.0
"""Degrees to either side of a direction that belong to it: a window's taper spreads a line's energy so far."""
RISE = 0.22
"""How high an autocorrelation must rise again for a period, over the lowest place before it. By eye, on plain cloth."""
FIRST = 0.8
"""The first rise this high against the highest is the period: later ones are its multiples."""
LEVELS = ((0, 5), (1, 4), (2, 3))
"""Halvings of the picture and how many windows are looked at there."""
AGREE = (0.1, 10.0)
"""Share of the period and degrees within which two windows see the same."""
LEAST_CONFIDENCE = 0.25
"""What fewer windows agree on is no pattern: two or three folds that happen to lie evenly. By eye."""
LEAST_SHARE = 0.16
"""Share of a window's energy along a direction and the one across it, below which it is grain."""


@dataclass(frozen=True)
class Found:
    """A repeat in one window: period in pixels, angle in radians in [0, pi) across the lines, strength in [0, 1];
    contrast: standard deviation of it over the cloth's brightness; level: how often the picture was halved; window: its
    number there; pure: how much the window is this repeat and nothing else, in [0, 1]."""

    period: float
    angle: float
    strength: float
    contrast: float
    pure: float
    window: int
    level: int = 0


def repeats(cloth: Cloth) -> tuple[Pattern, ...]:
    """The patterns of a garment, the strongest first, at most two; periods in pixels of the picture."""
    votes: list[Found] = []
    counts: dict[int, int] = {}
    level = cloth
    for halvings, most in LEVELS:
        if halvings:
            level = level.half()
        corners = level.windows(SIDE, most, 0.55) or level.windows(SIDE, 1, 0.12)
        cuts = [level.cut(corner, SIDE) for corner in corners]
        if not cuts:
            break
        counts[halvings] = len(cuts)
        found = looked_at(np.stack([c[0] for c in cuts]), np.stack([c[1] for c in cuts]))
        shortest = SHORTEST if halvings else LAGS[0]
        votes += [
            replace(one, period=one.period / level.scale, level=halvings)
            for one in found
            if one.period >= shortest
        ]
    return _elected(votes, counts)


def looked_at(pixels: np.ndarray, inside: np.ndarray) -> list[Found]:
    """Repeats of windows (n, s, s, 3) with what counts of them (n, s, s): periods in the windows' own pixels."""
    signal, weight = _flattened(torch.from_numpy(pixels), torch.from_numpy(inside).float())
    energy = torch.fft.rfft2(signal, s=(PADDED, PADDED)).abs().square()
    reach = torch.fft.irfft2(torch.fft.rfft2(weight, s=(PADDED, PADDED)).abs().square())
    spread = (signal.square().sum((1, 2)) / weight.square().sum((1, 2)).clamp(min=1e-6)).sqrt()
    found = []
    for number in range(len(energy)):
        found += [
            Found(
                period,
                angle,
                strength,
                float(spread[number]) * share**0.5,
                high * min(1.0, 2 * share),
                number,
            )
            for period, angle, strength, high, share in _of_window(energy[number], reach[number])
            if period * REPEATED <= _breadth(inside[number], angle)
        ]
    return sorted(found, key=lambda one: -one.strength)


def _breadth(inside: np.ndarray, angle: float) -> float:
    """How far the cloth goes on along a direction, in the mean over lines that way: two fronts of a jacket are not as
    broad as what lies between them."""
    y, x = np.nonzero(inside[::4, ::4])
    if not len(x):
        return 0.0
    across = -x * np.sin(angle) + y * np.cos(angle)
    return 16.0 * len(x) / (4.0 * (np.ptp(across) + 1))


def _flattened(pixels: torch.Tensor, inside: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(n, s, s) the strongest of each window's colour axes without its shade, tapered; (n, s, s) the taper."""
    side = inside.shape[1]
    taper = torch.hann_window(side + 2, periodic=False)[1:-1]
    weight = inside * taper[:, None] * taper[None]
    colours = pixels.permute(0, 3, 1, 2)
    soft = torch.stack([_softened(c, i) for c, i in zip(colours, inside, strict=True)])
    # Shade multiplies: a stripe in a fold is as strong as one in the light.
    fine = (colours - soft) / (soft.mean(1, keepdim=True) + 0.08) * inside[:, None]
    flat = (fine * weight[:, None].sqrt()).flatten(2)
    axes = torch.linalg.eigh(flat @ flat.transpose(1, 2))[1][:, :, -1]
    signal = torch.einsum("nc,nchw->nhw", axes, fine)
    mean = (signal * weight).sum((1, 2)) / weight.sum((1, 2)).clamp(min=1e-6)
    return (signal - mean[:, None, None]) * weight, weight


def _softened(colours: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """(3, s, s) the mean of what is inside round every pixel."""
    import cv2

    planes = torch.cat((colours * inside, inside[None])).permute(1, 2, 0).contiguous().numpy()
    box = cv2.boxFilter(planes, -1, (2 * SMOOTH + 1,) * 2, borderType=cv2.BORDER_CONSTANT)
    box = torch.from_numpy(box).permute(2, 0, 1)
    return box[:3] / box[3:].clamp(min=1e-4)


def _frequencies() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Flat (k,) cycles per pixel across and down of the half spectrum, and how often each counts."""
    down = torch.fft.fftfreq(PADDED)
    across = torch.fft.rfftfreq(PADDED)
    fy, fx = torch.meshgrid(down, across, indexing="ij")
    twice = torch.full_like(fx, 2.0)
    twice[:, 0] = 1.0
    twice[:, -1] = 1.0
    return fx.flatten(), fy.flatten(), twice.flatten()


FX, FY, TWICE = _frequencies()
RADIUS = torch.hypot(FX, FY)
ANGLE = torch.remainder(torch.atan2(FY, FX), pi)
COUNTED = (RADIUS > 1 / LAGS[1] * 0.75) & (RADIUS < 1 / LAGS[0] * 1.3)
"""The half spectrum's frequencies, their directions, and those that a period of LAGS has."""
AT = torch.arange(LAGS[0] - 1, LAGS[1] + 14, STEP)
BINS = 1024
WAVES = torch.cos(2 * pi * AT[:, None] * (torch.arange(BINS) + 0.5) / BINS * 0.71)
"""Cosines of every lag at frequencies from 0 to 0.71 cycles a pixel, the highest of a square grid."""


def _of_window(energy: torch.Tensor, reach: torch.Tensor) -> list[tuple[float, ...]]:
    """(period, angle, strength, height of the autocorrelation, share of the energy) of one window's repeats."""
    energy = (energy.flatten() * TWICE)[COUNTED]
    total = float(energy.sum())
    if total <= 1e-9:
        return []
    fx, fy, angle = FX[COUNTED], FY[COUNTED], ANGLE[COUNTED]
    found = []
    for direction in _directions(energy, angle):
        for _ in range(2):  # the direction's own energy says where it really points
            near = _apart(angle, direction) < WEDGE * pi / 180
            direction = _main_axis(fx[near], fy[near], energy[near])
        near = _apart(angle, direction) < WEDGE * pi / 180
        share = float(energy[near].sum()) / total
        along = fx[near] * np.cos(direction) + fy[near] * np.sin(direction)
        bins = (along.abs() * (BINS / 0.71)).long().clamp(max=BINS - 1)
        line = torch.zeros(BINS).index_add_(0, bins, energy[near])
        curve = (WAVES @ line) / line.sum()
        curve = curve / _envelope(reach, direction)
        period, rise, high = first_rise(curve.numpy(), AT.numpy())
        # Grain spreads over all directions: a direction's share counts for what it has above its part of them.
        above = (share - WEDGE / 90) / (1 - WEDGE / 90)
        if period > 0 and above > LEAST_SHARE / 2:
            strength = min(1.0, rise / 1.2) * min(1.0, high / 0.5) * min(1.0, above / LEAST_SHARE)
            found.append((period, float(direction), strength, high, share))
    return found


def _directions(energy: torch.Tensor, angle: torch.Tensor, most: int = 3) -> list[float]:
    """The directions with the most energy, at least 25 degrees apart."""
    bins = 90
    histogram = torch.zeros(bins).index_add_(0, (angle / pi * bins).long().clamp(max=bins - 1), energy)
    ring = torch.cat((histogram[-3:], histogram, histogram[:3]))
    histogram = F.avg_pool1d(ring[None, None], 7, 1)[0, 0]
    found = []
    for _ in range(most):
        best = int(histogram.argmax())
        if float(histogram[best]) <= 0:
            break
        found.append((best + 0.5) / bins * pi)
        away = (torch.arange(bins) - best).abs()
        histogram[torch.minimum(away, bins - away) < 13] = 0
    return found


def _apart(angle: torch.Tensor, other: float) -> torch.Tensor:
    away = (angle - other).abs()
    return torch.minimum(away, pi - away)


def _main_axis(fx: torch.Tensor, fy: torch.Tensor, energy: torch.Tensor) -> float:
    """The angle in [0, pi) of the line through the origin that lies nearest to frequencies, weighted by energy."""
    xx, xy, yy = (float((energy * a * b).sum()) for a, b in ((fx, fx), (fx, fy), (fy, fy)))
    return float(np.arctan2(2 * xy, xx - yy) / 2 % pi)


def _envelope(reach: torch.Tensor, direction: float) -> torch.Tensor:
    """(lags,) by how much the taper alone lowers the autocorrelation along a direction."""
    x, y = AT * np.cos(direction), AT * np.sin(direction)
    row, column = (torch.remainder(v.round().long(), PADDED) for v in (y, x))
    return (reach[row, column] / reach[0, 0].clamp(min=1e-9)).clamp(min=0.08)


def first_rise(curve: np.ndarray, lags: np.ndarray) -> tuple[float, float, float]:
    """The lag at which an autocorrelation first rises about as high as it ever does again, by how much over what lies
    before it, and how high; zeros where it does not. Sub-sample, and from its multiples where they show."""
    peaks = np.flatnonzero((curve[1:-1] > curve[:-2]) & (curve[1:-1] >= curve[2:])) + 1
    falls = np.minimum.accumulate(curve)
    rises = [(i, curve[i], curve[i] - max(falls[i], -1.0)) for i in peaks]
    rises = [(i, high, rise) for i, high, rise in rises if high > RISE / 2 and rise > RISE]
    if not rises:
        return 0.0, 0.0, 0.0
    best = max(high for _, high, _ in rises)
    index, high, rise = next(one for one in rises if one[1] >= FIRST * best)
    if lags[index] > LAGS[1]:  # the picture at half the size will tell
        return 0.0, 0.0, 0.0
    period = _refined(curve, lags, index)
    for multiple in range(2, 9):
        at = period * multiple
        near = [i for i in peaks if abs(lags[i] - at) < 0.18 * period]
        if not near or curve[near[0]] < 0.5 * high:
            break
        period = _refined(curve, lags, near[0]) / multiple
    return float(period), float(rise), float(min(high, 1.0))


def _refined(curve: np.ndarray, lags: np.ndarray, index: int) -> float:
    """The top of the parabola through three samples."""
    if index <= 0 or index >= len(curve) - 1:
        return float(lags[index])
    before, top, after = curve[index - 1 : index + 2]
    bend = before - 2 * top + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(lags[index] + shift * (lags[1] - lags[0]))


def _elected(votes: list[Found], counts: dict[int, int]) -> tuple[Pattern, ...]:
    """What windows agree on, the strongest first. counts: windows looked at by level."""
    patterns: list[Pattern] = []
    left = votes
    while left and len(patterns) < 4:
        groups = [[other for other in left if _same(one, other)] for one in left]
        best = max(groups, key=_weight)
        left = [one for one in left if one not in best]
        patterns.append(_mean(best, counts))
    patterns = [one for one in patterns if one.confidence > LEAST_CONFIDENCE]
    # A smaller picture sees more of the cloth: what returns only there after two or three lines is the true period.
    patterns = [one for one in patterns if not any(_multiple(other, one) for other in patterns)]
    patterns.sort(key=lambda one: -one.confidence)
    clear = [one for i, one in enumerate(patterns) if not any(_beside(one, other) for other in patterns[:i])]
    return _paired(clear[:2])


def _same(one: Found, other: Found) -> bool:
    return (
        abs(np.log(one.period / other.period)) < AGREE[0]
        and _between(one.angle, other.angle) < AGREE[1] * pi / 180
    )


def _between(one: float, other: float) -> float:
    away = abs(one - other) % pi
    return min(away, pi - away)


def _weight(group: list[Found]) -> float:
    return sum(
        {(one.level, one.window): one.strength for one in sorted(group, key=lambda f: f.strength)}.values()
    )


def _mean(group: list[Found], counts: dict[int, int]) -> Pattern:
    """The group's median period, its mean direction, and how far the windows of a level agree."""
    strengths = np.array([one.strength for one in group])
    double = np.exp(2j * np.array([one.angle for one in group]))
    angle = float(np.angle((strengths * double).sum()) / 2 % pi)
    order = np.argsort([one.period for one in group])
    heavy = np.cumsum(strengths[order])
    period = float(group[order[np.searchsorted(heavy, heavy[-1] / 2)]].period)
    share = max(
        len({one.window for one in group if one.level == level}) / max(count, 2)
        for level, count in counts.items()
    )
    return Pattern(period, angle % pi, 0.0, float(_sure(group) * share * np.median(strengths) ** 0.5))


def _sure(group: list[Found]) -> float:
    """How far several windows, or one that shows nothing else and boldly, are to be believed."""
    windows = len({(one.level, one.window) for one in group})
    bold = min(1.0, float(np.median([one.contrast for one in group])) / BOLD)
    if windows >= 3:
        return 0.7 + 0.3 * bold
    low, high = PURE[windows]
    pure = float(np.clip((np.median([one.pure for one in group]) - low) / (high - low), 0, 1))
    return pure * (bold**2 if windows == 1 else 0.4 + 0.6 * bold)


def _multiple(long: Pattern, short: Pattern) -> bool:
    """Whether `long` is the true period of `short`: the same lines, counted two or three at a time."""
    ratio = long.period / short.period
    aligned = _between(long.orientation, short.orientation) < 0.2
    return aligned and min(abs(ratio - n) for n in (2, 3)) < 0.2


def _beside(weak: Pattern, strong: Pattern) -> bool:
    """Whether a pattern is what the taper spreads of a stronger one's line; a weave under stripes is much finer."""
    ratio = max(weak.period, strong.period) / min(weak.period, strong.period)
    return _between(weak.orientation, strong.orientation) < 0.5 and ratio < 2.5


def _paired(patterns: list[Pattern]) -> tuple[Pattern, ...]:
    """Two directions that cross are one pattern with a second period: a check, or dots."""
    if len(patterns) == 2 and _between(patterns[0].orientation, patterns[1].orientation) > 0.6:
        first, other = patterns
        if other.confidence > 0.5 * first.confidence:
            return (Pattern(first.period, first.orientation, other.period, first.confidence),)
    return tuple(sorted(patterns, key=lambda one: -one.confidence))
