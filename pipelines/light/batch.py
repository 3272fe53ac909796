"""Lights of a batch: one for each picture, or one for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from ..batches import Progress, common_count, each, told
from ..geometry.garments import GarmentMap
from ..geometry.keypoints import Keypoints
from ..geometry.lighting import LightField
from ..geometry.skeleton import Skeleton
from ..geometry.warped import Correspondence
from ..lift import embodied
from ..native import at_size, made_smaller, resized
from ..read import regions_from
from .estimate import estimate_light
from .harmonise import PLAINLY, HarmoniseOptions, in_scene, scene_light
from .photo import PhotoLight
from .relight import AS_ESTIMATED, RelightOptions, brightened, light_change, relit_picture
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
        results.append(_relit(picture, mask, place, field, surface, worn, options))
    return torch.cat(results)


def _relit(
    picture: torch.Tensor,
    mask: torch.Tensor,
    place: Correspondence,
    field: LightField,
    surface: Surface | None,
    worn: GarmentMap | None,
    options: RelightOptions,
) -> torch.Tensor:
    """(1, 3, H, W) one of them. A very large picture was moved at its working size: its light is worked out there."""
    size, low = tuple(picture.shape[-2:]), tuple(place.part.shape)
    if low == size:
        return relit_picture(picture, mask, place, field, surface, worn, options)
    _working("correspondence", low, size)
    clothes = worn
    if place.photo_size is not None:
        clothes = None if worn is None else worn.at_size(tuple(place.photo_size))
        surface = None if surface is None else surface_on(surface, tuple(place.photo_size))
    gain = light_change(place, resized(mask, low), field, surface, clothes, options)
    if gain is None:
        return picture
    gain = resized(gain, size)
    changed = (gain != 1).any(1, keepdim=True)
    return torch.where(changed, torch.lerp(picture, brightened(picture, gain), mask), picture)


def surface_on(surface: Surface, size: tuple[int, int]) -> Surface:
    """The surface of a picture in the same picture at another size (height, width): its grid is small, and stays."""
    down, across = (new / old for new, old in zip(size, surface.canvas, strict=True))
    x0, y0, x1, y1 = surface.box
    box = (round(x0 * across), round(y0 * down), round(x1 * across), round(y1 * down))
    return replace(surface, box=box, canvas=tuple(size))


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
            surface = _shown(each(found, count, "correspondences")[i], person)
        if surface is not None:
            _same("surface's photo", surface.canvas, tuple(picture.shape[-2:]))
        new = scene_light(scene) if there is None else each(there, count, "scene lights")[i]
        figure = None if figures is None else figure_on(each(figures, count, "skeletons")[i], picture)
        rows.append((picture, person, surface, light, scene, new, options, figure))
    return torch.cat([in_scene(*row) for row in told(rows, progress)])


def _shown(place: Correspondence, person: torch.Tensor) -> Surface | None:
    """The surface of a reposed person (1, 1, H, W) on their picture, which may be larger than its working size."""
    size, low = tuple(person.shape[-2:]), tuple(place.part.shape)
    if low == size:
        return of_correspondence(place, person)
    _working("correspondence", low, size)
    surface = of_correspondence(place, resized(person, low))
    return None if surface is None else surface_on(surface, size)


def figure_on(figure: Skeleton, picture: torch.Tensor) -> Skeleton:
    """A skeleton in a picture (1, 3, H, W) that may be larger than the one it was made for, its working size."""
    size, low = tuple(picture.shape[-2:]), tuple(map(int, figure.canvas))
    if low == size:
        return figure
    if not made_smaller(low, size):
        raise ValueError(
            f"the result has {size[1]} x {size[0]} pixels, the figure's canvas {low[1]} x {low[0]}: connect the target"
            " that the result was made for"
        )
    return at_size(figure, size, low)


def _working(name: str, its: tuple[int, int], size: tuple[int, int]) -> None:
    """ValueError for a (height, width) that is not the picture's own made smaller, as very large pictures are."""
    if not made_smaller(its, size):
        _same(name, its, size)


def _same(name: str, its: tuple[int, int], size: tuple[int, int]) -> None:
    """ValueError for another (height, width) than the picture's."""
    if tuple(its) != tuple(size):
        raise ValueError(
            f"the picture has {size[1]} x {size[0]} pixels, the {name} {its[1]} x {its[0]}: make everything from the"
            " same picture"
        )
