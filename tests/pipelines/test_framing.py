"""Frames: how large, where the figure lies, and how the background goes on."""

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from repose.pipelines.framing import (
    ASPECTS,
    FRAMES,
    Box,
    Canvas,
    Framing,
    cut_sides,
    extended,
    figure_box,
    posed_box,
    reframed,
)
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.retarget import retarget

from ..geometry.people import draw, standing

SIZE = (600, 400)
MIDDLE = Box(150, 100, 250, 550)


def test_keep_changes_nothing_and_extend_nothing_where_there_is_room():
    assert Framing.named("keep").canvas(SIZE, Box(-50, 0, 500, 700)) == Canvas()
    assert Framing.named("extend").canvas(SIZE, MIDDLE) == Canvas()


def test_extend_adds_what_is_missing_and_the_margin():
    framing = Framing(extend=True, margin=0.1)
    # The figure is 500 pixels wide: 50 pixels of margin, on the sides where the frame must grow.
    assert framing.canvas(SIZE, Box(-60, 100, 440, 560)) == Canvas(110, 0, 90, 10)


def test_an_aspect_is_cut_before_it_is_extended():
    canvas = Framing.named("1:1").canvas(SIZE, Box(150, 150, 250, 450))
    assert canvas.size(SIZE) == (400, 400) and canvas.left == canvas.right == 0
    assert canvas.top < 0 and canvas.bottom < 0


def test_headroom_keeps_its_share():
    """Twice as much above the figure as below before, and after."""
    canvas = Framing((1, 1), True, margin=0).canvas(SIZE, Box(100, 200, 300, 500))
    above, below = 200 + canvas.top, 100 + canvas.bottom
    assert above + below == 100 and above == pytest.approx(2 * below, abs=2)


@settings(max_examples=200, deadline=None)
@given(
    name=st.sampled_from(FRAMES[1:]),
    size=st.tuples(st.integers(200, 900), st.integers(200, 900)),
    left=st.integers(-300, 600),
    top=st.integers(-300, 600),
    wide=st.integers(20, 380),
    high=st.integers(20, 380),
    multiple=st.sampled_from([1, 8, 64]),
)
def test_the_figure_is_whole_and_the_shape_is_right(name, size, left, top, wide, high, multiple):
    framing = Framing(ASPECTS.get(name), True, 0.03, multiple)
    left, top = min(left, size[1] - 1), min(top, size[0] - 1)
    left, top = max(left, 1 - wide), max(top, 1 - high)
    canvas = framing.canvas(size, Box(left, top, left + wide, top + high))
    height, width = canvas.size(size)
    assert -canvas.left <= left and -canvas.top <= top
    assert left + wide <= width - canvas.left and top + high <= height - canvas.top
    if framing.aspect:
        across, down = framing.aspect
        assert abs(width * down - height * across) <= (across + down) * multiple
        assert height % multiple == 0 and width % multiple == 0
    elif canvas != Canvas():
        assert min(canvas) >= 0


def test_nothing_is_added_where_the_photo_cuts_the_figure():
    matte = torch.zeros(1, 1, *SIZE)
    matte[..., 300:, 150:250] = 1
    assert cut_sides(matte) == ("bottom",)
    for name in FRAMES:
        canvas = Framing.named(name).canvas(SIZE, Box(-20, 250, 300, 900), cut_sides(matte))
        assert canvas.bottom <= 0, name


@pytest.mark.parametrize(("value", "message"), [((0, 1), "aspect is"), ((4, -5), "aspect is")])
def test_impossible_aspects(value, message):
    with pytest.raises(ValueError, match=message):
        Framing(value)


def test_unknown_frame_and_multiple():
    with pytest.raises(ValueError, match='frame is "3:2", expected one of keep, extend, 9:16'):
        Framing.named("3:2")
    with pytest.raises(ValueError, match="multiple is 0"):
        Framing(multiple=0)


def test_a_canvas_lays_pictures_and_bodies_alike():
    body, canvas = standing(), Canvas(30, -10, 5, 7)
    picture, _ = draw(body)
    laid = canvas.laid(picture)
    assert tuple(laid.shape[-2:]) == canvas.size(body.canvas) == canvas.moved(body).canvas
    assert torch.equal(laid[..., 100, 130], picture[..., 110, 100])
    step = canvas.moved(body).forward().positions - body.forward().positions
    assert step[0].tolist() == [30, -10, 0]


def test_posed_box_holds_what_reaches_beyond_the_joints():
    body = standing()
    _, matte = draw(body)
    box, seen = posed_box(matte, body, body), figure_box(matte)
    assert box.top <= seen.top and box.bottom >= seen.bottom - 1
    assert box.left <= seen.left + 1 and box.right >= seen.right - 1
    wide = posed_box(matte, body, retarget(body, load_pose("movement/dance lunge")))
    assert wide.right - wide.left > box.right - box.left


