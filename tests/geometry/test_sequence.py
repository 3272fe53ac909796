"""Frames between poses: even, mirror-symmetric, and what is held stays held."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.anatomy.limits import violations
from repose.pipelines.geometry.contacts import contact_point
from repose.pipelines.geometry.library import load_pose, pose_names
from repose.pipelines.geometry.planting import (
    foot_joints,
    ground_level,
    longest_reach,
    planted_sides,
    standard,
    toes,
    within_reach,
)
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.sequence import between, cycle, kept_in_place, other_side, sequence
from repose.pipelines.geometry.skeleton import JOINT_INDEX

NAMES = pose_names()
PAIRS = [
    ("front", "contrapposto"), ("contrapposto", "hands on hips"), ("walking", "walking passing"), ("front", "seated"),
    ("wheelchair", "wheelchair waving"), ("hand in hair", "hands in hair"), ("jump", "front"), ("back", "relaxed"),
]  # fmt: skip
pairs = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] != pair[1])


def loaded(pair):
    return tuple(load_pose(name) for name in pair)


def degrees_apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(..., 4), (..., 4) -> (...) degrees."""
    a, b = np.where((a * b).sum(-1, keepdims=True) < 0, -a, a), b
    return np.degrees(4 * np.arctan2(np.linalg.norm(a - b, axis=-1), np.linalg.norm(a + b, axis=-1)))


def bodies(poses):
    return kept_in_place([standard(pose.rotations) for pose in poses], poses)


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("ease", ["even", "smooth"])
def test_it_begins_and_ends_with_the_poses_themselves(pair, ease):
    start, end = loaded(pair)
    poses = between(start, end, 5, ease)
    assert len(poses) == 5 and poses[0] is start and poses[-1] is end
    assert between(start, end, 2) == [start, end]


@settings(max_examples=15, deadline=None)
@given(pairs)
@example(("movement/walking away", "seated/on the floor"))
def test_no_frame_jumps(pair):
    """In sixty frames no joint turns by more than 20 degrees from one to the next: half a circle the long way round,
    or a leg that reaches past its own hip, is the most that happens; a flip is far more."""
    start, end = loaded(pair)
    rotations = np.array([pose.rotations for pose in between(start, end, 61, "even")])
    steps = degrees_apart(rotations[1:], rotations[:-1])[:, start.known & end.known]
    assert steps.max() < 20, f"{steps.max():.1f} degrees from one frame of 60 to the next"


@pytest.mark.parametrize("pair", PAIRS)
def test_joints_turn_at_an_even_rate(pair):
    start, end = loaded(pair)
    poses = between(start, end, 9, "even")
    held = {c.joint for c in poses[4].contacts}
    for name in ("chest", "head", "left_shoulder", "left_elbow", "right_shoulder", "right_elbow"):
        if f"{name.split('_')[0]}_wrist" in held:
            continue
        j = JOINT_INDEX[name]
        turns = np.array([pose.rotations[j] for pose in poses])
        steps = degrees_apart(turns[1:], turns[:-1])
        assert np.ptp(steps) < 1e-3, f"{name}: {steps.min():.4f} to {steps.max():.4f} degrees per frame"


def test_a_smooth_way_starts_and_stops_gently():
    start, end = loaded(("front", "hands in hair"))
    j = JOINT_INDEX["left_elbow"]
    turns = np.array([pose.rotations[j] for pose in between(start, end, 13)])
    steps = degrees_apart(turns[1:], turns[:-1])
    assert steps[0] < 0.3 * steps.max() and steps[-1] < 0.3 * steps.max()
    assert steps.sum() == pytest.approx(degrees_apart(turns[0], turns[-1]), abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(pairs)
def test_planted_feet_do_not_slide(pair):
    poses = between(*loaded(pair), 7)
    placed = bodies(poses)
    for i in range(1, 7):
        for side in planted_sides(poses[i].contacts) & planted_sides(poses[i - 1].contacts):
            now, before = (toes(placed[k].forward(), side) for k in (i, i - 1))
            slide = np.linalg.norm((now - before)[[0, 2]])
            assert slide < 0.006, f"{side}foot slides by {slide:.4f} of the stature in frame {i}"


@settings(max_examples=20, deadline=None)
@given(pairs)
@example(("movement/jump", "seated/on the floor"))
@example(("seated/on the floor", "mascot/happy jump"))
def test_no_foot_goes_below_the_ground(pair):
    poses = between(*loaded(pair), 7)
    for pose in poses[1:-1]:
        body = standard(pose.rotations)
        low = max(body.forward().positions[foot_joints(side), 1].max() for side in ("left_", "right_"))
        under = low - ground_level(body, pose.contacts)
        assert under < 0.02, f"{under:.3f} of the stature"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=6, max_size=6))
