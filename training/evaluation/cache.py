"""What was worked out before: kept under the hash of the pictures and of the code that works it out."""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from setup.places import HOME, ROOT

FOLDER = HOME / "evaluation"


@cache
def code_of(*modules: str) -> str:
    """A hash of the sources of the pack's modules named ("pipelines.segment") and of all they import of the pack's."""
    seen: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen[name] = source_of(name)
            waiting += imports_of(name)
    digest = hashlib.sha256()
    for name in sorted(seen):
        digest.update(name.encode() + seen[name].read_bytes())
    return digest.hexdigest()


def source_of(module: str) -> Path:
    """The file of a module of this repository."""
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports_of(module: str) -> set[str]:
    """The modules of this repository that a module imports, wherever in its file."""
    own = source_of(module)
    package = module.split(".") if own.name == "__init__.py" else module.split(".")[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(own.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *filter(None, [node.module])])
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return {
        name
        for name in found
        if name.split(".")[0] in ("pipelines", "training") and source_of(name).is_file()
    }


@cache
def engine_code() -> str:
    """A hash of every source of the engine and of its tables: what a whole run depends on."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "pipelines").rglob("*")):
        if path.suffix in (".py", ".json", ".npz", ".safetensors") and path.is_file():
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def pixels_of(picture: torch.Tensor) -> str:
    """A hash of a picture's shape and of its values at 16 bits."""
    values = (picture.cpu() * 65535).round().to(torch.int32).numpy()
    return hashlib.sha256(repr(values.shape).encode() + values.tobytes()).hexdigest()


def key(*parts: Any) -> str:
    """A file name for what depends on the parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]


def keep_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}.{os.getpid()}.part")
    with partial.open("wb") as stream:
        np.savez_compressed(stream, **arrays)
    os.replace(partial, path)


def kept_arrays(path: Path) -> dict[str, np.ndarray] | None:
    """What keep_arrays wrote; None where there is nothing."""
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def keep_json(path: Path, value: Any) -> None:
    """Write plain values, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}.{os.getpid()}.part")
    partial.write_text(json.dumps(value, indent=1), encoding="utf-8")
    os.replace(partial, path)


def kept_json(path: Path) -> Any:
    """What keep_json wrote; None where there is nothing."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def swept(folder: Path, kept: Iterable[Path]) -> int:
    """Remove what is not among the files kept; how many were."""
    gone = set(folder.glob("*")) - set(kept)
    for path in gone:
        path.unlink()
    return len(gone)
