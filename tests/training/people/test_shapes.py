import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from training.people.kit.shapes import (
    ANCHORS,
    CORNERS,
    ETHNICITIES,
    ShapeError,
    ShapeMap,
    corner_indices,
    corner_weights,
)

SHARE = st.floats(0, 1, width=32)


def _map(changes=("nose-hump",)):
    corners = [corner_indices(("male", "old")), corner_indices(("female", "young", "african"))]
    rows = len(corners) + 2 * len(changes)
    return ShapeMap(torch.tensor(corners), changes, torch.eye(rows), torch.arange(rows, dtype=torch.float32))


@settings(deadline=None, max_examples=50)
@given(st.fixed_dictionaries(dict.fromkeys((*ANCHORS, *ETHNICITIES), SHARE)))
def test_each_phenotype_shares_out_one(phenotype):
    weights = corner_weights(phenotype)
    assert weights.min() >= 0
    for corners in (*ANCHORS.values(), ETHNICITIES):
        share = sum(weights[CORNERS.index(corner)].item() for corner in corners)
        assert share == pytest.approx(1, abs=1e-5)


def test_an_anchor_is_reached_alone():
    weights = corner_weights({"age": 2 / 3, "gender": 1.0, "african": 1.0})
    for corner in ("young", "female", "african"):
        assert weights[CORNERS.index(corner)].item() == pytest.approx(1, abs=1e-6)


def test_a_target_weighs_the_product_of_its_corners():
    weights = _map().target_weights({"gender": 0.25, "age": 5 / 6, "african": 1.0})
    assert weights[:2].tolist() == pytest.approx([0.75 * 0.5, 0.25 * 0.5 * 1.0])


@pytest.mark.parametrize("value, expected", [(0.4, [0.4, 0.0]), (-0.4, [0.0, 0.4]), (0.0, [0.0, 0.0])])
def test_a_local_change_goes_to_one_of_two_opposites(value, expected):
    assert _map().target_weights({"nose-hump": value})[2:].tolist() == pytest.approx(expected)


def test_coefficients_are_the_constant_and_the_targets_rows():
    shape = _map()
    phenotype = {"gender": 0.0, "age": 1.0, "nose-hump": -1.0}
    expected = torch.tensor([0.0, 1.0, 2.0, 3.0]) + torch.tensor([1.0, 0.0, 0.0, 1.0])
    assert torch.allclose(shape.coefficients(phenotype), expected)


@pytest.mark.parametrize(
    "phenotype, message",
    [({"hight": 0.5}, "hight"), ({"age": 1.2}, "age is 1.2"), ({"nose-hump": -1.5}, "nose-hump is -1.5")],
)
def test_a_wrong_name_or_value_is_named(phenotype, message):
    with pytest.raises(ShapeError, match=message):
        _map().coefficients(phenotype)
