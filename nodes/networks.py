"""Which networks a node uses: chosen by the artist, found in the models folders, kept loaded by the host."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from comfy_api.latest import io

from ..pipelines.batches import each
from ..pipelines.drawing import DrawingReader
from ..pipelines.geometry.keypoints import Keypoints
from ..pipelines.geometry.layers import Regions
from ..pipelines.geometry.retarget import Pose
from ..pipelines.given import given_keypoints
from ..pipelines.keypoints import read_keypoints
from ..pipelines.models import weights
from ..pipelines.models.person_parts import PartsReader
from ..pipelines.models.tflite import TfliteNetwork
from ..pipelines.models.wholebody import KeypointBackend, load_composite, load_single
from ..pipelines.openpose import load_openpose
from ..pipelines.people import EVERYONE, THE_LARGEST, Who
from ..pipelines.pose_files import named_pose
from ..pipelines.pose_pictures import people_in_pictures
from ..pipelines.posing import poses_of
from ..pipelines.read import Reader, regions_of
from ..pipelines.segment import Segmentation, segment_person
from . import host

AUTOMATIC, COMPOSITE, OPENPOSE = "automatic", "composite", "openpose (controlnet-aux)"
DRAWING = "drawing (by its strokes)"
WHOLE_BODY_FILE = re.compile(r"^(rtmw|dw-ll|dw-|dwpose|.*wholebody).*\.(onnx|safetensors)$", re.IGNORECASE)
"""Names of the files that hold all 133 points in one network: RTMW, DWPose and mmpose's own exports."""
COMPOSITE_SET = ("yolox-tiny", "rtmpose-s", "hand-landmark", "face-landmark", "pose-landmark")
DETECTORS = ("yolox-l", "yolox-tiny")
SEGMENTER_SET = ("selfie-multiclass", "pose-landmark")


def backend_input() -> io.Input:
    """The networks for keypoints that this ComfyUI has."""
    return io.Combo.Input(
        "backend",
        options=[AUTOMATIC, COMPOSITE, DRAWING, *_whole_body_files(), *_openpose_files()],
        default=AUTOMATIC,
        tooltip="automatic: the composite where its files are, else RTMW or DWPose. composite: RTMPose for"
        " body and feet, MediaPipe's networks for hands and face. drawing: drawn characters on a plain ground,"
        " without any network. Or one file for all 133 points: put RTMW or DWPose into models/repose or"
        " models/detection and press R. openpose is offered where"
        " body_pose_model.pth is there (CMU licence, non-commercial; no feet); it always runs in torch.",
    )


def runtime_input() -> io.Input:
    """What runs the body network."""
    return io.Combo.Input(
        "runtime",
        options=["torch", "onnxruntime"] if importlib.util.find_spec("onnxruntime") else ["torch"],
        default="torch",
        advanced=True,
        tooltip="torch runs on ComfyUI's own device. onnxruntime is offered where it is already installed.",
    )


def people(
    pictures: torch.Tensor, backend: str, who: Who, runtime: str, given: list | None
) -> list[Keypoints]:
    """The people meant of each picture: as given by another node, or as the networks read them."""
    if who.number == EVERYONE and who.at is None and len(pictures) > 1:
        raise ValueError(
            f"person -1 takes everyone of one picture, and {len(pictures)} are connected: choose a number"
        )
    if given is not None:
        return given_keypoints(given, [tuple(pictures.shape[-2:])] * len(pictures), who)
    return read_keypoints(pictures, keypoints(backend, runtime), who, host.progress())


def keypoints(backend: str = AUTOMATIC, runtime: str = "torch") -> KeypointBackend:
    """The keypoint networks by their name in the combo, loaded."""
    if backend == DRAWING:
        return DrawingReader()
    folders = host.models_folders()
    backend = _found(folders) if backend == AUTOMATIC else backend
    if backend == COMPOSITE:
        files = _all(COMPOSITE_SET, folders)
        build = partial(load_composite, partial(weights.find, folders=folders), runtime=runtime)
    elif backend == OPENPOSE:
        files = [weights.find("openpose-body", folders)]
        parts = [weights.locate(id, folders) for id in ("openpose-hand", "openpose-face")]
        build = partial(load_openpose, host.tensors, files[0], *parts)
        files += [path for path in parts if path]
    else:
        files = [_path(backend, folders), _detector(folders)]
        files += [path for path in [weights.locate("pose-landmark", folders)] if path]
        build = partial(load_single, *files, runtime=runtime)
    times = [(str(path), path.stat().st_mtime_ns) for path in files]
    return host.resident("keypoints", (backend, runtime, host.device(), *times), build)


