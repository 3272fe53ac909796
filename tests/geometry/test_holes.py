"""What a trunk alone encloses is trunk."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.compositing import Slots, composited
from repose.pipelines.geometry.holes import without_holes
from repose.pipelines.geometry.parts import INDEX, PARTS
from repose.pipelines.geometry.rejoining import SOFT, before_trunk, forward, in_depth
from repose.pipelines.geometry.view import View

SIZE, STATURE = (120, 90), 400.0
REACH = 0.03 * STATURE
GREY = torch.tensor([0.4, 0.5, 0.6])


def view(shape: torch.Tensor, depth: float = 10.0, source: float = 0.0, seen: float = 1.0) -> View:
    """A flat grey sheet over the pixels of `shape` (H, W) bool, that comes from `source` pixels further right."""
    index = torch.nonzero(shape.flatten()).squeeze(1)
    ones = torch.ones(len(index))
    place = torch.stack((index % SIZE[1] + source, torch.div(index, SIZE[1], rounding_mode="floor") + 0.0), 1)
    return View(
        index,
        place,
        depth * ones,
        GREY[:, None].repeat(1, len(index)),
        ones,
        ones,
        seen * ones,
        seen * ones,
        ones > 0,
        torch.zeros_like(index),
        ones,
        torch.tensor([[0.0, 0.0, -1.0]]).repeat(len(index), 1),
        torch.tensor([[0.0, 0.0, -1.0]]).repeat(len(index), 1),
        torch.zeros_like(index),
        0.0,
        depth * ones,
    )


def rectangle(top: int, bottom: int, left: int, right: int) -> torch.Tensor:
    shape = torch.zeros(SIZE, dtype=torch.bool)
    shape[top:bottom, left:right] = True
    return shape


BODY = rectangle(10, 110, 20, 70)


def covered(found: View) -> torch.Tensor:
    shape = torch.zeros(SIZE[0] * SIZE[1], dtype=torch.bool)
    shape[found.index[found.alpha > 0.5]] = True
    return shape.reshape(SIZE)


def test_a_hole_is_filled_in_the_colours_around_it_as_a_guess():
    hole = rectangle(50, 64, 40, 52)
    found = without_holes(view(BODY & ~hole), [], SIZE, REACH)
    assert torch.equal(covered(found), BODY)
    made = hole.flatten()[found.index]
    assert int(made.sum()) == int(hole.sum())
    assert torch.allclose(found.colour[:, made], GREY[:, None], atol=1e-4)
    assert float(found.seen[made].max()) == 0 and float(found.alpha[made].min()) == 1
    assert bool((found.index[1:] > found.index[:-1]).all())
    assert float((found.depth - 10).abs().max()) == 0


def test_a_thin_wall_keeps_a_hole_apart_from_the_outside_and_a_way_out_does_not():
    """However narrow: what hid a piece of an arm reached almost to its outline."""
    hole = rectangle(50, 64, 56, 69)
    assert torch.equal(covered(without_holes(view(BODY & ~hole), [], SIZE, REACH)), BODY)
    notch = hole | rectangle(55, 56, 60, 80)
    assert torch.equal(covered(without_holes(view(BODY & ~notch), [], SIZE, REACH)), BODY & ~notch)


def test_what_only_lay_under_a_neighbour_encloses_nothing_where_it_has_left_it():
    """The skin that goes on under a shirt bridges the crook of a bent arm; on an arm that left the shirt it is gone."""
    hole, bridge = rectangle(50, 64, 40, 66), rectangle(50, 64, 66, 70)
    arm = view(BODY & ~hole)
    arm = replace(arm, parted=1.0 - bridge.flatten()[arm.index].float())
    found = without_holes(arm, [], SIZE, REACH)
    made = hole.flatten()[found.index]
    assert torch.equal(covered(found), BODY)
    assert float(found.parted[made].max()) == 0
    whole = without_holes(view(BODY & ~hole), [], SIZE, REACH)
    assert float(whole.parted[hole.flatten()[whole.index]].min()) == 1


def test_a_notch_at_the_side_may_be_a_gap():
    notched = BODY & ~rectangle(50, 64, 50, 90)
    assert torch.equal(covered(without_holes(view(notched), [], SIZE, REACH)), notched)


def test_a_head_has_its_place_in_the_trunk():
    face = rectangle(50, 64, 40, 52)
    found = without_holes(view(BODY & ~face), [view(face)], SIZE, REACH)
    assert torch.equal(covered(found), BODY & ~face)


def test_what_is_wider_than_a_gap_beside_an_arm_stays():
    wide = rectangle(30, 90, 30, 60)  # 30 pixels are 0.075 of the stature
    assert torch.equal(covered(without_holes(view(BODY & ~wide), [], SIZE, REACH)), BODY & ~wide)


def test_nothing_has_no_holes():
    assert len(without_holes(view(torch.zeros(SIZE, dtype=torch.bool)), [], SIZE, REACH).index) == 0


class Body:
    """The little that the order in depth asks of a volume."""

    class Layer:
        def __init__(self, name: str):
            self.name = name

    layers, stature = (Layer("trunk"), Layer("left_arm")), STATURE


def shown(arm_depth: float, arm_from: float, made_up: bool = False) -> float:
    """Share of a trunk's guessed surface, at depth 10, that an arm over all of it hides."""
    trunk, arm = view(BODY, 10.0, seen=0.0), view(BODY, arm_depth, arm_from)
    arm = replace(arm, part=torch.ones_like(arm.part), ahead=torch.zeros_like(arm.depth) if made_up else 0.0)
    slots = Slots.of([trunk, arm], SIZE)
    found = composited(in_depth([trunk, arm], slots, Body()), slots, SIZE, STATURE)
    return float((found.correspondence.part[BODY] == 1).float().mean())


