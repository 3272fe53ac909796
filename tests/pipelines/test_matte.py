"""The matte's steps on drawn shapes whose truth is known."""

import numpy as np
import pytest
import torch
from repose.pipelines.matte import Region, clean, mask_pixel, refine, resampled, with_colours
from repose.pipelines.models.crops import Crop

SIZE = (200, 160)


def disc(x: float, y: float, radius: float) -> np.ndarray:
    """(h, w) exact coverage, to about 0.01, of a disc."""
    v, u = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    return np.clip(radius - np.hypot(u - x, v - y) + 0.5, 0, 1).astype(np.float32)


def blurred_votes(matte: np.ndarray, pixel: int) -> np.ndarray:
    """Log odds as a mask of coarse pixels would give them: right in the large, blurred at the outline."""
    import cv2

    return 6 * (2 * cv2.blur(matte, (2 * pixel + 1,) * 2) - 1)


def painted(matte: np.ndarray, own, other, noise: float = 0.01) -> np.ndarray:
    alpha = matte[..., None]
    image = alpha * np.float32(own) + (1 - alpha) * np.float32(other)
    return (image + np.random.default_rng(0).normal(0, noise, image.shape)).clip(0, 1).astype(np.float32)


@pytest.mark.parametrize("pixel", [2, 5])
def test_edge_is_found_within_the_doubt_of_the_votes(pixel):
    truth = disc(80, 100, 50)
    votes = np.roll(blurred_votes(truth, pixel), pixel // 2, 1)  # and a little off, as networks are
    matte, foreground = refine(painted(truth, (0.8, 0.2, 0.1), (0.3, 0.4, 0.9)), votes, pixel)
    assert np.abs(matte - truth).mean() < 0.004 and np.abs(matte - truth).max() < 0.35
    edge = (truth > 0.3) & (truth < 1)
    tint = np.abs(foreground[edge] - np.float32([0.8, 0.2, 0.1])).mean()
    assert tint < 0.05, f"the old background tints the edge by {tint:.2f}"


def test_where_colours_say_nothing_the_votes_stand():
    truth = disc(80, 100, 50)
    white = painted(truth, (0.95, 0.95, 0.95), (0.95, 0.95, 0.95))
    matte, _ = refine(white, blurred_votes(truth, 4), 4)
    assert np.abs(matte - truth).mean() < 0.02


def test_a_gap_with_the_backgrounds_colour_opens():
    """Between arm and body the votes hesitate on the wrong side; the colours decide."""
    truth = disc(80, 100, 60)
    gap = disc(80, 100, 9) > 0.5
    image = painted(truth * ~gap, (0.6, 0.35, 0.25), (0.9, 0.9, 0.9))
    votes = np.where(gap, 1.5, blurred_votes(truth, 3)).astype(np.float32)
    opened, evidence = with_colours(image, votes, None, 3)
    assert (opened[gap] < 0).mean() > 0.9 and evidence[gap].mean() < -2
    assert (opened[disc(80, 100, 40) > 0.5] < 0).mean() < 1.3 * gap.sum() / (np.pi * 40**2)


def test_white_stripes_before_a_white_wall_stay():
    truth = disc(80, 100, 60)
    stripes = (np.arange(SIZE[1]) // 8 % 2).astype(np.float32)
    own = np.stack((np.broadcast_to(stripes, SIZE),) * 3, -1)
    image = painted(truth, own, (1, 1, 1))
    doubtful = np.where(disc(80, 100, 30) > 0.5, 2.0, blurred_votes(truth, 3)).astype(np.float32)
    kept, _ = with_colours(image, doubtful, None, 3)
    assert (kept[disc(80, 100, 28) > 0.5] > 0).all()


def line(x: int, y0: int, y1: int, wide: int = 4) -> np.ndarray:
    bones = np.zeros(SIZE, np.float32)
    bones[y0:y1, x - wide : x + wide] = 1
    return bones


def test_strangers_go_and_holes_on_a_bone_close():
    person = disc(60, 100, 40)
    hole, gap = disc(60, 90, 5) > 0.5, disc(80, 110, 6) > 0.5
    stranger = disc(140, 100, 12) > 0.5
    votes = np.where((person > 0.5) & ~hole & ~gap | stranger, 4.0, -4.0).astype(np.float32)
    evidence = np.full(SIZE, -1.0, np.float32)
    result = clean(votes, evidence, line(60, 65, 135), doubt=2)
    assert (result[hole] > 0).all() and (result[gap] < 0).all() and (result[stranger] < 0).all()
    assert (result[disc(60, 100, 25) > 0.5][..., None] > 0).mean() > 0.9


def test_what_hangs_on_by_a_thin_neck_goes_and_thin_things_stay():
    person, pot = disc(60, 100, 40), disc(130, 100, 14)
    neck, strand = np.zeros(SIZE, bool), np.zeros(SIZE, bool)
    neck[99:101, 95:120] = True
    strand[40:62, 59:61] = True
    votes = np.where((person > 0.5) | (pot > 0.5) | neck | strand, 4.0, -4.0).astype(np.float32)
    result = clean(votes, np.zeros(SIZE, np.float32), line(60, 65, 135), doubt=3)
    assert (result[disc(130, 100, 12) > 0.5] < 0).all(), "the pot"
    assert (result[50:62, 59:61] > 0).all(), "the strand of hair"


def test_without_bones_the_largest_piece_is_the_person():
    votes = np.where((disc(60, 100, 40) > 0.5) | (disc(140, 30, 10) > 0.5), 4.0, -4.0).astype(np.float32)
    result = clean(votes, np.zeros(SIZE, np.float32), None, doubt=2)
    assert result[100, 60] > 0 and result[30, 140] < 0


def test_region_is_cut_and_pasted_where_it_was():
    picture = torch.rand(1, 3, 50, 70)
    region = Region.around(np.array([20.0, 10, 40, 30]), (50, 70), most=1_000_000)
    matte = np.ones(region.size, np.float32)
    parts = np.concatenate((np.zeros((1, *region.size)), np.ones((5, *region.size)) / 5)).astype(np.float32)
    whole, parts, colours = region.paste(picture, matte, region.cut(picture), parts)
    assert whole.shape == (1, 1, 50, 70) and parts.shape == (1, 6, 50, 70)
    assert torch.equal(colours, picture), "an untouched foreground is the picture itself"
    assert whole[0, 0, region.y0 : region.y1, region.x0 : region.x1].min() == pytest.approx(1)
    assert whole.sum().item() == pytest.approx(matte.size, rel=1e-5)
    assert torch.allclose(parts.sum(1), torch.ones(1, 50, 70), atol=1e-5)


def test_a_large_region_is_worked_on_smaller():
    region = Region.around(np.array([0.0, 0, 5999, 7999]), (8000, 6000), most=6_000_000)
    assert 0.9 < region.size[0] * region.size[1] / 6e6 <= 1.001
    corner = region.to_region(np.array([5999.0, 7999.0]))
    assert np.allclose(corner, np.array(region.size[::-1]) - 1, atol=1)


def test_a_windows_mask_lands_where_the_window_was():
    region = Region(0, 0, SIZE[1], SIZE[0], 1.0)
    window = Crop((80.0, 100.0), 120.0, (256, 256), 0.4)
    v, u = np.mgrid[0:256, 0:256]
    centre = window.to_crop(np.array([70.0, 120.0]))
    blob = np.exp(-((u - centre[0]) ** 2 + (v - centre[1]) ** 2) / (2 * 30.0**2)).astype(np.float32)
    mask = resampled(blob, window, region)
    found = np.array(np.unravel_index(mask.argmax(), SIZE))[::-1]
    assert np.abs(found - [70, 120]).max() <= 1 and mask[0, 0] == 0


def test_doubt_grows_with_the_person():
    assert mask_pixel(np.array([0, 0, 500, 2560])) == pytest.approx(5.5) and mask_pixel(np.zeros(4)) == 1


def test_trousers_that_the_networks_miss_are_found_by_the_bones_in_them():
    """Votes that do not say, a bone within, and colours that nothing else has."""
    truth = disc(80, 100, 40)
    image = painted(truth, (0.1, 0.1, 0.15), (0.8, 0.75, 0.7))
    bone = line(100, 50, 110)
    votes = np.where(truth > 0.5, -0.15, -4.0).astype(np.float32) + 3 * bone
    found, _ = with_colours(image, votes, bone, 3)
    missed, _ = with_colours(image, votes, None, 3)
    inside = disc(80, 100, 34) > 0.5
    assert (found[inside] > 0).mean() > 0.9 and (missed[inside] > 0).mean() < 0.5
    assert (found[truth < 0.5] > 0).mean() < 0.02
