"""Many poses out of one or two: natural variations for a batch, frames in between for a sequence."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.batches import part
from ..pipelines.posing import in_between, varied
from ..pipelines.preview import figures
from ..pipelines.sets.listing import names_of
from . import host, sockets

MOST = 256
"""The most poses one node gives: the photos of a batch are kept in memory."""


class PoseVariations(io.ComfyNode):
    """The same posture, taken a second and a third time."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposePoseVariations",
            display_name="Pose Variations",
            category=f"{sockets.CATEGORY}/Pose",
            description="Natural variations of a pose, inside what joints can do: weight, trunk, arms, hands and gaze"
            " change together, and hands that touch the body stay there.",
            search_aliases=["random pose", "pose batch", "augmentation", "pose variants"],
            inputs=[
                sockets.Pose.Input("pose", tooltip="The pose to vary; of several, each."),
                io.Int.Input(
                    "count", default=4, min=1, max=MOST, tooltip="How many variations of each pose."
                ),
                io.Int.Input(
                    "seed",
                    default=0,
                    min=0,
                    max=2**32 - 1,
                    control_after_generate=True,
                    tooltip="The same seed gives the same variations on every machine.",
                ),
                io.Float.Input(
                    "strength",
                    default=1.0,
                    min=0.0,
                    max=3.0,
                    step=0.05,
                    tooltip="0 is the pose itself, 1 what two frames of one photo session differ by.",
                ),
            ],
            outputs=[
                sockets.Pose.Output(
                    "pose", tooltip="The variations, for Retarget Pose or Repose: a picture each."
                ),
                io.Image.Output("preview", tooltip="The variations on a body of ordinary proportions."),
                io.String.Output(
                    "names", tooltip="Their names, a line each: for Save Set and Save COCO Dataset."
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, pose, count: int, seed: int, strength: float) -> io.NodeOutput:
        tell = host.progress()
        poses = varied(pose, count, seed, strength, part(tell, 0, 0.5))
        preview = figures(poses, part(tell, 0.5, 1))
        shown = host.shown(cls, preview)
        return io.NodeOutput(poses, host.image_from_engine(preview), names_of(poses), ui=shown)


class PoseSequence(io.ComfyNode):
    """The way from one pose to the next."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposePoseSequence",
            display_name="Pose Sequence",
            category=f"{sockets.CATEGORY}/Pose",
            description="The frames between two poses or along several: joints turn the short way, and feet and hands"
            " that stay where they are in both poses do not slide.",
            search_aliases=["interpolate pose", "animation", "tween", "in between", "walk cycle"],
            inputs=[
                sockets.Pose.Input(
                    "start", tooltip="The first pose; of several, all are passed through in turn."
                ),
                io.Int.Input(
                    "frames",
                    default=8,
                    min=1,
                    max=MOST,
                    tooltip="Frames from each pose to the next.",
                ),
                io.Boolean.Input(
                    "ease", default=True, tooltip="Start and stop softly instead of at full speed."
                ),
                io.Boolean.Input("loop", default=False, tooltip="Come back to the first pose at the end."),
                sockets.Pose.Input("end", optional=True, tooltip="The last pose."),
            ],
            outputs=[
                sockets.Pose.Output(
                    "pose", tooltip="The frames, for Retarget Pose or Repose: a picture each."
                ),
                io.Image.Output("preview", tooltip="The frames on a body of ordinary proportions."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, start, frames: int, ease: bool, loop: bool, end=None) -> io.NodeOutput:
        tell = host.progress()
        poses = in_between([*start, *(end or [])], frames, ease, loop, part(tell, 0, 0.5))
        preview = figures(poses, part(tell, 0.5, 1))
        return io.NodeOutput(poses, host.image_from_engine(preview), ui=host.shown(cls, preview))
