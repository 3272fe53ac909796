"""Make torchvision and torchaudio importable beside a torch they were not built for.

A registry may offer a CPU build of torch but only CUDA builds of its two companions. Then importing
torchvision fails on operators that its compiled part should have declared, and importing torchaudio on its
compiled part itself, and with them fail ComfyUI, transformers, spandrel and controlnet_aux. Only when an
import really fails, and only in the clone's own environment:

* torchvision: a hook, run when it is about to be imported, declares the two missing operators;
* torchaudio: the compiled libraries are set aside, and it takes its own way without them.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from .places import STAMPS, Trouble, say, venv_python

HOOK = '''"""Written by run.py: declares two operators before a torchvision built for another torch."""

import sys


class DeclareOperators:
    def find_spec(self, name, path=None, target=None):
        if name != "torchvision":
            return None
        sys.meta_path.remove(self)
        import torch

        global library
        library = torch.library.Library("torchvision", "FRAGMENT")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        return None


sys.meta_path.insert(0, DeclareOperators())
'''

DEVICE = (
    "import torch; print('cuda' if torch.cuda.is_available() else 'mps' if torch.backends.mps.is_available()"
    " else 'xpu' if torch.xpu.is_available() else 'cpu')"
)


def apply(python: Path | None = None) -> None:
    """Cure what does not import in the environment of `python`, and note which device its torch can use."""
    python = python or venv_python()
    if not imports(python, "torchvision"):
        say("[setup] torchvision was built for another torch: declaring its missing operators")
        folder = _site_packages(python)
        (folder / "repose_torchvision.py").write_text(HOOK)
        (folder / "repose_torchvision.pth").write_text("import repose_torchvision\n")
    if not imports(python, "torchaudio"):
        say("[setup] torchaudio was built for another torch: setting its compiled libraries aside")
        for library in (_site_packages(python) / "torchaudio" / "lib").glob("*.so"):
            library.rename(library.with_suffix(".aside"))
    for name in ("torchvision", "torchaudio"):
        if not imports(python, name):
            raise Trouble(f"{name} cannot be imported beside this torch", "delete .repose/venv and run again")
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / "device").write_text(_answer(python, DEVICE))


def device() -> str:
    """ "cuda", "mps", "xpu" or "cpu": what torch could use when the environment was made."""
    note = STAMPS / "device"
    return note.read_text().strip() if note.is_file() else "cpu"


def imports(python: Path, name: str) -> bool:
    """True when a fresh interpreter can import it."""
    return (
        subprocess.run([str(python), "-c", f"import {name}"], check=False, capture_output=True).returncode
        == 0
    )


def _site_packages(python: Path) -> Path:
    return Path(_answer(python, "import sysconfig; print(sysconfig.get_path('platlib'))"))


def _answer(python: Path, code: str) -> str:
    return subprocess.run(
        [str(python), "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()
