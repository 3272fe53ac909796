"""Motion-capture clips (bvh.py) to poses and back.

A BVH's world has x to the right, y up and z towards the viewer; ours (camera.py) is that turned half round about
x. At our rest the person stands in a T and faces the viewer. A file rests in whatever its offsets say: each bone's
rotation is taken from the file's rest direction to ours by the shortest turn, limb by limb outwards from the trunk,
which rests upright in both. A file whose rest is no standing person (LAFAN1 lays every bone along its own x axis)
is read by its joints' positions instead (fitting.py): there the twists of straight limbs are unknown.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import rotation
from ..fitting import fitted
from ..landmarks import FINGERS
from ..retarget import Pose
from ..skeleton import JOINT_INDEX, JOINTS, LEVELS, PARENT, local_rotations
from ..template import OFFSETS, STATURE_METRES
from .bvh import CHANNELS, Joint, Motion, bvh_text, euler_degrees, parse_bvh
from .bvh_joints import BodyMap, body_map

FLIP = np.array([1.0, -1.0, -1.0])
"""BVH's axes from ours and back: a half turn about x."""
SPINE = ("lumbar", "thoracic", "chest")
NECK = ("neck", "cervical")
ARM = ("shoulder", "elbow", "wrist", "middle_1")
LEG = ("hip", "knee", "ankle")
FINGER_CHAINS = tuple(tuple(f"{finger}_{n}" for n in range(1, 5)) for finger in FINGERS)
"""Limbs from the trunk outwards; each bone lies from one joint to the next."""
NAMES = {
    "pelvis": "Hips", "lumbar": "Spine", "thoracic": "Spine1", "chest": "Spine2",
    "neck": "Neck", "cervical": "Neck1", "head": "Head",
    "hip": "UpLeg", "knee": "Leg", "ankle": "Foot",
    "clavicle": "Shoulder", "shoulder": "Arm", "elbow": "ForeArm", "wrist": "Hand",
}  # fmt: skip
"""Our joints' names in the files that we write: MotionBuilder's, which Mixamo and most programs follow."""
UPRIGHT = 0.7
"""Cosine: at a rest pose that a person could stand in, spine and legs are this vertical at least."""
CENTIMETRES = 100 * STATURE_METRES
FRAME_SECONDS = 1 / 24
NAMED = 8
"""Joints without a place in ours that a note names."""


class Clip(NamedTuple):
    """poses, one per frame; seconds from one to the next; notes for the artist."""

    poses: list[Pose]
    seconds: float
    notes: tuple[str, ...]


def read_bvh(text: str, name: str = "clip", first: int = 0, stride: int = 1, most: int = 600) -> Clip:
    """A BVH file's text -> the poses of frames first, first + stride, ..., at most `most`.

    Joints that the file does not have (usually fingers) are not stated. Raises ValueError: "line N: ..." for a
    damaged file, the names that were found for one without a person.
    """
    motion = parse_bvh(text, first, stride, most)
    body = body_map(motion.joints)
    basis = _rest_basis(motion, body)
    globals_, known = _by_positions(motion, body) if basis is None else _by_rotations(motion, body, basis)
    many = len(motion.values) > 1
    poses = [
        Pose(f"{name} {motion.first + n * motion.stride}" if many else name, local_rotations(frame), known)
        for n, frame in enumerate(globals_)
    ]
    return Clip(poses, motion.seconds * motion.stride, _notes(motion, body, basis is None))


def _notes(motion: Motion, body: BodyMap, by_positions: bool) -> tuple[str, ...]:
    notes = []
    if body.others:
        more = f" and {len(body.others) - NAMED} more" if len(body.others) > NAMED else ""
        notes.append(f"joints without a place in the skeleton: {', '.join(body.others[:NAMED])}{more}")
    if by_positions:
        notes.append("the file's rest pose is no standing person: twists of straight limbs are not known")
    left = len(range(motion.first, motion.total, motion.stride)) - len(motion.values)
    if left > 0:
        notes.append(f"{left} later frames of the clip were left out")
    return tuple(notes)


