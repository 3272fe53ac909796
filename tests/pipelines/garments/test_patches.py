"""Rigid patches: prints and buttons are found, patterns, folds and other colours are not."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont
from repose.pipelines.garments import batch, text
from repose.pipelines.garments.buttons import buttons
from repose.pipelines.garments.cloth import cloths
from repose.pipelines.garments.lines import lines
from repose.pipelines.garments.patches import stature_of, with_rigid_patches
from repose.pipelines.garments.prints import filled, prints
from repose.pipelines.garments.repeats import repeats
from repose.pipelines.geometry.garments import NUMBER, GarmentMap

from .drawing import SIZE, cloth, dressed, grid, photographed

PLAIN = np.zeros(SIZE, np.float32)
RED = np.float32((0.75, 0.1, 0.12))


def ink(text, height, at=(240, 200)):
    """(H, W) coverage of letters `height` pixels high about a place (x, y)."""
    image = Image.new("L", SIZE[::-1])
    ImageDraw.Draw(image).text(at, text, fill=255, font=ImageFont.load_default(height), anchor="mm")
    return np.asarray(image, np.float32) / 255


def printed(pixels, cover, colour=RED):
    return pixels + (colour - pixels) * cover[..., None]


def overlap(one, other):
    return float((one & other).sum() / max((one | other).sum(), 1))


def region(cover):
    """What a slogan covers: its letters and what lies between them."""
    import cv2

    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13))
    return filled(cv2.morphologyEx((cover > 0.3).astype(np.uint8), cv2.MORPH_CLOSE, disc) > 0)


@pytest.mark.parametrize("height", [36, 50, 80])
@pytest.mark.parametrize(
    ("dark", "colour"), [((0.85, 0.85, 0.83), (0.06, 0.06, 0.08)), ((0.15, 0.2, 0.4), RED)]
)
def test_a_slogan_is_one_patch_of_its_own_size(height, dark, colour):
    cover = ink("HELLO", height)
    pixels = printed(cloth(PLAIN, dark), cover, np.float32(colour))
    picture, garments = dressed(photographed(pixels))
    result = with_rigid_patches(picture, garments)
    assert {(patch.kind, patch.region) for patch in result.patches} == {("print", "upper")}
    assert overlap(result.rigid()[0, 0].numpy() > 0.5, region(cover)) > 0.6
    assert all(patch.confidence >= 0.45 for patch in result.patches)


def pattern(name):
    across, along = grid(10)
    bands = {"stripes": (across / 26) % 1 < 0.5, "fine": (across / 9) % 1 < 0.5}
    if name == "dots":
        return (np.hypot((across / 24) % 1 - 0.5, (along / 24) % 1 - 0.5) < 0.28).astype(np.float32)
    if name == "check":
        return 0.5 * (((across / 26) % 1 < 0.5) * 1.0 + ((along / 26) % 1 < 0.5) * 1.0).astype(np.float32)
    return bands[name].astype(np.float32)


@pytest.mark.parametrize("name", ["stripes", "fine", "check", "dots"])
def test_a_pattern_is_no_print(name):
    picture, garments = dressed(photographed(cloth(pattern(name))))
    assert with_rigid_patches(picture, garments).patches == ()


@pytest.mark.parametrize("seed", range(5))
def test_folds_and_grain_are_no_print(seed):
    picture, garments = dressed(photographed(cloth(PLAIN, (0.5, 0.5, 0.52)), seed, folds=0.35, noise=0.03))
    assert with_rigid_patches(picture, garments).patches == ()


def test_a_print_on_a_check_is_found():
    cover = ink("ROVER", 60)
    picture, garments = dressed(photographed(printed(cloth(pattern("check")), cover)))
    found = with_rigid_patches(picture, garments).rigid()[0, 0].numpy() > 0.5
    assert overlap(found, region(cover)) > 0.5


def test_a_panel_of_another_colour_at_the_rim_is_no_print():
    pixels = cloth(PLAIN, (0.8, 0.8, 0.8))
    pixels[:, :150] = (0.1, 0.1, 0.3)
    picture, garments = dressed(photographed(pixels))
    assert with_rigid_patches(picture, garments).patches == ()


def buttoned(count, step=40, radius=6, shift=0.0):
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    pixels = cloth(PLAIN, (0.75, 0.78, 0.8))
    for i in range(count):
        pixels[np.hypot(x - 240 - shift * (i % 2), y - 100 - step * i) < radius] = (0.2, 0.12, 0.08)
    return dressed(photographed(pixels, folds=0.08))


def test_a_row_of_buttons():
    picture, garments = buttoned(6)
    (upper,) = cloths(picture, garments)
    found = buttons(upper, 1000.0)
    assert len(found) == 6
    assert sorted(round(one.y / 20) for one in found) == [2, 4, 6, 8, 10, 12], "from the garment's box on"
    assert all(abs(one.x - 140) < 3 and 4 < one.radius < 9 for one in found)


def test_one_clear_button_is_one_and_a_plain_shirt_has_none():
    found = [buttons(next(cloths(*buttoned(count))), 1000.0) for count in (0, 1)]
    assert found[0] == [] and len(found[1]) == 1 and abs(found[1][0].x - 140) < 3


def test_dots_are_no_buttons():
    (upper,) = cloths(*dressed(photographed(cloth(pattern("dots")))))
    assert buttons(upper, 1000.0) == [] and buttons(upper, 100.0) == []


def test_stature_from_the_face_or_from_what_is_seen():
    _, garments = dressed(photographed(cloth(PLAIN)))
    assert stature_of(garments) == pytest.approx((50 * 45 / 0.0072) ** 0.5)
    labels = torch.where(garments.labels == NUMBER["face"], 0, garments.labels)
    assert stature_of(GarmentMap(labels, garments.hair, (labels > 0).float())) == 340


def test_text_of_a_detector_is_cut_to_its_ink():
    cover = ink("faint", 44)
    pixels = printed(cloth(PLAIN, (0.5, 0.5, 0.52)), 0.7 * cover, np.float32((0.72, 0.7, 0.68)))
    picture, garments = dressed(photographed(pixels, folds=0.05, noise=0.01))
    rows, columns = np.flatnonzero((cover > 0.3).any(1)), np.flatnonzero((cover > 0.3).any(0))

    def detector(image):
        assert image.dtype == np.uint8 and image.shape[2] == 3
        (x0, x1), (y0, y1) = columns[[0, -1]] - 100, rows[[0, -1]] - 60  # the clothes' box starts there
        return [(np.float32([(x0 - 8, y0 - 8), (x1 + 8, y0 - 8), (x1 + 8, y1 + 8), (x0 - 8, y1 + 8)]), 0.9)]

    result = with_rigid_patches(picture, garments, detector=detector)
    assert [patch.kind for patch in result.patches] == ["text"]
    assert overlap(result.rigid()[0, 0].numpy() > 0.5, region(cover)) > 0.6


def test_text_beside_the_clothes_is_not_theirs():
    picture, garments = dressed(photographed(cloth(PLAIN)))

    def beside(image):
        return [(np.float32([(-90, 10), (-10, 10), (-10, 40), (-90, 40)]), 0.9)]

    assert text.letters(picture, garments, beside) == []
    bare = GarmentMap(torch.zeros_like(garments.labels), garments.hair, garments.matte)
    assert text.letters(picture, bare, beside) == []


def test_without_rapidocr_there_is_no_detector(monkeypatch):
    monkeypatch.setattr(text, "find_spec", lambda name: None)
    text.rapid.cache_clear()
    assert not text.installed() and text.rapid() is None
    text.rapid.cache_clear()


def test_nothing_worn_and_tiny_regions_and_other_sizes():
    picture, garments = dressed(photographed(cloth(PLAIN)))
    bare = GarmentMap(torch.zeros_like(garments.labels), garments.hair, garments.matte)
    assert with_rigid_patches(picture, bare).patches == ()
    labels = torch.zeros_like(garments.labels)
    labels[..., 100:104, 200:205] = NUMBER["upper"]
    assert with_rigid_patches(picture, GarmentMap(labels, garments.hair, (labels > 0).float())).patches == ()
    with pytest.raises(ValueError, match="240 x 320.*480 x 640"):
        with_rigid_patches(picture[..., ::2, ::2], garments)


def test_a_patch_at_the_pictures_border_stays_inside_it():
    """The soft rim of a patch is cut where the picture ends, and where the garment's box does nothing breaks."""
    pixels = printed(cloth(PLAIN, (0.85, 0.85, 0.83)), ink("HELLO", 60, (240, 110)))
    picture, garments = dressed(photographed(pixels))
    cut = slice(86, None)
    part = GarmentMap(garments.labels[..., cut, :], garments.hair[..., cut, :], garments.matte[..., cut, :])
    result = with_rigid_patches(picture[..., cut, :], part, 0.0)
    for patch in result.patches:
        (x, y), (h, w) = patch.corner, patch.mask.shape
        assert x >= 0 and y >= 0 and x + w <= SIZE[1] and y + h <= SIZE[0] - 86
    assert result.rigid().shape == (1, 1, SIZE[0] - 86, SIZE[1])


