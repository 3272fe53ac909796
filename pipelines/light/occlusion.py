"""What of the light a person's own body keeps from it: shadows of the key, and shade in folds between limb and body.

Worked out on the depth that the camera sees, by steps along the picture: a point is shadowed by what lies on its way to
the light. What the camera does not see casts no shadow here.
"""

from __future__ import annotations

from math import cos, pi, sin

import torch
import torch.nn.functional as F

STEPS = 20
"""Places looked at on the way to the key."""
REACH = 0.35
"""Fraction of the person's longer side within which a body shadows itself."""
THICK = 0.10
"""Fraction of the person's longer side: how far back what is seen is solid. A thigh with its clothes."""
LIFTED = 0.012
"""Fraction of the same by which something must stand before the ray to shadow it: the relief's own error. By eye."""
ROUND, NEAR = 8, (0.012, 0.025, 0.045, 0.075)
"""Directions and distances (fractions of the person's longer side) in which what closes a surface in is looked for."""
SHUT = 0.25
"""Sine of the angle to a surface under which a neighbour shuts out nothing: the surface's own curve. By eye."""
FAR = 1e6


def key_seen(
    depth: torch.Tensor,
    cover: torch.Tensor,
    direction: torch.Tensor,
    radius: float = 0.1,
    side: float | None = None,
) -> torch.Tensor:
    """(h, w) in [0, 1], how much of the key each point of the surface sees.

    depth (h, w) pixels away from the camera where `cover` (h, w) is over a half; direction (3,) unit, towards the key;
    radius in radians of the key; side the person's longer side in pixels, by default the grid's.
    """
    side = side or float(max(depth.shape))
    far = torch.where(cover > 0.5, depth, FAR)
    x, y, z = (float(v) for v in direction)
    dark = torch.zeros_like(depth)
    for step in range(1, STEPS + 1):
        way = REACH * side * (step / STEPS) ** 1.6
        there = _shifted(far, round(x * way), round(y * way))
        before = depth + z * way - there  # over 0: the surface there stands before the ray
        edge = LIFTED * side + way * radius
        blocked = ((before - 0.5 * LIFTED * side) / edge).clamp(0, 1) * (
            (THICK * side + edge - before) / edge
        ).clamp(0, 1)
        dark = torch.maximum(dark, blocked)
    return torch.where(cover > 0.5, 1 - dark, 1.0)


def opened(
    depth: torch.Tensor, cover: torch.Tensor, normal: torch.Tensor, side: float | None = None
) -> torch.Tensor:
    """(h, w) in [0, 1], how open each point is to light from all around: less beside what stands before it. normal
    (3, h, w); the others as for `key_seen`."""
    side = side or float(max(depth.shape))
    far = torch.where(cover > 0.5, depth, FAR)
    total = torch.zeros_like(depth)
    for k in range(ROUND):
        angle = 2 * pi * k / ROUND
        shut = torch.zeros_like(depth)
        for n, share in enumerate(NEAR):
            dx, dy = round(cos(angle) * share * side), round(sin(angle) * share * side)
            if not (dx or dy):
                continue
            rise = _shifted(far, dx, dy) - depth
            length = (rise.square() + dx * dx + dy * dy).sqrt()
            sine = (dx * normal[0] + dy * normal[1] + rise * normal[2]) / length
            fade = (1 - length / (2 * NEAR[-1] * side)).clamp(min=0) * (1 - n / (2 * len(NEAR)))
            shut = torch.maximum(shut, (sine - SHUT).clamp(min=0) / (1 - SHUT) * fade)
        total = total + shut
    return torch.where(cover > 0.5, 1 - total / ROUND, 1.0)


def _shifted(values: torch.Tensor, dx: int, dy: int) -> torch.Tensor:
    """(h, w) what lies dx to the right and dy below each cell; nothing (FAR) beyond the border."""
    height, width = values.shape
    if abs(dx) >= width or abs(dy) >= height:
        return torch.full_like(values, FAR)
    padded = F.pad(values, (max(-dx, 0), max(dx, 0), max(-dy, 0), max(dy, 0)), value=FAR)
    return padded[max(dy, 0) : max(dy, 0) + height, max(dx, 0) : max(dx, 0) + width]
