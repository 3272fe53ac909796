"""A neck where no photo shows it: its own lit skin, and a throat that goes back under the jaw."""

import pytest
import torch
from repose.pipelines.geometry.garments import NUMBER
from repose.pipelines.geometry.layout import Layout
from repose.pipelines.geometry.neck import MOSTLY, Neck, under_jaw
from repose.pipelines.geometry.parts import INDEX, PARTS

LIGHT, SHADE, SHIRT = (torch.tensor(c) for c in ((0.8, 0.6, 0.5), (0.3, 0.2, 0.15), (0.1, 0.2, 0.7)))


@pytest.fixture(scope="module")
def scene():
    """Rows from above: hidden under a jaw, skin in its shade, twice as much in the light, a collar; all is neck."""
    matte = torch.ones(96, 64)
    layout = Layout.around(matte, 400)
    height, width = layout.size
    row = torch.arange(height)[:, None].expand(height, width) * 5 // height
    colour = torch.stack([SHADE, SHADE, LIGHT, LIGHT, SHIRT])[row].movedim(-1, 0)
    seen = (row > 0).float()
    weights = torch.zeros(len(PARTS), *layout.grid)
    weights[INDEX["neck"]] = 1
    middle = slice(layout.cell // 2, None, layout.cell)
    names = ("face", "torso_skin", "torso_skin", "torso_skin", "upper")
    kinds = torch.tensor([NUMBER[name] for name in names])
    return layout, colour, seen, weights, kinds[row[middle, middle]], row


def test_what_is_hidden_takes_the_tone_of_the_lit_skin(scene):
    layout, colour, seen, weights, clothes, row = scene
    neck = Neck.of(layout, colour, seen, weights, clothes)
    assert (neck.tone - LIGHT).abs().max() < (neck.tone - SHADE).abs().min()
    made = neck.toned(layout, colour, 1 - seen)
    assert (made[:, row == 0].mean(1) - neck.tone).abs().max() < 0.02
    assert torch.equal(made[:, row > 0], colour[:, row > 0]), "what was seen stays, shade and all"


def test_it_goes_round_but_a_collar_stays(scene):
    layout, colour, seen, weights, clothes, row = scene
    neck = Neck.of(layout, colour, seen, weights, clothes)
    made = neck.toned(layout, colour, MOSTLY)
    inner = (row == 1) & (torch.arange(layout.size[0])[:, None] > layout.size[0] / 5 + 3 * layout.cell)
    want = SHADE + MOSTLY * (neck.tone - SHADE)
    assert (made[:, inner].mean(1) - want).abs().max() < 0.03
    far = torch.arange(layout.size[0])[:, None].expand_as(row) > 4 * layout.size[0] / 5 + 2 * layout.cell
    assert torch.equal(made[:, far], colour[:, far])


def test_nothing_is_told_without_a_map_of_clothes_or_without_skin(scene):
    layout, colour, seen, weights, clothes, _ = scene
    assert Neck.of(layout, colour, seen, weights, None) is None
    assert Neck.of(layout, colour, seen * 0, weights, clothes) is None
    assert Neck.of(layout, colour, seen, weights, torch.full_like(clothes, NUMBER["upper"])) is None


def test_a_throat_goes_back_to_the_necks_middle(scene):
    layout, *_, row = scene
    front, back = torch.full(layout.grid, -10.0), torch.full(layout.grid, 10.0)
    sloped = under_jaw(layout, front, back, (row == 0).float(), tall=400)
    column = sloped[:, layout.grid[1] // 2]
    assert float(column[0]) == 0, "well inside the head it is as deep as the neck's middle"
    assert bool((column.diff() <= 0).all()) and bool((column[layout.grid[0] // 2 :] == -10).all())
    assert torch.equal(under_jaw(layout, front, back, torch.zeros(layout.size), 400), front)
