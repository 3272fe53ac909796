"""Authors the shipped workflows: `python training/workflows.py URL` writes workflows/*.json.

URL is a running ComfyUI with the pack (`python run.py ui`): it is asked what sockets and widgets a node has.
A workflow is said as columns of nodes; places, slots, links and the saved format (0.4) follow from that.
`--thumbnails PHOTO POSE` also runs each workflow on a photo and a picture of a pose and writes workflows/*.jpg: before
and after, or the sheet that it saves. `--only NAME` does one workflow; further pictures go into its further Load Image
nodes in turn.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
import tomllib
import urllib.parse
import urllib.request
import uuid
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from workflow_pages import WORKFLOWS, Group, Node  # noqa: E402
from workflow_sampling import SAMPLING_WORKFLOWS  # noqa: E402
from workflow_scenes import SCENE_WORKFLOWS  # noqa: E402
from workflow_sets import SET_WORKFLOWS  # noqa: E402

from setup import graph  # noqa: E402

FOLDER = ROOT / "workflows"
GAP, TITLE, PADDING, HEADER = 40, 30, 20, 50
"""Pixels between nodes, of a node's title bar, and of a group's margin and title."""
THUMBNAIL = 512
"""The most a thumbnail is high, in pixels."""
WIDEST = 1.5
"""The most it is wide, in these."""
LEAST = 256
"""The least of its sides."""
FRAMES = 4
"""Of a video, in its thumbnail."""
SHEETS = ("sheet", "board")
"""How the names of files end that show all that a workflow made."""


class Page:
    """The ComfyUI that is asked."""

    def __init__(self, url: str):
        self.url = url.rstrip("/")
        self.info = self.get("/object_info")
        self.version = self.get("/system_stats")["system"]["comfyui_version"].lstrip("v")

    def get(self, path: str):
        with urllib.request.urlopen(self.url + path) as answer:
            return json.load(answer)

    def post(self, path: str, body: bytes, kind: str):
        request = urllib.request.Request(self.url + path, body, {"Content-Type": kind})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


def laid_out(groups: tuple[Group, ...]) -> tuple[dict[str, list[int]], list[dict], list[dict]]:
    """Positions by node key, groups and notes as they are saved (notes without ids)."""
    places, boxes, notes, x = {}, [], [], 0
    lowest = max(_height(group) for group in groups)
    for number, group in enumerate(groups, 1):
        width = max(node.size[0] for node in group.nodes)
        y = HEADER + TITLE
        notes.append(_note(group, [x + PADDING, y], [width, group.note_height]))
        y += group.note_height + GAP + TITLE
        for node in group.nodes:
            places[node.key] = [x + PADDING, y]
            y += node.size[1] + GAP + TITLE
        bounds = [x, 0, width + 2 * PADDING, lowest]
        boxes.append({"id": number, "title": group.title, "bounding": bounds, "color": group.colour})
        boxes[-1] |= {"font_size": 24, "flags": {}}
        x += width + 2 * PADDING + GAP
    return places, boxes, notes


def _height(group: Group) -> int:
    heights = [group.note_height, *(node.size[1] for node in group.nodes)]
    return HEADER + sum(height + TITLE for height in heights) + GAP * (len(heights) - 1) + PADDING


def _note(group: Group, place: list[int], size: list[int]) -> dict:
    return {
        "type": "MarkdownNote",
        "pos": place,
        "size": size,
        "inputs": [],
        "outputs": [],
        "properties": {},
        "widgets_values": [group.note],
        "color": "#432",
        "bgcolor": "#653",
    }


def saved(name: str, groups: tuple[Group, ...], page: Page) -> dict:
    """A workflow as ComfyUI's page saves it."""
    places, boxes, notes = laid_out(groups)
    nodes = [node for group in groups for node in group.nodes]
    number = {node.key: i for i, node in enumerate(nodes, 1)}
    records = {node.key: _record(node, places[node.key], number[node.key], page) for node in nodes}
    links = []
    for node in nodes:
        for target, source in node.links.items():
            links.append(_link(len(links) + 1, records, number, node.key, target, source))
    rest = [
        {"id": len(nodes) + i, "flags": {}, "order": i - 1, "mode": 0, **note}
        for i, note in enumerate(notes, 1)
    ]
    for record in records.values():
        record["order"] += len(rest)
    return {
        # The same name gives the same id: writing the files anew changes nothing.
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"repose/{name}")),
        "revision": 0,
        "last_node_id": len(nodes) + len(rest),
        "last_link_id": len(links),
        "nodes": [*records.values(), *rest],
        "links": links,
        "groups": boxes,
        "config": {},
        "extra": {"ds": {"scale": 0.6, "offset": [60, 60]}},
        "version": 0.4,
    }


