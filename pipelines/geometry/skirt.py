"""Garments that hang round both legs: where they are, and which leg carries which cell."""

from __future__ import annotations

import numpy as np
import torch

from .layout import Layout
from .motion import Bones
from .parts import INDEX, PARTS

SHORTS = 0.65
"""Share of the thigh down to which a closed, narrow garment with bare legs below it may as well be shorts."""


def find_skirt(
    layout: Layout, frame: Bones, matte: torch.Tensor, skin: torch.Tensor | None, tall: float
) -> torch.Tensor:
    """(2gh, 2gw) bool: the cells of a garment that hangs round both legs, empty when there is none.

    Row by row downwards from the hips: the space between the legs' axes is filled, and either by more than two legs
    could fill, or down to a hem with bare skin below it.
    """
    none = torch.zeros_like(matte, dtype=torch.bool)
    left, right = (INDEX[f"{side}_thigh"] for side in ("left", "right"))
    if not (frame.present[left] and frame.present[right]):
        return none
    x, y = layout.cells(2)
    inside = matte > 0.5
    axes = [_leg_axis(frame, side, y[:, 0]) for side in ("left", "right")]
    low, high = torch.minimum(*axes)[:, None], torch.maximum(*axes)[:, None]
    between = (x >= low) & (x <= high)
    filled = (inside & between).sum(1) >= 0.97 * between.sum(1).clamp(min=1)
    reach = 1.3 * float(PARTS[left].radius + PARTS[right].radius) * tall  # two thighs in trousers
    width = torch.where(inside, x, torch.nan)
    span = torch.nan_to_num(width, nan=-1e9).amax(1) - torch.nan_to_num(width, nan=1e9).amin(1)
    loose = ((high - low)[:, 0] > 1.3 * reach) | (span > 1.25 * ((high - low)[:, 0] + reach))
    bare = torch.zeros_like(filled)
    if skin is not None:
        legs = torch.stack([layout.capsule(frame.start[p], frame.end[p], 2)[0] for p in _leg_parts(frame)])
        core = (legs.amin(0) < 0.02 * tall) & inside
        bare = (skin * core).sum(1) > 0.5 * core.sum(1).clamp(min=1)
    hip = float((frame.start[left][1] + frame.start[right][1]) / 2)
    knee = float((frame.end[left][1] + frame.end[right][1]) / 2)
    rows = y[:, 0]
    if knee - hip < 0.08 * tall:  # seated: the legs do not hang below the hips
        return none
    below = rows > hip + 0.15 * (knee - hip)
    stop = below & (~filled | bare)
    hem = float(rows[stop][0]) if bool(stop.any()) else float(rows[-1])
    inner = below & (rows < hem)
    hemmed = bool((bare & below & (rows >= hem) & (rows < hem + 0.03 * tall)).any())
    share = float(loose[inner].float().mean()) if bool(inner.any()) else 0.0
    length = (hem - hip) / (knee - hip)
    if not (share > 0.5 and length > 0.5) and not (hemmed and length > SHORTS):
        return none
    return inside & (y > hip) & (y < hem)


def _leg_parts(frame: Bones) -> list[int]:
    names = [f"{side}_{part}" for side in ("left", "right") for part in ("thigh", "shin")]
    return [INDEX[name] for name in names if frame.present[INDEX[name]]]


def _leg_axis(frame: Bones, side: str, rows: torch.Tensor) -> torch.Tensor:
    """(rows,) x of a leg's axis at each y: hip to knee to ankle, straight on beyond them."""
    thigh, shin = INDEX[f"{side}_thigh"], INDEX[f"{side}_shin"]
    points = [frame.start[thigh][:2], frame.end[thigh][:2]]
    if frame.present[shin]:
        points.append(frame.end[shin][:2])
    ys, xs = np.array([p[1] for p in points]), np.array([p[0] for p in points])
    order = np.argsort(ys)
    at = np.interp(rows.cpu().numpy(), ys[order], xs[order])
    return torch.as_tensor(at, dtype=torch.float32, device=rows.device)


def radii_within(
    layout: Layout, frame: Bones, radii: np.ndarray, skirt: torch.Tensor, tall: float
) -> np.ndarray:
    """(P,) half-breadths in which those of the legs' parts that a skirt hides from the middle on are the body's own: what
    was measured there is the skirt."""
    if not bool(skirt.any()):
        return radii
    _, y = layout.cells(2)
    hem = float(y[skirt].max())
    out = radii.copy()
    for p in _leg_parts(frame):
        if (frame.start[p][1] + frame.end[p][1]) / 2 < hem:
            out[p] = min(radii[p], PARTS[p].radius * tall)
    return out


def cloth_rows(
    skirt: torch.Tensor, layout: Layout, hem: float, skin: torch.Tensor | None = None
) -> torch.Tensor:
    """(2gh, 1 or 2gw) bool: all rows from `hem` pixels above a skirt's end upwards, but for bare skin (a slit) where
    `skin` is given."""
    reach = max(1, int(hem / (layout.cell / 2)))
    below = torch.nn.functional.pad(skirt[reach:], (0, 0, 0, reach))
    rows = (skirt & below).any(1, keepdim=True).flip(0).cummax(0).values.flip(0)
    return rows if skin is None else rows & (skin < 0.5)
