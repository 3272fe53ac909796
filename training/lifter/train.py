"""Trains the lifter on data made on the fly and writes the shipped weights.

    python -m training.lifter.train --minutes 30 --out lifter.safetensors

Needs nothing beyond the pack's own requirements. CPU, one thread, bfloat16 matrix products. The moving average of the
weights is what is written (float16), every `--save` steps and at the end.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipelines.models.lifter import POINTS, TRUNK

from .limits import LimitPoses
from .network import Lifter, features
from .sampler import AT, Batch, batch

LINES = [("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"), ("ankle", "big_toe"),
         ("shoulder", "hip"), ("wrist", "middle_1"), ("wrist", "index_1"), ("wrist", "little_1"), ("shoulder", "wrist"),
         ("hip", "wrist"), ("hip", "ankle")]  # fmt: skip
BONES = torch.tensor([[AT[f"{s}_{a}"], AT[f"{s}_{b}"]] for s in ("left", "right") for a, b in LINES]
                     + [[AT["left_shoulder"], AT["right_shoulder"]], [AT["left_hip"], AT["right_hip"]],
                        [AT["left_shoulder"], AT["right_hip"]], [AT["right_shoulder"], AT["left_hip"]]])  # fmt: skip
"""Pairs of points whose difference in depth counts by itself, beside the depths."""
MARGIN = 0.04
"""Statures (7 cm): a bone that far out of the picture's plane must not come out on the other side."""
LEAST = 0.005
"""Statures; no depth is expected to be better than this."""
WEIGHT = {"bones": 1.0, "sides": 1.0, "expected": 0.02, "stature": 0.1}


def losses(output: Tensor, size: Tensor, truth: Batch) -> dict[str, Tensor]:
    """Mean errors in statures, by what they are about."""
    points = len(POINTS)
    scale, seen = size[:, None], (truth.confidence > 0).float()
    depth = output[:, :points] * scale
    difference = _rooted(depth, seen) - _rooted(truth.depth, seen)
    expected = output[:, points : 2 * points].clamp(-6, 2).exp() * scale + LEAST
    pair = seen[:, BONES[:, 0]] * seen[:, BONES[:, 1]]
    step, true = (d[:, BONES[:, 1]] - d[:, BONES[:, 0]] for d in (depth, truth.depth))
    wrong = (true.abs().clamp(max=MARGIN) - true.sign() * step).clamp_min(0) * (true.abs() > MARGIN / 2)
    stature = (output[:, -1] + size.log()).abs()
    return {
        "depth": _mean(difference.abs(), seen),
        "expected": _mean(difference.detach().abs() / expected + expected.log(), seen),
        "bones": _mean((step - true).abs(), pair),
        "sides": _mean(wrong, pair),
        "stature": stature.mean(),
    }


def _mean(value: Tensor, weight: Tensor) -> Tensor:
    return (value * weight).sum() / weight.sum().clamp_min(1)


def _rooted(depth: Tensor, seen: Tensor) -> Tensor:
    """Depths against the mean of the shoulders and hips that are seen, of all points where none is."""
    trunk = torch.zeros_like(seen)
    trunk[:, TRUNK] = seen[:, TRUNK]
    weight = torch.where(trunk.sum(1, keepdim=True) > 0, trunk, seen)
    return depth - (depth * weight).sum(1, keepdim=True) / weight.sum(1, keepdim=True).clamp_min(1)


def rate(passed: float, top: float) -> float:
    """Learning rate for a share of the time: a short rise, then a cosine down to a hundredth."""
    return top * min(1.0, passed / 0.02) * (0.01 + 0.99 * (1 + math.cos(math.pi * passed)) / 2)


def train(options: argparse.Namespace) -> None:
    """Draws, steps, averages and saves until the minutes are over."""
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    generator = torch.Generator().manual_seed(options.seed)
    network = Lifter(options.width, options.blocks)
    if options.start:
        network = Lifter.from_state_dict(load_file(options.start)).train()
    average = copy.deepcopy(network)
    limits = LimitPoses(options.limit_poses, options.seed)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    began, step, seen = time.time(), 0, 0
    smooth: dict[str, float] = {}
    while (passed := (time.time() - began) / 60 / options.minutes) < 1:
        truth = batch(options.people, options.views, generator, limits)
        parts = stepped(network, optimiser, truth, rate(passed, options.rate))
        step, seen = step + 1, seen + len(truth.depth)
        _follow(average, network, min(0.999, step / (step + 100)))
        smooth = {name: 0.98 * smooth.get(name, value) + 0.02 * value for name, value in parts.items()}
        if step % options.save == 0:
            report = " ".join(f"{name} {1000 * value:.1f}" for name, value in smooth.items())
            print(
                f"{step} steps, {seen / 1e6:.1f} M views, {time.time() - began:.0f} s; 1/1000 statures: {report}"
            )
            write(average, options.out)
    write(average, options.out)
    print(f"{step} steps, {seen / 1e6:.1f} M views, {time.time() - began:.0f} s")


def stepped(
    network: Lifter, optimiser: torch.optim.Optimizer, truth: Batch, speed: float
) -> dict[str, float]:
    """One step of the optimiser; the losses before it."""
    for group in optimiser.param_groups:
        group["lr"] = speed
    seen_points, size = features(truth.points, truth.confidence)
    with torch.autocast("cpu", torch.bfloat16):
        output = network(seen_points)
    parts = losses(output.float(), size, truth)
    loss = parts["depth"] + sum(WEIGHT[name] * parts[name] for name in WEIGHT)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    return {name: value.item() for name, value in parts.items()}


@torch.no_grad()
def _follow(average: Lifter, network: Lifter, keep: float) -> None:
    for slow, fast in zip(average.parameters(), network.parameters(), strict=True):
        slow.lerp_(fast, 1 - keep)


def write(network: Lifter, path: Path) -> None:
    """The weights as float16 safetensors."""
    save_file({name: value.half().contiguous() for name, value in network.state_dict().items()}, path)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="safetensors file to write")
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--people", type=int, default=1024, help="bodies drawn per step")
    parser.add_argument("--views", type=int, default=2, help="cameras per body")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--width", type=int, default=448)
    parser.add_argument("--blocks", type=int, default=3)
    parser.add_argument("--limit-poses", type=int, default=60000, help="stock of poses from the joint limits")
    parser.add_argument("--save", type=int, default=200, help="steps between reports")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    train(options())
