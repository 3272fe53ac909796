"""Lights of a batch: one for each picture, or one for all."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..batches import Progress, common_count, each, told
from ..geometry.garments import GarmentMap
from ..geometry.keypoints import Keypoints
from ..geometry.lighting import LightField
from ..geometry.skeleton import Skeleton
from ..geometry.warped import Correspondence
from ..lift import embodied
from ..read import regions_from
from .estimate import estimate_light
from .harmonise import PLAINLY, HarmoniseOptions, in_scene, scene_light
from .photo import PhotoLight
from .relight import AS_ESTIMATED, RelightOptions, relit_picture
from .shadows import shadows_of
from .surface import Surface, given_normals, of_correspondence, photographed


def photo_lights(
    pictures: torch.Tensor,
    people: Sequence[Keypoints],
    garments: Sequence[GarmentMap],
    normals: torch.Tensor | None = None,
    progress: Progress = None,
) -> list[PhotoLight]:
    """The light on each person of pictures (B or 1, 3, H, W); normals (B or 1, 3, H, W): normal maps of the same
    pictures that take the place of the body's own volume. ValueError for sizes or counts that do not go together."""
    count = common_count(pictures=len(pictures), keypoints=len(people), garments=len(garments))
    photos, bodies = each(pictures.split(1), count, "pictures"), each(people, count, "keypoints")
    clothes = each(garments, count, "garments")
    maps = [None] * count if normals is None else each(normals.split(1), count, "normal maps")
    rows = list(zip(photos, bodies, clothes, maps, strict=True))
    return [_light(*row) for row in told(rows, progress)]


def _light(
    picture: torch.Tensor, body: Keypoints, clothes: GarmentMap, normals: torch.Tensor | None
) -> PhotoLight:
    size = tuple(picture.shape[-2:])
    _same("garments", clothes.size, size)
    _same("keypoints", tuple(body.canvas), size)
    figure = embodied(body)
    shadow = shadows_of(picture, clothes.matte, figure).key_direction
    if normals is None:
        surface = photographed(picture, clothes.matte, figure, regions_from(clothes))
    else:
        _same("normal map", tuple(normals.shape[-2:]), size)
        surface = given_normals(normals, clothes.matte)
    return PhotoLight(estimate_light(picture, surface, clothes, shadow=shadow), surface)


def relit_pictures(
    pictures: torch.Tensor,
    people: torch.Tensor,
    found: Sequence[Correspondence],
    lights: Sequence[LightField],
    surfaces: Sequence[Surface] | None = None,
    garments: Sequence[GarmentMap] | None = None,
    options: RelightOptions = AS_ESTIMATED,
    progress: Progress = None,
) -> torch.Tensor:
    """(B, 3, H, W) reposed pictures with the person in the photo's light: people (B or 1, 1, H, W) where they are,
    found where each pixel comes from, lights, surfaces and garments of the photos."""
    count = common_count(pictures=len(pictures), correspondences=len(found))
    photos, masks = each(pictures.split(1), count, "pictures"), each(people.split(1), count, "person masks")
    fields, places = each(lights, count, "lights"), each(found, count, "correspondences")
    before = [None] * count if surfaces is None else each(surfaces, count, "surfaces")
    clothes = [None] * count if garments is None else each(garments, count, "garments")
    rows = list(zip(photos, masks, places, fields, before, clothes, strict=True))
    results = []
    for picture, mask, place, field, surface, worn in told(rows, progress):
        _same("person mask", tuple(mask.shape[-2:]), tuple(picture.shape[-2:]))
        _same("correspondence", tuple(place.part.shape), tuple(picture.shape[-2:]))
        results.append(relit_picture(picture, mask, place, field, surface, worn, options))
    return torch.cat(results)


def harmonised(
    pictures: torch.Tensor,
    people: torch.Tensor,
    scenes: torch.Tensor,
    lights: Sequence[LightField],
    found: Sequence[Correspondence] | None = None,
    surfaces: Sequence[Surface] | None = None,
    there: Sequence[LightField] | None = None,
    figures: Sequence[Skeleton] | None = None,
    options: HarmoniseOptions = PLAINLY,
    progress: Progress = None,
) -> torch.Tensor:
    """(B, 3, H, W) people (B or 1, 1, H, W) of pictures (B or 1, 3, H, W) in scenes (B or 1, 3, h, w).

    Which way they face is told by `found` (of a reposed picture) or `surfaces` (of a photo); there: the scenes' lights,
    taken from their colours where they are not given; figures: their skeletons, for the shade at the feet.
    """
    count = common_count(pictures=len(pictures), scenes=len(scenes))
    rows = []
    for i in range(count):
        picture, person, scene, light = (
            each(values, count, name)[i]
            for values, name in (
                (pictures.split(1), "pictures"),
                (people.split(1), "person masks"),
                (scenes.split(1), "scenes"),
                (lights, "lights"),
            )
        )
        _same("person mask", tuple(person.shape[-2:]), tuple(picture.shape[-2:]))
        surface = None if surfaces is None else each(surfaces, count, "surfaces")[i]
        if found is not None:
            place = each(found, count, "correspondences")[i]
            _same("correspondence", tuple(place.part.shape), tuple(picture.shape[-2:]))
            surface = of_correspondence(place, person)
        if surface is not None:
            _same("surface's photo", surface.canvas, tuple(picture.shape[-2:]))
        new = scene_light(scene) if there is None else each(there, count, "scene lights")[i]
        figure = None if figures is None else each(figures, count, "skeletons")[i]
        rows.append((picture, person, surface, light, scene, new, options, figure))
    return torch.cat([in_scene(*row) for row in told(rows, progress)])


def _same(name: str, its: tuple[int, int], size: tuple[int, int]) -> None:
    """ValueError for another (height, width) than the picture's."""
    if tuple(its) != tuple(size):
        raise ValueError(
            f"the picture has {size[1]} x {size[0]} pixels, the {name} {its[1]} x {its[0]}: make everything from the"
            " same picture"
        )
