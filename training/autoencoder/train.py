"""Trains the masked autoencoder and writes the shipped weights.

    python -m training.people --count 600 --size 256 --out DIR
    python -m training.autoencoder train DIR --out WEIGHTS --minutes 50

One thread. A checkpoint every hundred steps, from which the same command goes on after any stop; what is written is the
moving average of the weights, float16.
"""

from __future__ import annotations

import copy
import math
import os
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipelines.models.autoencoder import Crops, Guess, MaskedAutoencoder
from training.resumable import follow

from .crops import Truth, batches
from .data import chosen_views, packed

BATCH, RATE, WARM, KEEP = 16, 6e-4, 200, 0.998
HELD = 24
"""Views at the end that are not learnt from, for the figure in the log."""
SLOPES, TEXTURE, LINES = 0.5, 0.25, 0.02
"""Weights beside the colour's: of the picture's slopes, those across the border among them; of the texture's size; of
the lines."""
EVERY = 100


def loss(guess: Guess, crops: Crops, truth: Truth) -> tuple[Tensor, dict[str, float]]:
    """What is to become small, and its parts: the colour's alone is the mean absolute error of the hidden pixels."""
    wanted = crops.wanted
    area = wanted.sum().clamp(min=1)
    colour = ((guess.colour - truth.colour).abs() * wanted).sum() / (3 * area)
    made = torch.lerp(truth.colour, guess.colour, wanted)
    person = (wanted + crops.known).clamp(max=1)
    slopes, texture = _slopes(made, guess, crops, truth, person)
    lines = F.binary_cross_entropy_with_logits(guess.line, truth.line, reduction="none")
    lines = (lines * wanted).sum() / area
    total = colour + SLOPES * slopes + TEXTURE * texture + LINES * lines
    return total, {"colour": colour.item(), "slopes": slopes.item(), "lines": lines.item()}


def _slopes(made: Tensor, guess: Guess, crops: Crops, truth: Truth, person: Tensor) -> tuple[Tensor, Tensor]:
    """Mean absolute error of the changes from pixel to pixel, over hidden pixels and the border; and of their size."""
    total, texture, count = 0, 0, 0
    for axis, way in ((-1, 0), (-2, 1)):

        def change(values: Tensor, axis: int = axis) -> Tensor:
            size = values.shape[axis] - 1
            return values.narrow(axis, 1, size) - values.narrow(axis, 0, size)

        size = made.shape[axis] - 1
        both = torch.maximum(crops.wanted.narrow(axis, 1, size), crops.wanted.narrow(axis, 0, size))
        both = both * person.narrow(axis, 1, size) * person.narrow(axis, 0, size)
        true = change(truth.colour)
        total = total + ((change(made) - true).abs() * both).sum() / 3
        size_of = true.abs().mean(1, keepdim=True)
        found = guess.slope[:, way : way + 1].narrow(axis, 0, size)
        texture = texture + ((found - size_of).abs() * both).sum()
        count = count + both.sum()
    return total / count.clamp(min=1), texture / count.clamp(min=1)


def train(
    folder: Path, out: Path, minutes: float, state: Path, seed: int = 1, people: int | None = None
) -> None:
    """Trains for so many minutes of this machine, all runs together, and writes the weights to `out`."""
    torch.manual_seed(0)
    sights = packed(folder, people)
    views = chosen_views(sights)
    learnt, held = views[:-HELD], views[-HELD:]
    network = MaskedAutoencoder()
    shown = copy.deepcopy(network).requires_grad_(False)
    optimiser = torch.optim.AdamW(network.parameters(), RATE, betas=(0.9, 0.95), weight_decay=0.05)
    done, spent = _resumed(state, network, shown, optimiser)
    check = [part for part, _ in zip(batches(sights, held, BATCH, 99), range(4), strict=False)]
    source = batches(sights, learnt, BATCH, seed + done)
    started, totals = time.monotonic() - spent, []
    while (taken := time.monotonic() - started) < 60 * minutes:
        crops, mirror, truth = next(source)
        share = taken / (60 * minutes)
        rate = RATE * min(1, (done + 1) / WARM) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16):
            guess = network(crops, mirror)
        total, parts = loss(guess, crops, truth)
        optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        done += 1
        totals.append(parts["colour"])
        follow(shown, network, min(KEEP, done / (done + 10)))
        if done % EVERY == 0:
            _kept(state, network, shown, optimiser, done, time.monotonic() - started)
            print(
                f"[autoencoder] step {done}: {sum(totals) / len(totals):.4f} learnt, {_checked(shown, check)},"
                f" {taken / 60:.1f} min",
                flush=True,
            )
            totals = []
    save_file({name: value.half().contiguous() for name, value in shown.state_dict().items()}, out)
    print(f"[autoencoder] {out}: {out.stat().st_size / 1e6:.2f} MB after {done} steps")


@torch.no_grad()
def _checked(network: MaskedAutoencoder, batches_: list) -> str:
    """The held-out crops' error of the colour, beside that of the smooth continuation alone."""
    own, plain = [], []
    for crops, mirror, truth in batches_:
        own.append(loss(network(crops, mirror), crops, truth)[1]["colour"])
        off = ((crops.base - truth.colour).abs() * crops.wanted).sum()
        plain.append(float(off / (3 * crops.wanted.sum())))
    return f"held out {sum(own) / len(own):.4f} (continued {sum(plain) / len(plain):.4f})"


def _kept(state: Path, network, shown, optimiser, done: int, spent: float) -> None:
    """A checkpoint, whole or not at all: plain tensors."""
    values = {f"network.{name}": value for name, value in network.state_dict().items()}
    values |= {f"shown.{name}": value.clone() for name, value in shown.state_dict().items()}
    for i, kept in optimiser.state_dict()["state"].items():
        values |= {f"optimiser.{i}.{name}": value.clone() for name, value in kept.items()}
    values["done"] = torch.tensor([done, round(spent)])
    part = state.with_name(f".{state.name}.part")
    save_file({name: value.contiguous() for name, value in values.items()}, part)
    os.replace(part, state)


def _resumed(state: Path, network, shown, optimiser) -> tuple[int, float]:
    """Steps and seconds that are done already."""
    if not state.is_file():
        return 0, 0.0
    there = load_file(state)
    for name, one in (("network.", network), ("shown.", shown)):
        one.load_state_dict({key[len(name) :]: v for key, v in there.items() if key.startswith(name)})
    plain = optimiser.state_dict()
    for key, value in there.items():
        if key.startswith("optimiser."):
            _, number, name = key.split(".")
            plain["state"].setdefault(int(number), {})[name] = value
    optimiser.load_state_dict(plain)
    done, spent = there["done"].tolist()
    return int(done), float(spent)
