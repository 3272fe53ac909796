"""The RTMPose family in torch: CSPNeXt backbone, optional PAFPN neck, SimCC head with gated attention.

One implementation serves RTMPose and DWPose (weights from the ONNX file's initialisers) and RTMW (safetensors
with mmpose's names). Every hyper-parameter is read off the weights' shapes, then loaded strictly.
Papers: RTMPose (Jiang et al. 2023, arXiv 2303.07399), RTMDet for CSPNeXt and its PAFPN (Lyu et al. 2022, arXiv
2212.07784), SimCC (Li et al. 2022, arXiv 2107.03332), gated attention unit (Hua et al. 2022, arXiv 2202.10447,
section 3), RTMW (Jiang et al. 2024, arXiv 2407.08634). Batch normalisation is folded into the convolutions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SPLIT = 2.0
"""SimCC bins per input pixel, in all released networks of the family (arXiv 2303.07399, section 3.2)."""
NORM_EPSILON = 1e-5
"""Batch and scale normalisation's epsilon: mmpose's configs use the layers' defaults."""


class UnknownWeights(RuntimeError):
    """The weights are not those of a network of this family; the message says what was looked for."""


class Stage(NamedTuple):
    """One CSPNeXt stage: channels out, bottleneck blocks, spatial pyramid pooling, channel attention."""

    width: int
    blocks: int
    pyramid: bool
    attention: bool


@dataclass(frozen=True)
class Architecture:
    """What the shapes of a weight file say about its network.

    stem (a, b, c) channels; neck_blocks 0 for no neck; two_scale for RTMW's head; hidden and tokens of the
    gated attention unit; bins (x, y).
    """

    stem: tuple[int, int, int]
    stages: tuple[Stage, ...]
    neck_blocks: int
    two_scale: bool
    keypoints: int
    kernel: int
    hidden: int
    attention: int
    expanded: int
    bins: tuple[int, int]

    @property
    def input_size(self) -> tuple[int, int]:
        """(height, width) of the crop in pixels."""
        return round(self.bins[1] / SPLIT), round(self.bins[0] / SPLIT)

    @property
    def score_scale(self) -> float:
        """What the highest bin reads for a sure landmark.

        RTMPose is trained with softmax(10 logits) against softmax(10 labels), RTMW with softmax(logits)
        against softmax(10 labels), and labels peak at 1 (mmpose's KLDiscretLoss beta and label_beta).
        """
        return 10.0 if self.two_scale else 1.0


class ConvolutionActivation(nn.Module):
    """Convolution, then SiLU (or ReLU in RTMW's head). Normalisation is already folded in."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride=1, groups=1, activation=F.silu):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.conv(x))


class DepthwiseSeparable(nn.Module):
    def __init__(self, channels: int, kernel: int):
        super().__init__()
        self.depthwise_conv = ConvolutionActivation(channels, channels, kernel, groups=channels)
        self.pointwise_conv = ConvolutionActivation(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.pointwise_conv(self.depthwise_conv(x))


class Block(nn.Module):
    """CSPNeXt's bottleneck: 3x3, then a 5x5 depthwise separable convolution, with or without identity."""

    def __init__(self, channels: int, identity: bool):
        super().__init__()
        self.conv1 = ConvolutionActivation(channels, channels, 3)
        self.conv2 = DepthwiseSeparable(channels, 5)
        self.identity = identity

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv2(self.conv1(x))
        return x + y if self.identity else y


