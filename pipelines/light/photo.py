"""The light of a photo as the chain uses it: read once, put on every pose of the person."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..geometry.layers import Regions
from ..geometry.lighting import LightField
from ..geometry.skeleton import Skeleton
from ..geometry.warped import Warped
from .estimate import estimate_light
from .relight import AS_ESTIMATED, RelightOptions, relit
from .surface import Surface, photographed


@dataclass(frozen=True, eq=False)
class PhotoLight:
    """The light on a photographed person, and the surface that it was seen on."""

    field: LightField
    surface: Surface | None

    def on(self, moved: Warped, regions: Regions | None, options: RelightOptions = AS_ESTIMATED) -> Warped:
        """The moved person of that photo in its light."""
        garments = None if regions is None else regions.garments
        return relit(moved, self.field, self.surface, garments, options)


def light_of(
    picture: torch.Tensor,
    matte: torch.Tensor,
    skeleton: Skeleton,
    regions: Regions | None,
    shadow: torch.Tensor | None = None,
) -> PhotoLight | None:
    """Of a picture (1, 3, H, W) sRGB with its person's matte (1, 1, H, W); None for a drawing, and where nothing is
    known of the clothes: their colours would be taken for shade. shadow (3,): towards the key, as the shadow on the
    floor has it."""
    if skeleton.flat or regions is None or regions.garments is None:
        return None
    surface = photographed(picture, matte, skeleton, regions)
    return PhotoLight(estimate_light(picture, surface, regions.garments, shadow=shadow), surface)
