"""Where a body's feet stand in its picture, and the shade that they cast on the ground around them.

All in pixels of the skeleton's picture, or in cells of a grid where that is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from .camera import project
from .contacts import Contact, stated_ground
from .planting import SIDES, planted_sides, toes
from .retarget import stature
from .skeleton import JOINT_INDEX, Skeleton

SOLE = 0.012
"""Fraction of stature from the landmarks of heel and toes down to what they stand on; by eye, openpeople's photos."""
LIFTED = (0.05, 0.10)
"""Fractions of stature above the lowest sole up to which a foot stands, and from which it is in the air: one foot half
a step behind the other appears higher, in a photo taken from eye height."""
RAISED = (0.05, 0.10)
"""The same for heel and toes above their own foot's lowest point: seen from eye height, a heel that stands lies higher
than toes that point at the camera."""
BREADTH = 0.022
"""Half a foot's breadth as a fraction of stature: Drillis and Contini 1966 have 0.055 at the ball, less at the heel."""
FLAT = 0.45
"""How much shorter a circle on the ground is than broad, as photos of standing people show it; our choice."""


class Foot(NamedTuple):
    """heel, toes (2,) pixels on the ground; weight (2,) in [0, 1], how much either bears on it."""

    heel: np.ndarray
    toes: np.ndarray
    weight: np.ndarray


def feet_of(skeleton: Skeleton, contacts: Sequence[Contact] = ()) -> dict[str, Foot]:
    """The feet by side ("left_", "right_"): those whose ankle was detected. contacts: the pose's, where it has some."""
    posed, tall = skeleton.forward(), stature(skeleton)
    sides = [side for side in SIDES if skeleton.present(f"{side}ankle")]
    ends = {s: np.stack((posed.positions[JOINT_INDEX[f"{s}heel"]], toes(posed, s))) for s in sides}
    if not ends:
        return {}
    lowest = max(float(end[:, 1].max()) for end in ends.values())
    ground = stated_ground(skeleton, contacts)
    planted = planted_sides(contacts)
    airborne = ground is not None and not planted
    feet = {}
    for side, end in ends.items():
        own = float(end[:, 1].max())
        level = ground if airborne else lowest
        stands = 1.0 if side in planted else float(_fading((level - own) / tall, LIFTED))
        weight = stands * _fading((own - end[:, 1]) / tall, RAISED)
        heel, front = project(end) + [0, SOLE * tall]
        feet[side] = Foot(heel, front, weight)
    return feet


def _fading(height: np.ndarray | float, limits: tuple[float, float]) -> np.ndarray:
    low, high = limits
    return np.clip((high - np.asarray(height)) / (high - low), 0, 1)


def distance(foot: Foot, shape: tuple[int, int], cell: float) -> tuple[torch.Tensor, torch.Tensor]:
    """(h, w) pixels along the ground from each cell's centre to the line from heel to toes, and where on it, 0..1."""
    y, x = (torch.arange(n, dtype=torch.float32) * cell + (cell - 1) / 2 for n in shape)
    place = torch.stack(torch.meshgrid(x, y / FLAT, indexing="xy"), -1)
    heel, front = (torch.tensor([p[0], p[1] / FLAT], dtype=torch.float32) for p in (foot.heel, foot.toes))
    along = front - heel
    at = (((place - heel) @ along) / along.square().sum().clamp_min(1e-6)).clamp(0, 1)
    return (place - heel - at[..., None] * along).norm(dim=-1), at


class Fading(NamedTuple):
    """How the shade under a foot fades: over `softness` around it, and `behind` it, for a light from the front; both
    fractions of stature."""

    softness: float
    behind: float = 0.0


def contact_shade(foot: Foot, tall: float, how: Fading, shape: tuple[int, int], cell: float) -> torch.Tensor:
    """(h, w) in [0, 1]: 1 under the sole of a person of stature `tall`, fading beside it."""
    up = np.array([0.0, how.behind * tall])
    away, at = distance(foot._replace(heel=foot.heel - up, toes=foot.toes - up), shape, cell)
    beside = (away - BREADTH * tall).clamp_min(0) / (how.softness * tall)
    bears = torch.lerp(*(torch.tensor(w, dtype=torch.float32) for w in foot.weight), at)
    return bears * torch.exp(-beside.square())
