"""A figure whose light is known, and what cannot be known."""

import math

import pytest
import torch
from repose.pipelines.geometry.garments import GarmentMap
from repose.pipelines.geometry.lighting import LightField
from repose.pipelines.light.estimate import estimate_light
from repose.pipelines.light.features import MIRRORED, features
from repose.pipelines.light.fit import directions, fit
from repose.pipelines.light.samples import samples
from repose.pipelines.models.light_head import FEATURES, LightHead, load, shipped

from .scene import GARMENTS, SURFACE, figure, light, photographed, warmed


def degrees(first: torch.Tensor, second: torch.Tensor) -> float:
    return math.degrees(math.acos(min(1.0, float(first @ second))))


def estimated(true: LightField, picture: torch.Tensor | None = None) -> LightField:
    return estimate_light(photographed(true) if picture is None else picture, SURFACE, GARMENTS)


@pytest.mark.parametrize("towards", [(-0.8, -0.3, -0.5), (0.6, -0.6, -0.5), (0.1, -0.5, -0.85)])
def test_the_fit_finds_the_key_on_true_normals(towards):
    true = light(*towards)
    seen = samples(photographed(true), SURFACE, GARMENTS.labels)
    found = fit(seen, directions())
    best = found.direction[found.loss.argmin()]
    assert degrees(best, true.key_direction) < 12
    assert float(found.loss.min()) < 0.2 * found.without


@pytest.mark.parametrize("towards", [(-0.8, -0.3, -0.5), (0.7, -0.4, -0.6), (0.0, -0.6, -0.8)])
def test_the_strongest_light_is_found(towards):
    true = light(*towards)
    found = estimated(true)
    assert degrees(found.dominant, true.dominant) < 40, (
        "no person: its normals are true, which the head does not expect"
    )
    assert found.confidence > 0.3 and found.key_share > 0.3 and found.error < 0.2


def test_a_mirrored_photo_has_the_mirrored_light():
    true = light(-0.7, -0.4, -0.6)
    picture = photographed(true)
    there = estimated(true, picture)
    mirrored = figure()[0]
    normal = mirrored.normal.flip(2) * torch.tensor([-1.0, 1, 1])[:, None, None]
    surface = type(mirrored)(
        normal, mirrored.depth.flip(1), mirrored.cover.flip(1), mirrored.box, mirrored.canvas
    )
    clothes = GarmentMap(GARMENTS.labels.flip(3), GARMENTS.hair, GARMENTS.matte.flip(3))
    back = estimate_light(picture.flip(3), surface, clothes)
    turned = back.key_direction * torch.tensor([-1.0, 1, 1])
    assert degrees(turned, there.key_direction) < 6 and back.confidence == pytest.approx(
        there.confidence, abs=0.1
    )


def test_warm_light_is_seen_as_warmer():
    """By how much depends on what else is in the picture; that it is, and in which order, must not."""
    true = light(-0.6, -0.4, -0.7)
    kelvins = [estimated(true, photographed(warmed(true, k))).kelvin for k in (3500, 6500, 10000)]
    assert kelvins[0] < 0.85 * kelvins[1] < 0.85 * kelvins[2]


def test_what_cannot_be_told_is_said():
    nothing = estimate_light(photographed(light(0, 0, -1)), None, GARMENTS)
    assert nothing.confidence == 0 and "too little" in nothing.notes[0]
    night = estimated(light(0, 0, -1), 0.002 * torch.ones(1, 3, *SURFACE.canvas))
    assert night.confidence == 0, "nothing but noise"
    white = estimated(light(0, 0, -1), torch.ones(1, 3, *SURFACE.canvas))
    assert white.confidence == 0, "run over"
    small = GarmentMap(torch.zeros_like(GARMENTS.labels), GARMENTS.hair, GARMENTS.matte)
    assert estimate_light(photographed(light(0, 0, -1)), SURFACE, small).confidence == 0


def test_features_know_their_mirror_image():
    """What the table of signs says is what a mirrored figure gives, but for the lattice of directions."""
    head = shipped()
    seen = samples(photographed(light(-0.6, -0.3, -0.7)), SURFACE, GARMENTS.labels)
    flipped = type(seen)(
        seen.light, seen.normal * torch.tensor([-1.0, 1, 1]), seen.weight, seen.kind, seen.region
    )
    picture = photographed(light(0, 0, -1))
    one, other = (features(s, picture, SURFACE) for s in (seen, flipped))
    assert one.shape == (FEATURES,) and len(MIRRORED) == FEATURES
    assert float((one * MIRRORED - other).abs().max()) < 0.25 and float((one - other).abs().max()) > 0.5
    answers = head(torch.stack((one, one * MIRRORED)))
    signs = torch.tensor([-1.0, 1, 1, -1, 1, 1, 1, 1, 1, 1, 1])
    assert torch.allclose(answers[0] * signs, answers[1], atol=1e-4)


def test_weights_of_something_else_are_refused():
    with pytest.raises(ValueError, match="not the light head's weights"):
        load({"x": torch.zeros(1)})
    assert set(LightHead().state_dict()) == set(shipped().state_dict())


def test_hard_light_leaves_some_from_all_around():
    """A steep gradient on a figure is no light below nothing: every shading stays above it."""
    steep = light(-0.9, 0.1, -0.4, level=1.2, around=0.0)
    found = estimated(steep)
    around = torch.nn.functional.normalize(
        torch.randn(500, 3, generator=torch.Generator().manual_seed(0)), dim=1
    )
    dark = found.shading(around, torch.zeros(500), torch.full((500,), 0.5))
    assert float(dark.min()) > 0 and bool(torch.isfinite(found.softened(0.8).shading(around)).all())
    assert 0 < found.key_share < 1
