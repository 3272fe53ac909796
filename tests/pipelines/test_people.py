"""Which of several people: by size, by a point on them, or everyone."""

import numpy as np
import pytest
from repose.pipelines.geometry.keypoints import Keypoints
from repose.pipelines.geometry.library import load_pose, pose_names
from repose.pipelines.geometry.retarget import retarget
from repose.pipelines.geometry.skeleton import Skeleton
from repose.pipelines.geometry.template import OFFSETS
from repose.pipelines.people import EVERYONE, NoPerson, Who, point_from_json, point_from_mask


@pytest.fixture(scope="module")
def three() -> list[Keypoints]:
    """People of 400, 300 and 200 pixels side by side, 250 apart."""
    front = next(name for name in pose_names() if name.endswith("front"))
    people = []
    for i, height in enumerate((400, 300, 200)):
        rest = np.tile([1.0, 0, 0, 0], (len(OFFSETS), 1))
        root = np.array([150.0 + 250 * i, 300, 0])
        body = Skeleton(OFFSETS * height, rest, root, np.ones((len(OFFSETS), 3)), (600, 800), 1.7 / height)
        people.append(retarget(body, load_pose(front)).project())
    return people


def test_by_number_everyone_and_by_a_point(three):
    assert Who().among(three, "it") == three[:1] and Who(2).among(three, "it") == three[2:]
    assert Who(EVERYONE).among(three, "it") == three
    for person in three:
        for name in ("nose", "left_wrist", "right_knee"):
            at = tuple(person[name] + [3, -2])
            assert Who(at=at).among(three, "it") == [person], f"at the {name}"


def test_a_point_between_two_people_is_the_nearer_ones_and_far_away_nobodys(three):
    hip = three[1]["left_hip"]
    assert Who(at=(hip[0] + 25, hip[1])).among(three, "it") == [three[1]]
    with pytest.raises(NoPerson, match=r"nobody is at \(30, 20\) in it, which shows 3 people"):
        Who(at=(30, 20)).among(three, "it")


def test_nobody_is_told(three):
    with pytest.raises(NoPerson, match="it shows 3 people, number 5 was asked for"):
        Who(5).among(three, "it")
    with pytest.raises(NoPerson, match="no person was found in it"):
        Who(EVERYONE).among([], "it")
    with pytest.raises(ValueError, match="person is -2"):
        Who(-2)


def test_points_come_from_editors_and_from_a_dab():
    assert point_from_json('[{"x": 10, "y": 20.5}, {"x": 1, "y": 1}]') == (10, 20.5)
    assert point_from_json("[[3, 4]]") == (3, 4)
    mask = np.zeros((40, 60))
    mask[10:13, 20:25] = 1
    assert point_from_mask(mask) == (22, 11)
    for bad in ("", "[]", "7", '[{"x": 1}]', '[{"x": "a", "y": 2}]', "[[NaN, 1]]", "[" * 5000):
        with pytest.raises(ValueError, match="point"):
            point_from_json(bad)
    assert point_from_mask(np.zeros((64, 64))) is None, (
        "Load Image's mask of a picture that nobody painted on"
    )
