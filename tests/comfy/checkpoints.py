"""A small untrained SDXL and a ControlNet for it, in the formats of the real files, so that ComfyUI's own loaders read
them.

ComfyUI tells a family by the names and shapes in a file: the width of the first block (320), of the words (2048), and
how many transformers a block has. How often the width grows is free: here it does not, and there are as few
transformers as in the smallest distilled SDXL. The two text encoders have their full size, 1.6 GB, of zeros, which the
file system does not store: they know where a word stands, and nothing else.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import torch

CHECKPOINT = "RealVisXL_V5.0_fp16.safetensors"
CONTROL = "controlnet-openpose-sdxl-1.0.safetensors"
WORDS = 49408
DTYPE = "F16"


def write(folder: Path) -> None:
    """models/checkpoints and models/controlnet of a base directory."""
    for place in ("checkpoints", "controlnet"):
        (folder / place).mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    known, empty = {**_unet(), **_vae()}, _text_encoders()
    places = "conditioner.embedders.0.transformer.text_model.embeddings.position_embedding.weight"
    known[places] = torch.randn(empty.pop(places))
    sparse(folder / "checkpoints" / CHECKPOINT, known, empty)
    sparse(folder / "controlnet" / CONTROL, *_control_net())


def sparse(file: Path, known: dict[str, torch.Tensor], empty: dict[str, tuple[int, ...]]) -> None:
    """A safetensors file in 16 bits of some tensors, and of others that are zero all over and take no room."""
    header, offset, places = {}, 0, {}
    for name, shape in {**{name: tuple(value.shape) for name, value in known.items()}, **empty}.items():
        size = 2 * int(torch.tensor(shape).prod()) if shape else 2
        header[name] = {"dtype": DTYPE, "shape": list(shape), "data_offsets": [offset, offset + size]}
        places[name], offset = offset, offset + size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    start = 8 + len(text)
    with file.open("wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for name, value in known.items():
            out.seek(start + places[name])
            out.write(value.detach().half().contiguous().numpy().tobytes())
        out.truncate(start + offset)


def _config() -> dict:
    """Of the UNet and of its ControlNet."""
    import comfy.ops

    return {
        "image_size": 32, "in_channels": 4, "model_channels": 320, "num_res_blocks": [2, 2, 2],
        "channel_mult": (1, 1, 1), "transformer_depth": [0, 0, 1, 1, 2, 2], "transformer_depth_middle": -1,
        "context_dim": 2048, "num_head_channels": 64, "use_spatial_transformer": True,
        "use_linear_in_transformer": True, "adm_in_channels": 2816, "num_classes": "sequential",
        "operations": comfy.ops.disable_weight_init, "dtype": torch.float32,
    }  # fmt: skip


def _filled(network: torch.nn.Module, prefix: str) -> dict[str, torch.Tensor]:
    """Random weights of ordinary size: ComfyUI leaves them as the memory was."""
    for name, value in network.named_parameters():
        if value.ndim > 1:
            torch.nn.init.normal_(value, 0, 0.5 * value[0].numel() ** -0.5)
        elif value.ndim == 1:
            torch.nn.init.constant_(value, float(name.endswith("weight")))
    return {f"{prefix}{name}": value for name, value in network.state_dict().items()}


def _unet() -> dict[str, torch.Tensor]:
    from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel

    depths = [0, 0, 0, 1, 1, 1, 2, 2, 2]
    network = UNetModel(out_channels=4, transformer_depth_output=depths, **_config())
    return _filled(network, "model.diffusion_model.")


def _vae() -> dict[str, torch.Tensor]:
    """A tiny autoencoder (TAESD's layers), which ComfyUI takes in a VAE's place."""
    from comfy.taesd.taesd import TAESD

    made = _filled(TAESD(latent_channels=4), "first_stage_model.")
    last = max((n for n in made if "decoder" in n and n.endswith("bias")), key=lambda n: int(n.split(".")[2]))
    made[last] += 0.5  # about grey
    return made


def _text_encoders() -> dict[str, tuple[int, ...]]:
    """Names and shapes of CLIP-L as transformers has it and of OpenCLIP-G, as SDXL's files have them."""
    small, large = "conditioner.embedders.0.transformer.text_model.", "conditioner.embedders.1.model."
    made = {
        small + "embeddings.token_embedding.weight": (WORDS, 768),
        small + "embeddings.position_embedding.weight": (77, 768),
        large + "token_embedding.weight": (WORDS, 1280),
        large + "positional_embedding": (77, 1280),
        large + "text_projection": (1280, 1280),
        large + "logit_scale": (),
    }
    for kind in ("weight", "bias"):
        made[f"{small}final_layer_norm.{kind}"] = (768,)
        made[f"{large}ln_final.{kind}"] = (1280,)
    for layer in range(12):
        made |= _layer(f"{small}encoder.layers.{layer}.", 768, "self_attn.", "layer_norm", "fc1", "fc2")
    for layer in range(32):
        here = f"{large}transformer.resblocks.{layer}."
        made |= _layer(here, 1280, None, "ln_", "c_fc", "c_proj")
    return made


def _layer(here: str, width: int, attention: str | None, norm: str, up: str, down: str) -> dict:
    """A transformer's layer: attention with separate projections, or OpenCLIP's joined one."""
    made = {}
    for kind, square in (("weight", (width, width)), ("bias", (width,))):
        made[f"{here}mlp.{up}.{kind}"] = (4 * width, width) if kind == "weight" else (4 * width,)
        made[f"{here}mlp.{down}.{kind}"] = (width, 4 * width) if kind == "weight" else (width,)
        made |= {f"{here}{norm}{i}.{kind}": (width,) for i in (1, 2)}
        if attention:
            made |= {f"{here}{attention}{name}_proj.{kind}": square for name in ("q", "k", "v", "out")}
        else:
            made[f"{here}attn.in_proj_{kind}"] = (3 * width, *square[1:])
            made[f"{here}attn.out_proj.{kind}"] = square
    return made


def _control_net() -> tuple[dict[str, torch.Tensor], dict[str, tuple[int, ...]]]:
    """A ControlNet that adds the same whatever it is shown: the biases of its last layers, all else is zero."""
    from comfy.cldm.cldm import ControlNet

    network = ControlNet(hint_channels=3, **_config())
    known, empty = {}, {}
    for name, value in network.state_dict().items():
        if name.startswith("zero_convs") and name.endswith("bias"):
            known[f"control_model.{name}"] = torch.randn(value.shape)
        else:
            empty[f"control_model.{name}"] = tuple(value.shape)
    return known, empty
