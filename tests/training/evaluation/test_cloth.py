"""What patterns on cloth are measured by."""

import math

import pytest
import torch

from training.evaluation.cloth import CLOTHS, Cloth, Score, _on_surface, table


def test_a_pattern_is_itself_a_period_further_and_not_half_a_period():
    stripes = Cloth("stripes", 20.0, math.pi / 2)
    place = torch.tensor([[3.0, 5.0], [70.0, 5.0], [3.0, 25.0], [3.0, 15.0]])
    first, along, next_, between = stripes.at(place).tolist()
    assert along == pytest.approx(first, abs=1e-4) and next_ == pytest.approx(first, abs=1e-4)
    assert between == pytest.approx(1 - first, abs=1e-4)


def test_a_check_has_three_shades_and_stripes_two():
    place = torch.stack(torch.meshgrid(torch.arange(48.0), torch.arange(48.0), indexing="xy"), -1)
    check = Cloth("check", 24.0, 0.0, True).at(place)
    assert sorted({round(v, 1) for v in check.flatten().tolist() if v in (0.0, 0.5, 1.0)}) == [0.0, 0.5, 1.0]
    assert float(check.mean()) == pytest.approx(0.5, abs=0.02)


def test_waves_on_a_tilted_surface_are_longer_than_they_look():
    """A plane turned by 60 degrees about the vertical: what is 10 pixels apart across is 20 on it, and along 10."""
    normal = torch.tensor([[0.0, 0.0, -1.0], [math.sin(math.pi / 3), 0.0, -0.5]])
    across, along = torch.tensor([0.1, 0.0]), torch.tensor([0.0, 0.1])
    length, angle = _on_surface(torch.stack((across, along)).expand(2, 2, 2), normal)
    assert length.tolist() == pytest.approx([0.1, 0.05], rel=1e-5)
    assert torch.rad2deg(angle).tolist() == pytest.approx([90, 90], abs=0.1)
    slanted = torch.tensor([0.1, 0.1]) / math.sqrt(2)
    _, angle = _on_surface(torch.stack((slanted, along)).expand(2, 2, 2), normal)
    assert torch.rad2deg(angle).tolist() == pytest.approx([45, math.degrees(math.atan(0.5))], abs=0.1)


def test_the_table_has_means_by_cloth():
    name = CLOTHS[0].name
    text = table([Score(name, "a", "p", 0.2, 0.6), Score(name, "b", "p", 0.4, 0.8)])
    assert f"| {name} | 2 | 0.300 | 0.700 |" in text and "slogan" not in text
