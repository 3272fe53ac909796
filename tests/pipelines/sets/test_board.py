"""Boards."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from repose.pipelines.sets.board import GROUNDS, BoardOptions, board, captioned

RED = torch.tensor([0.8, 0.1, 0.2])[None, :, None, None]


def plain(height, width):
    return RED.expand(1, 3, height, width)


def share_of_red(made):
    return int(((made[:, :3] - RED).abs().amax(1) < 0.02).sum())


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(20, 90), st.integers(20, 90)), min_size=1, max_size=7),
    st.integers(0, 4),
    st.sampled_from(list(GROUNDS)),
)
def test_every_picture_is_there_whole_and_undistorted(sizes, columns, ground):
    made = board([plain(*size) for size in sizes], (), BoardOptions(columns, 64, "", ground))
    assert made.shape[:2] == (1, 4)
    whole = sum(64 * max(1, round(width * 64 / height)) for height, width in sizes)
    assert share_of_red(made) == whole
    opaque = int((made[:, 3] > 0.99).sum())
    assert opaque == (whole if ground == "transparent" else made[0, 0].numel())


def test_a_title_and_captions_are_written_beside_the_pictures():
    bare = board([plain(64, 48)] * 3, (), BoardOptions(3, 64))
    made = board(
        [plain(64, 48)] * 3,
        ["front", "a pose with a long name of many words", ""],
        BoardOptions(3, 64, "SKU"),
    )
    assert made.shape[2] > bare.shape[2] and made.shape[3] == bare.shape[3]
    assert share_of_red(made) == share_of_red(bare), "no letter lies on a picture"
    rows = (made[0, :3].mean(0) < 0.4).any(1)
    top, below = rows[: made.shape[2] - bare.shape[2]], rows[-20:]
    assert bool(top.any()) and bool(below.any())


def test_letters_are_light_on_black():
    made = board([plain(64, 48)], ["front"], BoardOptions(1, 64, "", "black"))
    assert float(made[:, :3].amax()) > 0.9 and float(made[:, 3].amin()) == 1


def test_a_transparent_pictures_colours_stay():
    cut = torch.cat((plain(64, 64), torch.zeros(1, 1, 64, 64)), 1)
    cut[..., 16:48, 16:48] = 1
    cut[:, :3, 16:48, 16:48] = RED
    made = board([cut], (), BoardOptions(1, 32, "", "transparent"))
    solid = made[:, 3] > 0.99
    assert int(solid.sum()) >= 14 * 14 and (made[:, :3] - RED).abs().amax(1)[solid].max() < 0.02


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: board([]), "0 pictures and 0 captions"),
        (lambda: board([plain(8, 8)] * 2, ["a"]), "2 pictures and 1 captions"),
        (lambda: board([plain(8, 64)] * 30, (), BoardOptions(30, 2048)), "the most is 64 megapixels"),
        (lambda: BoardOptions(ground="green"), 'the ground is "green"'),
        (lambda: BoardOptions(columns=-1), "-1 columns"),
    ],
)
def test_what_is_no_board(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_captions_for_rows():
    two = [plain(8, 8)] * 2
    assert captioned([two, two], ["a", "b"], ["day", "night"]) == ["day, a", "day, b", "night, a", "night, b"]
    assert captioned([two], [], []) == ["", ""] and captioned([two], ["a", "b"], [], 1) == ["photo", "a", "b"]
    with pytest.raises(ValueError, match="4 pictures, but 3 captions"):
        captioned([two, two], ["a", "b", "c"], [])
    with pytest.raises(ValueError, match="2 rows of pictures, but 1 names"):
        captioned([two, two], [], ["day"])
