"""BVH clips: hand-written files whose meaning is known, round trips, other rest poses, and damage."""

from dataclasses import replace

import numpy as np
import pytest
from repose.pipelines.geometry import rotation
from repose.pipelines.geometry.formats import bvh
from repose.pipelines.geometry.formats.bvh_joints import body_map, parsed_name
from repose.pipelines.geometry.formats.bvh_pose import read_bvh, write_bvh
from repose.pipelines.geometry.library import load_pose
from repose.pipelines.geometry.retarget import Pose
from repose.pipelines.geometry.skeleton import JOINT_INDEX, JOINTS, PARENT, Skeleton
from repose.pipelines.geometry.template import OFFSETS

X, Y, Z = np.eye(3)

MIXAMO = """HIERARCHY
ROOT mixamorig:Hips
{
  OFFSET 0 100 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation
  JOINT mixamorig:Spine
  { OFFSET 0 10 0
    CHANNELS 3 Zrotation Yrotation Xrotation
    JOINT mixamorig:Neck
    { OFFSET 0 40 0
      CHANNELS 3 Zrotation Yrotation Xrotation
      JOINT mixamorig:Head { OFFSET 0 10 0 CHANNELS 3 Zrotation Yrotation Xrotation End Site { OFFSET 0 20 0 } }
    }
    JOINT mixamorig:LeftShoulder
    { OFFSET 5 35 0
      CHANNELS 3 Zrotation Yrotation Xrotation
      JOINT mixamorig:LeftArm
      { OFFSET 12 0 0
        CHANNELS 3 Zrotation Yrotation Xrotation
        JOINT mixamorig:LeftForeArm
        { OFFSET 28 0 0
          CHANNELS 3 Zrotation Yrotation Xrotation
          JOINT mixamorig:LeftHand { OFFSET 26 0 0 CHANNELS 3 Zrotation Yrotation Xrotation }
        }
      }
    }
    JOINT mixamorig:RightShoulder
    { OFFSET -5 35 0
      CHANNELS 3 Zrotation Yrotation Xrotation
      JOINT mixamorig:RightArm
      { OFFSET -12 0 0
        CHANNELS 3 Zrotation Yrotation Xrotation
        JOINT mixamorig:RightForeArm
        { OFFSET -28 0 0
          CHANNELS 3 Zrotation Yrotation Xrotation
          JOINT mixamorig:RightHand { OFFSET -26 0 0 CHANNELS 3 Zrotation Yrotation Xrotation }
        }
      }
    }
  }
  JOINT mixamorig:LeftUpLeg
  { OFFSET 9 -5 0
    CHANNELS 3 Zrotation Yrotation Xrotation
    JOINT mixamorig:LeftLeg
    { OFFSET 0 -44 0
      CHANNELS 3 Zrotation Yrotation Xrotation
      JOINT mixamorig:LeftFoot { OFFSET 0 -42 0 CHANNELS 3 Zrotation Yrotation Xrotation }
    }
  }
  JOINT mixamorig:RightUpLeg
  { OFFSET -9 -5 0
    CHANNELS 3 Zrotation Yrotation Xrotation
    JOINT mixamorig:RightLeg
    { OFFSET 0 -44 0
      CHANNELS 3 Zrotation Yrotation Xrotation
      JOINT mixamorig:RightFoot { OFFSET 0 -42 0 CHANNELS 3 Zrotation Yrotation Xrotation }
    }
  }
}
MOTION
Frames: %d
Frame Time: 0.0333333
%s
"""
ORDER = ("Hips", "Spine", "Neck", "Head", "LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand", "RightShoulder",
         "RightArm", "RightForeArm", "RightHand", "LeftUpLeg", "LeftLeg", "LeftFoot", "RightUpLeg", "RightLeg",
         "RightFoot")  # fmt: skip


def mixamo(*frames: dict[str, tuple[float, float, float]]) -> str:
    """The file with frames of (Z, Y, X) degrees by joint."""
    rows = [
        "0 100 0 " + " ".join("{:g} {:g} {:g}".format(*frame.get(name, (0, 0, 0))) for name in ORDER)
        for frame in frames
    ]
    return MIXAMO % (len(frames), "\n".join(rows))


