"""A checkpoint of the artist's at work through ComfyUI: MODEL, VAE, CONDITIONING and CONTROL_NET as core's own sampler
takes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import comfy.sample
import comfy.utils
import latent_preview
import torch

from ..pipelines.geometry.garments import GarmentMap
from ..pipelines.geometry.warped import Correspondence
from ..pipelines.native import resized
from ..pipelines.sampling.options import SamplingOptions
from ..pipelines.sampling.painting import reference_of
from ..pipelines.sampling.repainting import due, laid_back
from . import host
from .reference_attention import check, patched


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What the artist connected: MODEL, VAE, positive and negative CONDITIONING; sampler and scheduler by core's
    names; control_net a CONTROL_NET, or none. A `sampling.painting.Painter`."""

    model: Any
    vae: Any
    positive: list
    negative: list
    sampler: str = "dpmpp_2m"
    scheduler: str = "karras"
    control_net: Any = None

    def looking(
        self,
        photos: torch.Tensor,
        found: list[Correspondence],
        garments: list[GarmentMap],
        options: SamplingOptions,
    ) -> Checkpoint:
        """The same with the three heads on the model; photos (B, 3, H, W)."""
        return replace(self, model=attentive(self.model, self.vae, photos, found, garments, options))

    def controlled(self, hints: torch.Tensor, options: SamplingOptions) -> Checkpoint:
        """The same with a ControlNet on both conditions, beside those that are there; hints (B, 3, H, W)."""
        if self.control_net is None or options.control == 0:
            return self
        fits(self.control_net, self.model)
        nets: dict[Any, Any] = {}

        def added(condition: list) -> list:
            """A ControlNet before the one that is there, the same on both conditions, so that they run together."""
            made = []
            for words, given in condition:
                before = given.get("control")
                if before not in nets:
                    reach = (0.0, options.control_end)
                    nets[before] = self.control_net.copy().set_cond_hint(
                        hints, options.control, reach, vae=self.vae
                    )
                    nets[before].set_previous_controlnet(before)
                made.append([words, {**given, "control": nets[before], "control_apply_to_uncond": False}])
            return made

        return replace(self, positive=added(self.positive), negative=added(self.negative))

    def painted(
        self, picture: torch.Tensor, share: torch.Tensor, options: SamplingOptions, seed: int
    ) -> torch.Tensor:
        """(B, 3, h, w) the picture (B, 3, h, w), painted anew as far as share (B, 1, h, w) says; with live previews."""
        latent = self.vae.encode(host.image_from_engine(picture)[..., :3])
        model = (
            self.model if "denoise_mask_function" in self.model.model_options else _differential(self.model)
        )
        made = comfy.sample.sample(
            model,
            comfy.sample.prepare_noise(latent, seed),
            options.steps,
            options.cfg,
            self.sampler,
            self.scheduler,
            self.positive,
            self.negative,
            latent,
            noise_mask=share,
            callback=latent_preview.prepare_callback(model, options.steps),
            disable_pbar=not comfy.utils.PROGRESS_BAR_ENABLED,
            seed=seed,
        )
        pixels = host.image_to_engine(self.vae.decode(made))
        if not bool(pixels.isfinite().all()) or not bool(made.isfinite().all()):
            raise ValueError(
                "the checkpoint gave not-a-number instead of a picture: with SDXL in 16 bits use a VAE made for it"
                " (sdxl-vae-fp16-fix) or start ComfyUI with --fp32-vae"
            )
        return laid_back(picture, resized(pixels, tuple(picture.shape[-2:])), share)


def attentive(
    model: Any,
    vae: Any,
    photos: torch.Tensor,
    found: list[Correspondence],
    garments: list[GarmentMap],
    options: SamplingOptions,
) -> Any:
    """A clone of the MODEL that looks at the photos (B, 3, H, W), one for each correspondence."""
    check(model)
    sampling = model.get_model_object("model_sampling")

    def encode(picture: torch.Tensor) -> torch.Tensor:
        return vae.encode(host.image_from_engine(picture)[..., :3])

    def sigma_at(share: float) -> float:
        return float(sampling.percent_to_sigma(share))

    return patched(model, reference_of(photos, found, garments, options, encode, sigma_at))


def fits(control_net: Any, model: Any) -> None:
    """ValueError for a ControlNet of another family than the MODEL's: it would fail in mid-sampling, without a word."""
    wanted = model.model.model_config.unet_config.get("context_dim")
    network = getattr(control_net, "control_model", None)
    layers = () if network is None else network.named_modules()
    taken = {layer.in_features for name, layer in layers if name.endswith("attn2.to_k")}
    if wanted and taken and wanted not in taken:
        kinds = {768: "SD1.5", 1024: "SD2", 2048: "SDXL"}
        mine, other = (kinds.get(width, f"width {width}") for width in (max(taken), wanted))
        raise ValueError(
            f"the ControlNet is for {mine} models, the checkpoint is {other}: load a ControlNet for {other}, or none"
        )


def _differential(model: Any) -> Any:
    """A clone whose noise mask says when each place is painted, as core's Differential Diffusion does."""

    def painting(sigma, share, extra_options):
        sampling = extra_options["model"].inner_model.model_sampling
        sigmas = extra_options["sigmas"]
        last = max(sigmas[-1], sigmas.new_tensor(float(sampling.sigma_min)))
        first, now, end = (float(sampling.timestep(value)) for value in (sigmas[0], sigma[0], last))
        return due(share, (now - end) / max(first - end, 1e-6))

    clone = model.clone()
    clone.set_model_denoise_mask_function(painting)
    return clone
