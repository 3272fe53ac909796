"""Poses as files: the library that ships, and what an artist saves or brings.

Our own format is JSON: {"format": "repose-pose", "version": 1, "name", "rotations": {joint: [w, x, y, z]},
"contacts": [{"joint", "on", "offset"}], "seat", "droop", "place": {"root", "stature", "canvas", "support", "neck"}}.
A joint that is not listed is not stated by the pose. Every other kind of file: pipelines/pose_files.py.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

import numpy as np

from .contacts import GROUND, PELVIS, Contact
from .retarget import SEATS, Pose
from .skeleton import JOINT_INDEX, JOINTS

FORMAT = "repose-pose"
VERSION = 1
FOLDER = Path(__file__).parent / "poses"
OWN = "mine"
"""Where poses are listed that lie in an artist's folder itself, not in a folder of it."""
MOST_FILES = 2000
"""Of one folder: a folder of something else must not stop the list."""
LONGEST_NAME = 120
"""Bytes, of the 255 that file systems allow."""
RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{i}" for port in ("COM", "LPT") for i in range(1, 10))}
LARGEST_BYTES = 8 << 20
"""A pose is a few kilobytes, a long clip of OpenPose frames a few megabytes."""


class PoseFileError(ValueError):
    """A file that is not a pose; the message says what was found and what was expected."""


def pose_names(folders: Sequence[Path | str] = ()) -> tuple[str, ...]:
    """Every pose as "folder/name": the library's in the order in which a photographer would go through them, then
    those in the artist's own folders, which are looked at anew each time. What is not a pose is listed as well:
    its error comes when it is loaded."""
    return tuple(_listed(folders))


def load_pose(name: str, folders: Sequence[Path | str] = ()) -> Pose:
    """A pose by its "folder/name", or by its bare name where only one has it; the library's go first.

    Raises KeyError with the names there are, PoseFileError for a file that is not a pose.
    """
    return read_pose(pose_path(name, folders))


def pose_path(name: str, folders: Sequence[Path | str] = ()) -> Path:
    """The file of a pose. Only what `pose_names` lists is found, so no name leads out of the folders."""
    listed = _listed(folders)
    if name in listed:
        return listed[name]
    for paths in (_listed(()), listed):
        same = [full for full in paths if full.rpartition("/")[2] == name]
        if len(same) == 1:
            return listed[same[0]]
        if same:
            raise KeyError(f'"{name}" is the name of several poses; say which: {", ".join(same)}')
    raise KeyError(f'there is no pose "{name}"; the library has: {", ".join(listed)}')


def thumbnail_path(name: str, folders: Sequence[Path | str] = ()) -> Path | None:
    """The small picture beside a pose's file, where there is one."""
    path = pose_path(name, folders).with_suffix(".jpg")
    return path if path.is_file() else None


def _listed(folders: Sequence[Path | str]) -> dict[str, Path]:
    """Full name -> file. The library's order stands in its order.txt; a file that it forgets comes last."""
    order = (FOLDER / "order.txt").read_text(encoding="ascii").split("\n")
    found = {_name(path, FOLDER): path for path in _files(FOLDER)}
    listed = {name: found[name] for name in (*order, *sorted(set(found) - set(order))) if name in found}
    for folder in folders:
        for path in islice(_files(folder), MOST_FILES):
            name = _name(path, folder)
            own = (f"{OWN}/{name}" if i == 1 else f"{OWN}/{name} {i}" for i in count(1))
            free = (full for full in chain([name] if "/" in name else [], own) if full not in listed)
            listed[next(free)] = path
    return listed


def _name(path: Path, folder: Path | str) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()


def _files(folder: Path | str) -> Iterator[Path]:
    """The JSON files under a folder, by name; hidden ones and what cannot be read are passed over."""
    for root, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names, key=str.lower):
            if name.lower().endswith(".json") and not name.startswith("."):
                yield Path(root) / name


def save_pose(pose: Pose, folder: Path | str, name: str = "") -> Path:
    """Writes a pose into an artist's folder under a name that every system accepts, and returns its file.

    Never over another file: the second "walk" becomes "walk 2". The file appears whole or not at all.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = _reserved(folder, safe_name(name or pose.name))
    part, done = path.with_suffix(".part"), False
    try:
        write_pose(replace(pose, name=path.stem), part)
        os.replace(part, path)
        done = True
    finally:
        part.unlink(missing_ok=True)
        if not done:
            path.unlink(missing_ok=True)
    return path


def _reserved(folder: Path, stem: str) -> Path:
    """An empty file that nobody else has: opened exclusively, so two savers never take the same name."""
    for number in count(1):
        path = folder / (f"{stem}.json" if number == 1 else f"{stem} {number}.json")
        try:
            path.open("x").close()
            return path
        except FileExistsError:
            continue
    raise AssertionError("count never ends")


def safe_name(name: str) -> str:
    """A file name that Windows, macOS and Linux accept. Reserved characters and names: Microsoft, "Naming Files,
    Paths, and Namespaces"."""
    name = name.encode("utf-8", "ignore").decode()
    kept = " ".join("".join(" " if c in '<>:"/\\|?*' or ord(c) < 32 else c for c in name).split()).strip(". ")
    kept = kept.encode()[:LONGEST_NAME].decode("utf-8", "ignore").rstrip(". ")
    if not kept:
        return "pose"
    return f"_{kept}" if kept.split(".")[0].strip().upper() in RESERVED else kept


