"""The fabric network: loading, what it sees, and when it says nothing."""

import pytest
import torch
from repose.pipelines.geometry.garments import FABRICS, UNKNOWN
from repose.pipelines.models import fabrics
from repose.pipelines.models.fabrics import FabricNetwork, fabric, load


@pytest.fixture
def network():
    torch.manual_seed(0)
    return FabricNetwork().eval()


def test_weights_there_and_back_through_half_precision(network):
    crops = torch.rand(2, 3, fabrics.SIDE, fabrics.SIDE)
    again = load({name: value.half() for name, value in network.state_dict().items()})
    with torch.no_grad():
        torch.testing.assert_close(again(crops), network(crops), atol=0.02, rtol=0.02)
    assert network(crops).shape == (2, len(FABRICS))


def test_wrong_weights_are_named(network):
    weights = network.state_dict()
    weights["first.scale"] = weights.pop("first.weight")
    with pytest.raises(ValueError, match="first.(scale|weight) is missing or not known"):
        load(weights)


def test_it_is_small(network):
    assert sum(value.numel() for value in network.parameters()) * 2 < 2_000_000, "bytes in half precision"


def test_only_a_sure_word_is_a_name(network, monkeypatch):
    crops = torch.rand(3, 3, fabrics.SIDE, fabrics.SIDE)
    answer = torch.zeros(len(FABRICS))
    answer[FABRICS.index("leather")] = 50.0
    monkeypatch.setattr(network, "forward", lambda given: answer.expand(len(given), -1))
    found = fabric(crops, network)
    assert (found.name, found.confidence) == ("leather", pytest.approx(1))
    answer.zero_()
    found = fabric(crops, network)
    assert (found.name, found.confidence) == (UNKNOWN, 0) and FABRICS[int(found.shares.argmax())] == "cotton"


def test_nothing_to_see(network):
    assert fabric(torch.zeros(0, 3, fabrics.SIDE, fabrics.SIDE), network) is fabrics.NOTHING
    assert float(fabrics.NOTHING.shares.sum()) == pytest.approx(1)


def test_the_shipped_weights_are_small_halves_and_have_their_card():
    from safetensors.torch import load_file

    weights = load_file(fabrics.WEIGHTS)
    assert fabrics.WEIGHTS.stat().st_size < 2_000_000
    assert {value.dtype for value in weights.values()} == {torch.float16}
    assert fabrics.shipped() is fabrics.shipped() is not None
    card = fabrics.WEIGHTS.with_suffix(".md").read_text(encoding="ascii")
    assert f"{sum(value.numel() for value in weights.values()):,}" in card


def test_how_often_fabrics_are_worn_decides_where_nothing_is_seen():
    shares = fabrics.probabilities(torch.zeros(len(FABRICS)))
    assert sum(fabrics.WORN) == pytest.approx(1) and len(fabrics.WORN) == len(FABRICS)
    torch.testing.assert_close(shares, torch.tensor(fabrics.WORN))
