"""Pictures of OpenPose skeletons, drawn and read back."""

import io
from importlib.util import find_spec

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from repose.pipelines.draw import draw_pose
from repose.pipelines.geometry.keypoints import Keypoints
from repose.pipelines.geometry.landmarks import FINGERS, INDEX, LANDMARKS, PARTS
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skeleton import JOINTS, Skeleton
from repose.pipelines.geometry.template import OFFSETS
from repose.pipelines.openpose_picture import is_openpose_picture, keypoints_from_openpose_picture
from repose.pipelines.picture import read_picture

pytestmark = pytest.mark.skipif(not find_spec("controlnet_aux"), reason="poses are drawn by controlnet-aux")

CLOSE = 1.5


def person(size, middle=0.5, height=0.85, pose="front", turn=0.0, parts=("body",)) -> Keypoints:
    """The standard body on a canvas (height, width), upright at `middle` of the width; the parts that are present."""
    rest = np.tile([1.0, 0.0, 0.0, 0.0], (len(JOINTS), 1))
    body = Skeleton(OFFSETS, rest, np.zeros(3), np.ones((len(JOINTS), 3)), size, 1.7)
    space = retarget(body, load_pose(pose)).forward().positions[:133]
    flat = np.stack([np.cos(turn) * space[:, 0] + np.sin(turn) * space[:, 2], space[:, 1]], axis=1)
    flat -= (flat.min(axis=0) + flat.max(axis=0)) / 2
    confidence = np.zeros(133)
    for part in parts:
        confidence[PARTS[part]] = 1
    points = flat * size[0] * height + [size[1] * middle, size[0] / 2]
    return Keypoints(points, confidence, np.ones(133), size)


def around(name: str, size: int, height: float, parts) -> Keypoints:
    """A close-up: the picture's middle on a landmark of a figure `height` pictures tall; what is outside is absent."""
    one = person((size, size), height=height, pose="waving", parts=parts)
    one = one.moved(1.0, tuple(size / 2 - one[name]), (size, size))
    outside = ((one.points < 8) | (one.points > size - 8)).any(axis=1)
    return Keypoints(one.points, np.where(outside, 0, one.confidence), one.spread, one.canvas)


def errors(truth: Keypoints, found: Keypoints, part="body") -> np.ndarray:
    """(n,) pixels between what both have of a part."""
    both = (truth.confidence > 0) & (found.confidence > 0)
    both &= np.isin(np.arange(133), np.arange(133)[PARTS[part]])
    return np.linalg.norm(truth.points - found.points, axis=1)[both]


def jpeg(picture: torch.Tensor, quality: int) -> torch.Tensor:
    from PIL import Image

    pixels = (picture[0].permute(1, 2, 0) * 255).round().byte().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1)[None] / 255


@pytest.mark.parametrize("thick", [False, True], ids=["thin", "thick"])
@pytest.mark.parametrize("size", [(256, 256), (512, 384), (1024, 768), (2048, 2048)], ids=str)
def test_a_body_comes_back_within_a_pixel_and_a_half(size, thick):
    truth = person(size, pose="walking")
    (found,) = keypoints_from_openpose_picture(draw_pose([truth], size, thick))
    assert errors(truth, found).max() < CLOSE and len(errors(truth, found)) == 17
    assert found.canvas == size and found.confidence[17:].sum() == 0
    assert (found.spread[:17] > 0).all()


def test_hands_and_face_of_close_ups():
    hand = around("left_middle_1", 1024, 4.0, ("body", "left_hand"))
    face = around("nose", 768, 5.0, ("body", "face"))
    (hand_found,) = keypoints_from_openpose_picture(draw_pose([hand], hand.canvas))
    (face_found,) = keypoints_from_openpose_picture(draw_pose([face], face.canvas))
    assert len(errors(hand, hand_found, "left_hand")) == 21
    assert errors(hand, hand_found, "left_hand").max() < CLOSE
    assert len(errors(face, face_found, "face")) >= 66
    assert errors(face, face_found, "face").max() < CLOSE
    assert hand_found.confidence[PARTS["right_hand"]].sum() == 0


