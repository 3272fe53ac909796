"""The package as the registry and the Manager see it."""

import json
import re
import tomllib

import pytest
from repose.setup import environment, shipped
from repose.setup.places import Trouble


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def names(requirements):
    return {re.split(r"[<>=!~ \[;]", line)[0].lower().replace("_", "-") for line in requirements}


def test_requirements_txt_says_what_pyproject_says(root, project):
    lines = (root / "requirements.txt").read_text(encoding="utf-8").split()
    assert sorted(lines) == sorted(project["project"]["dependencies"])


def test_dependencies_break_nobody(project):
    """Ranges and not pins; no runtime that exists in varieties; one OpenCV, the one controlnet-aux brings."""
    dependencies = project["project"]["dependencies"]
    assert all(">=" in line and "==" not in line and "<" not in line for line in dependencies)
    banned = {"onnxruntime", "onnxruntime-gpu", "mediapipe", "opencv-python", "opencv-contrib-python"}
    assert not names(dependencies) & (banned | {"opencv-python-headless", "torchvision", "torchaudio"})


def test_installing_the_pack_moved_no_package(comfyui):
    """What `pip install -r requirements.txt` did in the environment that ComfyUI's own packages had made."""
    if not environment.INSTALL_NOTE.is_file():
        pytest.skip("the environment was not made by run.py")
    note = json.loads(environment.INSTALL_NOTE.read_text())
    before, after = note["before"], note["after"]
    moved = {name: (before[name], after.get(name)) for name in before if before[name] != after.get(name)}
    assert "torch" in before and moved == {}
    opencvs = [name for name in after if name.startswith("opencv")]
    assert len(opencvs) == 1, f"{opencvs} would write into one cv2 folder"
    if set(after) - set(before):  # a first install; a later one finds everything there
        assert not {"onnxruntime", "onnxruntime-gpu", "mediapipe"} & (set(after) - set(before))


def test_licence(root, project):
    text = (root / "LICENSE").read_text(encoding="utf-8")
    assert project["project"]["license"] == "Apache-2.0"
    assert "Apache License" in text and "Version 2.0, January 2004" in text and len(text) > 11000


def test_the_registry_gets_what_an_artist_needs_and_nothing_else():
    try:
        names = {path.as_posix() for path in shipped.files()}
    except Trouble as reason:
        pytest.skip(str(reason))
    assert {"__init__.py", "pyproject.toml", "requirements.txt", "LICENSE", "nodes/__init__.py"} <= names
    heads = {name.split("/")[0] for name in names}
    assert heads <= {
        "__init__.py", "pyproject.toml", "requirements.txt", "LICENSE", "README.md",
        "locales", "nodes", "pipelines", "subgraphs", "web", "workflows", "weights",
    }  # fmt: skip


def test_comfyui_reads_our_pyproject(comfyui, root):
    from comfy_config import config_parser

    read = config_parser.extract_node_configuration(str(root))
    assert (read.project.name, read.tool_comfy.display_name) == ("repose", "Repose")
    assert read.project.license.text == "Apache-2.0" and read.project.supported_os == ["OS Independent"]
