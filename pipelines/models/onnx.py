"""A small reader of ONNX files and a torch module that runs their graphs, without onnx, protobuf or onnxruntime.

Read-only and only what inference needs: nodes, attributes, initialisers. Field numbers: onnx.proto of ONNX 1.x
(ModelProto.graph = 7; GraphProto node 1, initializer 5, input 11, output 12; NodeProto input 1, output 2,
op_type 4, attribute 5; AttributeProto name 1, f 2, i 3, s 4, t 5, floats 7, ints 8; TensorProto dims 1,
data_type 2, float_data 4, int32_data 5, int64_data 7, name 8, raw_data 9). Wire format: protobuf's "Encoding".
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .onnx_operators import OPERATORS

_DTYPES = {1: "<f4", 2: "u1", 3: "i1", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8"}
"""TensorProto.DataType -> numpy, the ones that appear in the networks we run."""


class OnnxError(RuntimeError):
    """The file is not an ONNX network, or uses something that this reader does not know."""


@dataclass(frozen=True)
class OnnxNode:
    """One operation. inputs and outputs are value names, "" for an optional input left out."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict = field(default_factory=dict)


@dataclass(frozen=True)
class OnnxGraph:
    """A graph in topological order, with its constants. inputs: name -> shape, None for a free dimension."""

    nodes: tuple[OnnxNode, ...]
    initialisers: dict[str, Tensor]
    inputs: dict[str, tuple[int | None, ...]]
    outputs: tuple[str, ...]

    @staticmethod
    def load(path: Path | str) -> OnnxGraph:
        """Read a file. OnnxError names the file when it is not an ONNX network."""
        try:
            with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                # Every tensor is copied out of the map, so that the file can be closed (and deleted) at once.
                with memoryview(data) as view:
                    return _graph(view)
        except (ValueError, IndexError, struct.error, UnicodeDecodeError) as error:
            raise OnnxError(f"{path} is not a readable ONNX network ({error})") from error


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, at
        shift += 7


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(field number, integer or bytes) of one protobuf message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
        else:
            if kind == 2:
                length, at = _varint(data, at)
            elif kind in (1, 5):
                length = 8 if kind == 1 else 4
            else:
                raise ValueError(f"wire type {kind} at byte {at}")
            if at + length > len(data):
                raise ValueError("it ends too early")
            value, at = data[at : at + length], at + length
        yield key >> 3, value


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _integers(value: int | memoryview) -> list[int]:
    """A repeated integer field: one value, or many of them packed."""
    if isinstance(value, int):
        return [_signed(value)]
    numbers, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        numbers.append(_signed(number))
    return numbers


def _text(value: memoryview) -> str:
    return bytes(value).decode()


def _tensor(data: memoryview) -> tuple[str, Tensor]:
    name, kind, shape, raw, numbers = "", 1, [], None, []
    for number, value in _fields(data):
        if number == 1:
            shape += _integers(value)
        elif number == 2:
            kind = value
        elif number == 8:
            name = _text(value)
        elif number == 9:
            raw = bytes(value)
        elif number == 4:
            numbers += np.frombuffer(bytes(value), "<f4").tolist()
        elif number in (5, 7):
            numbers += _integers(value)
    if kind not in _DTYPES:
        raise ValueError(f"tensor {name} has data type {kind}, which is not supported")
    array = np.array(numbers, _DTYPES[kind]) if raw is None else np.frombuffer(raw, _DTYPES[kind]).copy()
    return name, torch.from_numpy(array.reshape(shape))


def _attribute(data: memoryview) -> tuple[str, object]:
    name, value, floats, integers = "", None, [], []
    for number, content in _fields(data):
        if number == 1:
            name = _text(content)
        elif number == 2:
            value = struct.unpack("<f", content)[0]
        elif number == 3:
            value = _signed(content)
        elif number == 4:
            value = _text(content)
        elif number == 5:
            value = _tensor(content)[1]
        elif number == 7:
            floats += np.frombuffer(bytes(content), "<f4").tolist()
        elif number == 8:
            integers += _integers(content)
    return name, next((v for v in (value, floats or None, integers or None) if v is not None), [])


