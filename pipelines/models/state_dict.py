"""Files of torch's own format (.pth), for networks that exist in no other: read as tensors and nothing else."""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError  # the name of an error that torch raises; nothing is unpickled here

import torch
from torch import Tensor

from .weights import WeightDamaged, WeightError

SAFE_FROM = (2, 6)
"""Before torch 2.6 a file could run code even with weights_only=True (CVE-2025-32434)."""


def read_state_dict(path: Path, device: str = "cpu") -> dict[str, Tensor]:
    """The tensors of a plain state dict by their names, on the device.

    Raises WeightDamaged for a file that is truncated, or holds anything but a table of tensors (nothing in it is
    executed), and WeightError where the torch at hand cannot read such files safely.
    """
    require_safe(torch.__version__)
    try:
        found = torch.load(path, map_location=device, weights_only=True)
    except UnpicklingError as error:
        raise WeightDamaged(_message(path, "it holds more than tensors, or is cut off")) from error
    except (RuntimeError, EOFError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise WeightDamaged(_message(path, "it cannot be read; it may be cut off")) from error
    if not isinstance(found, dict) or not found or not all(map(_is_entry, found.items())):
        raise WeightDamaged(_message(path, f"it holds {type(found).__name__}, not tensors by their names"))
    return dict(found)


def require_safe(version: str) -> None:
    """WeightError for a torch ("2.5.1+cpu") that is too old to read .pth files safely."""
    if tuple(int(number) for number in version.split(".")[:2]) < SAFE_FROM:
        raise WeightError(
            f"torch {version} cannot read .pth files safely: update torch to 2.6 or newer, or choose another backend"
        )


def _is_entry(entry: tuple) -> bool:
    name, value = entry
    return isinstance(name, str) and isinstance(value, Tensor)


def _message(path: Path, reason: str) -> str:
    return f"{path} is not a plain state dict of torch: {reason}. Delete it and fetch it again."
