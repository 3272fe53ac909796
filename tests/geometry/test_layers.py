"""Taking the silhouette apart: on the drawn person every pixel's part is known."""

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.layers import _against_best, _hanging_together, split
from repose.pipelines.geometry.layout import Layout
from repose.pipelines.geometry.nearness import measured_radii, within_outline
from repose.pipelines.geometry.parts import INDEX, LAYERS, PARTS
from repose.pipelines.geometry.skirt import find_skirt
from repose.pipelines.geometry.underneath import _closed, _without_steps

from . import people


def test_every_limb_is_found_where_it_was_drawn(drawn):
    layout, picture, matte, frame, tall = drawn
    masks = split(layout, picture, matte, frame, tall)
    for part in PARTS:
        p = INDEX[part.name]
        if part.name in ("left_thigh", "right_thigh", "left_upper_arm", "right_upper_arm"):
            continue  # they begin inside the trunk
        distance, along = layout.capsule(frame.start[p], frame.end[p], 2)
        core = (distance < 0.4 * part.radius * tall) & (along > 0.3) & (along < 0.7)
        right = (masks.owner[core] == LAYERS.index(part.layer)).float().mean()
        assert float(right) > 0.95, f"{part.name}: {float(right):.0%}"


def test_layers_make_up_the_person_and_nothing_else(drawn):
    layout, picture, matte, frame, tall = drawn
    masks = split(layout, picture, matte, frame, tall)
    whole = 1 - torch.stack([1 - cover for cover in masks.amodal.values()]).prod(0)
    assert float(whole[matte > 0.99].min()) > 0.9
    assert float(whole[torch.nn.functional.max_pool2d(matte[None, None], 13, 1, 6)[0, 0] == 0].max()) == 0


def test_radii_are_measured(drawn):
    layout, _, matte, frame, tall = drawn
    radii = measured_radii(layout, layout.to_grid(matte, 2), frame, tall)
    for name in ("left_forearm", "right_shin", "left_shin"):
        wanted = PARTS[INDEX[name]].radius * people.STATURE
        assert radii[INDEX[name]] == pytest.approx(wanted, abs=2.5), name


def test_a_standing_figure_with_two_legs_wears_no_skirt(drawn):
    layout, _, matte, frame, tall = drawn
    assert not bool(find_skirt(layout, frame, layout.to_grid(matte, 2), None, tall).any())


def test_a_bell_round_both_legs_is_a_skirt(drawn):
    layout, _, matte, frame, tall = drawn
    x, y = layout.cells(2)
    left, right = frame.start[INDEX["left_thigh"]], frame.start[INDEX["right_thigh"]]
    knee = float(frame.end[INDEX["left_thigh"]][1])
    middle, down = float(left[0] + right[0]) / 2, (y - float(left[1])) / (knee - float(left[1]))
    bell = ((x - middle).abs() < (0.09 + 0.07 * down) * tall) & (down > -0.1) & (down < 1.2)
    found = find_skirt(layout, frame, layout.to_grid(matte, 2).maximum(bell.float()), None, tall)
    rows = y[found]
    assert float(rows.min()) - float(left[1]) < 0.03 * tall
    assert float(rows.max()) == pytest.approx(float(left[1]) + 1.2 * (knee - float(left[1])), abs=0.03 * tall)


def test_an_outline_goes_straight_on_under_what_covers_it(drawn):
    """A hand over the middle of a shin: its outline there is that above and below."""
    layout, _, matte, frame, tall = drawn
    p = INDEX["left_shin"]
    distance, along = layout.capsule(frame.start[p], frame.end[p], 2, clamp=False)
    radius = PARTS[p].radius * tall
    limb = (distance < radius) & (along > -0.2) & (along < 1.2)
    hand = (along > 0.4) & (along < 0.6) & (distance < 2 * radius)
    enclosed = within_outline(layout, frame, p, limb & ~hand, limb | hand, radius)
    covered = limb & hand
    assert float(enclosed[covered].float().mean()) > 0.9
    beyond = hand & (distance > radius + layout.cell)
    assert float(enclosed[beyond].float().mean()) < 0.05


