"""Where things are: everything that run.py makes lies in `.repose/` and `output/` of the clone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".repose"
VENV = HOME / "venv"
BASE = HOME / "base"
MODELS = BASE / "models"
DOWNLOADS = HOME / "downloads"
STAMPS = HOME / "stamps"
PHOTO = HOME / "photos" / "standing.jpg"
OUTPUT = ROOT / "output"


class Trouble(Exception):
    """Something the reader can act on: one line that says what, and one that says what to do next."""

    def __init__(self, what: str, next_step: str = ""):
        super().__init__(f"{what}\n  next: {next_step}" if next_step else what)


def venv_python() -> Path:
    """The interpreter of the clone's environment (it may not exist yet)."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def inside_venv() -> bool:
    """True when this process runs in the clone's environment."""
    return Path(sys.prefix).resolve() == VENV.resolve()


def attend(command: Sequence[object], **options: Any) -> int:
    """Run a child to its end and give back its exit code.

    At Ctrl+C the terminal tells the child as well, and it is given the time to tidy up (to end its server);
    a request to terminate is handed on to it in the same form.
    """
    child = subprocess.Popen([str(word) for word in command], **options)

    def hand_on(*_: object) -> None:
        child.terminate() if os.name == "nt" else child.send_signal(signal.SIGINT)

    signal.signal(signal.SIGTERM, hand_on)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue


def say(text: str) -> None:
    """One line of progress, shown at once even through a pipe."""
    print(text, flush=True)
