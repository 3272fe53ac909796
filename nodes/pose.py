"""Poses: out of the library, out of a picture, and onto the person of the photo."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.geometry.library import load_pose
from ..pipelines.posing import pose_frames, poses_of, remarks, retargeted_people
from ..pipelines.preview import figure, figures, poses_over_poses
from . import host, networks, sockets


class PoseLibrary(io.ComfyNode):
    """A pose by its name."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposePoseLibrary",
            display_name="Pose Library",
            category=f"{sockets.CATEGORY}/Pose",
            description="A named pose. It holds joint rotations, no body: any person can take it.",
            search_aliases=["pose preset", "stance", "contrapposto", "walking", "openpose editor"],
            inputs=[sockets.pose_name_input(), sockets.mirror_input()],
            outputs=[
                sockets.Pose.Output("pose", tooltip="For Retarget Pose."),
                io.Image.Output("preview", tooltip="The pose on a body of ordinary proportions."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, pose: str, mirror: bool) -> io.NodeOutput:
        chosen = load_pose(pose).mirrored() if mirror else load_pose(pose)
        preview = figure(chosen)
        return io.NodeOutput([chosen], host.image_from_engine(preview), ui=host.shown(cls, preview))


class PoseFromPicture(io.ComfyNode):
    """The pose of a person in another picture."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposePoseFromPicture",
            display_name="Pose from Picture",
            category=f"{sockets.CATEGORY}/Pose",
            description="Takes the pose, not the proportions, of a person in a picture. Connect a picture, or"
            " keypoints that were read from one; keypoints win.",
            search_aliases=["reference pose", "pose transfer", "copy pose", "pose keypoints"],
            inputs=[
                sockets.person_input(),
                sockets.mirror_input(),
                io.Image.Input("image", optional=True, tooltip="Pictures of people in the wanted poses."),
                sockets.PoseKeypoint.Input(
                    "pose_keypoint",
                    optional=True,
                    tooltip="Pose frames of core's SDPose or of controlnet_aux. Their depth is estimated.",
                ),
                sockets.Keypoints.Input(
                    "keypoints",
                    optional=True,
                    tooltip="From Whole-Body Keypoints; `person` is not used then.",
                ),
                *sockets.pointing_inputs(),
            ],
            outputs=[
                sockets.Pose.Output("pose", tooltip="One pose per picture, for Retarget Pose."),
                io.Image.Output("preview", tooltip="The poses on a body of ordinary proportions."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls, person, mirror, image=None, pose_keypoint=None, keypoints=None, dab=None, points=None
    ) -> io.NodeOutput:
        who = sockets.who(person, dab, points)
        poses = poses_of(keypoints or networks.read_any(image, pose_keypoint, who), mirror)
        preview = figures(poses)
        return io.NodeOutput(poses, host.image_from_engine(preview), ui=host.shown(cls, preview))


class RetargetPose(io.ComfyNode):
    """The person's own bones in another pose."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeRetargetPose",
            display_name="Retarget Pose",
            category=f"{sockets.CATEGORY}/Pose",
            description="Puts the person of the photo into a pose: angles from the pose, every bone's length"
            " from the person. What the pose does not state, the person keeps.",
            search_aliases=["pose transfer", "proportions", "bone length", "match skeleton", "rig"],
            inputs=[
                sockets.Keypoints.Input("keypoints", tooltip="The person in the photo."),
                sockets.Pose.Input("pose", tooltip="One pose for all pictures, or one for each."),
                sockets.place_input(),
            ],
            outputs=[
                sockets.Skeleton.Output("source", tooltip="The person as photographed, in space."),
                sockets.Skeleton.Output("target", tooltip="The person in the new pose."),
                sockets.PoseKeypoint.Output(
                    "pose_keypoint", tooltip="The new pose, for Draw Pose and ControlNets."
                ),
                io.Image.Output("preview", tooltip="The new pose over the old one, which is faint."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, keypoints, pose, place: str) -> io.NodeOutput:
        sources, targets = retargeted_people(keypoints, pose, place)
        preview = poses_over_poses(sources, targets)
        shown, image = (
            host.shown(cls, preview, remarks(sources, pose, targets)),
            host.image_from_engine(preview),
        )
        return io.NodeOutput(sources, targets, pose_frames(targets), image, ui=shown)
