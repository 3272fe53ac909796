"""Poses as files: the library that ships, and what an artist saves or brings.

Our own format is JSON: {"format": "repose-pose", "version": 1, "name", "rotations": {joint: [w, x, y, z]},
"contacts": [{"joint", "on", "offset"}], "droop", "place": {"root", "stature", "canvas", "support", "neck"}}.
A joint that is not listed is not stated by the pose. OpenPose's frames are read as well (openpose.py).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .keypoints import PRESENT, Keypoints
from .lifting import lift
from .openpose import keypoints_from_openpose
from .retarget import GROUND, Contact, Pose, pose_of
from .skeleton import JOINT_INDEX, JOINTS

FORMAT = "repose-pose"
VERSION = 1
FOLDER = Path(__file__).parent / "poses"
LARGEST_BYTES = 8 << 20
"""A pose is a few kilobytes, a long clip of OpenPose frames a few megabytes."""


class PoseFileError(ValueError):
    """A file that is not a pose; the message says what was found and what was expected."""


def pose_names() -> tuple[str, ...]:
    """The library's poses in the order in which a photographer would go through them."""
    return tuple(sorted((path.stem for path in FOLDER.glob("*.json")), key=_place_in_list))


def _place_in_list(name: str) -> tuple[int, str]:
    first = ("front", "three-quarter left", "three-quarter right", "side left", "side right", "contrapposto")
    return (first.index(name) if name in first else len(first), name)


def load_pose(name: str) -> Pose:
    """A pose of the library by its name. Raises KeyError with the names there are."""
    if name not in pose_names():
        raise KeyError(f'there is no pose "{name}"; the library has: {", ".join(pose_names())}')
    return read_pose(FOLDER / f"{name}.json")


def write_pose(pose: Pose, path: Path | str) -> None:
    """Writes our own JSON. Quaternions keep 6 decimals: under a thousandth of a degree."""
    rotations = {
        JOINTS[j]: [round(float(v), 6) for v in pose.rotations[j]] for j in np.flatnonzero(pose.known)
    }
    data: dict[str, Any] = {"format": FORMAT, "version": VERSION, "name": pose.name, "rotations": rotations}
    if pose.contacts:
        data["contacts"] = [{"joint": c.joint, "on": c.on, "offset": list(c.offset)} for c in pose.contacts]
    if pose.canvas is not None:
        data["droop"] = pose.droop
        data["place"] = {
            "root": [float(v) for v in pose.root],
            "stature": float(pose.stature),
            "canvas": [int(v) for v in pose.canvas],
            "support": None if pose.support is None else [float(v) for v in pose.support],
            "neck": [float(v) for v in pose.neck],
        }
    lines = [f" {json.dumps(key)}: {_block(value)}" for key, value in data.items()]
    Path(path).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="ascii")


def _block(value: Any) -> str:
    """One joint or contact per line: files that diff well."""
    if isinstance(value, dict):
        return "{\n" + ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items()) + "\n }"
    if isinstance(value, list):
        return "[\n" + ",\n".join(f"  {json.dumps(v)}" for v in value) + "\n ]"
    return json.dumps(value)


def read_pose(path: Path | str) -> Pose:
    """Our own JSON, or the largest person of an OpenPose / POSE_KEYPOINT file. Raises PoseFileError."""
    path = Path(path)
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise PoseFileError(f"{path.name} has {size >> 20} MB; a pose file has a few kilobytes")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, RecursionError) as error:
        raise PoseFileError(f"{path.name} is not a text file with JSON: {error}") from error
    except json.JSONDecodeError as error:
        raise PoseFileError(f"{path.name} is not JSON: {error.msg} in line {error.lineno}") from error
    return pose_from_json(data, path.stem)


def pose_from_json(data: Any, name: str = "pose") -> Pose:
    """Parsed JSON of either format -> Pose. Raises PoseFileError naming what was found."""
    frame = data[0] if isinstance(data, list) and data else data
    if not isinstance(frame, dict):
        raise PoseFileError(f'{name}: expected an object with "rotations" or "people", found {_kind(data)}')
    if "people" in frame:
        return _pose_from_openpose(frame, name)
    if frame.get("format") != FORMAT:
        keys = ", ".join(map(str, list(frame)[:6])) or "nothing"
        raise PoseFileError(
            f'{name} is not a pose: expected "format": "{FORMAT}" or an OpenPose file with "people", '
            f"found {keys}"
        )
    if frame.get("version") != VERSION:
        raise PoseFileError(
            f"{name}: version {frame.get('version')!r} of the format, this pack reads {VERSION}"
        )
    return _own_pose(frame, name)


