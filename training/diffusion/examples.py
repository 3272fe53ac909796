"""What the model is trained on: people on a plain ground as latents, each with the joints of its pose.

latent (n, 4, s, s) float16;  joints (n, J, 3) float32 as reposer_parts.JOINTS, in picture sides
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pipelines.draw import draw_pose
from pipelines.geometry.keypoints import Keypoints
from pipelines.geometry.landmarks import INDEX as LANDMARK
from pipelines.models.reposer_parts import JOINTS
from setup.places import say
from training.people.truth.dataset import DatasetError
from training.reposer.pairs import Batch, Pairs, Placement, placed

ARRAYS = ("latent", "joints")
TOGETHER = 16
TURN, SCALE, SHIFT = (-6.0, 6.0), (0.92, 1.08), 0.03
"""Degrees, sizes, and picture sides by which examples are moved."""
_DRAWN = [name for name in JOINTS if name in LANDMARK]


def on_ground(picture: Tensor, person: Tensor, ground: Tensor) -> Tensor:
    """(B, 3, H, W) the person of a picture by its matte (B, 1, H, W) before one colour (B, 3, 1, 1)."""
    return person * picture + (1 - person) * ground


def ground_of(room: Tensor, free: Tensor) -> Tensor:
    """(B, 3, 1, 1) the mean colour of a room (B, 3, H, W) where free (B, 1, H, W) is not 0."""
    return (room * free).sum((2, 3), keepdim=True) / free.sum((2, 3), keepdim=True).clamp_min(1e-3)


def hints(joints: Tensor, size: int) -> Tensor:
    """(B, 3, size, size) stick figures in OpenPose's colours of joints (B, J, 3) in picture sides; without eyes, which
    the joints have none of."""
    return torch.cat(
        [draw_pose([_landmarks(one, size)], (size, size), hands=False, face=False) for one in joints]
    )


def _landmarks(joints: Tensor, size: int) -> Keypoints:
    points, there = np.zeros((len(LANDMARK), 2), np.float32), np.zeros(len(LANDMARK), np.float32)
    for name in _DRAWN:
        points[LANDMARK[name]] = joints[JOINTS.index(name), :2].numpy() * size - 0.5
        there[LANDMARK[name]] = 1.0
    return Keypoints(points, there, 0.5 * there, (size, size))


def prepare(pairs: Pairs, vae, size: int, each: int, out: Path) -> Path:
    """Every view of everyone `each` times, turned, scaled, moved and mirrored differently, as files in `out`, which
    appears whole; one that is there is kept."""
    if out.is_dir():
        return out
    every = [(i, v, v) for i in range(len(pairs)) for v in range(pairs.joints.shape[1]) if pairs.whole[i, v]]
    chosen = every * each
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    latent = np.zeros((len(chosen), 4, size // 8, size // 8), np.float16)
    joints = np.zeros((len(chosen), len(JOINTS), 3), np.float32)
    for first in range(0, len(chosen), TOGETHER):
        rows = slice(first, first + TOGETHER)
        generator = np.random.default_rng([17, first])
        raw = pairs.batch(chosen[rows], size)
        batch = placed(raw, moved(len(raw.plate), generator))
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            latent[rows] = vae.encode(2 * plain(batch) - 1).latent_dist.mode().half().numpy()
        joints[rows] = batch.target.numpy()
        if first // TOGETHER % 50 == 49:
            say(f"{first + TOGETHER} of {len(chosen)} examples")
    for name, values in zip(ARRAYS, (latent, joints), strict=True):
        np.save(part / f"{name}.npy", values)
    os.replace(part, out)
    return out


def moved(count: int, generator: np.random.Generator) -> Placement:
    """The whole picture, a little turned, scaled and moved, and mirrored or not."""
    angle, scale = (torch.from_numpy(generator.uniform(*ends, count)).float() for ends in (TURN, SCALE))
    mirrored = torch.from_numpy(generator.random(count) < 0.5)
    cos, sin = torch.deg2rad(angle).cos(), torch.deg2rad(angle).sin()
    turn = torch.stack((torch.stack((cos, -sin), -1), torch.stack((sin, cos), -1)), -2)
    turn = scale[:, None, None] * turn * torch.where(mirrored[:, None, None], torch.tensor([-1.0, 1.0]), 1.0)
    shift = torch.from_numpy(generator.uniform(-SHIFT, SHIFT, (count, 2))).float()
    return Placement(torch.full((count, 2), 0.5), turn, scale, shift, mirrored)


def plain(batch: Batch) -> Tensor:
    """(B, 3, S, S) the targets on their place's mean colour."""
    ground = ground_of(batch.plate, torch.ones_like(batch.alpha))
    return (batch.figure + (1 - batch.alpha) * ground).clamp(0, 1)


@dataclass(frozen=True, eq=False)
class Examples:
    """What `prepare` wrote."""

    latent: np.ndarray
    joints: np.ndarray

    @classmethod
    def read(cls, folder: Path) -> Examples:
        """DatasetError where a file is missing."""
        for name in ARRAYS:
            if not (folder / f"{name}.npy").is_file():
                raise DatasetError(
                    f"{folder} has no {name}.npy: python -m training.diffusion prepare makes it"
                )
        return cls(*(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in ARRAYS))

    def __len__(self) -> int:
        return len(self.latent)

    def drawn(self, count: int, size: int, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Latents (count, 4, s, s) and their stick figures (count, 3, size, size)."""
        rows = np.sort(generator.choice(len(self), count))
        joints = torch.from_numpy(self.joints[rows])
        return torch.from_numpy(self.latent[rows]).float(), hints(joints, size)