def _rest_basis(motion: Motion, body: BodyMap) -> np.ndarray | None:
    """(3, 3) columns left, up and front of the person at the file's rest, in the file's axes; None where the rest
    is no standing person."""
    rest, limbs = motion.rest(), body.limbs
    hips, knees, ankles = (
        np.array([rest[limbs[f"{side}{part}"]] for side in ("left_", "right_")])
        for part in ("hip", "knee", "ankle")
    )
    up = np.eye(3)[int(np.abs(hips.mean(0) - ankles.mean(0)).argmax())]
    up = up * np.sign(up @ (hips.mean(0) - ankles.mean(0)))
    top = rest[body.head if body.head >= 0 else (body.spine or (body.pelvis,))[-1]]
    bones = [top - hips.mean(0), *(hips - knees), *(knees - ankles)]
    if min(float(rotation.unit(bone) @ up) for bone in bones) < UPRIGHT:
        return None
    left = rotation.unit(hips[0] - hips[1])
    if abs(left @ up) > UPRIGHT or not left.any():
        return None
    near = np.eye(3)[int(np.abs(left).argmax())] * np.sign(left[np.abs(left).argmax()])
    left = (
        near
        if near @ left > np.cos(np.radians(10)) and near @ up == 0
        else rotation.unit(left - up * (left @ up))
    )
    return np.stack([left, up, np.cross(left, up)], axis=1)


