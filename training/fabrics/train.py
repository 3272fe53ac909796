"""Trains the fabric network on made cloth and writes the shipped weights.

    python -m training.fabrics.train --until 11
    python -m training.fabrics.train --seed 3

The crops are drawn once (20 ms each) and kept. One thread; a checkpoint after every round through the crops, from which
the next command goes on, with the same crops or others. The moving average of the weights is what is written (float16).
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipelines.geometry.garments import FABRICS
from pipelines.models.fabrics import FabricNetwork

from .crops import kept
from .measures import f1, macro

BATCH, RATE, KEEP = 64, 2e-3, 0.998
GREY = 0.1
"""How often a crop loses its colours. They tell something: most denim is blue, no sequins are brown."""
SMOOTHED = 0.1
"""Share of a label that goes to all fabrics: at a distance cloth looks like other cloth."""


def varied(crops: Tensor, generator: torch.Generator) -> Tensor:
    """(n, 3, h, w) mirrored, with other colours, blurred, and cut at half size and enlarged: what photos do."""
    n = len(crops)

    def number(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(n, 1, 1, 1, generator=generator)

    crops = torch.where(number(0, 1) < 0.5, crops.flip(-1), crops)
    crops = torch.where(number(0, 1) < 0.3, crops.flip(-2), crops)
    crops = crops ** number(0.7, 1.4) * number(0.8, 1.1)
    grey = crops.mean(1, keepdim=True)
    crops = grey + (crops - grey) * number(0.6, 1.3)
    crops = torch.where(
        number(0, 1) < GREY, grey * (1 + 0.1 * torch.randn(n, 3, 1, 1, generator=generator)), crops
    )
    soft = F.avg_pool2d(F.pad(crops, (1,) * 4, mode="replicate"), 3, 1)
    return torch.lerp(crops, soft, number(-0.3, 1.0).clamp(min=0)).clamp(0, 1)


@torch.no_grad()
def read(network: FabricNetwork, crops: Tensor) -> Tensor:
    """(n, 3, h, w) uint8 -> (n, 10) log odds."""
    return torch.cat([network(part.float() / 255) for part in crops.split(256)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".repose/fabrics"))
    parser.add_argument("--count", type=int, default=7000)
    parser.add_argument("--seed", type=int, default=1, help="of the crops")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--until", type=int, default=20, help="the round after which to stop")
    parser.add_argument("--out", type=Path, default=Path("fabrics.safetensors"))
    asked = parser.parse_args()
    torch.manual_seed(0)
    held, truth = kept(asked.data / "held.st", 1000, 2)
    crops, labels = kept(asked.data / f"train-{asked.seed}.st", asked.count, asked.seed)
    network = FabricNetwork()
    state = asked.data / "state.st"
    begun = _resumed(network, state)
    shown = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.02)
    steps = len(labels) // BATCH
    started = time.monotonic()
    for turn in range(begun, min(asked.until, asked.rounds)):
        generator = torch.Generator().manual_seed(turn)
        order = torch.randperm(len(labels), generator=generator)
        total = 0.0
        for step in range(steps):
            at = (turn + step / steps) / asked.rounds
            optimiser.param_groups[0]["lr"] = (
                RATE * min(1, (turn * steps + step + 1) / 200) * 0.5 * (1 + math.cos(math.pi * at))
            )
            chosen = order[step * BATCH : (step + 1) * BATCH]
            batch = varied(crops[chosen].float() / 255, generator)
            loss = F.cross_entropy(network(batch), labels[chosen], label_smoothing=SMOOTHED)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item()
            with torch.no_grad():
                for kept_value, value in zip(shown.parameters(), network.parameters(), strict=True):
                    kept_value.lerp_(
                        value, 1 - min(KEEP, (turn * steps + step + 1) / (turn * steps + step + 10))
                    )
        found = read(shown.eval(), held).argmax(1)
        print(
            f"[fabrics] round {turn + 1}: loss {total / steps:.3f}, macro-F1 on held-out made cloth"
            f" {macro(f1(truth, found, len(FABRICS))):.3f}, {time.monotonic() - started:.0f} s"
        )
        save_file({**network.state_dict(), "_round": torch.tensor(turn + 1)}, state)
        save_file({name: value.half() for name, value in shown.state_dict().items()}, asked.out)


def _resumed(network: FabricNetwork, state: Path) -> int:
    """The rounds that are done already."""
    if not state.is_file():
        return 0
    there = load_file(state)
    done = int(there.pop("_round"))
    network.load_state_dict(there)
    return done


if __name__ == "__main__":
    main()
