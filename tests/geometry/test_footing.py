"""Feet on the ground and the shade under them."""

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.footing import BREADTH, SOLE, Fading, Foot, contact_shade, distance, feet_of
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.retarget import retarget, stature
from repose.pipelines.geometry.skeleton import JOINT_INDEX

from .people import standing

FOOT = Foot(np.array([100.0, 90.0]), np.array([140.0, 90.0]), np.ones(2))


def test_both_feet_of_a_standing_person_bear():
    body = standing()
    feet = feet_of(body)
    assert set(feet) == {"left_", "right_"}
    for side, foot in feet.items():
        heel = body.forward().positions[JOINT_INDEX[f"{side}heel"], :2]
        assert foot.heel == pytest.approx(heel + [0, SOLE * stature(body)])
        assert foot.weight.min() > 0.9


def test_a_raised_foot_bears_nothing():
    pose = load_pose("movement/dance on one leg")
    feet = feet_of(retarget(standing(), pose), pose.contacts)
    assert sorted(bool(foot.weight.max() > 0.5) for foot in feet.values()) == [False, True]


@pytest.mark.parametrize("name", ["movement/jump", "mascot/happy jump"])
def test_in_the_air_neither_bears(name):
    pose = load_pose(name)
    feet = feet_of(retarget(standing(), pose), pose.contacts)
    assert all(foot.weight.max() < 0.1 for foot in feet.values())


def test_distance_is_along_the_ground():
    """Beside the foot pixels count once, up and down the picture more: the ground is seen at an angle."""
    away, at = distance(FOOT, (200, 240), 1.0)
    assert away[90, 120] == 0 and at[90, 120] == pytest.approx(0.5)
    assert away[90, 160] == pytest.approx(20) and at[90, 160] == 1
    assert away[100, 120] > 20


def test_shade_is_full_under_the_sole_and_fades():
    shade = contact_shade(FOOT, 1000, Fading(0.02), (200, 240), 1.0)
    assert shade[90, 120] == 1 and shade.max() == 1
    edge = 140 + round(BREADTH * 1000)
    across = shade[90, edge : edge + 60]
    assert (across.diff() <= 0).all() and across[-1] < 0.01
    assert across[20] == pytest.approx(np.exp(-1), abs=0.02), "one softness out"


def test_shade_behind_lies_higher_in_the_picture():
    shade = contact_shade(FOOT, 1000, Fading(0.02, 0.03), (200, 240), 1.0)
    assert shade[60, 120] == 1 and shade[60].sum() > shade[90].sum()


def test_a_foot_on_its_toes_shades_only_there():
    toes = FOOT._replace(weight=np.array([0.0, 1.0]))
    shade = contact_shade(toes, 100, Fading(0.02), (200, 240), 1.0)
    assert shade[90, 100] == 0 and shade[90, 140] == 1


def test_a_grid_of_cells_sees_the_same():
    fine = contact_shade(FOOT, 1000, Fading(0.05), (200, 240), 1.0)
    coarse = contact_shade(FOOT, 1000, Fading(0.05), (50, 60), 4.0)
    pooled = torch.nn.functional.avg_pool2d(fine[None], 4)[0]
    assert (pooled - coarse).abs().max() < 0.05
