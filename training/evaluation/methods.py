"""Ways to make the target picture from the source: the pack's own chain, and what it must beat."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.geometry.keypoints import Keypoints
from pipelines.geometry.retarget import stature
from pipelines.geometry.warped import Correspondence
from pipelines.lift import pose_in
from pipelines.posing import retargeted
from pipelines.repose import Reposed, ReposeOptions, repose
from pipelines.volumetric import volumetric_repose

from .reading import Sight
from .similarity import person_box

GRIDS, STEPS = (96, 320), (0.1, 0.02)
"""Cells on the longer side of the mattes that are laid over each other, and the first step on each as a share of the
person's height."""


MIDDLE = (("nose",), *((f"left_{n}", f"right_{n}") for n in ("shoulder", "hip", "knee", "ankle")))
"""Points of a body's middle line."""


@dataclass(frozen=True, eq=False)
class Flow:
    """Of a geometry.warp.Correspondence what the errors are taken from: source (H, W, 2), visible (H, W)."""

    source: Tensor
    visible: Tensor


@dataclass(frozen=True, eq=False)
class Made:
    """A picture (1, 3, h, w) of the target's size, and the person's matte (1, 1, h, w) in it.

    coverage  share of the person that comes from the photo; scale  how much larger than in the source they are
    seconds   of one core, for the making alone, without reading and background
    """

    picture: Tensor
    person: Tensor
    coverage: float = 1.0
    scale: float = 1.0
    seconds: float = 0.0
    correspondence: Correspondence | Flow | None = None
    notes: tuple[str, ...] = ()


def copied(source: Sight, target: Sight) -> Made:
    """The source as it is."""
    size = tuple(target.picture.shape[-2:])
    person = framed(source.matte, size)
    same = size == tuple(source.picture.shape[-2:])
    flow = Flow(_pixels(size), (person[0, 0] > 0.5).float()) if same else None
    return Made(framed(source.picture, size), person, correspondence=flow)


def aligned(source: Sight, target: Sight, room: Tensor) -> Made:
    """The source's person not reposed, only scaled and shifted onto the target's: by the middle line of their joints,
    or by their outlines where too little of it is seen."""
    started = time.process_time()
    scale, shift = joint_fit(source.keypoints, target.keypoints) or best_fit(source.matte, target.matte)
    size = tuple(target.picture.shape[-2:])
    person, colour = (placed(v, scale, shift, size) for v in (source.matte, source.cut.foreground))
    person = person.clamp(0, 1)
    picture = person * colour.clamp(0, 1) + (1 - person) * framed(room, size)
    seconds = time.process_time() - started
    flow = Flow((_pixels(size) - torch.tensor(shift)) / scale, (person[0, 0] > 0.5).float())
    return Made(picture, person, scale=scale, seconds=seconds, correspondence=flow)


def reposed(source: Sight, target: Sight, room: Tensor) -> Made:
    """The pack's chain: the pose of the target's person, framed as they are, on the source's restored background."""
    started = time.process_time()
    pose = pose_in(target.keypoints)
    made = repose(source.picture, source.reading(), pose, ReposeOptions(place="target"), background=room)
    return from_chain(made, tuple(target.picture.shape[-2:]), source, time.process_time() - started)


def volumetric(source: Sight, target: Sight, room: Tensor) -> Made:
    """The learned volumetric reposer on the same background; notes say where it needs the person from head to foot."""
    started = time.process_time()
    posed, notes = retargeted(source.skeleton, pose_in(target.keypoints), "target")
    made = volumetric_repose(source.picture, source.skeleton, posed, room)
    seconds = time.process_time() - started
    size = tuple(target.picture.shape[-2:])
    whole = float(made.person.sum())
    return Made(
        framed(made.picture, size),
        framed(made.person, size),
        coverage=1 - float(made.hidden.sum()) / whole if whole else 0.0,
        scale=stature(posed) / stature(source.skeleton),
        seconds=seconds,
        notes=notes,
    )


def from_chain(made: Reposed, size: tuple[int, int], source: Sight, seconds: float) -> Made:
    """A result of the chain in the target picture's frame."""
    whole = float(made.person.sum())
    seen = 1 - float(made.hidden.sum()) / whole if whole else 0.0
    person = framed(made.person, size)
    same = tuple(made.picture.shape[-2:]) == size
    return Made(
        framed(made.picture, size),
        person,
        coverage=seen,
        scale=stature(made.target) / stature(source.skeleton),
        seconds=seconds,
        correspondence=made.correspondence if same else None,
        notes=made.notes,
    )


def framed(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """(1, C, h, w) what a target picture of `size` covers when it is laid whole and centred over a source picture
    (1, C, H, W), as the chain lays it (given.skeleton_in_picture), at the target's size."""
    if tuple(picture.shape[-2:]) == tuple(size):
        return picture
    height, width = picture.shape[-2:]
    scale = min(height / size[0], width / size[1])
    top, left = round((height - scale * size[0]) / 2), round((width - scale * size[1]) / 2)
    inner = picture[..., top : top + round(scale * size[0]), left : left + round(scale * size[1])]
    return F.interpolate(inner, size, mode="bilinear", antialias=True, align_corners=False)


def placed(
    values: Tensor, scale: float, shift: tuple[float, float], size: tuple[int, int], mode: str = "bicubic"
) -> Tensor:
    """(1, C, h, w): every pixel p of (1, C, H, W) at scale * p + shift; zeros where nothing comes to lie."""
    height, width = values.shape[-2:]
    at = ((_pixels(size) - torch.tensor(shift)) / scale + 0.5) / torch.tensor([width, height])
    if scale < 1:  # fewer pixels: average first, so that fine stripes do not alias
        smaller = [max(1, round(n * scale)) for n in (height, width)]
        values = F.interpolate(values, smaller, mode="bilinear", antialias=True, align_corners=False)
    return F.grid_sample(values, (2 * at - 1)[None], mode=mode, align_corners=False)


def _pixels(size: tuple[int, int]) -> Tensor:
    """(h, w, 2) x, y of every pixel."""
    y, x = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in size), indexing="ij")
    return torch.stack((x, y), -1)


