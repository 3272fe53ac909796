"""The whole measuring on one small pair, where the networks are."""

import subprocess

import pytest
import torch
import torch.nn.functional as F

from pipelines.picture import read_picture, write_picture
from setup.places import ROOT, Trouble
from training.evaluation import lpips, revision
from training.evaluation.pairs import Pair
from training.evaluation.reading import Reader
from training.evaluation.score import Scorer


@pytest.fixture(scope="module")
def pair(photo, tmp_path_factory):
    """A person and the same person further to the right, 300 px tall."""
    folder = tmp_path_factory.mktemp("pair")
    small = F.interpolate(read_picture(photo), (300, 168), mode="area")
    wide = F.pad(small, (36, 36, 0, 0), mode="replicate")
    write_picture(wide, folder / "source.png")
    write_picture(wide.roll(24, -1), folder / "target.png")
    return Pair("p", folder / "source.png", folder / "target.png")


@pytest.fixture(scope="module")
def scorer(models, tmp_path_factory):
    if not lpips.WEIGHTS.is_file():
        pytest.skip("the weights of LPIPS are not here: python -m training.evaluation weights")
    folder = tmp_path_factory.mktemp("kept")
    return Scorer(Reader(models, folder / "readings"), folder=folder / "scores")


@pytest.fixture(scope="module")
def result(pair, scorer):
    return scorer.score(pair)


def test_someone_who_only_moved_is_aligned_and_reposed_well_and_copying_is_wrong(result):
    copy, aligned, ours = (result["methods"][name] for name in ("copy", "aligned", "ours"))
    assert result["turn"] < 10
    assert (
        aligned["figure_lpips"] < 0.5 * copy["figure_lpips"] and ours["figure_lpips"] < copy["figure_lpips"]
    )
    assert aligned["outline"] > 0.95 and ours["outline"] > 0.85 > copy["outline"]
    assert aligned["pck"] == result["ceiling"] == 1 and ours["pck"] > 0.9
    assert 0.8 < aligned["sharpness"] < 1.2 and ours["garment"] < 5
    assert 0.5 < ours["coverage"] <= 1 and ours["seconds"] > 0


def test_a_second_time_nothing_is_read_or_made(pair, scorer, result, monkeypatch):
    def never(*given):
        raise AssertionError("it was kept")

    monkeypatch.setattr("training.evaluation.reading.read_keypoints", never)
    monkeypatch.setattr("training.evaluation.score.methods.reposed", never)
    assert scorer.score(pair)["methods"] == result["methods"]


def test_a_failing_method_is_a_result(pair, scorer, tmp_path, monkeypatch):
    def fails(*given):
        raise ValueError("this pose is impossible")

    monkeypatch.setattr("training.evaluation.score.methods.reposed", fails)
    found = Scorer(scorer.reader, folder=tmp_path).score(pair)
    assert found["methods"]["ours"]["error"] == "ValueError: this pose is impossible"
    assert found["methods"]["aligned"]["person_lpips"] > 0


def test_what_was_kept_of_a_reading_is_what_was_read(pair, scorer):
    picture, _ = pair.pictures()
    first, again = scorer.reader.read(picture), scorer.reader.read(picture)
    assert torch.equal(first.matte, again.matte) and first.keypoints.canvas == (300, 240)
    assert first.keypoints.source and isinstance(first.keypoints.notes, tuple)
    assert float((first.cut.foreground - picture).abs()[first.matte.expand(-1, 3, -1, -1) == 1].max()) < 0.02
    assert float(first.garment.mean()) > 0.05


def test_a_revision_is_laid_out_beside_and_unknown_ones_are_said(tmp_path, monkeypatch):
    if subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True).returncode:
        pytest.skip("this is no git checkout")
    monkeypatch.setattr(revision.cache, "FOLDER", tmp_path)
    laid = revision.laid_out("HEAD")
    assert (laid.folder / "pipelines" / "repose.py").is_file() and tmp_path in laid.folder.parents
    with pytest.raises(Trouble, match="no-such-thing"):
        revision.laid_out("no-such-thing")
