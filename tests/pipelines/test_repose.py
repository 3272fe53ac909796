"""The whole chain on a real photo, and on input that is not what it hopes for."""

import json
import subprocess
import sys
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from repose.pipelines import repose as chain
from repose.pipelines.geometry.landmarks import PARTS
from repose.pipelines.geometry.library import load_pose, write_pose
from repose.pipelines.models import weights
from repose.pipelines.moving import reposed_people
from repose.pipelines.people import NoPerson
from repose.pipelines.picture import PictureError, read_picture, write_picture
from repose.pipelines.read import load_reader

HEIGHT = 900


@pytest.fixture(scope="module")
def reader(weight_path):
    return load_reader(weight_path)


@pytest.fixture(scope="module")
def picture(photo):
    """(1, 3, 900, 502) the standing person."""
    whole = read_picture(photo)
    return F.interpolate(whole, scale_factor=HEIGHT / whole.shape[2], mode="area")


@pytest.fixture(scope="module")
def reading(reader, picture):
    return reader.read(picture)


def test_the_person_is_in_the_new_pose_and_the_room_is_the_same(reader, picture, reading):
    reposed = chain.repose(picture, reading, load_pose("waving"))
    assert reposed.picture.shape == picture.shape
    wanted = reposed.target.project()
    found = reader.keypoints.read(reposed.picture)[0]
    body = PARTS["body"]
    seen = found.confidence[body] > 0.5
    error = torch.tensor(found.points[body] - wanted.points[body]).norm(dim=1)[torch.tensor(seen)]
    tall = 0.85 * HEIGHT
    assert float(error.median()) < 0.02 * tall and float(error.quantile(0.9)) < 0.05 * tall, error
    outside = (F.max_pool2d(torch.maximum(reposed.person, reading.matte), 151, 1, 75) == 0).expand_as(picture)
    assert int(outside.sum()) > 10_000
    assert float((reposed.picture - picture)[outside].abs().mean()) < 0.01


def test_one_photo_in_two_poses_is_read_once(reader, picture, monkeypatch):
    small = F.interpolate(picture, scale_factor=0.4, mode="area")
    read, reads = type(reader).read, []
    monkeypatch.setattr(type(reader), "read", lambda *given: reads.append(1) or read(*given))
    poses = [load_pose("waving"), load_pose("contrapposto")]
    both = reposed_people(small, reader, poses, chain.ReposeOptions())
    assert len(both) == 2 and len(reads) == 1
    (alone,) = reposed_people(small, reader, poses[1:], chain.ReposeOptions())
    # What the first pose filled is shown again in the second: there alone, and in its shade, the two may differ.
    unseen = (both[1].correspondence.visible < 0.5)[None, None] & (both[1].person > 0)
    hidden = F.max_pool2d(unseen.float(), 17, 1, 8) > 0
    differ = (both[1].picture - alone.picture).abs().amax(1, keepdim=True) > 1e-4
    assert not bool((differ & ~hidden).any()) and len(both[1].surface) > len(both[0].surface) > 0
    plain = [
        reposed_people(small, reader, some, chain.ReposeOptions(fill=False))[-1]
        for some in (poses, poses[1:])
    ]
    assert torch.allclose(plain[0].picture, plain[1].picture)
    assert float((both[0].picture - both[1].picture).abs().max()) > 0.2


def test_seen_and_hidden_make_up_the_person(picture, reading):
    reposed = chain.repose(picture, reading, load_pose("contrapposto"))
    assert float((reposed.hidden - reposed.person).max()) < 1e-4
    share = reposed.report()["hidden_share"]
    assert 0 < share < 0.25
    found = reposed.correspondence
    visible = found.visible * reposed.person[0, 0]
    assert torch.allclose(visible + reposed.hidden[0, 0], reposed.person[0, 0], atol=0.02)


def test_a_seat_is_behind_the_person_and_can_be_left_out(picture, reading):
    pose = load_pose("seated/seated")
    with_seat = chain.repose(picture, reading, pose)
    without = chain.repose(picture, reading, pose, chain.ReposeOptions(seat=False))
    assert any("block was drawn" in note for note in with_seat.notes) and not any(
        "block" in note for note in without.notes
    )
    assert torch.equal(with_seat.person, without.person)
    person = (with_seat.person == 1).expand_as(with_seat.picture)
    assert float((with_seat.picture - without.picture)[person].abs().max()) < 1e-6
    changed = ((with_seat.picture - without.picture).abs().amax(1) > 0.02) & (with_seat.person[0] < 0.5)
    assert int(changed.sum()) > 0.02 * float(with_seat.person.sum())


def test_the_face_keeps_its_own_pixels(picture, reading):
    """Between the eyes and the chin the reposed picture is the photo, resampled."""
    reposed = chain.repose(picture, reading, load_pose("contrapposto"))
    found = reposed.correspondence.source
    points = reposed.target.project().points[PARTS["face"]]
    x, y = torch.tensor(points[30:60]).round().long().T
    at = found[y, x]
    grid = (at + 0.5) / torch.tensor([picture.shape[3], picture.shape[2]]) * 2 - 1
    source = F.grid_sample(picture, grid[None, None], align_corners=False)[0, :, 0]
    assert float((reposed.picture[0][:, y, x] - source).abs().mean()) < 0.03


