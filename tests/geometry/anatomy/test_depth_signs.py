"""Limbs on the wrong side of the picture."""

import numpy as np
import pytest
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.anatomy.correction import corrected
from repose.pipelines.geometry.anatomy.depth_signs import LIMBS, mirrored_limb, unfolded
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skeleton import JOINT_INDEX, JOINTS, Skeleton
from repose.pipelines.geometry.template import OFFSETS


@pytest.fixture(scope="module")
def seated() -> Skeleton:
    """Every hinge well bent, seen at an angle."""
    rest = np.tile([1.0, 0.0, 0.0, 0.0], (len(JOINTS), 1))
    body = Skeleton(
        OFFSETS * 1000, rest, np.array([500.0, 620, 0]), np.ones((len(JOINTS), 3)), (1300, 1000), 0.0017
    )
    return corrected(retarget(body, load_pose("seated"))).skeleton


def test_mirrored_limbs_come_back_where_nobody_could_hold_them(seated):
    """Both sides of the picture are possible for some limbs; the picture stays in every case."""
    came_back = 0
    for name in ("seated", "walking", "hands on hips", "waving", "running"):
        right = corrected(retarget(seated, load_pose(name))).skeleton
        for hinge in LIMBS:
            back, hinges = unfolded(mirrored_limb(right, hinge, upper=False, lower=True))
            moved = np.abs(back.forward().positions[:17, :2] - right.forward().positions[:17, :2]).max()
            assert moved < 1e-6, (name, hinge)
            came_back += hinges == (hinge,)
    assert came_back >= 4


def test_a_knee_lifted_backwards_is_turned_forward(seated):
    stands = corrected(retarget(seated, load_pose("front"))).skeleton
    local = stands.rotations.copy()
    back = rotation.quaternion_from_matrix(rotation.about(np.array([1.0, 0, 0]), np.radians(-60)))
    local[JOINT_INDEX["left_knee"]] = rotation.multiply(local[JOINT_INDEX["left_knee"]], back)
    wrong = stands.with_rotations(local)
    back, hinges = unfolded(wrong)
    assert hinges == ("left_knee",)
    picture = [
        one.forward().positions[:17, :2]
        for one in (wrong, back, corrected(back).skeleton, corrected(wrong).skeleton)
    ]
    assert np.abs(picture[0] - picture[1]).max() < 1e-6, "the picture stays"
    moved = [np.abs(p - picture[0]).max() for p in picture[2:]]
    assert moved[0] < 0.5 * moved[1], "pixels: straightening would move it"


def test_bones_keep_their_lengths_and_a_second_mirror_undoes_the_first(seated):
    once = mirrored_limb(seated, "right_elbow", upper=True, lower=True)
    assert np.array_equal(once.offsets, seated.offsets)
    twice = mirrored_limb(once, "right_elbow", upper=True, lower=True)
    assert np.abs(twice.forward().positions[:17] - seated.forward().positions[:17]).max() < 1e-6


def test_what_bends_forward_is_left_alone(seated):
    same, hinges = unfolded(seated)
    assert same is seated and hinges == ()
