"""Trains one reposer: a run of so many steps that can be stopped at any time and goes on where it was."""

from __future__ import annotations

import copy
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pipelines.models.reposer import Output, ReposerConfig, VolumetricReposer
from setup.places import say
from training.evaluation.lpips import Lpips
from training.resumable import Resumable, follow, state_of

from .losses import ADVERSARIAL, PERCEPTUAL, Discriminator, Perceptual, on_true_place, outlined, real, told
from .pairs import Batch, Pairs

RATE = 2e-4
"""Adam's, as the paper has it (section 3.2)."""
WARM, LAST = 0.03, 0.02
"""Share of the steps in which the rate rises, and what is left of it in the end."""
CLIP = 1.0


@dataclass(frozen=True)
class Run:
    """One training.

    rate, discriminator_rate  Adam's;  vgg  blocks of VGG in the perceptual loss;  crop  share of the side on which that
    is computed, a random square on the person, 1 for the whole picture;  adversarial  weight of that loss;  bf16
    whether convolutions are computed in bfloat16
    """

    config: ReposerConfig = field(default_factory=ReposerConfig)
    steps: int = 10_000
    batch: int = 4
    seed: int = 0
    rate: float = RATE
    discriminator_rate: float = RATE
    vgg: int = 3
    crop: float = 0.5
    adversarial: float = ADVERSARIAL
    bf16: bool = True

    def plain(self) -> dict[str, Any]:
        return asdict(self)


