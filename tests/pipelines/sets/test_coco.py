"""COCO data sets, read back by COCO's own tools."""

import contextlib
import io
import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from repose.pipelines.geometry.formats.coco import read_coco
from repose.pipelines.geometry.garments import NUMBER, REGIONS, GarmentMap
from repose.pipelines.repose import ReposeOptions, repose
from repose.pipelines.sets.coco import Scene, dataset, free_folder, labels_of, run_lengths, save_dataset
from repose.pipelines.sets.listing import listed_poses

from ...geometry.people import draw, standing


def decoded(code):
    """A mask from its run lengths, as COCO's format page says: columns first, zeros first."""
    height, width = code["size"]
    flat = np.repeat(np.arange(len(code["counts"])) % 2, code["counts"])
    return flat.reshape(width, height).T.astype(bool)


@pytest.fixture(scope="module")
def made():
    """A drawn person walking: the result, a map of the clothes, and the data set."""
    skeleton = standing()
    picture, matte = draw(skeleton)
    from repose.pipelines.geometry.layers import Regions
    from repose.pipelines.read import Reading

    reading = Reading(
        skeleton.project(), matte, Regions(torch.zeros_like(matte), torch.zeros_like(matte)), skeleton
    )
    (pose,) = listed_poses("hands/waving")
    result = repose(picture, reading, pose, ReposeOptions())
    labels = torch.where(matte > 0.5, NUMBER["upper"], 0).to(torch.uint8)
    labels[..., 260:, :] = torch.where(labels[..., 260:, :] > 0, NUMBER["lower"], 0).to(torch.uint8)
    clothes = GarmentMap(labels, torch.zeros_like(matte), matte)
    data = dataset(
        ["a.png"],
        Scene([result.target], result.person, result.hidden, [result.correspondence], [clothes], 5),
    )
    return result, clothes, data


@given(arrays.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_run_lengths_are_the_mask(mask):
    code = run_lengths(mask)
    assert np.array_equal(decoded(code), mask) and sum(code["counts"]) == mask.size
    assert all(count > 0 for count in code["counts"][1:]), "only the first run may be empty"


def test_the_person_with_mask_box_and_points(made):
    result, _, data = made
    person = data["annotations"][0]
    mask = (result.person[0, 0] >= 0.5).numpy()
    assert np.array_equal(decoded(person["segmentation"]), mask) and person["area"] == mask.sum()
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert person["bbox"] == [columns[0], rows[0], np.ptp(columns) + 1, np.ptp(rows) + 1]
    points = np.array(person["keypoints"]).reshape(17, 3)
    truth = result.target.project().points[:17]
    assert np.abs(points[:, :2] - truth).max() < 0.01 and person["num_keypoints"] == 17
    assert data["images"][0] == {"id": 1, "file_name": "a.png", "height": 480, "width": 360}
    assert data["info"]["seed"] == 5


def test_a_landmark_that_is_a_guess_is_marked_as_hidden(made):
    result, _, _ = made
    hidden = torch.zeros_like(result.person)
    x, y = (int(v) for v in result.target.project()["left_knee"])
    hidden[..., y - 12 : y + 12, x - 12 : x + 12] = 1
    person = dataset(["a"], Scene([result.target], result.person, hidden))["annotations"][0]
    seen = dict(zip(dataset(["a"], Scene([result.target], result.person))["categories"][0]["keypoints"],
                    person["keypoints"][2::3], strict=True))  # fmt: skip
    assert seen["left_knee"] == 1 and seen["right_knee"] == 2 and seen["nose"] == 2


def test_a_landmark_outside_the_frame_is_not_labelled(made):
    result, _, _ = made
    up = result.target.moved(np.array([0.0, -300.0]))
    person = dataset(["a"], Scene([up], result.person, result.hidden))["annotations"][0]
    points = np.array(person["keypoints"]).reshape(17, 3)
    assert points[0].tolist() == [0, 0, 0] and person["num_keypoints"] == int((points[:, 2] > 0).sum()) < 17


def test_garments_where_the_pose_has_taken_them(made):
    result, clothes, data = made
    labels = labels_of(result.correspondence, clothes)
    regions = {one["category_id"]: one for one in data["annotations"][1:]}
    names = {one["id"]: one["name"] for one in data["categories"]}
    assert {names[key] for key in regions} == {"upper", "lower"}
    assert [one["name"] for one in data["categories"]] == ["person", *REGIONS[1:]]
    person = (result.person[0, 0] >= 0.5).numpy()
    masks = {names[key]: decoded(one["segmentation"]) for key, one in regions.items()}
    assert not (masks["upper"] & masks["lower"]).any() and not (masks["upper"] & ~person).any()
    covered = (masks["upper"] | masks["lower"])[person].mean()
    assert covered > 0.97 and set(labels.unique().tolist()) <= {0, NUMBER["upper"], NUMBER["lower"]}
    hand = [int(v) for v in result.target.project()["left_wrist"]]
    assert masks["upper"][hand[1], hand[0]] or masks["lower"][hand[1], hand[0]], "the raised hand is labelled"


def test_coco_s_own_tools_read_it(made, tmp_path):
    coco = pytest.importorskip("pycocotools.coco")
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    result, _, data = made
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps(data))
    with contextlib.redirect_stdout(io.StringIO()):
        read = coco.COCO(str(path))
        assert len(read.getAnnIds(imgIds=[1])) == len(data["annotations"])
        for one in read.loadAnns(read.getAnnIds()):
            assert read.annToMask(one).sum() == one["area"] > 0
        person = read.loadAnns(read.getAnnIds(catIds=read.getCatIds(["person"])))
        for kind in ("keypoints", "segm"):
            found = read.loadRes([{**one, "score": 1.0} for one in person])
            judge = evaluation.COCOeval(read, found, kind)
            judge.params.catIds = [1]
            judge.evaluate()
            judge.accumulate()
            judge.summarize()
            assert judge.stats[0] == pytest.approx(1.0)


def test_this_pack_reads_it_too(made):
    result, _, data = made
    people = {"images": data["images"], "annotations": data["annotations"][:1]}
    ((person,),) = read_coco(people)
    assert np.abs(person.points[:17] - result.target.project().points[:17]).max() < 0.01


def test_pictures_and_annotations_in_a_folder(made, tmp_path):
    result, _, _ = made
    scene = Scene([result.target], result.person)
    files = save_dataset(result.picture, ["hands/waving"], tmp_path / "set", scene)
    assert [file.relative_to(tmp_path / "set").as_posix() for file in files] == [
        "images/0001 hands-waving.png", "annotations.json",
    ]  # fmt: skip
    assert json.loads(files[-1].read_text())["images"][0]["file_name"] == "0001 hands-waving.png"
    assert free_folder(tmp_path / "set").name == "set 2" and free_folder(tmp_path / "new").name == "new"


def test_no_room_for_the_annotations(made, tmp_path, monkeypatch):
    def full(self, *_, **__):
        raise OSError(28, "No space left on device")

    result, _, _ = made
    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(
        ValueError, match=r"annotations.json: cannot be written \(No space left on device\); 1 pictures"
    ):
        save_dataset(result.picture, [], tmp_path, Scene([result.target], result.person))
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["0001.png"]


def test_counts_that_differ(made):
    result, _, _ = made
    with pytest.raises(ValueError, match="2 pictures, 3 figures, 1 masks"):
        dataset(["a", "b"], Scene([result.target] * 3, result.person))
