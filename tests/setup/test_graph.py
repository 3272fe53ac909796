"""Saved workflows as API graphs. In the browser's tests the page itself is asked whether it agrees."""

import pytest
from repose.setup import graph
from repose.setup.places import Trouble

INFO = {
    "LoadImage": {"input": {"required": {"image": [["a.png"], {"image_upload": True}]}}},
    "KSampler": {
        "input": {
            "required": {
                "model": ["MODEL", {}],
                "seed": ["INT", {"control_after_generate": True}],
                "steps": ["INT", {}],
                "sampler": ["COMBO", {"options": ["euler"]}],
            },
            "optional": {
                "note": ["STRING", {}],
                "mask": ["MASK", {}],
                "linked": ["FLOAT", {"forceInput": True}],
            },
        }
    },
    "Blur": {
        "input": {"required": {"image": ["IMAGE", {}], "radius": ["INT", {}]}},
        "display_name": "Blur it",
    },
    "Resize": {
        "input": {
            "required": {
                "mode": [
                    "COMFY_DYNAMICCOMBO_V3",
                    {
                        "options": [
                            {"key": "by", "inputs": {"required": {"factor": ["FLOAT", {}]}}},
                            {"key": "to", "inputs": {"required": {"w": ["INT", {}], "h": ["INT", {}]}}},
                        ]
                    },
                ],
                "crop": ["BOOLEAN", {}],
            }
        }
    },
}


def node(id, type, values=(), inputs=(), outputs=("IMAGE",), mode=0, **more):
    slots = [{"name": name, "type": kind, "link": link} for name, kind, link in inputs]
    out = [{"name": kind, "type": kind} for kind in outputs]
    made = {
        "id": id,
        "type": type,
        "mode": mode,
        "inputs": slots,
        "outputs": out,
        "widgets_values": list(values),
    }
    return made | more


def convert(*nodes, links=()):
    return graph.to_prompt({"nodes": list(nodes), "links": list(links)}, INFO)


def test_widget_values_by_name():
    prompt = convert(node(7, "KSampler", [5, "randomize", 20, "euler", "hello"]))
    assert prompt["7"]["inputs"] == {"seed": 5, "steps": 20, "sampler": "euler", "note": "hello"}


def test_the_upload_button_is_no_value():
    assert convert(node(1, "LoadImage", ["a.png", "image"]))["1"]["inputs"] == {"image": "a.png"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["by", 2.0, True], {"mode": "by", "mode.factor": 2.0, "crop": True}),
        (["to", 64, 32, False], {"mode": "to", "mode.w": 64, "mode.h": 32, "crop": False}),
    ],
)
def test_a_dynamic_combo_brings_the_inputs_of_its_choice(values, expected):
    assert convert(node(1, "Resize", values))["1"]["inputs"] == expected


def test_titles():
    prompt = convert(node(1, "Blur", [3]), node(2, "Blur", [3], title="Soften"), node(3, "KSampler"))
    assert [made["_meta"]["title"] for made in prompt.values()] == ["Blur it", "Soften", "KSampler"]


def chain(middle):
    """LoadImage -> something -> Blur."""
    photo = node(1, "LoadImage", ["a.png"])
    last = node(3, "Blur", [3], [("image", "IMAGE", 11)])
    return convert(photo, middle, last, links=[[10, 1, 0, 2, 0, "IMAGE"], [11, 2, 0, 3, 0, "IMAGE"]])


@pytest.mark.parametrize(
    ("middle", "source"),
    [
        (node(2, "Blur", [9], [("image", "IMAGE", 10)]), ["2", 0]),
        (node(2, "Reroute", [], [("", "*", 10)]), ["1", 0]),
        (node(2, "Blur", [9], [("image", "IMAGE", 10)], mode=graph.BYPASSED), ["1", 0]),
        (node(2, "Blur", [9], [("image", "IMAGE", 10)], mode=graph.MUTED), None),
    ],
    ids=["ordinary", "reroute", "bypassed", "muted"],
)
def test_what_feeds_a_link(middle, source):
    assert chain(middle)["3"]["inputs"].get("image") == source


def test_a_primitive_gives_its_value():
    number = node(1, "PrimitiveNode", [12, "fixed"], outputs=("INT",))
    blur = node(2, "Blur", [3], [("radius", "INT", 5)])
    assert convert(number, blur, links=[[5, 1, 0, 2, 1, "INT"]])["2"]["inputs"]["radius"] == 12


def test_notes_are_left_out_and_unknown_types_named():
    assert convert(node(1, "MarkdownNote", ["hi"])) == {}
    with pytest.raises(Trouble, match=r"NoSuchNode \(node 4\) is not registered"):
        convert(node(4, "NoSuchNode"))


@pytest.mark.parametrize("name", ["2", "Blur", "v1.5 blur"])
def test_set_by_id_type_or_title(name):
    prompt = convert(node(1, "LoadImage", ["a.png"]), node(2, "Blur", [3], title="v1.5 blur"))
    assert graph.set_value(prompt, f"{name}.radius=8", INFO) == ("2", "radius")
    assert prompt["2"]["inputs"]["radius"] == 8


@pytest.mark.parametrize(
    ("assignment", "reason"),
    [
        ("Blurr.radius=8", "no such node"),
        ("Blur.radius", "no such node"),
        ("Blur.size=8", "has no input size; it has image, radius"),
        ("Blur.radius=wide", "'wide' is not a value of type INT"),
    ],
)
def test_what_cannot_be_set_is_explained(assignment, reason):
    with pytest.raises(Trouble, match=reason):
        graph.set_value(convert(node(2, "Blur", [3])), assignment, INFO)


def test_two_nodes_of_one_name_are_not_guessed_between():
    with pytest.raises(Trouble, match="2 nodes are called Blur: 1, 2"):
        graph.set_value(convert(node(1, "Blur", [3]), node(2, "Blur", [3])), "Blur.radius=8", INFO)


def test_a_value_may_hold_what_separates():
    prompt = convert(node(7, "KSampler", [5, "fixed", 20, "euler", ""]))
    graph.set_value(prompt, "KSampler.note=a=b.c", INFO)
    assert prompt["7"]["inputs"]["note"] == "a=b.c"


def test_picture_inputs_are_known():
    prompt = convert(node(1, "LoadImage", ["a.png"]), node(2, "Blur", [3]))
    assert graph.takes_picture(prompt["1"], "image", INFO)
    assert not graph.takes_picture(prompt["2"], "radius", INFO)
