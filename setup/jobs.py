"""Run shipped workflows on a private server and collect their pictures."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import graph
from .places import BASE, HOME, Trouble, say
from .server import Server


@dataclass(frozen=True)
class Made:
    """A picture that a run made: the type of its node, whether it was saved or only previewed, its file."""

    type: str
    saved: bool
    file: Path


def run_workflow(server: Server, path: Path, overrides: Sequence[str], output: Path) -> list[Made]:
    """Queue one workflow with its "NODE.INPUT=VALUE" overrides; the pictures written to `output`.

    A local file given to a picture input is uploaded first. Files are named after the node that made them.
    """
    if not path.is_file():
        raise Trouble(f"there is no workflow {path}", "look into workflows/")
    info = server.object_info()
    prompt = graph.to_prompt(json.loads(path.read_text(encoding="utf-8")), info)
    for assignment in overrides:
        node, field = graph.set_value(prompt, assignment, info)
        value = prompt[node]["inputs"][field]
        if graph.takes_picture(prompt[node], field, info) and Path(value).is_file():
            prompt[node]["inputs"][field] = server.upload(Path(value))
    outputs = server.run(prompt, tick=_Ticker(path.stem))
    return [
        file
        for node in prompt
        if node in outputs
        for file in _save(server, prompt[node], outputs[node], output)
    ]


def private_server(name: str) -> Server:
    """A server whose outputs go into a folder that the next one of the same name empties."""
    run = HOME / "runs" / name
    shutil.rmtree(run, ignore_errors=True)
    extra = ["--output-directory", str(run / "output"), "--temp-directory", str(run / "temp")]
    return Server(BASE, log_path=run / "server.log", extra=extra)


def _save(server: Server, node: dict, outputs: dict, folder: Path) -> list[Made]:
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", node["_meta"]["title"]).strip("-").lower() or "picture"
    pictures = [p for p in outputs.get("images", []) if isinstance(p, dict) and "filename" in p]
    files = []
    for number, picture in enumerate(pictures):
        suffix = Path(picture["filename"]).suffix
        file = folder / (f"{name}{suffix}" if len(pictures) == 1 else f"{name}-{number + 1}{suffix}")
        partial = file.with_suffix(".part")
        partial.write_bytes(server.view(picture))
        partial.replace(file)
        files.append(Made(node["class_type"], picture["type"] == "output", file))
    return files


class _Ticker:
    """Says every ten seconds that a graph still runs."""

    def __init__(self, name: str):
        self.name, self.next = name, 10.0

    def __call__(self, seconds: float) -> None:
        if seconds >= self.next:
            say(f"  {self.name}: {seconds:.0f} s ...")
            self.next += 10.0
