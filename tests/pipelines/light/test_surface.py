"""The person's part of a picture, made smaller, and back."""

import pytest
import torch
from repose.pipelines.light.surface import Surface, box_of, given_normals, photographed, small_size

from ...geometry.people import draw, standing


def test_a_box_has_a_margin_and_stays_in_the_picture():
    mask = torch.zeros(100, 80)
    mask[20:70, 0:10] = 1
    assert box_of(mask) == (0, 18, 12, 72)
    assert box_of(torch.zeros(5, 5)) is None
    assert small_size((0, 0, 100, 400)) == (320, 80) and small_size((0, 0, 20, 30)) == (30, 20)


def test_what_is_spread_comes_back():
    surface = Surface(
        torch.zeros(3, 30, 20), torch.zeros(30, 20), torch.ones(30, 20), (10, 5, 50, 65), (100, 80)
    )
    values = torch.rand(2, 30, 20)
    whole = surface.spread(values, beyond=7.0)
    assert whole.shape == (1, 2, 100, 80) and float(whole[0, 0, 0, 0]) == 7.0
    assert float((surface.of(whole) - values).abs().mean()) < 0.15
    assert torch.allclose(surface.of(torch.ones(1, 1, 100, 80)), torch.ones(1, 30, 20))
    with pytest.raises(ValueError, match="80 x 100 pixels, this one has 20 x 10"):
        surface.of(torch.zeros(1, 3, 10, 20))


def test_normal_maps_turn_into_the_cameras_frame():
    """Red is right, green up, blue to the camera."""
    painted = torch.tensor([1.0, 0.5, 0.5])[:, None, None].expand(3, 40, 30)[None]
    found = given_normals(painted, torch.ones(1, 1, 40, 30))
    assert found.normal[:, 20, 15].tolist() == pytest.approx([1, 0, 0], abs=1e-5)
    up = torch.tensor([0.5, 1.0, 0.5])[:, None, None].expand(3, 40, 30)[None]
    assert given_normals(up, torch.ones(1, 1, 40, 30)).normal[1, 20, 15] == pytest.approx(-1, abs=1e-5)
    assert given_normals(up, torch.zeros(1, 1, 40, 30)) is None


def test_the_volume_bulges_towards_the_camera():
    skeleton = standing()
    picture, matte = draw(skeleton)
    found = photographed(picture, matte, skeleton)
    inside = found.cover > 0.9
    assert bool((found.normal[2][inside] <= 0).all())
    assert found.normal.norm(dim=0)[inside].mean() > 0.95
    columns = torch.arange(found.size[1]).expand(found.size)[inside].float()
    left, right = columns < columns.quantile(0.3), columns > columns.quantile(0.7)
    nx = found.normal[0][inside]
    assert float(nx[right].mean()) > 0.1 > -0.1 > float(nx[left].mean()), "its sides look outwards"
    assert photographed(picture, torch.zeros_like(matte), skeleton) is None
