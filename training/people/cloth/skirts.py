"""Skirts, dresses and coats: cloth that hangs round both legs instead of following one.

Below the hips the garment hangs in a cage: a tube of ROWS x COLUMNS nodes. In a pose the cage starts where the legs
carry it, then sinks towards how it hangs at rest, strand by strand without stretching, while legs, seat and floor
push it out. The garment's own vertices ride on the cage with their rest offset in its tangent frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..body.bodies import Body, Motion, skinned
from ..body.volumes import Volumes, frames_along

ROWS, COLUMNS = 12, 32
SPREAD = (0.7, 0.8)
"""Radius of the kernel that makes the cage from the garment's vertices, in rows and columns."""
ABOVE = 0.03
"""Metres above the hip joints where a garment begins to hang. Ours."""
PINNED = 3
"""Rows, from the top, that the skin's motion holds; the first wholly."""
INNER = 0.5
"""Share of the margin that each of the garment's own vertices keeps. Ours."""
BRIDGE = 0.05
"""Metres below the hip joints from which cloth across the middle line makes a skirt: trousers part above it."""
STEPS = 16
"""Rounds of sinking, straightening and pushing: enough for a hem of a long dress at STRIDE a round."""
STRIDE = 0.03
"""Metres a node sinks in a round at most: less than half a leg's thickness, or it would pass through."""
PULL = 0.35
STRETCH, SQUEEZE = 1.06, 0.75
"""How far a ring of cloth stretches and how far it gathers before it pushes back, of its length at rest. Ours."""
FRICTION = 0.85
"""Share of a sliding step that cloth on a leg does not make. Ours."""
MARGIN, MARGIN_OUTER = 0.012, 0.026
"""Metres between leg and cage: the cloth's own thickness and what the cage rounds off; and of a coat over
trousers."""


def hangs(vertices: Tensor, faces: Tensor, hips: float) -> bool:
    """Whether a garment (N, 3) at rest spans the legs: a face across the middle line, well below the hip joints
    (y)."""
    corners = vertices[faces]
    across = (corners[..., 0].amin(1) < 0) & (corners[..., 0].amax(1) > 0)
    return bool((across & (corners[..., 1].amin(1) > hips + BRIDGE)).any())


@dataclass(frozen=True, eq=False)
class Cage:
    """How a garment hangs in its cage, whatever the body. P of its N vertices lie below the hips.

    own (P,) their indices; kernel (ROWS * COLUMNS, P) makes nodes of their positions; cells (P, 4) and shares (P, 4)
    the nodes each rides on; hung (P,) in [0, 1] how far it leaves the skin's motion, soft at the hips.
    """

    own: Tensor
    kernel: Tensor
    cells: Tensor
    shares: Tensor
    hung: Tensor

    @staticmethod
    def of(vertices: Tensor, hips: Tensor) -> Cage:
        """(N, 3) a garment at rest on the kit's middle body, (2, 3) that body's hip joints."""
        middle = hips.mean(0)
        top = middle[1] - ABOVE
        own = torch.nonzero(vertices[:, 1] > top)[:, 0]
        step = vertices[own] - middle
        row = (vertices[own, 1] - top) / (vertices[own, 1].max() - top) * (ROWS - 1)
        column = torch.remainder(torch.atan2(step[:, 0], -step[:, 2]) / (2 * torch.pi) * COLUMNS, COLUMNS)
        return Cage(own, _kernel(row, column), *_bilinear(row, column), _smooth(row / (ROWS * 0.22)))

    def nodes(self, vertices: Tensor) -> Tensor:
        """(N, 3) the garment -> (ROWS, COLUMNS, 3)."""
        return (self.kernel @ vertices[self.own]).view(ROWS, COLUMNS, 3)

    def top(self, vertices: Tensor) -> Tensor:
        """(N, 3) the garment -> (PINNED, COLUMNS, 3), the rows of `nodes` that the skin holds."""
        return (self.kernel[: PINNED * COLUMNS] @ vertices[self.own]).view(PINNED, COLUMNS, 3)

    def carried(self, nodes: Tensor) -> tuple[Tensor, Tensor]:
        """(ROWS, COLUMNS, 3) -> where each of the P vertices rides (P, 3), and the cage's frame there (P, 3, 3)."""
        place = (nodes.view(-1, 3)[self.cells] * self.shares[..., None]).sum(1)
        down = torch.gradient(nodes, dim=0)[0].reshape(-1, 3)
        along = (nodes.roll(-1, 1) - nodes.roll(1, 1)).reshape(-1, 3)
        down = (down[self.cells] * self.shares[..., None]).sum(1)
        along = (along[self.cells] * self.shares[..., None]).sum(1)
        return place, frames_along(down, along)


