"""Poses from the whole of the joint limits (geometry/anatomy/limits.py), for the lifter's training."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from pipelines.geometry.anatomy.limits import sample
from pipelines.geometry.skeleton import JOINT_INDEX, JOINTS, LEVELS, PARENT
from pipelines.geometry.template import OFFSETS
from pipelines.models.lifter import POINTS

from .poses import spin

SPREADS = (0.3, 0.5, 0.7, 1.0)
"""How far from ease the joints are drawn (geometry.anatomy.limits.sample), an equal share of each."""


def _needed() -> list[int]:
    """The joints that POINTS, pelvis and neck hang from, parents first."""
    wanted = {JOINT_INDEX[name] for name in (*POINTS, "pelvis", "neck")}
    while missing := {int(PARENT[j]) for j in wanted if PARENT[j] >= 0} - wanted:
        wanted |= missing
    return [int(j) for level in LEVELS for j in level if int(j) in wanted]


NEEDED = _needed()


class LimitPoses:
    """A stock of random rotations inside the limits, put on random bodies again and again."""

    def __init__(self, size: int, seed: int):
        rng = np.random.default_rng(seed)
        drawn = [sample(rng, 500, SPREADS[k % len(SPREADS)])[:, NEEDED] for k in range(size // 500)]
        self.quaternions = torch.as_tensor(np.concatenate(drawn), dtype=torch.float32)

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, len(POINTS) + 2, 3) joints, pelvis at the origin, statures; as lifter_poses.drawn."""
        chosen = torch.randint(len(self.quaternions), (n,), generator=generator)
        matrices = _matrices(self.quaternions[chosen])
        place = {j: k for k, j in enumerate(NEEDED)}
        tilt = torch.randn(2, n, generator=generator) * 0.15
        frames: dict[int, Tensor] = {NEEDED[0]: spin(0, tilt[0]) @ spin(2, tilt[1]) @ matrices[:, 0]}
        at = {NEEDED[0]: torch.zeros(n, 3)}
        for j in NEEDED[1:]:
            parent = int(PARENT[j])
            step = _steps(j, n, generator)
            at[j] = at[parent] + (frames[parent] @ step[..., None])[..., 0]
            frames[j] = frames[parent] @ matrices[:, place[j]]
        return torch.stack([at[JOINT_INDEX[name]] for name in (*POINTS, "pelvis", "neck")], dim=1)


def _steps(joint: int, n: int, generator: torch.Generator) -> Tensor:
    """(n, 3) the template's step to a joint, 7 percent longer or shorter; hips up to twice as wide."""
    step = torch.as_tensor(OFFSETS[joint], dtype=torch.float32)
    factor = 1 + 0.07 * torch.randn(n, 1, generator=generator)
    if JOINTS[joint].endswith("_hip"):
        factor = factor * torch.tensor([1.4, 1.0, 1.0])
    return step * factor


def _matrices(quaternions: Tensor) -> Tensor:
    """(..., 4) unit w, x, y, z -> (..., 3, 3)."""
    w, x, y, z = quaternions.unbind(-1)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)
