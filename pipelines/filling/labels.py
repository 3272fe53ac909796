"""What hidden places belong to, where only what is seen says so."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from ..geometry.field import box_blur, sample
from ..geometry.fill import membrane

UNLIKE = 0.15
"""Difference of colours (sRGB, all channels together) at which a region is taken for another. By eye."""
NEAR, SCALES = 0.008, 4
"""Fraction of stature over which a region's colours are taken; then three times as far, and so on, so often."""
ACROSS, ROUNDS, LEAST = 0.4, 30, 1e-3
"""Stiffness between rows over that along one, of the membrane that carries regions over a hole: hems run across; rounds
in which it is found; and the least share of a region that counts."""
SMALL = 220.0
"""Stature in pixels at which the regions are told; their borders are drawn between those pixels."""


def continued_labels(
    label: torch.Tensor,
    known: torch.Tensor,
    wanted: torch.Tensor,
    stature: float,
    guess: torch.Tensor | None = None,
    sheet: torch.Tensor | None = None,
) -> torch.Tensor:
    """(h, w) int64 the labels where they are known (h, w) bool, and where they are wanted (h, w) bool those of the
    nearest that are known; -1 elsewhere, and where there are none.

    guess (3, h, w): colours, rough but everywhere: a label whose own colours are unlike them is further off. sheet
    (h, w) int64: what lies on one sheet of the body takes no label from another, if its own has one.
    """
    out = torch.where(known, label, -1)
    open_ = wanted & ~known
    if not bool(open_.any()) or not bool(known.any()):
        return out
    sheets = torch.zeros_like(label) if sheet is None else sheet
    for number in torch.unique(sheets[open_]).tolist():
        here = sheets == number
        seen = known & here
        seen = seen if bool(seen.any()) else known
        target = open_ & here
        out[target] = _likeliest(torch.where(seen, label, -1), target, guess, stature)
    return out


def _likeliest(
    label: torch.Tensor, wanted: torch.Tensor, guess: torch.Tensor | None, stature: float
) -> torch.Tensor:
    """(n,) int64 for each wanted pixel the label (-1 for none) with most of its pixels near by, by how like its colours
    there are."""
    numbers = torch.unique(label[label >= 0]).tolist()
    if len(numbers) == 1:
        return torch.full((int(wanted.sum()),), numbers[0])
    step = max(1, round(stature / SMALL))
    small = _every(label, step, -1)
    own = torch.stack([small == number for number in numbers]).float()
    seen = small >= 0
    if not bool(seen.any()):  # slivers between the cells
        return torch.full((int(wanted.sum()),), int(torch.mode(label[label >= 0]).values))
    share = membrane(own, ~seen, ACROSS, ROUNDS).clamp(min=LEAST)
    y, x = torch.nonzero(wanted, as_tuple=True)
    places = (torch.stack((x, y), 1).float() + 0.5) / step - 0.5
    score = sample(share.log(), places)
    if guess is not None:
        reach = max(1, round(NEAR * stature / step))
        near, parts = _spread(own, reach), _spread((own[:, None] * _pooled(guess, step)).flatten(0, 1), reach)
        means = parts.unflatten(0, (len(numbers), 3)) / near[:, None].clamp(min=1e-9)
        # Between the cells the colours themselves tell, but for their grain: a hem goes on where it was drawn.
        top, left = (max(0, int(line.min()) - step) for line in (y, x))
        near_by = slice(top, int(y.max()) + step + 1), slice(left, int(x.max()) + step + 1)
        there = ((label >= 0) | wanted)[near_by].float()[None]
        even = torch.cat((guess[:, near_by[0], near_by[1]] * there, there))
        even = box_blur(box_blur(even, step // 2), step // 2)[:, y - top, x - left]
        colours = even[:3] / even[3:].clamp(min=1e-6)
        for one, mean, known in zip(score, means, near, strict=True):
            unlike = (colours - sample(mean, places)).square().sum(0) / UNLIKE**2
            one -= torch.where(sample(known[None], places)[0] > 1e-9, unlike, 0).clamp(max=6)
    return torch.tensor(numbers)[score.argmax(0)]


def _every(label: torch.Tensor, step: int, beyond: int) -> torch.Tensor:
    """(h, w) every step-th pixel, as many as squares of that side cover the picture."""
    small = label[step // 2 :: step, step // 2 :: step]
    short = [-(-n // step) - m for n, m in zip(label.shape, small.shape, strict=True)]
    return F.pad(small, (0, short[1], 0, short[0]), value=beyond)


def _pooled(values: torch.Tensor, step: int) -> torch.Tensor:
    """(C, h, w) means over squares, the last ones over what there is."""
    return F.avg_pool2d(values[None], step, ceil_mode=True, count_include_pad=False)[0]


def _spread(parts: torch.Tensor, reach: int) -> torch.Tensor:
    """(C, h, w) sums near by, those further off the less."""
    total, weight = torch.zeros_like(parts), 1.0
    for _ in range(SCALES):
        parts = box_blur(parts, reach)
        total, weight, reach = total + weight * parts, weight / 16, 3 * reach
    return total
