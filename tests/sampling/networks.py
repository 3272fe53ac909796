"""Small random networks of SD1.5's and SDXL's shape, in ComfyUI's format and in diffusers', with the same weights."""

from __future__ import annotations

import torch
from repose.pipelines.geometry.garments import NUMBER, GarmentMap
from repose.pipelines.geometry.warped import Correspondence

SIDE = 64
"""Of the photos that the helpers make; their latents are 8."""
UNET = {
    "image_size": 32, "in_channels": 4, "out_channels": 4, "model_channels": 32, "num_res_blocks": [1, 1],
    "channel_mult": (1, 2), "transformer_depth": [1, 1], "transformer_depth_output": [1, 1, 1, 1],
    "transformer_depth_middle": 1, "context_dim": 64, "num_head_channels": 16, "use_spatial_transformer": True,
    "use_temporal_attention": False, "legacy": False,
}  # fmt: skip


class Vae:
    """Encodes by averaging, 8 pixels a cell, 4 channels; decodes by interpolation."""

    def encode(self, image):
        small = torch.nn.functional.avg_pool2d(image.movedim(-1, 1), 8) * 4 - 2
        return torch.cat((small, small[:, :1]), 1)

    def decode(self, latent):
        pixels = torch.nn.functional.interpolate((latent[:, :3] + 2) / 4, scale_factor=8, mode="bilinear")
        return pixels.clamp(0, 1).movedim(1, -1)


def identity(size: int = SIDE, shift: int = 0) -> Correspondence:
    """Everybody is where they were, or so many pixels to the right."""
    y, x = torch.meshgrid(torch.arange(float(size)), torch.arange(float(size)), indexing="ij")
    whole, up = torch.ones(size, size), torch.tensor([0.0, 0, -1]).expand(size, size, 3)
    place = torch.stack(((x - shift).clamp(min=0), y), -1)
    chest = torch.full((size, size), 2, dtype=torch.int64)
    return Correspondence(place, whole, whole, chest, whole, up, up, torch.zeros_like(chest))


def clothes(size: int = SIDE) -> GarmentMap:
    labels = torch.full((1, 1, size, size), NUMBER["upper"], dtype=torch.uint8)
    return GarmentMap(labels, torch.zeros(1, 1, size, size), torch.ones(1, 1, size, size))


def comfy_network(kind: str = "SD15", **changes):
    """A MODEL of a small random network that predicts noise; kind a class of comfy.supported_models."""
    import comfy.model_patcher
    import comfy.supported_models

    big = kind.startswith("SDXL")
    config = {**UNET, "use_linear_in_transformer": big, "dtype": torch.float32, **changes}
    config |= {"adm_in_channels": 2816, "num_classes": "sequential"} if big else {"adm_in_channels": None}
    made = getattr(comfy.supported_models, kind)(dict(config))
    made.unet_config = config
    made.set_inference_dtype(torch.float32, None)
    torch.manual_seed(0)
    model = made.get_model({}, "", "cpu")
    fill(model.diffusion_model)
    model.diffusion_model.out[-1].weight.data *= 0.1
    return comfy.model_patcher.ModelPatcher(model, torch.device("cpu"), torch.device("cpu"))


def fill(network: torch.nn.Module) -> None:
    """Random weights of ordinary size: ComfyUI leaves them as the memory was."""
    for name, value in network.named_parameters():
        if value.ndim > 1:
            torch.nn.init.normal_(value, 0, value[0].numel() ** -0.5)
        else:
            torch.nn.init.constant_(value, float(name.endswith("weight")))


def diffusers_network(model, kind: str = "SD15"):
    """The same network, with the same weights, as diffusers has it."""
    import comfy.utils
    from diffusers import UNet2DConditionModel

    big = kind.startswith("SDXL")
    config = model.model.model_config.unet_config
    heads = [
        config["model_channels"] * mult // config["num_head_channels"] for mult in config["channel_mult"]
    ]
    more = {}
    if big:
        more = {"addition_embed_type": "text_time", "addition_time_embed_dim": 256}
        more["projection_class_embeddings_input_dim"] = config["adm_in_channels"]
    unet = UNet2DConditionModel(
        in_channels=4,
        out_channels=4,
        down_block_types=("CrossAttnDownBlock2D",) * 2,
        up_block_types=("CrossAttnUpBlock2D",) * 2,
        block_out_channels=[config["model_channels"] * mult for mult in config["channel_mult"]],
        layers_per_block=1,
        cross_attention_dim=config["context_dim"],
        attention_head_dim=heads,  # the number of heads, whatever it is called
        use_linear_projection=big,
        **more,
    )
    names = comfy.utils.unet_to_diffusers(config)
    theirs = model.model.diffusion_model.state_dict()
    wanted = unet.state_dict()
    unet.load_state_dict({name: theirs[mine] for name, mine in names.items() if name in wanted})
    return unet.eval().requires_grad_(False)


def scheduler():
    """SD's noise levels (Rombach et al., 2022), as the painter wants them."""
    from diffusers import EulerDiscreteScheduler

    return EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="sample",
        timestep_spacing="trailing",
    )  # fmt: skip
