"""Something to sit on."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.seat import seated_pictures
from . import host, sockets


class Seat(io.ComfyNode):
    """A plain block under a person who would sit on nothing."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeSeat",
            display_name="Seat",
            category=f"{sockets.CATEGORY}/Picture",
            description="Draws a plain white block, as photo studios have them, under a person whose pose is of a chair"
            " or a stool, with a second one under feet that do not reach the floor: in the photo's light, behind the"
            " person, shading the floor. Other poses pass through. Repose does this by itself.",
            search_aliases=["chair", "stool", "sit", "sitting", "cube", "block", "prop", "furniture"],
            inputs=[
                io.Image.Input(
                    "image", tooltip="The reposed pictures, from Warp Body, Relight or Harmonise."
                ),
                io.Mask.Input("person", tooltip="Where the person is in them, from Warp Body."),
                sockets.Skeleton.Input("target", tooltip="The person in the new pose, from Retarget Pose."),
                sockets.Pose.Input("pose", tooltip="The pose: it says what it sits on, and how high."),
                sockets.Light.Input(
                    "light",
                    optional=True,
                    tooltip="The photo's light, from Estimate Light; soft light without it.",
                ),
            ],
            outputs=[
                io.Image.Output("image", tooltip="The same pictures with a seat."),
                io.Mask.Output("seat", tooltip="The seat, to paint a chair of your own over it."),
            ],
        )

    @classmethod
    def execute(cls, image, person, target, pose, light=None) -> io.NodeOutput:
        pictures, people = host.image_to_engine(image), host.mask_to_engine(person)
        made, mattes = seated_pictures(pictures, people, target, pose, light, host.progress())
        return io.NodeOutput(host.image_from_engine(made), host.mask_from_engine(mattes))
