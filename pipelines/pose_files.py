"""Every kind of pose file, read and written.

Read: our own JSON (geometry/library.py), OpenPose's and ComfyUI's POSE_KEYPOINT, COCO, COCO-WholeBody and MMPose
JSON, BVH clips, pictures of OpenPose skeletons, and, with a reader of people, any picture of somebody. Which one a
file is, its content says. Written: each of these but photos.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from .draw import draw_pose
from .files import appearing
from .geometry.formats.bvh_pose import FRAME_SECONDS, read_bvh, write_bvh
from .geometry.formats.coco import coco_from_keypoints, is_coco, read_coco
from .geometry.formats.openpose import (
    LARGEST_FRACTION,
    MOST_PEOPLE,
    keypoints_from_openpose,
    openpose_from_keypoints,
)
from .geometry.keypoints import Keypoints
from .geometry.library import (
    FOLDER,
    FORMAT,
    PoseFileError,
    pose_from_json,
    pose_path,
    pose_text,
    thumbnail_path,
)
from .geometry.retarget import Pose
from .lift import pose_in
from .openpose_picture import is_openpose_picture, keypoints_from_openpose_picture
from .picture import FORMATS, read_picture, write_picture

PeopleReader = Callable[[torch.Tensor], list[Keypoints]]
"""(1, 3, H, W) in [0, 1] -> the people in it, the largest first."""

LARGEST_BYTES = {"json": 8 << 20, "bvh": 32 << 20, "picture": 64 << 20}
"""A pose has a few kilobytes; an hour of OpenPose frames or five minutes of motion capture these."""
MOST_BRACKETS = 200_000
"""Objects and lists in a JSON file: parsed, an empty one takes twenty times its two letters."""
LARGEST_DECODED = 150_000_000
"""Bytes of a picture before it is made smaller: 50 megapixels in colour."""
WORKING_SIDE = 2048
"""Pictures are read at this longer side at most: a pose needs no more."""
MOST_FRAMES = 600
KEYPOINT_FORMATS = ("openpose", "coco")


EXAMPLE_CLIP = FOLDER / "walk.bvh"
"""Two steps towards the camera, one second long, to try clips with."""


class Clip(NamedTuple):
    """poses, one per frame; seconds from one to the next, 0 where the file does not say; notes for the artist."""

    poses: list[Pose]
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


def read_pose_file(
    path: Path | str,
    person: int = 0,
    first: int = 0,
    stride: int = 1,
    most: int = MOST_FRAMES,
    read_people: PeopleReader | None = None,
) -> list[Pose]:
    """The poses of a file, one per frame: see `read_clip`."""
    return read_clip(path, person, first, stride, most, read_people).poses


def named_pose(name: str, folders: Sequence[Path] = ()) -> Pose:
    """A pose of the library by its name, or the first of a file of any kind in an artist's own folders."""
    return read_pose_file(pose_path(name, folders), most=1)[0]


def named_time(name: str, folders: Sequence[Path] = ()) -> int:
    """When the pose of that name was last changed, in nanoseconds since 1970."""
    return pose_path(name, folders).stat().st_mtime_ns


def named_thumbnail(name: str, folders: Sequence[Path] = ()) -> torch.Tensor | None:
    """(1, 3, 240, 160) the picture beside a pose of the library; None for an artist's own pose without one."""
    path = thumbnail_path(name, folders)
    return None if path is None else read_picture(path)


def read_clip(
    path: Path | str,
    person: int = 0,
    first: int = 0,
    stride: int = 1,
    most: int = MOST_FRAMES,
    read_people: PeopleReader | None = None,
) -> Clip:
    """The frames first, first + stride, ..., at most `most`, of a file of any kind.

    person       whose pose, by size in each frame, 0 = the largest; frames with fewer people are passed over
    read_people  reads pictures that are not OpenPose skeletons
    Raises PoseFileError that names the file and the line or key.
    """
    path = Path(path)
    if person < 0 or first < 0 or stride < 1 or most < 1:
        raise ValueError(
            f"person {person}, first {first}, stride {stride}, most {most}: none may be negative"
        )
    with _named(path):
        kind = _kind(path)
        if kind == "bvh":
            return Clip(*read_bvh(_text(path, kind, errors="replace"), path.stem, first, stride, most))
        data = _json(path) if kind == "json" else None
        if _is_own(data):
            listed = data if isinstance(data, list) else [data]
            return Clip([pose_from_json(one, path.stem) for one in listed[first::stride][:most]])
        frames = _frames(data) if kind == "json" else [_people(path, read_people)]
        return _lifted(path.stem, frames, person, range(len(frames))[first::stride][:most])


