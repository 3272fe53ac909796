"""Masks that the artist names win over what was found."""

import pytest
import torch
from repose.pipelines.garments.given import ONLY, overridden
from repose.pipelines.garments.preview import COLOURS, STRENGTH, labelled
from repose.pipelines.geometry.garments import NUMBER, GarmentMap


@pytest.fixture
def garments():
    """40 x 60: shirt above, trousers below, with a margin of 5."""
    labels = torch.zeros(1, 1, 60, 40, dtype=torch.uint8)
    labels[..., 5:30, 5:35], labels[..., 30:55, 5:35] = NUMBER["upper"], NUMBER["lower"]
    return GarmentMap(labels, torch.zeros(1, 1, 60, 40), (labels > 0).float())


def box(top, bottom, left, right, size=(60, 40)):
    mask = torch.zeros(1, 1, *size)
    mask[..., top:bottom, left:right] = 1
    return mask


def test_a_mask_becomes_a_region(garments):
    found = overridden(garments, box(20, 40, 10, 20), "bag")
    assert int((found.labels == NUMBER["bag"]).sum()) == 200
    assert int((found.labels == NUMBER["upper"]).sum()) == 25 * 30 - 100
    assert bool((found.mask("bag") == box(20, 40, 10, 20)).all())


def test_outside_the_person_it_is_added_and_background_takes_away(garments):
    found = overridden(garments, box(0, 5, 10, 20), "headwear")
    assert float(found.matte[..., 0:5, 10:20].min()) == 1
    bare = overridden(found, box(0, 5, 10, 20), "background")
    assert float(bare.matte[..., :5, :].max()) == 0 and bare.present() == garments.present()


def test_only_leaves_the_region_nowhere_else(garments):
    found = overridden(garments, box(30, 40, 5, 35), "upper", ONLY)
    assert bool((found.labels[..., 30:40, 5:35] == NUMBER["upper"]).all())
    assert int((found.labels == NUMBER["upper"]).sum()) == 300
    assert bool(
        (found.labels[..., 5:30, 5:35] == NUMBER["lower"]).all()
    )  # what was shirt is the nearest other


def test_hair_keeps_the_masks_softness(garments):
    soft = 0.6 * box(5, 15, 10, 20)
    assert float(overridden(garments, soft, "hair").mask("hair")[0, 0, 8, 12]) == pytest.approx(0.6)
    again = overridden(overridden(garments, soft, "hair"), box(5, 15, 10, 20), "face")
    assert float(again.hair.max()) == 0


def test_another_size_is_fitted_and_other_proportions_are_refused(garments):
    found = overridden(garments, box(40, 80, 20, 40, (120, 80)), "bag")
    assert int((found.labels == NUMBER["bag"]).sum()) == 200
    with pytest.raises(
        ValueError, match=r"the mask has 50 x 50 pixels, the picture 40 x 60.*resize and crop"
    ):
        overridden(garments, torch.ones(1, 1, 50, 50), "bag")


def test_an_empty_mask_and_an_unknown_region(garments):
    with pytest.raises(ValueError, match="the mask for 'bag' is empty"):
        overridden(garments, torch.zeros(1, 1, 60, 40), "bag")
    with pytest.raises(ValueError, match="no region is called 'shirt'; there are background, hair"):
        overridden(garments, torch.ones(1, 1, 60, 40), "shirt")


def test_the_preview_colours_regions_and_has_a_legend(garments):
    view = labelled(torch.full((1, 3, 60, 40), 0.5), [garments])
    assert view.shape[-2] == 60 and view.shape[-1] > 40
    expected = 0.5 + STRENGTH * (torch.tensor(COLOURS["upper"]) - 0.5)
    assert torch.allclose(view[0, :, 10, 20], expected, atol=1e-5)
    assert float(view[0, :, 2, 2].max()) < 0.2 and float(view[..., 40:].max()) > 0.5