def write_pose(pose: Pose, path: Path | str) -> None:
    """Writes our own JSON."""
    Path(path).write_text(pose_text(pose), encoding="ascii")


def pose_text(pose: Pose) -> str:
    """Our own JSON of a pose. Quaternions keep 6 decimals: under a thousandth of a degree."""
    rotations = {
        JOINTS[j]: [round(float(v), 6) for v in pose.rotations[j]] for j in np.flatnonzero(pose.known)
    }
    data: dict[str, Any] = {"format": FORMAT, "version": VERSION, "name": pose.name, "rotations": rotations}
    if pose.contacts:
        data["contacts"] = [{"joint": c.joint, "on": c.on, "offset": list(c.offset)} for c in pose.contacts]
    if pose.seat:
        data["seat"] = pose.seat
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
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _block(value: Any) -> str:
    """One joint or contact per line: files that diff well."""
    if isinstance(value, dict):
        return "{\n" + ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items()) + "\n }"
    if isinstance(value, list):
        return "[\n" + ",\n".join(f"  {json.dumps(v)}" for v in value) + "\n ]"
    return json.dumps(value)


def read_pose(path: Path | str) -> Pose:
    """A file of our own JSON; every other kind: pipelines/pose_files.py. Raises PoseFileError."""
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
    """Our own JSON, parsed -> Pose. Raises PoseFileError naming what was found."""
    frame = data[0] if isinstance(data, list) and data else data
    if not isinstance(frame, dict):
        raise PoseFileError(f'{name}: expected an object with "rotations", found {_kind(data)}')
    if frame.get("format") != FORMAT:
        keys = ", ".join(f"{key!s:.30}" for key in list(frame)[:6]) or "nothing"
        raise PoseFileError(
            f'{name} is not a pose: expected "format": "{FORMAT}", found {keys}'
            " (keypoints and clips: pipelines/pose_files.py)"
        )
    if frame.get("version") != VERSION:
        raise PoseFileError(
            f"{name}: version {frame.get('version')!r} of the format, this pack reads {VERSION}"
        )
    return _own_pose(frame, name)


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
    own_name, seat = data.get("name", name), data.get("seat", "")
    if seat not in ("", *SEATS):
        raise PoseFileError(f'{name}: "seat" should be one of {", ".join(SEATS)}, found {_kind(seat)}')
    parsed = tuple(_contact(contact, name) for contact in contacts)
    return Pose(str(own_name), rotations, known, contacts=parsed, droop=float(droop), seat=seat, **place)


def _joint(joint: Any, name: str) -> int:
    if not isinstance(joint, str) or joint not in JOINT_INDEX:
        raise PoseFileError(f'{name}: "{joint!s:.40}" is not a joint (joints are named as in COCO-WholeBody)')
    return JOINT_INDEX[joint]


def _vector(value: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    try:
        vector = np.array(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise PoseFileError(f"{what} should be numbers, found {_kind(value)}") from error
    if vector.shape != shape or not np.isfinite(vector).all():
        raise PoseFileError(f"{what} should be {int(np.prod(shape))} finite number(s), found {value!r:.60}")
    return vector


def _quaternion(value: Any, what: str) -> np.ndarray:
    vector = _vector(value, (4,), what)
    length = np.linalg.norm(np.clip(vector, -9, 9))
    if abs(length - 1) > 0.01:
        raise PoseFileError(f"{what} should be a unit quaternion w, x, y, z; its length is {length:.3f}")
    return vector / length


def _contact(data: Any, name: str) -> Contact:
    ends = [PELVIS, *(f"{side}_{end}" for side in ("left", "right") for end in ("wrist", "ankle"))]
    if not isinstance(data, dict) or data.get("joint") not in ends:
        raise PoseFileError(f"{name}: a contact needs a joint among {', '.join(ends)}, found {data!r:.80}")
    on = data.get("on")
    if on != GROUND or data["joint"].endswith("wrist"):
        _joint(on, name)
    if data["joint"] == PELVIS and on != GROUND:
        raise PoseFileError(f'{name}: the pelvis can only be a contact on "{GROUND}", found {on!r:.40}')
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
