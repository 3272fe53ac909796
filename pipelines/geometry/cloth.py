"""How cloth hangs: a tube of nodes that falls from the hips, kept off the legs, without stretching.

Position-based dynamics (Mueller, Heidelberger, Hennix and Ratcliff, "Position Based Dynamics", JVCIR 2007) without
velocities: the legs go from how the photo shows them to the pose in a fixed number of small steps, and in each the
cloth falls a little, is straightened and pushed out. What falls is not the cloth but its change: every strand turns
back towards the direction that it hangs in in the photo, so that the photo itself is at rest, whatever its cut.
Strands keep their length from the top down ("follow the leader": Mueller, Kim and Chentanez, "Fast Simulation of
Inextensible Hair and Fur", VRIPHYS 2012).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .cage import COLUMNS, ROWS
from .garments import Material
from .motion import Bones, Motion
from .parts import INDEX, PARTS
from .sections import LEVELS, table

STEPS, SETTLING, ENDING = 24, 10, 3
"""Steps from the photo's legs to the pose's, steps of rest after that, and rounds in which strands get their lengths
back at the end. A thigh that is lifted by a right angle moves by less than half its thickness in a step. Our choice."""
FALL = 0.4
"""Share of its way back to hanging that a strand makes in a step."""
STRETCH, GATHER = 1.06, 0.75
"""How long a ring of cloth is drawn and how short it gathers before it gives way, over its length at rest: woven cloth
gives a few hundredths, and folds take up a quarter. Our choice, by eye."""
SHORT = 0.7
"""The same for how far a strand gathers along its length: a skirt rides up before it stretches."""
GRIP = 0.8
"""Share of its sliding that cloth on a leg does not do. Our choice, by eye."""
STIFFEST = 0.8
"""Bending and stiffness of the stiffest cloth: cotton, at 0.43, is as the default is. Our choice."""
MARGIN = 0.006
"""Fraction of stature between a leg's skin and the cage: the cloth and what the cage rounds off; 10 mm on 1.70 m."""
PINNED = 3
"""Rings, from the top, that the pelvis holds; the first wholly."""
LEVEL = (0.4, 0.65)
"""Sines of the steeper thigh's slope below which it lies on a seat wholly, and not at all."""
SOLE = 0.02
"""Fraction of stature by which the ground lies below the lowest joint of the legs, or what hangs lower in the photo."""
SEAT = 2.0
"""How far a seat goes beyond the hip joints to either side, in half-breadths of a thigh: a chair is as broad as hips
and a hand beside them. Our choice, by eye."""
EDGE, EASED = 0.85, 0.15
"""Share of a thigh that lies on the seat, and how softly the seat ends. Ours."""


@dataclass(frozen=True)
class Fabric:
    """What a garment is made of, as far as its fall goes.

    bending  in [0, 1]: how far a strand goes on in the direction of the cloth above it instead of hanging straight
             down: 0 silk, 0.3 a suit's cloth, 0.6 a structured jacket
    stiffness  in [0, 1]: how far a push on one place moves the ring beside it
    """

    bending: float = 0.15
    stiffness: float = 0.15

    @classmethod
    def of(cls, material: Material) -> Fabric:
        """What is known of a garment's cloth: the square, for in a unit of stiffness silk to leather are evenly apart,
        and how they bend is not. Unknown cloth is the default."""
        stiffness, sure = material.stiffness.value, material.stiffness.confidence
        told = STIFFEST * min(max(stiffness, 0.0), 1.0) ** 2
        return cls(*(default + sure * (told - default) for default in (cls.bending, cls.stiffness)))

    def __post_init__(self):
        for name in ("bending", "stiffness"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"Fabric.{name} is {value}, expected a number from 0 to 1")


