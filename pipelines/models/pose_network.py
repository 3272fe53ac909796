"""Body, feet or the whole body of one person in a box, by a SimCC network, with flipped and close-up passes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from ..geometry.landmarks import BODY, FEET, INDEX, LANDMARKS, MIRROR
from .crops import Crop, Pyramid
from .onnx import OnnxError, OnnxGraph, OnnxNetwork
from .rtmpose import RtmPose, UnknownWeights
from .rtmpose_onnx import from_onnx
from .simcc import decode

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
"""ImageNet's statistics, RGB in [0, 1]: mmpose's data_preprocessor of every network of the family."""
PADDING = 1.25
"""The crop is the box times this (mmpose's GetBBoxCenterScale default)."""
ROUTES_AGREE = 1e-2
"""The torch route and the operator table may differ by this much of a logit before the table is preferred."""

HALPE26 = (
    *BODY, "head", "neck", "hip",
    "left_big_toe", "right_big_toe", "left_small_toe", "right_small_toe", "left_heel", "right_heel",
)  # fmt: skip
"""Order of Halpe's 26 points (Fang et al. 2022, AlphaPose, arXiv 2211.03375; Halpe-FullBody's README)."""
assert len(HALPE26) == 26 and set(FEET) <= set(HALPE26)


class PoseNetwork(Protocol):
    """Normalised crops (B, 3, h, w) -> SimCC logits x (B, K, 2w), y (B, K, 2h)."""

    input_size: tuple[int, int]
    score_scale: float
    module: nn.Module

    def __call__(self, crop: Tensor) -> tuple[Tensor, Tensor]: ...


class TorchPose:
    """RTMPose, DWPose or RTMW as torch modules."""

    route = "torch"

    def __init__(self, module: RtmPose):
        self.module = module
        self.input_size = module.architecture.input_size
        self.score_scale = module.architecture.score_scale

    def __call__(self, crop: Tensor) -> tuple[Tensor, Tensor]:
        return self.module(crop)


class GraphPose:
    """Any SimCC network as an ONNX graph, by the operator table."""

    route = "torch (operator table)"

    def __init__(self, graph: OnnxGraph):
        self.module = OnnxNetwork(graph).eval()
        self.score_scale = score_scale_of(graph)
        shape = next(iter(graph.inputs.values()))[2:]
        if len(shape) != 2 or None in shape:
            raise OnnxError(
                f"the pose network's input has shape {shape}: a fixed height and width are needed"
            )
        self.input_size = shape

    def __call__(self, crop: Tensor) -> tuple[Tensor, Tensor]:
        # Exports have a batch of one baked into their reshapes as often as not.
        runs = [self.module(**{self.module.inputs[0]: one}) for one in crop.split(1)]
        x, y = self.module.outputs[:2]
        return torch.cat([run[x] for run in runs]), torch.cat([run[y] for run in runs])


class RuntimePose:
    """The same file by an onnxruntime that is already installed. Never required, only when asked for."""

    route = "onnxruntime"

    def __init__(self, path: Path | str):
        import onnxruntime

        providers = onnxruntime.get_available_providers()
        self.session = onnxruntime.InferenceSession(str(path), providers=providers)
        self.route = f"onnxruntime ({self.session.get_providers()[0]})"
        self.module, self.score_scale = nn.Identity(), score_scale_of(OnnxGraph.load(path))
        self.input_size = tuple(self.session.get_inputs()[0].shape[2:])

    def __call__(self, crop: Tensor) -> tuple[Tensor, Tensor]:
        name = self.session.get_inputs()[0].name
        runs = [self.session.run(None, {name: one.cpu().numpy()}) for one in crop.split(1)]
        return tuple(torch.from_numpy(np.concatenate(axis)) for axis in zip(*runs, strict=True))


def score_scale_of(graph: OnnxGraph) -> float:
    """Architecture.score_scale of an exported graph: only RTMW's head shuffles depth to space."""
    return 10.0 if any(node.operator == "DepthToSpace" for node in graph.nodes) else 1.0


def load_pose_network(path: Path | str, runtime: str = "torch") -> PoseNetwork:
    """A network of the RTMPose family from .onnx or .safetensors; runtime "torch" or "onnxruntime".

    UnknownWeights when a safetensors file is of another family; OnnxError when a graph cannot be run.
    """
    if Path(path).suffix == ".safetensors":
        from safetensors.torch import load_file

        return TorchPose(RtmPose.from_state_dict(load_file(str(path))))
    if runtime == "onnxruntime":
        return RuntimePose(path)
    graph = OnnxGraph.load(path)
    table = GraphPose(graph)
    try:
        torch_route = TorchPose(from_onnx(graph))
    except UnknownWeights:
        return table
    return torch_route if _agree(torch_route, table) else table


def _agree(one: PoseNetwork, other: PoseNetwork) -> bool:
    """Do two routes to one network answer alike? Guards against an export that orders its weights otherwise."""
    crop = (
        torch.linspace(-2, 2, 3 * one.input_size[0] * one.input_size[1]).sin().reshape(1, 3, *one.input_size)
    )
    pairs = zip(one(crop), other(crop), strict=True)
    return all(a.shape == b.shape and (a - b).abs().max() < ROUTES_AGREE for a, b in pairs)


@dataclass(frozen=True, eq=False)
class Reading:
    """Landmarks of one person: points (133, 2), confidence (133,), spread (133,) in picture pixels."""

    points: np.ndarray
    confidence: np.ndarray
    spread: np.ndarray

    def extent(self, least: float = 0.3) -> np.ndarray | None:
        """(4,) x0, y0, x1, y1 of what is seen; None when fewer than three landmarks are."""
        seen = self.points[self.confidence >= least]
        return None if len(seen) < 3 else np.concatenate((seen.min(0), seen.max(0)))


class PoseReader:
    """A pose network, and what is round it: crop, flip, decode, name."""

    def __init__(self, network: PoseNetwork):
        self.network = network
        names = LANDMARKS if self.count() == 133 else HALPE26
        self.own = [i for i, name in enumerate(names) if name in INDEX]
        self.ours = [INDEX[names[i]] for i in self.own]
        mirror = {name: LANDMARKS[MIRROR[INDEX[name]]] for name in LANDMARKS}
        self.mirror = [names.index(mirror.get(name, name)) for name in names]

    def count(self) -> int:
        """How many landmarks the network has: 26 or 133. ValueError for another count."""
        height, width = self.network.input_size
        device = next(self.network.module.parameters(), torch.zeros(1)).device
        x, _ = self.network(torch.zeros(1, 3, height, width, device=device))
        if x.shape[1] not in (26, 133):
            raise ValueError(f"the pose network has {x.shape[1]} landmarks; 26 (Halpe) or 133 are supported")
        return x.shape[1]

    def read(self, picture: Pyramid, box: np.ndarray) -> Reading:
        """Landmarks of the person in the box (x0, y0, x1, y1)."""
        return self.read_boxes(picture, [box])[0]

    @torch.no_grad()
    def read_boxes(self, picture: Pyramid, boxes: list[np.ndarray]) -> list[Reading]:
        """One reading for each box, all in one pass of the network, each averaged with its mirror image's."""
        crops = [self.crop(box) for box in boxes]
        device = next(self.network.module.parameters(), torch.zeros(1)).device
        images = normalised(torch.cat([crop.sample(picture) for crop in crops])).to(device)
        logits = self._averaged(*self.network(torch.cat((images, images.flip(-1)))))
        decoded = (values.cpu().numpy() for values in decode(*logits, self.network.score_scale))
        return [self._named(*one) for one in zip(crops, *decoded, strict=True)]

    def _averaged(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Mean of the plain and the mirrored half of a batch.

        Bin b of 2w is pixel b / 2; its mirror is bin 2w - 2 - b.
        """
        plain_x, mirrored_x = x.chunk(2)
        plain_y, mirrored_y = y.chunk(2)
        back = mirrored_x[:, self.mirror].flip(-1).roll(-1, -1)
        return (plain_x + back) / 2, (plain_y + mirrored_y[:, self.mirror]) / 2

    def crop(self, box: np.ndarray) -> Crop:
        """The network's window for a box: padded, in the input's proportions."""
        height, width = self.network.input_size
        wide, high = (box[2] - box[0]) * PADDING, (box[3] - box[1]) * PADDING
        return Crop(
            ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2),
            max(wide, high * width / height, 1.0),
            (height, width),
        )

    def _named(self, crop: Crop, points: np.ndarray, confidence: np.ndarray, spread: np.ndarray) -> Reading:
        result = Reading(np.zeros((133, 2), np.float32), np.zeros(133, np.float32), np.zeros(133, np.float32))
        result.points[self.ours] = crop.to_picture(points)[self.own]
        result.confidence[self.ours] = confidence[self.own]
        result.spread[self.ours] = spread[self.own] * crop.scale
        return result


def normalised(image: Tensor) -> Tensor:
    """(B, 3, h, w) in [0, 1] -> zero mean, unit deviation by ImageNet's statistics."""
    mean = image.new_tensor(MEAN)[:, None, None]
    return (image - mean) / image.new_tensor(DEVIATION)[:, None, None]
