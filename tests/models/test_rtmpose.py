"""The RTMPose family: built from weights of any of its kinds, strictly; the real file against onnxruntime."""

import numpy as np
import pytest
import torch
from repose.pipelines.models.onnx import OnnxGraph
from repose.pipelines.models.pose_network import PoseReader, load_pose_network
from repose.pipelines.models.rtmpose import Architecture, RtmPose, Stage, UnknownWeights, folded
from repose.pipelines.models.rtmpose_onnx import from_onnx
from safetensors.torch import save_file


def architecture(two_scale: bool, neck: bool, keypoints: int = 133) -> Architecture:
    """A small network of the family: RTMPose's shape, with or without RTMW's neck and head."""
    stages = (
        Stage(8, 1, False, True),
        Stage(16, 2, False, True),
        Stage(32, 2, False, True),
        Stage(64, 1, True, True),
    )
    return Architecture(
        stem=(4, 4, 8),
        stages=stages,
        neck_blocks=2 if neck else 0,
        two_scale=two_scale,
        keypoints=keypoints,
        kernel=7,
        hidden=16,
        attention=8,
        expanded=32,
        bins=(96 * 2, 128 * 2),
    )


def random_network(kind: Architecture) -> RtmPose:
    torch.manual_seed(0)
    return RtmPose(kind).eval()


def with_norms(state: dict) -> dict:
    """The same network as mmpose saves it: convolutions without bias, followed by batch normalisation."""
    result = dict(state)
    for name in [n for n in state if n.endswith(".conv.bias")]:
        base = name[: -len(".conv.bias")]
        factor = torch.rand(state[name].shape) + 0.5
        variance, mean = torch.rand(factor.shape) + 0.1, torch.randn(factor.shape)
        gain = factor * (variance + 1e-5).sqrt()
        result[f"{base}.conv.weight"] = state[f"{base}.conv.weight"] / factor[:, None, None, None]
        result |= {
            f"{base}.bn.weight": gain,
            f"{base}.bn.running_var": variance,
            f"{base}.bn.running_mean": mean,
        }
        result[f"{base}.bn.bias"] = state[name] + mean * factor
        result[f"{base}.bn.num_batches_tracked"] = torch.tensor(1)
        del result[name]
    return result


@pytest.mark.parametrize("two_scale", [False, True], ids=["rtmpose", "rtmw"])
@pytest.mark.parametrize("prefix", ["", "model.", "module.rtmw."])
def test_round_trip_through_safetensors_in_mmposes_names(tmp_path, two_scale, prefix):
    kind = architecture(two_scale, neck=two_scale)
    network = random_network(kind)
    saved = {prefix + name: value.contiguous() for name, value in with_norms(network.state_dict()).items()}
    save_file(saved, tmp_path / "weights.safetensors")
    loaded = load_pose_network(tmp_path / "weights.safetensors")
    assert loaded.module.architecture == kind
    assert loaded.input_size == (128, 96)
    crop = torch.randn(2, 3, 128, 96)
    for expected, found in zip(network(crop), loaded(crop), strict=True):
        assert found.shape == expected.shape
        assert torch.allclose(found, expected, atol=1e-4), (found - expected).abs().max()


def test_names_are_those_of_mmpose():
    names = set(random_network(architecture(two_scale=True, neck=True)).state_dict())
    assert {
        "backbone.stem.0.conv.weight",
        "backbone.stage4.1.conv2.conv.weight",
        "backbone.stage4.2.blocks.0.conv2.depthwise_conv.conv.weight",
        "backbone.stage1.1.attention.fc.weight",
        "neck.reduce_layers.0.conv.weight",
        "neck.top_down_blocks.1.blocks.1.conv1.conv.weight",
        "neck.bottom_up_blocks.0.final_conv.conv.weight",
        "neck.downsamples.1.conv.weight",
        "head.conv_dec.conv.weight",
        "head.final_layer2.conv.weight",
        "head.mlp2.1.weight",
        "head.gau.res_scale.scale",
        "head.gau.ln.g",
        "head.cls_y.weight",
    } <= names


def test_other_weights_are_refused():
    with pytest.raises(UnknownWeights, match=r"backbone\.stem\.0\.conv\.weight"):
        RtmPose.from_state_dict({"conv1.weight": torch.zeros(1)})
    state = random_network(architecture(False, False)).state_dict()
    state["head.surprise"] = torch.zeros(1)
    with pytest.raises(UnknownWeights, match="surprise"):
        RtmPose.from_state_dict(state)
    del state["head.surprise"], state["head.gau.uv.weight"]
    with pytest.raises(UnknownWeights, match="gau"):
        RtmPose.from_state_dict(state)


def test_folding_is_the_same_function():
    torch.manual_seed(1)
    layers = torch.nn.Sequential()
    layers.add_module("conv", torch.nn.Conv2d(3, 5, 3, bias=False))
    layers.add_module("bn", torch.nn.BatchNorm2d(5))
    layers.bn.running_mean.normal_(), layers.bn.running_var.uniform_(0.5, 2), layers.bn.weight.data.normal_()
    layers.eval()
    state = folded({f"x.{name}": value for name, value in layers.state_dict().items()})
    image = torch.randn(1, 3, 8, 8)
    result = torch.nn.functional.conv2d(image, state["x.conv.weight"], state["x.conv.bias"])
    assert torch.allclose(result, layers(image), atol=1e-5)


def test_real_file_agrees_with_onnxruntime(weight_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    path = weight_path("rtmpose-s")
    network = from_onnx(OnnxGraph.load(path))
    assert network.architecture.keypoints == 26 and network.architecture.input_size == (256, 192)
    crop = np.random.default_rng(0).normal(size=(1, 3, 256, 192)).astype(np.float32)
    expected = onnxruntime.InferenceSession(str(path)).run(None, {"input": crop})
    for values, found in zip(expected, network(torch.from_numpy(crop)), strict=True):
        error = np.abs(values - found.numpy()).max()
        assert error <= 1e-3, f"differs by {error:.1e}"


def test_the_torch_route_is_taken_for_the_real_file(weight_path):
    assert load_pose_network(weight_path("rtmpose-s")).route == "torch"


def test_flip_averaging_mirrors_names_and_bins():
    """A network that knows nothing of sides: its answer must not change when the picture is mirrored."""

    class Brightest:
        input_size, score_scale, module = (64, 48), 1.0, torch.nn.Identity()

        def __call__(self, crop):
            # Every landmark sits on the brightest pixel; bins are half pixels.
            light = crop.sum(1)
            index = light.flatten(1).argmax(1)
            y, x = index // 48, index % 48
            bins_x, bins_y = torch.arange(96), torch.arange(128)
            logits_x = torch.exp(-((bins_x - 2 * x[:, None]) ** 2) / 50.0)
            logits_y = torch.exp(-((bins_y - 2 * y[:, None]) ** 2) / 50.0)
            return logits_x[:, None].repeat(1, 133, 1), logits_y[:, None].repeat(1, 133, 1)

    from repose.pipelines.models.crops import Pyramid

    picture = torch.zeros(1, 3, 64, 48)
    picture[..., 20, 11] = 1
    # PADDING 1.25: a box that makes the crop exactly the picture.
    box = np.array([23.5 - 19.2, 31.5 - 25.6, 23.5 + 19.2, 31.5 + 25.6])
    reading = PoseReader(Brightest()).read(Pyramid(picture), box)
    assert np.abs(reading.points - [11, 20]).max() < 0.05, "pixels"
