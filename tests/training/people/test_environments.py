"""Spherical harmonics against functions whose coefficients are known, and the key against lamps that were put there."""

from math import cos, pi, radians, sqrt

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.people.light import environments as around

UP = torch.tensor([0.0, -1.0, 0.0])


def lamp(towards, degrees, colour, ambient=0.3, height=256):
    """A disc of even light on an even field; its irradiance on what faces it is `colour`."""
    away = torch.einsum("chw,c->hw", around.directions(height, 2 * height), towards)
    disc = (away > cos(radians(degrees))).float()
    power = (disc * away * around.solid_angles(height, 2 * height)).sum()
    return ambient + torch.tensor(colour)[:, None, None] * disc / power


def test_solid_angles_cover_the_sphere():
    assert float(around.solid_angles(64, 128).sum()) * 128 == pytest.approx(4 * pi, rel=1e-5)


def test_directions_follow_the_documented_axes():
    unit = around.directions(256, 512)
    assert torch.allclose(unit[:, 127, 256], torch.tensor([0.0, 0.0, 1.0]), atol=0.02), (
        "the middle looks along +z"
    )
    assert torch.allclose(unit[:, 127, 384], torch.tensor([1.0, 0.0, 0.0]), atol=0.02), (
        "a quarter right is +x"
    )
    assert torch.allclose(unit[:, 0, 0], UP, atol=0.02), "the first row looks up"


def test_projection_of_known_functions_is_exact():
    x, y, z = around.directions(128, 256)
    radiance = torch.stack((2 + 3 * y, x * z, 3 * z * z - 1))
    expected = torch.zeros(9, 3)
    expected[0, 0], expected[1, 0] = 2 * sqrt(4 * pi), 3 * sqrt(4 * pi / 3)
    expected[7, 1] = sqrt(4 * pi / 15)
    expected[6, 2] = sqrt(16 * pi / 5)
    assert torch.allclose(around.project(radiance), expected, atol=2e-3)


def test_irradiance_of_a_linear_field_is_its_closed_form():
    x, y, z = around.directions(128, 256)
    sh = around.project((1 + 0.4 * x - 0.2 * y + 0.3 * z).expand(3, -1, -1))
    normals = torch.nn.functional.normalize(torch.tensor([[1.0, 2, -1], [0, -1, 0], [-3, 0, 1]]), dim=1)
    expected = pi + 2 * pi / 3 * normals @ torch.tensor([0.4, -0.2, 0.3])
    assert torch.allclose(around.irradiance(sh, normals)[:, 1], expected, atol=2e-3)


@given(st.floats(-7, 7), st.integers(0, 2**31 - 1))
def test_turned_harmonics_are_the_turned_light(yaw, seed):
    sh = torch.randn(9, 3, generator=torch.Generator().manual_seed(seed))
    rotation = around.turn(yaw)
    unit = around.directions(8, 16).flatten(1).T
    turned = around.sh_basis(unit) @ around.rotated(sh, rotation)
    assert torch.allclose(turned, around.sh_basis(unit @ rotation) @ sh, atol=2e-4)


def test_turning_harmonics_is_rolling_the_picture():
    radiance = lamp(torch.tensor([0.0, -0.6, 0.8]), 20, (2.0, 1.5, 1.0), height=64)
    rolled = around.project(radiance.roll(32, 2))
    assert torch.allclose(around.rotated(around.project(radiance), around.turn(pi / 2)), rolled, atol=1e-4)
    band = around.project(radiance.roll(32, 2))[3, 0]
    assert float(band) > 0.5, "a quarter turn brings a lamp from +z to +x"


@pytest.mark.parametrize("degrees", [0.5, 2.0, 6.0, 14.0])
@pytest.mark.parametrize("towards", [(0.3, -0.5, -0.8), (-1.0, -0.05, 0.1), (0.05, -1.0, 0.0)])
def test_key_is_the_lamp_that_was_put_there(towards, degrees):
    towards = torch.nn.functional.normalize(torch.tensor(towards), dim=0)
    key, rest = around.parted(lamp(towards, degrees, (3.0, 2.5, 2.0)))
    angle = float(torch.rad2deg(torch.acos((key.direction @ towards).clamp(-1, 1))))
    assert angle < 0.7, f"{angle:.2f} degrees off"
    assert torch.allclose(key.colour, torch.tensor([3.0, 2.5, 2.0]), rtol=0.06)
    assert key.radius == pytest.approx(radians(degrees), rel=0.15, abs=radians(0.4))
    normals = torch.stack((towards, -towards))
    assert torch.allclose(around.irradiance(around.project(rest), normals), torch.tensor(0.3 * pi), rtol=0.12)


def test_ringing_about_a_sun_keeps_its_energy():
    radiance = lamp(torch.tensor([0.0, -0.5, 0.866]), 0.8, (2.0, 2.0, 2.0))
    peak = int(radiance[0].flatten().argmax())
    row, column = divmod(peak, 512)
    radiance[:, row, column] += 500
    radiance[:, row, column + 2] -= 500
    assert torch.allclose(around.parted(radiance)[0].colour, torch.tensor(2.0), rtol=0.05)


def test_even_light_has_no_key():
    assert around.parted(torch.full((3, 64, 128), 0.7))[0] is None


def test_overflowed_sun_takes_the_colour_of_its_glow():
    radiance = lamp(torch.tensor([0.0, -0.5, 0.866]), 5, (0.5, 0.4, 0.2), ambient=0.1)
    row, column = divmod(int((radiance[0] > 1).float().flatten().argmax()), 512)
    radiance[:, row + 6, column + 1] = torch.tensor([0.0, 0.0, 9000.0])
    mended = around.mended(radiance)[:, row + 6, column + 1]
    assert mended[0] > mended[1] > mended[2] > 0
    assert float(mended.max()) == pytest.approx(9000, rel=1e-3)


def test_surroundings_refuse_another_shape():
    with pytest.raises(ValueError, match=r"\(3, H, 2 H\).*\(3, 64, 64\)"):
        around.Surroundings.of(torch.ones(3, 64, 64))


def test_look_up_finds_what_lies_there():
    picture = torch.rand(3, 64, 128, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(around.look_up(picture, around.directions(64, 128)), picture, atol=1e-3)
