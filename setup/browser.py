"""A browser for the page tests: one that is there, else one that may be installed, else none and a reason."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .places import HOME, say, venv_python

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "{PROGRAMFILES}/Google/Chrome/Application/chrome.exe",
    "{PROGRAMFILES(X86)}/Microsoft/Edge/Application/msedge.exe",
)
OWN = HOME / "browsers"


def find() -> Path | None:
    """An installed Chromium, Chrome or Edge: $REPOSE_BROWSER, then the usual places."""
    if given := os.environ.get("REPOSE_BROWSER"):
        return Path(given)
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    for place in PLACES:
        for key in ("PROGRAMFILES", "PROGRAMFILES(X86)"):
            place = place.replace("{" + key + "}", os.environ.get(key, ""))
        if Path(place).is_file():
            return Path(place)
    names = ("chrome", "chrome.exe", "Chromium", "headless_shell")
    return next((file for file in OWN.rglob("*") if file.name in names and file.is_file()), None)


def ensure() -> Path | None:
    """Find a browser, or install one: through apt-get as root, else playwright's own; else None."""
    return find() or (_apt() and find()) or (_playwright() and find()) or None


def _apt() -> bool:
    if not shutil.which("apt-get") or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    say("[setup] chromium through apt-get ...")
    install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
    if _run(install):
        return True
    return _run(["apt-get", "update"]) and _run(install)


def _playwright() -> bool:
    say("[setup] chromium through playwright ...")
    return _run(
        [str(venv_python()), "-m", "playwright", "install", "chromium"], PLAYWRIGHT_BROWSERS_PATH=str(OWN)
    )


def _run(command: list[str], **environment: str) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", **environment}
    try:
        return subprocess.run(command, check=False, env=environment, stdout=sys.stderr).returncode == 0
    except OSError:
        return False