class ChannelAttention(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.fc = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * F.hardsigmoid(self.fc(x.mean((2, 3), keepdim=True)))


class CrossStagePartial(nn.Module):
    def __init__(self, inputs: int, outputs: int, blocks: int, identity: bool, attention: bool):
        super().__init__()
        half = outputs // 2
        self.short_conv = ConvolutionActivation(inputs, half, 1)
        self.main_conv = ConvolutionActivation(inputs, half, 1)
        self.blocks = nn.Sequential(*(Block(half, identity) for _ in range(blocks)))
        self.attention = ChannelAttention(2 * half) if attention else nn.Identity()
        self.final_conv = ConvolutionActivation(2 * half, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        short = self.short_conv(x)
        main = self.blocks(self.main_conv(x))
        return self.final_conv(self.attention(torch.cat((main, short), 1)))


class PyramidPooling(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = ConvolutionActivation(channels, channels // 2, 1)
        self.conv2 = ConvolutionActivation(channels * 2, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        return self.conv2(torch.cat([x] + [F.max_pool2d(x, k, 1, k // 2) for k in (5, 9, 13)], 1))


class Backbone(nn.Module):
    """(B, 3, H, W) -> the features of strides 8, 16 and 32."""

    def __init__(self, architecture: Architecture):
        super().__init__()
        a, b, c = architecture.stem
        self.stem = nn.Sequential(
            ConvolutionActivation(3, a, 3, 2), ConvolutionActivation(a, b, 3), ConvolutionActivation(b, c, 3)
        )
        width = c
        for i, stage in enumerate(architecture.stages, 1):
            layers = [ConvolutionActivation(width, stage.width, 3, 2)]
            if stage.pyramid:
                layers.append(PyramidPooling(stage.width))
            # Only the stages without pyramid pooling add the identity (RTMDet's P5 arrangement).
            layers.append(
                CrossStagePartial(stage.width, stage.width, stage.blocks, not stage.pyramid, stage.attention)
            )
            setattr(self, f"stage{i}", nn.Sequential(*layers))
            width = stage.width

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.stage1(self.stem(x))
        fine = self.stage2(x)
        middle = self.stage3(fine)
        return fine, middle, self.stage4(middle)


class Neck(nn.Module):
    """Path aggregation over strides 8, 16, 32 -> the features of strides 16 and 32."""

    def __init__(self, widths: tuple[int, int, int], blocks: int):
        super().__init__()
        fine, middle, coarse = widths

        def fuse(inputs: int, outputs: int) -> CrossStagePartial:
            return CrossStagePartial(2 * inputs, outputs, blocks, identity=False, attention=False)

        reduce = [ConvolutionActivation(coarse, middle, 1), ConvolutionActivation(middle, fine, 1)]
        self.reduce_layers = nn.ModuleList(reduce)
        self.top_down_blocks = nn.ModuleList([fuse(middle, middle), fuse(fine, fine)])
        down = [ConvolutionActivation(fine, fine, 3, 2), ConvolutionActivation(middle, middle, 3, 2)]
        self.downsamples = nn.ModuleList(down)
        self.bottom_up_blocks = nn.ModuleList([fuse(fine, middle), fuse(middle, coarse)])

    def forward(self, features: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        fine, middle, coarse = features
        coarse = self.reduce_layers[0](coarse)
        middle = self.top_down_blocks[0](torch.cat((_doubled(coarse), middle), 1))
        middle = self.reduce_layers[1](middle)
        fine = self.top_down_blocks[1](torch.cat((_doubled(middle), fine), 1))
        middle = self.bottom_up_blocks[0](torch.cat((self.downsamples[0](fine), middle), 1))
        coarse = self.bottom_up_blocks[1](torch.cat((self.downsamples[1](middle), coarse), 1))
        return middle, coarse


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


class ScaleNorm(nn.Module):
    """x / (|x| / sqrt(n)) * g, the norm at least epsilon (Nguyen and Salazar 2019, arXiv 1910.05895)."""

    def __init__(self, size: int):
        super().__init__()
        self.g = nn.Parameter(torch.ones(1))
        self.root = size**-0.5

    def forward(self, x: Tensor) -> Tensor:
        norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True) * self.root
        return x / norm.clamp(min=NORM_EPSILON) * self.g


class Scale(nn.Module):
    def __init__(self, size: int):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale


class GatedAttention(nn.Module):
    """Self-attention over keypoint tokens with squared ReLU and a gate (arXiv 2202.10447, figure 2)."""

    def __init__(self, hidden: int, attention: int, expanded: int):
        super().__init__()
        self.uv = nn.Linear(hidden, 2 * expanded + attention, bias=False)
        self.o = nn.Linear(expanded, hidden, bias=False)
        self.gamma = nn.Parameter(torch.ones(2, attention))
        self.beta = nn.Parameter(torch.zeros(2, attention))
        self.ln = ScaleNorm(hidden)
        self.res_scale = Scale(hidden)
        self.sizes = (expanded, expanded, attention)

    def forward(self, x: Tensor) -> Tensor:
        gate, value, base = F.silu(self.uv(self.ln(x))).split(self.sizes, dim=-1)
        query, key = (base.unsqueeze(2) * self.gamma + self.beta).unbind(2)
        kernel = F.relu(query @ key.transpose(1, 2) / self.sizes[2] ** 0.5).square()
        return self.res_scale(x) + self.o(gate * (kernel @ value))


class Head(nn.Module):
    """RTMPose's head: one convolution gives a token per keypoint, attention relates them, two classifiers."""

    def __init__(self, architecture: Architecture):
        super().__init__()
        height, width = (size // 32 for size in architecture.input_size)
        channels, hidden = architecture.stages[-1].width, architecture.hidden
        kernel, keypoints, area = architecture.kernel, architecture.keypoints, height * width
        self.two_scale = architecture.two_scale
        if self.two_scale:
            quarter, middle = channels // 4, architecture.stages[-2].width
            self.conv_dec = ConvolutionActivation(quarter, quarter, kernel, activation=F.relu)
            self.final_layer = ConvolutionActivation(channels, keypoints, kernel, activation=F.relu)
            self.final_layer2 = ConvolutionActivation(middle + quarter, keypoints, kernel, activation=F.relu)
            self.mlp = nn.Sequential(ScaleNorm(area), nn.Linear(area, hidden // 2, bias=False))
            self.mlp2 = nn.Sequential(ScaleNorm(4 * area), nn.Linear(4 * area, hidden // 2, bias=False))
        else:
            self.final_layer = nn.Conv2d(channels, keypoints, kernel, padding=kernel // 2)
            self.mlp = nn.Sequential(ScaleNorm(area), nn.Linear(area, hidden, bias=False))
        self.gau = GatedAttention(hidden, architecture.attention, architecture.expanded)
        self.cls_x = nn.Linear(hidden, architecture.bins[0], bias=False)
        self.cls_y = nn.Linear(hidden, architecture.bins[1], bias=False)

    def forward(self, middle: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor]:
        tokens = self.mlp(self.final_layer(coarse).flatten(2))
        if self.two_scale:
            decoded = self.conv_dec(F.pixel_shuffle(coarse, 2))
            fine = self.final_layer2(torch.cat((decoded, middle), 1))
            tokens = torch.cat((tokens, self.mlp2(fine.flatten(2))), 2)
        tokens = self.gau(tokens)
        return self.cls_x(tokens), self.cls_y(tokens)


class RtmPose(nn.Module):
    """(B, 3, h, w) crop, RGB, normalised -> SimCC logits x (B, K, 2w) and y (B, K, 2h)."""

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture = architecture
        self.backbone = Backbone(architecture)
        widths = tuple(stage.width for stage in architecture.stages[1:])
        self.neck = Neck(widths, architecture.neck_blocks) if architecture.neck_blocks else None
        self.head = Head(architecture)

    @torch.no_grad()
    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor]:
        features = self.backbone(crop)
        return self.head(*(features[1:] if self.neck is None else self.neck(features)))

    @staticmethod
    def from_state_dict(state: dict[str, Tensor]) -> RtmPose:
        """Build from mmpose's names (any prefix, normalisation folded or not). UnknownWeights if they are not."""
        state = folded(without_prefix(state))
        try:
            network = RtmPose(architecture_of(state))
            network.load_state_dict(state, strict=True)
        except (KeyError, RuntimeError) as error:
            raise UnknownWeights(f"these are not RTMPose or RTMW weights: {error}") from error
        return network.requires_grad_(False).eval()


ANCHOR = "backbone.stem.0.conv.weight"


def without_prefix(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Names from "backbone." on: ports put "model." or "module." before; other entries are dropped."""
    anchor = next((name for name in state if name.endswith(ANCHOR)), None)
    if anchor is None:
        raise UnknownWeights(f"these are not RTMPose or RTMW weights: none is called {ANCHOR}")
    prefix = anchor[: -len(ANCHOR)]
    parts = tuple(prefix + part for part in ("backbone.", "neck.", "head."))
    return {name[len(prefix) :]: value for name, value in state.items() if name.startswith(parts)}


def folded(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Fold every "x.bn" into "x.conv": w' = w g / sqrt(v + eps), b' = (b - m) g / sqrt(v + eps) + beta."""
    result = {name: value.float() for name, value in state.items() if ".bn." not in name}
    for name in [name for name in state if name.endswith(".bn.running_var")]:
        base = name[: -len(".bn.running_var")]
        norm = {key: state[f"{base}.bn.{key}"].float() for key in ("weight", "bias", "running_mean")}
        factor = norm["weight"] / (state[name].float() + NORM_EPSILON).sqrt()
        bias = result.get(f"{base}.conv.bias", torch.zeros_like(factor))
        result[f"{base}.conv.weight"] = result[f"{base}.conv.weight"] * factor[:, None, None, None]
        result[f"{base}.conv.bias"] = (bias - norm["running_mean"]) * factor + norm["bias"]
    return result


def _count(state: dict[str, Tensor], prefix: str) -> int:
    return len({name[len(prefix) :].split(".")[0] for name in state if name.startswith(prefix)})


def _stage_of(state: dict[str, Tensor], number: int) -> Stage:
    pyramid = f"backbone.stage{number}.1.conv1.conv.weight" in state
    layer = f"backbone.stage{number}.{2 if pyramid else 1}"
    width = state[f"backbone.stage{number}.0.conv.weight"].shape[0]
    return Stage(width, _count(state, f"{layer}.blocks."), pyramid, f"{layer}.attention.fc.weight" in state)


def architecture_of(state: dict[str, Tensor]) -> Architecture:
    """Read every hyper-parameter off the shapes of a folded state dict. KeyError names what is missing."""
    two_scale = "head.final_layer2.conv.weight" in state
    final = state["head.final_layer.conv.weight" if two_scale else "head.final_layer.weight"]
    return Architecture(
        stem=tuple(state[f"backbone.stem.{i}.conv.weight"].shape[0] for i in range(3)),
        stages=tuple(_stage_of(state, i) for i in range(1, 5)),
        neck_blocks=_count(state, "neck.top_down_blocks.0.blocks."),
        two_scale=two_scale,
        keypoints=final.shape[0],
        kernel=final.shape[2],
        hidden=state["head.gau.uv.weight"].shape[1],
        attention=state["head.gau.gamma"].shape[1],
        expanded=state["head.gau.o.weight"].shape[1],
        bins=(state["head.cls_x.weight"].shape[0], state["head.cls_y.weight"].shape[0]),
    )
