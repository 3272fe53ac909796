"""What the lifter is trained on: random people (lifter_poses.py) before random cameras, as a detector reports them.

Lengths in statures. The target is the horizontal depth (level frame) at the scale of the pelvis.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pipelines.models.lifter import POINTS

from .limits import LimitPoses
from .poses import drawn, spin

LIMITS = 0.1
"""Share of the people drawn from the joint limits."""

AT = {name: i for i, name in enumerate(POINTS)}
FACE = [AT[name] for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]
FEET = [i for i, name in enumerate(POINTS) if "toe" in name or "heel" in name]
HANDS = [
    [i for i, name in enumerate(POINTS) if name.startswith(side) and name[-1].isdigit()]
    for side in ("left", "right")
]
LIMBS = [
    [AT[f"{side}_{n}"] for n in part] + extra
    for side, hand in zip(("left", "right"), HANDS, strict=True)
    for part, extra in (
        (("elbow", "wrist"), hand),
        (("wrist",), hand),
        (("knee", "ankle", "big_toe", "small_toe", "heel"), []),
        (("ankle", "big_toe", "small_toe", "heel"), []),
    )
]


class Batch(NamedTuple):
    """points (n, 33, 2), confidence (n, 33) with 0 for absent, depth (n, 33); statures."""

    points: Tensor
    confidence: Tensor
    depth: Tensor


def batch(people: int, views: int, generator: torch.Generator, limits: LimitPoses | None = None) -> Batch:
    """`people` random people, each seen `views` times by other cameras with other gaps and errors; LIMITS of them
    from the whole of the joint limits."""
    joints = drawn(people, generator)
    if limits:
        few = round(LIMITS * people)
        joints = torch.cat([joints[few:], limits.draw(few, generator)])
    joints = joints.repeat(views, 1, 1)
    points, depth, before = seen_by_cameras(_tilted(joints, generator), generator)
    confidence = present(points, depth, generator) * before.float()
    points, confidence = jittered(points, confidence, generator)
    return Batch(points, confidence, depth)


def _normal(n: int, size: float, generator: torch.Generator) -> Tensor:
    return torch.randn(n, generator=generator) * size


def _chance(shape, share: float, generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator) < share


def _tilted(joints: Tensor, generator: torch.Generator) -> Tensor:
    """A few people lie or fall; the others stand as drawn."""
    n = len(joints)
    angle = _normal(n, 0.08, generator) * _chance(n, 0.3, generator)
    angle = torch.where(_chance(n, 0.03, generator), 1.3 + _normal(n, 0.25, generator), angle)
    way = 6.283 * torch.rand(n, generator=generator)
    turn = spin(1, way) @ spin(0, angle) @ spin(1, -way)
    return joints @ turn.transpose(-1, -2)


def seen_by_cameras(joints: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """(n, 35, 3) level frame -> points (n, 33, 2) in statures at the pelvis, depth (n, 33), which points lie
    before the camera (n, 33) bool.

    Yaw: half of the views within about 35 degrees of the front, the others from all round. Distance 1.1 to 4.5
    statures, some from far away, a few as near as a selfie (0.5); pitch 4 +- 9 degrees; the camera looks near the
    person's middle; slight roll.
    """
    n = len(joints)
    yaw = torch.where(
        _chance(n, 0.5, generator),
        _normal(n, 0.6, generator),
        6.283 * torch.rand(n, generator=generator),
    )
    body = joints @ spin(1, yaw).transpose(-1, -2)
    distance = (0.1 + 1.4 * torch.rand(n, generator=generator)).exp()
    distance = torch.where(_chance(n, 0.2, generator), torch.tensor(40.0), distance)
    close = _chance(n, 0.06, generator)
    distance = torch.where(close, (-0.7 + 0.8 * torch.rand(n, generator=generator)).exp(), distance)
    pitch = (0.07 + _normal(n, 0.15, generator)).clamp(-0.35, 0.5)
    middle = body[:, :33, :2].mean(1) + torch.randn(n, 2, generator=generator) * torch.tensor([0.12, 0.15])
    middle = torch.where(close[:, None], body[:, 34, :2], middle)  # near cameras look at the neck
    cosine, sine = pitch.cos()[:, None], pitch.sin()[:, None]
    x, y, z = (body - torch.cat([middle, torch.zeros(n, 1)], dim=1)[:, None]).unbind(-1)
    along, down = cosine * z + sine * y + distance[:, None], cosine * y - sine * z
    shown = torch.stack([x, down], -1) / along.clamp_min(0.25)[..., None] * along[:, 33, None, None]
    roll = spin(2, _normal(n, 0.05, generator))[:, :2, :2]
    return (shown @ roll.transpose(-1, -2))[:, :33], body[:, :33, 2] - body[:, 33:34, 2], along[:, :33] > 0.28


def present(points: Tensor, depth: Tensor, generator: torch.Generator) -> Tensor:
    """(n, 33) 1 or 0: what the detector or the format has, what the picture's border left, random gaps."""
    n = len(points)
    seen = torch.ones(n, len(POINTS))

    def drop(which: list[int], chosen: Tensor) -> None:
        seen[:, which] *= (~chosen).float()[:, None]

    drop(HANDS[0] + HANDS[1], _chance(n, 0.45, generator))
    drop(FEET, _chance(n, 0.3, generator))
    drop(FACE, _chance(n, 0.05, generator))
    away = depth[:, AT["nose"]] > depth[:, [AT["left_ear"], AT["right_ear"]]].mean(1)
    drop(FACE[:3], away & _chance(n, 0.5, generator))
    for near, far in ((3, 4), (4, 3)):
        hidden = depth[:, FACE[near]] + 0.03 < depth[:, FACE[far]]
        drop([FACE[far]], hidden & _chance(n, 0.4, generator))
    for limb in LIMBS + HANDS:
        drop(limb, _chance(n, 0.03, generator))
    gaps = _chance((n, 1), 0.25, generator) & _chance(seen.shape, 0.12, generator)
    return seen * (~gaps).float() * _inside(points, generator).float()


