"""A drawn picture of clothes, and the map of them: an upper garment over a lower one between bare arms."""

from __future__ import annotations

from math import pi

import numpy as np
import torch
from repose.pipelines.geometry.garments import NUMBER, GarmentMap

SIZE = (640, 480)
UPPER, LOWER = (slice(60, 360), slice(100, 380)), (slice(360, 600), slice(120, 360))
SKIN = (0.72, 0.52, 0.42)


def grid(degrees: float, size: tuple[int, int] = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """Pixels across and along lines whose normal points `degrees` from +x towards +y."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    a = degrees * pi / 180
    return x * np.cos(a) + y * np.sin(a), -x * np.sin(a) + y * np.cos(a)


def cloth(share: np.ndarray, dark=(0.16, 0.2, 0.42), light=(0.82, 0.78, 0.72)) -> np.ndarray:
    """(H, W, 3) of two colours mixed by `share` in [0, 1]."""
    return (
        np.asarray(dark, np.float32) * (1 - share[..., None])
        + np.asarray(light, np.float32) * share[..., None]
    )


def photographed(pixels: np.ndarray, seed: int = 0, folds: float = 0.18, noise: float = 0.015) -> np.ndarray:
    """With the shade of folds that run any way, a lens's blur, and grain."""
    import cv2

    random = np.random.default_rng(seed)
    rough = random.standard_normal((9, 7)).astype(np.float32)
    fine = random.standard_normal((20, 15)).astype(np.float32)
    size = pixels.shape[1::-1]
    shade = 1 + folds * (
        0.7 * cv2.resize(rough, size, interpolation=cv2.INTER_CUBIC)
        + 0.4 * cv2.resize(fine, size, interpolation=cv2.INTER_CUBIC)
    )
    lit = cv2.GaussianBlur(pixels * shade.clip(0.4, 1.7)[..., None], (0, 0), 0.8)
    return (lit + noise * random.standard_normal(pixels.shape)).clip(0, 1).astype(np.float32)


def dressed(upper: np.ndarray, lower: np.ndarray | None = None) -> tuple[torch.Tensor, GarmentMap]:
    """(1, 3, H, W) and its map: pixels (H, W, 3) of each garment on a grey ground, arms and a face beside them."""
    picture = np.full((*SIZE, 3), 0.5, np.float32)
    labels = np.zeros(SIZE, np.uint8)
    for name, place in (
        ("left_arm_skin", (slice(80, 400), slice(390, 430))),
        ("right_arm_skin", (slice(80, 400), slice(50, 90))),
        ("face", (slice(5, 55), slice(215, 260))),
    ):
        labels[place], picture[place] = NUMBER[name], SKIN
    labels[UPPER], picture[UPPER] = NUMBER["upper"], upper[UPPER]
    if lower is not None:
        labels[LOWER], picture[LOWER] = NUMBER["lower"], lower[LOWER]
    number = torch.from_numpy(labels)[None, None]
    matte = (number > 0).float()
    whole = torch.from_numpy(picture).permute(2, 0, 1)[None]
    return whole, GarmentMap(number, torch.zeros_like(matte), matte)
