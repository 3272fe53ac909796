"""The three attention heads on a ComfyUI MODEL, through its public hooks only.

While it samples, the model first runs over the photo at the same noise (PREDICT_NOISE wrapper), and every
self-attention leaves its keys and values there; then over the picture, where each self-attention's own output is mixed
with what the heads find in them. Where a self-attention happens is told by attn1_patch and attn1_output_patch (lists),
what it computes by `optimized_attention_override`, which calls the one that was there before. All that belongs to a
sampling is in a `Run` that lives in that sampling's own options: nothing is global, and nothing is left after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import comfy.patcher_extension
import comfy.samplers
import torch
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel

from ..pipelines.attention.reference import Kept, Memory, Reference

KEY = "repose.attention"
READ, WRITE = "read", "write"
REFINER = 1280
"""Width of the words that SDXL's refiner takes; SDXL's are 2048 wide, SD1.5's 768."""
PLACED = ("area", "mask", "strength", "control", "gligen", "hooks")
"""What a condition says of the picture that does not hold for the photo."""


@dataclass(eq=False)
class Run:
    """One sampling: shape of its latents, what is remembered of the photo, and on which device a self-attention is
    under way."""

    shape: tuple[int, ...]
    memory: Memory
    inside: dict[Any, bool] = field(default_factory=dict)


def check(model) -> None:
    """ValueError for a model without the UNet's attention: what to use instead."""
    network = model.model.diffusion_model
    if not isinstance(network, UNetModel):
        raise ValueError(
            f"Repose Attention works on SD1.5 and SDXL models, this one is a {type(network).__name__}: for it, give the"
            " photo to the model's own reference input (core's ReferenceLatent node) and leave this node out"
        )
    if network.in_channels != 4:
        raise ValueError(
            f"this UNet takes {network.in_channels} channels (an inpainting or edit checkpoint), expected 4: use the"
            " plain checkpoint with core's Differential Diffusion instead"
        )
    if model.model.model_config.unet_config.get("context_dim") == REFINER:
        raise ValueError(
            "this is SDXL's refiner, which reads other words than a checkpoint does and is not for whole pictures: load"
            " an SDXL or SD1.5 checkpoint"
        )


def patched(model, reference: Reference):
    """A clone of the MODEL that looks at the photo; without any patch where no head has strength."""
    clone = model.clone()
    if not reference.options.strengths:
        return clone
    patch = _Patch(reference)
    types = comfy.patcher_extension.WrappersMP
    clone.add_wrapper_with_key(types.OUTER_SAMPLE, KEY, patch.sampling)
    clone.add_wrapper_with_key(types.PREPARE_SAMPLING, KEY, patch.preparing)
    clone.add_wrapper_with_key(types.PREDICT_NOISE, KEY, patch.predicting)
    clone.set_model_attn1_patch(patch.entering)
    clone.set_model_attn1_output_patch(patch.leaving)
    options = clone.model_options["transformer_options"]
    options["optimized_attention_override"] = patch.attending(options.get("optimized_attention_override"))
    return clone


@dataclass(frozen=True, eq=False)
class _Patch:
    """The hooks of one node; it holds what the artist gave, never what a sampling makes."""

    reference: Reference

    def sampling(self, executor, noise, *given, **named):
        """OUTER_SAMPLE: a sampling begins; its Run goes with its options, and ends with it."""
        options = executor.class_obj.model_options["transformer_options"]
        run = options[(KEY, id(self))] = Run(tuple(noise.shape), Memory(self.reference))
        try:
            return executor(noise, *given, **named)
        finally:
            options.pop((KEY, id(self)), None)
            run.memory.clear()

    def preparing(self, executor, model, noise_shape, *given, **named):
        """PREPARE_SAMPLING: memory for the photos that run beside the pictures."""
        shape = [noise_shape[0] + len(self.reference.latent), *noise_shape[1:]]
        return executor(model, shape, *given, **named)

    def predicting(self, executor, x, timestep, model_options=None, seed=None):
        """PREDICT_NOISE: the photo first, where its features are not fresh; then the picture."""
        options = dict((model_options or {}).get("transformer_options", {}))
        run, sigma = options.get((KEY, id(self))), float(timestep.flatten()[0])
        if run is None or not self.reference.works_at(sigma):
            return executor(x, timestep, model_options, seed)
        if run.memory.stale(x.device, sigma):
            self._write(executor.class_obj, x, timestep, model_options)
        options[(KEY, "mode", id(self))] = READ
        return executor(x, timestep, {**model_options, "transformer_options": options}, seed)

    def _write(self, guider, x, timestep, model_options: dict) -> None:
        """The model over the photos at this noise, with the words of what is asked for and nothing else of it."""
        given, model = self.reference, guider.inner_model
        noise = given.noise().to(x)
        photo = model.process_latent_in(given.latent).to(x)
        sigma = timestep.flatten()[:1]
        noisy = model.model_sampling.noise_scaling(sigma.reshape(-1, *[1] * (x.ndim - 1)), noise, photo)
        conds = guider.conds.get("positive") or next(iter(guider.conds.values()))
        words = {key: value for key, value in conds[0].items() if key not in PLACED}
        others = {
            key: value
            for key, value in model_options["transformer_options"].items()
            if key[:2] != (KEY, "mode")
        }
        options = others | {
            (KEY, "mode", id(self)): WRITE
        }  # no other node of this kind looks at its own photo then
        comfy.samplers.calc_cond_batch(
            model,
            [[words]],
            noisy,
            sigma.expand(len(noisy)),
            {**model_options, "transformer_options": options},
        )

    def entering(self, n, context, value, extra):
        """attn1_patch: what follows is a self-attention."""
        self._mark(extra, n.device, True)
        return n, context, value

    def leaving(self, n, extra):
        """attn1_output_patch: it is over."""
        self._mark(extra, n.device, False)
        return n

    def _mark(self, extra: dict, device, inside: bool) -> None:
        run = extra.get((KEY, id(self)))
        if run is not None:
            run.inside[device] = inside

    def attending(self, before: Callable | None) -> Callable:
        """An `optimized_attention_override` that calls the one before it, or attention itself."""

        @torch.compiler.disable
        def override(attention, q, k, v, heads, *given, **named):
            def own(a, b, c):
                call = (a, b, c, heads, *given)
                return attention(*call, **named) if before is None else before(attention, *call, **named)

            options = named.get("transformer_options") or {}
            run, mode = options.get((KEY, id(self))), options.get((KEY, "mode", id(self)))
            block = options.get("block") or ("", 0)
            here = run is not None and mode and run.inside.get(q.device) and block[0] in self.reference.blocks
            grid = tuple(options.get("activations_shape", (0, 0, 0, 0))[-2:])
            if mode == READ and tuple(options.get("original_shape", ())[-2:]) != tuple(run.shape[-2:]):
                here = False  # a condition on an area sees a part of the picture only
            if not here or named.get("skip_reshape") or q.shape[1] != grid[0] * grid[1]:
                return own(q, k, v)
            place = (*block, options.get("block_index", 0))
            if mode == WRITE:
                run.memory.keep(q.device, place, Kept(k[:, : q.shape[1]], v[:, : q.shape[1]], grid))
                return own(q, k, v)
            return run.memory.mixed(place, q, own(q, k, v), grid, heads, run.shape[0])

        return override
