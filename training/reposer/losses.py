"""What the reposer is trained by: the paper's perceptual and adversarial losses, and the truth of where pixels come
from."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipelines.models.reposer import Basic, Flow, Output, ReposerConfig
from pipelines.models.reposer_parts import JOINTS
from training.evaluation.lpips import Lpips

from .pairs import Batch

PERCEPTUAL, ADVERSARIAL = 3.0, 1.0
"""The paper's weights (section 3.2)."""
FLOW, VISIBLE, MASK, COLOUR, PLACE = 30.0, 1.0, 3.0, 4.0, 2.0
"""Ours, beside them, where the network also says where pixels come from: per picture side, nats, nats, and levels of 1
for the person's colours and for the background's."""


class Perceptual(nn.Module):
    """L1 between VGG features of two pictures on several maps (Johnson et al. 2016), each map's by its own size."""

    def __init__(self, vgg: Lpips, blocks: int):
        super().__init__()
        self.vgg, self.blocks = vgg, blocks

    def features(self, pictures: Tensor) -> list[Tensor]:
        """(B, 3, H, W) -> the last map of each block."""
        x, found = (pictures * 2 - 1 - self.vgg.shift) / self.vgg.scale, [pictures]
        for number, block in enumerate(self.vgg.blocks[: self.blocks]):
            x = F.max_pool2d(x, 2) if number else x
            for layer in block:
                x = F.relu(layer(x))
            found.append(x)
        return found

    def forward(self, made: Tensor, wanted: Tensor) -> Tensor:
        with torch.no_grad():
            goal = self.features(wanted)
        pairs = zip(self.features(made), goal, strict=True)
        return sum(
            (a.float() - b.float()).abs().mean() / b.float().abs().mean().clamp_min(1e-3) for a, b in pairs
        ) / (self.blocks + 1)


class Discriminator(nn.Module):
    """A ResNet with GroupNorm that sees a picture, the photo and the target's 3D heatmaps: logits that the picture is
    real, one per region of it."""

    def __init__(self, config: ReposerConfig, width: int = 32):
        super().__init__()
        layers: list[nn.Module] = []
        given, side = 6, config.size
        while side > config.volume:
            layers += [nn.Conv2d(given, width, 4, 2, 1), nn.LeakyReLU(0.2)]
            given, side = width, side // 2
        self.pictures = nn.Sequential(*layers)
        self.pose = nn.Conv2d(len(JOINTS) * config.depth, width, 1)
        self.both = nn.Sequential(
            nn.Conv2d(given + width, 2 * width, 4, 2, 1),
            Basic(2 * width, 2 * width, 2),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 3 * width, 4, 2, 1),
            Basic(3 * width, 3 * width, 2),
            nn.GroupNorm(8, 3 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(3 * width, 1, 1),
        )

    def forward(self, made: Tensor, picture: Tensor, target: Tensor) -> Tensor:
        seen = self.pictures(torch.cat((made, picture), 1))
        return self.both(torch.cat((seen, self.pose(target.flatten(1, 2)).to(seen.dtype)), 1))


def real(logits: Tensor, truth: bool) -> Tensor:
    """Cross-entropy of Goodfellow et al. 2014, the generator's in its non-saturating form."""
    return F.softplus(-logits if truth else logits).mean()


def told(flow: Flow, batch: Batch) -> Tensor:
    """How wrong the places and the visibility are, over the target's person."""
    there = torch.isfinite(batch.flow[:, :1])
    apart = (flow.source - batch.flow.nan_to_num(0)).abs().sum(1, keepdim=True)
    person = (batch.alpha > 0.5).float()
    places = (apart * there).sum() / there.sum().clamp_min(1)
    visible = F.binary_cross_entropy_with_logits(flow.visible, there.float(), reduction="none")
    return FLOW * places + VISIBLE * (visible * person).sum() / person.sum().clamp_min(1)


def outlined(output: Output, figure: Tensor, batch: Batch) -> Tensor:
    """How wrong the mask is, the colours of the made figure (B, 3, S, S) inside the true outline, and the background
    where the photo's person stood."""
    mask = F.binary_cross_entropy_with_logits(output.mask, batch.alpha)
    person = (batch.alpha > 0.9).float()
    true = batch.figure / batch.alpha.clamp_min(1e-3)
    unknown = 1 - output.known
    return (
        MASK * mask
        + COLOUR * _mean(figure - true, person)
        + PLACE * _mean(output.background - batch.plate, unknown)
    )


def _mean(apart: Tensor, where: Tensor) -> Tensor:
    return (apart.abs() * where).sum() / (apart.shape[1] * where.sum()).clamp_min(1)


def on_true_place(figure: Tensor, batch: Batch) -> Tensor:
    """(B, 3, S, S) the figure in the true outline, before the true background: a mask that hedges earns nothing."""
    return batch.alpha * figure + (1 - batch.alpha) * batch.plate
