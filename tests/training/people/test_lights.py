"""Every light's truth recomputed by another way from scene.Light."""

from dataclasses import dataclass
from math import degrees, pi

import numpy as np
import pytest
import torch

from pipelines.geometry.temperature import planckian
from training.people.light import environments as around
from training.people.light import lights
from training.people.scene import Light


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@dataclass(frozen=True, eq=False)
class Room:
    """An environment as the kit gives it: a lamp of 3 degrees high at the back (+z)."""

    id: str = "room"
    outdoor: bool = False

    def radiance(self):
        towards = torch.nn.functional.normalize(torch.tensor([0.0, -0.5, 0.866]), dim=0)
        away = torch.einsum("chw,c->hw", around.directions(256, 512), towards)
        return (0.2 + 300 * (away > np.cos(np.radians(3)))).expand(3, -1, -1).numpy()


@dataclass(frozen=True, eq=False)
class Box:
    environments: dict


@pytest.mark.parametrize("kind", list(lights.MADE))
def test_made_lights_are_lights(kind):
    for seed in range(6):
        light = lights.sample(None, seeded(seed), kind, level=0.8).light
        normals = around.directions(8, 16).flatten(1).T
        lit = lights.irradiance(light, normals)
        assert bool(torch.isfinite(lit).all()) and float(around.luminance(lit, -1).min()) > 0
        assert float(light.key_direction.norm()) == pytest.approx(1, abs=1e-5)
        assert lights.metered(light) == pytest.approx(0.8, rel=1e-3)


def test_same_seed_same_light():
    first, second = (lights.sample(None, seeded(5)) for _ in range(2))
    assert first.kind == second.kind and torch.equal(first.light.sh, second.light.sh)
    assert not torch.equal(first.light.sh, lights.sample(None, seeded(6)).light.sh)


@pytest.mark.parametrize("kind", ["sun", "window", "three_point", "backlight"])
def test_key_direction_from_a_lit_ball(kind):
    """Least squares of (lit - ambient) on the ball's normals, where the key reaches."""
    light = lights.sample(None, seeded(3), kind).light
    normals = around.directions(64, 128).flatten(1).T
    excess = lights.irradiance(light, normals) - around.irradiance(light.sh, normals)
    bright = excess[:, 1] > 0.05 * excess[:, 1].max()
    fit = torch.linalg.lstsq(normals[bright], excess[bright]).solution.mean(1)
    towards = torch.tensor(lights.truth(light).key_direction)
    angle = degrees(float(torch.acos((fit / fit.norm() @ towards).clamp(-1, 1))))
    assert angle < 1, f"{angle:.2f} degrees off"


def test_ambient_to_direct_by_summing_the_sphere():
    light = lights.sample(None, seeded(8), "window").light
    unit = around.directions(128, 256)
    radiance = torch.einsum("hwk,kc->chw", around.sh_basis(unit.permute(1, 2, 0)), light.sh)
    facing = torch.einsum("chw,c->hw", unit, light.key_direction).clamp(min=0)
    ambient = (around.luminance(radiance) * facing * around.solid_angles(128, 256)).sum()
    expected = float(ambient / around.luminance(light.key_colour))
    truth = lights.truth(light)
    assert truth.ambient_to_direct == pytest.approx(expected, rel=0.01)
    assert truth.key_share == pytest.approx(1 / (1 + expected), rel=0.01)


@pytest.mark.parametrize("kelvin", [2500, 3200, 5600, 10000])
def test_temperatures_of_black_body_light(kelvin):
    sh = torch.zeros(9, 3)
    sh[0] = planckian(kelvin)
    light = Light(sh, torch.tensor([0.0, 0.0, -1.0]), planckian(kelvin), 0.1)
    truth = lights.truth(light)
    for found in (truth.kelvin, truth.key_kelvin, truth.ambient_kelvin):
        assert found == pytest.approx(kelvin, rel=0.01)


