"""Patterns: shares of colours at their real scale, without aliases."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.people.cloth.patterns import PATTERNS, Grid, coloured, stripe
from training.people.cloth.weaves import WEAVES, bumped, slopes
from training.people.draws import Draw


def draw(seed=0):
    return Draw(torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", list(PATTERNS))
@pytest.mark.parametrize(("size", "metres"), [(16, 2.0), (96, 0.2), (128, 1.3)])
def test_shares_are_shares(name, size, metres):
    pattern, colours = PATTERNS[name]
    for seed in range(3):
        shares = pattern(Grid.of(size, (metres, metres * 0.8)), draw(seed))
        assert shares.shape[0] <= colours and shares.shape[1:] == (size, size)
        assert float(shares.min()) >= -1e-5
        assert torch.allclose(shares.sum(0), torch.ones(size, size), atol=1e-4)


@given(st.floats(0.01, 5), st.floats(0.05, 0.95), st.floats(0.01, 20), st.floats(0, 1))
def test_stripe_is_the_exact_mean_over_the_texel(period, share, width, shift):
    at = torch.linspace(0, 3, 7, dtype=torch.float64)
    steps = (torch.arange(4000, dtype=torch.float64) + 0.5) / 4000 - 0.5
    place = (at[:, None] + steps * width) / period - shift
    counted = ((place - torch.floor(place)) < share).double().mean(1)
    assert torch.allclose(stripe(at, period, share, width, shift), counted, atol=0.02 + 2e-3 * width / period)


@pytest.mark.parametrize("name", ["stripes", "breton", "gingham", "tartan", "windowpane", "pinstripe"])
def test_coarse_sheets_are_averages_of_fine_ones(name):
    """No alias: a sheet of few texels shows what many texels show on average."""
    for seed in range(4):
        fine, coarse = (PATTERNS[name][0](Grid.of(n, (0.5, 0.5)), draw(seed)) for n in (640, 40))
        pooled = torch.nn.functional.avg_pool2d(fine[None], 16)[0]
        assert float((pooled - coarse).abs().mean()) < 0.035


@pytest.mark.parametrize("metres", [0.4, 1.1])
def test_breton_lines_keep_their_real_distance(metres):
    shares = PATTERNS["breton"][0](Grid.of(256, (metres, metres)), draw(2))
    dark = shares[1][:, 0] > 0.5
    lines = int((dark[1:] & ~dark[:-1]).sum())
    period = draw(2).between(0.02, 0.032)
    assert lines == pytest.approx(metres / period, abs=1)


def test_houndstooth_fades_where_texels_are_too_coarse():
    shares = PATTERNS["houndstooth"][0](Grid.of(32, (3.0, 3.0)), draw(0))
    assert float(shares.std((1, 2)).max()) < 1e-4


def test_colours_are_mixed_by_share():
    shares = torch.tensor([[[0.25]], [[0.75]]])
    mixed = coloured(shares, torch.tensor([[1.0, 0.0, 0.2], [0.0, 1.0, 0.2]]))
    assert torch.allclose(mixed[:, 0, 0], torch.tensor([0.25, 0.75, 0.2]))
    with pytest.raises(ValueError, match="2 colours, got 1"):
        coloured(shares, torch.ones(1, 3))


def test_a_sheet_needs_an_extent():
    with pytest.raises(ValueError, match="no extent"):
        Grid.of(64, (0.0, 1.0))


@pytest.mark.parametrize("name", list(WEAVES))
@pytest.mark.parametrize("metres", [0.1, 1.5])
def test_weaves_are_even_about_one(name, metres):
    woven = WEAVES[name](Grid.of(128, (metres, metres)), draw(1))
    for plane in woven:
        assert plane is None or bool(torch.isfinite(plane).all())
    assert 0.7 < float(woven.shade.mean()) < 1.2
    if woven.mix is not None:
        assert 0 <= float(woven.mix.min()) and float(woven.mix.max()) <= 1
    if woven.cover is not None:
        assert 0.2 < float(woven.cover.mean()) < 0.95


def test_slopes_of_a_plane_tilt_the_normal_against_the_rise():
    grid = Grid.of(64, (0.64, 0.32))
    rise = slopes(0.5 * grid.x - 0.25 * grid.y, grid)[:, 8:-8, 8:-8]
    assert torch.allclose(rise[0], torch.tensor(0.5), atol=1e-3)
    assert torch.allclose(rise[1], torch.tensor(0.25), atol=1e-3), "up is against v"
    normal = bumped(rise, None)
    expected = torch.nn.functional.normalize(torch.tensor([-0.5, -0.25, 1.0]), dim=0)
    assert torch.allclose(normal[:, 5, 5], expected, atol=1e-3)


def test_flat_relief_keeps_the_garments_normals():
    own = torch.nn.functional.normalize(
        torch.randn(3, 80, 80).abs() + torch.tensor([0, 0, 1.0])[:, None, None], dim=0
    )
    assert torch.allclose(bumped(torch.zeros(2, 80, 80), own), own, atol=1e-5)
