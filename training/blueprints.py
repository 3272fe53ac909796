"""Authors subgraphs/*.json in ComfyUI's own page: `REPOSE_BROWSER=FILE python training/blueprints.py`.

A subgraph is the page's own work: the nodes are loaded as a workflow, turned into a subgraph by the command of the
page's menu, its sockets and widgets are drawn out one by one, and what the page would publish is what is written. Only
the ids that it draws by lot are replaced by ones that stay the same, so that making the files anew changes nothing.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from workflow_pages import LIMITS, READ, Group, Node, completed, warped  # noqa: E402

from workflows import Page, saved  # noqa: E402

FOLDER = ROOT / "subgraphs"
CATEGORY = "Repose"


@dataclass(frozen=True)
class Blueprint:
    """A chain of nodes as one: its columns, its sockets as {name: "key.input" or several}, and words about it."""

    description: str
    aliases: tuple[str, ...]
    columns: tuple[tuple[Node, ...], ...]
    inputs: dict[str, tuple[str, ...]]
    outputs: dict[str, str]


RETARGETED = Node(
    "retarget",
    "ReposeRetargetPose",
    (340, 470),
    {"place": "source", "limits": True, "steady": False},
    {"keypoints": "keypoints.keypoints"},
)
MATERIAL = {
    "region": "none", "fabric": "as measured", "stiffness": -1.0, "gloss": -1.0, "sheerness": -1.0, "pleats": -1.0,
    "period": -1.0, "direction": 90.0, "second_opinion": "none",
}  # fmt: skip


def _read() -> tuple[Node, ...]:
    """Whole-Body Keypoints and Garment Segmentation; the photo comes from the subgraph's own socket."""
    own = {"keypoints": {}, "garments": {"keypoints": "keypoints.keypoints"}}
    return tuple(Node(one.key, one.type, one.size, one.values, own[one.key]) for one in READ)


BLUEPRINTS = {
    "Read, Warp and Fill (Repose)": Blueprint(
        "A photo and a pose in; the reposed picture out, with everything that the steps after it ask for: who is where,"
        " what is a guess, where each pixel comes from. The chain behind the Repose node, step by step: keypoints,"
        " clothes, cloth and prints, retargeting, background, warp, fill. Connect Pose Library or any other pose.",
        ("repose", "pose transfer", "change pose", "warp", "keypoints", "no checkpoint"),
        (
            _read(),
            (
                Node(
                    "material",
                    "ReposeMaterial",
                    (340, 560),
                    MATERIAL,
                    {"garments": "garments.garments"},
                ),
                Node(
                    "patches",
                    "ReposeRigidPatches",
                    (340, 420),
                    {"confidence": 0.45, "text_detector": "automatic"},
                    {"garments": "material.garments"},
                ),
            ),
            (
                RETARGETED,
                Node("room", "ReposeRestoreBackground", (340, 60), links={"mask": "garments.person"}),
            ),
            (
                warped((340, 280), "patches.garments", image=None),
                completed("fill", "patches.garments", None),
            ),
        ),
        {
            "photo": (
                "keypoints.image",
                "garments.image",
                "material.image",
                "patches.image",
                "room.image",
                "warp.image",
                "fill.photo",
            ),
            "pose": ("retarget.pose",),
            "person": ("keypoints.person",),
            "place": ("retarget.place",),
            "limits": ("retarget.limits",),
        },
        {
            "image": "fill.image",
            "person": "warp.person",
            "hidden": "warp.hidden",
            "correspondence": "warp.correspondence",
            "keypoints": "keypoints.keypoints",
            "garments": "patches.garments",
            "target": "retarget.target",
            "pose_keypoint": "retarget.pose_keypoint",
            "room": "room.image",
        },
    ),
    "Light and Check (Repose)": Blueprint(
        "Reads the photo's light, gives it to a reposed picture as it now faces, and holds the result against the"
        " photo: a verdict, a heat map, a report. Goes behind Read, Warp and Fill.",
        ("relight", "light", "photometric", "quality check", "shading", "verify"),
        (
            (
                Node("light", "ReposeEstimateLight", (340, 420)),
                Node(
                    "lit",
                    "ReposeRelight",
                    (340, 240),
                    {"strength": 1.0, "shadows": 1.0, "highlights": 1.0},
                    {"light": "light.light", "surface": "light.surface"},
                ),
            ),
            (
                Node(
                    "check",
                    "ReposePhotometricCheck",
                    (360, 620),
                    LIMITS,
                    {"result": "lit.image", "light": "light.light"},
                ),
            ),
        ),
        {
            "photo": ("light.image", "check.image"),
            "image": ("lit.image",),
            "person": ("lit.person", "check.person"),
            "correspondence": ("lit.correspondence", "check.correspondence"),
            "keypoints": ("light.keypoints",),
            "garments": ("light.garments", "lit.garments", "check.garments"),
            "target": ("check.target",),
            "strength": ("lit.strength",),
            "shadows": ("lit.shadows",),
            "highlights": ("lit.highlights",),
            "on_failure": ("check.on_failure",),
        },
        {
            "image": "check.image",
            "heat_map": "check.heat_map",
            "passed": "check.passed",
            "report": "check.report",
            "checks": "check.checks",
            "light": "light.light",
        },
    ),
    "Change Background (Repose)": Blueprint(
        "The person of a photo in front of another background: cut out, brought into its colour and light, without a"
        " rim of the old one and with shade at the feet. The photo may be a reposed one.",
        ("background", "composite", "harmonise", "harmonize", "new scene", "cut out", "backdrop"),
        (
            _read(),
            (
                Node(
                    "light",
                    "ReposeEstimateLight",
                    (340, 420),
                    links={"keypoints": "keypoints.keypoints", "garments": "garments.garments"},
                ),
                Node(
                    "correct",
                    "ReposeCorrectSkeleton",
                    (340, 480),
                    {"elbow": 180.0, "knee": 180.0, "ground": False},
                    {"figure": "keypoints.keypoints"},
                ),
            ),
            (
                Node(
                    "lit",
                    "ReposeHarmonise",
                    (340, 260),
                    {"strength": 1.0, "exposure": 0.0},
                    {
                        "person": "garments.person",
                        "light": "light.light",
                        "surface": "light.surface",
                        "figure": "correct.skeleton",
                    },
                ),
            ),
        ),
        {
            "photo": ("keypoints.image", "garments.image", "light.image", "correct.image", "lit.image"),
            "background": ("lit.scene",),
            "person": ("keypoints.person",),
            "strength": ("lit.strength",),
            "exposure": ("lit.exposure",),
        },
        {"image": "lit.image", "person": "garments.person", "garments": "garments.garments"},
    ),
}

