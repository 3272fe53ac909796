"""How still a walk's texture is: `python training/walk_cycle.py PHOTO [--height 688] [--models DIR]`.

The frames of the shipped workflow "Walk cycle" are made of one photo. From each frame to the next, every point of the
body that both show is found again by its place on the body (the correspondence), and its colours are compared: the
warp error, in levels of 255. Apart: points that the photo shows, and points that were filled. Beside the person, where
nothing moves, the background of the two frames is compared as it is.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from workflow_sets import WALK_POSES  # noqa: E402

from pipelines.background import restore_background  # noqa: E402
from pipelines.filling.batch import filled_pictures  # noqa: E402
from pipelines.geometry.warped import Correspondence  # noqa: E402
from pipelines.models import weights  # noqa: E402
from pipelines.moving import moved_people  # noqa: E402
from pipelines.native import resized  # noqa: E402
from pipelines.picture import read_picture  # noqa: E402
from pipelines.posing import in_between, retargeted_people  # noqa: E402
from pipelines.read import load_reader  # noqa: E402
from pipelines.sets.listing import listed_poses  # noqa: E402

FRAMES = 6
"""From one key pose to the next, as in the workflow."""
STEP = 4.0
"""Pixels of depth within which two points of one place in the photo are the same layer of the body."""
BESIDE = 24
"""Pixels round the person that are left out of the background: shadows move there."""


def frames(photo: torch.Tensor, models: Path) -> tuple[torch.Tensor, torch.Tensor, list[Correspondence]]:
    """The walk's pictures (B, 3, H, W), the people in them (B, 1, H, W), and where each pixel comes from."""
    reader = load_reader(lambda id: weights.find(id, [models]))
    reading = reader.read(photo)
    poses = in_between(listed_poses(WALK_POSES), FRAMES, ease=False, loop=True)
    sources, found = retargeted_people([reading.keypoints], poses, steady=True)
    room = restore_background(photo, reading.matte)
    targets = [one.skeleton for one in found]
    moved = moved_people(photo, reading.matte, sources, targets, [reading.regions], room)
    clothes = [reading.regions.garments] * len(targets)
    made, _ = filled_pictures(moved.picture, moved.person, moved.correspondences, clothes, photos=photo)
    return made, moved.person, moved.correspondences


def points(picture: torch.Tensor, person: torch.Tensor, found: Correspondence, shown: bool) -> dict:
    """The colours (n, 3) in levels of a frame's solid pixels and their places on the body (n,), each place once."""
    solid = (person[0, 0] > 0.99) & (found.part >= 0) & ((found.visible > 0.5) == shown)
    solid &= ~torch.isnan(found.source_depth)
    place = torch.stack(
        [
            found.part[solid],
            *(found.source[solid].round().long().T),
            (found.source_depth[solid] / STEP).round().long(),
        ],
        1,
    )
    names, first = np.unique(place.numpy(), axis=0, return_index=True)
    keys = [tuple(row) for row in names.tolist()]
    colours = 255 * picture[0][:, solid].T.numpy()[first]
    return dict(zip(keys, colours, strict=True))


def differences(before: dict, after: dict) -> np.ndarray:
    """(n,) mean absolute difference of the points that both frames show."""
    both = before.keys() & after.keys()
    return np.array([np.abs(before[key] - after[key]).mean() for key in both])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("photo", type=Path)
    options.add_argument("--height", type=int, default=688)
    options.add_argument("--models", type=Path, default=ROOT / ".repose" / "base" / "models" / "repose")
    chosen = options.parse_args()
    photo = read_picture(chosen.photo)
    width = round(photo.shape[-1] * chosen.height / photo.shape[-2])
    made, people, found = frames(resized(photo, (chosen.height, width)), chosen.models)
    count = len(made)
    for name, shown in (("shown by the photo", True), ("filled", False)):
        surfaces = [points(made[i : i + 1], people[i : i + 1], found[i], shown) for i in range(count)]
        pairs = [differences(surfaces[i - 1], surfaces[i]) for i in range(count)]
        every = np.concatenate(pairs)
        worst = max(float(pair.mean()) for pair in pairs)
        print(
            f"{name}: {every.mean():.2f} levels, worst pair of frames {worst:.2f}, {len(every) // count} points a pair"
        )
    near = torch.nn.functional.max_pool2d(people, 2 * BESIDE + 1, 1, BESIDE)
    still = (near.amax(0) == 0).expand(3, -1, -1)
    moved = 255 * (made - made.roll(1, 0)).abs()[:, still].mean()
    print(f"background: {float(moved):.3f} levels, {count} frames of {width} x {chosen.height}")


if __name__ == "__main__":
    main()