def _kernel(row: Tensor, column: Tensor) -> Tensor:
    """(P,) rows and columns -> (ROWS * COLUMNS, P) weights that sum to 1 for each node."""
    rows = torch.arange(ROWS, device=row.device).repeat_interleave(COLUMNS)
    columns = torch.arange(COLUMNS, device=row.device).repeat(ROWS)
    apart = torch.remainder(column - columns[:, None] + COLUMNS / 2, COLUMNS) - COLUMNS / 2
    distance = ((row - rows[:, None]) / SPREAD[0]).square() + (apart / SPREAD[1]).square()
    return torch.softmax(-distance / 2, dim=1)


def _bilinear(row: Tensor, column: Tensor) -> tuple[Tensor, Tensor]:
    first = row.floor().clamp(0, ROWS - 2)
    left = column.floor()
    v, u = (row - first)[:, None], (column - left)[:, None]
    a, b = (first * COLUMNS)[:, None], ((first + 1) * COLUMNS)[:, None]
    c, d = torch.remainder(left, COLUMNS)[:, None], torch.remainder(left + 1, COLUMNS)[:, None]
    shares = torch.cat([(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u], 1)
    return torch.cat([a + c, a + d, b + c, b + d], 1).long(), shares


def _length(vector: Tensor) -> Tensor:
    """(..., 3) -> (...). Quicker than a norm over so short a dimension."""
    x, y, z = vector.unbind(-1)
    return (x * x + y * y + z * z).sqrt()


def _smooth(x: Tensor) -> Tensor:
    x = x.clamp(0, 1)
    return x * x * (3 - 2 * x)


@dataclass(frozen=True, eq=False)
class Hanging:
    """A garment's cage on one person at rest: nodes (ROWS, COLUMNS, 3), weights (ROWS * COLUMNS, S), offsets (P,
    3)."""

    cage: Cage
    legs: Volumes
    nodes: Tensor
    weights: Tensor
    offsets: Tensor
    margin: float

    @staticmethod
    def of(cage: Cage, body: Body, legs: Volumes, vertices: Tensor, margin: float = MARGIN) -> Hanging:
        """(N, 3) the garment at rest; margin: metres it keeps from the legs, or from what is worn on them."""
        nodes = _outside(cage.nodes(vertices), legs, body, margin)
        place, frames = cage.carried(nodes)
        offsets = torch.einsum("pji,pj->pi", frames, vertices[cage.own] - place)
        return Hanging(cage, legs, nodes, _leg_weights(body, nodes.view(-1, 3)), offsets, margin)

    def posed(self, vertices: Tensor, motion: Motion, table: Tensor, floor: float) -> Tensor:
        """(N, 3) the garment as the skin carries it -> (N, 3) as it hangs. floor: y of the floor in the same
        world."""
        pinned = self.cage.top(vertices)
        guess, _ = skinned(self.nodes.view(-1, 3), self.weights, table)
        nodes = self._settled(guess.view_as(self.nodes), pinned, motion, floor)
        place, frames = self.cage.carried(nodes)
        hung = place + torch.einsum("pij,pj->pi", frames, self.offsets)
        hung = self.legs.pushed(hung, motion, self.margin * INNER)
        out = vertices.clone()
        out[self.cage.own] = torch.lerp(vertices[self.cage.own], hung, self.cage.hung[:, None])
        return out

    def _settled(self, nodes: Tensor, pinned: Tensor, motion: Motion, floor: float) -> Tensor:
        target = self._hung(pinned, motion)
        drop = (self.nodes[1:] - self.nodes[:-1]).norm(dim=-1)
        ring = (self.nodes.roll(-1, 1) - self.nodes).norm(dim=-1)
        held = 1 - _smooth(torch.arange(PINNED, device=nodes.device) / PINNED)[:, None, None]
        seat = _Seat.of(self.legs, motion)
        for i in range(STEPS):
            stride = STRIDE * (1 - i / STEPS)
            step = PULL * (target - nodes)
            moved = nodes + step * (stride / _length(step).clamp_min(stride))[..., None]
            moved = _rings(_rings(_strands(_pinned(moved, pinned, held), drop), ring), ring)
            moved = self._rubbed(nodes, moved, motion)
            nodes = _pinned(seat.above(moved, floor), pinned, held)
        return nodes

    def _rubbed(self, nodes: Tensor, moved: Tensor, motion: Motion) -> Tensor:
        """Moved nodes out of the legs; where they touch them, friction holds back what slides along."""
        pushed = self.legs.pushed(moved.view(-1, 3), motion, self.margin).view_as(nodes)
        step = pushed - moved
        touching = (step != 0).any(-1, keepdim=True)
        return pushed + torch.where(touching, FRICTION, 0.0) * _along(nodes - pushed, step)

    def _hung(self, pinned: Tensor, motion: Motion) -> Tensor:
        """The cage as at rest, turned with the pelvis about the vertical, hanging from where its top row is."""
        ahead = motion.turns[0][:, 2]
        c, s = ahead[2], ahead[0]
        size = (c * c + s * s).sqrt().clamp_min(1e-3)
        c, s = c / size, s / size
        x, y, z = (self.nodes - self.nodes[:1]).unbind(-1)
        return pinned[:1] + torch.stack([c * x + s * z, y, c * z - s * x], -1)


@dataclass(frozen=True, eq=False)
class _Seat:
    """The seat under horizontal thighs: cloth under them lies on it up to before the knees. height is y, or
    infinite."""

    height: Tensor
    origin: Tensor
    along: Tensor
    reach: Tensor

    @staticmethod
    def of(legs: Volumes, motion: Motion) -> _Seat:
        thighs = (motion.turns[legs.segments] @ legs.frame)[[0, 2], :, 0]
        level = thighs[:, 1].abs().max() < 0.5
        hips = motion.heads[legs.segments[[0, 2]]]
        thick = legs.radii[[0, 2], 2].amax()
        height = torch.where(level, hips[:, 1].max() + thick, torch.full_like(thick, torch.inf))
        flat = thighs.mean(0) * thighs.new_tensor([1.0, 0, 1.0])
        along = torch.nn.functional.normalize(flat, dim=0)
        return _Seat(height, hips.mean(0), along, 0.85 * legs.length[0])

    def above(self, nodes: Tensor, floor: float) -> Tensor:
        """Nodes no lower than seat and floor."""
        seated = ((nodes - self.origin) @ self.along) < self.reach
        lowest = torch.where(seated, self.height, torch.full_like(self.height, torch.inf)).clamp_max(floor)
        x, y, z = nodes.unbind(-1)
        return torch.stack([x, torch.minimum(y, lowest), z], -1)


def _pinned(nodes: Tensor, pinned: Tensor, held: Tensor) -> Tensor:
    """Nodes with their first rows drawn to where the skin holds them, by (PINNED, 1, 1) shares."""
    return torch.cat([torch.lerp(nodes[:PINNED], pinned, held), nodes[PINNED:]])


def _along(vector: Tensor, normal: Tensor) -> Tensor:
    """(..., 3) vectors without their part along (..., 3) normals of any length."""
    share = (vector * normal).sum(-1, keepdim=True) / normal.square().sum(-1, keepdim=True).clamp_min(1e-12)
    return vector - share * normal


def _strands(nodes: Tensor, drop: Tensor) -> Tensor:
    """Each node at its rest distance below the one above it, from the top down."""
    rows = [nodes[0]]
    for i in range(1, ROWS):
        step = nodes[i] - rows[-1]
        rows.append(rows[-1] + step * (drop[i - 1] / _length(step).clamp_min(1e-6))[:, None])
    return torch.stack(rows)


def _rings(nodes: Tensor, ring: Tensor) -> Tensor:
    """Neighbours round the skirt no further apart than the cloth stretches, no nearer than it gathers."""
    step = nodes.roll(-1, 1) - nodes
    size = _length(step).clamp_min(1e-6)
    wanted = torch.minimum(torch.maximum(size, SQUEEZE * ring), STRETCH * ring)
    move = step * ((size - wanted) / size * 0.35)[..., None]
    return nodes + move - move.roll(1, 1)


def _outside(nodes: Tensor, legs: Volumes, body: Body, margin: float) -> Tensor:
    """Nodes at rest, out of the legs."""
    turns = torch.eye(3, dtype=nodes.dtype, device=nodes.device).repeat(len(body.rig.segments), 1, 1)
    return legs.pushed(nodes.view(-1, 3), body.turned(turns), margin).view_as(nodes)


def _leg_weights(body: Body, nodes: Tensor) -> Tensor:
    """(M, 3) at rest -> (M, S): where the legs carry the cloth before it sinks: left and right by the side it is on,
    pelvis above, thigh from the hips down, and half shank below the knee."""
    hips = torch.stack([body.head("upperleg01.L"), body.head("upperleg01.R")])
    knee = body.head("lowerleg01.L")
    wide = (hips[0, 0] - hips[1, 0]).abs() * 0.8
    left = _smooth(nodes[:, 0] / (2 * wide) + 0.5)
    thigh = _smooth((nodes[:, 1] - hips[0, 1] + ABOVE) / (0.35 * (knee[1] - hips[0, 1])))
    shank = 0.5 * _smooth((nodes[:, 1] - knee[1]) / 0.15 + 0.3)
    out = nodes.new_zeros(len(nodes), len(body.rig.segments))
    out[:, body.rig.index("pelvis")] = 1 - thigh
    for side, share in (("left_", left), ("right_", 1 - left)):
        out[:, body.rig.index(side + "hip", "02")] = thigh * share * (1 - shank)
        out[:, body.rig.index(side + "knee")] = thigh * share * shank
    return out
