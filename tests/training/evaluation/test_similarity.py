"""SSIM against scikit-image's where that is here, and what every measure must be on known pictures."""

import math

import pytest
import torch

from training.evaluation import similarity


@pytest.fixture()
def picture():
    return torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64).float()


def disc(height, width, y, x, radius):
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return ((rows - y) ** 2 + (columns - x) ** 2 <= radius**2).float()[None, None]


def test_ssim_is_one_only_for_the_same_picture(picture):
    assert similarity.ssim(similarity.structure(picture, picture)) == pytest.approx(1)
    worse = [
        similarity.ssim(similarity.structure(picture, similarity.blurred(picture, s))) for s in (0.5, 1, 3)
    ]
    assert 1 > worse[0] > worse[1] > worse[2]


def test_ssim_is_scikit_images(picture):
    metrics = pytest.importorskip("skimage.metrics")
    other = similarity.blurred(picture, 1.0)
    expected = metrics.structural_similarity(
        picture[0].permute(1, 2, 0).numpy(), other[0].permute(1, 2, 0).numpy(), channel_axis=2, data_range=1.0,
        gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
    )  # fmt: skip
    assert similarity.ssim(similarity.structure(picture, other)) == pytest.approx(float(expected), abs=1e-4)


def test_a_figures_ssim_sees_the_figure_alone(picture):
    figure = disc(48, 64, 24, 20, 8)
    other = torch.where(disc(48, 64, 24, 50, 8) > 0, 1 - picture, picture)
    assert similarity.figure_ssim(similarity.structure(picture, other), figure) == pytest.approx(1)
    assert similarity.ssim(similarity.structure(picture, other)) < 0.95
    assert math.isnan(similarity.figure_ssim(similarity.structure(picture, other), figure * 0))


def test_pictures_of_two_sizes_are_refused(picture):
    with pytest.raises(ValueError, match="cannot be compared"):
        similarity.structure(picture, picture[..., :20])


def test_outlines():
    a = disc(40, 40, 20, 15, 8)
    assert similarity.outline_overlap(a, a) == 1
    assert similarity.outline_overlap(a, disc(40, 40, 20, 35, 4)) == 0
    half = a.clone()
    half[..., 20:, :] = 0
    assert similarity.outline_overlap(half, a) == pytest.approx(float(half.sum() / a.sum()))
    assert similarity.person_box(a, 0) == (12, 29, 7, 24)
    assert similarity.person_box(a * 0) == (0, 40, 0, 40)


def test_sharpness_falls_with_blur_and_does_not_see_size():
    photo = torch.rand(1, 3, 120, 120, generator=torch.Generator().manual_seed(2))
    photo = similarity.blurred(photo, 1.5)
    matte = disc(120, 120, 60, 60, 40)
    assert similarity.sharpness(photo, matte, photo, matte, 1.0) == pytest.approx(1)
    found = [similarity.sharpness(similarity.blurred(photo, s), matte, photo, matte, 1.0) for s in (0.7, 2)]
    assert 1 > found[0] > found[1]
    twice = torch.nn.functional.interpolate(photo, (240, 240), mode="bicubic", antialias=True).clamp(0, 1)
    large = torch.nn.functional.interpolate(matte, scale_factor=2)
    assert similarity.sharpness(twice, large, photo, matte, 2.0) == pytest.approx(1, abs=0.02)
    assert math.isnan(similarity.sharpness(photo, matte * 0, photo, matte, 1.0))


def test_on_grey_no_background_is_left(picture):
    figure = disc(48, 64, 24, 20, 8)
    other = torch.where(figure > 0, picture, 1 - picture)
    assert torch.equal(similarity.on_grey(picture, figure), similarity.on_grey(other, figure))
