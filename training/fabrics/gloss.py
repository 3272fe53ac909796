"""Fits gloss to what made cloth and the matt clothes of photos look like, and prints the numbers of garments/gloss.py.

    python -m training.fabrics.gloss --data .repose/fabrics --models .repose/base/models

The truth of made cloth is 1 less the roughness of its finish (training/people/cloth/fabrics.FINISH); the T-shirts and
jeans of the first five of openpeople's people count as cotton, the other five's show how well that holds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from pipelines.garments.cloth import cloths
from pipelines.garments.gloss import FEATURES, features
from pipelines.garments.material import crops_of
from pipelines.geometry.garments import FABRICS

from ..people.cloth.fabrics import FINISH
from .crops import kept
from .photos import PEOPLE, photos

RIDGE = 0.01
MADE = 6000


def fit(values: Tensor, truth: Tensor) -> tuple[Tensor, float]:
    """Ridge regression on standardised columns (n, k): (k,) factors of the plain columns, and the constant."""
    middle, spread = values.mean(0), values.std(0)
    normal = (values - middle) / spread
    gram = normal.T @ normal + RIDGE * len(values) * torch.eye(values.shape[1])
    factors = torch.linalg.solve(gram, normal.T @ (truth - truth.mean())) / spread
    return factors, float(truth.mean() - factors @ middle)


def matt(models: Path, people: tuple[str, ...]) -> Tensor:
    """(n, k) features of crops of people's clothes."""
    found = []
    for photo in photos(models, people):
        for cloth in cloths(photo.picture, photo.garments):
            crops = crops_of(cloth)
            if cloth.region in ("upper", "lower") and len(crops):
                found.append(features(crops))
    return torch.cat(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".repose/fabrics"))
    parser.add_argument("--models", type=Path, default=Path(".repose/base/models"))
    asked = parser.parse_args()
    truth = torch.tensor([1 - FINISH[name][1] for name in FABRICS])
    crops, labels = (part[:MADE] for part in kept(asked.data / "train-1.st", MADE, 1))
    held, others = kept(asked.data / "held.st", 1000, 2)
    cotton = float(truth[FABRICS.index("cotton")])
    mine, rest = matt(asked.models, PEOPLE[:5]), matt(asked.models, PEOPLE[5:])
    values = torch.cat([*(features(part.float() / 255) for part in crops.split(500)), mine])
    factors, constant = fit(values, torch.cat((truth[labels], torch.full((len(mine),), cotton))))
    print("FIT", tuple(round(float(v), 4) for v in factors), "CONSTANT", round(constant, 4), FEATURES)
    guess = features(held.float() / 255) @ factors + constant
    print(
        f"correlation on held-out made crops {float(torch.corrcoef(torch.stack((guess, truth[others])))[0, 1]):.2f}"
    )
    for number, name in enumerate(FABRICS):
        print(f"{name}: {float(guess[others == number].mean()):.2f}, truth {float(truth[number]):.2f}")
    print(f"cotton and denim of the other five people: {float((rest @ factors + constant).mean()):.2f}")


if __name__ == "__main__":
    main()
