"""A bar before a wall: its shadow falls away from the light, and it closes the wall in."""

import pytest
import torch
from repose.pipelines.light.occlusion import key_seen, opened

SIZE = (100, 100)


@pytest.fixture(scope="module")
def bar():
    """Depth (pixels) and cover: a wall at 20, an upright bar ten pixels before it."""
    depth = torch.full(SIZE, 20.0)
    depth[:, 46:54] = 10.0
    return depth, torch.ones(SIZE)


def test_a_shadow_falls_away_from_the_light(bar):
    from_left = torch.tensor([-0.7, 0.0, -0.714])
    seen = key_seen(*bar, from_left, radius=0.02)
    row = seen[50]
    assert float(row[56:62].mean()) < 0.2, "to the right of the bar, as far as it stands before the wall"
    assert float(row[20:44].min()) > 0.95 and float(row[75:].min()) > 0.95
    assert float(row[47:53].min()) > 0.95, "nothing stands before the bar"
    mirrored = key_seen(bar[0].flip(1), bar[1], from_left * torch.tensor([-1.0, 1, 1]), radius=0.02)
    assert torch.allclose(mirrored.flip(1), seen, atol=1e-6)


def test_light_from_the_camera_shadows_nothing(bar):
    assert float(key_seen(*bar, torch.tensor([0.0, 0.0, -1.0])).min()) > 0.95


def test_what_lies_far_behind_gets_no_shadow():
    """A thin thing is not solid all the way back."""
    depth = torch.full(SIZE, 80.0)
    depth[:, 46:54] = 0.0
    seen = key_seen(depth, torch.ones(SIZE), torch.tensor([-0.7, 0.0, -0.714]), radius=0.02)
    assert float(seen[50, 56:62].mean()) > 0.8


def test_corners_are_less_open_than_the_free_wall(bar):
    normal = torch.zeros(3, *SIZE)
    normal[2] = -1
    found = opened(*bar, normal)
    assert float(found[50, 55]) < 0.95 and float(found[50, 20]) == pytest.approx(1.0)
    assert float(found[50, 49]) == pytest.approx(1.0), "the bar's own face is open"


def test_nobody_casts_nothing():
    nothing = torch.zeros(SIZE)
    assert bool((key_seen(nothing, nothing, torch.tensor([-0.7, 0.0, -0.7])) == 1).all())
    assert bool((opened(nothing, nothing, torch.zeros(3, *SIZE)) == 1).all())
