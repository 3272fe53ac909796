"""What the artist is told about a pose before anything moves."""

import numpy as np
import pytest
from repose.pipelines.correct import correct
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.retarget import pose_of
from repose.pipelines.geometry.skeleton import JOINT_INDEX
from repose.pipelines.posing import in_between, remarks, retargeted, retargeted_people, varied
from repose.pipelines.preview import figures

from ..geometry import people


def remark(skeleton, pose) -> str:
    return remarks([retargeted(skeleton, pose)])


def turned(skeleton, degrees: float):
    """The same figure, turned about the vertical."""
    pelvis, turn = JOINT_INDEX["pelvis"], rotation.about(np.array([0.0, 1.0, 0.0]), np.radians(degrees))
    rotations = skeleton.rotations.copy()
    rotations[pelvis] = rotation.quaternion_from_matrix(
        turn @ rotation.matrix_from_quaternion(rotations[pelvis])
    )
    return skeleton.with_rotations(rotations)


def test_a_frontal_pose_on_a_frontal_photo_needs_no_word():
    assert remark(people.standing(), load_pose("contrapposto")) == ""


def test_a_far_turn_is_told_with_its_angle():
    person = people.standing()
    assert "turns the trunk by 60 degrees" in remark(person, pose_of(turned(person, 60)))
    assert remark(person, pose_of(turned(person, 40))) == ""


def test_a_back_view_is_told_that_the_pose_was_turned():
    behind = turned(people.standing(), 180)
    assert "the pose was turned round with them" in remark(behind, load_pose("contrapposto"))


def test_one_person_takes_all_poses():
    poses = [load_pose(name) for name in ("walking", "waving", "contrapposto")]
    person = people.standing().project()
    sources, targets = retargeted_people([person], poses)
    assert len(sources) == len(targets) == 3 and sources[0] is sources[2]
    for pose, target in zip(poses, targets, strict=True):
        assert np.allclose(
            target.skeleton.project().points,
            retargeted_people([person], [pose])[1][0].skeleton.project().points,
        )


WORK = {
    "variations": lambda poses, tell: varied(poses, 2, 1, progress=tell),
    "sequence": lambda poses, tell: in_between(poses, 4, progress=tell),
    "correction": lambda poses, tell: correct(poses, progress=tell),
    "pictures": figures,
    "retargeting": lambda poses, tell: retargeted_people([people.standing().project()], poses, progress=tell),
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_work_on_many_poses_tells_its_progress_and_can_be_cancelled(work):
    class Cancelled(Exception):
        pass

    poses, done = [load_pose("waving"), load_pose("contrapposto"), load_pose("front")], []

    def cancel(fraction):
        raise Cancelled

    work(poses, done.append)
    assert len(done) >= 3 and done == sorted(done) and 0.8 <= done[-1] <= 1
    with pytest.raises(Cancelled):
        work(poses, cancel)
