"""controlnet-aux's OpenPose: its files, with random weights of the same shapes, and its decoding, on drawn maps."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from repose.pipelines import openpose
from repose.pipelines.geometry.formats.openpose import BODY_18
from repose.pipelines.geometry.landmarks import INDEX, PARTS
from repose.pipelines.keypoints import describe
from repose.pipelines.models.weights import WeightDamaged
from repose.pipelines.openpose import OpenposeEstimator, load_network, load_openpose
from torch import nn
from torch.nn.functional import avg_pool2d

from ..geometry.people import standing

SIZE = (480, 360)
CHAINS = (
    (("neck", "right_hip", "right_knee", "right_ankle"), 0),
    (("neck", "left_hip", "left_knee", "left_ankle"), 3),
    (("neck", "right_shoulder", "right_elbow", "right_wrist"), 6),
    (("neck", "left_shoulder", "left_elbow", "left_wrist"), 10),
    (("neck", "nose", "right_eye"), 14),
    (("nose", "left_eye"), 16),
    (("right_eye", "right_ear"), 17),
    (("left_eye", "left_ear"), 18),
)
"""Joints that part affinity fields lead along, and the number of the first: OpenPose's order for COCO."""


def few_numbers(kind: type[nn.Module], prefixed: bool) -> dict[str, torch.Tensor]:
    """Random weights with the network's names and shapes; kernels are flat, so that the file is small."""
    with torch.device("meta"):
        wanted = kind().state_dict()
    generator = torch.Generator().manual_seed(0)
    cores = {
        n: torch.randn(*t.shape[:2], *[1] * (t.ndim - 2), generator=generator) for n, t in wanted.items()
    }
    short = (lambda name: name) if prefixed else (lambda name: name.partition(".")[2])
    return {short(n): (1e-3 * cores[n]).expand(t.shape) for n, t in wanted.items()}


def tensors(path):
    """Stands in for ComfyUI's loader."""
    return torch.load(path, weights_only=True)


KINDS = {
    "body_pose_model.pth": ("model", "bodypose_model"),
    "hand_pose_model.pth": ("model", "handpose_model"),
    "facenet.pth": ("face", "FaceNet"),
}