def test_a_figure_cut_off_below_goes_on_below_the_picture():
    skeleton = people.standing()
    picture, matte = people.draw(skeleton)
    upper = matte[0, 0, :300]
    layout = Layout.around(upper, people.STATURE)
    beyond = layout.crop_mask(upper[None])[300 - layout.corner[1] :]
    assert len(beyond) > 0.1 * people.STATURE and float(beyond.amax(1).min()) == 1
    assert float(layout.photographed()[300 - layout.corner[1] :].max()) == 0
    head = layout.crop_mask(upper[None])[: -layout.corner[1]] if layout.corner[1] < 0 else upper[:0]
    assert float(head.sum()) == 0


def test_a_trunks_outline_changes_slowly():
    """A step at a gap becomes a slope inside the outline; what is already gentle stays."""
    stepped = np.array([30.0] * 10 + [12.0] * 4 + [30.0] * 10)
    found = _without_steps(stepped, 2.0)
    assert found[10:14].tolist() == [12.0] * 4
    assert (found <= stepped).all() and np.abs(np.diff(found)).max() == 2.0
    assert found[0] == found[-1] == 30.0
    gentle = np.linspace(20.0, 40.0, 24)
    assert np.array_equal(_without_steps(gentle, 1.0), gentle)


def test_where_three_layers_meet_one_of_them_is_seen():
    share = torch.tensor([0.4, 0.35, 0.25])[:, None, None]
    against = [float(_against_best(share, k)) for k in range(3)]
    assert against == pytest.approx([0.4 / 0.75, 0.35 / 0.75, 0.25 / 0.65])
    two = torch.tensor([0.8, 0.2])[:, None, None]
    assert float(_against_best(two, 0)) == pytest.approx(0.8)


def test_a_crossing_arm_leaves_no_notch_in_a_flank():
    outline = np.array([30.0] * 8 + [5.0] * 6 + [32.0] * 8)
    assert _closed(outline, 3).tolist() == [30.0] * 14 + [32.0] * 8
    wide = np.array([30.0] * 6 + [5.0] * 10 + [30.0] * 6)  # broader than an arm: nothing tells
    assert np.array_equal(_closed(wide, 3), wide)


def test_a_scrap_beyond_a_gap_is_no_part_of_a_layer():
    layout = Layout((0, 0), (96, 96), 4, (96, 96), torch.device("cpu"))
    matte = torch.zeros(96, 96)
    matte[:, 20:60], matte[30:60, 72:76] = 1, 1
    cost = (layout.cells(2)[0] - 40).abs() / 16
    kept = matte * _hanging_together(layout, matte, cost)
    assert torch.equal(kept[:, :64], matte[:, :64]) and float(kept[:, 70:].max()) == 0
    joined = matte.clone()
    joined[40:44, 60:72] = 1
    assert torch.equal(joined * _hanging_together(layout, joined, cost), joined)


def test_from_hip_to_hip_the_trunk_shows_what_the_legs_show(drawn):
    layout, picture, matte, frame, tall = drawn
    masks = split(layout, picture, matte, frame, tall)
    left, right = (frame.start[INDEX[f"{side}_thigh"]][:2] for side in ("left", "right"))
    x0, y0 = layout.corner
    shown = masks.seen["trunk"] * masks.amodal["trunk"]
    for share in (0.25, 0.5, 0.75):
        x, y = left + share * (right - left)
        assert float(shown[round(y) - y0, round(x) - x0]) > 0.95
    # and no further down: there the legs are two
    below = round(float(max(left[1], right[1])) + 2.5 * float(masks.radii[INDEX["left_thigh"]])) - y0
    assert float(shown[below].max()) < 0.05