def test_nobody_in_the_picture_is_said(reader):
    empty = torch.linspace(0.3, 0.7, 400).expand(1, 3, 300, 400)
    with pytest.raises(NoPerson, match="no person was found"):
        reader.read(empty)


def test_of_two_people_the_largest_is_taken_and_it_is_said(reader, picture):
    small = F.interpolate(picture, scale_factor=0.6, mode="area")
    both = F.pad(picture, (0, small.shape[3], 0, 0), mode="replicate")
    both[:, :, -small.shape[2] :, -small.shape[3] :] = small
    read = reader.read(both)
    assert read.keypoints["nose"][0] < picture.shape[3]
    assert any("2 people" in note for note in read.keypoints.notes), read.keypoints.notes
    second = reader.read(both, person=1)
    assert second.keypoints["nose"][0] > picture.shape[3]


def test_what_a_cut_at_the_waist_took_stays_away(reader, picture):
    upper = picture[:, :, : HEIGHT // 2]
    read = reader.read(upper)
    assert not read.keypoints.sees("left_knee") and not read.keypoints.sees("left_ankle")
    reposed = chain.repose(upper, read, load_pose("waving"))
    assert reposed.picture.shape == upper.shape and float(reposed.person.mean()) > 0.05


def test_a_figure_without_a_head_is_reposed_without_one(reader, picture):
    below = picture[:, :, 190:]
    read = reader.read(below)
    assert not read.keypoints.sees("nose")
    reposed = chain.repose(below, read, load_pose("contrapposto"))
    assert float(reposed.person.mean()) > 0.05


def test_a_tiny_picture_works(reader, picture):
    square = F.pad(picture, (199, 199, 0, 0), mode="replicate")
    tiny = F.interpolate(square, size=(64, 64), mode="area")
    reposed = chain.repose(tiny, reader.read(tiny), load_pose("waving"))
    assert reposed.picture.shape == (1, 3, 64, 64)


def test_a_cancelled_run_stops_where_it_is(picture, reading):
    def cancel(fraction):
        if fraction > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        chain.repose(picture, reading, load_pose("front"), progress=cancel)


def test_progress_only_grows_and_ends_at_one(picture, reading):
    told = []
    chain.repose(picture, reading, load_pose("front"), progress=told.append)
    assert told == sorted(told) and told[-1] == 1 and len(told) > 5


@pytest.fixture()
def files(tmp_path, picture, models):
    photo = write_picture(picture, tmp_path / "photo.png")
    return photo, tmp_path, partial(chain.repose_file, models=models / "repose")


def test_from_file_to_file_by_name_by_picture_and_by_pose_file(files):
    photo, folder, run = files
    write_pose(load_pose("seated"), folder / "own.json")
    for i, pose in enumerate(("walking", str(photo), str(folder / "own.json"))):
        run(photo, pose, folder / f"out{i}.png", folder / f"out{i}.json")
        assert read_picture(folder / f"out{i}.png").shape == read_picture(photo).shape
        assert json.loads((folder / f"out{i}.json").read_text())["size"] == [502, 900]


@pytest.mark.parametrize(
    ("given", "pose", "reason"),
    [
        ("missing.png", "walking", "missing.png"),
        ("photo.png", "no such pose", "neither a file nor one of the poses"),
        ("photo.png", "broken.json", "broken.json"),
    ],
)
def test_bad_files_are_named_and_nothing_is_written(files, given, pose, reason):
    _, folder, run = files
    (folder / "broken.json").write_text("{")
    pose = str(folder / pose) if pose.endswith(".json") else pose
    with pytest.raises((ValueError, PictureError, OSError), match=reason):
        run(folder / given, pose, folder / "out.png")
    assert not (folder / "out.png").exists() and not list(folder.glob(".*"))


def test_missing_weights_say_what_to_do(files):
    photo, folder, _ = files
    with pytest.raises(weights.WeightMissing, match="run.py weights"):
        chain.repose_file(photo, "walking", folder / "out.png", models=folder / "nothing")


def test_a_48_megapixel_photo_stays_under_four_gigabytes(root, photo, models):
    """8000 x 6000, in a process of its own, so that the peak is the chain's."""
    pytest.importorskip("resource", reason="peak memory is read from the operating system's resource module")
    code = f"""
import resource, sys
sys.path.insert(0, {str(root)!r})
from setup import pack
pack.load()
import torch
import torch.nn.functional as F
torch.set_num_threads(2)
repose, weights = pack.engine("repose"), pack.engine("models.weights")
figure = F.interpolate(pack.engine("picture").read_picture({str(photo)!r}), size=(6000, 3349), mode="bilinear")
picture = F.pad(figure, (2300, 2351, 0, 0), mode="replicate")
del figure
reader = pack.engine("read").load_reader(lambda id: weights.find(id, [{str(models / "repose")!r}]))
made = repose.repose_picture(
    picture, reader, pack.engine("geometry.library").load_pose("waving"), repose.ReposeOptions()
)
assert made.picture.shape == (1, 3, 6000, 8000) and float(made.person.mean()) > 0.02
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak // (1 << 20 if sys.platform == "darwin" else 1 << 10))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.split()[-1]) < 4096, f"{done.stdout} MB"
