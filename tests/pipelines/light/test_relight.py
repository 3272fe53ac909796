"""What has not turned keeps its pixels; what turns gets the light that falls where it faces."""

from dataclasses import replace

import pytest
import torch
from repose.pipelines.geometry.colour import linear, luminance
from repose.pipelines.geometry.lighting import LightField
from repose.pipelines.light.relight import (
    MOST,
    RelightOptions,
    _joints,
    brightened,
    light_change,
    relit_picture,
)
from repose.pipelines.light.surface import Surface

from .scene import GARMENTS, PART, PERSON, SIZE, SURFACE, correspondence, light, photographed, turned

SIDE = light(-0.8, -0.2, -0.55)
PLAIN = RelightOptions(shadows=0, highlights=0)


def test_nothing_turned_nothing_changed():
    picture = photographed(SIDE)
    found = correspondence()
    assert torch.equal(relit_picture(picture, PERSON, found, SIDE, SURFACE, GARMENTS), picture)


def test_what_turns_away_from_the_key_gets_darker():
    away, towards = (
        light_change(correspondence(turned(d)), PERSON, SIDE, None, None, PLAIN) for d in (30.0, -30.0)
    )
    arm = GARMENTS.mask("left_arm_skin") > 0.5
    middle = arm & (SURFACE.normal[0].abs() < 0.3)
    assert float(away[:, :1][middle].median()) < 0.9 and float(towards[:, :1][middle].median()) > 1.05
    assert float(away[:, :, 0].max()) == 1.0, "the ground stays"


def test_the_change_is_that_of_the_shading():
    """In the middle of a wide shape, where no border is near, up to what is believed."""
    normal = turned(20.0)
    found = light_change(correspondence(normal), PERSON, SIDE, None, None, PLAIN)
    before, after = (SIDE.shading(n.permute(1, 2, 0))[..., 1] for n in (SURFACE.normal, normal))
    y, x = 140, 100
    expected = MOST * torch.tanh((after / before)[y, x].log() / MOST)
    assert float(found[0, 1, y, x].log()) == pytest.approx(float(expected), abs=0.03)


def test_a_light_that_is_not_trusted_does_nothing():
    picture = photographed(SIDE)
    found = correspondence(turned(30.0))
    for unknown in (LightField.flat(), replace(SIDE, confidence=0.0)):
        assert torch.equal(relit_picture(picture, PERSON, found, unknown), picture)
    assert torch.equal(
        relit_picture(picture, PERSON, found, SIDE, options=RelightOptions(strength=0)), picture
    )
    half = light_change(found, PERSON, replace(SIDE, confidence=0.5), None, None, PLAIN)
    whole = light_change(found, PERSON, SIDE, None, None, PLAIN)
    assert torch.allclose(half.log(), whole.log() / 2, atol=2e-4)


def test_only_the_first_photos_pixels_are_lit():
    found = replace(correspondence(turned(30.0)), photo=torch.ones(SIZE, dtype=torch.int64))
    assert light_change(found, PERSON, SIDE, SURFACE, GARMENTS, RelightOptions()) is None


def test_highlights_move_on_what_is_glossy_only():
    found = correspondence(turned(25.0))
    plain = light_change(found, PERSON, SIDE, None, GARMENTS, PLAIN)
    shiny = light_change(found, PERSON, SIDE, None, GARMENTS, RelightOptions(shadows=0))
    difference = (shiny.log() - plain.log()).abs().amax(1, keepdim=True)
    skin, cloth = (GARMENTS.mask(name) > 0.5 for name in ("right_arm_skin", "lower"))
    assert float(difference[skin].max()) > 0.01 and float(difference[cloth].max()) == 0


def test_brightening_never_runs_over_and_darkening_keeps_hue():
    colour = torch.tensor([0.95, 0.9, 0.5])[None, :, None, None]
    bright = brightened(colour, torch.full_like(colour, 1.6))
    assert float(bright.max()) <= 0.97 and float(bright.min()) > 0.5
    white = torch.ones(1, 3, 1, 1)
    assert torch.allclose(brightened(white, torch.full_like(white, 1.5)), white, atol=1e-6)
    dark = brightened(colour, torch.full_like(colour, 0.6))
    assert torch.allclose(linear(dark) / linear(colour), torch.full_like(colour, 0.6), atol=1e-4)


def test_options_out_of_range():
    with pytest.raises(ValueError, match="strength is 3, expected between 0 and 2"):
        RelightOptions(strength=3)


def test_a_layer_does_not_shine_on_the_one_beside_it():
    """Only the left arm turns: the trunk beside it is not touched."""
    arm = (PART == PART[140, 158])[None]
    found = correspondence(torch.where(arm, turned(40.0), SURFACE.normal))
    change = light_change(found, PERSON, SIDE, None, None, PLAIN)
    trunk = GARMENTS.mask("upper") > 0.5
    assert float((change[:, :1][trunk] - 1).abs().max()) == 0
    assert float((luminance(change[0])[arm[0]] - 1).abs().max()) > 0.05


def test_where_two_layers_are_one_surface_the_light_goes_over():
    """A sleeve at the shoulder goes over into the shirt; a forearm before the belly does not."""
    size = (60, 60)
    layer = (torch.arange(60) >= 30).long().expand(size)
    level = Surface(torch.zeros(3, *size), torch.zeros(size), torch.ones(size), (0, 0, 60, 60), size)
    before = replace(level, depth=layer * 5.0)
    joined, apart = _joints(level, layer, 4.0), _joints(before, layer, 4.0)
    assert float(joined[30, 29:31].min()) > 0.95 and float(joined[30, :18].max()) < 0.05
    assert float(joined[30].diff().abs().max()) < 0.3 and float(apart.max()) == 0
