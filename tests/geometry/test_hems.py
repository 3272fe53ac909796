"""Hems and patterns under what lay before them: small pictures of cloth and skin with a hand's column on them."""

import pytest
import torch
from repose.pipelines.geometry.covering import layered_colour, rear_colour
from repose.pipelines.geometry.fill import membrane
from repose.pipelines.geometry.garments import NUMBER
from repose.pipelines.geometry.hems import (
    LEVEL,
    alike_on_rows,
    between_garments,
    between_hems,
    crisp_between,
    hem_shifts,
    pattern,
    worn_in,
    worn_on,
)
from repose.pipelines.geometry.layout import Layout
from repose.pipelines.geometry.trust import Contact, believed
from repose.pipelines.geometry.underneath import _skirt_sides

TALL, SIZE, CELL = 480.0, (192, 192), 4
CLOTH, SKIN, HAND = (
    torch.tensor(c)[:, None, None] for c in ((0.9, 0.9, 0.85), (0.5, 0.33, 0.25), (0.65, 0.47, 0.37))
)
HEM, HAND_FROM, HAND_TO = 98, 120, 148
"""Rows of cloth over skin, and the columns of a hand that hangs before both, which are the outermost of the leg's."""


@pytest.fixture(scope="module")
def layout():
    return Layout((0, 0), SIZE, CELL, SIZE, torch.device("cpu"))


def under_a_hand(layout: Layout, leg: torch.Tensor, rows: slice = slice(None)) -> torch.Tensor:
    """(3, h, w) the colours of a layer (3, h, w) from column 40 to the hand's last, with the hand on its `rows`."""
    columns = torch.arange(SIZE[1]).expand(SIZE)
    hand = torch.zeros(SIZE, dtype=torch.bool)
    hand[rows, HAND_FROM:HAND_TO] = True
    matte = ((columns >= 40) & (columns < HAND_TO)).float()
    picture = torch.where(hand, HAND, torch.where(matte > 0, leg, 0.4))
    contact = Contact.of("left_leg", {"left_leg": matte * ~hand, "left_arm": hand.float()}, TALL)
    return layered_colour(layout, picture, matte, contact, believed(layout, picture, contact))


def test_a_hem_goes_on_at_its_height_and_as_sharp(layout):
    row = torch.arange(SIZE[0])[:, None].expand(SIZE)
    colour = under_a_hand(layout, torch.where(row < HEM, CLOTH, SKIN))[:, :, HAND_FROM:HAND_TO]
    assert float((colour[:, : HEM - 1] - CLOTH).abs().max()) < 0.05
    assert float((colour[:, HEM + 1 :] - SKIN).abs().max()) < 0.05


def test_a_limbs_shading_goes_on_down_the_limb(layout):
    """A thigh darkens towards its side, as is seen above and below the hand."""
    column = torch.arange(SIZE[1]).expand(SIZE)
    thigh = SKIN * (1 - 0.4 * ((column - 100) / 48.0).clamp(0, 1))
    hidden = under_a_hand(layout, thigh, slice(80, 112))[:, 80:112, HAND_FROM + 4 : HAND_TO - 4]
    assert float((hidden - thigh[:, 80:112, HAND_FROM + 4 : HAND_TO - 4]).abs().max()) < 0.06


def test_a_pattern_stays_a_pattern(layout):
    """Waves of black and white, much broader than a cell: smoothed they would be grey."""
    y, x = torch.meshgrid(torch.arange(192.0), torch.arange(192.0), indexing="ij")
    waves = ((y + 6 * torch.sin(x / 9)) % 24 < 12).float().expand(3, -1, -1)
    hidden = under_a_hand(layout, waves)[:, 8:184, HAND_FROM + 4 : HAND_TO - 4]
    assert float(((hidden > 0.2) & (hidden < 0.8)).float().mean()) < 0.1
    assert 0.35 < float(hidden.mean()) < 0.65


