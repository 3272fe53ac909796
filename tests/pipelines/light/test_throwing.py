"""Shadows of simple bodies, where a pencil and paper say that they are."""

import math

import torch
from repose.pipelines.light.solid import Solid, Standing
from repose.pipelines.light.throwing import Guess, thrown

WHERE = Standing(ground=300.0, column=200.0, tall=100.0, pelvis=0.0)
FLOOR = torch.stack(torch.meshgrid(torch.arange(400.0), torch.arange(200.0, 400.0), indexing="xy"), -1)


def light(azimuth: float, elevation: float, radius: float = 0.005, wall: float = math.inf) -> Guess:
    """Degrees; a camera 80 pixels above the floor with a focal length of 400 pixels."""
    given = (math.radians(azimuth), math.radians(elevation), radius, 80.0, 400.0, wall)
    return Guess(*(torch.tensor([float(v)]) for v in given))


def pole(height: int = 40, breadth: int = 4) -> Solid:
    """An upright square pole on the floor at the middle column."""
    y, x, z = torch.meshgrid(
        torch.arange(300.0 - height, 301), torch.arange(200.0 - breadth, 201 + breadth),
        torch.arange(-breadth, breadth + 1.0), indexing="ij",
    )  # fmt: skip
    return Solid(torch.stack((x.flatten(), y.flatten()), 1), z.flatten(), 1.0)


def shadow(guess: Guess, body: Solid) -> torch.Tensor:
    """(200, 400): rows 200 to 399 of the picture."""
    return thrown(guess, body, WHERE, FLOOR.reshape(-1, 2))[0].view(200, 400)


def test_from_the_right_it_falls_to_the_left_as_long_as_the_light_is_low():
    shade = shadow(light(90, 45), pole())
    row = shade[100]  # picture row 300, the depth of the pole
    columns = torch.nonzero(row > 0.5).flatten()
    # A pole 40 high under 45 degrees: its top's shadow lies 40 to the left of its left side.
    assert abs(int(columns.min()) - (200 - 4 - 40)) <= 2
    assert int(columns.max()) <= 205
    assert abs(int(torch.nonzero(shadow(light(90, 26.565), pole())[100] > 0.5).min()) - (200 - 4 - 80)) <= 3


def test_from_the_camera_it_falls_away_from_it():
    shade = shadow(light(0, 45), pole())
    rows = torch.nonzero(shade[:, 200] > 0.5).flatten() + 200
    # The top's shadow lies 44 behind, at depth 400 + 44: row 220 + 80 * 400 / 444.
    assert abs(int(rows.min()) - (220 + 80 * 400 / 444)) <= 2


def test_on_a_wall_it_stands_up():
    guess = light(0, 20, wall=30.0)
    shade, on_wall = thrown(guess, pole(80), WHERE, FLOOR.reshape(-1, 2))
    shade, on_wall = shade.view(200, 400), on_wall.view(200, 400)
    foot = 220 + 80 * 400 / 430
    assert not on_wall[int(foot) - 200 + 2].any() and on_wall[int(foot) - 200 - 2].all()
    # The top, 80 high, comes down by tan 20 on the 30 to the wall: 69 high there, seen at 400 / 430 of its size.
    rows = torch.nonzero(shade[:, 200] > 0.5).flatten() + 200
    top = 220 + (80 - 80 + 30 * math.tan(math.radians(20))) * 400 / 430
    assert abs(int(rows.min()) - top) <= 3


def test_it_softens_with_the_distance():
    shade = shadow(light(90, 30, radius=0.12), pole(60))
    half = shade[90:111]
    near, far = half[:, 185], half[:, 120]
    assert near.max() > 0.9 and far.max() < 0.8
    assert (shade[:, 120] > 0.05).sum() > (shade[:, 185] > 0.05).sum()


def test_nothing_lies_towards_the_light_or_without_a_body():
    shade = shadow(light(90, 45), pole())
    assert shade[:, 215:].max() < 0.01
    assert shadow(light(90, 45), pole())[:60].max() < 0.01, "nor above the horizon's floor"


def test_many_guesses_are_those_one_by_one():
    several = Guess.joined([light(90, 45), light(-60, 30, wall=50.0), light(180, 20)])
    places = FLOOR[::7, ::7].reshape(-1, 2)
    together, _ = thrown(several, pole(), WHERE, places)
    for i in range(3):
        alone, _ = thrown(several[i : i + 1], pole(), WHERE, places)
        assert (together[i] - alone[0]).abs().mean() < 0.01
