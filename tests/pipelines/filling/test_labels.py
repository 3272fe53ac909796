"""What hidden places belong to."""

import pytest
import torch
from repose.pipelines.filling.labels import continued_labels

SIZE = (200, 160)


def _shirt_and_trousers():
    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in SIZE), indexing="ij")
    return torch.where(y < 100, 8, 10), y, x


def test_a_hem_goes_on_level_under_an_arm():
    label, y, x = _shirt_and_trousers()
    hidden = (x - 60 - 0.4 * (y - 100)).abs() < 14
    found = continued_labels(label, ~hidden, hidden, 200.0)
    assert float((found != label)[hidden].float().mean()) < 0.05
    assert torch.equal(found[~hidden], label[~hidden])


def test_colours_tell_where_nearness_does_not():
    label, y, x = _shirt_and_trousers()
    hidden = y.sub(100).abs() < 40
    guess = torch.where(y < 130, 0.9, 0.2).expand(3, -1, -1)  # the shirt hangs lower than the middle
    found = continued_labels(label, ~hidden, hidden, 200.0, guess)
    assert float((found == torch.where(y < 130, 8, 10))[hidden].float().mean()) > 0.95


def test_a_sheet_takes_its_own_labels_first():
    label, y, x = _shirt_and_trousers()
    sheet = (x > 80).long()
    hidden = (x > 80) & (x < 120)
    only_trousers = ~hidden & ((x <= 80) | (y >= 100))
    found = continued_labels(label, only_trousers, hidden, 200.0, sheet=sheet)
    assert bool((found[hidden] == 10).all()), "the neighbour's shirt is nearer, but another sheet"
    nobody = torch.zeros_like(hidden)
    assert bool((continued_labels(label, nobody, hidden, 200.0) == -1).all())


def test_slivers_tell_too():
    label, y, x = _shirt_and_trousers()
    hidden = x > 20
    sliver = torch.zeros_like(hidden)
    sliver[40, 3], sliver[150:160, 3] = True, True
    found = continued_labels(label, sliver, hidden, 2000.0)
    assert bool((found[hidden] == 10).all())


@pytest.mark.parametrize("slope", [0.0, 0.2, 0.4])
def test_a_border_lies_to_the_pixel_where_the_colours_have_it(slope):
    """A slanting hem of grainy cloth on a person of 1320 pixels, whose regions are told on squares of six."""
    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in SIZE), indexing="ij")
    hidden = x > 40
    label = torch.where(y < 100 + slope * (x - 40).clamp(min=0), 8, 10)
    grain = 0.06 * torch.randn(SIZE, generator=torch.Generator().manual_seed(0))
    guess = (torch.where(label == 8, 0.6, 0.2) + grain).expand(3, -1, -1)
    found = continued_labels(label, ~hidden, hidden, 1320.0, guess)
    edge = [(one == 8).float().sum(0)[hidden[0]] for one in (found, label)]
    assert float((edge[0] - edge[1]).abs().max()) <= 1 and float((edge[0] - edge[1]).abs().mean()) < 0.25
