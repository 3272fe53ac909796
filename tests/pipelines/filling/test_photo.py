"""The photo's own cloth as a store of texture."""

from dataclasses import replace

import pytest
import torch
from repose.pipelines.filling.batch import filled_pictures
from repose.pipelines.filling.fill import filled
from repose.pipelines.filling.photo import Photo
from repose.pipelines.geometry.garments import NUMBER, GarmentMap, Material, Pattern, RigidPatch

from ...lit_figure import lit_figure

SIZE, TALL = (240, 200), 300


@pytest.fixture
def photo():
    """A shirt of fine noise with a harsh print in its middle, over plain trousers."""
    noise = torch.randn(*SIZE, generator=torch.Generator().manual_seed(0))
    picture = (0.5 + 0.02 * noise).expand(1, 3, *SIZE).clone()
    labels = torch.full((1, 1, *SIZE), NUMBER["upper"], dtype=torch.uint8)
    labels[..., 160:, :] = NUMBER["lower"]
    picture[..., 160:, :] = 0.3
    nothing, whole = torch.zeros(1, 1, *SIZE), torch.ones(1, 1, *SIZE)
    return Photo(picture, GarmentMap(labels, nothing, whole))


def strength(photo: Photo, scale: float = 1.0) -> float:
    return float(photo.texture(NUMBER["upper"], scale, TALL * scale).laid((200, 200))[0].std())


def test_cloth_has_its_own_grain_and_plain_cloth_none(photo):
    assert 0.012 < strength(photo) < 0.024
    assert float(photo.texture(NUMBER["lower"], 1.0, TALL).laid((100, 100)).abs().max()) < 1e-3


def test_prints_are_no_grain(photo):
    printed = photo.picture.clone()
    stripes = torch.arange(SIZE[1]) % 2
    printed[..., 40:120, 40:160] = stripes[40:160].float()
    patch = RigidPatch("print", "upper", (40, 40), torch.ones(80, 120))
    worn = replace(photo.clothes, patches=(patch,))
    assert strength(Photo(printed, worn)) == pytest.approx(strength(photo), rel=0.25)


def test_what_has_a_pattern_or_is_made_of_several_things_has_none(photo):
    patterned = replace(photo.clothes, materials={"upper": Material(patterns=(Pattern(8.0, 0.0, 0.0, 1.0),))})
    assert Photo(photo.picture, patterned).texture(NUMBER["upper"], 1.0, TALL) is None
    assert photo.texture(NUMBER["shoes"], 1.0, TALL) is None
    shoes = replace(photo.clothes, labels=torch.full_like(photo.clothes.labels, NUMBER["shoes"]))
    assert Photo(photo.picture, shoes).texture(NUMBER["shoes"], 1.0, TALL) is None


def test_a_larger_picture_has_a_coarser_grain(photo):
    def roughness(scale):
        made = photo.texture(NUMBER["upper"], scale, TALL * scale).laid((200, 200))[0]
        return float(made.diff(dim=1).std() / made.std())

    assert roughness(2.0) < 0.8 * roughness(1.0)


def test_a_body_of_which_little_is_seen_takes_its_weave_from_the_photo():
    figure = lit_figure()
    weave = torch.randn(figure.picture.shape[-2:], generator=torch.Generator().manual_seed(1))
    photo = (figure.picture + 0.03 * weave).clamp(0, 1)
    shirt = figure.on("chest")
    column = torch.arange(shirt.shape[1])
    hidden = shirt & (column > torch.nonzero(shirt.any(0)).min() + 8)
    plain = torch.where(hidden, figure.picture, photo)
    arguments = plain, figure.person, figure.hiding(hidden), figure.garments
    inner = hidden & (column < torch.nonzero(shirt.any(0)).max() - 12)

    def grain(picture):
        return float((picture - figure.picture)[0, 1].diff(dim=1)[inner[:, 1:]].std())

    without, with_photo = (
        filled(*arguments).picture,
        filled(*arguments, photo=Photo(photo, figure.garments)).picture,
    )
    assert grain(with_photo) > 2 * grain(without) and grain(with_photo) > 0.5 * grain(photo)


def test_a_photo_of_another_size_than_its_garments_is_refused_with_both_sizes(photo):
    small = photo.picture[..., ::2, ::2]
    with pytest.raises(
        ValueError, match="photo has 100 x 120 pixels, its garments 200 x 240: give the photo that"
    ):
        Photo(small, photo.clothes)
    figure = lit_figure()
    given = figure.picture, figure.person, [figure.found], [figure.garments]
    with pytest.raises(ValueError, match="the photo has 120 x 180 pixels"):
        filled_pictures(*given, photos=figure.picture[..., ::2, ::2])
    assert Photo.of(None, photo.clothes) is None and Photo.of(photo.picture, None) is None


def test_a_batch_takes_the_photo_as_one_picture_does():
    figure = lit_figure()
    hidden = figure.on("chest")
    alone = filled(
        figure.picture,
        figure.person,
        figure.hiding(hidden),
        figure.garments,
        photo=Photo(figure.picture, figure.garments),
    ).picture
    batch, _ = filled_pictures(
        figure.picture, figure.person, [figure.hiding(hidden)], [figure.garments], photos=figure.picture
    )
    assert torch.equal(batch, alone)