@dataclass(frozen=True, eq=False)
class Legs:
    """What cloth hangs over: thighs and shins as rounded cones; `start`, `end` (4, 3) pixels, `radii` (4, 2) there."""

    start: torch.Tensor
    end: torch.Tensor
    radii: torch.Tensor

    PARTS = tuple(INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("thigh", "shin"))

    @classmethod
    def of(cls, frame: Bones, tall: float, like: torch.Tensor) -> Legs:
        """The legs of a figure, as thick as the measured sections' means."""
        thick = [table(PARTS[p].name.split("_")[1]).mean(1) * tall for p in cls.PARTS]
        radii = np.stack([one[[LEVELS // 10, LEVELS - 1 - LEVELS // 10]] for one in thick])
        parts = list(cls.PARTS)
        return cls(*(like.new_tensor(v) for v in (frame.start[parts], frame.end[parts], radii)))

    def depths(self, height: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Least and greatest z of the skin at heights y (n,); of the nearest ends above and below the legs."""
        bone = self.end - self.start
        along = ((height[:, None] - self.start[:, 1]) / bone[:, 1].clamp(min=1e-6)).clamp(0, 1)
        z, thick = self.start[:, 2] + along * bone[:, 2], torch.lerp(*self.radii.T, along)
        beside = (height[:, None] - self.start[:, 1]) * (height[:, None] - self.end[:, 1]) <= 0
        beside[:, ::2] |= height[:, None] < self.start[::2, 1]
        near, far = (torch.where(beside, z - thick, torch.inf), torch.where(beside, z + thick, -torch.inf))
        return near.amin(1), far.amax(1)

    def moved(self, how: Motion) -> Legs:
        """The legs in the pose."""
        parts = list(self.PARTS)
        turn, scale, target = (self.start.new_tensor(v[parts]) for v in (how.rotation, how.scale, how.target))
        bone = torch.einsum("sij,sj->si", turn, (self.end - self.start) * scale[:, None])
        return Legs(target, target + bone, self.radii * scale[:, None])

    def turned(self, turn: torch.Tensor, scale: float, about: torch.Tensor, to: torch.Tensor) -> Legs:
        """The legs as they are, turned as one."""
        ends = ((v - about) * scale @ turn.T + to for v in (self.start, self.end))
        return Legs(*ends, self.radii * scale)

    def towards(self, other: Legs, share: float) -> Legs:
        """On the way to other legs: hips on straight lines, bones on great circles."""
        hips = torch.lerp(self.start[::2], other.start[::2], share)
        bones = _between(self.end - self.start, other.end - other.start, share)
        start = torch.stack((hips, hips + bones[::2]), 1).reshape(4, 3)
        return Legs(start, start + bones, other.radii)

    def carried(self, nodes: torch.Tensor, after: Legs) -> torch.Tensor:
        """Nodes (..., 3) moved as the nearest place on a bone moves from these legs to those after."""
        flat = nodes.reshape(-1, 3)
        bone = self.end - self.start
        step = flat[:, None] - self.start
        along = ((step * bone).sum(-1) / bone.square().sum(-1).clamp(min=1e-6)).clamp(0, 1)[..., None]
        nearest = (step - along * bone).square().sum(-1).argmin(1)
        shift = after.start - self.start + along * (after.end - after.start - bone)
        return nodes + shift[torch.arange(len(flat), device=flat.device), nearest].view_as(nodes)

    def gaps(self, nodes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, 4) signed distances of nodes (N, 3) to each leg's skin, (N, 4, 3) directions away from the bone."""
        bone = self.end - self.start
        step = nodes[:, None] - self.start
        along = ((step * bone).sum(-1) / bone.square().sum(-1).clamp(min=1e-6)).clamp(0, 1)
        away = step - along[..., None] * bone
        distance = away.norm(dim=-1).clamp(min=1e-6)
        return distance - torch.lerp(*self.radii.T, along), away / distance[..., None]


def _between(a: torch.Tensor, b: torch.Tensor, share: float) -> torch.Tensor:
    """(N, 3) vectors on the way from a to b: directions on great circles, lengths evenly."""
    sizes = a.norm(dim=-1, keepdim=True), b.norm(dim=-1, keepdim=True)
    u, v = (one / size.clamp(min=1e-6) for one, size in zip((a, b), sizes, strict=True))
    angle = (u * v).sum(-1, keepdim=True).clamp(-1, 0.99999).acos().clamp(max=3.1)
    way = (torch.sin((1 - share) * angle) * u + torch.sin(share * angle) * v) / torch.sin(angle)
    way = torch.where(angle < 0.01, torch.lerp(u, v, share), way)
    return way * torch.lerp(*sizes, share)


@dataclass(frozen=True, eq=False)
class Hanging:
    """A tube of cloth at rest: nodes (ROWS, COLUMNS, 3) and the legs in it, in pixels of the camera frame; `gap`
    (ROWS * COLUMNS, 4) the distance that each node keeps from each leg: no more than the cloth kept in the photo."""

    nodes: torch.Tensor
    frame: Bones
    legs: Legs
    gap: torch.Tensor
    fabric: Fabric
    floor: float

    @classmethod
    def of(cls, nodes: torch.Tensor, frame: Bones, tall: float, fabric: Fabric) -> Hanging:
        """Nodes that the photo shows on a figure of stature `tall` in pixels."""
        legs = Legs.of(frame, tall, nodes)
        gap, _ = legs.gaps(nodes.reshape(-1, 3))
        gap = torch.maximum(gap, -0.9 * legs.radii.amin(1)).clamp(max=MARGIN * tall)
        beneath = float(nodes[..., 1].max()) - _lowest(frame.start, frame.end)
        return cls(nodes, frame, legs, gap, fabric, max(SOLE * tall, beneath))

    def posed(self, how: Motion) -> torch.Tensor:
        """(ROWS, COLUMNS, 3) the cage as it hangs after the motion."""
        pelvis = INDEX["pelvis"]
        kind = self.nodes.new_tensor
        scale, about, to = float(how.scale[pelvis]), kind(how.source[pelvis]), kind(how.target[pelvis])
        turn, yaw = kind(how.rotation[pelvis]), kind(_yaw(how.rotation[pelvis]))
        start, end = self.legs.turned(yaw, scale, about, to), self.legs.moved(how)
        offset = (self.nodes - about) * scale
        upright, held = offset @ yaw.T + to, offset[:PINNED] @ turn.T + to
        bones = how.scale[:, None] * (self.frame.end - self.frame.start)
        ends = how.target + np.einsum("pij,pj->pi", how.rotation, bones)
        ground = _lowest(how.target, ends) + self.floor * scale
        cloth = _Cloth.of(upright, self.gap * scale, self.fabric, ground, _Seat.of(end))
        nodes, legs = upright, start
        for i in range(1, STEPS + SETTLING + 1):
            share = min(i / STEPS, 1.0)
            top = torch.lerp(upright[:PINNED], held, share)
            before, legs = legs, start.towards(end, share)
            nodes = cloth.step(nodes, top, before, legs, share)
        for _ in range(ENDING):
            nodes = cloth.pushed(cloth.fallen(nodes, 0.0), legs)
        return nodes


def _lowest(start: np.ndarray, end: np.ndarray) -> float:
    """y of what of the legs is lowest; start, end (P, 3) of all parts."""
    parts = [i for i, part in enumerate(PARTS) if part.layer.endswith("leg")]
    return float(max(start[parts, 1].max(), end[parts, 1].max()))


def _yaw(rotation: np.ndarray) -> np.ndarray:
    """(3, 3) the twist about the vertical of a rotation (3, 3)."""
    angle = np.arctan2(rotation[0, 2] - rotation[2, 0], rotation[0, 0] + rotation[2, 2])
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


@dataclass(frozen=True, eq=False)
class _Seat:
    """What level thighs sit on: cloth that would hang through it lies on it, towards the knees; beside it, and over its
    edge, cloth hangs on. For each thigh: `height` (2,) y, `start` (2, 3) the hip, `along` and `across` (2, 3) level,
    outwards; `reach` and `half` (2,) pixels to its edges there."""

    height: torch.Tensor
    start: torch.Tensor
    along: torch.Tensor
    across: torch.Tensor
    reach: torch.Tensor
    half: torch.Tensor

    @classmethod
    def of(cls, legs: Legs) -> _Seat | None:
        """None where neither thigh is level."""
        start, thighs, thick = legs.start[::2], (legs.end - legs.start)[::2], legs.radii[::2].mean(1)
        sizes = thighs.norm(dim=1)
        share = ((LEVEL[1] - (thighs[:, 1] / sizes).abs()) / (LEVEL[1] - LEVEL[0])).clamp(0, 1)
        if not bool((share > 0).any()):
            return None
        flat = thighs * thighs.new_tensor([1.0, 0.0, 1.0])
        along = flat / flat.norm(dim=1, keepdim=True).clamp(min=1e-6)
        across = torch.stack((-along[:, 2], along[:, 1], along[:, 0]), 1)
        outward = start - start.mean(0)
        across = across * torch.sign((across * outward).sum(1, keepdim=True))
        height = start[:, 1] + thick + (1 - share) * sizes
        return cls(height, start, along, across, EDGE * sizes, SEAT * thick)

    def under(self, nodes: torch.Tensor, share: float) -> torch.Tensor:
        """Nodes (..., 3) no lower than the seat: what would be is drawn forward under the thighs."""
        for i in range(2):
            step = nodes - self.start[i]
            beside = step @ self.across[i]
            inner = torch.minimum(1 - beside / self.half[i], 1 + beside / (0.6 * self.half[i])) / EASED
            ahead = (1 - step @ self.along[i] / self.reach[i]) / EASED
            over = (nodes[..., 1] - self.height[i]).clamp(min=0) * torch.minimum(inner, ahead).clamp(0, 1)
            nodes = nodes - share * over[..., None] * (nodes.new_tensor([0.0, 1.0, 0.0]) - self.along[i])
        return nodes


@dataclass(frozen=True, eq=False)
class _Cloth:
    """Everything that a step needs: `rest` (ROWS - 1, COLUMNS, 3) the strands as they hang, `drop` and `ring` their
    lengths and those round the rings."""

    rest: torch.Tensor
    drop: torch.Tensor
    ring: torch.Tensor
    shape: torch.Tensor
    gap: torch.Tensor
    held: torch.Tensor
    fabric: Fabric
    ground: float
    seat: _Seat | None

    @classmethod
    def of(
        cls, nodes: torch.Tensor, gap: torch.Tensor, fabric: Fabric, ground: float, seat: _Seat | None
    ) -> _Cloth:
        rest = nodes[1:] - nodes[:-1]
        ring = (nodes.roll(-1, 1) - nodes).norm(dim=-1)
        share = torch.arange(PINNED, device=nodes.device) / PINNED
        held = 1 - share * share * (3 - 2 * share)
        return cls(rest, rest.norm(dim=-1), ring, nodes, gap, held[:, None, None], fabric, ground, seat)

    def step(
        self, nodes: torch.Tensor, top: torch.Tensor, before: Legs, legs: Legs, share: float
    ) -> torch.Tensor:
        """One step, the legs going from `before` to `legs`: fall, straighten, come out of legs, seat and ground."""
        moved = self.fallen(self._pinned(nodes, top), FALL)
        moved = self._rings(self._rings(self._evened(moved)))
        moved = self._rubbed(before.carried(nodes, legs), moved, legs)
        moved = moved if self.seat is None else self.seat.under(moved, share)
        ground = torch.full_like(moved[..., 1], self.ground)
        moved = torch.stack((moved[..., 0], torch.minimum(moved[..., 1], ground), moved[..., 2]), -1)
        return self._pinned(moved, top)

    def _pinned(self, nodes: torch.Tensor, top: torch.Tensor) -> torch.Tensor:
        return torch.cat((torch.lerp(nodes[:PINNED], top, self.held), nodes[PINNED:]))

    def fallen(self, nodes: torch.Tensor, share: float) -> torch.Tensor:
        """Each strand turned back by a share towards how it hangs, from the top down, and at its own length."""
        rows, bent = [nodes[0]], torch.zeros_like(nodes[0])
        for i in range(ROWS - 1):
            now = nodes[i + 1] - rows[-1]
            now = now + share * (self.rest[i] + self.fabric.bending * bent - now)
            size = _length(now).clamp(min=1e-6)
            wanted = torch.minimum(torch.maximum(size, SHORT * self.drop[i]), self.drop[i])
            now = now * (wanted / size)[:, None]
            bent = now - self.rest[i]
            rows.append(rows[-1] + now)
        return torch.stack(rows)

    def _evened(self, nodes: torch.Tensor) -> torch.Tensor:
        """A push spread round its ring, as far as the cloth is stiff."""
        change = nodes - self.shape
        beside = (change.roll(1, 1) + change.roll(-1, 1)) / 2
        return nodes + self.fabric.stiffness * (beside - change) * 0.5

    def _rings(self, nodes: torch.Tensor) -> torch.Tensor:
        """Neighbours round a ring no further apart than the cloth stretches, no nearer than it gathers."""
        step = nodes.roll(-1, 1) - nodes
        size = _length(step).clamp(min=1e-6)
        wanted = torch.minimum(torch.maximum(size, GATHER * self.ring), STRETCH * self.ring)
        move = step * ((size - wanted) / size * 0.35)[..., None]
        return nodes + move - move.roll(1, 1)

    def pushed(self, nodes: torch.Tensor, legs: Legs) -> torch.Tensor:
        """Nodes out of the legs, twice, as what leaves one may get into the other."""
        flat = nodes.reshape(-1, 3)
        for _ in range(2):
            found, away = legs.gaps(flat)
            most, which = (self.gap - found).clamp(min=0).max(1)
            flat = flat + away[torch.arange(len(flat), device=flat.device), which] * most[:, None]
        return flat.view_as(nodes)

    def _rubbed(self, before: torch.Tensor, moved: torch.Tensor, legs: Legs) -> torch.Tensor:
        """Moved nodes out of the legs; on them, friction holds back what slides along."""
        pushed = self.pushed(moved, legs)
        step = pushed - moved
        touching = (step.square().sum(-1, keepdim=True) > 0).to(step.dtype)
        slide = before - pushed
        share = (slide * step).sum(-1, keepdim=True) / step.square().sum(-1, keepdim=True).clamp(min=1e-12)
        return pushed + GRIP * touching * (slide - share * step)


def _length(vector: torch.Tensor) -> torch.Tensor:
    """(..., 3) -> (...). Quicker than a norm over so short a dimension."""
    x, y, z = vector.unbind(-1)
    return (x * x + y * y + z * z).sqrt()


assert ROWS > PINNED and COLUMNS % 4 == 0
