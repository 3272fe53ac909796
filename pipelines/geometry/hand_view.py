"""A hand that was drawn anew, laid among the layers."""

from __future__ import annotations

import torch

from .compositing import Slots
from .hands import Shown
from .view import ARMS_AHEAD, UNSEEN_BEHIND, View


def view_of_hand(
    hand: Shown, own: int, views: list[View], slots: Slots, stature: float, lift: torch.Tensor | float = 0.0
) -> View:
    """A hand that was drawn anew, as a view beside those of the layers, `views[own]` its arm's; lift (n,) pixels by
    which it is brought forward, as its arm is."""
    standing = [view.standing(stature) for view in views]
    # Of its own arm it lies under what is really there: not under its faint edge, nor behind what is a guess.
    arm = views[own]
    standing[own] = torch.where(arm.parted > 0.5, arm.depth - arm.ahead, -torch.inf)
    far = laid(hand, ARMS_AHEAD * stature + lift, own, standing, slots)
    return View(
        hand.index,
        hand.source,
        hand.depth,
        hand.colour,
        alpha=hand.alpha,
        parted=hand.alpha,
        seen=hand.seen,
        bare=hand.seen,
        front=torch.ones_like(hand.index, dtype=torch.bool),
        part=hand.part,
        stretch=torch.ones_like(hand.depth),
        normal=hand.normal,
        source_normal=hand.source_normal,
        photo=torch.zeros_like(hand.index),
        ahead=hand.depth + (1 - hand.seen) * (UNSEEN_BEHIND * stature) - far,
        source_depth=torch.full_like(hand.depth, torch.nan),  # drawn anew: no point of the photo's surface
    )


def laid(
    hand: Shown, ahead: torch.Tensor | float, own: int, standing: list[torch.Tensor], slots: Slots
) -> torch.Tensor:
    """(n,) the depth by which a drawn hand is laid over or under the layers, whose entries stand at
    `standing` (m,) each and lie at the pixels as `slots` tell; it wins by `ahead` (n,) pixels at
    the same depth.

    Its wrist lies under its own arm, number `own`. Another layer it crosses as a whole, on the side where
    most of it is: no thumb alone comes through the hair, and no finger through the other arm's sleeve.
    """
    far = hand.depth - ahead
    for k, depth in enumerate(standing):
        at = slots.at(k, hand.index)
        both = torch.nonzero((at >= 0) & (hand.under if k == own else hand.alpha > 0.5)).squeeze(1)
        if len(both) == 0:
            continue
        other = depth[at[both]]
        behind = k == own or float((far[both] > other).float().mean()) > 0.5
        far[both] = far[both].maximum(other + 1) if behind else far[both].minimum(other - 1)
    return far
