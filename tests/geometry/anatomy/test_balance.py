"""The ground: what carries a body, where its weight goes, and small repairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.anatomy.balance import (
    COLLAPSE,
    MASSES,
    balance,
    centre_of_mass,
    collapsed,
    hull,
    pressed,
)
from repose.pipelines.geometry.anatomy.correction import corrected
from repose.pipelines.geometry.anatomy.limits import sample, within
from repose.pipelines.geometry.contacts import GROUND, Contact, reached
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skeleton import JOINT_INDEX, JOINTS, Skeleton, local_rotations
from repose.pipelines.geometry.template import OFFSETS

ANKLES = ("left_ankle", "right_ankle")


def body(rotations: np.ndarray) -> Skeleton:
    """1000 pixels tall."""
    root = np.array([499.5, 620.0, 0.0])
    return Skeleton(OFFSETS * 1000, rotations, root, np.ones((len(JOINTS), 3)), (1300, 1000), 0.0017)


def posed(name: str) -> Skeleton:
    return retarget(body(np.tile([1.0, 0, 0, 0], (len(JOINTS), 1))), load_pose(name))


@pytest.fixture(scope="module")
def stands() -> Skeleton:
    return corrected(posed("front")).skeleton


def shifted(skeleton: Skeleton, step) -> Skeleton:
    """The pelvis moved, the ankles kept."""
    at = skeleton.forward().positions
    moved = skeleton.moved(step)
    for name in ANKLES:
        moved = reached(moved, name, at[JOINT_INDEX[name]])
    return moved


def swivelled(skeleton: Skeleton, side: str, degrees: float) -> Skeleton:
    """A leg turned about the line from hip to ankle: only the knee moves."""
    at = skeleton.forward()
    axis = at.positions[JOINT_INDEX[f"{side}ankle"]] - at.positions[JOINT_INDEX[f"{side}hip"]]
    globals_ = at.rotations.copy()
    for name in ("hip", "knee"):
        j = JOINT_INDEX[side + name]
        globals_[j] = rotation.about(axis, np.radians(degrees)) @ globals_[j]
    return skeleton.with_rotations(local_rotations(globals_))


def test_masses_are_a_whole_body():
    assert sum(mass for *_, mass, _ in MASSES) == pytest.approx(1.0, abs=1e-9)


def test_the_centre_of_mass_of_a_standing_body_is_in_the_pelvis(stands):
    """0.55 of the stature above the soles in adults (Hellebrandt et al., Am. J. Physiol. 121, 1938)."""
    mass, at = centre_of_mass(stands.forward().positions), stands.forward().positions
    height = at[JOINT_INDEX["left_heel"], 1] - mass[1]
    assert height / 1000 == pytest.approx(0.56, abs=0.03) and abs(mass[0] - 499.5) < 25


MODES = {
    "front": "standing", "contrapposto": "standing", "hands on hips": "standing",
    "side left": "standing", "seated": "seated",
}  # fmt: skip


@pytest.mark.parametrize("name", MODES)
def test_library_poses_stand_as_they_are_meant_to(name):
    report = balance(posed(name))
    assert report.mode == MODES[name] and report.findings == ()


def test_a_walk_is_on_its_way():
    report = balance(posed("walking"))
    assert report.mode in ("moving", "standing") and report.findings == ()


def test_what_carries_is_named(stands):
    report = balance(stands)
    assert report.contacts == ("left heel", "left toes", "right heel", "right toes")
    assert report.outside == 0 and report.pressure[[0, 2]] == pytest.approx(report.mass[[0, 2]])
    assert set(report.levers) == {f"{s}_{j}" for s in ("left", "right") for j in ("hip", "knee", "ankle")}
    assert max(report.levers.values()) < 0.1, "the force of a quiet stance passes near every joint"


def test_a_seat_is_a_contact():
    sitting = posed("seated")
    assert "seat" in balance(sitting).contacts
    stated = balance(posed("front"), [Contact("pelvis", GROUND, (0, -0.5, 0))])
    assert stated.mode == "seated"


def test_a_squat_is_no_seat(stands):
    """Thighs as low as on a chair, the weight over the feet."""
    assert balance(shifted(stands, [0, 170, 30])).mode == "standing"


def test_a_jump_stands_on_nothing(stands):
    local = shifted(stands, [0, 90, 150]).rotations.copy()
    point = rotation.quaternion_from_matrix(rotation.about(np.array([1.0, 0, 0]), np.radians(60)))
    for name in ANKLES:
        local[JOINT_INDEX[name]] = rotation.multiply(local[JOINT_INDEX[name]], point)
    report = balance(stands.with_rotations(local))
    assert report.mode == "airborne" and report.contacts == () and report.findings == ()
    assert balance(stands, [Contact("pelvis", GROUND, (0, -1.3, 0))]).mode == "airborne"


def test_knees_that_fall_inwards_are_found_and_repaired(stands):
    low = shifted(stands, [0, 90, 0])
    fallen = swivelled(swivelled(low, "left_", 36), "right_", -36)
    report = balance(fallen)
    assert {(f.joint, f.limit) for f in report.findings} == {
        ("left_knee", "falls inwards"),
        ("right_knee", "falls inwards"),
    }
    fixed = corrected(fallen, ground=True)
    at, old = fixed.skeleton.forward(), fallen.forward()
    assert all(abs(collapsed(at, side)) <= COLLAPSE for side in ("left_", "right_"))
    feet = [JOINT_INDEX[name] for name in ANKLES]
    assert np.abs(at.positions[feet] - old.positions[feet]).max() < 12, "pixels of 1000: the feet stay"
    knee = next(v for v in fixed.report if v.limit == "falls inwards")
    assert knee.before > 25 and knee.after <= COLLAPSE and knee.unit == "degrees"


def test_a_knee_over_turned_out_toes_has_not_fallen(stands):
    low = shifted(stands, [0, 90, 0])
    out = swivelled(low, "left_", -50).rotations.copy()
    turned = low.with_rotations(out)
    at = turned.forward()
    globals_ = at.rotations.copy()
    for name in ("ankle", "big_toe", "small_toe", "heel"):
        j = JOINT_INDEX[f"left_{name}"]
        globals_[j] = rotation.turn(yaw=np.radians(50)) @ globals_[j]
    turned = turned.with_rotations(local_rotations(globals_))
    assert abs(collapsed(at, "left_")) > 30 and abs(collapsed(turned.forward(), "left_")) < COLLAPSE


def test_a_floating_foot_comes_to_the_ground(stands):
    at = stands.forward().positions
    floats = reached(stands, "left_ankle", at[JOINT_INDEX["left_ankle"]] - [0, 30, 0])
    found = {(f.joint, f.limit): f for f in balance(floats).findings}
    assert found[("left_ankle", "foot floats")].value == pytest.approx(30, abs=3)
    fixed = corrected(floats, ground=True).skeleton
    assert balance(fixed).findings == () and within(fixed.rotations)


def test_a_weight_beside_the_feet_sways_back(stands):
    leaning = corrected(shifted(stands, [150, 0, 0])).skeleton
    before = balance(leaning)
    assert any(f.limit == "weight beyond support" for f in before.findings)
    after = balance(corrected(leaning, ground=True).skeleton)
    assert after.findings == () and before.outside > 0.025 > after.outside


def test_without_ground_nothing_of_it_is_touched(stands):
    leaning = corrected(shifted(stands, [150, 0, 0])).skeleton
    assert corrected(leaning).skeleton is leaning


@settings(max_examples=12)
@given(st.integers(0, 2**31))
def test_repairs_are_idempotent_and_symmetric(seed):
    """Bodies of any kind, most of which stand badly."""
    rng = np.random.default_rng(seed)
    local = sample(rng, 1, 0.25)[0]
    before = body(local)
    once = corrected(before, ground=True).skeleton
    again = corrected(once, ground=True).skeleton
    assert again is once and within(once.rotations)
    mirrored = corrected(before.mirrored(), ground=True).skeleton.mirrored()
    apart = np.abs(mirrored.forward().positions - once.forward().positions).max()
    assert apart < 1e-3, "pixels of a 1000 pixel body"


def test_hull_and_nearest_point():
    square = hull(np.array([[0, 0], [2, 0], [2, 2], [0, 2], [1, 1], [1, 0]], float))
    assert len(square) == 4
    assert pressed(np.array([1.0, 1.5]), square)[1] == 0
    point, apart = pressed(np.array([3.0, 1.0]), square)
    assert point.tolist() == [2.0, 1.0] and apart == 1.0
    assert pressed(np.array([0.0, 3.0]), hull(np.array([[0.0, 0.0], [0.0, 1.0]])))[1] == 2.0


def test_a_body_without_feet_is_not_judged(stands):
    confidence = stands.confidence.copy()
    confidence[[JOINT_INDEX[n] for n in ANKLES]] = 0
    half = Skeleton(stands.offsets, stands.rotations, stands.root, confidence, stands.canvas, 0.0017)
    assert balance(half).mode == "unseen" and balance(half).findings == ()
