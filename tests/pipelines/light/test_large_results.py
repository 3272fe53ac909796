"""Results of very large photos: the picture has the photo's size, what it was made with that of the working size."""

import pytest
import torch
import torch.nn.functional as F
from repose.pipelines.checking import checked_people
from repose.pipelines.geometry.lighting import LightField
from repose.pipelines.light.batch import figure_on, harmonised, relit_pictures, surface_on
from repose.pipelines.light.surface import photographed
from repose.pipelines.moving import moved_people

from ...geometry.people import draw, standing


def large(picture):
    """Twice the size."""
    return F.interpolate(picture, scale_factor=2, mode="bilinear", align_corners=False)


def lamp() -> LightField:
    """Hard light from the left."""
    sh = torch.zeros(9, 3)
    sh[0] = 1.0
    return LightField(sh, F.normalize(torch.tensor([-0.9, -0.2, -0.4]), dim=0), torch.full((3,), 0.8))


@pytest.fixture(scope="module")
def moved():
    """A drawn person who turned: the picture they were drawn in, the result, the surface in the photo, the target."""
    source, target = standing(), standing("three-quarter left")
    picture, matte = draw(source)
    room = torch.full_like(picture, 0.5)
    result = moved_people(picture, matte, [source], [target], backgrounds=room)
    return picture, result, photographed(picture, matte, source), target


def test_relit_as_at_the_working_size(moved):
    _, result, surface, _ = moved
    given = result.correspondences, [lamp()]
    small = relit_pictures(result.picture, result.person, *given, [surface])
    big, mask = large(result.picture), large(result.person)
    made = relit_pictures(big, mask, *given, [surface_on(surface, tuple(big.shape[-2:]))])
    change, wanted = made - big, large(small - result.picture)
    assert float(wanted.abs().max()) > 0.05, "the light does something"
    assert float((change - wanted).abs().mean()) < 0.1 * float(wanted.abs().mean())


def test_checked_with_the_target_of_the_working_size(moved):
    picture, result, _, target = moved
    given = [result.correspondences, None, None, [lamp()], None, None, None]
    big = checked_people(large(picture), large(result.picture), large(result.person), *given, [target])
    small = checked_people(picture, result.picture, result.person, *given, [target])
    assert big.pictures.shape[-2:] == (960, 720) and big.passed == small.passed
    values = [one.checks[0]["shadow direction"].value for one in (big, small)]
    assert values[0] == values[1] or values[0] == pytest.approx(values[1], abs=10)


def test_in_a_scene_with_correspondence_and_figure_of_the_working_size(moved):
    _, result, _, target = moved
    scene = torch.tensor([0.2, 0.4, 0.7])[None, :, None, None].expand(1, 3, 40, 30)
    given = scene, [lamp()], result.correspondences, None, [lamp()], [target]
    small = harmonised(result.picture, result.person, *given)
    made = harmonised(large(result.picture), large(result.person), *given)
    assert float((made - large(small)).abs().mean()) < 0.01


def test_another_pictures_are_refused(moved):
    _, result, _, target = moved
    wide = torch.zeros(1, 3, 480, 720)
    with pytest.raises(ValueError, match="720 x 480 pixels, the figure's canvas 360 x 480"):
        figure_on(target, wide)
    with pytest.raises(ValueError, match="720 x 480 pixels, the correspondence 360 x 480"):
        relit_pictures(wide, wide[:, :1], result.correspondences, [lamp()])
    half = result.picture[..., ::2, ::2], result.person[..., ::2, ::2]
    with pytest.raises(ValueError, match="180 x 240 pixels, the correspondence 360 x 480"):
        relit_pictures(*half, result.correspondences, [lamp()])
