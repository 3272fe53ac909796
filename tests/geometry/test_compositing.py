"""Layers laid over each other by depth."""

from dataclasses import replace

import torch
from repose.pipelines.geometry.compositing import Slots, composited
from repose.pipelines.geometry.view import View

SIZE = (2, 3)
RED, BLUE = torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 0.0, 1.0])


def view(index: list[int], depth: float, colour: torch.Tensor, alpha: float = 1.0, seen: float = 1.0) -> View:
    at, ones = torch.tensor(index), torch.ones(len(index))
    return View(
        at,
        torch.stack((ones, 2 * ones), 1) * depth,
        depth * ones,
        colour[:, None].repeat(1, len(index)),
        alpha * ones,
        alpha * ones,
        seen * ones,
        seen * ones,
        ones > 0,
        torch.full_like(at, int(depth)),
        ones,
        torch.tensor([[0.0, 0.0, -1.0]]).repeat(len(index), 1),
        torch.tensor([[0.0, 0.0, -1.0]]).repeat(len(index), 1),
        torch.zeros_like(at),
        0.0,
        depth * ones,
    )


def test_slots_tell_which_entry_lies_where():
    views = [view([4, 1], 1, RED), view([5, 4], 2, BLUE)]
    slots = Slots.of(views, SIZE)
    assert slots.pixels.tolist() == [1, 4, 5]
    assert slots.at(0, torch.tensor([0, 1, 4, 5])).tolist() == [-1, 1, 0, -1]
    assert slots.at(1, torch.tensor([0, 1, 4, 5])).tolist() == [-1, -1, 1, 0]


def test_the_nearer_layer_lies_over_the_farther_one_with_its_alpha():
    views = [view([0, 1], 5, BLUE), view([1, 2], 3, RED, alpha=0.75)]
    found = composited(views, Slots.of(views, SIZE), SIZE, 100.0)
    assert torch.allclose(found.alpha.flatten(), torch.tensor([1, 1, 0.75, 0, 0, 0]))
    colour = found.colour[0].flatten(1).T
    assert torch.allclose(colour[0], BLUE) and torch.allclose(colour[2], RED)
    assert torch.allclose(colour[1], 0.75 * RED + 0.25 * BLUE)
    assert found.correspondence.part.flatten().tolist() == [5, 3, 3, -1, -1, -1]
    assert found.correspondence.depth.flatten()[:3].tolist() == [5, 3, 3]
    assert bool(torch.isnan(found.correspondence.source).reshape(-1, 2)[3:].all())
    assert torch.equal(found.hidden, torch.zeros(1, 1, *SIZE))


def test_what_the_photo_did_not_show_stands_back():
    views = [view([0], 5, BLUE), view([0], 3, RED, seen=0.0)]
    found = composited(views, Slots.of(views, SIZE), SIZE, 100.0)
    assert torch.allclose(found.colour[0, :, 0, 0], BLUE)


WIDE = (24, 24)


def crossing(slope: float, place: float = 0.0) -> list[View]:
    """A red plane and a blue one that comes through it along a slanting line; the blue one's places in the photo lie
    `place` pixels from the red one's."""
    index = torch.arange(WIDE[0] * WIDE[1])
    y, x = index // WIDE[1], index % WIDE[1]
    red, blue = view(index.tolist(), 50, RED), view(index.tolist(), 50, BLUE)
    at = torch.stack((x, y), 1).float()
    blue = replace(blue, depth=50 + slope * (x - 8 - 0.3 * y), source=at + place, part=blue.part + 1)
    return [replace(red, source=at), blue]


def test_the_line_where_two_layers_change_their_order_has_no_steps():
    found = composited(crossing(5.0, place=500), Slots.of(crossing(5.0), WIDE), WIDE, 100.0)
    blue = found.colour[0, 2]
    assert float(found.alpha.min()) > 0.9999
    assert float(blue[12, :4].min()) > 0.999 and float(blue[12, 20:].max()) < 0.001
    steps = blue.diff(dim=1).abs()
    assert 0.2 < float(steps.max()) < 0.7, "the line is a pixel or two wide"
    assert float((blue.sum(1).diff() - 0.3).abs()[2:-2].max()) < 0.2, "and straight"


def test_where_two_layers_are_one_surface_the_one_goes_over_into_the_other():
    joined = composited(crossing(0.1), Slots.of(crossing(0.1), WIDE), WIDE, 1000.0).colour[0, 2]
    apart = composited(crossing(0.1, place=500), Slots.of(crossing(0.1), WIDE), WIDE, 1000.0).colour[0, 2]
    assert float(joined.diff(dim=1).abs().max()) < 0.05
    assert float(apart.diff(dim=1).abs().max()) > 0.2


def test_normals_go_over_with_the_colours():
    views = crossing(0.1)
    tilted = torch.nn.functional.normalize(torch.tensor([1.0, 0.0, -1.0]), dim=0)
    views[1] = replace(views[1], normal=tilted.expand(len(views[1].index), 3))
    normal = composited(views, Slots.of(views, WIDE), WIDE, 1000.0).correspondence.normal
    assert torch.allclose(normal.norm(dim=-1), torch.ones(WIDE), atol=1e-5)
    assert float((normal.diff(dim=1)).norm(dim=-1).max()) < 0.05
