"""The measures of upscaling: what they say of pictures whose answer is known."""

import math
from dataclasses import replace

import pytest
import torch

from training.upscaling import measures, run
from training.upscaling.cases import composed, small_of

from ...pipelines.upscaling.scene import SIZE, SMALL, scene


def grained(seed):
    return torch.rand(3, 90, 120, generator=torch.Generator().manual_seed(seed))


def test_detail_correlates_with_itself_alone():
    where = torch.ones(90, 120, dtype=torch.bool)
    a, b = (measures.finest(grained(seed), (30, 40)) for seed in (0, 1))
    assert measures.correlation(a, a, where) == pytest.approx(1)
    assert abs(measures.correlation(a, b, where)) < 0.05
    assert measures.correlation(0.3 * a, a, where) == pytest.approx(1), "strength is another measure"
    assert math.isnan(measures.correlation(a, a, where & False))


def test_a_small_picture_has_lost_its_finest():
    picture = grained(2)
    less = torch.nn.functional.interpolate(picture[None], (30, 40), mode="bicubic", antialias=True)
    blind = torch.nn.functional.interpolate(less, (90, 120), mode="bicubic")[0]
    true = measures.finest(picture, (30, 40))
    assert float(measures.finest(blind, (30, 40)).std()) < 0.35 * float(true.std())


def test_made_small():
    small = small_of(torch.rand(1, 3, 300, 200), 150)
    assert tuple(small.shape) == (1, 3, 150, 100)
    assert torch.equal(small, (small * 255).round() / 255), "as a file holds it"


def test_there_and_back_is_where_it_was():
    """A correspondence followed by a shift of five pixels is that correspondence, five pixels on."""
    first = scene().found
    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in SMALL), indexing="ij")
    second = replace(
        first,
        source=torch.stack((x + 5, y), -1),
        visible=torch.ones(SMALL),
        part=torch.zeros(SMALL, dtype=torch.int64),
    )
    found = composed(first, second)
    there = ~torch.isnan(found.source[..., 0])
    there[:, -6:] = False
    moved = torch.roll(first.source, -5, 1)
    assert int(there.sum()) > 1000
    assert float((found.source - moved)[there].abs().max()) < 1e-3
    assert found.photo_size == first.photo_size and SIZE[0] > SMALL[0]


def test_the_table_has_the_lost_detail_and_the_faces():
    rows = [
        run.Row("a", "identity", "face", method, lpips, 0.9, 30.0, 1.0, correlation)
        for method, lpips, correlation in (
            ("Lanczos", 0.2, 0.4),
            ("ours", 0.1, 0.9),
            ("RealESRGAN x2", 0.1, 0.2),
            ("ours on RealESRGAN", 0.3, 0.8),
        )
    ]
    text = run.table(rows)
    assert "| identity (1) | face | ours | 0.100 | 0.900 | 30.0 | 1.00 | 0.900 | 0.100 |" in text
    assert "worse with ours than with Lanczos: 0 of 1" in text
    assert "worse with ours on RealESRGAN than with RealESRGAN x2: 1 of 1 a" in text
