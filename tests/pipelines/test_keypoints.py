"""Pictures in, landmarks out: the task's own rules with stand-ins, and the real networks on real photos."""

from pathlib import Path

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.keypoints import PRESENT, Keypoints
from repose.pipelines.geometry.landmarks import INDEX, PARTS
from repose.pipelines.keypoints import describe, read_keypoints
from repose.pipelines.people import EVERYONE, NoPerson, Who


class People:
    """A backend that finds `count` people, and remembers whom it was asked for."""

    name, modules = "stand-in", ()

    def __init__(self, count: int):
        self.count, self.asked = count, []

    def read(self, picture, person=None):
        self.asked.append(person)
        everyone = [
            Keypoints(
                np.full((133, 2), i), np.ones(133), np.ones(133), tuple(picture.shape[-2:]), source="stand-in"
            )
            for i in range(self.count)
        ]
        return everyone if person is None else everyone[person : person + 1]


def test_a_batch_gives_one_person_each_with_progress():
    done = []
    found = read_keypoints(torch.zeros(5, 3, 8, 8), People(2), progress=done.append)
    assert len(found) == 5 and done == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert all(keypoints.points[0, 0] == 0 for keypoints in found), "the largest"


def test_the_nth_person():
    assert read_keypoints(torch.zeros(1, 3, 8, 8), People(2), Who(1))[0].points[0, 0] == 1
    with pytest.raises(NoPerson, match=r"picture 1 \(9 x 8\) shows fewer than 3 people"):
        read_keypoints(torch.zeros(1, 3, 8, 9), People(2), Who(2))


def test_nobody_is_an_error_with_the_next_step():
    with pytest.raises(NoPerson, match=r"picture 1 \(9 x 8\).*crop nearer"):
        read_keypoints(torch.zeros(1, 3, 8, 9), People(0))


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (torch.zeros(0, 3, 8, 8), "empty"),
        (torch.zeros(1, 4, 8, 8), r"\(1, 4, 8, 8\)"),
        (torch.zeros(3, 8, 8), r"\(3, 8, 8\)"),
    ],
    ids=["empty", "four channels", "no batch"],
)
def test_bad_input_is_told(pictures, message):
    with pytest.raises(ValueError, match=message):
        read_keypoints(pictures, People(1))


def test_cancel_passes_through():
    class Cancelled(Exception):
        pass

    def cancel(fraction):
        raise Cancelled

    backend = People(1)
    with pytest.raises(Cancelled):
        read_keypoints(torch.zeros(5, 3, 8, 8), backend, progress=cancel)
    assert len(backend.asked) == 1, "nothing is read after the cancel"


def test_description_names_what_is_not_seen():
    keypoints = People(1).read(torch.zeros(1, 3, 8, 8))[0]
    keypoints.confidence[PARTS["left_hand"]] = 0
    assert describe(keypoints) == "stand-in; 112 of 133 landmarks; not seen: left hand"


@pytest.fixture(scope="module")
def backend(weight_path):
    from repose.pipelines.models.wholebody import load_composite

    pytest.importorskip("ai_edge_litert")
    return load_composite(weight_path)


def load(path: Path) -> torch.Tensor:
    """(1, 3, H, W) in [0, 1]."""
    from PIL import Image

    return torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1)[None].float() / 255


@pytest.fixture(scope="module")
def person(photo) -> torch.Tensor:
    """A real photo of a standing person at half its size: 768 x 1376."""
    return torch.nn.functional.avg_pool2d(load(photo), 2)


def test_real_person_is_read_from_head_to_foot(backend, person):
    (keypoints,) = read_keypoints(person, backend)
    for name, part in PARTS.items():
        assert (keypoints.confidence[part] >= PRESENT).all(), f"{name} is not seen"
    assert keypoints["nose"][1] < keypoints["left_shoulder"][1] < keypoints["left_knee"][1]
    assert keypoints["left_shoulder"][0] > keypoints["right_shoulder"][0], (
        "faces us: the left side is at the right"
    )
    head = np.linalg.norm(keypoints["face_8"] - keypoints["face_27"])
    assert np.linalg.norm(keypoints["face_30"] - keypoints["nose"]) < 0.3 * head, "two networks, one nose"
    world = keypoints.world[[INDEX["left_shoulder"], INDEX["left_ankle"]]]
    assert 0.9 < world[1, 1] - world[0, 1] < 1.7, "metres from shoulder to ankle, y down"
    assert "torch" in keypoints.source and "cpu" in keypoints.source


def test_points_follow_a_shift_of_a_quarter_pixel(backend, person):
    """Cut the photo twice, once a quarter pixel to the right and down: points move by as much, per part."""
    shift = 0.25
    height, width = person.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height) - shift, torch.arange(width) - shift, indexing="ij")
    grid = torch.stack(((2 * x + 1) / width - 1, (2 * y + 1) / height - 1), -1)[None]
    moved = torch.nn.functional.grid_sample(
        person, grid, mode="bicubic", padding_mode="border", align_corners=False
    )
    before, after = read_keypoints(torch.cat((person, moved.clamp(0, 1))), backend)
    for name, part in PARTS.items():
        seen = (before.confidence[part] >= PRESENT) & (after.confidence[part] >= PRESENT)
        error = np.abs(after.points[part][seen] - before.points[part][seen] - shift)
        assert np.median(error) <= 0.25, f"{name}: {np.median(error):.2f} px"


