"""A picture of Save Set opens its graph, as one of core's Save Image does."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

import pytest
from PIL import Image

WORKFLOW = {"nodes": [], "links": [], "version": 0.4, "extra": {"mark": "of this test"}}
OPEN = """async url => {
    const data = await (await fetch(url)).blob();
    await window.app.handleFile(new File([data], 'dragged.png', { type: 'image/png' }));
    return window.app.graph.nodes.map(node => node.type);
}"""


def saved(server, format: str, folder: str) -> dict:
    """A photo through Save Set in the queue; the picture as history names it."""
    inputs = {"image": ["1", 0], "photo": ["1", 0], "sku": "", "folder": folder, "format": format}
    prompt = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
        "2": {"class_type": "ReposeSaveSet", "inputs": inputs},
    }
    extra = {"extra_pnginfo": {"workflow": WORKFLOW}}
    answer = server.post("/prompt", {"prompt": prompt, "client_id": "saved", "extra_data": extra})
    entry = server.wait(answer["prompt_id"])
    assert entry["status"]["status_str"] == "success", entry["status"]["messages"][-1]
    (picture,) = entry["outputs"]["2"]["images"]
    return picture


def test_a_png_keeps_prompt_and_workflow(server, photo):
    picture = saved(server, "PNG", "kept")
    assert picture["filename"].startswith("photo-"), "without a SKU it is named after the photo"
    with Image.open(io.BytesIO(server.view(picture))) as image:
        assert json.loads(image.text["workflow"]) == WORKFLOW
        assert json.loads(image.text["prompt"])["2"]["class_type"] == "ReposeSaveSet"


def test_a_jpeg_is_saved_all_the_same(server, photo):
    with Image.open(io.BytesIO(server.view(saved(server, "JPEG", "plain")))) as image:
        assert image.format == "JPEG"


@pytest.mark.parametrize("opened", ["LiteGraph"], indirect=True)
def test_dragged_onto_the_page_it_opens_the_graph(page, server, photo):
    page.evaluate(
        "async () => await window.app.loadGraphData({nodes: [], links: [], version: 0.4}, true, true, 'x')"
    )
    page.evaluate("""() => {
        const made = type => { const n = LiteGraph.createNode(type); window.app.graph.add(n); return n; };
        const photo = made('LoadImage'), save = made('ReposeSaveSet');
        photo.widgets.find(widget => widget.name === 'image').value = 'example.png';
        save.widgets.find(widget => widget.name === 'folder').value = 'dragged';
        photo.connect(0, save, 0); photo.connect(0, save, 1);
    }""")
    before = set(server.get("/history"))
    assert page.evaluate("async () => await window.app.queuePrompt(0, 1)")
    from .test_page import finished

    entry = finished(server, before)
    (picture,) = [p for out in entry["outputs"].values() for p in out.get("images", [])]
    page.evaluate(
        "async () => await window.app.loadGraphData({nodes: [], links: [], version: 0.4}, true, true, 'y')"
    )
    query = "&".join(f"{key}={picture[key]}" for key in ("filename", "subfolder", "type"))
    assert sorted(page.evaluate(OPEN, f"/view?{query}")) == ["LoadImage", "ReposeSaveSet"]


def test_not_where_the_artist_wants_no_metadata(comfyui, monkeypatch):
    import comfy.cli_args
    from repose.nodes import host

    node = SimpleNamespace(hidden=SimpleNamespace(prompt={"1": {}}, extra_pnginfo={"workflow": WORKFLOW}))
    assert set(host.workflow_texts(node)) == {"prompt", "workflow"}
    assert host.workflow_texts(SimpleNamespace(hidden=None)) == {}
    monkeypatch.setattr(comfy.cli_args.args, "disable_metadata", True)
    assert host.workflow_texts(node) == {}