def test_what_is_a_pattern(layout):
    known = torch.ones(layout.grid, dtype=torch.bool)
    y, x = torch.meshgrid(torch.arange(192), torch.arange(192), indexing="ij")
    checks = (((y // 6) + (x // 6)) % 2).float().expand(3, -1, -1)
    assert bool(pattern(layout, checks, known, TALL).all())
    shaded = 0.3 + 0.5 * (x / 192.0).expand(3, -1, -1)
    hemmed = torch.where(y < 96, CLOTH, SKIN)
    printed = torch.where((y - 96).abs().maximum((x - 96).abs()) < 12, checks, CLOTH)
    for plain in (shaded, hemmed, printed):
        assert not bool(pattern(layout, plain, known, TALL).any())
    assert not bool(pattern(layout, checks, ~known, TALL).any())


def test_hems_are_level_and_only_where_a_step_is():
    low = torch.full((3, 20, 16), 0.8)
    low[:, 10:] = 0.4
    known = torch.ones(20, 16, dtype=torch.bool)
    known[:, 12:] = False
    along = between_hems(low, known, ~known)
    assert float(along[9].max()) < 0.02
    assert float(along[:9].min()) > 0.99 and float(along[10:].min()) > 0.99
    shift = hem_shifts(along, known)
    assert shift[9].tolist() == [0] * 12 + [-1, -2, -3, -4]
    assert int(shift[:8].abs().sum()) == 0
    button = torch.full((3, 20, 16), 0.8)
    button[:, 9:12, 6:12] = 0.2
    assert float(between_hems(button, known, ~known).min()) > 0.5
    across = torch.zeros_like(known)
    across[4:7] = True  # an arm, whose shade ends in row 10
    assert float(between_hems(low, ~across, across).min()) == 1
    assert float(between_hems(low, torch.zeros_like(known), ~known).min()) == 1


def test_a_membrane_does_not_mix_what_lies_on_either_side_of_a_hem():
    values = torch.where(torch.arange(24)[:, None] < 12, 0.9, 0.2).expand(1, 24, 24).clone()
    hole = torch.zeros(24, 24, dtype=torch.bool)
    hole[4:20, 10:] = True
    vertical = torch.ones(24, 24)
    vertical[11] = LEVEL
    filled = membrane(values.masked_fill(hole, 0.5), hole, vertical)
    assert float((filled - values).abs().max()) < 0.05
    assert float((membrane(values.masked_fill(hole, 0.5), hole, 1.0) - values).abs().max()) > 0.15


def test_a_skirts_side_goes_straight_on_under_a_hand():
    """A bell from row 20 on that widens by a column a row; a hand lies on its right side, and hangs beyond it."""
    row, column = torch.meshgrid(torch.arange(60), torch.arange(80), indexing="ij")
    bell = (row >= 10) & (column >= 40 - row // 2) & (column <= 40 + row // 2)
    hand = (row >= 28) & (row < 42) & (column >= 48) & (column < 66)
    skirt = bell & (row >= 20)
    enclosed = _skirt_sides(bell & ~hand, hand, skirt)
    assert int((enclosed ^ (bell & hand)).sum()) <= 14  # a cell a row
    assert not bool(_skirt_sides(bell & ~hand, hand, torch.zeros_like(bell)).any())


def test_inside_one_garment_a_step_is_a_shade(layout):
    """The shade under a bust, as steep as a hem is blurred: a hem only where another garment begins."""
    row = torch.arange(layout.grid[0])[:, None].expand(layout.grid)
    low = (0.6 - 0.055 * (row - 24).clamp(0, 4)).expand(3, -1, -1).clone()
    known, hole = torch.ones_like(row, dtype=torch.bool), torch.zeros_like(row, dtype=torch.bool)
    assert float(between_hems(low, known, hole).min()) < 0.5
    one = torch.full_like(row, 8)
    assert float(between_hems(low, known, hole, one).min()) > 0.5
    two = torch.where(row < 26, 8, 10)
    assert torch.equal(between_hems(low, known, hole, two), between_hems(low, known, hole))


def test_what_goes_on_beyond_what_lies_across_is_no_hem(layout):
    """Dark only beside a hand that lies across, and above it and below it the same cloth."""
    row = torch.arange(layout.grid[0])[:, None].expand(layout.grid)
    low = (0.7 - 0.1 * (row - 11).clamp(0, 3) * (row < 22)).expand(3, -1, -1).clone()
    hole = (row > 19) & (row < 24)
    assert float(between_hems(low, row < 20, hole).min()) < 0.5  # as it was, where nothing is seen below
    assert float(between_hems(low, ~hole, hole).min()) > 0.5


def test_a_row_that_shows_hardly_anything_tells_of_no_hem(layout):
    row, column = torch.meshgrid(*(torch.arange(n) for n in layout.grid), indexing="ij")
    low = (0.7 - 0.4 * (row > 20).float()).expand(3, -1, -1).clone()
    known = (row < 18) | (row > 24) | (column < 3)
    hole = ~known
    assert float(between_hems(low, known & (row < 24), hole & False).min()) > 0.5


def test_weave_is_taken_from_the_same_garment(layout):
    """A smooth shirt over coarse trousers, and a hole in the shirt close to them."""
    y, x = torch.meshgrid(*(torch.arange(n) for n in SIZE), indexing="ij")
    coarse = 0.5 + 0.15 * torch.sign(torch.sin(x * 1.3)) * torch.sign(torch.sin(y * 1.1))
    picture = torch.where(y < 100, 0.5, coarse).expand(3, -1, -1)
    hand = (y > 60) & (y < 96)
    matte = torch.ones(SIZE)
    contact = Contact.of("trunk", {"trunk": matte * ~hand, "left_arm": hand.float()}, TALL)
    cells = layout.cells()[1]
    clothes = torch.where(cells < 60, 8, torch.where(cells < 96, 3, torch.where(cells < 100, 8, 10)))
    own = ~hand
    made = layered_colour(layout, picture, matte, contact, own, clothes=clothes)
    assert float((made[:, 64:92] - 0.5).abs().max()) < 0.02


def test_a_jacket_goes_on_in_its_own_colour_beside_a_shirt(layout):
    """A dark open jacket over a white shirt, an arm beside it; a band of the jacket is in the arm's shade, and the
    nearest place on the row that is surely known is the shirt's."""
    y, x = torch.meshgrid(*(torch.arange(n) for n in SIZE), indexing="ij")
    jacket, band = x < 80, (y >= 90) & (y < 108) & (x < 80)
    picture = torch.where(jacket, 0.2, 0.9).expand(3, -1, -1)
    matte, arm = torch.ones(SIZE), x < 24
    contact = Contact.of("trunk", {"trunk": matte * ~arm, "left_arm": arm.float()}, TALL)
    cells = layout.cells()[0]
    clothes = torch.where(cells < 24, NUMBER["left_arm_skin"], torch.where(cells < 80, 9, 8))
    own = ~arm & ~band
    made = layered_colour(layout, picture, matte, contact, own, clothes=clothes)
    assert float((made[:, 92:106, :72] - 0.2).abs().max()) < 0.05
    assert float(layered_colour(layout, picture, matte, contact, own)[:, 92:106, 60:72].max()) > 0.3


def test_what_a_layer_does_not_wear_is_anothers_and_skin_is_one():
    face, neck = NUMBER["face"], NUMBER["torso_skin"]
    clothes = torch.tensor([[5, 8, 8, 8], [face, neck, neck, 8]])
    sure = torch.tensor([[False, False, True, True], [False, True, True, True]])
    worn = worn_in(clothes, torch.ones(2, 4, dtype=torch.bool), sure)
    assert worn[0, 1:].tolist() == [8, 8, 8] and len(worn[1, :3].unique()) == 1
    below, right = between_garments(torch.tensor([[9, 8], [10, 8]]))
    assert below[0].tolist() == pytest.approx([LEVEL, 1])
    assert right[:, 0].tolist() == pytest.approx([LEVEL, LEVEL])
    assert float(below[1].min()) == 1 and float(right[:, 1].min()) == 1


def test_specks_of_skin_on_a_sleeve_are_the_sleeve():
    skin, sleeve = NUMBER["left_arm_skin"], NUMBER["upper"]
    clothes = torch.full((12, 8), sleeve)
    clothes[2:4, 2:4], clothes[8:] = skin, skin
    worn = worn_in(clothes, torch.ones(12, 8, dtype=torch.bool), torch.ones(12, 8, dtype=torch.bool))
    assert bool((worn[:8] == sleeve).all()) and not bool((worn[8:] == sleeve).any())


def test_values_go_on_along_rows_and_from_the_nearest_row():
    known = torch.tensor(
        [[True, False, False], [False, False, False], [False, False, False], [False, False, True]]
    )
    values = torch.tensor([[1, 9, 9], [9, 9, 9], [9, 9, 9], [9, 9, 2]])
    assert alike_on_rows(values, known).tolist() == [[1, 1, 1], [1, 1, 1], [2, 2, 2], [2, 2, 2]]


def test_an_arms_skin_is_worn_on_no_trunk():
    skin, shirt = NUMBER["left_arm_skin"], NUMBER["upper"]
    clothes = torch.tensor([[shirt, shirt, skin, skin], [shirt, NUMBER["torso_skin"], shirt, skin]])
    assert worn_on("trunk", clothes).tolist() == [[shirt] * 4, [shirt, NUMBER["torso_skin"], shirt, shirt]]
    assert torch.equal(worn_on("left_arm", clothes), clothes)


@pytest.mark.parametrize("known", [True, False])
def test_a_hem_goes_straight_and_crisp_round_a_back(known):
    """White shirt over dark shorts, whose border is four cells higher on the left than on the right."""
    layout = Layout((0, 0), (320, 240), 4, (320, 240), torch.device("cpu"))
    row, column = torch.meshgrid(torch.arange(80), torch.arange(60), indexing="ij")
    worn = torch.where(row < 40 + torch.where(column < 30, 0, 4), NUMBER["upper"], NUMBER["lower"])
    colour = layout.to_native(torch.where(worn == NUMBER["upper"], 0.9, 0.2).expand(3, -1, -1))
    none = torch.zeros(80, 60)
    there = (torch.arange(60) > 5) & (torch.arange(60) < 54) & (torch.arange(80) > 5)[:, None]
    matte = layout.to_native(there.float()[None])[0]
    back = rear_colour(layout, colour, matte, none, none, None, 480.0, worn if known else None)
    rows = layout.to_grid(back)[0, :, 10:50]
    between = ((rows > 0.3) & (rows < 0.8)).sum(0)  # cells that are neither
    edge = (rows > 0.55).sum(0).diff()
    if known:
        assert int(between.max()) <= 2 and int(edge.min()) >= 0 and int(edge.max()) == 1
    else:
        assert int(between.max()) > 2


def test_between_two_garments_smooth_colours_change_within_a_seams_breadth(layout):
    row = torch.arange(48)[:, None].expand(48, 48)
    worn = torch.where(row < 20, NUMBER["upper"], NUMBER["lower"])
    values = torch.where(row < 20, 0.9, 0.2).expand(3, -1, -1)
    native = crisp_between(layout, values, worn)[0, :, 90]
    assert int(((native > 0.25) & (native < 0.85)).sum()) <= 2
    assert float((native[:78] - 0.9).abs().max()) < 0.01 and float((native[82:] - 0.2).abs().max()) < 0.01
    assert torch.equal(crisp_between(layout, values, None), layout.to_native(values))


def test_a_hems_detail_comes_from_a_hem_of_the_same_two_garments():
    """A jacket's hem over trousers goes on from such a one, and not from the shirt's beside it."""
    jacket, shirt, trousers = NUMBER["outer"], NUMBER["upper"], NUMBER["lower"]
    worn = torch.tensor([[jacket] * 2 + [shirt] * 2 + [jacket] * 2] * 4 + [[trousers] * 6] * 4)
    along = torch.ones(8, 6)
    along[3] = LEVEL
    known = (torch.arange(6) < 4).expand(8, 6)
    assert hem_shifts(along, known, worn)[3].tolist() == [0, 0, 0, 0, -3, -4]
    assert hem_shifts(along, known & (torch.arange(6) > 1), worn)[3, 4:].tolist() == [0, 0]


def test_an_island_of_a_garment_far_smaller_than_the_rest_is_none():
    skin, shorts = NUMBER["left_leg_skin"], NUMBER["lower"]
    clothes = torch.full((60, 20), skin)
    clothes[:20] = shorts
    clothes[50:52, 8:12] = shorts
    everywhere = torch.ones_like(clothes, dtype=torch.bool)
    worn = worn_in(clothes, everywhere, everywhere)
    assert bool((worn[:20] == shorts).all()) and bool((worn[20:] == NUMBER["face"]).all()), "skin is one"
    clothes[46:56, 4:16] = shorts  # a piece of some size is what it is
    assert bool((worn_in(clothes, everywhere, everywhere)[46:56, 4:16] == shorts).all())
