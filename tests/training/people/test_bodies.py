"""A body in a pose: joints where the lifter's evaluation puts them, limbs that keep their volume, twists spread."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.geometry import rotation
from training.lifter.anny import Body as NumpyBody
from training.lifter.heldout import library_frames
from training.people.body.bodies import Body, grounded, rig_of, signed_alike, skinned

from .stick import HEADS, LABELS, PARENTS, rest_frames, stick_body, tube

MILLIMETRE = 1e-3


@pytest.fixture(scope="module")
def body() -> Body:
    return stick_body()


def _numpy_body() -> NumpyBody:
    heads = HEADS.numpy().astype(float)
    none = np.zeros((0, 3))
    return NumpyBody("stick", none, heads, LABELS, np.array(PARENTS), none, none.astype(int), none, none)


def _t_pose(body: Body) -> dict[str, np.ndarray]:
    return {segment.joint: np.eye(3) for segment in body.rig.segments}


def test_segments_join_what_turns_together(body):
    assert len(body.rig.segments) == 57
    assert body.rig.segments[0].joint == "pelvis" and body.rig.segments[0].parent == -1
    assert all(s.parent < i for i, s in enumerate(body.rig.segments) if i)


def test_gathered_weights_sum_to_one(body):
    weights = torch.tensor([[0.25, 0.75], [1.0, 0.0]])
    bones = torch.tensor([[LABELS.index("toe1-1.L"), LABELS.index("foot.L")], [LABELS.index("root"), 0]])
    gathered = body.rig.gathered(weights, bones)
    assert gathered[0, body.rig.index("left_ankle")] == 1
    assert gathered[1, body.rig.index("pelvis")] == 1
    assert torch.allclose(gathered.sum(1), torch.ones(2))


def test_identity_frames_make_the_t_pose(body):
    motion = body.moved(_t_pose(body))
    at = {s.joint + s.part: motion.heads[i] for i, s in enumerate(body.rig.segments)}
    arm = at["left_wrist"] - at["left_shoulder01"]
    assert arm[0] > 0.4 and arm[1:].abs().max() < 2 * MILLIMETRE
    leg = at["right_ankle"] - at["right_hip01"]
    assert leg[1] > 0.7 and leg[[0, 2]].abs().max() < 2 * MILLIMETRE


@pytest.mark.parametrize(
    "name", ["hands/hands on hips", "seated/seated", "mascot/cheering", "movement/dance lunge"]
)
def test_joints_are_those_of_the_lifters_bodies(body, name):
    frames = library_frames(name)
    motion = body.moved(frames)
    expected, _ = _numpy_body().posed(frames)
    found = motion.heads.numpy()
    apart = np.linalg.norm(found - expected[[s.bone for s in body.rig.segments]], axis=1)
    assert apart.max() < 0.1 * MILLIMETRE, f"{apart.max() * 1000:.2f} mm"


def test_its_own_rest_pose_moves_nothing(body):
    motion = body.moved(rest_frames(body))
    points, weights = tube(body.head("upperarm01.L"), body.head("lowerarm01.L"), 0.04)
    share = torch.zeros(len(points), len(body.rig.segments))
    share[:, body.rig.index("left_shoulder", "02")] = 1
    moved, turns = skinned(points, share, signed_alike(body.rig, motion.table()))
    assert (moved - points).norm(dim=1).max() < 0.1 * MILLIMETRE
    assert turns[:, 0].abs().min() > 0.9999


@given(st.floats(-3.1, 3.1), st.integers(0, 2))
@settings(max_examples=20, deadline=None)
def test_a_turned_person_is_the_same_person_turned(angle, axis):
    body = stick_body()
    turn = rotation.about(np.eye(3)[axis], angle)
    frames = library_frames("catalogue/front")
    before = body.moved(frames)
    after = body.moved({joint: turn @ frame for joint, frame in frames.items()})
    spin = torch.as_tensor(turn, dtype=torch.float32)
    expected = (before.heads - before.heads[0]) @ spin.T + after.heads[0]
    assert (after.heads - expected).norm(dim=1).max() < MILLIMETRE


def test_a_turned_hand_twists_the_forearm_evenly(body):
    frames = _t_pose(body)
    turned = dict(frames)
    twist = rotation.about([1.0, 0, 0], np.radians(80))
    for joint in frames:
        if joint == "left_wrist" or joint[-2:] in ("_1", "_2", "_3") and joint.startswith("left_"):
            turned[joint] = twist @ frames[joint]
    plain, motion = body.moved(frames), body.moved(turned)
    assert (
        plain.heads[body.rig.index("left_wrist")] - motion.heads[body.rig.index("left_wrist")]
    ).norm() < 1e-5
    near, far = (
        _angle(motion.rotation[i] @ plain.rotation[i].T)
        for i in (body.rig.index("left_elbow", "01"), body.rig.index("left_elbow", "02"))
    )
    assert 15 < np.degrees(near) < 25 and 55 < np.degrees(far) < 65


def _angle(matrix: torch.Tensor) -> float:
    return float(np.arccos(np.clip((float(matrix.trace()) - 1) / 2, -1, 1)))


@pytest.mark.parametrize("degrees", [60, 110, 140])
def test_a_bent_elbow_keeps_its_volume(body, degrees):
    frames = _t_pose(body)
    bend = rotation.about([0, 1.0, 0], np.radians(degrees))
    for joint in frames:
        if joint.startswith("left_") and joint[5:] in ("elbow", "wrist") or joint[-2:] in ("_1", "_2", "_3"):
            frames[joint] = bend if joint.startswith("left_") else frames[joint]
    elbow = body.head("lowerarm01.L")
    along = torch.nn.functional.normalize(elbow - body.head("upperarm01.L"), dim=0)
    points, _ = tube(elbow - 0.12 * along, elbow + 0.12 * along, 0.045, rings=25)
    share = ((points - elbow) @ along / 0.08 + 0.5).clamp(0, 1)
    weights = torch.zeros(len(points), len(body.rig.segments))
    weights[:, body.rig.index("left_shoulder", "02")] = 1 - share
    weights[:, body.rig.index("left_elbow")] = share
    motion = body.moved(frames)
    moved, _ = skinned(points, weights, signed_alike(body.rig, motion.table()))
    ring = moved.view(25, 24, 3)[12]
    mean = (ring - ring.mean(0)).norm(dim=1).mean() / 0.045
    assert 0.75 < mean < 1.3, f"the elbow's ring is {mean:.2f} of what it was"


def test_a_pose_must_state_every_joint(body):
    frames = _t_pose(body)
    del frames["left_knee"]
    with pytest.raises(KeyError, match="left_knee"):
        body.moved(frames)


def test_the_pose_of_a_motion_is_the_pose(body):
    frames = library_frames("movement/walking")
    again = body.frames(body.moved(frames), frames)
    assert set(again) == set(frames)
    assert max(np.abs(again[j] - frames[j]).max() for j in frames) < 1e-5


def test_grounded_is_on_the_floor():
    points = torch.tensor([[0.0, -1.0, 0.0], [0.0, 0.3, 0.0]])
    assert torch.allclose((points + grounded(points))[:, 1], torch.tensor([-1.3, 0.0]))


def test_a_rig_is_made_once():
    assert rig_of(LABELS, PARENTS) is rig_of(LABELS, PARENTS)