def directions(pose: Pose) -> dict[str, np.ndarray]:
    """Unit direction from its parent to each joint, camera frame."""
    rest = np.zeros(3)
    body = Skeleton(OFFSETS, pose.rotations, rest, np.ones((len(JOINTS), 3)), (10, 10), 1.7)
    positions = body.forward().positions
    return {
        name: rotation.unit(positions[j] - positions[PARENT[j]])
        for j, name in enumerate(JOINTS)
        if PARENT[j] >= 0
    }


def degrees_apart(one: Pose, other: Pose) -> np.ndarray:
    """(n,) over the joints that both state."""
    both = one.known & other.known
    dot = np.abs((rotation.unit(one.rotations) * rotation.unit(other.rotations)).sum(axis=1))[both]
    return np.degrees(2 * np.arccos(np.clip(dot, 0, 1)))


def test_a_t_pose_is_our_rest():
    (pose,) = read_bvh(mixamo({}), "t").poses
    assert pose.name == "t" and np.allclose(pose.rotations, [1, 0, 0, 0], atol=1e-9)


def test_which_joints_a_file_states():
    (pose,) = read_bvh(mixamo({})).poses
    stated = {JOINTS[j] for j in np.flatnonzero(pose.known)}
    arm = {
        f"{side}_{part}" for side in ("left", "right") for part in ("clavicle", "shoulder", "elbow", "wrist")
    }
    leg = {f"{side}_{part}" for side in ("left", "right") for part in ("hip", "knee", "ankle")}
    assert stated == {"pelvis", "lumbar", "thoracic", "chest", "neck", "cervical", "head"} | arm | leg


def test_meanings_of_a_hand_written_clip():
    """Z to the viewer, Y up, X to the person's left: right-handed turns, in degrees."""
    clip = read_bvh(
        mixamo(
            {"LeftArm": (90, 0, 0)},
            {"LeftArm": (-90, 0, 0), "RightArm": (90, 0, 0)},
            {"LeftForeArm": (0, -90, 0)},
            {"LeftLeg": (0, 0, 90)},
            {"Hips": (0, 90, 0)},
            {"Head": (0, 0, 30)},
        )
    )
    raised, hanging, bent, kneeling, turned, nodding = map(directions, clip.poses)
    assert np.allclose(raised["left_elbow"], [0, -1, 0], atol=1e-9), "up is -y in the picture"
    assert np.allclose(raised["right_elbow"], [-1, 0, 0], atol=1e-9)
    assert np.allclose([hanging["left_wrist"], hanging["right_wrist"]], [[0, 1, 0]] * 2, atol=1e-9)
    assert np.allclose(bent["left_wrist"], [0, 0, -1], atol=1e-9), "the forearm points to the viewer"
    assert np.allclose(kneeling["left_ankle"], [0, 0, 1], atol=1e-9), "the shank points back"
    assert np.allclose(turned["left_elbow"], [0, 0, 1], atol=1e-9), "the left side turns away from the viewer"
    assert nodding["nose"][1] > directions(clip.poses[0])["nose"][1], "the face looks down"
    assert clip.seconds == pytest.approx(1 / 30, rel=1e-4) and clip.notes == ()
    assert [pose.name for pose in clip.poses[:2]] == ["clip 0", "clip 1"]


def test_any_order_of_channels():
    """The first channel turns last: R = R_first R_second R_third."""
    text = (
        mixamo({})
        .replace("0 100 0 0 0 0", "0 100 0 0 0 0")
        .replace(
            "OFFSET 12 0 0\n        CHANNELS 3 Zrotation Yrotation Xrotation",
            "OFFSET 12 0 0\n        CHANNELS 3 Xrotation Zrotation Yrotation",
        )
    )
    lines = text.splitlines()
    numbers = lines[-1].split()
    first = 3 + 3 * ORDER.index("LeftArm")
    numbers[first : first + 3] = ["90", "90", "0"]
    (pose,) = read_bvh("\n".join([*lines[:-1], " ".join(numbers)])).poses
    # First up (about z), then about x: up is carried to the viewer, +Z, which is -z for us.
    assert np.allclose(directions(pose)["left_elbow"], [0, 0, -1], atol=1e-9)


