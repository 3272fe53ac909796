"""Photometric checks of a batch of results, and what an artist is shown of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from .batches import Progress, each, told
from .geometry.field import sample
from .geometry.garments import NUMBER, GarmentMap
from .geometry.lighting import LightField
from .geometry.skeleton import Skeleton
from .geometry.warped import Correspondence
from .light.batch import figure_on
from .light.check import check
from .light.estimate import estimate_light
from .light.findings import Checked, Thresholds
from .light.shadows import shadows_of
from .light.surface import of_correspondence
from .native import resized, working_size

WARM, HOT = (1.0, 0.85, 0.1), (0.95, 0.05, 0.1)
"""Colours of what departs by about its limit, and by twice as much."""
COLD = 0.2
"""Heat from which it is painted; a half, the limit, is fully painted. By eye: what passes should look as if it did."""
FAINT = 0.45
"""Brightness of the picture under the heat map."""


@dataclass(frozen=True, eq=False)
class CheckedPeople:
    """One check for each picture (B, 3, H, W)."""

    pictures: torch.Tensor
    checks: tuple[Checked, ...]

    @property
    def passed(self) -> bool:
        """Whether all pictures passed."""
        return all(one.passed for one in self.checks)

    @property
    def score(self) -> float:
        """The worst picture's."""
        return min(one.score for one in self.checks)

    def text(self) -> str:
        """All reports, numbered where there are several."""
        several = len(self.checks) > 1
        return "\n\n".join(
            f"picture {i}: {one.text()}" if several else one.text() for i, one in enumerate(self.checks, 1)
        )

    def heat_maps(self) -> torch.Tensor:
        """(B, 3, H, W) the results in faint grey, what departs from the light of the photo in yellow to red."""
        heat = torch.cat([one.heat for one in self.checks])
        grey = FAINT * self.pictures.mean(1, keepdim=True).expand(-1, 3, -1, -1)
        warm, hot = (grey.new_tensor(colour)[:, None, None] for colour in (WARM, HOT))
        shade = ((heat - COLD) / (0.5 - COLD)).clamp(0, 1)
        return torch.lerp(grey, torch.lerp(warm, hot, heat), shade)

    def stopped(self) -> CheckedPeople:
        """The same; ValueError with the report where a picture failed."""
        if not self.passed:
            raise ValueError(self.text())
        return self


def checked_people(
    sources: torch.Tensor,
    results: torch.Tensor,
    people: torch.Tensor,
    correspondences: Sequence[Correspondence],
    garments: Sequence[GarmentMap] | None = None,
    hidden: torch.Tensor | None = None,
    lights: Sequence[LightField] | None = None,
    worn: Sequence[GarmentMap] | None = None,
    thresholds: Thresholds | None = None,
    progress: Progress = None,
    figures: Sequence[Skeleton] | None = None,
) -> CheckedPeople:
    """sources (B or 1, 3, h, w), results (B, 3, H, W), people and hidden (B or 1, 1, H, W); per result or one for all
    a correspondence, the photo's garments and light (estimated where it is not given), the result's garments, and the
    result's skeleton: with it the shadow is looked for that the person casts in the result."""
    count, limits = len(results), thresholds or Thresholds()
    photos, masks = each(sources.split(1), count, "source pictures"), each(people.split(1), count, "masks")
    ways = each(correspondences, count, "correspondences")
    clothes, unseen, lamps, now, bodies = (
        [None] * count if values is None else each(values, count, name)
        for values, name in (
            (garments, "garments"),
            (None if hidden is None else hidden.split(1), "hidden masks"),
            (lights, "lights"),
            (worn, "garments of the result"),
            (figures, "skeletons"),
        )
    )
    checks = []
    for i in told(range(count), progress):
        light = lamps[i]
        if light is None:
            light = light_brought(photos[i], masks[i], ways[i], clothes[i])
        one, shadow = results[i : i + 1], None
        if bodies[i] is not None:
            shadow = shadow_run(one, masks[i], bodies[i])
        more = (clothes[i], limits, unseen[i], now[i], shadow)
        checks.append(check(photos[i], one, masks[i], ways[i], light, *more))
    return CheckedPeople(results, tuple(checks))


def shadow_run(result: torch.Tensor, person: torch.Tensor, figure: Skeleton) -> torch.Tensor | None:
    """(3,) where on the floor the person's shadow runs in a result (1, 3, H, W), camera frame; None where none is seen.
    A very large picture's skeleton may be that of its working size. ValueError for a skeleton of another picture."""
    towards = shadows_of(result, person, figure_on(figure, result)).key_direction
    return None if towards is None else -towards


def light_brought(
    source: torch.Tensor, person: torch.Tensor, found: Correspondence, garments: GarmentMap | None
) -> LightField:
    """The photo's light, estimated from what the correspondence brought of it: its colours, on the surface as it was
    photographed. source (1, 3, h, w); person (1, 1, H, W)."""
    small = resized(source, working_size(tuple(source.shape[-2:])))
    size = tuple(found.part.shape)
    places = torch.nan_to_num(found.source)
    seen = (found.visible * (found.photo == 0) * (found.part >= 0))[None, None]
    picture = sample(small[0], places)[None]
    labels = torch.full(size, NUMBER["upper"], dtype=torch.uint8)
    if garments is not None:
        there = garments.at_size(tuple(small.shape[-2:])).labels[0].float()
        labels = sample(there, places, "nearest")[0].to(torch.uint8)
    matte = resized(person, size) * seen
    surface = of_correspondence(replace(found, normal=found.source_normal), matte)
    return estimate_light(picture, surface, GarmentMap(labels[None, None], torch.zeros_like(matte), matte))