def test_a_smooth_backdrop_goes_on():
    across = torch.linspace(0.3, 0.5, 240).expand(1, 3, 200, -1).contiguous()
    laid = extended(across, Canvas(40, 0, 40, 20))
    assert laid.shape == (1, 3, 220, 320)
    slope = 0.2 / 239
    assert float(laid[0, 0, 100, 0]) == pytest.approx(0.3 - 40 * slope, abs=0.03)
    assert laid[0, 0, 100].diff().abs().max() < 0.01, "no seam"
    assert (laid[..., 20:180, 60:260] - across[..., 20:180, 20:220]).abs().max() < 0.002


def test_a_pattern_goes_on_and_is_not_mirrored():
    """Slanting stripes: a mirror would turn them round."""
    y, x = torch.meshgrid(torch.arange(160), torch.arange(300), indexing="ij")
    stripes = ((x + y) % 24 < 12).float().expand(1, 3, -1, -1).contiguous()
    laid = extended(stripes[..., :200], Canvas(0, 0, 80, 0))
    assert (laid - stripes[..., :280]).abs()[..., 200:].mean() < 0.1


def scene(height: int = 120, width: int = 160) -> torch.Tensor:
    """(1, 3, h, w) blobs as no rule makes them: leaves, people in the distance."""
    noise = torch.rand(1, 3, height // 4, width // 4, generator=torch.Generator().manual_seed(3))
    return torch.nn.functional.interpolate(noise, (height, width), mode="bilinear", align_corners=False)


@pytest.mark.parametrize("canvas", [Canvas(50, 0, 40, 0), Canvas(0, 30, 0, 20), Canvas(400, 0, 0, 0)])
def test_any_other_scene_goes_on_as_its_mirror_image(canvas):
    room = scene()
    laid = extended(room, canvas)
    assert laid.shape[-2:] == canvas.size((120, 160))
    inner = laid[..., canvas.top : canvas.top + 120, canvas.left : canvas.left + 160]
    assert float((inner - room)[..., 2:-2, 2:-2].abs().max()) < 1e-6, "what was photographed stays"
    for pad, line in (
        (canvas.left, canvas.left + 1),
        (canvas.right, canvas.left + 159),
    ):  # the rim is one pixel
        if pad:
            assert torch.equal(laid[..., line - 20 : line], laid[..., line : line + 20].flip(-1))
    seam = max(float(laid.diff(dim=axis).abs().max()) for axis in (2, 3))
    assert seam <= 1.01 * max(float(room.diff(dim=axis).abs().max()) for axis in (2, 3)), "and no seam shows"
    assert float(laid.min()) >= float(room.min()) and float(laid.max()) <= float(room.max())


def test_nobody_stands_in_the_mirror():
    room = scene()
    figure = torch.zeros(1, 1, 120, 160)
    figure[..., 20:110, 20:50] = 1
    red = torch.tensor([1.0, 0.0, 0.0]).reshape(1, 3, 1, 1)
    laid = extended(torch.where(figure > 0, red, room), Canvas(60, 0, 0, 0), figure=figure)
    assert torch.equal(laid[..., 22:108, 82:108], red.expand(1, 3, 86, 26))
    beside = laid[..., :60]
    assert int(((beside[:, 0] > 0.95) & (beside[:, 1] < 0.05)).sum()) == 0


def test_cutting_only_is_exact():
    picture = torch.rand(1, 3, 50, 60)
    assert torch.equal(extended(picture, Canvas(-10, -5, 0, -3)), picture[..., 5:47, 10:])


def test_reframed_batches_share_a_frame():
    pictures = torch.full((2, 3, 120, 90), 0.5)
    masks = torch.zeros(2, 1, 120, 90)
    masks[0, :, 20:100, 20:40] = 1
    masks[1, :, 20:100, 50:80] = 1
    pictures = torch.where(masks > 0, torch.tensor(0.9), pictures)
    made = reframed(pictures, masks, Framing.named("16:9"))
    assert made.pictures.shape[-1] / made.pictures.shape[-2] == pytest.approx(16 / 9, abs=0.03)
    assert len(made.pictures) == len(made.figures) == len(made.added) == 2
    assert made.figures.sum() == masks.sum() and made.added.max() == 1
    assert (made.pictures[made.figures.expand_as(made.pictures) > 0] == 0.9).all(), (
        "the figures are as they were"
    )
    beside = (made.added > 0).expand_as(made.pictures)
    assert (made.pictures[beside] - 0.5).abs().max() < 0.02, "and are not copied"


def test_an_empty_mask_or_one_of_another_size():
    pictures = torch.rand(1, 3, 40, 40)
    with pytest.raises(ValueError, match="mask 1 of 1 is empty"):
        reframed(pictures, torch.zeros(1, 1, 40, 40), Framing.named("1:1"))
    with pytest.raises(ValueError, match="the picture has 40 x 40 pixels, the mask 30 x 40"):
        reframed(pictures, torch.ones(1, 1, 40, 30), Framing.named("1:1"))