def joint_fit(source: Keypoints, target: Keypoints) -> tuple[float, tuple[float, float]] | None:
    """Scale and shift by least squares between the heights of what both bodies show of MIDDLE, which neither a turn
    about the vertical nor the arms change; across, by the same points' means. None where that is less than two points,
    or where the one body stands on its head."""
    lines = [np.array([_middle(body, names) for names in MIDDLE]) for body in (source, target)]
    both = np.isfinite(lines[0][:, 0]) & np.isfinite(lines[1][:, 0])
    if both.sum() < 2:
        return None
    (x, y), (u, v) = (line[both].T for line in lines)
    scale = float(((y - y.mean()) * (v - v.mean())).sum() / max(((y - y.mean()) ** 2).sum(), 1e-6))
    return (
        (scale, (float(u.mean() - scale * x.mean()), float(v.mean() - scale * y.mean())))
        if scale > 0.05
        else None
    )


def _middle(body: Keypoints, names: tuple[str, ...]) -> np.ndarray:
    """(2,) between the named landmarks, NaN where one is not seen."""
    return np.mean([body[name] for name in names], axis=0) if body.sees(*names) else np.full(2, np.nan)


def best_fit(source: Tensor, target: Tensor) -> tuple[float, tuple[float, float]]:
    """Scale and shift (x, y in pixels) that lay one matte (1, 1, H, W) over another (1, 1, h, w) with the greatest
    intersection over union: from the boxes' own fits by ever smaller steps, first on a coarse grid."""
    longest = max(*source.shape[-2:], *target.shape[-2:])
    best, place = None, 1.0
    for grid, step in zip(GRIDS, STEPS, strict=True):
        cell = max(longest / grid, 1.0)
        small = [
            F.interpolate(m, [max(1, round(n / cell)) for n in m.shape[-2:]], mode="area")
            for m in (source, target)
        ]
        boxes = [person_box(m, 0) for m in small]
        starts = [_laid(boxes, ratio) for ratio in _ratios(boxes)]
        if best is not None:
            starts.append(_on_cells(best, place, cell))
        best, place = _climbed(small, boxes, _best_of(small, starts), step), cell
    scale, *shift = _on_cells(best, place, 1.0)
    return scale, tuple(shift)


def _best_of(small, fits) -> tuple[float, float, float]:
    return max(fits, key=lambda fit: _overlap(*small, fit))


def _climbed(small, boxes, best, step: float) -> tuple[float, float, float]:
    """The fit after moving it as long as that lays more of one matte over the other."""
    height = boxes[1][1] - boxes[1][0]
    now = _overlap(*small, best)
    while step > 0.25 / max(height, 1):
        changes = [tuple(s * step * (i == j) for j in range(3)) for i in range(3) for s in (-1, 1)]
        moves = [_changed(best, change, height, boxes[0]) for change in changes]
        found = [_overlap(*small, move) for move in moves]
        if max(found) > now:
            now, best = max(found), moves[found.index(max(found))]
        else:
            step = step / 2
    return best


def _on_cells(fit, place: float, cell: float) -> tuple[float, float, float]:
    """A fit in cells of `place` pixels, in cells of `cell` pixels; centres lie at integers in all."""
    scale, ratio = fit[0], place / cell
    half = (0.5 * ratio - 0.5) * (1 - scale)
    return scale, fit[1] * ratio + half, fit[2] * ratio + half


def _ratios(boxes) -> list[float]:
    heights, widths = ([b[i + 1] - b[i] for b in boxes] for i in (0, 2))
    by_height, by_width = heights[1] / heights[0], widths[1] / widths[0]
    return [by_height, by_width, (by_height * by_width) ** 0.5]


def _laid(boxes, scale: float) -> tuple[float, float, float]:
    """Middle upon middle."""
    (y0, y1, x0, x1), (v0, v1, u0, u1) = boxes
    return scale, (u0 + u1 - 1 - scale * (x0 + x1 - 1)) / 2, (v0 + v1 - 1 - scale * (y0 + y1 - 1)) / 2


def _changed(fit, change, height: float, box) -> tuple[float, float, float]:
    """Larger about the person's middle, or moved, by shares of their height."""
    scale, x, y = fit
    grown = scale * (1 + change[0])
    middle = (box[2] + box[3] - 1) / 2, (box[0] + box[1] - 1) / 2
    x, y = x + (scale - grown) * middle[0], y + (scale - grown) * middle[1]
    return grown, x + change[1] * height, y + change[2] * height


def _overlap(source: Tensor, target: Tensor, fit) -> float:
    laid = placed(source, fit[0], fit[1:], tuple(target.shape[-2:]), "bilinear")
    union = float(torch.maximum(laid, target).sum())
    return float(torch.minimum(laid, target).sum()) / union if union else 0.0
