"""An artist's own SegFormer checkpoint for clothes: a folder as the hub has it, read with transformers."""

from __future__ import annotations

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's channel means and standard deviations, with which SegFormer is trained (Xie et al., NeurIPS 2021)."""
SIDE = 512
"""Pixels of the network's square input where the folder does not say."""


class SegformerError(ValueError):
    """A folder that holds no SegFormer; the message says what is missing and what to do."""


class _Logits(nn.Module):
    """A transformers model as a plain module: a host that manages memory sets attributes on it that theirs forbid."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, pixels: Tensor) -> Tensor:
        return self.inner(pixel_values=pixels).logits


class Segformer:
    """A SegFormer with its class names in the network's order; `modules` for a host that manages their memory."""

    def __init__(self, module: nn.Module, names: tuple[str, ...], size: tuple[int, int], title: str):
        self.module, self.names, self.size, self.title = module.eval(), names, size, title

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The one network."""
        return (self.module,)

    @torch.inference_mode()
    def read(self, picture: Tensor) -> Tensor:
        """(1, 3, H, W) in [0, 1] -> (N, h, w) class probabilities, on a smaller grid of the same picture."""
        where = next(self.module.parameters())
        pixels = F.interpolate(picture.to(where), self.size, mode="bilinear", antialias=True)
        mean, spread = (pixels.new_tensor(values)[:, None, None] for values in (MEAN, SPREAD))
        return self.module((pixels - mean) / spread)[0].float().softmax(0).cpu()


def is_segformer(folder: Path) -> bool:
    """Whether a folder has a SegFormer's config.json."""
    return _config(folder).get("model_type") == "segformer"


def labels_of(folder: Path) -> tuple[str, ...]:
    """The class names of a folder, in the network's order. SegformerError where it has no config of a SegFormer."""
    config = _config(folder)
    if config.get("model_type") != "segformer":
        found = config.get("model_type", "no model_type")
        raise SegformerError(
            f"{folder} holds {found}, expected segformer: put config.json and model.safetensors of a SegFormer there"
        )
    names = config.get("id2label", {})
    return tuple(str(names[key]) for key in sorted(names, key=int))


def load_segformer(folder: Path, device: torch.device | str = "cpu") -> Segformer:
    """The network of a folder with config.json and model.safetensors; no other kind of file is opened. SegformerError
    where one is missing, or transformers is."""
    names = labels_of(folder)
    if not list(folder.glob("*.safetensors")):
        there = ", ".join(sorted(path.name for path in folder.iterdir()))
        raise SegformerError(
            f"{folder} has no .safetensors file (it has {there}): files of other kinds are not read, for they can run"
            " code; convert the checkpoint, or get its model.safetensors"
        )
    try:
        from transformers import SegformerForSemanticSegmentation
    except ImportError as missing:
        raise SegformerError(
            f"{folder.name} needs the package transformers, which comes with ComfyUI: install it, or choose the default"
        ) from missing
    module = SegformerForSemanticSegmentation.from_pretrained(
        str(folder), local_files_only=True, use_safetensors=True
    )
    return Segformer(_Logits(module.float()).to(device), names, _size(folder), folder.name)


def _config(folder: Path, name: str = "config.json") -> dict:
    path = folder / name
    if not path.is_file():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as damage:
        raise SegformerError(f"{path} is not JSON ({damage}): get it again") from damage


def _size(folder: Path) -> tuple[int, int]:
    """(height, width) of the input."""
    size = _config(folder, "preprocessor_config.json").get("size", {})
    if isinstance(size, int):
        return size, size
    side = size.get("shortest_edge", SIDE)
    return int(size.get("height", side)), int(size.get("width", side))
