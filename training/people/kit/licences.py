"""Which licences a part of the kit may have, and the refusal of everything else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

ADMITTED = {
    "CC0-1.0": "Creative Commons Zero 1.0",
    "CC-BY": "Creative Commons Attribution, version not stated",
    "CC-BY-3.0": "Creative Commons Attribution 3.0",
    "CC-BY-4.0": "Creative Commons Attribution 4.0",
    "Apache-2.0": "Apache License 2.0",
    "MIT": "MIT License",
    "BSD-3-Clause": "BSD 3-Clause License",
    "BSD-2-Clause": "BSD 2-Clause License",
}
"""SPDX identifiers (spdx.org/licenses; CC-BY alone where an author names no version) of what may be used, changed and
shared on, commercially too."""

NEEDS_ATTRIBUTION = ("CC-BY", "CC-BY-3.0", "CC-BY-4.0")


class LicenceRefused(ValueError):
    """An item whose licence is not on the list."""


class Licensed(Protocol):
    """What the table shows of an item."""

    id: str
    licence: str
    author: str


def admit(name: str, licence: str, author: str = "") -> None:
    """Pass an item whose licence is admitted; refuse it by name otherwise, and an attribution without an author."""
    if licence not in ADMITTED:
        raise LicenceRefused(
            f"{name} has the licence {licence or '(none stated)'}, which is not admitted ({', '.join(ADMITTED)}): "
            "leave it out of training/people/kit/assets.py, or find the item under one of these"
        )
    if licence in NEEDS_ATTRIBUTION and not author.strip():
        raise LicenceRefused(
            f"{name} is {licence}, which asks to name the author, and has none: add the author"
        )


def table(items: Iterable[tuple[str, str, str, str, str]]) -> str:
    """Markdown of (item, licence, author, header, why) rows, after each licence is admitted."""
    rows = []
    for item, licence, author, header, why in items:
        admit(item, licence, author)
        rows.append(f"| {item} | {ADMITTED[licence]} | {author} | {header} | {why} |")
    head = ["| item | licence | author | licence in the file | why |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *rows]) + "\n"
