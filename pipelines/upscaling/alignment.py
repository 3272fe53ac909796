"""By how much a result lies beside the photo's own pixels, found to a fraction of a pixel.

Lucas and Kanade, "An Iterative Image Registration Technique with an Application to Stereo Vision", IJCAI 1981, from
coarse to fine, on pictures whose brightness and contrast are evened out first, so that new light does not matter.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..batches import Progress
from ..geometry.field import sample
from .resampling import blurred, ramp

LEVELS, ROUNDS = 3, 4
"""Sizes (each half the one before) and steps at each: together some 6 pixels are found."""
WINDOW = 3.0
"""Pixels: the standard deviation of the window over which a shift is one."""
EVEN = 5.0
"""Pixels: the standard deviation over which brightness and contrast are evened out."""
NOISE = 4.0 / 255
"""Contrast under which nothing can be aligned: grain, rounding, and shading that is not quite the photo's."""
FIRM = 0.002
"""What a shift costs, against the gradients' energy: without texture, the correspondence is believed."""
BETTER, LEAST = (0.15, 0.4), 0.03
"""Share of the difference that a shift must explain to be believed a little, and fully; and a difference so small that
there is nothing to explain."""
REFITS = 10
"""Times a piece's motion is fitted, each time with less weight on what the fit before left far off: first over eight
pixels, then four, two, one."""
FARTHEST = 6.0
"""Pixels that a result may lie beside the photo: more is another thing."""


def evened(grey: Tensor, trusted: Tensor) -> Tensor:
    """(1, h, w) a picture of mean 0 and contrast 1 all over, what lies outside `trusted` (h, w) not counted."""
    weight = trusted[None]
    share = blurred(weight, EVEN).clamp(min=1e-3)
    away = grey - blurred(grey * weight, EVEN) / share
    spread = (blurred(away.square() * weight, EVEN) / share).sqrt()
    return away / (spread + NOISE) * weight


def shift_between(result: Tensor, photo: Tensor, trusted: Tensor, progress: Progress = None) -> Tensor:
    """(2, h, w) x, y: the result's pixel p shows what the photo, warped into its place, shows at p + shift.

    result, photo (1, h, w) grey; trusted (h, w) in [0, 1]: elsewhere the shift goes on smoothly.
    """
    first, second, weights = [evened(result, trusted)], [evened(photo, trusted)], [trusted[None]]
    for _ in range(LEVELS - 1):
        if min(first[-1].shape[-2:]) < 32:
            break
        for pyramid in (first, second, weights):
            pyramid.append(F.avg_pool2d(pyramid[-1], 2, ceil_mode=True, count_include_pad=False))
    shift = torch.zeros(2, *first[-1].shape[-2:])
    for level in range(len(first) - 1, -1, -1):
        size = first[level].shape[-2:]
        if shift.shape[-2:] != size:
            shift = 2 * F.interpolate(shift[None], size=size, mode="bilinear", align_corners=False)[0]
        for _ in range(ROUNDS):
            shift = _nearer(first[level], second[level], weights[level], shift, FARTHEST / 2**level)
        if progress:
            progress(1 - level / len(first))
    return shift * _believed(first[0], second[0], weights[0], shift)


def _believed(result: Tensor, photo: Tensor, weight: Tensor, shift: Tensor) -> Tensor:
    """(h, w) in [0, 1]: how far the shift makes the two more alike than they are without it."""
    moved = sample(photo, positions(shift.shape[-2:]) + shift.permute(1, 2, 0))
    left = torch.cat(((result - photo).square(), (result - moved).square())) * weight
    before, after = blurred(left, WINDOW)
    gained = 1 - (after + LEAST) / (before + LEAST)
    return blurred(ramp(gained, *BETTER)[None], WINDOW)[0]


def _nearer(result: Tensor, photo: Tensor, weight: Tensor, shift: Tensor, most: float) -> Tensor:
    """One step: the shift that explains the difference that is left, by the photo's own gradients."""
    at = positions(shift.shape[-2:]) + shift.permute(1, 2, 0)
    moved = sample(photo, at)
    gx = F.pad((moved[..., 2:] - moved[..., :-2]) / 2, (1, 1))
    gy = F.pad((moved[..., 2:, :] - moved[..., :-2, :]) / 2, (0, 0, 1, 1))
    left = result - moved
    # A point that differs by more than the contrast itself is no shift: its weight falls (Geman and McClure).
    counted = weight / (1 + left.square()).square()
    sums = torch.cat((gx * gx, gx * gy, gy * gy, gx * left, gy * left)) * counted
    xx, xy, yy, xt, yt = blurred(sums, WINDOW)
    xx, yy = xx + FIRM, yy + FIRM
    xt, yt = xt - FIRM * shift[0], yt - FIRM * shift[1]
    determinant = xx * yy - xy * xy
    step = torch.stack(((yy * xt - xy * yt), (xx * yt - xy * xt))) / determinant
    # The direction is the least certain: two pixels at once are more than a linear guess can tell.
    step = step * (1.0 / torch.hypot(*step).clamp(min=1.0))
    found = shift + step
    sure = (determinant / (xx + yy)).sqrt()
    smooth = blurred(torch.cat((found * sure, sure[None])), WINDOW)
    found = smooth[:2] / smooth[2:].clamp(min=1e-6)
    return found * (most / torch.hypot(*found).clamp(min=most))


def as_one(shift: Tensor, mask: Tensor, sure: Tensor) -> Tensor:
    """(2, h, w) the shift with that of a piece (h, w, bool) replaced by the affine map that fits it best where it is
    `sure` (h, w): a face or a print is moved and turned, never bent."""
    weight = (sure * mask)[mask]
    if float(weight.sum()) < 16:
        return shift
    at = positions(shift.shape[-2:])[mask]
    middle = (at * weight[:, None]).sum(0) / weight.sum()
    spread = ((at - middle).square().sum(1) * weight).sum().div(weight.sum()).sqrt().clamp(min=1.0)
    terms = torch.cat(((at - middle) / spread, torch.ones(len(at), 1)), 1).double()
    told = shift[:, mask].T.double()
    scale = weight.double()[:, None]
    for i in range(REFITS):  # again and again without what the fit before left far off
        normal = terms.T @ (terms * scale) + 1e-6 * weight.sum() * torch.eye(3, dtype=torch.float64)
        fitted = terms @ torch.linalg.solve(normal, terms.T @ (told * scale))
        off = (told - fitted).square().sum(1, keepdim=True) / max(1.0, 8.0 / 2**i) ** 2
        scale = weight.double()[:, None] / (1 + off).square()
    out = shift.clone()
    out[:, mask] = fitted.T.float()
    return out


def positions(size: tuple[int, int]) -> Tensor:
    """(h, w, 2) x, y of every pixel."""
    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in size), indexing="ij")
    return torch.stack((x, y), -1)
