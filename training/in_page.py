"""A ComfyUI with the pack as it would be shipped, and its page in a browser: for what is made in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from setup import browser, shipped, ui
from setup.places import MODELS, Trouble
from setup.server import Server

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
READY = "Boolean(window.app?.extensionManager && window.LiteGraph?.registered_node_types['ReposeDrawPose'])"


@contextmanager
def served(base: Path) -> Iterator[Server]:
    """A server whose base directory is the empty folder `base`, with the networks of run.py."""
    shipped.build(base / "custom_nodes" / "repose")
    ui.greet_no_more(base)
    listing = base / "extra_model_paths.yaml"
    listing.write_text(
        f"shared:\n    base_path: {json.dumps(str(MODELS))}\n    repose: repose\n", encoding="utf-8"
    )
    with Server(
        base, log_path=base / "server.log", extra=["--extra-model-paths-config", str(listing)]
    ) as server:
        yield server


@contextmanager
def opened(server: Server, vue: bool = False, size: tuple[int, int] = (1600, 1000)) -> Iterator:
    """The page, ready; vue: drawn as Nodes 2.0. Trouble where there is no browser."""
    from playwright.sync_api import sync_playwright

    found = os.environ.get("REPOSE_BROWSER") or browser.find()
    if not found:
        raise Trouble("there is no Chromium here", "install one, or set REPOSE_BROWSER to its file")
    server.post("/settings/Comfy.VueNodes.Enabled", vue)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(found), headless=True, args=list(FLAGS))
        page = chromium.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
        page.goto(server.url)
        page.wait_for_function(READY, timeout=60_000)
        yield page
        chromium.close()
