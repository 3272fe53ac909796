"""Trains the model: so many steps that can be stopped at any time and go on where they were."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from setup.places import Trouble, say
from training.resumable import Resumable, follow, state_of

from .examples import Examples
from .networks import Shape, scheduler, silence

CLIP = 1.0
SURE = 5.0
"""Signal-to-noise ratio over which no level counts more (Hang et al., "Efficient Diffusion Training via Min-SNR
Weighting Strategy", 2023, section 3.4)."""


@dataclass(frozen=True)
class Run:
    """One training.

    rate  AdamW's, after `warm` steps;  keep  of the average of the weights;  blind  share of the examples that are
    shown without their pose, as the heads' pass over the photo is
    """

    shape: Shape = field(default_factory=Shape)
    batch: int = 16
    rate: float = 4e-4
    warm: int = 200
    keep: float = 0.998
    blind: float = 0.15
    seed: int = 0

    def plain(self) -> dict[str, Any]:
        return asdict(self)


class Trainer(Resumable):
    """Both networks, trained together, and where they stand."""

    PARTS = ("networks", "average", "optimiser")
    OPTION = "--checkpoint"

    def __init__(self, run: Run):
        torch.manual_seed(run.seed)
        self.run, self.step = run, 0
        self.networks = nn.ModuleList(run.shape.networks())
        self.average = copy.deepcopy(self.networks).requires_grad_(False).eval()
        self.optimiser = torch.optim.AdamW(self.networks.parameters(), run.rate, weight_decay=0.01)
        self.alphas = scheduler().alphas_cumprod

    def stepped(self, latent: Tensor, hint: Tensor) -> float:
        """One step; the loss before it."""
        run, count = self.run, len(latent)
        draw = torch.Generator().manual_seed(run.seed * 1_000_003 + self.step)
        time = torch.randint(len(self.alphas), (count,), generator=draw)
        noise = torch.randn(latent.shape, generator=draw)
        posed = (torch.rand(count, generator=draw) >= run.blind).float()
        alpha = self.alphas[time].reshape(-1, 1, 1, 1)
        seen = alpha.sqrt() * latent + (1 - alpha).sqrt() * noise
        wanted = alpha.sqrt() * noise - (1 - alpha).sqrt() * latent
        ratio = alpha / (1 - alpha)
        weight = ratio.clamp(max=SURE) / (ratio + 1)
        for group in self.optimiser.param_groups:
            group["lr"] = run.rate * min(1.0, (self.step + 1) / run.warm)
        with torch.autocast("cpu", torch.bfloat16):
            found = answered(*self.networks, seen, time, hint, posed)
        loss = (weight * (found.float() - wanted).square()).mean()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.networks.parameters(), CLIP)
        self.optimiser.step()
        self.step += 1
        follow(self.average, self.networks, min(run.keep, self.step / (self.step + 10)))
        return float(loss.detach())


def answered(unet, control, seen: Tensor, time: Tensor, hint: Tensor, posed: Tensor) -> Tensor:
    """(B, 4, h, w) what the UNet says of noisy latents; posed (B,) 0 where the pose is not shown."""
    words = silence(len(seen))
    hint = hint.to(memory_format=torch.channels_last)  # twice as quick on CPUs
    down, middle = control(seen, time, encoder_hidden_states=words, controlnet_cond=hint, return_dict=False)
    shown = posed.reshape(-1, 1, 1, 1)
    return unet(
        seen,
        time,
        encoder_hidden_states=words,
        down_block_additional_residuals=tuple(shown * one for one in down),
        mid_block_additional_residual=shown * middle,
    ).sample


def train(
    run: Run,
    examples: Examples,
    steps: int,
    checkpoint: Path,
    every: float = 60.0,
    minutes: float = math.inf,
    note: Callable[[str], None] = say,
) -> nn.ModuleList:
    """So many steps in all, from the checkpoint where there is one, which more steps may be asked of later; the average
    of the weights. It is saved every so many seconds, when it is interrupted, and when its minutes are over."""
    trainer = Trainer(run)
    if checkpoint.is_file():
        trainer.restore(state_of(checkpoint))
    began = saved = time.monotonic()
    start, smooth = trainer.step, None
    try:
        while trainer.step < steps and time.monotonic() - began < 60 * minutes:
            given = examples.drawn(run.batch, run.shape.size, np.random.default_rng([run.seed, trainer.step]))
            value = trainer.stepped(*given)
            smooth = value if smooth is None else 0.99 * smooth + 0.01 * value
            if time.monotonic() - saved > every:
                trainer.save(checkpoint)
                saved = time.monotonic()
                pace = (trainer.step - start) * run.batch / (saved - began)
                note(f"{trainer.step}/{steps} steps, {pace:.1f} pictures/s; loss {smooth:.4f}")
    finally:
        trainer.save(checkpoint)
    return trainer.average


def trained(checkpoint: Path) -> tuple[nn.Module, nn.Module, Shape, int]:
    """UNet and ControlNet of a checkpoint, their shape, and after how many steps. Trouble where there is none."""
    if not checkpoint.is_file():
        raise Trouble(f"there is no {checkpoint}", "train first: python -m training.diffusion train")
    state = state_of(checkpoint)
    shape = Shape(**state["run"]["shape"])
    networks = nn.ModuleList(shape.networks())
    networks.load_state_dict(state["average"])
    return *networks.eval().requires_grad_(False), shape, state["step"]
