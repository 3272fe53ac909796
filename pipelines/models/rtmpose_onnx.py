"""RTMPose and DWPose from their exported ONNX files: the initialisers, given back the names they had in mmpose.

An exporter folds normalisation into the convolutions and renames most weights to numbers, but keeps the order of
operations. So the graph's convolutions in order are the module's convolutions in call order, and so for the
matrix products; scales and offsets are told by their shape.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .onnx import OnnxGraph, OnnxNode
from .rtmpose import Architecture, RtmPose, Stage, UnknownWeights


def from_onnx(graph: OnnxGraph) -> RtmPose:
    """Build the torch network. UnknownWeights when the graph is not of RTMPose's plain kind (no neck)."""
    try:
        network = RtmPose(_architecture(graph))
        state = {**_convolutions(graph, network), **_head(graph)}
        network.load_state_dict(state, strict=True)
    except (KeyError, IndexError, StopIteration, RuntimeError, ValueError) as error:
        raise UnknownWeights(f"this ONNX graph is not a plain RTMPose: {error}") from error
    return network.requires_grad_(False).eval()


def _convolution_nodes(graph: OnnxGraph) -> list[OnnxNode]:
    return [node for node in graph.nodes if node.operator == "Conv"]


def _products(graph: OnnxGraph) -> list[Tensor]:
    """The weights of the matrix products with a constant, in order: mlp, uv, o, cls_x, cls_y."""
    constants = graph.initialisers
    names = [n.inputs[1] for n in graph.nodes if n.operator == "MatMul" and n.inputs[1] in constants]
    if len(names) != 5:
        raise ValueError(f"{len(names)} matrix products with constants, expected 5")
    return [constants[name] for name in names]


def _architecture(graph: OnnxGraph) -> Architecture:
    convolutions = [
        (graph.initialisers[node.inputs[1]].shape, node.attributes.get("strides", [1, 1])[0])
        for node in _convolution_nodes(graph)
    ]
    # The stem's first convolution and the first of each stage halve the picture.
    starts = [i for i, (shape, stride) in enumerate(convolutions) if stride == 2]
    if len(starts) != 5 or starts[:2] != [0, 3]:
        raise ValueError(f"its down-sampling convolutions are numbers {starts}")
    bounds = [*starts[1:], len(convolutions) - 1]
    shapes = [shape for shape, _ in convolutions]
    stages = [_stage(shapes[a:b]) for a, b in zip(bounds, bounds[1:], strict=False)]
    mlp, uv, out, x, y = _products(graph)
    return Architecture(
        stem=tuple(shape[0] for shape in shapes[:3]),
        stages=tuple(stages),
        neck_blocks=0,
        two_scale=False,
        keypoints=shapes[-1][0],
        kernel=shapes[-1][2],
        hidden=mlp.shape[1],
        attention=uv.shape[1] - 2 * out.shape[0],
        expanded=out.shape[0],
        bins=(x.shape[1], y.shape[1]),
    )


def _stage(shapes: list[torch.Size]) -> Stage:
    """From one stage's convolution shapes: the first halves, a depthwise one is in each block."""
    width = shapes[0][0]
    blocks = sum(shape[1] == 1 and shape[2] > 1 for shape in shapes)
    pyramid = tuple(shapes[2][:2]) == (width, 2 * width)
    attention = len(shapes) - (1 + 2 * pyramid + 3 + 3 * blocks)
    if attention not in (0, 1):
        raise ValueError(f"a stage of width {width} has {len(shapes)} convolutions for {blocks} blocks")
    return Stage(width, blocks, pyramid, bool(attention))


def _call_order(network: RtmPose) -> list[str]:
    """Names of the convolutions in the order in which a forward pass calls them."""
    names = {module: name for name, module in network.named_modules() if isinstance(module, torch.nn.Conv2d)}
    called = []
    hooks = [module.register_forward_pre_hook(lambda m, _: called.append(names[m])) for module in names]
    height, width = network.architecture.input_size
    network(torch.zeros(1, 3, height, width))
    for hook in hooks:
        hook.remove()
    return called


def _convolutions(graph: OnnxGraph, network: RtmPose) -> dict[str, Tensor]:
    state = {}
    for name, node in zip(_call_order(network), _convolution_nodes(graph), strict=True):
        state[f"{name}.weight"] = graph.initialisers[node.inputs[1]].float()
        state[f"{name}.bias"] = graph.initialisers[node.inputs[2]].float()
    return state


def _head(graph: OnnxGraph) -> dict[str, Tensor]:
    mlp, uv, out, x, y = (product.float().t().contiguous() for product in _products(graph))
    hidden, attention = mlp.shape[0], uv.shape[0] - 2 * out.shape[1]

    def constants(operator: str, size: int) -> list[Tensor]:
        """Constants of an elementwise operation with `size` values, in order."""
        nodes = [n for n in graph.nodes if n.operator == operator]
        values = [graph.initialisers[i] for n in nodes for i in n.inputs if i in graph.initialisers]
        return [v.float() for v in values if v.numel() == size and v.ndim > 0]

    first, second = constants("Mul", 1)
    return {
        "head.mlp.0.g": first,
        "head.mlp.1.weight": mlp,
        "head.gau.uv.weight": uv,
        "head.gau.o.weight": out,
        "head.gau.gamma": constants("Mul", 2 * attention)[0].reshape(2, attention),
        "head.gau.beta": constants("Add", 2 * attention)[0].reshape(2, attention),
        "head.gau.ln.g": second,
        "head.gau.res_scale.scale": next(v for v in constants("Mul", hidden) if v.ndim == 1),
        "head.cls_x.weight": x,
        "head.cls_y.weight": y,
    }
