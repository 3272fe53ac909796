"""How far a foot's surface stands before and behind its bone: a solid with a sole, a heel, an instep and toes.

A foot that points at the camera shows its instep alone; all of its length, and the heel, lie along the view. So its
depth does not come from its outline, as an arm's does, but from the foot that stands there: where a line of sight
enters and leaves it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from . import field
from .layout import Layout
from .motion import Bones
from .skeleton import JOINT_INDEX
from .template import OFFSETS

BEHIND, BEFORE, UNDER = 0.007, 0.010, 0.012
"""Fractions of stature from the landmarks of heel and toes to the back of the heel, to the tips, and to the sole: with
the standard body's landmarks a length of 0.152 and an ankle as high as template.py's source has them."""
DEEPEST = 0.03
"""The furthest that a sole lies under the landmarks, where the photo shows it lower: thick soles. By eye."""
ALONG = (0.0, 0.015, 0.03, 0.06, 0.2, 0.38, 0.43, 0.52, 0.62, 0.72, 0.82, 0.91, 0.97, 1.0)
"""Places along a foot, from the heel's back to the tips, at which its outlines are given, all in foot lengths."""
TOP = (0.1, 0.3, 0.8, 1.2, 1.2, 1.2, 0.46, 0.34, 0.26, 0.2, 0.155, 0.135, 0.11, 0.05)
"""How high the skin is over the sole; over the heel the leg begins. By eye on bare feet and trainers from the side."""
SOLE = (0.1, 0.05, 0.02, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.005, 0.02, 0.05)
"""How high the sole is over the ground: round at the heel, rolled at the toes. By eye."""
HALF = (0.05, 0.08, 0.1, 0.12, 0.14, 0.145, 0.15, 0.155, 0.165, 0.18, 0.175, 0.15, 0.1, 0.04)
"""Half its breadth; Drillis and Contini 1966 have 0.18 at the ball and less at the heel, the rest is by eye."""
FACING, STEP, HIGHEST = 0.3, 0.025, 0.5
"""How far a foot points at the camera from which on its colours are told by heights over the ground, the steps of these
in foot lengths, and the last: that is shin. By eye."""
HEEL, ANKLE = 0.24, 6
"""Foot lengths over the ground up to which the back of a foot is what the foot wears, also where the leg's front hides
it, the heel of a shoe under an ankle; and how many cells beside the foot's own an ankle is. By eye."""
ASIDE = 0.93
"""Under which of `_sideways` a cell lies aside of a foot's middle: its outer half. By eye."""
LOW, GROUND = 0.12, 0.95
"""Foot lengths over the ground under which a line of sight leaves by the sole, and how near to that end a foot is
broadest then. By eye."""
EDGE = 0.3
"""How much of a cell is foot, from which on the sole goes that far down. By eye."""
STEPS = 96
"""Places along a line of sight at which it is asked whether it is in the foot, before the two ends are interpolated."""
ROUND = 2.5
"""Exponent of the curve in which a foot that faces the camera closes to its sides: 2 is a circle. By eye."""


def heel(frame: Bones, part: int, tall: float) -> np.ndarray:
    """(3,) pixels: the standard body's heel, turned as this foot is."""
    return frame.start[part] + frame.rotation[part] @ OFFSETS[JOINT_INDEX["left_heel"]] * tall


