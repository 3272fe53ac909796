"""Control pictures: near is bright, left is red, up is green, towards the camera blue."""

from dataclasses import replace

import pytest
import torch
from repose.pipelines.sampling.control import FAR, depth_pictures, normal_pictures

from .networks import identity


@pytest.fixture
def found():
    """8 x 8 pixels, the two lowest rows the room; deeper from left to right."""
    one = identity(8)
    part, depth, normal = one.part.clone(), torch.arange(8.0).expand(8, 8).clone(), one.normal.clone()
    part[6:], depth[6:], normal[6:] = -1, torch.nan, 0
    normal[0] = torch.tensor([-1.0, 0, 0])  # faces the picture's left
    normal[1] = torch.tensor([0.0, -1, 0])  # faces up: y is down
    return replace(one, part=part, depth=depth, normal=normal)


def test_depth(found):
    made = depth_pictures([found, found])
    assert made.shape == (2, 3, 8, 8) and torch.equal(made[:, 0], made[:, 2])
    assert made[0, 0, 3, 0] == 1 and made[0, 0, 3, 7] == pytest.approx(FAR) and (made[..., 6:, :] == 0).all()
    assert (made[0, 0, :6].diff(dim=1) < 0).all()


def test_depth_of_nobody_is_black(found):
    nobody = replace(found, depth=torch.full((8, 8), torch.nan), part=torch.full((8, 8), -1))
    assert (depth_pictures([nobody]) == 0).all()


def test_normals(found):
    made = normal_pictures([found])[0]
    for row, colour in ((0, (1, 0.5, 0.5)), (1, (0.5, 1, 0.5)), (3, (0.5, 0.5, 1)), (7, (0.5, 0.5, 1))):
        assert made[:, row, 4].tolist() == pytest.approx(colour)
