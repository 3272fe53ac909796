"""The pack in this process, under the name `repose`, as ComfyUI would load it from custom_nodes."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType

from .places import ROOT


def load() -> ModuleType:
    """The pack's package; its own modules are then importable as repose.*."""
    if "repose" not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            "repose", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
        )
        sys.modules["repose"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["repose"])
    return sys.modules["repose"]


def engine(name: str) -> ModuleType:
    """A module of the engine, by its name under pipelines/: "repose", "models.weights"."""
    load()
    return importlib.import_module(f"repose.pipelines.{name}")
