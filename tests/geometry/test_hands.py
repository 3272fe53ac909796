"""Hands: the solid stands on the target's points, the photo's own hand stays where it will do, and nothing
has holes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from repose.pipelines.geometry import hands
from repose.pipelines.geometry.hand_colour import SHADE, Skin, encoded, linear, shown, skin_of
from repose.pipelines.geometry.hand_shape import FINGER_RADII, hand
from repose.pipelines.geometry.hand_sight import see, window
from repose.pipelines.geometry.landmarks import FINGERS
from repose.pipelines.geometry.layout import Layout
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.motion import body_height, motion
from repose.pipelines.geometry.parts import INDEX
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skeleton import JOINT_INDEX
from repose.pipelines.geometry.volume import build
from repose.pipelines.geometry.warp import look

from .people import CANVAS, draw, standing

CPU = torch.device("cpu")
SKIN = (0.72, 0.52, 0.42)


def tall(pose: str = "front"):
    """The standard body as large as in a photo: its hands are 90 pixels long."""
    return standing(pose).scaled(2.1, (1000, 760))


@pytest.fixture(scope="module")
def photo():
    """A figure of capsules whose hands are the solid's own, in one skin colour: picture, matte, skeleton."""
    skeleton = standing()
    picture, matte = draw(skeleton)
    skin = Skin(linear(torch.tensor(SKIN)), torch.zeros(3, 3), torch.zeros(3), torch.ones(3))
    for side in ("left", "right"):
        body = hand(skeleton, side)
        x0, y0, x1, y1 = box = window(body, CANVAS)
        sight = see(body, box, CPU)
        cover = sight.cover
        colour = encoded(skin.lit(sight.normal, sight.open)).permute(2, 0, 1)
        part = picture[0, :, y0:y1, x0:x1]
        picture[0, :, y0:y1, x0:x1] = part * (1 - cover) + colour * cover
        matte[0, 0, y0:y1, x0:x1] = matte[0, 0, y0:y1, x0:x1].maximum(cover)
    return picture, matte, skeleton


@pytest.fixture(scope="module")
def volume(photo):
    return build(*photo)


def tips(skeleton, side: str) -> np.ndarray:
    return skeleton.forward().positions[[JOINT_INDEX[f"{side}_{finger}_4"] for finger in FINGERS]]


