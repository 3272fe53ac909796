"""The volumetric reposer: one network from a picture and two poses to the picture of the second pose.

Knoche, Sarandi and Leibe, "Reposing Humans by Warping 3D Features" (CVPR workshops 2020): a lifting encoder (E2D, E3D),
features warped part by part in 3D, a target pose encoder (E_pose), a projection decoder (D3D, D2D) to colours and a
soft mask, a background inpainter, and alpha blending. Beyond the paper, if the configuration says so: the decoder also
says which part and depth each pixel shows, and so where in the photo it comes from and whether the photo shows it, and
the photo's own pixels are copied from there at any resolution.

Pictures are sRGB in [0, 1], square; joints as in `reposer_parts`. Weights: `reposer.safetensors`, trained by
training/reposer; the card is reposer.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .loading import loaded
from .partial_conv import Inpainter
from .reposer_parts import (
    JOINTS,
    PARTS,
    Grid,
    affine_back,
    aimed,
    capsule_masks,
    flattened,
    heatmaps,
    helmert_back,
    warped,
)

WEIGHTS = Path(__file__).with_suffix(".safetensors")
GROUPS = 8
DILATIONS = (1, 2, 4)
"""Of the bottlenecks' middle convolutions, in turn: features see most of the picture with few layers."""


@dataclass(frozen=True)
class ReposerConfig:
    """size     pixels of the picture's side, a multiple of `volume`
    volume, depth, span   voxels across, layers, and how deep the volume is, in picture sides
    channels features per voxel;  width, blocks   channels and number of the bottlenecks of E2D and of D2D
    fine     channels at the picture's own resolution
    warp_3d, target_3d    the paper's two aspects; False is its ablation's counterpart in 2D
    copies   whether the decoder also says where in the photo each pixel is
    """

    size: int = 128
    volume: int = 32
    depth: int = 8
    span: float = 0.75
    channels: int = 16
    width: int = 96
    blocks: int = 5
    fine: int = 16
    warp_3d: bool = True
    target_3d: bool = True
    copies: bool = True

    def __post_init__(self):
        ratio = self.size / self.volume
        if ratio not in (1, 2, 4, 8):
            raise ValueError(
                f"size is {self.size} and volume {self.volume}: the first must be 1, 2, 4 or 8 times the second"
            )
        for name in ("channels", "width", "fine"):
            if getattr(self, name) % GROUPS:
                raise ValueError(f"{name} is {getattr(self, name)}, expected a multiple of {GROUPS}")

    @property
    def grid(self) -> Grid:
        return Grid(self.volume, self.depth, self.span)


class Motion(NamedTuple):
    """What the two poses say, without any learning: masks (B, 10, D, V, V) of the source's parts, back (B, 10, 3, 4)
    from the target's places to the source's, target (B, J, D, V, V) heatmaps; aim (B, 20, S, S), or None: where the
    target's parts are in the picture, and how far away their surface is."""

    masks: Tensor
    back: Tensor
    target: Tensor
    aim: Tensor | None


class Flow(NamedTuple):
    """Where the pixels come from: source (B, 2, S, S) x, y in shares of the photo's side; visible (B, 1, S, S) logits
    of whether the photo shows it."""

    source: Tensor
    visible: Tensor

    @property
    def unseen(self) -> Tensor:
        """(B, 1, S, S) in [0, 1]: how surely the photo does not show the place."""
        return 1 - self.visible.sigmoid()


class Output(NamedTuple):
    """paint (B, 3, S, S) what the decoder paints, as logits of colours, or, with a flow, as what it adds to the copied
    colours where the photo does not show the place; mask (B, 1, S, S) logits; background (B, 3, S, S); known (B, 1, S,
    S) where the background is the photo's own; flow, or None."""

    paint: Tensor
    mask: Tensor
    background: Tensor
    known: Tensor
    flow: Flow | None

    def figure(self, picture: Tensor) -> Tensor:
        """(B, 3, H, W) the person, at the size of the photo (B, 3, H, W)."""
        size = tuple(picture.shape[-2:])
        if self.flow is None:
            return resized(self.paint.sigmoid(), size)
        same = size == tuple(self.paint.shape[-2:])
        copied = F.grid_sample(
            picture,
            (2 * resized(self.flow.source, size) - 1).permute(0, 2, 3, 1),
            mode="bilinear" if same else "bicubic",
            padding_mode="border",
            align_corners=False,
        )
        return (copied + resized(self.flow.unseen * self.paint.tanh(), size)).clamp(0, 1)

    def picture(self, picture: Tensor) -> Tensor:
        """(B, 3, S, S) everything blended; picture: the photo at the network's size."""
        return torch.lerp(self.background, self.figure(picture), self.mask.sigmoid())