def test_within_reach_moves_no_further_than_the_feet(offsets):
    """Legs that reach already do not move the body; feet that move by a little move it by no more."""
    body = standard(loaded(("front", "back"))[0].rotations)
    posed, away = body.forward(), np.reshape(offsets, (2, 3)) * [0.25, 0.1, 0.25]
    ankles = {s: posed.positions[JOINT_INDEX[f"{s}ankle"]] for s in ("left_", "right_")}
    assert np.abs(within_reach(body, ankles).root - body.root).max() < 1e-3
    ankles = {s: ankle + shift for (s, ankle), shift in zip(ankles.items(), away, strict=True)}
    moved = within_reach(body, ankles)
    for side, ankle in ankles.items():
        hip = moved.forward().positions[JOINT_INDEX[f"{side}hip"]]
        assert np.linalg.norm(ankle - hip) < 1.001 * longest_reach(body, side)
    step = np.array([0.004, 0.003, 0.0])
    again = within_reach(body, {s: ankle + step * (s == "left_") for s, ankle in ankles.items()})
    assert np.linalg.norm(again.root - moved.root) <= np.linalg.norm(step) * 1.001


def test_a_foot_that_must_move_takes_a_step():
    start, end = loaded(("contrapposto", "feet apart"))
    middle = between(start, end, 5)[2]
    assert len(planted_sides(middle.contacts)) == 1, "one foot stands, the other is on its way"
    body = standard(middle.rotations).forward().positions
    heights = [body[foot_joints(side), 1].max() for side in ("left_", "right_")]
    assert 0.004 < abs(heights[0] - heights[1]) < 0.07, "share of the stature"


def test_a_hand_on_the_hip_stays_there():
    start, end = loaded(("contrapposto", "hands on hips"))
    wrist = JOINT_INDEX["right_wrist"]
    for pose in between(start, end, 6):
        contact = next(c for c in pose.contacts if c.joint == "right_wrist")
        body = standard(pose.rotations)
        view = body.forward()
        away = np.linalg.norm(view.positions[wrist] - contact_point(body, view, contact))
        assert away < 0.002, f"{away:.4f} of the stature"


def test_hands_in_other_places_let_go():
    start, end = loaded(("hand in hair", "hand on hip"))
    assert not any(c.joint == "left_wrist" for c in between(start, end, 5)[2].contacts)


def test_who_sits_down_leaves_the_seat_out_until_the_end():
    start, end = loaded(("front", "seated"))
    poses = between(start, end, 5)
    assert [pose.seat for pose in poses] == ["", "", "", "", "chair"]
    pelvis = [ground_level(b, p.contacts) - b.root[1] for b, p in zip(bodies(poses), poses, strict=True)]
    assert (np.diff(pelvis) < 1e-6).all(), "the pelvis only sinks"
    both = between(end, load_pose("legs crossed on a chair"), 5)
    assert all(pose.seat == "chair" for pose in both)


