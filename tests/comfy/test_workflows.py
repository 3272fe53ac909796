"""Every shipped workflow: well-formed, and run through the queue of a real ComfyUI."""

from __future__ import annotations

import asyncio
import json
import time
import tomllib
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from repose.setup import graph
from repose.setup.places import ROOT, Trouble

from .conftest import FULL, LARGE, SETS, WORKFLOWS, quick

NEEDED = {"Repose a photo", "Repose in one node"}
MODEL_HOSTS = ("https://huggingface.co/", "https://civitai.com/", "https://civitai.red/")
MODEL_FILES = (".safetensors", ".sft", ".ckpt", ".pth", ".pt")
"""What the page's missing-model dialog accepts: anything else is silently left out of it."""


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def real_nodes(path: Path) -> list[dict]:
    return [node for node in read(path)["nodes"] if node["type"] not in graph.PAGE_ONLY]


@pytest.fixture
def prompt(workflow, object_info, photo, models) -> dict:
    """The workflow as the queue takes it; its photo and its networks are there."""
    return affordable(workflow, object_info)


@pytest.fixture
def single_prompt(single_workflow, object_info, photo, models) -> dict:
    """The same of a workflow that is no set."""
    return affordable(single_workflow, object_info)


def affordable(workflow: Path, object_info: dict) -> dict:
    """What a workflow asks for, in fewer pictures and steps unless FULL; skips what no test machine can run."""
    if workflow.stem in LARGE:
        pytest.skip(LARGE[workflow.stem])
    prompt = quick(graph.to_prompt(read(workflow), object_info))
    return small(prompt) if workflow.stem in SETS and not FULL else prompt


def test_the_promised_workflows_are_shipped():
    assert {path.stem for path in WORKFLOWS} >= NEEDED


def test_saved_as_the_page_saves(workflow):
    saved = read(workflow)
    assert saved["version"] == 0.4 and saved["nodes"] and saved["links"]
    nodes = {node["id"]: node for node in saved["nodes"]}
    assert len(nodes) == len(saved["nodes"]) and saved["last_node_id"] >= max(nodes)
    for link, origin, out_slot, target, in_slot, kind in saved["links"]:
        assert link in nodes[origin]["outputs"][out_slot]["links"]
        assert nodes[target]["inputs"][in_slot]["link"] == link
        assert nodes[origin]["outputs"][out_slot]["type"] == kind or kind == "*"


def test_thumbnail(workflow):
    """ComfyUI's template browser shows the .jpg of the same name."""
    with Image.open(workflow.with_suffix(".jpg")) as picture:
        assert picture.format == "JPEG" and min(picture.size) >= 256
    assert workflow.with_suffix(".jpg").stat().st_size < 400_000


def test_nodes_are_registered(workflow, object_info):
    assert [n["type"] for n in real_nodes(workflow) if n["type"] not in object_info] == []


def test_every_node_is_run(workflow, object_info):
    """A node that leads to nothing that is shown or saved is not run: its preview would stay empty."""
    prompt = graph.to_prompt(read(workflow), object_info)
    todo = [key for key, node in prompt.items() if object_info[node["class_type"]]["output_node"]]
    run = set()
    while todo:
        run.add(key := todo.pop())
        links = [value[0] for value in prompt[key]["inputs"].values() if isinstance(value, list)]
        todo += [link for link in links if link not in run]
    assert {prompt[key]["class_type"] for key in set(prompt) - run} == set()


def test_nodes_say_where_they_come_from(workflow, object_info, root):
    """The Manager installs a missing node by these two properties."""
    ours = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    for node in real_nodes(workflow):
        properties = node["properties"]
        assert properties["Node name for S&R"] == node["type"]
        if node["type"].startswith("Repose"):
            assert (properties["cnr_id"], properties["ver"]) == (ours["name"], ours["version"]), node["type"]
        else:
            assert properties["cnr_id"] == "comfy-core" and properties["ver"], node["type"]


def test_model_entries_can_be_offered(workflow, server):
    folders = set(server.get("/models"))
    for node in real_nodes(workflow):
        for model in node["properties"].get("models", []):
            assert model["name"] in node["widgets_values"], model
            assert model["name"].endswith(MODEL_FILES) and model["url"].startswith(MODEL_HOSTS), model
            assert model["directory"] in folders, model


def test_widget_values_are_valid(workflow, object_info):
    for node in real_nodes(workflow):
        values = graph.widget_values(node, object_info[node["type"]])
        spec = object_info[node["type"]]["input"]
        for name, kind, options in graph.widgets(spec, values):
            assert name in values, f"{node['type']}.{name} has no saved value"
            check(f"{node['type']}.{name}", values[name], kind, options)


