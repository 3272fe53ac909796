"""The nodes for sets, called as ComfyUI calls them."""

import json
from pathlib import Path

import pytest
import torch


@pytest.fixture
def folders(comfyui, monkeypatch, tmp_path):
    """ComfyUI's input and output folders, elsewhere."""
    import folder_paths

    for name in ("input", "output"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(folder_paths, "get_input_directory", lambda: str(tmp_path / "input"))
    monkeypatch.setattr(folder_paths, "get_output_directory", lambda: str(tmp_path / "output"))
    return tmp_path


def test_a_list_of_poses_goes_on_as_a_batch_with_names(run):
    out = run("ReposePoseSet", poses="hero = casual/contrapposto\nseated/on a *")
    assert [pose.name for pose in out.pose] == out.names.splitlines()
    assert out.names == "hero\nseated/on a stool\nseated/on a stool front"
    assert out.preview.shape == (3, 768, 512, 3) and out.ui["images"]


def test_a_sheet_of_pictures_of_several_sizes(run):
    wide, high = torch.rand(1, 30, 60, 3), torch.rand(2, 60, 30, 3)
    out = run(
        "ReposeContactSheet", image=[wide, high], columns=[3], height=[64], title=["SKU"], ground=["white"],
        rows=[""], captions=["a\nb\nc"],
    )  # fmt: skip
    assert out.image.shape[0] == 1 and out.image.shape[-1] == 3 and out.image.shape[2] > 3 * 128


def test_each_input_is_a_row_and_transparency_stays(run):
    row = torch.rand(2, 40, 40, 4)
    out = run(
        "ReposeContactSheet", image=[row], image_2=[row], columns=[0], height=[64], title=[""],
        ground=["transparent"], rows=["day\nnight"], captions=["a\nb"],
    )  # fmt: skip
    _, height, width, channels = out.image.shape
    assert channels == 4 and height > width and out.image[..., 3].min() == 0


def test_stickers_go_into_save_set_with_their_alpha(run, folders, drawn):
    made = run("ReposeStickers", image=drawn.image, person=drawn.mask, size=64, border=0.05, colour="#000000")
    assert made.stickers.shape == (1, 64, 64, 4) and torch.equal(made.mask, made.stickers[..., 3])
    assert made.sheet.shape[-1] == 4
    saved = run(
        "ReposeSaveSet", image=[made.stickers], photo=[drawn.image], sku=["pig"], folder=["a/b"], format=["PNG"],
        names=["wave"],
    )  # fmt: skip
    (entry,) = json.loads(saved.manifest)["entries"]
    assert entry["file"] == "pig_wave.png" and saved.files == str(folders / "output/a/b/pig_wave.png")
    assert saved.ui["images"] == [{"filename": "pig_wave.png", "subfolder": "a/b", "type": "output"}]


def test_what_is_known_of_a_batch_is_in_its_manifest(run, folders, drawn):
    from repose.pipelines.light.findings import Checked, Finding

    two = drawn.image.repeat(2, 1, 1, 1)
    checks = [Checked((Finding("skin", "an arm", 9.0, 4.5),), torch.zeros(1, 1, 8, 8))] * 2
    out = run(
        "ReposeSaveSet", image=[two], photo=[drawn.image], sku=["A"], folder=["s"], format=["JPEG"], seed=[3],
        names=["static/a\ndynamic/b"], person=[drawn.mask], hidden=[0.5 * drawn.mask], checks=[checks],
    )  # fmt: skip
    first, second = json.loads(out.manifest)["entries"]
    assert (first["group"], second["group"], first["seed"]) == ("static", "dynamic", 3)
    assert first["coverage"] == 0.5 and first["passed"] is False and "an arm" in first["findings"][0]
    assert first["id"] != second["id"] and (folders / "output/s/manifest.csv").is_file()


@pytest.mark.parametrize("name", ["../elsewhere", "/tmp/../..", "a/../../b"])
def test_no_folder_leads_out(run, folders, drawn, name):
    with pytest.raises(ValueError, match="leads out of"):
        run(
            "ReposeSaveSet",
            image=[drawn.image],
            photo=[drawn.image],
            sku=["A"],
            folder=[name],
            format=["PNG"],
        )
    with pytest.raises(ValueError, match="leads out of"):
        run("ReposeFolder", photos=name, pose=[])


def test_a_data_set_never_over_another(run, folders, drawn):
    given = {"image": drawn.image, "target": [drawn.skeleton], "person": drawn.mask, "folder": "dataset"}
    first, second = (run("ReposeSaveCoco", **given) for _ in range(2))
    places = [Path(one.files.splitlines()[-1]).parent.name for one in (first, second)]
    assert places == ["dataset", "dataset 2"]
    data = json.loads((folders / "output/dataset/annotations.json").read_text())
    assert data["annotations"][0]["num_keypoints"] == 17 and data["images"][0]["file_name"] == "0001.png"


def test_a_shot_of_a_batch(run, drawn):
    two = drawn.image.repeat(2, 1, 1, 1)
    out = run(
        "ReposeCameraDistance",
        image=two,
        person=drawn.mask,
        target=[drawn.skeleton],
        distance="half",
        shape="1:1",
    )
    assert out.image.shape[0] == 2 and out.image.shape[1] == out.image.shape[2] < 480


def test_a_folder_without_networks_says_which_file_is_missing(run, folders, no_models, drawn):
    from repose.pipelines.models.weights import WeightMissing
    from repose.pipelines.picture import write_picture

    with pytest.raises(ValueError, match="hero shots is no folder: make it"):
        run("ReposeFolder", pose=[])
    write_picture(drawn.image.movedim(-1, 1), folders / "input/hero shots/A.png")
    poses = run("ReposePoseSet", poses="catalogue/front").pose
    with pytest.raises(WeightMissing, match="is missing"):
        run("ReposeFolder", pose=poses)


def test_a_folder_through_the_real_networks(run, folders, with_models, photo, monkeypatch):
    from PIL import Image
    from repose.nodes import host

    monkeypatch.setattr(host, "_resident", {})
    (folders / "input/hero shots").mkdir()
    with Image.open(photo) as picture:
        picture.reduce(8).save(folders / "input/hero shots/TEE.png")
    (folders / "input/hero shots/broken.jpg").write_bytes(b"no picture")
    poses = run("ReposePoseSet", poses="waving = hands/waving").pose
    out = run("ReposeFolder", pose=poses, format="PNG")
    done, failed = json.loads(out.manifest)["entries"][::-1]
    assert done["file"] == "TEE_waving.png" and done["coverage"] > 0.5 and done["passed"] is not None
    assert failed["source"] == "broken.jpg" and failed["status"] == "failed"
    assert "1 pictures made" in out.report and "broken.jpg" in out.report
    assert "0 pictures made, 1 were there" in run("ReposeFolder", pose=poses, format="PNG").report


def test_frames_of_a_photo(run, with_models, photo, monkeypatch):
    from PIL import Image
    from repose.nodes import host

    monkeypatch.setattr(host, "_resident", {})
    with Image.open(photo) as picture:
        pixels = (
            torch.frombuffer(picture.reduce(8).tobytes(), dtype=torch.uint8).reshape(1, 344, 192, 3) / 255
        )
    poses = run("ReposePoseSet", poses="mascot/arms wide\ncasual/contrapposto").pose
    out = run("ReposeFillFrames", image=pixels, pose=poses, frames="9:16 16:9")
    assert out.names == ["9x16/contrapposto", "16x9/arms wide"]
    for image, ratio, person, target, way in zip(
        out.image, (9 / 16, 16 / 9), out.person, out.target, out.correspondence, strict=True
    ):
        assert image.shape[2] / image.shape[1] == pytest.approx(ratio, abs=0.01)
        assert person.shape == image.shape[:3] and len(target) == len(way) == 1
    checked = run(
        "ReposePhotometricCheck", image=pixels, result=out.image[1], person=out.person[1],
        correspondence=out.correspondence[1], garments=out.garments, light=out.light, target=out.target[1],
    )  # fmt: skip
    assert len(checked.checks) == 1 and checked.checks[0].passed is checked.passed


def test_variations_carry_their_names(run):
    poses = run("ReposePoseSet", poses="a = casual/relaxed\nb = hands/waving").pose
    assert run("ReposePoseVariations", pose=poses, count=2, seed=1).names == "a 1\na 2\nb 1\nb 2"
