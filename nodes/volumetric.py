"""The learned reposer: another way to put a person into a pose, by a volume of features."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.volumetric import volumetric_pictures
from . import host, sockets


class VolumetricReposer(io.ComfyNode):
    """The network of "Reposing Humans by Warping 3D Features", small, on the photo's own pixels."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeVolumetricReposer",
            display_name="Volumetric Reposer",
            category=f"{sockets.CATEGORY}/Warp",
            description="Reposes with a small learned network instead of Warp Body's geometry: it lifts the photo to a"
            " volume, moves that part by part, and says for every pixel where in the photo it comes from. What the"
            " photo does not show it tints. For comparison: Warp Body is better in everything that was measured. It"
            " needs a photographed person from head to foot.",
            search_aliases=[
                "learned warp",
                "neural reposing",
                "volumetric features",
                "flow",
                "reposing network",
            ],
            inputs=[
                io.Image.Input("image", tooltip="The photos."),
                sockets.Skeleton.Input("source", tooltip="Their people's skeletons, from Retarget Pose."),
                sockets.Skeleton.Input("target", tooltip="The same in the new pose, from Retarget Pose."),
                io.Image.Input(
                    "background",
                    optional=True,
                    tooltip="The photos without the person, from Restore Background. Without it the network paints what"
                    " they leave, blurred.",
                ),
            ],
            outputs=[
                io.Image.Output("image", tooltip="The person in the new pose."),
                io.Mask.Output("person", tooltip="Where they are."),
                io.Mask.Output(
                    "hidden", tooltip="How much of that is painted, for the photo does not show it."
                ),
                io.Image.Output(
                    "prediction", tooltip="What the network sees and paints, at its own small size."
                ),
            ],
        )

    @classmethod
    def execute(cls, image, source, target, background=None) -> io.NodeOutput:
        room = host.image_if_given(background)
        made = volumetric_pictures(host.image_to_engine(image), source, target, room, host.progress())
        return io.NodeOutput(
            host.image_from_engine(made.picture),
            host.mask_from_engine(made.person),
            host.mask_from_engine(made.hidden),
            host.image_from_engine(made.prediction),
        )
