"""The baselines: where the person of the source is put, and what the picture round them is."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pipelines.geometry.keypoints import Keypoints
from pipelines.geometry.landmarks import INDEX
from training.evaluation import methods


def figure(height, width, top, left, tall, wide):
    """A block with a head, so that it fits itself in one way only."""
    matte = torch.zeros(1, 1, height, width)
    matte[..., top + tall // 4 : top + tall, left : left + wide] = 1
    matte[..., top : top + tall // 4, left + wide // 3 : left + 2 * wide // 3] = 1
    return matte


@pytest.mark.parametrize(
    ("scale", "shift"), [(1.0, (0.0, 0.0)), (1.0, (31.0, -12.0)), (0.6, (60.0, 70.0)), (1.5, (-40.0, -30.0))]
)
def test_a_moved_figure_is_found_again(scale, shift):
    source = figure(240, 200, 50, 60, 130, 60)
    target = (methods.placed(source, scale, shift, (260, 220)) > 0.5).float()
    found, at = methods.best_fit(source, target)
    again = methods.placed(source, found, at, (260, 220)) > 0.5
    overlap = (again & (target > 0.5)).sum() / (again | (target > 0.5)).sum()
    assert float(overlap) > 0.95
    assert found == pytest.approx(scale, rel=0.04)


def test_placing_keeps_pixel_centres():
    picture = torch.rand(1, 3, 20, 30, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(methods.placed(picture, 1.0, (0, 0), (20, 30)), picture, atol=1e-5)
    moved = methods.placed(picture, 1.0, (3, 2), (20, 30))
    assert torch.allclose(moved[..., 2:, 3:], picture[..., :-2, :-3], atol=1e-5)
    assert float(moved[..., :2, :].abs().max()) < 1e-5
    column = torch.zeros(1, 1, 40, 40)
    column[..., 20:22, 20:22] = 1
    half = methods.placed(column, 0.5, (-0.25, -0.25), (20, 20))
    rows = torch.arange(20.0)
    assert float((half[0, 0].sum(1) * rows).sum() / half.sum()) == pytest.approx(10.0, abs=0.05)


def test_what_a_target_covers_of_a_source():
    picture = torch.rand(1, 3, 40, 60, generator=torch.Generator().manual_seed(0))
    assert methods.framed(picture, (40, 60)) is picture
    assert torch.allclose(methods.framed(picture, (40, 30)), picture[..., 15:45])
    assert methods.framed(picture, (20, 20)).shape == (1, 3, 20, 20)
    flat = torch.full((1, 3, 40, 60), 0.3)
    assert torch.allclose(methods.framed(flat, (80, 20)), torch.tensor(0.3), atol=1e-5)


def test_a_figure_alone_in_one_of_the_mattes_is_no_error():
    empty = torch.zeros(1, 1, 50, 50)
    scale, shift = methods.best_fit(figure(50, 50, 5, 5, 30, 15), empty)
    assert scale > 0 and len(shift) == 2


def test_joints_fit_by_the_middle_line_whatever_arms_and_turn_do():
    points = np.zeros((133, 2))
    for name, y, half in (
        ("shoulder", 60, 20),
        ("hip", 120, 12),
        ("knee", 170, 12),
        ("ankle", 220, 12),
        ("wrist", 130, 30),
    ):
        points[INDEX[f"left_{name}"]], points[INDEX[f"right_{name}"]] = (100 + half, y), (100 - half, y)
    points[INDEX["nose"]] = 100, 30
    seen = np.isin(np.arange(133), [INDEX["nose"], *(i for n, i in INDEX.items() if points[i].any())]) * 0.9
    source = Keypoints(points, seen, np.zeros(133), (300, 200))
    moved = points * 1.5 + [-40, 10]
    moved[:, 0] = 2 * 110 - moved[:, 0]  # seen from behind: left and right change places
    moved[[INDEX["left_wrist"], INDEX["right_wrist"]]] = 20, 20
    scale, shift = methods.joint_fit(source, Keypoints(moved, seen, np.zeros(133), (300, 200)))
    assert scale == pytest.approx(1.5, abs=1e-6) and shift == pytest.approx((110 - 150, 10), abs=1e-4)
    gone = replace(source, confidence=seen * (np.arange(133) == 0))
    assert methods.joint_fit(gone, source) is None
