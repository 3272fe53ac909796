"""What is in the picture: keypoints and masks of a person."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.batches import for_everyone
from ..pipelines.geometry.keypoints import DRAWING
from ..pipelines.keypoints import describe
from ..pipelines.posing import pose_frames
from ..pipelines.preview import masks_over_pictures, people_over_pictures
from . import host, networks, sockets


class WholeBodyKeypoints(io.ComfyNode):
    """133 points of one person per picture."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeKeypoints",
            display_name="Whole-Body Keypoints",
            category=f"{sockets.CATEGORY}/Read",
            description="Finds 133 points of a person: body, feet, face and both hands.",
            search_aliases=["openpose", "dwpose", "rtmpose", "rtmw", "pose estimation", "skeleton", "133"],
            inputs=[
                io.Image.Input("image", tooltip="Pictures with a person in each."),
                networks.backend_input(),
                sockets.person_input(),
                networks.runtime_input(),
                sockets.PoseKeypoint.Input(
                    "pose_keypoint",
                    optional=True,
                    tooltip="Points that another node (core's SDPose, controlnet_aux) read from the same"
                    " pictures: they are taken as they are, and no network runs.",
                ),
                *sockets.pointing_inputs(),
            ],
            outputs=[
                sockets.Keypoints.Output("keypoints", tooltip="For the other nodes of this pack."),
                sockets.PoseKeypoint.Output("pose_keypoint", tooltip="For everybody else's, in pixels."),
                io.Image.Output("preview", tooltip="The skeleton over the darkened picture."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls, image, backend: str, person: int, runtime: str, pose_keypoint=None, dab=None, points=None
    ) -> io.NodeOutput:
        pictures = host.image_to_engine(image)
        people = networks.people(pictures, backend, sockets.who(person, dab, points), runtime, pose_keypoint)
        preview = people_over_pictures(pictures, people)
        shown = host.shown(cls, preview, told(people))
        return io.NodeOutput(people, pose_frames(people), host.image_from_engine(preview), ui=shown)


def told(people: list[sockets.KeypointsValue]) -> str:
    """Who read what, on which device, one line per picture."""
    lines = [describe(person) for person in people]
    if any("mediapipe" in person.source for person in people):
        lines.append("hands and face on cpu, tflite")
    return "\n".join(lines)


def separated_by(people: list[sockets.KeypointsValue] | None) -> str:
    """Who made the masks; a drawing needs no network."""
    drawn = bool(people) and all(person.source == DRAWING for person in people)
    return "by the drawing's lines" if drawn else "selfie_multiclass on cpu, tflite"


class PersonMask(io.ComfyNode):
    """Where the person is, at the picture's own resolution."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposePersonMask",
            display_name="Person Mask",
            category=f"{sockets.CATEGORY}/Read",
            description="The soft mask of a person, following hair and cloth at full resolution.",
            search_aliases=[
                "segmentation",
                "matte",
                "remove background",
                "hair mask",
                "skin mask",
                "human parsing",
            ],
            inputs=[
                io.Image.Input("image", tooltip="Pictures with a person in each."),
                sockets.Keypoints.Input(
                    "keypoints",
                    optional=True,
                    tooltip="Tell which person is meant, and where to look closer.",
                ),
            ],
            outputs=[
                io.Mask.Output("mask", tooltip="1 where the person is, soft at hair and edges."),
                sockets.Regions.Output("regions", tooltip="Hair and bare skin, which Warp Body can use."),
                io.Image.Output(
                    "preview", tooltip="The person in colour, hair yellow, skin red, the rest grey."
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, image, keypoints=None) -> io.NodeOutput:
        pictures = for_everyone(host.image_to_engine(image), keypoints)
        mattes, regions = networks.segment(pictures, keypoints, host.progress())
        preview = masks_over_pictures(pictures, mattes, regions)
        shown = host.shown(cls, preview, separated_by(keypoints))
        return io.NodeOutput(
            host.mask_from_engine(mattes), regions, host.image_from_engine(preview), ui=shown
        )
