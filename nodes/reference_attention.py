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
import torch.nn.functional as F
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel

from ..pipelines.attention.biases import Bias
from ..pipelines.attention.heads import HeadOptions, biases, mixed
from ..pipelines.attention.tokens import tokens_of
from ..pipelines.geometry.garments import GarmentMap
from ..pipelines.geometry.warped import Correspondence

KEY = "repose.attention"
BLOCKS = ("input", "middle", "output")
READ, WRITE = "read", "write"
PLACED = ("area", "mask", "strength", "control", "gligen", "hooks")
"""What a condition says of the picture that does not hold for the photo."""


@dataclass(frozen=True, eq=False)
class Reference:
    """What the model looks at: latent (B, 4, h, w) of the photos as the VAE gives them; found and garments, one for
    each photo; options of the heads; start, end the sigmas between which they work, first the higher; every so many
    steps the photo is run again; blocks those of BLOCKS that take part; seed of the photo's noise."""

    latent: torch.Tensor
    found: tuple[Correspondence, ...]
    garments: tuple[GarmentMap, ...]
    options: HeadOptions = HeadOptions()
    start: float = float("inf")
    end: float = 0.0
    every: int = 1
    blocks: tuple[str, ...] = BLOCKS
    seed: int = 0


@dataclass(eq=False)
class Run:
    """One sampling: shape of its latents; per device the photo's keys and values by block with the token grid they lie
    on, at which sigma they were made, and how many steps ago; biases by the two grids."""

    shape: tuple[int, ...]
    features: dict[Any, dict[Any, tuple[torch.Tensor, torch.Tensor, tuple[int, int]]]] = field(
        default_factory=dict
    )
    made: dict[Any, tuple[float, int]] = field(default_factory=dict)
    known: dict[Any, list[dict[str, Bias]]] = field(default_factory=dict)
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
        run = options[(KEY, id(self))] = Run(tuple(noise.shape))
        try:
            return executor(noise, *given, **named)
        finally:
            options.pop((KEY, id(self)), None)
            for kept in (run.features, run.made, run.known):
                kept.clear()

    def preparing(self, executor, model, noise_shape, *given, **named):
        """PREPARE_SAMPLING: memory for the photos that run beside the pictures."""
        shape = [noise_shape[0] + len(self.reference.latent), *noise_shape[1:]]
        return executor(model, shape, *given, **named)

    def predicting(self, executor, x, timestep, model_options=None, seed=None):
        """PREDICT_NOISE: the photo first, where its features are not fresh; then the picture."""
        options = dict((model_options or {}).get("transformer_options", {}))
        run, sigma = options.get((KEY, id(self))), float(timestep.flatten()[0])
        if run is None or not self.reference.end <= sigma <= self.reference.start:
            return executor(x, timestep, model_options, seed)
        if self._stale(run, x.device, sigma):
            self._write(executor.class_obj, run, x, timestep, model_options)
        options[(KEY, "mode", id(self))] = READ
        return executor(x, timestep, {**model_options, "transformer_options": options}, seed)

    def _stale(self, run: Run, device, sigma: float) -> bool:
        """Whether the photo is to be run again: at every so many new sigmas."""
        last, steps = run.made.get(device, (None, 0))
        if last is None or (sigma != last and steps + 1 >= self.reference.every):
            run.made[device] = (sigma, 0)
            return True
        run.made[device] = (sigma, steps + (sigma != last))
        return False

    def _write(self, guider, run: Run, x, timestep, model_options: dict) -> None:
        """The model over the photos at this noise, with the words of what is asked for and nothing else of it."""
        given, model = self.reference, guider.inner_model
        generator = torch.Generator().manual_seed(given.seed)
        noise = torch.randn(given.latent.shape, generator=generator).to(x)
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
        run.features[x.device] = {}
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
                run.features[q.device][place] = (k[:, : q.shape[1]], v[:, : q.shape[1]], grid)
                return own(q, k, v)
            made, stored = own(q, k, v), run.features.get(q.device, {}).get(place)
            return made if stored is None else self._read(run, q, made, stored, grid, heads)

        return override

    def _read(self, run: Run, q, made, stored, grid: tuple[int, int], heads: int):
        """The block's own output (B, N, H d) mixed with what the heads find: row r looks at the photo that the picture
        of its batch was made from."""
        k, v, source = stored
        known = self._known(run, grid, source, q.device)
        batch, photos, strengths = run.shape[0], len(k), self.reference.options.strengths
        split = [value.unflatten(2, (heads, -1)).transpose(1, 2) for value in (q, made, k, v)]
        rows = []
        for photo in range(photos):
            which = [r for r in range(len(q)) if (r % batch) % photos == photo]
            if which:
                own = [value[which] for value in split[:2]]
                keys = [value[photo : photo + 1].expand(len(which), -1, -1, -1) for value in split[2:]]
                found = mixed(*own, *keys, known[photo], strengths, F.scaled_dot_product_attention)
                rows += list(zip(which, found, strict=True))
        whole = torch.stack([found for _, found in sorted(rows, key=lambda row: row[0])])
        return whole.transpose(1, 2).flatten(2).to(made.dtype)

    def _known(self, run: Run, grid, source, device) -> list[dict[str, Bias]]:
        """The biases between two token grids, made once for a sampling."""
        key = (grid, source, device)
        if key not in run.known:
            run.known[key] = [
                {name: one.to(device) for name, one in self._biases(photo, grid, source).items()}
                for photo in range(len(self.reference.found))
            ]
        return run.known[key]

    def _biases(self, photo: int, grid, source) -> dict[str, Bias]:
        given = self.reference
        return biases(*tokens_of(given.found[photo], given.garments[photo], grid, source), given.options)
