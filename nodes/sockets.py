"""The pack's sockets, each beside what travels through it.

A batch travels as a list with one entry per picture, so that any node can be fed a batch.
"""

import torch
from comfy_api.latest import io

from ..pipelines.geometry.garments import GarmentMap
from ..pipelines.geometry.keypoints import Keypoints as KeypointsValue
from ..pipelines.geometry.layers import Regions as RegionsValue
from ..pipelines.geometry.library import pose_names
from ..pipelines.geometry.lighting import LightField
from ..pipelines.geometry.retarget import Pose as PoseValue
from ..pipelines.geometry.skeleton import Skeleton as SkeletonValue
from ..pipelines.geometry.warped import Correspondence as CorrespondenceValue
from ..pipelines.light.findings import Checked as CheckedValue
from ..pipelines.light.surface import Surface as SurfaceValue
from ..pipelines.people import EVERYONE, Who, point_from_json, point_from_mask
from ..pipelines.preview import one_size
from ..pipelines.repose import PLACES
from . import host

CATEGORY = "Repose"
"""The menu under which every node of the pack is found."""

PoseKeypoint = io.Custom("POSE_KEYPOINT")
"""The ecosystem's pose frames (core's SDPose, controlnet_aux): see pipelines/geometry/formats/openpose.py."""

Keypoints = io.Custom("REPOSE_KEYPOINTS")
KeypointsType = list[KeypointsValue]
"""One person's 133 landmarks per picture of the batch."""

Pose = io.Custom("REPOSE_POSE")
PoseType = list[PoseValue]
"""Joint rotations without a body: one for all pictures, or one per picture."""

Skeleton = io.Custom("REPOSE_SKELETON")
SkeletonType = list[SkeletonValue]
"""One person's body per picture, in that picture's pixels."""

Regions = io.Custom("REPOSE_REGIONS")
RegionsType = list[RegionsValue]
"""Hair and bare skin per picture, as soft masks, and the clothes where they are known."""

Garments = io.Custom("REPOSE_GARMENTS")
GarmentsType = list[GarmentMap]
"""What each picture's person wears, and where."""

Correspondence = io.Custom("REPOSE_CORRESPONDENCE")
CorrespondenceType = list[CorrespondenceValue]
"""Per reposed picture, where in its source every pixel comes from."""

Light = io.Custom("REPOSE_LIGHT_FIELD")
LightType = list[LightField]
"""The light on each picture's person."""

Surface = io.Custom("REPOSE_SURFACE")
SurfaceType = list[SurfaceValue]
"""Which way each picture's person faces, small."""

Checks = io.Custom("REPOSE_CHECKS")
ChecksType = list[CheckedValue]
"""Per picture, what the photometric check found."""


def flattened(batches: list | None) -> list | None:
    """All entries of the batches that a node with `is_input_list` is given; None for an input that is not connected."""
    if not batches or all(batch is None for batch in batches):
        return None
    return [one for batch in batches for one in batch]


def lines_of(texts: list[str] | None) -> list[str]:
    """The lines of one text or of several, without the empty ones."""
    return [line.strip() for text in texts or () for line in text.splitlines() if line.strip()]


def person_input(least: int = EVERYONE) -> io.Input:
    """Which of several people."""
    everyone = " -1 takes everyone, one after the other." if least == EVERYONE else ""
    return io.Int.Input(
        "person",
        default=0,
        min=least,
        max=31,
        tooltip=f"Which person, by size in the picture: 0 is the largest, 1 the next, and so on.{everyone}",
    )


def pointing_inputs() -> list[io.Input]:
    """Ways to point at a person; they win over the number."""
    return [
        io.Mask.Input(
            "dab",
            optional=True,
            tooltip="Points at the person: right-click Load Image, Open in MaskEditor, paint a dab on them. Wins over"
            " the number.",
        ),
        io.String.Input(
            "points",
            optional=True,
            force_input=True,
            tooltip="Points at the person: the coordinates of a points editor, as SAM3 takes them. Wins over the"
            " number.",
        ),
    ]


def who(person: int, dab: torch.Tensor | None, points: str | None) -> Who:
    """The person meant by a number, a dab of paint (B, H, W), or a points editor's text."""
    if points:
        return Who(person, point_from_json(points))
    return Who(person) if dab is None else Who(person, point_from_mask(dab[0].cpu().numpy()))


def mirror_input() -> io.Input:
    """The pose or its mirror image."""
    return io.Boolean.Input("mirror", default=False, tooltip="Swap left and right.")


def pose_name_input() -> io.Input:
    """A pose of the library, or of the artist's own, by its name."""
    return io.Combo.Input(
        "pose",
        options=list(pose_names(host.pose_folders())),
        default="casual/contrapposto",
        tooltip="Left and right are the person's own. Poses that you save (Save Pose) are listed at the end: press R.",
    )


def place_input() -> io.Input:
    """Where the reposed person stands."""
    return io.Combo.Input(
        "place",
        options=list(PLACES),
        default="source",
        tooltip="source: the feet stay where they stood, the person keeps their size. target: where and as"
        " large as the figure in the pose's own picture; poses of the library have none.",
    )


SECOND = (
    "Another photo of the same person in the same clothes, from another side (a back view, a side view): every place"
    " comes from the photo that shows it better. Light it as the first was lit."
)


def mask_of(garments: GarmentsType, *names: str) -> torch.Tensor:
    """MASK (B, H, W) of regions or groups; maps of several sizes are brought to the first one's."""
    masks = [one.mask(*names) for one in garments]
    return host.mask_from_engine(one_size(masks))


def rigid_input() -> io.Input:
    """What keeps its shape."""
    return io.Mask.Input(
        "rigid",
        optional=True,
        tooltip="Prints, logos, buttons: each patch moves as one piece, so that text stays readable. One mask for all"
        " photos, or one for each.",
    )


def coverage_output() -> io.Output:
    """How much is photo."""
    return io.Float.Output(
        "coverage",
        tooltip="How much of the reposed person really comes from the photo, 0 to 1, the mean of the batch. Under"
        " 0.55 a checkpoint should go over the result.",
    )


def fine_head_inputs() -> list[io.Input]:
    """What few artists change of how a checkpoint looks at the photo."""
    return [
        io.Float.Input(
            "face",
            default=1.0,
            min=0.0,
            max=2.0,
            step=0.05,
            optional=True,
            advanced=True,
            tooltip="How much of *anatomy* the face gets: 0 where another pack keeps the identity (IPAdapter, PuLID), 2"
            " for the most.",
        ),
        io.Float.Input(
            "dropped",
            default=0.0,
            min=0.0,
            max=0.9,
            step=0.05,
            optional=True,
            advanced=True,
            tooltip="Share of the photo that is not looked at, by chance: more where the photo's pose comes along.",
        ),
    ]