@pytest.mark.parametrize("name", ["front", "walking", "waving", "arms crossed", "seated", "twirl"])
def test_a_pose_written_and_read_is_the_same(name):
    pose = load_pose(name)
    text = write_bvh([pose])
    (again,) = read_bvh(text, name).poses
    assert degrees_apart(pose, again).max() < 0.001
    lost = {JOINTS[j] for j in np.flatnonzero(pose.known & ~again.known)}
    assert all(joint.endswith(("toe", "heel", "hand_root", "_4")) for joint in lost), lost
    assert "nan" not in text and text.splitlines()[0] == "HIERARCHY"


def test_a_written_file_stands_on_the_ground_in_centimetres():
    motion = bvh.parse_bvh(write_bvh([load_pose("front"), load_pose("walking")]))
    assert motion.joints[0].channels[:3] == ("Xposition", "Yposition", "Zposition")
    height = motion.values[:, 1]
    assert ((80 < height) & (height < 100)).all(), "the pelvis of a standing person of 1.70 m"
    assert len(motion.values) == 2


def test_unstated_fingers_are_not_written():
    pose = load_pose("front")
    fingers = [j for j, name in enumerate(JOINTS) if name[-2:] in ("_1", "_2", "_3", "_4")]
    known = pose.known.copy()
    known[fingers] = False
    text = write_bvh([replace(pose, known=known)])
    (again,) = read_bvh(text).poses
    assert "Index" not in text and not again.known[fingers].any()


def rerested(text: str, rest, world: np.ndarray) -> str:
    """The same motion in a file whose joints rest turned by rest(name) (3, 3), in another world."""
    motion = bvh.parse_bvh(text)
    _, turns = motion.forward()
    own = np.array([rest(joint.name) for joint in motion.joints])
    turns = world @ turns @ own
    joints, columns = [], [motion.values[:, :3]]
    for j, joint in enumerate(motion.joints):
        above = own[joint.parent] if joint.parent >= 0 else np.eye(3)
        end = None if joint.end is None else tuple(own[j].T @ np.array(joint.end))
        joints.append(replace(joint, offset=tuple(above.T @ np.array(joint.offset)), end=end))
        parent = np.eye(3) if joint.parent < 0 else np.swapaxes(turns[:, joint.parent], -1, -2)
        columns.append(bvh.euler_degrees(parent @ turns[:, j]))
    return bvh.bvh_text(bvh.Motion(tuple(joints), np.concatenate(columns, axis=1), motion.seconds))


def arms_down(angle: float):
    def rest(name: str) -> np.ndarray:
        side = -1 if "Left" in name else 1
        return rotation.about(Z, side * np.radians(angle)) if "Arm" in name or "Hand" in name else np.eye(3)

    return rest


@pytest.mark.parametrize(
    ("rest", "world"),
    [
        (arms_down(45), np.eye(3)),
        (arms_down(90), np.eye(3)),
        (lambda name: rotation.about(Y, np.pi), np.eye(3)),
        (lambda name: rotation.about(Y, np.pi / 6), np.eye(3)),
        (lambda name: rotation.about(X, np.pi / 2).T, rotation.about(X, np.pi / 2)),
    ],
    ids=["A pose", "arms hanging", "back to the viewer", "turned by 30 degrees", "z up"],
)
def test_other_rest_poses_mean_the_same(rest, world):
    poses = [load_pose(name) for name in ("walking", "waving", "arms crossed")]
    again = read_bvh(rerested(write_bvh(poses), rest, world)).poses
    assert max(degrees_apart(*pair).max() for pair in zip(poses, again, strict=True)) < 0.1


