"""The ONNX operators that the keypoint and detection networks use, in torch.

Each entry takes the node's attributes and its inputs (None for one left out) and returns a tensor or a tuple.
Semantics: the ONNX operator specification, opset 11 to 17. Shapes are int64 tensors on the CPU.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_TORCH_TYPES = {
    1: torch.float32,
    2: torch.uint8,
    3: torch.int8,
    6: torch.int32,
    7: torch.int64,
    9: torch.bool,
    10: torch.float16,
    11: torch.float64,
}

ELSEWHERE = "this ONNX file cannot be run in torch; choose the runtime onnxruntime, or another file"


def _numbers(value: Tensor | list | int | None) -> list[int] | None:
    if value is None:
        return None
    if isinstance(value, Tensor):
        return [int(v) for v in value.flatten().tolist()]
    return [value] if isinstance(value, int) else list(value)


def _together(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Shapes and scalars live on the CPU; move them to where the data is."""
    device = next((t.device for t in tensors if t.device.type != "cpu"), tensors[0].device)
    return tuple(t.to(device) for t in tensors)


def _binary(function):
    return lambda a, x, y: function(*_together(x, y))


def _pads(attributes: dict, dimensions: int) -> list[int]:
    return attributes.get("pads") or [0] * (2 * dimensions)


def _padded(x: Tensor, pads: list[int], value: float) -> Tensor:
    """ONNX writes all begins, then all ends, first axis first; torch the other way round, pairwise."""
    n = len(pads) // 2
    return F.pad(x, [p for i in reversed(range(n)) for p in (pads[i], pads[n + i])], value=value)


def conv(a, x, weight, bias=None):
    dimensions = weight.ndim - 2
    if dimensions != 2:
        raise ValueError(f"a Conv with {dimensions} spatial dimensions: {ELSEWHERE}")
    pads = _pads(a, 2)
    if pads[:2] != pads[2:]:
        x, pads = _padded(x, pads, 0.0), [0, 0]
    ones = [1, 1]
    return F.conv2d(
        x, weight, bias, a.get("strides", ones), pads[:2], a.get("dilations", ones), a.get("group", 1)
    )


def max_pool(a, x):
    kernel, pads = a["kernel_shape"], _pads(a, 2)
    ceil = bool(a.get("ceil_mode", 0))
    strides = a.get("strides", [1] * len(kernel))
    return F.max_pool2d(_padded(x, pads, float("-inf")), kernel, strides, ceil_mode=ceil)


def resize(a, x, roi=None, scales=None, sizes=None):
    if sizes is not None:
        size = _numbers(sizes)[2:]
    else:
        size = [int(n * s) for n, s in zip(x.shape[2:], scales.tolist()[2:], strict=True)]
    if a.get("mode", "nearest") == "nearest":
        # "asymmetric" with "floor", what torch exports for nearest up-sampling, is F.interpolate's own rule.
        return F.interpolate(x, size=size, mode="nearest")
    corners = a.get("coordinate_transformation_mode", "half_pixel") == "align_corners"
    return F.interpolate(x, size=size, mode="bilinear", align_corners=corners)


def reshape(a, x, shape):
    sizes = [x.shape[i] if n == 0 else n for i, n in enumerate(_numbers(shape))]
    return x.reshape(sizes)


