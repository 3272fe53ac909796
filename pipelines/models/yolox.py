"""YOLOX: where people are in a picture. Runs mmdetection's export (boxes) and DWPose's export (raw) alike.

YOLOX: Ge et al. 2021, arXiv 2107.08430. The input is 0 to 255, BGR, letterboxed to the top left on grey 114.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .crops import Pyramid
from .onnx import OnnxError, OnnxNetwork
from .onnx_operators import suppress

PERSON = 0
"""COCO's first class."""
GREY = 114.0 / 255
STRIDES = (8, 16, 32)
OVERLAP = 0.45
"""Boxes of one person overlap by more than this: YOLOX's own test setting is 0.65 for all classes; DWPose's
0.45 keeps fewer doubles."""


class PersonDetector:
    """A picture -> (n, 5) boxes x0, y0, x1, y1, score of people, largest first."""

    def __init__(self, network: OnnxNetwork, side: int):
        self.network, self.side = network, side

    @staticmethod
    def load(path: Path | str) -> PersonDetector:
        """yolox_tiny (416 pixels), yolox_l (640 pixels) or another size, told by the file's own input."""
        network = OnnxNetwork.load(path).eval()
        height, width = next(iter(network.input_shapes.values()))[2:]
        if height is None or height != width:
            raise OnnxError(
                f"{path}: a detector with a fixed square input is needed, this one's is {height} x {width}"
            )
        return PersonDetector(network, height)

    def detect(self, picture: Pyramid, threshold: float = 0.3) -> np.ndarray:
        """Boxes in picture pixels; (0, 5) when there is nobody."""
        image, ratio = letterbox(picture, self.side)
        device = next(self.network.parameters()).device
        outputs = self.network(**{self.network.inputs[0]: image.to(device) * 255})
        if "dets" in outputs:
            boxes = outputs["dets"][0][outputs["labels"][0] == PERSON]
        else:
            boxes = decoded(next(iter(outputs.values()))[0], self.side)
        boxes = boxes[boxes[:, 4] > threshold].float().cpu().numpy()
        boxes[:, :4] = boxes[:, :4] / ratio - 0.5
        limits = np.array([picture.shape[-1], picture.shape[-2]] * 2) - 1
        boxes[:, :4] = np.clip(boxes[:, :4], 0, limits)
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        return boxes[np.argsort(-area, kind="stable")]


def letterbox(picture: Pyramid, side: int) -> tuple[Tensor, float]:
    """An RGB picture -> (1, 3, side, side) BGR and the factor by which it was resized."""
    height, width = picture.shape[-2:]
    ratio = min(side / height, side / width)
    size = (max(1, int(height * ratio)), max(1, int(width * ratio)))
    level, _ = picture.level(1 / ratio)
    small = F.interpolate(level, size=size, mode="bilinear", antialias=True, align_corners=False)
    return F.pad(small, (0, side - size[1], 0, side - size[0]), value=GREY).flip(1), ratio


def decoded(raw: Tensor, side: int) -> Tensor:
    """(n, 85) raw cells (centre offset, log size, objectness, classes) -> (m, 5) people after suppression."""
    cells = []
    for stride in STRIDES:
        y, x = torch.meshgrid(*(torch.arange(side // stride),) * 2, indexing="ij")
        cells.append(torch.stack((x, y, torch.full_like(x, stride)), -1).reshape(-1, 3))
    cells = torch.cat(cells).to(raw)
    centre = (raw[:, :2] + cells[:, :2]) * cells[:, 2:]
    half = raw[:, 2:4].exp() * cells[:, 2:] / 2
    score = raw[:, 4] * raw[:, 5 + PERSON]
    boxes = torch.cat((centre - half, centre + half, score[:, None]), 1)[score > 0.1]
    return boxes[suppress(boxes[:, :4], boxes[:, 4], OVERLAP, limit=20)]
