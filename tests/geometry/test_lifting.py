"""Lifting: pixels exactly, depth nearly, absent parts plausibly."""

from dataclasses import replace

import numpy as np
import pytest
from repose.pipelines.geometry.depth import bone_depth
from repose.pipelines.geometry.keypoints import Keypoints
from repose.pipelines.geometry.landmarks import INDEX, LANDMARKS
from repose.pipelines.geometry.library import pose_names
from repose.pipelines.geometry.lifting import lift
from repose.pipelines.geometry.skeleton import JOINT_INDEX, JOINTS, Skeleton

BODY = slice(0, 23)
POSES = pose_names()


def detected(body: Skeleton) -> Keypoints:
    """The body's landmarks as a detector with metric landmarks would give them."""
    return replace(body.project(), level=False)


def named(bodies: dict, name: str):
    """The body in the pose of that name, whatever its folder in the library."""
    return next(body for pose, body in bodies.items() if pose.rpartition("/")[2] == name)


def without(keypoints: Keypoints, *parts: str) -> Keypoints:
    """Landmarks whose names contain one of the words become absent."""
    gone = [any(part in name for part in parts) for name in LANDMARKS]
    return replace(keypoints, confidence=np.where(gone, 0, keypoints.confidence))


def millimetres(lifted, truth) -> np.ndarray:
    """(23,) distance of body and feet, both with the pelvis at depth 0."""
    expected = truth.forward().positions - [0, 0, truth.root[2]]
    difference = lifted.forward().positions - expected
    return np.linalg.norm(difference, axis=1)[BODY] * truth.metres_per_pixel * 1000


@pytest.mark.parametrize("pose", POSES)
@pytest.mark.parametrize("metric", [True, False], ids=["metric", "pixels only"])
def test_pixels_come_back_exactly(posed_bodies, pose, metric):
    keypoints = detected(posed_bodies[pose])
    keypoints = keypoints if metric else replace(keypoints, world=None)
    assert np.abs(lift(keypoints).project().points - keypoints.points).max() < 1e-3, "pixels"


def test_depth_with_metric_landmarks(posed_bodies):
    errors = [millimetres(lift(detected(body)), body).mean() for body in posed_bodies.values()]
    assert np.mean(errors) < 42 and max(errors) < 95, f"mm per pose: {np.round(errors)}"


def test_depth_from_pixels_alone(posed_bodies):
    errors = []
    for body in posed_bodies.values():
        errors.append(millimetres(lift(replace(detected(body), world=None)), body).mean())
    assert np.mean(errors) < 78 and max(errors) < 260, f"mm per pose: {np.round(errors)}"


@pytest.mark.parametrize("metric", [True, False], ids=["metric", "pixels only"])
def test_mirror_then_lift_is_lift_then_mirror(posed_bodies, metric):
    for name, body in posed_bodies.items():
        keypoints = detected(body) if metric else replace(detected(body), world=None)
        a = lift(keypoints.mirrored()).forward().positions
        b = lift(keypoints).mirrored().forward().positions
        assert np.abs(a - b).max() < 0.1, f"{name}: pixels"


def test_knees_and_elbows_of_standing_people_do_not_bend_backwards(posed_bodies):
    rng = np.random.default_rng(3)
    for name in ("front", "contrapposto", "waving", "relaxed"):
        keypoints = named(posed_bodies, name).project()
        noise = np.float32([0, 0, 0.06]) * rng.normal(size=(133, 1)).astype(np.float32)
        positions = lift(replace(keypoints, world=keypoints.world + noise)).forward().positions
        for side in ("left", "right"):
            hip, knee, ankle = (positions[JOINT_INDEX[f"{side}_{n}"]] for n in ("hip", "knee", "ankle"))
            share = (knee[1] - hip[1]) / (ankle[1] - hip[1])
            behind = knee[2] - (hip[2] + share * (ankle[2] - hip[2]))
            assert behind < 30, f"{name}: the {side} knee lies {behind:.0f} px behind the leg"


