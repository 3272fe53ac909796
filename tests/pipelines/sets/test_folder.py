"""A folder of photos: it goes on where it stopped, and past what it cannot do."""

from types import SimpleNamespace

import pytest
import torch
from repose.pipelines.framing import Framing
from repose.pipelines.models.weights import WeightMissing
from repose.pipelines.picture import PictureError, read_picture, write_picture
from repose.pipelines.repose import ReposeOptions
from repose.pipelines.sets import folder
from repose.pipelines.sets.folder import WHOLE, BatchOptions, photos_in, repose_folder
from repose.pipelines.sets.listing import listed_poses
from repose.pipelines.sets.manifest import Manifest, ManifestError, file_digest

TWO = "waving = hands/waving\nstatic/front = catalogue/front"
PLAIN = BatchOptions(check=False, longest=480)


@pytest.fixture
def quick(monkeypatch):
    """The chain without its seconds: the photo itself, darker by the pose."""

    def reposed(picture, reader, pose, options, progress, known, reading, canvas):
        for fraction in (0.5, 1.0):
            if progress:
                progress(fraction)
        pixels = picture * (0.5 + 0.4 * (pose.name == "waving"))
        return SimpleNamespace(picture=pixels, coverage=0.8, correspondence=None)

    monkeypatch.setattr(folder, "repose_picture", reposed)


@pytest.fixture
def photos(tmp_path, drawn_photo):
    """Two photos of the drawn person."""
    for name, share in (("A-1.png", 1.0), ("B-2.png", 0.9)):
        write_picture(drawn_photo * share, tmp_path / "in" / name)
    return tmp_path / "in"


def run(photos, reader, output, poses=TWO, options=PLAIN, progress=None):
    return repose_folder(photos_in(photos), listed_poses(poses), output, lambda: reader, options, progress)


def test_a_photo_in_every_pose_with_a_record_of_each(photos, reader, tmp_path):
    (photos / "B-2.png").unlink()
    told = []
    made = run(photos, reader, tmp_path / "out", options=BatchOptions(longest=480), progress=told.append)
    names = ["A-1_waving.png", "A-1_static-front.png"]
    assert [file.name for file in made.files] == names and (made.made, made.kept) == (2, 0)
    for entry in Manifest.read(tmp_path / "out"):
        assert entry.sha256 == file_digest(tmp_path / "out" / entry.file)
        assert entry.source_sha256 == file_digest(photos / entry.source)
        assert entry.coverage > 0.5 and (entry.width, entry.height) == (360, 480)
        assert entry.passed is not None or entry.findings
    assert len(reader.asked) == 1, "the photo is read once"
    assert told == sorted(told) and told[-1] == 1.0


def test_it_goes_on_where_it_was_stopped(quick, photos, reader, tmp_path):
    class Stopped(Exception):
        """As ComfyUI ends a run."""

    def stop(fraction):
        if fraction > 0.6:
            raise Stopped

    with pytest.raises(Stopped):
        run(photos, reader, tmp_path / "out", progress=stop)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.png")}
    assert 1 <= len(kept) < 4 and len(Manifest.read(tmp_path / "out").entries) == len(kept)
    made = run(photos, reader, tmp_path / "out")
    assert (made.made, made.kept) == (4 - len(kept), len(kept)) and len(made.files) == 4
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "nothing is made twice"
    reader.asked.clear()
    again = run(photos, reader, tmp_path / "out")
    assert (again.made, again.kept) == (0, 4) and not reader.asked, "no network runs when all is there"


def test_what_changed_is_made_anew(quick, photos, reader, tmp_path, drawn_photo):
    run(photos, reader, tmp_path / "out")
    (tmp_path / "out" / "A-1_waving.png").write_bytes(b"somebody's notes")
    write_picture(drawn_photo * 0.8, photos / "B-2.png")
    poses = "waving = hands/waving\nstatic/front = casual/relaxed"
    made = run(photos, reader, tmp_path / "out", poses)
    assert (made.made, made.kept) == (4, 0), "a lost file, another photo, another pose of that name"
    assert (run(photos, reader, tmp_path / "out", poses).made) == 0


