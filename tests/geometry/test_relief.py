"""The relief: the body's own shapes in the photo's outline, the same wherever two layers meet."""

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.parts import INDEX
from repose.pipelines.geometry.relief import ARMPIT, BARE, _breadths, _envelopes
from repose.pipelines.geometry.sections import ANGLES, LEVELS, SEGMENTS, table
from repose.pipelines.geometry.volume import build
from repose.pipelines.geometry.warp import warp

from .people import STATURE, draw, standing


@pytest.fixture(scope="module")
def volume():
    skeleton = standing()
    return build(*draw(skeleton), skeleton)


def layer(volume, name):
    return next(one for one in volume.layers if one.name == name)


def test_the_tables_are_bodies():
    """Half-breadths and half-depths in statures, against what bodies measure (Winter 2009: hips 0.191 broad)."""
    for name in SEGMENTS:
        assert table(name).shape == (LEVELS, ANGLES)
        assert 0.005 < table(name).min() and table(name).max() < 0.13, name
    trunk, head = table("trunk"), table("head")
    hips = trunk[2, 0] + trunk[2, ANGLES // 2]
    assert 0.17 < hips < 0.23
    depth = trunk[:, ANGLES // 4] + trunk[:, 3 * ANGLES // 4]
    assert ((0.09 < depth) & (depth < 0.16))[4:26].all()
    assert head[14:24, ANGLES // 4].max() > 0.065, "the nose and the brow stand before the neck's axis"
    np.testing.assert_allclose(trunk, np.roll(trunk[:, ::-1], ANGLES // 2 + 1, axis=1), atol=0.012)


def test_a_circle_seen_from_anywhere_has_its_radius_before_and_behind():
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    near, far = _envelopes(np.cos(angle), 7 * np.sin(angle))
    assert near[16] == pytest.approx(-7, abs=0.05) and far[16] == pytest.approx(7, abs=0.05)
    np.testing.assert_allclose(near, -7 * np.sqrt(1 - np.linspace(-1, 1, 33) ** 2), atol=0.25)


@pytest.mark.parametrize("name", ["trunk", "left_arm", "right_arm", "left_leg", "right_leg"])
def test_the_front_lies_before_the_back(volume, name):
    one = layer(volume, name)
    assert bool((one.back >= one.front - 1e-3)[one.inside].all())
    assert float((one.back - one.front)[one.solid].max()) < 0.2 * STATURE


def test_a_chest_is_as_deep_as_chests_are(volume):
    trunk = layer(volume, "trunk")
    chest = trunk.weights[INDEX["chest"]] > 0.5
    thick = float((trunk.back - trunk.front)[chest & trunk.solid].max())
    assert 0.09 * STATURE < thick < 0.17 * STATURE


def test_the_nose_stands_before_the_face_and_the_back_of_the_head_is_round(volume):
    sheet = layer(volume, "head")
    head = (sheet.weights[INDEX["head"]] > 0.9) & sheet.solid
    row = int(torch.nonzero(head).float().mean(0)[0])
    columns = torch.nonzero(head[row]).squeeze(1)
    middle, side = int(columns.float().mean()), int(columns[1])
    assert sheet.front[row, middle] < sheet.front[row, side] - 0.03 * STATURE
    assert sheet.back[row, middle] > sheet.back[row, side] + 0.02 * STATURE


def test_layers_are_one_surface_round_the_joint_that_they_share(volume):
    trunk, arm = layer(volume, "trunk"), layer(volume, "left_arm")
    grids = [
        [volume.layout.laid(values, one.layout) for values in (one.solid, one.weights, one.front)]
        for one in (trunk, arm)
    ]
    (solid, weights, front), (others, other_weights, other_front) = grids
    shared = solid & others & ((weights - other_weights).abs().sum(0) < 0.1)
    assert int(shared.sum()) > 10
    apart = (front - other_front)[shared].abs()
    assert float(apart.median()) < 0.004 * STATURE


@pytest.mark.parametrize("pose", ["side left", "side right"])
def test_from_the_side_a_body_is_no_sliver(pose):
    """Pixels from chest to back, at the height of the chest, with the arms' layer left out."""
    source, target = standing(), standing(pose)
    moved = warp(*draw(source), source, target)
    rows, _ = np.nonzero(moved.alpha[0, 0].numpy() > 0.5)
    assert len(rows)
    trunk = torch.isin(moved.correspondence.part, torch.tensor([INDEX["chest"], INDEX["spine"]]))
    breadth = trunk.sum(1).float()
    assert float(breadth.max()) > 0.07 * STATURE


def test_shoulders_in_an_outline_do_not_make_a_trunk_deeper():
    half = np.full(LEVELS, 10.0)
    high = np.where(np.arange(LEVELS) < ARMPIT[1], 11.0, 25.0)
    assert _breadths("trunk", -high, high, half) == pytest.approx(1.1)
    low = np.where(np.arange(LEVELS) < BARE[0], -30.0, -9.0)
    assert _breadths("head", low, -low, half)[: BARE[1]] == pytest.approx(0.9)
    assert _breadths("thigh", low, -low, half)[: BARE[0]] == pytest.approx(3.0), "a limb has no shoulders"


def test_a_trunk_ends_no_deeper_than_the_legs_that_go_on_from_it(volume):
    trunk, legs = layer(volume, "trunk"), [layer(volume, f"{side}_leg") for side in ("left", "right")]
    lowest = float(trunk.layout.cells()[1].expand(trunk.layout.grid)[trunk.inside].max())

    def extent(one, how):
        y = one.layout.cells()[1].expand(one.layout.grid)
        near = one.inside & ((y - lowest).abs() < 1.5 * one.layout.cell)
        return float(getattr((one.back if how == "max" else one.front)[near], how)())

    assert extent(trunk, "max") < max(extent(leg, "max") for leg in legs) + 0.01 * STATURE
    assert extent(trunk, "min") > min(extent(leg, "min") for leg in legs) - 0.01 * STATURE