AUTHOR = """async ([workflow, name, inputs, outputs, about]) => {
    await window.app.loadGraphData(workflow, true, true, name);
    const graph = window.app.graph;
    const { subgraph, node } = graph.convertToSubgraph(new Set(graph.nodes));
    const inner = type => subgraph.nodes.find(one => one.type === type);
    for (const [socket, targets] of inputs) {
        const slots = targets.map(([type, input]) => {
            const owner = inner(type);
            return [owner, owner.inputs.find(slot => slot.name === input)];
        });
        const given = subgraph.addInput(socket, String(slots[0][1].type));
        for (const [owner, slot] of slots) given.connect(slot, owner);
    }
    for (const [socket, [type, output]] of outputs) {
        const owner = inner(type), slot = owner.outputs.find(one => one.name === output);
        subgraph.addOutput(socket, String(slot.type)).connect(slot, owner);
    }
    subgraph.name = node.title = name;
    node.pos = [0, 0];
    node.setSize(node.computeSize());
    const { nodes, subgraphs } = window.app.canvas._serializeItems([node]);
    Object.assign(subgraphs[0], about);
    return JSON.stringify({ revision: 0, last_node_id: Number(node.id), last_link_id: 0, nodes, links: [], version: 0.4,
        definitions: { subgraphs } });
}"""
"""What the page's own publishing does, without its dialogs. As text: what is undefined there is not in the file."""


def authored(name: str, blueprint: Blueprint, server: Page, page) -> dict:
    """One blueprint as the page publishes it."""
    groups = tuple(Group(str(i), "", "", nodes, 0) for i, nodes in enumerate(blueprint.columns))
    workflow = saved(name, groups, server)
    workflow |= {"nodes": [n for n in workflow["nodes"] if n["type"] != "MarkdownNote"], "groups": []}
    types = {node.key: node.type for column in blueprint.columns for node in column}
    inputs = [
        (socket, [_named(target, types) for target in targets])
        for socket, targets in blueprint.inputs.items()
    ]
    outputs = [(socket, _named(source, types)) for socket, source in blueprint.outputs.items()]
    about = {"category": CATEGORY, "description": blueprint.description}
    made = json.loads(page.evaluate(AUTHOR, [workflow, name, inputs, outputs, about]))
    made["extra"] = {
        "BlueprintDescription": blueprint.description,
        "BlueprintSearchAliases": list(blueprint.aliases),
    }
    return steady(made, name)


def _named(place: str, types: dict[str, str]) -> list[str]:
    key, _, slot = place.partition(".")
    return [types[key], slot]


def steady(value: dict, name: str) -> dict:
    """The same with every id that the page drew by lot replaced by one of the name and its order."""
    text, known = json.dumps(value), {}
    for found in re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
        known.setdefault(found, str(uuid.uuid5(uuid.NAMESPACE_URL, f"repose/subgraphs/{name}/{len(known)}")))
    for old, new in known.items():
        text = text.replace(old, new)
    return json.loads(text)


def main() -> None:
    import in_page

    argparse.ArgumentParser(description=__doc__).parse_args()
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as base,
        in_page.served(Path(base)) as server,
        in_page.opened(server) as page,
    ):
        asked = Page(server.url)
        for name, blueprint in BLUEPRINTS.items():
            made = authored(name, blueprint, asked, page)
            text = json.dumps(made, indent=1, ensure_ascii=True)
            (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
            print(FOLDER / name)


if __name__ == "__main__":
    main()
