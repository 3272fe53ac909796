"""Lists of poses as artists write them."""

import json

import numpy as np
import pytest
from repose.pipelines.geometry.library import load_pose, pose_names, save_pose
from repose.pipelines.sets.listing import MOST, listed_poses, names_of


def test_names_labels_folders_mirrors_and_remarks():
    text = (
        "\n# the hero first\nhero = editorial/power stance  # big\n\nseated/on a *\ncontrapposto mirrored\n"
    )
    poses = listed_poses(text)
    assert [pose.name for pose in poses] == [
        "hero", "seated/on a stool", "seated/on a stool front", "casual/contrapposto mirrored",
    ]  # fmt: skip
    assert np.array_equal(poses[0].rotations, load_pose("editorial/power stance").rotations)
    mirrored = load_pose("casual/contrapposto").mirrored()
    assert np.array_equal(poses[3].rotations, mirrored.rotations)
    assert names_of(poses).splitlines()[0] == "hero"


def test_every_pose_of_the_library_by_its_name():
    assert [pose.name for pose in listed_poses("\n".join(pose_names()))] == list(pose_names())


def test_a_whole_folder_in_the_librarys_order():
    names = [name for name in pose_names() if name.startswith("mascot/")]
    assert [pose.name for pose in listed_poses("mascot/*")] == names and len(names) == 9


def test_an_artists_own(tmp_path):
    save_pose(load_pose("hands/waving"), tmp_path, "hello")
    (pose,) = listed_poses("greeting = mine/hello", [tmp_path])
    assert pose.name == "greeting"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "catalogue/front\ncatalogue/frnt",
            'line 2: there is no pose "catalogue/frnt"; did you mean catalogue/front',
        ),
        ("a = catalogue/front\na = catalogue/back", 'line 2: "a" is there twice'),
        ("all = seated/*", "line 1: .* should give one pose a name, found 11 poses"),
        ("= catalogue/front", "line 1"),
        ("  \n# nothing\n", "the list has 0 poses, expected 1 to 256"),
        ("zzzzzzzzqq", "the list of Pose Library has all names"),
    ],
)
def test_what_is_no_list(text, said):
    with pytest.raises(ValueError, match=said):
        listed_poses(text)


def test_no_more_than_a_machine_can_hold(tmp_path):
    for number in range(MOST - len(pose_names()) + 1):
        data = {"format": "repose-pose", "version": 1, "name": "x", "rotations": {"neck": [1, 0, 0, 0]}}
        (tmp_path / f"{number}.json").write_text(json.dumps(data))
    with pytest.raises(ValueError, match="the list has 257 poses"):
        listed_poses("*", [tmp_path])
