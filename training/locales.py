"""Writes what ComfyUI's page shows of the nodes, by language: `COMFYUI_PATH=DIR python -m training.locales`.

locales/LANGUAGE/nodeDefs.json, as ComfyUI gathers them for its page (app/custom_node_manager.py). English is what the
nodes' own schemas say, so that it is said once. Other languages are written by hand in training/translations: each says
a text of the schemas in its own words, so that a text that changed, or a new node, is found and not shown stale.
The page has no place for the choices of a list: they stay English, and the texts quote them as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "locales"
TRANSLATIONS = Path(__file__).with_name("translations")
LANGUAGES = ("zh", "ja")

Name = Callable[[str, Any], str]
"""From a node's id and one of its sockets to the socket's name."""


def english(nodes: Iterable[Any]) -> dict[str, dict]:
    """What the page shows, as the schemas say it."""
    return _definitions(nodes, lambda text: text, lambda _, socket: socket.display_name or socket.id)


def translated(nodes: Iterable[Any], catalogue: dict[str, dict[str, str]]) -> dict[str, dict]:
    """The same in the catalogue's words: `titles` of nodes, `texts`, and `names` of sockets by NODE.ID, else by ID and
    type, else by ID. ValueError: names what the catalogue lacks, all of it."""
    missing: list[str] = []

    def look_up(section: str, *keys: str) -> str:
        for key in keys:
            if key in catalogue[section]:
                return catalogue[section][key]
        missing.append(f"{section}: {keys[-1]}")
        return ""

    def name(node: str, socket: Any) -> str:
        word = socket.id or socket.display_name
        return look_up("names", f"{node}.{word}", f"{word} {socket.get_io_type()}", word)

    found = _definitions(
        nodes, lambda text: look_up("texts", text), name, lambda title: look_up("titles", title)
    )
    if missing:
        raise ValueError("add to the catalogue in training/translations:\n" + "\n".join(sorted(set(missing))))
    return found


def _definitions(
    nodes: Iterable[Any],
    text: Callable[[str], str],
    name: Name,
    title: Callable[[str], str] = lambda title: title,
) -> dict[str, dict]:
    found = {}
    for node in nodes:
        schema = node.GET_SCHEMA()
        found[key(schema.node_id)] = {
            "display_name": title(schema.display_name),
            "description": text(schema.description),
            "inputs": {
                key(given.id): {"name": name(schema.node_id, given), "tooltip": text(given.tooltip)}
                for given in schema.inputs
            },
            "outputs": {
                str(index): {"name": name(schema.node_id, out), "tooltip": text(out.tooltip)}
                for index, out in enumerate(schema.outputs)
            },
        }
    return found


def key(identity: str) -> str:
    """An id as the page looks it up: a dot would be a level of the file."""
    return identity.replace(".", "_")


def catalogue(language: str) -> dict[str, dict[str, str]]:
    """What is written by hand of a language."""
    return json.loads((TRANSLATIONS / f"{language}.json").read_text(encoding="utf-8"))


def spoken(nodes: Iterable[Any]) -> dict[str, dict[str, dict]]:
    """What the page shows, by language."""
    nodes = list(nodes)
    return {"en": english(nodes)} | {
        language: translated(nodes, catalogue(language)) for language in LANGUAGES
    }


def files(nodes: Iterable[Any]) -> dict[str, str]:
    """Every file's text by its path under locales."""
    return {
        f"{language}/nodeDefs.json": json.dumps(words, ensure_ascii=False, indent=2) + "\n"
        for language, words in spoken(nodes).items()
    }


def main() -> None:
    from training.help_pages import pack_nodes

    for name, text in files(pack_nodes()).items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(FOLDER / name)


if __name__ == "__main__":
    main()