def _inside(points: Tensor, generator: torch.Generator) -> Tensor:
    """(n, 33) bool: within the picture. A quarter of the pictures cut the figure, mostly from below."""
    n = len(points)
    way = torch.multinomial(torch.tensor([0.75, 0.17, 0.03, 0.025, 0.025]), n, True, generator=generator)
    sign = torch.tensor([[0.0, 0.0], [0.0, 1.0], [0.0, -1.0], [1.0, 0.0], [-1.0, 0.0]])[way]
    along = (points * sign[:, None]).sum(-1)
    low, high = along.amin(1, keepdim=True), along.amax(1, keepdim=True)
    border = low + (high - low) * (0.25 + 0.7 * torch.rand(n, 1, generator=generator))
    return (along <= border) | (way == 0)[:, None]


def jittered(points: Tensor, confidence: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The detector's errors (0.1 to 1.5 % of the stature, now and then a joint elsewhere) and how far it trusts
    itself."""
    n = len(points)
    size = (-6.9 + 2.7 * torch.rand(n, 1, generator=generator)).exp()
    size = size * (0.5 + torch.rand(confidence.shape, generator=generator))
    lost = _chance(confidence.shape, 0.006, generator)
    size = torch.where(lost, torch.tensor(0.08), size)
    trust = 0.95 - 12 * size + 0.12 * torch.randn(confidence.shape, generator=generator)
    trust = torch.where(
        _chance((n, 1), 0.3, generator), torch.ones(()), trust
    )  # formats without confidence say 1
    noise = torch.randn(points.shape, generator=generator) * size[..., None]
    return points + noise, confidence * trust.clamp(0.3, 1.0)