def _pose_from_openpose(frame: dict, name: str) -> Pose:
    try:
        people = keypoints_from_openpose(frame)
        if not people:
            raise PoseFileError(f'{name}: "people" is empty, there is nobody to take the pose from')
        return pose_of(lift(max(people, key=_extent)), name)
    except PoseFileError:
        raise
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise PoseFileError(f"{name}: {error}") from error


def _extent(person: Keypoints) -> float:
    """Square pixels of the box around the present landmarks: the largest person is the one that is meant."""
    present = person.points[person.confidence >= PRESENT]
    return float(np.prod(np.ptp(present, axis=0))) if len(present) else 0.0


def _own_pose(data: dict, name: str) -> Pose:
    rotations, known = np.tile([1.0, 0.0, 0.0, 0.0], (len(JOINTS), 1)), np.zeros(len(JOINTS), dtype=bool)
    stated = data.get("rotations")
    if not isinstance(stated, dict) or not stated:
        raise PoseFileError(f'{name}: "rotations" should be an object of joints, found {_kind(stated)}')
    for joint, value in stated.items():
        rotations[_joint(joint, name)] = _quaternion(value, f'{name}: rotation of "{joint}"')
        known[JOINT_INDEX[joint]] = True
    contacts = data.get("contacts", [])
    if not isinstance(contacts, list):
        raise PoseFileError(f'{name}: "contacts" should be a list, found {_kind(contacts)}')
    droop = _vector(data.get("droop", 0.0), (), f'{name}: "droop"')
    place = _place(data["place"], name) if data.get("place") is not None else {}
    own_name = data.get("name", name)
    parsed = tuple(_contact(contact, name) for contact in contacts)
    return Pose(str(own_name), rotations, known, contacts=parsed, droop=float(droop), **place)


def _joint(joint: Any, name: str) -> int:
    if joint not in JOINT_INDEX:
        raise PoseFileError(f'{name}: "{joint}" is not a joint (joints are named as in COCO-WholeBody)')
    return JOINT_INDEX[joint]


def _vector(value: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    try:
        vector = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PoseFileError(f"{what} should be numbers, found {_kind(value)}") from error
    if vector.shape != shape or not np.isfinite(vector).all():
        raise PoseFileError(f"{what} should be {int(np.prod(shape))} finite number(s), found {value!r:.60}")
    return vector


def _quaternion(value: Any, what: str) -> np.ndarray:
    vector = _vector(value, (4,), what)
    length = np.linalg.norm(vector)
    if abs(length - 1) > 0.01:
        raise PoseFileError(f"{what} should be a unit quaternion w, x, y, z; its length is {length:.3f}")
    return vector / length


def _contact(data: Any, name: str) -> Contact:
    ends = [f"{side}_{end}" for side in ("left", "right") for end in ("wrist", "ankle")]
    if not isinstance(data, dict) or data.get("joint") not in ends:
        raise PoseFileError(f"{name}: a contact needs a joint among {', '.join(ends)}, found {data!r:.80}")
    on = data.get("on")
    if on != GROUND or not data["joint"].endswith("ankle"):
        _joint(on, name)
    return Contact(
        data["joint"], on, tuple(_vector(data.get("offset"), (3,), f"{name}: a contact's offset").tolist())
    )


def _place(data: Any, name: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise PoseFileError(f'{name}: "place" should be an object, found {_kind(data)}')
    shapes = {"root": (3,), "stature": (), "canvas": (2,), "neck": (2,)}
    if data.get("support") is not None:
        shapes["support"] = (2,)
    values = {key: _vector(data.get(key), shape, f'{name}: "{key}"') for key, shape in shapes.items()}
    if values["stature"] <= 0 or (values["canvas"] < 1).any():
        raise PoseFileError(f"{name}: stature and canvas should be positive, found {data!r:.80}")
    values["stature"] = float(values["stature"])
    values["canvas"] = tuple(int(v) for v in values["canvas"])
    return values


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", type(None): "nothing", bool: "true or false"}
    return kinds.get(type(value), "a number") + (
        f" ({value!r:.40})" if isinstance(value, (str, int, float)) else ""
    )
