"""The demo's pictures from what its runs made."""

import json

import pytest
import torch
from repose.pipelines.geometry.library import pose_names
from repose.pipelines.picture import read_picture, write_picture
from repose.setup import demo
from repose.setup.jobs import Made
from repose.setup.places import Trouble


def made(folder, pose, shade):
    """A run: a drawn source pose, a drawn target pose with one white row, and the saved result."""
    black, row = torch.zeros(1, 3, 48, 32), torch.zeros(1, 3, 48, 32)
    row[..., 10, :] = 1
    pictures = [("ReposeDrawPose", False, black), ("ReposeDrawPose", False, row)]
    pictures.append(("SaveImage", True, torch.full((1, 3, 48, 32), shade)))
    return [
        Made(type, saved, write_picture(pixels, folder / f"{pose}-{i}.png"))
        for i, (type, saved, pixels) in enumerate(pictures)
    ]


@pytest.fixture
def runs(tmp_path):
    return {pose: made(tmp_path / "runs", pose, 0.2 + 0.2 * i) for i, pose in enumerate(("one", "two"))}


def test_the_demos_poses_are_in_the_library():
    assert set(demo.POSES) <= set(pose_names())


def test_source_results_and_sheet(tmp_path, runs):
    source = write_picture(torch.full((1, 3, 48, 32), 0.6), tmp_path / "photo.png")
    files = demo.write(tmp_path / "demo", source, runs)
    assert [file.name for file in files] == ["source.png", "one.png", "two.png", "contact-sheet.png"]
    assert read_picture(files[2]).mean() == pytest.approx(0.4, abs=1 / 255)
    sheet = read_picture(files[-1])
    cell = demo.SHEET_HEIGHT * 32 / 48
    assert sheet.shape[-1] >= 2 * cell and sheet.shape[-2] >= 3 * demo.SHEET_HEIGHT  # five cells, two a row


def test_the_skeleton_lies_over_the_darkened_picture(runs):
    result, sticks = (
        torch.full((1, 3, 48, 32), 0.2),
        read_picture(demo.shown_by(demo.DRAWER, runs["one"])[-1]),
    )
    drawn = demo.over(result, sticks)
    assert drawn[0, 0, 10, 5] == 1 and drawn[0, 0, 20, 5] == pytest.approx(0.2 * 0.45)


def test_a_run_without_a_result_is_trouble(runs):
    with pytest.raises(Trouble, match="saved no picture"):
        demo.result(runs["one"][:2])


def test_the_enlarged_picture_comes_after_the_result(runs):
    """The workflow saves the result, then the same at 4K: the demo shows the result."""
    larger = Made("SaveImage", True, runs["two"][-1].file)
    assert demo.result([*runs["one"], larger]) == runs["one"][-1].file
    saved = [node for node in json.loads(demo.WORKFLOW.read_text())["nodes"] if node["type"] == "SaveImage"]
    prefixes = [node["widgets_values"][0] for node in sorted(saved, key=lambda node: node["id"])]
    assert prefixes == ["repose", "repose 4K"]
