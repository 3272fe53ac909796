"""How large a picture becomes."""

import pytest
from repose.pipelines.framing import ASPECTS
from repose.pipelines.upscaling.targets import LONGEST, PLATFORMS, SIZES, Target


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("photo", (2752, 1536)),
        ("2x", (2048, 1142)),
        ("4x", (4096, 2284)),
        ("4K", (3840, 2141)),
        ("square 1080 x 1080", (1080, 1080)),
        ("post 1080 x 1350", (1350, 1080)),
        ("story 1080 x 1920", (1920, 1080)),
        ("wide 1920 x 1080", (1080, 1920)),
        ("wide 4K 3840 x 2160", (2160, 3840)),
    ],
)
def test_sizes(size, expected):
    assert Target(size).pixels((1024, 571), (2752 / 1024, 1536 / 571)) == expected


def test_a_pixel_count():
    height, width = Target("megapixels", 8.0).pixels((1024, 768), (1.0, 1.0))
    assert height * width == pytest.approx(8e6, rel=2e-3) and height / width == pytest.approx(4 / 3, rel=1e-3)


def test_every_platform_has_a_shape_that_reframe_knows():
    shapes = {round(width / height, 3) for width, height in ASPECTS.values()}
    assert all(round(one.width / one.height, 3) in shapes for one in PLATFORMS.values())
    assert set(PLATFORMS) < set(SIZES)


def test_too_large_and_nonsense_are_refused():
    with pytest.raises(ValueError, match=f"4x of 3000 x 2000 pixels are 12000 x 8000, at most {LONGEST}"):
        Target("4x").pixels((2000, 3000), (1.0, 1.0))
    with pytest.raises(ValueError, match='size is "8K"'):
        Target("8K")
    with pytest.raises(ValueError, match="megapixels is 0"):
        Target("megapixels", 0)
