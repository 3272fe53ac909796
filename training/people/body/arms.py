"""Arms kept out of the body: a pose made on one body would sink the hands of a wider one into the hips."""

from __future__ import annotations

import torch
from torch import Tensor

from .bodies import Body, Motion, Rig
from .turns import turned_by
from .volumes import Volumes

PROBES = {"elbow": 0.045, "wrist": 0.028, "index_1": 0.016, "middle_2": 0.012, "middle_3": 0.012, "little_1": 0.014,
          "index_3": 0.01, "little_3": 0.01, "thumb_2": 0.014, "thumb_3": 0.01}  # fmt: skip
"""Joints of an arm that are kept outside, and how thick the arm is there: metres from bone to skin. Ours, measured
on the kit's middle body."""
ROUNDS = 3
MOST = 0.6
"""Radians an arm is turned at the shoulder at most: more would be another pose."""


def clear(body: Body, motion: Motion, solids: Volumes) -> Motion:
    """The motion with each arm turned at its shoulder, as little as it takes, until its probes lie outside the
    solids."""
    turns, changed = motion.turns, False
    for side in ("left_", "right_"):
        turn = _clearing(body.rig, motion, solids, side)
        if turn is not None:
            arm = [i for i, s in enumerate(body.rig.segments) if _of_arm(s.joint, side)]
            turns = turns.index_copy(0, torch.tensor(arm, device=turns.device), turn @ turns[arm])
            changed = True
    return body.turned(turns) if changed else motion


def _of_arm(joint: str, side: str) -> bool:
    """Whether a joint turns with the shoulder: arm, hand and fingers."""
    name = joint.removeprefix(side)
    return name != joint and (name in ("shoulder", "elbow", "wrist") or name[-2:-1] == "_")


def _clearing(rig: Rig, motion: Motion, solids: Volumes, side: str) -> Tensor | None:
    """(3, 3) turn about the shoulder, or None where the arm is free."""
    shoulder = motion.heads[rig.index(f"{side}shoulder")]
    probes = motion.heads[[rig.index(side + name) for name in PROBES]]
    thick = probes.new_tensor(list(PROBES.values()))
    turn = None
    for _ in range(ROUNDS):
        step = solids.pushed(probes, motion, thick) - probes
        size = step.norm(dim=-1)
        deepest = size.argmax()
        if size[deepest] < 1e-3:
            break
        more = _turn_for(probes[deepest] - shoulder, step[deepest])
        turn = more if turn is None else more @ turn
        probes = shoulder + (probes - shoulder) @ more.T
    return turn


def _turn_for(arm: Tensor, step: Tensor) -> Tensor:
    """(3, 3): the turn about the origin that moves the end of an arm (3,) by a step (3,), as far as a turn can."""
    vector = torch.linalg.cross(arm, step) / arm.square().sum().clamp_min(1e-4)
    angle = vector.norm()
    return turned_by(vector / angle.clamp_min(1e-9), angle.clamp_max(MOST / ROUNDS))
