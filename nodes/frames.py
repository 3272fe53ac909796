"""What a frame shows: a pose for each shape of picture, and how near the camera is."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.framing import ASPECTS
from ..pipelines.repose import ReposeOptions
from ..pipelines.sets.distances import DISTANCES, shots
from ..pipelines.sets.frames import formats_of, framed
from . import host, networks, sockets


class FillFrames(io.ComfyNode):
    """One photo in several shapes of picture, each in the pose that fills it best."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeFillFrames",
            display_name="Fill Frames",
            category=f"{sockets.CATEGORY}/Set",
            description="One photo in several shapes of picture. For each it takes the pose of a list whose figure"
            " fills it best: upright for a story, arms wide or seated for a banner. Nothing of the figure is cut; the"
            " background goes on where there is none.",
            search_aliases=["aspect ratio", "social media sizes", "9:16", "banner", "story", "resize", "ad formats"],
            inputs=[
                io.Image.Input("image", tooltip="The photo: one."),
                sockets.Pose.Input("pose", tooltip="The poses to choose from, from Pose Set."),
                io.String.Input(
                    "frames", default=" ".join(ASPECTS), tooltip="Width to height, with blanks between them."
                ),
                sockets.person_input(least=0),
            ],
            outputs=[
                io.Image.Output("image", is_output_list=True, tooltip="A picture for each shape."),
                io.Mask.Output("person", is_output_list=True, tooltip="The person in them."),
                io.Mask.Output("hidden", is_output_list=True, tooltip="What the photo never showed: a guess."),
                io.String.Output("names", is_output_list=True, tooltip="Shape and pose, for Save Set."),
                sockets.Correspondence.Output(
                    "correspondence", is_output_list=True, tooltip="Where in the photo pixels come from."
                ),
                sockets.Garments.Output("garments", tooltip="The photo's clothes, for Photometric Check."),
                sockets.Light.Output("light", tooltip="The photo's light."),
                sockets.Skeleton.Output(
                    "target", is_output_list=True, tooltip="The person in the new pose."
                ),
            ],
        )  # fmt: skip

    @classmethod
    def execute(cls, image, pose, frames: str, person: int) -> io.NodeOutput:
        picture, shapes = host.image_to_engine(image), formats_of(frames)
        options = ReposeOptions(person=person)
        made = framed(picture, networks.reader(), pose, shapes, options, host.progress())
        names, results = zip(*made, strict=True)
        host.say("\n".join(names))
        masks = [[host.mask_from_engine(getattr(r, name)) for r in results] for name in ("person", "hidden")]
        pictures, first = [host.image_from_engine(r.picture) for r in results], results[0]
        ways, targets = [[r.correspondence] for r in results], [[r.target] for r in results]
        return io.NodeOutput(
            pictures, *masks, list(names), ways, [first.garments], [first.field], targets
        )  # fmt: skip


class CameraDistance(io.ComfyNode):
    """A posed picture cut as a photographer would."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeCameraDistance",
            display_name="Camera Distance",
            category=f"{sockets.CATEGORY}/Set",
            description="Cuts pictures to the whole figure, three quarters of it, half, or head and shoulders, found by"
            " the skeleton: between joints, never through one. The background goes on where there is none.",
            search_aliases=["crop", "close-up", "framing", "shot size", "portrait crop", "medium shot", "headshot"],
            inputs=[
                io.Image.Input("image", tooltip="The pictures."),
                io.Mask.Input("person", tooltip="The figures in them, from Repose."),
                sockets.Skeleton.Input("target", tooltip="Their skeletons, from Repose."),
                io.Combo.Input(
                    "distance", options=list(DISTANCES), default="three-quarter",
                    tooltip="full: head to foot. three-quarter: to mid-thigh. half: to the waist. close-up: head and"
                    " shoulders.",
                ),
                io.Combo.Input("shape", options=list(ASPECTS), default="4:5", tooltip="Width to height."),
            ],
            outputs=[io.Image.Output("image", tooltip="The pictures, all of one size.")],
        )  # fmt: skip

    @classmethod
    def execute(cls, image, person, target, distance, shape) -> io.NodeOutput:
        pictures, masks = host.image_to_engine(image), host.mask_to_engine(person)
        made = shots(pictures, masks, target, distance, ASPECTS[shape], host.progress())
        return io.NodeOutput(host.image_from_engine(made))