class Trainer(Resumable):
    """The networks of a run with their optimisers, and where it stands."""

    PARTS = ("network", "average", "discriminator", "optimiser", "judge")
    OPTION = "--out"

    def __init__(self, run: Run, vgg: Lpips, device: str = "cpu"):
        torch.manual_seed(run.seed)
        self.run, self.device, self.step = run, device, 0
        self.network = VolumetricReposer(run.config).to(device)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.discriminator = Discriminator(run.config).to(device)
        self.perceptual = Perceptual(vgg.to(device), run.vgg)
        betas = (0.5, 0.999) if run.adversarial else (0.9, 0.999)
        self.optimiser = torch.optim.Adam(self.network.parameters(), run.rate, betas)
        self.judge = torch.optim.Adam(self.discriminator.parameters(), run.discriminator_rate, (0.5, 0.999))

    def stepped(self, batch: Batch) -> dict[str, float]:
        """One step of both optimisers; the losses before it."""
        run = self.run
        self._pace()
        with torch.autocast(self.device.split(":")[0], torch.bfloat16, enabled=run.bf16):
            output = self.network(batch.picture, batch.source, batch.target)
            made = output.picture(batch.picture)
            target = self.network.motion(batch.source, batch.target).target if run.adversarial else None
            losses = self._losses(output, made, batch, target)
        total = sum(losses.values())
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimiser.step()
        if run.adversarial:
            losses["discriminator"] = self._judged(made.detach(), batch, target)
        self.step += 1
        follow(self.average, self.network, min(0.999, self.step / (self.step + 20)))
        return {name: float(value.detach()) for name, value in losses.items()}

    def _losses(self, output: Output, made: Tensor, batch: Batch, target: Tensor | None) -> dict[str, Tensor]:
        run = self.run
        window = self._window(batch)
        if output.flow is not None:
            figure = output.figure(batch.picture)
            made = on_true_place(figure, batch)
        losses = {"perceptual": PERCEPTUAL * self.perceptual(cut(made, window), cut(batch.wanted, window))}
        if run.adversarial:
            self.discriminator.requires_grad_(False)
            losses["adversarial"] = run.adversarial * real(
                self.discriminator(made, batch.picture, target).float(), True
            )
            self.discriminator.requires_grad_(True)
        if output.flow is not None:
            losses["flow"] = told(output.flow, batch)
            losses["outline"] = outlined(output, figure, batch)
        return losses

    def _judged(self, made: Tensor, batch: Batch, target: Tensor) -> Tensor:
        with torch.autocast(self.device.split(":")[0], torch.bfloat16, enabled=self.run.bf16):
            loss = real(self.discriminator(batch.wanted, batch.picture, target).float(), True) + real(
                self.discriminator(made, batch.picture, target).float(), False
            )
        self.judge.zero_grad(set_to_none=True)
        loss.backward()
        self.judge.step()
        return loss

    def _window(self, batch: Batch) -> list[tuple[int, int, int]]:
        """Per picture the top, left and side of the square that is looked at: its middle lies on either person."""
        side = batch.picture.shape[-1]
        inner = round(side * self.run.crop)
        generator = np.random.default_rng([self.run.seed, self.step, 1])
        found = []
        for person in torch.maximum(batch.alpha, batch.own_alpha)[:, 0].cpu():
            rows, columns = torch.nonzero(person > 0.5, as_tuple=True)
            k = int(generator.integers(max(len(rows), 1)))
            middle = (int(rows[k]), int(columns[k])) if len(rows) else (side // 2, side // 2)
            found.append((*(min(max(m - inner // 2, 0), side - inner) for m in middle), inner))
        return found

    def _pace(self) -> None:
        passed = self.step / self.run.steps
        share = min(1.0, (passed + 1 / self.run.steps) / WARM) * (
            LAST + (1 - LAST) * (1 + math.cos(math.pi * passed)) / 2
        )
        for optimiser, rate in ((self.optimiser, self.run.rate), (self.judge, self.run.discriminator_rate)):
            for group in optimiser.param_groups:
                group["lr"] = rate * share


def cut(pictures: Tensor, window: list[tuple[int, int, int]]) -> Tensor:
    """(B, C, H, W) -> (B, C, n, n) each picture's square."""
    return torch.stack([p[:, y : y + n, x : x + n] for p, (y, x, n) in zip(pictures, window, strict=True)])


def train(
    run: Run,
    pairs: Pairs,
    vgg: Lpips,
    checkpoint: Path,
    device: str = "cpu",
    every: float = 60.0,
    minutes: float = math.inf,
    note: Callable[[str], None] = say,
) -> VolumetricReposer:
    """The run to its end, from its checkpoint where there is one; the average of its weights. It is saved every so many
    seconds, when it is interrupted, and when its minutes are over (then it is not finished: TimeoutError)."""
    trainer = Trainer(run, vgg, device)
    if checkpoint.is_file():
        trainer.restore(state_of(checkpoint, device))
    began = saved = time.monotonic()
    start, smooth = trainer.step, {}
    try:
        while trainer.step < run.steps:
            if time.monotonic() - began > 60 * minutes:
                raise TimeoutError(
                    f"{checkpoint}: {trainer.step} of {run.steps} steps; give the command again to go on"
                )
            batch = pairs.drawn(
                run.batch, run.config.size, np.random.default_rng([run.seed, trainer.step, 0]), device
            )
            for name, value in trainer.stepped(batch).items():
                smooth[name] = 0.98 * smooth.get(name, value) + 0.02 * value
            if time.monotonic() - saved > every:
                trainer.save(checkpoint)
                saved = time.monotonic()
                pace = (trainer.step - start) * run.batch / (saved - began)
                note(
                    f"{checkpoint.stem}: {trainer.step}/{run.steps} steps, {pace:.1f} pairs/s; "
                    + " ".join(f"{name} {value:.3f}" for name, value in smooth.items())
                )
    finally:
        trainer.save(checkpoint)
    return trainer.average.eval()


def finished(checkpoint: Path, run: Run) -> VolumetricReposer | None:
    """The average of a run that has reached its end; None where it has not."""
    if not checkpoint.is_file():
        return None
    state = state_of(checkpoint)
    if state["step"] < run.steps or state["run"] != run.plain():
        return None
    network = VolumetricReposer(run.config)
    network.load_state_dict(state["average"])
    return network.eval().requires_grad_(False)


def write(network: VolumetricReposer, path: Path) -> None:
    """The weights at 16 bits, whole or not at all."""
    from safetensors.torch import save_file

    part = path.with_name(f".{path.name}.part")
    save_file({name: value.half().contiguous() for name, value in network.state_dict().items()}, part)
    os.replace(part, path)