def test_truth_turns_with_the_light():
    light = lights.sample(None, seeded(1), "sun").light
    before, after = lights.truth(light), lights.truth(lights.turned(light, 90))
    x, y, z = before.key_direction
    assert after.key_direction == pytest.approx((z, y, -x), abs=1e-5)
    assert after.kelvin == pytest.approx(before.kelvin, rel=1e-3)
    assert after.ambient_to_direct == pytest.approx(before.ambient_to_direct, rel=1e-3)


def test_light_without_a_key_says_so():
    truth = lights.truth(lights.sample(None, seeded(0), "overcast").light)
    assert truth.key_direction == (0, 0, 0) and truth.key_share == 0
    assert truth.ambient_to_direct == float("inf")
    assert truth.dominant[1] < -0.9, "an overcast sky shines from above"


@pytest.mark.parametrize("yaw", [0.0, 1.0, -2.5])
def test_environment_turns_light_and_picture_alike(yaw):
    setting = lights.of_environment(Room(), yaw)
    unit = around.directions(256, 512)
    power = around.luminance(setting.radiance)
    towards = (unit * (power * (power > 0.5 * power.max()))).sum((1, 2))
    angle = degrees(float(torch.acos((towards / towards.norm() @ setting.light.key_direction).clamp(-1, 1))))
    assert angle < 1, f"the picture's lamp is {angle:.1f} degrees from the key"
    assert lights.metered(setting.light) == pytest.approx(0.8, rel=1e-3)
    assert setting.environment == "room"


def test_environment_and_its_light_agree_in_scale():
    setting = lights.of_environment(Room(), 0.0)
    unit, normal = around.directions(256, 512), setting.light.key_direction
    facing = torch.einsum("chw,c->hw", unit, normal).clamp(min=0)
    summed = (setting.radiance * facing * around.solid_angles(256, 512)).sum((1, 2))
    assert torch.allclose(lights.irradiance(setting.light, normal), summed, rtol=0.03)


def test_ball_is_bright_on_the_key_side():
    light = lights.sample(None, seeded(2), "window").light
    ball = around.luminance(lights.ball(light, 64))
    left, right = float(ball[:, :32].sum()), float(ball[:, 32:].sum())
    assert (right > left) == (float(light.key_direction[0]) > 0)
    assert float(ball[0, 0]) == 0


def test_negative_lobes_are_windowed_away():
    sh = torch.zeros(9, 3)
    sh[0], sh[1], sh[6] = 1.0, 2.5, 1.5
    normals = around.directions(16, 32).flatten(1).T
    lambert = torch.tensor(around.LAMBERT)[:, None]
    raw = around.sh_basis(normals) @ (sh * lambert)
    assert float(raw.min()) < 0
    assert float((around.sh_basis(normals) @ (lights.deringed(sh) * lambert)).min()) > -0.01 * pi
    even = torch.zeros(9, 3)
    even[0] = 1
    assert torch.equal(lights.deringed(even), even)


def test_bad_kinds_are_named():
    with pytest.raises(ValueError, match="unknown light candle.*three_point"):
        lights.sample(None, seeded(0), "candle")
    with pytest.raises(ValueError, match="needs a kit"):
        lights.sample(None, seeded(0), "environment")


def test_a_kit_gives_environments():
    setting = lights.sample(Box({"room": Room()}), seeded(0), "environment", level=0.7)
    assert setting.environment == "room" and setting.radiance.shape == (3, 256, 512)
    assert lights.metered(setting.light) == pytest.approx(0.7, rel=1e-3)


def test_lights_of_the_real_kit_have_the_sun_in_the_picture(kit):
    environment = kit.environments["park"]
    setting = lights.of_environment(environment, 2.0)
    unit, power = around.directions(256, 512), around.luminance(setting.radiance)
    brightest = unit.flatten(1)[:, int(power.argmax())]
    assert float(brightest @ setting.light.key_direction) > 0.999