def test_absent_legs_stay_absent_and_hang_down(posed_bodies):
    keypoints = without(detected(named(posed_bodies, "front")), "knee", "ankle", "toe", "heel", "hip")
    lifted = lift(keypoints)
    assert not lifted.present("left_ankle") and lifted.confidence[JOINT_INDEX["left_hip"]].max() == 0
    positions = lifted.forward().positions
    assert np.isfinite(positions).all()
    legs = [positions[JOINT_INDEX[f"left_{n}"], 1] for n in ("shoulder", "hip", "knee", "ankle")]
    assert legs == sorted(legs) and 380 < legs[3] - legs[1] < 600, "a leg of about 491 pixels, downwards"


@pytest.mark.parametrize(
    "parts",
    [("nose", "eye", "ear", "face"), ("hand", "thumb", "index", "middle", "ring", "little"), ("left_",),
     ("wrist", "elbow"), ("toe", "heel"), ("right_shoulder", "left_hip")],
    ids=["no head", "no hands", "no left side", "no arms", "no feet", "one shoulder, one hip"],
)  # fmt: skip
def test_any_missing_part_gives_a_finite_body(posed_bodies, parts):
    keypoints = without(detected(named(posed_bodies, "walking")), *parts)
    for given in (keypoints, replace(keypoints, world=None)):
        try:
            lifted = lift(given)
        except ValueError as error:
            assert "landmarks are present" in str(error) and parts == ("left_",)
            continue
        assert np.isfinite(lifted.forward().positions).all()
        seen = given.confidence > 0
        assert np.abs(lifted.project().points - given.points)[seen].max() < 1e-3
        assert (lifted.confidence[:133, 0] == given.confidence).all()


def test_a_face_alone_is_enough_and_a_foot_is_not(posed_bodies):
    keypoints = detected(named(posed_bodies, "front"))
    legs = ("hip", "knee", "ankle", "toe", "heel", "shoulder", "elbow", "wrist", "hand")
    positions = lift(without(keypoints, *legs)).forward().positions
    assert positions[JOINT_INDEX["neck"], 1] > positions[JOINT_INDEX["head"], 1] + 30
    only_feet = replace(keypoints, confidence=np.where([("toe" in n) for n in LANDMARKS], 1, 0))
    with pytest.raises(ValueError, match="4 of 133 landmarks are present"):
        lift(only_feet)


def test_a_face_whose_depth_alone_is_known_is_enough(posed_bodies):
    """A close portrait: the detector tells metres of the face, and of no bone."""
    keypoints = detected(named(posed_bodies, "front"))
    legs = ("hip", "knee", "ankle", "toe", "heel", "shoulder", "elbow", "wrist", "hand")
    world = keypoints.world.copy()
    world[[any(part in name for part in legs) for name in LANDMARKS]] = np.nan
    lifted = lift(replace(without(keypoints, *legs), world=world))
    assert np.isfinite(lifted.forward().positions).all()


def test_faces_turn_the_head_the_way_the_nose_points(posed_bodies):
    keypoints = replace(detected(named(posed_bodies, "three-quarter left")), world=None)
    forward = -lift(keypoints).forward().rotations[JOINT_INDEX["head"]][:, 2]
    assert forward[0] > 0.1 and forward[2] < -0.7, "a little to the person's left, and to the camera"


@pytest.mark.parametrize(
    ("flat", "hint", "length", "expected"),
    [(100, 30, 100, 0), (60, 80, 100, 80), (60, -80, 100, -80), (99, 500, 100, 14.1), (0, 1, 100, 100)],
    ids=["unshortened", "3-4-5", "sign of the hint", "never beyond the length", "end on"],
)
def test_bone_depth(flat, hint, length, expected):
    assert bone_depth(flat, hint, length) == pytest.approx(expected, abs=0.1)


