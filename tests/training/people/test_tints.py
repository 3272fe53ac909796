"""Colours: tones hit their lightness, recolouring keeps relief."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from training.people.body import tints
from training.people.draws import Draw


class _Skin:
    """A picture of skin: warm noise, a quarter of it black (gaps between islands)."""

    def __init__(self):
        noise = np.random.default_rng(0).integers(-12, 12, (32, 32, 1))
        self.picture = (np.array([190, 140, 120]) + noise).astype(np.uint8)
        self.picture[:16, :16] = 0

    def albedo(self):
        return self.picture


SKIN = _Skin()


def test_linear_is_srgb_undone():
    picture = np.array([[[0, 128, 255]]], dtype=np.uint8)
    assert torch.allclose(tints.linear(picture)[:, 0, 0], torch.tensor([0.0, 0.21586, 1.0]), atol=1e-4)


@given(st.floats(0.04, 0.45), st.floats(-1, 1))
@settings(max_examples=25, deadline=None)
def test_a_toned_skin_has_its_tone(tone, redness):
    toned = tints.toned(SKIN, torch.device("cpu"), tone, redness)
    _, mean = tints.skin_texture(SKIN, torch.device("cpu"))
    bright = toned[:, 16:].mean((1, 2))
    assert abs(float(tints.luminance(bright)) / tone - 1) < 0.12
    assert bright[0] > bright[1] > bright[2], "skin is redder than green, greener than blue"


def test_redness_reddens():
    pale, red = (tints.toned(SKIN, torch.device("cpu"), 0.25, r)[:, 20, 20] for r in (-1.0, 1.0))
    assert red[0] / red[1] > pale[0] / pale[1]


def test_recoloured_cloth_has_the_colour_and_the_relief():
    light = torch.tensor([[0.2, 0.4], [0.2, 0.4]])
    albedo = torch.stack([light, light, light])
    colour = torch.tensor([0.3, 0.1, 0.05])
    out = tints.recoloured(albedo, None, colour)
    assert torch.allclose(out.mean((1, 2)), colour, atol=1e-5)
    assert torch.allclose(out[:, 0, 1] / out[:, 0, 0], torch.full((3,), 2.0))


def test_transparent_texels_do_not_count():
    albedo = torch.full((3, 2, 2), 0.2)
    albedo[:, 0] = 0.9
    alpha = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    out = tints.recoloured(albedo, alpha, torch.tensor([0.1, 0.1, 0.1]))
    assert torch.allclose(out[:, 1], torch.full((3, 2), 0.1))


@pytest.mark.parametrize("ethnicity", list(tints.TONES))
def test_old_hair_is_greyer(ethnicity):
    draw = Draw(torch.Generator().manual_seed(1))
    old = [tints.hair_colour(draw, ethnicity, 0.95) in tints.AGED for _ in range(200)]
    young = [tints.hair_colour(draw, ethnicity, 0.6) in ("white",) for _ in range(200)]
    assert sum(old) > 150 and sum(young) == 0


def test_colours_are_reflectances():
    for table in (tints.PALETTE, tints.HAIR):
        assert all(0 < c < 0.9 for colour in table.values() for c in colour)