def _node(data: memoryview) -> OnnxNode:
    inputs, outputs, operator, attributes = [], [], "", {}
    for number, value in _fields(data):
        if number == 1:
            inputs.append(_text(value))
        elif number == 2:
            outputs.append(_text(value))
        elif number == 4:
            operator = _text(value)
        elif number == 5:
            name, content = _attribute(value)
            attributes[name] = content
    return OnnxNode(operator, tuple(inputs), tuple(outputs), attributes)


def _inside(data: memoryview, *path: int) -> list[memoryview]:
    """The messages at the end of a path of field numbers."""
    found = [data]
    for wanted in path:
        found = [value for one in found for number, value in _fields(one) if number == wanted]
    return found


def _value(data: memoryview) -> tuple[str, tuple[int | None, ...]]:
    """Name and shape of a graph's input or output (ValueInfoProto name 1, type 2: tensor 1, shape 2, dim 1)."""
    name = _text(_inside(data, 1)[0])
    dimensions = _inside(data, 2, 1, 2, 1)
    return name, tuple(next((v for n, v in _fields(d) if n == 1), None) for d in dimensions)


def _graph(data: memoryview) -> OnnxGraph:
    graph = next((value for number, value in _fields(data) if number == 7), None)
    if graph is None or isinstance(graph, int):
        raise ValueError("it has no graph")
    nodes, initialisers, inputs, outputs = [], {}, {}, []
    for number, value in _fields(graph):
        if number == 1:
            nodes.append(_node(value))
        elif number == 5:
            name, tensor = _tensor(value)
            initialisers[name] = tensor
        elif number == 11:
            name, shape = _value(value)
            inputs[name] = shape
        elif number == 12:
            outputs.append(_value(value)[0])
    inputs = {name: shape for name, shape in inputs.items() if name not in initialisers}
    return OnnxGraph(tuple(nodes), initialisers, inputs, tuple(outputs))


class OnnxNetwork(nn.Module):
    """Runs a graph with torch's operators on whatever device the module is on.

    Floating-point initialisers of more than one element are parameters (they move with `.to`, and a host can
    manage their memory); integers are kept on the CPU, where shapes are computed.
    """

    def __init__(self, graph: OnnxGraph):
        super().__init__()
        unknown = sorted({node.operator for node in graph.nodes} - set(OPERATORS))
        if unknown:
            raise OnnxError(f"operators that are not supported: {', '.join(unknown)}")
        self.nodes, self.inputs, self.outputs = graph.nodes, tuple(graph.inputs), graph.outputs
        self.input_shapes = graph.inputs
        self.constants, self.slots = {}, {}
        for name, tensor in graph.initialisers.items():
            if tensor.is_floating_point() and tensor.numel() > 1:
                self.slots[name] = f"weight_{len(self.slots)}"
                self.register_parameter(self.slots[name], nn.Parameter(tensor.float(), requires_grad=False))
            else:
                self.constants[name] = tensor
        self.last_use = {name: i for i, node in enumerate(graph.nodes) for name in node.inputs}

    @staticmethod
    def load(path: Path | str) -> OnnxNetwork:
        """Read a file into a module. OnnxError when it cannot be run."""
        return OnnxNetwork(OnnxGraph.load(path))

    @torch.no_grad()
    def forward(self, **inputs: Tensor) -> dict[str, Tensor]:
        """The graph's inputs by name -> its outputs by name."""
        values = {**self.constants, **inputs}
        values.update({name: getattr(self, slot) for name, slot in self.slots.items()})
        for i, node in enumerate(self.nodes):
            arguments = [values[name] if name else None for name in node.inputs]
            results = OPERATORS[node.operator](node.attributes, *arguments)
            results = results if isinstance(results, tuple) else (results,)
            values.update(zip(node.outputs, results, strict=False))
            for name in set(node.inputs):
                if self.last_use.get(name) == i and name not in self.outputs:
                    values.pop(name, None)
        return {name: values[name] for name in self.outputs}
