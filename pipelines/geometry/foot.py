"""How far a foot's surface stands before and behind its bone: a wedge from the ankle to the heel and the toes.

A foot that points at the camera shows its instep alone; all of its length, and the heel, lie along the view. So its
depth does not come from its outline, as an arm's does, but from the foot that stands there: spheres all over the
triangle of ankle, heel and toes.
"""

from __future__ import annotations

import numpy as np
import torch

from . import field
from .layout import Layout
from .motion import Bones
from .skeleton import JOINT_INDEX
from .template import OFFSETS

HALF = np.array([0.02, 0.015, 0.01])
"""Half-thickness of a foot at the ankle, the heel and the toes as a fraction of stature (35, 26 and 17 mm on 1.75 m):
by eye on bare feet and shoes."""
FLAT = 0.45
"""Half-thickness of a foot over its half-breadth: across its bone the spheres are so much broader. By eye."""
ROWS = 9
"""Spheres along each side of the triangle."""


def heel(frame: Bones, part: int, tall: float) -> np.ndarray:
    """(3,) pixels: the standard body's heel, turned as this foot is."""
    return frame.start[part] + frame.rotation[part] @ OFFSETS[JOINT_INDEX["left_heel"]] * tall


def foot(
    layout: Layout, part: int, closed: torch.Tensor, frame: Bones, tall: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """(gh, gw) z of the skin before and behind a foot's middle, in pixels of the camera frame.

    part: the foot's index in PARTS; closed (gh, gw) in [0, 1]: 0 where its outline ends, 1 well inside; tall: the
    stature in pixels. The triangle is that of the skin: it is drawn in by the spheres' own size at heel and toes.
    """
    share = _barycentric()
    corners = np.stack((frame.start[part], heel(frame, part, tall), frame.end[part]))
    radius = share @ HALF * tall
    inwards = corners.mean(0) - corners
    inwards /= np.maximum(np.linalg.norm(inwards, axis=1, keepdims=True), 1e-6)
    corners = corners + inwards * (HALF * [0, 1, 0.5] * tall)[:, None]
    near, far = _hull(layout, share @ corners, radius, frame.end[part] - frame.start[part])
    middle = (near + far) / 2
    return middle + (near - middle) * closed, middle + (far - middle) * closed


def _barycentric() -> np.ndarray:
    """(n, 3) weights of a triangle's corners, evenly over it."""
    a, b = np.meshgrid(np.linspace(0, 1, ROWS), np.linspace(0, 1, ROWS), indexing="ij")
    inside = a + b < 1 + 1e-9
    return np.stack((a[inside], b[inside], 1 - a[inside] - b[inside]), 1)


def _hull(
    layout: Layout, centres: np.ndarray, radius: np.ndarray, bone: np.ndarray
) -> tuple[torch.Tensor, torch.Tensor]:
    """(gh, gw) least and greatest z of spheres (n, 3), (n,), which are broader across the bone's image."""
    length = np.hypot(*bone[:2])
    across = np.array([-bone[1], bone[0]]) / length if length > 1e-6 else np.array([1.0, 0.0])
    kind = {"dtype": torch.float32, "device": layout.device}
    x, y = layout.cells()
    places = torch.as_tensor(centres, **kind)[:, :, None, None]
    dx, dy = x - places[:, 0], y - places[:, 1]
    sideways = dx * float(across[0]) + dy * float(across[1])
    distance = dx.square() + dy.square() - (1 - FLAT**2) * sideways.square()
    room = torch.as_tensor(radius, **kind)[:, None, None].square() - distance
    # Outside of all spheres the nearest one's middle counts.
    out = room == room.amax(0)
    half = room.clamp(min=0).sqrt()
    near = torch.where((room > 0) | out, places[:, 2] - half, torch.inf).amin(0)
    far = torch.where((room > 0) | out, places[:, 2] + half, -torch.inf).amax(0)
    return near, far


def side_of_foot(
    layout: Layout,
    rear: torch.Tensor,
    colour: torch.Tensor,
    matte: torch.Tensor,
    foot: torch.Tensor,
    worn: torch.Tensor | None = None,
) -> torch.Tensor:
    """(3, h, w) a leg's far colours (3, h, w) with the sides of its foot, share `foot` (gh, gw) of each cell: of each
    height the colour that most of the foot has there. So a shoe has its sole all round, and not its outline's white.
    worn (gh, gw): what each cell shows, where that is known; of a foot it is what most of it does."""
    grid, own = layout.to_grid(colour), (layout.to_grid(matte) > 0.95) & (foot > 0.5)
    share = field.box_blur(foot[None], 1)
    if worn is not None and bool(own.any()):
        shoe = worn == worn[own].mode().values
        own, share = own & shoe, share * shoe
    inner = field.erode(own.float(), 1) > 0
    own = inner if bool(inner.any()) else own
    rows = torch.where(own, grid, torch.nan).nanmedian(2, keepdim=True).values.expand_as(grid)
    known = own.any(1, keepdim=True).expand_as(own)
    even = field.box_blur(field.extrapolate(torch.nan_to_num(rows), known.float()), 1)
    return torch.lerp(rear, layout.to_native(even), layout.to_native(share))
