"""A saved workflow (what ComfyUI's page saves, format 0.4) as the graph its queue takes (API format)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .places import Trouble

MUTED, BYPASSED = 2, 4
PAGE_ONLY = {"Note", "MarkdownNote", "Reroute", "PrimitiveNode"}
"""Types that only the page knows: they are not run."""
WIDGETS = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COLOR", "MULTICOMBO"}
DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"
AFTER_GENERATE = {"fixed", "increment", "decrement", "randomize", "increment-wrap"}

Workflow = dict[str, Any]
Node = dict[str, Any]


def to_prompt(workflow: Workflow, object_info: dict[str, Any]) -> dict[str, Any]:
    """The API graph {id: {class_type, inputs, _meta}}; Trouble for what cannot be read."""
    if workflow.get("definitions", {}).get("subgraphs"):
        raise Trouble("the workflow has subgraphs, which are not read here", "open it with `run.py ui`")
    nodes = {node["id"]: node for node in workflow["nodes"]}
    links = {link[0]: (link[1], link[2]) for link in map(_as_list, workflow["links"])}
    prompt = {}
    for node in workflow["nodes"]:
        if node["type"] in PAGE_ONLY or node.get("mode", 0) in (MUTED, BYPASSED):
            continue
        if node["type"] not in object_info:
            raise Trouble(f"node type {node['type']} (node {node['id']}) is not registered in this ComfyUI")
        inputs = widget_values(node, object_info[node["type"]])
        for slot in node.get("inputs") or []:
            if (source := _source(slot.get("link"), nodes, links)) is not None:
                inputs[slot["name"]] = source[0] if len(source) == 1 else source
        title = node.get("title") or object_info[node["type"]].get("display_name") or node["type"]
        prompt[str(node["id"])] = {"class_type": node["type"], "inputs": inputs, "_meta": {"title": title}}
    return prompt


def widget_values(node: Node, info: dict[str, Any]) -> dict[str, Any]:
    """A node's saved widget values by input name."""
    saved = node.get("widgets_values") or []
    if isinstance(saved, dict):
        return {name: saved[name] for name, _, _ in widgets(info["input"], {}) if name in saved}
    values: dict[str, Any] = {}
    rest = list(saved)
    for name, kind, options in widgets(info["input"], values):
        if not rest:
            break
        values[name] = rest.pop(0)
        counts = kind == "INT" and name in ("seed", "noise_seed") or options.get("control_after_generate")
        if counts and rest and rest[0] in AFTER_GENERATE:
            rest.pop(0)
        if options.get("image_upload") and rest and rest[0] in ("image", ""):
            rest.pop(0)  # the upload button is saved as a value of its own
    return values


def set_value(prompt: dict[str, Any], assignment: str, object_info: dict[str, Any]) -> tuple[str, str]:
    """Apply "NODE.INPUT=VALUE", where NODE is an id, a title or a type; the node ids' input that was set."""
    target, equals, text = assignment.partition("=")
    for cut in (i for i, letter in enumerate(target) if letter == "."):
        name, field = target[:cut], target[cut + 1 :]
        found = [
            key for key, node in prompt.items() if name in (key, node["_meta"]["title"], node["class_type"])
        ]
        if len(found) > 1:
            raise Trouble(f"--set {assignment}: {len(found)} nodes are called {name}: {', '.join(found)}")
        if equals and found:
            node = prompt[found[0]]
            kinds = {key: kind for key, kind, _ in _inputs(object_info[node["class_type"]]["input"])}
            if field not in kinds and field not in node["inputs"]:
                raise Trouble(f"--set {assignment}: {name} has no input {field}; it has {', '.join(kinds)}")
            node["inputs"][field] = _value(text, kinds.get(field))
            return found[0], field
    known = ", ".join(sorted({node["_meta"]["title"] for node in prompt.values()}))
    raise Trouble(f"--set {assignment}: no such node", f"write NODE.INPUT=VALUE; the nodes are: {known}")


def takes_picture(node: dict[str, Any], field: str, object_info: dict[str, Any]) -> bool:
    """True for inputs like LoadImage's `image`, whose value is the name of an uploaded file."""
    named = {key: options for key, _, options in _inputs(object_info[node["class_type"]]["input"])}
    return any(named.get(field, {}).get(key) for key in ("image_upload", "upload"))


def _inputs(spec: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    for group in ("required", "optional"):
        for name, entry in (spec.get(group) or {}).items():
            yield name, entry[0], (entry[1] if len(entry) > 1 else {})


def widgets(
    spec: dict[str, Any], values: dict[str, Any], prefix: str = ""
) -> Iterator[tuple[str, str, dict]]:
    """The inputs that the page shows as widgets, in its order; a dynamic combo's own follow its choice."""
    for name, kind, options in _inputs(spec):
        is_combo = isinstance(kind, list)
        if options.get("forceInput") or not (is_combo or kind in WIDGETS or kind == DYNAMIC_COMBO):
            continue
        if is_combo:  # the older form: what can be chosen stands in the place of the kind
            yield prefix + name, "COMBO", {"options": kind, **options}
            continue
        yield prefix + name, kind, options
        if kind == DYNAMIC_COMBO:
            chosen = [o for o in options["options"] if o["key"] == values.get(prefix + name)]
            for option in chosen:
                yield from widgets(option["inputs"], values, f"{prefix}{name}.")


def _source(link: int | None, nodes: dict[int, Node], links: dict[int, tuple[int, int]]) -> list | None:
    """[id, slot] of the node that really feeds a link, [value] of a primitive, None where nothing does."""
    if link is None or link not in links:
        return None
    origin, slot = links[link]
    node = nodes[origin]
    if node["type"] == "PrimitiveNode":
        return [node["widgets_values"][0]]
    if node["type"] == "Reroute":
        return _source(node["inputs"][0].get("link"), nodes, links)
    if node.get("mode", 0) == MUTED:
        return None
    if node.get("mode", 0) == BYPASSED:
        kind = node["outputs"][slot]["type"]
        same = [i for i in node.get("inputs") or [] if i["type"] == kind and i.get("link") is not None]
        at_slot = [i for i in (node.get("inputs") or [])[slot : slot + 1] if i in same]
        return _source((at_slot or same)[0]["link"], nodes, links) if same else None
    return [str(origin), slot]


def _as_list(link: list | dict) -> list:
    """Both ways in which links are saved: a list, or (format 1) a record."""
    if isinstance(link, dict):
        return [link["id"], link["origin_id"], link["origin_slot"]]
    return link


def _value(text: str, kind: Any) -> Any:
    if kind not in ("INT", "FLOAT", "BOOLEAN"):
        return text
    try:
        return json.loads(text.lower() if kind == "BOOLEAN" else text)
    except json.JSONDecodeError as error:
        raise Trouble(f"{text!r} is not a value of type {kind}") from error
