"""A bag is a thing of its own: the body beside it is not spoilt, and it goes with what carries it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.carried import BAG, Bag, Carried
from repose.pipelines.geometry.field import erode
from repose.pipelines.geometry.garments import NUMBER, GarmentMap
from repose.pipelines.geometry.layers import Regions
from repose.pipelines.geometry.layout import Layout
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.motion import body_height, bones, motion
from repose.pipelines.geometry.nearness import measured_radii
from repose.pipelines.geometry.parts import INDEX, LAYERS
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.volume import build
from repose.pipelines.geometry.warp import look

from . import people

LEATHER = torch.tensor([0.85, 0.35, 0.05])
"""No part's colour is as near to it as 0.3."""


def dressed(matte: torch.Tensor, bag: torch.Tensor, name: str = BAG) -> Regions:
    """What a segmentation would see of somebody in one garment, with a bag (H, W) bool that it calls `name`."""
    labels = torch.where(matte > 0.5, NUMBER["upper"], 0)
    labels = torch.where(bag, NUMBER[name], labels).to(torch.uint8)
    nothing = torch.zeros_like(matte)
    return Regions(nothing, nothing, None, GarmentMap(labels, nothing, matte))


class Carrying:
    """The drawn person with a bag 44 pixels wide and 60 high, with a handle, as a camera sees both."""

    def __init__(self, left: float, top: float):
        """The bag's left upper corner in pixels."""
        self.skeleton = people.standing()
        self.frame, self.tall = bones(self.skeleton), body_height(self.skeleton)
        self.plain, self.body = people.draw(self.skeleton)
        y, x = torch.meshgrid(*(torch.arange(n).float() for n in people.CANVAS), indexing="ij")
        self.bag = (x >= left) & (x < left + 44) & (y >= top) & (y < top + 60)
        self.bag |= ((x - left - 22).abs() < 4) & (y >= top - 14) & (y < top)
        stripes = 0.9 + 0.1 * torch.sin(y * 0.5)
        self.picture = torch.where(self.bag, LEATHER[:, None, None] * stripes, self.plain)
        self.matte = torch.maximum(self.body, self.bag.float())
        self.regions = dressed(self.matte, self.bag)
        self.layout = Layout.around(self.matte[0, 0], self.tall)
        self.volume = build(self.picture, self.matte, self.skeleton, self.regions)

    def found(self, mask: torch.Tensor, name: str = BAG) -> Bag | None:
        """The bag where there is a thing in `mask` (H, W) bool that a segmentation calls by a name."""
        matte = torch.maximum(self.body, mask.float())
        garments = dressed(matte, mask, name).garments
        crop = self.layout.crop(self.picture[0])
        return Bag.of(self.layout, crop, self.layout.crop_mask(matte[0]), garments, self.frame, self.tall)

    def in_pose(self, pose: str):
        """The person in a pose of the library, and the target's skeleton."""
        target = retarget(self.skeleton, load_pose(pose))
        return look(self.volume, motion(self.skeleton, target), people.CANVAS), target


@pytest.fixture(scope="module")
def beside():
    """A bag that hangs from the left hand, beside the left leg and some pixels before it."""
    hand = bones(people.standing()).end[INDEX["left_hand"]]
    return Carrying(float(hand[0]) - 34, float(hand[1]) + 12)


@pytest.fixture(scope="module")
def before():
    """A bag before the belly, far from both hands."""
    return Carrying(158, 190)


def speck() -> torch.Tensor:
    """(H, W) bool: 12 pixels to the side, before a thigh."""
    mask = torch.zeros(people.CANVAS, dtype=torch.bool)
    mask[300:312, 170:182] = True
    return mask


@pytest.fixture(scope="module")
def plain(beside):
    """The volume of the same person without a bag, but with a speck of something else."""
    return build(beside.plain, beside.body, beside.skeleton, dressed(beside.body, speck(), "accessory"))


def leather(moved) -> torch.Tensor:
    """(H, W) bool: what of a moved person has the bag's colour, whatever its stripe."""
    colour = moved.colour[0] / moved.colour[0].norm(dim=0).clamp(min=1e-3)
    alike = (colour * (LEATHER / LEATHER.norm())[:, None, None]).sum(0) > 0.985
    return alike & (moved.alpha[0, 0] > 0.5)


def layer_on(volume, name: str, values: str) -> torch.Tensor:
    """(..., H, W) a layer's map on the whole canvas."""
    layer = next(one for one in volume.layers if one.name == name)
    height, width = people.CANVAS
    (x, y), image = layer.layout.corner, getattr(layer, values)
    out = torch.zeros(*image.shape[:-2], height + 200, width + 200)
    out[..., y + 100 : y + 100 + image.shape[-2], x + 100 : x + 100 + image.shape[-1]] = image
    return out[..., 100 : 100 + height, 100 : 100 + width]


