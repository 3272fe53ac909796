"""Whether a result still shows what the photo shows in its place: measured pixel by pixel, never assumed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..batches import Progress, part
from ..geometry.colour import encoded, linear, luminance
from ..geometry.field import erode, sample
from .alignment import as_one, positions, shift_between
from .grain import grain_of
from .places import Places
from .resampling import blurred, ramp

STRUCTURE = 2.5
"""Pixels: the standard deviation of the window in which structure is compared; about SSIM's, a little wider."""
FINE = 4.0
"""Pixels: structure is what is finer than this; the rest is light and colour."""
FLOOR = 2.5 / 255
"""Contrast that rounding and compression make: two surfaces that differ by less agree."""
GRAIN = 2.0
"""Times the grain that is measured in the two pictures, which is not alike in any two, is added to it."""
ALIKE, STRICTLY = (0.55, 0.85), (0.75, 0.93)
"""Likeness of structure, 1 for the same, from which the photo's detail comes in a little, and fully; the second where a
doubled edge would be seen at once. A picture blurred by a pixel has about 0.93 with itself, one shifted by a pixel
0.6 and less on fine structure."""
COLOUR = (0.035, 0.09)
"""Difference of colour (sRGB, light apart) up to which it is the same cloth, and from which it is another."""
LIGHT = (0.4, 2.5)
"""By what the light on a surface may have changed and still be that surface."""
CONTRAST = (0.75, 1.25)
"""By what the photo's detail is made weaker or stronger, beside the light, to go with the result."""
WHOLE = 0.6
"""Share of a piece that must agree for it to be put back as a whole."""
ONE_PIECE = (0.35, 0.6)
"""Share of a face or a hand that must agree for any of its detail to come back."""


@dataclass(frozen=True, eq=False)
class Match:
    """Of each pixel of the result: source (h, w, 2) x, y in the photo, aligned; share (h, w) in [0, 1] of the photo's
    detail that belongs there; light (h, w) by which the result is brighter, in linear light; contrast (h, w) by which
    its structure is stronger beside that; known (h, w) 1 where the photo may be read at all; shift (h, w) pixels by
    which it was aligned; scale: pixels of the photo to one of the result where nothing is drawn larger or smaller."""

    source: Tensor
    share: Tensor
    light: Tensor
    contrast: Tensor
    known: Tensor
    shift: Tensor
    scale: float


def matched(result: Tensor, photo: Tensor, places: Places, progress: Progress = None) -> Match:
    """result (3, h, w) sRGB; photo (3, H, W), at the size at which one of its pixels is about one of the result's.

    The photo is brought into the result's place, aligned to it, and compared with it.
    """
    scale = places.source.new_tensor([photo.shape[-1] / places.photo[1], photo.shape[-2] / places.photo[0]])
    small = replace(places, source=(places.source + 0.5) * scale - 0.5)
    warped = sample(photo, small.source, "bicubic").clamp(0, 1)
    known = (places.trusted > 0).float()
    shift = shift_between(_grey(result), _grey(warped), known, part(progress, 0, 0.8))
    floor = (FLOOR**2 + (GRAIN * float(torch.maximum(grain_of(result), grain_of(photo)).max())) ** 2) ** 0.5
    firm = likeness(result, _at(warped, shift), known, floor)[0]
    for _, mask, _ in places.pieces:
        shift = as_one(shift, mask, firm * places.trusted)
    aligned = _at(small.source.permute(2, 0, 1), shift).permute(1, 2, 0)
    trusted = _at(places.trusted[None], shift)[0]
    warped = sample(photo, aligned, "bicubic").clamp(0, 1)
    share, light, contrast = _judged(result, warped, places, (trusted > 0).float() * known, floor)
    share = _pieces_judged(share * places.trusted.minimum(trusted), places)
    if progress:
        progress(1.0)
    # One pixel in, so that every place next to one with a share is known; then soft.
    core = erode(share, 1)
    soft = blurred(core[None], 1.0)[0].minimum(core)
    return Match(
        (aligned + 0.5) / scale - 0.5, soft, light, contrast, known, shift.norm(dim=0), sum(places.scale) / 2
    )


def likeness(result: Tensor, warped: Tensor, known: Tensor, floor: float = FLOOR) -> tuple[Tensor, Tensor]:
    """(h, w) each: how alike the fine structure is, up to 1, and the ratio of its contrasts. Pictures (3, h, w); floor:
    the contrast that tells nothing."""
    weight = known[None]
    share = blurred(weight, STRUCTURE).clamp(min=1e-3)
    one, other = (_fine(_grey(picture), weight) for picture in (result, warped))
    sums = blurred(torch.cat((one * one, other * other, one * other)) * weight, STRUCTURE) / share
    floor = floor**2
    alike = (2 * sums[2] + floor) / (sums[0] + sums[1] + floor)
    contrast = ((sums[0] + floor) / (sums[1] + floor)).sqrt()
    return alike, contrast


def _judged(
    result: Tensor, warped: Tensor, places: Places, known: Tensor, floor: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Share by structure and colour, light, and contrast."""
    weight = known[None]
    wide = blurred(weight, FINE).clamp(min=1e-3)
    means = [blurred(linear(picture) * weight, FINE) / wide for picture in (result, warped)]
    light = (luminance(means[0]) / luminance(means[1]).clamp(min=1e-4)).clamp(*LIGHT)
    relit = encoded((linear(warped) * light).clamp(0, 1))
    alike, contrast = likeness(result, relit, known, floor)
    strict = torch.zeros_like(known, dtype=torch.bool)
    for _, mask, severe in places.pieces:
        strict |= mask & severe
    structure = torch.where(strict, ramp(alike, *STRICTLY), ramp(alike, *ALIKE))
    off = (encoded(means[0].clamp(min=0)) - encoded((means[1] * light).clamp(min=0))).abs().amax(0)
    return structure * (1 - ramp(off, *COLOUR)), light, contrast.clamp(*CONTRAST)


def _pieces_judged(share: Tensor, places: Places) -> Tensor:
    """Prints as a whole or not at all; of a face or hand nothing where little of it agrees."""
    for _, mask, strict in places.pieces:
        seen = mask & (places.trusted > 0.5)
        if not bool(seen.any()):
            continue
        mean = share[seen].mean()
        if strict:
            share = torch.where(mask, share * ramp(mean, *ONE_PIECE), share)
        elif float(mean) > WHOLE:
            share = torch.where(seen, places.trusted, share)
    return share


def _fine(grey: Tensor, weight: Tensor) -> Tensor:
    return grey - blurred(grey * weight, FINE) / blurred(weight, FINE).clamp(min=1e-3)


def _grey(picture: Tensor) -> Tensor:
    return luminance(picture)[None]


def _at(values: Tensor, shift: Tensor) -> Tensor:
    """(C, h, w) values read `shift` (2, h, w) pixels away."""
    return sample(values, positions(shift.shape[-2:]) + shift.permute(1, 2, 0))
