"""What is kept is found again, and what it depends on makes another key."""

import numpy as np
import torch

from training.evaluation import cache


def test_arrays_and_values_there_and_back(tmp_path):
    cache.keep_arrays(tmp_path / "a" / "x.npz", {"n": np.arange(5)})
    assert cache.kept_arrays(tmp_path / "a" / "x.npz")["n"].tolist() == [0, 1, 2, 3, 4]
    cache.keep_json(tmp_path / "b" / "x.json", {"a": [1, None]})
    assert cache.kept_json(tmp_path / "b" / "x.json") == {"a": [1, None]}
    assert cache.kept_arrays(tmp_path / "none") is None and cache.kept_json(tmp_path / "none") is None
    assert sorted(p.name for p in tmp_path.rglob("*.part")) == []


def test_pictures_are_told_apart_by_shape_and_pixels():
    picture = torch.rand(1, 3, 4, 6)
    assert cache.pixels_of(picture) == cache.pixels_of(picture.clone())
    assert cache.pixels_of(picture) != cache.pixels_of(picture.reshape(1, 3, 6, 4))
    other = picture.clone()
    other[0, 0, 0, 0] = (other[0, 0, 0, 0] + 0.5) % 1
    assert cache.pixels_of(picture) != cache.pixels_of(other)


def test_imports_are_followed_wherever_they_stand():
    found = cache.imports_of("pipelines.segment")
    assert {"pipelines.matte", "pipelines.models.crops", "pipelines.geometry.keypoints"} <= found
    assert "pipelines.lift" in cache.imports_of("training.evaluation.before_job"), (
        "imports inside functions too"
    )
    assert "numpy" not in found and not any(name.startswith("torch") for name in found)


def test_reading_does_not_depend_on_the_warp_and_the_engine_does():
    waiting, reached = ["pipelines.segment", "pipelines.keypoints", "pipelines.models.wholebody"], set()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += cache.imports_of(name)
    assert "pipelines.matte" in reached
    assert not {"pipelines.geometry.warp", "pipelines.geometry.volume", "pipelines.background"} & reached


def test_keys_differ_by_every_part():
    assert cache.key("a", 1) == cache.key("a", 1)
    assert len({cache.key("a", 1), cache.key("a", 2), cache.key("b", 1), cache.key("a1")}) == 4