def test_a_whole_figure_with_hands_and_face_invents_nothing():
    """At this size most of a hand's dots cover each other: what is not seen stays out, what is said is right."""
    truth = person((1024, 1024), pose="walking", parts=PARTS)
    (found,) = keypoints_from_openpose_picture(draw_pose([truth], truth.canvas))
    body = errors(truth, found)
    assert len(body) >= 15 and np.quantile(body, 0.9) < CLOSE and body.max() < 4
    for part in ("left_hand", "right_hand", "face"):
        off = errors(truth, found, part)
        assert (off > CLOSE).sum() <= 0.1 * len(off) + 1, f"{part}: {np.round(off, 1)}"
    assert found.confidence[PARTS["feet"]].sum() == 0


def test_several_people_are_kept_apart_and_the_largest_is_first():
    size = (700, 1500)
    truth = [
        person(size, 0.2, 0.9, "front"),
        person(size, 0.5, 0.6, "walking", turn=0.6),
        person(size, 0.8, 0.75, "waving"),
    ]
    found = keypoints_from_openpose_picture(draw_pose(truth, size))
    assert len(found) == 3
    order = sorted(found, key=lambda one: one.points[one.confidence > 0, 0].mean())
    for one, other in zip(truth, order, strict=True):
        assert errors(one, other).max() < CLOSE and len(errors(one, other)) == 17
    areas = [np.ptp(one.points[:17], axis=0).prod() for one in found]
    assert areas == sorted(areas, reverse=True)


def test_crossing_limbs_belong_to_their_own_people():
    """Two figures half a shoulder apart: every limb of one crosses those of the other."""
    size = (800, 800)
    truth = [person(size, 0.46, 0.85, "walking"), person(size, 0.56, 0.7, "front")]
    found = keypoints_from_openpose_picture(draw_pose(truth, size))
    assert len(found) == 2
    for one in truth:
        assert min(np.median(errors(one, other)) for other in found) < CLOSE
        best = min(found, key=lambda other: np.median(errors(one, other)))
        assert (errors(one, best) < CLOSE).sum() >= 15


@pytest.mark.parametrize("scale", [0.5, 0.7, 1.6])
def test_resampled_pictures(scale):
    truth = person((768, 768), pose="walking")
    picture = draw_pose([truth], truth.canvas)
    picture = F.interpolate(picture, scale_factor=scale, mode="bilinear", antialias=True)
    (found,) = keypoints_from_openpose_picture(picture)
    moved = truth.moved(scale, (0.5 * scale - 0.5,) * 2, found.canvas)
    assert len(errors(moved, found)) == 17 and errors(moved, found).max() < CLOSE * max(scale, 1)


@pytest.mark.parametrize("size", [512, 1024])
def test_jpeg_at_quality_85(size):
    truth = person((size, size), pose="walking")
    (found,) = keypoints_from_openpose_picture(jpeg(draw_pose([truth], truth.canvas), 85))
    assert len(errors(truth, found)) == 17 and errors(truth, found).max() < 2.0
    assert np.median(errors(truth, found)) < 1.0


def test_people_who_are_cut_by_the_border():
    size = (512, 512)
    truth = person(size, 0.08, 1.3)
    inside = ((truth.points >= 0) & (truth.points <= 511)).all(axis=1)
    truth = Keypoints(truth.points, np.where(inside, truth.confidence, 0), truth.spread, size)
    (found,) = keypoints_from_openpose_picture(draw_pose([truth], size))
    assert set(np.flatnonzero(truth.confidence)) <= set(np.flatnonzero(found.confidence))
    assert errors(truth, found).max() < 2.5


