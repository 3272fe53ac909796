"""Control pictures in OpenPose's colours, thick sticks, overlays and contact sheets."""

import importlib.util
import sys

import numpy as np
import pytest
import torch
from repose.pipelines import draw
from repose.pipelines.draw import (
    DrawingUnavailable,
    contact_sheet,
    draw_pose,
    skeleton_overlay,
    stick_width,
)
from repose.pipelines.geometry.keypoints import Keypoints
from repose.pipelines.geometry.landmarks import INDEX, PARTS

needs_library = pytest.mark.skipif(
    importlib.util.find_spec("controlnet_aux") is None, reason="controlnet-aux is not installed"
)


def person(canvas=(400, 400), **points) -> Keypoints:
    places, confidence = np.zeros((133, 2)), np.zeros(133)
    for name, place in points.items():
        places[INDEX[name]], confidence[INDEX[name]] = place, 1
    return Keypoints(places, confidence, np.ones(133), canvas)


def color_at(picture: torch.Tensor, x: int, y: int) -> list[int]:
    return (picture[0, :, y, x] * 255).round().int().tolist()


@pytest.mark.parametrize(
    ("size", "thick", "width"),
    [
        ((400, 300), False, 1.0),
        ((512, 768), False, 1.0),
        ((1024, 1536), False, 2.0),
        ((400, 300), True, 1.0),
        ((512, 768), True, 2.0),
        ((1024, 1024), True, 3.0),
        ((2752, 1536), True, 4.0),
        ((512, 9000), True, 7.0),
    ],
)
def test_stick_width_rules(size, thick, width):
    assert stick_width(size, thick) == width


@needs_library
def test_colours_of_openpose():
    """Right elbow to right wrist is limb 3, yellow at 60 %; the wrist is joint 4, full lime."""
    picture = draw_pose([person(right_elbow=(100, 200), right_wrist=(300, 200))], (400, 400))
    assert picture.shape == (1, 3, 400, 400) and picture.dtype == torch.float32
    assert color_at(picture, 300, 200) == [170, 255, 0]
    assert color_at(picture, 200, 200) == [int(value * 0.6) for value in (255, 255, 0)]
    assert color_at(picture, 200, 230) == [0, 0, 0]


@needs_library
def test_thick_sticks_are_thick_and_fingers_are_not():
    lines = person((1000, 800), right_elbow=(100, 200), right_wrist=(700, 200))
    thin, thick = (
        draw_pose([lines], (1000, 800), thick=thick)[0, 0, :, 400].count_nonzero() for thick in (0, 1)
    )
    # Half widths 4 * 800 / 512 and 4 * 3 pixels, and the middle row.
    assert (int(thin), int(thick)) == (13, 25)
    hand = person(left_index_1=(10, 10), left_index_2=(50, 60))
    assert torch.equal(draw_pose([hand], (900, 900), thick=True), draw_pose([hand], (900, 900)))


@needs_library
def test_pose_is_scaled_from_its_own_canvas():
    picture = draw_pose([person((400, 400), nose=(100, 300))], (200, 800))
    ys, xs = torch.nonzero(picture[0].sum(0), as_tuple=True)
    assert abs(xs.float().mean() - 200) < 1 and abs(ys.float().mean() - 150) < 1


@needs_library
def test_parts_can_be_left_out_and_faint_points_are_not_drawn():
    points = np.random.default_rng(0).uniform(50, 350, (133, 2))
    full = Keypoints(points, np.ones(133), np.ones(133), (400, 400))
    assert draw_pose([full], (400, 400), body=False, hands=False, face=False).sum() == 0
    face = draw_pose([full], (400, 400), body=False, hands=False)
    assert set(face.unique().tolist()) == {0.0, 1.0}
    for x, y in points[PARTS["face"]].astype(int):
        assert color_at(face, x, y) == [255, 255, 255]
    hands = draw_pose([full], (400, 400), body=False, face=False)
    for x, y in points[PARTS["left_hand"]].astype(int)[-1:]:
        assert color_at(hands, x, y) == [0, 0, 255]
    faint = Keypoints(points, np.full(133, 0.29), np.ones(133), (400, 400))
    assert draw_pose([faint], (400, 400)).sum() == 0


@needs_library
def test_nobody_and_half_hands():
    assert draw_pose([], (30, 20)).sum() == 0
    assert draw_pose([person(left_hand_root=(10, 10))], (400, 400)).sum() > 0


@needs_library
def test_hand_is_drawn_as_the_library_draws_it():
    """Pixel for pixel, where the library's own function can run (it needs matplotlib)."""
    pytest.importorskip("matplotlib")
    points = np.random.default_rng(0).uniform(50, 350, (21, 2))
    ours = np.zeros((400, 400, 3), np.uint8)
    library = draw._library(1.0)
    draw._draw_hand(library.cv2, ours, points)
    theirs = library.draw_handpose(np.zeros((400, 400, 3), np.uint8), [points / 400])
    assert (ours == theirs).mean() > 0.999


@needs_library
def test_the_package_itself_is_not_imported():
    draw_pose([person(nose=(5, 5))], (20, 20))
    assert "controlnet_aux" not in sys.modules


def test_missing_library_says_what_to_do(monkeypatch):
    monkeypatch.setattr(draw.importlib.util, "find_spec", lambda name: None)
    draw._library.cache_clear()
    with pytest.raises(DrawingUnavailable, match="pip install controlnet-aux"):
        draw_pose([person(nose=(5, 5))], (20, 20))


@needs_library
def test_overlay_keeps_the_drawing_and_darkens_the_rest():
    picture = torch.full((1, 3, 400, 400), 0.8)
    shown = skeleton_overlay(picture, person(nose=(100, 300)))
    assert color_at(shown, 100, 300) == [255, 0, 0]
    assert torch.allclose(shown[0, :, 0, 0], torch.tensor(0.8 * 0.45))


def test_contact_sheet_rows_and_titles():
    pictures = [
        torch.full((1, 3, 40, 20), 0.2),
        torch.full((1, 3, 20, 40), 0.4),
        torch.full((1, 3, 10, 10), 0.6),
    ]
    sheet = contact_sheet(pictures, ["one", "two", "three"], columns=2, height=40)
    strip = 16
    assert sheet.shape == (1, 3, 2 * (40 + strip), 2 * 80)
    assert [float(sheet[0, 0, strip + 20, x]) for x in (40, 120)] == pytest.approx([0.2, 0.4], abs=1e-3)
    assert sheet[0, :, :strip].min() < 0.3
    assert sheet[0, :, 40 + strip :, 80:].min() == 1.0


@pytest.mark.parametrize(("count", "titles", "columns"), [(0, [], 1), (1, [], 1), (1, ["a"], 0)])
def test_contact_sheet_refuses_what_does_not_fit(count, titles, columns):
    with pytest.raises(ValueError, match="one title per picture"):
        contact_sheet([torch.zeros(1, 3, 4, 4)] * count, titles, columns)
