"""Which clothes network Garment Segmentation uses, and of whom."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from comfy_api.latest import io

from ..pipelines.batches import each
from ..pipelines.garments.tables import folded
from ..pipelines.geometry.keypoints import Keypoints
from ..pipelines.models.clothes import CLOTH_FILE, ClothesNetwork, is_clothes, load_clothes, names_of
from ..pipelines.people import THE_LARGEST
from . import host, networks

DEFAULT = "default"


def backend_input() -> io.Input:
    """The default, and the artist's own networks that are here."""
    return io.Combo.Input(
        "backend",
        options=[DEFAULT, *_own()],
        default=DEFAULT,
        tooltip="default: the network of Person Mask, the skeleton and the colours. Or your own SegFormer for clothes:"
        " put its folder (config.json and model.safetensors; labels of ATR, LIP, CIHP, Fashionpedia or CCP) into"
        f" models/repose and press R. {CLOTH_FILE} (176 MB, slow on a CPU) is taken there too.",
    )


def network(backend: str) -> ClothesNetwork | None:
    """The artist's network by its name, loaded; None for the default. Its labels are checked first."""
    if backend == DEFAULT:
        return None
    path = _own().get(backend)
    if path is None:
        places = ", ".join(map(str, host.models_folders()))
        raise ValueError(f"{backend} is in none of {places}: put it there, or choose another")
    folded(names_of(path))
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    times = [(str(file), file.stat().st_mtime_ns) for file in files]
    build = partial(load_clothes, path, host.device())
    return host.resident("clothes", (host.device(), *times), build)


def people(pictures: torch.Tensor, given: list[Keypoints] | None) -> list[Keypoints]:
    """Each picture's person: as given, or the largest."""
    if given is not None:
        return each(given, len(pictures), "keypoints")
    return networks.people(pictures, networks.AUTOMATIC, THE_LARGEST, "torch", None)


def _own() -> dict[str, Path]:
    """Clothes networks in the models folders by their names."""
    found = {}
    for folder in host.models_folders():
        inside = sorted(folder.iterdir()) if folder.is_dir() else []
        found |= {path.name: path for path in inside if path.name not in found and is_clothes(path)}
    return found