def slice_(a, x, starts=None, ends=None, axes=None, steps=None):
    starts, ends = _numbers(a.get("starts", starts)), _numbers(a.get("ends", ends))
    axes = _numbers(a.get("axes", axes)) or list(range(len(starts)))
    steps = _numbers(steps) or [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step < 0:
            raise ValueError(f"a Slice with step {step}: {ELSEWHERE}")
        index = [slice(None)] * x.ndim
        index[axis] = slice(start, min(end, x.shape[axis]), step)
        x = x[tuple(index)]
    return x


def gather(a, x, indices):
    axis = a.get("axis", 0) % x.ndim
    indices = indices.to(x.device)
    indices = torch.where(indices < 0, indices + x.shape[axis], indices).long()
    flat = x.index_select(axis, indices.flatten())
    return flat.reshape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def squeeze(a, x, axes=None):
    axes = _numbers(a.get("axes", axes))
    return x.squeeze() if axes is None else x.squeeze(tuple(axes))


def unsqueeze(a, x, axes=None):
    axes = _numbers(a.get("axes", axes))
    for axis in sorted(n % (x.ndim + len(axes)) for n in axes):
        x = x.unsqueeze(axis)
    return x


def split(a, x, sizes=None):
    sizes, axis = _numbers(a.get("split", sizes)), a.get("axis", 0)
    return tuple(x.split(sizes, axis)) if sizes else tuple(x.chunk(a.get("num_outputs", 2), axis))


def clip(a, x, low=None, high=None):
    low = a.get("min") if low is None else low.item()
    high = a.get("max") if high is None else high.item()
    return x if low is None and high is None else x.clamp(low, high)


def _reduce(function):
    def run(a, x, axes=None):
        axes = _numbers(a.get("axes", axes)) or list(range(x.ndim))
        return function(x, axes, bool(a.get("keepdims", 1)))

    return run


def flatten(a, x):
    axis = a.get("axis", 1)
    first = 1
    for n in x.shape[:axis]:
        first *= n
    return x.reshape(first, -1)


def top_k(a, x, k):
    axis = a.get("axis", -1)
    count = min(int(k), x.shape[axis])
    return tuple(x.topk(count, axis, bool(a.get("largest", 1)), bool(a.get("sorted", 1))))


def batch_norm(a, x, scale, bias, mean, variance):
    return F.batch_norm(x, mean, variance, scale, bias, eps=a.get("epsilon", 1e-5))


def gemm(a, x, y, z=None):
    x = x.t() if a.get("transA") else x
    y = y.t() if a.get("transB") else y
    result = a.get("alpha", 1.0) * (x @ y)
    return result if z is None else result + a.get("beta", 1.0) * z


def overlap(box: Tensor, boxes: Tensor) -> Tensor:
    """(4,) and (n, 4) corners -> (n,) intersection over union."""
    low, high = torch.maximum(box[:2], boxes[:, :2]), torch.minimum(box[2:], boxes[:, 2:])
    shared = (high - low).clamp(min=0).prod(1)
    area = (box[2:] - box[:2]).clamp(min=0).prod() + (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(1)
    return shared / (area - shared).clamp(min=1e-9)


def suppress(boxes: Tensor, scores: Tensor, threshold: float, limit: int) -> Tensor:
    """Greedy non-maximum suppression: (n, 4) corners, (n,) scores -> indices, best first."""
    order, kept = scores.argsort(descending=True, stable=True), []
    while order.numel() and len(kept) < limit:
        best, order = order[0], order[1:]
        kept.append(best)
        order = order[overlap(boxes[best], boxes[order]) <= threshold]
    return torch.stack(kept) if kept else order.new_zeros(0)


def non_max_suppression(a, boxes, scores, limit=None, iou=None, score=None):
    """(batch, n, 4), (batch, classes, n) -> (m, 3) of batch, class, box."""
    limit = int(limit) if limit is not None else 0
    iou, score = float(iou or 0.0), float(score) if score is not None else float("-inf")
    if a.get("center_point_box", 0):
        boxes = torch.cat((boxes[..., :2] - boxes[..., 2:] / 2, boxes[..., :2] + boxes[..., 2:] / 2), -1)
    chosen = []
    for batch in range(scores.shape[0]):
        for label in range(scores.shape[1]):
            candidates = (scores[batch, label] > score).nonzero().flatten()
            kept = suppress(boxes[batch][candidates], scores[batch, label][candidates], iou, limit)
            kept = candidates[kept]
            head = kept.new_tensor([batch, label]).expand(len(kept), 2)
            chosen.append(torch.cat((head, kept[:, None]), 1))
    return torch.cat(chosen)


def depth_to_space(a, x):
    size = a["blocksize"]
    if a.get("mode", "DCR") == "CRD":
        return F.pixel_shuffle(x, size)
    batch, channels, height, width = x.shape
    blocks = x.reshape(batch, size, size, channels // size**2, height, width).permute(0, 3, 4, 1, 5, 2)
    return blocks.reshape(batch, channels // size**2, height * size, width * size)


def constant_of_shape(a, shape):
    value = a.get("value", torch.zeros(1))
    return torch.full(_numbers(shape), value.item(), dtype=value.dtype)


OPERATORS = {
    "Add": _binary(torch.add),
    "BatchNormalization": batch_norm,
    "Cast": lambda a, x: x.to(_TORCH_TYPES[a["to"]]),
    "Ceil": lambda a, x: x.ceil(),
    "Clip": clip,
    "Concat": lambda a, *x: torch.cat(_together(*x), a["axis"]),
    "Constant": lambda a: a["value"] if "value" in a else torch.tensor(next(iter(a.values()))),
    "ConstantOfShape": constant_of_shape,
    "Conv": conv,
    "DepthToSpace": depth_to_space,
    "Div": _binary(lambda x, y: x / y if x.is_floating_point() else torch.div(x, y, rounding_mode="trunc")),
    "Equal": _binary(torch.eq),
    "Exp": lambda a, x: x.exp(),
    "Expand": lambda a, x, shape: x * torch.ones(_numbers(shape), dtype=x.dtype, device=x.device),
    "Flatten": flatten,
    "Floor": lambda a, x: x.floor(),
    "Gather": gather,
    "Gemm": gemm,
    "GlobalAveragePool": lambda a, x: x.mean(tuple(range(2, x.ndim)), keepdim=True),
    "Greater": _binary(torch.gt),
    "HardSigmoid": lambda a, x: (a.get("alpha", 0.2) * x + a.get("beta", 0.5)).clamp(0, 1),
    "Identity": lambda a, x: x,
    "LeakyRelu": lambda a, x: F.leaky_relu(x, a.get("alpha", 0.01)),
    "Less": _binary(torch.lt),
    "MatMul": _binary(torch.matmul),
    "Max": _binary(torch.maximum),
    "MaxPool": max_pool,
    "Min": _binary(torch.minimum),
    "Mul": _binary(torch.mul),
    "NonMaxSuppression": non_max_suppression,
    "Pow": _binary(torch.pow),
    "ReduceL2": _reduce(lambda x, axes, keep: x.pow(2).sum(axes, keep).sqrt()),
    "ReduceMax": _reduce(lambda x, axes, keep: x.amax(axes, keep)),
    "ReduceMean": _reduce(lambda x, axes, keep: x.mean(axes, keep)),
    "ReduceSum": _reduce(lambda x, axes, keep: x.sum(axes, keep)),
    "Relu": lambda a, x: x.relu(),
    "Reshape": reshape,
    "Resize": resize,
    "Shape": lambda a, x: torch.tensor(x.shape, dtype=torch.int64),
    "Sigmoid": lambda a, x: x.sigmoid(),
    "Slice": slice_,
    "Softmax": lambda a, x: x.softmax(a.get("axis", -1)),
    "Split": split,
    "Sqrt": lambda a, x: x.sqrt(),
    "Squeeze": squeeze,
    "Sub": _binary(torch.sub),
    "TopK": top_k,
    "Transpose": lambda a, x: x.permute(a.get("perm", list(range(x.ndim))[::-1])),
    "Unsqueeze": unsqueeze,
    "Where": lambda a, c, x, y: torch.where(*_together(c, x, y)),
}
