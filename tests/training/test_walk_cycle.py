"""The warp error of a walk: the same point of the body, found again in the next frame."""

from types import SimpleNamespace

import numpy as np
import torch

from training.walk_cycle import differences, points


def frame(shift: int, level: float = 0.0, deep: float = 0.0):
    """A picture (1, 3, 8, 12) whose every pixel comes from `shift` further right in the photo, brighter by `level`."""
    x, y = torch.meshgrid(torch.arange(12.0) + shift, torch.arange(8.0), indexing="xy")
    colour = ((7 * x + 13 * y) % 50 + level)[None, None].expand(1, 3, -1, -1) / 255
    places = {"source": torch.stack((x, y), -1), "source_depth": torch.full((8, 12), deep)}
    found = SimpleNamespace(part=torch.zeros(8, 12, dtype=torch.int64), visible=torch.ones(8, 12), **places)
    return colour, torch.ones(1, 1, 8, 12), found


def test_a_surface_that_moves_with_its_texture_has_no_error():
    pairs = differences(points(*frame(0), True), points(*frame(3), True))
    assert len(pairs) == 8 * 9 and np.abs(pairs).max() < 1e-3


def test_a_change_of_brightness_is_read_in_levels():
    pairs = differences(points(*frame(0), True), points(*frame(3, 2.0), True))
    assert np.allclose(pairs, 2, atol=1e-3)


def test_front_and_back_are_not_compared():
    assert len(differences(points(*frame(0), True), points(*frame(0, deep=40.0), True))) == 0
    assert points(*frame(0), False) == {}
