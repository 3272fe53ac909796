"""Trains the light head (pipelines/models/light_head.py): the table of normals first, then the networks.

Runs on a CPU in a minute or two, once the people are read (`python -m training.light read FOLDER`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F

from pipelines.geometry.garments import REGIONS
from pipelines.geometry.lighting import LightField
from pipelines.light.features import MIRRORED, features
from pipelines.light.samples import samples
from pipelines.models.light_head import MEMBERS, LightHead
from setup.places import say

from .sets import Lit

FEWEST = 4000
"""Pixels of a region under which it takes the table of all regions together."""
EPOCHS, BATCH, RATE, DECAY, DROPPED = 60, 64, 3e-3, 0.3, 0.3
NO_KEY = 0.05
"""Share under which there is no key to point at."""


@dataclass(frozen=True, eq=False)
class Examples:
    """features (n, FEATURES); dominant, key (n, 3); share (n,); hue, apart (n, 2)."""

    features: torch.Tensor
    dominant: torch.Tensor
    key: torch.Tensor
    share: torch.Tensor
    hue: torch.Tensor
    apart: torch.Tensor

    def __len__(self) -> int:
        return len(self.share)


def table(people: Iterable[Lit], head: LightHead) -> None:
    """Fills the head's table: per region the linear fit of the true normals to the volume's, and what it leaves."""
    square = torch.zeros(len(REGIONS), 4, 4, dtype=torch.float64)
    mixed = torch.zeros(len(REGIONS), 4, 3, dtype=torch.float64)
    total = torch.zeros(len(REGIONS), dtype=torch.float64)
    count = torch.zeros(len(REGIONS), dtype=torch.float64)
    for one in people:
        regions = one.surface.labels(one.labels)
        both = (one.exact.cover > 0.97) & (one.surface.cover > 0.97) & (one.surface.normal != 0).any(0)
        x = one.surface.normal[:, both].T.double()
        x, y, its = (
            torch.cat((x, torch.ones_like(x[:, :1])), 1),
            one.exact.normal[:, both].T.double(),
            regions[both],
        )
        square.index_add_(0, its, x[:, :, None] * x[:, None])
        mixed.index_add_(0, its, x[:, :, None] * y[:, None])
        total.index_add_(0, its, y.square().sum(1))
        count.index_add_(0, its, torch.ones(len(its), dtype=torch.float64))
    rare = count < FEWEST
    for sums in (square, mixed, total, count):
        sums[rare] = sums.sum(0)
    fitted = torch.linalg.solve(square + 1e-6 * torch.eye(4, dtype=torch.float64), mixed)
    explained = (fitted * mixed).sum((1, 2))
    head.calibration.copy_(fitted.float())
    head.noise.copy_(((total - explained) / count).clamp(min=0).float())


def examples(people: Iterable[Lit], head: LightHead) -> Examples:
    """What the networks see of each picture, and the truth."""
    rows = []
    for n, one in enumerate(people):
        seen = samples(one.picture, one.surface, one.labels)
        if seen is None:
            continue
        seen = seen.calibrated(head)
        rows.append((features(seen, one.picture, one.surface), *truth(one.light)))
        if n % 100 == 99:
            say(f"{n + 1} pictures")
    return Examples(*(torch.stack(column) for column in zip(*rows, strict=True)))


def truth(light: LightField) -> tuple[torch.Tensor, ...]:
    """dominant, key, share, hue, apart of a light."""
    at_dominant = _hue(light.shading(light.dominant))
    share = torch.tensor(light.key_share)
    apart = (
        _hue(light.key_colour) - _hue(light.ambient(light.key_direction))
        if share > NO_KEY
        else torch.zeros(2)
    )
    return light.dominant, light.key_direction, share, at_dominant, apart


def _hue(light: torch.Tensor) -> torch.Tensor:
    log = light.clamp(min=1e-4).log()
    return torch.stack((log[0] - log[1], log[2] - log[1])).clamp(-2, 2)


def loss(found: torch.Tensor, wanted: Examples) -> torch.Tensor:
    """Mean over (n, ANSWERS); a direction's length becomes its certainty, as the mean of unit vectors does."""
    keyed = wanted.share > NO_KEY
    weight = torch.where(keyed, wanted.share + 0.2, 0.0)
    key = ((found[:, 3:6] - wanted.key).square().sum(1) * weight).sum() / weight.sum().clamp(min=1)
    dominant = (found[:, :3] - wanted.dominant).square().sum(1).mean()
    share = (found[:, 6].sigmoid() - wanted.share).abs().mean()
    hue = F.smooth_l1_loss(found[:, 7:9], wanted.hue, beta=0.05)
    apart = F.smooth_l1_loss(found[keyed, 9:11], wanted.apart[keyed], beta=0.1)
    return dominant + key + 2 * share + 2 * hue + 0.5 * apart


def trained(head: LightHead, known: Examples, seed: int = 0) -> LightHead:
    """The head with its networks trained on the examples."""
    head.mean.copy_(known.features.mean(0) * ((MIRRORED > 0).float()))  # a mirrored picture is as likely
    head.spread.copy_((known.features - head.mean).square().mean(0).sqrt().clamp(min=1e-3))
    head.mirrored.copy_(MIRRORED)
    for k in range(MEMBERS):
        generator = torch.Generator().manual_seed(seed * 100 + k)
        torch.manual_seed(seed * 100 + k)
        for layer in head.members[k]:
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
        _fit_member(head, k, known, generator)
    return head.eval()


def _fit_member(head: LightHead, k: int, known: Examples, generator: torch.Generator) -> None:
    optimiser = torch.optim.AdamW(head.members[k].parameters(), RATE, weight_decay=DECAY)
    steps = EPOCHS * math.ceil(len(known) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps)
    for _ in range(EPOCHS):
        order = torch.randperm(len(known), generator=generator)
        for part in order.split(BATCH):
            batch = Examples(*(getattr(known, name)[part] for name in Examples.__dataclass_fields__))
            kept = (torch.rand(batch.features.shape, generator=generator) > DROPPED).float()
            middle = head.mean + (batch.features - head.mean) * kept
            error = loss(head.member(k, middle), batch)
            optimiser.zero_grad()
            error.backward()
            optimiser.step()
            schedule.step()


def save(head: LightHead, path: Path) -> None:
    """The weights at 16 bits."""
    from safetensors.torch import save_file

    save_file({name: value.half().contiguous() for name, value in head.state_dict().items()}, path)
