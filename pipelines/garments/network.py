"""The regions by an artist's own clothes network, with the limbs told apart by the skeleton."""

from __future__ import annotations

import numpy as np
import torch

from ..geometry.garments import NUMBER, REGIONS
from ..geometry.garments import SKIN as SKINS
from ..models.clothes import ClothesNetwork
from .default import Cells
from .skin import skin_shares
from .tables import SKIN, folded


def network_shares(
    network: ClothesNetwork, crop: torch.Tensor, cells: Cells, default: np.ndarray
) -> np.ndarray:
    """crop (1, 3, H, W) the person's window; default (K, h, w) shares of REGIONS -> (K, h, w) by the network.

    Skin goes to the skeleton's limbs, which know left from right from behind too. What the network does not tell (the
    person's cells that it calls background; hair and skin with labels that have none) is the default's.
    """
    import cv2

    regions = folded(network.names)
    size = default.shape[:0:-1]
    read = network.read(crop).numpy()
    read = np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in read])
    shares, skin = np.zeros_like(default), np.zeros(default.shape[1:], np.float32)
    for plane, region in zip(read, regions, strict=True):
        if region == SKIN or region in SKINS and region != "face":
            skin += plane
        else:
            shares[NUMBER[region]] += plane
    face = shares[NUMBER["face"]].copy()
    shares[NUMBER["face"]] = 0
    for name, share in skin_shares(skin + face, face, cells.body).items():
        shares[NUMBER[name]] += (skin + face) * share
    untold = shares[0] * (1 - default[0])
    shares[0] = default[0]
    rest = default.copy()
    rest[0] = 0
    shares[1:] *= 1 - default[0]
    return shares + untold * rest / np.maximum(rest.sum(0), 1e-6)


assert len(REGIONS) == len(NUMBER)
