"""Poses: out of the library, out of a picture, and onto the person of the photo."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.pose_files import named_pose, named_thumbnail, named_time
from ..pipelines.pose_pictures import KINDS
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
        found = named_pose(pose, host.pose_folders())
        chosen = found.mirrored() if mirror else found
        preview, drawn = figure(chosen), named_thumbnail(pose, host.pose_folders())
        seen = preview if drawn is None else drawn.flip(-1) if mirror else drawn
        return io.NodeOutput([chosen], host.image_from_engine(preview), ui=host.shown(cls, seen))

    @classmethod
    def fingerprint_inputs(cls, pose: str, **_) -> tuple[str, int]:
        """Runs again when an artist's own pose was saved anew."""
        return pose, named_time(pose, host.pose_folders())


class PoseFromPicture(io.ComfyNode):
    """The pose of a person in another picture."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposePoseFromPicture",
            display_name="Pose from Picture",
            category=f"{sockets.CATEGORY}/Pose",
            description="Takes the pose, not the proportions, of a person in a picture: a photo, a mannequin, a stick"
            " figure, a drawing, or an OpenPose skeleton. Connect a picture, or keypoints that were read from one;"
            " keypoints win.",
            search_aliases=[
                "reference pose",
                "pose transfer",
                "copy pose",
                "stick figure",
                "openpose image",
                "sketch",
            ],
            inputs=[
                sockets.person_input(),
                sockets.mirror_input(),
                io.Combo.Input(
                    "kind",
                    options=list(KINDS),
                    default=KINDS[0],
                    tooltip="What the picture is. photo: people, mannequins, renders, by the networks. drawing: stick"
                    " figures, sketches and mascots, by their strokes. skeleton: a control picture in OpenPose's"
                    " colours. automatic tells them apart.",
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="Pictures in the wanted poses: photos, drawings, skeletons.",
                ),
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
                io.Mask.Input(
                    "mask", optional=True, tooltip="A drawn figure, cut out, where its ground is not plain."
                ),
            ],
            outputs=[
                sockets.Pose.Output("pose", tooltip="One pose per picture, for Retarget Pose."),
                io.Image.Output("preview", tooltip="The poses on a body of ordinary proportions."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls,
        person,
        mirror,
        kind,
        image=None,
        pose_keypoint=None,
        keypoints=None,
        dab=None,
        points=None,
        mask=None,
    ) -> io.NodeOutput:
        who = sockets.who(person, dab, points)
        poses = poses_of(keypoints or networks.read_any(image, pose_keypoint, who, kind, mask), mirror)
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
                io.Boolean.Input(
                    "limits",
                    default=True,
                    tooltip="Bring the new pose inside what joints can do, by the smallest change; the text says which"
                    " joints. Off for drawn characters that bend like rubber.",
                ),
                io.Boolean.Input(
                    "steady",
                    default=False,
                    tooltip="The poses are frames of one movement (Pose Sequence, a BVH clip): feet that stand on the"
                    " ground stay where they are from frame to frame.",
                ),
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
    def execute(cls, keypoints, pose, place: str, limits: bool, steady: bool) -> io.NodeOutput:
        sources, found = retargeted_people(keypoints, pose, place, limits, steady, host.progress())
        targets = [one.skeleton for one in found]
        preview = poses_over_poses(sources, targets)
        shown, image = host.shown(cls, preview, remarks(found)), host.image_from_engine(preview)
        return io.NodeOutput(sources, targets, pose_frames(targets), image, ui=shown)
