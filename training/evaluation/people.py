"""Synthetic pairs with exact truth: the folders that `python -m training.people` writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from pipelines.geometry.keypoints import Keypoints

from .pairs import Pair, from_table
from .truth import Truth

LIST = "pairs.csv"
"""What `python -m training.people evaluate` calls its list."""


def truth_of(person: Path, source: int, target: int) -> Truth:
    """What is known of a person's two views."""
    from training.people.truth.dataset import Stored

    pair = Stored(person).pair(source, target)
    found = pair.correspondence
    joints = (landmarks(one.joints, one.camera) for one in (pair.source, pair.target))
    return Truth(found.source_xy, found.visible, *joints)


def landmarks(joints: torch.Tensor, camera) -> Keypoints:
    """(133, 3) world metres, NaN where there is none -> landmarks in the camera's picture, with their depth; absent
    where they lie outside the picture."""
    points = (joints - camera.position) @ camera.rotation.T
    pixels = camera.focal * points[:, :2] / points[:, 2:] + joints.new_tensor(camera.centre)
    height, width = camera.size
    limit = pixels.new_tensor([width, height]) - 0.5
    there = torch.isfinite(pixels).all(1) & (pixels >= -0.5).all(1) & (pixels < limit).all(1)
    hips = points[[11, 12]].mean(0)
    world = torch.where(there[:, None], points - hips, torch.nan)
    return Keypoints(
        torch.where(there[:, None], pixels, 0).numpy(),
        there.float().numpy(),
        np.where(there.numpy(), 0.5, 0.0),
        (height, width),
        world.numpy().astype(np.float32),
        source="truth",
        level=True,
    )


def from_folder(folder: Path) -> list[Pair]:
    """The pairs that a folder of people lists, or every ordered pair of views of everyone in it."""
    from training.people.truth.dataset import People

    if (folder / LIST).is_file():
        return from_table(folder / LIST)
    people = People(folder)
    return [_pair(people[i].path, s, t, people[i].pair(s, t).turn) for i, s, t in people.pairs()]


def _pair(person: Path, source: int, target: int, turn: float) -> Pair:
    name = f"{person.name}-{source}-{target}"
    views = (person / f"{source}.png", person / f"{target}.png")
    return Pair(name, *views, turn=turn, exact=(person, source, target))