def _by_rotations(motion: Motion, body: BodyMap, basis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(frames, 142, 3, 3) our global rotations and (142,) which are stated, by the file's own rotations."""
    _, turns = motion.forward()
    world = _world(basis)
    ours = world @ turns @ basis
    found: dict[str, np.ndarray] = {"pelvis": ours[:, body.pelvis]}
    found |= _between(found["pelvis"], [ours[:, j] for j in body.spine], SPINE)
    if body.head >= 0:
        chest = found.get("chest", found["pelvis"])
        found |= _between(chest, [ours[:, j] for j in body.neck], NECK)
        found["head"] = ours[:, body.head]
    for name, correction in _rest_corrections(motion, body, basis).items():
        found[name] = ours[:, body.limbs[name.replace("hand_root", "wrist")]] @ correction
    return _complete({name: FLIP[:, None] * turn * FLIP for name, turn in found.items()}, len(turns))


def _world(basis: np.ndarray) -> np.ndarray:
    """(3, 3) the file's axes to x right, y up, z to the viewer: nothing but for files with z up."""
    up = basis[:, 1]
    if up[1] > 0.9:
        return np.eye(3)
    return rotation.between(up, np.array([0.0, 1.0, 0.0]), fallback=(1.0, 0.0, 0.0))


def _between(start: np.ndarray, chain: list[np.ndarray], names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Our joints' rotations along a chain of as many or other joints, by slerp between the file's."""
    steps = [rotation.quaternion_from_matrix(one) for one in (start, *chain)]
    if len(steps) == 1:
        return {}
    found = {}
    for n, name in enumerate(names, start=1):
        place = n * (len(steps) - 1) / len(names)
        below = min(int(place + 1e-9), len(steps) - 2)
        share = place - below
        found[name] = rotation.matrix_from_quaternion(rotation.slerp(steps[below], steps[below + 1], share))
    return found


def _rest_corrections(motion: Motion, body: BodyMap, basis: np.ndarray) -> dict[str, np.ndarray]:
    """For each limb's joint of the file (3, 3): our rest direction to the file's rest direction, in the person's
    own axes (left, up, front), by the shortest turn on top of the bone's before it."""
    found: dict[str, np.ndarray] = {}
    for side in ("left_", "right_"):
        # Feet rest flat and clavicles rest level in both, whatever their bones' directions are.
        found |= {
            f"{side}{part}": np.eye(3) for part in ("clavicle", "ankle") if f"{side}{part}" in body.limbs
        }
        for chain in (ARM, LEG, *FINGER_CHAINS):
            before = found.get(f"{side}wrist", np.eye(3)) if chain in FINGER_CHAINS else np.eye(3)
            for part, end in zip(chain, chain[1:], strict=False):
                name = f"{side}{part}"
                if name in body.limbs:
                    before = found[name] = _corrected(motion, body, basis, before, name, f"{side}{end}")
        if any(f"{side}{finger}_1" in found for finger in FINGERS) and f"{side}wrist" in found:
            found[f"{side}hand_root"] = found[f"{side}wrist"]
    return found


def _corrected(
    motion: Motion, body: BodyMap, basis: np.ndarray, before: np.ndarray, name: str, end: str
) -> np.ndarray:
    """(3, 3) the correction before, turned on so that our bone from `name` to `end` lies along the file's."""
    j = body.limbs[name]
    if end in body.limbs:
        rest = motion.rest()
        bone = (rest[body.limbs[end]] - rest[j]) @ basis
    else:
        bone = np.array(motion.joints[j].end or (0, 0, 0)) @ basis
    if np.linalg.norm(bone) < 1e-6 or end not in JOINT_INDEX:
        return before
    ours = OFFSETS[JOINT_INDEX[end]] * FLIP
    if end.endswith("middle_1"):
        ours = ours + OFFSETS[JOINT_INDEX[end.replace("middle_1", "hand_root")]] * FLIP
    return rotation.between(before @ ours, bone, fallback=(0.0, 0.0, 1.0)) @ before


def _complete(found: dict[str, np.ndarray], frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Every joint's global rotation, those that were not found as their parent's, and which were found."""
    globals_ = np.tile(np.eye(3), (frames, len(JOINTS), 1, 1))
    known = np.zeros(len(JOINTS), dtype=bool)
    for level in LEVELS:
        for j in level:
            if JOINTS[j] in found:
                globals_[:, j], known[j] = found[JOINTS[j]], True
            elif PARENT[j] >= 0:
                globals_[:, j] = globals_[:, PARENT[j]]
    return globals_, known


def _by_positions(motion: Motion, body: BodyMap) -> tuple[np.ndarray, np.ndarray]:
    """The same by where the joints are, frame by frame; y up is taken for granted."""
    positions, _ = motion.forward()
    names = [name for name in body.limbs if not name.endswith("clavicle")]
    given = np.zeros(len(JOINTS), dtype=bool)
    given[[JOINT_INDEX[name] for name in names]] = True
    rows = [body.limbs[name] for name in names]
    scale = np.linalg.norm(motion.offsets()[body.limbs["left_knee"]]) / np.linalg.norm(
        OFFSETS[JOINT_INDEX["left_knee"]]
    )
    globals_ = []
    for frame in positions:
        placed = np.full((len(JOINTS), 3), np.nan)
        placed[given] = 0
        placed[[JOINT_INDEX[name] for name in names]] = (frame[rows] - frame[body.pelvis]) * FLIP
        _, rotations, _ = fitted(placed, given, scale)
        globals_.append(_globals(rotations))
    sure = {
        "pelvis",
        *SPINE,
        *(f"{s}{p}" for s in ("left_", "right_") for p in ("shoulder", "elbow", "hip", "knee")),
    }
    sure |= {f"{s}wrist" for s in ("left_", "right_") if f"{s}middle_1" in body.limbs}
    return np.array(globals_), np.array([name in sure for name in JOINTS])


def _globals(rotations: np.ndarray) -> np.ndarray:
    """(142, 4) local quaternions -> (142, 3, 3) global rotations."""
    turns = rotation.matrix_from_quaternion(rotations)
    for level in LEVELS[1:]:
        turns[level] = turns[PARENT[level]] @ turns[level]
    return turns


def write_bvh(poses: list[Pose], seconds: float = FRAME_SECONDS) -> str:
    """Poses -> the text of a BVH file: the standard body (1.70 m), y up, centimetres, degrees, feet on the ground.

    Fingers are written when one of the poses states them. Raises ValueError for no pose.
    """
    if not poses:
        raise ValueError("there is no pose to write: a BVH file needs at least one")
    written = _written(poses)
    globals_ = np.stack([_globals(pose.rotations) for pose in poses])
    globals_ = FLIP[:, None] * globals_ * FLIP
    above = [_above(j, written) for j in written]
    joints = tuple(
        Joint(
            _bvh_name(JOINTS[j]),
            above[n],
            _offset(j, written, above[n]),
            _channels(above[n]),
            _end(j, written),
        )
        for n, j in enumerate(written)
    )
    columns = [_ground(globals_)]
    for n, j in enumerate(written):
        parent = np.eye(3) if above[n] < 0 else globals_[:, written[above[n]]]
        columns.append(euler_degrees(np.swapaxes(parent, -1, -2) @ globals_[:, j], "ZXY"))
    return bvh_text(Motion(joints, np.concatenate(columns, axis=1), seconds))


def _written(poses: list[Pose]) -> list[int]:
    """Our joints that go into a file, parents first, depth first."""
    body = {"pelvis", *SPINE, *NECK, "head"}
    body |= {f"{s}{p}" for s in ("left_", "right_") for p in NAMES if f"{s}{p}" in JOINT_INDEX}
    stated = np.any([pose.known for pose in poses], axis=0)
    for side in ("left_", "right_"):
        fingers = {f"{side}{finger}_{n}" for finger in FINGERS for n in range(1, 4)}
        if any(stated[JOINT_INDEX[name]] for name in fingers):
            body |= fingers
    order: list[int] = []
    stack = [int(np.flatnonzero(PARENT < 0)[0])]
    while stack:
        j = stack.pop()
        if JOINTS[j] in body:
            order.append(j)
        stack += reversed(np.flatnonzero(PARENT == j).tolist())
    return order


def _above(j: int, written: list[int]) -> int:
    """The place in `written` of the nearest joint above, or -1."""
    j = int(PARENT[j])
    while j >= 0 and j not in written:
        j = int(PARENT[j])
    return written.index(j) if j >= 0 else -1


def _offset(j: int, written: list[int], above: int) -> tuple[float, float, float]:
    total, stop = np.zeros(3), written[above] if above >= 0 else -1
    while j != stop and j >= 0:
        total += OFFSETS[j]
        j = int(PARENT[j])
    return tuple((total * FLIP * CENTIMETRES).tolist())


def _end(j: int, written: list[int]) -> tuple[float, float, float] | None:
    """Where a last joint's bone ends: toes, finger tips, the crown."""
    if any(PARENT[k] == j or (PARENT[k] >= 0 and PARENT[PARENT[k]] == j) for k in written):
        return None
    tips = [k for k in np.flatnonzero(PARENT == j) if not JOINTS[k].endswith("heel")]
    tip = OFFSETS[tips].mean(axis=0) if JOINTS[j] != "head" and tips else np.array([0.0, -0.06, 0.0])
    return tuple((tip * FLIP * CENTIMETRES).tolist())


def _channels(above: int) -> tuple[str, ...]:
    turns = ("Zrotation", "Xrotation", "Yrotation")
    return (*CHANNELS[:3], *turns) if above < 0 else turns


def _bvh_name(joint: str) -> str:
    side, _, part = joint.partition("_")
    if joint in NAMES:
        return NAMES[joint]
    if part in NAMES:
        return side.capitalize() + NAMES[part]
    finger, number = part.split("_")
    return f"{side.capitalize()}Hand{'Pinky' if finger == 'little' else finger.capitalize()}{number}"


def _ground(globals_: np.ndarray) -> np.ndarray:
    """(frames, 3) the pelvis over the origin, the lowest point of the feet on the ground, centimetres."""
    positions = np.zeros((len(globals_), len(JOINTS), 3))
    for level in LEVELS[1:]:
        parent = PARENT[level]
        step = np.einsum("fnij,nj->fni", globals_[:, parent], OFFSETS[level] * FLIP)
        positions[:, level] = positions[:, parent] + step
    feet = [
        JOINT_INDEX[f"{side}{n}"] for side in ("left_", "right_") for n in ("heel", "big_toe", "small_toe")
    ]
    height = -positions[:, feet, 1].min(axis=1) * CENTIMETRES
    return np.stack([np.zeros_like(height), height, np.zeros_like(height)], axis=1)
