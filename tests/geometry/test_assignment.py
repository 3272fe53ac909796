"""The cheapest pairing against trying all of them."""

from itertools import permutations

import numpy as np
import pytest
from repose.pipelines.geometry.assignment import cheapest_pairs


@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (3, 5), (5, 3), (1, 6), (6, 1)])
def test_no_other_pairing_is_cheaper(shape):
    rng = np.random.default_rng(0)
    for cost in (rng.normal(size=shape), rng.integers(0, 3, shape).astype(float)):
        columns = cheapest_pairs(cost)
        rows = np.flatnonzero(columns >= 0)
        assert len(rows) == min(shape) and len(set(columns[rows])) == len(rows), "each column once"
        wide = cost if shape[0] <= shape[1] else cost.T
        least = min(
            sum(wide[i, j] for i, j in enumerate(order))
            for order in permutations(range(wide.shape[1]), len(wide))
        )
        assert cost[rows, columns[rows]].sum() == pytest.approx(least)


def test_nothing_to_pair():
    assert cheapest_pairs(np.zeros((0, 4))).tolist() == []
    assert cheapest_pairs(np.zeros((3, 0))).tolist() == [-1, -1, -1]
