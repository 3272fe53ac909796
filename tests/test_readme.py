"""What the README states is what the code says."""

import re

import pytest
from repose.pipelines.models import weights


@pytest.fixture(scope="module")
def readme(root) -> str:
    return (root / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("weight", weights.TABLE, ids=lambda weight: weight.id)
def test_every_network_with_size_licence_and_source(readme, weight):
    (row,) = [line for line in readme.splitlines() if line.startswith(f"| `{weight.file}`")]
    _, _, _, size, licence, source, _ = (cell.strip() for cell in row.split("|"))
    assert size == ("" if weight.size is None else f"{weight.size / 1e6:.1f}")
    assert licence == weight.licence
    assert weight.hub is None or weight.hub.repository in source
    assert weight.package is None or f"`{weight.package.name}` {weight.package.version}" in source


def test_the_downloads_size(readme):
    megabytes = sum(weights.weight(id).size for id in weights.HUB_SET) / 1e6
    assert f"({megabytes:.0f} MB)" in readme
    assert all(f"`{weights.weight(id).file}`" in readme for id in weights.HUB_SET)
    assert f"({sum(weights.weight(id).size for id in weights.DEFAULT_SET) / 1e6:.1f} MB)" in readme


def test_what_is_not_free_is_said_and_never_fetched(readme):
    own = [weight for weight in weights.TABLE if "non-commercial" in weight.licence]
    assert [weight.file for weight in own] == ["body_pose_model.pth", "hand_pose_model.pth", "facenet.pth"]
    assert not {weight.id for weight in own} & {*weights.DEFAULT_SET, *weights.HUB_SET}
    assert "for non-commercial use only, so the pack neither fetches them" in " ".join(readme.split())


def test_every_node_has_its_line(readme, comfyui):
    from repose.nodes import NODES

    named = re.findall(
        r"^\| \*\*(.+?)\*\*", readme.split("## Nodes")[1].split("## Workflows")[0], re.MULTILINE
    )
    assert sorted(named) == sorted(node.GET_SCHEMA().display_name for node in NODES)


def test_every_workflow_has_its_line(readme, root):
    named = re.findall(r"^\| \*\*(.+?)\*\*", readme.split("## Workflows")[1], re.MULTILINE)
    assert sorted(named) == sorted(path.stem for path in (root / "workflows").glob("*.json"))


def test_the_artists_route_comes_before_run_py(readme):
    assert readme.index("## Install") < readme.index("python run.py")
