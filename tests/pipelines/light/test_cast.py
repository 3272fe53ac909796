"""The cast shadow: found, taken off, thrown again; and none where none is."""

from dataclasses import replace

import pytest
import torch
from repose.pipelines.framing import Canvas
from repose.pipelines.geometry.footing import feet_of
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.light.finding import cast_by
from repose.pipelines.light.shadows import shadows_of

from .lit import SIZE, Sun, body, checkered, gritty, photo, plain

SUN, WALL = Sun(75, 38), Sun(40, 30, wall=150)


@pytest.fixture(scope="module")
def person():
    return body()


@pytest.fixture(scope="module")
def sunny(person):
    """A person in the sun on a plain floor: picture, matte, shadow, and what was found."""
    picture, matte, shade = photo(plain(), person, SUN)
    return picture, matte, shade, shadows_of(picture, matte, person)


def between(first: torch.Tensor, second: torch.Tensor) -> float:
    """Degrees between two directions."""
    return float(torch.rad2deg((first * second).sum().clamp(-1, 1).acos()))


@pytest.mark.parametrize("room", [plain(), gritty()], ids=["plain", "gritty"])
@pytest.mark.parametrize("sun", [SUN, Sun(-110, 30), WALL], ids=["side", "behind", "wall"])
def test_the_light_is_found_and_its_shadow_comes_off(person, room, sun):
    picture, matte, shade = photo(room, person, sun)
    shadows = shadows_of(picture, matte, person)
    assert shadows.key_direction is not None
    assert between(shadows.key_direction, torch.from_numpy(sun.towards).float()) < 15
    there = ((matte[0, 0] < 0.01) & (shade > 0.5)).expand_as(room)
    before, after = ((one - room).abs()[there].mean() for one in (picture, shadows.lifted(picture)))
    assert before > 0.1 and after < 0.3 * before
    lit = ((matte[0, 0] < 0.01) & (shade == 0)).expand_as(room)
    assert (shadows.lifted(picture) - room)[lit].abs().mean() < 0.01, "and nothing is brightened beside it"


@pytest.mark.parametrize("room", [plain(), gritty(), checkered()], ids=["plain", "gritty", "checkered"])
def test_no_shadow_is_found_where_none_is(person, room):
    picture, matte, _ = photo(room, person, None)
    assert cast_by(picture, matte, person) is None


def test_a_dark_box_beside_the_feet_is_no_shadow(person):
    room = plain()
    x, y = (int(v) for v in feet_of(person)["left_"].toes)
    room[..., y - 40 : y + 10, x + 30 : x + 130] *= 0.4
    picture, matte, _ = photo(room, person, None)
    assert cast_by(picture, matte, person) is None


def test_a_dark_strip_of_floor_is_no_shadow(person):
    """It lies on both sides, where a shadow lies on one."""
    room = plain()
    room[..., 430:470, :] *= 0.5
    picture, matte, _ = photo(room, person, None)
    assert cast_by(picture, matte, person) is None


def test_a_drawing_has_none(person, sunny):
    picture, matte, _, _ = sunny
    assert cast_by(picture, matte, replace(person, flat=True)) is None


def test_a_picture_that_is_all_person_has_none(person):
    assert cast_by(plain(), torch.ones(1, 1, *SIZE), person) is None
    assert cast_by(plain(), torch.zeros(1, 1, *SIZE), person) is None


def test_who_stays_keeps_the_photo(person, sunny):
    picture, matte, _, shadows = sunny
    shades = shadows.under(person, matte)
    assert torch.equal(shadows.laid(shadows.lifted(picture), shades, picture), picture)
    assert torch.equal(shadows.changed(picture, matte, shades), picture)


def test_what_is_taken_off_is_what_was_cast(person, sunny):
    picture, matte, shade, shadows = sunny
    cast = shadows.cast
    assert torch.equal(cast.under(matte, person), cast.taken)
    wide = torch.nn.functional.interpolate(cast.taken[None, None], scale_factor=int(cast.cell))[0, 0]
    wide, beside = wide[: SIZE[0], : SIZE[1]], matte[0, 0] < 0.01
    both = ((wide > 0.5) & (shade > 0.5) & beside).sum() / (((wide > 0.5) | (shade > 0.5)) & beside).sum()
    assert both > 0.75


