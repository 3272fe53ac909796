"""Networks for clothes that an artist may have, behind one interface: SegFormer folders, U-2-Net's cloth network."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .onnx import OnnxNetwork
from .segformer import is_segformer, labels_of, load_segformer

CLOTH_FILE = "u2net_cloth_seg.onnx"
"""The name under which the cloth network of levindabhi/cloth-segmentation (reported MIT) goes round as ONNX, 176 MB."""
CLOTH_NAMES = ("background", "upper body", "lower body", "full body")
"""Its classes in the network's order."""


class ClothesNetwork(Protocol):
    """names: of the classes in the network's order; modules: for a host that manages memory; title: for people."""

    names: tuple[str, ...]
    title: str

    @property
    def modules(self) -> tuple[nn.Module, ...]: ...

    def read(self, picture: Tensor) -> Tensor:
        """(1, 3, H, W) in [0, 1] -> (N, h, w) class probabilities, on a smaller grid of the same picture."""
        ...


class ClothNetwork:
    """U-2-Net trained on garments: upper, lower and full body at 768 x 768; it knows no skin, hair or shoes."""

    names = CLOTH_NAMES

    def __init__(self, network: OnnxNetwork, title: str):
        self.network, self.title = network, title

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The one network."""
        return (self.network,)

    @torch.inference_mode()
    def read(self, picture: Tensor) -> Tensor:
        """(1, 3, H, W) in [0, 1] -> (4, 768, 768) class probabilities."""
        name = self.network.inputs[0]
        pixels = picture.to(next(self.network.parameters()))
        pixels = F.interpolate(pixels, self.network.input_shapes[name][2:], mode="bilinear", antialias=True)
        found = self.network(**{name: (pixels - 0.5) / 0.5})[self.network.outputs[0]]
        return found[0].float().softmax(0).cpu()


def is_clothes(path: Path) -> bool:
    """Whether a folder or file is a network of these kinds."""
    return path.name == CLOTH_FILE or (path.is_dir() and is_segformer(path))


def names_of(path: Path) -> tuple[str, ...]:
    """The class names, without loading the network."""
    return labels_of(path) if path.is_dir() else CLOTH_NAMES


def load_clothes(path: Path, device: torch.device | str = "cpu") -> ClothesNetwork:
    """A SegFormer's folder or the cloth network's file. SegformerError or OnnxError where it cannot be read."""
    if path.is_dir():
        return load_segformer(path, device)
    return ClothNetwork(OnnxNetwork.load(path).to(device), path.name)
