"""The pack's nodes called as ComfyUI calls them, and a drawn person to call them with."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch


@pytest.fixture(scope="session")
def run(comfyui):
    """run("ReposeX", input=...) -> the node's outputs by their ids, and what it shows as `ui`."""
    from repose.nodes import NODES

    classes = {node.GET_SCHEMA().node_id: node for node in NODES}

    def call(node_id: str, **inputs) -> SimpleNamespace:
        cls = classes[node_id]
        schema = cls.GET_SCHEMA()
        # As in a prompt: a widget that is not named has its default.
        defaults = {i.id: i.default for i in schema.inputs if getattr(i, "default", None) is not None}
        with torch.inference_mode():
            result = cls.PREPARE_CLASS_CLONE(None).execute(**{**defaults, **inputs})
        outputs = {
            out.id or out.display_name: value for out, value in zip(schema.outputs, result.args, strict=True)
        }
        return SimpleNamespace(ui=result.ui, **outputs)

    return call


@pytest.fixture
def no_models(comfyui, monkeypatch, tmp_path):
    """A ComfyUI without any network; its models/repose."""
    from repose.nodes import host

    folder = tmp_path / "models" / "repose"
    monkeypatch.setattr(host, "models_folders", lambda: [folder])
    monkeypatch.setattr(host, "_resident", {})
    return folder


@pytest.fixture
def with_models(comfyui, models, monkeypatch):
    """A ComfyUI with the default networks."""
    from repose.nodes import host

    monkeypatch.setattr(host, "models_folders", lambda: [models / "repose"])
    return models / "repose"


@pytest.fixture(scope="session")
def drawn():
    """A drawn person: IMAGE (1, 480, 360, 3), MASK (1, 480, 360), the skeleton, its keypoints."""
    from ..geometry.people import draw, standing

    skeleton = standing()
    picture, matte = draw(skeleton)
    return SimpleNamespace(
        image=picture.movedim(1, -1), mask=matte[:, 0], skeleton=skeleton, keypoints=skeleton.project()
    )
