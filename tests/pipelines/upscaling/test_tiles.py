"""What a tile gets does not depend on the tile."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from repose.pipelines.upscaling import enlarging
from repose.pipelines.upscaling.detail import mipmap, with_photo
from repose.pipelines.upscaling.enlarging import Upscaler, enlarged
from repose.pipelines.upscaling.grain import grain_of, grained, noise
from repose.pipelines.upscaling.matching import matched
from repose.pipelines.upscaling.places import places_of
from repose.pipelines.upscaling.resampling import Tile, blurred, blurred_inside, lanczos, tiles

from .scene import SIZE, SMALL, scene, small


def picture(height, width, seed=0):
    made = torch.rand(3, height // 4 + 2, width // 4 + 2, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(made[None], (height, width), mode="bicubic")[0].clamp(0, 1)


@settings(max_examples=25, deadline=None)
@given(st.integers(5, 60), st.integers(5, 60), st.integers(4, 90), st.integers(4, 90), st.integers(3, 40))
def test_tiles_make_up_the_picture(height, width, tall, wide, side):
    whole = lanczos(picture(height, width), (tall, wide), Tile(0, 0, tall, wide))
    for tile in tiles((tall, wide), side):
        rows, columns = tile.within(Tile(0, 0, tall, wide))
        part = lanczos(picture(height, width), (tall, wide), tile)
        assert float((whole[:, rows, columns] - part).abs().max()) < 1e-5


@pytest.mark.parametrize("size", [(70, 110), (17, 25), (40, 40)])
def test_lanczos_is_pillows(size):
    """Pillow's own Lanczos, of one channel in float, is within what single precision loses."""
    one = picture(40, 40)
    for channel, made in zip(one, lanczos(one, size, Tile(0, 0, *size)), strict=True):
        theirs = Image.fromarray(channel.numpy()).resize(size[::-1], Image.Resampling.LANCZOS)
        assert float((made - torch.from_numpy(np.array(theirs))).abs().max()) < 1e-4


def test_a_blur_keeps_the_mean_and_inside_the_border():
    one = torch.ones(2, 30, 40)
    assert float((blurred_inside(one, 2.5) - 1).abs().max()) < 1e-6
    point = torch.zeros(1, 41, 41)
    point[0, 20, 20] = 1
    spread = blurred(point, 2.0)
    x = torch.arange(41.0) - 20
    assert float(spread.sum()) == pytest.approx(1, abs=1e-5)
    assert float((spread[0].sum(0) * x * x).sum()) == pytest.approx(4, rel=0.03), "variance"


@pytest.fixture(scope="module")
def given_match():
    one = scene()
    places = places_of(one.found, SMALL, SIZE)
    return one, matched(one.result[0], small(one.photo)[0], places)


def test_the_photos_detail_is_the_same_whatever_the_tiles(given_match):
    one, match = given_match
    base, photo = enlarged(one.result[0], SIZE), mipmap(one.photo[0])
    whole = with_photo(base, match, photo, side=1000)
    for side in (64, 97, 200):
        assert float((with_photo(base, match, photo, side=side) - whole).abs().max()) <= 1e-4


def test_the_grain_is_the_same_whatever_the_tiles(given_match):
    one, match = given_match
    rough = (
        one.photo[0] + 0.02 * torch.randn(one.photo[0].shape, generator=torch.Generator().manual_seed(1))
    ).clamp(0, 1)
    base = enlarged(one.result[0], SIZE)
    made = [grained(base.clone(), base, match, rough, side=side) for side in (1000, 70)]
    assert float((made[0] - made[1]).abs().max()) < 1e-6
    bare = match.share < 0.01
    assert float((made[0] - base).abs().max()) > 0.005 and bool(bare.any())


@pytest.mark.parametrize("deviation", [0.004, 0.015])
def test_grain_is_measured(deviation):
    """White grain on a flat picture; the quietest tenth of blocks of 64 pixels are some 12 % below the mean."""
    flat = 0.5 + deviation * torch.randn(1, 400, 400, generator=torch.Generator().manual_seed(2))
    found = float(grain_of(flat.expand(3, -1, -1)).max())
    assert 0.75 * deviation < found < 1.05 * deviation


def test_noise_is_white_and_of_its_place():
    whole = noise(Tile(0, 0, 200, 300))
    assert abs(float(whole.mean())) < 0.01 and float(whole.std()) == pytest.approx(1, abs=0.02)
    assert abs(float((whole[:, 1:] * whole[:, :-1]).mean())) < 0.02
    assert torch.equal(noise(Tile(50, 60, 90, 130)), whole[50:90, 60:130])
    coarse = noise(Tile(0, 0, 200, 300), 0.5)
    assert float(coarse.std()) == pytest.approx(1, abs=0.05)
    assert float((coarse[:, 1:] * coarse[:, :-1]).mean()) > 0.3, "a grain is two pixels wide"


def doubling(pixels):
    """A network that sees three pixels round each: sharpened, twice as large."""
    around = F.avg_pool2d(F.pad(pixels, (3, 3, 3, 3), mode="replicate"), 7, 1)
    return F.interpolate((1.3 * pixels - 0.3 * around), scale_factor=2, mode="nearest").clamp(0, 1)


@pytest.mark.parametrize("size", [(260, 380), (390, 570), (150, 200)])
def test_a_network_in_tiles_has_no_seams(size, monkeypatch):
    one = picture(130, 190)
    whole = enlarged(one, size, Upscaler(2, doubling))
    for side in (32, 50, 77):
        monkeypatch.setattr(enlarging, "SIDE", side)
        assert float((enlarged(one, size, Upscaler(2, doubling)) - whole).abs().max()) <= 1 / 255


def test_out_of_memory_takes_smaller_tiles():
    largest = []

    def short(pixels):
        largest.append(max(pixels.shape[-2:]))
        if max(pixels.shape[-2:]) > 170:
            raise RuntimeError("CUDA out of memory")
        return doubling(pixels)

    one = picture(130, 300)
    network = Upscaler(2, short, lambda error: "out of memory" in str(error))
    made = enlarged(one, (260, 600), network)
    assert max(largest) > 170 >= largest[-1]
    assert float((made - enlarged(one, (260, 600), Upscaler(2, doubling))).abs().max()) <= 1 / 255


def test_no_memory_at_all_says_so_and_other_errors_stay():
    def failing(pixels):
        raise RuntimeError("out of memory")

    with pytest.raises(ValueError, match="more memory than there is even for 64 x 64"):
        enlarged(picture(90, 90), (180, 180), Upscaler(2, failing, lambda error: True))
    with pytest.raises(RuntimeError, match="out of memory"):
        enlarged(picture(90, 90), (180, 180), Upscaler(2, failing))


def test_a_network_of_another_scale_is_refused():
    with pytest.raises(ValueError, match=r"made \(3, 180, 180\) of \(3, 90, 90\), expected \(3, 360, 360\)"):
        enlarged(picture(90, 90), (360, 360), Upscaler(4, doubling))


def test_what_gets_smaller_needs_no_network():
    def never(pixels):
        raise AssertionError("the network ran")

    one = picture(90, 120)
    assert enlarged(one, (45, 60), Upscaler(2, never)).shape == (3, 45, 60)