def test_one_bad_file_stops_nothing(quick, photos, reader, tmp_path, drawn_photo):
    (photos / "A-3 broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a photo at all")
    write_picture(torch.full((1, 3, 480, 360), 0.5), photos / "C nobody.png")
    write_picture(drawn_photo, photos / "b-2.JPG")
    (photos / "notes.txt").write_text("passed over")
    (photos / ".hidden.png").write_bytes(b"passed over")
    made = run(photos, reader, tmp_path / "out")
    assert (made.made, len(made.files)) == (4, 4)
    failures = {one.source: one.reason for one in Manifest.read(tmp_path / "out").failures}
    assert set(failures) == {"A-3 broken.jpg", "C nobody.png", "B-2.png"}
    assert "not a picture" in failures["A-3 broken.jpg"] or "damaged" in failures["A-3 broken.jpg"]
    assert failures["C nobody.png"] == "nobody is seen"
    assert "b-2.JPG has the SKU B-2 too: rename one of them" in failures["B-2.png"]
    assert all(one.pose == WHOLE and one.sha256 == "" for one in Manifest.read(tmp_path / "out").failures)
    assert "failed: C nobody.png -: nobody is seen" in made.text()
    (photos / "C nobody.png").unlink()
    assert "C nobody.png" not in run(photos, reader, tmp_path / "out").text(), (
        "what is gone is not said again"
    )


def test_a_full_disk_is_named_and_nothing_finished_is_lost(quick, photos, reader, tmp_path, monkeypatch):
    write, count = folder.write_picture, []

    def filling_up(pixels, path):
        count.append(path.name)
        if len(count) == 2:
            raise PictureError(f"{path}: cannot be written (No space left on device); choose another folder")
        return write(pixels, path)

    monkeypatch.setattr(folder, "write_picture", filling_up)
    made = run(photos, reader, tmp_path / "out")
    (failure,) = Manifest.read(tmp_path / "out").failures
    assert made.made == 3 and failure.pose == "static/front" and "No space left" in failure.reason
    assert (run(photos, reader, tmp_path / "out").made, len(count)) == (1, 5), "it is tried again"

    def no_room(self, *_, **__):
        raise OSError(28, "No space left on device")

    old = Manifest.read(tmp_path / "out")
    monkeypatch.setattr("pathlib.Path.write_text", no_room)
    with pytest.raises(ManifestError, match=r"No space left on device.*finished: A-1_waving.png"):
        run(photos, reader, tmp_path / "out", "casual/relaxed")
    monkeypatch.undo()
    assert Manifest.read(tmp_path / "out") == old


def test_a_missing_network_ends_the_batch_with_its_own_words(photos, tmp_path):
    def missing():
        raise WeightMissing("x.onnx is missing")

    with pytest.raises(WeightMissing, match=r"x.onnx is missing"):
        repose_folder(photos_in(photos), listed_poses(TWO), tmp_path / "out", missing, PLAIN)
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


def test_new_backgrounds_in_turn(photos, reader, tmp_path):
    scenes = tuple(
        torch.tensor(c)[None, :, None, None].expand(1, 3, 60, 80) for c in ((0.1, 0.3, 0.6), (0.6, 0.3, 0.1))
    )
    options = BatchOptions(check=False, longest=480, scenes=scenes)
    (photos / "B-2.png").unlink()
    made = run(photos, reader, tmp_path / "out", options=options)
    corners = [read_picture(file)[0, :, 2, 2] for file in made.files]
    wanted = [scenes[i % 2][0, :, 0, 0] for i in range(2)]
    assert max(float((a - b).abs().max()) for a, b in zip(corners, wanted, strict=True)) < 0.02
    assert run(photos, reader, tmp_path / "out", options=options).made == 0
    assert made.manifest.entries[0].recipe != made.manifest.entries[1].recipe


def test_no_photos(tmp_path):
    with pytest.raises(ValueError, match="is no folder: make it"):
        photos_in(tmp_path / "hero shots")
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(ValueError, match=r"has no photo in it \(1 other files\)"):
        photos_in(tmp_path)


@pytest.mark.parametrize(
    ("values", "said"), [({"longest": 9}, "the longest side is 9"), ({"format": "GIF"}, "GIF")]
)
def test_options_that_are_none(values, said):
    with pytest.raises(ValueError, match=said):
        BatchOptions(**values)


def test_all_poses_of_a_photo_get_one_frame(quick, photos, reader, tmp_path, monkeypatch):
    """Also those that an earlier run made: the frame is that of the whole list."""
    frames, chain = [], folder.repose_picture

    def noted(*given, **more):
        frames.append(more["canvas"])
        return chain(*given, **more)

    monkeypatch.setattr(folder, "repose_picture", noted)
    (photos / "B-2.png").unlink()
    options = BatchOptions(ReposeOptions(framing=Framing.named("4:5")), check=False, longest=480)
    poses = "mascot/arms wide\ncatalogue/front"
    run(photos, reader, tmp_path / "out", poses, options)
    (tmp_path / "out" / "A-1_catalogue-front.png").unlink()
    run(photos, reader, tmp_path / "out", poses, options)
    assert len(frames) == 3 and len(set(frames)) == 1 and frames[0].left > 0
    run(photos, reader, tmp_path / "out", "catalogue/front", options)
    assert len(frames) == 4 and frames[3] != frames[0], "another list, another frame: it is made anew"
