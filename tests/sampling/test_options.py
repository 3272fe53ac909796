"""What a checkpoint may be told, and the size at which it paints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repose.pipelines.sampling.options import LEAST, MULTIPLE, SamplingOptions, sampling_size


@given(st.integers(256, 4096), st.floats(0.42, 2.4), st.floats(0.4, 2.0))
def test_a_size_has_the_pictures_shape_and_about_so_many_pixels(height, shape, megapixels):
    size = height, round(height * shape)
    made = sampling_size(size, megapixels * 1e6)
    assert all(side % MULTIPLE == 0 and side >= LEAST for side in made)
    assert made[0] * size[1] / (made[1] * size[0]) == pytest.approx(1, abs=0.02)
    assert made[0] * made[1] / (megapixels * 1e6) == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1024, 1024), (1024, 1024)), ((1536, 1152), (1152, 864)), ((2752, 1536), (1376, 768))],
)
def test_sizes_of_a_megapixel(size, expected):
    assert SamplingOptions().size(size) == expected


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"seen": 1.2}, "seen is 1.2, expected a share from 0 to 1"),
        ({"blocks": "encoder"}, 'blocks is "encoder", expected one of all, decoder, decoder and middle'),
        ({"steps": 0}, "steps is 0, expected at least 1"),
        ({"megapixels": 0.0}, "megapixels is 0.0, expected more than 0"),
    ],
)
def test_what_is_out_of_range_is_named(given, says):
    with pytest.raises(ValueError, match=says):
        SamplingOptions(**given)
