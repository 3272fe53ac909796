"""Batches: what is given once holds for every picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Progress = Callable[[float], None] | None


def each(values: Sequence, count: int, what: str) -> Sequence[Any]:
    """One value per picture: as many as there are pictures, or one for all of them. ValueError otherwise."""
    if len(values) == count:
        return values
    if len(values) == 1:
        return [values[0]] * count
    raise ValueError(f"{count} pictures, but {len(values)} {what}: connect one for all, or one for each")


def share(progress: Progress, index: int, count: int) -> Progress:
    """The part of a progress that belongs to item `index` of `count`."""
    return part(progress, index / count, (index + 1) / count)


def part(progress: Progress, start: float, end: float) -> Progress:
    """The part of a progress between two fractions."""
    return None if progress is None else lambda fraction: progress(start + (end - start) * fraction)
