"""Fits a key and soft light to how bright surfaces are by the way they face, albedos unknown."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import torch
import torch.nn.functional as F

from .samples import Samples

DIRECTIONS = 400
"""Directions of the key that are tried, evenly all round but away from the camera."""
BEHIND = 0.5
"""z of the farthest of them behind the person: what stands there lights only rims."""
ROUNDS = 8
"""Alternations between albedos and light."""
OUTLIER = 0.25
"""Logarithm of brightness from which a cell counts less: shadows, prints, highlights (Huber 1964)."""
SOFT = 0.02
"""How strongly soft light is held to be even, as a share of all cells."""


@dataclass(frozen=True, eq=False)
class Fit:
    """K candidate keys: direction (K, 3); soft (K, 4) constant and slope of the soft light's shading; level (K,) the
    key's shading; albedo (K, kinds) logarithms; loss (K,), robust; `without` the loss with no key."""

    direction: torch.Tensor
    soft: torch.Tensor
    level: torch.Tensor
    albedo: torch.Tensor
    loss: torch.Tensor
    without: float


def directions(count: int = DIRECTIONS, behind: float = BEHIND) -> torch.Tensor:
    """(count, 3) unit, even over the sphere from the camera's side to `behind` (a Fibonacci lattice)."""
    step = torch.arange(count, dtype=torch.float32) + 0.5
    z = -1 + step / count * (1 + behind)
    angle = step * pi * (3 - 5**0.5)
    ring = (1 - z * z).clamp(min=0).sqrt()
    return torch.stack((ring * angle.cos(), ring * angle.sin(), z), 1)


def fit(seen: Samples, candidates: torch.Tensor) -> Fit:
    """The best soft light, key level and albedos for each candidate direction (K, 3)."""
    count = len(candidates)
    facing = (candidates @ seen.normal.T).clamp(min=0)  # (K, n)
    basis = torch.cat((torch.ones_like(seen.normal[:, :1]), seen.normal), 1).expand(count, -1, -1)
    soft, level, albedo, loss = _alternated(seen, torch.cat((basis, facing[..., None]), 2))
    even = torch.cat((basis[:1], torch.zeros_like(facing[:1, :, None])), 2)
    without = float(_alternated(seen, even)[3])
    return Fit(candidates, soft, level, albedo, loss, without)


def _alternated(seen: Samples, basis: torch.Tensor):
    """basis (K, n, 5): the last column is the key's."""
    count, kinds = len(basis), len(seen.region)
    bright, member = seen.bright.log(), F.one_hot(seen.kind, kinds).float()
    albedo = _grouped(bright.expand(count, -1), seen.weight.expand(count, -1), member)
    held = torch.tensor([1e-4, SOFT, SOFT, SOFT, 1e-3], device=basis.device)
    trust = torch.ones(count, len(bright), device=basis.device)
    light = torch.ones_like(trust)
    for _ in range(ROUNDS):
        weight = seen.weight * trust
        target = (bright - albedo @ member.T).exp()
        # In the logarithm an error counts by its share of the light: hence the division by what the last round found.
        scale = weight / light.square()
        scale = scale / scale.sum(1, keepdim=True)
        matrix = torch.einsum("kni,kn,knj->kij", basis, scale, basis) + torch.diag(held)
        right = torch.einsum("kni,kn,kn->ki", basis, scale, target)
        found = torch.linalg.solve(matrix, right)
        found = _with_positive_key(found, matrix, right)
        light = torch.einsum("kni,ki->kn", basis, found).clamp(min=0.03)
        mean = (light * weight).sum(1, keepdim=True) / weight.sum(1, keepdim=True)
        light, found = light / mean, found / mean
        albedo = _grouped(bright - light.log(), weight, member)
        left = (bright - albedo @ member.T - light.log()).abs()
        trust = (OUTLIER / left.clamp(min=1e-6)).clamp(max=1)
    robust = torch.where(left < OUTLIER, left.square(), 2 * OUTLIER * left - OUTLIER**2)
    return found[:, :4], found[:, 4], albedo, (robust * seen.weight).sum(1)


def _with_positive_key(found: torch.Tensor, matrix: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """The solution without the key where the key's part came out dark."""
    alone = torch.linalg.solve(matrix[:, :4, :4], right[:, :4])
    none = torch.cat((alone, torch.zeros_like(alone[:, :1])), 1)
    return torch.where(found[:, 4:] < 0, none, found)


def _grouped(values: torch.Tensor, weight: torch.Tensor, member: torch.Tensor) -> torch.Tensor:
    """(K, kinds) weighted means of (K, n) over each kind, (n, kinds)."""
    return (values * weight) @ member / (weight @ member).clamp(min=1e-9)
