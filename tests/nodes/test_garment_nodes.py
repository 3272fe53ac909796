"""Garment Segmentation, Garment Mask and Override Garments."""

import json

import pytest
import torch
from repose.pipelines.garments.tables import UnknownLabels
from repose.pipelines.geometry.garments import NUMBER, GarmentMap
from repose.pipelines.models.weights import WeightMissing


@pytest.fixture(scope="module")
def photographed(photo):
    """The photo as IMAGE, 384 x 688."""
    import torch.nn.functional as F
    from repose.pipelines.picture import read_picture

    return F.interpolate(read_picture(photo), (688, 384), mode="area").movedim(1, -1)


@pytest.fixture
def garments():
    """40 x 60: shirt above, trousers below."""
    labels = torch.zeros(1, 1, 60, 40, dtype=torch.uint8)
    labels[..., 5:30, 5:35], labels[..., 30:55, 5:35] = NUMBER["upper"], NUMBER["lower"]
    return [GarmentMap(labels, torch.zeros(1, 1, 60, 40), (labels > 0).float())]


def test_a_photo(run, with_models, photographed):
    """A shirt over trousers or shorts, hair over both; masks and preview are of the picture's size, its half-precision
    batch is taken, and the preview has its legend beside it."""
    two = torch.cat([photographed, photographed]).half()
    out = run("ReposeGarmentSegmentation", image=two)
    assert len(out.garments) == 2 and out.person.shape == (2, 688, 384)
    assert {"hair", "face", "upper", "lower"} <= set(out.garments[0].present())
    rows = torch.arange(688.0)[:, None]
    height = [float((mask[0] * rows).sum() / mask[0].sum()) for mask in (out.hair, out.upper, out.lower)]
    assert height == sorted(height)
    assert float((out.upper[0] * out.lower[0]).sum()) < 0.01 * float(out.upper[0].sum())
    assert out.preview.shape[1] == 688 and out.preview.shape[2] > 384 and "upper" in out.ui["text"][0]
    assert torch.equal(out.regions[0].hair[:, 0], out.garments[0].hair[:, 0])


def test_an_own_mask_of_the_person(run, with_models, photographed):
    """Its left half alone; one of other proportions is refused with both sizes."""
    keypoints = run("ReposeKeypoints", image=photographed).keypoints
    mask = torch.zeros(1, 344, 192)
    mask[:, 20:330, :96] = 1
    out = run("ReposeGarmentSegmentation", image=photographed, keypoints=keypoints, mask=mask)
    assert float(out.person[:, :, 200:].max()) == 0 and float(out.person.max()) == 1
    with pytest.raises(ValueError, match="the mask has 64 x 64 pixels, the picture 384 x 688"):
        run("ReposeGarmentSegmentation", image=photographed, keypoints=keypoints, mask=torch.ones(1, 64, 64))


def test_without_networks_one_message_names_the_file(run, drawn, no_models):
    with pytest.raises(WeightMissing, match="selfie_multiclass.* is missing"):
        run("ReposeGarmentSegmentation", image=drawn.image, keypoints=[drawn.keypoints])


def segformer(folder, names):
    from transformers import SegformerConfig, SegformerForSemanticSegmentation

    torch.manual_seed(0)
    sizes = {"depths": [1] * 4, "hidden_sizes": [8] * 4, "num_attention_heads": [1] * 4}
    config = SegformerConfig(decoder_hidden_size=8, id2label=dict(enumerate(names)), **sizes)
    SegformerForSemanticSegmentation(config).save_pretrained(folder)


def test_an_own_segformer_is_offered_and_runs(run, with_models, photographed, monkeypatch, tmp_path):
    """Random weights: the regions are any, the person is the mask's, and only known ones are there."""
    from repose.nodes import clothes, host

    pytest.importorskip("transformers")
    segformer(tmp_path / "my clothes", ["Background", "Hair", "Upper-clothes", "Pants", "Left-arm", "Face"])
    (tmp_path / "no network").mkdir()
    monkeypatch.setattr(host, "models_folders", lambda: [with_models, tmp_path])
    assert clothes.backend_input().options == ["default", "my clothes"]
    keypoints = run("ReposeKeypoints", image=photographed).keypoints
    own, default = (
        run("ReposeGarmentSegmentation", image=photographed, keypoints=keypoints, backend=backend)
        for backend in ("my clothes", "default")
    )
    assert clothes.network("my clothes") is clothes.network("my clothes")
    assert float((own.person - default.person).abs().mean()) < 0.02
    assert not torch.equal(own.garments[0].labels, default.garments[0].labels)


def test_a_segformer_of_unknown_labels(run, drawn, with_models, monkeypatch, tmp_path):
    """It is told before a network is loaded; so is a folder that is not there."""
    from repose.nodes import host

    (tmp_path / "ade").mkdir()
    config = {"model_type": "segformer", "id2label": {"0": "wall", "1": "building"}}
    (tmp_path / "ade" / "config.json").write_text(json.dumps(config))
    monkeypatch.setattr(host, "models_folders", lambda: [with_models, tmp_path])
    same = {"image": drawn.image, "keypoints": [drawn.keypoints]}
    with pytest.raises(
        UnknownLabels, match=r"no table knows these 2 labels.*wall, building.*Fashionpedia \(47\)"
    ):
        run("ReposeGarmentSegmentation", backend="ade", **same)
    with pytest.raises(ValueError, match="gone is in none of"):
        run("ReposeGarmentSegmentation", backend="gone", **same)


def test_a_mask_of_regions(run, garments):
    assert float(run("ReposeGarmentMask", garments=garments, region="upper").mask.sum()) == 25 * 30
    both = run("ReposeGarmentMask", garments=garments, region="upper", and_also=" Lower, left arm skin").mask
    assert torch.equal(both, garments[0].matte[:, 0])
    with pytest.raises(ValueError, match="no region is called 'shirt'"):
        run("ReposeGarmentMask", garments=garments, region="upper", and_also="shirt")


def test_a_mask_wins(run, garments):
    mask = torch.zeros(1, 60, 40)
    mask[:, 20:40, 10:20] = 1
    out = run("ReposeOverrideGarments", garments=garments, mask=mask, region="left_arm_skin")
    assert torch.equal(out.regions[0].skin[:, 0], mask)
    assert torch.equal(run("ReposeGarmentMask", garments=out.garments, region="left_arm_skin").mask, mask)
    three = run("ReposeOverrideGarments", garments=garments, mask=mask.expand(3, -1, -1), region="bag")
    assert len(three.garments) == 3
    with pytest.raises(ValueError, match="2 maps, 3 masks"):
        run("ReposeOverrideGarments", garments=garments * 2, mask=mask.expand(3, -1, -1), region="bag")
