"""Whose skin a cell is: face, trunk, which arm, which leg; and what is too far from every limb to be skin."""

from __future__ import annotations

import numpy as np

from .body import LIMBS, SIDES, Body

SKIN_OF = {
    "head": "face", "torso": "torso_skin", "left_arm": "left_arm_skin", "right_arm": "right_arm_skin",
    "left_leg": "left_leg_skin", "right_leg": "right_leg_skin",
}  # fmt: skip
"""The region of each of LIMBS' skin."""
OWN_SKIN = 1.4
"""Radii from an arm beyond which skin on trunk and legs is their own."""
COVERED = 1.5
"""Radii by which a limb that is covered by cloth counts as further away. By eye."""
IN_FRONT = 0.75
"""How much nearer than it is an arm counts: it mostly lies before trunk and legs. By eye."""
BESIDE, GROWN = 1.25, 0.9
"""Distance over a limb's measured breadth beyond which what has another colour is not that limb's, and down to which it
goes on from there."""
SURELY = 1.45
"""The same, whatever the colour."""
CRUMB = 0.004
"""Share of the person up to which a piece of cloth beside bare legs is none, and one of skin is the leg's."""
UNLIKE_FACE = 22.0
"""CIELAB units in a and b from the face's own hue beyond which nothing is bare skin: shade and sun move lightness much
more than hue. By eye, on the development photos."""
CLEAR_OF_ARM = 2.0
"""Radii of an arm beyond which an outline is none of its hand's. By eye."""
BEYOND_ARM = 2.2
"""Radii of an arm beyond which nothing is its skin. By eye."""


def skin_shares(skin: np.ndarray, face: np.ndarray, body: Body) -> dict[str, np.ndarray]:
    """By region (h, w): how surely skin there is that limb's, adding up to 1. skin, face (h, w) in [0, 1]."""
    arms = np.minimum(body.near["left_arm"], body.near["right_arm"])
    costs = {}
    for name in LIMBS:
        if name != "head":  # an arm's skin before a shirt does not tell that the trunk is bare
            clear = arms > OWN_SKIN if not name.endswith("arm") else np.ones_like(skin, bool)
            costs[name] = body.near[name] + _dressed(body.near[name], skin, clear)
    for side in SIDES:  # a hand on a thigh lies before it
        costs[f"{side}_arm"] = IN_FRONT * costs[f"{side}_arm"]
    stack = np.stack(list(costs.values()))
    shares = np.exp(-3.0 * (stack - stack.min(0)))
    shares /= shares.sum(0)
    # The face is what the network says, near the head.
    own = np.clip(face / np.maximum(skin, 1e-3), 0, 1) * np.clip(3.5 - body.near["head"], 0, 1)
    found = {SKIN_OF[name]: share * (1 - own) for name, share in zip(costs, shares, strict=True)}
    return found | {"face": own}


def _dressed(near: np.ndarray, skin: np.ndarray, clear: np.ndarray) -> np.ndarray:
    """(h, w) extra cost of a limb that shows no skin of its own nearby, where it is `clear` of the arms: bare skin on
    trousers is a hand's."""
    import cv2

    core = np.float32((near < 0.6) & clear)
    size = 2 * max(2, near.shape[0] // 20) + 1
    seen = cv2.blur(core, (size, size))
    bare = cv2.blur(core * skin, (size, size)) / np.maximum(seen, 1e-4)
    return np.where(seen > 1e-3, COVERED * 2 * np.clip(0.5 - bare, 0, 0.5), 0.5 * COVERED)


def breadth(side: str, person: np.ndarray, body: Body) -> np.ndarray:
    """(h, w) half-breadth of a leg over the body's own radius, by height: measured to the outline on the outer side,
    where no other leg and nothing between the legs can be taken for it, and clear of hands that hang beside it."""
    other = "right" if side == "left" else "left"
    near, edge = body.near[f"{side}_leg"], _border(person) & _no_arm(body)
    own = near < body.near[f"{other}_leg"]
    away = 1 if side == "left" else -1
    heights, found = [], []
    for low in np.arange(1.0, 3.0, 0.2):
        row = own & (body.down >= low) & (body.down < low + 0.2)
        axis = row & (near < 0.35)
        if not axis.any():
            continue
        at = row & edge & (away * (body.aside - float(body.aside[axis].mean())) > 0) & (near < 3.0)
        if at.sum() >= 3:
            heights.append(low + 0.1)
            found.append(float(np.median(near[at])))
    if not heights:
        return np.full(near.shape, 1.4)
    return np.clip(np.interp(body.down, heights, found), 0.8, 2.2)


def _no_arm(body: Body) -> np.ndarray:
    """(h, w) bool: clear of both arms."""
    return np.minimum(body.near["left_arm"], body.near["right_arm"]) > CLEAR_OF_ARM


def _border(mask: np.ndarray) -> np.ndarray:
    import cv2

    return mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)


