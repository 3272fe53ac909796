"""What a checkpoint does to a reposed picture: all of it, then its small parts; whichever host runs the checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from ..attention.reference import Reference
from ..batches import common_count, each
from ..geometry.garments import GarmentMap
from ..geometry.warped import Correspondence
from ..native import resized
from .closeups import closeups, cut, pasted, scaled, vignette
from .options import BLOCKS, SamplingOptions, sampling_size
from .repainting import repaint_mask


class Painter(Protocol):
    """A checkpoint in some host."""

    def looking(
        self,
        photos: Tensor,
        found: Sequence[Correspondence],
        garments: Sequence[GarmentMap],
        options: SamplingOptions,
    ) -> Painter:
        """The same, with the heads on the photos (B, 3, H, W), one for each correspondence."""

    def controlled(self, hints: Tensor, options: SamplingOptions) -> Painter:
        """The same, with its ControlNet on the hints (B, 3, h, w)."""

    def painted(self, picture: Tensor, share: Tensor, options: SamplingOptions, seed: int) -> Tensor:
        """(B, 3, h, w) the picture painted anew as far as share (B, 1, h, w) says."""


def reference_of(
    photos: Tensor,
    found: Sequence[Correspondence],
    garments: Sequence[GarmentMap],
    options: SamplingOptions,
    encode: Callable[[Tensor], Tensor],
    sigma_at: Callable[[float], float],
) -> Reference:
    """What a host's network looks at: photos (B, 3, H, W), one for each correspondence, no larger than what is painted;
    encode gives the latent of (1, 3, h, w), sigma_at the noise at a share of the schedule."""
    count, size = len(found), tuple(photos.shape[-2:])
    if size[0] * size[1] > options.pixels:
        photos = resized(photos, options.size(size))
    latent = torch.cat([encode(one) for one in each(photos.split(1), count, "photos")])
    sigmas = (sigma_at(share) for share in (options.start, options.end))
    clothes, blocks = tuple(each(garments, count, "garments")), BLOCKS[options.blocks]
    return Reference(
        latent, tuple(found), clothes, options.heads, *sigmas, options.every, blocks, options.seed
    )


def refined(
    painter: Painter,
    results: Tensor,
    photos: Tensor,
    people: Tensor,
    found: Sequence[Correspondence],
    garments: Sequence[GarmentMap],
    options: SamplingOptions,
    hints: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """(B, 3, h, w) reposed pictures gone over at the checkpoint's size, and (B, 1, h, w) how much of each pixel was
    painted anew. results (B, 3, H, W) with their people (B, 1, H, W); hints (B, 3, h, w) for a ControlNet."""
    whole = tuple(results.shape[-2:])
    size = options.size(whole)
    share = repaint_mask(found, people, whole, options.seen, options.unseen, options.background)
    share = resized(share, size)
    painter = painter.looking(photos, found, garments, options)
    if hints is not None:
        painter = painter.controlled(hints, options)
    return painter.painted(resized(results, size), share, options, options.seed), share


def closer(
    painter: Painter,
    results: Tensor,
    photos: Tensor,
    people: Tensor,
    found: Sequence[Correspondence],
    garments: Sequence[GarmentMap],
    options: SamplingOptions,
    what: str = "face and hands",
    strength: float = 0.35,
) -> tuple[Tensor, Tensor]:
    """(B, 3, h, w) pictures whose faces and hands were painted once more, each by itself and enlarged, as far as
    strength says; and (B, 1, h, w) where. results may be of another size than what they were made from."""
    count = common_count(results=len(results), photos=len(photos), people=len(people))
    sides = (
        (results.split(1), "results"), (photos.split(1), "photos"), (people.split(1), "people"),
        (found, "correspondences"), (garments, "garments"),
    )  # fmt: skip
    rows = zip(*(each(values, count, name) for values, name in sides), strict=True)
    made = [_closer(painter, *row, options, what, strength) for row in rows]
    return tuple(torch.cat(side) for side in zip(*made, strict=True))


def _closer(painter: Painter, picture, photo, person, found, garments, options, what, strength):
    """One of a batch."""
    grid, size, pixels = tuple(found.part.shape), tuple(picture.shape[-2:]), options.pixels
    touched, figure = torch.zeros_like(picture[:, :1]), resized(person, size)
    for number, close in enumerate(closeups(found, garments, what)):
        box = scaled(close.target, grid, size)
        large = sampling_size((box.bottom - box.top, box.right - box.left), pixels)
        full = scaled(close.source, found.photo_size or garments.size, tuple(photo.shape[-2:]))
        beside = cut(photo, full, sampling_size((1, 1), pixels))
        looking = painter.looking(beside, [close.found(found)], [close.garments(garments)], options)
        shape = vignette(large)
        share = strength * shape * cut(figure, box, large)
        painted = looking.painted(cut(picture, box, large), share, options, options.seed + number)
        picture = pasted(picture, painted, box, shape)
        touched = torch.maximum(touched, pasted(touched, torch.ones_like(shape), box, shape))
    return picture, touched
