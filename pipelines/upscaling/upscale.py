"""A result enlarged with its photo's own detail: the whole of it, for one picture and for a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..batches import Progress, common_count, each, part, share
from ..framing import Framing, reframed
from ..geometry.field import box_blur
from ..geometry.garments import GarmentMap
from ..geometry.warped import Correspondence
from ..native import resized, working_size
from .detail import mipmap, with_photo
from .enlarging import Upscaler, enlarged
from .grain import grained
from .matching import Match, matched
from .places import Places, places_of
from .resampling import Tile
from .targets import Target

CROP, GAP = 512, 8
"""Pixels of the side of the part that is shown at its own size, and between before and after."""


@dataclass(frozen=True)
class Options:
    """target   how large
    detail   in [0, 1], how much of the photo's detail comes back
    grain    in [0, 1], how much of the photo's grain is laid on what it does not show
    """

    target: Target = Target()
    detail: float = 1.0
    grain: float = 1.0

    def __post_init__(self):
        for name in ("detail", "grain"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}, expected 0 to 1")


@dataclass(frozen=True, eq=False)
class Enlarged:
    """picture (1, 3, H, W); detail (1, 1, h, w) in [0, 1], at the size of the result, where the photo's detail is;
    before, after (1, 3, c, c) the same part of the picture at its own size, as enlarged blindly and as made; restored
    in [0, 1], how much of the person has the photo's detail."""

    picture: Tensor
    detail: Tensor
    before: Tensor
    after: Tensor
    restored: float

    def text(self) -> str:
        """What the artist should know."""
        height, width = self.picture.shape[-2:]
        return (
            f"{width} x {height}; {self.restored:.0%} of the person has the photo's own detail, the rest the photo"
            " does not show, or shows otherwise"
        )


def upscaled(
    result: Tensor,
    photo: Tensor,
    found: Correspondence,
    options: Options = Options(),
    upscaler: Upscaler | None = None,
    garments: GarmentMap | None = None,
    progress: Progress = None,
) -> Enlarged:
    """A result (1, 3, h, w) that was made of a photo (1, 3, H, W) with the correspondence `found`, larger.

    The photo may be larger than the one the result was made of; garments are the photo's. ValueError for pictures that
    do not belong together, and for a size that is too large.
    """
    if options.target.platform:
        result = resized(result, working_size(tuple(result.shape[-2:])))
    small = resized(result, working_size(tuple(result.shape[-2:])))
    places = places_of(found, tuple(small.shape[-2:]), tuple(photo.shape[-2:]), garments)
    if options.target.platform:
        framing = Framing(tuple(options.target.platform), extend=True)
        made = reframed(small, places.figure, framing, part(progress, 0, 0.1))
        result = small = made.pictures
        places = places.on(made.canvas)
    shrink = small.shape[-2] / result.shape[-2]
    size = options.target.pixels(tuple(result.shape[-2:]), tuple(n * shrink for n in places.scale))
    like = [max(8, round(n / max(k, 1.0))) for n, k in zip(photo.shape[-2:], places.scale, strict=True)]
    match = matched(small[0], enlarged(photo[0], tuple(like)), places, part(progress, 0.1, 0.3))
    base = enlarged(result[0], size, upscaler, part(progress, 0.3, 0.7))
    levels = mipmap(photo[0])
    plain = result[0] if upscaler else None
    picture = with_photo(base, match, levels, options.detail, part(progress, 0.7, 0.95), result=plain)
    picture = grained(
        picture, base, match, levels[0], options.grain * options.detail, part(progress, 0.95, 1)
    )
    at = _shown(match, places, size)
    before, after = (one[None, :, at.top : at.bottom, at.left : at.right].clone() for one in (base, picture))
    person = places.figure[0, 0]
    restored = float((match.share * person).sum() / person.sum().clamp(min=1))
    return Enlarged(picture[None], match.share[None, None] * options.detail, before, after, restored)


def upscaled_batch(
    results: Tensor,
    photos: Tensor,
    found: Sequence[Correspondence],
    options: Options = Options(),
    upscaler: Upscaler | None = None,
    garments: Sequence[GarmentMap] | None = None,
    progress: Progress = None,
) -> list[Enlarged]:
    """Each of (B, 3, h, w) results; photos (B or 1, 3, H, W), correspondences and garments for each or one for all."""
    clothes = [None] if garments is None else garments
    count = common_count(
        results=len(results), photos=len(photos), correspondences=len(found), garments=len(clothes)
    )
    given = (
        each(values, count, name)
        for values, name in (
            (results.split(1), "results"),
            (photos.split(1), "photos"),
            (found, "correspondences"),
            (clothes, "garments"),
        )
    )
    return [
        upscaled(result, photo, way, options, upscaler, worn, share(progress, i, count))
        for i, (result, photo, way, worn) in enumerate(zip(*given, strict=True))
    ]


@dataclass(frozen=True, eq=False)
class Batch:
    """Of several `Enlarged`: picture (B, 3, H, W), detail (B, 1, h, w), before and after (B, 3, c, c)."""

    picture: Tensor
    detail: Tensor
    before: Tensor
    after: Tensor

    def side_by_side(self) -> Tensor:
        """(B, 3, c, 2 c + GAP) before and after, white between them."""
        gap = torch.ones_like(self.before[..., :GAP])
        return torch.cat((self.before, gap, self.after), -1)


def pictures_of(made: list[Enlarged]) -> Batch:
    """All of a batch together; the pictures of one size, as one batch's are, and of a single one no copy."""

    def joined(name: str) -> Tensor:
        values = [getattr(one, name) for one in made]
        return values[0] if len(values) == 1 else torch.cat(values)

    return Batch(*(joined(name) for name in ("picture", "detail", "before", "after")))


def _shown(match: Match, places: Places, size: tuple[int, int]) -> Tile:
    """The part of CROP pixels of the picture where most of the person's detail came back."""
    height, width = match.share.shape
    ratio = height / size[0], width / size[1]
    reach = [max(1, round(CROP * one / 2)) for one in ratio]
    person = places.figure[0] if bool(places.figure.any()) else torch.ones_like(places.figure[0])
    most = box_blur(match.share[None] * person, min(*reach, min(height, width) // 2))[0]
    row, column = divmod(int(most.argmax()), width)
    tall, wide = min(CROP, size[0]), min(CROP, size[1])
    top = min(max(0, round(row / ratio[0]) - tall // 2), size[0] - tall)
    left = min(max(0, round(column / ratio[1]) - wide // 2), size[1] - wide)
    return Tile(top, left, top + tall, left + wide)
