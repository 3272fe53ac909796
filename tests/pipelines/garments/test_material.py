"""Materials measured on drawn clothes: what is measured, what is said, and what cannot be."""

import numpy as np
import pytest
import torch
from repose.pipelines.garments.cloth import cloths
from repose.pipelines.garments.gloss import gloss
from repose.pipelines.garments.material import STIFFNESS, crops_of, measured, stiffness
from repose.pipelines.garments.override import Override, overridden
from repose.pipelines.garments.surface import folds, pleats, sheerness
from repose.pipelines.geometry.garments import FABRICS, NUMBER, UNKNOWN, GarmentMap, Measured, Pattern

from .drawing import SIZE, SKIN, cloth, dressed, grid, photographed

PLAIN = np.zeros(SIZE, np.float32)
SKINS = np.tile(np.float32(SKIN), (500, 1))


def only(picture, garments, region="upper"):
    return next(one for one in cloths(picture, garments) if one.region == region)


def test_every_garment_gets_a_material_and_nothing_else_does():
    picture, garments = dressed(photographed(cloth(PLAIN)), photographed(cloth(PLAIN, (0.2, 0.2, 0.2)), 1))
    result = measured(picture, garments, None)
    assert set(result.materials) == {"upper", "lower"}
    upper = result.material("upper")
    assert upper.fabric == UNKNOWN and upper.confidence == 0 and upper.patterns == ()
    for value in (upper.stiffness, upper.gloss, upper.sheerness):
        assert 0 <= value.value <= 1 and 0 <= value.confidence <= 1
    assert upper.sheerness.value < 0.1
    assert torch.equal(result.labels, garments.labels) and garments.materials == {}


def test_what_the_map_says_already_stays():
    picture, garments = dressed(photographed(cloth(PLAIN)))
    said = overridden(measured(picture, garments, None), Override("upper", "silk", gloss=0.9))
    again = measured(picture, said, None).material("upper")
    assert (again.fabric, again.confidence, again.gloss) == ("silk", 1.0, Measured(0.9, 1.0))


def test_a_reader_names_the_fabric_and_the_stiffness_follows():
    from repose.pipelines.models.fabrics import SIDE, Fabric

    seen = []

    def leather(crops):
        seen.append(tuple(crops.shape[1:]))
        return Fabric("leather", 0.9, torch.zeros(10))

    picture, garments = dressed(photographed(cloth(PLAIN)))
    unknown, named = (measured(picture, garments, reader).material("upper") for reader in (None, leather))
    assert (named.fabric, named.confidence) == ("leather", 0.9) and seen == [(3, SIDE, SIDE)]
    assert named.stiffness.value > unknown.stiffness.value + 0.3


def test_no_clothes():
    picture, garments = dressed(photographed(cloth(PLAIN)))
    bare = GarmentMap(torch.zeros_like(garments.labels), garments.hair, garments.matte)
    assert measured(picture, bare, None).materials == {}


def test_a_region_of_twenty_pixels_is_left_out():
    picture, garments = dressed(photographed(cloth(PLAIN)))
    labels = garments.labels.clone()
    labels[..., 610:614, 200:205] = NUMBER["shoes"]
    tiny = GarmentMap(labels, garments.hair, (labels > 0).float())
    assert set(measured(picture, tiny, None).materials) == {"upper"}


def test_a_narrow_garment_has_descriptors_but_no_crops():
    picture, garments = dressed(photographed(cloth(PLAIN)))
    labels = torch.where(garments.labels == NUMBER["upper"], 0, garments.labels)
    labels[..., 100:160, 100:380] = NUMBER["upper"]
    strip = GarmentMap(labels, garments.hair, (labels > 0).float())
    assert len(crops_of(only(picture, strip))) == 0
    material = measured(picture, strip).material("upper")
    assert material.fabric == UNKNOWN and material.gloss == Measured(0.1)


def test_a_picture_of_another_size_is_refused_with_both_sizes():
    _, garments = dressed(photographed(cloth(PLAIN)))
    with pytest.raises(ValueError, match=r"32 x 64.*480 x 640.*connect the picture"):
        measured(torch.zeros(1, 3, 64, 32), garments)
    with pytest.raises(ValueError, match="one picture"):
        measured(torch.zeros(2, 3, *SIZE), garments)


def test_deeper_folds_are_measured_deeper_and_make_cloth_softer():
    flat, deep = (folds(only(*dressed(photographed(cloth(PLAIN), folds=depth)))) for depth in (0.03, 0.9))
    assert deep.value > 3 * flat.value
    assert stiffness("cotton", 1.0, deep).value < STIFFNESS["cotton"] < stiffness("cotton", 1.0, flat).value


