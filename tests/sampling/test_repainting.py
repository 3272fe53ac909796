"""How much of each pixel is painted anew."""

from types import SimpleNamespace

import pytest
import torch
from repose.pipelines.sampling.repainting import GENTLE, TORN, repaint_mask

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
