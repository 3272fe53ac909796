"""The ONNX reader and operator table: literals, damaged files, and onnxruntime's answers on the real networks."""

import struct

import numpy as np
import pytest
import torch
from repose.pipelines.models.onnx import OnnxError, OnnxGraph, OnnxNetwork
from repose.pipelines.models.onnx_operators import OPERATORS, suppress


def field(number: int, content: bytes | int) -> bytes:
    """One protobuf field, for writing tiny ONNX files by hand."""
    if isinstance(content, int):
        return bytes([number << 3]) + varint(content)
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def tensor(name: str, values: list[float]) -> bytes:
    raw = struct.pack(f"<{len(values)}f", *values)
    return field(1, len(values)) + field(2, 1) + field(8, name.encode()) + field(9, raw)


def model(operator: str) -> bytes:
    """y = operator(x, [1, 2, 3])."""
    node = field(1, b"x") + field(1, b"w") + field(2, b"y") + field(4, operator.encode())
    graph = (
        field(1, node)
        + field(5, tensor("w", [1, 2, 3]))
        + field(11, field(1, b"x"))
        + field(12, field(1, b"y"))
    )
    return field(1, 8) + field(7, graph)


def test_runs_a_graph_written_by_hand(tmp_path):
    (tmp_path / "add.onnx").write_bytes(model("Add"))
    network = OnnxNetwork.load(tmp_path / "add.onnx")
    assert network.inputs == ("x",)
    assert network(x=torch.tensor([10.0, 10, 10]))["y"].tolist() == [11, 12, 13]
    assert len(list(network.parameters())) == 1, "weights must be parameters: the host moves those"


def test_unknown_operator_is_named(tmp_path):
    (tmp_path / "odd.onnx").write_bytes(model("Frobnicate"))
    with pytest.raises(OnnxError, match="Frobnicate"):
        OnnxNetwork.load(tmp_path / "odd.onnx")


@pytest.mark.parametrize(
    "content", [b"", b"not a network at all", model("Add")[:40]], ids=["empty", "text", "cut"]
)
def test_damaged_file_is_an_error_that_names_it(tmp_path, content):
    path = tmp_path / "damaged.onnx"
    path.write_bytes(content)
    with pytest.raises(OnnxError, match=r"damaged\.onnx"):
        OnnxGraph.load(path)


def run(operator: str, attributes: dict, *inputs):
    return OPERATORS[operator](attributes, *inputs)


def test_operators_by_literals():
    x = torch.arange(6.0).reshape(2, 3)
    i = torch.tensor
    assert run("Slice", {}, x, i([1]), i([9223372036854775807]), i([1])).tolist() == [[1, 2], [4, 5]]
    assert run("Gather", {"axis": 1}, x, i(-1)).tolist() == [2, 5]
    assert run("Gather", {"axis": 1}, x, i([[0, 2]])).shape == (2, 1, 2)
    assert run("Reshape", {}, x, i([0, -1, 1])).shape == (2, 3, 1)
    assert run("Unsqueeze", {"axes": [0, -1]}, x).shape == (1, 2, 3, 1)
    assert run("ReduceSum", {"axes": [1], "keepdims": 0}, x).tolist() == [3, 12]
    assert run("Clip", {}, x, i(1.0), None).tolist() == [[1, 1, 2], [3, 4, 5]]
    assert run("Flatten", {"axis": 2}, x[None]).shape == (2, 3)
    assert [t.tolist() for t in run("Split", {"axis": 1}, x, i([1, 2]))] == [[[0], [3]], [[1, 2], [4, 5]]]
    assert run("HardSigmoid", {"alpha": 1 / 6}, i([-6.0, 0.0, 6.0])).tolist() == [0, 0.5, 1]


def test_depth_to_space_in_both_orders():
    x = torch.arange(8.0).reshape(1, 8, 1, 1)
    assert run("DepthToSpace", {"blocksize": 2, "mode": "CRD"}, x).tolist() == [
        [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]
    ]
    assert run("DepthToSpace", {"blocksize": 2}, x).tolist() == [[[[0, 2], [4, 6]], [[1, 3], [5, 7]]]]


def test_suppression_keeps_the_best_of_overlapping_boxes():
    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30]])
    assert suppress(boxes, torch.tensor([0.5, 0.9, 0.3]), 0.45, 10).tolist() == [1, 2]
    assert suppress(boxes, torch.tensor([0.5, 0.9, 0.3]), 0.45, 1).tolist() == [1]
    assert suppress(boxes[:0], torch.zeros(0), 0.45, 10).tolist() == []


@pytest.mark.parametrize("id", ["yolox-tiny", "rtmpose-s"])
def test_agrees_with_onnxruntime(weight_path, id):
    onnxruntime = pytest.importorskip("onnxruntime")
    path = weight_path(id)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    shape = [n if isinstance(n, int) else 1 for n in session.get_inputs()[0].shape]
    assert OnnxGraph.load(path).inputs["input"][1:] == tuple(shape[1:])
    image = np.random.default_rng(0).normal(size=shape).astype(np.float32) * (60 if id == "yolox-tiny" else 1)
    expected = session.run(None, {"input": image})
    found = OnnxNetwork.load(path)(input=torch.from_numpy(image))
    for name, values in zip(found, expected, strict=True):
        assert tuple(found[name].shape) == values.shape
        error = np.abs(found[name].numpy() - values).max(initial=0)
        assert error <= 1e-3, f"{name} differs by {error:.1e}"