def _record(node: Node, place: list[int], number: int, page: Page) -> dict:
    info = page.info[node.type]
    names = [name for name, _, _ in graph.widgets(info["input"], node.values)]
    inputs = []
    for name, kind, _ in graph._inputs(info["input"]):
        slot = {"name": name, "type": "COMBO" if isinstance(kind, list) else kind, "link": None}
        optional = name in (info["input"].get("optional") or {})
        slot |= {"widget": {"name": name}} if name in names else {"shape": 7} if optional else {}
        inputs.append(slot)
    outputs = [
        {"name": name, "type": kind, "links": []}
        for name, kind in zip(info["output_name"], info["output"], strict=True)
    ]
    missing = [name for name in names if name not in node.values]
    if missing:
        raise SystemExit(f"{node.type} has no value for {', '.join(missing)}")
    said = [name for name in node.values if name in names]
    if said != names:
        raise SystemExit(
            f"{node.type}: the page has its widgets in the order {names}, the values are in {said}"
        )
    values = list(node.values.values())  # with those that only the page has, where it has them
    record = {
        "id": number,
        "type": node.type,
        "pos": place,
        "size": list(node.size),
        "flags": {},
        "order": number - 1,
        "mode": 0,
        # The page lists sockets before widgets.
        "inputs": sorted(inputs, key=lambda slot: "widget" in slot),
        "outputs": outputs,
        "properties": {"Node name for S&R": node.type, **_origin(node.type, page)},
        "widgets_values": values,
    }
    if node.models:
        record["properties"]["models"] = [asdict(model) for model in node.models]
    return record | ({"title": node.title} if node.title else {})


def _origin(type: str, page: Page) -> dict:
    if not type.startswith("Repose"):
        return {"cnr_id": "comfy-core", "ver": page.version}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {"cnr_id": project["name"], "ver": project["version"]}


def _link(link: int, records: dict, number: dict, key: str, target: str, source: str) -> list:
    origin, output = source.split(".")
    outputs, inputs = records[origin]["outputs"], records[key]["inputs"]
    from_slot = [slot["name"] for slot in outputs].index(output)
    to_slot = [slot["name"] for slot in inputs].index(target)
    outputs[from_slot]["links"].append(link)
    inputs[to_slot]["link"] = link
    return [link, number[origin], from_slot, number[key], to_slot, outputs[from_slot]["type"]]


def before_and_after(workflow: dict, pictures: list[Path], page: Page):
    """A picture of the photo, of the pose picture if there is one, and of what the workflow makes of them; of a set its
    sheet alone."""
    from PIL import Image

    prompt = graph.to_prompt(workflow, page.info)
    loaders = [node for node in prompt.values() if node["class_type"] == "LoadImage"]
    given = pictures[: len(loaders)]
    for loader, picture in zip(loaders, given, strict=True):
        loader["inputs"]["image"] = _upload(picture, page)
    answer = page.post("/prompt", json.dumps({"prompt": prompt}).encode(), "application/json")
    while not (entry := page.get(f"/history/{answer['prompt_id']}").get(answer["prompt_id"])):
        time.sleep(1)
    if entry["status"]["status_str"] != "success":
        raise SystemExit(str(entry["status"]["messages"][-1]))
    sheets = [
        key for key, node in prompt.items() if node["inputs"].get("filename_prefix", "").endswith(SHEETS)
    ]
    shown = {key: entry["outputs"][key] for key in sheets} or entry["outputs"]
    outputs = [p for out in shown.values() for p in out.get("images", []) if p["type"] == "output"]
    sides = [] if sheets else [Image.open(picture).convert("RGB") for picture in given]
    for output in outputs[:3]:
        with urllib.request.urlopen(f"{page.url}/view?{urllib.parse.urlencode(output)}") as file:
            sides += opened(output["filename"], file.read())
    if sheets:
        width, height = sides[0].size
        scale = max(min(THUMBNAIL * WIDEST / width, THUMBNAIL * WIDEST / height), LEAST / min(width, height))
        return sides[0].resize((round(width * scale), round(height * scale)), Image.Resampling.LANCZOS)
    fitting = (round(THUMBNAIL * WIDEST / len(sides) * s.height / s.width) for s in sides[-1:])
    height = max(LEAST, min(THUMBNAIL, *fitting))
    sides = [s.resize((round(s.width * height / s.height), height), Image.Resampling.LANCZOS) for s in sides]
    both = Image.new("RGB", (sum(side.width for side in sides), height))
    for i, side in enumerate(sides):
        both.paste(side, (sum(before.width for before in sides[:i]), 0))
    return both


def opened(name: str, data: bytes) -> list:
    """The picture of a file, or some frames of a video."""
    from PIL import Image

    if not name.endswith(".mp4"):
        return [on_white(Image.open(io.BytesIO(data)))]
    import av

    with av.open(io.BytesIO(data)) as video:
        frames = [frame.to_image() for frame in video.decode(video=0)]
    return frames[:: max(1, -(-len(frames) // FRAMES))]


def on_white(picture):
    """A picture without its transparency."""
    from PIL import Image

    whole = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")


def _upload(photo: Path, page: Page) -> str:
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{photo.name}"\r\n\r\n'
    body = head.encode() + photo.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    return page.post("/upload/image", body, f"multipart/form-data; boundary={boundary}")["name"]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("url")
    options.add_argument("--thumbnails", type=Path, nargs="+", metavar="PICTURE")
    options.add_argument("--only", help="one workflow's name")
    chosen = options.parse_args()
    page = Page(chosen.url)
    FOLDER.mkdir(exist_ok=True)
    for name, groups in (WORKFLOWS | SAMPLING_WORKFLOWS | SET_WORKFLOWS | SCENE_WORKFLOWS).items():
        if chosen.only not in (None, name):
            continue
        workflow = saved(name, groups, page)
        text = json.dumps(workflow, indent=1, ensure_ascii=True)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        if chosen.thumbnails:
            before_and_after(workflow, chosen.thumbnails, page).save(FOLDER / f"{name}.jpg", quality=85)
        print(FOLDER / name)


if __name__ == "__main__":
    main()
