"""The masked autoencoder's network and its shipped weights."""

import pytest
import torch
from repose.pipelines.filling.crops import continued, mirrored_places, spanned
from repose.pipelines.filling.guess import Unseen, guessed
from repose.pipelines.models import autoencoder
from repose.pipelines.models.autoencoder import MATERIALS, WEIGHTS, Crops, MaskedAutoencoder

SIZE = (128, 96)


def _person():
    """A striped shirt over plain trousers with an arm-wide hole: colour, known, wanted, region."""
    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in SIZE), indexing="ij")
    person = (x - 48).abs() < 30
    region = torch.where(y < 64, 8, 10)
    colour = torch.where(y < 64, 0.7, 0.25) + 0.05 * torch.sin(y / 3)
    wanted = person & ((x - 40 - 0.2 * (y - 64)).abs() < 7)
    return colour.expand(3, -1, -1).clone(), person & ~wanted, wanted, region


def _crops(side=SIZE):
    colour, known, wanted, region = _person()
    material = torch.full_like(region, MATERIALS - 1)
    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in side), indexing="ij")
    place = torch.stack(((x - 48) / 128, y / 128))
    base = continued(colour, known, region, wanted)
    maps = (
        colour,
        known[None].float(),
        wanted[None].float(),
        base,
        region,
        material,
        torch.zeros(3, *SIZE),
        place,
    )
    crops = Crops(*(one[None] for one in maps))
    mirror = mirrored_places(torch.cat((colour, torch.zeros(3, *SIZE), place)), known, region, material)
    return crops, mirror


def _moved_weights():
    """A network that does something, without training: its last layer is not zero."""
    torch.manual_seed(0)
    network = MaskedAutoencoder().eval()
    torch.nn.init.normal_(network.answer.weight, std=0.02)
    return network


@torch.no_grad()
def test_it_starts_from_the_continuation_and_changes_hidden_pixels_alone():
    crops, mirror = _crops()
    fresh = MaskedAutoencoder().eval()(crops, mirror)
    assert torch.equal(fresh.colour, crops.base)
    made = _moved_weights()(crops, mirror)
    hidden = (crops.wanted > 0).expand(-1, 3, -1, -1)
    assert torch.equal(made.colour[~hidden], crops.base[~hidden])
    assert float((made.colour - crops.base)[hidden].abs().mean()) > 1e-3
    assert (
        made.slope.shape == (1, 2, *SIZE)
        and float(made.slope.min()) >= 0
        and made.line.shape == (1, 1, *SIZE)
    )


@torch.no_grad()
def test_what_is_hidden_is_not_looked_at():
    crops, mirror = _crops()
    spoilt = Crops(**{**{n: getattr(crops, n) for n in Crops.__dataclass_fields__},
                      "colour": torch.where(crops.known > 0, crops.colour, 9.0)})  # fmt: skip
    network = _moved_weights()
    assert torch.equal(network(spoilt, mirror).colour, network(crops, mirror).colour)


@torch.no_grad()
def test_a_batch_answers_as_each_alone_and_an_empty_crop_is_no_error():
    crops, mirror = _crops()
    empty = Crops(**{n: torch.zeros_like(getattr(crops, n)) for n in Crops.__dataclass_fields__})
    network = _moved_weights()

    def both(one, two):
        return Crops(*(torch.cat((getattr(one, n), getattr(two, n))) for n in Crops.__dataclass_fields__))

    together = network(both(crops, empty), both(mirror, mirror)).colour
    assert float((together[:1] - network(crops, mirror).colour).abs().max()) < 1e-4
    assert torch.isfinite(together).all()


def test_left_lies_where_right_is_asked_for():
    colour, known, wanted, region = _person()
    y, x = torch.meshgrid(*(torch.arange(float(n)) for n in SIZE), indexing="ij")
    place = torch.stack(((x - 48) / 128, y / 128))
    left = torch.where(x < 48, 4, 5)
    maps = torch.cat((torch.stack((x / 96, y / 128, y * 0)), torch.ones(3, *SIZE), place))
    mirror = mirrored_places(maps, torch.ones(SIZE, dtype=torch.bool), left, left * 0)
    there = mirror.known[0, 0] > 0
    # Red is the column that a pixel was at: right of the middle lies what was left of it.
    column = mirror.colour[0, 0][there] * 96 - 48
    assert float((mirror.place[0, 0][there] * 128 + column).abs().max()) < 2.5
    assert bool((mirror.region[0][there][mirror.place[0, 0][there] > 0.05] == 5).all())
    assert bool((mirror.normal[0, 0][there] == -1).all()) and bool(
        (mirror.normal[0, 1:][:, there] == 1).all()
    )


@pytest.mark.parametrize("fill", [continued, spanned])
def test_continuations_keep_regions_apart(fill):
    colour, known, wanted, region = _person()
    found = fill(colour, known, region, wanted)
    assert torch.equal(found[:, known], colour[:, known])
    shirt, trousers = (found[0][wanted & (region == n)] for n in (8, 10))
    assert float(shirt.min()) > 0.6 and float(trousers.max()) < 0.35


@pytest.mark.parametrize("fill", [continued, spanned])
def test_a_sliver_is_enough_to_go_on_from(fill):
    colour, known, wanted, region = _person()
    colour, known, wanted, region = (
        v.repeat_interleave(6, -1).repeat_interleave(6, -2) for v in (colour, known, wanted, region)
    )
    sliver = torch.zeros_like(known)
    sliver[300:303, 300] = True
    found = fill(colour, sliver, region, wanted)
    assert torch.isfinite(found).all()
    assert float((found[0][wanted & (region == 8)] - colour[0, 301, 300]).abs().max()) < 0.1


def test_the_shipped_weights_fit_and_are_small():
    assert WEIGHTS.stat().st_size < 8e6
    network = autoencoder.shipped()
    assert sum(value.numel() for value in network.parameters()) > 1e6
    colour, known, wanted, region = _person()
    unseen = Unseen(colour, known, wanted, region, None, None, (48.0, 0.0), 128.0)
    made = guessed(unseen, network)
    assert torch.equal(made[:, known], colour[:, known])
    before, after = (((v - colour).abs()[:, wanted]).mean() for v in (unseen.continued(), made))
    assert float(after) < 2 * float(before) + 0.02, "it does no harm to a plain pattern"


def test_other_weights_are_refused():
    with pytest.raises(ValueError, match="masked autoencoder's weights: answer.bias"):
        weights = MaskedAutoencoder().state_dict()
        del weights["answer.bias"]
        autoencoder.load(weights)