def test_no_bone_is_lifted_far_beyond_its_length(posed_bodies):
    keypoints = detected(named(posed_bodies, "front"))
    world = keypoints.world.copy()
    world[INDEX["left_wrist"], 2] -= 2.0
    lifted = lift(replace(keypoints, world=world))
    assert lifted.length("left_wrist") < 1.36 * 146, f"{lifted.length('left_wrist'):.0f} pixels"


def test_confidence_has_three_parts(posed_bodies):
    keypoints = detected(named(posed_bodies, "front"))
    spread = np.full(133, 0.01 / 0.0017, dtype=np.float32)
    lifted = lift(replace(keypoints, confidence=np.full(133, 0.8), spread=spread))
    assert np.allclose(lifted.confidence[:133], [0.8, 0.8, 0.5], atol=0.01), "one centimetre is half precise"
    assert JOINTS[133] == "pelvis" and lifted.confidence[133, 0] == pytest.approx(0.8)


def test_level_depth_is_taken_as_it_is(posed_bodies):
    for name, body in posed_bodies.items():
        error = millimetres(lift(replace(detected(body), level=True)), body)
        assert error.max() < 0.5, f"{name}: {error.max():.1f} mm"


def test_level_depth_survives_the_mirror(posed_bodies):
    keypoints = replace(detected(named(posed_bodies, "walking")), level=True)
    a, b = lift(keypoints.mirrored()), lift(keypoints).mirrored()
    assert keypoints.mirrored().level and np.abs(a.forward().positions - b.forward().positions).max() < 0.1


@pytest.mark.parametrize("turn", [0.0, 0.6, -0.9], ids=lambda turn: f"{turn} rad")
def test_face_and_fingers_follow_the_few_points_with_depth(posed_bodies, turn):
    """The lifter gives depth for a few points of hand and head; the others lie where the template has them."""
    body = named(posed_bodies, "front")
    rotations = body.rotations.copy()
    for name, axis in (("head", 1), ("left_wrist", 1), ("right_wrist", 1)):
        rotations[JOINT_INDEX[name]] = [np.cos(turn / 2), *(np.sin(turn / 2) * np.eye(3)[axis])]
    body = body.with_rotations(rotations)
    world = detected(body).world.copy()
    few = ("index_1", "middle_1", "little_1")
    gone = [n for n in LANDMARKS[23:] if not n.endswith(few)]
    world[[INDEX[name] for name in gone]] = np.nan
    lifted = lift(replace(detected(body), world=world, level=True)).forward().positions
    expected = body.forward().positions - [0, 0, body.root[2]]
    for name in ("face_8", "face_36", "left_index_3", "right_thumb_2"):
        off = abs(lifted[JOINT_INDEX[name], 2] - expected[JOINT_INDEX[name], 2])
        assert off < 12, f"{name} is {off:.0f} pixels off in depth"


@pytest.mark.parametrize("roll", [-25, 0, 20])
def test_a_tilted_head_is_tilted_as_its_eyes_are_though_its_ears_are_not(standard_body, roll):
    """Body detectors find ears under hair where they mostly are, on an upright head."""
    rotations = standard_body.rotations.copy()
    half = np.radians(roll) / 2
    rotations[JOINT_INDEX["head"]] = [np.cos(half), 0, 0, np.sin(half)]
    upright, tilted = (
        standard_body.with_rotations(r).project() for r in (standard_body.rotations, rotations)
    )
    ears = [INDEX["left_ear"], INDEX["right_ear"]]
    points = tilted.points.copy()
    points[ears] = 0.4 * tilted.points[ears] + 0.6 * upright.points[ears]
    head = lift(replace(tilted, points=points, world=None)).forward().rotations[JOINT_INDEX["head"]]
    found = np.degrees(np.arctan2(head[1, 0], head[0, 0]))
    assert abs(found - roll) < 2, f"{found:.1f} degrees"
