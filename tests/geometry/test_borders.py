"""Borders between layers: whose colour a pixel has, what goes on under what, and hands that nobody sees."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.covering import layered_colour
from repose.pipelines.geometry.edge_shade import fading
from repose.pipelines.geometry.layers import _from_head, _with_short_gaps_closed, split
from repose.pipelines.geometry.layout import Layout
from repose.pipelines.geometry.nearness import measured_radii
from repose.pipelines.geometry.parts import INDEX, LAYERS
from repose.pipelines.geometry.pockets import guessed, pocketed, skin_colour, without_hands
from repose.pipelines.geometry.rejoining import _bare, _goes_on, displaced, unparted
from repose.pipelines.geometry.trust import (
    Contact,
    _interior,
    _reached,
    believed,
    cut_free,
    neighbours,
    without_dark_line,
    without_spurs,
    without_steps,
)
from repose.pipelines.geometry.volume import STRAND, _between_strands

TALL, SIZE, CELL = 480.0, (192, 192), 4
SHIRT, SKIN, WALL = (torch.tensor(c) for c in ((0.9, 0.9, 0.92), (0.6, 0.42, 0.32), (0.3, 0.5, 0.3)))
ARM = 120
"""First column of an arm that hangs beside a shirt, which begins at column 40."""


@pytest.fixture(scope="module")
def layout():
    return Layout((0, 0), SIZE, CELL, SIZE, torch.device("cpu"))


def scene(shaded: int = 0, sliver: int = 0):
    """(picture, trunk, arm): columns of shirt, `shaded` of them dark beside the arm, and `sliver` columns of the shirt
    that were given to the arm."""
    x = torch.arange(SIZE[1])[None].expand(SIZE)
    picture = torch.where(x < ARM, SHIRT[:, None, None], SKIN[:, None, None])
    picture = torch.where((x < 40) | (x >= 150), WALL[:, None, None], picture)
    picture = torch.where((x >= ARM - shaded) & (x < ARM), 0.65 * picture, picture)
    first = ARM - sliver
    return picture, ((x >= 40) & (x < first)).float(), ((x >= first) & (x < 150)).float()


def contacts(trunk: torch.Tensor, arm: torch.Tensor) -> tuple[Contact, Contact]:
    seen = {"trunk": trunk, "left_arm": arm}
    return Contact.of("trunk", seen, TALL), Contact.of("left_arm", seen, TALL)


def test_shade_and_slivers_are_not_believed_and_the_rest_is(layout):
    picture, trunk, arm = scene(shaded=5)
    own = believed(layout, picture, contacts(trunk, arm)[0])
    assert not bool(own[:, ARM - 5 : ARM].any()) and bool(own[:, 40 : ARM - 8].all())
    picture, trunk, arm = scene(sliver=4)
    own = believed(layout, picture, contacts(trunk, arm)[1])
    assert not bool(own[:, ARM - 4 : ARM].any()) and bool(own[:, ARM + 2 : 150].all())


def test_an_arm_of_the_trunks_colour_is_believed(layout):
    picture, trunk, arm = scene()
    picture = torch.where(arm > 0, SHIRT[:, None, None], picture)
    for contact, whose in zip(contacts(trunk, arm), (trunk, arm), strict=True):
        assert bool(believed(layout, picture, contact)[whose > 0].all())


def test_an_arm_leaves_its_slivers(layout):
    picture, trunk, arm = scene(sliver=4)
    contact = contacts(trunk, arm)[1]
    own = believed(layout, picture, contact)
    left = cut_free(arm, own, contact)
    assert float(left[:, ARM - 4 : ARM - 1].max()) < 0.5 and float(left[:, ARM + 3 : 149].min()) == 1
    picture, trunk, arm = scene()
    contact = contacts(trunk, arm)[1]
    hazy = torch.where((trunk > 0) & (torch.arange(SIZE[1]) > ARM - 16), 0.4, arm)
    left = cut_free(hazy, believed(layout, picture, contact), contact)
    assert float(left[:, : ARM - 4].max()) < 0.05 and float(left[:, ARM + 3 : 149].min()) == 1


def test_an_arm_that_is_hardly_believed_stays_whole(layout):
    picture, trunk, arm = scene()
    contact = contacts(trunk, arm)[1]
    assert torch.equal(cut_free(arm, torch.zeros_like(arm, dtype=torch.bool), contact), arm)


def test_a_thin_point_beside_an_arm_stays_away_and_one_elsewhere_does_not():
    _, trunk, arm = scene()
    spurs = trunk.clone()
    spurs[94:98, ARM : ARM + 8] = 1
    spurs[94:98, 32:40] = 1
    left = without_spurs(spurs, contacts(trunk, arm)[0])
    assert float(left[94:98, ARM + 1 : ARM + 8].max()) == 0
    assert torch.equal(left[:, :ARM], spurs[:, :ARM])


def test_under_an_arm_the_shirt_goes_on_in_its_own_unshaded_colour(layout):
    picture, trunk, arm = scene(shaded=6)
    hem = torch.arange(SIZE[0])[:, None].expand(SIZE) >= 96
    picture = torch.where(hem & (trunk > 0), 0.3 * picture, picture)
    contact = contacts(trunk, arm)[0]
    matte = torch.maximum(trunk, arm)
    colour = layered_colour(layout, picture, matte, contact, believed(layout, picture, contact))
    hidden = colour[:, :, ARM - 6 : ARM + 20]
    assert float((hidden[:, 8:80] - SHIRT[:, None, None]).abs().max()) < 0.05
    assert float((hidden[:, 112:184] - 0.3 * SHIRT[:, None, None]).abs().max()) < 0.05
    assert torch.equal(colour[:, :, 60:90], picture[:, :, 60:90])


def test_a_print_is_not_carried_under_an_arm(layout):
    picture, trunk, arm = scene()
    picture[:, 80:104, 96:104] = 0.1
    contact = contacts(trunk, arm)[0]
    colour = layered_colour(
        layout, picture, torch.maximum(trunk, arm), contact, believed(layout, picture, contact)
    )
    assert float(colour[:, :, ARM + 4 : 150].min()) > 0.75


def test_who_touches_whom():
    assert neighbours("trunk", LAYERS) == ["left_arm", "right_arm"]
    assert set(neighbours("left_arm", LAYERS)) == set(LAYERS) - {"left_arm"}
    assert set(neighbours("left_leg", LAYERS)) == {"right_leg", "left_arm", "right_arm"}


@pytest.mark.parametrize("moved, expected", [((0, 0), 1.0), ((7, -3), 1.0), ((0, 30), 0.0)])
def test_a_neighbour_that_moves_along_has_not_left(moved, expected):
    """Two columns of pixels side by side; both move by (7, -3), or the neighbour by 30 more."""
    size, stature = (200, 200), 400.0
    y = torch.arange(40, 120)

    def placed(x: int, by: tuple[int, int]):
        source = torch.stack((torch.full_like(y, x), y), 1).float()
        return source, (y + by[1]) * size[1] + x + by[0]

    both = moved if expected == 1 else (0, 0)
    source, index = placed(60, both)
    other, there = placed(62, moved)
    around = displaced(other, there, torch.ones(len(y)), size, 4)
    stays = unparted(source, index, around, size, 4, stature)
    assert float((stays[35:45] - expected).abs().max()) < 1e-4


def test_a_trunk_goes_on_under_an_arm_that_crosses_its_side(drawn):
    layout, picture, matte, frame, tall = drawn
    masks = split(layout, picture, matte, frame, tall)
    hidden = masks.amodal["trunk"] - masks.seen["trunk"] * masks.amodal["trunk"]
    arms = torch.maximum(masks.seen["left_arm"], masks.seen["right_arm"])
    assert float(hidden.sum()) > 0 and float(hidden[(arms < 0.02) & (masks.seen["trunk"] > 0.98)].sum()) < 1


def test_a_hand_of_the_trousers_colour_is_in_them(drawn):
    layout, picture, matte, frame, tall = drawn
    inside, small = layout.to_grid(matte, 2) > 0.5, layout.to_grid(picture, 2)
    radii = measured_radii(layout, layout.to_grid(matte, 2), frame, tall)
    plain = torch.full_like(small, 0.5)
    cloth = torch.zeros_like(small[0])
    whole = torch.ones_like(inside)
    assert pocketed(layout, frame, radii, plain, whole, cloth) == ("left_arm", "right_arm")
    assert pocketed(layout, frame, radii, plain, whole, cloth + 1) == ()
    assert pocketed(layout, frame, radii, plain, whole, None) == ()
    hand = layout.capsule(frame.start[INDEX["left_hand"]], frame.end[INDEX["left_hand"]], 2)[0]
    gloved = torch.where(hand < 1.3 * float(radii[INDEX["left_hand"]]), 0.1, plain)
    assert pocketed(layout, frame, radii, gloved, whole, cloth) == ("right_arm",)
    noise = torch.rand(small.shape, generator=torch.Generator().manual_seed(0))
    print_ = (noise > 0.5).float()  # eight colours, no one of them the print's own
    assert pocketed(layout, frame, radii, print_, whole, cloth) == ("left_arm", "right_arm")
    left = without_hands(frame, radii, ("left_arm",))
    assert not left.present[INDEX["left_hand"]] and left.present[INDEX["right_hand"]]
    assert np.allclose(left.end[INDEX["right_forearm"]], frame.end[INDEX["right_forearm"]])


def test_a_guessed_hand_has_the_skins_colour_and_the_hands_length(drawn):
    layout, picture, matte, frame, tall = drawn
    skin = (layout.to_native(layout.capsule(frame.start[4], frame.end[4])[0][None])[0] < 20).float()
    picture = torch.where(skin > 0, SKIN[:, None, None], picture)
    hand = guessed(layout, frame, "left_arm", skin_colour(layout, frame, "left_arm", picture, skin, tall))
    solid = hand.matte > 0.99
    assert float((hand.colour[:, solid].amax(1) - SKIN).abs().max()) < 0.03
    length = np.hypot(*(frame.end[INDEX["left_hand"]] - frame.start[INDEX["left_hand"]])[:2])
    rows = torch.nonzero(hand.matte.amax(1) > 0.5)
    assert float(rows.max() - rows.min()) == pytest.approx(length, rel=0.35)
    assert skin_colour(layout, frame, "left_arm", picture, 0 * skin, tall) is None


def test_where_a_limb_is_too_narrow_for_an_interior_all_of_it_is_kept():
    """A limb that has an interior at its upper end only: specks beside that go, the narrow lower end stays."""
    layout = Layout((0, 0), (400, 80), 4, (400, 80), torch.device("cpu"))
    good = torch.zeros(400, 80, dtype=torch.bool)
    good[20:380, 30:50] = True
    good[40:60, 62:70] = True  # not joined to it
    deep = torch.zeros(200, 40)
    deep[14:40, 18:22] = 1
    kept = _reached(layout, good, deep, 8)
    assert bool(kept[30:90, 32:48].all()) and bool(kept[200:378, 32:48].all())
    assert not bool(kept[44:56, 64:68].any())


def test_a_lean_arm_has_an_interior_of_its_own():
    """Next to a broad sleeve, whose interior alone would tell what the arm looks like."""
    own = torch.zeros(60, 40, dtype=torch.bool)
    own[4:24, 4:30], own[24:56, 14:21] = True, True
    sleeve_only = _interior(own, 4, False) > 0
    both = _interior(own, 4, True) > 0
    assert not bool(sleeve_only[28:].any()) and bool(sleeve_only[8:20, 8:26].all())
    assert bool(both[28:52, 17].all()) and not bool(both[28:, :15].any() | both[28:, 20:].any())
    assert bool((both >= sleeve_only).all())
    finger = torch.zeros_like(own)
    finger[10:50, 10:13] = True
    assert not bool(_interior(finger, 4, True).any())


def test_letters_do_not_tell_that_the_dark_beside_an_arm_is_shirt(layout):
    """Dark letters on a shirt, and a dark gap between it and the arm, so near that they could be asked."""
    row, column = torch.meshgrid(*(torch.arange(n) for n in SIZE), indexing="ij")
    letters = (row > 80) & (row < 112) & (column > 90) & (column < 106)
    gap = (column >= ARM - 4) & (column < ARM)
    picture = torch.where(letters | gap, 0.15, SHIRT[:, None, None])
    picture = torch.where(column >= ARM, SKIN[:, None, None], picture)
    trunk, arm = ((column >= 40) & (column < ARM)).float(), (column >= ARM).float()
    contact = Contact.of("trunk", {"trunk": trunk, "left_arm": arm}, TALL)
    beside = gap & (row > 84) & (row < 108)
    assert float(believed(layout, picture, contact)[beside].float().mean()) > 0.5
    assert float(believed(layout, picture, contact, letters.float())[beside].float().mean()) < 0.1


def test_a_place_of_many_colours_does_not_outbid_the_wall(layout):
    """A hairy arm: all its colours together would take in a grey gap that the wall has exactly."""
    picture, trunk, arm = scene()
    grain = torch.randn(SIZE, generator=torch.Generator().manual_seed(0))
    x = torch.arange(SIZE[1])[None].expand(SIZE)
    picture = torch.where(arm > 0, picture + 0.12 * grain, picture)
    gap = (x >= ARM) & (x < ARM + 5)
    picture = torch.where(gap | (trunk + arm == 0), torch.tensor([0.45, 0.44, 0.43])[:, None, None], picture)
    own = believed(layout, picture.clamp(0, 1), contacts(trunk, arm)[1])
    assert float(own[:, ARM : ARM + 4].float().mean()) < 0.2
    assert float(own[:, ARM + 8 : 148].float().mean()) > 0.8


def test_what_shows_of_a_sunlit_lawn_in_a_dark_gap_is_no_shirt(layout):
    """A mottled dark shirt has the lawn's dimmed colour now and then; the lawn has it oftener, half as bright."""
    picture, trunk, arm = scene()
    grain = 0.05 * torch.randn(SIZE, generator=torch.Generator().manual_seed(0))
    lawn, shirt = (torch.tensor(c)[:, None, None] for c in ((0.52, 0.50, 0.24), (0.17, 0.18, 0.19)))
    x = torch.arange(SIZE[1])[None].expand(SIZE)
    picture = torch.where(trunk > 0, shirt + grain, torch.where(arm > 0, picture, lawn))
    picture = torch.where((x >= ARM - 5) & (x < ARM), 0.5 * lawn, picture)
    own = believed(layout, picture.clamp(0, 1), contacts(trunk, arm)[0])
    assert float(own[:, ARM - 5 : ARM - 1].float().mean()) < 0.1
    assert float(own[:, 60 : ARM - 8].float().mean()) > 0.9


