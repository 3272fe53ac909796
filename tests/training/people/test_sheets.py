"""Contact sheets: sizes, and that places and landmarks are drawn where they are."""

from types import SimpleNamespace

import torch

from training.people.scene import Camera
from training.people.truth import sheets
from training.people.truth.correspondence import Correspondence


def tile(value: int, size: int = 6) -> torch.Tensor:
    return torch.full((3, size, size), value, dtype=torch.uint8)


def test_tiles_lie_in_rows_with_gaps():
    sheet = sheets.grid([[tile(200), tile(100)], [tile(50)]])
    step = 6 + sheets.GAP
    assert sheet.shape == (2 * step + sheets.GAP, 2 * step + sheets.GAP, 3)
    assert sheet[sheets.GAP, sheets.GAP, 0] == 200 and sheet[sheets.GAP, sheets.GAP + step, 0] == 100
    assert sheet[sheets.GAP + step, sheets.GAP, 0] == 50
    assert (sheet[-4, -4] == sheets.PAPER).all() and (sheet[0] == sheets.PAPER).all()


def test_tiles_are_resized():
    picture = torch.arange(4, dtype=torch.uint8).repeat_interleave(4).view(1, 4, 4).expand(3, -1, -1)
    assert torch.equal(sheets.sized(picture, 8)[:, ::2, ::2], picture)
    assert sheets.sized(tile(90), 3).unique().tolist() == [90]


def test_colours_are_told_apart():
    colours = sheets.palette(24).int()
    assert colours[0].tolist() == [0, 0, 0]
    apart = (colours[:, None] - colours[None]).abs().sum(-1) + 999 * torch.eye(24)
    assert apart.min() > 20


def test_hidden_is_red_and_seen_shows_its_place():
    xy = torch.full((2, 2, 2), torch.nan)
    xy[0, 0], xy[0, 1] = torch.tensor([5.0, 0.0]), torch.tensor([5.0, 10.0])
    person = torch.tensor([[True, True], [False, False]])
    visible = torch.tensor([[False, True], [False, False]])
    shown = sheets.places(Correspondence(xy, person, person, visible, visible), (10, 10))
    assert shown[:, 0, 0].tolist() == [255, 0, 0]
    assert shown[:, 0, 1].tolist() == [0, 128, 255]
    assert shown[:, 1].sum() == 0


def test_landmarks_are_marked_in_the_picture():
    camera = Camera(torch.eye(3), torch.zeros(3), 10.0, (4.0, 3.0), (8, 9))
    joints = torch.tensor([[0.0, 0.0, 1.0], [0.2, -0.1, 1.0], [5.0, 0.0, 1.0], [torch.nan] * 3])
    marked = sheets.marked(tile(0, 9)[:, :8], SimpleNamespace(camera=camera, joints=joints))
    found = [(int(y), int(x)) for y, x in marked.sum(0).nonzero()]
    assert found == [(2, 6), (3, 4)]
