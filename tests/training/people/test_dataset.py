"""Storing people: round trips in 8-bit levels and pixels, resuming, a full disk; made of noise, not of people."""

import errno
import io
import os
from collections import namedtuple
from functools import partial

import numpy as np
import pytest
import torch

from training.people.scene import Camera, View
from training.people.truth import dataset
from training.people.truth.codec import Made, Picture, linear_of, packed
from training.people.truth.correspondence import Correspondence
from training.people.truth.dataset import DatasetError, DiskFull, People, complete, encoded, opened, store
from training.people.truth.running import Progress, run

SIZE = (24, 20)
SETTINGS = {"size": 24, "seed": 5, "poses": 2}


def view(generator: torch.Generator) -> View:
    height, width = SIZE
    mask = torch.zeros(SIZE, dtype=torch.bool)
    mask[5:20, 4:15] = torch.rand((15, 11), generator=generator) < 0.8

    def noise(*shape):
        return torch.rand((*shape, height, width), generator=generator) * mask

    plate = torch.rand((3, height, width), generator=generator)
    normal = torch.nn.functional.normalize(torch.randn((3, height, width), generator=generator), dim=0) * mask
    return View(
        rgb=(plate * 255).round() / 255, clean=torch.where(mask, noise(3), plate), plate=plate,
        shadow=torch.ones(SIZE), alpha=mask.float(), albedo=noise(3), region=(noise() * 16).byte(),
        material=(noise() * 14).byte(), depth=(2 + noise()) * mask, normal=normal,
        face=torch.where(mask, (noise() * 30000).int(), -1), barycentric=noise(2) / 2, uv=noise(2),
        shading=3 * noise(3), exposure=1.25,
    )  # fmt: skip


def made(index: int) -> Made:
    generator = torch.Generator().manual_seed(index)
    camera = Camera(torch.eye(3), torch.tensor([0.1, -0.9, -3.0]), 30.5, (9.5, 11.5), SIZE)
    pictures = tuple(
        Picture(view(generator), camera, torch.randn((133, 3), generator=generator), torch.zeros(142, 3),
                torch.eye(3).expand(142, 3, 3))
        for _ in range(2)
    )  # fmt: skip
    pairs = {(s, t): correspondence(pictures[t].view, generator) for s, t in ((0, 1), (1, 0))}
    yaws = [{"yaw": 170.0}, {"yaw": -160.0}]
    return Made({"seed": index, "views": yaws}, pictures, pairs)


def correspondence(target: View, generator: torch.Generator) -> Correspondence:
    person = target.face >= 0
    xy = torch.rand((*SIZE, 2), generator=generator) * torch.tensor([40.0, 48.0]) - 10
    xy = torch.where(person[..., None], xy, torch.nan)
    visible = person & (torch.rand(SIZE, generator=generator) < 0.5)
    return Correspondence(xy, person, person, visible, visible & (xy[..., 0] > 0))


@pytest.fixture
def folder(tmp_path):
    opened(tmp_path / "people", SETTINGS)
    return tmp_path / "people"


def test_what_is_stored_is_read_again(folder):
    one = made(3)
    store(folder, 0, one)
    assert complete(folder, 0)
    person = People(folder)[0]
    before, after = one.pictures[1].view, person[1].view
    levels = {"rgb": 0.51, "clean": 0.51, "plate": 0.51, "alpha": 0.51, "shadow": 0.51, "barycentric": 0.51}
    for name, most in levels.items():
        error = (getattr(before, name) - getattr(after, name)).abs().max() * 255
        assert error < most, f"{name}: {error} of 255"
    assert (srgb(before.albedo) - srgb(after.albedo)).abs().max() < 0.51
    for name in ("region", "material", "face"):
        assert torch.equal(getattr(before, name), getattr(after, name)), name
    for name, most in {"depth": 1e-5, "normal": 0.004, "uv": 1e-5, "shading": 2e-3}.items():
        error = (getattr(before, name) - getattr(after, name)).abs().max()
        assert error < most, f"{name}: {error}"
    assert after.exposure == 1.25 and person[1].camera.size == SIZE and person[1].camera.focal == 30.5
    assert torch.equal(person[1].joints, one.pictures[1].joints)


def srgb(linear):
    """Levels of 255, exactly."""
    return torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.pow(1 / 2.4) - 0.055) * 255


def test_pairs(folder):
    one = made(4)
    store(folder, 0, one)
    people = People(folder)
    assert list(people.pairs()) == [(0, 0, 1), (0, 1, 0)]
    pair = people[0].pair(0, 1)
    truth = one.correspondences[0, 1]
    assert pair.turn == pytest.approx(30)
    assert torch.equal(pair.correspondence.visible, truth.visible)
    assert torch.equal(pair.correspondence.whole, truth.whole)
    error = (pair.correspondence.source_xy - truth.source_xy)[truth.person].abs().max()
    assert error < 24 / 43000 + 1e-4, f"{error} px"
    assert torch.isnan(pair.correspondence.source_xy[~truth.person]).all()


