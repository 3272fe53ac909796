"""Colour temperatures against published chromaticities (CIE 15:2018 for the illuminants)."""

from math import isnan

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipelines.geometry.temperature import HOTTEST, RGB_TO_XYZ, planckian, temperature


def light(x, y):
    xyz = torch.tensor([x / y, 1.0, (1 - x - y) / y], dtype=torch.float64)
    return torch.linalg.inv(torch.tensor(RGB_TO_XYZ, dtype=torch.float64)) @ xyz


@pytest.mark.parametrize(
    ("kelvin", "x", "y"),
    [
        (2500, 0.4770, 0.4137),
        (2856, 0.44757, 0.40745),
        (4000, 0.3805, 0.3768),
        (5000, 0.3451, 0.3516),
        (7000, 0.3064, 0.3166),
        (10000, 0.2807, 0.2884),
    ],
)
def test_black_bodies_within_one_per_cent(kelvin, x, y):
    found, duv = temperature(light(x, y))
    assert found == pytest.approx(kelvin, rel=0.01)
    assert abs(duv) < 6e-4


@pytest.mark.parametrize(("kelvin", "x", "y"), [(6503, 0.31272, 0.32903), (5001, 0.34567, 0.35850)])
def test_daylight_lies_above_the_locus(kelvin, x, y):
    found, duv = temperature(light(x, y))
    assert found == pytest.approx(kelvin, rel=0.002)
    assert duv == pytest.approx(0.0032, abs=3e-4)


@given(st.floats(1900, 15000), st.floats(0.01, 100))
def test_what_is_made_is_found_again_at_any_brightness(kelvin, scale):
    found, duv = temperature(planckian(kelvin) * scale)
    assert found == pytest.approx(kelvin, rel=1e-3)
    assert abs(duv) < 1e-4


def test_made_light_has_luminance_one():
    assert float(planckian(3200) @ torch.tensor([0.2126, 0.7152, 0.0722])) == pytest.approx(1, abs=1e-3)


def test_green_and_magenta_light_lie_on_either_side():
    assert temperature(torch.tensor([0.6, 1.0, 0.6]))[1] > 0.02
    assert temperature(torch.tensor([1.0, 0.6, 1.0]))[1] < -0.02


def test_black_has_no_temperature():
    assert all(isnan(value) for value in temperature(torch.zeros(3)))


def test_bluer_than_any_black_body_is_the_hottest():
    assert temperature(torch.tensor([0.1, 0.3, 1.0]))[0] == pytest.approx(HOTTEST)
