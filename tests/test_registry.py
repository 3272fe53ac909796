"""What `comfy node validate` (it wants a network) asks and tests/test_rooms.py does not hold already: ruff's E702, and
the fields of pyproject.toml."""

from __future__ import annotations

import ast
import re
import tomllib

import pytest
from repose.setup import shipped
from repose.setup.places import ROOT, Trouble


def crowded(code: str) -> list[int]:
    """The lines on which two statements of one block stand (E702: what a scan takes for hidden code)."""
    found = []
    for node in ast.walk(ast.parse(code)):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            lines = [one.lineno for one in block] if isinstance(block, list) else []
            found += [line for line in lines if lines.count(line) > 1]
    return found


def test_a_line_holds_one_statement():
    try:
        paths = [path for path in shipped.files() if path.suffix == ".py"]
    except Trouble as reason:
        pytest.skip(str(reason))
    assert len(paths) > 100
    code = {path.as_posix(): (ROOT / path).read_text(encoding="utf-8") for path in paths}
    assert {name: found for name, text in code.items() if (found := crowded(text))} == {}


@pytest.mark.parametrize("code", ["x = 1; y = 2", "if True:\n    a = 1; b = 2", "def f():\n    a(); b()"])
def test_the_rule_can_fail(code):
    assert crowded(code)


def test_the_registry_takes_the_project():
    """The fields that https://docs.comfy.org/registry/specifications asks for, in the forms that it asks for."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project, comfy = data["project"], data["tool"]["comfy"]
    assert re.fullmatch(r"[a-z][a-z0-9._-]{0,99}", project["name"]) and "comfyui" not in project["name"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", project["version"])
    assert project["description"] and comfy["PublisherId"] and comfy["DisplayName"]
    assert re.fullmatch(r">=\d+\.\d+\.\d+", comfy["requires-comfyui"])
    systems = ("OS Independent", "Microsoft", "POSIX", "MacOS")
    for one in project["classifiers"]:
        head, _, value = one.partition(" :: ")
        assert head == "Operating System" and value.startswith(systems), (
            f"{one}: one wrong entry empties the list"
        )
    assert not [line for line in project["dependencies"] if "://" in line]