def test_mirrored_picture_gives_mirrored_landmarks(backend, person):
    (one,), (other,) = read_keypoints(person, backend), read_keypoints(person.flip(-1), backend)
    back = other.mirrored()
    for name in ("body", "feet", "face"):
        away = np.linalg.norm(back.part(name)[0] - one.part(name)[0], axis=1)
        assert np.median(away) < 4, f"{name}: {np.median(away):.1f} px of 1376"


def test_what_is_cut_away_is_absent(backend, person):
    waist_up = person[..., : person.shape[-2] * 45 // 100, :]
    (keypoints,) = read_keypoints(waist_up, backend)
    assert keypoints.sees("left_shoulder", "right_shoulder", "nose")
    gone = [INDEX[name] for name in ("left_knee", "right_ankle", "left_big_toe", "right_heel")]
    assert (keypoints.confidence[gone] == 0).all()
    headless = person[..., person.shape[-2] * 22 // 100 :, :]
    (keypoints,) = read_keypoints(headless, backend)
    assert keypoints.sees("left_hip", "right_ankle")
    assert (keypoints.confidence[PARTS["face"]] == 0).all() and not keypoints.sees("left_eye")


def test_two_people_the_largest_is_taken_and_said(backend, person):
    small = torch.nn.functional.interpolate(person, scale_factor=0.5, mode="area")
    both = person.new_full((1, 3, person.shape[-2], person.shape[-1] * 3 // 2), 0.5)
    both[..., : person.shape[-1]] = person
    both[..., -small.shape[-2] :, -small.shape[-1] :] = small
    (largest,) = read_keypoints(both, backend)
    assert largest["nose"][0] < person.shape[-1]
    assert any("2 people" in note and "the largest" in note for note in largest.notes)
    (second,) = read_keypoints(both, backend, Who(1))
    assert second["nose"][0] > person.shape[-1]
    (pointed,) = read_keypoints(both, backend, Who(at=tuple(second.points[:17].mean(axis=0))))
    assert np.allclose(pointed.points, second.points)
    everyone = read_keypoints(both, backend, Who(EVERYONE))
    assert [np.allclose(a.points, b.points) for a, b in zip(everyone, (largest, second), strict=True)] == [
        True
    ] * 2


@pytest.mark.parametrize("kind", ["black", "noise", "gradient"])
def test_nobody_in_an_empty_picture(backend, kind):
    torch.manual_seed(0)
    picture = {
        "black": torch.zeros(1, 3, 200, 300),
        "noise": torch.rand(1, 3, 200, 300),
        "gradient": torch.linspace(0, 1, 300).expand(1, 3, 200, 300),
    }[kind]
    with pytest.raises(NoPerson):
        read_keypoints(picture, backend)


def test_64_pixels_and_48_megapixels(backend, person):
    tiny = torch.nn.functional.interpolate(person, size=(64, 64), mode="area")
    try:
        assert len(read_keypoints(tiny, backend)) == 1
    except NoPerson:
        pass  # a person 25 pixels wide may well not be found; it must only be said so
    # expand: one small photo's rows seen as a huge picture would not be a person; stretch it instead.
    huge = torch.nn.functional.interpolate(person.half(), size=(8000, 6000), mode="nearest")
    (keypoints,) = read_keypoints(huge, backend)
    assert keypoints.canvas == (8000, 6000) and keypoints.sees("left_shoulder", "right_ankle")


def test_truth_on_annotated_photos(backend, shared):
    """COCO-WholeBody's own annotation of a skier: body and feet within 5 % of the person's height."""
    import json

    folder = shared / "wholebody"
    truth = json.loads((folder / "000000000785.pose_keypoint.json").read_text())
    truth = (truth[0] if isinstance(truth, list) else truth)["people"][0]
    (keypoints,) = read_keypoints(load(folder / "000000000785.jpg"), backend)
    flat = truth["pose_keypoints_2d"]
    assert len(flat) == 54, "18 OpenPose body points"
    points = np.array(flat).reshape(-1, 3)
    # OpenPose's order: nose, neck, right arm, left arm, right leg, left leg, eyes, ears.
    order = ["nose", None, "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow"]
    order += ["left_wrist", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"]
    errors = [
        np.linalg.norm(keypoints[name] - point[:2])
        for name, point in zip(order, points[: len(order)], strict=True)
        if name and point[2] > 0 and keypoints.sees(name)
    ]
    height = np.ptp(points[points[:, 2] > 0][:, 1])
    assert len(errors) >= 8 and np.median(errors) < 0.05 * height, (
        f"{np.median(errors):.1f} of {height:.0f} px"
    )
