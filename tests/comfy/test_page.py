"""Every shipped workflow in ComfyUI's own page, in a real browser, in both of its ways to draw nodes."""

from __future__ import annotations

import json
import os
import re
import time

import pytest
from repose.setup import graph
from repose.setup.places import OUTPUT

from .conftest import QUICK

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
RENDERERS = {"LiteGraph": False, "Nodes 2.0": True}

LOAD = """async ([workflow, name]) => { await window.app.loadGraphData(workflow, true, true, name) }"""
UNREGISTERED = """() => window.app.graph._nodes
    .filter(n => n.type && !LiteGraph.registered_node_types[n.type]).map(n => n.type)"""
RESULTS = """() => [
    ...[...document.querySelectorAll('img')],
    ...window.app.graph._nodes.flatMap(n => n.imgs || []),
].filter(i => i.src.includes('/view?') && i.src.includes('type=output') && i.naturalWidth > 1).length"""


@pytest.fixture(scope="session")
def browser():
    """A Chromium without a window."""
    if not os.environ.get("REPOSE_BROWSER"):
        pytest.skip("no browser here: `python run.py test` finds or installs one, or set REPOSE_BROWSER")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=os.environ["REPOSE_BROWSER"], headless=True, args=FLAGS
        )
        yield launched
        launched.close()


@pytest.fixture(scope="session", params=RENDERERS)
def opened(request, browser, server):
    """ComfyUI's page, ready, drawn one way or the other; opened once for all tests."""
    settings = {"Comfy.TutorialCompleted": True, "Comfy.VueNodes.Enabled": RENDERERS[request.param]}
    for name, value in settings.items():
        server.post(f"/settings/{name}", value)
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    page = context.new_page()
    page.renderer = request.param
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.goto(server.url)
    page.wait_for_function("Boolean(window.app?.extensionManager && window.LiteGraph)", timeout=60_000)
    page.wait_for_function("Boolean(LiteGraph.registered_node_types['ReposeDrawPose'])", timeout=60_000)
    yield page
    context.close()


SET_WIDGETS = """(quick) => {
    for (const node of window.app.graph.nodes)
        for (const widget of node.widgets ?? [])
            if (widget.name in (quick[node.type] ?? {})) widget.value = quick[node.type][widget.name];
}"""


@pytest.fixture
def page(opened):
    """The page, with no complaints so far."""
    opened.problems.clear()
    return opened


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


def test_runs_in_the_page(page, single_workflow, server, photo, models):
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
