"""Stroke graphs to limbs, on drawn figures whose joints are known."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repose.pipelines.geometry.figures.graph import JOINT, JOINT_NAMES, LIMBS, read_figure
from repose.pipelines.geometry.keypoints import PRESENT

from ..drawn import HEIGHT, STANDING, mirrored_joints, stick_mask

LIMB_JOINTS = [name for limb in LIMBS for name in limb]


def errors(figure, joints=None) -> dict[str, float]:
    """Pixels off for each drawn joint."""
    return {name: float(np.hypot(*(figure[name] - place))) for name, place in (joints or STANDING).items()}


def test_a_stick_figure():
    figure = read_figure(stick_mask())
    off = errors(figure)
    assert np.mean(list(off.values())) < 0.03 * HEIGHT, off
    assert max(off.values()) < 0.07 * HEIGHT, off
    assert figure.head_radius == pytest.approx(25, abs=4)
    assert (figure.sure[[JOINT[n] for n in LIMB_JOINTS]] >= 0.5).all()


def test_left_is_to_the_right_of_the_picture():
    figure = read_figure(stick_mask())
    for joint in ("elbow", "wrist", "knee", "ankle"):
        assert figure[f"left_{joint}"][0] > figure[f"right_{joint}"][0]


def test_a_bent_elbow_is_found_at_the_bend():
    figure = read_figure(stick_mask())
    assert errors(figure)["left_elbow"] < 0.05 * HEIGHT
    assert figure.sure[JOINT["left_elbow"]] > figure.sure[JOINT["right_knee"]]


@settings(max_examples=12)
@given(st.integers(0, 10**6))
def test_mirrored_shapes_give_mirrored_figures(seed):
    rng = np.random.default_rng(seed)
    joints = {
        name: tuple(int(v) for v in np.array(place) + rng.integers(-6, 7, 2))
        for name, place in STANDING.items()
    }
    for root, names in (("neck", ("left_shoulder", "right_shoulder")), ("pelvis", ("left_hip", "right_hip"))):
        joints |= dict.fromkeys(names, joints[root])
    figure, other = (read_figure(stick_mask(one)) for one in (joints, mirrored_joints(joints)))
    off = np.hypot(*(figure.mirrored(320).points - other.points).T)
    assert off[[JOINT[n] for n in (*LIMB_JOINTS, "head")]].max() < 0.04 * HEIGHT


@pytest.mark.parametrize("scale", [0.6, 1.7])
def test_scaled_shapes_give_scaled_figures(scale):
    mask = stick_mask()
    large = cv2.resize(mask.astype(np.float32), None, fx=scale, fy=scale) > 0.5
    figure, other = read_figure(mask), read_figure(large)
    off = np.hypot(*(other.points / scale - figure.points).T)
    assert off[[JOINT[n] for n in LIMB_JOINTS]].max() < 0.04 * HEIGHT


def test_hair_ears_and_a_tail_are_no_limbs():
    mask = stick_mask().astype(np.uint8)
    cv2.polylines(mask, [np.array([(148, 30), (120, 15), (110, 45)], np.int32)], False, 1, 6)
    cv2.polylines(mask, [np.array([(172, 30), (200, 15), (210, 45)], np.int32)], False, 1, 6)
    cv2.polylines(mask, [np.array([(160, 165), (185, 172), (200, 160)], np.int32)], False, 1, 5)
    off = errors(read_figure(mask > 0))
    assert np.mean(list(off.values())) < 0.04 * HEIGHT, off


def test_a_hand_on_the_hip_closes_no_limb():
    joints = STANDING | {"left_elbow": (215, 125), "left_wrist": (166, 160)}
    off = errors(read_figure(stick_mask(joints)), joints)
    assert off["left_elbow"] < 0.08 * HEIGHT and off["left_wrist"] < 0.12 * HEIGHT, off


def test_a_hand_is_where_the_fingers_fork():
    mask = stick_mask().astype(np.uint8)
    x, y = STANDING["left_wrist"]
    for dx, dy in ((-6, -26), (22, -20)):
        cv2.line(mask, (x, y), (x + dx, y + dy), 1, 4)
    assert errors(read_figure(mask > 0))["left_wrist"] < 0.04 * HEIGHT


def test_a_missing_arm_is_not_believed():
    mask = np.zeros((320, 320), np.uint8)
    for line in (("neck", "head"), ("neck", "pelvis"), LIMBS[0], LIMBS[2], LIMBS[3]):
        cv2.polylines(mask, [np.array([STANDING[n] for n in line], np.int32)], False, 1, 7)
    cv2.circle(mask, STANDING["head"], 25, 1, -1)
    figure = read_figure(mask > 0)
    assert figure.sure[JOINT["right_wrist"]] < PRESENT <= figure.sure[JOINT["left_wrist"]]
    assert np.isfinite(figure.points).all()


def animal() -> np.ndarray:
    mask = np.zeros((200, 320), np.uint8)
    cv2.ellipse(mask, (150, 90), (110, 45), 0, 0, 360, 1, -1)
    cv2.circle(mask, (280, 60), 32, 1, -1)
    for x in (70, 105, 200, 235):
        cv2.line(mask, (x, 110), (x, 180), 1, 16)
    cv2.line(mask, (45, 75), (8, 45), 1, 7)
    return mask > 0


def test_front_legs_of_an_animal_are_arms():
    figure = read_figure(animal())
    assert figure.four_legged
    wrists = sorted(figure[f"{s}_wrist"][0] for s in ("left", "right"))
    ankles = sorted(figure[f"{s}_ankle"][0] for s in ("left", "right"))
    assert wrists == pytest.approx([200, 235], abs=10) and ankles == pytest.approx([70, 105], abs=10)
    assert np.hypot(*(figure["head"] - [280, 60])) < 20
    mirrored = read_figure(animal()[:, ::-1].copy())
    assert mirrored["left_wrist"][0] == pytest.approx(319 - figure["right_wrist"][0], abs=8)


@pytest.mark.parametrize("shape", ["nothing", "point", "disc"])
def test_shapes_without_limbs_do_not_crash(shape):
    mask = np.zeros((100, 100), np.uint8)
    if shape == "point":
        mask[50, 50] = 1
    if shape == "disc":
        cv2.circle(mask, (50, 50), 30, 1, -1)
    figure = read_figure(mask > 0)
    assert figure is None or figure.cost > 1


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_noise_never_crashes(seed):
    rng = np.random.default_rng(seed)
    blocks = rng.random((12, 12)) > 0.5
    figure = read_figure(np.kron(blocks, np.ones((12, 12))) > 0)
    assert figure is None or (np.isfinite(figure.points).all() and len(figure.points) == len(JOINT_NAMES))
