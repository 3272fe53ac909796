"""Pictures of drawn figures to keypoints."""

import re

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from repose.pipelines.drawing import ANIMAL_NOTE, NoFigure, keypoints_from_drawing, prefers_drawing
from repose.pipelines.figures import FIGURE, figure_masks
from repose.pipelines.geometry.keypoints import PRESENT, Keypoints
from repose.pipelines.geometry.lifting import lift

from ..geometry.drawn import HEIGHT, STANDING, mirrored_joints, stick_mask, stick_picture

LIMB_JOINTS = [name for name in STANDING if "_" in name]


def tensor(picture: np.ndarray) -> torch.Tensor:
    """(h, w, 3) uint8 -> (1, 3, h, w) in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 255


def errors(keypoints, joints=None, scale: float = 1.0, offset=(0, 0)) -> list[float]:
    """Shares of the figure's height by which the limbs' joints are off."""
    joints = joints or STANDING
    return [
        float(np.hypot(*(keypoints[name] - (np.array(joints[name]) * scale + offset)))) / (HEIGHT * scale)
        for name in LIMB_JOINTS
    ]


def uneven(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As a phone sees paper under a lamp: a slope of light, a dark corner, noise."""
    y, x = np.mgrid[-1 : 1 : picture.shape[0] * 1j, -1 : 1 : picture.shape[1] * 1j]
    light = 0.8 + 0.15 * x - 0.1 * y - 0.08 * (x**2 + y**2)
    noisy = picture * light[..., None] + rng.normal(0, 3, picture.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("ground", "ink", "width"),
    [
        ((245, 243, 235), (30, 30, 40), 5),
        ((255, 255, 255), (0, 0, 0), 2),
        ((0, 0, 0), (230, 240, 230), 2),
        ((60, 110, 160), (250, 220, 90), 8),
    ],
    ids=["paper", "thin", "wireframe", "colours"],
)
def test_stick_figures(ground, ink, width):
    (keypoints,) = keypoints_from_drawing(tensor(stick_picture(ground=ground, ink=ink, width=width)))
    assert np.mean(errors(keypoints)) < 0.035 and max(errors(keypoints)) < 0.08, errors(keypoints)
    assert keypoints.source == "drawing" and keypoints.notes
    assert keypoints.sees("nose", *LIMB_JOINTS)
    assert np.hypot(*(keypoints["nose"] - STANDING["head"])) < 0.05 * HEIGHT


def test_paper_under_a_lamp():
    picture = uneven(stick_picture(), np.random.default_rng(3))
    (keypoints,) = keypoints_from_drawing(tensor(picture))
    assert np.mean(errors(keypoints)) < 0.035, errors(keypoints)


def test_a_grid_is_no_figure():
    picture = stick_picture(ground=(0, 0, 0), ink=(230, 240, 230), width=3)
    for y in (250, 262, 280, 305):
        cv2.line(picture, (0, y), (319, y), (70, 70, 70), 1)
    for x in range(0, 320, 40):
        cv2.line(picture, (x, 250), (2 * x - 160, 319), (70, 70, 70), 1)
    (keypoints,) = keypoints_from_drawing(tensor(picture))
    assert np.mean(errors(keypoints)) < 0.035, errors(keypoints)


def test_the_mask_is_used_where_given():
    busy = np.random.default_rng(0).integers(0, 255, (320, 320, 3)).astype(np.uint8)
    mask = torch.from_numpy(stick_mask()).float()[None]
    (keypoints,) = keypoints_from_drawing(tensor(busy), mask)
    assert np.mean(errors(keypoints)) < 0.035
    (again,) = keypoints_from_drawing(tensor(busy), mask[None])
    assert (again.points == keypoints.points).all()


def test_several_figures_are_kept_apart_largest_first():
    picture = np.full((340, 620, 3), 245, np.uint8)
    picture[10:330, 0:320] = stick_picture(ground=(245, 245, 245))
    picture[120:280, 400:560] = cv2.resize(
        stick_picture(ground=(245, 245, 245)), (160, 160), interpolation=cv2.INTER_AREA
    )
    people = keypoints_from_drawing(tensor(picture))
    assert len(people) == 2
    assert np.mean(errors(people[0], offset=(0, 10))) < 0.04
    assert np.mean(errors(people[1], scale=0.5, offset=(400, 120))) < 0.05


