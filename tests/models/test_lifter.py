"""The lifter's network: what it is invariant to, and the weights that ship."""

import time

import numpy as np
import pytest
import torch
from repose.pipelines.models.lifter import (
    LANDMARK,
    POINTS,
    SWAP,
    WEIGHTS,
    Lifter,
    depths,
    gelu,
    normalised,
    shipped,
)
from safetensors.numpy import load_file


@pytest.fixture
def figure() -> tuple[np.ndarray, np.ndarray]:
    """33 random points in a picture of 1000 x 800, and their confidence; a fifth are absent."""
    rng = np.random.default_rng(1)
    confidence = np.where(rng.random(33) < 0.2, 0.0, rng.uniform(0.3, 1.0, 33))
    return rng.uniform([0, 0], [800, 1000], (33, 2)), confidence


def random_weights(width: int, blocks: int) -> dict[str, np.ndarray]:
    """A network of another size with the shipped one's layers."""
    rng, count = np.random.default_rng(0), len(POINTS)
    shapes = {"first": (width, 3 * count), "last.1": (2 * count + 1, width)}
    shapes |= {f"blocks.{i}.{k}": (width, width) for i in range(blocks) for k in (1, 3)}
    weights = {f"{name}.weight": rng.normal(size=shape) * 0.2 for name, shape in shapes.items()}
    weights |= {f"{name}.bias": rng.normal(size=shape[0]) * 0.2 for name, shape in shapes.items()}
    for name in ("last.0", *(f"blocks.{i}.0" for i in range(blocks))):
        weights |= {f"{name}.weight": rng.uniform(0.5, 2, width), f"{name}.bias": rng.normal(size=width)}
    return weights


@pytest.mark.parametrize(("width", "blocks"), [(16, 1), (24, 3)])
def test_the_network_computes_what_torch_does(width, blocks):
    weights = random_weights(width, blocks)
    tensors = {name: torch.as_tensor(value, dtype=torch.float32) for name, value in weights.items()}
    x = features = torch.as_tensor(np.random.default_rng(2).normal(size=(5, 99)), dtype=torch.float32)

    def layer(name, x):
        return torch.nn.functional.linear(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"])

    def norm(name, x):
        sides = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        return torch.nn.functional.layer_norm(x, (width,), *sides)

    x = layer("first", x)
    for i in range(blocks):
        hidden = torch.nn.functional.gelu(layer(f"blocks.{i}.1", norm(f"blocks.{i}.0", x)))
        x = x + layer(f"blocks.{i}.3", hidden)
    expected = layer("last.1", norm("last.0", x)).numpy()
    found = Lifter.from_weights(weights)(features.numpy())
    assert found.shape == (5, 67) and np.abs(found - expected).max() < 1e-4


def test_gelu_is_the_exact_one():
    x = np.linspace(-6, 6, 1001)
    assert np.abs(gelu(x) - torch.nn.functional.gelu(torch.as_tensor(x)).numpy()).max() < 1e-6


@pytest.mark.parametrize("name", ["last.1.bias", "blocks.0.3.weight"])
def test_other_weights_are_refused(name):
    weights = random_weights(16, 1)
    del weights[name]
    with pytest.raises(ValueError, match=name):
        Lifter.from_weights(weights)


def test_shipped_weights_are_small_and_half_precision():
    assert WEIGHTS.stat().st_size < 3_000_000, f"{WEIGHTS.stat().st_size} bytes"
    assert {value.dtype for value in load_file(WEIGHTS).values()} == {np.dtype(np.float16)}
    assert WEIGHTS.with_suffix(".md").is_file(), "every shipped weight has a card"


def test_place_and_size_do_not_matter_but_scale_the_depth(figure):
    points, confidence = figure
    here, there = depths(points, confidence), depths(points * 0.4 + [70, -20], confidence)
    assert np.abs(there.depth - 0.4 * here.depth).max() < 0.05, "pixels"
    assert there.stature == pytest.approx(0.4 * here.stature, rel=1e-3)


def test_absent_points_do_not_matter(figure):
    points, confidence = figure
    other = np.where(confidence[:, None] == 0, 12345.0, points)
    assert np.array_equal(depths(points, confidence).depth, depths(other, confidence).depth)


def test_the_mirrored_figure_has_the_mirrored_depth(figure):
    points, confidence = figure
    mirrored = (points * [-1, 1] + [799, 0])[SWAP]
    difference = depths(mirrored, confidence[SWAP]).depth - depths(points, confidence).depth[SWAP]
    assert np.abs(difference).max() < 0.05, "pixels"


def test_points_are_landmarks_and_swap_left_with_right():
    assert len(set(LANDMARK)) == len(POINTS) == 33
    assert all(SWAP[SWAP[i]] == i for i in range(33))
    assert POINTS[SWAP[POINTS.index("left_thumb_4")]] == "right_thumb_4"


@pytest.mark.parametrize("present", [0, 1, 2])
def test_a_figure_of_almost_nothing_has_finite_features(present):
    confidence = np.zeros(33)
    confidence[:present] = 1
    offset, size = normalised(np.full((33, 2), 7.0), confidence)
    assert np.isfinite(offset).all() and size > 0


def test_arrays_and_tensors_are_normalised_alike(figure):
    offset, size = normalised(*figure)
    tensors, length = normalised(*map(torch.as_tensor, figure))
    assert np.allclose(offset, tensors.numpy()) and size == pytest.approx(float(length))


def test_lifting_takes_less_than_five_milliseconds(figure):
    shipped()
    fastest = min(_seconds(figure) for _ in range(30))
    assert fastest < 0.005, f"{1000 * fastest:.1f} ms"


def _seconds(figure) -> float:
    start = time.perf_counter()
    depths(*figure)
    return time.perf_counter() - start