def network(file: str) -> type[nn.Module]:
    module, kind = KINDS[file]
    return getattr(openpose._code(module), kind)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with the three files."""
    folder = tmp_path_factory.mktemp("openpose")
    for file in KINDS:
        torch.save(few_numbers(network(file), prefixed=file == "facenet.pth"), folder / file)
    return folder


def test_random_networks_load_run_and_leave_no_trace(files):
    before = torch.get_rng_state()
    estimator = load_openpose(tensors, *(files / file for file in KINDS), device="cpu")
    assert len(estimator.modules) == 3 and estimator.notes == ()
    assert not any(p.requires_grad for module in estimator.modules for p in module.parameters())
    assert estimator.read(torch.rand(1, 3, 64, 48, generator=torch.Generator().manual_seed(1))) == []
    torch.testing.assert_close(torch.get_rng_state(), before)


@pytest.mark.parametrize("file", KINDS)
def test_every_tensor_arrives_on_the_device_asked_for(files, file):
    saved = torch.load(files / file, weights_only=True)
    loaded = load_network(tensors, network(file), files / file).state_dict()
    for (_, tensor), expected in zip(loaded.items(), saved.values(), strict=True):
        torch.testing.assert_close(tensor, expected.contiguous())
    moved = load_network(tensors, network(file), files / file, "meta")
    assert {p.device.type for p in moved.parameters()} == {"meta"}


def test_missing_hands_and_face_are_told(files):
    estimator = load_openpose(tensors, files / "body_pose_model.pth")
    assert len(estimator.modules) == 1
    assert ["hands" in estimator.notes[0], "face" in estimator.notes[1]] == [True, True]


def test_face_code_that_does_not_load_costs_the_face_only(files, monkeypatch):
    """torchvision, which only the face's module imports, is often of another torch's build."""
    code = openpose._code

    def broken(name):
        if name == "face":
            raise openpose.OpenposeUnavailable("operator torchvision::nms does not exist")
        return code(name)

    monkeypatch.setattr(openpose, "_code", broken)
    estimator = load_openpose(tensors, *(files / file for file in KINDS))
    assert len(estimator.modules) == 2
    assert estimator.notes == ("face not looked for: operator torchvision::nms does not exist",)


def damaged(kind: str, good: dict):
    """What is saved instead of the good state dict."""
    first = next(iter(good))
    return {
        "list": list(good.values())[:2],
        "empty": {},
        "nested": {"state_dict": good},
        "number": {**good, first: 3.0},
        "shape": {**good, first: torch.zeros(2, 3)},
        "fewer": {name: tensor for name, tensor in good.items() if name != first},
        "more": {**good, "fc.weight": torch.zeros(1)},
    }[kind]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("list", "does not hold tensors by their names"),
        ("empty", "does not hold tensors"),
        ("nested", "does not hold tensors by their names"),
        ("number", "does not hold tensors by their names"),
        ("shape", r"conv1_1.weight has shape \(2, 3\), expected \(64, 3, 3, 3\)"),
        ("fewer", "weights of bodypose_model: 1 names differ, conv1_1.weight first"),
        ("more", "weights of bodypose_model: 1 names differ, fc.weight first"),
    ],
)
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_file_of_another_kind(files, tmp_path, kind, reason, zipped):
    good = torch.load(files / "body_pose_model.pth", weights_only=True)
    path = tmp_path / "body_pose_model.pth"
    torch.save(damaged(kind, good), path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(WeightDamaged, match=reason) as caught:
        load_openpose(tensors, path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("kept", [0.0, 0.001, 0.3, 0.99])
def test_a_truncated_file(files, tmp_path, kept):
    path = tmp_path / "body_pose_model.pth"
    torch.save(torch.load(files / "body_pose_model.pth", weights_only=True), path)
    os.truncate(path, int(kept * path.stat().st_size))
    with pytest.raises(WeightDamaged, match="body_pose_model.pth .*fetch it again"):
        load_openpose(tensors, path)


def test_the_hands_file_in_the_bodys_place(files, tmp_path):
    with pytest.raises(WeightDamaged, match="does not hold the weights of bodypose_model"):
        load_openpose(tensors, files / "hand_pose_model.pth")
    with pytest.raises(WeightDamaged, match="does not hold the weights of FaceNet"):
        load_openpose(tensors, files / "body_pose_model.pth", None, files / "hand_pose_model.pth")


def test_the_rest_of_the_library_stays_out(root, files):
    code = (
        "import importlib.util, os, sys, pathlib\n"
        f"spec = importlib.util.spec_from_file_location('repose', r'{root / '__init__.py'}',"
        f" submodule_search_locations=[r'{root}'])\n"
        "sys.modules['repose'] = importlib.util.module_from_spec(spec)\n"
        "import torch\n"
        "from repose.pipelines.openpose import load_openpose\n"
        "assert not {'scipy', 'skimage', 'torchvision'} & set(sys.modules), 'not before it is chosen'\n"
        f"folder = pathlib.Path(r'{files}')\n"
        "read = lambda path: torch.load(path, weights_only=True)\n"
        "load_openpose(read, folder / 'body_pose_model.pth', folder / 'hand_pose_model.pth')\n"
        "assert not {'controlnet_aux', 'timm', 'torchvision', 'matplotlib', 'mediapipe'} & set(sys.modules)\n"
        "assert 'KMP_DUPLICATE_LIB_OK' not in os.environ\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})


def test_without_the_library(files, monkeypatch):
    monkeypatch.delitem(sys.modules, "repose.pipelines.controlnet_aux_open_pose")
    monkeypatch.setattr(openpose.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(openpose.OpenposeUnavailable, match="controlnet-aux is not installed.*pip install"):
        load_openpose(tensors, files / "body_pose_model.pth")


class Stub(nn.Module):
    """Stands in for a network; its parameter says where it runs."""

    def __init__(self):
        super().__init__()
        self.place = nn.Parameter(torch.zeros(1), requires_grad=False)


class BodyStub(Stub):
    """Maps of people in a picture of (height, width) pixels, whatever it is given: 18 points, sure to 0.8."""

    def __init__(self, people: list[np.ndarray], size: tuple[int, int]):
        super().__init__()
        rows, columns = openpose.working_copy(np.zeros((*size, 3), np.uint8))[0].shape[:2]
        # The library makes every picture 184 rows high, and cuts off what is left of a column.
        scale = np.array([int(columns * 184 / rows) / size[1], 184 / size[0]])
        self.people = [torch.from_numpy((p + 0.5) * scale / 8 - 0.5).float() for p in people]

    def forward(self, picture):
        rows, columns = (side // 8 for side in picture.shape[2:])
        y, x = torch.meshgrid(torch.arange(rows).float(), torch.arange(columns).float(), indexing="ij")
        heat, fields = torch.zeros(1, 19, rows, columns), torch.zeros(1, 38, rows, columns)
        for points in self.people:
            for part, (px, py) in enumerate(points):
                bump = 0.8 * torch.exp(-((x - px) ** 2 + (y - py) ** 2) / 2)
                heat[0, part] = torch.maximum(heat[0, part], bump)
            for joints, first in CHAINS:
                for number, limb in enumerate(zip(joints, joints[1:], strict=False), first):
                    start, end = (points[BODY_18.index(joint)] for joint in limb)
                    length = (end - start).norm()
                    dx, dy = (end - start) / length
                    along = ((x - start[0]) * dx + (y - start[1]) * dy).clamp(0, length)
                    near = (x - start[0] - along * dx).hypot(y - start[1] - along * dy) < 1.2
                    fields[0, 2 * number][near], fields[0, 2 * number + 1][near] = dx, dy
        return fields, heat


class BrightHands(Stub):
    """Takes what is bright for each of 21 points."""

    def forward(self, picture):
        return avg_pool2d(picture.mean(1, keepdim=True) + 0.5, 8).expand(-1, 22, -1, -1)


class BrightFaces(Stub):
    def forward(self, picture):
        maps = avg_pool2d(picture.mean(1, keepdim=True) + 0.5, 8).repeat(1, 71, 1, 1)
        maps[:, 5] = 0  # a point that is not there: those after it keep their numbers
        maps[:, 40] *= 0.5
        return [maps * 0, maps]


def decoding(body: Stub, hand: Stub | None = None, face: Stub | None = None) -> OpenposeEstimator:
    """The library's decoders around stubs."""
    parts = []
    for (module, kind, _), model in zip(
        (openpose.BODY_CODE, openpose.HAND_CODE, openpose.FACE_CODE), (body, hand, face), strict=True
    ):
        made = None if model is None else object.__new__(getattr(openpose._code(module), kind))
        if made is not None:
            made.model = model
        parts.append(made)
    return OpenposeEstimator(openpose._code("util"), *parts)


