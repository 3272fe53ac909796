"""The clone's own environment: a venv with torch, a pinned ComfyUI and the pack, each step done once.

A step is done when its stamp holds the hash of the step's inputs; the stamp is written last, so that an
interrupted step is simply done again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from . import comfyui, matching
from .places import BASE, HOME, ROOT, STAMPS, VENV, Trouble, say, venv_python

TORCH = ("torch==2.13.0", "torchvision==0.28.0", "torchaudio==2.11.0")
"""The three that belong together; every later install is constrained to them, so that none moves."""

TEST_PACKAGES = (
    "pytest>=8",
    "pytest-xdist>=3.5",
    "hypothesis>=6",
    "playwright>=1.40",
    "onnxruntime>=1.17",
    "pycocotools>=2.0",
    "diffusers>=0.30",
    "ruff>=0.5",
)
"""For the tests only: the pack never needs an onnxruntime, nor pycocotools to write COCO files, and diffusers only
for its Python API."""

MINIMUM_PYTHON = (3, 11)
INSTALL_NOTE = HOME / "pack-packages.json"


def prepare(tests: bool = False) -> None:
    """Make, or complete, the environment. A second call does nothing and takes milliseconds."""
    if sys.version_info < MINIMUM_PYTHON:
        raise Trouble(
            f"Python {sys.version_info.major}.{sys.version_info.minor} is too old", "use Python 3.11 or newer"
        )
    source = comfyui.path()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    step("venv", "a virtual environment", [python], _make_venv)
    step("torch", "torch, torchvision, torchaudio", [python, *TORCH], lambda: pip_install(*TORCH))
    if "COMFYUI_PATH" not in os.environ:
        step("comfyui", f"ComfyUI {comfyui.VERSION}", [comfyui.SOURCES[comfyui.VERSION][1]], comfyui.fetch)
    listed = source / "requirements.txt"
    if not listed.is_file():
        raise Trouble(f"there is no ComfyUI in {source}", "correct or unset COMFYUI_PATH")
    step("comfyui-packages", "ComfyUI's packages", [python, _text(listed)], lambda: pip_install("-r", listed))
    ours = ROOT / "requirements.txt"
    step("pack-packages", "the pack's packages", [python, _text(ours)], lambda: _install_pack(ours))
    if tests:
        step("test-packages", "test tools", [python, *TEST_PACKAGES], lambda: pip_install(*TEST_PACKAGES))
    step("matching", "torchvision and torchaudio match torch", [python, *TORCH], matching.apply)
    link_pack(BASE / "custom_nodes" / "repose")


def step(name: str, label: str, inputs: Sequence[str], action: Callable[[], object]) -> bool:
    """Do `action` unless it was done with these very inputs; True when it was done now."""
    stamp = STAMPS / name
    digest = hashlib.sha256("\0".join(inputs).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == digest:
        return False
    say(f"[setup] {label} ...")
    action()
    STAMPS.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest)
    return True


def pip_install(*arguments: object) -> None:
    """pip install into the environment, with torch and its two companions held where they are."""
    constraints = HOME / "constraints.txt"
    constraints.write_text("\n".join(TORCH) + "\n")
    pip("install", "--disable-pip-version-check", "-c", constraints, *arguments)


def pip(*arguments: object) -> None:
    """Run the environment's pip, its progress shown; Trouble when it fails."""
    command = [str(venv_python()), "-m", "pip", *map(str, arguments)]
    if subprocess.run(command, check=False).returncode:
        raise Trouble(
            f"pip {arguments[0]} failed (its own words are above)",
            "check the network and the free disk space (5 GB), then run the same command again",
        )


def link_pack(place: Path) -> None:
    """Make the clone appear at `place`: a symbolic link, else a directory junction, else a copy."""
    if place.exists() and place.resolve() == ROOT:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_symlink() or place.is_file():
        place.unlink()
    elif place.is_dir():
        _remove_folder(place)
    try:
        place.symlink_to(ROOT, target_is_directory=True)
    except OSError:  # Windows without the right to make symbolic links
        if not _make_junction(place):
            copy_pack(place)


def copy_pack(place: Path) -> None:
    """Copy what the pack needs to run; folders that run.py makes and hidden ones stay behind."""
    ignored = shutil.ignore_patterns(".*", "__pycache__", "output", "tests", "training", "setup")
    shutil.copytree(ROOT, place, ignore=ignored, dirs_exist_ok=True)


def installed() -> dict[str, str]:
    """Every package of the environment and its version."""
    listed = subprocess.run(
        [str(venv_python()), "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        check=True,
        capture_output=True,
    )
    return {item["name"]: item["version"] for item in json.loads(listed.stdout)}


def _install_pack(requirements: Path) -> None:
    """Install the pack's packages as the Manager does, with no constraint, and note what that changed.

    The note is for the test that no package of ComfyUI's own was up- or downgraded.
    """
    before = installed()
    pip("install", "--disable-pip-version-check", "-r", requirements)
    INSTALL_NOTE.write_text(json.dumps({"before": before, "after": installed()}, indent=1))


def _make_venv() -> None:
    HOME.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], check=False, capture_output=True, text=True
    )
    if made.returncode:
        lines = (made.stdout + made.stderr).strip().splitlines() or ["no reason given"]
        raise Trouble(
            f"python -m venv failed: {lines[-1]}", "on Debian and Ubuntu: apt-get install python3-venv"
        )
    pip("install", "--disable-pip-version-check", "--upgrade", "pip", "setuptools", "wheel")


def _remove_folder(place: Path) -> None:
    try:
        place.rmdir()  # all there is to remove of a junction; what it leads to stays
    except OSError:
        shutil.rmtree(place)


def _make_junction(place: Path) -> bool:
    if os.name != "nt":
        return False
    made = subprocess.run(
        ["cmd", "/c", "mklink", "/J", str(place), str(ROOT)], check=False, capture_output=True
    )
    return made.returncode == 0


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