def test_missing_joints_stay_missing():
    truth = person((768, 768))
    gone = [INDEX[name] for name in ("left_wrist", "right_elbow", "left_eye", "right_knee", "right_ankle")]
    confidence = truth.confidence.copy()
    confidence[gone] = 0
    truth = Keypoints(truth.points, confidence, truth.spread, truth.canvas)
    (found,) = keypoints_from_openpose_picture(draw_pose([truth], truth.canvas))
    assert [LANDMARKS[j] for j in np.flatnonzero(found.confidence[:17])] == [
        LANDMARKS[j] for j in np.flatnonzero(confidence[:17])
    ]
    assert errors(truth, found).max() < CLOSE


@pytest.mark.parametrize("radius", [3, 7, 10])
def test_discs_of_other_tools(radius):
    """The same colours with other sizes: discs of a radius, limbs as lines of their width."""
    import cv2
    from repose.pipelines.geometry.formats.openpose import BODY_18, NECK, neck
    from repose.pipelines.openpose_picture.colours import LIMBS

    truth = person((640, 640), pose="walking")
    places = [neck(truth)[0] if name == NECK else truth[name] for name in BODY_18]
    colours = [tuple(int(255 * v) for v in np.round(_hue(20 * j), 3)) for j in range(18)]
    canvas = np.zeros((640, 640, 3), np.uint8)
    for (a, b), colour in zip(LIMBS, colours, strict=False):
        ends = (np.rint(places[i]).astype(int).tolist() for i in (a, b))
        cv2.line(canvas, *ends, tuple(int(0.6 * v) for v in colour), radius)
    for place, colour in zip(places, colours, strict=True):
        cv2.circle(canvas, np.rint(place).astype(int).tolist(), radius, colour, -1)
    (found,) = keypoints_from_openpose_picture(torch.from_numpy(canvas).permute(2, 0, 1)[None] / 255)
    assert len(errors(truth, found)) == 17 and errors(truth, found).max() < CLOSE


def _hue(degrees: float) -> tuple[float, float, float]:
    import colorsys

    return colorsys.hsv_to_rgb(degrees / 360, 1, 1)


def test_read_then_drawn_is_the_same_picture():
    truth = person((512, 512), pose="walking")
    picture = draw_pose([truth], truth.canvas)
    again = draw_pose(keypoints_from_openpose_picture(picture), truth.canvas)
    assert ((again - picture).abs().amax(dim=1) > 0.1).float().mean() < 0.01


def test_what_is_no_openpose_picture():
    noise = torch.rand(1, 3, 200, 200, generator=torch.Generator().manual_seed(0))
    for picture in (noise, noise * 0.2, torch.zeros(1, 3, 64, 64), torch.ones(1, 3, 64, 64)):
        assert not is_openpose_picture(picture)
        with pytest.raises(ValueError, match="not an OpenPose skeleton"):
            keypoints_from_openpose_picture(picture)
    with pytest.raises(ValueError, match=r"shape \(3, 5, 5\), expected \(1, 3, height, width\)"):
        is_openpose_picture(torch.zeros(3, 5, 5))


def test_no_photo_is_taken_for_one(shared):
    photos = [*shared.glob("people/*"), *shared.glob("wholebody/*.jpg"), shared / "astronaut.png"]
    assert len(photos) > 8
    for path in photos:
        photo = F.interpolate(read_picture(path), (400, 300), mode="bilinear", antialias=True)
        assert not is_openpose_picture(photo), path.name
        assert not is_openpose_picture(photo * 0.25), f"{path.name}, darkened"


def test_every_finger_keeps_its_name():
    """The order of the fingers is said by the colours of their lines, not by where they lie."""
    truth = around("left_middle_1", 1024, 4.0, ("body", "left_hand"))
    (found,) = keypoints_from_openpose_picture(draw_pose([truth], truth.canvas))
    for finger in FINGERS:
        tip = f"left_{finger}_4"
        assert np.linalg.norm(truth[tip] - found[tip]) < CLOSE, tip
