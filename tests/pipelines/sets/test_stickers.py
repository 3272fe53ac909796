"""Stickers."""

import pytest
import torch
from repose.pipelines.sets.stickers import StickerOptions, sheet_of, stickers

BLUE, GREEN = torch.tensor([0.1, 0.2, 0.9]), torch.tensor([0.1, 0.8, 0.1])


def scene(half=20.0, size=(120, 160)):
    """A blue disc with a soft edge on green, and its mask."""
    y, x = torch.meshgrid(torch.arange(size[0]) - 60.0, torch.arange(size[1]) - 80.0, indexing="ij")
    mask = (half - torch.hypot(x, y) + 0.5).clamp(0, 1)[None, None]
    picture = mask * BLUE[:, None, None] + (1 - mask) * GREEN[:, None, None]
    return picture, mask


def test_the_old_background_is_in_no_pixel():
    made = stickers(*scene(), StickerOptions(128, 0.0))
    assert made.shape == (1, 4, 128, 128)
    assert (made[:, :3] - BLUE[:, None, None]).abs().max() < 0.08, "not even under the transparent pixels"
    solid = (made[0, 3] > 0.5).sum().item()
    assert solid == pytest.approx(torch.pi * (62**2), rel=0.05), "it fills its square"


def test_a_border_of_the_colour_all_round():
    made = stickers(*scene(), StickerOptions.of(128, 0.05, "#ff8000"))
    alpha, colour = made[0, 3], made[0, :3]
    bare = stickers(*scene(), StickerOptions(128, 0.0))
    orange = torch.tensor([1.0, 128 / 255, 0])[:, None, None]
    far, near = ((colour - one).abs().sum(0) for one in (BLUE[:, None, None], orange))
    outer = ((alpha > 0.5).sum().item() / torch.pi) ** 0.5
    inner = (((alpha > 0.5) & (far < near)).sum().item() / torch.pi) ** 0.5
    assert outer - inner == pytest.approx(0.05 * 128, abs=1.0)
    assert (colour[:, alpha == 0] - orange[..., 0]).abs().max() < 0.01
    assert bare[0, 3].amax() == 1 and alpha[0].max() == 0, "nothing is cut at the square's border"


def test_all_at_one_scale_in_one_size():
    pictures, masks = (torch.cat(one) for one in zip(scene(20.0), scene(10.0), strict=True))
    made = stickers(pictures, masks, StickerOptions(96, 0.0))
    areas = (made[:, 3] > 0.5).sum((1, 2)).tolist()
    assert areas[0] / areas[1] == pytest.approx(4, rel=0.1)
    assert sheet_of(made)[:, 3].sum() == pytest.approx(float(made[:, 3].sum()), rel=1e-3)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: stickers(scene()[0], torch.zeros(1, 1, 120, 160)), "figure 1 of 1 is empty"),
        (
            lambda: stickers(scene()[0], torch.ones(1, 1, 60, 80)),
            "160 x 120 pixels, the figure's mask 80 x 60",
        ),
        (lambda: StickerOptions(16), "a sticker of 16 pixels"),
        (lambda: StickerOptions.of(128, 0.0, "red"), 'the colour is "red"'),
    ],
)
def test_what_is_no_sticker(call, said):
    with pytest.raises(ValueError, match=said):
        call()
