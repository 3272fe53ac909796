"""Occlusion Fill."""

import pytest
import torch

from ..lit_figure import lit_figure


@pytest.fixture(scope="module")
def figure():
    return lit_figure()


def test_batch_of_one_photo_filled(run, figure):
    y = torch.arange(figure.person.shape[-2])[:, None].expand(figure.person.shape[-2:])
    hidden = (y > 150) & (y < 165) & (figure.person[0, 0] > 0)
    image = figure.picture.movedim(1, -1).expand(2, -1, -1, -1)
    given = {"person": figure.person[:, 0], "garments": [figure.garments]}
    out = run("ReposeOcclusionFill", image=image, correspondence=[figure.hiding(hidden)] * 2, **given)
    assert out.image.shape == image.shape and out.filled.shape == image.shape[:3]
    assert bool((out.filled[0][hidden] > 0).any())
    untouched = out.filled[0] == 0
    assert torch.equal(out.image[0][untouched], image[0][untouched])
    same = run("ReposeOcclusionFill", image=image, correspondence=[figure.found], **given)
    assert torch.equal(same.image, image) and float(same.filled.sum()) == 0


def test_a_painted_mask_and_what_does_not_fit(run, figure):
    image = figure.picture.movedim(1, -1)
    painted = torch.zeros(1, *figure.person.shape[-2:])
    painted[:, 150:160] = 1
    out = run(
        "ReposeOcclusionFill",
        image=image,
        person=figure.person[:, 0],
        correspondence=[figure.found],
        hidden=painted,
    )
    assert float(out.filled[0, :140].sum()) == 0 and float(out.filled[0, 150:160].sum()) > 0
    with pytest.raises(ValueError, match="hidden mask"):
        run(
            "ReposeOcclusionFill",
            image=image,
            person=figure.person[:, 0],
            correspondence=[figure.found],
            hidden=painted[:, :, :50],
        )