def veil(share):
    """Blue cloth through which skin shows in `share` of it, evenly over the upper half."""
    pixels = cloth(PLAIN, (0.15, 0.18, 0.3))
    pixels[60:260] = (1 - share) * pixels[60:260] + share * np.float32(SKIN)
    return only(*dressed(photographed(pixels, folds=0.1)))


def test_skin_that_shows_through_makes_cloth_sheer():
    values = [sheerness(veil(share), SKINS).value for share in (0.0, 0.4, 0.8)]
    assert values[0] < 0.05 < values[1] < values[2]


def test_nobody_can_tell_a_nude_dress_from_skin():
    nude = only(*dressed(photographed(cloth(PLAIN, SKIN))))
    assert sheerness(nude, SKINS).confidence == 0
    assert sheerness(nude, None) == Measured(0.0)


def skirt(period, depth=0.5):
    """A plain skirt with creases that run down every `period` pixels."""
    across, _ = grid(0)
    shade = 1 - depth * np.exp(-(((across / period) % 1 - 0.5) ** 2) / 0.02)
    pixels = cloth(PLAIN, (0.45, 0.42, 0.4)) * shade[..., None]
    return only(*dressed(photographed(cloth(PLAIN)), photographed(pixels, folds=0.08)), "lower")


@pytest.mark.parametrize("period", [16, 24])
def test_pleats_are_counted_along_the_hem(period):
    result = pleats(skirt(period), ())
    assert 1 / result.value == pytest.approx(period, rel=0.08) and result.confidence > 0.5


def test_a_plain_skirt_has_no_pleats_and_stripes_are_none_for_sure():
    plain = only(*dressed(photographed(cloth(PLAIN)), photographed(cloth(PLAIN), 1, folds=0.15)), "lower")
    assert pleats(plain, ()).value == 0 or pleats(plain, ()).confidence < 0.3
    stripes = (Pattern(16.0, 0.0, 0.0, 0.9),)
    assert pleats(skirt(16), stripes).confidence < 0.3


def test_gloss_needs_crops_and_a_highlight():
    assert gloss(torch.zeros(0, 3, 96, 96)) == Measured(0.1)
    y, x = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
    wave = 0.5 + 0.5 * torch.sin(x / 9 + y / 31)
    matt = (0.25 + 0.2 * wave).expand(1, 3, 96, 96)
    glossy = (0.25 + 0.1 * wave + 0.6 * wave**12).clamp(0, 1).expand(1, 3, 96, 96)
    assert gloss(glossy).value > gloss(matt).value + 0.15
    assert gloss(torch.ones(6, 3, 96, 96)).confidence == 0, "over white no highlight can show"


def test_the_artists_word():
    picture, garments = dressed(photographed(cloth(PLAIN)))
    seen = measured(picture, garments, None)
    word = Override("upper", "leather", sheerness=0.3, pleats=0.05, period=20.0, degrees=90.0)
    said = overridden(seen, word).material("upper")
    assert (said.fabric, said.stiffness.value) == ("leather", STIFFNESS["leather"])
    assert (said.sheerness, said.pleats) == (Measured(0.3, 1.0), Measured(0.05, 1.0))
    (pattern,) = said.patterns
    assert (pattern.period, pattern.orientation, pattern.confidence) == (20.0, pytest.approx(np.pi / 2), 1.0)
    assert said.gloss == seen.material("upper").gloss
    assert overridden(overridden(seen, word), Override("upper", period=0.0)).material("upper").patterns == ()


@pytest.mark.parametrize(
    ("word", "says"),
    [
        (Override("shoes", "leather"), "no shoes in the picture, but upper"),
        (Override("hair", "fur"), "'hair' has no material"),
        (Override("upper", "stone"), "no fabric is called 'stone'"),
    ],
)
def test_words_about_what_is_not_there(word, says):
    _, garments = dressed(photographed(cloth(PLAIN)))
    with pytest.raises(ValueError, match=says):
        overridden(garments, word)


def test_every_fabric_has_a_stiffness():
    assert set(STIFFNESS) == {*FABRICS, UNKNOWN} and all(0 <= value <= 1 for value in STIFFNESS.values())
    assert STIFFNESS["silk"] < STIFFNESS["cotton"] < STIFFNESS["denim"] < STIFFNESS["leather"]
