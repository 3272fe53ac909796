"""ComfyUI's own page with the pack in it."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path

from .places import HOME, Trouble, say
from .server import Server


def run(base: Path, port: int) -> int:
    """Start the server, open the page, and wait until the server ends or the reader interrupts it."""
    greet_no_more(base)
    with Server(base, port=port, log_path=HOME / "ui.log") as server:
        say(f"ComfyUI: {server.url}   (Templates > repose has the pack's workflows; Ctrl+C ends it)")
        webbrowser.open(server.url)
        try:
            code = server.process.wait()
        except KeyboardInterrupt:
            return 0
    raise Trouble(f"ComfyUI ended by itself with code {code}", f"see {server.log_path}")


def greet_no_more(base: Path) -> None:
    """Keep the first visit's tutorial from covering the graph; settings that are there stay."""
    settings = base / "user" / "default" / "comfy.settings.json"
    if not settings.exists():
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(json.dumps({"Comfy.TutorialCompleted": True}), encoding="utf-8")
