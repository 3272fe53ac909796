"""Who may import whom (arrows point down only), and what shipped code never does."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("geometry", "attention", "models")
"""From the bottom up: a room sees those before it. What lies beside them in pipelines/ sees all three."""

HOST = {
    "comfy",
    "comfy_api",
    "comfy_execution",
    "comfy_extras",
    "folder_paths",
    "latent_preview",
    "node_helpers",
    "server",
}
ALLOWED = {
    "geometry": {"numpy", "torch"},
    "attention": {"numpy", "torch", "einops"},
    "models": {"numpy", "torch", "einops", "safetensors", "cv2", "PIL", "ai_edge_litert", "onnxruntime"},
    "task": {
        "numpy", "torch", "einops", "safetensors", "cv2", "PIL", "diffusers", "controlnet_aux",
    },
    "nodes": {"numpy", "torch", "PIL"} | HOST,
}  # fmt: skip
EXTRA = {
    "pipelines/models/weights.py": {"huggingface_hub"},
    "pipelines/models/segformer.py": {"transformers"},
    "pipelines/garments/opinion.py": {"transformers"},
    "pipelines/garments/text.py": {"rapidocr_onnxruntime"},
}
"""Single files that may import more than their room."""

FORBIDDEN_MODULES = {
    "aiohttp", "ctypes", "dill", "ftplib", "http", "httpx", "joblib", "marshal", "multiprocessing", "pickle",
    "pip", "requests", "shelve", "socket", "ssl", "subprocess", "urllib", "urllib3", "websocket",
}  # fmt: skip
"""Processes, the network (but for huggingface_hub in one file) and formats that run code when read."""

FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "breakpoint", "print"}
FORBIDDEN_ATTRIBUTES = {
    ("os", "system"), ("os", "popen"), ("torch", "load"), ("np", "load"), ("numpy", "load"),
    ("hashlib", "md5"), ("sys", "path"),
}  # fmt: skip

SHIPPED = sorted(path for room in ("pipelines", "nodes") for path in (ROOT / room).rglob("*.py"))
SHIPPED.append(ROOT / "__init__.py")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    if parts[0] != "pipelines":
        return "nodes"
    return parts[1] if parts[1] in ROOMS else "task"


def imports(path: Path) -> list[tuple[str, ...]]:
    """Each import as its dotted parts; one of ours starts with "." and goes on from the pack's folder."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.append(tuple(node.module.split(".")))
        elif isinstance(node, ast.ImportFrom):
            base = path.relative_to(ROOT).parts[: -node.level]
            module = tuple(node.module.split(".")) if node.module else ()
            names = [()] if module else [(alias.name,) for alias in node.names]
            found += [(".", *base, *module, *last) for last in names]
    return found


def visible(room: str) -> set[str]:
    """The rooms that a room may import from, itself included."""
    if room in ROOMS:
        return set(ROOMS[: ROOMS.index(room) + 1])
    return {*ROOMS, "task"} if room == "task" else {*ROOMS, "task", "nodes"}


def problems(path: Path) -> list[str]:
    room, found = room_of(path), []
    for head, *rest in imports(path):
        if head == ".":
            target = room_of(ROOT.joinpath(*rest, "x.py")) if rest[0] == "pipelines" else rest[0]
            if target not in visible(room):
                found.append(f"{room} imports upwards, from {'/'.join(rest)}")
        elif head in HOST and room != "nodes":
            found.append(f"the engine names the host: {head}")
        elif head in FORBIDDEN_MODULES or head == "huggingface_hub" and name(path) not in EXTRA:
            found.append(f"shipped code imports {head}")
        elif head not in sys.stdlib_module_names | ALLOWED[room] | EXTRA.get(name(path), set()):
            found.append(f"{room} may not import {head}")
    return found


@pytest.mark.parametrize("path", SHIPPED, ids=name)
def test_imports_point_down_only(path):
    assert problems(path) == []


@pytest.mark.parametrize("path", SHIPPED, ids=name)
def test_no_code_runs_code_or_talks(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS, f"line {node.lineno} calls {node.func.id}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            where = f"line {node.lineno} uses {node.value.id}.{node.attr}"
            assert (node.value.id, node.attr) not in FORBIDDEN_ATTRIBUTES, where
            # ComfyUI itself decides about gradients around every node.
            assert (room_of(path), node.attr) != ("nodes", "no_grad"), where
        if isinstance(node, ast.ExceptHandler):
            broad = node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException")
            assert not broad, f"line {node.lineno} catches everything"


@pytest.mark.parametrize("path", [*SHIPPED, *sorted((ROOT / "tests").rglob("*.py"))], ids=name)
def test_ascii_only(path):
    path.read_text(encoding="utf-8").encode("ascii")


def test_the_pack_imports_nothing_at_module_scope():
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    assert not [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]


@pytest.mark.parametrize(
    ("place", "line", "expected"),
    [
        ("pipelines/geometry/x.py", "from ..models import weights", "upwards"),
        ("pipelines/geometry/x.py", "from .. import repose", "upwards"),
        ("pipelines/models/x.py", "from ...nodes.host import device", "upwards"),
        ("pipelines/models/x.py", "from ..draw import draw_pose", "upwards"),
        ("pipelines/x.py", "import comfy.utils", "host"),
        ("pipelines/x.py", "def f():\n    import folder_paths", "host"),
        ("pipelines/geometry/x.py", "import cv2", "may not import cv2"),
        ("pipelines/x.py", "from urllib.request import urlopen", "imports urllib"),
        ("nodes/x.py", "import huggingface_hub", "imports huggingface_hub"),
        ("pipelines/x.py", "from .geometry.keypoints import Keypoints", None),
        ("nodes/x.py", "from ..pipelines.models import weights", None),
        ("nodes/x.py", "from . import host", None),
    ],
)
def test_the_rule_itself(place, line, expected, monkeypatch):
    """The rule catches what it is there for: it is tried on lines that are not in the tree."""
    path = ROOT / place
    read = Path.read_text
    monkeypatch.setattr(Path, "read_text", lambda self, **_: line if self == path else read(self, **_))
    found = problems(path)
    assert (expected is None and not found) or expected in found[0]
