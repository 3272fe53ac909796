"""How near the camera is: a posed picture cut to the whole figure, to the knees, to the waist, to the head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ..batches import Progress, common_count, each, share
from ..framing import Box, Canvas, extended, figure_box
from ..geometry.retarget import stature
from ..geometry.skeleton import JOINTS, Skeleton
from ..native import at_size, resized

DISTANCES = ("full", "three-quarter", "half", "close-up")
"""A figure from head to foot, to the middle of the thighs, to the waist, head and shoulders."""
ABOVE = {"full": 0.06, "three-quarter": 0.07, "half": 0.08, "close-up": 0.07}
"""Free space over the head, as a share of the stature: by eye, as photographers leave it."""

HEAD = 0.75
"""Width to height of a close-up at least."""
LOWER = 0.7
"""Where a shape is higher than a cut figure needs, this share of the rest shows more of the figure, not of the air."""


def shot_box(figure: Skeleton, matte: torch.Tensor, distance: str) -> Box:
    """The box of what a shot shows of a figure, before it is brought to a shape. matte (1, 1, H, W)."""
    seen = figure_box(matte)
    if seen is None:
        raise ValueError("the figure's mask is empty: there is nothing to frame")
    over = ABOVE[distance] * stature(figure)
    if distance == "full":
        return Box(seen.left - over, seen.top - over, seen.right + over, seen.bottom + over)
    places = dict(zip(JOINTS, figure.forward().positions[:, :2], strict=True))
    low = _cut(places, distance)
    rows = (matte[0, 0, : max(1, int(low))] > 0.5).any(0).nonzero().flatten()
    left, right = (float(rows[0]), float(rows[-1] + 1)) if len(rows) else (seen.left, seen.right)
    top = min(seen.top, low - 1) - over
    middle, half = float(places["neck"][0]), (low - top) / 2
    if distance == "close-up":  # shoulders may be cut at the sides: the head is what it shows
        return Box(middle - HEAD * half, top, middle + HEAD * half, low)
    return Box(left - over, top, right + over, low)


def _cut(places: dict[str, np.ndarray], distance: str) -> float:
    """The row at which a shot ends below, in pixels."""
    hips = np.mean([places[f"{side}_hip"][1] for side in ("left", "right")])
    knees = np.mean([places[f"{side}_knee"][1] for side in ("left", "right")])
    neck = places["neck"][1]
    ends = {
        "three-quarter": hips + 0.55 * (knees - hips),
        "half": neck + 0.85 * (hips - neck),
        "close-up": neck + 0.3 * (hips - neck),
    }
    return float(ends[distance])


def shots(
    pictures: torch.Tensor,
    mattes: torch.Tensor,
    figures: Sequence[Skeleton],
    distance: str,
    aspect: tuple[int, int],
    progress: Progress = None,
) -> torch.Tensor:
    """(B, 3, h, w) pictures (B or 1, 3, H, W) cut to a shot in one shape, as large as the largest of them needs. Where
    the figure (its mask (B or 1, 1, H, W) and skeleton) is near a border, the background goes on. ValueError for an
    unknown distance, an empty mask, or counts that differ."""
    if distance not in DISTANCES:
        raise ValueError(f'the distance is "{distance}", expected one of {", ".join(DISTANCES)}')
    count = common_count(pictures=len(pictures), masks=len(mattes), figures=len(figures))
    photos, masks = each(pictures.split(1), count, "pictures"), each(mattes.split(1), count, "masks")
    bodies = each(figures, count, "figures")
    size = tuple(pictures.shape[-2:])
    made = []
    for i in range(count):
        body = at_size(bodies[i], size, tuple(bodies[i].canvas))
        frame = frame_of(shot_box(body, masks[i], distance), aspect, size, distance)
        made.append(extended(photos[i], frame, share(progress, i, count), masks[i]))
    return torch.cat(_one_size(made))


def frame_of(box: Box, aspect: tuple[int, int], size: tuple[int, int], distance: str) -> Canvas:
    """The smallest frame of a shape round a box in a picture of `size` (height, width). Where that is higher than
    the box, the whole figure gets as much above as below."""
    width, height = box.right - box.left, box.bottom - box.top
    ratio = aspect[0] / aspect[1]
    wide = max(width, height * ratio)
    more = wide / ratio - height
    below = more * (0.5 if distance == "full" else LOWER)
    left, bottom = round((box.left + box.right - wide) / 2), round(box.bottom + below)
    across, down = max(1, round(wide)), max(1, round(wide / ratio))
    return Canvas(-left, down - bottom, left + across - size[1], bottom - size[0])


def _one_size(pictures: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Pictures of one shape at the size of the largest."""
    size = max((tuple(one.shape[-2:]) for one in pictures), key=lambda one: one[0] * one[1])
    return [resized(one, size) for one in pictures]
