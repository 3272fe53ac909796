"""Material and Rigid Patches."""

import json

import pytest
import torch
from repose.pipelines.geometry.garments import NUMBER, GarmentMap


def worn(height=480, width=360, shift=0):
    """IMAGE (1, H, W, 3) of a striped upper garment on grey with a dark square printed on its plain half, its map."""
    image = torch.full((1, height, width, 3), 0.5)
    labels = torch.zeros(1, 1, height, width, dtype=torch.uint8)
    top, left = height // 8, width // 6 + shift
    labels[..., top : height * 3 // 4, left : width * 5 // 6] = NUMBER["upper"]
    rows = torch.arange(height)
    stripes = ((rows % 16) < 8).float()[None, :, None, None] * torch.tensor([0.5, 0.4, 0.2]) + 0.3
    inside = (labels > 0)[:, 0, :, :, None]
    image = torch.where(inside, stripes.expand(1, height, width, 3), image)
    image = (image + 0.01 * torch.randn(image.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    matte = (labels > 0).float()
    return image, GarmentMap(labels, torch.zeros_like(matte), matte)


def test_measured_materials_and_their_swatches(run):
    image, garments = worn()
    out = run("ReposeMaterial", image=image, garments=[garments])
    (found,) = out.garments
    (pattern,) = found.material("upper").patterns
    assert pattern.period == pytest.approx(16, rel=0.05)
    assert out.preview.ndim == 4 and out.preview.shape[0] == 1 and out.preview.shape[-1] == 3
    assert float(out.preview.std()) > 0.1 and "upper:" in out.ui["text"][0]
    assert garments.materials == {}, "what came in is as it was"


def test_the_artists_word_wins_and_chains(run):
    image, garments = worn()
    said = {"region": "upper", "fabric": "silk", "gloss": 0.8, "period": 0.0, "pleats": 4.0}
    (first,) = run("ReposeMaterial", image=image, garments=[garments], **said).garments
    again = {"region": "upper", "stiffness": 0.9}
    material = run("ReposeMaterial", image=image, garments=[first], **again).garments[0].material("upper")
    assert (material.fabric, material.confidence, material.gloss.value) == ("silk", 1.0, 0.8)
    assert material.patterns == () and material.pleats.value == 0.04 and material.stiffness.value == 0.9


def test_words_about_a_region_that_is_not_there(run):
    image, garments = worn()
    with pytest.raises(ValueError, match="no shoes in the picture"):
        run("ReposeMaterial", image=image, garments=[garments], region="shoes", fabric="leather")


def test_batches_and_pictures_that_do_not_fit(run):
    image, garments = worn()
    other, second = worn(shift=20)
    out = run("ReposeMaterial", image=torch.cat([image, other]), garments=[garments, second])
    assert len(out.garments) == 2 and out.preview.shape[0] == 2
    two_people = run("ReposeRigidPatches", image=image, garments=[garments, second], text_detector="off")
    assert two_people.rigid.shape == (2, 480, 360)
    with pytest.raises(ValueError, match="connect one for all"):
        run("ReposeMaterial", image=torch.cat([image] * 3), garments=[garments] * 2)
    with pytest.raises(ValueError, match="180 x 240.*360 x 480"):
        run("ReposeMaterial", image=image[:, ::2, ::2], garments=[garments])
    with pytest.raises(ValueError, match="180 x 240.*360 x 480"):
        run("ReposeRigidPatches", image=image[:, ::2, ::2], garments=[garments])


def test_no_clothes_are_said_so(run):
    image, garments = worn()
    bare = GarmentMap(torch.zeros_like(garments.labels), garments.hair, torch.zeros_like(garments.matte))
    out = run("ReposeMaterial", image=image, garments=[bare])
    assert out.garments[0].materials == {} and out.ui["text"] == ["no clothes to measure"]
    patches = run("ReposeRigidPatches", image=image, garments=[bare], text_detector="off")
    assert patches.rigid.shape == (1, 480, 360) and float(patches.rigid.sum()) == 0
    assert patches.ui["text"] == ["nothing rigid found"]


def test_stripes_are_not_rigid_but_what_is_painted_is(run):
    image, garments = worn()
    painted = torch.zeros(1, 480, 360)
    painted[:, 150:200, 150:220] = 1
    out = run("ReposeRigidPatches", image=image, garments=[garments], text_detector="off", painted=painted)
    assert torch.equal(out.rigid, painted) and out.ui["text"] == ["1 x painted on upper"]
    assert [patch.kind for patch in out.garments[0].patches] == ["painted"]
    assert out.preview.shape == (1, 480, 360, 3)
    inside, outside = out.preview[0, 160:190, 160:210], out.preview[0, 300:340, 100:140]
    assert float(inside.mean()) > float(outside.mean()) + 0.1


def test_the_mask_fits_warp_body(run, drawn):
    """The rigid output is what Warp Body's rigid input takes."""
    labels = torch.zeros(1, 1, 480, 360, dtype=torch.uint8)
    labels[0, 0][drawn.mask[0] > 0.5] = NUMBER["upper"]
    matte = drawn.mask[None]
    garments = GarmentMap(labels, torch.zeros_like(matte), matte)
    painted = torch.zeros(1, 480, 360)
    painted[:, 180:200, 170:190] = 1
    rigid = run("ReposeRigidPatches", image=drawn.image, garments=[garments], painted=painted).rigid
    given = {"image": drawn.image, "mask": drawn.mask, "source": [drawn.skeleton], "target": [drawn.skeleton]}
    assert run("ReposeWarpBody", **given, rigid=rigid).image.shape == (1, 480, 360, 3)


def test_clip_folders_are_offered_by_name_and_a_missing_one_is_named(run, no_models):
    from repose.nodes import material

    folder = no_models / "my-clip"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "clip"}))
    other = no_models / "other"
    other.mkdir()
    (other / "config.json").write_text("[not json")
    assert material._clip_folders() == ["my-clip"]
    image, garments = worn()
    with pytest.raises(ValueError, match="no CLIP folder gone"):
        run("ReposeMaterial", image=image, garments=[garments], second_opinion="gone")
    with pytest.raises(ValueError, match="my-clip is no CLIP"):
        run("ReposeMaterial", image=image, garments=[garments], second_opinion="my-clip")
