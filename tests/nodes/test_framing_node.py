"""Reframe, and the frame of Repose."""

import pytest
import torch


def test_a_batch_in_another_shape(run, drawn):
    three = drawn.image.repeat(3, 1, 1, 1)
    out = run("ReposeReframe", image=three, mask=drawn.mask, frame="16:9", margin=0.05, multiple=8)
    batch, height, width, _ = out.image.shape
    assert batch == 3 and height % 8 == width % 8 == 0 and abs(width / height - 16 / 9) < 0.05
    assert out.mask.shape == out.added.shape == (3, height, width)
    y, x = 240, 180
    assert torch.equal(out.image[1, y + out.top, x + out.left], drawn.image[0, y, x])
    assert out.mask.sum() == pytest.approx(3 * float(drawn.mask.sum()), rel=1e-3), (
        "nothing of the figure is cut"
    )
    assert (out.image[0][out.added[0] > 0] - 0.5).abs().max() < 0.02, "the grey ground goes on"


def test_extend_leaves_a_picture_with_room_alone(run, drawn):
    out = run("ReposeReframe", image=drawn.image, mask=drawn.mask, frame="extend", margin=0.0)
    assert torch.equal(out.image, drawn.image) and not out.added.any() and (out.left, out.top) == (0, 0)


def test_an_empty_mask(run, drawn):
    with pytest.raises(ValueError, match="mask 1 of 1 is empty"):
        run("ReposeReframe", image=drawn.image, mask=torch.zeros_like(drawn.mask))


def test_the_newest_inputs_of_repose_come_last(comfyui):
    """Saved workflows hold their widgets by their order."""
    from repose.nodes.whole import Repose

    assert [one.id for one in Repose.GET_SCHEMA().inputs][-4:] == ["frame", "relight", "fill", "seat"]
