"""How much of a picture is photo, and what the artist is told of it."""

import pytest
import torch
from repose.pipelines.geometry.garments import GarmentMap
from repose.pipelines.geometry.layers import Regions
from repose.pipelines.moving import mean, moved_people, second_views, thinly_covered
from repose.pipelines.read import dressed
from repose.pipelines.repose import ENOUGH, coverage, thin

from ..geometry.people import CANVAS, standing


@pytest.mark.parametrize(("hidden", "expected"), [(0.0, 1.0), (0.25, 0.75), (1.0, 0.0)])
def test_coverage_is_what_is_not_hidden(hidden, expected):
    person = torch.zeros(1, 1, 8, 8)
    person[..., 2:6, 2:6] = 1
    assert coverage(person, person * hidden) == pytest.approx(expected)


def test_without_a_person_nothing_is_a_guess():
    assert coverage(torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8)) == 1


def test_under_the_limit_the_artist_is_told_what_to_do():
    assert thin(ENOUGH) == "" and "only 54% of the person comes from the photo" in thin(0.54)
    assert "checkpoint" in thin(0.1) and "second photo" in thin(0.1)


def test_pictures_are_told_by_their_number():
    assert thinly_covered([0.9, 0.3, 0.6]).startswith("picture 2: only 30%")
    assert thinly_covered([0.9]) == "" and mean([0.2, 0.6]) == pytest.approx(0.4)


def test_no_second_photo_is_none():
    assert second_views(None, None, None) is None


def test_garments_of_another_photo_are_named():
    """What the artist connected as garments is called so, with both sizes."""
    body, other = standing(), torch.zeros(1, 1, 40, 30)
    clothes = GarmentMap(other.to(torch.uint8), other, other)
    photo = torch.zeros(1, 3, *CANVAS)
    with pytest.raises(ValueError, match=f"{CANVAS[1]} x {CANVAS[0]} pixels, the garments 30 x 40"):
        moved_people(photo, photo[:, :1], [body], [body], dressed(None, [clothes]))
    plain = Regions(other, other)
    with pytest.raises(ValueError, match="the regions 30 x 40"):
        moved_people(photo, photo[:, :1], [body], [body], dressed([plain], None))
