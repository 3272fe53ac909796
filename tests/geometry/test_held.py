"""What a hand holds goes with the hand, and an arm's middle is where its skin shows it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.arm_axes import MOST, on_arms_middle
from repose.pipelines.geometry.field import dilate
from repose.pipelines.geometry.held import HELD, NOT, give_to_hands, held
from repose.pipelines.geometry.layers import split
from repose.pipelines.geometry.parts import INDEX, PARTS

SHIRT, SKIN, PHONE = (
    torch.tensor(c)[:, None, None] for c in ((0.5, 0.52, 0.56), (0.7, 0.5, 0.4), (0.3, 0.2, 0.15))
)


def near(layout, frame, name: str, tall: float) -> torch.Tensor:
    """(2gh, 2gw) distance from a part's bone over its half-breadth."""
    part = INDEX[name]
    return layout.capsule(frame.start[part], frame.end[part], 2)[0] / (PARTS[part].radius * tall)


def before_a_shirt(drawn, thing: bool):
    """A bare hand before a shirt that is all round it, with a thing at its fingers or not; where that is."""
    layout, _, _, frame, tall = drawn
    hand = near(layout, frame, "left_hand", tall)
    x, y = layout.cells(2)
    tip = frame.end[INDEX["left_hand"]]
    phone = (
        ((x - float(tip[0])).abs() < 0.02 * tall) & (y > float(tip[1])) & (y < float(tip[1]) + 0.03 * tall)
    )
    skin = (hand < 1) & ~phone
    picture = torch.where(skin, SKIN, torch.where(phone & thing, PHONE, SHIRT))
    return picture, skin.float(), phone & (hand > 1), torch.ones_like(skin)


def test_what_lies_at_a_hand_and_nowhere_about_is_held(drawn):
    layout, _, _, frame, tall = drawn
    picture, skin, phone, whole = before_a_shirt(drawn, True)
    found = held(layout, frame, tall, "left_arm", picture, whole, skin, whole)
    assert float(found[phone].float().mean()) > 0.9
    assert not bool((found & (dilate((phone | (skin > 0)).float(), 6) == 0)).any())
    costs = {"left_arm": torch.ones_like(skin), "trunk": torch.zeros_like(skin)}
    give_to_hands(costs, layout, frame, tall, picture, whole, skin)
    assert float(costs["left_arm"][found].max()) <= HELD + 1e-6 and float(costs["trunk"][found].min()) >= NOT
    assert float(costs["trunk"][~found].max()) == 0


def test_an_empty_hand_its_shade_and_a_belt_are_nothing_held(drawn):
    layout, _, _, frame, tall = drawn
    picture, skin, _, whole = before_a_shirt(drawn, False)
    shade = 0.6 + 0.4 * (near(layout, frame, "left_hand", tall) / 2).clamp(0, 1)
    _, y = layout.cells(2)
    belt = (y - float(frame.end[INDEX["left_hand"]][1])).abs() < 0.012 * tall
    picture = torch.where(skin > 0, picture, torch.where(belt, PHONE, picture * shade))
    assert not bool(held(layout, frame, tall, "left_arm", picture, whole, skin, whole).any())
    costs = {"left_arm": torch.ones_like(skin)}
    give_to_hands(costs, layout, frame, tall, picture, whole, None)
    assert bool((costs["left_arm"] == 1).all())


@pytest.mark.parametrize("side, aside", [("left", 5.0), ("right", 5.0), ("left", 60.0)])
def test_a_bare_arms_middle_tells_where_its_upper_end_is(drawn, side, aside):
    """The joint lies `aside` pixels inwards of the drawn arm's middle; moved at most by MOST."""
    layout, _, _, frame, tall = drawn
    part = INDEX[f"{side}_upper_arm"]
    skin = (near(layout, frame, f"{side}_upper_arm", tall) < 0.9).float()
    start = frame.start.copy()
    inwards = np.sign(frame.start[INDEX["neck"]][0] - start[part][0])
    start[part, 0] += inwards * min(aside, 8.0)
    found = on_arms_middle(layout, replace(frame, start=start), skin, tall)
    off = abs(found.start[part][0] - frame.start[part][0])
    assert off < min(aside, 8.0) / 2
    assert np.abs(found.start - start).max() <= MOST * tall + 1e-6
    assert on_arms_middle(layout, frame, None, tall) is frame


def test_a_sleeve_goes_on_under_hair(drawn):
    layout, picture, matte, frame, tall = drawn
    x, y = layout.cells()
    upper = frame.start[INDEX["left_upper_arm"]]
    lock = layout.to_native((((x - float(upper[0])).abs() < 30) & (y < float(upper[1]) + 45)).float()[None])[
        0
    ]
    lock = lock * (matte > 0.5)
    skin = torch.zeros_like(matte)
    masks = split(layout, picture, matte, frame, tall, lock, skin)
    part = INDEX["left_upper_arm"]
    core, along = layout.capsule(frame.start[part], frame.end[part])
    middle = (
        layout.to_native(((core < 0.5 * float(masks.radii[part])) & (along > 0.3)).float()[None])[0] > 0.9
    )
    assert float(masks.amodal["left_arm"][middle & (lock > 0.9)].min()) > 0.9