def read_keypoints_file(path: Path | str, read_people: PeopleReader | None = None) -> list[list[Keypoints]]:
    """The people of each frame of a keypoint file or a picture, the largest first. Raises PoseFileError."""
    path = Path(path)
    with _named(path):
        kind = _kind(path)
        if kind == "bvh":
            raise PoseFileError(f"{path.name} holds rotations, no keypoints: read its poses")
        return _frames(_json(path)) if kind == "json" else [_people(path, read_people)]


def write_pose_file(poses: Pose | Sequence[Pose], path: Path | str, seconds: float = FRAME_SECONDS) -> Path:
    """Writes poses as our own JSON (.json: one, or a list) or as a BVH clip (.bvh; seconds per frame)."""
    path = Path(path)
    poses = [poses] if isinstance(poses, Pose) else list(poses)
    if not poses:
        raise ValueError(f"{path.name}: there is no pose to write")
    if path.suffix.lower() == ".bvh":
        return _written(path, write_bvh(poses, seconds))
    if path.suffix.lower() == ".json":
        texts = [pose_text(pose) for pose in poses]
        return _written(path, texts[0] if len(texts) == 1 else "[\n" + ",\n".join(texts) + "]\n")
    raise ValueError(f"{path.name}: poses are written as .json or .bvh; keypoints by write_keypoints_file")


def write_keypoints_file(
    frames: Sequence[Sequence[Keypoints]], path: Path | str, format: str = "openpose", thick: bool = False
) -> Path:
    """Writes the people of each frame as POSE_KEYPOINT or COCO-WholeBody JSON, or one frame as a picture in
    OpenPose's colours, by the suffix.

    Keypoints of a pose: `Skeleton.project()`.
    """
    path, frames = Path(path), [list(people) for people in frames]
    if not frames or not all(frames):
        raise ValueError(f"{path.name}: every frame needs somebody in it; nothing was written")
    if path.suffix.lower() in FORMATS:
        if len(frames) > 1:
            raise ValueError(f"{path.name}: a picture shows one frame, {len(frames)} were given")
        return write_picture(draw_pose(frames[0], tuple(map(int, frames[0][0].canvas)), thick), path)
    if path.suffix.lower() != ".json" or format not in KEYPOINT_FORMATS:
        raise ValueError(
            f'{path.name}: keypoints are written as .json ("openpose" or "coco") or as a picture'
            f" ({', '.join(FORMATS)}), found {format!r:.20}"
        )
    if format == "coco":
        return _written(path, json.dumps(coco_from_keypoints(frames)) + "\n")
    return _written(path, json.dumps([openpose_from_keypoints(people) for people in frames]) + "\n")


