"""The line along which a limb ends before the body."""

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.layout import Layout
from repose.pipelines.geometry.limb_outline import limb_outline

SIZE, RADIUS = (240, 160), 12.0
START, END = np.array([60.0, 40.0]), np.array([60.0, 200.0])
CLOTH = torch.tensor([0.2, 0.25, 0.4])


@pytest.fixture
def layout():
    return Layout((0, 0), SIZE, 4, SIZE, torch.device("cpu"))


def cloth(seed: int = 0) -> torch.Tensor:
    noise = torch.rand(3, *SIZE, generator=torch.Generator().manual_seed(seed))
    return CLOTH[:, None, None] + 0.03 * (noise - 0.5)


def matte(left: int) -> torch.Tensor:
    """A person whose outline lies `left` pixels to the left of the bone."""
    mask = torch.zeros(SIZE)
    mask[:, 60 - left :] = 1
    return mask


def breadths(layout, picture, mask):
    """Half-breadths to the right and to the left; a bone that runs down has its right side at negative distances."""
    found = limb_outline(layout, picture, mask, START, END, RADIUS)
    right, left = found.at(torch.tensor([-1.0, 1.0])[:, None], torch.linspace(0.1, 0.9, 9).expand(2, 9))
    return (right[0], left[0]), (right[1], left[1])


@pytest.mark.parametrize("breadth", [9, 13, 16])
def test_a_dark_fold_between_sleeve_and_shirt_of_one_cloth_is_followed(layout, breadth):
    picture = cloth()
    picture[:, :, 60 + breadth : 63 + breadth] *= 0.5
    (right, clear), (left, _) = breadths(layout, picture, matte(13))
    assert (
        breadth - 1.5 < float(right.min()) and float(right.max()) < breadth + 4.5 and float(clear.min()) > 0.9
    )
    assert float((left - 13).abs().max()) < 2


def test_a_line_that_swings_is_followed(layout):
    picture = cloth()
    rows = torch.arange(SIZE[0])
    place = 72 + (4 * torch.sin(rows / 25)).round().long()
    for k in range(3):
        picture[:, rows, place + k] *= 0.4
    found = limb_outline(layout, picture, matte(12), START, END, RADIUS)
    along = torch.linspace(0.1, 0.9, 9)
    width, _ = found.at(torch.full_like(along, -1.0), along)
    wanted = place[(40 + along * 160).long()] + 1.5 - 60  # the middle of the line
    assert float((width - wanted).abs().max()) < 4


def test_plain_cloth_has_no_clear_line_and_the_limb_is_as_broad_as_on_its_other_side(layout):
    (right, clear), _ = breadths(layout, cloth(), matte(10))
    assert float(clear.max()) < 0.5
    assert float((right - 10).abs().max()) < 2.5


def test_where_nobody_is_there_is_no_limb(layout):
    mask = matte(12)
    mask[:, 75:] = 0
    picture = torch.where(mask > 0, cloth(), 0.9)
    (right, _), (left, _) = breadths(layout, picture, mask)
    assert float((right - 15).abs().max()) < 2 and float((left - 12).abs().max()) < 2
