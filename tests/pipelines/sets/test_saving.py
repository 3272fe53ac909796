"""Files of a set."""

import pytest
import torch
from repose.pipelines.light.findings import Checked, Finding
from repose.pipelines.picture import PictureError, read_picture, read_picture_and_alpha
from repose.pipelines.sets import saving
from repose.pipelines.sets.manifest import Manifest, file_digest
from repose.pipelines.sets.saving import file_names, picture_digest, save_set, shots_of

PHOTO = torch.linspace(0, 1, 3 * 32 * 24).reshape(1, 3, 32, 24)
NAMES = ["front", "dynamic/walking"]


def pictures(count=2):
    return [torch.full((1, 3, 32, 24), 0.25 + 0.25 * i) for i in range(count)]


def test_files_with_all_that_is_known(tmp_path):
    person, hidden = torch.ones(1, 1, 32, 24), torch.zeros(1, 1, 32, 24)
    hidden[..., :8, :] = 1
    bad = Checked((Finding("limb", "left arm", 6.0, 3.0, " %"),), torch.zeros(1, 1, 32, 24))
    mute = Checked((Finding("limb", "too small"),), torch.zeros(1, 1, 32, 24))
    shots = shots_of(pictures(), NAMES, [person], [hidden], [bad, mute])
    made = save_set(shots, "A-1", PHOTO, tmp_path / "set", seed=7)
    assert [file.name for file in made.files] == ["A-1_front.png", "A-1_dynamic-walking.png"]
    front, walking = Manifest.read(tmp_path / "set")
    assert front.sha256 == file_digest(made.files[0]) and (front.width, front.height) == (24, 32)
    assert front.coverage == 0.75 and front.passed is False and "left arm" in front.findings[0]
    assert front.seed == 7 and walking.group == "dynamic" and walking.passed is None
    assert walking.findings == (saving.UNCHECKED,)
    assert torch.allclose(read_picture(made.files[1]), shots[1].pixels, atol=1 / 255)
    assert "check: front" in made.text() and "2 of 2 pictures" in made.text()


def test_transparency_is_kept(tmp_path):
    cut = torch.rand(1, 4, 16, 16)
    made = save_set(shots_of([cut], []), "m", PHOTO, tmp_path)
    assert torch.allclose(read_picture_and_alpha(made.files[0]).alpha, cut[:, 3:], atol=1 / 255)
    assert made.files[0].name == "m_01.png"


def test_the_same_photo_again_replaces_its_pictures_only(tmp_path):
    save_set(shots_of(pictures(), NAMES), "A", PHOTO, tmp_path)
    save_set(shots_of(pictures(1), ["front"]), "B", 1 - PHOTO, tmp_path)
    save_set(shots_of([torch.zeros(1, 3, 8, 8)], ["front"]), "A", PHOTO, tmp_path)
    manifest = Manifest.read(tmp_path)
    assert [one.key for one in manifest] == [("A", "front"), ("A", "dynamic/walking"), ("B", "front")]
    assert manifest.of("A", "front").width == 8 and manifest.of("B", "front").width == 24


def test_one_sku_for_two_photos_is_refused_and_nothing_is_lost(tmp_path):
    save_set(shots_of(pictures(), NAMES), "A", PHOTO, tmp_path)
    before = {path: file_digest(path) for path in tmp_path.iterdir()}
    with pytest.raises(
        ValueError, match=r"A is the SKU of another photo already \(A_front.png, photo .*another SKU"
    ):
        save_set(shots_of(pictures(), NAMES), "A", 1 - PHOTO, tmp_path)
    assert {path: file_digest(path) for path in tmp_path.iterdir()} == before


def test_a_picture_that_finds_no_room_is_named_and_the_others_are_saved(tmp_path, monkeypatch):
    write = saving.write_picture

    def full(pixels, path, texts=None):
        if "front" in path.name:
            raise PictureError(f"{path}: cannot be written (No space left on device); choose another folder")
        return write(pixels, path, texts)

    monkeypatch.setattr(saving, "write_picture", full)
    made = save_set(shots_of(pictures(), NAMES), "A", PHOTO, tmp_path)
    assert [file.name for file in made.files] == ["A_dynamic-walking.png"]
    (failure,) = Manifest.read(tmp_path).failures
    assert failure.pose == "front" and "No space left" in failure.reason and failure.sha256 == ""
    assert "not saved: A front: " in made.text()
    with pytest.raises(ValueError, match="none of 1 pictures could be saved: .*No space left"):
        save_set(shots_of(pictures(1), ["front"]), "A", PHOTO, tmp_path)


@pytest.mark.parametrize(
    ("names", "said"), [(["a"], "2 pictures, but 1 names"), (["a", "b", "c"], "3 names")]
)
def test_names_for_other_pictures(names, said):
    with pytest.raises(ValueError, match=said):
        shots_of(pictures(), names)


def test_two_pictures_of_one_file():
    assert file_names("A", ["x/y", "z"], ".png") == ["A_x-y.png", "A_z.png"]
    with pytest.raises(ValueError, match='would be saved as A_X-Y.png: give the pose "X-Y" another name'):
        file_names("A", ["x/y", "X-Y"], ".png")


def test_a_sku_leads_out_of_no_folder(tmp_path):
    made = save_set(shots_of(pictures(1), ["../../front"]), "../A", PHOTO, tmp_path / "set")
    assert made.files[0].parent == tmp_path / "set"


def test_an_unknown_format(tmp_path):
    with pytest.raises(ValueError, match="the format is 'GIF', expected one of PNG, JPEG, WebP"):
        save_set(shots_of(pictures(1), []), "A", PHOTO, tmp_path, "GIF")


def test_a_pictures_digest_knows_its_shape_and_not_its_rounding():
    eighths = PHOTO.mul(255).round() / 255
    assert picture_digest(eighths) == picture_digest((eighths + 1e-4).clamp(0, 1))
    assert picture_digest(PHOTO) != picture_digest(PHOTO.reshape(1, 3, 24, 32))


def test_without_a_sku_photos_have_their_own_names_and_go_side_by_side(tmp_path):
    for photo in (PHOTO, 1 - PHOTO, PHOTO):
        save_set(shots_of(pictures(1), ["front"]), " ", photo, tmp_path)
    names = sorted(path.name for path in tmp_path.glob("*.png"))
    assert names == sorted(f"photo-{picture_digest(photo)[:8]}_front.png" for photo in (PHOTO, 1 - PHOTO))
    assert len(list(Manifest.read(tmp_path))) == 2
