import io

import numpy as np
import pytest
from PIL import Image

from training.people.kit import pictures, skies

HALF = np.array([[[0.0, 0], [0.5, 0], [0.5, 1]], [[0.0, 0], [0.5, 1], [0, 1]]])
"""Two triangles over the left half of the picture."""


def _read(data):
    return np.array(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def test_what_faces_show_is_their_half():
    shown = pictures.covered(HALF, 64, 64)
    assert shown[:, :30].all() and not shown[:, 36:].any()


def test_what_no_face_shows_is_filled_from_beside_it():
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:, :32] = (200, 40, 90)
    filled = pictures.filled(picture, pictures.covered(HALF, 64, 64) & (picture[..., 0] > 0))
    assert (filled == (200, 40, 90)).all()


@pytest.mark.parametrize("alpha, kept", [(255, False), (90, True)])
def test_alpha_is_kept_only_where_a_face_shows_it(alpha, kept):
    picture = np.full((64, 64, 4), 255, np.uint8)
    picture[:, 40:, 3] = 0
    picture[10:30, 5:20, 3] = alpha
    layers = pictures.layers(Image.fromarray(picture), HALF)
    assert ("alpha" in layers) == kept
    if kept:
        assert abs(_read(layers["alpha"])[20, 12] - 90).max() < 12


def test_an_environment_comes_back_with_its_light():
    generator = np.random.default_rng(3)
    light = np.repeat(np.repeat(generator.uniform(0.05, 1, (8, 16, 3)), 8, axis=0), 8, axis=1).astype(
        np.float32
    )
    light[12:15, 40:43] = (9000, 8000, 6000)
    back = skies.encode("sky", light).radiance().transpose(1, 2, 0)
    sun = light.max(axis=-1) > 1
    luminance, was = back @ skies.LUMINANCE, light @ skies.LUMINANCE
    assert np.abs(luminance - was)[~sun].mean() < 0.03 * was[~sun].mean()
    assert luminance[sun] == pytest.approx(was[sun], rel=0.05)


def test_a_sun_left_in_one_channel_gets_the_colour_around_it():
    light = np.full((40, 40, 3), (4.0, 3.0, 2.0), np.float32)
    light[20, 20] = (0, 0, 9000)
    light[20, 21] = 0
    repaired = skies.repaired(light)
    assert repaired[20, 20] == pytest.approx([9000, 6750, 4500])
    assert repaired[20, 21] == pytest.approx([4, 3, 2])
    assert (repaired[:10] == light[:10]).all()


def test_a_white_lamp_is_left_alone():
    light = np.full((40, 40, 3), 1.0, np.float32)
    light[20, 20] = 9000
    assert (skies.repaired(light) == light).all()
