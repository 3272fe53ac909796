"""A batch of reposed pictures, each with what was hidden filled; of one person the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..batches import Progress, common_count, each, share
from ..geometry.garments import GarmentMap
from ..geometry.warped import Correspondence
from ..models import autoencoder
from ..models.autoencoder import MaskedAutoencoder
from ..native import made_smaller, resized
from .fill import Filled, FillOptions, filled
from .photo import Photo
from .surface import SurfaceFill


def filled_pictures(
    pictures: torch.Tensor,
    people: torch.Tensor,
    found: Sequence[Correspondence],
    clothes: Sequence[GarmentMap] | None = None,
    hidden: torch.Tensor | None = None,
    options: FillOptions | None = None,
    progress: Progress = None,
    photos: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """pictures (B, 3, H, W), people (B or 1, 1, H, W), hidden (B or 1, 1, H, W), photos (B or 1, 3, h, w) of the
    clothes' size -> the pictures filled, and where they were (B, 1, H, W). Pictures with one map of clothes are of one
    photo: the next shows what is filled in one. A very large picture was moved at its working size, and is filled
    there: see `_filled`. ValueError as `fill.filled`, and for counts that do not fit together.
    """
    options = options or FillOptions()
    count = common_count(pictures=len(pictures), correspondences=len(found))
    shown, bodies = each(pictures.split(1), count, "pictures"), each(people.split(1), count, "person masks")
    places = each(found, count, "correspondences")
    worn = [None] * count if clothes is None else each(clothes, count, "garments")
    masks = [None] * count if hidden is None else each(hidden.split(1), count, "hidden masks")
    sources = [None] * count if photos is None else each(photos.split(1), count, "photos")
    network = autoencoder.shipped() if options.colours == "autoencoder" else None
    surfaces: list[tuple[GarmentMap, SurfaceFill]] = []
    made, marked = [], []
    for i in range(count):
        known = next((surface for one, surface in surfaces if _one_photo(one, worn[i])), None)
        now = share(progress, i, count)
        photo = Photo.of(sources[i], worn[i])
        done = _filled(shown[i], bodies[i], places[i], worn[i], options, network, known, masks[i], photo, now)
        made.append(done.picture)
        marked.append(done.filled)
        if worn[i] is not None:
            surfaces = [pair for pair in surfaces if not _one_photo(pair[0], worn[i])] + [
                (worn[i], done.surface)
            ]
    return torch.cat(made), torch.cat(marked)


def _filled(
    picture: torch.Tensor,
    person: torch.Tensor,
    found: Correspondence,
    clothes: GarmentMap | None,
    options: FillOptions,
    network: MaskedAutoencoder | None,
    surface: SurfaceFill | None,
    hidden: torch.Tensor | None,
    photo: Photo | None,
    progress: Progress,
) -> Filled:
    """`fill.filled` of a picture of any size. One that is larger than its correspondence is filled at that size, and
    what was made is enlarged: a hidden place has no finer detail than the working size (4.5 megapixels). The rest keeps
    every pixel. Memory: the working size's own, and a few pictures of the full size."""
    size, low = tuple(picture.shape[-2:]), tuple(found.part.shape)
    if low == size or not made_smaller(low, size):  # another size is refused there, with all sizes named
        return filled(
            picture, person, found, clothes, options, network, surface, hidden, photo=photo, progress=progress
        )
    if clothes is not None and found.photo_size is not None:
        clothes = clothes.at_size(tuple(found.photo_size))
        photo = None if photo is None else Photo(resized(photo.picture, clothes.size), clothes)
    small, body = resized(picture, low), resized(person, low)
    mask = None if hidden is None else resized(hidden, low)
    done = filled(
        small, body, found, clothes, options, network, surface, mask, photo=photo, progress=progress
    )
    change = (done.picture - small).abs().amax(1, keepdim=True) > 0
    if not bool(change.any()):
        return Filled(picture, torch.zeros_like(person), done.surface)
    near = resized(change.float(), size) > 0
    share = resized(done.filled, size)
    made = resized(done.picture, size)
    # Beside what was filled the photo's detail stays, on what the seam changed.
    beside = picture + (made - resized(small, size))
    whole = torch.where(near, torch.lerp(beside, made, share).clamp(0, 1), picture)
    return Filled(whole, (share > 0.5).float(), done.surface)


def _one_photo(one: GarmentMap, other: GarmentMap | None) -> bool:
    """Whether two maps are of one photo: the same in every pixel."""
    if other is None:
        return False
    same = one is other or (one.size == other.size and torch.equal(one.labels, other.labels))
    return same and (one.matte is other.matte or torch.equal(one.matte, other.matte))
