"""A checkpoint in diffusers as a `Painter`: the same steps that ComfyUI takes for the Euler sampler and the "simple"
schedule, so that one set of weights gives the same picture in both.

Latents are in the units of the network, noise levels are sigmas (Karras et al., "Elucidating the Design Space of
Diffusion-Based Generative Models", 2022).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ..attention.processors import Mode, Session, attached
from ..attention.reference import Memory, Reference
from ..geometry.garments import GarmentMap
from ..geometry.warped import Correspondence
from ..native import resized
from .options import SamplingOptions
from .painting import reference_of
from .repainting import CELL, due, laid_back

Callback = Callable[[int, int, Tensor], None] | None
"""Told the step, of how many, and the latent; what it raises ends the sampling."""


@dataclass(frozen=True, eq=False)
class Words:
    """Prompts as the text encoders give them: of two rows, negative and positive, (2, T, C), and for SDXL (2, P)."""

    embeddings: Tensor
    pooled: Tensor | None = None

    def rows(self, batch: int, size: tuple[int, int], both: bool = True) -> dict[str, Any]:
        """What a UNet is given for a batch of latents that become pictures of a size: first all negative rows, then all
        positive; or the positive ones alone."""
        chosen = slice(0 if both else 1, 2)
        made = {"encoder_hidden_states": self.embeddings[chosen].repeat_interleave(batch, 0)}
        if self.pooled is not None:
            pooled = self.pooled[chosen].repeat_interleave(batch, 0)
            times = pooled.new_tensor([*size, 0, 0, *size]).expand(len(pooled), -1)
            made["added_cond_kwargs"] = {"text_embeds": pooled, "time_ids": times}
        return made


@dataclass(frozen=True, eq=False)
class DiffusersPainter:
    """unet, vae, controlnet  diffusers' models, the last or None
    scheduler   an EulerDiscreteScheduler that takes the picture itself as the network's answer ("sample")
    device      where the networks run
    prediction  what the network really answers: "epsilon" or "v_prediction"
    callback, generator  of the artist's program; without a generator the seed's
    hints       (B, 3, h, w) for the ControlNet, or None
    reference   the photos, or None
    """

    unet: Any
    vae: Any
    scheduler: Any
    words: Words
    device: torch.device
    prediction: str = "epsilon"
    controlnet: Any = None
    callback: Callback = None
    generator: torch.Generator | None = None
    hints: Tensor | None = None
    reference: Reference | None = None

    def looking(
        self,
        photos: Tensor,
        found: Sequence[Correspondence],
        garments: Sequence[GarmentMap],
        options: SamplingOptions,
    ) -> DiffusersPainter:
        """With the three heads on the photos (B, 3, H, W)."""
        looked = reference_of(photos, found, garments, options, self.encoded, self.sigma_at)
        return replace(self, reference=looked)

    def controlled(self, hints: Tensor, options: SamplingOptions) -> DiffusersPainter:
        """With the ControlNet on the hints."""
        return self if self.controlnet is None or options.control == 0 else replace(self, hints=hints)

    def painted(self, picture: Tensor, share: Tensor, options: SamplingOptions, seed: int) -> Tensor:
        """(B, 3, h, w) the picture painted anew as far as share (B, 1, h, w) says."""
        latent = self.encoded(picture)
        generator = self.generator or torch.Generator().manual_seed(seed)
        noise = torch.randn(latent.shape, generator=generator, device=generator.device)
        small = resized(share, tuple(latent.shape[-2:]))
        made = self.sampled(latent, noise, small, options)
        pixels = self.decoded(made)
        if not bool(pixels.isfinite().all()):
            raise ValueError(
                "the checkpoint gave not-a-number instead of a picture: with SDXL in 16 bits use a VAE made for it"
                " (sdxl-vae-fp16-fix)"
            )
        return laid_back(picture, resized(pixels, tuple(picture.shape[-2:])), share)

    def sampled(self, latent: Tensor, noise: Tensor, share: Tensor, options: SamplingOptions) -> Tensor:
        """(B, 4, h, w) the latent painted anew where share (B, 1, h, w) lets it, from this noise."""
        scheduler = self.scheduler
        scheduler.set_timesteps(options.steps)
        first, sigmas = float(scheduler.timesteps[0]), scheduler.sigmas.tolist()
        latent, noise, share = (value.to(self.device, torch.float32) for value in (latent, noise, share))
        x = latent + noise * (1 + sigmas[0] ** 2) ** 0.5
        with self._session(len(latent)) as session:
            for step, time in enumerate(scheduler.timesteps):
                now = due(share, float(time) / first)
                seen = torch.lerp(latent + noise * sigmas[step], x, now)
                self._remember(session, x, time, sigmas[step])
                scaled = scheduler.scale_model_input(seen, time)
                denoised = self._denoised(session, seen, scaled, time, sigmas[step], options)
                denoised = torch.lerp(latent, denoised, now)
                x = scheduler.step(denoised, time, x).prev_sample
                if self.callback is not None:
                    self.callback(step + 1, options.steps, x)
        return x

    def encoded(self, picture: Tensor) -> Tensor:
        """(B, 4, h, w) float32, in the network's units, of (B, 3, H, W)."""
        with self._exact():
            pixels = (picture * 2 - 1).to(self.device, self.vae.dtype)
            latent = self.vae.encode(pixels).latent_dist.mode()
        return latent.float() * self.vae.config.scaling_factor

    def decoded(self, latent: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1], in main memory."""
        with self._exact():
            given = (latent / self.vae.config.scaling_factor).to(self.device, self.vae.dtype)
            pixels = self.vae.decode(given).sample
        return (pixels.float() / 2 + 0.5).clamp(0, 1).cpu()

    def sigma_at(self, share: float) -> float:
        """The noise at a share of the schedule, 0 at its start; as ComfyUI counts it."""
        if share <= 0 or share >= 1:
            return float("inf") if share <= 0 else 0.0
        alphas = self.scheduler.alphas_cumprod.double()
        logs = ((1 - alphas) / alphas).sqrt().log()
        place = (1 - share) * (len(logs) - 1)
        low = int(place)
        high = min(low + 1, len(logs) - 1)
        return float(torch.lerp(logs[low], logs[high], place - low).exp())

    @contextmanager
    def _exact(self) -> Iterator[None]:
        """The VAE in 32 bits where its 16 would overflow, as SDXL's own does."""
        kind = self.vae.dtype
        upcast = kind == torch.float16 and getattr(self.vae.config, "force_upcast", False)
        if upcast:
            self.vae.to(dtype=torch.float32)
        try:
            yield
        finally:
            if upcast:
                self.vae.to(dtype=kind)

    def _session(self, batch: int) -> AbstractContextManager[Session | None]:
        """The heads on the UNet, where they have any strength."""
        if self.reference is None or not self.reference.options.strengths:
            return nullcontext()
        return attached(self.unet, Memory(self.reference), batch)

    def _remember(self, session: Session | None, x: Tensor, time: Tensor, sigma: float) -> None:
        """The network over the photos at this noise, with what is asked for, where that is due."""
        given = self.reference
        if session is None or not given.works_at(sigma) or not session.memory.stale(x.device, sigma):
            return
        photo = (given.latent.to(x) + given.noise().to(x) * sigma) / (1 + sigma**2) ** 0.5
        with session.passing(Mode.WRITE, photo.shape[-2:]):
            self._answer(photo, time, _pixels(x), both=False)

    def _denoised(
        self, session: Session | None, x: Tensor, scaled: Tensor, time: Tensor, sigma: float, options
    ) -> Tensor:
        """What the network takes the picture to be, with guidance."""
        both = options.cfg != 1
        control = self._control(scaled, time, sigma, options, both)
        looks = session is not None and self.reference.works_at(sigma)
        with session.passing(Mode.READ, x.shape[-2:]) if looks else nullcontext():
            answer = self._answer(scaled, time, _pixels(x), both, control)
        if self.prediction == "epsilon":
            clean = [x - sigma * one for one in answer.chunk(2 if both else 1)]
        else:
            root = (1 + sigma**2) ** 0.5
            clean = [x / root**2 - one * sigma / root for one in answer.chunk(2 if both else 1)]
        return clean[0] if not both else torch.lerp(clean[0], clean[1], options.cfg)

    def _answer(
        self, scaled: Tensor, time: Tensor, size: tuple[int, int], both: bool, control: dict | None = None
    ) -> Tensor:
        """(2 B or B, 4, h, w) float32, what the UNet answers; SDXL is told the picture's size, for the photo too."""
        rows = scaled.repeat(2 if both else 1, 1, 1, 1).to(self.unet.dtype)
        words = self.words.rows(len(scaled), size, both)
        return self.unet(rows, time, **words, **(control or {})).sample.float()

    def _control(self, scaled: Tensor, time: Tensor, sigma: float, options, both: bool) -> dict | None:
        """What the ControlNet adds to the UNet."""
        if self.hints is None or sigma < self.sigma_at(options.control_end):
            return None
        twice = 2 if both else 1
        size = _pixels(scaled)
        kind = self.controlnet.dtype
        hints = resized(self.hints, size).expand(len(scaled), -1, -1, -1).repeat(twice, 1, 1, 1)
        down, middle = self.controlnet(
            scaled.repeat(twice, 1, 1, 1).to(kind),
            time,
            controlnet_cond=hints.to(scaled.device, kind),
            conditioning_scale=options.control,
            return_dict=False,
            **self.words.rows(len(scaled), size, both),
        )
        return {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}


def _pixels(latent: Tensor) -> tuple[int, int]:
    """(height, width) of the pictures that latents become."""
    height, width = latent.shape[-2:]
    return height * CELL, width * CELL
