"""What hidden places belong to, where only what is seen says so."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from ..geometry.field import box_blur, sample

UNLIKE = 0.15
"""Difference of colours (sRGB, all channels together) at which a region is taken for another. By eye."""
NEAR = 0.008
"""Fraction of stature over which the nearest regions are counted; then three times as far, and so on."""
SCALES = 4
"""How often three times as far."""
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
    reach = max(1, round(NEAR * stature / step))
    small = label[step // 2 :: step, step // 2 :: step]
    small = F.pad(
        small,
        (0, -(-label.shape[1] // step) - small.shape[1], 0, -(-label.shape[0] // step) - small.shape[0]),
        value=-1,
    )
    shares = torch.stack([small == number for number in numbers]).float()
    near = _spread(shares, reach)
    score = near.clamp(min=1e-12).log()
    if guess is not None:
        colours = _pooled(guess, step)
        parts = (shares[:, None] * colours).flatten(0, 1)
        means = _spread(parts, reach).unflatten(0, (len(numbers), 3)) / near[:, None].clamp(min=1e-9)
        score = score - ((colours - means).square().sum(1) / UNLIKE**2).clamp(max=12)
    score = torch.where(near > 1e-9, score, -30.0)
    y, x = torch.nonzero(wanted, as_tuple=True)
    places = (torch.stack((x, y), 1).float() + 0.5) / step - 0.5
    return torch.tensor(numbers)[sample(score, places).argmax(0)]


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
