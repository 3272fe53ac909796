"""How well fabrics are told apart on crops of photos, beside the majority and a colour histogram.

    python -m training.fabrics.evaluate --data .repose/fabrics [--weights FILE]

Macro-F1 is the mean over the fabrics that the crops have. The histogram (4 x 4 x 4 colours, multinomial regression)
sees the same made crops as the network.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from pipelines.geometry.garments import FABRICS
from pipelines.models import fabrics

from .crops import kept
from .measures import confusion, f1
from .real import Crop, crops

FITTED = ("P001", "P002", "P003", "P004", "P005")
"""The people on whose crops the temperature is chosen; what a sure word is worth is told of the others."""
LEVELS = 4
MADE = 4000


def histogram(pictures: Tensor) -> Tensor:
    """(n, 3, h, w) in [0, 1] -> (n, 64) shares of coarse colours, their roots."""
    level = (pictures * LEVELS).long().clamp(max=LEVELS - 1)
    bins = ((level[:, 0] * LEVELS + level[:, 1]) * LEVELS + level[:, 2]).flatten(1)
    counts = torch.zeros(len(bins), LEVELS**3).scatter_add_(
        1, bins, torch.ones_like(bins, dtype=torch.float32)
    )
    return (counts / bins.shape[1]).sqrt()


def by_colour(values: Tensor, labels: Tensor, steps: int = 300) -> torch.nn.Linear:
    """Multinomial regression of fabrics on histograms."""
    torch.manual_seed(0)
    model = torch.nn.Linear(values.shape[1], len(FABRICS))
    optimiser = torch.optim.Adam(model.parameters(), 0.05, weight_decay=1e-4)
    for _ in range(steps):
        loss = F.cross_entropy(model(values), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model


def over_there(truth: Tensor, found: Tensor) -> float:
    """Macro-F1 over the fabrics that are there."""
    there = set(truth.tolist())
    scores = f1(truth, found, len(FABRICS))
    return sum(scores[number] for number in there) / len(there)


def table(truth: Tensor, found: Tensor) -> str:
    """Truth down, found across, for the fabrics that occur."""
    counts = confusion(truth, found, len(FABRICS))
    head = "truth      " + " ".join(f"{name[:9]:>9}" for name in FABRICS)
    rows = [
        f"{FABRICS[n]:<10} " + " ".join(f"{int(c):>9}" for c in row)
        for n, row in enumerate(counts)
        if row.sum()
    ]
    return "\n".join([head, *rows])


@torch.no_grad()
def shares_of(network: fabrics.FabricNetwork, pictures: Tensor) -> Tensor:
    """(n, 10) probabilities as the pack takes them."""
    return fabrics.probabilities(network(pictures))


@torch.no_grad()
def best_temperature(
    network: fabrics.FabricNetwork, real: list[Crop], pictures: Tensor, truth: Tensor
) -> float:
    """The CALIBRATION under which the crops of the people FITTED are likeliest."""
    mine = torch.tensor([crop.person in FITTED for crop in real])
    odds, worn = network(pictures[mine]), torch.tensor(fabrics.WORN).log()
    tried = [1 + 0.05 * step for step in range(60)]
    losses = [float(F.cross_entropy(odds / t + worn, truth[mine])) for t in tried]
    return tried[losses.index(min(losses))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".repose/fabrics"))
    parser.add_argument("--weights", type=Path, default=fabrics.WEIGHTS)
    asked = parser.parse_args()
    network = fabrics.load(load_file(asked.weights))
    real = list(crops())
    pictures = torch.stack([crop.picture for crop in real])
    truth = torch.tensor([FABRICS.index(crop.fabric) for crop in real])
    made, labels = (part[:MADE] for part in kept(asked.data / "train-1.st", MADE, 1))
    colours = by_colour(torch.cat([histogram(part.float() / 255) for part in made.split(500)]), labels)
    shares = shares_of(network, pictures)
    found = shares.argmax(1)
    with torch.no_grad():
        coloured = colours(histogram(pictures)).argmax(1)
    majority = torch.full_like(truth, int(truth.mode().values))
    held, others = kept(asked.data / "held.st", 1000, 2)
    seen = shares_of(network, held.float() / 255).argmax(1)
    print(f"{len(real)} crops of photos: macro-F1 network {over_there(truth, found):.2f}, colour histogram"
          f" {over_there(truth, coloured):.2f}, majority {over_there(truth, majority):.2f}")  # fmt: skip
    print(f"held-out made crops: network {over_there(others, seen):.2f}")
    print(table(truth, found))
    print(
        f"temperature that fits people {FITTED} best: {best_temperature(network, real, pictures, truth):.2f}"
    )
    other = torch.tensor([crop.person not in FITTED for crop in real])
    right = found == truth
    for least in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        sure = (shares.max(1).values >= least) & other
        if sure.any():
            share = float(right[sure].float().mean())
            print(
                f"sure by {least}: {int(sure.sum())} of {int(other.sum())} crops of the others named, {share:.0%} right"
            )


if __name__ == "__main__":
    main()
