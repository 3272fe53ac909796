"""The learned reposer on photos of any size: frames, copies, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from repose.pipelines import volumetric
from repose.pipelines.models import reposer
from repose.pipelines.models.reposer_parts import INDEX
from repose.pipelines.volumetric import volumetric_pictures, volumetric_repose

from ..geometry.people import CANVAS, draw, standing


@pytest.fixture(scope="module")
def figure():
    """A drawn person, its matte, and the grey room without it."""
    body = standing()
    picture, matte = draw(body)
    return body, picture, matte, torch.full_like(picture, 0.5)


def test_the_person_stays_where_the_pose_stays(figure):
    """Asked for the pose that is there, the shipped network copies the photo and finds the outline."""
    body, picture, matte, room = figure
    made = volumetric_repose(picture, body, body, room)
    both, either = ((made.person > 0.5) & (matte > 0.5)).sum(), ((made.person > 0.5) | (matte > 0.5)).sum()
    assert made.picture.shape == picture.shape and both / either > 0.7
    inside = (made.person > 0.9) & (matte > 0.9) & (made.hidden < 0.2)
    apart = ((made.picture - picture).abs().mean(1, keepdim=True) * inside).sum() / inside.sum()
    assert inside.sum() > 5000 and apart < 0.08
    outside = (made.person < 0.01).expand_as(room)
    assert torch.allclose(made.picture[outside], room[outside], atol=0.02)


def test_the_frame_is_the_networks_picture(figure):
    """A pixel's place in the frame and back: the joints lie on the same pixels in the small picture."""
    body, picture, _, _ = figure
    points = volumetric._points(body)
    middle, side = (value[0] for value in volumetric.window(points, points))
    corner = middle - side / 2
    marked = torch.zeros_like(picture)
    x, y = points[0, INDEX["left_wrist"], :2].round().long().tolist()
    marked[..., y - 3 : y + 4, x - 3 : x + 4] = 1
    small = volumetric._framed(marked, corner, float(side), 128)[0, 0]
    v, u = np.unravel_index(int(small.argmax()), small.shape)
    share = volumetric._joints(points, corner, side)[0, INDEX["left_wrist"], :2] * 128 - 0.5
    assert abs(u - share[0]) < 1.6 and abs(v - share[1]) < 1.6


def test_without_a_background_only_the_old_place_is_painted(figure):
    body, picture, _, _ = figure
    made = volumetric_repose(picture, body, body)
    far = torch.zeros_like(picture, dtype=torch.bool)
    far[..., :20] = True
    assert torch.equal(made.picture[far], picture[far])


def test_batches_go_together(figure):
    body, picture, _, room = figure
    posed = standing("casual/contrapposto")
    told: list[float] = []
    made = volumetric_pictures(picture, [body], [body, posed], room, told.append)
    assert made.picture.shape[0] == 2 == made.prediction.shape[0] and told == sorted(told) and told[-1] == 1
    alone = volumetric_repose(picture, body, posed, room)
    assert torch.equal(made.picture[1:], alone.picture)
    with pytest.raises(ValueError, match="2 pictures, 3 sources"):
        volumetric_pictures(picture.expand(2, -1, -1, -1), [body] * 3, [body])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"canvas": (100, 90)},
            "source skeleton is of a picture of 90 x 100 pixels, the picture has 360 x 480",
        ),
        ({"flat": True}, "the source is a drawn figure"),
        ({"root": np.array([180.0, 400.0, 0.0])}, r"lies at \(\d+, \d+\), outside the picture of 360 x 480"),
    ],
)
def test_what_it_cannot_do_is_said(figure, change, said):
    body, picture, _, _ = figure
    with pytest.raises(ValueError, match=said):
        volumetric_repose(picture, replace(body, **change), body)


def test_a_background_of_another_picture_is_refused(figure):
    body, picture, _, _ = figure
    with pytest.raises(ValueError, match=f"10 x 12 pixels, the picture {CANVAS[1]} x {CANVAS[0]}"):
        volumetric_repose(picture, body, body, torch.zeros(1, 3, 12, 10))


def test_the_shipped_weights_are_whole_and_small():
    assert reposer.WEIGHTS.stat().st_size < 10e6
    assert all(torch.isfinite(value).all() for value in reposer.shipped().state_dict().values())
