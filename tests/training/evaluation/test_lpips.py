"""LPIPS: the network is built strictly, and the distance behaves as one where the weights are here."""

import io
import os
import pickle

import numpy as np
import pytest
import torch

from setup.places import Trouble
from training.evaluation import lpips
from training.evaluation.similarity import blurred


def tree(seed: int = 0) -> dict:
    """Random weights in the file's own form."""
    rng, vgg, number = np.random.default_rng(seed), {}, 0
    for block in lpips.CHANNELS:
        for a, b in zip(block, block[1:], strict=False):
            kernel = rng.normal(size=(3, 3, a, b), scale=(2 / (9 * a)) ** 0.5).astype(np.float32)
            vgg[f"Conv_{number}"] = {"kernel": kernel, "bias": np.zeros(b, np.float32)}
            number += 1
    heads = {
        f"NetLinLayer_{i}": {"Conv_0": {"kernel": np.full((1, 1, block[-1], 1), 0.1, np.float32)}}
        for i, block in enumerate(lpips.CHANNELS)
    }
    return {"VGG16_0": vgg, **heads}


@pytest.fixture(scope="module")
def network():
    """The real one where its file is here, else one with random weights: the identities hold for both."""
    return lpips.load() if lpips.WEIGHTS.is_file() else lpips.from_tree(tree())


@pytest.fixture(scope="module")
def picture():
    generator = torch.Generator().manual_seed(3)
    coarse = torch.rand(1, 3, 6, 8, generator=generator)
    return torch.nn.functional.interpolate(coarse, (96, 128), mode="bicubic").clamp(0, 1)


def test_a_picture_is_at_no_distance_from_itself(network, picture):
    assert network.distance(picture, picture.clone()) == 0


def test_more_blur_and_more_noise_are_further(network, picture):
    noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(1))
    noisy = [network.distance(picture, (picture + s * noise).clamp(0, 1)) for s in (0.02, 0.08, 0.3)]
    assert 0 < noisy[0] < noisy[1] < noisy[2]
    sharp = (picture > 0.5).float()
    soft = [network.distance(sharp, blurred(sharp, s)) for s in (0.7, 2.0, 6.0)]
    assert 0 < soft[0] < soft[1] < soft[2]


def test_it_is_symmetric_and_of_one_size_only(network, picture):
    other = picture.flip(-1)
    assert network.distance(picture, other) == pytest.approx(network.distance(other, picture), rel=1e-4)
    with pytest.raises(ValueError, match="cannot be compared"):
        network.distance(picture, picture[..., :64])


def test_large_pictures_are_compared_at_512_and_tiny_ones_enlarged():
    assert lpips._comparable(torch.zeros(1, 3, 2048, 1024)).shape[-2:] == (512, 256)
    assert lpips._comparable(torch.zeros(1, 3, 16, 64)).shape[-2:] == (32, 128)


def test_kernels_lie_the_right_way_round():
    """A kernel that looks one pixel to the right and down shows what lies there."""
    given = tree()
    kernel = np.zeros((3, 3, 3, 64), np.float32)
    kernel[2, 2, 0, 5] = 1
    given["VGG16_0"]["Conv_0"]["kernel"] = kernel
    layer = lpips.from_tree(given).blocks[0][0]
    x = torch.zeros(1, 3, 5, 5)
    x[0, 0, 3, 3] = 1
    assert layer(x)[0, 5, 2, 2] == 1


@pytest.mark.parametrize("change", ["missing", "left over", "shape"])
def test_weights_that_do_not_fit_are_refused(change):
    given = tree()
    if change == "missing":
        del given["VGG16_0"]["Conv_7"]
    elif change == "left over":
        given["VGG16_0"]["Conv_13"] = given["VGG16_0"]["Conv_0"]
    else:
        given["NetLinLayer_2"] = given["NetLinLayer_0"]
    with pytest.raises((KeyError, ValueError), match="Conv_7|Conv_13|NetLinLayer_2"):
        lpips.from_tree(given)


def test_the_file_may_hold_arrays_only():
    data = pickle.dumps({"a": np.arange(6, dtype=np.float32).reshape(2, 3)})
    assert lpips.numpy_tree(data)["a"].tolist() == [[0, 1, 2], [3, 4, 5]]

    class Evil:
        def __reduce__(self):
            return os.getcwd, ()

    stream = io.BytesIO()
    pickle.dump({"a": Evil()}, stream)
    with pytest.raises(pickle.UnpicklingError, match="expected numpy arrays only"):
        lpips.numpy_tree(stream.getvalue())


def test_a_missing_file_says_what_to_run(tmp_path):
    with pytest.raises(Trouble, match="python -m training.evaluation weights"):
        lpips.load(tmp_path / "none.ckpt")
