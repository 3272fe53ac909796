"""What no photo shows of a body's side has the weave of its front, and strands of hair leave with the hair."""

from dataclasses import replace

import pytest
import torch
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.motion import motion
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.view import (
    PLAIN,
    STREAKS,
    _grain,
    _inwards,
    _patterned,
    _softened,
    _without_steps,
    view_of,
)
from repose.pipelines.geometry.volume import build

from . import people


@pytest.fixture(scope="module")
def woven():
    """The drawn person in clothes with a weave of two brightnesses, pixel by pixel."""
    skeleton = people.standing()
    picture, matte = people.draw(skeleton)
    weave = torch.rand(people.CANVAS, generator=torch.Generator().manual_seed(0)) > 0.5
    picture = 0.5 + 0.03 * (weave.float() * 2 - 1).expand(1, 3, -1, -1)
    return skeleton, build(picture * matte + 0.9 * (1 - matte), matte, skeleton)


def test_a_side_has_the_weave_of_the_front(woven):
    skeleton, volume = woven
    trunk = next(layer for layer in volume.layers if layer.name == "trunk")
    how = motion(skeleton, retarget(skeleton, load_pose("movement/walking side")))
    seen = view_of(volume, trunk, how, people.CANVAS)
    side = (seen.stretch == 0) & (seen.alpha > 0.9)
    assert int(side.sum()) > 500
    grey = torch.full(people.CANVAS, float("nan")).flatten()
    grey[seen.index[side]] = seen.colour.mean(0)[side]
    along = grey.reshape(people.CANVAS).diff(dim=1).abs()
    # The photo's own differs by 0.03 from pixel to pixel; streaks of the outline by nothing.
    assert float(along[~along.isnan()].mean()) > 0.01


def test_the_grain_of_a_side_is_small_and_none_outside(woven):
    _, volume = woven
    trunk = next(layer for layer in volume.layers if layer.name == "trunk")
    y, x = torch.nonzero(trunk.parted > 0.99, as_tuple=True)
    local = torch.stack((x, y), 1)[::7].float()
    grain = _grain(trunk, local)
    assert float(grain.abs().max()) <= PLAIN and float(grain.abs().mean()) > 0.005
    printed = replace(trunk, colour=trunk.colour * (torch.arange(trunk.colour.shape[2]) % 2))
    assert float(_grain(printed, local).abs().max()) == 0
    outside = torch.zeros(1, 2)
    assert float(_grain(trunk, outside).abs().max()) == 0


def test_an_outline_of_whole_pixels_is_softened_along_its_line():
    y, x = torch.meshgrid(torch.arange(40), torch.arange(40), indexing="ij")
    covered = x * 4 - y > 60  # four rows to each step
    row, column = torch.nonzero(torch.ones_like(covered), as_tuple=True)
    soft = _softened(covered.float().flatten(), torch.ones(40, 40), row, column).reshape(40, 40)
    assert float(soft[:, :14].max()) == 0 and float(soft[:, 28:].min()) == 1
    inner = soft[5:35]
    assert float((inner.sum(1).diff() + 0.25).abs().max()) < 0.15, "every row ends a quarter of a pixel later"
    assert float(inner.diff(dim=1).abs().max()) < 0.7
    kept = _softened(covered.float().flatten(), torch.zeros(40, 40), row, column).reshape(40, 40)
    assert torch.equal(kept, covered.float()), "a matte that is soft by itself is left alone"


def test_where_a_sheet_hides_a_part_of_itself_the_line_is_even():
    y, x = torch.meshgrid(torch.arange(20.0), torch.arange(20.0), indexing="ij")
    covered = torch.ones(20, 20, dtype=torch.bool)
    row, column = torch.nonzero(covered, as_tuple=True)
    beyond = (x > 10).flatten().float()
    colour = beyond.expand(3, -1).clone()
    places = torch.stack((x.flatten() + 30 * beyond, y.flatten()), 1)
    even = _without_steps(colour, places, covered, (row, column), 5.0)[0].reshape(20, 20)
    assert (
        0.2 < float(even[10, 10]) < 0.5 and float(even[10, :9].max()) == 0 and float(even[10, 13:].min()) == 1
    )
    flat = torch.stack((x.flatten(), y.flatten()), 1)
    assert torch.equal(_without_steps(colour, flat, covered, (row, column), 5.0), colour), (
        "a print is no such line"
    )


def test_what_was_photographed_edge_on_counts_as_unseen_at_any_scale(woven):
    skeleton, volume = woven
    trunk = next(layer for layer in volume.layers if layer.name == "trunk")
    target = retarget(skeleton, load_pose("movement/walking side"))
    size = people.CANVAS
    seen = view_of(volume, trunk, motion(skeleton, target), size)
    low, high = STREAKS
    drawn_out = seen.front & (seen.stretch > high)
    assert int(drawn_out.sum()) > 10 and float(seen.seen[drawn_out].max()) == 0
    square = seen.front & (seen.stretch < low) & (seen.alpha > 0.99) & (seen.bare > 0.99)
    assert int(square.sum()) > 30 and float(seen.seen[square].min()) > 0.98
    twice = tuple(2 * n for n in size)
    large = view_of(volume, trunk, motion(skeleton, target.scaled(2, twice)), twice)
    assert float(large.seen.mean()) == pytest.approx(float(seen.seen.mean()), abs=0.03)


def test_a_print_that_is_everywhere_goes_on_round_the_side_and_plain_cloth_stays(woven):
    skeleton, volume = woven
    trunk = next(layer for layer in volume.layers if layer.name == "trunk")
    y, x = (torch.arange(n) for n in trunk.colour.shape[1:])
    dark = ((y[:, None] // 6 + x // 6) % 2).float()
    printed = replace(trunk, colour=(0.2 + 0.6 * dark).expand(3, -1, -1).clone())
    matte = trunk.parted > 0.99
    row = int(torch.nonzero(matte.any(1)).flatten().float().median())
    left = int(torch.nonzero(matte[row]).flatten()[0])
    local = torch.tensor([[left + 2.0, float(row)]]).expand(30, 2)
    there = _inwards(printed, local, torch.arange(30.0))
    assert bool((there[1:, 0] > there[:-1, 0] + 0.5).all()), "inwards of the left outline is to the right"
    plain = torch.full((3, 30), 0.5)
    made = _patterned(printed, float(people.STATURE), plain, local, there)
    assert float(made[0, 5:].std()) > 0.15, "dark and light as on the front"
    assert torch.equal(_patterned(trunk, float(people.STATURE), plain, local, there), plain)
    # Where the way inwards leads into another garment, its pattern is none of the side's.
    border = int(there[15, 0]) // printed.layout.cell
    worn = (torch.arange(printed.layout.grid[1]) >= border).long().expand(printed.layout.grid)
    parted = _patterned(replace(printed, worn=worn), float(people.STATURE), plain, local, there)
    other = there[:, 0] >= border * printed.layout.cell
    assert 5 < int(other.sum()) < 20
    assert torch.equal(parted[:, other], plain[:, other]) and torch.equal(parted[:, ~other], made[:, ~other])