def _written(path: Path, text: str) -> Path:
    with appearing(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    return path


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Errors of what is inside a file, under the file's name."""
    try:
        yield
    except PoseFileError as error:
        if path.stem in str(error):
            raise
        raise PoseFileError(f"{path.name}: {error}") from error
    except (ValueError, OverflowError, RecursionError) as error:
        raise PoseFileError(f"{path.name}: {error}") from error
    except OSError as error:
        raise PoseFileError(f"{path.name} cannot be read: {error.strerror or error}") from error


def _kind(path: Path) -> str:
    """ "json", "bvh" or "picture", by how the file begins."""
    with path.open("rb") as file:
        start = file.read(512)
    text = start.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").lstrip(b"\xff\xfe \t\r\n")
    if text[:9].upper() == b"HIERARCHY":
        kind = "bvh"
    elif text[:1] in (b"{", b"[") or path.suffix.lower() == ".json":
        kind = "json"
    elif path.suffix.lower() == ".bvh":
        kind = "bvh"
    elif not text:
        raise PoseFileError(f"{path.name} is empty")
    else:
        kind = "picture"
    size = path.stat().st_size
    if size > LARGEST_BYTES[kind]:
        raise PoseFileError(f"{path.name} has {size >> 20} MB, the most is {LARGEST_BYTES[kind] >> 20} MB")
    return kind


def _text(path: Path, kind: str, errors: str = "strict") -> str:
    """The file's text: UTF-8, or UTF-16 where it says so."""
    data = path.read_bytes()
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return data.decode("utf-16" if wide else "utf-8-sig", errors=errors)
    except UnicodeDecodeError as error:
        raise PoseFileError(f"{path.name} is not a text file with {kind.upper()}: {error.reason}") from None


def _json(path: Path) -> Any:
    text = _text(path, "json")
    if text.count("{") + text.count("[") > MOST_BRACKETS:
        raise PoseFileError(
            f"{path.name} holds more than {MOST_BRACKETS} objects and lists; it is no pose file"
        )
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise PoseFileError(f"{path.name} is not JSON: {error.msg} in line {error.lineno}") from error
    except RecursionError:
        raise PoseFileError(f"{path.name} is nested too deeply; it is no pose file") from None


def _is_own(data: Any) -> bool:
    first = data[0] if isinstance(data, list) and data else data
    return isinstance(first, dict) and ("format" in first or "rotations" in first)


def _frames(data: Any) -> list[list[Keypoints]]:
    """People by frame of parsed JSON that is not our own."""
    first = data[0] if isinstance(data, list) and data else data
    if isinstance(first, dict) and "people" in first:
        frames = data if isinstance(data, list) else [data]
        if len(frames) > MOST_PEOPLE:
            raise ValueError(f"{len(frames)} frames, the most is {MOST_PEOPLE}")
        return [_openpose_frame(frame) for frame in frames]
    if is_coco(data):
        return read_coco(data)
    found = (
        ", ".join(f"{key!s:.30}" for key in list(first)[:6])
        if isinstance(first, dict)
        else type(data).__name__
    )
    raise ValueError(
        f'not a pose: expected "format": "{FORMAT}", an OpenPose file with "people" or a COCO file with'
        f' "keypoints", found {found or "nothing"}'
    )


def _openpose_frame(frame: Any) -> list[Keypoints]:
    """A frame's people; OpenPose's own files state no canvas, there it is the box of everybody's landmarks."""
    if (
        not isinstance(frame, dict)
        or frame.get("canvas_height") is not None
        or frame.get("canvas_width") is not None
    ):
        return keypoints_from_openpose(frame)
    # On a canvas of one pixel no coordinate is taken for a fraction.
    people = keypoints_from_openpose(frame, (1, 1))
    if not people:
        return people
    far = np.max([person.points[person.confidence > 0].max(axis=0) for person in people], axis=0)
    if far.max() <= LARGEST_FRACTION:
        raise ValueError(
            "the points are fractions of a canvas that the file does not state: add canvas_width and canvas_height"
        )
    width, height = np.maximum(np.ceil(far) + 1, 1).astype(int).tolist()
    return [replace(person, canvas=(height, width)) for person in people]


def _people(path: Path, read_people: PeopleReader | None) -> list[Keypoints]:
    """The people of a picture, in its own pixels."""
    cut_out, size = _picture(path)
    picture = _laid_on(cut_out, 0.0)
    if is_openpose_picture(picture):
        found = keypoints_from_openpose_picture(picture)
    elif read_people is None:
        raise ValueError(
            "this picture is no OpenPose skeleton, and there is no reader of people for photos here"
        )
    else:
        found = read_people(_laid_on(cut_out, 1.0))
    scale = size[0] / picture.shape[-2]
    # Pixel centres: the picture's corner lies at -0.5 at both sizes.
    return [one.moved(scale, (0.5 * scale - 0.5,) * 2, size) if scale != 1 else one for one in found]


def _picture(path: Path) -> tuple[torch.Tensor, tuple[int, int]]:
    """(1, 4, H, W) in [0, 1] with its alpha, at most `WORKING_SIDE` long, and the file's own (height, width)."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as image:
            if image.width * image.height * max(len(image.getbands()), 3) > LARGEST_DECODED:
                raise PoseFileError(
                    f"{path.name}: {image.width}x{image.height} is too large; make it smaller first"
                )
            width, height = image.size
            image.draft("RGB", (WORKING_SIDE, WORKING_SIDE))
            turned = ImageOps.exif_transpose(image)
            size = (height, width) if (turned.width > turned.height) == (width > height) else (width, height)
            turned.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX)
            pixels = np.array(turned.convert("RGBA"))
    except Image.DecompressionBombError:
        raise PoseFileError(f"{path.name}: the picture is too large; make it smaller first") from None
    except (SyntaxError, EOFError, IndexError, ArithmeticError, zlib.error, struct.error) as damage:
        raise PoseFileError(f"{path.name}: damaged or cut short ({damage}); export it again") from damage
    flat = (
        torch.from_numpy(pixels)
        .permute(2, 0, 1)[None]
        .to(torch.float32, memory_format=torch.contiguous_format)
    )
    return flat.div_(255), size


def _laid_on(cut_out: torch.Tensor, ground: float) -> torch.Tensor:
    """(1, 3, H, W): where the picture is transparent, the ground: black under skeletons, white paper under the rest."""
    alpha = cut_out[:, 3:]
    return cut_out[:, :3] * alpha + ground * (1 - alpha)


def _lifted(name: str, frames: list[list[Keypoints]], person: int, wanted: range) -> Clip:
    """One person's pose of each wanted frame."""
    poses, passed = [], 0
    for n in wanted:
        if person >= len(frames[n]):
            passed += 1
            continue
        poses.append(pose_in(frames[n][person], name if len(frames) == 1 else f"{name} {n}"))
    if not poses:
        most = max(map(len, frames), default=0)
        raise ValueError(f"nobody to take the pose from: person {person} was asked for (0 is the largest), frames"
                         f" show up to {most}")  # fmt: skip
    notes = (f"{passed} frames without person {person} were passed over",) if passed else ()
    return Clip(poses, 0.0, notes)
