"""The person removed: smooth backdrops with the photo's own grain, textures rebuilt, the rest untouched."""

import pytest
import torch
from repose.pipelines.background import (
    BackgroundOptions,
    is_smooth,
    lay_grid,
    restore_background,
)

NOISE = 0.02


def standing(height: int, width: int, x: float = 0.5, half: float = 0.13) -> torch.Tensor:
    """(1, 1, H, W) soft matte: an ellipse from 15 % to 85 % of the height."""
    down, across = torch.meshgrid(torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij")
    radius = (((down - 0.5) / 0.35) ** 2 + ((across - x) / half) ** 2).sqrt()
    return ((1 - radius) * 40).clamp(0, 1)[None, None]


def gradient(height: int, width: int) -> torch.Tensor:
    """(1, 3, H, W): rising by 0.3 from left to right and by 0.2 downwards, tinted."""
    across = torch.linspace(0, 0.3, width)[None, :]
    down = torch.linspace(0, 0.2, height)[:, None]
    return torch.stack([0.25 + across + down, 0.3 + across + down, 0.2 + across + down])[None]


def grainy(picture: torch.Tensor, seed: int = 0) -> torch.Tensor:
    noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(seed))
    return (picture + NOISE * noise).clamp(0, 1)


def with_person(backdrop: torch.Tensor, matte: torch.Tensor) -> torch.Tensor:
    return backdrop * (1 - matte) + matte * torch.tensor([0.9, 0.1, 0.1]).view(1, 3, 1, 1)


