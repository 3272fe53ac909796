"""Authors the shipped workflows: `python training/workflows.py URL` writes workflows/*.json.

URL is a running ComfyUI with the pack (`python run.py ui`): it is asked what sockets and widgets a node has.
A workflow is said as columns of nodes; places, slots, links and the saved format (0.4) follow from that.
`--thumbnails PHOTO` also runs each workflow on a photo there and writes workflows/*.jpg: before and after.
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
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from setup import graph  # noqa: E402

FOLDER = ROOT / "workflows"
GAP, TITLE, PADDING, HEADER = 40, 30, 20, 50
"""Pixels between nodes, of a node's title bar, and of a group's margin and title."""
THUMBNAIL = 512
"""The most a thumbnail is wide or high, in pixels."""


@dataclass(frozen=True)
class Node:
    """type, size (width, height), widget values by name, links as {input: "key.output"}."""

    key: str
    type: str
    size: tuple[int, int]
    values: dict = field(default_factory=dict)
    links: dict = field(default_factory=dict)
    title: str = ""


@dataclass(frozen=True)
class Group:
    """A titled column of nodes, a note first."""

    title: str
    colour: str
    note: str
    nodes: tuple[Node, ...]
    note_height: int = 150


BLUE, GREEN, PURPLE, AMBER, RED = "#3f789e", "#3f7e4e", "#6f4e8e", "#a1793a", "#9e4f4f"

PHOTO = Node("photo", "LoadImage", (440, 520), {"image": "example.png", "upload": "image"})
SAVE = {"filename_prefix": "repose"}

WORKFLOWS = {
    "Repose a photo": (
        Group(
            "1  Photo",
            BLUE,
            "**Choose a photo with one person in it**, best from head to foot. The example picture that comes"
            " with ComfyUI shows nobody: replace it.\n\n**First time?** Run *Repose Models* (below): it says"
            " which network is missing and where its file goes.",
            (
                PHOTO,
                Node("models", "ReposeModels", (440, 620), {"what": "check"}),
            ),
        ),
        Group(
            "2  Read the person",
            GREEN,
            "*Whole-Body Keypoints* finds 133 points; the node says which network read them and on what"
            " device.\n\nSeveral people? *person* 0 is the largest.\n\n*Person Mask* cuts the person out.",
            (
                Node(
                    "keypoints",
                    "ReposeKeypoints",
                    (340, 520),
                    {"backend": "automatic", "person": 0, "runtime": "torch"},
                    {"image": "photo.IMAGE"},
                ),
                Node(
                    "mask",
                    "ReposePersonMask",
                    (340, 420),
                    links={"image": "photo.IMAGE", "keypoints": "keypoints.keypoints"},
                ),
            ),
        ),
        Group(
            "3  Pose",
            PURPLE,
            "**Pick a pose.** Or delete *Pose Library* and connect *Pose from Picture*, which takes the pose"
            " of somebody in another picture.\n\n*Retarget Pose* takes the angles from the pose and every"
            " bone's length from the person.",
            (
                Node("pose", "ReposePoseLibrary", (340, 470), {"pose": "contrapposto", "mirror": False}),
                Node(
                    "retarget",
                    "ReposeRetargetPose",
                    (340, 470),
                    {"place": "source"},
                    {"keypoints": "keypoints.keypoints", "pose": "pose.pose"},
                ),
            ),
        ),
        Group(
            "4  Move",
            AMBER,
            "*Restore Background* takes the person out of the room. *Warp Body* moves the photo's own pixels"
            " into the new pose.\n\n*hidden* is what the photo never showed: a guess, and the mask for an"
            " inpainting of your own.",
            (
                Node(
                    "room",
                    "ReposeRestoreBackground",
                    (340, 60),
                    links={"image": "photo.IMAGE", "mask": "mask.mask"},
                ),
                Node(
                    "warp",
                    "ReposeWarpBody",
                    (340, 170),
                    links={
                        "image": "photo.IMAGE",
                        "mask": "mask.mask",
                        "source": "retarget.source",
                        "target": "retarget.target",
                        "regions": "mask.regions",
                        "background": "room.image",
                    },
                ),
                Node("hidden", "MaskPreview", (340, 420), links={"mask": "warp.hidden"}, title="Hidden"),
            ),
        ),
        Group(
            "5  Result",
            RED,
            "The reposed photo is saved into ComfyUI's output folder.\n\n*Draw Pose* makes the control"
            " picture of the new pose, for going over the result with a diffusion model and an OpenPose"
            " ControlNet.",
            (
                Node("save", "SaveImage", (480, 620), SAVE, {"images": "warp.image"}, "Reposed photo"),
                Node(
                    "draw",
                    "ReposeDrawPose",
                    (480, 470),
                    {"width": 0, "height": 0, "thick": False, "body": True, "hands": True, "face": True},
                    {"pose": "retarget.pose_keypoint"},
                ),
            ),
        ),
    ),
    "Repose in one node": (
        Group(
            "1  Photo",
            BLUE,
            "**Choose a photo with one person in it**, best from head to foot. The example picture that comes"
            " with ComfyUI shows nobody: replace it.\n\n**First time?** Run *Repose Models* (below): it says"
            " which network is missing and where its file goes.",
            (
                PHOTO,
                Node("models", "ReposeModels", (440, 620), {"what": "check"}),
            ),
        ),
        Group(
            "2  Repose",
            PURPLE,
            "**Pick a pose**, or connect a picture of somebody in the wanted pose to *pose_picture*.\n\nThe"
            " workflow *Repose a photo* has the same steps one by one.",
            (
                Node(
                    "repose",
                    "ReposePhoto",
                    (340, 300),
                    {"pose": "walking", "place": "source", "person": 0},
                    {"image": "photo.IMAGE"},
                ),
                Node("hidden", "MaskPreview", (340, 420), links={"mask": "repose.hidden"}, title="Hidden"),
            ),
        ),
        Group(
            "3  Result",
            RED,
            "Saved into ComfyUI's output folder. *Hidden*, on the left, is what the photo never showed: a"
            " guess.",
            (Node("save", "SaveImage", (480, 760), SAVE, {"images": "repose.image"}, "Reposed photo"),),
        ),
    ),
}


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
    values = [node.values[name] for name in names] + [node.values[k] for k in node.values if k not in names]
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


def before_and_after(workflow: dict, photo: Path, page: Page):
    """A picture of the photo and of what the workflow makes of it, side by side."""
    from PIL import Image

    prompt = graph.to_prompt(workflow, page.info)
    (loader,) = [node for node in prompt.values() if node["class_type"] == "LoadImage"]
    loader["inputs"]["image"] = _upload(photo, page)
    answer = page.post("/prompt", json.dumps({"prompt": prompt}).encode(), "application/json")
    while not (entry := page.get(f"/history/{answer['prompt_id']}").get(answer["prompt_id"])):
        time.sleep(1)
    if entry["status"]["status_str"] != "success":
        raise SystemExit(str(entry["status"]["messages"][-1]))
    outputs = [p for out in entry["outputs"].values() for p in out.get("images", []) if p["type"] == "output"]
    with urllib.request.urlopen(f"{page.url}/view?{urllib.parse.urlencode(outputs[0])}") as file:
        after = Image.open(io.BytesIO(file.read())).convert("RGB")
    scale = THUMBNAIL / max(2 * after.width, after.height)
    width, height = round(after.width * scale), round(after.height * scale)
    both = Image.new("RGB", (2 * width, height))
    for i, side in enumerate((Image.open(photo).convert("RGB"), after)):
        both.paste(side.resize((width, height), Image.Resampling.LANCZOS), (i * width, 0))
    return both


def _upload(photo: Path, page: Page) -> str:
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{photo.name}"\r\n\r\n'
    body = head.encode() + photo.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    return page.post("/upload/image", body, f"multipart/form-data; boundary={boundary}")["name"]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("url")
    options.add_argument("--thumbnails", type=Path, metavar="PHOTO")
    chosen = options.parse_args()
    page = Page(chosen.url)
    FOLDER.mkdir(exist_ok=True)
    for name, groups in WORKFLOWS.items():
        workflow = saved(name, groups, page)
        text = json.dumps(workflow, indent=1, ensure_ascii=True)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        if chosen.thumbnails:
            before_and_after(workflow, chosen.thumbnails, page).save(FOLDER / f"{name}.jpg", quality=85)
        print(FOLDER / name)


if __name__ == "__main__":
    main()
