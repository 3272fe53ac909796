"""A foot: its solid, of which a photo from before shows the instep, and its sides, which that shows edge-on."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import torch
from repose.pipelines.geometry.foot import foot, side_of_foot, soled
from repose.pipelines.geometry.layout import Layout
from repose.pipelines.geometry.motion import Bones
from repose.pipelines.geometry.parts import INDEX, PARTS

CANVAS, SOLE, EDGE = (torch.tensor(c) for c in ((0.4, 0.35, 0.3), (0.9, 0.9, 0.85), (1.0, 1.0, 1.0)))


def test_a_shoe_has_its_sole_all_round_and_not_its_outlines_colour():
    matte = torch.zeros(120, 80)
    matte[20:100, 15:65] = 1
    layout = Layout.around(matte, 400)
    here = layout.crop(matte[None])[0]
    row = torch.arange(layout.size[0])[:, None].expand(layout.size)
    top, bottom = torch.nonzero(here.any(1)).flatten()[[0, -1]].tolist()
    sole = row > bottom - 24
    colour = torch.where(sole, SOLE[:, None, None], CANVAS[:, None, None])
    outline = here * (1 - torch.nn.functional.avg_pool2d(here[None], 5, 1, 2)[0].floor())
    colour = torch.where(outline > 0, EDGE[:, None, None], colour)
    laces = (row // 4 % 3 == 0) & (torch.arange(layout.size[1]) // 6 % 3 == 0) & ~sole
    colour = torch.where(laces & (here > 0), EDGE[:, None, None], colour)
    foot = torch.ones(layout.grid)
    made = side_of_foot(layout, torch.zeros_like(colour), colour, here, foot)
    upper, lower = row < bottom - 24 - 3 * layout.cell, row > bottom - 24 + 3 * layout.cell
    upper &= row > top + 2 * layout.cell
    assert float((made - CANVAS[:, None, None])[:, upper & (here > 0)].abs().max()) < 0.05
    assert float((made - SOLE[:, None, None])[:, lower & (here > 0)].abs().max()) < 0.05
    none = side_of_foot(layout, torch.zeros_like(colour), colour, here, torch.zeros(layout.grid))
    assert float(none.abs().max()) == 0


TALL, CELL = 1000.0, 4


def level(turn: float = 0.0, forward: float = 0.0) -> tuple[Layout, Bones, int]:
    """A left foot that stands level and points at the camera, or is turned about the vertical by so many degrees, of a
    person of 1000 pixels; its toes are seen so far under its heel, in pixels."""
    from repose.pipelines.geometry.skeleton import JOINT_INDEX
    from repose.pipelines.geometry.template import OFFSETS

    part, count = INDEX["left_foot"], len(PARTS)
    angle = np.radians(turn)
    about = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    start, end, rotation = np.zeros((count, 3)), np.zeros((count, 3)), np.zeros((count, 3, 3))
    start[part], rotation[part] = (120, 100, 0), about
    end[part] = start[part] + about @ OFFSETS[JOINT_INDEX["left_big_toe"]] * TALL + [0, forward, 0]
    matte = torch.zeros(300, 240)
    matte[20:280, 20:220] = 1
    layout = replace(Layout.around(matte, TALL), cell=CELL)
    bones = SimpleNamespace(start=start, end=end, rotation=rotation)
    return layout, bones, part


def profile(layout: Layout, bones: Bones, part: int, inside: torch.Tensor) -> dict[int, tuple[float, float]]:
    """y: z before and behind the ankle's column."""
    whole = torch.ones(layout.grid)
    near, far = foot(layout, part, inside, whole, bones, TALL)
    x, y = layout.cells()
    column = int((x[0] - bones.start[part][0]).abs().argmin())
    return {round(float(y[r, 0])): (float(near[r, column]), float(far[r, column])) for r in range(len(y))}


def test_a_level_foot_has_its_instep_its_heel_and_its_length():
    """Where a line of sight enters is the table's outline: literals in foot lengths, 0.152 of stature."""
    layout, bones, part = level()
    ground = 100 + 33 + 12  # template.py's heel, and UNDER
    inside = (layout.cells()[1] < ground).expand(layout.grid)
    seen = profile(layout, bones, part, inside)
    length, back = 152.0, 30 + 7
    for height, place in ((0.2, 0.72), (0.26, 0.62), (0.34, 0.52)):
        y = min(seen, key=lambda y: abs(y - (ground - height * length)))
        near, far = seen[y]
        off = (ground - y) / length - height
        assert abs(near - (back - place * length)) < 0.03 * length + 3 * abs(off) * length, (height, near)
        assert abs(far - back) < 0.05 * length, "the heel's back"


