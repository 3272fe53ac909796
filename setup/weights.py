"""The default networks, through the package registries alone: the table is the engine's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from . import pack, registry
from .places import Trouble, say


def fetch(ids: Sequence[str], models: Path, verify: bool = False) -> list[str]:
    """Put networks into the models folder, the default set when none is named; what went wrong, per network.

    What is there with the right size is left alone; `verify` also compares its sha256 and fetches it anew
    where it differs. Each file appears whole or not at all, and one that fails does not stop the others.
    """
    table = pack.engine("models.weights")
    if unknown := [name for name in ids if name not in table.BY_ID]:
        raise Trouble(f"no network is called {', '.join(unknown)}", f"known: {', '.join(table.BY_ID)}")
    problems = []
    for name in ids or table.DEFAULT_SET:
        weight = table.weight(name)
        target = models / weight.folder / weight.file
        if _is_there(table, weight, target, verify):
            continue
        try:
            registry.fetch(_member(weight), target)
            say(f"[weights] {weight.file} ({table.megabytes(weight.size)})")
        except Trouble as trouble:
            problems.append(f"{weight.file} ({weight.purpose}) is missing: {trouble}")
        except OSError as error:
            problems.append(f"{target} cannot be written ({error.strerror}): make its folder writable")
    return problems


def _is_there(table: ModuleType, weight: Any, target: Path, verify: bool) -> bool:
    if not target.is_file() or weight.size not in (None, target.stat().st_size):
        return False
    try:
        if verify:
            table.verify(target, weight)
    except table.WeightDamaged as damage:
        say(f"[weights] {damage}")
        return False
    return True


def _member(weight: Any) -> registry.Member:
    package = weight.package
    if package is None:
        raise Trouble(
            f"no registry package holds it; it comes from {weight.sources()}",
            'in ComfyUI, the Repose Models node with "download" fetches it',
        )
    return registry.Member(
        package.kind, package.name, package.version, package.member, weight.sha256, package.pip_options
    )
