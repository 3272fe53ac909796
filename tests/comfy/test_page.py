"""Every shipped workflow in ComfyUI's own page, in a real browser, in both of its ways to draw nodes."""

from __future__ import annotations

import json
import re
import time

import pytest
from repose.setup import graph
from repose.setup.places import OUTPUT

from .conftest import FULL, QUICK, RENDERERS

LOAD = """async ([workflow, name]) => { await window.app.loadGraphData(workflow, true, true, name) }"""
UNREGISTERED = """() => window.app.graph._nodes
    .filter(n => n.type && !LiteGraph.registered_node_types[n.type]).map(n => n.type)"""
RESULTS = """() => [
    ...[...document.querySelectorAll('img')],
    ...window.app.graph._nodes.flatMap(n => n.imgs || []),
].filter(i => i.src.includes('/view?') && i.src.includes('type=output') && i.naturalWidth > 1).length"""


SET_WIDGETS = """(quick) => {
    for (const node of window.app.graph.nodes)
        for (const widget of node.widgets ?? [])
            if (widget.name in (quick[node.type] ?? {})) widget.value = quick[node.type][widget.name];
}"""


def load(page, workflow):
    page.evaluate(LOAD, [json.loads(workflow.read_text(encoding="utf-8")), workflow.stem])
    page.wait_for_timeout(1000)


def test_loads_with_nothing_missing_and_queues_what_run_py_queues(page, workflow, object_info, photo, models):
    load(page, workflow)
    assert page.evaluate(UNREGISTERED) == []
    assert reported_missing(page) == []
    assert page.problems == []
    assert page.evaluate("LiteGraph.vueNodesMode") is RENDERERS[page.renderer]
    # The page's own conversion of the saved workflow is the truth; ours must give the same graph.
    theirs = page.evaluate("async () => (await window.app.graphToPrompt()).output")
    ours = graph.to_prompt(json.loads(workflow.read_text(encoding="utf-8")), object_info)
    inputs = {key: (node["class_type"], node["inputs"]) for key, node in theirs.items()}
    assert inputs == {key: (node["class_type"], node["inputs"]) for key, node in ours.items()}


IN_BOTH = ("Repose in one node", "Prints and patterns")
"""Workflows that run in both renderers: of the others both queue the same graph (the test above), and Nodes 2.0 and the
file (test_workflows.py) run it."""


SEVERAL = "Pose variations"
"""The same nodes as Repose in one node, for several poses: once, from the file, is enough."""


def test_runs_in_the_page(page, single_workflow, server, photo, models):
    if single_workflow.stem == SEVERAL and not FULL:
        pytest.skip("it runs from the file; REPOSE_FULL=1 runs it in the page")
    if page.renderer != "Nodes 2.0" and single_workflow.stem not in IN_BOTH and not FULL:
        pytest.skip("it runs in Nodes 2.0; REPOSE_FULL=1 runs it in both renderers")
    load(page, single_workflow)
    page.evaluate(SET_WIDGETS, QUICK)
    before = set(server.get("/history"))
    assert page.evaluate("async () => await window.app.queuePrompt(0, 1)"), "the page refused to queue it"
    entry = finished(server, before)
    assert entry["status"]["status_str"] == "success", entry["status"]["messages"][-1]
    page.wait_for_function(f"({RESULTS})() > 0", timeout=30_000)
    page.wait_for_timeout(500)
    folder = OUTPUT / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{single_workflow.stem} ({page.renderer}).png")
    assert page.problems == []


def test_a_nodes_help_shows_its_picture(page):
    page.evaluate(LOAD, [{"nodes": [], "links": [], "version": 0.4}, "help"])
    page.evaluate("""() => {
        const node = LiteGraph.createNode('ReposeWarpBody');
        node.pos = [400, 300];
        window.app.graph.add(node);
        window.app.canvas.selectItems([node]);
    }""")
    page.get_by_test_id("info-button").first.click(timeout=10_000)
    shown = page.locator("img[src$='docs/pictures/ReposeWarpBody.webp']").first
    shown.wait_for(timeout=10_000)
    loaded = "image => image.complete && image.naturalWidth > 100"
    page.wait_for_function(loaded, arg=shown.element_handle(), timeout=10_000)
    assert page.problems == []


def test_a_missing_node_would_be_seen(page):
    """The checks above can fail: a graph with a node that nobody has is reported, and is not queued."""
    node = {
        "id": 1,
        "type": "ReposeNoSuchNode",
        "pos": [100, 100],
        "size": [200, 100],
        "flags": {},
        "order": 0,
    }
    node |= {"mode": 0, "inputs": [], "outputs": [], "properties": {}, "widgets_values": []}
    broken = {
        "last_node_id": 1,
        "last_link_id": 0,
        "nodes": [node],
        "links": [],
        "groups": [],
        "version": 0.4,
    }
    page.evaluate(LOAD, [broken, "broken"])
    page.wait_for_timeout(1000)
    assert page.evaluate(UNREGISTERED) == ["ReposeNoSuchNode"]
    assert reported_missing(page)


def reported_missing(page) -> list[str]:
    """What the page says is missing, on its cards and in its dialogs."""
    return page.get_by_text(re.compile(r"missing (node|model|input|media)", re.IGNORECASE)).all_inner_texts()


def finished(server, before: set[str], seconds: float = 300) -> dict:
    """The history entry of the one graph that was queued since."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if new := {key: entry for key, entry in server.get("/history").items() if key not in before}:
            return next(iter(new.values()))
        time.sleep(0.2)
    raise AssertionError(f"nothing was finished within {seconds} s")
