"""What the camera never saw of a person."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.filling.batch import filled_pictures
from ..pipelines.filling.fill import COLOURS, FillOptions
from . import host, sockets


class OcclusionFill(io.ComfyNode):
    """Texture for what was hidden, from what was seen of the same things."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeOcclusionFill",
            display_name="Occlusion Fill",
            category=f"{sockets.CATEGORY}/Picture",
            description="Completes what the photo never showed of a reposed person: cloth from the same cloth, skin"
            " from the same skin, with its grain and weave and without a border. Faces and hands stay as they are.",
            search_aliases=[
                "inpaint",
                "inpainting",
                "fill holes",
                "texture",
                "hidden",
                "disocclusion",
                "patch match",
            ],
            inputs=[
                io.Image.Input("image", tooltip="The reposed pictures, from Warp Body; before Relight."),
                io.Mask.Input("person", tooltip="Where the person is in them, from Warp Body."),
                sockets.Correspondence.Input("correspondence", tooltip="From Warp Body."),
                sockets.Garments.Input(
                    "garments",
                    optional=True,
                    tooltip="The photo's clothes: nothing is copied from one to another. Pictures of one photo then"
                    " show the same hidden side.",
                ),
                io.Mask.Input(
                    "hidden",
                    optional=True,
                    tooltip="What to fill, if not what the correspondence says: Warp Body's, or a painted one.",
                ),
                io.Combo.Input(
                    "colours",
                    options=list(COLOURS),
                    default=COLOURS[0],
                    optional=True,
                    tooltip="What the texture is laid on. warp: the colours that are there. continued: smooth from the"
                    " rim. autoencoder: what a small network makes of it.",
                ),
                io.Image.Input(
                    "photo",
                    optional=True,
                    tooltip="The photo itself, with its garments: the weave and the skin of a body that turns away come"
                    " from there, where the new picture shows too little to copy.",
                ),
            ],
            outputs=[
                io.Image.Output("image", tooltip="The same pictures, filled."),
                io.Mask.Output("filled", tooltip="What was filled, with the seam beside it."),
            ],
        )

    @classmethod
    def execute(
        cls, image, person, correspondence, garments=None, hidden=None, colours=COLOURS[0], photo=None
    ) -> io.NodeOutput:
        pictures, people = host.image_to_engine(image), host.mask_to_engine(person)
        options, told = FillOptions(colours), host.progress()
        masks, shown = host.mask_if_given(hidden), None if photo is None else host.image_to_engine(photo)
        made, marked = filled_pictures(
            pictures, people, correspondence, garments, masks, options, told, shown
        )
        return io.NodeOutput(host.image_from_engine(made), host.mask_from_engine(marked))