def segment(
    pictures: torch.Tensor, given: list[Keypoints] | None, progress
) -> tuple[torch.Tensor, list[Regions]]:
    """(B, 1, H, W) mattes and the regions of each picture's person."""
    known = None if given is None else each(given, len(pictures), "keypoints")
    found = segment_person(pictures, segmenter(), known, progress)
    return found.matte, regions_of(found)


def cut_out(pictures: torch.Tensor, people: list[Keypoints], progress) -> Segmentation:
    """(B, 3, H, W) -> the person of each picture, separated."""
    return segment_person(pictures, segmenter(), people, progress)


def segmenter() -> PartsReader:
    """The networks that tell a person's parts: on the CPU, under no management, loaded in 0.1 s.

    The second one, which steadies the outline, is only in the registry packages: without it the first one
    decides alone.
    """
    folders = host.models_folders()
    here = [id for id in SEGMENTER_SET if id == SEGMENTER_SET[0] or weights.locate(id, folders)]
    return PartsReader(*(TfliteNetwork(path) for path in _all(here, folders)))


def lacking() -> list[weights.Weight]:
    """What the shipped workflows need at least and the models folders do not have."""
    folders = host.models_folders()
    if _found(folders) == COMPOSITE:
        wanted = [*COMPOSITE_SET]
    else:
        wanted = [] if any(weights.locate(id, folders) for id in DETECTORS) else [DETECTORS[0]]
    return weights.missing([*wanted, SEGMENTER_SET[0]], folders)


def read_any(
    image, pose_keypoint, who: Who = THE_LARGEST, kind: str = "automatic", mask=None
) -> list[Keypoints]:
    """The people meant, from pose frames or from pictures of any kind. ValueError where neither is connected."""
    if pose_keypoint is not None:
        return given_keypoints(pose_keypoint, who=who)
    if image is None:
        raise ValueError("nothing is connected: connect an image, a pose_keypoint, or keypoints")
    masks = None if mask is None else host.mask_to_engine(mask)
    return people_in_pictures(
        host.image_to_engine(image), lambda: keypoints().read, kind, who, masks, host.progress()
    )


def reader() -> Reader:
    """The networks of the whole chain, at their defaults."""
    return Reader(keypoints(), segmenter())


def poses(name: str, picture: torch.Tensor | None) -> list[Pose]:
    """The poses of the people in the pictures, else the named one."""
    return [named_pose(name, host.pose_folders())] if picture is None else poses_of(read_any(picture, None))


def _whole_body_files() -> list[str]:
    names = {path.name for folder in host.models_folders() if folder.is_dir() for path in folder.iterdir()}
    return sorted((name for name in names if WHOLE_BODY_FILE.match(name)), key=str.lower)


def _openpose_files() -> list[str]:
    """OpenPose's entry, where the artist has its body network."""
    return [] if weights.missing(["openpose-body"], host.models_folders()) else [OPENPOSE]


def _found(folders: list[Path]) -> str:
    """The composite where it is whole, else a whole-body file; with neither, the one that the error names."""
    if not weights.missing(COMPOSITE_SET, folders):
        return COMPOSITE
    files = sorted(_whole_body_files(), key=lambda name: not name.lower().startswith("rtmw"))
    return files[0] if files else COMPOSITE


def _path(name: str, folders: list[Path]) -> Path:
    """A whole-body file by its name; checked where the table knows it."""
    known = [weight for weight in weights.TABLE if weight.file == name]
    path = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if path is None:
        raise ValueError(
            f"{name} is in none of {', '.join(map(str, folders))}: put it there, or choose another"
        )
    for weight in known:
        weights.verify(path, weight)
    return path


def _detector(folders: list[Path]) -> Path:
    """Whichever detector of people is here; the larger first."""
    here = [id for id in DETECTORS if weights.locate(id, folders)]
    return weights.find((here or ["yolox-tiny"])[0], folders)


def _all(ids: Sequence[str], folders: list[Path]) -> list[Path]:
    """Checked paths; WeightMissing names everything that is missing, and both ways to get it."""
    try:
        return [weights.find(id, folders) for id in ids]
    except weights.WeightMissing as missing:
        names = [weight.file for weight in lacking()][1:]
        more = f" Also missing: {', '.join(names)}." if names else ""
        raise weights.WeightMissing(
            f'{missing}{more} In ComfyUI, the Repose Models node set to "download the default set" fetches'
            " networks that do the same."
        ) from missing
