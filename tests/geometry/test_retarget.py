"""Retargeting: the pose's angles on the source's bones."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.contacts import GROUND, REACH, contact_point, reached, sole
from repose.pipelines.geometry.library import load_pose, pose_names
from repose.pipelines.geometry.lifting import lift
from repose.pipelines.geometry.proportions import pooled
from repose.pipelines.geometry.retarget import (
    droop,
    facing_with,
    overflow,
    pose_of,
    retarget,
    support,
    turn_of_trunk,
)
from repose.pipelines.geometry.skeleton import JOINT_INDEX, JOINTS, PARENT, local_rotations

POSES = pose_names()


def lengths(skeleton) -> np.ndarray:
    positions = skeleton.forward().positions
    bones = np.flatnonzero(PARENT >= 0)
    return np.linalg.norm(positions[bones] - positions[PARENT[bones]], axis=1)


@pytest.mark.parametrize("pose", POSES)
def test_bone_lengths_are_kept(other_bodies, pose):
    for name, body in other_bodies.items():
        own, wanted = lengths(body), pooled(body)[PARENT >= 0]
        change = lengths(retarget(body, load_pose(pose))) / own - 1
        assert (change * (wanted / own - 1) > -1e-12).all(), f"{name} in {pose}: away from the pooled length"
        assert (np.abs(change) < np.abs(wanted / own - 1) + 1e-9).all(), f"{name} in {pose}: beyond it"
        if name != "uneven":
            assert np.abs(change).max() < 1e-9, f"{name} in {pose}: a symmetric body has its lengths already"


@pytest.mark.parametrize("place", ["source", "target"])
def test_own_pose_changes_nothing(posed_bodies, place):
    for name, body in posed_bodies.items():
        source = lift(body.project())
        again = retarget(source, pose_of(source, name), place)
        assert np.abs(again.forward().positions - source.forward().positions).max() < 1e-6, f"{name}: pixels"


@pytest.mark.parametrize("pose", POSES)
def test_feet_stand_where_they_stood(other_bodies, standard_body, pose):
    loaded = load_pose(pose)
    for body in other_bodies.values():
        posed = retarget(body, loaded)
        assert support(posed, loaded.contacts)[1] == pytest.approx(support(body)[1], abs=1e-6)


@pytest.mark.parametrize("pose", [name for name in POSES if load_pose(name).seat])
def test_a_seat_is_as_high_for_every_body(other_bodies, pose):
    """The pelvis in leg lengths over the ground, and the feet on the ground as far as the bones allow."""
    loaded = load_pose(pose)
    wanted = next(-c.offset[1] for c in loaded.contacts if c.joint == "pelvis")
    for name, body in other_bodies.items():
        posed = retarget(body, loaded)
        view, ground = posed.forward(), support(body)[1]
        legs = [posed.length(f"{side}_knee") + posed.length(f"{side}_ankle") for side in ("left", "right")]
        height = (ground - view.positions[JOINT_INDEX["pelvis"], 1]) / np.mean(legs)
        assert height == pytest.approx(wanted, abs=1e-6), f"{name}: leg lengths"
        if name == "child":
            for contact in (c for c in loaded.contacts if c.joint.endswith("ankle")):
                side, leg = contact.joint.removesuffix("ankle"), legs[contact.joint.startswith("right")]
                off = abs(ground - sole(view, side)[1] + contact.offset[1] * leg)
                assert off < 12, f"{contact.joint} is {off:.1f} px of 600 off the ground"


@pytest.mark.parametrize("pose", [name for name in POSES if not load_pose(name).seat])
def test_feet_of_one_pose_share_the_ground_on_other_proportions(other_bodies, pose):
    """A seat is not lowered for legs that do not reach the ground: those poses have a test of their own."""
    loaded = load_pose(pose)
    feet = (contact for contact in loaded.contacts if contact.joint.endswith("ankle"))
    grounded = {contact.joint: contact.offset[1] for contact in feet}
    for name in ("child", "long thighs"):
        posed = retarget(other_bodies[name], loaded)
        view = posed.forward()
        levels = []
        for joint, rise in grounded.items():
            side = joint.removesuffix("ankle")
            leg = posed.length(f"{side}knee") + posed.length(joint)
            levels.append(sole(view, side)[1] - rise * leg)
        assert not levels or np.ptp(levels) < 3, f"{name} in {pose}: soles {np.ptp(levels):.1f} px apart"


@pytest.mark.parametrize("pose", POSES)
def test_contacts_are_reached_on_other_proportions(other_bodies, pose):
    loaded = load_pose(pose)
    for name in ("child", "long thighs"):
        posed = retarget(other_bodies[name], loaded)
        for contact in (c for c in loaded.contacts if c.on != GROUND):
            view = posed.forward()
            point = contact_point(posed, view, contact)
            away = np.linalg.norm(view.positions[JOINT_INDEX[contact.joint]] - point)
            top = PARENT[PARENT[JOINT_INDEX[contact.joint]]]
            arm = posed.length(contact.joint) + posed.length(JOINTS[PARENT[JOINT_INDEX[contact.joint]]])
            beyond = max(np.linalg.norm(point - view.positions[top]) - arm, 0)
            assert away <= beyond + 0.01 * arm, f"{name} in {pose}: {contact.joint} is {away:.0f} px away"


def test_unknown_parts_keep_the_sources_own(standard_body):
    rotations = standard_body.rotations.copy()
    rotations[JOINT_INDEX["left_index_2"]] = rotation.quaternion_from_matrix(rotation.about([0, 0, 1], 0.5))
    posed = retarget(standard_body.with_rotations(rotations), load_pose("walking"))
    assert np.allclose(posed.rotations[JOINT_INDEX["left_index_2"]], rotations[JOINT_INDEX["left_index_2"]])


def test_a_picture_of_half_a_body_gives_the_half_that_is_there(posed_bodies, standard_body):
    keypoints = posed_bodies["waving"].project()
    low = keypoints.points[:, 1] > keypoints["left_hip"][1] - 5
    pose = pose_of(lift(replace(keypoints, confidence=np.where(low, 0, keypoints.confidence))))
    assert pose.known[JOINT_INDEX["left_elbow"]] and not pose.known[JOINT_INDEX["left_knee"]]
    source = posed_bodies["walking"]
    posed = retarget(source, pose)
    knee = JOINT_INDEX["left_knee"]
    assert np.allclose(posed.rotations[knee], source.rotations[knee]), "the legs keep walking"
    assert (
        posed.forward().positions[JOINT_INDEX["left_wrist"], 1]
        < posed.forward().positions[JOINT_INDEX["neck"], 1]
    )


def test_an_arm_that_comes_without_its_clavicle_raises_it(standard_body):
    pose = load_pose("waving")
    known = pose.known.copy()
    known[[JOINT_INDEX[f"{side}_clavicle"] for side in ("left", "right")]] = False
    chest = [JOINT_INDEX["chest"], JOINT_INDEX["left_clavicle"], JOINT_INDEX["left_shoulder"]]
    bare = replace(pose, known=known, rotations=pose.rotations.copy())
    arm = rotation.multiply(*pose.rotations[chest[1:]])
    bare.rotations[chest[1:]] = [1, 0, 0, 0], arm
    stated, again = retarget(standard_body, pose), retarget(standard_body, bare)
    assert np.allclose(stated.forward().rotations, again.forward().rotations, atol=1e-6)


def test_feet_that_the_pose_does_not_state_stay_level(posed_bodies, standard_body):
    seated = load_pose(
        next(name for name in pose_names() if name.endswith("seated") or name.endswith("/chair"))
    )
    feet = [j for j, name in enumerate(JOINTS) if name.split("_")[-1] in ("ankle", "toe", "heel")]
    known = seated.known.copy()
    known[feet] = False
    source = retarget(standard_body, load_pose("contrapposto"))
    posed = retarget(source, replace(seated, known=known, contacts=())).forward()
    for side in ("left_", "right_"):
        heel, toe = (posed.positions[JOINT_INDEX[f"{side}{n}"]] for n in ("heel", "big_toe"))
        assert abs(heel[1] - toe[1]) < 0.02 * 1000, f"{side}foot: heel and toes at the same height"
        front = posed.rotations[JOINT_INDEX["pelvis"]] @ [0, 0, -1]
        assert (toe - heel) @ front > 0.6 * np.linalg.norm(toe - heel), f"{side}foot points where the hips do"


def test_target_place_takes_position_and_size(posed_bodies, other_bodies):
    target = posed_bodies["contrapposto"].scaled(1.5, (1950, 1500)).moved([40, -30])
    posed = retarget(other_bodies["child"], pose_of(target), place="target")
    assert posed.canvas == (1950, 1500)
    assert np.abs(support(posed)[:2] - support(target)[:2]).max() < 1e-6
    assert np.allclose(
        lengths(posed) / lengths(other_bodies["child"]), lengths(posed)[0] / lengths(other_bodies["child"])[0]
    )


def test_half_a_figure_is_placed_by_its_neck(posed_bodies, standard_body):
    keypoints = posed_bodies["waving"].project()
    low = keypoints.points[:, 1] > keypoints["left_hip"][1] + 50
    target = lift(replace(keypoints, confidence=np.where(low, 0, keypoints.confidence)))
    posed = retarget(standard_body.scaled(2, (2600, 2000)), pose_of(target), place="target")
    necks = [body.forward().positions[JOINT_INDEX["neck"], :2] for body in (target, posed)]
    assert np.abs(necks[0] - necks[1]).max() < 1e-6 and posed.canvas == target.canvas


@pytest.mark.parametrize("pose", ["contrapposto", "hands in hair", "side left", "twirl"])
def test_mirror_then_retarget_is_retarget_then_mirror(standard_body, pose):
    loaded = load_pose(pose)
    a = retarget(standard_body.mirrored(), loaded.mirrored()).forward().positions
    b = retarget(standard_body, loaded).mirrored().forward().positions
    assert np.abs(a - b).max() < 1e-6, "pixels"


def test_the_view_of_the_feet_is_kept(standard_body):
    flat = retarget(standard_body, load_pose("front"))
    globals_ = flat.forward().rotations
    assert abs(np.degrees(droop(flat))) < 1
    feet = [
        JOINT_INDEX[f"{side}_{n}"]
        for side in ("left", "right")
        for n in ("ankle", "heel", "big_toe", "small_toe")
    ]
    globals_[feet] = rotation.about([1.0, 0, 0], np.radians(20)) @ globals_[feet]
    seen_from_above = flat.with_rotations(local_rotations(globals_))
    assert np.degrees(droop(seen_from_above)) == pytest.approx(20, abs=1)
    assert np.degrees(droop(retarget(seen_from_above, load_pose("contrapposto")))) == pytest.approx(20, abs=2)


def test_figures_are_moved_into_the_canvas_where_there_is_room(standard_body):
    front = retarget(standard_body, load_pose("front"))
    near_border = front.moved([500 - front.root[0] - 350, 0])
    assert not overflow(near_border)
    assert "left" not in overflow(retarget(near_border, load_pose("contrapposto")))
    assert overflow(front.moved([-400, 0]))["left"] > 0


@settings(max_examples=40, deadline=None)
@given(st.tuples(*[st.floats(-0.3, 0.3)] * 3))
def test_reached_brings_the_wrist_there(standard_body, step):
    posed = retarget(standard_body, load_pose("waving"))
    shoulder = posed.forward().positions[JOINT_INDEX["left_shoulder"]]
    point = shoulder + np.array(step) * 1000
    moved = reached(posed, "left_wrist", point)
    distance = np.linalg.norm(point - shoulder)
    expected = np.clip(distance, 40.1, REACH * 332)
    wrist = moved.forward().positions[JOINT_INDEX["left_wrist"]]
    assert abs(np.linalg.norm(wrist - shoulder) - expected) < 0.1
    if 41 < distance < 330:
        assert np.linalg.norm(wrist - point) < 1e-6 * 1000
    assert np.allclose(lengths(moved), lengths(posed), rtol=1e-9)


def test_an_unknown_place_is_named(standard_body):
    with pytest.raises(ValueError, match='place is "left", expected "source" or "target"'):
        retarget(standard_body, load_pose("front"), place="left")


def test_who_is_seen_from_behind_stays_so(standard_body):
    """A pose that faces the camera, on a back view: the same pose, turned half round; lengths and height stay."""
    front = retarget(standard_body, load_pose("front"))
    turn = rotation.about(np.array([0.0, 1.0, 0.0]), np.pi)
    quaternions = front.rotations.copy()
    quaternions[JOINT_INDEX["pelvis"]] = rotation.quaternion_from_matrix(
        turn @ rotation.matrix_from_quaternion(quaternions[JOINT_INDEX["pelvis"]])
    )
    back = front.with_rotations(quaternions)
    pose = load_pose("waving")
    assert facing_with(front, pose) is pose
    assert np.degrees(turn_of_trunk(back, pose)) > 150
    turned = facing_with(back, pose)
    assert np.degrees(turn_of_trunk(back, turned)) < 30
    there, here = retarget(back, turned).forward().positions, retarget(front, pose).forward().positions
    raised = JOINT_INDEX["left_wrist"]
    neck = JOINT_INDEX["neck"]
    assert there[raised, 1] - there[neck, 1] == pytest.approx(here[raised, 1] - here[neck, 1], abs=8)
    assert (there[raised, 0] - there[neck, 0]) * (here[raised, 0] - here[neck, 0]) < 0, (
        "left is on the other side"
    )


def test_who_is_seen_from_the_front_may_turn_their_back(standard_body):
    front, pose = retarget(standard_body, load_pose("front")), load_pose("back")
    assert facing_with(front, pose) is pose
    chest = retarget(front, pose).forward().rotations[JOINT_INDEX["chest"]]
    assert (chest @ [0, 0, -1.0])[2] > 0.9, "the chest faces away from the camera"


def test_the_same_person_in_another_picture_has_their_joints_where_it_has_them(standard_body, posed_bodies):
    """Lengths are measured in each picture with an error of some percent, which would shift every joint of the chain."""
    target = posed_bodies["walking"].scaled(0.8, (1040, 800))
    noise = np.random.default_rng(3).normal(1, 0.03, (142, 1))
    source = replace(standard_body, offsets=standard_body.offsets * noise)
    posed = retarget(source, pose_of(target), place="target")
    limbs = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    body = [JOINT_INDEX[f"{side}_{name}"] for side in ("left", "right") for name in limbs]
    apart = np.linalg.norm((posed.forward().positions - target.forward().positions)[body, :2], axis=1)
    assert apart.max() < 0.5, "pixels of a figure 800 high"
