"""The light as a value: what it sheds, what it is called, what turning and warming it does."""

import math

import pytest
import torch
import torch.nn.functional as F
from repose.pipelines.geometry.colour import luminance
from repose.pipelines.geometry.harmonics import SH_CONSTANTS, sh_basis
from repose.pipelines.geometry.lighting import LightField, described

from ..pipelines.light.scene import warmed

NORMALS = F.normalize(torch.randn(400, 3, generator=torch.Generator().manual_seed(3)), dim=1)


def lamp(azimuth=0.0, elevation=0.0, level=0.6, around=0.3) -> LightField:
    """A white key (degrees to the right of the camera and up) in even white light."""
    a, e = math.radians(azimuth), math.radians(elevation)
    direction = torch.tensor([math.sin(a) * math.cos(e), -math.sin(e), -math.cos(a) * math.cos(e)])
    sh = torch.zeros(9, 3)
    sh[0] = around / SH_CONSTANTS[0]
    return LightField(sh, direction, torch.full((3,), level))


def test_even_light_is_the_same_on_every_side():
    light = LightField.flat(torch.tensor([0.5, 0.6, 0.7]))
    assert torch.allclose(light.shading(NORMALS), torch.tensor([0.5, 0.6, 0.7]).expand(400, 3), atol=1e-6)
    assert light.confidence == 0 and light.key_share == 0 and light.ambient_to_direct == math.inf


def test_a_key_sheds_its_cosine():
    light = lamp(level=0.6, around=0.3)
    normals = torch.tensor([[0.0, 0.0, -1.0], [0.8, 0.0, -0.6], [0.0, 0.0, 1.0]])
    assert light.shading(normals)[:, 1].tolist() == pytest.approx([0.9, 0.66, 0.3], abs=1e-6)
    assert light.ambient_to_direct == pytest.approx(0.5) and light.key_share == pytest.approx(2 / 3)
    shadowed = light.shading(normals, torch.zeros(3), torch.full((3,), 0.5))
    assert shadowed[:, 0].tolist() == pytest.approx([0.15] * 3)


def test_directions_are_told_as_an_artist_would():
    found = lamp(azimuth=40, elevation=30).report()
    assert found["azimuth"] == pytest.approx(40, abs=0.1) and found["elevation"] == pytest.approx(30, abs=0.1)
    assert "40 degrees to the right, 30 degrees up" in described(lamp(azimuth=40, elevation=30))
    assert "no clear direction" in described(LightField.flat())


def test_the_strongest_light_lies_between_key_and_slope():
    light = lamp(azimuth=90, level=0.6)
    sloped = LightField(
        light.sh + F.one_hot(torch.tensor(1), 9)[:, None] * -0.4, light.key_direction, light.key_colour
    )
    x, y, z = sloped.dominant.tolist()
    assert x > 0.3 and y < -0.3 and abs(z) < 1e-5, "to the right, and up where -y is"


def test_white_light_is_daylight_and_can_be_warmed():
    light = lamp()
    assert light.kelvin == pytest.approx(6504, abs=15)
    for kelvin in (3000, 4500, 9000):
        warm = warmed(light, kelvin)
        assert warm.kelvin == pytest.approx(kelvin, rel=0.04), "daylight lies beside the black bodies"
        facing = warm.dominant
        assert float(luminance(warm.shading(facing))) == pytest.approx(
            float(luminance(light.shading(facing))), rel=1e-4
        )


def test_turned_light_sheds_on_turned_normals_what_it_shed_before():
    generator = torch.Generator().manual_seed(1)
    sh = torch.zeros(9, 3)
    sh[0] = 2.0
    sh[1:] = 0.2 * torch.randn(8, 3, generator=generator)
    light = LightField(sh, F.normalize(torch.tensor([0.3, -0.5, -0.8]), dim=0), torch.tensor([0.5, 0.4, 0.3]))
    rotation = torch.linalg.qr(torch.randn(3, 3, generator=generator))[0]
    rotation = rotation * torch.linalg.det(rotation)
    assert torch.allclose(
        light.turned(rotation).shading(NORMALS @ rotation.T), light.shading(NORMALS), atol=1e-4
    )


def test_the_nine_numbers_of_all_light_shade_nearly_as_the_key_does():
    """1/4 + 1/2 c + 5/16 (3 c^2 - 1) / 2 for a clamped cosine c: off by 3/32 of the key at most, at the terminator
    (Ramamoorthi and Hanrahan 2001)."""
    light = lamp(azimuth=30, elevation=20, level=0.5, around=0.4)
    whole = LightField(light.all_sh, light.key_direction, torch.zeros(3))
    assert float((whole.ambient(NORMALS) - light.shading(NORMALS)).abs().max()) <= 3 / 32 * 0.5 + 1e-3


def test_softened_light_is_as_bright_where_it_faced_the_key():
    hard = lamp(level=0.9, around=0.05)
    soft = hard.softened(0.7)
    assert soft.key_share == pytest.approx(0.7, abs=1e-4)
    assert torch.allclose(soft.shading(soft.key_direction), hard.shading(hard.key_direction), atol=1e-6)
    assert lamp(level=0.3, around=0.6).softened(0.7).key_share == pytest.approx(1 / 3)


def test_faded_light_has_the_same_mean():
    light = lamp(azimuth=50, elevation=10)
    even = light.faded(0.0)
    assert torch.allclose(even.shading(NORMALS), light.mean.expand(400, 3), atol=1e-6)
    assert torch.allclose(light.faded(1.0).shading(NORMALS), light.shading(NORMALS), atol=1e-6)


def test_harmonics_are_orthonormal():
    """Over a fine even sphere."""
    count = 20000
    step = torch.arange(count, dtype=torch.float64) + 0.5
    z, angle = 1 - 2 * step / count, step * math.pi * (3 - 5**0.5)
    ring = (1 - z * z).sqrt()
    values = sh_basis(torch.stack((ring * angle.cos(), ring * angle.sin(), z), 1))
    product = values.T @ values * (4 * math.pi / count)
    assert torch.allclose(product, torch.eye(9, dtype=torch.float64), atol=2e-3)
