"""Writes the nodes' help pages, web/docs/NODE_ID.md: `COMFYUI_PATH=DIR python training/help_pages.py`.

ComfyUI's page shows them beside a node, each with the picture that help_pictures.py makes. What they say is what the
nodes' own schemas say, so that it is said once; a test compares the two. Each names the shipped workflows in which its
node is found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "web" / "docs"
PICTURES = FOLDER / "pictures"
"""One a node, by help_pictures.py: as the page finds them, relative to the folder of the pages."""


def page(node: Any, workflows: dict[str, set[str]]) -> str:
    """The page of a node class; workflows: the node types of each by its name."""
    schema = node.GET_SCHEMA()
    picture = f"![{schema.display_name}]({PICTURES.name}/{schema.node_id}.webp)"
    parts = [f"# {schema.display_name}", schema.description, picture]
    if schema.inputs:
        rows = [(given.id, _kind(given), given.tooltip) for given in schema.inputs]
        parts.append(table("Inputs", ("input", "takes", "what it does"), rows))
    if schema.outputs:
        rows = [(out.id or out.display_name, _type(out), out.tooltip) for out in schema.outputs]
        parts.append(table("Outputs", ("output", "gives", "what it is"), rows))
    used = [name for name, types in workflows.items() if schema.node_id in types]
    if used:
        listed = "\n".join(f"* {name}" for name in used)
        parts.append(f"## In these workflows\n\n*Templates > repose*, in the side bar:\n\n{listed}")
    return "\n\n".join(parts) + "\n"


def table(title: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A section with a table."""
    lines = [f"## {title}\n", _row(heads), _row("---" for _ in heads)]
    return "\n".join([*lines, *map(_row, rows)])


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(str(cell).split()).replace("|", "\\|") for cell in cells) + " |"


def _kind(given: Any) -> str:
    """What an input takes, in words: its type, range and default."""
    kind, words = _type(given), []
    if kind in ("INT", "FLOAT") and None not in (given.min, given.max):
        words.append(f"{given.min:g} to {given.max:g}" if given.max < 2**31 else f"from {given.min:g}")
    default = getattr(given, "default", None)
    if kind in ("INT", "FLOAT", "BOOLEAN") or (
        kind in ("COMBO", "STRING") and default and "\n" not in default
    ):
        words.append(f"default {str(default).lower() if kind == 'BOOLEAN' else default}")
    if given.optional:
        words.append("optional")
    return ", ".join([kind, *words])


def _type(socket: Any) -> str:
    return str(socket.get_io_type()).replace(",", " or ")


def pages(nodes: Iterable[Any]) -> dict[str, str]:
    """Every page by its file name."""
    workflows = {
        path.stem: {node["type"] for node in json.loads(path.read_text(encoding="utf-8"))["nodes"]}
        for path in sorted((ROOT / "workflows").glob("*.json"))
    }
    return {f"{node.GET_SCHEMA().node_id}.md": page(node, workflows) for node in nodes}


def pack_nodes() -> list[Any]:
    """The pack's node classes; ComfyUI is imported from $COMFYUI_PATH."""
    import importlib.util
    import os
    import sys

    sys.path.insert(0, os.environ["COMFYUI_PATH"])
    import comfy.cli_args

    comfy.cli_args.args.cpu = True
    spec = importlib.util.spec_from_file_location(
        "repose", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    sys.modules["repose"] = importlib.util.module_from_spec(spec)
    from repose.nodes import NODES

    return NODES


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages(pack_nodes()).items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(FOLDER / name)


if __name__ == "__main__":
    main()