@pytest.mark.parametrize("rows, filled", [((40, 52), True), ((20, 120), False)])
def test_only_a_short_gap_beside_an_arm_is_filled(layout, rows, filled):
    """0.06 of a stature of 480 pixels are 29; a gap narrows upwards, and its narrow end is as open as the rest."""
    x, y = torch.arange(SIZE[1])[None].expand(SIZE), torch.arange(SIZE[0])[:, None].expand(SIZE)
    gap = (y >= rows[0]) & (y < rows[1]) & (x >= 96) & (x < 96 + (y - rows[0]).clamp(4, 16))
    matte = ((x > 30) & (x < 150) & ~gap).float()
    owner = torch.where(torch.arange(2 * SIZE[1] // CELL) * CELL / 2 < 100, 0, 1)
    owner = owner.expand(2 * SIZE[0] // CELL, -1)
    found = _with_short_gaps_closed(
        layout, layout.to_grid(matte, 2), matte, owner, ["trunk", "left_arm"], TALL
    )
    assert float(found[gap].mean()) > 0.9 if filled else torch.equal(found, matte)
    assert torch.equal(found[~gap], matte[~gap]) or filled


def test_what_is_cut_off_an_arm_leaves_an_even_outline(layout):
    _, trunk, arm = scene(sliver=4)
    x, y = torch.arange(SIZE[1])[None].expand(SIZE), torch.arange(SIZE[0])[:, None].expand(SIZE)
    own = (x >= ARM + 2 * ((y // 4) % 2)) & (arm > 0)  # judged by squares, the border is a saw
    left = cut_free(arm, own, contacts(trunk, arm)[1])
    saw = own.float().sum(1)[16:-16].std()
    assert float(left.sum(1)[16:-16].std()) < 0.5 * float(saw)
    assert float(left[:, ARM + 8 : 149].min()) == 1


def test_what_an_arm_encloses_is_no_part_of_its_outline(layout):
    """A phone's shade on a bare arm is not believed, and yet the arm has no hole."""
    _, trunk, arm = scene()
    own = arm > 0
    own[80:94, 130:141] = False
    left = cut_free(arm, own, contacts(trunk, arm)[1])
    assert float(left[80:94, 130:141].min()) == 1


def test_what_only_a_third_covered_is_nobodys_when_that_has_left():
    parted, alpha, beside = torch.tensor([0.0, 0.0, 0.4]), torch.ones(3), torch.tensor([0.0, 1.0, 0.5])
    assert _goes_on(parted, alpha, beside).tolist() == [0, 1, 1]


def test_under_hair_a_layer_does_not_show_the_photos_pixels():
    """Hair over the left half of a crop whose first pixel is (10, 20) in the photo; none is known of another layer."""
    strands = (torch.arange(8) < 4).float().expand(6, -1)
    layer = SimpleNamespace(strands=strands, local=lambda points: points - torch.tensor([10.0, 20.0]))
    points = torch.tensor([[11.0, 22.0], [16.0, 22.0]])
    assert _bare(layer, points).tolist() == [False, True]
    assert _bare(SimpleNamespace(strands=None), points).tolist() == [True, True]


def test_specks_between_strands_of_hair_are_not_believed():
    """Strands every third pixel on the left, three pixels of hair beside a shirt on the right."""
    stray = torch.zeros(40, 60)
    stray[:, 0:20:3] = 1
    stray[:, 19:22] = 1
    found = _between_strands(stray, 6)
    assert not bool(found[:, : 22 + STRAND].any()) and bool(found[:, 22 + STRAND :].all())


def test_in_an_arms_shade_what_is_the_other_half_the_time_is_no_border(layout):
    """A dark spot beside the arm, half of whose pixels are believed by chance."""
    picture, trunk, arm = scene()
    y, x = torch.meshgrid(*(torch.arange(n) for n in SIZE), indexing="ij")
    spot = (y > 90) & (y < 100) & (x >= ARM - 10) & (x < ARM - 4)
    hidden = (x >= ARM - 4) & (x < ARM) | (spot & ((x + y) % 2 == 0))
    picture = torch.where(spot, 0.1, picture)
    contact = contacts(trunk, arm)[0]
    own = (trunk > 0) & ~hidden & ~((x >= ARM - 10) & ~spot)
    colour = layered_colour(layout, picture, torch.maximum(trunk, arm), contact, own)
    assert float(colour[:, 88:102, ARM - 10 :].min()) > 0.6


@pytest.mark.parametrize("dark, told", [(0.5, True), (0.85, False)])
def test_a_line_of_shade_along_an_arm_is_none_of_it_and_its_rounding_is(layout, dark, told):
    """Two columns, and two bright ones beyond; 0.004 of a stature of 480 pixels are two, and one more goes with what is
    told. The upper half of the arm is a sleeve, whose folds are as dark."""
    picture, trunk, arm = scene()
    y, x = torch.meshgrid(*(torch.arange(n) for n in SIZE), indexing="ij")
    picture = torch.where((x >= ARM) & (x < ARM + 2), dark * picture, picture)
    own, bare = arm > 0, y >= 96
    left = without_dark_line(layout, picture, own, bare, contacts(trunk, arm)[1])
    assert not bool(left[100:-8, ARM : ARM + 2].any()) == told
    assert torch.equal(left[:96], own[:96]) and torch.equal(left[:, ARM + 4 :], own[:, ARM + 4 :])


def test_beside_an_arm_an_outline_has_no_steps_and_elsewhere_it_keeps_them():
    """Steps of four pixels at both sides of a trunk; 0.006 of a stature of 480 pixels are three."""
    _, trunk, arm = scene()
    y, x = torch.meshgrid(*(torch.arange(n) for n in SIZE), indexing="ij")
    stepped = torch.where((y >= 96) & ((x >= ARM - 4) | (x < 44)), 0.0, trunk)
    left = without_steps(stepped, contacts(trunk, arm)[0])
    right, other = left[:, 80:].sum(1), left[:, :80].sum(1)
    assert float(right[80:112].diff().abs().max()) < 1.5 and torch.equal(other, stepped[:, :80].sum(1))
    assert float((right - stepped[:, 80:].sum(1))[[40, 150]].abs().max()) < 0.5


def test_a_dark_speck_on_a_hand_is_no_hair_and_a_strand_below_a_gap_is(drawn):
    """A head's hair, a strand below it, four cells apart from it, and a speck on a hand."""
    layout, _, matte, frame, tall = drawn
    radii = measured_radii(layout, layout.to_grid(matte, 2), frame, tall)
    crown = layout.capsule(frame.start[INDEX["head"]][:2], frame.end[INDEX["head"]][:2], 2)[0]
    hand = layout.capsule(frame.start[INDEX["left_hand"]][:2], frame.end[INDEX["left_hand"]][:2], 2)[0]
    skull = crown < float(radii[INDEX["head"]])
    lowest = int(torch.nonzero(skull.any(1)).max())
    column = int(torch.nonzero(skull[lowest])[0])
    hair = skull.float()
    hair[lowest + 5 : lowest + 9, column] = 1
    speck = hand < 0.3 * float(radii[INDEX["left_hand"]])
    found = _from_head(layout, frame, radii, torch.maximum(hair, speck.float()))
    assert torch.equal(found, hair) and bool(speck.any())


def test_a_fold_fades_out_where_what_is_believed_ends():
    columns = torch.arange(80.0)
    sure = (columns < 40)[None].expand(20, -1)
    evened = torch.full((3, 20, 80), 0.9) - 0.1 * ((columns - 38).abs() <= 3)  # a fold that the border cuts
    faded = fading(evened, sure, torch.full_like(evened, 0.9), 1000.0)[0, 10]
    other = fading(evened - 0.6 * (columns < 40), sure, torch.full_like(evened, 0.9), 1000.0)
    assert float(other.min()) > 0.75  # another garment does not fade into this one
    assert float(faded[40]) < 0.83 and float((faded[53:] - 0.9).abs().max()) < 1e-6
    assert bool((faded[40:].diff() > -1e-4).all()) and float(faded[40:].diff().max()) < 0.05
