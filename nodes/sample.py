"""Sampling with the artist's own checkpoint: attention to the photo, and how much of each pixel is painted anew."""

from __future__ import annotations

from comfy_api.latest import io

from ..pipelines.attention.heads import HeadOptions
from ..pipelines.sampling.options import BLOCKS, SamplingOptions
from ..pipelines.sampling.repainting import repaint_mask
from . import host, sockets
from .sampling import attentive


class ReposeAttention(io.ComfyNode):
    """A MODEL that looks at the photo, through the correspondence, while it paints."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        default = HeadOptions()
        return io.Schema(
            node_id="ReposeAttention",
            display_name="Repose Attention",
            category=f"{sockets.CATEGORY}/Sample",
            description="Makes an SD1.5 or SDXL model look at the photo while it samples: garments at the places that"
            " Warp Body found, limbs at the same limbs, light at what faces the same way. Put it between the checkpoint"
            " (after LoRA, IPAdapter and others) and KSampler. It replaces no other patch.",
            search_aliases=[
                "reference attention",
                "consistent clothes",
                "keep garment",
                "reference only",
                "textile",
            ],
            inputs=[
                io.Model.Input("model", tooltip="SD1.5 or SDXL."),
                io.Vae.Input("vae", tooltip="The checkpoint's."),
                io.Image.Input("image", tooltip="The photos that were reposed."),
                sockets.Correspondence.Input("correspondence", tooltip="From Warp Body."),
                sockets.Garments.Input("garments", tooltip="The photos' clothes, from Garment Segmentation."),
                _strength("textile", default.textile, "How far garments and hair are taken from the photo."),
                _strength(
                    "anatomy", default.anatomy, "How far skin, face and hair are taken from the same part."
                ),
                _strength("light", default.light, "How far everything is lit as what faces the same way."),
                io.Float.Input(
                    "start",
                    default=0.1,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="Share of the schedule before which the photo is not looked at: too early, and its pose"
                    " comes along.",
                ),
                io.Float.Input(
                    "end", default=0.95, min=0.0, max=1.0, step=0.01, tooltip="Share after which it is not."
                ),
                io.Int.Input(
                    "every",
                    default=2,
                    min=1,
                    max=8,
                    tooltip="The photo is run again at every so many steps: 1 is exact, more is quicker.",
                ),
                io.Combo.Input(
                    "blocks",
                    options=list(BLOCKS),
                    default="all",
                    tooltip="Where in the UNet the photo is looked at.",
                ),
                io.Int.Input(
                    "seed",
                    default=0,
                    min=0,
                    max=2**31 - 1,
                    control_after_generate=False,
                    tooltip="Of the photo's noise; the same for all your pictures keeps them alike.",
                ),
                *sockets.fine_head_inputs(),
            ],
            outputs=[io.Model.Output("model", tooltip="For KSampler.")],
        )

    @classmethod
    def execute(
        cls, model, vae, image, correspondence, garments, textile, anatomy, light, start, end, every, blocks, seed,
        face=1.0, dropped=0.0,
    ) -> io.NodeOutput:  # fmt: skip
        heads = HeadOptions(textile, anatomy, light, face=face, dropped=dropped, seed=seed)
        options = SamplingOptions(heads, start, end, every, blocks, seed=seed)
        photos = host.image_to_engine(image)
        return io.NodeOutput(attentive(model, vae, photos, correspondence, garments, options))


class ReposeLatent(io.ComfyNode):
    """The reposed picture as a latent whose mask says how much of each place is painted anew."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ReposeLatent",
            display_name="Repose Latent",
            category=f"{sockets.CATEGORY}/Sample",
            description="Encodes the reposed picture for KSampler, with a mask that leaves what the photo shows nearly"
            " as it is and paints anew what it hid or what was stretched. Use core's Differential Diffusion on the"
            " model, then every place is denoised as much as its mask says.",
            search_aliases=["differential diffusion", "inpaint latent", "noise mask", "denoise map"],
            inputs=[
                io.Image.Input("image", tooltip="The reposed picture, filled."),
                io.Vae.Input("vae", tooltip="The checkpoint's."),
                sockets.Correspondence.Input("correspondence", tooltip="From Warp Body."),
                io.Mask.Input("person", tooltip="The reposed person, from Warp Body."),
                _strength("seen", 0.3, "How much of what the photo shows is painted anew."),
                _strength("unseen", 0.85, "How much of what it hid is."),
                _strength("background", 0.0, "How much of the background is."),
            ],
            outputs=[
                io.Latent.Output("latent", tooltip="For KSampler, at denoise 1."),
                io.Mask.Output("mask", tooltip="How much of each pixel is painted anew."),
            ],
        )

    @classmethod
    def execute(cls, image, vae, correspondence, person, seen, unseen, background) -> io.NodeOutput:
        size = tuple(image.shape[1:3])
        people = host.mask_to_engine(person)
        mask = repaint_mask(correspondence, people, size, seen, unseen, background)
        latent = {"samples": vae.encode(image[..., :3]), "noise_mask": mask}
        return io.NodeOutput(latent, host.mask_from_engine(mask))


def _strength(name: str, default: float, says: str) -> io.Input:
    return io.Float.Input(name, default=default, min=0.0, max=1.0, step=0.05, tooltip=says)
