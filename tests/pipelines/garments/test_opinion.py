"""A second opinion by CLIP: a tiny random network of the same architecture, from its own folder."""

import json

import pytest
import torch
from repose.pipelines.garments import opinion
from repose.pipelines.geometry.garments import FABRICS, UNKNOWN
from repose.pipelines.models.fabrics import NOTHING, Fabric


@pytest.fixture(scope="module")
def folder(tmp_path_factory, comfyui):
    """A CLIP for transformers with random weights and a tokenizer of single letters."""
    transformers = pytest.importorskip("transformers")
    place = tmp_path_factory.mktemp("clip")
    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (place / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (place / "merges.txt").write_text("#version: 0.2\n")
    transformers.CLIPTokenizer.from_pretrained(place).save_pretrained(place)
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    end = {"bos_token_id": len(words) - 2, "eos_token_id": len(words) - 1, "pad_token_id": len(words) - 1}
    config = transformers.CLIPConfig(
        text_config={**small, **end, "vocab_size": len(words), "max_position_embeddings": 77},
        vision_config={**small, "image_size": 32, "patch_size": 8},
        projection_dim=16,
    )
    torch.manual_seed(0)
    transformers.CLIPModel(config).save_pretrained(place, safe_serialization=True)
    return place


def test_a_clip_names_fabrics_by_its_sentences(folder):
    clip = opinion.load_clip(folder)
    assert clip.texts.shape == (len(FABRICS), 16)
    torch.testing.assert_close(clip.texts.norm(dim=1), torch.ones(len(FABRICS)))
    one = clip(torch.rand(3, 3, 96, 96, generator=torch.Generator().manual_seed(1)))
    assert one.shares.shape == (len(FABRICS),) and float(one.shares.sum()) == pytest.approx(1)
    assert one.name in (*FABRICS, UNKNOWN) and clip(torch.zeros(0, 3, 96, 96)) is NOTHING


def test_what_is_no_clip_is_named(tmp_path):
    pytest.importorskip("transformers")
    (tmp_path / "config.json").write_text('{"model_type": "clip"}')
    with pytest.raises(ValueError, match=r"is no CLIP.*model.safetensors"):
        opinion.load_clip(tmp_path)


def shares(**values):
    rest = (1 - sum(values.values())) / (len(FABRICS) - len(values))
    return torch.tensor([values.get(name, rest) for name in FABRICS])


def test_two_opinions_agree_or_leave_it_open():
    own = Fabric(UNKNOWN, 0.0, shares(denim=0.5, wool=0.3))
    same = opinion.agreed(own, Fabric("denim", 0.7, shares(denim=0.7)))
    other = opinion.agreed(own, Fabric("wool", 0.5, shares(denim=0.3, wool=0.5)))
    assert same.name == "denim" and same.confidence > 0.9
    assert other.name == UNKNOWN and other.confidence == 0
    assert float(other.shares.sum()) == pytest.approx(1)
    assert set(opinion.WORDS) == set(FABRICS)