def test_a_leg_beside_a_bag_is_as_broad_as_without_one(beside, plain):
    rows = beside.bag.any(1)
    breadth, bare = (
        layer_on(one, "left_leg", "parted")[rows].sum(1).sort().values for one in (beside.volume, plain)
    )
    assert float((breadth - bare).abs().mean()) < 2 and float(breadth.max() - bare.max()) < 4, "pixels"
    layout, firm = beside.layout, beside.layout.crop_mask(beside.matte[0])
    _, body, _ = beside.found(beside.bag).off(layout, layout.crop(beside.picture[0]), firm)
    mattes = (body, layout.crop_mask(beside.body[0]))
    without, true = (
        measured_radii(layout, layout.to_grid(m, 2), beside.frame, beside.tall)[INDEX["left_thigh"]]
        for m in mattes
    )
    assert abs(without - true) < 1.0, "pixels"


def test_nothing_of_the_bag_is_in_the_bodys_colours(beside, before):
    for figure, name in ((beside, "left_leg"), (before, "trunk")):
        there = layer_on(figure.volume, name, "parted") > 0.5
        assert int((there & figure.bag).sum()) > 400, "it goes on under the bag"
        colour = layer_on(figure.volume, name, "colour")
        plain, orange = ((colour - one).abs().sum(0) for one in (figure.plain[0], LEATHER[:, None, None]))
        assert int(((orange < 0.3) & there).sum()) < 5, name
        assert float(plain[there & figure.bag].median()) < 0.25


def test_in_the_same_pose_it_is_the_same_picture(beside):
    moved = look(beside.volume, motion(beside.skeleton, beside.skeleton), people.CANVAS)
    error = (moved.over(beside.plain) - beside.picture).abs().mean(1)[0]
    inside = error[beside.matte[0, 0] > 0.99]
    assert float(inside.mean()) < 0.004 and float(inside.quantile(0.99)) < 0.05
    assert float((error > 0.1).sum()) < 0.01 * len(inside), "a seam is seen"
    assert float((moved.alpha - beside.matte).abs().mean()) < 0.003
    inner = erode(beside.bag.float(), 2) > 0  # its outline is drawn without soft edges
    assert float(error[inner].max()) < 0.02 and float(error[inner].mean()) < 1 / 255


@pytest.mark.parametrize(
    "pose, shown", [("hands/waving", 0.6), ("hands/hand on hip", 0.96), ("movement/walking", 0.96)]
)
def test_it_keeps_its_shape_and_hangs_from_the_hand(beside, pose, shown):
    """Of a bag under a raised hand the forearm hides a part."""
    moved, target = beside.in_pose(pose)
    grip = [(f.start + f.end)[INDEX["left_hand"]][:2] / 2 for f in (beside.frame, bones(target))]
    step = np.round(grip[1] - grip[0]).astype(int)
    y, x = torch.nonzero(beside.bag, as_tuple=True)
    wanted = torch.zeros_like(beside.bag)
    wanted[y + step[1], x + step[0]] = True
    found = leather(moved)
    assert float((found & wanted).sum()) > shown * float(wanted.sum()), f"moved by {step}"
    assert float((found & ~wanted).sum()) < 0.04 * float(wanted.sum()), f"moved by {step}"


def test_a_bag_on_the_body_goes_with_the_trunk_and_behind_it(before):
    sheet = before.volume.layers[-1]
    assert sheet.name == BAG and sheet.cloth.turns and sheet.cloth.part == INDEX["spine"]
    assert int(leather(before.in_pose("catalogue/front")[0]).sum()) > 0.97 * int(before.bag.sum())
    assert int(leather(before.in_pose("catalogue/back")[0]).sum()) < 0.02 * int(before.bag.sum())


def test_a_hand_carries_what_hangs_straight_below_it(beside):
    away = torch.roll(beside.bag, (-50, -30), (0, 1))  # the hand lies at its corner
    assert beside.found(beside.bag).carrier == "left_hand"
    assert beside.found(away).carrier == "pelvis"
    standing = torch.roll(beside.bag, -130, 0)
    assert beside.found(standing).carrier in ("pelvis", "spine"), "too large to stand on a hand"


def test_a_hand_holds_a_small_bag_that_stands_on_it(beside):
    tip = beside.frame.start[INDEX["left_hand"]]
    y, x = torch.meshgrid(*(torch.arange(n).float() for n in people.CANVAS), indexing="ij")
    clutch = ((x - float(tip[0])).abs() < 12) & (y > float(tip[1]) - 28) & (y < float(tip[1]))
    found = beside.found(clutch)
    assert (found.carrier, found.held, found.turns) == ("left_hand", True, False)


def test_behind_the_back_it_is_behind_the_body():
    rest = people.standing()
    for pose, ahead in (("catalogue/front", True), ("casual/hands behind the back", False)):
        how = motion(rest, retarget(rest, load_pose(pose)))
        hangs = Carried(how.source[INDEX["left_hand"]], INDEX["left_hand"], turns=False)
        assert hangs.ahead(how, people.STATURE) is ahead, pose


