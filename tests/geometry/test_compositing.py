"""Layers laid over each other by depth."""

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