def test_a_rest_that_is_no_person_is_read_by_positions():
    def along_x(name: str) -> np.ndarray:
        return rotation.about(rotation.unit([len(name) % 3 - 1.0, len(name) % 5 - 2.0, 1.0]), 2.0)

    poses = [load_pose(name) for name in ("walking", "waving")]
    clip = read_bvh(rerested(write_bvh(poses), along_x, np.eye(3)))
    for pose, again in zip(poses, clip.poses, strict=True):
        one, other = directions(pose), directions(again)
        for name in ("left_elbow", "left_wrist", "right_wrist", "left_knee", "right_ankle"):
            assert np.degrees(rotation.angle_between(one[name], other[name])) < 4, name
    assert any("no standing person" in note for note in clip.notes)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mixamorig:LeftForeArm", ("left_", "forearm", None)),
        ("lShldr", ("left_", "shldr", None)),
        ("L_Hip", ("left_", "hip", None)),
        ("f_index.01.L", ("left_", "index", 1)),
        ("Bip01 R UpperArm", ("right_", "upperarm", None)),
        ("DEF-forearm.L", ("left_", "forearm", None)),
        ("CC_Base_R_Calf", ("right_", "calf", None)),
        ("upperarm_r", ("right_", "upperarm", None)),
        ("Hips", ("", "hips", None)),
    ],
)
def test_names(name, expected):
    assert parsed_name(name) == expected


HIERARCHIES = {
    "LAFAN1": ("Hips", "Spine Spine1 Spine2", "Neck", "Head", "Shoulder Arm ForeArm Hand",
               "UpLeg Leg Foot Toe", "{S}{n}"),
    "SMPL": ("Pelvis", "Spine1 Spine2 Spine3", "Neck", "Head", "Collar Shoulder Elbow Wrist Hand",
             "Hip Knee Ankle Foot", "{s}_{n}"),
    "Xsens": ("Hips", "Chest Chest2 Chest3 Chest4", "Neck", "Head", "Collar Shoulder Elbow Wrist",
              "Hip Knee Ankle Toe", "{S}{n}"),
    "Rokoko": ("Hips", "Spine Spine1 Spine2 Spine3 Spine4", "Neck", "Head", "Shoulder Arm ForeArm Hand",
               "Thigh Shin Foot Toe", "{S}{n}"),
    "Daz": ("hip", "abdomen chest", "neck", "head", "Collar Shldr ForeArm Hand", "Thigh Shin Foot", "{l}{n}"),
    "Rigify": ("spine", "spine.001 spine.002 spine.003", "spine.004 spine.005", "spine.006",
               "shoulder upper_arm forearm hand", "thigh shin foot toe", "{n}.{s}"),
    "Unreal": ("pelvis", "spine_01 spine_02 spine_03", "neck_01", "head", "clavicle upperarm lowerarm hand",
               "thigh calf foot ball", "{n}_{l}"),
    "Biped": ("Bip01 Pelvis", "Bip01 Spine Bip01_Spine1", "Bip01_Neck", "Bip01_Head",
              "Clavicle UpperArm Forearm Hand", "Thigh Calf Foot Toe0", "Bip01 {s} {n}"),
}  # fmt: skip


@pytest.mark.parametrize("program", HIERARCHIES)
def test_hierarchies_of_the_usual_programs(program):
    pelvis, spine, neck, head, arm, leg, pattern = HIERARCHIES[program]
    spine = ["Bip01 Spine", "Bip01 Spine1"] if program == "Biped" else spine.split()
    joints = [bvh.Joint(pelvis, -1, (0, 0, 0))]

    def hang(names, parent):
        for name in names:
            joints.append(bvh.Joint(name, parent, (1, 1, 1)))
            parent = len(joints) - 1
        return parent

    chest = hang(spine, 0)
    hang([*neck.split(), head], chest)
    chains = {}
    for side in ("Left", "Right"):
        words = {"S": side, "s": side[0], "l": side[0].lower()}
        for chain, parent in ((arm, chest), (leg, 0)):
            names = [pattern.format(n=name, **words) for name in chain.split()]
            hang(names, parent)
            chains[side.lower(), chain is arm] = names
    body = body_map(tuple(joints))
    for (side, is_arm), names in chains.items():
        parts = ("clavicle", "shoulder", "elbow", "wrist") if is_arm else ("hip", "knee", "ankle")
        assert [joints[body.limbs[f"{side}_{part}"]].name for part in parts] == names[: len(parts)]
    assert joints[body.pelvis].name == pelvis and joints[body.head].name == head
    assert [joints[j].name for j in body.spine] == spine and [
        joints[j].name for j in body.neck
    ] == neck.split()


