"""What the model is trained on: people on a plain ground as latents, each with the joints of its pose.

    latent (n, 4, h, w) float16;  joints (n, J, 2) float32 as reposer_parts.JOINTS, x and y in shares of the frame

A frame is upright and stands round one person, so that a person is as many tokens high as possible.
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
from pipelines.framing import Box
from pipelines.geometry.keypoints import Keypoints
from pipelines.geometry.landmarks import INDEX as LANDMARK
from pipelines.models.reposer_parts import JOINTS, SWAP
from pipelines.sampling.closeups import cut
from setup.places import say
from training.people.truth.dataset import DatasetError
from training.reposer.pairs import Pairs

ARRAYS = ("latent", "joints")
TOGETHER = 16
ROOM = (1.05, 1.2)
"""Times the person's own box that a frame is high, or wide: the least, and in training the most."""
_DRAWN = [name for name in JOINTS if name in LANDMARK]


def on_ground(picture: Tensor, person: Tensor, ground: Tensor) -> Tensor:
    """(B, 3, H, W) the person of a picture by its matte (B, 1, H, W) before one colour (B, 3, 1, 1)."""
    return person * picture + (1 - person) * ground


def ground_of(room: Tensor, free: Tensor) -> Tensor:
    """(B, 3, 1, 1) the mean colour of a room (B, 3, H, W) where free (B, 1, H, W) is not 0."""
    return (room * free).sum((2, 3), keepdim=True) / free.sum((2, 3), keepdim=True).clamp_min(1e-3)


def frame(person: Tensor, size: tuple[int, int], room: float = ROOM[0], place: float = 0.5) -> Box | None:
    """Round the person of a matte (1, 1, S, S), of the shape of `size`; place in [0, 1] where across its room. None
    where a frame inside the picture would cut the person."""
    rows, columns = (torch.nonzero((person[0, 0] > 0.5).any(axis)).flatten() for axis in (1, 0))
    if not len(rows):
        return None
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    side, shape = person.shape[-1], size[1] / size[0]
    tall = min(float(side), max((bottom - top) * room, (right - left) * room / shape))
    tall = round(tall)
    wide = round(tall * shape)
    if bottom - top > tall or right - left > wide:
        return None
    y, x = (
        round(min(max(last - long + (long - (last - first)) * place, 0), side - long))
        for first, last, long in ((top, bottom, tall), (left, right, wide))
    )
    return Box(x, y, x + wide, y + tall)


def framed(joints: Tensor, box: Box, side: int) -> Tensor:
    """(J, 2) joints (J, 2 or 3) in picture sides, in shares of a frame in a picture of so many pixels."""
    corner, size = (
        joints.new_tensor([box.left, box.top]),
        joints.new_tensor([box.right - box.left, box.bottom - box.top]),
    )
    return (joints[:, :2] * side - corner) / size


def hints(joints: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, 3, H, W) stick figures in OpenPose's colours of joints (B, J, 2) in shares of the frame; without eyes, which
    the joints have none of."""
    return torch.cat([draw_pose([_landmarks(one, size)], size, hands=False, face=False) for one in joints])


def _landmarks(joints: Tensor, size: tuple[int, int]) -> Keypoints:
    points, there = np.zeros((len(LANDMARK), 2), np.float32), np.zeros(len(LANDMARK), np.float32)
    for name in _DRAWN:
        points[LANDMARK[name]] = joints[JOINTS.index(name)].numpy() * [size[1], size[0]] - 0.5
        there[LANDMARK[name]] = 1.0
    return Keypoints(points, there, 0.5 * there, size)


def prepare(pairs: Pairs, vae, size: tuple[int, int], each: int, out: Path) -> Path:
    """Every view of everyone that fits a frame, `each` times, framed and mirrored differently, as files in `out`, which
    appears whole; one that is there is kept."""
    if out.is_dir():
        return out
    every = [(i, v) for i in range(len(pairs)) for v in range(pairs.joints.shape[1]) if pairs.whole[i, v]]
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    latents, joints = [], []
    chosen = every * each
    for first in range(0, len(chosen), TOGETHER):
        generator = np.random.default_rng([17, first])
        made = [example(pairs, *one, size, generator) for one in chosen[first : first + TOGETHER]]
        made = [one for one in made if one is not None]
        if made:
            pictures = torch.cat([picture for picture, _ in made])
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
                latents.append(vae.encode(2 * pictures - 1).latent_dist.mode().half().numpy())
            joints += [points.numpy() for _, points in made]
        if first // TOGETHER % 50 == 49:
            say(f"{first + TOGETHER} of {len(chosen)} examples")
    np.save(part / "latent.npy", np.concatenate(latents))
    np.save(part / "joints.npy", np.stack(joints).astype(np.float32))
    os.replace(part, out)
    return out


def example(
    pairs: Pairs, person: int, view: int, size: tuple[int, int], generator: np.random.Generator
) -> tuple[Tensor, Tensor] | None:
    """A view of somebody on their place's mean colour (1, 3, H, W), with joints (J, 2); None where they do not fit."""
    side = pairs.alpha.shape[-1]
    figure, plate = (
        torch.from_numpy(values[person, view][None] / np.float32(255))
        for values in (pairs.figure, pairs.plate)
    )
    alpha = torch.from_numpy(pairs.alpha[person, view][None, None] / np.float32(255))
    box = frame(alpha, size, generator.uniform(*ROOM), generator.random())
    if box is None:
        return None
    picture = cut((figure + (1 - alpha) * ground_of(plate, torch.ones_like(alpha))).clamp(0, 1), box, size)
    joints = framed(torch.from_numpy(np.array(pairs.joints[person, view])), box, side)
    if generator.random() < 0.5:
        picture, joints = (
            picture.flip(3),
            joints[SWAP] * joints.new_tensor([-1, 1]) + joints.new_tensor([1, 0]),
        )
    return picture, joints


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

    def drawn(
        self, count: int, size: tuple[int, int], generator: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Latents (count, 4, h, w) and their stick figures (count, 3, H, W)."""
        rows = np.sort(generator.choice(len(self), count))
        joints = torch.from_numpy(self.joints[rows])
        return torch.from_numpy(self.latent[rows]).float(), hints(joints, size)