def check(where, value, kind, options):
    if kind == "COMBO":
        if not options.get("image_upload"):
            assert value in options["options"], f"{where}: {value!r} is not among {options['options']}"
    elif kind in ("INT", "FLOAT"):
        assert options["min"] <= value <= options["max"], f"{where}: {value} is out of range"
    else:
        assert isinstance(value, {"BOOLEAN": bool, "STRING": str}.get(kind, object)), f"{where}: {value!r}"


def test_runs_through_the_queue(workflow, prompt, server):
    outputs = server.run(prompt)
    pictures = [p for node in outputs.values() for p in node.get("images", []) if p["type"] == "output"]
    assert pictures, "the workflow saved no picture"
    for picture in pictures:
        for image in opened(picture["filename"], server.view(picture)):
            low, high = image.convert("L").getextrema()
            assert min(image.size) >= 64 and high - low > 32, "the picture is blank"


def opened(name: str, data: bytes) -> list[Image.Image]:
    """A picture, or the frames of a video."""
    if not name.endswith(".mp4"):
        return [Image.open(BytesIO(data))]
    import av

    with av.open(BytesIO(data)) as video:
        frames = [frame.to_image() for frame in video.decode(video=0)]
    assert len(frames) > 1 and frames[0].tobytes() != frames[-1].tobytes(), "the video stands still"
    return frames


def test_a_stopped_batch_goes_on_where_it_was(object_info, server, base, photo, models):
    """In a real queue: what was finished before the interruption is there, and is not made again."""
    path = next(path for path in WORKFLOWS if path.stem == "Social batch")
    prompt = small(graph.to_prompt(read(path), object_info))
    (batch,) = [node["inputs"] for node in prompt.values() if node["class_type"] == "ReposeFolder"]
    batch["folder"], folder = "stopped", base / "output" / "stopped"
    prompt_id = server.submit(prompt)
    until(lambda: list(folder.glob("*.jpg")))
    server.interrupt()
    assert server.wait(prompt_id, seconds=60)["status"]["status_str"] == "error"
    first = {file: file.stat().st_mtime_ns for file in folder.glob("*.jpg")}
    outputs = server.run(prompt)
    assert (
        len(first) == 1 and first.items() <= {f: f.stat().st_mtime_ns for f in folder.glob("*.jpg")}.items()
    )
    text = next(node["text"][0] for node in outputs.values() if "there already" in str(node.get("text")))
    assert "1 pictures made, 1 were there already" in text and "failed: broken.jpg" in text
    assert not [file for file in folder.iterdir() if file.name.startswith(".")], "half a file was left"


def until(found, seconds: float = 120) -> None:
    """Wait for something to be there."""
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


TOLD = ("Repose in one node", "Repose a photo", "Repose with SDXL")
"""Workflows whose progress is watched: the whole chain in one node, in several, and the sampling; the others are of the
same nodes."""


def test_reports_progress(single_workflow, single_prompt, server):
    if single_workflow.stem not in TOLD and not FULL:
        pytest.skip("its nodes' progress is watched in other workflows; REPOSE_FULL=1 watches all")
    with ThreadPoolExecutor(1) as thread:  # the browser's tests leave an event loop running in this one
        fractions = thread.submit(lambda: asyncio.run(watch(server, vary(single_prompt)))).result()
    assert len(fractions) >= 3 and max(fractions) == 1.0, fractions


def test_can_be_interrupted(single_workflow, single_prompt, server, base):
    """An interrupted run ends soon, is reported as such, and leaves no picture and no half a file."""
    before = files(base)
    prompt_id = server.submit(longer(vary(single_prompt)))
    wait_until_running(server, prompt_id)
    asked = time.monotonic()
    server.interrupt()
    entry = server.wait(prompt_id, seconds=60)
    assert entry["status"]["status_str"] == "error" and time.monotonic() - asked < 30
    assert "execution_interrupted" in [kind for kind, _ in entry["status"]["messages"]]
    # A pose that was saved before the interruption is whole: no picture, and nothing unfinished.
    left = {file for file in files(base) - before if "output" in file.parts or file.suffix == ".part"}
    assert {file for file in left if file.suffix != ".json"} == set()


def test_is_listed_as_a_template(workflow, server):
    assert workflow.stem in server.get("/api/workflow_templates")["repose"]
    for file in (workflow, workflow.with_suffix(".jpg")):
        served = server.read("/api/workflow_templates/repose/" + urllib.parse.quote(file.name))
        assert served == file.read_bytes()


