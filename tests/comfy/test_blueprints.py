"""The subgraph blueprints in ComfyUI's own page: found in its node library, dropped on the canvas, and run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repose.setup.places import ROOT

from .test_page import LOAD, UNREGISTERED, finished, reported_missing

BLUEPRINTS = sorted((ROOT / "subgraphs").glob("*.json"))
EMPTY = {"last_node_id": 0, "last_link_id": 0, "nodes": [], "links": [], "groups": [], "version": 0.4}
INNER = """() => window.app.graph.nodes.flatMap(n => n.subgraph?.nodes ?? [])
    .filter(n => !LiteGraph.registered_node_types[n.type]).map(n => n.type)"""
UNLINKED = """() => window.app.graph.nodes[0].subgraph.nodes.flatMap(node => node.inputs
    .filter(slot => slot.link == null && !slot.widget && slot.shape !== 7).map(slot => node.type + '.' + slot.name))"""
WIRE = """() => {
    const graph = window.app.graph;
    const made = type => { const node = LiteGraph.createNode(type); graph.add(node); return node; };
    const titled = name => graph.nodes.find(node => node.title.startsWith(name));
    const link = (from, output, to, input) => from.connect(
        from.outputs.findIndex(slot => slot.name === output), to, to.inputs.findIndex(slot => slot.name === input));
    const photo = made('LoadImage'), pose = made('ReposePoseLibrary');
    photo.widgets.find(widget => widget.name === 'image').value = 'example.png';
    const warp = titled('Read'), light = titled('Light'), scene = titled('Change');
    link(photo, 'IMAGE', warp, 'photo'); link(pose, 'pose', warp, 'pose');
    link(photo, 'IMAGE', light, 'photo');
    for (const name of ['image', 'person', 'correspondence', 'keypoints', 'garments', 'target'])
        link(warp, name, light, name);
    link(photo, 'IMAGE', scene, 'photo'); link(warp, 'room', scene, 'background');
    const saved = [[light, 'image', 'lit'], [light, 'heat_map', 'heat'], [scene, 'image', 'scene']];
    for (const [from, output, prefix] of saved) {
        const save = made('SaveImage');
        save.widgets[0].value = prefix;
        link(from, output, save, 'images');
    }
}"""


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def definition(path: Path) -> dict:
    """The one subgraph of a file."""
    (found,) = read(path)["definitions"]["subgraphs"]
    return found


def test_some_are_shipped():
    assert len(BLUEPRINTS) == 3


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_one_node_with_a_subgraph_and_words(path):
    """As the page wants a blueprint: a single node of the subgraph's type; words for the library and its search."""
    saved, inner = read(path), definition(path)
    (node,) = saved["nodes"]
    assert node["type"] == inner["id"] and node["title"] == inner["name"] == path.stem
    assert inner["category"] == "Repose" and len(inner["description"]) > 60
    assert saved["extra"]["BlueprintDescription"] == inner["description"]
    assert len(saved["extra"]["BlueprintSearchAliases"]) >= 4
    assert [s["name"] for s in node["inputs"]] == [s["name"] for s in inner["inputs"]]


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_nodes_and_sockets_are_those_of_the_pack(path, object_info):
    for node in definition(path)["nodes"]:
        info = object_info[node["type"]]
        assert node["type"].startswith("Repose") and node["properties"]["cnr_id"] == "repose"
        given = {**info["input"].get("required", {}), **info["input"].get("optional", {})}
        assert {slot["name"] for slot in node["inputs"]} == set(given), node["type"]
        assert [slot["name"] for slot in node["outputs"]] == info["output_name"], node["type"]


def test_the_server_lists_them(server):
    listed = {
        entry["name"] for entry in server.get("/global_subgraphs").values() if "repose" in str(entry["info"])
    }
    assert listed == {path.stem for path in BLUEPRINTS}


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_found_in_the_node_library_and_dropped_on_the_canvas(page, path):
    page.evaluate(LOAD, [EMPTY, "empty"])
    toggle = "async () => await window.app.extensionManager.command.execute('Workspace.ToggleSidebarTab.node-library')"
    page.evaluate(toggle)
    page.get_by_placeholder("Search").first.fill(path.stem)
    page.get_by_text(path.stem).first.drag_to(
        page.locator("#graph-canvas"), target_position={"x": 900, "y": 400}
    )
    page.wait_for_function("() => window.app.graph.nodes.length === 1", timeout=10_000)
    page.evaluate(toggle)
    assert page.evaluate("() => window.app.graph.nodes[0].title") == path.stem
    assert page.evaluate(INNER) == [] and page.evaluate(UNLINKED) == []
    assert reported_missing(page) == [] and page.problems == []


@pytest.mark.parametrize("opened", ["Nodes 2.0"], indirect=True)
def test_all_of_them_run_in_one_graph(page, server, photo, models):
    whole = {**EMPTY, "nodes": [], "definitions": {"subgraphs": [definition(path) for path in BLUEPRINTS]}}
    for i, path in enumerate(BLUEPRINTS, 1):
        (node,) = read(path)["nodes"]
        whole["nodes"].append(node | {"id": 100 + i, "pos": [400 * i, 0]})
    page.evaluate(LOAD, [whole | {"last_node_id": 200}, "blueprints"])
    page.wait_for_timeout(500)
    page.evaluate(WIRE)
    assert page.evaluate(UNREGISTERED) == []
    before = set(server.get("/history"))
    assert page.evaluate("async () => await window.app.queuePrompt(0, 1)"), "the page refused to queue it"
    entry = finished(server, before)
    assert entry["status"]["status_str"] == "success", entry["status"]["messages"][-1]
    saved = [p for out in entry["outputs"].values() for p in out.get("images", []) if p["type"] == "output"]
    assert sorted(p["filename"].split("_")[0] for p in saved) == ["heat", "lit", "scene"]
    assert page.problems == []
