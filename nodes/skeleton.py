"""The skeleton itself: made anatomically possible, with a report."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.correct import CorrectOptions, correct, overlay, report
from ..pipelines.posing import pose_frames
from . import host, sockets


class CorrectSkeleton(io.ComfyNode):
    """The smallest change after which every joint can be as it is."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeCorrectSkeleton",
            display_name="Correct Skeleton",
            category=f"{sockets.CATEGORY}/Pose",
            description="Makes a skeleton anatomically possible by the smallest change: elbows and knees bend the right"
            " way, shoulders, hips, spine, neck, hands and feet stay in their ranges, left and right are in their"
            " places, the body stands on its feet. A skeleton that is right comes back unchanged.",
            search_aliases=["fix pose", "anatomy", "joint limits", "constraints", "balance", "swap left right"],
            inputs=[
                io.MultiType.Input(
                    "figure",
                    [sockets.Skeleton, sockets.Pose, sockets.Keypoints],
                    tooltip="A skeleton or a pose to correct, or keypoints, in which swapped sides are repaired first.",
                ),
                io.Float.Input(
                    "elbow", default=170.0, min=90.0, max=180.0, step=1.0,
                    tooltip="The largest inner angle of an elbow in degrees; 180 is straight.",
                ),
                io.Float.Input(
                    "knee", default=170.0, min=90.0, max=180.0, step=1.0,
                    tooltip="The largest inner angle of a knee in degrees; 180 is straight.",
                ),
                io.Boolean.Input(
                    "ground", default=True,
                    tooltip="Also repair how the body stands: feet that float, knees that fall inwards, balance.",
                ),
                io.Image.Input("image", optional=True, tooltip="What the skeletons are drawn over in the preview."),
            ],
            outputs=[
                sockets.Skeleton.Output("skeleton", tooltip="The corrected skeleton, for Warp Body's target."),
                sockets.Pose.Output("pose", tooltip="The corrected pose, for Retarget Pose."),
                sockets.PoseKeypoint.Output("pose_keypoint", tooltip="For Draw Pose and ControlNets."),
                io.Image.Output("preview", tooltip="Before, faint, and after."),
                io.String.Output("report", tooltip="Each joint that was out of its range, before and after."),
            ],
            is_output_node=True,
        )  # fmt: skip

    @classmethod
    def execute(cls, figure, elbow: float, knee: float, ground: bool, image=None) -> io.NodeOutput:
        results = correct(figure, CorrectOptions(elbow, knee, ground), host.progress())
        preview = overlay(results, None if image is None else host.image_to_engine(image))
        skeletons, poses = [one.skeleton for one in results], [one.pose for one in results]
        text, frames, shown = report(results), pose_frames(skeletons), host.image_from_engine(preview)
        return io.NodeOutput(skeletons, poses, frames, shown, text, ui=host.shown(cls, preview, text))