@pytest.mark.parametrize("made_up", [False, True])
def test_a_guessed_flank_gives_way_to_the_near_arm_and_hides_the_far_one(made_up):
    assert shown(60.0, 5.0, made_up) == 1
    assert shown(60.0, 80.0, made_up) == 0
    assert shown(5.0, 80.0, made_up) == 1


class Moved:
    """The little of a motion that an arm before the trunk asks: an axis at depth 50."""

    target = np.tile(np.array([[60.0, 0.0, 50.0]]), (len(PARTS), 1))
    target[:, 1] = np.linspace(0, 100, len(PARTS))


def test_an_arm_half_inside_the_belly_lies_on_it_and_one_behind_the_back_does_not():
    trunk = view(BODY, 50.0 - 0.04 * STATURE)
    for depth, before in ((trunk.depth[0] + 5.0, True), (55.0, False)):
        arm = view(BODY, float(depth), 2.0)
        arm = replace(arm, part=torch.ones_like(arm.part))
        views = before_trunk([trunk, arm], Body(), Moved(), SIZE[1])
        found = composited(views, Slots.of(views, SIZE), SIZE, STATURE)
        assert bool((found.correspondence.part[BODY] == 1).all()) == before


def test_what_is_before_the_middle_keeps_its_order():
    depth = torch.linspace(-50, 80, 40)
    lift = forward(depth, torch.full((40,), 30), Moved(), STATURE)
    assert bool(((depth - lift).diff() > 0).all())
    assert float(lift.max()) == SOFT * STATURE and float(lift[depth > 50].max()) == 0


def test_a_gap_between_thumb_and_finger_stays():
    hole = rectangle(50, 58, 40, 48)
    arm = view(BODY & ~hole)
    assert torch.equal(covered(without_holes(arm, [], SIZE, REACH)), BODY)
    hand = replace(arm, part=torch.full_like(arm.part, INDEX["left_hand"]))
    assert torch.equal(covered(without_holes(hand, [], SIZE, REACH)), BODY & ~hole)


def test_a_hand_over_the_head_is_not_brought_forward():
    depth = torch.full((3,), 10.0)
    lift = forward(depth, torch.tensor([-60, -10, 30]), Moved(), STATURE)
    assert float(lift[0]) == 0 and 0 < float(lift[1]) < float(lift[2])
