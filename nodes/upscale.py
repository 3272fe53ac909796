"""A result at the photo's own size, or larger, with the photo's own detail."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.upscaling.targets import SIZES, Target
from ..pipelines.upscaling.upscale import Options, pictures_of, upscaled_batch
from . import host, sockets


class ReferenceUpscale(io.ComfyNode):
    """The weave, the print, the eyelashes: they are in the photo."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeReferenceUpscale",
            display_name="Reference Upscale",
            category=f"{sockets.CATEGORY}/Picture",
            description="Enlarges a reposed picture and puts the photo's own fine detail back, where the photo shows it"
            " and the result still agrees with it. What a diffusion model has changed stays as it is.",
            search_aliases=[
                "upscale",
                "super resolution",
                "enlarge",
                "hires fix",
                "detail transfer",
                "4k",
                "sharpen",
            ],
            inputs=[
                io.Image.Input("result", tooltip="The reposed pictures, of Repose or of any later step."),
                io.Image.Input(
                    "image",
                    tooltip="The photos that the results were made from, at their full size: they may be larger than"
                    " what Repose was given.",
                ),
                sockets.Correspondence.Input(
                    "correspondence",
                    tooltip="From Repose or Warp Body: where in the photo every pixel comes from.",
                ),
                io.Combo.Input(
                    "size",
                    options=list(SIZES),
                    default=SIZES[0],
                    tooltip="photo: as many pixels as the photo has. 4K: 3840 on the longer side. A name with pixels:"
                    " the picture is first brought to that shape, its figure whole. At most 8192 on a side.",
                ),
                io.Float.Input(
                    "megapixels",
                    default=12.0,
                    min=0.1,
                    max=64.0,
                    step=0.1,
                    tooltip="Millions of pixels, for size: megapixels.",
                ),
                io.Float.Input(
                    "detail",
                    default=1.0,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="How much of the photo's detail comes back; 0: none, the picture is only enlarged.",
                ),
                io.Float.Input(
                    "grain",
                    default=1.0,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="How much of the photo's grain is laid on what the photo does not show.",
                ),
                io.UpscaleModel.Input(
                    "upscale_model",
                    optional=True,
                    tooltip="From Load Upscale Model (RealESRGAN and others): it enlarges what the photo does not show."
                    " Without one the picture is enlarged by interpolation (Lanczos).",
                ),
                sockets.Garments.Input(
                    "garments",
                    optional=True,
                    tooltip="The photos' clothes, from Repose or Rigid Patches: prints come back in one piece.",
                ),
            ],
            outputs=[
                io.Image.Output("image", tooltip="The enlarged pictures."),
                io.Mask.Output(
                    "detail", tooltip="Where the photo's own detail is, at the size of the results."
                ),
                io.Image.Output(
                    "before", tooltip="A part at its own size, only enlarged: for Compare Images."
                ),
                io.Image.Output(
                    "after", tooltip="The same part with the photo's detail: for Compare Images."
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls, result, image, correspondence, size, megapixels, detail, grain, upscale_model=None, garments=None
    ) -> io.NodeOutput:
        options = Options(Target(size, megapixels), detail, grain)
        pictures, photos = host.image_to_engine(result), host.image_to_engine(image)
        network = host.upscaler(upscale_model)
        made = upscaled_batch(pictures, photos, correspondence, options, network, garments, host.progress())
        shown = pictures_of(made)
        pair, text = shown.side_by_side(), "\n".join(one.text() for one in made)
        ui = host.shown(cls, pair, text, max(pair.shape))
        crops = (host.image_from_engine(one) for one in (shown.before, shown.after))
        return io.NodeOutput(
            host.image_from_engine(shown.picture), host.mask_from_engine(shown.detail), *crops, ui=ui
        )
