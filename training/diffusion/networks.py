"""The networks: a UNet and a ControlNet of diffusers in small, SD's noise levels, the tiny autoencoder's latents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from pipelines.sampling.diffusion import DiffusersPainter, Words
from setup.places import Trouble

WORDS = 32
"""Width of the words, of which there is one that says nothing: what is worn is left to the network, or to the heads."""
HEAD = 32
"""Channels of an attention head."""


@dataclass(frozen=True)
class Shape:
    """size  (height, width) of the pictures in pixels;  channels  of the UNet's levels, each with attention;  deep
    transformers in each attention of a level;  layers  of a level;  hint  channels of the ControlNet's picture encoder,
    each after the first halving it"""

    size: tuple[int, int] = (192, 128)
    channels: tuple[int, ...] = (64, 128)
    deep: tuple[int, ...] = (1, 2)
    layers: int = 1
    hint: tuple[int, ...] = (8, 16, 24, 32)

    def networks(self) -> tuple[nn.Module, nn.Module]:
        """UNet and ControlNet, with random weights."""
        from diffusers import ControlNetModel, UNet2DConditionModel

        given = {
            "in_channels": 4,
            "down_block_types": ("CrossAttnDownBlock2D",) * len(self.channels),
            "mid_block_type": "UNetMidBlock2DCrossAttn",
            "block_out_channels": self.channels,
            "layers_per_block": self.layers,
            "transformer_layers_per_block": self.deep,
            "cross_attention_dim": WORDS,
            "attention_head_dim": tuple(wide // HEAD for wide in self.channels),  # the number of heads
            "norm_num_groups": 16,
            "use_linear_projection": True,
        }
        unet = UNet2DConditionModel(
            out_channels=4, up_block_types=("CrossAttnUpBlock2D",) * len(self.channels), **given
        )
        control = ControlNetModel(conditioning_embedding_out_channels=self.hint, **given)
        return unet, control


def scheduler():
    """SD's noise levels (Rombach et al., 2022), as the painter wants them."""
    from diffusers import EulerDiscreteScheduler

    return EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="sample",
        timestep_spacing="trailing",
    )  # fmt: skip


def silence(count: int) -> Tensor:
    """(count, 1, WORDS) what is said of a picture: nothing."""
    return torch.zeros(count, 1, WORDS)


class TinyAutoencoder(nn.Module):
    """TAESD (Ollin Boer Bohan, MIT): latents (B, 4, h, w) of pictures 8 times as large; with the face of a VAE."""

    dtype = torch.float32
    config = SimpleNamespace(scaling_factor=1.0)

    def __init__(self, encoder: Mapping[str, Tensor], decoder: Mapping[str, Tensor]):
        """The weights as the two files name them; the decoder's first layer there, a clamp, has none."""
        from diffusers import AutoencoderTiny

        super().__init__()
        named = {f"encoder.layers.{name}": value for name, value in encoder.items()}
        for name, value in decoder.items():
            number, rest = name.split(".", 1)
            named[f"decoder.layers.{int(number) - 1}.{rest}"] = value
        self.tiny = AutoencoderTiny()
        self.tiny.load_state_dict(named)
        self.requires_grad_(False).eval()

    @classmethod
    def read(cls, folder: Path) -> TinyAutoencoder:
        """From taesd_encoder.safetensors and taesd_decoder.safetensors. Trouble where they are not."""
        from safetensors.torch import load_file

        files = [folder / f"taesd_{half}.safetensors" for half in ("encoder", "decoder")]
        for file in files:
            if not file.is_file():
                raise Trouble(
                    f"there is no {file}", "put TAESD's two files there, or name their folder: --vae"
                )
        return cls(*(load_file(file) for file in files))

    def encode(self, pixels: Tensor) -> Any:
        """(B, 3, H, W) in [-1, 1]."""
        latent = self.tiny.encode(pixels).latents
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: latent))

    def decode(self, latent: Tensor) -> Any:
        return SimpleNamespace(sample=self.tiny.decode(latent).sample)


def painter(unet: nn.Module, control: nn.Module, vae: nn.Module, kind=DiffusersPainter) -> DiffusersPainter:
    """The networks as the pack's own host for diffusers has a checkpoint."""
    return kind(unet, vae, scheduler(), Words(silence(2)), torch.device("cpu"), "v_prediction", control)