def test_a_raised_arm_shows_in_the_shadow_and_the_legs_stay(person, sunny):
    """By the arm alone: the shadow of the legs is the photo's, bit for bit."""
    picture, matte, _, shadows = sunny
    raised = body("catalogue/arms away")
    raised = raised.moved((person.root - raised.root)[:2])
    _, silhouette, shade = photo(plain(), raised, SUN)
    cast = shadows.cast
    taken = cast.under(silhouette, raised)
    changed = (taken - cast.taken).abs() > 0.2
    assert changed.any()
    new = torch.nn.functional.interpolate(shade[None, None], taken.shape, mode="area")[0, 0]
    old = torch.nn.functional.interpolate(SUN.shade(person)[None, None], taken.shape, mode="area")[0, 0]
    beside = torch.nn.functional.interpolate(matte + silhouette, taken.shape, mode="area")[0, 0] < 0.05
    arm = (new > 0.7) & (old < 0.1) & beside
    assert int(arm.sum()) > 20
    assert float(taken[arm].mean()) > 0.5 > 0.2 > float(cast.taken[arm].mean())


def test_who_jumps_casts_a_shadow_away_from_the_feet(person, sunny):
    picture, matte, _, shadows = sunny
    pose = load_pose("movement/jump")
    jumping = retarget(person, pose)
    up = jumping.moved([0.0, -60.0])
    _, silhouette, _ = photo(plain(), up, None)
    shades = shadows.under(up, silhouette, pose.contacts)
    assert shades.contact.max() < 0.05
    cell = int(shadows.cast.cell)
    rows = torch.nonzero((shades.taken > 0.3).any(1)).flatten() * cell
    lowest = max(float(foot.toes[1]) for foot in feet_of(up).values())
    assert rows.max() > lowest + 20, "it lies on the floor, which is lower than the feet"
    assert shades.taken.max() > 0.8


def test_on_a_larger_canvas_everything_moves_along(person, sunny):
    picture, matte, _, shadows = sunny
    cast = shadows.cast
    cell = int(cast.cell)
    canvas = Canvas(20 * cell, 4 * cell, 10 * cell, 0)
    wide = cast.on(canvas)
    down, across = canvas.top // cell, canvas.left // cell
    inner = wide.taken[down : down + cast.taken.shape[0], across : across + cast.taken.shape[1]]
    assert (inner - cast.taken)[2:-2, 2:-2].abs().max() < 1e-5
    again = wide.under(canvas.laid(matte), canvas.moved(person))
    assert (again - wide.taken)[down + 2 : down + 60, across + 2 : across + 60].abs().max() < 0.1
    room = torch.full((1, 3, *canvas.size(SIZE)), 0.5)
    assert wide.laid(room, again).shape == room.shape


def test_another_room_gets_the_contact_alone(person, sunny):
    picture, matte, _, shadows = sunny
    stepped = person.moved([60.0, 0.0])
    other = plain(0.3)
    shades = shadows.under(stepped, matte)
    moved = shadows.moved(other, picture, matte, stepped, shades, own=False)
    assert torch.equal(moved, shadows.contact.moved(other, picture, stepped, own=False))


def test_the_restored_room_loses_the_old_shadow(person, sunny):
    """The room's filled place has the shadow where what lies round it has: neither rest nor glow."""
    picture, matte, shade, shadows = sunny
    stepped = person.moved([-150.0, 0.0])
    _, silhouette, _ = photo(plain(), stepped, None)
    shades = shadows.under(stepped, silhouette)
    moved = shadows.moved(picture, picture, matte, stepped, shades, own=True)
    new = torch.nn.functional.interpolate(shades.taken[None, None], scale_factor=int(shadows.cast.cell))[0, 0]
    new = new[: SIZE[0], : SIZE[1]] > 0.02
    old = (matte[0, 0] < 0.01) & (shade > 0.9) & (SUN.shade(stepped) == 0) & ~new
    before, left = ((one - plain())[0, :, old].abs().mean() for one in (picture, moved))
    assert int(old.sum()) > 300 and left < 0.3 * before
