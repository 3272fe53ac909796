"""What is solid of a posed person: limbs and trunk as tables of radii about their bones, which push cloth and arms
out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from .bodies import Body, Motion

BANDS, AROUND = 10, 16
"""Of a volume's table: along its bone and round it."""


@dataclass(frozen=True)
class Piece:
    """A piece of the body: the segment it moves with (joint, part), the joints whose skin is its own, and its axis:
    from and to the mean of some bones' heads, lengthened by `before` and `after` of its length."""

    joint: str
    part: str
    skin: tuple[str, ...]
    start: tuple[str, ...]
    stop: tuple[str, ...]
    before: float = 0.0
    after: float = 0.0


def _leg(side: str) -> tuple[Piece, Piece]:
    name = {"L": "left_", "R": "right_"}[side]
    return (
        Piece(f"{name}hip", "02", (f"{name}hip",), (f"upperleg01.{side}",), (f"lowerleg01.{side}",)),
        Piece(f"{name}knee", "", (f"{name}knee",), (f"lowerleg01.{side}",), (f"foot.{side}",)),
    )


LEGS = (*_leg("L"), *_leg("R"))
"""Thigh and shank, left then right."""
HIPS = ("upperleg01.L", "upperleg01.R")
CORE = (
    Piece("pelvis", "", ("pelvis", "left_hip", "right_hip"), HIPS, ("spine05",), before=1.0, after=1.0),
    Piece("lumbar", "", ("lumbar", "pelvis"), ("spine05",), ("spine02",)),
    Piece("thoracic", "", ("thoracic",), ("spine02",), ("spine01",)),
    Piece("chest", "", ("chest", "left_clavicle", "right_clavicle"), ("spine01",), ("neck01",)),
    Piece("head", "", ("head", "cervical"), ("neck03",), ("head",), after=3.0),
)
"""The trunk from the crotch up, and the head."""


def frames_along(first: Tensor, second: Tensor) -> Tensor:
    """(P, 3), (P, 3) -> (P, 3, 3) right-handed: columns along the first, near the second, and across both."""
    first = normalize(first, dim=-1)
    across = normalize(torch.linalg.cross(first, second), dim=-1)
    return torch.stack([first, torch.linalg.cross(across, first), across], -1)


@dataclass(frozen=True, eq=False)
class Volumes:
    """L pieces at rest. segments (L,) of the rig; start (L, 3), frame (L, 3, 3) with the axis as first column, length
    (L,); radii (L, BANDS, AROUND): how far the skin, or what is worn on it, stands off the axis. Metres."""

    segments: Tensor
    start: Tensor
    frame: Tensor
    length: Tensor
    radii: Tensor

    @staticmethod
    def of(pieces: tuple[Piece, ...], body: Body, vertices: Tensor, weights: Tensor) -> Volumes:
        """(N, 3) skin and cloth at rest, (N, S) their weights."""
        segments = torch.tensor([body.rig.index(p.joint, p.part) for p in pieces], device=vertices.device)
        start, stop = (
            torch.stack([torch.stack([body.head(b) for b in end]).mean(0) for end in ends])
            for ends in ([p.start for p in pieces], [p.stop for p in pieces])
        )
        axis = stop - start
        start = start - axis * axis.new_tensor([[p.before] for p in pieces])
        stop = stop + axis * axis.new_tensor([[p.after] for p in pieces])
        front = torch.zeros_like(start)
        front[:, 2] = -1
        frame, length = frames_along(stop - start, front), (stop - start).norm(dim=-1)
        own = [[i for i, s in enumerate(body.rig.segments) if s.joint in p.skin] for p in pieces]
        holds = torch.stack([weights[:, columns].sum(1) for columns in own])
        return Volumes(segments, start, frame, length, _radii(vertices, start, frame, length, holds))

    def pushed(self, points: Tensor, motion: Motion, margin: Tensor | float) -> Tensor:
        """(M, 3) posed -> the same outside of the pieces by a margin, a number or (M,) metres."""
        turns = motion.turns[self.segments]
        rest = motion.heads_at_rest[self.segments]
        start = motion.heads[self.segments] + (turns @ (self.start - rest)[..., None])[..., 0]
        frame = turns @ self.frame
        along, second, third = ((points - start[:, None]) @ frame).unbind(-1)
        size = (second * second + third * third).sqrt().clamp_min(1e-6)
        along = along / self.length[:, None]
        beyond = (along.clamp(0, 1) - along) * self.length[:, None]
        wanted = self._radius(along, torch.atan2(third, second)) + margin
        lack = (wanted.square() - beyond.square()).clamp_min(0).sqrt() - size
        lack, deepest = lack.clamp_min(0).max(0)
        share = lack / size.gather(0, deepest[None])[0]
        own = frame[deepest]
        second, third = (x.gather(0, deepest[None])[0] * share for x in (second, third))
        return points + own[..., 1] * second[:, None] + own[..., 2] * third[:, None]

    def _radius(self, along: Tensor, angle: Tensor) -> Tensor:
        """(L, M) place along the axis in [0, 1] and radians round it -> (L, M) metres, bilinear."""
        v = (along * BANDS - 0.5).clamp(0, BANDS - 1.001)
        u = torch.remainder(angle / (2 * torch.pi) * AROUND, AROUND)
        v0, u0 = v.floor(), u.floor()
        fv, fu = v - v0, u - u0
        row = torch.arange(len(self.radii), device=along.device)[:, None] * BANDS + v0.long()
        left, right = u0.long() % AROUND, (u0.long() + 1) % AROUND
        table = self.radii.reshape(-1)
        near = torch.lerp(table[row * AROUND + left], table[row * AROUND + right], fu)
        far = torch.lerp(table[(row + 1) * AROUND + left], table[(row + 1) * AROUND + right], fu)
        return torch.lerp(near, far, fv)


def _radii(vertices: Tensor, start: Tensor, frame: Tensor, length: Tensor, holds: Tensor) -> Tensor:
    """The largest distance from each axis by band and angle; where nothing is, the band's mean, or the whole's."""
    local = (vertices - start[:, None]) @ frame
    band = (local[..., 0] / length[:, None] * BANDS).floor()
    turn = (torch.atan2(local[..., 2], local[..., 1]) / (2 * torch.pi) * AROUND).round().remainder(AROUND)
    inside = (holds > 0.5) & (band >= 0) & (band < BANDS)
    cell = (band.clamp(0, BANDS - 1) * AROUND + turn).long()
    size = torch.where(inside, torch.hypot(local[..., 1], local[..., 2]), torch.zeros_like(band))
    table = size.new_zeros(len(start), BANDS * AROUND).scatter_reduce(1, cell, size, "amax")
    table = table.view(len(start), BANDS, AROUND)
    full = table > 0
    mean = table.sum(-1, keepdim=True) / full.sum(-1, keepdim=True).clamp_min(1)
    overall = table.sum((1, 2), keepdim=True) / full.sum((1, 2), keepdim=True).clamp_min(1)
    mean = torch.where(full.any(-1, keepdim=True), mean, overall.expand_as(mean))
    return torch.where(full, table, mean)
