"""The whole chain in one node, and the networks it needs."""

from __future__ import annotations

import torch
from comfy_api.latest import io

from ..pipelines.framing import FRAMES, Framing
from ..pipelines.light.relight import RelightOptions
from ..pipelines.moving import mean, report, reposed_people
from ..pipelines.pose_files import named_time
from ..pipelines.posing import pose_frames
from ..pipelines.repose import ReposeOptions
from . import host, networks, sockets


class Repose(io.ComfyNode):
    """A photo and a pose in, the reposed photo out."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposePhoto",
            display_name="Repose",
            category=sockets.CATEGORY,
            description="Puts the person of a photo into another pose, in the same clothes and the same room:"
            " all steps of this pack in one node, at their defaults.",
            search_aliases=["change pose", "pose transfer", "pose edit", "body pose", "model pose"],
            inputs=[
                io.Image.Input("image", tooltip="Photos with a person in each."),
                sockets.pose_name_input(),
                sockets.place_input(),
                sockets.person_input(least=0),
                io.Image.Input(
                    "pose_picture",
                    optional=True,
                    tooltip="A picture of somebody in the wanted pose; it takes the place of the named pose.",
                ),
                sockets.Pose.Input(
                    "repose_pose",
                    optional=True,
                    tooltip="A pose from another node; it takes the place of both others.",
                ),
                sockets.rigid_input(),
                io.Image.Input("second_picture", optional=True, tooltip=sockets.SECOND),
                io.Combo.Input(
                    "frame",
                    options=list(FRAMES),
                    default="keep",
                    optional=True,
                    tooltip="keep: the photo's. extend: larger where the pose needs room. A shape, width to height:"
                    " cut or extended, never through the figure. All pictures of a batch get the same.",
                ),
                io.Float.Input(
                    "relight",
                    default=1.0,
                    min=0.0,
                    max=2.0,
                    step=0.05,
                    optional=True,
                    tooltip="How far what moved is lit as the photo is. 0 leaves every pixel as it was photographed.",
                ),
                io.Boolean.Input(
                    "fill",
                    default=True,
                    optional=True,
                    tooltip="Texture for what the photo never showed, from what it shows of the same things.",
                ),
                io.Boolean.Input(
                    "seat",
                    default=True,
                    optional=True,
                    tooltip="A plain block under a pose that sits on a chair or a stool. Off: paint your own chair.",
                ),
            ],
            outputs=[
                io.Image.Output("image", tooltip="The reposed photo."),
                io.Mask.Output("person", tooltip="The reposed person."),
                io.Mask.Output(
                    "hidden", tooltip="The part of the person that the photo never showed: a guess."
                ),
                sockets.PoseKeypoint.Output("pose_keypoint", tooltip="The new pose, for ControlNets."),
                sockets.coverage_output(),
                sockets.Correspondence.Output(
                    "correspondence",
                    tooltip="For every pixel, where in the photo it comes from: Photometric Check.",
                ),
                sockets.Garments.Output("garments", tooltip="The photo's clothes, for Photometric Check."),
                sockets.Light.Output("light", tooltip="The photo's light."),
                sockets.Skeleton.Output("target", tooltip="The person in the new pose."),
            ],
        )

    @classmethod
    def execute(
        cls, image, pose, place, person, pose_picture=None, repose_pose=None, rigid=None, second_picture=None,
        frame="keep", relight=1.0, fill=True, seat=True,
    ) -> io.NodeOutput:  # fmt: skip
        pictures, given = host.image_to_engine(image), repose_pose or networks.poses(pose, pose_picture)
        lit = RelightOptions(strength=relight)
        options, tell = ReposeOptions(place, person, Framing.named(frame), lit, fill, seat), host.progress()
        more = (host.mask_if_given(rigid), host.image_if_given(second_picture))
        results = reposed_people(pictures, networks.reader(), given, options, tell, *more)
        host.say(report(results))
        return outputs(results)

    @classmethod
    def fingerprint_inputs(cls, pose: str, **_) -> tuple[str, int]:
        """Runs again when an artist's own pose was saved anew."""
        return pose, named_time(pose, host.pose_folders())


def outputs(results: list) -> io.NodeOutput:
    """What the node gives for a batch of `repose.Reposed`."""
    masks = (host.mask_from_engine(stacked(results, name)) for name in ("person", "hidden"))
    frames, share = pose_frames([one.target for one in results]), mean([one.coverage for one in results])
    names = ("correspondence", "garments", "field", "target")
    more = ([getattr(one, name) for one in results] for name in names)
    return io.NodeOutput(host.image_from_engine(stacked(results, "picture")), *masks, frames, share, *more)


def stacked(results: list, name: str) -> torch.Tensor:
    """(B, C, H, W) of one of the results' pictures."""
    return torch.cat([getattr(one, name) for one in results])
