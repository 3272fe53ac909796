"""Very large photos: what was not touched stays, what moved keeps its detail."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from repose.pipelines import native

from ..geometry import people


def positions(height, width):
    y, x = torch.meshgrid(torch.arange(float(height)), torch.arange(float(width)), indexing="ij")
    return torch.stack((x, y), -1)


@pytest.fixture()
def photo():
    """(1, 3, 120, 160) fine stripes on a ramp: lost at half the size."""
    y, x = torch.meshgrid(torch.arange(120.0), torch.arange(160.0), indexing="ij")
    grey = 0.3 + 0.002 * x + 0.2 * (y.long() % 2)
    return grey.expand(1, 3, 120, 160).contiguous()


def test_ordinary_pictures_are_worked_on_as_they_are():
    assert native.working_size((2752, 1536)) == (2752, 1536)


@pytest.mark.parametrize("size", [(6000, 8000), (8000, 6000), (4000, 2100), (1000, 60_000)])
def test_very_large_ones_are_made_smaller_in_proportion(size):
    height, width = native.working_size(size)
    assert height * width <= 1.01 * native.WORKING_PIXELS
    assert height / size[0] == pytest.approx(width / size[1], rel=0.02)


def test_an_unchanged_result_gives_the_photo_bit_for_bit(photo):
    small = native.resized(photo, (60, 80))
    nowhere = torch.full((60, 80, 2), torch.nan)
    assert torch.equal(native.with_detail(photo, small, small, nowhere, torch.zeros(60, 80)), photo)


def test_what_moved_keeps_the_stripes_that_the_small_picture_lost(photo):
    """Moved by 5 working pixels to the right: the answer is the photo moved by 10."""
    small = native.resized(photo, (60, 80))
    result = torch.roll(small, 5, 3)
    source = positions(60, 80) - torch.tensor([5.0, 0])
    source[:, :5] = torch.nan
    made = native.with_detail(photo, small, result, source, torch.ones(60, 80))
    inside = (slice(None), slice(None), slice(4, -4), slice(20, -4))
    assert float((made - torch.roll(photo, 10, 3))[inside].abs().max()) < 1e-3
    blurred = F.interpolate(result, size=(120, 160), mode="bilinear")
    assert float((blurred - torch.roll(photo, 10, 3))[inside].abs().mean()) > 0.05, "the test could not fail"


def test_what_was_hidden_gets_no_detail(photo):
    small = native.resized(photo, (60, 80))
    made = native.with_detail(
        photo, small, torch.full_like(small, 0.5), positions(60, 80), torch.zeros(60, 80)
    )
    assert torch.allclose(made, torch.tensor(0.5))


def test_progress_reaches_one(photo):
    told = []
    small = native.resized(photo, (60, 80))
    native.with_detail(photo, small, small, positions(60, 80), torch.ones(60, 80), told.append)
    assert told[-1] == 1


def test_a_large_photo_is_moved_like_a_small_one(monkeypatch):
    """The drawn person, moved by 30 pixels at half the size: colours, alpha and place agree with the warp's own."""
    skeleton = people.standing()
    picture, matte = people.draw(skeleton)
    target = skeleton.moved(np.array([30.0, 0.0]))
    exact = native.warped(picture, matte, skeleton, target)
    monkeypatch.setattr(native, "WORKING_PIXELS", picture.shape[2] * picture.shape[3] // 4)
    made = native.warped(picture, matte, skeleton, target)
    assert made.colour.shape == picture.shape and made.correspondence.depth.shape == (240, 180)
    assert float((made.alpha - exact.alpha).abs().mean()) < 0.01
    inside = (exact.alpha > 0.99).expand_as(picture)
    assert float((made.colour - exact.colour)[inside].abs().mean()) < 0.02
