"""How well crops are told apart: F1 by class, their mean, and a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def f1(truth: Tensor, found: Tensor, classes: int) -> list[float | None]:
    """Harmonic mean of precision and recall by class; None for a class that is neither there nor found."""
    scores = []
    for number in range(classes):
        right = int(((truth == number) & (found == number)).sum())
        there, said = int((truth == number).sum()), int((found == number).sum())
        scores.append(2 * right / (there + said) if there + said else None)
    return scores


def macro(scores: Sequence[float | None]) -> float:
    """Mean over the classes that have a score."""
    had = [score for score in scores if score is not None]
    return sum(had) / len(had) if had else 0.0


def confusion(truth: Tensor, found: Tensor, classes: int) -> Tensor:
    """(classes, classes) counts: truth down, found across."""
    return torch.bincount(truth * classes + found, minlength=classes**2).reshape(classes, classes)