def figure(scale: float = 1.0, right: float = 0.0) -> np.ndarray:
    """(18, 2) pixels of a drawn person's points, shrunk towards the origin, then moved to the right."""
    person = standing().project()
    points = np.array([person[name] if name in INDEX else (0, 0) for name in BODY_18], dtype=np.float64)
    points[1] = (points[2] + points[5]) / 2
    return points * scale + (right, 0)


NAMED = [i for i, name in enumerate(BODY_18) if name in INDEX]


@pytest.mark.parametrize("factor", [0.25, 1.0, 3.0])
def test_a_drawn_figure_comes_back(factor):
    height, width = (round(side * factor) for side in SIZE)
    estimator = decoding(BodyStub([figure(factor)], (height, width)))
    (found,) = estimator.read(torch.zeros(1, 3, height, width))
    error = np.linalg.norm(found.points[:17] - figure(factor)[NAMED][order()], axis=1)
    assert error.max() < 2 * max(1, height / 683), (
        "pixels of the picture, or of the 683 rows it is decoded at"
    )
    np.testing.assert_allclose(found.confidence[:17], 0.8, atol=0.15)
    assert (found.confidence[17:] == 0).all() and found.world is None and found.canvas == (height, width)
    assert found.source == "controlnet-aux OpenPose: torch on cpu" and found.source in describe(found)
    assert (found.spread[:17] > 0).all()


