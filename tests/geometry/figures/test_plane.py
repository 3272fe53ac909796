"""Flat figures: poses in the picture's plane, four-legged figures, and the planar motion."""

import dataclasses

import numpy as np
import pytest
import torch
from repose.pipelines.geometry.figures.planar import plane_motion
from repose.pipelines.geometry.figures.plane import SHORTEST, flattened, trunk_length
from repose.pipelines.geometry.figures.posed import ANIMAL, TURNED, flat_notes, posed_flat
from repose.pipelines.geometry.figures.quadruped import is_four_legged, lowest_foot
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.motion import bones
from repose.pipelines.geometry.parts import INDEX, PARTS
from repose.pipelines.geometry.skeleton import JOINT_INDEX, Skeleton

from ..people import standing

POSES = ("hands/waving", "movement/walking side", "mascot/happy jump", "seated/seated", "mascot/bowing")


@pytest.fixture(scope="module")
def person() -> Skeleton:
    return flattened(standing())


def at(skeleton: Skeleton, name: str) -> np.ndarray:
    return skeleton.forward().positions[JOINT_INDEX[name]]


def animal() -> Skeleton:
    """A dog as a reader of strokes gives it: the trunk lies, four legs hang, the head is on the right."""
    from repose.pipelines.geometry.keypoints import DRAWING, Keypoints
    from repose.pipelines.geometry.landmarks import INDEX as LANDMARK
    from repose.pipelines.lift import embodied

    places = {"nose": (520, 130)}
    for side, x in (("right", 0), ("left", 40)):
        places |= {
            f"{side}_shoulder": (400 - x, 220), f"{side}_elbow": (402 - x, 270), f"{side}_wrist": (404 - x, 320),
            f"{side}_hip": (220 - x, 220), f"{side}_knee": (218 - x, 270), f"{side}_ankle": (216 - x, 320),
            f"{side}_eye": (510, 120), f"{side}_ear": (500, 120),
        }  # fmt: skip
    points, confidence = np.zeros((133, 2)), np.zeros(133)
    for name, place in places.items():
        points[LANDMARK[name]], confidence[LANDMARK[name]] = place, 0.8
    world = np.full((133, 3), np.nan)
    world[list(map(LANDMARK.get, places))] = [(x / 300, y / 300, 0) for x, y in places.values()]
    keypoints = Keypoints(points, confidence, np.ones(133), (420, 600), world, DRAWING, level=True)
    return embodied(keypoints)


def test_a_flat_figure_lies_where_it_was_drawn(person):
    assert person.flat
    np.testing.assert_allclose(
        person.forward().positions[:, :2], standing().forward().positions[:, :2], atol=1e-9
    )
    np.testing.assert_allclose(person.forward().positions[:, 2], 0, atol=1e-9)


@pytest.mark.parametrize("pose", POSES)
def test_bones_keep_their_drawn_lengths_but_for_foreshortening(person, pose):
    posed = posed_flat(person, load_pose(pose))
    for side in ("left", "right"):
        for chain in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle")):
            for a, b in zip(chain, chain[1:], strict=False):
                names = f"{side}_{a}", f"{side}_{b}"
                lengths = [np.hypot(*(at(s, names[1]) - at(s, names[0]))[:2]) for s in (person, posed)]
                assert SHORTEST["limb"] - 1e-6 <= lengths[1] / lengths[0] <= 1 + 1e-6


def test_depth_tells_only_the_order(person):
    posed = posed_flat(person, load_pose("seated/seated"))
    depth = posed.forward().positions[:, 2]
    assert np.abs(depth).max() < 0.1 * trunk_length(person)
    assert at(posed, "left_knee")[2] < 0  # seated thighs come towards the viewer
    assert at(posed_flat(person, load_pose("hands/waving")), "left_knee")[2] > 0


def test_a_flat_figure_never_turns_its_back(person):
    pose = load_pose("catalogue/back")
    assert flat_notes(person, pose) == (TURNED,)
    posed = posed_flat(person, pose)
    assert at(posed, "left_shoulder")[0] > at(posed, "right_shoulder")[0]


