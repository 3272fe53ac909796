"""What the run of all workflows on unseen photos says of each."""

import json

import pytest

from training import acceptance


def record(*said, error=None, files=("a.png",)):
    return {"workflow": "x", "error": error, "said": list(said), "files": list(files), "seconds": 1.0}


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (record("Photometric check passed (score 0.83)"), "1 passed"),
        (
            record(
                "picture 1: Photometric check FAILED: light, skin (score 0.2)\n\n"
                "picture 2: Photometric check passed (score 0.9)\n\n"
                "picture 3: Photometric check NOT CHECKED: nothing of the person could be compared"
            ),
            "1 passed, 1 FAILED, 1 NOT CHECKED: light, skin",
        ),
        (record("3 of 3 pictures saved in x"), "no check: 3 of 3 pictures saved in x"),
        (record(error="Warp Body (node 4): no person\nmore"), "RED: Warp Body (node 4): no person"),
    ],
)
def test_verdicts(given, line):
    assert acceptance.verdict(given) == line


def test_pictures_are_chosen_by_the_titles_of_their_nodes(root, monkeypatch):
    prompt = {
        str(i): {"class_type": "LoadImage", "inputs": {"image": "example.png"}, "_meta": {"title": title}}
        for i, title in enumerate(("Load Image", "Pose picture", "Background 1", "Background 2"))
    }
    monkeypatch.setattr(acceptance.graph, "to_prompt", lambda workflow, info: prompt)
    made = acceptance.filled_in({}, "photo", "pose", ["one", "two"], {})
    assert [node["inputs"]["image"] for node in made.values()] == ["photo", "pose", "one", "two"]


def test_every_shipped_title_is_understood(root):
    """A Load Image beside the photo's says by its title what it wants; else it would be given the photo."""
    for path in (root / "workflows").glob("*.json"):
        nodes = json.loads(path.read_text(encoding="utf-8"))["nodes"]
        titles = [node.get("title", "").lower() for node in nodes if node["type"] == "LoadImage"]
        assert sum(not title for title in titles) <= 1, path.stem
        assert all("background" in title or "pose" in title for title in titles if title), titles