@pytest.mark.parametrize("pose", ["hands/waving", "hands/pointing", "hands/arms crossed", "mascot/thumbs up"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_each_bone_s_similarity_lands_on_the_target_s_bone(pose, side):
    source, target = tall(), retarget(tall(), load_pose(pose))
    before, after = hand(source, side), hand(target, side)
    turn, scale = hands.bone_motions(before, after)
    moved = after.origins + scale[:, None] * np.einsum("bij,bj->bi", turn, before.tips - before.origins)
    assert np.abs(moved - after.tips).max() < 1e-6
    assert np.abs(after.tips[[3, 6, 9, 12, 15]] - tips(target, side)).max() < 1e-9


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_waving_hand_shows_five_fingertips_within_a_pixel(side):
    pose = load_pose("hands/waving") if side == "left" else load_pose("hands/waving").mirrored()
    target = retarget(tall(), pose)
    body = hand(target, side)
    at = torch.as_tensor(tips(target, side)[:, :2]).float()
    last = [FINGER_RADII[finger][3] * body.length for finger in FINGERS]
    assert (
        np.abs(body.flat(CPU).distance(at).numpy() + last).max() < 1
    )  # a tip's ball, no other finger over or beside it
    ring = body.joints[[4, 8, 12, 16, 20], :2]
    gaps = torch.as_tensor((ring[:-1] + ring[1:]) / 2).float()
    assert (body.flat(CPU).distance(gaps) > 2).all(), "neighbouring fingertips of an open hand are apart"


def test_the_thumb_is_on_the_side_that_the_palm_says():
    """A raised left hand whose palm faces the camera has its thumb towards the head; mirrored, so has a
    right one."""
    for side, pose in (("left", load_pose("hands/waving")), ("right", load_pose("hands/waving").mirrored())):
        body = hand(retarget(tall(), pose), side)
        palm_seen = body.frame[2, 1] < 0
        towards_head = (body.joints[4, 0] - body.joints[20, 0]) * (1 if side == "right" else -1) > 0
        assert palm_seen and towards_head


@pytest.mark.parametrize("pose", ["hands/waving", "hands/hand on hip", "hands/pointing", "seated/seated"])
def test_a_solid_has_no_holes_between_its_knuckles(pose):
    body = hand(retarget(tall(), load_pose(pose)), "left")
    share = torch.linspace(0, 1, 15)[:, None, None]
    knuckles = torch.as_tensor(body.joints[[5, 9, 13, 17], :2]).float()
    across = torch.cat([torch.lerp(a, b, share[:, 0]) for a, b in zip(knuckles, knuckles[1:], strict=False)])
    root = torch.as_tensor(body.joints[0, :2]).float()
    palm = torch.lerp(root, across[None], share).reshape(-1, 2)
    assert (body.flat(CPU).distance(palm) < 0).all()


def test_distance_is_that_of_a_capsule_away_from_the_others():
    body = hand(tall(), "left")
    tip, before = body.tips[9], body.origins[9]
    out = (tip - before) / np.linalg.norm(tip - before)
    away = body.solid(CPU).distance(torch.as_tensor(tip + 20 * out)[None].float())
    assert float(away[0]) == pytest.approx(20 - FINGER_RADII["middle"][3] * body.length, abs=0.05)


def test_rays_meet_the_surface_and_normals_face_the_camera():
    body = hand(retarget(tall(), load_pose("hands/waving")), "left")
    sight = see(body, window(body, (2000, 2000)), CPU)
    inside = sight.outline < -3
    points = torch.cat((sight.pixels(), sight.depth[..., None]), -1)[inside]
    assert float(body.solid(CPU).distance(points).abs().quantile(0.99)) < 1.0
    assert float((sight.normal[inside][:, 2] < 0).float().mean()) > 0.98
    assert ((sight.open[inside] > 0) & (sight.open[inside] <= 1)).all()


def test_skin_is_measured_through_what_is_none():
    torch.manual_seed(0)
    normal = torch.nn.functional.normalize(torch.randn(4000, 3) - torch.tensor([0, 0, 1.5]), dim=1)
    open = torch.rand(4000) * 0.5 + 0.5
    flat, slope = (
        torch.tensor([0.4, 0.22, 0.15]),
        torch.tensor([[0.1, 0.05, 0.03], [-0.1, -0.06, -0.04], [-0.1, -0.05, -0.03]]),
    )
    seen = encoded((flat + normal @ slope) * open[:, None] ** torch.tensor(SHADE))
    seen[::8] = torch.tensor([0.1, 0.2, 0.8])  # a sleeve
    skin, good = skin_of(seen, normal, open)
    assert torch.allclose(skin.flat, flat, atol=0.02) and torch.allclose(skin.slope, slope, atol=0.02)
    assert not good[::8].any() and good.float().mean() > 0.8


def test_too_little_skin_is_none():
    assert skin_of(torch.rand(10, 3), torch.rand(10, 3), torch.ones(10)) is None


def test_the_photo_s_own_hand_stays_for_the_same_pose(photo, volume):
    skeleton = photo[2]
    assert set(volume.hands) == {"left_arm", "right_arm"}
    kept, anew = hands.posed_hands(volume.hands, motion(skeleton, skeleton), volume.corner, CANVAS)
    assert not anew and all(bool((one == 1).all()) for one in kept.values())


def test_a_waving_hand_is_drawn_anew_and_told_as_hidden(photo, volume):
    skeleton = photo[2]
    target = retarget(skeleton, load_pose("hands/waving"))
    moved = look(volume, motion(skeleton, target), CANVAS)
    body = hand(target, "left", hands.SLIM)
    x, y = np.round(body.joints[[4, 6, 7, 10, 11, 14, 15, 18, 19], :2]).astype(int).T
    assert bool((moved.alpha[0, 0, y, x] > 0.9).all())
    part = moved.correspondence.part[y, x]
    assert (part == INDEX["left_hand"]).all()
    assert (moved.colour[0][:, y, x].T - torch.tensor(SKIN)).abs().mean() < 0.12
    assert float(moved.hidden[0, 0, y, x].mean()) > 0.5
    again = look(volume, motion(skeleton, target), CANVAS)
    assert torch.equal(moved.colour, again.colour) and torch.equal(moved.alpha, again.alpha)


def found(photo, volume, skeleton, hidden=None):
    """The hands that `source_hands` takes from the photo for another reading of its skeleton."""
    layout = Layout.around(photo[1][0, 0], body_height(photo[2]))
    layers = {layer.name: layer for layer in volume.layers}
    return hands.source_hands(
        layout,
        volume.photo,
        skeleton,
        {name: layout.laid(layer.parted, layer.layout) for name, layer in layers.items()},
        {name: layout.laid(layer.weights, layer.layout) for name, layer in layers.items()},
        hidden,
    )


def unsure(skeleton, names: list[str]):
    confidence = skeleton.confidence.copy()
    confidence[[JOINT_INDEX[name] for name in names], 0] = 0
    return replace(skeleton, confidence=confidence)


FINGER_POINTS = [f"left_{finger}_{i}" for finger in FINGERS for i in (1, 2, 3, 4)]


def test_a_hand_with_missing_points_stays_rigid(photo, volume):
    assert set(found(photo, volume, photo[2])) == {"left_arm", "right_arm"}
    assert set(found(photo, volume, unsure(photo[2], FINGER_POINTS[:10]))) == {"right_arm"}


def test_a_hand_in_a_pocket_is_drawn_when_it_has_left_it(photo, volume):
    skeleton = photo[2]
    hidden = unsure(skeleton, ["left_hand_root", *FINGER_POINTS])
    sources = found(photo, volume, hidden, {"left_arm": torch.tensor(SKIN)})
    assert sources["left_arm"].hidden
    for pose, drawn in (("front", False), ("hands/waving", True)):
        target = retarget(hidden, load_pose(pose))
        _, anew = hands.posed_hands(sources, motion(hidden, target), volume.corner, CANVAS)
        assert ("left_arm" in anew) is drawn


def test_a_small_hand_stays_as_it_is(photo, volume):
    small = photo[2].scaled(0.5, (240, 180))
    assert hand(small, "left").length < hands.LEAST
    assert not found(photo, volume, small)


def test_what_lies_between_the_fingers_is_taken_out_and_the_palm_is_not():
    body = hand(retarget(tall(), load_pose("hands/waving")), "left")
    sight = see(body, window(body, (2000, 2000), 10), CPU)
    unlike = torch.where(sight.outline > 0, 100.0, 3.0)
    own = hands._own(sight, unlike, body.length)
    assert float(own[sight.outline < -0.02 * body.length].min()) > 0.99
    assert float(own[sight.outline > 0.06 * body.length].max()) < 0.05
    kept = hands._own(sight, torch.full_like(unlike, 1.0), body.length)
    assert (
        float(kept[sight.outline.abs() < 0.05 * body.length].min()) > 0.9
    )  # the hand's colour: the points were off


def test_a_hand_outside_the_picture_is_not_drawn():
    body = hand(tall().moved([5000.0, 0.0]), "left")
    assert window(body, CANVAS) is None


def test_colours_of_an_unseen_hand_are_light_that_can_be():
    body = hand(tall(), "left")
    sight = see(body, window(body, (1000, 760)), CPU)
    skin = Skin(torch.tensor([0.4, 0.25, 0.2]), torch.zeros(3, 3), torch.zeros(3), torch.ones(3))
    light = shown(body, sight, skin, torch.ones_like(sight.depth))
    assert torch.isfinite(light).all() and float(light.min()) >= 0 and float(light.max()) < 1