def test_a_pose_stands_on_the_ground_it_was_drawn_on(person):
    posed = posed_flat(person, load_pose("hands/waving"))
    feet = [max(at(s, f"{side}_heel")[1] for side in ("left", "right")) for s in (person, posed)]
    assert feet[1] == pytest.approx(feet[0], abs=0.03 * trunk_length(person))


def test_an_animal_is_known_by_its_joints(person):
    dog = animal()
    assert is_four_legged(dog) and not is_four_legged(person)
    assert not is_four_legged(dataclasses.replace(dog, flat=False))
    assert ANIMAL in flat_notes(dog, load_pose("hands/waving"))


@pytest.mark.parametrize("pose", POSES)
def test_an_animals_trunk_stays_as_it_lies(pose):
    dog = animal()
    posed = posed_flat(dog, load_pose(pose))
    trunks = [at(s, "neck")[:2] - at(s, "pelvis")[:2] for s in (dog, posed)]
    turn = np.degrees(np.subtract(*(np.arctan2(t[1], t[0]) for t in trunks)))
    assert abs(turn) <= 18 + 1e-6
    assert np.hypot(*trunks[1]) == pytest.approx(np.hypot(*trunks[0]), rel=1e-6)


def test_a_waving_animal_lifts_one_front_leg_and_stands_on_the_others():
    dog = animal()
    posed = posed_flat(dog, load_pose("hands/waving"))
    ground = lowest_foot(dog)
    assert lowest_foot(posed) == pytest.approx(ground, abs=1e-6)
    height = {side: ground - at(posed, f"{side}_wrist")[1] for side in ("left", "right")}
    assert max(height.values()) > 25 and min(height.values()) < 12  # of legs of 100 pixels
    lifted = max(height, key=height.get)
    assert (
        at(posed, f"{lifted}_wrist")[0] > at(posed, f"{lifted}_shoulder")[0]
    )  # forwards: it looks to the right


def test_a_jumping_animal_leaves_the_ground_and_a_sitting_one_folds_its_hind_legs():
    dog = animal()
    assert lowest_foot(posed_flat(dog, load_pose("mascot/happy jump"))) < lowest_foot(dog) - 20
    sitting = posed_flat(dog, load_pose("seated/seated"))
    drop = [at(s, "left_ankle")[1] - at(s, "left_hip")[1] for s in (dog, sitting)]
    assert drop[1] < 0.9 * drop[0]


def test_planar_motion_keeps_the_joints_together(person):
    posed = posed_flat(person, load_pose("hands/waving"))
    how = plane_motion(bones(person), bones(posed))
    elbow = torch.tensor(at(person, "left_elbow")[None, :2])
    for name in ("left_upper_arm", "left_forearm"):
        one = torch.zeros(1, len(PARTS))
        one[0, INDEX[name]] = 1
        moved = how.apply(elbow, one)[0].numpy()
        np.testing.assert_allclose(moved, at(posed, "left_elbow")[:2], atol=0.05)


def test_a_blend_of_turns_keeps_distances_from_the_joint(person):
    posed = posed_flat(person, load_pose("mascot/arms wide"))
    how = plane_motion(bones(person), bones(posed))
    how = dataclasses.replace(how, scale=np.ones(len(PARTS)))
    joint = torch.tensor(at(person, "left_shoulder")[None, :2])
    points = joint + torch.tensor([[3.0, 40.0], [-20.0, 5.0], [12.0, -9.0]])
    pivot = how.apply(joint, one_of("left_upper_arm", 1))
    half = (one_of("left_upper_arm", 3) + one_of("chest", 3)) / 2
    moved = how.apply(points, half)
    np.testing.assert_allclose(
        (moved - pivot).norm(dim=1), (points - joint).norm(dim=1).float(), rtol=1e-3, atol=0.5
    )


def one_of(name: str, count: int) -> torch.Tensor:
    weights = torch.zeros(count, len(PARTS))
    weights[:, INDEX[name]] = 1
    return weights


def test_the_same_pose_moves_nothing(person):
    how = plane_motion(bones(person), bones(person))
    points = torch.rand(50, 2) * 100
    mixed = torch.rand(50, len(PARTS))
    mixed = mixed / mixed.sum(1, keepdim=True)
    np.testing.assert_allclose(how.apply(points, mixed), points, atol=1e-3)
