"""Noise with a texture's own autocorrelation: as strong, as coarse, of its colours, and nowhere the same."""

import pytest
import torch
from repose.pipelines.geometry.field import box_blur
from repose.pipelines.geometry.microtexture import FEWEST, REACH, Microtexture

SIZE = (160, 200)
GAINS = torch.tensor([1.2, 1.0, 0.8])


def woven(across: int, along: int) -> torch.Tensor:
    """(3, h, w) threads `across` pixels thick and `along` pixels long, with a standard deviation of 0.03."""
    noise = torch.randn(1, *SIZE, generator=torch.Generator().manual_seed(3))
    kernel = torch.ones(1, 1, across, along)
    thread = torch.nn.functional.conv2d(noise[None], kernel, padding="same")[0]
    return 0.03 * GAINS[:, None, None] * thread / thread.std()


def likeness(values: torch.Tensor, down: int, right: int) -> float:
    """The autocorrelation of a map (h, w) at a shift."""
    here = values[: values.shape[0] - down, : values.shape[1] - right]
    there = values[down:, right:]
    return float((here * there).mean() / values.square().mean())


@pytest.mark.parametrize("across, along", [(1, 1), (1, 7), (5, 3)])
def test_it_is_as_strong_and_as_coarse_and_of_the_same_colours(across, along):
    detail = woven(across, along)
    made = Microtexture.of(detail, torch.ones(SIZE, dtype=torch.bool)).laid((300, 240))
    assert made.shape == (3, 300, 240) and float(made.mean().abs()) < 0.004
    assert made.std(dim=(1, 2)).tolist() == pytest.approx(detail.std(dim=(1, 2)).tolist(), rel=0.1)
    for shift in ((1, 0), (0, 1), (2, 0), (0, 3), (4, 4)):
        assert likeness(made[1], *shift) == pytest.approx(likeness(detail[1], *shift), abs=0.08), shift


def test_it_is_told_by_any_set_of_pixels():
    detail = woven(3, 5)
    y, x = torch.meshgrid(torch.arange(SIZE[0]), torch.arange(SIZE[1]), indexing="ij")
    some = ((x // 30 + y // 25) % 2 == 0) & ((x - 100).square() + (y - 80).square() < 6400)
    spoilt = torch.where(some, detail + 0.2, torch.full((), 9.0))  # a step in level is no texture
    of_some = Microtexture.of(spoilt, some)
    of_all = Microtexture.of(detail, torch.ones_like(some))
    middle = slice(REACH - 3, REACH + 4)
    close = (of_some.kernel - of_all.kernel)[middle, middle].norm() / of_all.kernel[middle, middle].norm()
    assert float(close) < 0.25


def test_nothing_is_repeated():
    made = Microtexture.of(woven(3, 3), torch.ones(SIZE, dtype=torch.bool)).laid((400, 400))
    plane = made[0] - made[0].mean()
    spectrum = torch.fft.rfft2(plane, s=(800, 800)).abs().square()
    alike = torch.fft.irfft2(spectrum, s=(800, 800))[:380, :380] / plane.square().sum()
    alike[:12, :12] = 0
    assert float(alike.abs().max()) < 0.05
    copies = plane[:40, :40].repeat(10, 10)
    spectrum = torch.fft.rfft2(copies, s=(800, 800)).abs().square()
    alike = torch.fft.irfft2(spectrum, s=(800, 800))[:380, :380] / copies.square().sum()
    alike[:12, :12] = 0
    assert float(alike.abs().max()) > 0.5, "of copies the same measure tells"


def test_plain_colour_has_none_and_too_few_pixels_tell_none():
    there = torch.zeros(SIZE, dtype=torch.bool)
    there[:10, : FEWEST // 10] = True
    assert Microtexture.of(torch.zeros(3, *SIZE), there).laid((50, 60)).abs().max() == 0
    there[0, 0] = False
    assert Microtexture.of(torch.zeros(3, *SIZE), there) is None


def test_the_same_call_gives_the_same():
    texture = Microtexture.of(box_blur(woven(1, 1), 1), torch.ones(SIZE, dtype=torch.bool))
    assert torch.equal(texture.laid((64, 48)), texture.laid((64, 48)))
