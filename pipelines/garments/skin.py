"""Whose skin a cell is: face, trunk, which arm, which leg; and what is too far from every limb to be skin."""

from __future__ import annotations

import numpy as np

from .body import LIMBS, Body

SKIN_OF = {
    "head": "face", "torso": "torso_skin", "left_arm": "left_arm_skin", "right_arm": "right_arm_skin",
    "left_leg": "left_leg_skin", "right_leg": "right_leg_skin",
}  # fmt: skip
"""The region of each of LIMBS' skin."""
BESIDE = 1.25
"""Distance over a limb's measured breadth beyond which skin is not that limb's."""
STRETCHES = 14
"""Pieces of a limb that are bare or dressed on their own."""


def skin_shares(skin: np.ndarray, face: np.ndarray, body: Body) -> dict[str, np.ndarray]:
    """By region (h, w): how surely skin there is that limb's, adding up to 1. skin, face (h, w) in [0, 1]."""
    costs = {name: body.near[name] + _dressed(body.near[name], skin) for name in LIMBS if name != "head"}
    stack = np.stack(list(costs.values()))
    shares = np.exp(-3.0 * (stack - stack.min(0)))
    shares /= shares.sum(0)
    # The face is what the network says, near the head.
    own = np.clip(face / np.maximum(skin, 1e-3), 0, 1) * np.clip(3.5 - body.near["head"], 0, 1)
    found = {SKIN_OF[name]: share * (1 - own) for name, share in zip(costs, shares, strict=True)}
    return found | {"face": own}


def _dressed(near: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """(h, w) extra cost of a limb that shows no skin of its own nearby: bare skin on trousers is a hand's."""
    import cv2

    core = np.float32(near < 0.6)
    size = 2 * max(2, near.shape[0] // 40) + 1
    bare = cv2.blur(core * skin, (size, size)) / np.maximum(cv2.blur(core, (size, size)), 1e-4)
    known = cv2.blur(core, (size, size)) > 1e-3
    return np.where(known, 1.5 * np.clip(0.5 - bare, 0, 0.5), 0.75)


def breadths(person: np.ndarray, body: Body) -> dict[str, float]:
    """Half-breadths of the legs over the body's own radius, measured where the outline is near on the outer side."""
    found = {}
    for side, other in (("left", "right"), ("right", "left")):
        near, far = body.near[f"{side}_leg"], body.near[f"{other}_leg"]
        lower = (body.down > 1.3) & (body.down < 2.8) & (near < far)
        outer = lower & (np.sign(body.aside) == (1 if side == "left" else -1))
        edge = outer & person & _border(person)
        found[side] = float(np.clip(np.median(near[edge]), 0.8, 2.2)) if edge.sum() > 10 else 1.3
    return found


def _border(mask: np.ndarray) -> np.ndarray:
    import cv2

    return mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)


def strays(skin: np.ndarray, person: np.ndarray, lab: np.ndarray, body: Body) -> np.ndarray:
    """(h, w) bool: cells taken for skin between or beside the legs that lie beyond the legs' own breadth and have
    not their colour: a flower pot, a wall. skin (h, w) bool."""
    wide = breadths(person, body)
    legs = skin & (body.down > 1.15) & (np.minimum(body.near["left_arm"], body.near["right_arm"]) > 2.0)
    over = np.minimum(body.near["left_leg"] / wide["left"], body.near["right_leg"] / wide["right"])
    core = legs & (over < 0.7)
    if core.sum() < 30:
        return np.zeros_like(skin)
    mean, spread = lab[core].mean(0), lab[core].std(0) + 3.0
    strange = (((lab - mean) / spread) ** 2).sum(-1)
    return legs & (over > BESIDE) & (strange > 3.0) | (legs & (over > 1.8))
