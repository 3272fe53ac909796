"""Which clothes network Garment Segmentation uses, and of whom."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from comfy_api.latest import io

from ..pipelines.batches import each
from ..pipelines.garments.tables import folded
from ..pipelines.geometry.keypoints import Keypoints
from ..pipelines.models.segformer import ClothesNetwork, is_segformer, labels_of, load_segformer
from ..pipelines.people import THE_LARGEST
from . import host, networks

DEFAULT = "default"


def backend_input() -> io.Input:
    """The default, and the SegFormer folders that are here."""
    return io.Combo.Input(
        "backend",
        options=[DEFAULT, *_folders()],
        default=DEFAULT,
        tooltip="default: the network of Person Mask, the skeleton and the colours. Or your own SegFormer for clothes:"
        " put its folder (config.json and model.safetensors; labels of ATR, LIP, CIHP, Fashionpedia or CCP) into"
        " models/repose and press R.",
    )


def network(backend: str) -> ClothesNetwork | None:
    """The artist's network by its folder's name, loaded; None for the default. Its labels are checked first."""
    if backend == DEFAULT:
        return None
    folder = _folders().get(backend)
    if folder is None:
        places = ", ".join(map(str, host.models_folders()))
        raise ValueError(f"{backend} is in none of {places}: put the folder there, or choose another")
    folded(labels_of(folder))
    times = [(str(path), path.stat().st_mtime_ns) for path in sorted(folder.iterdir())]
    build = partial(load_segformer, folder, host.device())
    return host.resident("clothes", (host.device(), *times), build)


def people(pictures: torch.Tensor, given: list[Keypoints] | None) -> list[Keypoints]:
    """Each picture's person: as given, or the largest."""
    if given is not None:
        return each(given, len(pictures), "keypoints")
    return networks.people(pictures, networks.AUTOMATIC, THE_LARGEST, "torch", None)


def _folders() -> dict[str, Path]:
    """SegFormer folders in the models folders by their names."""
    found = {}
    for folder in host.models_folders():
        inside = sorted(folder.iterdir()) if folder.is_dir() else []
        found |= {path.name: path for path in inside if path.name not in found and is_segformer(path)}
    return found
