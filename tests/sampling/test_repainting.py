"""How much of each pixel is painted anew."""

from types import SimpleNamespace

import pytest
import torch
from repose.pipelines.sampling.repainting import CELL, GENTLE, TORN, due, laid_back, repaint_mask

SIZE = (32, 24)


def found(visible: float, stretch: float) -> SimpleNamespace:
    full = torch.ones(SIZE)
    return SimpleNamespace(
        part=torch.zeros(SIZE, dtype=torch.int64), visible=visible * full, stretch=stretch * full
    )


@pytest.mark.parametrize(
    ("visible", "stretch", "expected"),
    [
        (1, 1, 0.2),
        (0, 1, 0.9),
        (1, GENTLE, 0.2),
        (1, TORN, 0.9),
        (1, (GENTLE + TORN) / 2, 0.55),
        (1, 0.2, 0.2),
    ],
)
def test_shares(visible, stretch, expected):
    mask = repaint_mask([found(visible, stretch)], torch.ones(1, 1, *SIZE), SIZE, 0.2, 0.9, 0.0)
    assert mask.shape == (1, 1, *SIZE) and torch.allclose(mask, torch.tensor(expected))


def test_the_background_has_its_own_share_and_the_border_is_soft():
    person = torch.zeros(1, 1, *SIZE)
    person[..., :12] = 1
    mask = repaint_mask([found(0, 1)], person, SIZE, 0.2, 0.8, 0.1)[0, 0, 5]
    assert mask[2] == pytest.approx(0.8) and mask[-2] == pytest.approx(0.1) and 0.1 < mask[11] < 0.8


def test_counts_and_sizes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="2 people, 3 correspondences"):
        repaint_mask([found(1, 1)] * 3, torch.ones(2, 1, *SIZE), SIZE, 0.2, 0.9, 0.0)
    with pytest.raises(ValueError, match="24 x 32 pixels, the person 8 x 8"):
        repaint_mask([found(1, 1)], torch.ones(1, 1, 8, 8), SIZE, 0.2, 0.9, 0.0)


def test_a_place_is_painted_once_its_share_of_the_schedule_has_come():
    share = torch.tensor([0.0, 0.3, 0.85, 1.0])
    assert due(share, 1.0).tolist() == [0, 0, 0, 1] and due(share, 0.5).tolist() == [0, 0, 1, 1]
    assert due(share, 0.3).tolist() == [0, 1, 1, 1] and due(share, 0.0).tolist() == [1, 1, 1, 1]


def test_what_was_not_painted_keeps_its_pixels():
    before, painted = torch.rand(1, 3, 96, 96), torch.ones(1, 3, 96, 96)
    share = torch.zeros(1, 1, 96, 96)
    share[..., 40:56, 40:56] = 0.5
    made = laid_back(before, painted, share)
    assert torch.equal(made[..., 40:56, 40:56], painted[..., 40:56, 40:56])
    outside = torch.ones(96, 96, dtype=torch.bool)
    outside[40 - 2 * CELL : 56 + 2 * CELL, 40 - 2 * CELL : 56 + 2 * CELL] = False
    assert torch.equal(made[..., outside], before[..., outside])
    across = laid_back(torch.zeros(1, 3, 96, 96), painted, share)[0, 0, 48]
    assert (across[:48].diff() >= 0).all() and across.diff().abs().max() < 0.1


def test_pixels_that_a_decoder_lost_are_not_laid_back():
    """Not-a-number where nothing was to be painted leaves no trace."""
    before, share = torch.rand(1, 3, 64, 64), torch.zeros(1, 1, 64, 64)
    assert torch.equal(laid_back(before, torch.full_like(before, torch.nan), share), before)