@pytest.mark.parametrize("pair", PAIRS[:6])
def test_mirror_then_between_is_between_then_mirror(pair):
    start, end = loaded(pair)
    a = between(start.mirrored(), end.mirrored(), 5)
    b = [pose.mirrored() for pose in between(start, end, 5)]
    for one, other in zip(a, b, strict=True):
        assert degrees_apart(one.rotations, other.rotations).max() < 1e-6
        assert {(c.joint, c.on) for c in one.contacts} == {(c.joint, c.on) for c in other.contacts}


@pytest.mark.parametrize("pair", PAIRS)
def test_there_and_back_is_the_same_way(pair):
    start, end = loaded(pair)
    there, back = between(start, end, 5), between(end, start, 5)
    for one, other in zip(there, back[::-1], strict=True):
        assert degrees_apart(one.rotations, other.rotations).max() < 1e-6


def test_most_frames_are_within_the_limits():
    rng = np.random.RandomState(1)
    pairs = [loaded(rng.choice(NAMES, 2, replace=False)) for _ in range(25)]
    worst = [
        np.degrees(violations(np.array([p.rotations for p in between(*pair, 5)]))).max() for pair in pairs
    ]
    assert np.mean(np.array(worst) > 0.1) < 0.1 and max(worst) < 8, np.round(sorted(worst)[-4:], 1)


def test_a_turn_goes_round_with_feet_and_pelvis_together():
    start, end = loaded(("over the shoulder", "crossed step"))
    for pose in between(start, end, 6):
        assert np.degrees(violations(pose.rotations)).max() < 10


@settings(max_examples=8, deadline=None)
@given(st.lists(st.sampled_from(NAMES), min_size=2, max_size=4), st.integers(1, 5), st.booleans())
def test_a_sequence_passes_every_key(names, frames, loop):
    keys = [load_pose(name) for name in names]
    poses = sequence(keys, frames, loop=loop)
    assert len(poses) == (frames * len(keys) if loop else frames * (len(keys) - 1) + 1)
    assert all(pose is key for pose, key in zip(poses[::frames], keys, strict=True))


def test_a_walk_is_two_steps_that_mirror_each_other():
    keys = cycle(loaded(("walking", "walking passing")))
    poses = sequence(keys, 4, "even", loop=True)
    assert len(poses) == 16
    for one, other in zip(poses[:8], poses[8:], strict=True):
        assert degrees_apart(other_side(one).rotations, other.rotations).max() < 1e-5


@pytest.mark.parametrize("name", ["walking three-quarter", "walking side", "walking away"])
def test_the_other_side_faces_the_same_way(name):
    pose = load_pose(name)
    ways = [
        standard(p.rotations).forward().rotations[JOINT_INDEX["pelvis"]][:, 2]
        for p in (pose, other_side(pose))
    ]
    yaws = [np.arctan2(x, z) for x, _, z in ways]
    turn = np.degrees((yaws[1] - yaws[0] + np.pi) % (2 * np.pi) - np.pi)
    assert abs(turn) < 25, "only the step's own turn of the pelvis changes"
    again = other_side(other_side(pose))
    assert degrees_apart(again.rotations, pose.rotations).max() < 1e-5


def test_a_sequence_stays_in_place_on_another_body(other_bodies):
    poses = between(*loaded(("contrapposto", "hands on hips")), 6)
    body = other_bodies["long thighs"]
    placed = kept_in_place([retarget(body, pose) for pose in poses], poses)
    side = planted_sides(poses[2].contacts) & planted_sides(poses[3].contacts)
    for one in side:
        xs = [toes(b.forward(), one)[0] for b in placed]
        assert np.ptp(xs) < 1e-6, "pixels"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: between(p, p, 1), "frames is 1, expected at least 2"),
        (lambda p: between(p, p, 5, "fast"), 'ease is "fast"'),
        (lambda p: sequence([p], 5), "at least two key poses, found 1"),
        (lambda p: sequence([p, p], 0), "expected at least"),
    ],
)
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(load_pose("front"))


def test_a_pose_to_itself_stays():
    pose = load_pose("twirl")
    for one in between(pose, pose, 4):
        assert degrees_apart(one.rotations, rotation.unit(pose.rotations)).max() < 1e-4
