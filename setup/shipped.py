"""What the registry would ship: the files that git does not ignore, less those that `.comfyignore` names."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from .places import ROOT, Trouble


def files() -> list[Path]:
    """Paths relative to the clone, sorted. git itself reads both ignore files, so both mean what they say."""
    wanted = _git("--cached", "--others", "--exclude-standard")
    left_out = _git("--cached", "--others", "--ignored", "--exclude-from=.comfyignore")
    return sorted(path for path in wanted - left_out if (ROOT / path).is_file())


def build(target: Path) -> Path:
    """Copy what would be shipped into an empty folder."""
    for path in files():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target / path)
    return target


def _git(*arguments: str) -> set[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", *arguments], cwd=ROOT, check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise Trouble("what would be shipped is only known in a git clone") from error
    return {Path(name.decode()) for name in listed.stdout.split(b"\0") if name}
