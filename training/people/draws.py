"""Random choices from one torch.Generator, drawn on the generator's device so that every machine draws the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import TypeVar

import torch
from torch import Tensor

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Draw:
    """A generator with verbs."""

    generator: torch.Generator

    def between(self, low: float, high: float) -> float:
        """Uniform in [low, high)."""
        return low + (high - low) * float(self.grid(1))

    def scale(self, low: float, high: float) -> float:
        """Log-uniform in [low, high); both positive."""
        return exp(self.between(log(low), log(high)))

    def chance(self, probability: float) -> bool:
        """True with a probability."""
        return float(self.grid(1)) < probability

    def sign(self) -> float:
        """1 or -1, evenly."""
        return 1.0 if self.chance(0.5) else -1.0

    def pick(self, options: Sequence[T]) -> T:
        """One of them, evenly. Raises ValueError where there is none."""
        if not options:
            raise ValueError("nothing to pick from: the options are empty")
        return options[min(int(self.between(0, len(options))), len(options) - 1)]

    def weighed(self, options: Mapping[T, float]) -> T:
        """One of the keys, in proportion to its weight. Raises ValueError where no weight is positive."""
        total = sum(options.values())
        if total <= 0:
            raise ValueError(f"no option has a positive weight: {dict(options)}")
        left = self.between(0, total)
        for option, weight in options.items():
            left -= weight
            if left < 0:
                return option
        return next(option for option, weight in options.items() if weight > 0)

    def normal(self) -> float:
        """A standard normal number."""
        return float(torch.randn(1, generator=self.generator, device=self.generator.device))

    def grid(self, *shape: int) -> Tensor:
        """Uniform [0, 1) numbers of a shape, on the generator's device."""
        return torch.rand(shape, generator=self.generator, device=self.generator.device)

    def bells(self, *shape: int) -> Tensor:
        """Standard normal numbers of a shape, on the generator's device."""
        return torch.randn(shape, generator=self.generator, device=self.generator.device)