def strays(
    skin: np.ndarray, cloth: np.ndarray, person: np.ndarray, lab: np.ndarray, body: Body
) -> np.ndarray:
    """(h, w) bool: cells taken for skin between or beside the legs that lie beyond the legs' own breadth and have
    not their colour, and crumbs of cloth there: a flower pot, a wall. skin, cloth, person (h, w) bool."""
    import cv2

    below = (body.down > 1.15) & _no_arm(body)
    over = np.minimum(*(body.near[f"{side}_leg"] / breadth(side, person, body) for side in SIDES))
    legs = skin & below
    core = legs & (over < 0.7)
    if core.sum() < 30:
        return np.zeros_like(skin)
    strange = strangeness(lab, core)
    seeds = legs & (((over > BESIDE) & (strange > 3.0)) | (over > SURELY))
    seeds &= ~_crumbs(seeds, CRUMB * person.sum())  # a knee or a calf may stand out by a little
    seeds |= _crumbs(cloth, CRUMB * person.sum()) & below & (over > 1.0) & (body.down < 2.7)
    _, labels = cv2.connectedComponents((seeds | (legs & (over > GROWN) & (strange > 2.5))).astype(np.uint8))
    found = np.isin(labels, np.unique(labels[seeds])) & (labels > 0)
    return cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) > 0


def _crumbs(mask: np.ndarray, most: float) -> np.ndarray:
    """The connected pieces of a mask with at most so many cells."""
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return mask & (stats[:, cv2.CC_STAT_AREA] <= most)[labels]


def beyond_arms(skin: np.ndarray, lab: np.ndarray, body: Body) -> np.ndarray:
    """(h, w) bool: skin beside the trunk, too far from every arm and from the trunk to be skin, and of another colour
    than the arms: a bag, a cup."""
    arms = np.minimum(body.near["left_arm"], body.near["right_arm"])
    others = np.minimum.reduce([body.near[name] for name in ("torso", "head", "left_leg", "right_leg")])
    core = skin & (np.minimum(arms, body.near["head"]) < 0.8)
    if core.sum() < 30:
        return np.zeros_like(skin)
    return skin & (arms > BEYOND_ARM) & (others > 1.6) & (body.down < 1.5) & (strangeness(lab, core) > 3.0)


def strangeness(lab: np.ndarray, core: np.ndarray) -> np.ndarray:
    """(h, w) squared distance from the core's colours, in variances."""
    return (((lab - lab[core].mean(0)) / (lab[core].std(0) + 3.0)) ** 2).sum(-1)


def unlike_face(skin: np.ndarray, face: np.ndarray, lab: np.ndarray, body: Body) -> np.ndarray:
    """(h, w) bool: skin of trunk and legs whose hue is not the face's: a print, tights. Hands are let be: they are
    often in other light, or hold something."""
    if face.sum() < 30:
        return np.zeros_like(skin)
    hue = np.median(lab[face][:, 1:], axis=0)
    apart = np.hypot(lab[..., 1] - hue[0], lab[..., 2] - hue[1])
    arms = np.minimum(body.near["left_arm"], body.near["right_arm"])
    return (
        skin & ~face & (apart > UNLIKE_FACE) & (arms > 1.5) & (body.near["head"] > 1.5) & (body.down > 0.05)
    )
