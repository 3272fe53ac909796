"""The default regions on painted people, whose every pixel is known."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from repose.pipelines.garments.default import GUESSED
from repose.pipelines.garments.parse import DRAWN, NAKED, NOBODY, GarmentOptions, garment_map, garment_maps
from repose.pipelines.garments.skin import breadth
from repose.pipelines.geometry.garments import CLOTHES
from repose.pipelines.geometry.keypoints import DRAWING
from repose.pipelines.geometry.landmarks import MIRROR
from repose.pipelines.read import person_of, regions_from
from repose.pipelines.segment import Segmentation

from .dressed import BLACK, BLUE, LEATHER, RED, SKIN, WHITE, bare, dressed, grid, outfit, overlap


def parsed(person):
    return garment_map(person.picture, person.keypoints, person.cut)


@pytest.fixture(scope="module")
def plain():
    person = dressed(outfit())
    return person, parsed(person)


@pytest.mark.parametrize(
    ("region", "least"),
    [("upper", 0.93), ("lower", 0.93), ("shoes", 0.75), ("hair", 0.85), ("face", 0.8),
     ("left_arm_skin", 0.85), ("right_arm_skin", 0.85)],
)  # fmt: skip
def test_shirt_trousers_and_shoes(plain, region, least):
    person, found = plain
    assert overlap(found.mask(region), person.truth[region]) > least


def test_nothing_else_is_found(plain):
    _, found = plain
    assert set(found.present()) <= {
        "hair", "face", "torso_skin", "left_arm_skin", "right_arm_skin", "upper", "lower", "shoes",
    }  # fmt: skip
    assert found.notes == ()


def test_the_parts_of_the_map_fit_together(plain):
    person, found = plain
    assert found.size == tuple(person.picture.shape[-2:]) and found.labels.dtype == torch.uint8
    assert bool((found.hair <= found.matte).all()) and not bool(found.labels[found.matte == 0].any())
    assert float((found.mask("person") - person.cut.matte).abs().max()) < 1e-5


def test_the_warp_gets_its_regions(plain):
    person, found = plain
    regions = regions_from(found, person.cut.foreground)
    assert overlap(regions.hair, person.truth["hair"]) > 0.85
    arms = person.truth["left_arm_skin"] | person.truth["right_arm_skin"] | person.truth["torso_skin"]
    assert overlap(regions.skin, arms) > 0.85 and regions.foreground is person.cut.foreground


def test_seen_from_behind_the_sides_change(plain):
    """The same picture of somebody who shows their back: the skeleton knows, and left becomes right."""
    person, _ = plain
    order = list(MIRROR)
    turned = replace(
        person.keypoints,
        points=person.keypoints.points[order],
        confidence=person.keypoints.confidence[order],
        spread=person.keypoints.spread[order],
    )
    found = garment_map(person.picture, turned, person.cut)
    assert overlap(found.mask("left_arm_skin"), person.truth["right_arm_skin"]) > 0.85
    assert overlap(found.mask("lower"), person.truth["lower"]) > 0.9


@pytest.mark.parametrize("pose", ["hands/arms crossed", "movement/walking side"])
def test_crossed_limbs_keep_their_sides(pose):
    def shorts(part, down, aside):
        if part.endswith(("thigh", "shin")):
            return f"{part.split('_')[0]}_leg_skin", SKIN
        return outfit()(part, down, aside)

    person = dressed(shorts, pose)
    found = parsed(person)
    right = total = 0
    for limb in ("arm_skin", "leg_skin"):
        for side in ("left", "right"):
            there = person.truth.get(f"{side}_{limb}", np.zeros(found.size, bool))
            one = found.mask(f"{side}_{limb}")[0, 0].numpy() > 0.5
            both = there & (found.mask(f"left_{limb}", f"right_{limb}")[0, 0].numpy() > 0.5)
            right, total = right + (both & one).sum(), total + both.sum()
    assert total > 3000 and right / total > 0.85, f"{right} of {total} pixels"


def test_black_on_black_is_cut_at_the_hips_and_says_so():
    person = dressed(outfit(BLACK, BLACK))
    found = parsed(person)
    assert GUESSED in found.notes
    assert overlap(found.mask("upper"), person.truth["upper"]) > 0.85
    assert overlap(found.mask("lower"), person.truth["lower"]) > 0.85


@pytest.mark.parametrize("waist", [0.6, 0.8, 1.2])
def test_the_waist_is_where_the_colour_changes(waist):
    person = dressed(outfit(WHITE, BLUE, waist))
    assert overlap(parsed(person).mask("upper"), person.truth["upper"]) > 0.9


def frock(colour):
    """A dress to the knees, closed between the legs, and bare shins."""

    def rule(part, down, aside):
        if found := bare(part, down):
            return found
        if part.endswith(("shin", "foot")) or down > 1.8:
            return f"{part.split('_')[0]}_leg_skin", SKIN
        return "dress", colour

    person = dressed(rule)
    y, x = grid(tuple(person.picture.shape[-2:]))
    left, right = person.keypoints["left_hip"], person.keypoints["right_hip"]
    knee = person.keypoints["left_knee"][1]
    skirt = (y > left[1]) & (y < knee - 8) & (x > right[0] - 20) & (x < left[0] + 20)
    person.truth["dress"] |= skirt
    return person.painted(skirt, "clothes", colour)


@pytest.mark.parametrize("colour", [RED, SKIN], ids=["red", "nude"])
def test_a_dress(colour):
    """One of the skin's own colour too: what is cloth, the network says."""
    person = frock(colour)
    found = parsed(person)
    assert "lower" not in found.present() and overlap(found.mask("dress"), person.truth["dress"]) > 0.85


