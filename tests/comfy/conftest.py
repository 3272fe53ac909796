"""A real ComfyUI, with the pack as the registry would ship it, started once for all tests."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from repose.setup import comfyui as comfyui_source
from repose.setup import environment, shipped, ui
from repose.setup.places import ROOT, Trouble
from repose.setup.server import Server

from . import checkpoints

WORKFLOWS = sorted((ROOT / "workflows").glob("*.json"))
SETS = {
    "AB pose test", "Aspect ratios", "Catalogue set", "Change background", "Editorial board", "Mascot variations",
    "Seated poses", "Social batch", "Styling preview", "Training data", "Walk cycle",
}  # fmt: skip
"""Those that make many pictures: the suite runs them small and in few poses, and once."""
FULL = bool(os.environ.get("REPOSE_FULL"))
"""Set REPOSE_FULL=1 to run them as they are shipped."""
HERO_SHOTS = "hero shots"
"""The input folder of the batch as it is shipped."""
LARGE = {"Refine with an edit model": "needs 30 GB of an edit model: it is opened in the page and not run"}
FEW = {"steps": 2, "megapixels": 0.05}
QUICK: dict[str, dict] = {} if FULL else {"ReposeSampler": FEW, "ReposeFaceAndHandPass": FEW}
"""What tests set at the nodes that would take minutes on a CPU: by class, widget by widget."""


def quick(prompt: dict) -> dict:
    """The same graph with QUICK's values."""
    for node in prompt.values():
        node["inputs"].update(QUICK.get(node["class_type"], {}))
    return prompt


FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
RENDERERS = {"LiteGraph": False, "Nodes 2.0": True}
"""How the page draws nodes, and whether that is the newer way."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that names `workflow` runs once for each shipped one; `single_workflow`: for each that is no set and that
    can be run here."""
    if "workflow" in metafunc.fixturenames:
        metafunc.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
    if "single_workflow" in metafunc.fixturenames:
        single = [path for path in WORKFLOWS if path.stem not in {*SETS, *LARGE}]
        metafunc.parametrize("single_workflow", single, ids=lambda path: path.stem)


@pytest.fixture(scope="session")
def pack(tmp_path_factory) -> Path:
    """A custom_nodes folder's `repose`: exactly what the registry would ship, else the clone itself."""
    place = tmp_path_factory.mktemp("pack") / "repose"
    try:
        return shipped.build(place)
    except Trouble:
        environment.link_pack(place)
        return place


@pytest.fixture(scope="session")
def artists_models(comfyui, tmp_path_factory) -> Path:
    """Folders of models/ with the checkpoints that shipped workflows name, small and untrained; of others empty files
    of their names, so that the page finds nothing missing."""
    place = tmp_path_factory.mktemp("models")
    checkpoints.write(place)
    for path in WORKFLOWS:
        for node in json.loads(path.read_text(encoding="utf-8"))["nodes"]:
            for model in node["properties"].get("models", []):
                (place / model["directory"]).mkdir(exist_ok=True)
                (place / model["directory"] / model["name"]).touch()
    return place


@pytest.fixture(scope="session")
def base(pack, artists_models, tmp_path_factory) -> Path:
    """A clean base directory: the pack, no settings, no networks of its own but the artist's checkpoints."""
    return make_base(tmp_path_factory.mktemp("base"), pack, artists_models)


@pytest.fixture(scope="session")
def server(comfyui, base, photo_or_none) -> Iterator[Server]:
    """The server all tests share; its models come from the folder that run.py filled."""
    with Server(base, comfy=comfyui, log_path=base / "server.log", extra=models_option(base)) as running:
        place_inputs(base, photo_or_none)
        yield running


@pytest.fixture(scope="session")
def old_server(comfyui, pack, artists_models, photo_or_none, tmp_path_factory) -> Iterator[Server]:
    """The oldest ComfyUI that the pack is tried with."""
    source = comfyui_source.path("0.27.0")
    if not source.is_dir():
        pytest.skip("ComfyUI 0.27.0 is not here: `python run.py test` fetches it")
    base = make_base(tmp_path_factory.mktemp("old"), pack, artists_models)
    with Server(base, comfy=source, log_path=base / "server.log", extra=models_option(base)) as running:
        place_inputs(base, photo_or_none)
        yield running


@pytest.fixture(scope="session")
def bare_server(comfyui, pack, artists_models, photo_or_none, tmp_path_factory) -> Iterator[Server]:
    """A ComfyUI as it is just after the pack was installed: there are no networks yet."""
    base = make_base(tmp_path_factory.mktemp("bare"), pack, artists_models)
    with Server(base, comfy=comfyui, log_path=base / "server.log") as running:
        place_inputs(base, photo_or_none)
        yield running


@pytest.fixture(scope="session")
def photo_or_none() -> Path | None:
    """The photo, where it is here: starting a server does not hang on it."""
    from repose.setup.places import PHOTO

    return PHOTO if PHOTO.is_file() else None


@pytest.fixture(scope="session")
def object_info(server) -> dict:
    """What every registered node takes and gives."""
    return server.object_info()


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


@pytest.fixture
def page(opened):
    """The page, with no complaints so far."""
    opened.problems.clear()
    return opened


def make_base(base: Path, pack: Path, models: Path) -> Path:
    """A base directory with a copy of the pack, and an artist's own models."""
    shutil.copytree(pack, base / "custom_nodes" / "repose")
    for folder in models.iterdir():
        (base / "models").mkdir(exist_ok=True)
        (base / "models" / folder.name).symlink_to(folder, target_is_directory=True)
    ui.greet_no_more(base)
    return base


def models_option(base: Path) -> list[str]:
    """The folder of networks, given as an artist would: in an extra_model_paths.yaml."""
    if "REPOSE_MODELS" not in os.environ:
        return []
    listing = base / "extra_model_paths.yaml"
    models = json.dumps(os.environ["REPOSE_MODELS"])
    listing.write_text(f"shared:\n    base_path: {models}\n    repose: repose\n", encoding="utf-8")
    return ["--extra-model-paths-config", str(listing)]


def place_inputs(base: Path, photo: Path | None) -> None:
    """Put the photo, at a quarter of its size (384 x 688) unless FULL, under every name that a shipped workflow loads,
    and into the batch's folder."""
    for path in WORKFLOWS if photo else ():
        for node in json.loads(path.read_text(encoding="utf-8"))["nodes"]:
            if node["type"] == "LoadImage":
                with Image.open(photo) as picture:
                    picture.reduce(1 if FULL else 4).save(base / "input" / node["widgets_values"][0])
    if photo:
        (base / "input" / HERO_SHOTS).mkdir(exist_ok=True)
        (base / "input" / HERO_SHOTS / "broken.jpg").write_bytes(b"no picture")
        with Image.open(photo) as picture:
            picture.reduce(8).save(base / "input" / HERO_SHOTS / "TEE-1.jpg")