def test_a_sole_ends_where_the_photo_shows_its_end():
    """Toes that are seen under the heel: at the lowest row of the outline the foot is as short as its tips."""
    layout, bones, part = level(forward=40)
    _, y = layout.cells()
    inside = (y < 210).expand(layout.grid)
    seen = profile(layout, bones, part, inside)
    lowest = max(v for v in seen if v < 208)
    middle = min(seen, key=lambda v: abs(v - 165))
    assert seen[lowest][1] - seen[lowest][0] < 0.4 * 152
    assert seen[middle][1] - seen[middle][0] > 0.6 * 152
    assert seen[lowest][0] < seen[middle][0], "the tips lie foremost"


def test_a_foot_seen_from_the_side_is_as_deep_as_it_is_broad():
    layout, bones, part = level(turn=90)
    near, far = foot(layout, part, torch.ones(layout.grid) > 0, torch.ones(layout.grid), bones, TALL)
    x, y = layout.cells()
    ball = ((x - (bones.start[part][0] - 0.07 * TALL)).abs() < 6) & ((y - 135).abs() < 6)
    broad = float((far - near)[ball].mean()) / 152
    assert 0.25 < broad < 0.4, broad  # Drillis and Contini: 0.36 at the ball


def test_the_rim_goes_down_to_where_a_foot_ends_and_no_further():
    solid = torch.tensor([[1, 1, 1], [1, 1, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]]) > 0
    cover = torch.tensor([[1, 1, 1], [1, 1, 1], [0.5, 0.5, 0.2], [0.4, 0.1, 0.5], [0.9, 0.9, 0.9]])
    share = torch.tensor([[1.0, 0.2, 1]]).expand(5, 3)
    made = soled(solid, cover, share)
    wanted = [[1, 1, 1], [1, 1, 1], [1, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert torch.equal(made, torch.tensor(wanted) > 0)


def test_rows_close_to_their_two_ends():
    from repose.pipelines.geometry.foot import _sideways

    inside = torch.zeros(3, 7, dtype=torch.bool)
    inside[0, 1:6], inside[1, 3] = True, True
    closed = _sideways(inside)
    assert closed[0, 3] == 1 and closed[1, 3] == 1 and closed[2].max() == 0
    assert closed[0, 1] == closed[0, 5] and 0 < closed[0, 1] < closed[0, 2] < 1


def test_a_shoe_that_points_at_the_camera_has_its_sole_at_the_ground_of_its_back():
    """Colours are told by heights over the ground; laces in the middle tell none, nor does an ankle before a heel."""
    size = (24, 12)
    layout = Layout((0, 0), (48, 24), 2, (48, 24), torch.device("cpu"))
    row, column = torch.arange(24.0)[:, None].expand(size), torch.arange(12.0).expand(size)
    front, back = (23 - row) / 46, (row < 12) * 0.1 + 0.0 * row
    colour = torch.where((front < 0.06).expand(3, *size), SOLE[:, None, None], CANVAS[:, None, None])
    colour = torch.where(((column - 5.5).abs() < 2).expand(3, *size), EDGE[:, None, None], colour)
    whole = torch.ones(48, 24)
    share = (row >= 12).float()
    thigh = row < 2
    native = colour.repeat_interleave(2, 1).repeat_interleave(2, 2)
    made = side_of_foot(layout, 0 * native, native, whole, share, None, (front, back))
    made = layout.to_grid(made)
    assert torch.allclose(made[:, 16:22, 4], SOLE[:, None].expand(3, 6), atol=0.1), (
        "the sole lies on the ground"
    )
    assert torch.allclose(made[:, 7:11, 4], CANVAS[:, None].expand(3, 4), atol=0.1), (
        "so does the heel over it"
    )
    assert float(made[:, thigh].abs().max()) == 0, "a thigh that hangs as low wears no shoe"
    high = side_of_foot(layout, 0 * native, native, whole, 0 * share, None, (front, 0 * back + 0.4))
    assert float(high.abs().max()) == 0, "what lies higher is the leg's"


def test_a_foot_that_points_at_the_camera_is_broadest_at_the_ground_where_it_is_left_by_the_sole():
    from repose.pipelines.geometry.foot import GROUND, _axes, _broadest, heights

    layout, bones, part = level()
    axes = _axes(bones, part, TALL, -np.inf)
    _, y = layout.cells()
    ground = y.expand(layout.grid)
    low = _broadest(layout, axes, torch.zeros(layout.grid))
    assert float(low[(ground - 145).abs() < 3].mean()) > 0.5 + 0.8 * (GROUND - 0.5)
    assert float(low[ground < 110].max()) == 0.5
    inside = (y < 145).expand(layout.grid)
    over = heights(layout, part, inside, (torch.zeros(layout.grid),) * 2, bones, TALL)
    assert abs(float(over[0][(ground - 115).abs() < 2].mean()) - 30 / 152) < 0.03
    assert heights(layout, part, inside, (torch.zeros(layout.grid),) * 2, level(turn=90)[1], TALL) is None
