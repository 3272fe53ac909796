"""Hair that hangs on an arm: strands with gaps between them, before the sleeve, and nothing of the far side in them."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from repose.pipelines.geometry.compositing import Slots
from repose.pipelines.geometry.head_cut import HEAD, MANE, _gleams, _opened
from repose.pipelines.geometry.rejoining import hair_on_arms
from repose.pipelines.geometry.view import View, _ahead, _sheer, _softened
from repose.pipelines.geometry.volume import UNDER_HAIR

STATURE, WIDTH = 400.0, 40


def test_cloth_between_strands_and_the_outline_is_cloth_and_a_gleam_is_hair():
    """A person up to column 40, hair up to column 20 with a gleam in it, one strand at column 30."""
    x = torch.arange(60).expand(40, -1)
    own, hair = (x < 40).float(), ((x < 20) | (x == 30)).float()
    share = hair.maximum(1 - own)  # nobody is beyond the outline, and that is no hair
    mixed = torch.where((x > 8) & (x < 11), 0.7, hair)
    found = _gleams(share, mixed, own, 3)
    assert float(found[:, 8:14].min()) == 1
    assert float(found[:, 21:30].max()) == 0 and float(found[:, 31:40].max()) == 0


def test_specks_of_skin_are_no_skin():
    skin = torch.zeros(40, 40)
    skin[4:8, 4:8] = 1
    skin[20:36, 20:36] = 1
    found = _opened(skin, 3)
    assert float(found[:12].max()) == 0 and torch.equal(found[12:], skin[12:])


def view(depth: float, turned: float = 1.0) -> View:
    """A layer over a row of the picture, unmoved, its normals turned by that cosine."""
    place = torch.arange(WIDTH)
    one, source = torch.ones(WIDTH), torch.stack((place, torch.zeros(WIDTH)), 1)
    normal = torch.tensor([(1 - turned**2) ** 0.5, 0.0, -turned]).expand(WIDTH, 3)
    ahead = torch.tensor([0.0, 0.0, -1.0]).expand(WIDTH, 3)
    return View(
        index=place, source=source, depth=depth * one, colour=one.expand(3, -1), alpha=one, parted=one, seen=one,
        bare=one, front=one > 0, part=place * 0, stretch=one, normal=normal, source_normal=ahead, photo=place * 0,
        ahead=0.0, source_depth=depth * one,
    )  # fmt: skip


def order(seen: torch.Tensor, turned: float) -> tuple[torch.Tensor, torch.Tensor]:
    """(n,) how far a sleeve is before the hair on it, and before the hair behind the neck."""
    layers = [
        SimpleNamespace(name=name, strands=torch.ones(1, WIDTH), seen=seen, matte=torch.ones(1, WIDTH),
                        local=lambda points: points)
        for name in ("left_arm", HEAD, MANE)
    ]  # fmt: skip
    views = [view(0.0, turned), view(20.0), view(-20.0)]
    found = hair_on_arms(views, Slots.of(views, (1, WIDTH)), SimpleNamespace(layers=layers, stature=STATURE))
    arm, hair, mane = (one.standing(STATURE) for one in found)
    return hair - arm, mane - arm


def test_hair_lies_before_the_arm_that_it_hung_on_and_what_is_behind_the_neck_behind():
    hair, mane = order(torch.zeros(1, WIDTH), 1.0)
    assert float(hair.max()) < 0 < float(mane.min())


@pytest.mark.parametrize("seen, turned", [(1.0, 1.0), (0.0, 0.2)])
def test_an_arm_before_hair_and_one_seen_from_the_side_stay_where_they_are(seen, turned):
    hair, mane = order(torch.full((1, WIDTH), seen), turned)
    assert hair.tolist() == [20.0] * WIDTH and mane.tolist() == [-20.0] * WIDTH


def sheet(turn: float) -> tuple[SimpleNamespace, torch.Tensor]:
    """A square sheet of strands, and where it is after a turn (radians) about the upright axis."""
    rest = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]])
    corners = torch.tensor([[0, 1, 2], [1, 3, 2]])
    angle = torch.tensor(turn)
    moved = torch.stack((rest[:, 0] * angle.cos(), rest[:, 1], rest[:, 0] * angle.sin()), 1)
    side, whole = torch.zeros(2, dtype=torch.long), torch.ones(2, dtype=torch.bool)
    return SimpleNamespace(rest=rest, triangles=corners, side=side, sheer=whole), moved


def test_strands_are_one_sheet_from_the_front_and_solid_from_the_side():
    assert bool(_sheer(*sheet(0.3)).all()) and not bool(_sheer(*sheet(1.3)).any())


def test_gaps_between_strands_are_not_closed():
    alpha = (torch.arange(30) % 3 > 0).float()
    row, column, soft = torch.zeros(30, dtype=torch.long), torch.arange(30), torch.zeros(1, 30)
    assert torch.equal(_softened(alpha, soft, row, column, soft + 1), alpha)
    assert float(_softened(alpha, soft, row, column)[2:-2].min()) == 1


def test_a_sleeve_under_hair_lies_behind_that_and_before_the_hair_behind_the_back():
    """The sleeve was seen nowhere; the hair lies 20 pixels before and behind it, and stays where it is."""
    arm = SimpleNamespace(name="left_arm", side=None, made_up=None, placed=torch.full((1, WIDTH), UNDER_HAIR))
    places = view(0.0).source.float()
    ahead = _ahead(SimpleNamespace(stature=STATURE), arm, places, places)
    sleeve = replace(view(0.0), bare=torch.zeros(WIDTH), ahead=ahead).standing(STATURE)
    assert bool((view(-20.0).standing(STATURE) < sleeve).all())
    assert bool((view(20.0).standing(STATURE) > sleeve).all())