def foot(
    layout: Layout, part: int, inside: torch.Tensor, closed: torch.Tensor, frame: Bones, tall: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """(gh, gw) z of the skin before and behind a foot's middle, in pixels of the camera frame.

    part: the foot's index in PARTS; inside (gh, gw) bool its leg's cells; closed (gh, gw) in [0, 1]: 0 where their
    outline ends, 1 well inside; tall: the stature in pixels. A foot that points at the camera closes to its sides
    alone: at the lower end of its outline it is as long as it is anywhere.
    """
    axes = _axes(frame, part, tall, _lowest(layout, inside))
    near, far = _entered(layout, axes)
    closed = torch.lerp(closed, _sideways(inside), axes.facing)
    rest = torch.lerp(near, far, _broadest(layout, axes, far))
    return rest + (near - rest) * closed, rest + (far - rest) * closed


def _broadest(layout: Layout, axes: _Axes, far: torch.Tensor) -> torch.Tensor:
    """(gh, gw) in [0, 1] where from its front to its back (gh, gw) a foot is broadest: in the middle, but of one that
    points at the camera at the ground, where a line of sight leaves it by the sole. So a sole that a photo shows along
    both sides of a shoe lies at its foot when that is turned."""
    ahead = axes.facing * float(axes.forward[2] < 0)
    return 0.5 + (GROUND - 0.5) * ahead * (1 - _height(layout, axes, far) / LOW).clamp(0, 1)


def _height(layout: Layout, axes: _Axes, z: torch.Tensor) -> torch.Tensor:
    """(gh, gw) foot lengths over the ground at which cells lie in depths z (gh, gw)."""
    off = [values - float(o) for values, o in zip((*layout.cells(), z), axes.origin, strict=True)]
    return sum(values * float(u) for values, u in zip(off, axes.up, strict=True)) / axes.rise


def heights(
    layout: Layout,
    part: int,
    inside: torch.Tensor,
    sheets: tuple[torch.Tensor, torch.Tensor],
    frame: Bones,
    tall: float,
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """(gh, gw) of a foot's front and back (gh, gw), how high they are over the ground, in foot lengths; None where it
    does not point at the camera: then rows of the photo are heights. The rest as for `foot`."""
    axes = _axes(frame, part, tall, _lowest(layout, inside))
    if axes.facing < FACING or axes.forward[2] > 0:
        return None
    return tuple(_height(layout, axes, z) for z in sheets)


class _Axes(NamedTuple):
    """Of a foot, unit vectors of the camera frame (3,): forward to the toes, up from the sole, sideways; origin (3,) in
    pixels, at the heel's back, on the ground; length in pixels, and what is a foot length upwards, of the thickest sole
    more."""

    forward: np.ndarray
    up: np.ndarray
    side: np.ndarray
    origin: np.ndarray
    length: float
    rise: float

    @property
    def facing(self) -> float:
        """In [0, 1]: how far it stands upright and points at the camera, or away from it."""
        return float(self.forward[2] ** 2 * self.up[1] ** 2)


def _lowest(layout: Layout, inside: torch.Tensor) -> float:
    """y in pixels of the lower end of the cells (gh, gw) bool; -inf without any, or where the picture ends there."""
    _, y = layout.cells()
    lowest = float(torch.where(inside, y.expand_as(inside), -torch.inf).max())
    return lowest if lowest < layout.picture[0] - 2 * layout.cell else -np.inf


def _axes(frame: Bones, part: int, tall: float, lowest: float) -> _Axes:
    ankle, back, toes = frame.start[part], heel(frame, part, tall), frame.end[part]
    bone = toes - back
    long = max(float(np.linalg.norm(bone)), 1e-3 * tall)
    forward = bone / long
    up = ankle - back
    up = up - forward * (up @ forward)
    up = up / max(float(np.linalg.norm(up)), 1e-9)
    length = long + (BEHIND + BEFORE) * tall
    under = UNDER * tall
    axes = _Axes(
        forward, up, np.cross(forward, up), back - forward * BEHIND * tall - up * under, length, length
    )
    # A sole of which the photo shows more is thicker, at the heel too.
    tips = axes.origin + forward * 0.9 * length
    thicker = float(np.clip((lowest - tips[1]) / max(-up[1], 0.5), 0, DEEPEST * tall - under)) * axes.facing
    high = max(float((ankle - axes.origin) @ up), 1e-3 * tall)
    return axes._replace(origin=axes.origin - up * thicker, rise=length * (high + thicker) / high)


def soled(solid: torch.Tensor, cover: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """(gh, gw) bool the solid cells (gh, gw) bool of a leg with those under them that still are its foot's: a sole ends
    where its picture does, for from the side its edge is seen. cover, share (gh, gw) in [0, 1]: how far the leg fills
    a cell, and how far that is its foot."""
    own = (cover > EDGE) & (share > 0.5)
    for _ in range(2):
        solid = solid | (own & torch.nn.functional.pad(solid, (0, 0, 1, 0))[:-1])
    return solid


def _entered(layout: Layout, axes: _Axes) -> tuple[torch.Tensor, torch.Tensor]:
    """(gh, gw) z at which each cell's line of sight enters and leaves the foot, continued where it misses it."""
    kind = {"dtype": torch.float32, "device": layout.device}
    x, y = layout.cells()
    middle = axes.origin + axes.forward * axes.length / 2 + axes.up * 0.15 * axes.length
    reach = 0.75 * axes.length
    here = ((x - float(middle[0])).abs() < reach) & ((y - float(middle[1])).abs() < reach)
    depth = torch.linspace(float(middle[2]) - reach, float(middle[2]) + reach, STEPS, **kind)
    off = torch.stack((x[here] - float(axes.origin[0]), y[here] - float(axes.origin[1])))
    deep = _deep(off, depth - float(axes.origin[2]), axes)
    hit = (deep > 0).any(1)
    known = torch.zeros_like(here)
    known[here] = hit
    if not bool(hit.any()):
        flat = torch.full(layout.grid, float(middle[2]), **kind)
        return flat, flat
    ends = torch.zeros(2, *layout.grid, **kind)
    ends[:, known] = torch.stack((_crossing(deep[hit], depth), -_crossing(deep[hit].flip(1), -depth.flip(0))))
    near, far = field.extrapolate(ends, known.float())
    return near, far


def _deep(off: torch.Tensor, z: torch.Tensor, axes: _Axes) -> torch.Tensor:
    """(n, k) how far inside the foot, in foot lengths, points are that lie off (2, n) and z (k,) from the origin."""
    forward, up, side = (
        (off.T @ off.new_tensor(axis[:2]))[:, None] + z * float(axis[2])
        for axis in (axes.forward / axes.length, axes.up / axes.rise, axes.side / axes.length)
    )
    along = off.new_tensor(ALONG)
    number = torch.searchsorted(along, forward.contiguous()).clamp(1, len(ALONG) - 1)
    share = ((forward - along[number - 1]) / (along[number] - along[number - 1])).clamp(0, 1)

    def at(values: tuple[float, ...]) -> torch.Tensor:
        table = off.new_tensor(values)
        return torch.lerp(table[number - 1], table[number], share)

    beyond = torch.minimum(forward, 1 - forward)
    # Across the view the photo's own outline says how broad a foot is.
    half = at(HALF) / max(abs(float(axes.side[2])), 0.05)
    inner = torch.minimum(torch.minimum(up - at(SOLE), at(TOP) - up), half - side.abs())
    return torch.minimum(inner, beyond)


def _crossing(deep: torch.Tensor, depth: torch.Tensor) -> torch.Tensor:
    """(n,) where values (n, k) at depths (k,) first come to be over 0."""
    first = (deep > 0).float().argmax(1)
    before = (first - 1).clamp(min=0)
    a, b = (deep.gather(1, i[:, None])[:, 0] for i in (before, first))
    share = torch.where(first > 0, -a / (b - a).clamp(min=1e-9), 0.0)
    return torch.lerp(depth[before], depth[first], share.clamp(0, 1))


def _sideways(inside: torch.Tensor) -> torch.Tensor:
    """(gh, gw) in [0, 1]: 0 at the left and right end of each row of cells (gh, gw) bool, 1 between."""
    x = torch.arange(inside.shape[1], device=inside.device).float().expand_as(inside)
    left = torch.where(inside, x, torch.inf).amin(1, keepdim=True)
    right = torch.where(inside, x, -torch.inf).amax(1, keepdim=True)
    place = (x - (left + right) / 2) / ((right - left) / 2 + 0.5)
    return (1 - torch.nan_to_num(place, nan=1.0).abs().clamp(max=1) ** ROUND) ** (1 / ROUND)


def side_of_foot(
    layout: Layout,
    rear: torch.Tensor,
    colour: torch.Tensor,
    matte: torch.Tensor,
    foot: torch.Tensor,
    worn: torch.Tensor | None = None,
    over: tuple[torch.Tensor, torch.Tensor] | None = None,
) -> torch.Tensor:
    """(3, h, w) a leg's far colours (3, h, w) with the sides of its foot, share `foot` (gh, gw) of each cell: of each
    height the colour that most of the foot has there. So a shoe has its sole all round, and not its outline's white.
    worn (gh, gw): what each cell shows, where that is known; of a foot it is what most of it does. over: `heights`;
    without, a row of the photo is a height."""
    grid, own = layout.to_grid(colour), (layout.to_grid(matte) > 0.95) & (foot > 0.5)
    share = field.box_blur(foot[None], 1)
    if worn is not None and bool(own.any()):
        shoe = worn == worn[own].mode().values
        own, share = own & shoe, share * shoe
    inner = field.erode(own.float(), 1) > 0
    own = inner if bool(inner.any()) else own
    if over is None:
        rows = torch.where(own, grid, torch.nan).nanmedian(2, keepdim=True).values.expand_as(grid)
        known = own.any(1, keepdim=True).expand_as(own)
    else:
        rows, known = _of_heights(grid, own, *over)
        beside = field.dilate((foot > 0.5).float(), ANKLE)  # a thigh may hang as low
        share = torch.maximum(share, beside * ((HEEL - over[1]) / (2 * STEP)).clamp(0, 1))
    even = field.box_blur(field.extrapolate(torch.nan_to_num(rows), known.float()), 1)
    return torch.lerp(rear, layout.to_native(even), layout.to_native(share))


def _of_heights(
    grid: torch.Tensor, own: torch.Tensor, front: torch.Tensor, back: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """(3, gh, gw) of the colours (3, gh, gw) of cells `own` (gh, gw) bool at heights `front` the median at each cell's
    height `back`, and (gh, gw) bool where there is one. Of cells that lie aside, where there are any: laces do not."""
    aside = own & (_sideways(own) < ASIDE)
    own = aside if bool(aside.any()) else own
    last = round(HIGHEST / STEP)
    step, wanted = ((values / STEP).round().long().clamp(0, last) for values in (front, back))
    rows, known = torch.zeros_like(grid), torch.zeros_like(own)
    for number in range(last + 1):
        here = own & (step == number)
        if bool(here.any()):
            at = wanted == number
            rows = torch.where(at, grid[:, here].median(1).values[:, None, None], rows)
            known |= at
    return rows, known
