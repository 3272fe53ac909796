"""The purpose-made failures are what they say, and the table counts them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pipelines.geometry.colour import delta_e_2000, encoded, lab, linear
from pipelines.geometry.garments import NUMBER, GarmentMap
from pipelines.geometry.lighting import LightField
from pipelines.geometry.parts import INDEX
from pipelines.geometry.warped import Correspondence
from training.light.check import TRUE, Row, area, table
from training.light.check_pairs import LitPair, failures

SIZE = (80, 80)


@pytest.fixture(scope="module")
def pair():
    """An arm beside a trunk, each 40 pixels broad; the arm's lower half is hidden."""
    y, x = torch.meshgrid(torch.arange(80.0), torch.arange(80.0), indexing="ij")
    arm = x < 40
    part = torch.where(arm, INDEX["left_upper_arm"], INDEX["chest"])
    labels = torch.where(arm, NUMBER["left_arm_skin"], NUMBER["upper"])[None, None].to(torch.uint8)
    normal = torch.tensor([0.6, 0.0, -0.8]).expand(80, 80, 3)
    one = torch.ones(SIZE)
    seen = (~(arm & (y >= 40))).float()
    found = Correspondence(torch.stack((x, y), -1), seen, one, part, one, normal, normal, part * 0)
    light = replace(
        LightField.flat(torch.full((3,), 0.4)),
        key_direction=torch.tensor([0.6, 0.0, -0.8]),
        key_colour=torch.full((3,), 0.4),
        confidence=1.0,
    )
    colour = torch.where(arm, torch.tensor([0.4, 0.25, 0.18])[:, None, None], torch.full((3, 1, 1), 0.3))
    picture = encoded(colour)[None]
    person = torch.ones(1, 1, *SIZE)
    worn = GarmentMap(labels, torch.zeros_like(person), person)
    shadow = torch.tensor([-0.6, 0.0, 0.8])
    return LitPair("x", picture, picture, person, found, worn, worn, light, shadow)


def ratio(pair, bad, y, x):
    return (linear(bad.result) / linear(pair.result))[0, :, y, x]


def test_gains(pair):
    made = failures(pair)
    assert float(ratio(pair, made["arm +10 %"], 10, 10)[1]) == pytest.approx(1.1, rel=1e-3)
    assert float(ratio(pair, made["arm +10 %"], 10, 60)[1]) == pytest.approx(1, rel=1e-3)
    assert float(ratio(pair, made["trunk -10 %"], 10, 60)[1]) == pytest.approx(0.9, rel=1e-3)
    values = (made["arm +10 % sRGB"].result / pair.result)[0, 1, 10, 10]
    assert float(values) == pytest.approx(1.1, rel=1e-3)
    red, _, blue = ratio(pair, made["+800 K"], 10, 60).tolist()
    assert red < 1 < blue


def test_mirrored_light_is_the_ratio_of_the_two(pair):
    """All faces (0.6, 0, -0.8): the key gave 0.4, mirrored it gives 0.4 (0.64 - 0.36) = 0.112."""
    bad = failures(pair)["mirrored light"]
    assert float(ratio(pair, bad, 10, 60)[0]) == pytest.approx(0.512 / 0.8, rel=2e-3)


@pytest.mark.parametrize(
    ("name", "place", "shift"), [("hidden skin 6 dE", (60, 10), 6), ("garment 8 dE", (10, 60), 8)]
)
def test_tints(pair, name, place, shift):
    bad = failures(pair)[name]
    first, second = (lab(one.result)[0, :, place[0], place[1]] for one in (pair, bad))
    assert float(delta_e_2000(first, second)) == pytest.approx(shift, abs=0.05)
    assert torch.equal(bad.result[..., 10, 10], pair.result[..., 10, 10]), "known skin stays"


def test_the_wrong_side(pair):
    assert failures(pair)["shadow's wrong side"].shadow.tolist() == pytest.approx([0.6, 0.0, 0.8])
    assert "shadow's wrong side" not in failures(replace(pair, shadow=None))


def test_the_area_under_the_curve():
    assert area(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == 1
    assert area(np.array([1.0, 3.0]), np.array([2.0])) == 0.5
    assert np.isnan(area(np.array([]), np.array([1.0])))


def test_the_table():
    nan = float("nan")
    rows = [
        Row("a", TRUE, True, 0.9, {"limb brightness": (2.0, 4.0)}),
        Row("b", TRUE, False, 0.3, {"limb brightness": (6.0, 4.0)}),
        Row("a", "arm +10 %", False, 0.2, {"limb brightness": (8.0, 4.0)}),
        Row("b", "arm +10 %", True, 1.0, {"limb brightness": (nan, nan)}),
    ]
    made = table(rows)
    assert "| arm +10 % | 2 | limb brightness | 1.000 | 50% | 50% |" in made
    assert (
        "true pair: 2, nothing told 0; of the others failed 50.0%" in made
        and "| limb brightness | 2 | 1 | 4 | 5.8 | 4 |" in made
    )