def test_what_is_carried_moves_as_one_rigid_thing():
    rest = people.standing()
    how = motion(rest, retarget(rest, load_pose("hands/waving")))
    hand, scale = INDEX["left_hand"], float(np.median(how.scale))
    hangs = Carried(how.source[hand], hand, turns=False)
    points = torch.rand(50, 3, generator=torch.Generator().manual_seed(3)) * 100
    at, to = points.new_tensor(how.source[hand]), points.new_tensor(how.target[hand])
    assert torch.allclose(hangs.hung(points, points, how), (points - at) * scale + to, atol=1e-3), "upright"
    assert torch.allclose(hangs.hung(points, points, motion(rest, rest)), points, atol=1e-3)
    upside = np.stack([np.diag([-1.0, -1.0, 1.0])] * len(how.scale))
    after = replace(hangs, held=True).hung(points, points, replace(how, rotation=upside))
    assert torch.allclose(
        after - after[0], (points - points[0]) * points.new_tensor([-1, -1, 1]) * scale, atol=1e-3
    )
    turned = np.stack([np.diag([-1.0, 1.0, -1.0])] * len(how.scale))  # by half a turn
    after = replace(hangs, turns=True).hung(points, points, replace(how, rotation=turned))
    mirrored = points.new_tensor([-1, 1, -1])
    assert torch.allclose(after - after[0], (points - points[0]) * mirrored * scale, atol=1e-3)


def test_a_speck_is_no_bag_nor_is_all_of_somebody(beside):
    for mask in (speck(), speck() & False, torch.ones_like(beside.bag)):
        assert beside.found(mask) is None
    assert beside.found(beside.bag, "accessory") is None
    firm = beside.layout.crop_mask(beside.matte[0])
    assert (
        Bag.of(beside.layout, beside.layout.crop(beside.picture[0]), firm, None, beside.frame, beside.tall)
        is None
    )


def test_rims_of_boots_are_no_bag(beside, monkeypatch):
    """A pair is one thing; without the rule it would be a bag."""
    y, x = torch.meshgrid(*(torch.arange(n).float() for n in people.CANVAS), indexing="ij")
    middles = [
        (beside.frame.start[shin] + beside.frame.end[shin]) / 2
        for shin in (INDEX["left_shin"], INDEX["right_shin"])
    ]
    left, right = sorted(float(middle[0]) for middle in middles)
    boots = ((y - float(middles[0][1])).abs() < 12) & (x > left - 8) & (x < right + 8)
    boots &= ((x - left).abs() < 9) | ((x - right).abs() < 9) | ((y - float(middles[0][1])).abs() < 1)
    assert beside.found(boots) is None
    monkeypatch.setattr("repose.pipelines.geometry.carried.BOOTS", 1.0)
    assert beside.found(boots) is not None


def test_a_glove_is_no_bag(beside):
    y, x = torch.meshgrid(*(torch.arange(n).float() for n in people.CANVAS), indexing="ij")
    middle = (beside.frame.start + beside.frame.end)[INDEX["left_hand"]] / 2
    glove = torch.hypot(x - float(middle[0]), (y - float(middle[1])) / 2) < 10
    assert beside.found(glove) is None
    assert beside.found(torch.roll(glove, (30, 60), (0, 1)) | torch.roll(glove, (40, 60), (0, 1))) is None, ()
    assert beside.found(torch.roll(glove, -60, 1)).carrier == "pelvis", "not at the hand"


def test_of_what_is_called_skin_the_leather_is_the_bags(beside):
    """The lower half of the bag and both legs are called an arm's skin."""
    middle = int(torch.nonzero(beside.bag.any(1)).float().mean())
    labels = dressed(beside.matte, beside.bag).garments.labels.clone()
    below = (torch.arange(people.CANVAS[0])[:, None] >= middle) & (beside.matte[0, 0] > 0.5)
    labels[0, 0, below] = NUMBER["left_arm_skin"]
    garments = replace(beside.regions.garments, labels=labels)
    layout, firm = beside.layout, beside.layout.crop_mask(beside.matte[0])
    found = Bag.of(layout, layout.crop(beside.picture[0]), firm, garments, beside.frame, beside.tall)
    own, whole = found.own > 0.5, layout.crop_mask(beside.bag[None].float()) > 0.5
    # But for what lies before the middle of the leg.
    assert int((own & whole).sum()) > 0.8 * int(whole.sum())
    assert int((own & ~whole).sum()) < 0.03 * int(whole.sum())


def test_without_a_bag_the_same_bits(beside, plain):
    other = build(beside.plain, beside.body, beside.skeleton, dressed(beside.body, speck(), BAG))
    assert [layer.name for layer in other.layers] == [layer.name for layer in plain.layers]
    assert {layer.name for layer in other.layers} <= {*LAYERS, "head", "mane"}
    for a, b in zip(other.layers, plain.layers, strict=True):
        for name in ("matte", "parted", "seen", "colour", "rear", "front", "back", "weights"):
            assert torch.equal(getattr(a, name), getattr(b, name)), f"{a.name}: {name}"
