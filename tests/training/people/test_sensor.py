"""The sensor: nothing at strength 0, the same again by seed, and nothing moves."""

import pytest
import torch

from training.people.render import sensor


def disc(size=96):
    at = torch.arange(size, dtype=torch.float32)
    away = (at[:, None] - 45.3).hypot(at - 50.7)
    return (0.25 + 0.5 * (20 - away + 0.5).clamp(0, 1)).expand(3, size, size).clone()


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def test_strength_zero_is_the_picture_bit_for_bit():
    picture = torch.rand(3, 33, 47)
    out, record = sensor.apply(picture, seeded(0), 0)
    assert torch.equal(out, picture) and record == {}


def test_the_same_again_by_seed():
    first, second = (sensor.apply(disc(), seeded(4)) for _ in range(2))
    assert torch.equal(first[0], second[0]) and first[1] == second[1]
    assert not torch.equal(first[0], sensor.apply(disc(), seeded(5))[0])


def test_the_record_says_what_was_done():
    _, record = sensor.apply(disc(), seeded(1))
    assert {"strength", "exposure_stops", "warmth_stops", "blur_sigma", "electrons", "jpeg_quality"} <= set(
        record
    )
    assert 20 <= record["jpeg_quality"] <= 98


@pytest.mark.parametrize("strength", [0.5, 1.0, 2.0])
def test_nothing_moves(strength):
    """The disc's centroid: sensor noise shakes it a little, no step may shift it."""
    at = torch.arange(96, dtype=torch.float32)
    shifts = []
    for seed in range(30):
        out = sensor.apply(disc(), seeded(seed), strength)[0].mean(0)
        mass = ((out - out[:15].mean()) / (out[45, 50] - out[:15].mean())).clamp(0, 1)
        mass = torch.where(mass > 0.3, mass, 0.0)[20:72, 25:77]
        shifts.append(
            [(mass.sum(1) @ at[20:72]) / mass.sum() - 45.3, (mass.sum(0) @ at[25:77]) / mass.sum() - 50.7]
        )
    shifts = torch.tensor(shifts)
    assert float(shifts.mean(0).abs().max()) < 0.06, "pixels on average"
    assert float(shifts.abs().median()) < 0.15


@pytest.mark.parametrize("size", [(32, 32), (64, 96), (257, 129)])
def test_output_is_a_picture_of_the_same_size(size):
    for seed in range(6):
        out, _ = sensor.apply(torch.rand(3, *size, generator=seeded(9)), seeded(seed), 2.0)
        assert out.shape == (3, *size)
        assert 0 <= float(out.min()) and float(out.max()) <= 1


def test_stronger_is_further_from_the_picture():
    far = [
        sum(float((sensor.apply(disc(), seeded(s), strength)[0] - disc()).abs().mean()) for s in range(12))
        for strength in (0.3, 1.0, 2.0)
    ]
    assert far[0] < far[1] < far[2]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="strength -1 is negative"):
        sensor.apply(disc(), seeded(0), -1)
    with pytest.raises(ValueError, match=r"\(3, H, W\), got \(1, 8, 8\)"):
        sensor.apply(torch.zeros(1, 8, 8), seeded(0))