def test_what_an_artist_paints_is_rigid_too():
    picture, garments = dressed(photographed(cloth(PLAIN)))
    mask = torch.zeros(1, 1, *SIZE)
    mask[..., 150:180, 200:260] = 1
    (result,) = batch.patches(picture, [garments], 0.45, None, mask)
    (patch,) = result.patches
    assert (patch.kind, patch.region, patch.corner, tuple(patch.mask.shape)) == (
        "painted",
        "upper",
        (200, 150),
        (30, 60),
    )
    assert torch.equal(batch.rigid_masks([result]), mask)
    with pytest.raises(ValueError, match="mask is 10 x 10, the picture 480 x 640"):
        batch.patches(picture, [garments], 0.45, None, torch.ones(1, 1, 10, 10))
    with pytest.raises(ValueError, match="2 garments"):
        batch.patches(picture.expand(3, -1, -1, -1), [garments] * 2, 0.45)


def test_seams_are_lines_and_plain_cloth_has_none():
    pixels = cloth(PLAIN, (0.5, 0.52, 0.6))
    pixels[200:203, 110:370] *= 0.6
    seam, plain = (
        lines(*dressed(photographed(p, folds=0.1, noise=0.005)))
        for p in (pixels, cloth(PLAIN, (0.5, 0.52, 0.6)))
    )
    assert seam.shape == (1, 1, *SIZE)
    assert float(seam[0, 0, 199:204, 120:360].amax(0).mean()) > 0.45
    assert float(plain.mean()) < 0.003 and float(seam[0, 0, 400:].sum()) == 0


def test_prints_of_a_tiny_cloth_are_none():
    picture, garments = dressed(photographed(cloth(PLAIN)))
    labels = torch.zeros_like(garments.labels)
    labels[..., 100:124, 200:225] = NUMBER["upper"]
    for one in cloths(picture, GarmentMap(labels, garments.hair, (labels > 0).float())):
        assert prints(one, repeats(one)) == []
