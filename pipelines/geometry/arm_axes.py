"""Where the middle of an upper arm lies, seen on its bare stretch.

A detector's shoulder is the joint's place in the body, 10 to 20 thousandths of stature inwards of the middle of the
arm's flesh. Measured from there a sleeve reaches into the chest, and a raised arm would take a tongue of the shirt
along.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from .layout import Layout
from .motion import Bones
from .parts import INDEX, PARTS

PLACES = np.linspace(0.2, 0.9, 15)
"""Where along an upper arm its skin is looked at."""
WIDEST, LEAST, SEEN = 2.2, 0.35, 4
"""Half-breadths of an arm beyond which skin to one side is no arm's alone (a hand before it, a bare flank), and the
half of both sides' that is an arm's at least; the places that must tell. By eye."""
MOST = 0.02
"""Fraction of stature by which a joint is moved at most: the upper arm's own half-breadth, 0.023, is more."""


def on_arms_middle(layout: Layout, frame: Bones, skin: torch.Tensor | None, tall: float) -> Bones:
    """The bones with the upper arms' first ends beside the joint, in the picture, where the middle of the arm runs to.

    skin (2gh, 2gw) in [0, 1], or None, where nobody knows; the bones then are as they were.
    """
    if skin is None:
        return frame
    start = frame.start.copy()
    for side in ("left", "right"):
        part = INDEX[f"{side}_upper_arm"]
        if frame.present[part]:
            start[part, :2] += _aside(layout, frame, part, skin, tall)
    return replace(frame, start=start)


def _aside(layout: Layout, frame: Bones, part: int, skin: torch.Tensor, tall: float) -> np.ndarray:
    """(2,) from the joint to where the line through the bare arm's middle begins."""
    bone = (frame.end[part] - frame.start[part])[:2]
    length, radius, pitch = float(np.hypot(*bone)), PARTS[part].radius * tall, layout.cell / 2
    if length < 2 * radius:
        return np.zeros(2)
    normal = np.array([-bone[1], bone[0]]) / length
    reach = np.arange(0, WIDEST * radius + pitch, pitch / 2)
    widths = []
    for sign in (-1, 1):
        rays = PLACES[:, None, None] * bone + frame.start[part][:2] + sign * normal * reach[None, :, None]
        cells = np.floor((rays + 0.5 - np.array(layout.corner)) / pitch).astype(int)
        inside = ((cells >= 0) & (cells < np.array([skin.shape[1], skin.shape[0]]))).all(-1)
        bare = np.zeros(inside.shape, bool)
        bare[inside] = skin.cpu().numpy()[cells[inside][:, 1], cells[inside][:, 0]] > 0.5
        widths.append(np.where(bare.all(1), np.inf, reach[(~bare).argmax(1)]))
    narrow, wide = np.minimum(*widths), np.maximum(*widths)
    told = (narrow > 0) & (wide < WIDEST * radius) & (narrow + wide > 2 * LEAST * radius)
    if told.sum() < SEEN:
        return np.zeros(2)
    # A straight line through the middles that meets the elbow: it is the upper end where flesh and bone differ.
    middle, weight = (widths[1] - widths[0])[told] / 2, 1 - PLACES[told]
    aside = float((middle * weight).sum() / (weight * weight).sum())
    return normal * float(np.clip(aside, -MOST * tall, MOST * tall))
