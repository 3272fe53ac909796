"""The cheapest pairing of two sets."""

from __future__ import annotations

import numpy as np


def cheapest_pairs(cost: np.ndarray) -> np.ndarray:
    """(n, m) finite costs -> (n,) the column of each row, -1 where m < n leaves it none; the sum is the least.

    Shortest augmenting paths with potentials (Jonker & Volgenant, Computing 38, 1987), O(n^2 m).
    """
    if cost.shape[0] > cost.shape[1]:
        rows = cheapest_pairs(cost.T)
        columns = np.full(cost.shape[0], -1)
        columns[rows] = np.arange(len(rows))
        return columns
    n, m = cost.shape
    row_price, column_price = np.zeros(n), np.zeros(m)
    row_of = np.full(m, -1)
    for row in range(n):
        _augment(cost, row, row_price, column_price, row_of)
    columns = np.full(n, -1)
    columns[row_of[row_of >= 0]] = np.flatnonzero(row_of >= 0)
    return columns


def _augment(
    cost: np.ndarray, row: int, row_price: np.ndarray, column_price: np.ndarray, row_of: np.ndarray
) -> None:
    """Gives one more row a column, along the shortest path of changes; updates prices and `row_of` in place."""
    m = cost.shape[1]
    shortest, came_from = np.full(m, np.inf), np.full(m, -1)
    done = np.zeros(m, dtype=bool)
    current, column, base = row, -1, 0.0
    while True:
        reduced = base + cost[current] - row_price[current] - column_price
        better = ~done & (reduced < shortest)
        shortest[better], came_from[better] = reduced[better], column
        column = int(np.where(done, np.inf, shortest).argmin())
        base = shortest[column]
        if row_of[column] < 0:
            break
        done[column] = True
        current = row_of[column]
    row_price[row] += base
    row_price[row_of[done]] += base - shortest[done]
    column_price[done] -= base - shortest[done]
    while column >= 0:
        before = came_from[column]
        row_of[column] = row if before < 0 else row_of[before]
        column = before
