"""The shade at the feet: found, taken off, and laid where the feet go."""

from dataclasses import replace

import pytest
import torch
from repose.pipelines.framing import Canvas
from repose.pipelines.geometry.footing import Fading, contact_shade, feet_of
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.retarget import retarget, stature
from repose.pipelines.geometry.skeleton import JOINT_INDEX
from repose.pipelines.shadow import cast_shadow

from ..geometry.people import CANVAS, draw, standing

STRENGTH = 0.5


def floor(value: float = 0.6) -> torch.Tensor:
    """(1, 3, H, W) brighter towards the bottom, tinted."""
    rows = torch.linspace(-0.05, 0.05, CANVAS[0])[:, None].expand(CANVAS)
    return torch.stack([value + rows, value + rows, value - 0.04 + rows])[None]


def shade(skeleton, strength: float = STRENGTH) -> torch.Tensor:
    """(H, W) a contact shadow's factor at every pixel."""
    tall = stature(skeleton)
    dark = sum(contact_shade(f, tall, Fading(0.035), CANVAS, 1.0) for f in feet_of(skeleton).values())
    return torch.exp(-strength * dark)


def photo(room: torch.Tensor, skeleton) -> tuple[torch.Tensor, torch.Tensor]:
    """A drawn person in a room."""
    figure, matte = draw(skeleton)
    return room * (1 - matte) + figure * matte, matte


@pytest.fixture(scope="module")
def body():
    return standing()


@pytest.fixture(scope="module")
def stepped(body):
    """Both feet moved aside by 60 pixels."""
    return body.moved([60.0, 0.0])


def test_the_shade_is_measured_and_comes_off(body):
    clean = floor()
    picture, matte = photo(clean * shade(body), body)
    shadow = cast_shadow(picture, matte, body)
    assert shadow.strength == pytest.approx(STRENGTH, abs=0.2)
    shaded = ((matte < 0.01) & (shade(body) < 0.95)).expand_as(clean)
    before, after = ((p - clean).abs()[shaded].mean() for p in (picture, shadow.lifted(picture)))
    assert before > 0.1 and after < 0.3 * before


def test_a_floor_without_shade_loses_nothing(body):
    picture, matte = photo(floor(), body)
    shadow = cast_shadow(picture, matte, body)
    assert torch.equal(shadow.lifted(picture), picture) or shadow.dark.max() < 0.02
    assert 0 < shadow.strength < STRENGTH, "and a modest one is laid where the feet go"


@pytest.mark.parametrize("strength", [0.0, STRENGTH])
def test_who_stays_keeps_the_photo(body, strength):
    picture, matte = photo(floor() * shade(body, strength), body)
    shadow = cast_shadow(picture, matte, body)
    room = shadow.lifted(picture)
    assert torch.equal(shadow.laid(room, shadow.under(body), picture), picture)


def test_the_shade_goes_with_the_feet(body, stepped):
    clean = floor()
    picture, matte = photo(clean * shade(body), body)
    shadow = cast_shadow(picture, matte, body)
    dark = shadow.under(stepped)
    # In the picture the person's right foot is on the left: nothing comes where its outer side was.
    outer, new = feet_of(body)["right_"].toes / shadow.cell, feet_of(stepped)["left_"].toes / shadow.cell
    (x0, y0), (x1, y1) = outer.round().astype(int), new.round().astype(int)
    assert dark[y1, x1] > 0.7 * shadow.strength
    assert dark[y0, x0 - 6] < 0.1 * shadow.strength
    laid = shadow.laid(shadow.lifted(picture), dark, picture)
    assert float((laid - clean).mean(1)[0, y1 * int(shadow.cell), x1 * int(shadow.cell)]) < -0.05


def test_white_cut_outs_get_none(body, stepped):
    picture, matte = photo(torch.ones(1, 3, *CANVAS), body)
    shadow = cast_shadow(picture, matte, body)
    assert shadow.strength == 0 and not shadow.under(stepped).any()


def test_feet_in_the_air_get_none(body):
    picture, matte = photo(floor(), body)
    pose = load_pose("movement/jump")
    assert cast_shadow(picture, matte, body).under(retarget(body, pose), pose.contacts).max() < 0.05


def test_a_dark_object_beside_a_foot_stays(body):
    """A black box that begins where the shoe ends is no shade: not taken for more than shade can be."""
    room = floor()
    x, y = (int(v) for v in feet_of(body)["left_"].toes)
    room[..., y - 10 : y + 6, x + 22 : x + 50] = 0.05
    picture, matte = photo(room, body)
    lifted = cast_shadow(picture, matte, body).lifted(picture)
    assert lifted[..., y - 5 : y, x + 30 : x + 45].max() < 0.15


def test_without_feet_nothing_happens(body):
    confidence = body.confidence.copy()
    for name in ("left_ankle", "right_ankle"):
        confidence[JOINT_INDEX[name]] = 0
    bare = replace(body, confidence=confidence)
    picture, matte = photo(floor(), body)
    shadow = cast_shadow(picture, matte, bare)
    assert shadow.lifted(picture) is picture and not shadow.under(bare).any()


def test_another_room_keeps_its_own_light(body, stepped):
    """Where the background is not the photo's, nothing is taken off it; the contact is laid on it all the same."""
    picture, matte = photo(floor() * shade(body), body)
    other = floor(0.3)
    shadow = cast_shadow(picture, matte, body)
    moved = shadow.moved(other, picture, stepped, own=False)
    assert (moved <= other + 1e-6).all() and (moved < other - 0.03).any()
    white = torch.ones_like(other)
    assert torch.equal(shadow.moved(white, picture, stepped, own=False), white)


def test_on_a_larger_canvas_everything_moves_along(body, stepped):
    picture, matte = photo(floor() * shade(body), body)
    shadow = cast_shadow(picture, matte, body)
    canvas = Canvas(40, 8, 24, 0)
    wide = shadow.on(canvas)
    small, large = shadow.under(stepped), wide.under(canvas.moved(stepped))
    down, across = canvas.top // int(shadow.cell), canvas.left // int(shadow.cell)
    inner = large[down : down + small.shape[0], across : across + small.shape[1]]
    assert (inner - small)[2:-2, 2:-2].abs().max() < 0.05
    room = torch.full((1, 3, *canvas.size(CANVAS)), 0.5)
    assert wide.laid(room, large, room).shape == room.shape


def test_a_drawing_on_paper_gets_none(body, stepped):
    room = floor()
    picture, matte = photo(room, body)
    drawn = replace(body, flat=True)
    shadow = cast_shadow(picture, matte, drawn)
    assert shadow.strength == 0 and not shadow.under(stepped).any()
    assert cast_shadow(picture, matte, body).strength > 0
