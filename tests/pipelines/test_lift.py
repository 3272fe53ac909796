"""Lifting by the learned network: pixels exactly, depth nearly, and on the right side of the trunk."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repose.pipelines.geometry import lifting, rotation
from repose.pipelines.geometry.keypoints import Keypoints
from repose.pipelines.geometry.landmarks import INDEX, LANDMARKS
from repose.pipelines.geometry.library import load_pose, pose_names
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skeleton import JOINT_INDEX, JOINTS, Skeleton
from repose.pipelines.geometry.template import OFFSETS
from repose.pipelines.lift import lift, with_depth

CANVAS = (1300, 1000)


@pytest.fixture(scope="session")
def bodies() -> dict[str, Skeleton]:
    """The standard body, 1000 pixels and 1.7 m tall, in every pose of the library."""
    rotations = np.tile([1.0, 0.0, 0.0, 0.0], (len(JOINTS), 1))
    confidence = np.ones((len(JOINTS), 3))
    body = Skeleton(OFFSETS * 1000, rotations, np.array([499.5, 620.0, 0.0]), confidence, CANVAS, 0.0017)
    return {name: retarget(body, load_pose(name)) for name in pose_names()}


def flat(body: Skeleton) -> Keypoints:
    """What a detector without metric landmarks says."""
    return replace(body.project(), world=None)


def without(keypoints: Keypoints, *parts: str) -> Keypoints:
    gone = [any(part in name for part in parts) for name in LANDMARKS]
    return replace(keypoints, confidence=np.where(gone, 0, keypoints.confidence))


def millimetres(lifted: Skeleton, truth: Skeleton) -> float:
    """Mean distance of body and feet, both with the pelvis at depth 0."""
    expected = truth.forward().positions - [0, 0, truth.root[2]]
    difference = (lifted.forward().positions - expected)[:23]
    return float(np.linalg.norm(difference, axis=1).mean() * truth.metres_per_pixel * 1000)


def test_pixels_come_back_exactly(bodies):
    for name, body in bodies.items():
        keypoints = flat(body)
        assert np.abs(lift(keypoints).project().points - keypoints.points).max() < 1e-3, f"{name}: pixels"


def test_depth_of_the_library_on_the_standard_body(bodies):
    errors = {name: millimetres(lift(flat(body)), body) for name, body in bodies.items()}
    mean, worst = np.mean(list(errors.values())), max(errors, key=errors.get)
    assert mean < 50 and errors[worst] < 130, f"mean {mean:.0f} mm, {worst} {errors[worst]:.0f} mm"


def test_the_network_is_better_than_foreshortening(bodies):
    learned, guessed = (
        np.mean([millimetres(method(flat(body)), body) for body in bodies.values()])
        for method in (lift, lifting.lift)
    )
    assert learned < 0.75 * guessed, f"{learned:.0f} against {guessed:.0f} mm"


def test_wrists_lie_on_the_right_side_of_the_trunk(bodies):
    """At most one in ten: without perspective and mostly from the front, where an arm that swings back looks like one
    that swings forward. (From all round on other bodies it is one in fifty: training/lifter/evaluate.py.)"""
    wrong, asked = [], 0
    for name, body in bodies.items():
        lifted = lift(flat(body))
        for side in ("left_", "right_"):
            true, found = (before_trunk(one, f"{side}wrist") for one in (body, lifted))
            if abs(true) > 0.08 / body.metres_per_pixel:
                asked += 1
                wrong += [f"{name} {side}"] * (true * found < 0)
    assert asked >= 12 and len(wrong) <= 0.1 * asked, f"{wrong} of {asked}"


def before_trunk(skeleton: Skeleton, joint: str) -> float:
    positions = skeleton.forward().positions
    at = {name: positions[j] for name, j in JOINT_INDEX.items()}
    up = (at["left_shoulder"] + at["right_shoulder"] - at["left_hip"] - at["right_hip"]) / 2
    across = at["left_shoulder"] + at["left_hip"] - at["right_shoulder"] - at["right_hip"]
    return float((at[joint] - at["pelvis"]) @ rotation.unit(np.cross(up, across)))


@pytest.mark.parametrize("height", [0.9, 1.3, 1.6], ids="camera at {} m".format)
def test_standing_people_stand_upright_whatever_the_cameras_height(bodies, height):
    """Seen in perspective from 2.5 m: neither the trunk nor the shanks lean, as shortened shanks would suggest."""
    relaxed = next(body for name, body in bodies.items() if name.rpartition("/")[2] == "relaxed")
    metres = relaxed.forward().positions * relaxed.metres_per_pixel
    camera = metres - [metres[:, 0].mean(), metres[:, 1].max() - height, metres[:, 2].mean() - 2.5]
    pixels = (camera[:133, :2] / camera[:133, 2:] * 1300 + [500, 700]).astype(np.float32)
    seen = Keypoints(pixels, np.ones(133), np.full(133, 2.0), (1500, 1000))
    at = lift(seen).forward().positions
    for low, high in (("ankle", "knee"), ("hip", "shoulder")):
        for side in ("left", "right"):
            step = at[JOINT_INDEX[f"{side}_{low}"]] - at[JOINT_INDEX[f"{side}_{high}"]]
            lean = np.degrees(np.arctan2(step[2], step[1]))
            assert abs(lean) < 12, f"the {side} {high} to {low} leans by {lean:.0f} degrees"


def test_mirror_then_lift_is_lift_then_mirror(bodies):
    for name, body in bodies.items():
        a, b = lift(flat(body).mirrored()), lift(flat(body)).mirrored()
        assert np.abs(a.forward().positions - b.forward().positions).max() < 0.1, f"{name}: pixels"


def test_depth_that_is_known_is_kept(bodies):
    for name, body in list(bodies.items())[::6]:
        assert millimetres(lift(body.project()), body) < 1e-3, name


def test_the_lifter_goes_before_a_detectors_metric_landmarks(bodies):
    """A detector that takes a person seen from behind for a sitting one must not make the person sit."""
    body = next(body for name, body in bodies.items() if name.endswith("/back"))
    world = body.project().world.copy()
    world[[INDEX["left_knee"], INDEX["right_knee"]], 2] -= 0.4
    misled = replace(body.project(), world=world, level=False)
    assert np.array_equal(lift(misled).rotations, lift(flat(body)).rotations)


def test_hands_get_their_own_depth(bodies):
    """The palm's normal, which foreshortening alone does not tell (held-out: 9 against 52 degrees)."""
    learned, guessed = [], []
    for body in list(bodies.values())[::4]:
        for method, errors in ((lift, learned), (lifting.lift, guessed)):
            found = method(flat(body))
            errors += [palm_error(found, body, side) for side in ("left_", "right_")]
    assert np.median(learned) < 20 and np.median(learned) < 0.6 * np.median(guessed), "degrees"