def changed_at_most(matte: torch.Tensor, options: BackgroundOptions, smooth: bool) -> torch.Tensor:
    """(1, 1, H, W) bool: where the result may differ: the matte and every margin, in whole cells."""
    longer = max(matte.shape[2:])
    side = -(-longer // options.working_side)
    reach = options.margin * longer + 3 * side
    if smooth:
        # The shade's reach, and what its softened rim adds: three sigma of the width.
        reach += (options.fringe + options.shade_reach + 3 * 0.04) * longer + 14 * side
    grow = round(reach)
    wide = torch.nn.functional.max_pool2d(matte, (1, 2 * grow + 1), 1, (0, grow))
    return torch.nn.functional.max_pool2d(wide, (2 * grow + 1, 1), 1, (grow, 0)) > 0


@pytest.mark.parametrize("size", [(420, 300), (900, 600)])
def test_gradient_comes_back_with_its_grain(size):
    clean, matte = gradient(*size), standing(*size)
    restored = restore_background(with_person(grainy(clean), matte), matte)
    inside = matte[0, 0] > 0.02
    error = (restored - clean)[0]
    # Per channel in 0..1: a level of 8 bits is 0.004.
    assert error[:, inside].mean(1).abs().max() < 0.004
    blocks = torch.nn.functional.avg_pool2d(error[None], 24)
    deep = torch.nn.functional.avg_pool2d(inside[None, None].float(), 24) == 1
    assert blocks[deep.expand_as(blocks)].abs().max() < 0.015
    for channel in range(3):
        within, outside = error[channel, inside].std(), error[channel, ~inside].std()
        assert abs(within / outside - 1) < 0.15, f"noise {within:.4f} inside, {outside:.4f} outside"


def test_a_step_across_the_picture_goes_on_behind_the_person():
    """A wall and a floor: in the hole the line stays where it is to left and right."""
    clean = torch.full((1, 3, 420, 300), 0.7)
    clean[:, :, 260:] = 0.65
    matte = standing(420, 300)
    restored = restore_background(with_person(clean, matte), matte)
    middle = restored[0, 0, :, 140:160].mean(1)
    step = int((middle > 0.675).sum())
    assert abs(step - 260) <= 3, f"the floor starts at row {step}, expected 260"
    assert (middle[:250] - 0.7).abs().max() < 0.015 and (middle[275:] - 0.65).abs().max() < 0.015


def test_texture_is_rebuilt_from_the_same_height():
    """Stripes of a fence: what fills the hole has their contrast, not their mean."""
    across = torch.arange(160) // 8 % 2
    clean = (0.3 + 0.4 * across.float()).expand(1, 3, 160, 160).contiguous()
    matte = standing(160, 160)
    picture = with_person(grainy(clean), matte)
    assert not is_smooth(lay_grid(picture[0], matte[0, 0], BackgroundOptions()), BackgroundOptions())
    restored = restore_background(picture, matte)
    inside = (matte > 0.02).expand_as(clean)
    assert (restored - clean)[inside].abs().mean() < 0.04


@pytest.mark.parametrize("smooth", [True, False])
def test_pixels_beyond_the_margins_are_the_pictures_own(smooth):
    rough = torch.rand(1, 3, 180, 280, generator=torch.Generator().manual_seed(1))
    backdrop = grainy(gradient(180, 280)) if smooth else rough
    matte = standing(180, 280, x=0.25, half=0.05)
    picture = with_person(backdrop, matte)
    before = picture.clone()
    restored = restore_background(picture, matte)
    may_differ = changed_at_most(matte, BackgroundOptions(), smooth).expand_as(picture)
    assert torch.equal(restored[~may_differ], picture[~may_differ]) and not may_differ.all()
    assert not torch.equal(restored, picture)
    assert torch.equal(picture, before), "the input was written to"


@pytest.mark.parametrize("smooth", [True, False])
def test_same_input_same_output(smooth):
    matte = standing(120, 120)
    rough = torch.rand(1, 3, 120, 120, generator=torch.Generator().manual_seed(1))
    picture = with_person(grainy(gradient(120, 120)) if smooth else rough, matte)
    assert torch.equal(restore_background(picture, matte), restore_background(picture, matte))


def test_no_person_no_change():
    picture = grainy(gradient(60, 40))
    restored = restore_background(picture, torch.zeros(1, 1, 60, 40))
    assert torch.equal(restored, picture) and restored is not picture


@pytest.mark.parametrize("cover", ["all", "all but a corner"])
def test_nothing_but_the_person(cover):
    matte = torch.ones(1, 1, 64, 48)
    if cover != "all":
        matte[..., :2, :2] = 0
    with pytest.raises(ValueError, match="covers the whole picture"):
        restore_background(torch.rand(1, 3, 64, 48), matte)


@pytest.mark.parametrize("size", [(64, 64), (33, 65), (16, 16)])
@pytest.mark.parametrize("smooth", [True, False])
def test_tiny_and_grey_pictures(size, smooth):
    grey = gradient(*size)[:, :1] if smooth else torch.rand(1, 1, *size)
    matte = standing(*size)
    picture = with_person(grey.expand(-1, 3, -1, -1), matte)
    restored = restore_background(picture, matte)
    assert restored.shape == picture.shape and torch.isfinite(restored).all()
    assert restored.min() >= 0 and restored.max() <= 1
    inside = (matte > 0.5).expand_as(picture)
    assert (restored[:, 0] - restored[:, 1]).abs()[inside[:, 0]].max() < 0.2, "the red person is still there"


def test_person_at_the_border():
    """Cut at the waist and at one side: the row has only one side to learn from."""
    clean = gradient(300, 240)
    matte = torch.zeros(1, 1, 300, 240)
    matte[..., 120:, 140:] = 1
    restored = restore_background(with_person(grainy(clean), matte), matte)
    assert (restored - clean)[..., 130:, 150:].mean((0, 2, 3)).abs().max() < 0.1


def test_faint_patches_of_doubt_are_left_alone():
    matte = standing(300, 300, x=0.3)
    matte[..., 100:140, 255:280] = 0.3
    picture = with_person(grainy(gradient(300, 300)), standing(300, 300, x=0.3))
    assert torch.equal(restore_background(picture, matte)[..., 255:280], picture[..., 255:280])


def test_progress_rises_and_may_cancel():
    class Cancelled(BaseException):
        pass

    told = []
    matte = standing(120, 100)
    picture = with_person(grainy(gradient(120, 100)), matte)
    restore_background(picture, matte, told.append)
    assert told == sorted(told) and told[-1] == 1.0 and 0 < told[0] < 1

    def cancel(fraction):
        raise Cancelled

    with pytest.raises(Cancelled):
        restore_background(picture, matte, cancel)


@pytest.mark.parametrize(
    ("picture", "matte", "message"),
    [
        (torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8), r"picture has shape \(1, 1, 8, 8\)"),
        (torch.zeros(1, 3, 8, 8), torch.zeros(1, 1, 8, 9), r"matte has shape \(1, 1, 8, 9\)"),
    ],
)
def test_shapes_are_checked(picture, matte, message):
    with pytest.raises(ValueError, match=message):
        restore_background(picture, matte)