@settings(max_examples=6)
@given(st.integers(0, 10**6))
def test_a_mirrored_picture_gives_mirrored_keypoints(seed):
    rng = np.random.default_rng(seed)
    joints = {name: (place[0] + int(rng.integers(-5, 6)), place[1]) for name, place in STANDING.items()}
    for root, pair in (("neck", ("left_shoulder", "right_shoulder")), ("pelvis", ("left_hip", "right_hip"))):
        joints |= dict.fromkeys(pair, joints[root])
    picture = stick_picture(joints)
    (one,) = keypoints_from_drawing(tensor(picture))
    (other,) = keypoints_from_drawing(tensor(picture[:, ::-1]))
    off = np.hypot(*(one.mirrored().points - other.points)[:17].T) / HEIGHT
    assert off.max() < 0.04, off
    assert np.mean(errors(other, mirrored_joints(joints))) < 0.04


@pytest.mark.parametrize("scale", [0.75, 2.5, 5.0])
def test_a_scaled_picture_gives_scaled_keypoints(scale):
    picture = stick_picture()
    (one,) = keypoints_from_drawing(tensor(picture))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    (other,) = keypoints_from_drawing(
        tensor(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=way))
    )
    middle = (one.points[:17] + 0.5) * scale - 0.5
    off = np.hypot(*(middle - other.points[:17]).T) / (HEIGHT * scale)
    assert off.max() < 0.035, off


def test_what_was_not_drawn_is_absent():
    (keypoints,) = keypoints_from_drawing(tensor(stick_picture()))
    for part in ("face", "left_hand", "right_hand"):
        assert keypoints.part(part)[1].max() == 0
    assert (keypoints.confidence[[1, 2, 3, 4]] < 0.5).all(), "eyes and ears are inferred from a disc"


def test_the_keypoints_lift():
    (keypoints,) = keypoints_from_drawing(tensor(stick_picture()))
    flat = lift(keypoints).project()
    seen = keypoints.confidence >= PRESENT
    assert np.abs(flat.points[seen] - keypoints.points[seen]).max() < 0.02 * HEIGHT


@pytest.mark.parametrize("kind", ["empty", "gradient", "noise", "dot"])
def test_no_figure_is_said(kind):
    picture = np.full((200, 200, 3), 200, np.uint8)
    if kind == "gradient":
        picture = np.tile(np.linspace(120, 220, 200)[:, None, None], (1, 200, 3)).astype(np.uint8)
    if kind == "noise":
        picture = np.random.default_rng(0).normal(200, 4, picture.shape).astype(np.uint8)
    if kind == "dot":
        cv2.circle(picture, (100, 100), 2, (0, 0, 0), -1)
    with pytest.raises(NoFigure, match="200 x 200.*mask"):
        keypoints_from_drawing(tensor(picture))


def test_wrong_shapes_are_said():
    picture = tensor(stick_picture())
    with pytest.raises(ValueError, match="expected \\(1, 3"):
        keypoints_from_drawing(picture[0])
    with pytest.raises(ValueError, match="100 x 50 pixels, the drawing 320 x 320"):
        keypoints_from_drawing(picture, torch.ones(1, 50, 100))
    with pytest.raises(NoFigure):
        keypoints_from_drawing(picture, torch.zeros(1, 320, 320))


def test_masks_are_cut_out_to_one_size():
    for cut in figure_masks(tensor(stick_picture()))[0]:
        assert max(cut.mask.shape) == pytest.approx(FIGURE + 8, abs=2)
        assert np.hypot(*(cut.to_picture(np.array([[0, 0]]))[0] - [75, 20])) < 20


OURS = {"neck": "nose", "right_hand": "right_wrist", "left_hand": "left_wrist", "right_foot": "right_ankle",
        "left_foot": "left_ankle"}  # fmt: skip
"""AnimatedDrawings' names; its "neck" lies in the face."""


def drawn_error(keypoints, text: str, height: float) -> float:
    """Mean distance to the hand-placed joints in heights; of a bug's arms the pair that was read counts."""
    best = {}
    for x, y, name in re.findall(r"- loc:\s+- (\d+)\s+- (\d+)\s+name: (\w+)", text):
        name = re.sub(r"\d$", "", name).removesuffix("_b")
        if name.endswith("_f"):
            name = name[:-2].replace("hip", "shoulder").replace("knee", "elbow").replace("foot", "hand")
        if name == "hip":
            continue
        pair = {"torso": "shoulder", "root": "hip"}.get(name)
        point = (
            (keypoints[f"left_{pair}"] + keypoints[f"right_{pair}"]) / 2
            if pair
            else keypoints[OURS.get(name, name)]
        )
        off = float(np.hypot(*(point - [int(x), int(y)]))) / height
        best[name] = min(best.get(name, np.inf), off)
    assert len(best) >= 15
    return float(np.mean(list(best.values())))