def palm_error(found: Skeleton, truth: Skeleton, side: str) -> float:
    """Degrees between the palms' normals."""
    normals = []
    for skeleton in (found, truth):
        at = skeleton.forward().positions
        wrist, index, little = (at[JOINT_INDEX[side + n]] for n in ("wrist", "index_1", "little_1"))
        normals.append(np.cross(index - wrist, little - wrist))
    return float(np.degrees(rotation.angle_between(*normals)))


def test_a_moved_and_larger_picture_gives_the_same_pose(bodies):
    keypoints = flat(next(iter(bodies.values())))
    larger = lift(keypoints.moved(2.0, (300.0, 40.0), (3000, 2600)))
    assert np.abs(larger.rotations - lift(keypoints).rotations).max() < 2e-3


def test_what_is_not_seen_has_no_depth(bodies):
    found = with_depth(without(flat(next(iter(bodies.values()))), "knee", "left_wrist"))
    assert found.level and np.isnan(found.world[INDEX["left_knee"]]).all()
    assert np.isfinite(found.world[INDEX["right_wrist"]]).all()
    assert np.abs(found.world[[INDEX["left_hip"], INDEX["right_hip"]]].mean(axis=0)).max() < 1e-6, "metres"


@settings(max_examples=25)
@given(st.lists(st.integers(0, 132), max_size=110), st.integers(0, 30))
def test_any_missing_landmarks_give_a_finite_body(bodies, gone, number):
    keypoints = flat(list(bodies.values())[number % len(bodies)])
    confidence = keypoints.confidence.copy()
    confidence[gone] = 0
    given_ = replace(keypoints, confidence=confidence)
    try:
        lifted = lift(given_)
    except ValueError as error:
        assert "landmarks are present" in str(error)
        return
    assert np.isfinite(lifted.forward().positions).all()
    assert np.abs(lifted.project().points - given_.points)[confidence > 0].max() < 1e-3, "pixels"


def test_a_face_alone_is_lifted_by_the_template(bodies):
    face = without(flat(next(iter(bodies.values()))), *(n for n in LANDMARKS if not n.startswith("face")))
    three = without(flat(next(iter(bodies.values()))), "_ear", *LANDMARKS[5:])
    with pytest.raises(ValueError, match="landmarks are present"):
        lift(face)
    assert with_depth(three).world is None and np.isfinite(lift(three).forward().positions).all()
