"""The period and direction of what repeats, on drawn stripes, checks, dots and knits with shade, blur and noise."""

from math import degrees, pi

import numpy as np
import pytest
from repose.pipelines.garments.cloth import cloths
from repose.pipelines.garments.repeats import first_rise, repeats

from .drawing import cloth, dressed, grid, photographed


def bands(at, period, share=0.5):
    return ((at / period) % 1 < share).astype(np.float32)


def found(share, seed=0, **how):
    picture, garments = dressed(photographed(cloth(share), seed, **how))
    (upper,) = cloths(picture, garments)
    return repeats(upper)


def apart(one, other):
    away = abs(one - other) % 180
    return min(away, 180 - away)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("period", "angle", "share"),
    [(8, 0, 0.5), (12, 90, 0.3), (17, 30, 0.5), (30, 90, 0.2), (30, 135, 0.7), (45, 5, 0.5), (64, 90, 0.5)],
)
def test_stripes(period, angle, share, seed):
    across, _ = grid(angle)
    best, *_ = found(bands(across, period, share), seed)
    assert best.period == pytest.approx(period, rel=0.05)
    assert apart(degrees(best.orientation), angle) < 3
    assert best.second == 0 and best.confidence >= 0.5 and 0 <= best.orientation < pi


@pytest.mark.parametrize(("first", "second", "angle"), [(12, 12, 0), (24, 24, 15), (18, 30, 0), (33, 33, 5)])
def test_checks_have_two_periods(first, second, angle):
    across, along = grid(angle)
    best, *_ = found(0.5 * (bands(across, first) + bands(along, second)))
    assert sorted((best.period, best.second)) == pytest.approx(sorted((first, second)), rel=0.05)
    assert min(apart(degrees(best.orientation), angle), apart(degrees(best.orientation), angle + 90)) < 3


def test_dots():
    across, along = grid(0)
    away = np.hypot((across / 22) % 1 - 0.5, (along / 22) % 1 - 0.5)
    best, *_ = found((away < 0.28).astype(np.float32))
    assert (best.period, best.second) == pytest.approx((22, 22), rel=0.05)


def test_a_faint_knit():
    """Columns of loops, a tenth brighter and darker than the cloth."""
    across, along = grid(3)
    loops = 0.3 * np.sin(2 * pi * across / 9) + 0.2 * np.sin(2 * pi * along / 6.7)
    pixels = np.full((*across.shape, 3), 0.4, np.float32) * (1 + 0.25 * loops[..., None])
    picture, garments = dressed(photographed(pixels))
    (upper,) = cloths(picture, garments)
    best, *_ = repeats(upper)
    assert best.period == pytest.approx(9, rel=0.05) and apart(degrees(best.orientation), 3) < 3


@pytest.mark.parametrize("seed", range(6))
def test_plain_cloth_has_none(seed):
    """Folds, shade and grain are no pattern."""
    assert found(np.zeros(grid(0)[0].shape, np.float32), seed, folds=0.3, noise=0.03) == ()


def test_a_picture_twice_as_large_has_twice_the_period():
    small, large = (found(bands(grid(90)[0], period))[0] for period in (14, 28))
    assert large.period == pytest.approx(2 * small.period, rel=0.03)


def test_the_first_rise_of_a_wave_is_its_period():
    lags = np.arange(2, 54, 0.25)
    wave = np.cos(2 * pi * lags / 11.3)
    period, rise, high = first_rise(wave, lags)
    assert period == pytest.approx(11.3, abs=0.05) and rise == pytest.approx(2, abs=0.05) and high > 0.99
    assert first_rise(np.exp(-lags / 10), lags) == (0, 0, 0)
