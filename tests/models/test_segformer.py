"""An artist's SegFormer folder, on a tiny random network of the same architecture."""

import json

import pytest
import torch
from repose.pipelines.models.segformer import SegformerError, is_segformer, labels_of, load_segformer

pytest.importorskip("transformers")
NAMES = {0: "Background", 1: "Hair", 2: "Upper-clothes", 3: "Pants", 4: "Left-arm", 5: "Face"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from transformers import SegformerConfig, SegformerForSemanticSegmentation

    path = tmp_path_factory.mktemp("segformer")
    torch.manual_seed(0)
    config = SegformerConfig(
        depths=[1] * 4,
        hidden_sizes=[8] * 4,
        num_attention_heads=[1] * 4,
        decoder_hidden_size=8,
        id2label=NAMES,
    )
    SegformerForSemanticSegmentation(config).save_pretrained(path)
    (path / "preprocessor_config.json").write_text(json.dumps({"size": {"height": 64, "width": 96}}))
    return path


def test_it_reads_a_picture(folder):
    network = load_segformer(folder)
    assert is_segformer(folder) and labels_of(folder) == tuple(NAMES.values()) == network.names
    found = network.read(torch.rand(1, 3, 50, 40))
    assert found.shape == (6, 16, 24) and torch.allclose(found.sum(0), torch.ones(16, 24), atol=1e-5)
    assert len(network.modules) == 1 and not network.module.training


def test_a_folder_without_safetensors_is_refused(folder, tmp_path):
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(
        SegformerError, match="has no .safetensors file .it has config.json, pytorch_model.bin"
    ):
        load_segformer(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"model_type": "bert"}', "holds bert, expected segformer"),
        ("{", "is not JSON"),
        ("{}", "no model_type"),
    ],
)
def test_another_folder_is_named(tmp_path, text, message):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(SegformerError, match=message):
        load_segformer(tmp_path)


def test_a_folder_of_something_else(tmp_path):
    assert not is_segformer(tmp_path)


def test_the_cloth_network_is_a_file(folder, tmp_path):
    """Either kind by its path: a folder is a SegFormer, a file of the known name the cloth network."""
    from repose.pipelines.models.clothes import CLOTH_FILE, CLOTH_NAMES, is_clothes, load_clothes, names_of
    from repose.pipelines.models.onnx import OnnxError

    (tmp_path / CLOTH_FILE).write_bytes(b"no network")
    assert is_clothes(tmp_path / CLOTH_FILE) and names_of(tmp_path / CLOTH_FILE) == CLOTH_NAMES
    assert is_clothes(folder) and load_clothes(folder).names == tuple(NAMES.values())
    assert not is_clothes(tmp_path) and not is_clothes(folder / "config.json")
    with pytest.raises(OnnxError, match=CLOTH_FILE):
        load_clothes(tmp_path / CLOTH_FILE)


def test_the_cloth_network_reads_a_picture():
    """A graph of one convolution: the input is brought to its size and to [-1, 1]."""
    from repose.pipelines.models.clothes import ClothNetwork
    from repose.pipelines.models.onnx import OnnxGraph, OnnxNetwork, OnnxNode

    weight = torch.zeros(4, 3, 1, 1)
    weight[1, 0] = 1.0
    graph = OnnxGraph(
        (OnnxNode("Conv", ("x", "w"), ("y",), {}),), {"w": weight}, {"x": (None, 3, 12, 8)}, ("y",)
    )
    found = ClothNetwork(OnnxNetwork(graph), "one").read(torch.ones(1, 3, 20, 30))
    expected = torch.tensor([0.0, 1.0, 0.0, 0.0]).softmax(0)
    assert found.shape == (4, 12, 8) and torch.allclose(found[:, 5, 5], expected, atol=1e-5)