def order() -> list[int]:
    """Places of our 17 body landmarks among OpenPose's without the neck."""
    names = [BODY_18[i] for i in NAMED]
    return [names.index(name) for name in list(INDEX)[:17]]


def test_the_largest_of_two_comes_first():
    estimator = decoding(BodyStub([figure(0.6), figure(0.9, 260)], (SIZE[0], 600)))
    picture = torch.zeros(1, 3, SIZE[0], 600)
    large, small = estimator.read(picture)
    assert large["nose"][0] > 300 > small["nose"][0] and large.notes == ()
    (first,) = estimator.read(picture, 0)
    np.testing.assert_array_equal(first.points, large.points)
    assert first.notes == ("2 people in the picture: the largest was taken",)
    (second,) = estimator.read(picture, 1)
    np.testing.assert_array_equal(second.points, small.points)
    assert estimator.read(picture, 2) == []


def bright(places: list[np.ndarray], spread: float = 3.0) -> torch.Tensor:
    """(1, 3, *SIZE): black, with soft white dots."""
    y, x = torch.meshgrid(torch.arange(SIZE[0]).float(), torch.arange(SIZE[1]).float(), indexing="ij")
    dots = [torch.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * spread**2)) for px, py in places]
    return torch.stack(dots).amax(0).expand(1, 3, -1, -1)


def test_hands_and_face_lie_where_their_networks_see_them():
    points = {name: point for name, point in zip(BODY_18, figure(), strict=True)}
    dots = {
        "left_hand": points["left_wrist"] + (3, 12),
        "right_hand": points["right_wrist"] + (-4, 10),
        "face": points["nose"] + (2, 1),
    }
    estimator = decoding(BodyStub([figure()], SIZE), BrightHands(), BrightFaces())
    (found,) = estimator.read(bright(list(dots.values())))
    for part, dot in dots.items():
        there = found.confidence[PARTS[part]] > 0
        assert there.sum() == (67 if part == "face" else 21)
        error = np.linalg.norm(found.points[PARTS[part]][there] - dot, axis=1)
        assert error.max() < 2, f"{part}: {error.max():.2f} pixels"
        assert 0.5 < found.confidence[PARTS[part]].max() <= 1
    face = found.confidence[PARTS["face"]]
    assert face[5] == 0 and face[40] == pytest.approx(face[39] / 2, rel=1e-3)
    assert (found.confidence[PARTS["feet"]] == 0).all()


def test_hands_that_show_nothing_are_absent():
    estimator = decoding(BodyStub([figure()], SIZE), BrightHands(), BrightFaces())
    (found,) = estimator.read(torch.zeros(1, 3, *SIZE))
    assert (found.confidence[17:] == 0).all() and (found.confidence[:17] > 0).all()


@pytest.mark.parametrize("size", [(1, 1), (8, 400), (700, 8), (64, 64)], ids=str)
def test_pictures_of_any_size(size):
    assert isinstance(decoding(BodyStub([], (100, 100))).read(torch.zeros(1, 3, *size)), list)


def test_people_that_the_decoder_cannot_tell_apart():
    estimator = decoding(BodyStub([], (100, 100)))
    with pytest.raises(ValueError, match="could not tell the people of this picture apart: crop"):
        replace(estimator, body=Crowded()).read(torch.zeros(1, 3, 100, 100))


class Crowded:
    """A decoder that runs out of room, as the library's does for a limb that three part-people claim."""

    def __call__(self, picture):
        raise IndexError("list assignment index out of range")

    def format_body_result(self, *found):
        return []