def test_without_networks_one_message_says_what_to_do(workflow, bare_server, photo):
    """No red node, no traceback: which file, how large, from where, into which folder, and how it is had."""
    prompt = affordable(workflow, bare_server.object_info())
    with pytest.raises(
        Trouble, match=r"is missing .*MB.*comes from .*belongs into .*models.repose"
    ) as trouble:
        bare_server.run(prompt)
    assert "run.py weights" in str(trouble.value) and "Repose Models" in str(trouble.value)


def test_runs_in_an_older_comfyui(workflow, old_server, photo, models):
    outputs = old_server.run(affordable(workflow, old_server.object_info()))
    assert any(p["type"] == "output" for node in outputs.values() for p in node.get("images", []))


FEWER = {
    "ReposePoseSet": (
        "poses",
        lambda text: "\n".join([one for one in text.splitlines() if "*" not in one][-2:]),
    ),
    "ReposeFillFrames": ("frames", lambda text: "9:16 1:1"),
    "ReposePoseSequence": ("frames", lambda frames: 1),
    "ReposePoseVariations": ("count", lambda count: 1),
    "ImageScaleToTotalPixels": ("megapixels", lambda megapixels: 0.25),
    "ReposeFolder": ("longest", lambda side: 688),
}
"""What makes the work of a set less: an input of a node type, and what to give it."""


def small(prompt: dict) -> dict:
    """The same graph in two poses or three frames."""
    prompt = json.loads(json.dumps(prompt))
    for node in prompt.values():
        if node["class_type"] in FEWER:
            name, less = FEWER[node["class_type"]]
            node["inputs"][name] = less(node["inputs"][name])
    return prompt


def vary(prompt: dict) -> dict:
    """The same graph on another picture, so that nothing of it is answered from ComfyUI's cache."""
    graph = {**json.loads(json.dumps(prompt)), "flip": {"class_type": "ImageScaleBy", "inputs": {}}}
    vary.count = getattr(vary, "count", 0) + 1
    graph["flip"]["inputs"] = {"upscale_method": "bilinear", "scale_by": 0.9 + 0.01 * vary.count}
    return behind_the_photo(graph, "flip", "image")


def longer(prompt: dict) -> dict:
    """The same graph with 16 results: long enough to be interrupted."""
    many = [node for node in prompt.values() if node["class_type"] == "ReposePoseVariations"]
    for node in many:  # one photo in many poses, not many photos
        node["inputs"]["count"] = 16
    return prompt if many else repeated(prompt, 16)


def repeated(prompt: dict, count: int) -> dict:
    """The same graph on a batch of `count` pictures."""
    graph = {**prompt, "repeat": {"class_type": "RepeatImageBatch", "inputs": {"amount": count}}}
    return behind_the_photo(graph, "repeat", "image")


def behind_the_photo(graph: dict, new: str, field: str) -> dict:
    """Put a node between LoadImage (and what was put there before) and everything that takes its picture."""
    (source,) = [key for key, node in graph.items() if node["class_type"] == "LoadImage"][:1]
    for key, node in graph.items():
        for name, value in node["inputs"].items():
            if value == [source, 0] and key != new:
                node["inputs"][name] = [new, 0]
    graph[new]["inputs"][field] = [source, 0]
    return graph


def wait_until_running(server, prompt_id: str) -> None:
    for _ in range(200):
        if any(item[1] == prompt_id for item in server.get("/queue")["queue_running"]):
            time.sleep(1.0)  # past the loading of the picture, into the engine
            return
        time.sleep(0.05)
    raise AssertionError("the graph did not start")


def files(base: Path) -> set[Path]:
    return {file.relative_to(base) for file in base.rglob("*") if file.is_file()} | {
        file.relative_to(ROOT) for file in (ROOT / "workflows").rglob("*.part")
    }


async def watch(server, prompt: dict) -> list[float]:
    """Run a graph; the fractions that its nodes' progress bars were told."""
    import aiohttp

    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.url}/ws?clientId=watch") as socket,
    ):
        body = {"prompt": prompt, "client_id": "watch"}
        async with session.post(f"{server.url}/prompt", json=body) as answer:
            prompt_id = (await answer.json())["prompt_id"]
        fractions = []
        async for message in socket:
            if message.type != aiohttp.WSMsgType.TEXT:
                continue
            event = json.loads(message.data)
            if event["type"] == "progress":
                fractions.append(event["data"]["value"] / event["data"]["max"])
            if event["type"] == "executing" and event["data"].get("node") is None:
                if event["data"].get("prompt_id") == prompt_id:
                    return fractions
            assert event["type"] != "execution_error", event["data"]
        raise AssertionError("the server closed the connection")
