"""Made crops with their labels, drawn once and kept in a file: (n, 3, SIDE, SIDE) uint8 beside (n,) int64."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipelines.geometry.garments import FABRICS

from ..people.draws import Draw
from .cloths import SCALES, SIDE, cloth

CHUNK = 2000
"""Crops between two words to the reader."""


def drawn(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """`count` crops of every fabric in turn and their numbers in FABRICS; the same seed draws the same."""
    pictures = torch.empty(count, 3, SIDE, SIDE, dtype=torch.uint8)
    labels = torch.arange(count) % len(FABRICS)
    for i in range(count):
        generator = torch.Generator().manual_seed(seed * 10_000_019 + i)
        scale = Draw(generator).scale(*SCALES)
        pictures[i] = (cloth(generator, FABRICS[labels[i]], scale) * 255 + 0.5).byte()
        if (i + 1) % CHUNK == 0:
            print(f"[fabrics] {i + 1} of {count} crops")
    return pictures, labels


def kept(file: Path, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """As `drawn`, from the file where it is there."""
    if not file.is_file():
        pictures, labels = drawn(count, seed)
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file({"pictures": pictures, "labels": labels}, file)
    there = load_file(file)
    if len(there["labels"]) < count:
        raise ValueError(f"{file} holds {len(there['labels'])} crops, {count} are asked for: remove it")
    return there["pictures"][:count], there["labels"][:count]