def test_an_open_jacket():
    def jacket(part, down, aside):
        region, colour = outfit(WHITE)(part, down, aside)
        if region == "upper" and (part.endswith("arm") or abs(aside) > 0.35):
            return "outer", BLUE
        return region, BLACK if region == "lower" else colour

    person = dressed(jacket)
    found = parsed(person)
    assert overlap(found.mask("outer"), person.truth["outer"]) > 0.75
    assert overlap(found.mask("upper"), person.truth["upper"]) > 0.6


def test_no_clothes():
    def skin(part, down, aside):
        return bare(part, down) or (f"{part.split('_')[0]}_leg_skin" if "_" in part else "torso_skin", SKIN)

    found = parsed(dressed(skin))
    assert NAKED in found.notes and not set(found.present()) & set(CLOTHES)


def test_a_pot_between_the_legs_is_no_skin():
    def shorts(part, down, aside):
        if part.endswith(("thigh", "shin")) and down > 1.35:
            return f"{part.split('_')[0]}_leg_skin", SKIN
        return outfit()(part, down, aside)

    person = dressed(shorts)
    y, x = grid(tuple(person.picture.shape[-2:]))
    left, right = person.keypoints["left_knee"], person.keypoints["right_knee"]
    gap = (y > left[1] - 20) & (y < left[1] + 40) & (x > right[0]) & (x < left[0])
    pot = gap & (person.cut.matte[0, 0].numpy() == 0)
    assert pot.sum() > 100
    found = parsed(person.painted(pot, "body_skin", (0.45, 0.25, 0.12)))
    taken = found.mask("person")[0, 0].numpy()[pot]
    assert taken.mean() < 0.35, f"{taken.mean():.2f} of the pot is taken for the person"