def test_frames_are_chosen_and_bounded():
    text = mixamo(*({"LeftArm": (n, 0, 0)} for n in range(10)))
    clip = read_bvh(text, "walk", first=1, stride=3, most=2)
    assert [pose.name for pose in clip.poses] == ["walk 1", "walk 4"]
    angle = rotation.angle_between(directions(clip.poses[1])["left_elbow"], [1, 0, 0])
    assert np.degrees(angle) == pytest.approx(4)
    assert clip.seconds == pytest.approx(0.1, rel=1e-4) and "1 later frames" in clip.notes[0]


def test_joints_without_a_place_are_named():
    text = mixamo({}).replace("mixamorig:LeftHand ", "mixamorig:LeftTail ")
    clip = read_bvh(text)
    assert "LeftTail" in clip.notes[0] and not clip.poses[0].known[JOINT_INDEX["left_wrist"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: "", "line 0: the file ends here"),
        (lambda t: t.replace("HIERARCHY", "HIERACHY"), 'line 1: a BVH file begins with "HIERARCHY"'),
        (lambda t: t[:300], r"line \d+: the file ends here, it is cut short"),
        (lambda t: t.replace("OFFSET 0 100 0", "OFFSET 0 100"), "line 4: OFFSET should have 3 numbers, found 2"),
        (lambda t: t.replace("OFFSET 0 100 0", "OFFSET 0 nan 0"), "line 4: OFFSET should be finite"),
        (lambda t: t.replace("OFFSET 0 100 0", "OFFSET 0 x 0"), "line 4: OFFSET should be numbers"),
        (lambda t: t.replace("CHANNELS 6", "CHANNELS 5"), "line 5: CHANNELS should be a count"),
        (lambda t: t.replace("Xposition", "Wposition"), "line 5: CHANNELS should be a count"),
        (lambda t: t.replace("Frames: 1", "Frames: 999999999"), "999999999 frames are announced"),
        (lambda t: t.replace("Frames: 1", "Frames: 3"), "3 frames are announced, the file ends after 1"),
        (lambda t: t.replace("Frames: 1", "Frames: many"), 'expected "Frames:" and their number'),
        (lambda t: t.replace("0 100 0 0", "0 100 0"), "frame 0 should have 57 numbers, found 56"),
        (lambda t: t.replace("0 100 0 0", "0 100 0 1e308"), "frame 0 should be finite numbers"),
        (lambda t: t.replace("JOINT mixamorig:LeftUpLeg", "ROOT mixamorig:LeftUpLeg"), "one ROOT"),
        (lambda t: t.replace("Leg", "Wheel").replace("Arm", "Wing"), "no person's hierarchy.*found mixamorig:Hips"),
    ],
)  # fmt: skip
def test_damage_is_named_by_its_line(change, message):
    with pytest.raises(ValueError, match=message) as error:
        read_bvh(change(mixamo({})))
    assert "\n" not in str(error.value) and len(str(error.value)) < 350


def test_windows_line_ends_and_tabs():
    text = mixamo({"LeftArm": (90, 0, 0)}).replace("  ", "\t").replace("\n", "\r\n")
    assert np.allclose(directions(read_bvh(text).poses[0])["left_elbow"], [0, -1, 0], atol=1e-9)


@pytest.mark.parametrize("order", ["XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"])
def test_euler_angles_and_back(order):
    rng = np.random.default_rng(0)
    turns = rotation.matrix_from_quaternion(rng.normal(size=(200, 4)))
    axes = [np.eye(3)[bvh.AXES[axis]] for axis in order]
    locked = rotation.about(axes[0], 0.3) @ rotation.about(axes[1], np.pi / 2) @ rotation.about(axes[2], 0.4)
    turns = np.concatenate([turns, locked[None]])
    angles = np.radians(bvh.euler_degrees(turns, order))
    again = np.eye(3)
    for axis, angle in zip(axes, angles.T, strict=True):
        again = again @ rotation.about(axis, angle)
    assert np.abs(again - turns).max() < 1e-6
