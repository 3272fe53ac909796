"""Control pictures of a reposed person, for the ControlNets of the artist's choice."""

from __future__ import annotations

from comfy_api.latest import io, ui

from ..pipelines.sampling.control import depth_pictures, normal_pictures
from . import host, sockets
from .draw import drawn_poses


class PoseConditioning(io.ComfyNode):
    """The new pose as ControlNets want it: sticks, depth, normals."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposePoseConditioning",
            display_name="Pose Conditioning",
            category=f"{sockets.CATEGORY}/Sample",
            description="Control pictures of the reposed person for Apply ControlNet: OpenPose sticks as thick as SDXL"
            " wants them, and depth and normals of the body's own volume.",
            search_aliases=["controlnet", "depth map", "normal map", "openpose", "union controlnet"],
            inputs=[
                sockets.PoseKeypoint.Input("pose", tooltip="The new pose, *pose_keypoint* of Repose."),
                sockets.Correspondence.Input("correspondence", tooltip="From Repose or Warp Body."),
                io.Boolean.Input(
                    "thick",
                    default=True,
                    tooltip="Thicker sticks, as SDXL's ControlNets were trained on; off for SD1.5.",
                ),
            ],
            outputs=[
                io.Image.Output("pose_picture", tooltip="For an OpenPose ControlNet."),
                io.Image.Output(
                    "depth", tooltip="For a depth ControlNet: near is bright, the room is black."
                ),
                io.Image.Output(
                    "normal", tooltip="For a normal ControlNet: red left, green up, blue to the camera."
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, pose, correspondence, thick: bool) -> io.NodeOutput:
        parts = {"body": True, "hands": True, "face": True}
        sticks = drawn_poses(pose, tuple(correspondence[0].part.shape), thick, parts, host.progress())
        made = [sticks, depth_pictures(correspondence), normal_pictures(correspondence)]
        pictures = [host.image_from_engine(one) for one in made]
        return io.NodeOutput(*pictures, ui=ui.PreviewImage(pictures[0], cls=cls))
