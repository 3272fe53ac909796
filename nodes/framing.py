"""The frame round a figure that is already there."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.framing import ASPECTS, Framing, reframed
from . import host, sockets


class Reframe(io.ComfyNode):
    """A picture in another shape, its figure whole."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeReframe",
            display_name="Reframe",
            category=f"{sockets.CATEGORY}/Picture",
            description="Gives a picture another shape without cutting its figure: cuts off what it can, and lets"
            " the background go on, made of the picture itself, where the figure needs room.",
            search_aliases=["outpaint", "aspect ratio", "crop", "pad", "extend", "uncrop", "canvas", "9:16"],
            inputs=[
                io.Image.Input("image", tooltip="The pictures; they get the same frame."),
                io.Mask.Input(
                    "mask", tooltip="The figure that is to stay whole; one for all, or one for each."
                ),
                io.Combo.Input(
                    "frame",
                    options=["extend", *ASPECTS],
                    default="4:5",
                    tooltip="Width to height. extend: only as much room as the margin needs, in no set shape.",
                ),
                io.Float.Input(
                    "margin",
                    default=0.05,
                    min=0.0,
                    max=0.5,
                    step=0.01,
                    tooltip="Free space around the figure, as a part of its longer side.",
                ),
                io.Int.Input(
                    "multiple",
                    default=8,
                    min=1,
                    max=64,
                    tooltip="Width and height are multiples of this many pixels; 8 suits latents.",
                ),
            ],
            outputs=[
                io.Image.Output("image", tooltip="The pictures in their new frame."),
                io.Mask.Output("mask", tooltip="The figure in the new frame."),
                io.Mask.Output("added", tooltip="What was not in the picture: a guess, to paint over."),
                io.Int.Output(
                    "left", tooltip="Pixels from the new left border to the old; negative: cut off."
                ),
                io.Int.Output("top", tooltip="Pixels from the new top border to the old; negative: cut off."),
            ],
        )

    @classmethod
    def execute(cls, image, mask, frame, margin, multiple) -> io.NodeOutput:
        framing = Framing(ASPECTS.get(frame), extend=True, margin=margin, multiple=multiple)
        pictures, masks = host.image_to_engine(image), host.mask_to_engine(mask)
        made = reframed(pictures, masks, framing, host.progress())
        masks = [host.mask_from_engine(part) for part in (made.figures, made.added)]
        return io.NodeOutput(host.image_from_engine(made.pictures), *masks, made.canvas.left, made.canvas.top)
