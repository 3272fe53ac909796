"""Poses in files: motion capture, keypoints of other programs, and the artist's own list."""

from __future__ import annotations

from pathlib import Path

from comfy_api.latest import io

from ..pipelines.pose_files import EXAMPLE_CLIP, read_clip
from ..pipelines.pose_saving import FORMATS, MINE, save_figures
from ..pipelines.preview import figures
from . import host, sockets

EXAMPLE = "example: walk.bvh"
"""Stands for the clip that comes with the pack."""


class PoseFile(io.ComfyNode):
    """The poses of a file."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposePoseFile",
            display_name="Pose from File",
            category=f"{sockets.CATEGORY}/Pose",
            description="Reads poses from a file in ComfyUI's input folder: BVH motion capture (one frame or a clip),"
            " OpenPose or POSE_KEYPOINT JSON, COCO and COCO-WholeBody JSON, or this pack's own poses.",
            search_aliases=["bvh", "mocap", "motion capture", "openpose json", "coco", "load pose", "mixamo"],
            inputs=[
                io.Combo.Input(
                    "file",
                    options=[EXAMPLE, *host.input_files(".bvh", ".json")],
                    default=EXAMPLE,
                    tooltip="A .bvh or .json file in ComfyUI's input folder; press R for one that you just put there."
                    " Pictures go into Pose from Picture.",
                ),
                io.Int.Input(
                    "first", default=0, min=0, max=1_000_000, tooltip="The first frame that is taken."
                ),
                io.Int.Input("count", default=1, min=1, max=256, tooltip="How many frames are taken."),
                io.Int.Input(
                    "every", default=1, min=1, max=10_000, tooltip="1 takes every frame, 2 every second one."
                ),
                sockets.person_input(least=0),
                sockets.mirror_input(),
            ],
            outputs=[
                sockets.Pose.Output("pose", tooltip="One pose per frame, for Retarget Pose."),
                io.Image.Output("preview", tooltip="The poses on a body of ordinary proportions."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls, file: str, first: int, count: int, every: int, person: int, mirror: bool
    ) -> io.NodeOutput:
        clip = read_clip(chosen(file), person, first, every, count)
        poses = [pose.mirrored() for pose in clip.poses] if mirror else clip.poses
        preview = figures(poses, host.progress())
        shown = host.shown(cls, preview, "\n".join(clip.notes))
        return io.NodeOutput(poses, host.image_from_engine(preview), ui=shown)

    @classmethod
    def fingerprint_inputs(cls, file: str, **_) -> tuple[str, float]:
        """Runs again when the file has changed."""
        return file, chosen(file).stat().st_mtime


def chosen(file: str) -> Path:
    """The file that an entry of the list stands for."""
    return EXAMPLE_CLIP if file == EXAMPLE else host.input_file(file)


class SavePose(io.ComfyNode):
    """A pose into a file, or into the artist's own list."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeSavePose",
            display_name="Save Pose",
            category=f"{sockets.CATEGORY}/Pose",
            description="Keeps a pose: in your own list, from where every pose list of this pack offers it, or as a"
            " file for other programs in ComfyUI's output folder. Nothing is ever overwritten.",
            search_aliases=["export pose", "bvh", "openpose json", "coco", "pose preset"],
            inputs=[
                io.MultiType.Input(
                    "figure",
                    [sockets.Pose, sockets.Skeleton, sockets.Keypoints],
                    tooltip="Poses, skeletons or keypoints. BVH and JSON files take all of a batch.",
                ),
                io.String.Input("name", default="my pose", tooltip="The file's name."),
                io.Combo.Input(
                    "format",
                    options=list(FORMATS),
                    default=MINE,
                    tooltip="my poses: into user/default/repose/poses, listed as mine/NAME once you press R. The others"
                    " go into the output folder: a pose of this pack, a BVH clip, OpenPose JSON, COCO-WholeBody JSON,"
                    " or a picture in OpenPose's colours.",
                ),
            ],
            outputs=[io.String.Output("files", tooltip="The files that were written, one per line.")],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, figure, name: str, format: str) -> io.NodeOutput:
        files = save_figures(figure, name, format, host.pose_folders()[0], host.output_folder())
        written = "written: " + ", ".join(file.name for file in files)
        return io.NodeOutput("\n".join(map(str, files)), ui=host.shown(cls, text=written))
