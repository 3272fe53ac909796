"""Shifts found to a fraction of a pixel, and none where there is nothing to see."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from repose.pipelines.geometry.field import sample
from repose.pipelines.upscaling.alignment import as_one, positions, shift_between

SIZE = (120, 150)


def textured(seed=0):
    rough = torch.rand(1, 1, 40, 50, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(rough, SIZE, mode="bicubic")[0].clamp(0, 1)


def shown(photo, shift):
    return sample(photo, positions(SIZE) + shift.permute(1, 2, 0), "bicubic")


def everywhere(x, y):
    return torch.tensor([x, y]).reshape(2, 1, 1).expand(2, *SIZE)


INNER = (slice(12, -12), slice(12, -12))


@settings(max_examples=12, deadline=None)
@given(st.floats(-4, 4), st.floats(-3, 3), st.floats(0.7, 1.3), st.floats(-0.1, 0.1))
def test_a_shift_is_found_whatever_the_light(x, y, gain, more):
    photo, true = textured(), everywhere(x, y)
    result = gain * shown(photo, true) + more
    found = shift_between(result, photo, torch.ones(SIZE))
    off = torch.hypot(*(found - true))[INNER]
    still = (x * x + y * y) ** 0.5
    assert float(off.median()) < max(0.15, 0.5 * min(still, 0.5)), (
        "pixels; less than half a one may be left alone"
    )


def test_a_shift_that_changes_is_followed():
    photo = textured(1)
    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in SIZE), indexing="ij")
    true = torch.stack((1.5 * torch.sin(y / 25), 1.2 * torch.cos(x / 30)))
    off = torch.hypot(*(shift_between(shown(photo, true), photo, torch.ones(SIZE)) - true))[INNER]
    assert float(off.median()) < 0.15 and float(off.quantile(0.9)) < 0.6, "pixels"


@pytest.mark.parametrize("shade", [0.0, 0.02])
def test_plain_cloth_stays_where_it_is(shade):
    """Two plain pictures whose shade differs, with a little grain: no shift explains that."""
    grain = 0.004 * torch.randn(2, *SIZE, generator=torch.Generator().manual_seed(2))
    x = torch.linspace(0, 3, SIZE[1]).expand(SIZE)
    result, photo = 0.5 + grain[:1] + shade * torch.sin(x), 0.5 + grain[1:]
    off = torch.hypot(*shift_between(result, photo, torch.ones(SIZE)))
    assert float(off.median()) < 0.1 and float(off.quantile(0.95)) < 0.35, "pixels"


def test_another_picture_is_not_followed():
    found = shift_between(textured(3), textured(4), torch.ones(SIZE))
    assert float(torch.hypot(*found)[INNER].median()) < 0.8


def test_a_piece_moves_as_one():
    """An affine shift with a fifth of it wrong comes back whole, and nothing outside the piece changes."""
    at = positions(SIZE)
    true = torch.stack((0.02 * at[..., 0] - 0.01 * at[..., 1] + 1, 0.015 * at[..., 1] - 1))
    mask = (at[..., 0] > 30) & (at[..., 0] < 100) & (at[..., 1] > 20)
    told = true.clone()
    told[:, 60:80] += 4
    found = as_one(told, mask, torch.ones(SIZE))
    assert float((found - true).abs()[:, mask].mean()) < 0.5
    assert torch.equal(found[:, ~mask], told[:, ~mask])
    assert float((as_one(true, mask, torch.ones(SIZE)) - true).abs().max()) < 1e-3