def test_the_same_person_gives_the_same_bytes(monkeypatch):
    first = encoded(made(7))
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert encoded(made(7)) == first and encoded(made(8)) != first
    with np.load(io.BytesIO(first["truth.npz"]), allow_pickle=False) as file:
        assert set(file.files) == set(packed(made(7)))


def test_other_settings_are_refused(folder):
    opened(folder, SETTINGS)
    with pytest.raises(DatasetError, match="size 24 there, 32 asked"):
        opened(folder, SETTINGS | {"size": 32})
    (folder / "index.json").write_text("{")
    with pytest.raises(DatasetError, match="not JSON"):
        People(folder)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(DatasetError, match="letter.txt"):
        opened(tmp_path, SETTINGS)
    with pytest.raises(DatasetError, match="no index.json"):
        People(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "changed", "missing", "record"])
def test_what_is_damaged_is_made_again(folder, damage):
    run(folder, 2, plain, 1, silent)
    file = folder / "000001" / ("record.json" if damage == "record" else "truth.npz")
    data = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(data[:-9] if damage != "changed" else bytes([data[0] ^ 1]) + data[1:])
    (folder / ".000001.part").mkdir()
    assert complete(folder, 0) and not complete(folder, 1)
    assert run(folder, 2, plain, 1, silent)
    assert file.read_bytes() == data and not list(folder.glob(".*"))


def plain():
    return encode


def encode(index: int) -> dict[str, bytes]:
    return encoded(made(index))


class Count(Progress):
    """Progress that keeps quiet."""

    def step(self):
        self.done += 1


def silent(total: int) -> Count:
    return Count(total, 2, io.StringIO())


def test_only_what_is_missing_is_made(folder):
    asked = []

    def prepare():
        return lambda index: (asked.append(index), encode(index))[1]

    run(folder, 2, prepare, 1, silent)
    before = (folder / "000000" / "record.json").stat().st_mtime_ns
    run(folder, 3, prepare, 1, silent)
    assert asked == [0, 1, 2] and (folder / "000000" / "record.json").stat().st_mtime_ns == before
    assert len(People(folder)) == 3


def test_a_full_disk_says_what_to_do_and_leaves_nothing(folder, monkeypatch):
    Usage = namedtuple("Usage", "total used free")
    monkeypatch.setattr(dataset.shutil, "disk_usage", lambda _: Usage(1, 1, 1000))
    with pytest.raises(DiskFull, match="1,000 are left.*same command again"):
        store(folder, 0, made(0))
    assert [path.name for path in folder.iterdir()] == ["index.json"]


def test_a_disk_that_fills_while_writing_leaves_nothing(folder, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(DiskFull, match=str(folder)):
        run(folder, 1, plain, 1, silent)
    assert [path.name for path in folder.iterdir()] == ["index.json"]


def test_interrupted_people_are_not_there_and_come_later(folder):
    def stopped():
        def one(index):
            if index == 1:
                raise KeyboardInterrupt
            return encode(index)

        return one

    assert run(folder, 3, stopped, 1, silent) is False
    assert [complete(folder, i) for i in range(3)] == [True, False, False]
    assert run(folder, 3, plain, 1, silent) is True


def test_several_processes_make_the_same_people(folder, tmp_path):
    opened(tmp_path / "two", SETTINGS)
    run(folder, 3, plain, 1, silent)
    made_elsewhere = partial(getattr, {i: encode(i) for i in range(3)}, "__getitem__")
    run(tmp_path / "two", 3, made_elsewhere, 2, silent)
    for i in range(3):
        for name in ("0.png", "truth.npz", "record.json"):
            a, b = (root / f"{i:06d}" / name for root in (folder, tmp_path / "two"))
            assert a.read_bytes() == b.read_bytes(), f"{a} and {b} differ"


def test_the_error_names_the_person(folder):
    def broken():
        def one(index):
            raise ValueError("no such shoe")

        return one

    with pytest.raises(ValueError, match="no such shoe") as caught:
        run(folder, 1, broken, 1, silent)
    assert "while making person 0" in caught.value.__notes__[0]


def test_progress_tells_rate_and_time_left():
    progress = Progress(100, 4, io.StringIO(), done=25, began=0.0)
    assert progress.line(10.0).startswith("25/100 people, 10.0 images/s, 0 min 30 s left")


def test_levels_of_albedo_round_trip():
    levels = torch.arange(256).byte()
    assert (srgb(linear_of(levels)) - levels.float()).abs().max() < 0.01