def resized(values: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, C, H, W) bilinear; the same object at the same size."""
    if tuple(values.shape[-2:]) == size:
        return values
    return F.interpolate(values, size, mode="bilinear", align_corners=False)


class Bottleneck(nn.Module):
    """Full pre-activation residual block of 1x1, 3x3, 1x1 convolutions (He et al., "Identity Mappings in Deep Residual
    Networks", 2016), with GroupNorm (Wu and He 2018)."""

    def __init__(self, width: int, dilation: int):
        super().__init__()
        inner = max(GROUPS, width // 4)
        self.layers = nn.Sequential(
            *_norm(width),
            nn.Conv2d(width, inner, 1, bias=False),
            *_norm(inner),
            nn.Conv2d(inner, inner, 3, padding=dilation, dilation=dilation, bias=False),
            *_norm(inner),
            nn.Conv2d(inner, width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class Basic(nn.Module):
    """Full pre-activation residual block of two 3x3 convolutions in 2D or 3D."""

    def __init__(self, given: int, width: int, dimensions: int = 3):
        super().__init__()
        conv = nn.Conv3d if dimensions == 3 else nn.Conv2d
        self.layers = nn.Sequential(
            *_norm(given),
            conv(given, width, 3, padding=1, bias=False),
            *_norm(width),
            conv(width, width, 3, padding=1),
        )
        self.skip = nn.Identity() if given == width else conv(given, width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.skip(x) + self.layers(x)


def _norm(width: int) -> tuple[nn.Module, nn.Module]:
    return nn.GroupNorm(GROUPS, width), nn.ReLU(inplace=True)


def _bottlenecks(width: int, count: int) -> list[nn.Module]:
    return [Bottleneck(width, DILATIONS[i % len(DILATIONS)]) for i in range(count)]


class LiftingEncoder(nn.Module):
    """E2D, the reshape of channels to depth, and E3D: (B, 3, S, S) -> (B, C, D, V, V), not negative."""

    def __init__(self, config: ReposerConfig):
        super().__init__()
        self.shape = (config.channels, config.depth, config.volume, config.volume)
        layers: list[nn.Module] = []
        given, side = 3, config.size
        while side > config.volume:
            side //= 2
            made = config.width if side == config.volume else config.width // 2
            layers += [nn.Conv2d(given, made, 5 if given == 3 else 3, 2, 2 if given == 3 else 1)]
            layers += _norm(made) if side > config.volume else ()
            given = made
        if given == 3:
            layers.append(nn.Conv2d(3, config.width, 5, padding=2))
        self.e2d = nn.Sequential(
            *layers,
            *_bottlenecks(config.width, config.blocks),
            *_norm(config.width),
            nn.Conv2d(config.width, config.channels * config.depth, 1),
        )
        self.e3d = nn.Sequential(Basic(config.channels, config.channels), *_norm(config.channels))

    def forward(self, picture: Tensor) -> Tensor:
        return self.e3d(self.e2d(picture).unflatten(1, self.shape[:2]))


class ProjectionDecoder(nn.Module):
    """D3D, the reshape of depth to channels, and D2D: (B, 2C, D, V, V) -> (B, outputs, S, S)."""

    def __init__(self, config: ReposerConfig, outputs: int):
        super().__init__()
        self.d3d = nn.Sequential(Basic(2 * config.channels, config.channels), *_norm(config.channels))
        layers: list[nn.Module] = [
            nn.Conv2d(config.channels * config.depth, config.width, 1),
            *_bottlenecks(config.width, config.blocks),
        ]
        given, side = config.width, config.volume
        while side < config.size:
            side *= 2
            made = config.fine if side == config.size else 2 * config.fine
            layers += [*_norm(given), nn.Conv2d(given, 4 * made, 1), nn.PixelShuffle(2), Basic(made, made, 2)]
            given = made
        self.d2d = nn.Sequential(*layers, *_norm(given), nn.Conv2d(given, outputs, 3, padding=1))

    def forward(self, volume: Tensor) -> Tensor:
        return self.d2d(self.d3d(volume).flatten(1, 2))


class VolumetricReposer(nn.Module):
    """The whole generator for one configuration."""

    def __init__(self, config: ReposerConfig = ReposerConfig()):
        super().__init__()
        self.config = config
        self.encoder = LiftingEncoder(config)
        self.pose = nn.Sequential(
            nn.Conv3d(len(JOINTS), config.channels, 1),
            Basic(config.channels, config.channels),
            *_norm(config.channels),
        )
        self.decoder = ProjectionDecoder(config, 4 + (len(PARTS) + 4 if config.copies else 0))
        self.inpainter = Inpainter()
        if config.copies:
            self.trust = nn.Parameter(
                torch.tensor([8.0, 15.0])
            )  # of a part's outline, and of what lies in front
            for value in self.decoder.d2d[-1].parameters():  # it starts from what the poses alone say
                nn.init.zeros_(value)

    def motion(self, source: Tensor, target: Tensor) -> Motion:
        """Of joints (B, J, 3) in the photo and in the pose."""
        grid = self.config.grid
        masks = capsule_masks(source, grid)
        back = (helmert_back if self.config.warp_3d else affine_back)(source, target)
        shown = masks if self.config.warp_3d else flattened(masks)
        aim = aimed(target, self.config.size) if self.config.copies else None
        return Motion(shown, back, heatmaps(target, grid, not self.config.target_3d), aim)

    def forward(self, picture: Tensor, source: Tensor, target: Tensor) -> Output:
        """picture (B, 3, S, S) the photo; source, target (B, J, 3) its joints and the pose's. ValueError for another
        size."""
        size = self.config.size
        if tuple(picture.shape[1:]) != (3, size, size):
            raise ValueError(f"the picture has shape {tuple(picture.shape[1:])}, expected {(3, size, size)}")
        moved = self.motion(source, target)
        lifted = self.encoder(picture)
        with torch.autocast(picture.device.type, enabled=False):
            features = warped(lifted.float(), moved.masks, moved.back, self.config.grid)
        posed = self.pose(moved.target)
        made = self.decoder(torch.cat((features.to(posed.dtype), posed), 1)).float()
        known = 1 - resized(moved.masks.any(1).any(1)[:, None].float(), (size, size)).ceil()
        return Output(
            made[:, :3],
            made[:, 3:4],
            self.inpainter(picture, known).float(),
            known,
            self._flow(made[:, 4:], moved) if self.config.copies else None,
        )

    def _flow(self, made: Tensor, moved: Motion) -> Flow:
        """Every part says where a pixel on its front, moved by the predicted depth, would come from; the parts' mean by
        their likelihood, which starts as their capsules lie, and a remainder for cloth, which no joint tells."""
        count, size = len(PARTS), self.config.size
        depth, rest, visible = (
            made[:, count : count + 1],
            made[:, count + 1 : count + 3],
            made[:, count + 3 :],
        )
        inside, front = moved.aim.split(count, 1)
        parts = made[:, :count] + self.trust[0] * inside.clamp(max=OUTLINE) / OUTLINE - self.trust[1] * front
        across = (torch.arange(size, dtype=made.dtype, device=made.device) + 0.5) / size
        y, x = torch.meshgrid(across, across, indexing="ij")
        z = front + depth * REACH
        places = torch.stack((x.expand_as(z), y.expand_as(z), z), 2)
        each = torch.einsum("bpij,bpjhw->bpihw", moved.back[:, :, :2, :3], places)
        source = (parts.softmax(1)[:, :, None] * (each + moved.back[:, :, :2, 3, None, None])).sum(1)
        return Flow(source + rest * REACH, visible)


OUTLINE = 0.3
"""Of a capsule's radius: how far inside its border a pixel surely belongs to the part."""
REACH = 0.1
"""Picture sides per unit of the decoder's depth and of its remainder: such numbers start small and end below one."""


def load(weights: Mapping[str, Tensor], config: ReposerConfig = ReposerConfig()) -> VolumetricReposer:
    """The network with these weights. ValueError names what is missing, not known, or of another shape."""
    network = VolumetricReposer(config)
    for name, place in network.state_dict().items():
        if name in weights and weights[name].shape != place.shape:
            raise ValueError(
                f"these are not the volumetric reposer's weights: {name} has shape {tuple(weights[name].shape)}, "
                f"expected {tuple(place.shape)}"
            )
    return loaded(network, weights, "volumetric reposer").requires_grad_(False)


@cache
def shipped() -> VolumetricReposer:
    """The network with the weights that lie beside this file."""
    from safetensors.torch import load_file

    return load(load_file(WEIGHTS))
