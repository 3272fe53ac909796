"""Batches: what is given once holds for every picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

Progress = Callable[[float], None] | None


def each(values: Sequence, count: int, what: str) -> Sequence[Any]:
    """One value per picture: as many as there are pictures, or one for all of them. ValueError otherwise."""
    if len(values) == count:
        return values
    if len(values) == 1:
        return [values[0]] * count
    raise ValueError(f"{count} pictures, but {len(values)} {what}: connect one for all, or one for each")


def for_everyone(pictures: Any, people: Sequence | None) -> Any:
    """(B, C, H, W) pictures: the only one once for each of several people (without a copy), others as they are."""
    return pictures.expand(len(people), -1, -1, -1) if people and len(pictures) == 1 else pictures


def common_count(**lengths: int) -> int:
    """How many results there are: lists of one go with every other length. ValueError where two lengths differ."""
    (count, *others) = sorted({length for length in lengths.values() if length != 1}) or [1]
    if others:
        found = ", ".join(f"{length} {what}" for what, length in lengths.items())
        raise ValueError(f"{found}: connect one for all, or as many of each")
    return count


def told(values: Sequence, progress: Progress) -> Iterator[Any]:
    """The values one by one; progress is told the fraction done after each and may raise to cancel."""
    for i, value in enumerate(values, 1):
        yield value
        if progress is not None:
            progress(i / len(values))


def share(progress: Progress, index: int, count: int) -> Progress:
    """The part of a progress that belongs to item `index` of `count`."""
    return part(progress, index / count, (index + 1) / count)


def part(progress: Progress, start: float, end: float) -> Progress:
    """The part of a progress between two fractions."""
    return None if progress is None else lambda fraction: progress(start + (end - start) * fraction)
