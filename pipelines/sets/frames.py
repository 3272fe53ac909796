"""One photo in several shapes of picture: for each the pose that fills it best, and nothing that matters cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import cos

import torch

from ..batches import Progress, part, share
from ..framing import ASPECTS, Framing, posed_box
from ..geometry.retarget import Pose, turn_of_trunk
from ..geometry.skeleton import Skeleton
from ..posing import retargeted
from ..read import Reader, Reading
from ..repose import Reposed, ReposeOptions, canvas_for, read_for, repose_picture

READ = 0.2
"""Where in the progress the reading of the photo ends."""


def formats_of(text: str) -> list[tuple[int, int]]:
    """Shapes, width to height, from words as 9:16 that blanks, commas or lines part. ValueError for what is none."""
    found = []
    for word in text.replace(",", " ").split():
        sides = word.split(":")
        if len(sides) != 2 or not all(side.isdigit() and 1 <= int(side) <= 100 for side in sides):
            raise ValueError(
                f'"{word}" is no shape: write width:height in whole numbers up to 100, as in {" ".join(ASPECTS)}'
            )
        found.append((int(sides[0]), int(sides[1])))
    if not found:
        raise ValueError(f"no shape is given: write at least one, as in {' '.join(ASPECTS)}")
    return list(dict.fromkeys(found))


def filling(reading: Reading, target: Skeleton, aspect: tuple[int, int]) -> float:
    """In [0, 1]: the share of the frame of that shape that the posed figure's box takes, times the share of the frame
    that the photo shows: what is beyond it must be made up."""
    canvas = canvas_for([reading], [target], Framing(aspect, extend=True))
    height, width = canvas.size(tuple(reading.skeleton.canvas))
    box = posed_box(reading.matte, reading.skeleton, target)
    share = min(1.0, (box.right - box.left) * (box.bottom - box.top) / (height * width))
    photo = (height - max(0, canvas.top) - max(0, canvas.bottom)) * (
        width - max(0, canvas.left) - max(0, canvas.right)
    )
    return share * photo / (height * width)


def best_pose(
    reading: Reading, poses: Sequence[Pose], aspect: tuple[int, int], place: str = "source"
) -> tuple[Pose, float]:
    """The pose whose figure fills a frame of that shape best, and its worth: `filling`, times the cosine of the angle
    by which it turns the trunk away, for what is turned away is a guess."""
    worths = [
        filling(reading, retargeted(reading.skeleton, pose, place).skeleton, aspect)
        * max(0.0, cos(turn_of_trunk(reading.skeleton, pose)))
        for pose in poses
    ]
    best = max(range(len(worths)), key=worths.__getitem__)
    return poses[best], worths[best]


def framed(
    picture: torch.Tensor,
    reader: Reader,
    poses: Sequence[Pose],
    aspects: Sequence[tuple[int, int]],
    options: ReposeOptions,
    progress: Progress = None,
) -> list[tuple[str, Reposed]]:
    """The person of (1, 3, H, W) in each shape of picture, in the pose of the list that fills it best, with a name for
    each: the shape and the pose. The photo is read once. ValueError where there is no pose, or more than one photo."""
    if len(picture) != 1:
        raise ValueError(
            f"{len(picture)} photos, but one is taken at a time: choose one with ImageFromBatch, or give each photo a"
            " Fill Frames of its own"
        )
    if not poses:
        raise ValueError("no pose to choose from: connect Pose Set")
    reading = read_for(picture, reader, options.person)
    rest, results = part(progress, READ, 1), []
    for i, aspect in enumerate(aspects):
        pose, _ = best_pose(reading, poses, aspect, options.place)
        now = replace(options, framing=Framing(aspect, extend=True))
        known = results[0][1] if results else None
        told = share(rest, i, len(aspects))
        made = repose_picture(picture, reader, pose, now, told, known, reading=reading)
        results.append((f"{aspect[0]}x{aspect[1]}/{pose.name.rpartition('/')[2]}", made))
    return results
