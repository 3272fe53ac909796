"""Windows of a picture: where their pixels lie, and that nothing shifts when they are resampled."""

import numpy as np
import pytest
import torch
from repose.pipelines.models.crops import Crop, Pyramid
from repose.pipelines.models.simcc import axis_moments, decode

CROPS = [
    Crop((50.0, 40.0), 64.0, (32, 32)),
    Crop((50.3, 40.7), 23.0, (48, 64), 0.7),
    Crop((10.0, 90.0), 900.0, (64, 64), -2.0),
]


@pytest.mark.parametrize("crop", CROPS)
def test_points_round_trip(crop):
    points = np.random.default_rng(0).uniform(-100, 100, (20, 2))
    assert np.allclose(crop.to_crop(crop.to_picture(points)), points, atol=1e-9)
    assert np.allclose(crop.to_picture((np.array(crop.size[::-1]) - 1) / 2), crop.centre)


def test_positive_angle_is_clockwise():
    crop = Crop((0.0, 0.0), 10.0, (10, 10), np.pi / 2)
    right = crop.to_picture(np.array([5.5, 4.5])) - crop.to_picture(np.array([4.5, 4.5]))
    assert np.allclose(right, [0, 1], atol=1e-9), "the crop's x axis points down in the picture"


def ramps(height: int, width: int) -> torch.Tensor:
    """Channels: each pixel's own x and y."""
    y, x = torch.meshgrid(torch.arange(height).float(), torch.arange(width).float(), indexing="ij")
    return torch.stack((x, y, x + y))[None]


@pytest.mark.parametrize("scale", [0.3, 1.0, 1.7, 2.0, 5.3, 17.0])
@pytest.mark.parametrize("angle", [0.0, 0.6, -2.5])
def test_sampling_is_where_it_says(scale, angle):
    """A picture whose values are its coordinates: a sample must read its own position."""
    picture = Pyramid(ramps(900, 1000))
    crop = Crop((503.2, 447.9), 16 * scale, (12, 16), angle)
    found = crop.sample(picture)[0, :2].permute(1, 2, 0).numpy()
    v, u = np.mgrid[0:12, 0:16]
    error = np.abs(found - crop.to_picture(np.stack((u, v), -1).astype(float))).max()
    assert error < 0.02 * max(scale, 1), f"{error:.3f} pixels off at scale {scale}"


def test_outside_is_filled_and_a_miss_is_all_fill():
    picture = Pyramid(torch.ones(1, 3, 20, 20))
    half = Crop((0.0, 10.0), 16.0, (16, 16)).sample(picture, fill=0.25)
    assert half[0, 0, 8, 0] == 0.25 and half[0, 0, 8, 15] == 1
    assert (Crop((900.0, 900.0), 16.0, (16, 16)).sample(picture, fill=0.25) == 0.25).all()


@pytest.mark.parametrize("size", [(64, 64), (1, 1), (7, 3)])
def test_tiny_pictures_can_be_sampled(size):
    crop = Crop(((size[1] - 1) / 2, (size[0] - 1) / 2), 4.0 * max(size), (32, 32))
    assert crop.sample(Pyramid(torch.rand(1, 3, *size))).shape == (1, 3, 32, 32)


def test_a_large_picture_is_not_copied_whole():
    picture = torch.zeros(1, 3, 1, 1).expand(1, 3, 60_000, 80_000)  # would be 57 GB
    assert Crop((500.0, 700.0), 200.0, (128, 128)).sample(Pyramid(picture)).shape == (1, 3, 128, 128)


def label(centre: float, bins: int = 384, deviation: float = 4.9) -> torch.Tensor:
    """What the networks are trained to answer."""
    return torch.exp(-((torch.arange(bins) - centre) ** 2) / (2 * deviation**2))


@pytest.mark.parametrize("centre", [100.0, 100.25, 100.5, 101.9, 20.0])
def test_decoding_is_sub_pixel(centre):
    mean, deviation, peak = axis_moments(label(centre))
    assert abs(mean.item() - centre) < 0.02, f"{mean.item()} bins, expected {centre}"
    # softmax(10 * gaussian) is about a normal distribution of deviation / sqrt(10).
    assert deviation.item() == pytest.approx(4.9 / 10**0.5, rel=0.15) and peak > 0.98


def test_a_second_peak_does_not_draw_the_first():
    assert abs(axis_moments(label(100) + 0.9 * label(250))[0].item() - 100) < 0.05


def test_confidence_is_the_worse_axis_in_the_heads_own_scale():
    x, y = label(100)[None, None], 0.4 * label(200, 512)[None, None]
    for scale in (1.0, 10.0):
        points, confidence, _ = decode(scale * x, scale * y, scale)
        assert confidence.item() == pytest.approx(0.4, abs=0.01)
        assert points[0, 0].tolist() == pytest.approx([50, 100], abs=0.05)