def test_a_hand_beside_a_thigh_makes_no_leg_broader():
    """A leg of breadth 1 whose outline, where a hand hangs beside it, lies three times as far out."""
    y, x = grid((120, 90))
    left, right, down = np.abs(x - 60) / 10, np.abs(x - 30) / 10, 1 + y / 60
    arms = {"left_arm": np.abs(x - 75) / 5 + np.clip(down - 1.6, 0, None) * 20, "right_arm": x + 9.0}
    near = {"left_leg": left, "right_leg": right, **arms}
    body = SimpleNamespace(near=near, down=down, aside=(x - 45) / 15)
    person = (np.minimum(left, right) < 1.05) | ((x > 60) & (x < 80) & (down < 1.6))
    found = breadth("left", person, body)
    assert found.max() < 1.1 and found.min() > 0.9


def test_what_the_clothes_call_nobodys_leaves_the_readings_matte(plain):
    person, found = plain
    regions, matte = regions_from(found), person.cut.matte
    assert torch.equal(person_of(matte, regions), matte)
    assert torch.equal(person_of(matte, replace(regions, garments=None)), matte)
    cut = torch.zeros_like(matte, dtype=torch.bool)
    cut[..., 200:240, :] = True
    kept = person_of(
        matte, replace(regions, garments=replace(found, matte=torch.where(cut, 0.0, found.matte)))
    )
    assert float(kept[cut].max()) <= 0.05 and torch.equal(kept[~cut], matte[~cut])


def test_another_person_is_untouched(plain):
    person, alone = plain
    double = torch.cat([person.picture, person.picture], -1)
    far = torch.nn.functional.pad(person.cut.parts[:, 1:], (0, person.picture.shape[-1]))
    parts = torch.cat([1 - far.sum(1, keepdim=True), far], 1)
    found = garment_map(
        double, replace(person.keypoints, canvas=(480, 720)), Segmentation(far.sum(1, True), parts, double)
    )
    assert not bool(found.labels[..., 360:].any()) and not bool(found.hair[..., 360:].any())
    assert float((found.labels[..., :360] != alone.labels).float().mean()) < 0.01


def test_a_drawn_figure_and_an_empty_mask(plain):
    person, _ = plain
    drawn = garment_map(person.picture, replace(person.keypoints, source=DRAWING), person.cut)
    assert drawn.present() == ("other",) and drawn.notes == (DRAWN,)
    nobody = Segmentation(0 * person.cut.matte, 0 * person.cut.parts, person.picture)
    empty = garment_map(person.picture, person.keypoints, nobody)
    assert empty.present() == () and empty.notes == (NOBODY,)


def test_an_own_mask_wins_at_any_size(plain):
    """The right half of the person alone, at half size; a square one is refused with both sizes."""
    person, _ = plain
    matte = torch.nn.functional.interpolate(person.cut.matte, scale_factor=0.5)
    matte[..., 90:] = 0
    args = person.picture, [person.keypoints], person.cut
    (found,) = garment_maps(*args, GarmentOptions(matte=matte))
    assert not bool(found.labels[..., 184:].any()) and "lower" in found.present()
    with pytest.raises(ValueError, match="64 x 64 pixels, the picture 360 x 480: not the same proportions"):
        garment_maps(*args, GarmentOptions(matte=torch.ones(1, 1, 64, 64)))


def test_a_bag_in_the_hand(plain):
    person, _ = plain
    y, x = grid(tuple(person.picture.shape[-2:]))
    hand = person.keypoints["left_wrist"]
    bag = (abs(x - hand[0] - 18) < 14) & (abs(y - hand[1] - 36) < 18)
    found = parsed(person.painted(bag, "other", LEATHER))
    assert overlap(found.mask("bag"), bag) > 0.7


def test_a_large_picture_is_parsed_smaller(plain, monkeypatch):
    """Labels and hair come back at the picture's own size."""
    from repose.pipelines.garments import parse

    person, _ = plain
    monkeypatch.setattr(parse, "WORK_PIXELS", 12_000)
    found = parsed(person)
    assert found.size == tuple(person.picture.shape[-2:])
    assert overlap(found.mask("lower"), person.truth["lower"]) > 0.85
    assert overlap(found.mask("hair"), person.truth["hair"]) > 0.7