@pytest.mark.parametrize("given_mask", [True, False], ids=["with its mask", "mask found"])
@pytest.mark.parametrize(
    ("number", "bound"), [(1, 0.08), (2, 0.08), (3, 0.08), (4, 0.08), (5, 0.08), (6, 0.18)]
)
def test_drawn_characters(shared, number, bound, given_mask):
    """Mean error in the figure's height; the sixth is a pig, and its height is half its length."""
    folder = shared / "drawings"
    picture = tensor(np.array(Image.open(folder / f"char{number}_texture.png").convert("RGB")))
    mask = np.array(Image.open(folder / f"char{number}_mask.png").convert("L")) > 127
    people = keypoints_from_drawing(picture, torch.from_numpy(mask).float()[None] if given_mask else None)
    height = float(np.ptp(np.flatnonzero(mask.any(1))))
    error = drawn_error(people[0], (folder / f"char{number}_char_cfg.yaml").read_text(), height)
    assert error < bound, f"char{number}: {error:.1%} of its height"
    assert (ANIMAL_NOTE in people[0].notes) == (number == 6)


def networks_saw(limbs: float, face: float) -> Keypoints:
    confidence = np.zeros(133)
    confidence[:5], confidence[5:17] = face, limbs
    return Keypoints(np.zeros((133, 2)), confidence, np.zeros(133), (320, 320))


def test_words_are_no_figure():
    picture = np.full((400, 900, 3), 255, np.uint8)
    cv2.putText(picture, "HELLO", (50, 300), cv2.FONT_HERSHEY_SIMPLEX, 7, (0, 0, 0), 12)
    with pytest.raises(NoFigure):
        keypoints_from_drawing(tensor(picture))


def test_a_phone_photo_of_a_drawing(shared):
    """A garlic with arms, on paper that does not fill the picture; its hands are where the fingers fork."""
    picture = ImageOps.exif_transpose(Image.open(shared / "drawings" / "garlic_photo.png")).convert("RGB")
    picture.thumbnail((1024, 1024))
    (keypoints,) = keypoints_from_drawing(tensor(np.array(picture)))
    scale = 1024 / 768
    for name, place in {
        "left_wrist": (446, 190),
        "right_wrist": (146, 218),
        "left_elbow": (425, 235),
        "right_elbow": (180, 255),
    }.items():
        off = np.hypot(*(keypoints[name] / scale - place)) / 455
        assert off < 0.05, f"{name} is off by {off:.1%} of the figure's height"


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        (None, True),
        (networks_saw(0.29, 0.3), True),
        (networks_saw(0.7, 0.7), False),
        (networks_saw(0.95, 0.95), False),
        (networks_saw(0.1, 0.9), False),
    ],
    ids=["nobody", "a drawn character", "a mannequin", "a photo", "a portrait"],
)
def test_which_reader(networks, expected):
    assert prefers_drawing(tensor(stick_picture()), networks) is expected


def test_a_busy_picture_is_no_drawing():
    busy = np.random.default_rng(0).integers(0, 255, (200, 200, 3)).astype(np.uint8)
    assert not prefers_drawing(tensor(busy), None)


def test_a_character_keeps_its_own_proportions():
    """Short legs under a large head are the character's, not legs that point at the viewer."""
    mask = np.zeros((320, 320), np.uint8)
    cv2.circle(mask, (160, 90), 70, 1, -1)
    cv2.ellipse(mask, (160, 200), (45, 60), 0, 0, 360, 1, -1)
    for line in ([(130, 175), (90, 205), (60, 200)], [(190, 175), (230, 205), (260, 200)],
                 [(140, 240), (130, 270), (128, 305)], [(180, 240), (190, 270), (192, 305)]):  # fmt: skip
        cv2.polylines(mask, [np.array(line, np.int32)], False, 1, 24)
    (keypoints,) = keypoints_from_drawing(torch.ones(1, 3, 320, 320), torch.from_numpy(mask).float()[None])
    skeleton = lift(keypoints)
    for side in ("left", "right"):
        for start, end in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow")):
            flat = np.hypot(*(keypoints[f"{side}_{end}"] - keypoints[f"{side}_{start}"]))
            assert skeleton.length(f"{side}_{end}") == pytest.approx(flat, rel=0.05)
